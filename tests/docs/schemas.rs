//! Every document, in success and in failure, is as its schema in docs/schemas/ says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::root;

/// Chains, CSR and roots in one directory, good until 9999. The roots are used from another: none
/// that lies in a bundle is.
const FIXTURE: &str = "fixtures/verify/verified--never-expires";
const ROOTS: [&str; 4] = [
    "--aws-root",
    "kept/aws-root.crt",
    "--manufacturer-root",
    "kept/manufacturer-root.crt",
];

fn all() -> BTreeMap<String, Value> {
    let entries = fs::read_dir(root().join("docs/schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let schemas = entries.filter(|path| path.to_string_lossy().ends_with(".schema.json"));
    schemas
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                parse(&fs::read(&path).unwrap()),
            )
        })
        .collect()
}

fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|cause| {
        panic!(
            "not one JSON document: {cause}\n{}",
            String::from_utf8_lossy(text)
        )
    })
}

/// What is wrong with a document by a schema.
pub(super) fn faults(schema: &str, document: &Value) -> Vec<String> {
    let all = all();
    let mut registry = jsonschema::Registry::new();
    for schema in all.values() {
        registry = registry
            .add(schema["$id"].as_str().unwrap(), schema)
            .unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = all
        .get(schema)
        .unwrap_or_else(|| panic!("no schema {schema}"));
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(schema)
        .unwrap();
    validator
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect()
}

pub(super) fn is_by(schema: &str, document: &Value) {
    let faults = faults(schema, document);
    assert!(faults.is_empty(), "{schema}: {faults:#?}\n{document:#}");
    let mut more = document.clone();
    more.as_object_mut()
        .unwrap()
        .insert("surprise".to_owned(), json!(1));
    assert!(
        !self::faults(schema, &more).is_empty(),
        "{schema} takes members that it does not name"
    );
}

/// A directory to work in, with a good bundle in `bundle`.
pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn new() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("bundle")).unwrap();
        for entry in fs::read_dir(root().join(FIXTURE))
            .unwrap()
            .map(Result::unwrap)
        {
            fs::copy(entry.path(), place.path("bundle").join(entry.file_name())).unwrap();
        }
        fs::create_dir(place.path("kept")).unwrap();
        for name in ["aws-root.crt", "manufacturer-root.crt"] {
            fs::copy(
                root().join(FIXTURE).join(name),
                place.path("kept").join(name),
            )
            .unwrap();
        }
        fs::write(place.path("passphrase"), "a passphrase for the schemas\n").unwrap();
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
        {
            command.env_remove(name);
        }
        command
            .args(words)
            .args(["--output", "json"])
            .current_dir(self.0.path())
            .env("HOME", self.0.path());
        command
    }

    /// The one document of a command that ends with `code`; it has an error exactly where the code
    /// is not 0.
    pub(super) fn document(&self, words: &[&str], code: i32) -> Value {
        let output = self.command(words).output().unwrap();
        let document = parse(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {document:#}");
        assert_eq!(
            document["error"]["code"].as_i64().unwrap_or(0),
            i64::from(code),
            "{words:?}"
        );
        document
    }

    /// The same, held against the command's schema.
    pub(super) fn says(&self, schema: &str, words: &[&str], code: i32) -> Value {
        let document = self.document(words, code);
        is_by(&format!("output-{schema}.schema.json"), &document);
        document
    }

    pub(super) fn file_is_by(&self, name: &str) {
        let document = parse(&fs::read(self.path(name)).unwrap());
        is_by(
            &format!(
                "{}.schema.json",
                Path::new(name).file_stem().unwrap().to_string_lossy()
            ),
            &document,
        );
    }
}

/// Words with the roots of the good bundle behind them.
fn rooted<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(&ROOTS).copied().collect()
}

const CA_INIT: [&str; 10] = [
    "ca",
    "init",
    "--out",
    "ca",
    "--subject",
    "CN=Schemas",
    "--key-type",
    "p256",
    "--passphrase-file",
    "passphrase",
];
const SIGN: [&str; 8] = [
    "sign",
    "bundle",
    "--ca",
    "ca/customerCA.crt",
    "--ca-key",
    "ca/customerCA.key",
    "--passphrase-file",
    "passphrase",
];

#[test]
fn schemas_are_of_2020_12_and_have_their_own_name() {
    for (name, schema) in all() {
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{name}"
        );
        assert!(
            schema["$id"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/docs/schemas/{name}")),
            "{name}"
        );
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
}

#[test]
#[cfg(all(feature = "online", feature = "simulator"))]
fn every_command_has_a_schema() {
    let schemas = all();
    let mut command = hsmboot::cli::command();
    command.build();
    for name in leaves(&command) {
        assert!(
            schemas.contains_key(&format!("output-{name}.schema.json")),
            "no schema for {name}"
        );
    }
}

/// The commands that do something, at any depth: their words with hyphens between.
#[cfg(all(feature = "online", feature = "simulator"))]
fn leaves(command: &clap::Command) -> Vec<String> {
    let of = |sub: &clap::Command| {
        let inner = leaves(sub);
        if inner.is_empty() {
            vec![sub.get_name().to_owned()]
        } else {
            inner
                .iter()
                .map(|name| format!("{}-{name}", sub.get_name()))
                .collect()
        }
    };
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .flat_map(of)
        .collect()
}

#[test]
fn import_and_transcript_say_what_their_schemas_say() {
    let place = Place::new();
    place.document(&CA_INIT, 0);
    place.says("transcript-verify", &["transcript", "verify", "bundle"], 4);
    place.says(
        "sign",
        &rooted(&[&SIGN[..], &["--seal", "--operator", "Ada"]].concat()),
        0,
    );
    // What `sign` made, as if a CA elsewhere had.
    for (made, name) in [
        (
            "cluster-hsmboottest_CustomerHsmCertificate.crt",
            "signed.crt",
        ),
        ("customerCA.crt", "anchor.crt"),
    ] {
        fs::rename(place.path("bundle").join(made), place.path(name)).unwrap();
    }
    let import = [
        "import",
        "bundle",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "anchor.crt",
    ];
    assert!(place.says("import", &import, 3)["verification"].is_object());
    assert_eq!(
        place.says("import", &rooted(&import), 0)["request_compared"],
        false
    );
    assert_eq!(place.says("import", &rooted(&import), 0)["changed"], false);
    assert_eq!(
        place.says("transcript-show", &["transcript", "show", "bundle"], 0)["steps"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for line in fs::read_to_string(place.path("bundle/transcript.jsonl"))
        .unwrap()
        .lines()
    {
        is_by("transcript.schema.json", &parse(line.as_bytes()));
    }
    let noted =
        place.says("transcript-verify", &["transcript", "verify", "bundle"], 0)["sealed_head"]
            .as_str()
            .unwrap()
            .to_owned();
    assert_eq!(
        place.says(
            "transcript-verify",
            &["transcript", "verify", "bundle", "--noted", &noted],
            0
        )["noted"][0]["step"],
        1
    );
}

#[test]
fn verify_says_what_its_schema_says() {
    let place = Place::new();
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle", "--record"]), 0)["verdict"],
        "verified"
    );
    place.file_is_by("bundle/verification.json");
    assert_eq!(
        place.says("verify", &["verify", "bundle"], 3)["verdict"],
        "rejected"
    );
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle", "--chains-only"]), 0)["chains_only"],
        true
    );
    let mut words = rooted(&[
        "verify",
        "bundle",
        "--at",
        "1960-01-01T00:00:00Z",
        "--reason",
        "a test",
    ]);
    words.extend([
        "--accept",
        "validity.hsm",
        "--accept",
        "validity.aws-hardware",
        "--accept",
        "validity.manufacturer-hardware",
    ]);
    assert_eq!(place.says("verify", &words, 0)["reason"], "a test");
    let csr = fs::read_dir(place.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".csr"));
    fs::write(csr.unwrap(), "").unwrap();
    assert_eq!(
        place.says("verify", &rooted(&["verify", "bundle"]), 4)["verdict"],
        "rejected"
    );
    assert_eq!(
        place.says("verify", &["verify", "nowhere"], 4)["error"]["kind"],
        "no-bundle"
    );
    assert_eq!(
        place.says("verify", &["verify", "bundle", "--nonsense"], 2)["error"]["kind"],
        "usage"
    );
}

#[test]
fn roots_say_what_their_schemas_say() {
    let place = Place::new();
    place.says("roots", &["roots"], 0);
    assert_eq!(
        place.says("roots-show", &["roots", "show", "bundle/aws-root.crt"], 0)["fit"],
        true
    );
    assert_eq!(
        place.says(
            "roots-show",
            &[
                "roots",
                "show",
                "bundle/cluster-hsmboottest_HsmCertificate.crt"
            ],
            3
        )["fit"],
        false
    );
    place.says("roots-show", &["roots", "show", "absent.crt"], 4);
}

#[test]
fn ca_says_what_its_schemas_say() {
    let place = Place::new();
    place.says("ca-init", &CA_INIT, 0);
    place.says("ca-init", &CA_INIT, 8);
    let again = [
        "ca",
        "init",
        "--out",
        "again",
        "--subject",
        "CN=Schemas",
        "--ca-key",
        "ca/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    assert_eq!(place.says("ca-init", &again, 0)["key_made"], false);
    place.says(
        "ca-init",
        &[&again[..], &["--force", "--key-type", "p384"]].concat(),
        2,
    );
    let fit = place.says("ca-show", &["ca", "show", "ca/customerCA.crt"], 0);
    assert_eq!(
        (&fit["fit_as_trust_anchor"], &fit["refusal"]),
        (&true.into(), &serde_json::Value::Null)
    );
    place.says("ca-show", &["ca", "show", "ca/customerCA.key"], 4);
    // Not a CA's, and of version 1.
    let mut refused = false;
    for name in fs::read_dir(place.path("bundle"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "crt"))
    {
        let shown = place.says("ca-show", &["ca", "show", name.to_str().unwrap()], 0);
        match shown["refusal"].as_str() {
            Some(text) => assert!(
                text.contains("check.") && shown["fit_as_trust_anchor"] == false,
                "{shown:#}"
            ),
            None => assert_eq!(shown["fit_as_trust_anchor"], true, "{shown:#}"),
        }
        refused |= shown["refusal"].is_string();
    }
    assert!(refused);
}

#[test]
fn sign_and_check_say_what_their_schemas_say() {
    let place = Place::new();
    place.says("ca-init", &CA_INIT, 0);
    assert!(place.says("sign", &SIGN, 3)["verification"].is_object());
    let done = place.says("sign", &rooted(&SIGN), 0);
    place.file_is_by("bundle/response.json");
    place.file_is_by("bundle/verification.json");
    assert_eq!(place.says("sign", &rooted(&SIGN), 0)["changed"], false);

    let id = done["cluster_id"].as_str().unwrap();
    let (csr, signed) = (
        format!("bundle/{id}_ClusterCsr.csr"),
        format!("bundle/{id}_CustomerHsmCertificate.crt"),
    );
    let check = |anchor, signed, code| {
        place.says(
            "check",
            &[
                "check",
                "--csr",
                &csr,
                "--signed-cert",
                signed,
                "--trust-anchor",
                anchor,
            ],
            code,
        )
    };
    assert_eq!(check("ca/customerCA.crt", &signed, 0)["verdict"], "fit");
    assert_eq!(
        check("ca/customerCA.crt", "ca/customerCA.crt", 3)["verdict"],
        "unfit"
    );
    assert_eq!(check(&signed, &signed, 5)["verdict"], "unfit");
    assert_eq!(check(&csr, &signed, 4)["verdict"], "unfit");
    assert_eq!(
        check("nowhere", &signed, 4)["error"]["kind"],
        "file-missing"
    );

    let mut unverified = SIGN.to_vec();
    unverified.extend(["--force", "--unverified", "--reason", "a test"]);
    assert_eq!(
        place.says("sign", &unverified, 0)["unverified"]["reason"],
        "a test"
    );
    place.file_is_by("bundle/response.json");
    // Nothing is signed that could not be written.
    fs::remove_file(place.path(&signed)).unwrap();
    fs::create_dir(place.path(&signed)).unwrap();
    assert!(
        place.says("sign", &rooted(&[&SIGN[..], &["--force"]].concat()), 8)["signed_cert"]
            .is_null()
    );
}

#[test]
fn report_says_what_its_schema_says() {
    let place = Place::new();
    place.document(&CA_INIT, 0);
    let report = ["report", "bundle", "-o", "report.html"];
    assert_eq!(
        place.says("report", &rooted(&report), 0)["transcript"]["holds"],
        json!(null)
    );
    fs::write(place.path("report.html"), "somebody's own").unwrap();
    place.says("report", &rooted(&report), 8);
    place.document(&rooted(&[&SIGN[..], &["--seal"]].concat()), 0);
    let whole = place.says("report", &rooted(&["report", "bundle", "-o", "-"]), 0);
    assert!(
        whole["page"].is_string()
            && whole["transcript"]["sealed_up_to"] == 1
            && whole["pair"] == "fit"
    );
    fs::write(place.path("bundle/verification.json"), "{}").unwrap();
    let rejected = place.says("report", &["report", "bundle", "-o", "-"], 0);
    assert!(
        rejected["verdict"] == "rejected" && rejected["differences"].as_array().unwrap().len() > 2
    );
    place.says("report", &["report", "nowhere", "-o", "-"], 4);
}

#[test]
fn pack_and_unpack_say_what_their_schemas_say() {
    let place = Place::new();
    let packed = place.says("pack", &["pack", "bundle", "-o", "x.hsmboot"], 0);
    assert!(
        packed["left_out"]
            .as_array()
            .unwrap()
            .contains(&"aws-root.crt".into())
    );
    place.says("pack", &["pack", "nowhere", "-o", "x.hsmboot"], 4);
    assert_eq!(
        place.says("verify", &rooted(&["verify", "x.hsmboot", "--record"]), 0)["verdict"],
        "verified"
    );
    place.says("pack", &["pack", "bundle", "-o", "x.hsmboot"], 8);
    assert_eq!(
        place.says("unpack", &["unpack", "x.hsmboot", "new"], 0)["unchanged"],
        false
    );
    place.says("unpack", &["unpack", "new/request.json", "new"], 4);
}

#[test]
#[cfg(feature = "qr")]
fn qr_says_what_its_schemas_say() {
    let place = Place::new();
    let shown = place.says("qr-show", &["qr", "show", "bundle", "--png", "codes"], 0);
    assert_eq!(
        shown["codes"].as_array().unwrap().len(),
        shown["written"].as_array().unwrap().len()
    );
    place.says("qr-show", &["qr", "show", "bundle", "--response"], 4);
    place.says("qr-show", &["qr", "show", "bundle", "-o", "sheet.png"], 0);
    let read = place.says("qr-read", &["qr", "read", "sheet.png"], 0);
    assert_eq!(
        (&read["fingerprint"], &read["unchanged"]),
        (&shown["fingerprint"], &false.into())
    );
    place.says(
        "qr-read",
        &["qr", "read", shown["written"][0].as_str().unwrap()],
        4,
    );
    place.document(&CA_INIT, 0);
    place.says("sign", &rooted(&SIGN), 0);
    place.says(
        "qr-show",
        &["qr", "show", "bundle", "--response", "--svg", "codes"],
        0,
    );
    // The picture in the docs is one of codes.
    let picture = root().join("docs/images/qr-sheet.png");
    assert_eq!(
        place.says(
            "qr-read",
            &["qr", "read", picture.to_str().unwrap(), "--bundle", "other"],
            0
        )["files"],
        read["files"]
    );
}

#[test]
fn completions_and_man_say_what_their_schemas_say() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        place.says("completions", &["completions", shell], 0);
    }
    place.says("completions", &["completions", "sh"], 2);
    place.says("man", &["man"], 0);
    place.says("man", &["man", "--out", "pages"], 0);
    place.says("man", &["man", "--out", "passphrase"], 4);
}

#[cfg(all(feature = "online", feature = "simulator"))]
mod online {
    use hsmboot::simulator::{Options, Simulator};

    use super::Place;
    use crate::stage::cluster;

    /// A place with the simulator's roots in place of the fixture's.
    fn place(simulator: &Simulator) -> Place {
        let place = Place::new();
        std::fs::remove_dir_all(place.path("bundle")).unwrap();
        simulator.write_roots(&place.path("roots")).unwrap();
        place
    }

    fn rooted<'a>(words: &[&'a str]) -> Vec<&'a str> {
        [
            words,
            &[
                "--aws-root",
                "roots/aws-root.crt",
                "--manufacturer-root",
                "roots/manufacturer-root.crt",
            ],
        ]
        .concat()
    }

    #[test]
    fn the_online_commands_say_what_their_schemas_say() {
        let simulator = Simulator::spawn(Options::default()).unwrap();
        let (place, url, id) = (place(&simulator), simulator.url(), cluster(&simulator));
        let at = |words: &[&'static str]| -> Vec<String> {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .chain(["--endpoint-url".to_owned(), url.clone()])
                .collect()
        };
        let says = |schema: &str, words: &[&'static str], code| {
            let words: Vec<String> = at(words)
                .into_iter()
                .map(|word| word.replace("ID", &id))
                .collect();
            place.says(
                schema,
                &words.iter().map(String::as_str).collect::<Vec<_>>(),
                code,
            )
        };
        const NOBODY: &str = "cluster-22222222222";

        assert_eq!(
            says("status", &["status"], 0)["clusters"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        says("status", &["status", "--cluster-id", NOBODY], 6);
        says("wait", &["wait", "--cluster-id", "ID", "--for", "csr"], 0);
        says(
            "wait",
            &[
                "wait",
                "--cluster-id",
                "ID",
                "--for",
                "active",
                "--timeout",
                "0",
            ],
            7,
        );
        says("wait", &["wait", "--cluster-id", NOBODY, "--for", "csr"], 6);

        assert_eq!(
            says(
                "fetch",
                &["fetch", "--cluster-id", "ID", "--bundle", "bundle"],
                0
            )["unchanged"],
            false
        );
        place.file_is_by("bundle/request.json");
        assert_eq!(
            says(
                "fetch",
                &["fetch", "--cluster-id", "ID", "--bundle", "bundle"],
                0
            )["unchanged"],
            true
        );
        says("fetch", &["fetch", "--cluster-id", NOBODY], 6);

        says("submit", &rooted(&["submit", "bundle"]), 4);
        place.says("ca-init", &super::CA_INIT, 0);
        place.says("sign", &rooted(&super::SIGN), 0);
        assert!(says("submit", &["submit", "bundle"], 3)["verification"].is_object());
        assert_eq!(
            says(
                "submit",
                &rooted(&["submit", "bundle", "--ca", "ca/customerCA.crt", "--dry-run"]),
                0
            )["dry_run"],
            true
        );
        assert_eq!(
            says(
                "submit",
                &rooted(&["submit", "bundle", "--ca", "ca/customerCA.crt"]),
                0
            )["outcome"],
            "claimed"
        );
        place.file_is_by("bundle/receipt.json");
        assert_eq!(
            says(
                "submit",
                &rooted(&["submit", "bundle", "--ca", "ca/customerCA.crt"]),
                0
            )["outcome"],
            "already-claimed"
        );

        let handover = [
            "handover",
            "bundle",
            "-o",
            "clients",
            "--ca",
            "ca/customerCA.crt",
        ];
        assert_eq!(place.says("handover", &handover, 0)["changed"], true);
        place.file_is_by("clients/handover.json");
        assert_eq!(place.says("handover", &handover, 0)["changed"], false);
        place.says(
            "handover",
            &[&handover[..], &["--address", "10.0.0.9"]].concat(),
            8,
        );
        assert_eq!(
            place.says("handover", &["handover", "bundle", "-o", "clients"], 3)["error"]["kind"],
            "owner-not-proven"
        );
        assert_eq!(
            place.says("handover", &["handover", "nowhere", "-o", "clients"], 4)["error"]["kind"],
            "no-bundle"
        );
        let receipt = super::fs::read(place.path("bundle/receipt.json")).unwrap();
        super::fs::write(
            place.path("bundle/receipt.json"),
            [&receipt[..], b" "].concat(),
        )
        .unwrap();
        assert_eq!(
            place.says("handover", &handover, 4)["files"][0]["name"],
            "receipt.json"
        );
        super::fs::write(place.path("bundle/receipt.json"), receipt).unwrap();

        let told = says("status", &["status", "--cluster-id", "ID"], 0);
        assert!(
            told["clusters"][0]["cluster_certificate"].is_object()
                && told["next_steps"][0]["what"].is_string()
        );
        assert_eq!(
            says("status", &["status", "--ca", "bundle/customerCA.crt"], 0)["owners"][0]["owner"],
            "this-ca"
        );
        let another = says(
            "status",
            &["status", "--cluster-id", "ID", "--ca", "roots/aws-root.crt"],
            8,
        );
        assert_eq!(another["owners"][0]["owner"], "another-ca");
        assert_eq!(another["error"]["kind"], "claimed-by-another-ca");
        says("status", &["status", "--ca", "passphrase"], 4);
        says("wait", &["wait", "--cluster-id", "ID", "--for", "csr"], 8);
        says(
            "fetch",
            &["fetch", "--cluster-id", "ID", "--bundle", "late"],
            8,
        );
    }

    #[test]
    fn bootstrap_says_what_its_schema_says() {
        let simulator = Simulator::spawn(Options::default()).unwrap();
        let (place, url, id) = (place(&simulator), simulator.url(), cluster(&simulator));
        let claim = [
            "bootstrap",
            "--cluster-id",
            &id,
            "--endpoint-url",
            &url,
            "--passphrase-file",
            "passphrase",
            "--key-type",
            "p256",
        ];
        let says =
            |words: &[&str], code| place.says("bootstrap", &[&claim[..], words].concat(), code);
        says(&["--cluster-id", "cluster-22222222222"], 2);
        assert_eq!(says(&[], 3)["error"]["kind"], "root-missing");
        assert!(
            says(&["--manufacturer-root", "roots/manufacturer-root.crt"], 3)["verification"]
                .is_object()
        );
        assert_eq!(says(&rooted(&["--dry-run"]), 0)["dry_run"], true);
        assert_eq!(says(&rooted(&[]), 0)["outcome"], "claimed");
        assert_eq!(
            says(&rooted(&[]), 0)["verification"],
            serde_json::Value::Null
        );
        for name in ["request", "verification", "response", "receipt"] {
            place.file_is_by(&format!("{id}/{name}.json"));
        }
        place.says("ca-init", &super::CA_INIT, 0);
        says(
            &rooted(&["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]),
            2,
        );
        let other = [
            "bootstrap",
            "--cluster-id",
            &id,
            "--endpoint-url",
            &url,
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            "ca/customerCA.key",
        ];
        assert_eq!(
            place.says("bootstrap", &rooted(&other), 8)["error"]["kind"],
            "claimed-by-another-ca"
        );
        assert!(place.says("bootstrap", &["bootstrap", "--simulate"], 0)["made_ca"].is_object());
    }

    #[test]
    fn simulate_says_what_its_schema_says() {
        let simulator = Simulator::spawn(Options::default()).unwrap();
        let place = Place::new();
        let taken = simulator.address().to_string();
        assert_eq!(
            place.says("simulate", &["simulate", "--listen", &taken], 1)["error"]["kind"],
            "cannot-listen"
        );

        let mut command = place.command(&["simulate"]);
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // It says on standard error that it is up.
        let mut first = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(child.stderr.take().unwrap()),
            &mut first,
        )
        .unwrap();
        assert!(
            first.starts_with("listening on http://127.0.0.1:"),
            "{first}"
        );
        assert!(
            std::process::Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let document = super::parse(&output.stdout);
        super::is_by("output-simulate.schema.json", &document);
        assert_eq!(document["error"]["kind"], "interrupted");
    }
}
