//! Java's and PKCS #12 stores, read or exported.

use super::*;

/// Java's stores: made with `keytool -genkeypair -keyalg EC -groupname secp256r1 -alias ca -dname
/// CN=ca -validity 36500 -storepass secret -keypass secret
/// -storetype JKS|JCEKS|PKCS12`, `keytool-legacy.p12` also with `-J-Dkeystore.pkcs12.legacy`
/// (OpenJDK 17).
#[test]
fn javas_stores_are_read_or_exported() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ca_keys");
    for (name, warnings) in [
        ("keytool.p12", &[][..]),
        ("keytool-legacy.p12", &["key-weakly-encrypted"]),
    ] {
        let bench = bench("ca.p12", |dir| {
            assert!(fs::copy(data.join(name), dir.join("made")).is_ok())
        });
        let (_, found) = FileKey::read(
            &bench.path("ca.p12"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .unwrap();
        assert_eq!(
            found
                .iter()
                .map(hsmboot::ca::KeyWarning::id)
                .collect::<Vec<_>>(),
            warnings
        );
        for warning in found {
            spki(&bench, &follow(&bench, &warning.to_string()).unwrap());
        }
    }
    for (name, says) in [
        ("keytool.jks", "a Java keystore (JKS)"),
        ("keytool.jceks", "a Java keystore (JCEKS)"),
    ] {
        let bench = bench("customerCA.key", |dir| {
            assert!(fs::copy(data.join(name), dir.join("made")).is_ok())
        });
        // In keytool's place: it wants these words, and that the store it makes is not there.
        let options = "[ \"$1 $2 $4 $6 $7\" = '-importkeystore -srckeystore -destkeystore \
                       -deststoretype PKCS12' ] && [ -e \"$3\" ] && [ ! -e \"$5\" ]";
        bench.write(
            "keytool",
            format!(
                "#!/bin/sh\n{options} && cp '{}' \"$5\"\n",
                data.join("keytool.p12").display()
            ),
        );
        fs::set_permissions(bench.path("keytool"), fs::Permissions::from_mode(0o700)).unwrap();
        let error = FileKey::read(
            &bench.path("customerCA.key"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .map(drop)
        .unwrap_err();
        assert!(
            error.message.contains(says) && error.kind.name() == "ca-key-unsupported",
            "{}",
            error.message
        );
        let hint = error
            .hint
            .replace("`keytool", &format!("`{}", bench.path("keytool").display()));
        let new = follow(&bench, &hint).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        spki(&bench, &new);
    }
}

/// Passphrases beyond ASCII: PKCS#12 has them in UTF-16, PBES2 and the rest as they are typed.
#[test]
fn a_store_opens_under_any_passphrase() {
    for secret in ["pässwörd", "\u{1f511} key", "with blank ", "x"] {
        for options in ["", "-legacy", "-nomac", "-keypbe NONE"] {
            let bench = bench("customerCA.key", |dir| {
                let export = format!(
                    "openssl pkcs12 -export -inkey made.pem -in c -passout 'pass:{secret}' \
                     {options} -out made"
                );
                shell(
                    dir,
                    &format!(
                        "openssl req -x509 -new -key made.pem -subj /CN=x -out c && LC_ALL=C.UTF-8 \
                         {export}"
                    ),
                );
            });
            fs::write(bench.path("pw"), format!("{secret}\n")).unwrap();
            spki(&bench, &bench.path("customerCA.key"));
        }
    }
}

/// What is no single key in a store is told as what it is.
#[test]
fn a_store_without_one_key_is_refused() {
    let bench = Bench::empty();
    let dir = bench.path("");
    bench.write("pw", "secret\n");
    fs::set_permissions(bench.path("pw"), fs::Permissions::from_mode(0o600)).unwrap();
    shell(
        &dir,
        "openssl ecparam -name prime256v1 -genkey -noout -out k && openssl req -x509 -new -key k \
         -subj /CN=x -out c",
    );
    for options in ["", "-certpbe NONE -nomac"] {
        shell(
            &dir,
            &format!(
                "openssl pkcs12 -export -nokeys -in c -passout pass:secret {options} -out store"
            ),
        );
        let error = FileKey::read(
            &bench.path("store"),
            &PassphraseSource::File(bench.path("pw")),
        )
        .map(drop)
        .unwrap_err();
        assert!(
            error.message.contains("a PKCS#12 store without a key"),
            "{options}: {}",
            error.message
        );
    }
}

/// What a store may cost is bounded as a whole: key and integrity check together.
#[test]
fn a_store_that_would_cost_too_much_is_not_tried() {
    let bench = bench("ca.p12", |dir| {
        let export = "openssl pkcs12 -export -inkey made.pem -in c -certpbe NONE -passout \
                      pass:secret -iter 65537 -out made";
        shell(
            dir,
            &format!("openssl req -x509 -new -key made.pem -subj /CN=x -out c && {export}"),
        );
    });
    let store = bench.read("ca.p12");
    let places: Vec<usize> = (0..=store.len() - 5)
        .filter(|at| store[*at..at + 5] == [2, 3, 1, 0, 1])
        .collect();
    assert_eq!(places.len(), 2, "the key's and the MAC's");
    let mut costly = store;
    for at in places {
        costly[at + 2..at + 5].copy_from_slice(&[0x7F, 0xFF, 0xFF]);
    }
    bench.write("ca.p12", &costly);
    let error = FileKey::read(
        &bench.path("ca.p12"),
        &PassphraseSource::File(bench.path("pw")),
    )
    .map(drop)
    .unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (5, "ca-key-encryption-unsupported"),
        "{}",
        error.message
    );
    assert!(
        error.message.contains("16777214 rounds") && error.hint.contains("openssl pkcs12 -nocerts"),
        "{} {}",
        error.message,
        error.hint
    );
}
