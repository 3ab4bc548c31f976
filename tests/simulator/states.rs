#[path = "states/listings.rs"]
mod listings;

use std::time::Duration;

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::json;

use crate::support::*;

#[test]
fn a_cluster_goes_through_its_documented_states() {
    // So slow that a state of transition only ends when the clock is moved.
    let slow = Speed::from_factor(1e-4).unwrap();
    let simulator = Simulator::spawn(Options {
        speed: slow,
        ..crate::support::options()
    })
    .unwrap();
    let hour = Duration::from_secs(3600);

    let created = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }),
    );
    let id = created["Cluster"]["ClusterId"].as_str().unwrap();
    assert_eq!(created["Cluster"]["State"], "CREATE_IN_PROGRESS");
    assert_eq!(describe(&simulator, id)["State"], "CREATE_IN_PROGRESS");
    let hsm = json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" });
    assert_eq!(
        refused(&simulator, "CreateHsm", hsm.clone()).0,
        "CloudHsmInvalidRequestException"
    );

    simulator.advance_clock(hour);
    let now = describe(&simulator, id);
    assert_eq!(
        (&now["State"], &now["Hsms"], &now["Certificates"]),
        (&json!("UNINITIALIZED"), &json!([]), &json!({}))
    );

    assert_eq!(
        ok(&simulator, "CreateHsm", hsm)["Hsm"]["State"],
        "CREATE_IN_PROGRESS"
    );
    let now = describe(&simulator, id);
    assert_eq!(
        (&now["Hsms"][0]["State"], &now["Certificates"]),
        (&json!("CREATE_IN_PROGRESS"), &json!({}))
    );

    simulator.advance_clock(hour);
    let now = until(&simulator, id, |now| now["Hsms"][0]["State"] == "ACTIVE");
    let names: Vec<&String> = now["Certificates"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 4, "{names:?}");

    let claim = Owner::new().claim(id, csr(&now).unwrap());
    let accepted = ok(&simulator, "InitializeCluster", claim.clone());
    let message = "Cluster is initializing. State will change to INITIALIZED upon completion.";
    assert_eq!(
        accepted,
        json!({ "State": "INITIALIZE_IN_PROGRESS", "StateMessage": message })
    );
    let now = describe(&simulator, id);
    assert_eq!(
        (&now["State"], &now["StateMessage"]),
        (&json!("INITIALIZE_IN_PROGRESS"), &json!(message))
    );
    assert_eq!(now["Certificates"], json!({}));
    let again = refused(&simulator, "InitializeCluster", claim.clone());
    assert_eq!(again.0, "CloudHsmInvalidRequestException");
    assert!(again.1.contains("INITIALIZE_IN_PROGRESS"), "{}", again.1);

    simulator.advance_clock(hour);
    let now = describe(&simulator, id);
    assert_eq!(now["State"], "INITIALIZED");
    assert!(now.get("StateMessage").is_none());
    assert_eq!(
        now["Certificates"],
        json!({ "ClusterCertificate": claim["SignedCert"] })
    );

    simulator.advance_clock(hour * 24);
    assert_eq!(
        describe(&simulator, id)["State"],
        "INITIALIZED",
        "never ACTIVE by itself"
    );
    simulator.activate_cluster(id).unwrap();
    assert_eq!(describe(&simulator, id)["State"], "ACTIVE");
}

#[test]
fn the_default_speed_takes_about_a_second_in_all() {
    let simulator = Simulator::spawn(crate::support::options()).unwrap();
    let id = create_cluster(&simulator);
    until(&simulator, &id, |now| now["State"] == "UNINITIALIZED");
    create_hsm(&simulator, &id);
    let ready = until(&simulator, &id, |now| csr(now).is_some());
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, csr(&ready).unwrap()),
    );
    until(&simulator, &id, |now| now["State"] == "INITIALIZED");
}

#[test]
fn a_second_hsm_waits_for_initialization() {
    let simulator = instant();
    let (id, csr) = ready_cluster(&simulator);
    let request = json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" });
    let (kind, message) = refused(&simulator, "CreateHsm", request.clone());
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert_eq!(
        message,
        format!("Cluster '{id}' already contains an HSM but has not yet been fully activated")
    );

    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, &csr),
    );
    let second = ok(&simulator, "CreateHsm", request);
    let hsms = describe(&simulator, &id)["Hsms"].clone();
    assert_eq!(hsms[1]["HsmId"], second["Hsm"]["HsmId"]);
    assert_ne!(hsms[0]["EniIp"], hsms[1]["EniIp"]);
}

#[test]
fn an_hsm_has_the_subnet_of_its_zone_and_an_address_of_its_own() {
    let simulator = instant();
    let subnets = json!(["subnet-0000000a", "subnet-0000000b"]);
    let cluster = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": subnets }),
    )["Cluster"]
        .clone();
    assert_eq!(
        cluster["SubnetMapping"],
        json!({ "us-east-1a": "subnet-0000000a", "us-east-1b": "subnet-0000000b" })
    );
    let id = cluster["ClusterId"].as_str().unwrap();

    let foreign = json!({ "ClusterId": id, "AvailabilityZone": "us-east-1c" });
    let (kind, message) = refused(&simulator, "CreateHsm", foreign);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(
        message.contains("us-east-1c") && message.contains("us-east-1a, us-east-1b"),
        "{message}"
    );

    let wanted =
        json!({ "ClusterId": id, "AvailabilityZone": "us-east-1b", "IpAddress": "10.0.1.77" });
    let hsm = ok(&simulator, "CreateHsm", wanted)["Hsm"].clone();
    assert_eq!(
        (&hsm["SubnetId"], hsm.get("EniIp"), hsm.get("EniId")),
        (&json!("subnet-0000000b"), None, None),
        "as captured answers are"
    );
    assert_eq!(describe(&simulator, id)["Hsms"][0]["EniIp"], "10.0.1.77");

    let other = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": subnets }),
    );
    let other = other["Cluster"]["ClusterId"].as_str().unwrap();
    let taken =
        json!({ "ClusterId": other, "AvailabilityZone": "us-east-1b", "IpAddress": "10.0.1.77" });
    let (kind, message) = refused(&simulator, "CreateHsm", taken);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(
        message.contains("10.0.1.77") && message.contains("in use"),
        "{message}"
    );
    let beyond =
        json!({ "ClusterId": other, "AvailabilityZone": "us-east-1b", "IpAddress": "10.0.1.256" });
    assert!(
        refused(&simulator, "CreateHsm", beyond)
            .1
            .contains("10.0.1.256")
    );
}

#[test]
fn deleting_the_only_hsm_takes_the_csr_and_the_next_brings_a_new_key() {
    let simulator = instant();
    let (id, first) = ready_cluster(&simulator);
    let hsm = describe(&simulator, &id)["Hsms"][0].clone();
    let answer = ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": id, "EniIp": hsm["EniIp"] }),
    );
    assert_eq!(answer, json!({ "HsmId": hsm["HsmId"] }));
    let empty = describe(&simulator, &id);
    assert_eq!(
        (&empty["Hsms"], &empty["Certificates"]),
        (&json!([]), &json!({}))
    );

    create_hsm(&simulator, &id);
    let second = until(&simulator, &id, |now| csr(now).is_some());
    assert_ne!(csr(&second).unwrap(), first);
    let old = Owner::new().claim(&id, &first);
    let (kind, message) = refused(&simulator, "InitializeCluster", old);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("another public key"), "{message}");
}

#[test]
fn an_hsm_is_named_by_any_of_its_three_names_and_several_must_agree() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let hsm = describe(&simulator, &id)["Hsms"][0].clone();
    let disagree = json!({ "ClusterId": id, "HsmId": hsm["HsmId"], "EniIp": "10.9.9.9" });
    assert_eq!(
        refused(&simulator, "DeleteHsm", disagree).0,
        "CloudHsmResourceNotFoundException"
    );
    let agree = json!({
        "ClusterId": id, "HsmId": hsm["HsmId"], "EniIp": hsm["EniIp"], "EniId": hsm["EniId"],
    });
    ok(&simulator, "DeleteHsm", agree);
}

#[test]
fn a_cluster_is_deleted_once_it_is_empty_and_stays_listed_for_a_while() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let (kind, message) = refused(&simulator, "DeleteCluster", json!({ "ClusterId": id }));
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("1 HSM"), "{message}");

    let hsm = describe(&simulator, &id)["Hsms"][0]["HsmId"].clone();
    ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": id, "HsmId": hsm }),
    );
    let answer = ok(&simulator, "DeleteCluster", json!({ "ClusterId": id }));
    assert_eq!(answer["Cluster"]["State"], "DELETE_IN_PROGRESS");
    assert_eq!(describe(&simulator, &id)["State"], "DELETED");
    assert_eq!(
        refused(&simulator, "DeleteCluster", json!({ "ClusterId": id })).0,
        "CloudHsmInvalidRequestException"
    );

    simulator.advance_clock(Duration::from_secs(2 * 3600));
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
        json!([])
    );
    assert_eq!(
        refused(&simulator, "DeleteCluster", json!({ "ClusterId": id })).0,
        "CloudHsmResourceNotFoundException"
    );
}
