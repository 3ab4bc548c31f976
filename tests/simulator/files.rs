//! What the simulator writes on the machine that it runs on: over nothing that it did not write,
//! through no link, and never waiting for a pipe.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;

use hsmboot::simulator::{Options, Reference, RootFile, SimError, Simulator, Speed};

use crate::pipe;
use crate::support::instant;

const ROOTS: [&str; 4] = [
    "aws-root.crt",
    "manufacturer-root.crt",
    "aws-us-gov-root.crt",
    "manufacturer-root-ls1.crt",
];

fn texts(dir: &Path) -> Vec<String> {
    ROOTS
        .iter()
        .map(|name| fs::read_to_string(dir.join(name)).unwrap())
        .collect()
}

#[test]
fn roots_replace_those_of_an_earlier_simulator() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (instant(), instant());
    first.write_roots(dir.path()).unwrap();
    let before = texts(dir.path());
    second.write_roots(dir.path()).unwrap();
    let after = texts(dir.path());
    assert_eq!(
        after,
        RootFile::of_edition(Reference::Today)
            .iter()
            .map(|file| second.root_pem(*file).unwrap())
            .collect::<Vec<_>>()
    );
    assert_eq!(after[1], second.manufacturer_root_pem().unwrap());
    assert!(before.iter().all(|text| !after.contains(text)));
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        ROOTS.len(),
        "nothing else is left"
    );
}

/// Another root certificate, one with a line more, a text, an empty file.
#[test]
fn a_file_that_no_simulator_wrote_is_left_and_so_are_the_others() {
    let simulator = instant();
    let other = rcgen::generate_simple_self_signed(["Simulated CloudHSM Root G1".to_owned()])
        .unwrap()
        .cert
        .pem();
    let own = simulator.aws_root_pem().unwrap();
    for name in ROOTS {
        for content in [
            other.clone(),
            format!("{own}# kept for later\n"),
            format!("{own}{own}"),
            "of somebody".to_owned(),
            String::new(),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), &content).unwrap();
            let error = simulator.write_roots(dir.path()).unwrap_err();
            assert!(
                matches!(&error, SimError::Occupied { path } if *path == dir.path().join(name)),
                "{error}"
            );
            assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), content);
            assert_eq!(
                fs::read_dir(dir.path()).unwrap().count(),
                1,
                "nothing was written"
            );
        }
    }
}

#[test]
fn roots_are_not_written_through_a_link_nor_over_a_pipe() {
    let simulator = instant();
    for name in ROOTS {
        let dir = tempfile::tempdir().unwrap();
        let (inside, precious) = (dir.path().join("roots"), dir.path().join("precious"));
        fs::create_dir(&inside).unwrap();
        // Even what looks like a simulator's own.
        let content = simulator.aws_root_pem().unwrap();
        fs::write(&precious, &content).unwrap();
        let place = inside.join(name);
        for target in ["../precious", "../new", "/dev/null"] {
            symlink(target, &place).unwrap();
            assert!(
                matches!(
                    simulator.write_roots(&inside),
                    Err(SimError::Occupied { .. })
                ),
                "{name}, {target}"
            );
            fs::remove_file(&place).unwrap();
        }
        pipe::make(&place);
        assert!(
            matches!(
                simulator.write_roots(&inside),
                Err(SimError::Occupied { .. })
            ),
            "{name}"
        );
        assert!(fs::symlink_metadata(&place).unwrap().file_type().is_fifo());
        assert_eq!(fs::read_to_string(&precious).unwrap(), content);
        assert_eq!(
            (
                fs::read_dir(dir.path()).unwrap().count(),
                fs::read_dir(&inside).unwrap().count()
            ),
            (2, 1)
        );
    }
}

/// The state, its lock, and what it is written to first.
#[test]
fn a_state_is_a_file_and_so_is_what_stands_beside_it() {
    let start = |state: &Path| {
        Simulator::spawn(Options {
            speed: Speed::INSTANT,
            state: Some(state.to_owned()),
            ..crate::support::options()
        })
    };
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    pipe::make(&state);
    let error = start(&state).err().unwrap();
    assert!(
        matches!(error, SimError::BadState { .. })
            && error.to_string().contains("not a regular file"),
        "{error}"
    );
    fs::remove_file(&state).unwrap();
    let precious = dir.path().join("precious");
    fs::write(&precious, "of somebody").unwrap();
    symlink("precious", dir.path().join("state.lock")).unwrap();
    assert!(matches!(
        start(&state).err().unwrap(),
        SimError::KeepState { .. }
    ));
    fs::remove_file(dir.path().join("state.lock")).unwrap();
    pipe::make(&dir.path().join("state.lock"));
    assert!(matches!(
        start(&state).err().unwrap(),
        SimError::KeepState { .. }
    ));
    fs::remove_file(dir.path().join("state.lock")).unwrap();
    symlink("precious", dir.path().join("state.new")).unwrap();
    start(&state).unwrap().shutdown();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "of somebody");
    assert!(fs::symlink_metadata(&state).unwrap().is_file());
}
