//! Certificates and CSRs in a transcript, by the digest that every command shows.

use super::*;

#[test]
fn a_certificate_and_a_csr_are_shown_by_the_digest_of_their_der() {
    let bench = two_steps(&[]);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    let document = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let csr = format!("{CLUSTER}_ClusterCsr.csr");
    let der = document["steps"][0]["der_sha256"][&csr].as_str().unwrap();
    let grouped: Vec<&str> = (0..8).map(|at| &der[8 * at..8 * at + 8]).collect();
    let line = format!("  read {csr}\n    SHA-256 {}\n", grouped.join(" "));
    assert!(shown.contains(&line), "{line}: {shown}");
    // The recorded line stays as it is: of the file's bytes.
    let file = std::fs::read(bench.part("ClusterCsr.csr")).unwrap();
    assert_eq!(
        document["steps"][0]["inputs"][&csr],
        to_hex(&sha256(&file)).as_str()
    );
    assert!(
        shown.contains("  read ./aws-root.crt\n    SHA-256 of the file "),
        "{shown}"
    );
}

#[test]
fn a_ca_has_one_code_in_every_document() {
    let bench = two_steps(&["--seal"]);
    let code = |words: &[&str], name: &str| {
        let shown = bench.run(&[words, &["--output", "json"]].concat());
        shown.expect(0).json()[name].as_str().unwrap().to_owned()
    };
    let shown = code(&["ca", "show", "customerCA.crt"], "code");
    assert_eq!(shown, code(&sign(&[]), "ca_code"));
    let again = ["--ca", "customerCA.crt"];
    let words = [&["transcript", "verify", "bundle"], &again[..]].concat();
    assert_eq!(shown, code(&words, "ca_code"));
}
