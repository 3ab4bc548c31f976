//! `--query` means what it means to the aws CLI, in JSON and as text.

use super::*;

/// The same choice in the names of each: of the documents `cluster list` and `describe-clusters`.
const CHOICES: [(&str, &str); 12] = [
    ("length(clusters)", "length(Clusters)"),
    ("clusters[].cluster_id", "Clusters[].ClusterId"),
    (
        "clusters[*].[cluster_id, state]",
        "Clusters[*].[ClusterId, State]",
    ),
    (
        "clusters[].{Id: cluster_id, State: state, Type: hsm_type}",
        "Clusters[].{Id: ClusterId, State: State, Type: HsmType}",
    ),
    (
        "clusters[?state=='UNINITIALIZED'].cluster_id | [0]",
        "Clusters[?State=='UNINITIALIZED'].ClusterId | [0]",
    ),
    (
        "clusters[?state=='DEGRADED'].cluster_id",
        "Clusters[?State=='DEGRADED'].ClusterId",
    ),
    (
        "sort_by(clusters, &cluster_id)[-1].state",
        "sort_by(Clusters, &ClusterId)[-1].State",
    ),
    (
        "clusters[0].{Id: cluster_id, Hsms: hsms[].{Id: hsm_id, State: state}}",
        "Clusters[0].{Id: ClusterId, Hsms: Hsms[].{Id: HsmId, State: State}}",
    ),
    (
        "clusters[0].{Id: cluster_id, Ids: hsms[].hsm_id, Zone: hsms[0].availability_zone}",
        "Clusters[0].{Id: ClusterId, Ids: Hsms[].HsmId, Zone: Hsms[0].AvailabilityZone}",
    ),
    ("nothing", "Nothing"),
    (
        "contains(clusters[].state, 'UNINITIALIZED')",
        "contains(Clusters[].State, 'UNINITIALIZED')",
    ),
    (
        "{All: length(clusters), Ready: length(clusters[?state=='UNINITIALIZED'])}",
        "{All: length(Clusters), Ready: length(Clusters[?State=='UNINITIALIZED'])}",
    ),
];

const CREDENTIALS: [&str; 2] = ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"];

#[test]
fn a_query_chooses_what_the_aws_cli_chooses() {
    needs("aws", &["--version"], "pip install awscli");
    let simulator = Simulate::start(&["--instant"]);
    let program = env!("CARGO_BIN_EXE_hsmboot");
    let at = ["--endpoint-url", &simulator.url, "--region", "us-east-1"];
    let made = |words: &[&str]| {
        let output = run(program, &[words, &at].concat());
        passes(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    let id = |text: &str| text.trim_end().to_owned();
    let create = ["cluster", "create", "--subnet-id", "subnet-0a1b2c3d"];
    let create = [&create[..], &["--wait", "--query", "cluster_id"]].concat();
    let ids = [id(&made(&create)), id(&made(&create))];
    made(&[
        "hsm",
        "create",
        &ids[0],
        "--availability-zone",
        "us-east-1a",
        "--wait",
    ]);
    for (own, theirs) in CHOICES {
        for form in ["text", "json"] {
            let ask = |program: &str, words: &[&str], query: &str| {
                let words = [words, &["--query", query, "--output", form], &at].concat();
                let output = run(program, &words);
                passes(&output);
                String::from_utf8(output.stdout).unwrap()
            };
            let ours = ask(program, &["cluster", "list"], own);
            let aws = ["aws", "cloudhsmv2", "describe-clusters"];
            let aws = ask("env", &[&CREDENTIALS[..], &aws].concat(), theirs);
            match form {
                "text" => assert_eq!(ours, aws, "{own}"),
                _ => assert_eq!(json(&ours), json(&aws), "{own}"),
            }
        }
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}
