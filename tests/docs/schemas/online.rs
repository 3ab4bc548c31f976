//! The online commands' documents.

use hsmboot::simulator::Simulator;

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
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
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

    let plan = |id, code| {
        let words = ["plan", id, "--ca", "roots/aws-root.crt"];
        says("plan", &rooted(&words), code)
    };
    assert_eq!(plan("ID", 0)["clusters"][0]["owner"], "nobody");
    assert_eq!(plan(NOBODY, 6)["clusters"][0]["action"], "investigate");

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
    let several = says("fetch", &["fetch", "ID", NOBODY, "--into", "several"], 6);
    assert_eq!(several["bundles"].as_array().unwrap().len(), 2);
    let several = ["submit", "bundle", "nowhere", "--ca", "roots/aws-root.crt"];
    says("submit", &rooted(&several), 4);

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
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
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
    let says = |words: &[&str], code| place.says("bootstrap", &[&claim[..], words].concat(), code);
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
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
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
