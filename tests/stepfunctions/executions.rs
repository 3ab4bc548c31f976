//! Executions of the state machines, and what came of them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{OnceLock, RwLock};

use hsmboot::simulator::InjectedFault;
use serde_json::{Value, json};

use super::cloud::{ACCOUNTS, Cloud, Ended, REGION, block};

pub(super) const TESTS: [(&str, fn()); 6] = [
    (
        "three_clusters_of_two_accounts_are_claimed_as_the_page_says_it_and_once",
        three_clusters_of_two_accounts_are_claimed_as_the_page_says_it_and_once,
    ),
    (
        "what_cannot_be_claimed_fails_alone_with_its_kind",
        what_cannot_be_claimed_fails_alone_with_its_kind,
    ),
    (
        "what_passes_by_itself_is_tried_again",
        what_passes_by_itself_is_tried_again,
    ),
    (
        "a_ceremony_that_is_called_off_claims_nothing",
        a_ceremony_that_is_called_off_claims_nothing,
    ),
    (
        "a_ca_in_kms_claims_without_a_ceremony",
        a_ca_in_kms_claims_without_a_ceremony,
    ),
    (
        "a_private_ca_claims_without_a_ceremony",
        a_private_ca_claims_without_a_ceremony,
    ),
];

/// One stack for all that need no other; faults of its simulator are for one test alone.
static CLOUD: OnceLock<(Cloud, String)> = OnceLock::new();
static FAULTS: RwLock<()> = RwLock::new(());

fn cloud() -> &'static (Cloud, String) {
    CLOUD.get_or_init(|| {
        let cloud = Cloud::deploy("");
        let ca = cloud.make_ca("ca");
        (cloud, ca)
    })
}

/// Its servers must not outlive us, and `exit` drops no statics.
pub(super) fn stop() {
    if let Some((cloud, _)) = CLOUD.get() {
        cloud.moto.stop();
    }
}

fn input(ca: &str, arns: &[String]) -> Value {
    let clusters: Vec<Value> = arns.iter().map(|arn| json!({ "cluster": arn })).collect();
    json!({ "ca": ca, "clusters": clusters })
}

fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

/// The page from its input to its summary; then the same input once more.
fn three_clusters_of_two_accounts_are_claimed_as_the_page_says_it_and_once() {
    let _others = FAULTS.read().unwrap();
    let (cloud, _) = cloud();
    let arns = [
        cloud.cluster(ACCOUNTS[0], REGION),
        cloud.cluster(ACCOUNTS[0], "us-east-1"),
        cloud.cluster(ACCOUNTS[1], REGION),
    ];
    let mut start = block("start-execution");
    for (written, arn) in ["gh", "g2", "g3"].iter().zip(&arns) {
        let tail = format!("cluster-abc234def{written}");
        let line = start.lines().find(|line| line.contains(&tail)).unwrap();
        let whole = line
            .split('"')
            .find(|part| part.ends_with(&tail))
            .unwrap()
            .to_owned();
        start = start.replace(&whole, arn);
    }
    cloud.shell(&format!("cp ca/customerCA.crt .\n{start}"));
    cloud.ceremony("hsm-fleet", "autumn", || ());
    let bundles = block("ceremony.json\" .")
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let execution: Vec<String> = block("fingerprints.txt")
        .lines()
        .take(2)
        .map(str::to_owned)
        .collect();
    let execution = execution.join("\n");
    let see = block("summary.json\" .").replace("sleep 10", "sleep 0.5");
    let see = cloud.shell(&format!("cd autumn\n{bundles}\n{execution}\n{see}"));
    let all: Vec<_> = arns.iter().map(|arn| (arn.as_str(), true)).collect();
    let ended = cloud.ended("hsm-fleet", "autumn").with_claimed(&all);
    let ended = ended.with_status("SUCCEEDED");
    for arn in &arns {
        assert!(see.contains(&format!("{}.hsmboot.b64", id(arn))), "{see}");
    }
    let kept = fs::read_to_string(cloud.path("autumn/summary.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), ended.summary);
    // Whoever looked had the role for it, and so had whoever claimed: in each account, and nobody
    // else is let in.
    assert!(ended.largest() < 100_000, "{}", ended.largest());
    for (arn, account) in arns.iter().zip([ACCOUNTS[0], ACCOUNTS[0], ACCOUNTS[1]]) {
        let region = arn.split(':').nth(3).unwrap();
        let words = [
            "status",
            "--cluster-id",
            id(arn),
            "--ca",
            "ca/customerCA.crt",
        ];
        cloud.hsmboot(account, region, &words);
    }
    let again = || {
        let input = fs::read_to_string(cloud.path("input.json")).unwrap();
        cloud.start(
            "hsm-fleet",
            "winter",
            &serde_json::from_str(&input).unwrap(),
        );
        cloud.ended("hsm-fleet", "winter").with_status("SUCCEEDED")
    };
    let none: Vec<_> = arns.iter().map(|arn| (arn.as_str(), false)).collect();
    again().with_claimed(&none);
}

/// By the Distributed Map.
fn what_cannot_be_claimed_fails_alone_with_its_kind() {
    let _others = FAULTS.read().unwrap();
    let (cloud, ca) = cloud();
    cloud.make_ca("thief");
    let good = cloud.cluster(ACCOUNTS[0], REGION);
    let stolen = cloud.cluster(ACCOUNTS[0], REGION);
    let replaced = cloud.cluster(ACCOUNTS[2], "us-east-1");
    let unsigned = cloud.cluster(ACCOUNTS[1], REGION);
    let others = cloud.cluster(ACCOUNTS[1], REGION);
    let steal = |arn: &str, account: &str| {
        let words = [
            "bootstrap",
            "--cluster-id",
            id(arn),
            "--ca",
            "thief/customerCA.crt",
        ];
        let key = ["--ca-key", "thief/customerCA.key", "--yes"];
        cloud.hsmboot(account, REGION, &[&words[..], &key].concat());
    };
    steal(&others, ACCOUNTS[1]);
    // Hardware of a manufacturer's root that nobody named.
    let made = cloud.shell(&format!(
        "curl --silent --fail -H 'content-type: application/json' --data '{{}}' \
         {}/_control/create-hsm1-cluster",
        cloud.simulator.url()
    ));
    let made: Value = serde_json::from_str(&made).unwrap();
    let unproven = made["ClusterId"].as_str().unwrap();
    let words = [
        "hsm",
        "create",
        "--cluster-id",
        unproven,
        "--availability-zone",
    ];
    let zone = ["us-east-1a", "--wait"];
    cloud.hsmboot(ACCOUNTS[2], "us-east-1", &[&words[..], &zone].concat());
    let unproven = format!(
        "arn:aws:cloudhsm:us-east-1:{}:cluster/{unproven}",
        ACCOUNTS[2]
    );
    let arns = [
        good.clone(),
        stolen.clone(),
        replaced.clone(),
        unsigned.clone(),
        others.clone(),
        unproven.clone(),
        id(&good).to_owned(),
    ];
    cloud.start("hsm-fleet-distributed", "several", &input(ca, &arns));
    cloud.ceremony("hsm-fleet-distributed", "several", || {
        steal(&stolen, ACCOUNTS[0]);
        cloud.simulator.replace_hsm(id(&replaced)).unwrap();
        let bundle = format!("several/stick/{}.hsmboot", id(&unsigned));
        fs::remove_file(cloud.path(&bundle)).unwrap();
    });
    let ended = cloud
        .ended("hsm-fleet-distributed", "several")
        .with_status("FAILED")
        .with_claimed(&[(good.as_str(), true)]);
    assert_eq!(
        ended.failed(),
        [
            (stolen.as_str(), "HsmbootConflict", "claimed-by-another-ca"),
            (&replaced, "HsmbootConflict", "csr-changed"),
            (&unsigned, "NotSigned", "not-signed"),
            (&others, "HsmbootConflict", "claimed-by-another-ca"),
            (&unproven, "HsmbootRejected", "rejected"),
            (id(&good), "HsmbootUsage", "no-arn"),
        ]
    );
    assert_eq!(ended.described["error"], "HsmbootFleet");
    let cause = ended.described["cause"].as_str().unwrap();
    assert!(cause.starts_with("1 claimed, 6 failed: s3://"), "{cause}");
    assert!(
        cause.ends_with("/several/summary.json says which and why"),
        "{cause}"
    );
}

/// Throttling, failures of the service, connections that close before and after.
fn what_passes_by_itself_is_tried_again() {
    let _alone = FAULTS.write().unwrap();
    let (cloud, ca) = cloud();
    let arns = [
        cloud.cluster(ACCOUNTS[0], REGION),
        cloud.cluster(ACCOUNTS[1], REGION),
    ];
    let simulator = &cloud.simulator;
    // More than the SDK tries by itself.
    for fault in [InjectedFault::Throttling, InjectedFault::Unavailable] {
        simulator.inject_fault(Some("DescribeClusters"), fault, 6);
    }
    cloud.start("hsm-fleet", "weather", &input(ca, &arns));
    cloud.ceremony("hsm-fleet", "weather", || {
        simulator.inject_fault(Some("InitializeCluster"), InjectedFault::CloseAfter, 1);
        simulator.inject_fault(Some("InitializeCluster"), InjectedFault::InternalFailure, 3);
    });
    let ended = cloud.ended("hsm-fleet", "weather").with_status("SUCCEEDED");
    let errors: BTreeSet<_> = ended.errors().into_iter().collect();
    assert_eq!(errors, BTreeSet::from(["HsmbootService"]));
    let claimed: Vec<_> = ended.claimed().into_iter().map(|(arn, _)| arn).collect();
    assert_eq!(claimed, arns, "{}", ended.summary);
}

fn a_ceremony_that_is_called_off_claims_nothing() {
    let _others = FAULTS.read().unwrap();
    let (cloud, ca) = cloud();
    let arns = [cloud.cluster(ACCOUNTS[0], REGION)];
    cloud.start("hsm-fleet", "called-off", &input(ca, &arns));
    let take = block("ceremony.json\" .")
        .replace("autumn", "called-off")
        .replace("sleep 10", "sleep 0.5");
    let take: String = take.split_inclusive('\n').take(2).collect();
    let go_on = block("send-task-success");
    let token = go_on.split("--task-token").nth(1).unwrap();
    let refuse = "aws stepfunctions send-task-failure --error CalledOff --cause x --task-token";
    cloud.shell(&format!(
        "mkdir called-off; cd called-off\n{take}\n{refuse}{token}"
    ));
    let status = cloud.shell(
        "arn=arn:aws:states:eu-central-1:123456789012:execution:hsm-fleet:called-off
        for try in 1 2 3 4 5 6 7 8 9; do
            aws stepfunctions describe-execution --execution-arn $arn --query '[status,error]' \
         --output text | tee state
            grep -q RUNNING state || break
        done",
    );
    assert!(status.contains("FAILED\tCalledOff"), "{status}");
    let looked = cloud.hsmboot(
        ACCOUNTS[0],
        REGION,
        &["status", "--cluster-id", id(&arns[0])],
    );
    assert!(looked.contains("UNINITIALIZED"), "{looked}");
}

/// Claims two clusters in one go.
fn claims_online(cloud: &Cloud, ca: &str, sign: &Value) {
    let arns = [
        cloud.cluster(ACCOUNTS[0], REGION),
        cloud.cluster(ACCOUNTS[1], "us-east-1"),
    ];
    let mut input = input(ca, &arns);
    input["sign"] = sign.clone();
    let run = |name: &str| -> Ended {
        cloud.start("hsm-fleet", name, &input);
        cloud.ended("hsm-fleet", name).with_status("SUCCEEDED")
    };
    let now: Vec<_> = arns.iter().map(|arn| (arn.as_str(), true)).collect();
    run("first").with_claimed(&now);
    let before: Vec<_> = arns.iter().map(|arn| (arn.as_str(), false)).collect();
    run("second").with_claimed(&before);
}

fn a_ca_in_kms_claims_without_a_ceremony() {
    let placeholder = "arn:aws:kms:eu-central-1:123456789012:key/any";
    let cloud = Cloud::deploy(&format!("--parameter-overrides CaKeyArn={placeholder}"));
    let key = cloud.moto.key("ECC_NIST_P256", "SIGN_VERIFY", REGION);
    let key = format!("awskms:{}", key["Arn"].as_str().unwrap());
    cloud.shell(&format!(
        "hsmboot ca init --out ca --ca-key {key} --subject CN=x"
    ));
    let ca = fs::read_to_string(cloud.path("ca/customerCA.crt")).unwrap();
    claims_online(&cloud, &ca, &json!({ "ca_key": key }));
}

fn a_private_ca_claims_without_a_ceremony() {
    let placeholder = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/any";
    let cloud = Cloud::deploy(&format!("--parameter-overrides PrivateCaArn={placeholder}"));
    let (arn, root) = cloud.moto.root_ca();
    fs::write(cloud.path("root.crt"), &root).unwrap();
    let shown = cloud.shell("hsmboot ca show root.crt --output json");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let fingerprint = shown["sha256"]
        .as_str()
        .or_else(|| shown["certificates"][0]["sha256"].as_str())
        .unwrap();
    // moto calls every CA short-lived.
    let sign = json!({ "ca_arn": arn, "ca_fingerprint": fingerprint, "days": 7 });
    claims_online(&cloud, &root, &sign);
}

/// `HSMBOOT_FLEET` clusters of two accounts in four regions, end to end; and once more.
pub(super) fn a_large_fleet_is_claimed_in_one_ceremony(count: usize) {
    let cloud = Cloud::deploy("");
    let ca = cloud.make_ca("ca");
    let regions = [REGION, "us-east-1", "eu-west-1", "ap-southeast-2"];
    let arns: Vec<String> = (0..count)
        .map(|n| cloud.cluster(ACCOUNTS[n % 2], regions[n / 2 % regions.len()]))
        .collect();
    for machine in ["hsm-fleet", "hsm-fleet-distributed"] {
        cloud.start(machine, machine, &input(&ca, &arns));
        if machine == "hsm-fleet" {
            cloud.ceremony(machine, machine, || ());
        }
        let ended = cloud.ended(machine, machine).with_status("SUCCEEDED");
        assert_eq!(ended.claimed().len(), count);
        let at = |name: &str| ended.described[name].as_f64().unwrap();
        println!(
            "{machine}: {count} clusters, {:.1} s, {} events, {} bytes a state, {} of summary",
            at("stopDate") - at("startDate"),
            ended.history.len(),
            ended.largest(),
            ended.summary.to_string().len()
        );
    }
}
