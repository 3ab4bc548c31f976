//! An intermediate CA is made under what allows one, with its own passphrase, and openssl takes it.

use super::*;

#[test]
fn openssl_takes_the_chain_that_is_made_and_what_is_signed_under_it() {
    let claim = Claim::new();
    let stage = &claim.stage;
    let text = stage.openssl("x509 -in ca/chainCA.crt -noout -text");
    for part in [
        "CA:TRUE, pathlen:0",
        "Digital Signature, Certificate Sign, CRL Sign",
        "Issuer: ",
        "Subject Key Identifier",
        "Authority Key Identifier",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(text.matches("critical").count(), 2, "{text}");
    stage.openssl("verify -x509_strict -CAfile root/customerCA.crt ca/chainCA.crt");
    let shown = stage
        .run(&["ca", "show", "ca/chainCA.crt"])
        .expect(0)
        .json();
    assert_eq!(
        (
            shown["fit_as_trust_anchor"].as_bool(),
            shown["chain"].as_array().unwrap().len(),
            shown["self_signed"].as_bool()
        ),
        (Some(true), 1, Some(false))
    );
    claim.fetch();
    let answer = claim.sign();
    assert_eq!(
        stage.read("bundle/customerCA.crt"),
        stage.read("ca/chainCA.crt")
    );
    let digests = stage.digests("ca/chainCA.crt");
    assert_eq!(
        (answer["ca_fingerprint"].as_str(), &answer["chain_sha256"]),
        (Some(digests[0].as_str()), &serde_json::json!(&digests[1..]))
    );
    stage.openssl(&format!(
        "verify -x509_strict -purpose sslserver -CAfile ca/chainCA.crt {}",
        claim.signed()
    ));
}

#[test]
fn an_intermediate_is_made_under_what_allows_one_and_nothing_is_overwritten() {
    let stage = Stage::new();
    let under = |out: &str, issuer: &str, key: &str| {
        stage.init(&[
            "--out",
            out,
            "--subject",
            "CN=More",
            "--issuer",
            issuer,
            "--issuer-key",
            key,
        ])
    };
    // The intermediate that was made allows none below it.
    under("more", "ca/chainCA.crt", "ca/customerCA.key").refused(
        5,
        "trust-anchor-refused",
        &["CN=Signing CA, O=Owner allows 0 CAs below it (pathLen), and there would be 1"],
    );
    under("more", "root/customerCA.crt", "ca/customerCA.key").refused(
        5,
        "ca-key-mismatch",
        &["key"],
    );
    under("more", "ca/customerCA.key", "ca/customerCA.key").refused(
        4,
        "malformed",
        &["private key"],
    );
    assert!(!stage.path("more").exists());
    under("ca", "root/customerCA.crt", "root/customerCA.key").refused(
        8,
        "file-exists",
        &["there is a CA already"],
    );
    under("root", "root/customerCA.crt", "root/customerCA.key").refused(
        8,
        "file-exists",
        &["there is a CA already"],
    );
    stage
        .init(&[
            "--out",
            "same",
            "--subject",
            "CN=Root,O=Owner",
            "--issuer",
            "root/customerCA.crt",
            "--issuer-key",
            "root/customerCA.key",
        ])
        .refused(2, "bad-subject", &["second root"]);
    assert_eq!(
        stage
            .init(&[
                "--out",
                "x",
                "--subject",
                "CN=X",
                "--issuer",
                "root/customerCA.crt"
            ])
            .code,
        2
    );

    // A root that has expired; one that allows no CA; one of version 1.
    let (key, mut old) = (
        rcgen::KeyPair::generate().unwrap(),
        rcgen::CertificateParams::default(),
    );
    old.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    stage.write("old.crt", &old.self_signed(&key).unwrap().pem());
    stage.write("old.key", &key.serialize_pem());
    under("more", "old.crt", "old.key").refused(5, "trust-anchor-refused", &["this is about time"]);
    stage.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout none.key \
                   -out none.crt -subj /CN=None -addext \
                   basicConstraints=critical,CA:TRUE,pathlen:0",
    );
    under("more", "none.crt", "none.key").refused(
        5,
        "trust-anchor-refused",
        &["CN=None allows 0 CAs below it"],
    );
    assert!(!stage.path("more").exists());

    // Four levels are the most: a root, two of openssl's, and ours. It ends no later than what is
    // above it.
    stage.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout top.key \
                   -out top.crt -subj /CN=Top -days 3652",
    );
    for (name, issuer) in [("second", "top"), ("third", "second"), ("fourth", "third")] {
        stage.openssl(&format!(
            "ecparam -genkey -name prime256v1 -noout -out {name}.key"
        ));
        fs::write(
            stage.path(&format!("{name}.pub")),
            stage.openssl(&format!("pkey -in {name}.key -pubout")),
        )
        .unwrap();
        stage.certify(
            &format!("{name}.crt"),
            &format!("/CN={name}"),
            &format!("{name}.pub"),
            issuer,
            CA_EXTENSIONS,
        );
    }
    let chain = |names: &[&str]| {
        names
            .iter()
            .map(|name| stage.read(&format!("{name}.crt")))
            .collect::<String>()
    };
    stage.write("three.crt", &chain(&["third", "second", "top"]));
    stage.write("four.crt", &chain(&["fourth", "third", "second", "top"]));
    under("more", "four.crt", "fourth.key").refused(
        5,
        "trust-anchor-refused",
        &["more than 4 certificates"],
    );
    let made = under("more", "three.crt", "third.key").expect(0).json();
    assert_eq!(made["chain"].as_array().unwrap().len(), 3);
    assert!(
        made["ca"]["not_after"].as_str().unwrap()
            <= made["chain"][0]["not_after"].as_str().unwrap(),
        "{made:#}"
    );
    stage.openssl("verify -CAfile three.crt more/chainCA.crt");
}

#[test]
fn the_issuers_key_and_the_new_one_each_have_their_passphrase() {
    let stage = Stage::new();
    stage.write("root.pass", "of the old root\n");
    stage.write("ca.pass", "of the new one\n");
    let root = [
        "ca",
        "init",
        "--out",
        "vault",
        "--key-type",
        "p256",
        "--subject",
        "CN=Vault",
        "--passphrase-file",
        "root.pass",
    ];
    stage.run(&root).expect(0);
    let init = |pass: &str| {
        let words = [
            "ca",
            "init",
            "--out",
            "online",
            "--key-type",
            "p256",
            "--subject",
            "CN=Online",
            "--issuer",
            "vault/customerCA.crt",
            "--issuer-key",
            "vault/customerCA.key",
        ];
        stage.run(
            &[
                &words[..],
                &[
                    "--issuer-passphrase-file",
                    pass,
                    "--passphrase-file",
                    "ca.pass",
                ],
            ]
            .concat(),
        )
    };
    init("ca.pass").refused(5, "wrong-passphrase", &[]);
    let made = init("root.pass").expect(0).json();
    assert_eq!(made["key_encrypted"], true);
    stage.openssl("pkey -in online/customerCA.key -passin file:ca.pass -noout");
    stage.openssl("verify -CAfile vault/customerCA.crt online/chainCA.crt");
}
