//! A closed connection, a delay, and an initialization that fails or never ends.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Instant;

use super::*;

#[test]
fn a_connection_is_closed_before_or_after_the_change() {
    let simulator = instant();
    let (id, csr) = ready_cluster(&simulator);
    let claim = Owner::new().claim(&id, &csr);

    simulator.inject_fault(Some("InitializeCluster"), InjectedFault::CloseBefore, 1);
    assert!(
        call_in(&simulator, "us-east-1", "InitializeCluster", &claim).is_none(),
        "no answer"
    );
    assert_eq!(describe(&simulator, &id)["State"], "UNINITIALIZED");

    simulator.inject_fault(Some("InitializeCluster"), InjectedFault::CloseAfter, 1);
    assert!(
        call_in(&simulator, "us-east-1", "InitializeCluster", &claim).is_none(),
        "no answer"
    );
    let after = describe(&simulator, &id);
    assert_eq!(after["State"], "INITIALIZED");
    assert_eq!(
        after["Certificates"]["ClusterCertificate"],
        claim["SignedCert"]
    );
    assert_eq!(simulator.call_counts()["InitializeCluster"], 2);
}

#[test]
fn a_delay_delays() {
    let simulator = instant();
    let delay = Duration::from_millis(50);
    simulator.inject_fault(Some("CreateCluster"), InjectedFault::Delay(delay), 1);
    let began = Instant::now();
    create_cluster(&simulator);
    assert!(began.elapsed() >= delay);
}

#[test]
fn others_are_served_during_a_delay_and_the_change_comes_after_it() {
    let simulator = instant();
    simulator.inject_fault(
        Some("CreateCluster"),
        InjectedFault::Delay(Duration::from_secs(3600)),
        1,
    );
    let body =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] })
            .to_string();
    let slow = request(
        "/",
        "X-Amz-Target: BaldrApiService.CreateCluster\r\n",
        &body,
    );
    let address = simulator.address();
    let slow = std::thread::spawn(move || raw(address, slow.as_bytes()).is_none());
    while !simulator.call_counts().contains_key("CreateCluster") {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
        json!([])
    );
    simulator.shutdown();
    assert!(
        slow.join().unwrap(),
        "stopping closes what is still waiting"
    );
}

/// A client whose time limit is shorter than the delay: what it asked for is done all the same.
#[test]
fn a_change_comes_after_a_delay_although_its_client_has_left() {
    let simulator = instant();
    let delay = Duration::from_millis(200);
    simulator.inject_fault(Some("CreateCluster"), InjectedFault::Delay(delay), 1);
    let body =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] });
    let order = request(
        "/",
        "X-Amz-Target: BaldrApiService.CreateCluster\r\n",
        &body.to_string(),
    );
    let mut client = TcpStream::connect(simulator.address()).unwrap();
    client.write_all(order.as_bytes()).unwrap();
    while !simulator.call_counts().contains_key("CreateCluster") {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(client);
    let began = Instant::now();
    while ok(&simulator, "DescribeClusters", json!({}))["Clusters"] == json!([]) {
        assert!(began.elapsed() < HANGS, "it was never made");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_initialization_that_never_ends_and_one_that_fails() {
    let simulator = instant();
    let (id, csr_text) = ready_cluster(&simulator);
    let claim = Owner::new().claim(&id, &csr_text);
    simulator.inject_fault(Some("InitializeCluster"), InjectedFault::InitializeFails, 1);
    ok(&simulator, "InitializeCluster", claim.clone());
    let failed = describe(&simulator, &id);
    assert_eq!(
        (failed["State"].as_str(), csr(&failed)),
        (Some("UNINITIALIZED"), Some(csr_text.as_str()))
    );

    simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    ok(&simulator, "InitializeCluster", claim);
    simulator.advance_clock(Duration::from_secs(86_400));
    assert_eq!(describe(&simulator, &id)["State"], "INITIALIZE_IN_PROGRESS");
    simulator
        .set_state(&id, SimulatedClusterState::Initialized)
        .unwrap();
    assert!(describe(&simulator, &id)["Certificates"]["ClusterCertificate"].is_string());
}
