//! Every form of key is read, a wrong passphrase told, and damage refused.

use super::*;

#[test]
fn every_plain_form_is_read() {
    let bench = Bench::new();
    bench.openssl("genrsa -out rsa.pem 2048");
    bench.openssl("rsa -in rsa.pem -traditional -out rsa.pkcs1.pem");
    bench.openssl("rsa -in rsa.pem -traditional -outform DER -out rsa.pkcs1.der");
    bench.openssl("pkcs8 -topk8 -nocrypt -in rsa.pem -outform DER -out rsa.pkcs8.der");
    for curve in ["prime256v1", "secp384r1"] {
        // with EC PARAMETERS above
        bench.openssl(&format!("ecparam -name {curve} -genkey -out {curve}.pem"));
        bench.openssl(&format!(
            "ec -in {curve}.pem -outform DER -out {curve}.sec1.der"
        ));
        bench.openssl(&format!(
            "ec -in {curve}.pem -no_public -out {curve}.nopub.pem"
        ));
        bench.openssl(&format!(
            "ec -in {curve}.pem -conv_form compressed -out {curve}.compressed.pem"
        ));
        bench.openssl(&format!(
            "pkcs8 -topk8 -nocrypt -in {curve}.pem -out {curve}.pkcs8.pem"
        ));
        bench.openssl(&format!(
            "pkcs8 -topk8 -nocrypt -in {curve}.pem -outform DER -out {curve}.pkcs8.der"
        ));
    }
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out genpkey.pem");
    bench.openssl("genrsa -out rsa3072.pem 3072");
    bench.openssl("genrsa -out rsa4096.pem 4096");
    let names: Vec<String> = fs::read_dir(bench.dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    let keys: Vec<_> = names
        .iter()
        .filter(|name| name.ends_with(".pem") || name.ends_with(".der"))
        .collect();
    assert_eq!(keys.len(), 19);
    for name in keys {
        assert_eq!(bench.holds(name), ["key-unencrypted"], "{name}");
    }
}

#[test]
fn every_encrypted_form_is_read_and_a_wrong_passphrase_told() {
    let bench = Bench::new();
    let wrong = |name: &str| {
        let error = FileKey::read(&bench.path(name), &bench.pass("wrong")).unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind.name()),
            (5, "wrong-passphrase"),
            "{name}: {}",
            error.message
        );
    };
    bench.openssl("genrsa -out rsa 2048");
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out p256");
    bench.openssl("ecparam -name secp384r1 -genkey -noout -out p384");
    let pkcs8 = [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 aes-256-cbc",
        "-v2 des3",
        "-v2 aes256 -v2prf hmacWithSHA1", // what OpenSSL 1.0 wrote
        "-v2 aes256 -v2prf hmacWithSHA384",
        "-v2 aes256 -v2prf hmacWithSHA512 -iter 100000",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16",
        "-v2 aes256 -outform DER",
        "-scrypt -outform DER",
    ];
    for (n, options) in pkcs8.iter().enumerate() {
        let from = ["rsa", "p256", "p384"][n % 3];
        let name = format!("pkcs8-{n}");
        bench.openssl(&format!(
            "pkcs8 -topk8 {options} -in {from} -passout file:pw -out {name}"
        ));
        assert_eq!(bench.holds(&name), Vec::<&str>::new(), "{options}");
        wrong(&name);
    }
    for cipher in ["aes128", "aes192", "aes256", "des3"] {
        for (from, command) in [("rsa", "rsa -traditional"), ("p256", "ec"), ("p384", "ec")] {
            let name = format!("legacy-{from}-{cipher}");
            bench.openssl(&format!(
                "{command} -{cipher} -in {from} -passout file:pw -out {name}"
            ));
            assert!(
                fs::read_to_string(bench.path(&name))
                    .unwrap()
                    .contains("Proc-Type: 4,ENCRYPTED")
            );
            assert_eq!(bench.holds(&name), ["key-weakly-encrypted"]);
            wrong(&name);
        }
    }
    // The AWS guide's own command, as OpenSSL 1.x ran it.
    bench.openssl("genrsa -traditional -aes256 -passout file:pw -out customerCA.key 2048");
    bench.holds("customerCA.key");
}

#[test]
fn single_des_is_read() {
    // Made for this test with `openssl ec -des -provider legacy`, which not every openssl has.
    let bench = Bench::new();
    bench.write("des", include_bytes!("../data/ca_keys/ec-des.pem"));
    bench.write("pw", b"secret");
    let (key, _) = bench.read("des").unwrap();
    let plain = bench.write("plain", include_bytes!("../data/ca_keys/ec-des-plain.pem"));
    assert_eq!(
        key.spki(),
        FileKey::read(&plain, &PassphraseSource::Ask)
            .unwrap()
            .0
            .spki()
    );
}

#[test]
fn text_around_the_key_is_let_be_but_one_key_there_must_be() {
    let bench = Bench::new();
    bench.openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=Test");
    bench.openssl("pkcs12 -export -inkey key -in cert -passout file:pw -out store.p12");
    bench.openssl("pkcs12 -in store.p12 -nocerts -passin file:pw -passout file:pw2 -out bag");
    bench.openssl("pkcs12 -in store.p12 -nodes -passin file:pw -out bag-and-cert");
    assert!(
        fs::read_to_string(bench.path("bag"))
            .unwrap()
            .starts_with("Bag Attributes")
    );
    for name in ["bag", "bag-and-cert"] {
        bench.holds(name);
    }
    let key = fs::read_to_string(bench.path("key")).unwrap();
    bench.write("crlf", key.replace('\n', "\r\n").as_bytes());
    bench.write("no-newline", key.trim_end().as_bytes());
    bench.write("bom", format!("\u{feff}{key}").as_bytes());
    for name in ["crlf", "no-newline", "bom"] {
        bench.read(name).unwrap();
    }
    bench.write("two", format!("{key}{key}").as_bytes());
    bench.fails("two", Class::Input, "ca-key-several");
    bench.holds("store.p12");
}

#[test]
fn what_is_no_key_is_named() {
    let bench = Bench::new();
    bench.openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert.pem -subj /CN=Test");
    bench.openssl("x509 -in cert.pem -outform DER -out cert.der");
    bench.openssl("req -new -key key -out csr.pem -subj /CN=Test");
    bench.openssl("req -in csr.pem -outform DER -out csr.der");
    bench.openssl("pkey -in key -pubout -out pub.pem");
    bench.openssl("pkey -in key -pubout -outform DER -out pub.der");
    bench.openssl("ecparam -name prime256v1 -out params.pem");
    for (name, says) in [
        ("cert.pem", "a certificate"),
        ("cert.der", "a certificate"),
        ("csr.pem", "a certificate request"),
        ("csr.der", "certificate request"),
        ("pub.pem", "a public key"),
        ("pub.der", "a public key"),
        ("params.pem", "curve parameters"),
    ] {
        let error = bench.fails(name, Class::Input, "ca-key-not-a-key");
        assert!(error.message.contains(says), "{}", error.message);
    }
}

#[test]
fn keys_of_no_use_to_this_ca_say_what_they_are() {
    let bench = Bench::new();
    for (name, command, says) in [
        (
            "rsa1024",
            "genrsa -out rsa1024 1024",
            "RSA key of 1024 bits",
        ),
        (
            "ed25519",
            "genpkey -algorithm ED25519 -out ed25519",
            "Ed25519",
        ),
        (
            "x25519",
            "genpkey -algorithm X25519 -out x25519",
            "key agreement",
        ),
        (
            "p521",
            "ecparam -name secp521r1 -genkey -noout -out p521",
            "P-521",
        ),
        (
            "k1",
            "ecparam -name secp256k1 -genkey -noout -out k1",
            "secp256k1",
        ),
        (
            "explicit",
            "ecparam -name prime256v1 -param_enc explicit -genkey -noout -out explicit",
            "explicit curve parameters",
        ),
    ] {
        bench.openssl(command);
        let error = bench.fails(name, Class::Ca, "ca-key-unsupported");
        assert!(error.message.contains(says), "{}", error.message);
    }
    bench.openssl("genrsa -out key 2048");
    bench.openssl("pkcs8 -topk8 -v2 camellia256 -in key -passout file:pw -out pbes1");
    let error = bench.fails("pbes1", Class::Ca, "ca-key-encryption-unsupported");
    assert!(error.hint.contains("openssl pkcs8 -topk8"));
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -outform DER -out one");
    bench.openssl("ecparam -name prime256v1 -genkey -noout -outform DER -out other");
    let (one, other) = (
        fs::read(bench.path("one")).unwrap(),
        fs::read(bench.path("other")).unwrap(),
    );
    let mixed = [&one[..one.len() - 64], &other[other.len() - 64..]].concat();
    bench.write("mixed", &mixed);
    bench.fails("mixed", Class::Ca, "ca-key-inconsistent");
    let mut off_curve = one;
    *off_curve.last_mut().unwrap() ^= 1;
    bench.write("off-curve", &off_curve);
    bench.fails("off-curve", Class::Input, "ca-key-malformed");

    bench.openssl("genrsa -traditional -out rsa.pem 2048");
    bench.openssl("rsa -in rsa.pem -traditional -outform DER -out rsa");
    let rsa = fs::read(bench.path("rsa")).unwrap();
    let mut modulus = rsa.clone();
    modulus[100] ^= 1;
    bench.write("modulus", &modulus);
    bench.fails("modulus", Class::Ca, "ca-key-inconsistent");
    // dQ is the last number but one, 128 octets before qInv's: a change in it is seen when the key
    // signs.
    let mut exponent = rsa;
    let at = exponent.len() - 200;
    exponent[at] ^= 4;
    let path = bench.write("exponent", &exponent);
    let outcome =
        FileKey::read(&path, &PassphraseSource::Ask).and_then(|(key, _)| key.sign(b"tbs"));
    assert_eq!(outcome.unwrap_err().kind.name(), "ca-key-inconsistent");
}

#[test]
fn no_damage_to_a_key_file_makes_the_reader_panic() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out sec1.pem");
    bench.openssl("ec -in sec1.pem -outform DER -out sec1");
    bench.openssl("ec -in sec1.pem -aes128 -passout file:pw -out legacy");
    bench.openssl("pkcs8 -topk8 -nocrypt -in sec1.pem -outform DER -out pkcs8");
    for name in ["sec1", "legacy", "pkcs8"] {
        let good = fs::read(bench.path(name)).unwrap();
        let path = bench.path("changed");
        for at in 0..good.len() {
            fs::write(&path, &good[..at]).unwrap();
            // A PEM file may do without its last line end.
            assert!(
                FileKey::read(&path, &bench.pass("pw")).is_err()
                    || (name == "legacy" && at == good.len() - 1),
                "{name} cut at {at}"
            );
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            drop(FileKey::read(&path, &bench.pass("pw")));
        }
    }
}
