//! The owner's certificates as they come: in a bundle put together by hand, in DER, not yet valid.

use super::*;

#[test]
fn a_bundle_put_together_by_hand_names_its_trust_anchor_as_the_guide_does() {
    // The guide's chain, and what lies beside it there; or its self-signed certificate alone.
    for (with_chain, ca, key) in [
        (true, "ca/chainCA.crt", "ca/customerCA"),
        (false, "root/customerCA.crt", "root/customerCA"),
    ] {
        let claim = Claim::new();
        let stage = &claim.stage;
        claim.fetch();
        fs::copy(
            stage.path("root/customerCA.crt"),
            stage.path("bundle/customerRootCA.crt"),
        )
        .unwrap();
        if with_chain {
            fs::copy(
                stage.path("ca/chainCA.crt"),
                stage.path("bundle/chainCA.crt"),
            )
            .unwrap();
        }
        fs::copy(stage.path(ca), stage.path("signer.crt")).unwrap();
        let csr = format!("bundle/{}_ClusterCsr.csr", claim.id);
        // With the text that openssl puts above it: what is sent is the program's own.
        let signed = stage.openssl(&format!(
            "x509 -req -in {csr} -CA signer.crt -CAkey {key}.key \
                                             -CAcreateserial -days 300 -sha256 -text"
        ));
        assert!(signed.contains("Certificate:"));
        stage.write(&claim.signed(), &signed);
        claim.online(&["submit", "bundle"]).refused(
            3,
            "owner-not-proven",
            &[if with_chain {
                "chainCA.crt"
            } else {
                "customerRootCA.crt"
            }],
        );
        assert_eq!(
            claim
                .online(&["submit", "bundle", "--ca", ca])
                .expect(0)
                .json()["outcome"],
            "claimed"
        );
        claim.is_taken_by_openssl(ca);
    }
}

#[test]
fn an_owners_certificate_is_read_with_text_around_it_or_in_der() {
    let claim = Claim::new();
    let stage = &claim.stage;
    claim.fetch();
    fs::write(
        stage.path("text.crt"),
        stage.openssl("x509 -in root/customerCA.crt -text"),
    )
    .unwrap();
    stage.openssl("x509 -in root/customerCA.crt -outform DER -out der.crt");
    stage.openssl("pkcs12 -export -nokeys -in root/customerCA.crt -passout pass:x -out bag.p12");
    stage.openssl("pkcs12 -in bag.p12 -nokeys -passin pass:x -out bag.crt");
    assert!(
        stage.read("bag.crt").contains("Bag Attributes")
            || stage.read("bag.crt").contains("subject="),
        "{}",
        stage.read("bag.crt")
    );
    for (at, file) in ["text.crt", "der.crt", "bag.crt"].into_iter().enumerate() {
        let sign = [
            "sign",
            "bundle",
            "--ca",
            file,
            "--ca-key",
            "root/customerCA.key",
            "--force",
        ];
        stage.run(&[&sign[..], &Claim::TRUST].concat()).expect(0);
        assert_eq!(
            stage.read("bundle/customerCA.crt"),
            stage.read("root/customerCA.crt"),
            "{file}: what is sent is the program's own text"
        );
        // What a CA elsewhere made, in each form.
        let form = ["-text", "-outform DER", "-text -nameopt multiline"][at];
        let csr = format!("bundle/{}_ClusterCsr.csr", claim.id);
        stage.openssl(&format!(
            "x509 -req -in {csr} -CA root/customerCA.crt -CAkey root/customerCA.key \
             -CAcreateserial -days 300 {form} -out signed.any"
        ));
        let import = [
            "import",
            "bundle",
            "--signed-cert",
            "signed.any",
            "--trust-anchor",
            file,
            "--force",
        ];
        stage.run(&[&import[..], &Claim::TRUST].concat()).expect(0);
        assert!(
            stage
                .read(&claim.signed())
                .starts_with("-----BEGIN CERTIFICATE-----\n")
        );
        assert_eq!(
            stage.run(&["ca", "show", file]).expect(0).json()["fit_as_trust_anchor"],
            true
        );
    }
    claim
        .online(&["submit", "bundle", "--ca", "der.crt"])
        .expect(0);
}

/// The clock is said first, and nobody is sent to another CA.
#[test]
fn what_is_not_valid_now_is_told_as_a_matter_of_time() {
    let claim = Claim::new();
    let stage = &claim.stage;
    claim.fetch();
    claim.sign();
    let (csr, signed) = (
        format!("bundle/{}_ClusterCsr.csr", claim.id),
        claim.signed(),
    );
    let check = |at: &str| {
        let done = stage.run(&[
            "check",
            "--csr",
            &csr,
            "--signed-cert",
            &signed,
            "--trust-anchor",
            "ca/chainCA.crt",
            "--at",
            at,
        ]);
        let error = done.json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        assert!(
            text("message").contains("this is about time")
                && !text("message").contains("belong together"),
            "{error:#}"
        );
        assert!(text("hint").contains("`date -u`"), "{error:#}");
        (done.code, text("kind"))
    };
    assert_eq!(
        check("2001-01-01T00:00:00Z"),
        (5, "trust-anchor-refused".to_owned())
    );
    assert_eq!(
        check("2090-01-01T00:00:00Z"),
        (5, "trust-anchor-refused".to_owned())
    );
    // The signed certificate alone: one that its CA made for thirty days.
    stage.openssl(&format!(
        "x509 -req -in {csr} -CA ca/chainCA.crt -CAkey ca/customerCA.key \
                            -CAcreateserial -days 30 -out {signed}"
    ));
    assert_eq!(check(&day_from_now(40)), (3, "pair-unfit".to_owned()));
}

/// The moment so many days from now.
fn day_from_now(days: i64) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    hsmboot::x509::Moment::from_unix(i64::try_from(now).unwrap() + days * 86_400).to_string()
}
