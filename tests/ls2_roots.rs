//! A bundle whose root is not built in is told so, and which file that is; `hsmboot roots` says
//! what is built in and what a file holds. Nothing that is said of a generation makes a root of
//! anything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use forge::cert::*;
use forge::chain::{Bundle, CLUSTER_ID, Chain, hardware_name};
use forge::keys::{self, Hash};
use forge::ls2;
use forge::pem::{pem, unpem};
use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, Side, Source, Verdict, verify};
use hsmboot::x509::Certificate;
use serde_json::{Value, json};

const ROOT_FILE: &str = "mrvl-rsa-LS2-AR-v1.crt";

/// A moment at which every certificate of the fixtures is valid.
const AT: [&str; 2] = ["--at", "2026-06-01T00:00:00Z"];

/// A directory with a bundle in `b`, and roots beside it.
struct Place(tempfile::TempDir);

impl Place {
    fn new(bundle: &Bundle, request: Option<Value>) -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("b")).unwrap();
        for (name, text) in [
            ("ClusterCsr.csr", &bundle.csr),
            ("HsmCertificate.crt", &bundle.hsm),
            ("AwsHardwareCertificate.crt", &bundle.aws_hardware),
            (
                "ManufacturerHardwareCertificate.crt",
                &bundle.manufacturer_hardware,
            ),
        ] {
            fs::write(place.path("b").join(format!("{CLUSTER_ID}_{name}")), text).unwrap();
        }
        if let Some(request) = request {
            fs::write(place.path("b/request.json"), request.to_string()).unwrap();
        }
        fs::write(place.path("aws.crt"), &bundle.aws_root).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .env_remove("HSMBOOT_AWS_ROOT")
            .env_remove("HSMBOOT_MANUFACTURER_ROOT");
        let output = command
            .args(args)
            .args(["--output", "json"])
            .envs(variables.iter().copied())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), document)
    }

    fn verify(&self, more: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        self.run(&[&["verify", "b"][..], &AT, more].concat(), variables)
    }
}

fn failed(document: &Value) -> BTreeSet<String> {
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["status"] == "fail")
        .map(|check| check["id"].as_str().unwrap().to_owned())
        .collect()
}

fn request(region: &str, hsm_type: Option<&str>, mode: Option<&str>) -> Value {
    let mut request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER_ID, "region": region,
        "state": "UNINITIALIZED", "hsms": ["hsm-abcdefghijk"],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    for (name, value) in [("hsm_type", hsm_type), ("mode", mode)] {
        if let Some(value) = value {
            request[name] = json!(value);
        }
    }
    request
}

/// The commands of a hint.
fn hinted(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

/// The headline: what stands above the checks that failed.
fn headline(document: &Value) -> String {
    let message = document["error"]["message"].as_str().unwrap();
    message
        .lines()
        .take_while(|line| !line.starts_with("  "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A hinted command, run as a shell runs it, in the place's directory.
fn run_hinted(place: &Place, command: &str) -> std::process::Output {
    let program = Path::new(env!("CARGO_BIN_EXE_hsmboot")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("PATH", path)
        .env_remove("HSMBOOT_AWS_ROOT")
        .env_remove("HSMBOOT_MANUFACTURER_ROOT");
    shell.current_dir(place.0.path()).output().unwrap()
}

#[test]
fn a_bundle_without_its_root_fails_two_checks_alone_and_is_told_which_root() {
    let bundle = ls2::usual().bundle();
    // By the issuer's name, by the cluster's type, and by both.
    let mut unnamed = ls2::usual();
    unnamed.manufacturer_root.subject = name(&[&[(COMMON_NAME, "another name")]]);
    unnamed.manufacturer_hardware.issuer = unnamed.manufacturer_root.subject.clone();
    let typed = || Some(request("eu-central-1", Some("hsm2m.medium"), Some("FIPS")));
    for (bundle, request) in [
        (&bundle, None),
        (&bundle, typed()),
        (&unnamed.bundle(), typed()),
    ] {
        let place = Place::new(bundle, request);
        let (code, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("root-missing")),
            "{document}"
        );
        assert_eq!(
            failed(&document),
            BTreeSet::from([
                "manufacturer.signature".to_owned(),
                "manufacturer.issuer".to_owned()
            ])
        );
        let message = document["error"]["message"].as_str().unwrap();
        assert!(
            message
                .lines()
                .next()
                .unwrap()
                .contains("is missing, so nothing is proven yet"),
            "{message}"
        );
        assert!(!message.contains("genuine"), "{message}");
        for words in [
            ROOT_FILE,
            "https://www.marvell.com/products/security-solutions/",
            "liquidsecurity2_ar_v1.zip",
            "browser",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}

#[test]
fn the_hinted_commands_lead_to_a_verdict() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    let (_, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
    let hint = document["error"]["hint"].as_str().unwrap();
    let commands = hinted(hint);
    // A root that was given already is given again: the command stands alone.
    assert_eq!(
        commands,
        [
            format!("hsmboot roots show {ROOT_FILE}"),
            format!("hsmboot verify b --aws-root aws.crt --manufacturer-root {ROOT_FILE}")
        ]
    );
    // Before the download neither does anything; after it both do.
    assert!(
        commands
            .iter()
            .all(|command| run_hinted(&place, command).status.code() == Some(4))
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    for command in commands {
        let output = run_hinted(&place, command);
        // The fixture's certificates may have expired by the time of the test.
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(
            !said.contains(".signature: ") && !said.contains(".issuer: "),
            "{said}"
        );
        assert!(said.contains("mrvl-ls2-root-AR-v1"), "{said}");
    }
}

/// Whoever forges a chain in the root's name gets the same headline, and no further with the
/// genuine root.
#[test]
fn a_forged_chain_stays_forged_with_the_root() {
    let mut forged = ls2::usual();
    forged.manufacturer_hardware.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let place = Place::new(&forged.bundle(), None);
    fs::write(
        place.path(ROOT_FILE),
        pem("CERTIFICATE", &forged.manufacturer_root.der()),
    )
    .unwrap();
    let (code, document) = place.verify(
        &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
        &[],
    );
    assert_eq!((code, &document["error"]["kind"]), (3, &json!("rejected")));
    assert_eq!(
        failed(&document),
        BTreeSet::from(["manufacturer.signature".to_owned()])
    );
}

/// A root that was given is not missing, whether it is the wrong one or the chain is a forgery
/// under whatever name. The checks that fail stay.
#[test]
fn a_root_that_was_given_is_never_called_missing() {
    let mut forged = ls2::usual();
    forged.manufacturer_root.subject = name(&[&[(COMMON_NAME, "another name")]]);
    forged.manufacturer_hardware.issuer = forged.manufacturer_root.subject.clone();
    forged.manufacturer_hardware.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let genuine = pem("CERTIFICATE", &ls2::usual().manufacturer_root.der());
    let wrong = pem("CERTIFICATE", &Chain::good().manufacturer_root.der());
    let typed = || Some(request("us-gov-west-1", Some("hsm2m.medium"), None));
    for (bundle, root) in [
        (ls2::usual().bundle(), &wrong),
        (forged.bundle(), &genuine),
        (forged.bundle(), &wrong),
    ] {
        for request in [None, typed()] {
            let place = Place::new(&bundle, request);
            fs::write(place.path("given.crt"), root).unwrap();
            for (options, variables) in [
                (
                    &["--aws-root", "aws.crt", "--manufacturer-root", "given.crt"][..],
                    &[][..],
                ),
                (
                    &["--aws-root", "aws.crt"][..],
                    &[("HSMBOOT_MANUFACTURER_ROOT", "given.crt")][..],
                ),
            ] {
                let (code, document) = place.verify(options, variables);
                assert_eq!(
                    (code, &document["error"]["kind"]),
                    (3, &json!("rejected")),
                    "{document}"
                );
                assert_eq!(
                    failed(&document),
                    BTreeSet::from([
                        "manufacturer.signature".to_owned(),
                        "manufacturer.issuer".to_owned()
                    ])
                );
                let (said, hint) = (
                    headline(&document),
                    document["error"]["hint"].as_str().unwrap(),
                );
                assert!(
                    said.contains(
                        "given for the manufacturer's chain is not the one that it ends in"
                    ),
                    "{said}"
                );
                assert!(
                    !said.contains("missing") && !hint.contains("download"),
                    "{said}\n{hint}"
                );
                assert_eq!(hinted(hint), ["hsmboot roots show given.crt"]);
                assert_eq!(run_hinted(&place, hinted(hint)[0]).status.code(), Some(0));
            }
        }
    }
    // AWS's side likewise, where the region has a root of its own; the other side's missing root
    // does not hide it.
    let place = Place::new(&ls2::usual().bundle(), typed());
    fs::write(place.path("given.crt"), &genuine).unwrap();
    let (code, document) = place.verify(&["--aws-root", "given.crt"], &[]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (3, &json!("rejected")),
        "{document}"
    );
    assert!(
        headline(&document).contains("given for AWS's chain is not the one that it ends in"),
        "{document}"
    );
}

/// Where dates alone are wrong, it is said that it is about time, and the clock is named first.
#[test]
fn dates_alone_are_told_as_time() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let roots = ["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE];
    for at in ["2010-01-01T00:00:00Z", "2150-01-01T00:00:00Z"] {
        let (code, document) = place.run(&[&["verify", "b", "--at", at][..], &roots].concat(), &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("rejected")),
            "{document}"
        );
        assert!(
            failed(&document)
                .iter()
                .all(|id| id.starts_with("validity.")),
            "{document}"
        );
        assert!(
            headline(&document).contains("do not sign")
                && headline(&document).contains("this is about time"),
            "{document}"
        );
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(
            hint.starts_with("look at this machine's clock first: `date -u`")
                && hint.contains("--at"),
            "{hint}"
        );
        let page = report(&place, &[&["--at", at][..], &roots].concat());
        assert!(
            page.contains("this is about time") && page.contains("Look at the clock"),
            "{at}"
        );
    }
    // With anything else beside it, it is not: a stranger's chain is no matter of time.
    let (_, document) = place.run(&["verify", "b", "--at", "2010-01-01T00:00:00Z"], &[]);
    assert!(
        !document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("about time"),
        "{document}"
    );
}

fn report(place: &Place, more: &[&str]) -> String {
    assert_eq!(
        place
            .run(
                &[&["report", "b", "-o", "page.html", "--force"], more].concat(),
                &[]
            )
            .0,
        0
    );
    fs::read_to_string(place.path("page.html")).unwrap()
}

/// The report has the same headline as `verify`.
#[test]
fn a_report_without_the_root_says_that_it_is_missing() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    let page = report(&place, &[&AT[..], &["--aws-root", "aws.crt"]].concat());
    assert!(
        page.contains("Rejected")
            && page.contains(
                "The root of hsm2m.medium (LiquidSecurity 2) is missing, so nothing is proven yet."
            ),
        "{page}"
    );
    assert!(
        page.contains(
            "Make the report again with --manufacturer-root FILE, with mrvl-rsa-LS2-AR-v1.crt"
        ),
        "{page}"
    );
    fs::write(
        place.path("wrong.crt"),
        pem("CERTIFICATE", &Chain::good().manufacturer_root.der()),
    )
    .unwrap();
    let page = report(
        &place,
        &[
            &AT[..],
            &["--aws-root", "aws.crt", "--manufacturer-root", "wrong.crt"],
        ]
        .concat(),
    );
    assert!(
        page.contains("is not the one that it ends in") && !page.contains("is missing, so nothing"),
        "{page}"
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let page = report(
        &place,
        &[
            &AT[..],
            &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
        ]
        .concat(),
    );
    assert!(page.contains("Verified") && !page.contains("is missing, so nothing"));
}

/// Nothing but the root is missing: with any other failure the headline is the old one.
#[test]
fn any_other_failure_is_no_missing_root() {
    let changes: [fn(&mut Chain); 4] = [
        |chain| chain.csr.spki = keys::STRANGER.spki(),
        |chain| chain.hsm.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
        |chain| chain.aws_hardware.spki = keys::STRANGER.spki(),
        |chain| chain.hsm.validity = validity("180101000000Z", "190101000000Z"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut chain = ls2::usual();
        change(&mut chain);
        let place = Place::new(
            &chain.bundle(),
            Some(request("eu-central-1", Some("hsm2m.medium"), None)),
        );
        let (code, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("rejected")),
            "{number}: {document}"
        );
    }
    // Nor is anything known of a root of another name, or of the older hardware's.
    for request in [
        None,
        Some(request("eu-central-1", Some("hsm1.medium"), None)),
        Some(request("eu-central-1", Some("hsm9.huge"), None)),
    ] {
        let place = Place::new(&Chain::good().bundle(), request);
        let (_, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(document["error"]["kind"], "rejected", "{document}");
    }
}

#[test]
fn govcloud_has_a_root_of_its_own() {
    let place = Place::new(
        &ls2::usual().bundle(),
        Some(request("us-gov-west-1", Some("hsm2m.medium"), None)),
    );
    let (code, document) = place.verify(&[], &[]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (3, &json!("root-missing")),
        "{document}"
    );
    let message = document["error"]["message"].as_str().unwrap();
    for words in [
        "the file in AWS_US_GOV_CloudHSM_Root-G1.zip, whatever it is called",
        "/samples/AWS_US_GOV_CloudHSM_Root-G1.zip",
        ROOT_FILE,
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    // What the file is called is not known: no name is made up for it.
    let said = document["error"].to_string();
    assert!(
        !said.contains("Root-G1.crt") && said.contains("`hsmboot roots show FILE`"),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "`hsmboot verify b --aws-root FILE --manufacturer-root {ROOT_FILE}`"
        )),
        "{said}"
    );
    // Both have to be got, and only one of them with a browser.
    let hint = document["error"]["hint"].as_str().unwrap();
    assert_eq!(hint.matches("with a browser").count(), 1, "{hint}");
    assert!(
        hint.contains(&format!("{ROOT_FILE} with a browser"))
            && hint.contains("show their fingerprints"),
        "{hint}"
    );
    // With one of them at hand, the other is asked for, and the hinted command gives both.
    fs::write(
        place.path(ROOT_FILE),
        ls2::usual().bundle().manufacturer_root,
    )
    .unwrap();
    let (_, document) = place.verify(&["--manufacturer-root", ROOT_FILE], &[]);
    assert_eq!(document["error"]["kind"], "root-missing");
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(
        !hint.contains("browser") && hint.contains("shows its fingerprint"),
        "{hint}"
    );
    let hinted = hinted(hint);
    let aws_file = hinted[0].rsplit(' ').next().unwrap();
    assert_eq!(
        hinted[1],
        format!("hsmboot verify b --manufacturer-root {ROOT_FILE} --aws-root {aws_file}")
    );
    fs::copy(place.path("aws.crt"), place.path(aws_file)).unwrap();
    let output = run_hinted(&place, hinted[1]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        !said.contains(".signature: ") && !said.contains(".issuer: "),
        "{said}"
    );
    // Elsewhere an AWS chain that does not end in the built-in root is a stranger's.
    let place = Place::new(
        &ls2::usual().bundle(),
        Some(request("us-east-1", Some("hsm2m.medium"), None)),
    );
    assert_eq!(place.verify(&[], &[]).1["error"]["kind"], "rejected");
}

#[test]
fn roots_can_be_named_by_variables() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(&bundle, None);
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    fs::write(
        place.path("other.crt"),
        pem("CERTIFICATE", &Chain::good().manufacturer_root.der()),
    )
    .unwrap();
    let both = format!("other.crt:{ROOT_FILE}");
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", &both),
        ],
    );
    assert_eq!(
        (code, &document["verdict"], &document["roots"]),
        (0, &json!("verified"), &json!("given")),
        "{document}"
    );
    // An option replaces the variable; a variable of nothing names nothing; a file that is not
    // there is no reason to fall back.
    let (code, _) = place.verify(
        &["--manufacturer-root", "other.crt"],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(code, 3);
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", ""),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(
        (code, &document["anchors"][0]["source"]),
        (3, &json!("built-in"))
    );
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt:absent.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(code, 4, "{document}");
}

/// The built-in anchors are these two keys; another customer's root of the same hardware is none,
/// whatever it is called.
#[test]
fn the_built_in_anchors_are_two_and_no_other_root_is_one() {
    let anchors = Anchors::built_in();
    let prints: Vec<String> = Side::ALL
        .into_iter()
        .flat_map(|side| {
            anchors
                .of_side(side)
                .iter()
                .map(|anchor| hsmboot::x509::to_hex(anchor.spki_sha256()))
        })
        .collect();
    assert_eq!(
        prints,
        [
            "fd3bd37c565b11e435f965b9112a73bdbf4f19c82eb16864f2a0a6710b30aaed",
            "78adcba1f38bee304bc44d6a086503f2940037d4b3d58a1bf66a3282ef58cd41"
        ]
    );
    // A chain under a root with that customer's CN, and one under the CN that AWS's chains end in:
    // nothing built in takes either.
    for common_name in ["cavium-liquidsecurity-ls2", ls2::ROOT_CN] {
        let mut chain = ls2::usual();
        chain.manufacturer_root.subject = hardware_name(common_name);
        chain.manufacturer_hardware.issuer = chain.manufacturer_root.subject.clone();
        let bundle = chain.bundle();
        let evidence = Evidence {
            csr: Some(bundle.csr),
            hsm: bundle.hsm,
            aws_hardware: bundle.aws_hardware,
            manufacturer_hardware: bundle.manufacturer_hardware,
        };
        let given = Anchors {
            aws: Anchor::from_file(&bundle.aws_root, "aws").unwrap(),
            ..Anchors::built_in()
        };
        let judgement = verify(
            &evidence,
            &given,
            AT[1].parse().unwrap(),
            &Policy::default(),
        );
        assert_eq!(judgement.record.verdict, Verdict::Rejected);
        assert!(
            given
                .manufacturer
                .iter()
                .all(|anchor| *anchor.source() == Source::BuiltIn)
        );
    }
}

/// The genuine public root of another customer, where the vectors are.
#[test]
fn microsofts_root_is_named_and_never_an_anchor() {
    let vectors = std::env::var_os("HSMBOOT_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let Ok(text) = fs::read(vectors.join("ls2/manufacturer-root-ls2-mi.crt")) else {
        return;
    };
    let root = Certificate::from_der(&unpem(&text)).unwrap();
    let anchors = Anchors::built_in();
    assert!(
        Side::ALL
            .into_iter()
            .flat_map(|side| anchors.of_side(side))
            .all(|anchor| !anchor.public_key().same_secret(root.public_key())
                && anchor.subject() != root.subject())
    );
    let place = Place::new(&ls2::usual().bundle(), None);
    fs::write(place.path("mi.crt"), text).unwrap();
    let (code, document) = place.run(&["roots", "show", "mi.crt"], &[]);
    assert_eq!(code, 0);
    assert!(
        document["roots"][0]["what"]
            .as_str()
            .unwrap()
            .contains("another customer's"),
        "{document}"
    );
}

#[test]
fn roots_are_listed_with_their_ends_and_what_then() {
    let place = Place::new(&ls2::usual().bundle(), None);
    let (code, document) = place.run(&["roots"], &[]);
    assert_eq!(code, 0);
    let built_in = document["built_in"].as_array().unwrap();
    assert_eq!(built_in.len(), 2);
    assert_eq!(
        built_in[0]["certificates"][0]["not_after"],
        "2027-04-26T08:37:46Z"
    );
    assert_eq!(
        built_in[0]["certificates"][0]["sha256"],
        "9c6958fcacbb6f0e36546be1f2ce59ad84ee206835e6977f697d30dce9a7b570"
    );
    let prints: Vec<&str> = built_in[1]["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["sha256"].as_str().unwrap())
        .collect();
    assert_eq!(
        prints,
        [
            "975757f0d76640e03d14760f8fc9e3a55826fa7807b2c392f7801a95bd69cc28",
            "230143df00e0b452743e068a5b3fc08df8f06cefc4854ea627aeb7ebd70ee2f4"
        ]
    );
    assert_eq!(
        (
            &document["published"][0]["file"],
            document["published"][1].get("file")
        ),
        (&json!(ROOT_FILE), None)
    );
    assert!(
        document["after_the_end"]
            .as_str()
            .unwrap()
            .contains("--aws-root"),
        "{document}"
    );
}

#[test]
fn a_root_file_is_judged_before_it_is_given() {
    let place = Place::new(&ls2::usual().bundle(), None);
    let show = |text: Vec<u8>| {
        fs::write(place.path("r.crt"), text).unwrap();
        let (code, document) = place.run(&["roots", "show", "r.crt"], &[]);
        (
            code,
            document["error"]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            document,
        )
    };
    let changed = |change: fn(&mut Cert)| {
        let mut root = ls2::usual().manufacturer_root;
        change(&mut root);
        pem("CERTIFICATE", &root.der())
    };
    let (code, _, document) = show(changed(|_| {}));
    assert_eq!((code, &document["fit"]), (0, &json!(true)), "{document}");
    assert!(
        document["roots"][0]["what"]
            .as_str()
            .unwrap()
            .contains("by its CN the root of hsm2m.medium"),
        "{document}"
    );
    type Change = fn(&mut Cert);
    let refused: [(&str, Change); 5] = [
        ("it is no root", |root| {
            root.issuer = name(&[&[(COMMON_NAME, "another")]])
        }),
        ("did not sign it", |root| {
            root.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256)
        }),
        ("RSA key of 1024 bits", |root| {
            root.spki = keys::RSA_1024.spki();
            root.signer = Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256);
        }),
        ("CA:FALSE", |root| {
            root.extensions = Some(vec![basic_constraints(true, false)])
        }),
        ("a built-in root's name and another key", |root| {
            let genuine = name(&[
                &[(COUNTRY, "US")],
                &[(STATE, "Virginia")],
                &[(LOCALITY, "Herndon")],
                &[(ORGANIZATION, "Amazon Web Services INC.")],
                &[(UNIT, "CloudHSM")],
                &[(COMMON_NAME, "AWS CloudHSM Root G1")],
            ]);
            (root.subject, root.issuer) = (genuine.clone(), genuine);
        }),
    ];
    for (words, change) in refused {
        let (code, message, document) = show(changed(change));
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("root-unfit")),
            "{words}: {document}"
        );
        assert!(message.contains(words), "{words}: {message}");
    }
    for text in [
        Vec::new(),
        b"nothing".to_vec(),
        keys::key_text("rsa-2048-stranger"),
    ] {
        assert_eq!(show(text).0, 4);
    }
}

#[test]
fn non_fips_hardware_is_noted_and_an_alarm_where_the_cluster_says_fips() {
    let mut chain = ls2::usual();
    let [card, partition] = [
        "LS2:card 1, for non-FIPS mode",
        "LS2:card 1:PARTN:2, for non-FIPS mode",
    ]
    .map(hardware_name);
    for cert in [&mut chain.aws_hardware, &mut chain.manufacturer_hardware] {
        cert.subject = card.clone();
    }
    (chain.hsm.issuer, chain.hsm.subject, chain.csr.subject) = (card, partition.clone(), partition);
    let bundle = chain.bundle();
    for (mode, alarmed) in [
        (Some("FIPS"), true),
        (Some("NON_FIPS"), false),
        (None, false),
    ] {
        let place = Place::new(
            &bundle,
            Some(request("eu-central-1", Some("hsm2m.medium"), mode)),
        );
        fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
        let (code, document) = place.verify(
            &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
            &[],
        );
        assert_eq!(code, 0, "{document}");
        let check = document["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["id"] == "fips-mode.hsm")
            .unwrap();
        assert_eq!(check["status"], "note");
        assert_eq!(
            document.get("alarms").is_some(),
            alarmed,
            "{mode:?}: {document}"
        );
        let page = [
            "report",
            "b",
            "-o",
            "page.html",
            "--aws-root",
            "aws.crt",
            "--manufacturer-root",
            ROOT_FILE,
        ];
        assert_eq!(place.run(&page, &[]).0, 0);
        let page = fs::read_to_string(place.path("page.html")).unwrap();
        assert!(page.contains("the HSM is for non-FIPS mode"), "{mode:?}");
        assert_eq!(
            page.contains("<strong>NOT FIPS</strong>"),
            alarmed,
            "{mode:?}"
        );
    }
}

/// Green, and "genuine", is said of built-in roots alone.
#[test]
fn a_verdict_by_given_roots_does_not_say_genuine() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(&bundle, None);
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
    command
        .args([
            "verify",
            "b",
            "--quiet",
            "--aws-root",
            "aws.crt",
            "--manufacturer-root",
            ROOT_FILE,
        ])
        .args(AT);
    let said =
        String::from_utf8(command.current_dir(place.0.path()).output().unwrap().stdout).unwrap();
    assert!(
        said.contains("by roots that were given") && !said.contains("genuine"),
        "{said}"
    );
}
