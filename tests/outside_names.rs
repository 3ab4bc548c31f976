//! Names in certificates and in the CSR are shown and not obeyed, in whichever string type, by
//! every command that meets them: a chain that verifies under roots that were given, and a CA,
//! whose names are as hostile as DER lets them be.

#![cfg(all(feature = "online", feature = "qr", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::sync::Mutex;

use hsmboot::x509::der::{encode_oid, encode_sequence, encode_set, encode_tlv, tag};
use serde_json::{Value, json};
use support::aws::{Call, StandIn};
use support::evidence::{Names, ca_named};
use support::hostile::{HOSTILE, judge, judge_files};
use support::{Bench, CLUSTER, Chain, Run, TRUST};

/// A way to write a text into a name.
#[derive(Clone, Copy, Debug)]
enum Writing {
    /// As it is (UTF8String).
    Utf8,
    /// Two octets a character (BMPString).
    TwoOctets,
    /// Four (UniversalString).
    FourOctets,
    /// One, under this tag: ASCII alone.
    Ascii(u8),
    /// One, under this tag: Latin-1, as these types are used; what it lacks is left out.
    Latin(u8),
    /// Octets that are no character, under this tag.
    Odd(u8),
}

impl Writing {
    /// Those that are read.
    const READ: [Writing; 10] = [
        Writing::Utf8,
        Writing::TwoOctets,
        Writing::FourOctets,
        Writing::Ascii(tag::IA5_STRING),
        Writing::Ascii(tag::VISIBLE_STRING),
        Writing::Latin(tag::TELETEX_STRING),
        Writing::Latin(tag::GENERAL_STRING),
        Writing::Latin(tag::GRAPHIC_STRING),
        Writing::Odd(tag::TELETEX_STRING),
        Writing::Odd(tag::BMP_STRING),
    ];
    /// Those whose type has no such characters (X.680 41), so that the certificate is malformed.
    const MALFORMED: [Writing; 4] = [
        Writing::Ascii(tag::PRINTABLE_STRING),
        Writing::Ascii(tag::NUMERIC_STRING),
        Writing::Latin(tag::IA5_STRING),
        Writing::Odd(tag::UTF8_STRING),
    ];

    /// Whether OpenSSL reads it in a name, so that a cluster's clients can be given such a CA.
    fn is_for_clients(self) -> bool {
        !matches!(
            self,
            Writing::Ascii(tag::VISIBLE_STRING)
                | Writing::Latin(tag::GENERAL_STRING | tag::GRAPHIC_STRING)
                | Writing::Odd(tag::BMP_STRING)
        )
    }

    fn value(self, text: &str) -> Vec<u8> {
        let wide = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<u8>>()
        };
        match self {
            Writing::Utf8 => encode_tlv(tag::UTF8_STRING, &[text.as_bytes()]),
            Writing::TwoOctets => encode_tlv(tag::BMP_STRING, &[&wide(text)]),
            Writing::FourOctets => encode_tlv(
                tag::UNIVERSAL_STRING,
                &[&text
                    .chars()
                    .flat_map(|c| u32::from(c).to_be_bytes())
                    .collect::<Vec<u8>>()],
            ),
            Writing::Ascii(tag) => encode_tlv(
                tag,
                &[&text
                    .chars()
                    .filter_map(|c| u8::try_from(c).ok().filter(u8::is_ascii))
                    .collect::<Vec<u8>>()],
            ),
            Writing::Latin(tag) => encode_tlv(
                tag,
                &[&text
                    .chars()
                    .filter_map(|c| u8::try_from(c).ok())
                    .collect::<Vec<u8>>()],
            ),
            // Halves of surrogate pairs, and a line break.
            Writing::Odd(tag::BMP_STRING) => encode_tlv(
                tag::BMP_STRING,
                &[&wide(text), b"\xd8\x00\x00\x0a\xdc\x00", &wide(text)],
            ),
            Writing::Odd(tag) => encode_tlv(
                tag,
                &[
                    text.as_bytes(),
                    b"\xff\xfe\x80\x1b[8m\x0d\x0aFORGED\xe2\x80",
                ],
            ),
        }
    }

    /// A name of one RDN with O and an attribute that nobody knows, and one with this in its CN.
    fn name(self, common_name: &str) -> Vec<u8> {
        let attribute =
            |kind: &str, text: &str| encode_sequence(&[&encode_oid(kind), &self.value(text)]);
        let mut first = [
            attribute("2.5.4.10", &format!("O{HOSTILE}")),
            attribute("1.3.6.1.4.1.99999.7", &format!("?{HOSTILE}")),
        ];
        first.sort();
        encode_sequence(&[
            &encode_set(&[&first[0], &first[1]]),
            &encode_set(&[&attribute("2.5.4.3", &format!("{common_name}{HOSTILE}"))]),
        ])
    }
}

/// Verifies, and says of itself that it is not in FIPS mode, which every record and page repeats.
fn chain(writing: Writing) -> Chain {
    let partition = writing.name("HSM:5.2G0000:PARTN:1, for non-FIPS mode");
    Chain::named(&Names {
        aws_root: writing.name("AWS test root"),
        manufacturer_root: writing.name("manufacturer test root"),
        card: writing.name("HSM:5.2G0000, for non-FIPS mode"),
        csr: partition.clone(),
        partition,
    })
}

fn bench(writing: Writing, chain: &Chain) -> Bench {
    let bench = Bench::empty();
    chain.write(&bench.path("bundle"));
    bench.write("aws-root.crt", &chain.aws_root);
    bench.write("manufacturer-root.crt", &chain.manufacturer_root);
    bench.put_ca(&ca_named(&writing.name("Test CA")));
    bench
}

/// A service whose one cluster has this chain, until it is claimed.
fn service(chain: &Chain) -> StandIn {
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

struct Desk<'a> {
    bench: &'a Bench,
    url: &'a str,
    /// Whether something showed a name at all: a test of silence would prove nothing.
    shown: Mutex<usize>,
}

impl Desk<'_> {
    fn run(&self, words: &[&str]) -> Run {
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
    fn both(&self, words: &[&str], code: i32) -> Value {
        self.run(words).expect(code);
        self.run(&[words, &["--output", "json"]].concat())
            .expect(code)
            .json()
    }
}

const OWNER: [&str; 2] = ["--ca", "customerCA.crt"];
const CA: [&str; 4] = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];

/// From the service's answer to the page for auditors: every command that is given the names.
fn walk(writing: Writing) {
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

#[test]
fn no_name_in_a_certificate_is_obeyed_in_whichever_string_type() {
    std::thread::scope(|scope| {
        for part in Writing::READ.chunks(5) {
            scope.spawn(|| part.iter().copied().for_each(walk));
        }
    });
}

/// A certificate whose strings are none is malformed: its names are read by nobody, and shown by
/// nobody.
#[test]
fn no_name_that_is_no_string_of_its_type_is_obeyed() {
    for writing in Writing::MALFORMED {
        let chain = chain(writing);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let genuine = Chain::new();
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        desk.both(&["roots", "show", "aws-root.crt"], 4);
        // An IA5String beyond ASCII is a warning in the owner's own certificate, which is kept as
        // it is: what it says is shown.
        let is_borne_with = matches!(writing, Writing::Latin(tag::IA5_STRING));
        desk.both(
            &["ca", "show", "customerCA.crt"],
            if is_borne_with { 0 } else { 4 },
        );
        bench.write("aws-root.crt", &genuine.aws_root);
        bench.write("manufacturer-root.crt", &genuine.manufacturer_root);
        desk.both(&[&["verify", "bundle", "--record"], &TRUST[..]].concat(), 4);
        desk.both(
            &[
                &["report", "bundle", "-o", "page.html", "--force"],
                &TRUST[..],
            ]
            .concat(),
            0,
        );
        let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
        desk.both(
            &[
                "check",
                "--csr",
                &csr,
                "--signed-cert",
                "customerCA.crt",
                "--trust-anchor",
                "customerCA.crt",
            ],
            4,
        );
        desk.both(
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "fetched"],
            0,
        );
        desk.both(
            &[
                &["bootstrap", "--cluster-id", CLUSTER, "--bundle", "fetched"],
                &CA[..],
                &TRUST,
            ]
            .concat(),
            4,
        );
        judge_files(&bench.path(""));
    }
}

/// What is no chain at all, or no trust anchor, is named too: in refusals.
#[test]
fn no_name_in_what_is_refused_is_obeyed() {
    for writing in Writing::READ {
        let chain = chain(writing);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        let sign = [&["sign", "bundle"], &CA[..], &TRUST].concat();
        // Another CSR's key, a forged signature, the wrong certificate in each place, another CA's
        // key.
        let part = |suffix: &str| format!("bundle/{CLUSTER}_{suffix}");
        for (suffix, text) in [
            ("ClusterCsr.csr", &chain.other_csr),
            ("ClusterCsr.csr", &chain.forged_csr),
            ("HsmCertificate.crt", &chain.aws_root),
            ("AwsHardwareCertificate.crt", &chain.manufacturer_hardware),
            ("ManufacturerHardwareCertificate.crt", &chain.hsm),
        ] {
            let kept = desk.bench.read(&part(suffix));
            desk.bench.write(&part(suffix), text);
            desk.both(&[&["verify", "bundle"], &TRUST[..]].concat(), 3);
            desk.both(&sign, 3);
            desk.both(
                &[
                    &["report", "bundle", "-o", "page.html", "--force"],
                    &TRUST[..],
                ]
                .concat(),
                0,
            );
            desk.bench.write(&part(suffix), kept);
        }
        desk.both(&["roots", "show", &part("ClusterCsr.csr")], 4);
        desk.both(&["ca", "show", &part("HsmCertificate.crt")], 0);
        judge_files(&bench.path(""));
    }
}

/// A name in the CSR alone: whoever relays the request may have put it there.
#[test]
fn no_name_in_a_csr_that_is_not_its_certificates_is_obeyed() {
    for writing in Writing::READ {
        let partition = Writing::Utf8.name("HSM:5.2G0000:PARTN:1, for FIPS mode");
        let names = Names {
            aws_root: writing.name("AWS test root"),
            manufacturer_root: writing.name("manufacturer test root"),
            card: Writing::Utf8.name("HSM:5.2G0000, for FIPS mode"),
            csr: writing.name("somebody"),
            partition,
        };
        let chain = Chain::named(&names);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        let record = desk.both(&[&["verify", "bundle", "--record"], &TRUST[..]].concat(), 0);
        let subject = record["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["id"] == "csr.subject")
            .unwrap()
            .clone();
        assert!(
            subject["detail"].as_str().unwrap().contains("somebody"),
            "{subject}"
        );
        desk.both(
            &[&["sign", "bundle", "--force"], &CA[..], &TRUST].concat(),
            if writing.is_for_clients() { 0 } else { 5 },
        );
        desk.both(
            &[
                &["report", "bundle", "-o", "page.html", "--force"],
                &TRUST[..],
            ]
            .concat(),
            0,
        );
        judge_files(&bench.path(""));
    }
}
