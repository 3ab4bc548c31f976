//! The genuine CSR is signed as byte for byte itself, by each key type and by x509-parser's and
//! openssl's reading.

use hsmboot::check::check;
use x509_parser::prelude::X509CertificationRequest;

use super::support::vectors;
use super::*;

const GENUINE: &str = "cluster-clusteronea";
const SIGNED: &str = "bundle/cluster-clusteronea_CustomerHsmCertificate.crt";
const CSR: &str = "bundle/cluster-clusteronea_ClusterCsr.csr";
const REASON: &str = "a test: no hardware certificate of this cluster is published";

/// Signs the genuine CSR: its hardware certificates are nowhere to be had, so nothing can verify
/// it.
const SIGN: [&str; 9] = [
    "sign",
    "bundle",
    "--ca",
    "customerCA.crt",
    "--ca-key",
    "customerCA.key",
    "--unverified",
    "--reason",
    REASON,
];

/// A bench with the genuine CSR alone.
fn genuine() -> Bench {
    let bench = Bench::empty();
    bench.write(
        CSR,
        vectors::read(&format!("cluster-1/{GENUINE}_ClusterCsr.csr")),
    );
    bench
}

fn text(bench: &Bench, args: &str) -> String {
    String::from_utf8(openssl(&bench.path(""), args)).unwrap()
}

/// Holds the signed certificate against docs/verification.md, with other readers than ours.
pub(super) fn judge(bench: &Bench, csr: &str, signed: &str) {
    let [csr_der, signed_der, ca_der] =
        [csr, signed, "customerCA.crt"].map(|name| der(&bench.read(name)));
    let (_, request) = X509CertificationRequest::from_der(&csr_der).unwrap();
    let (rest, cert) = X509Certificate::from_der(&signed_der).unwrap();
    let (_, ca) = X509Certificate::from_der(&ca_der).unwrap();
    assert!(rest.is_empty());
    let asked = &request.certification_request_info;

    assert_eq!(
        cert.subject.as_raw(),
        asked.subject.as_raw(),
        "the subject is the CSR's bytes"
    );
    assert_eq!(
        cert.public_key().raw,
        asked.subject_pki.raw,
        "the public key is the CSR's bytes"
    );
    assert_eq!(
        cert.issuer.as_raw(),
        ca.subject.as_raw(),
        "the issuer is the CA's subject's bytes"
    );
    assert_eq!(cert.version(), x509_parser::x509::X509Version::V3);
    assert!(
        (16..=20).contains(&cert.raw_serial().len()) && cert.raw_serial()[0] < 0x80,
        "{:02x?}",
        cert.raw_serial()
    );
    assert!(cert.validity().not_after <= ca.validity().not_after);
    cert.verify_signature(Some(ca.public_key())).unwrap();

    let extensions: Vec<(String, bool)> = cert
        .extensions()
        .iter()
        .map(|e| (e.oid.to_id_string(), e.critical))
        .collect();
    let expected = [
        ("2.5.29.19", true),
        ("2.5.29.15", true),
        ("2.5.29.14", false),
        ("2.5.29.35", false),
    ];
    assert_eq!(
        extensions,
        expected.map(|(oid, critical)| (oid.to_owned(), critical))
    );
    assert!(!cert.basic_constraints().unwrap().unwrap().value.ca);
    assert_eq!(
        cert.key_usage().unwrap().unwrap().value.flags,
        0b101,
        "digitalSignature and keyEncipherment"
    );

    let bytes = bench.read(signed);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        text(bench, &format!("x509 -in {signed}")),
        "openssl writes the same text"
    );
    for strict in ["", "-x509_strict "] {
        let said = text(
            bench,
            &format!("verify {strict}-CAfile customerCA.crt {signed}"),
        );
        assert_eq!(said.trim(), format!("{signed}: OK"));
    }
    let subject = text(bench, &format!("x509 -noout -subject -in {signed}"));
    assert_eq!(
        subject,
        text(bench, &format!("req -noout -subject -in {csr}"))
    );
    assert_eq!(
        subject.matches(" + ").count(),
        4,
        "one RDN of five attributes: {subject}"
    );
    assert!(
        text(bench, &format!("x509 -noout -text -in {signed}"))
            .contains(" C = US + ST = CA + O = Cavium + OU = N3FIPS + L = SanJose, CN = ")
    );
    // The key identifiers are the ones that openssl would have written.
    let authority = text(
        bench,
        &format!("x509 -noout -ext authorityKeyIdentifier -in {signed}"),
    );
    let ca_identifier = text(
        bench,
        "x509 -noout -ext subjectKeyIdentifier -in customerCA.crt",
    );
    assert_eq!(
        authority
            .lines()
            .nth(1)
            .unwrap()
            .trim()
            .trim_start_matches("keyid:"),
        ca_identifier.lines().nth(1).unwrap().trim()
    );
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_csr_is_signed_by_each_key_type() {
    for key in [
        "rsa:4096",
        "rsa:3072",
        "rsa:2048",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "ec -pkeyopt ec_paramgen_curve:P-384",
    ] {
        let bench = genuine();
        openssl_ca(&bench, key, 3652);
        bench.run(&SIGN).expect(0);
        judge(&bench, CSR, SIGNED);
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_csr_is_signed_by_a_ca_of_our_own() {
    for key_type in ["rsa-2048", "p256", "p384"] {
        let bench = genuine();
        bench.write("passphrase", "correct horse\n");
        private(&bench, "passphrase");
        let init = [
            "ca",
            "init",
            "--out",
            ".",
            "--subject",
            "CN=Our\\, CA+OU=x,O=Örg",
            "--passphrase-file",
            "passphrase",
            "--key-type",
            key_type,
        ];
        bench.run(&init).expect(0);
        bench
            .run(&[&SIGN[..], &["--passphrase-file", "passphrase"]].concat())
            .expect(0);
        judge(&bench, CSR, SIGNED);
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn going_on_without_proof_is_said_and_recorded() {
    let bench = genuine();
    openssl_ca(&bench, "ec -pkeyopt ec_paramgen_curve:P-256", 3652);
    let refused = bench.refused(&SIGN[..6], 4, "file-missing", &["HsmCertificate.crt"]);
    assert!(!refused.contains("unverified"));
    let run = bench
        .run(&[&SIGN[..], &["--output", "json", "--quiet"]].concat())
        .expect(0);
    assert!(
        run.stderr.contains("UNVERIFIED") && run.stderr.contains(REASON),
        "{}",
        run.stderr
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    for document in [run.json(), response] {
        assert_eq!(document["unverified"]["reason"], REASON);
        assert_eq!(document["verdict"], "rejected");
    }
    let record: Value = serde_json::from_slice(&bench.read("bundle/verification.json")).unwrap();
    assert_eq!(record["verdict"], "rejected");
}

const AT: &str = "2025-01-01T00:00:00Z";

fn genuine_pair() -> [Vec<u8>; 3] {
    [
        format!("{GENUINE}_ClusterCsr.csr"),
        format!("{GENUINE}_CustomerHsmCertificate.crt"),
        "customerCA.crt".to_owned(),
    ]
    .map(|name| der(&vectors::read(&format!("cluster-1/{name}"))))
}

fn pair_text(ders: &[Vec<u8>; 3]) -> [String; 3] {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    [0, 1, 2].map(|i| {
        pem::encode_config(
            &pem::Pem::new(
                ["CERTIFICATE REQUEST", "CERTIFICATE", "CERTIFICATE"][i],
                ders[i].clone(),
            ),
            config,
        )
    })
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_pair_is_fit_and_unfit_with_any_byte_changed() {
    let genuine = genuine_pair();
    let at = AT.parse().unwrap();
    let fit = |[csr, signed, anchor]: [String; 3]| {
        check(csr.as_bytes(), signed.as_bytes(), anchor.as_bytes(), at)
            .into_pair()
            .is_ok()
    };
    assert!(fit(pair_text(&genuine)));
    for which in 0..3 {
        for at in 0..genuine[which].len() {
            let mut changed = genuine.clone();
            changed[which][at] ^= 1 << (at % 8);
            assert!(!fit(pair_text(&changed)), "byte {at} of file {which}");
        }
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_program_says_the_same_of_the_genuine_pair() {
    let (bench, genuine) = (Bench::empty(), genuine_pair());
    let args = [
        "check",
        "--csr",
        "0",
        "--signed-cert",
        "1",
        "--trust-anchor",
        "2",
        "--at",
        AT,
    ];
    let put = |ders: &[Vec<u8>; 3]| {
        (0..)
            .zip(pair_text(ders))
            .for_each(|(name, text): (usize, String)| drop(bench.write(&name.to_string(), text)))
    };
    put(&genuine);
    let run = bench
        .run(&[&args[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(run["verdict"], "fit");
    // The last byte belongs to the signature of each.
    for (which, code, kind) in [
        (0, 3, "pair-unfit"),
        (1, 3, "pair-unfit"),
        (2, 5, "trust-anchor-refused"),
    ] {
        let mut changed = genuine.clone();
        *changed[which].last_mut().unwrap() ^= 1;
        put(&changed);
        bench.refused(&args, code, kind, &[]);
    }
    // The first is the outermost tag.
    for which in 0..3 {
        let mut changed = genuine.clone();
        changed[which][0] ^= 1;
        put(&changed);
        bench.refused(
            &args,
            4,
            "malformed",
            &[[
                "check.pem.csr",
                "check.pem.signed-cert",
                "check.pem.trust-anchor",
            ][which]],
        );
    }
}
