//! What one does all day, by the control commands that the page's buttons order: make a cluster,
//! add HSMs, initialize, advance, turn a fault off, begin anew.

use hsmboot::simulator::{Options, Reference, Simulator, Speed};

use super::*;

/// What a command answers that is carried out.
fn done(simulator: &Simulator, command: &str, body: serde_json::Value) -> serde_json::Value {
    let answer = control(simulator, command, body);
    assert_eq!(answer.status, 200, "{command}: {}", answer.body);
    answer.json()
}

/// Why a command is refused.
fn refusal(simulator: &Simulator, command: &str, body: serde_json::Value) -> String {
    let answer = control(simulator, command, body);
    assert_eq!(answer.status, 400, "{command}: {}", answer.body);
    answer.json()["Message"].as_str().unwrap().to_owned()
}

#[test]
fn a_cluster_lives_by_commands_alone_in_either_edition() {
    for (reference, hsm_type) in [
        (Reference::Today, "hsm2m.medium"),
        (Reference::June2022, "hsm1.medium"),
    ] {
        let simulator = Simulator::spawn(Options {
            speed: Speed::INSTANT,
            reference,
            ..crate::support::options()
        })
        .unwrap();
        let made = done(&simulator, "create-cluster", json!({}));
        let id = made["ClusterId"].as_str().unwrap().to_owned();
        assert_eq!(describe(&simulator, &id)["HsmType"], hsm_type);

        let early = refusal(&simulator, "initialize", json!({ "ClusterId": id }));
        assert!(
            early.contains("no certificate signing request") && early.contains("UNINITIALIZED"),
            "{early}"
        );
        let hsm = done(&simulator, "create-hsm", json!({ "ClusterId": id }));
        let ready = until(&simulator, &id, |now| csr(now).is_some());
        assert_eq!(ready["Hsms"][0]["HsmId"], hsm["HsmId"]);
        let second = refusal(&simulator, "create-hsm", json!({ "ClusterId": id }));
        assert!(second.contains("already contains an HSM"), "{second}");

        done(&simulator, "initialize", json!({ "ClusterId": id }));
        let claimed = until(&simulator, &id, |now| now["State"] == "INITIALIZED");
        assert!(claimed["Certificates"]["ClusterCertificate"].is_string());
        let again = refusal(&simulator, "initialize", json!({ "ClusterId": id }));
        assert!(again.contains("INITIALIZED"), "{again}");
    }
}

/// The commands are people's, not a client's: a fault is for clients, and a count is of their
/// calls.
#[test]
fn a_command_meets_no_fault_and_is_no_call() {
    let simulator = instant();
    simulator.inject_fault(None, InjectedFault::Throttling, 1);
    done(&simulator, "create-cluster", json!({}));
    assert!(simulator.call_counts().is_empty());
    assert_eq!(
        refused(&simulator, "DescribeClusters", json!({})).0,
        "ThrottlingException"
    );
}

#[test]
fn an_hsm_goes_where_the_fewest_are() {
    let simulator = instant();
    let made = ok(
        &simulator,
        "CreateCluster",
        json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS",
            "SubnetIds": ["subnet-0a1b2c3d", "subnet-0a1b2c4d", "subnet-0a1b2c5d"],
        }),
    );
    let id = made["Cluster"]["ClusterId"].as_str().unwrap().to_owned();
    done(&simulator, "create-hsm", json!({ "ClusterId": id }));
    until(&simulator, &id, |now| csr(now).is_some());
    done(&simulator, "initialize", json!({ "ClusterId": id }));
    until(&simulator, &id, |now| now["State"] == "INITIALIZED");
    done(&simulator, "activate", json!({ "ClusterId": id }));
    for _ in 0..2 {
        done(&simulator, "create-hsm", json!({ "ClusterId": id }));
    }
    let described = describe(&simulator, &id);
    let mut zones: Vec<&str> = described["Hsms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hsm| hsm["AvailabilityZone"].as_str().unwrap())
        .collect();
    zones.sort_unstable();
    assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c"]);
}

#[test]
fn one_fault_is_turned_off_and_the_others_wait_on() {
    let simulator = instant();
    let waiting = || {
        let told = crate::page::data(&simulator);
        let faults = told["faults"].as_array().unwrap().clone();
        let words = |fault: &serde_json::Value| {
            let action = fault["action"].as_str().unwrap_or("any").to_owned();
            format!("{} {action}", fault["fault"].as_str().unwrap())
        };
        faults.iter().map(words).collect::<Vec<_>>()
    };
    for body in [
        json!({ "Fault": "throttling", "Action": "ListTags" }),
        json!({ "Fault": "throttling" }),
        json!({ "Fault": "delay", "Millis": 5 }),
        json!({ "Fault": "close-after" }),
    ] {
        done(&simulator, "fault", body);
    }
    done(
        &simulator,
        "clear-faults",
        json!({ "Fault": "throttling", "Action": "ListTags" }),
    );
    assert_eq!(
        waiting(),
        ["throttling any", "delay any", "close-after any"]
    );
    done(&simulator, "clear-faults", json!({ "Fault": "delay" }));
    assert_eq!(waiting(), ["throttling any", "close-after any"]);
    for (body, words) in [
        (json!({ "Fault": "gremlins" }), "'gremlins'"),
        (
            json!({ "Fault": "throttling", "Action": "Nonsense" }),
            "Nonsense",
        ),
    ] {
        let message = refusal(&simulator, "clear-faults", body);
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(waiting().len(), 2, "what is refused changes nothing");
    done(&simulator, "clear-faults", json!({}));
    assert!(waiting().is_empty());
}

#[test]
fn reset_leaves_nothing_but_roots_and_clock() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    done(
        &simulator,
        "create-cluster",
        json!({ "Region": "eu-west-1" }),
    );
    done(&simulator, "fault", json!({ "Fault": "throttling" }));
    done(
        &simulator,
        "set-member",
        json!({ "Structure": "Cluster", "Name": "New", "Value": 1 }),
    );
    let root = simulator.aws_root_pem().unwrap();
    done(&simulator, "advance", json!({ "Seconds": 86_400 }));
    let before = crate::page::data(&simulator)["now"].as_i64().unwrap();
    done(&simulator, "reset", json!({}));

    let after = crate::page::data(&simulator);
    assert_eq!(
        (&after["places"], &after["faults"]),
        (&json!([]), &json!([]))
    );
    assert!(
        after["now"].as_i64().unwrap() >= before,
        "the clock goes on"
    );
    assert_eq!(simulator.aws_root_pem().unwrap(), root);
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
        json!([])
    );
    assert_eq!(
        refused(&simulator, "DeleteCluster", json!({ "ClusterId": id })).0,
        "CloudHsmResourceNotFoundException"
    );
    let new = create_cluster(&simulator);
    assert!(describe(&simulator, &new).get("New").is_none());
}

#[test]
fn a_refusal_is_shown_and_not_obeyed() {
    let simulator = instant();
    for body in [
        json!({ "Region": "us\u{202e}-east\u{7}" }),
        json!({ "Region": "" }),
        json!({ "Region": 1 }),
    ] {
        let message = refusal(&simulator, "create-cluster", body);
        assert!(
            message.contains("Region") && !message.contains(['\u{202e}', '\u{7}']),
            "{message}"
        );
    }
    for command in ["create-hsm", "initialize"] {
        let missing = refusal(&simulator, command, json!({}));
        assert!(missing.contains("'ClusterId' is missing"), "{missing}");
        let hostile = json!({ "ClusterId": "cluster-\u{202e}\n<script>" });
        let message = refusal(&simulator, command, hostile);
        assert!(
            message.contains("no cluster") && !message.contains(['\u{202e}', '\n']),
            "{message}"
        );
    }
}
