//! The page at `/` and its data over HTTP: what it lets out, what it keeps in, and that it changes
//! nothing.

use serde_json::{Value, json};

use super::support::{
    Answer, Owner, call_in, control, create_cluster, csr, describe, instant, ok, post, raw,
    ready_cluster, refused, until,
};
use hsmboot::simulator::{InjectedFault, Simulator};

fn request(simulator: &Simulator, method: &str, path: &str, host: &str) -> Answer {
    raw(
        simulator.address(),
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
    .unwrap()
}

fn get(simulator: &Simulator, path: &str) -> Answer {
    request(simulator, "GET", path, "127.0.0.1")
}

pub fn data(simulator: &Simulator) -> Value {
    get(simulator, "/_page/data").json()
}

fn token(data: &Value) -> String {
    format!("/_page/data?since={}", data["token"].as_str().unwrap())
}

#[test]
fn the_page_is_one_document_under_a_policy_that_lets_nothing_else_in() {
    let simulator = instant();
    let page = get(&simulator, "/");
    assert_eq!(page.status, 200);
    assert!(
        page.body.starts_with("<!doctype html>") && !page.body.contains("{{"),
        "put together"
    );
    let policy = page
        .head
        .lines()
        .find_map(|line| line.strip_prefix("content-security-policy: "))
        .unwrap();
    for directive in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe-"), "{policy}");
    assert!(
        policy.contains("require-trusted-types-for 'script'")
            && policy.contains("trusted-types 'none'")
    );
    for header in [
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(page.head.contains(header), "{header}");
    }
}

#[test]
fn no_answer_of_the_page_is_for_another_origin() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    for path in [
        "/",
        "/_page/data",
        &format!("/_page/certificates?cluster={id}"),
    ] {
        assert_eq!(get(&simulator, path).status, 200, "{path}");
        assert!(
            !get(&simulator, path).head.contains("access-control-"),
            "{path}"
        );
        let rebound = request(&simulator, "GET", path, "rebind.example.com:80");
        assert_eq!(rebound.status, 421, "{path}");
        assert!(
            !rebound.body.contains(&id) && !rebound.body.contains("doctype"),
            "{path}"
        );
    }
}

#[test]
fn only_get_and_head_are_the_pages_and_the_rest_is_as_it_was() {
    let simulator = instant();
    let head = request(&simulator, "HEAD", "/", "localhost");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains("content-security-policy"));
    for (method, path) in [
        ("POST", "/_page/data"),
        ("PUT", "/"),
        ("DELETE", "/_page/data"),
        ("GET", "/_page/else"),
        ("GET", "/index.html"),
    ] {
        let answer = request(&simulator, method, path, "localhost");
        assert_eq!(
            (answer.status, answer.error().1.as_str()),
            (404, "UnknownOperationException"),
            "{method} {path}"
        );
    }
    assert_eq!(
        post(
            &simulator,
            "/",
            "X-Amz-Target: BaldrApiService.DescribeClusters\r\n",
            "{}"
        )
        .unwrap()
        .status,
        200
    );
}

#[test]
fn looking_changes_nothing_and_an_unchanged_state_has_no_body() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let before = (describe(&simulator, &id), simulator.call_counts());
    let first = data(&simulator);
    for _ in 0..3 {
        let again = get(&simulator, &token(&first));
        assert_eq!((again.status, again.body.as_str()), (204, ""));
        get(&simulator, &format!("/_page/certificates?cluster={id}"));
    }
    assert_eq!(
        simulator.call_counts(),
        before.1,
        "the page's requests are no calls of the API"
    );
    assert_eq!(describe(&simulator, &id), before.0);
}

#[test]
fn what_has_changed_comes_with_the_next_answer_and_only_that() {
    let simulator = instant();
    let first = data(&simulator);
    assert_eq!(first["places"], json!([]));
    ok(&simulator, "DescribeClusters", json!({}));
    let second = get(&simulator, &token(&first)).json();
    assert_eq!(second["places"], Value::Null, "no cluster has changed");
    assert_eq!(second["requests"].as_array().unwrap().len(), 1);
    let id = create_cluster(&simulator);
    let third = get(&simulator, &token(&second)).json();
    assert_eq!(third["places"][0]["clusters"][0]["id"], id);
    assert_eq!(
        third["requests"].as_array().unwrap().len(),
        1,
        "those before were told"
    );
    control(
        &simulator,
        "set-state",
        json!({ "ClusterId": id, "State": "DEGRADED" }),
    );
    let fourth = get(&simulator, &token(&third)).json();
    assert_eq!(fourth["places"][0]["clusters"][0]["state"], "DEGRADED");
    control(&simulator, "advance", json!({ "Seconds": 60 }));
    assert_eq!(
        get(&simulator, &token(&fourth)).status,
        200,
        "the clock has been moved"
    );
    // A token of another simulator, or of none, counts for nothing.
    for foreign in ["0000000000000000.9.9", "", "%3Cimg%3E"] {
        assert_eq!(
            get(&simulator, &format!("/_page/data?since={foreign}")).json()["requests"]
                .as_array()
                .unwrap()
                .len(),
            2,
            "{foreign}"
        );
    }
}

#[test]
fn every_region_is_shown_with_its_clusters_hsms_and_tags() {
    let simulator = instant();
    let body = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "TagList": [{ "Key": "Name", "Value": "a=b" }],
    });
    assert_eq!(
        call_in(&simulator, "eu-west-1", "CreateCluster", &body)
            .unwrap()
            .status,
        200
    );
    let (id, _) = ready_cluster(&simulator);
    let described = describe(&simulator, &id);
    let data = data(&simulator);
    let [west, east] = [0, 1].map(|at| data["places"][at].clone());
    assert_eq!(
        (west["region"].as_str(), east["region"].as_str()),
        (Some("eu-west-1"), Some("us-east-1"))
    );
    assert_eq!(
        west["clusters"][0]["tags"],
        json!([{ "key": "Name", "value": "a=b" }])
    );
    assert_eq!(east["clusterCount"], 1);
    let (cluster, hsm) = (&east["clusters"][0], &east["clusters"][0]["hsms"][0]);
    assert_eq!(
        (&cluster["id"], &cluster["vpc"], &cluster["state"]),
        (
            &described["ClusterId"],
            &described["VpcId"],
            &json!("UNINITIALIZED")
        )
    );
    let api = &described["Hsms"][0];
    assert_eq!(
        (&hsm["id"], &hsm["ip"], &hsm["eni"], &hsm["zone"]),
        (
            &api["HsmId"],
            &api["EniIp"],
            &api["EniId"],
            &api["AvailabilityZone"]
        )
    );
}

#[test]
fn hostile_text_stays_inside_its_json_string() {
    let simulator = instant();
    let hostile = "<img src=x onerror=alert(1)>\\\"</script>";
    post(
        &simulator,
        "/",
        &format!("X-Amz-Target: BaldrApiService.{hostile}\r\n"),
        "{}",
    );
    let answer = get(&simulator, "/_page/data");
    assert!(
        answer.head.contains("content-type: application/json\r\n")
            && answer.head.contains("nosniff"),
        "{}",
        answer.head
    );
    assert_eq!(answer.json()["requests"][0]["action"], hostile);
    assert!(
        !get(&simulator, "/").body.contains("onerror=alert"),
        "the document holds no data"
    );
}

#[test]
fn no_secret_and_no_body_is_shown() {
    let simulator = instant();
    let (id, csr_text) = ready_cluster(&simulator);
    let headers = "X-Amz-Target: BaldrApiService.DescribeClusters\r\nX-Amz-Security-Token: \
                   TOKENTOKEN\r\nAuthorization: AWS4-HMAC-SHA256 \
                   Credential=AKIDSECRET/20260101/us-east-1/cloudhsm/aws4_request, \
                   SignedHeaders=host, Signature=5167a7\r\n";
    post(
        &simulator,
        "/",
        headers,
        r#"{"Filters":{"vpcIds":["BODYBODY"]}}"#,
    );
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, &csr_text),
    );
    let shown = get(&simulator, "/_page/data").body
        + &get(&simulator, &format!("/_page/certificates?cluster={id}")).body;
    for secret in [
        "PRIVATE KEY",
        "AKIDSECRET",
        "5167a7",
        "TOKENTOKEN",
        "BODYBODY",
        "AKIDEXAMPLE",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn the_certificates_are_those_of_the_api_in_both_halves_of_a_clusters_life() {
    let simulator = instant();
    let (id, csr_text) = ready_cluster(&simulator);
    let chain = |name: &str| {
        let chain = get(&simulator, &format!("/_page/certificates?cluster={id}")).json();
        chain["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["id"] == name)
            .cloned()
    };
    for (name, pem) in describe(&simulator, &id)["Certificates"]
        .as_object()
        .unwrap()
    {
        assert_eq!(&chain(name).unwrap()["pem"], pem, "{name}");
    }
    assert_eq!(
        chain("AwsRoot").unwrap()["pem"],
        simulator.aws_root_pem().unwrap()
    );
    let hsm = chain("HsmCertificate").unwrap();
    assert_eq!(
        hsm["issuers"],
        json!(["AwsHardwareCertificate", "ManufacturerHardwareCertificate"])
    );
    assert_eq!(
        (&hsm["key"], &hsm["signedBy"]),
        (
            &chain("ClusterCsr").unwrap()["key"],
            &chain("AwsHardwareCertificate").unwrap()["key"]
        )
    );
    let subject = chain("ClusterCsr").unwrap()["fields"][0]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        subject.starts_with("C=US + ST=CA + OU=LS2 + L=SanJose + O=Marvell, CN=HSM:"),
        "{subject}"
    );

    let claim = Owner::new().claim(&id, &csr_text);
    ok(&simulator, "InitializeCluster", claim.clone());
    until(&simulator, &id, |now| {
        now["State"] == "INITIALIZED" && csr(now).is_none()
    });
    let signed = chain("ClusterCertificate").unwrap();
    assert_eq!(
        (&signed["pem"], &signed["issuers"]),
        (&claim["SignedCert"], &json!(["TrustAnchor"]))
    );
    assert_eq!(chain("TrustAnchor").unwrap()["pem"], claim["TrustAnchor"]);
    assert!(chain("ClusterCsr").is_none());
    assert_eq!(
        get(
            &simulator,
            "/_page/certificates?cluster=cluster-aaaaaaaaaaa"
        )
        .status,
        404
    );
}

#[test]
fn requests_are_listed_with_their_ends_and_no_more_of_them_than_are_kept() {
    let simulator = instant();
    simulator.inject_fault(None, InjectedFault::CloseAfter, 1);
    assert!(call_in(&simulator, "us-east-1", "DescribeClusters", &json!({})).is_none());
    simulator.inject_fault(None, InjectedFault::Throttling, 1);
    refused(&simulator, "CreateHsm", json!({}));
    let answered = call_in(&simulator, "eu-west-1", "DescribeClusters", &json!({})).unwrap();
    let list = data(&simulator)["requests"].clone();
    assert_eq!(
        (&list[0]["end"], &list[0]["status"], &list[0]["faults"]),
        (&json!("closed"), &Value::Null, &json!(["close-after"]))
    );
    assert_eq!(
        (&list[1]["status"], &list[1]["error"], &list[1]["faults"]),
        (
            &json!(400),
            &json!("ThrottlingException"),
            &json!(["throttling"])
        )
    );
    assert_eq!(
        (&list[2]["action"], &list[2]["region"], &list[2]["status"]),
        (&json!("DescribeClusters"), &json!("eu-west-1"), &json!(200))
    );
    assert!(answered.head.contains(&format!(
        "x-amzn-requestid: {}",
        list[2]["requestId"].as_str().unwrap()
    )));
    for _ in 0..510 {
        ok(&simulator, "DescribeClusters", json!({}));
    }
    let list = data(&simulator)["requests"].as_array().unwrap().clone();
    assert_eq!((list.len(), list[499]["number"].as_u64()), (500, Some(513)));
}
