//! One walk of the commands over a chain whose names are hostile.

use std::fs;

use serde_json::{Value, json};

use super::support::{
    Bench,
    aws::{Call, StandIn},
    evidence::ca_named,
    hostile::judge,
};
use super::*;

/// Verifies, and says of itself that it is not in FIPS mode, which every record and page repeats.
pub(super) fn chain(writing: Writing) -> Chain {
    let partition = writing.name("HSM:5.2G0000:PARTN:1, for non-FIPS mode");
    Chain::named(&Names {
        aws_root: writing.name("AWS test root"),
        manufacturer_root: writing.name("manufacturer test root"),
        card: writing.name("HSM:5.2G0000, for non-FIPS mode"),
        csr: partition.clone(),
        partition,
    })
}

pub(super) fn bench(writing: Writing, chain: &Chain) -> Bench {
    let bench = Bench::empty();
    chain.write(&bench.path("bundle"));
    bench.write("aws-root.crt", &chain.aws_root);
    bench.write("manufacturer-root.crt", &chain.manufacturer_root);
    bench.put_ca(&ca_named(&writing.name("Test CA")));
    bench
}

/// A service whose one cluster has this chain, until it is claimed.
pub(super) fn service(chain: &Chain) -> StandIn {
    let (chain, claimed) = (chain.clone(), Mutex::new(None::<String>));
    StandIn::new(move |call: &Call| {
        let mut claimed = claimed.lock().unwrap();
        if call.target.ends_with(".InitializeCluster") {
            *claimed = Some(call.body["SignedCert"].as_str().unwrap().to_owned());
            return (
                200,
                json!({
                    "State": "INITIALIZE_IN_PROGRESS", "StateMessage": "Cluster is initializing.",
                }),
            );
        }
        let (state, certificates) = match &*claimed {
            Some(signed) => ("INITIALIZED", json!({ "ClusterCertificate": signed })),
            None => (
                "UNINITIALIZED",
                json!({
                    "ClusterCsr": chain.csr, "HsmCertificate": chain.hsm,
                    "AwsHardwareCertificate": chain.aws_hardware,
                    "ManufacturerHardwareCertificate": chain.manufacturer_hardware,
                }),
            ),
        };
        let hsm = json!({
            "HsmId": "hsm-abc234defgh", "State": "ACTIVE", "EniIp": "10.0.0.9",
            "AvailabilityZone": "us-east-1a",
        });
        let cluster = json!({
            "ClusterId": CLUSTER, "State": state, "HsmType": "hsm2m.medium", "Mode": "FIPS",
            "Hsms": [hsm], "Certificates": certificates,
        });
        (200, json!({ "Clusters": [cluster] }))
    })
}

pub(super) struct Desk<'a> {
    pub(super) bench: &'a Bench,
    pub(super) url: &'a str,
    /// Whether something showed a name at all: a test of silence would prove nothing.
    pub(super) shown: Mutex<usize>,
}

impl Desk<'_> {
    pub(super) fn run(&self, words: &[&str]) -> Run {
        let mut command = self.bench.command(words);
        command
            .env("AWS_ENDPOINT_URL", self.url)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        let run = support::run(command);
        judge(&run, words);
        if [&run.stdout, &run.stderr]
            .iter()
            .any(|text| text.contains("FORGED"))
        {
            *self.shown.lock().unwrap() += 1;
        }
        run
    }

    /// As text and as JSON, which leave the same behind.
    pub(super) fn both(&self, words: &[&str], code: i32) -> Value {
        self.run(words).expect(code);
        self.run(&[words, &["--output", "json"]].concat())
            .expect(code)
            .json()
    }
}

const OWNER: [&str; 2] = ["--ca", "customerCA.crt"];
pub(super) const CA: [&str; 4] = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];

/// From the service's answer to the page for auditors: every command that is given the names.
pub(super) fn walk(writing: Writing) {
    let chain = chain(writing);
    let (bench, service) = (bench(writing, &chain), service(&chain));
    let desk = Desk {
        bench: &bench,
        url: &service.url,
        shown: Mutex::new(0),
    };
    let with = |words: &[&'static str], more: &[&'static str]| [words, more].concat();

    desk.both(
        &["fetch", "--cluster-id", CLUSTER, "--bundle", "fetched"],
        0,
    );
    let record = desk.both(&with(&["verify", "bundle", "--record"], &TRUST), 0);
    assert_eq!(record["verdict"], "verified", "{writing:?}");
    desk.both(
        &with(&["verify", "fetched", "--policy", "rfc5280"], &TRUST),
        3,
    );
    // Not under these anchors: both sides' names stand in what is said of it.
    desk.both(&["verify", "fetched"], 3);
    desk.both(
        &[
            "verify",
            "fetched",
            "--aws-root",
            "manufacturer-root.crt",
            "--manufacturer-root",
            "aws-root.crt",
        ],
        3,
    );
    desk.both(&["roots", "show", "aws-root.crt"], 0);
    desk.both(&["ca", "show", "customerCA.crt"], 0);
    let sign = with(&["sign", "bundle", "--seal", "--force"], &with(&CA, &TRUST));
    if !writing.is_for_clients() {
        desk.both(&sign, 5);
        desk.both(
            &with(
                &["report", "bundle", "-o", "page.html", "--force"],
                &with(&OWNER, &TRUST),
            ),
            0,
        );
        let (shown, files) = (*desk.shown.lock().unwrap(), judge_files(&bench.path("")));
        assert!(
            shown >= 10 && files >= 10,
            "{writing:?}: {shown} outputs showed a name, {files} files were looked at"
        );
        return;
    }
    desk.both(&sign, 0);
    let signed = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    let pair = ["--csr", &csr, "--signed-cert", &signed, "--trust-anchor"];
    desk.both(&[&["check"], &pair[..], &["customerCA.crt"]].concat(), 0);
    desk.both(&[&["check"], &pair[..], &["aws-root.crt"]].concat(), 3);
    let import = [
        "import",
        "fetched",
        "--force",
        "--trust-anchor",
        "customerCA.crt",
        "--signed-cert",
        &signed,
    ];
    desk.both(&[&import[..], &TRUST].concat(), 0);
    desk.both(&["pack", "bundle", "--out", "packed.hsmboot", "--force"], 0);
    desk.both(&["unpack", "packed.hsmboot", "unpacked"], 0);
    desk.both(&["qr", "show", "bundle"], 0);
    desk.both(&["transcript", "show", "bundle"], 0);
    desk.both(&with(&["transcript", "verify", "bundle"], &OWNER), 0);
    desk.both(
        &with(&["submit", "bundle", "--dry-run"], &with(&OWNER, &TRUST)),
        0,
    );
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        CLUSTER,
        "--bundle",
        "fetched",
        "--yes",
    ];
    desk.both(
        &with(&bootstrap, &with(&["--dry-run"], &with(&CA, &TRUST))),
        0,
    );
    // The cluster is claimed by the first of these, and is so already for those that follow.
    desk.run(&with(&["submit", "bundle", "--yes"], &with(&OWNER, &TRUST)))
        .expect(0);
    desk.both(
        &with(&["submit", "bundle", "--yes"], &with(&OWNER, &TRUST)),
        0,
    );
    desk.both(&with(&bootstrap, &with(&CA, &TRUST)), 0);
    desk.both(&with(&["status"], &OWNER), 0);
    desk.both(&["cluster", "show", "--cluster-id", CLUSTER], 0);
    desk.both(&["status", "--ca", "aws-root.crt"], 8);
    for out in ["page.html", "page.txt"] {
        desk.both(
            &with(
                &["report", "bundle", "-o", out, "--force"],
                &with(&OWNER, &TRUST),
            ),
            0,
        );
    }
    desk.both(&with(&["handover", "bundle", "-o", "clients"], &OWNER), 0);

    let (shown, files) = (*desk.shown.lock().unwrap(), judge_files(&bench.path("")));
    assert!(
        shown >= 20 && files >= 20,
        "{writing:?}: {shown} outputs showed a name, {files} files were looked at"
    );
    let page = fs::read_to_string(bench.path("page.html")).unwrap();
    assert!(page.contains("FORGED"), "the page shows the names");
}
