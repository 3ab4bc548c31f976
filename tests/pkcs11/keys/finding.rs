//! The token and the key are told apart, by whatever names them.

use crate::hsm::module;

use super::*;

pub(super) fn the_key_is_found_by_the_ca_certificate_alone() {
    let hsm = Hsm::new();
    for key_type in ["p384", "rsa-2048", "p256"] {
        hsm.init(
            &format!("pkcs11:object={key_type}"),
            &["--key-type", key_type, "--force"],
        )
        .expect(0);
    }
    // Three keys, the last one is the CA's.
    hsm.sign("pkcs11:", &[]).expect(0);
    hsm.judge();
}

pub(super) fn a_key_whose_label_is_no_utf_8_is_named_by_its_id() {
    let hsm = Hsm::new();
    hsm.inside("generate Schl\u{fc}ssel 2048 latin-1");
    let made = hsm
        .init("pkcs11:token=ca", &["--output", "json"])
        .expect(0)
        .json();
    let name = made["key"].as_str().unwrap();
    assert!(
        name.ends_with(";id=%07;type=private") && !name.contains("object="),
        "{name}"
    );
    hsm.sign(name, &[]).expect(0);
    hsm.judge();
}

pub(super) fn a_key_that_can_be_taken_out_is_warned_of() {
    for loose in ["extractable", "readable"] {
        let hsm = Hsm::new();
        hsm.inside(&format!("generate loose 2048 {loose}"));
        let run = hsm.init("pkcs11:object=loose", &[]).expect(0);
        assert!(
            run.stderr.contains("can be taken out of its token"),
            "{loose}: {}",
            run.stderr
        );
    }
    let kept = Hsm::new();
    kept.inside("generate kept 2048");
    assert!(
        !kept
            .init("pkcs11:object=kept", &[])
            .expect(0)
            .stderr
            .contains("warning")
    );
}

pub(super) fn a_key_that_signs_wrongly_gets_nothing_written() {
    let hsm = Hsm::new();
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "rsa-2048"])
        .expect(0);
    hsm.init(
        "pkcs11:token=ca;object=e",
        &["--key-type", "p256", "--force"],
    )
    .expect(0);
    let hsm = hsm.now("liar");
    hsm.refused(
        &[
            &crate::hsm::sign("pkcs11:token=ca;object=e")[..],
            &["--passphrase-file", "pin"],
        ]
        .concat(),
        5,
        "bad-signature",
        &["does not verify"],
    );
    assert!(!hsm.bench.part("CustomerHsmCertificate.crt").exists());
    let run = hsm.run(&[
        "ca",
        "init",
        "--out",
        "new",
        "--subject",
        "CN=x",
        "--ca-key",
        "pkcs11:object=k",
        "--passphrase-file",
        "pin",
        "--output",
        "json",
    ]);
    assert_eq!(run.expect(5).json()["error"]["kind"], "bad-signature");
    assert!(!hsm.bench.path("new/customerCA.crt").exists());
    // The same keys sign once the module is honest.
    hsm.now("").sign("pkcs11:token=ca;object=e", &[]).expect(0);
}

pub(super) fn the_token_is_told_apart_by_every_attribute() {
    let hsm = Hsm::new();
    hsm.token("other");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
    let facts = hsm.inside("slot");
    let (slot, serial) = (
        facts["slot"].as_u64().unwrap(),
        facts["serial"].as_str().unwrap(),
    );
    for uri in [
        format!("pkcs11:serial={serial};object=k"),
        format!("pkcs11:slot-id={slot};object=k"),
        format!("pkcs11:token=ca;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;slot-manufacture\
                 r=SoftHSM%20project;slot-id={slot}"),
        "pkcs11:token=ca;library-manufacturer=SoftHSM;library-description=Implementation%20of%20PKC\
         S11".to_owned(),
    ] {
        hsm.sign(&uri, &["--force"]).expect(0);
    }
    let sign = |uri: &str| {
        hsm.sign(uri, &["--force", "--output", "json"])
            .expect(5)
            .json()["error"]
            .clone()
    };
    for wrong in [
        "model=SoftHSM%20v3",
        "manufacturer=x",
        "slot-description=x",
        "slot-manufacturer=x",
        "slot-id=4294967000",
        "serial=0",
    ] {
        assert_eq!(
            sign(&format!("pkcs11:token=ca;{wrong}"))["kind"],
            "token-missing",
            "{wrong}"
        );
    }
    for wrong in [
        "library-manufacturer=x",
        "library-description=x",
        "library-version=99",
    ] {
        let error = sign(&format!("pkcs11:token=ca;{wrong}"));
        assert_eq!(error["kind"], "token-module-unusable", "{wrong}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("library-manufacturer `SoftHSM`"),
            "{error:#}"
        );
    }
}

pub(super) fn the_module_may_stand_in_the_uri() {
    let hsm = Hsm::new();
    let (directory, file) = (module().parent().unwrap().to_path_buf(), module());
    let run = |uri: String, flag: Option<&str>, code| {
        let mut words = vec![
            "ca",
            "init",
            "--out",
            "new",
            "--force",
            "--subject",
            "CN=x",
            "--key-type",
            "p256",
            "--passphrase-file",
            "pin",
            "--ca-key",
            &uri,
        ];
        words.extend(flag.iter().flat_map(|flag| ["--pkcs11-module", flag]));
        let mut command = hsm.bench.command(&words);
        command.env("SOFTHSM2_CONF", hsm.bench.path("softhsm2.conf"));
        crate::support::run(command).expect(code)
    };
    run(
        format!("pkcs11:object=k?module-path={}", file.display()),
        None,
        0,
    );
    run(
        format!(
            "pkcs11:object=k?module-path={}&module-name=softhsm2",
            directory.display()
        ),
        None,
        0,
    );
    // The command line goes before the URI, and that is said.
    let warned = run(
        "pkcs11:object=k?module-path=/nowhere/else.so".to_owned(),
        file.to_str(),
        0,
    );
    assert!(
        warned.stderr.contains("and not the URI's /nowhere/else.so"),
        "{}",
        warned.stderr
    );
    assert!(
        run(
            format!("pkcs11:object=k?module-path={}", directory.display()),
            None,
            5
        )
        .stderr
        .contains("is a directory")
    );
    assert!(
        run(
            format!(
                "pkcs11:object=k?module-path={}&module-name=other",
                directory.display()
            ),
            None,
            5
        )
        .stderr
        .contains("`module-name`")
    );
    let missing = run("pkcs11:object=k".to_owned(), None, 2);
    assert!(
        missing.stderr.contains("which module leads to it")
            && missing.stderr.contains("--pkcs11-module"),
        "{}",
        missing.stderr
    );
    assert!(
        run("pkcs11:object=k?module-name=softhsm2".to_owned(), None, 2)
            .stderr
            .contains("does not say where it lies")
    );
}

pub(super) fn a_module_that_does_no_locking_is_used_all_the_same() {
    let hsm = Hsm::forwarded("nolock");
    hsm.init("pkcs11:token=ca;object=k", &["--key-type", "p256"])
        .expect(0);
}
