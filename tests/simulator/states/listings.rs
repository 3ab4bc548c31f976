//! Clusters are listed in pages and by filters, with what was asked for.

use serde_json::Value;

use super::*;

#[test]
fn pages_follow_one_another_and_a_token_fits_its_call_alone() {
    let simulator = instant();
    let ids: Vec<String> = (0..60).map(|_| create_cluster(&simulator)).collect();
    let mut seen = Vec::new();
    let mut request = json!({ "MaxResults": 7 });
    let first = ok(&simulator, "DescribeClusters", request.clone());
    loop {
        let page = ok(&simulator, "DescribeClusters", request.clone());
        let clusters = page["Clusters"].as_array().unwrap();
        assert!(clusters.len() <= 7);
        seen.extend(
            clusters
                .iter()
                .map(|cluster| cluster["ClusterId"].as_str().unwrap().to_owned()),
        );
        let Some(token) = page.get("NextToken") else {
            break;
        };
        request["NextToken"] = token.clone();
    }
    assert_eq!(seen, ids, "all, once each, in the order of their creation");
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"]
            .as_array()
            .unwrap()
            .len(),
        25,
        "the default page"
    );

    let token = first["NextToken"].as_str().unwrap();
    let altered = format!(
        "{}{}",
        if token.starts_with('A') { 'B' } else { 'A' },
        &token[1..]
    );
    let other_filters = json!({ "NextToken": token, "Filters": { "states": ["ACTIVE"] } });
    for request in [json!({ "NextToken": altered }), other_filters] {
        let (kind, message) = refused(&simulator, "DescribeClusters", request);
        assert_eq!(kind, "CloudHsmInvalidRequestException");
        assert!(message.contains("NextToken"), "{message}");
    }
    let elsewhere = call_in(
        &simulator,
        "eu-west-1",
        "DescribeClusters",
        &json!({ "NextToken": token }),
    )
    .unwrap();
    assert_eq!(elsewhere.error().1, "CloudHsmInvalidRequestException");
}

#[test]
fn filters_are_all_to_be_met_each_by_any_of_its_values() {
    let simulator = instant();
    let (one, two) = (create_cluster(&simulator), create_cluster(&simulator));
    let far = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-ffffffff"] }),
    );
    let far = far["Cluster"].clone();
    simulator
        .set_state(&two, hsmboot::simulator::SimulatedClusterState::Degraded)
        .unwrap();
    let found = |filters: Value| -> Vec<String> {
        let answer = ok(
            &simulator,
            "DescribeClusters",
            json!({ "Filters": filters }),
        );
        let clusters = answer["Clusters"].as_array().unwrap();
        clusters
            .iter()
            .map(|cluster| cluster["ClusterId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        found(json!({ "clusterIds": [one, two] })),
        [one.clone(), two.clone()]
    );
    assert_eq!(
        found(json!({ "states": ["DEGRADED"] })),
        *std::slice::from_ref(&two)
    );
    assert_eq!(
        found(json!({ "vpcIds": [far["VpcId"]] })),
        [far["ClusterId"].as_str().unwrap()]
    );
    assert_eq!(
        found(json!({ "clusterIds": [one, two], "states": ["DEGRADED", "ACTIVE"] })),
        [two]
    );
    assert!(found(json!({ "clusterIds": ["cluster-zzzzzzzzzzz"] })).is_empty());
    assert!(found(json!({ "states": ["ACTIVE"] })).is_empty());
}

#[test]
fn what_was_asked_for_is_shown() {
    let simulator = instant();
    let request = json!({
        "HsmType": "hsm2m.medium", "Mode": "NON_FIPS", "NetworkType": "DUALSTACK",
        "SubnetIds": ["subnet-0a1b2c3d"],
        "BackupRetentionPolicy": { "Type": "DAYS", "Value": "30" },
        "TagList": [{ "Key": "stage", "Value": "test" }],
    });
    let made = ok(&simulator, "CreateCluster", request.clone())["Cluster"].clone();
    assert_eq!(
        (made.get("TagList"), made.get("SecurityGroup")),
        (None, None),
        "captured answers have neither"
    );
    let id = made["ClusterId"].as_str().unwrap();
    let cluster = describe(&simulator, id);
    assert!(cluster["SecurityGroup"].is_string());
    for name in [
        "HsmType",
        "Mode",
        "NetworkType",
        "BackupRetentionPolicy",
        "TagList",
    ] {
        assert_eq!(cluster[name], request[name], "{name}");
    }
    let plain = describe(&simulator, &create_cluster(&simulator));
    assert_eq!(
        plain["BackupRetentionPolicy"],
        json!({ "Type": "DAYS", "Value": "90" })
    );
    assert_eq!(
        (&plain["Mode"], &plain["NetworkType"]),
        (&json!("FIPS"), &json!("IPV4"))
    );
    assert_eq!(plain["BackupPolicy"], "DEFAULT");
}

#[test]
fn an_hsm_of_a_dualstack_cluster_has_an_ipv6_address_too() {
    let simulator = instant();
    let cluster = |network: &str| {
        let request = json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "NetworkType": network,
            "SubnetIds": ["subnet-0a1b2c3d"],
        });
        ok(&simulator, "CreateCluster", request)["Cluster"]["ClusterId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (one, two, old) = (cluster("DUALSTACK"), cluster("DUALSTACK"), cluster("IPV4"));
    let address = |id: &str| {
        create_hsm(&simulator, id);
        let hsm = describe(&simulator, id)["Hsms"][0].clone();
        assert_eq!(hsm["HsmType"], "hsm2m.medium");
        hsm.get("EniIpV6").map(|address| {
            address
                .as_str()
                .unwrap()
                .parse::<std::net::Ipv6Addr>()
                .unwrap()
        })
    };
    let (first, second) = (address(&one).unwrap(), address(&two).unwrap());
    assert!(
        first != second && first.segments()[..2] == [0x2001, 0xDB8],
        "{first} {second}"
    );
    assert_eq!(address(&old), None);
}
