//! How the file is written, and what is refused.

use std::fs;
use std::io::ErrorKind;

use hsmboot::simulator::SimError;

use super::*;

fn refusal(state: &Path) -> SimError {
    Simulator::spawn(options(state))
        .err()
        .expect("it must not start")
}

#[test]
fn the_file_is_its_owners_alone_and_nothing_else_is_left() {
    let (dir, state) = place();
    let simulator = start(&state);
    create_cluster(&simulator);
    simulator.shutdown();
    let mode = |name: &str| {
        fs::metadata(dir.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("state"), mode("state.lock")), (0o600, 0o600));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    // One that others could read becomes the owner's at the next start.
    fs::set_permissions(&state, fs::Permissions::from_mode(0o644)).unwrap();
    start(&state).shutdown();
    assert_eq!(mode("state"), 0o600);
}

#[test]
fn what_only_reads_writes_nothing() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let (id, _) = ready_cluster(&simulator);
    let before = fs::read(&state).unwrap();
    for _ in 0..3 {
        describe(&simulator, &id);
        ok(&simulator, "DescribeBackups", json!({}));
        refused(
            &simulator,
            "CreateHsm",
            json!({ "ClusterId": "cluster-unknownid22", "AvailabilityZone": "us-east-1a" }),
        );
    }
    assert!(fs::read(&state).unwrap() == before);
}

/// Whoever starts it, root among them: the file would be replaced by a writable one.
#[test]
fn a_state_that_was_made_read_only_is_refused_and_stays_as_it_is() {
    let (dir, state) = place();
    let simulator = start(&state);
    let id = create_cluster(&simulator);
    simulator.shutdown();
    fs::remove_file(dir.path().join("state.lock")).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(&state).unwrap();
    let error = refusal(&state);
    assert!(
        matches!(&error, SimError::KeepState { path, source }
            if *path == state && source.kind() == ErrorKind::PermissionDenied),
        "{error}"
    );
    assert!(error.to_string().contains("it is read-only"), "{error}");
    let mode = fs::metadata(&state).unwrap().permissions().mode() & 0o777;
    assert_eq!((fs::read(&state).unwrap(), mode), (before, 0o444));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no lock");
    // The error's hint is true: made writable again, it goes on.
    fs::set_permissions(&state, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(describe(&start(&state), &id)["ClusterId"], id.as_str());
}

#[test]
fn two_simulators_never_share_a_file() {
    let (dir, state) = place();
    let simulator = start(&state);
    let id = create_cluster(&simulator);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&state, &link).unwrap();
    for name in [&state, &link] {
        let error = refusal(name);
        assert!(matches!(error, SimError::StateInUse { .. }), "{error}");
        assert!(
            error.to_string().contains("in use by another simulator"),
            "{error}"
        );
    }
    simulator.shutdown();
    // A link stays one, and leads to the state.
    let simulator = start(&link);
    assert_eq!(describe(&simulator, &id)["ClusterId"], id.as_str());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_was() {
    let (dir, state) = place();
    let simulator = start(&state);
    create_cluster(&simulator);
    simulator.shutdown();
    let good = fs::read(&state).unwrap();
    let flipped = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        bad
    };
    let middle = good.len() / 2;
    for (bad, words) in [
        (Vec::new(), "it is empty"),
        (
            b"{}\n".to_vec(),
            "does not begin with hsmboot-simulator-state/2",
        ),
        (
            [&b"hsmboot-simulator-state/7\n"[..], &good[26..]].concat(),
            "another version",
        ),
        (good[..100].to_vec(), "cut short"),
        (flipped(3), "does not begin"),
        (flipped(30), "header"),
        (flipped(good.len() - 2), "SHA-256"),
        (flipped(middle), ""),
    ] {
        fs::write(&state, &bad).unwrap();
        let error = refusal(&state);
        assert!(matches!(error, SimError::BadState { .. }), "{error}");
        assert!(
            error.to_string().contains(words) && error.to_string().contains("state"),
            "{error}"
        );
        assert!(fs::read(&state).unwrap() == bad, "it was left as it was");
    }
    fs::write(&state, &good).unwrap();
    start(&state).shutdown();

    assert!(
        refusal(dir.path())
            .to_string()
            .contains("it is a directory")
    );
    let dangling = dir.path().join("dangling");
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    assert!(matches!(refusal(&dangling), SimError::BadState { .. }));
    assert!(matches!(
        refusal(Path::new("/dev/null")),
        SimError::BadState { .. }
    ));
    let lost = refusal(&dir.path().join("no/such/directory/state"));
    assert!(matches!(lost, SimError::KeepState { .. }), "{lost}");
}

#[test]
fn a_write_that_was_interrupted_is_as_if_it_had_not_begun() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let first = create_cluster(&simulator);
    let whole = fs::read(&state).unwrap().len();
    let second = create_cluster(&simulator);
    simulator.shutdown();
    let longer = fs::read(&state).unwrap();
    for length in [whole, whole + 1, whole + 99, longer.len() - 1] {
        fs::write(&state, &longer[..length]).unwrap();
        let simulator = start(&state);
        let ids: Vec<Value> = clusters(&simulator, "us-east-1")
            .into_iter()
            .map(|cluster| cluster["ClusterId"].clone())
            .collect();
        assert_eq!(ids, [json!(first)], "{length}");
        let third = create_cluster(&simulator);
        simulator.shutdown();
        let simulator = start(&state);
        assert_eq!(
            describe(&simulator, &third)["ClusterId"],
            third.as_str(),
            "it goes on well from there"
        );
    }
    fs::write(&state, &longer).unwrap();
    assert_eq!(
        describe(&start(&state), &second)["ClusterId"],
        second.as_str()
    );
}

#[test]
fn a_file_that_cannot_be_replaced_is_told_at_the_start() {
    let (dir, state) = place();
    let simulator = start(&state);
    create_cluster(&simulator);
    simulator.shutdown();
    // The file cannot be replaced: the place of the new one is taken by a directory that is not
    // empty.
    fs::create_dir_all(dir.path().join("state.new/full")).unwrap();
    let error = refusal(&state);
    assert!(matches!(error, SimError::KeepState { .. }), "{error}");
    fs::remove_dir_all(dir.path().join("state.new")).unwrap();
    start(&state).shutdown();
}

/// 4 MiB of changes make the file outgrow what is in it.
#[test]
fn a_file_that_has_grown_is_written_anew_and_loses_nothing() {
    use std::os::unix::fs::MetadataExt as _;
    let (_dir, state) = place();
    let simulator = start(&state);
    let inode = || fs::metadata(&state).unwrap().ino();
    let first = inode();
    let tags: Vec<Value> = (0..50)
        .map(|number| json!({ "Key": format!("{number:0>128}"), "Value": "v".repeat(256) }))
        .collect();
    let mut ids = Vec::new();
    let mut create = || {
        let made = json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
            "TagList": tags,
        });
        ids.push(ok(&simulator, "CreateCluster", made)["Cluster"]["ClusterId"].clone());
        assert!(ids.len() < 2000, "it is never written anew");
    };
    let mut largest = 0;
    while inode() == first {
        largest = fs::metadata(&state).unwrap().len();
        create();
    }
    // What comes then goes behind the new content.
    create();
    create();
    assert!(largest > 4 * 1024 * 1024, "{largest}");
    simulator.shutdown();
    let simulator = start(&state);
    let found: Vec<Value> = clusters(&simulator, "us-east-1")
        .into_iter()
        .map(|cluster| cluster["ClusterId"].clone())
        .collect();
    assert_eq!(found, ids);
}
