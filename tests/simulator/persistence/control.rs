//! What a control command changes is kept, and so is the clock's advance; faults and counts are
//! not.

use super::*;

#[test]
fn the_clock_keeps_its_advance() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let first = create_cluster(&simulator);
    let wall = describe(&simulator, &first)["CreateTimestamp"]
        .as_f64()
        .unwrap();
    simulator.advance_clock(Duration::from_secs(86_400));
    assert_eq!(
        control(&simulator, "advance", json!({ "Seconds": 86_400 })).status,
        200
    );
    simulator.shutdown();
    let simulator = start(&state);
    let second = create_cluster(&simulator);
    let later = describe(&simulator, &second)["CreateTimestamp"]
        .as_f64()
        .unwrap();
    assert!(
        (2.0 * 86_400.0..2.0 * 86_400.0 + 600.0).contains(&(later - wall)),
        "{wall} {later}"
    );
}

#[test]
fn what_control_commands_change_is_kept() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let (replaced, first) = ready_cluster(&simulator);
    let degraded = create_cluster(&simulator);
    assert_eq!(
        control(
            &simulator,
            "set-state",
            json!({ "ClusterId": degraded, "State": "DEGRADED" })
        )
        .status,
        200
    );
    let hsm = simulator.replace_hsm(&replaced).unwrap();
    let pending = simulator.begin_replacing_hsm(&replaced).unwrap();
    simulator.shutdown();
    let simulator = start(&state);
    assert_eq!(describe(&simulator, &degraded)["State"], "DEGRADED");
    let now = until(&simulator, &replaced, |now| csr(now).is_some());
    assert_eq!(now["Hsms"][0]["HsmId"], pending.as_str());
    assert_ne!(pending, hsm);
    assert_ne!(csr(&now).unwrap(), first);
}

#[test]
fn what_reset_has_removed_is_gone_for_good() {
    let (_dir, state) = place();
    let simulator = start(&state);
    let (id, _) = ready_cluster(&simulator);
    assert_eq!(
        control(&simulator, "initialize", json!({ "ClusterId": id })).status,
        200
    );
    until(&simulator, &id, |now| now["State"] == "INITIALIZED");
    simulator.activate_cluster(&id).unwrap();
    simulator.advance_clock(Duration::from_secs(86_400));
    let backups = ok(&simulator, "DescribeBackups", json!({}))["Backups"].clone();
    assert_ne!(backups, json!([]));
    assert_eq!(control(&simulator, "reset", json!({})).status, 200);
    let kept = create_cluster(&simulator);
    simulator.shutdown();
    let simulator = start(&state);
    let left = clusters(&simulator, "us-east-1");
    assert_eq!((left.len(), &left[0]["ClusterId"]), (1, &json!(kept)));
    let backups = ok(&simulator, "DescribeBackups", json!({}))["Backups"].clone();
    assert_eq!(backups, json!([]));
}

#[test]
fn faults_and_counts_are_not_kept() {
    let (_dir, state) = place();
    let simulator = start(&state);
    simulator.inject_fault(None, hsmboot::simulator::InjectedFault::Unavailable, 5);
    assert_eq!(call(&simulator, "DescribeClusters", json!({})).status, 503);
    simulator.shutdown();
    let simulator = start(&state);
    ok(&simulator, "DescribeClusters", json!({}));
    assert_eq!(simulator.call_counts()["DescribeClusters"], 1);
}
