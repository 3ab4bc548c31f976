//! OpenSSL reads what is written here, and makes the same names.

use hsmboot::ca::{
    CaTerms, KeyType, NewKey, Passphrase, WeakPassphrase, make_trust_anchor, parse_subject,
};
use hsmboot::error::FactName;
use zeroize::Zeroizing;

use super::*;

#[test]
fn openssl_reads_what_is_written_here() {
    let bench = Bench::new();
    let passphrase = bench
        .pass("pw")
        .for_new_key(Path::new("customerCA.key"), WeakPassphrase::Allowed)
        .unwrap();
    for kind in [
        KeyType::P256,
        KeyType::P384,
        KeyType::Rsa2048,
        KeyType::Rsa3072,
    ] {
        let new = NewKey::generate(kind).unwrap();
        let spki = new.to_file_key().unwrap().spki().to_vec();
        let encrypted = new.to_pem(Some(&passphrase)).unwrap();
        assert!(encrypted.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        bench.write("customerCA.key", encrypted.as_bytes());
        assert_eq!(bench.holds("customerCA.key"), Vec::<&str>::new());
        assert_eq!(bench.read("customerCA.key").unwrap().0.spki(), spki);
        bench.openssl("pkey -in customerCA.key -passin file:pw -check -noout");
        bench.openssl("pkcs8 -in customerCA.key -passin file:pw -out again.key");
        let asn1 = String::from_utf8(bench.openssl("asn1parse -in customerCA.key")).unwrap();
        for part in [
            "PBES2",
            ":1.3.6.1.4.1.11591.4.11",
            "aes-256-cbc",
            ":2000",
            ":0A",
        ] {
            assert!(
                asn1.contains(part) || (part.contains("11591") && asn1.contains("scrypt")),
                "{part} in {asn1}"
            );
        }
        let again = new.to_pem(Some(&passphrase)).unwrap();
        assert_ne!(*again, *encrypted, "salt and IV are drawn anew");

        bench.write("plain.key", new.to_pem(None).unwrap().as_bytes());
        assert_eq!(bench.holds("plain.key"), ["key-unencrypted"]);
        bench.openssl("pkey -in plain.key -check -noout");
    }
}

#[test]
fn openssl_takes_the_trust_anchor() {
    let bench = Bench::new();
    let subject = parse_subject("CN=Tést CA\\, one,OU=HSM+O=Org,C=US").unwrap();
    for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
        let key = NewKey::generate(kind).unwrap().to_file_key().unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[0xC0, 1, 2, 3],
            not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2060-01-01T00:00:00Z".parse().unwrap(),
        };
        bench.write(
            "ca.crt",
            make_trust_anchor(&terms, &key).unwrap().to_pem().as_bytes(),
        );
        bench.openssl("verify -x509_strict -check_ss_sig -attime 1800000000 -CAfile ca.crt ca.crt");
        let text = String::from_utf8(bench.openssl(
            "x509 -in ca.crt -noout -text -nameopt utf8,sep_comma_plus_space,sname,esc_2253",
        ))
        .unwrap();
        for part in [
            "Version: 3",
            "Serial Number: 3221291523",
            "Subject: C=US, O=Org + OU=HSM, CN=Tést CA\\, one",
            "Issuer: C=US, O=Org + OU=HSM, CN=Tést CA\\, one",
            "Not After : Jan  1 00:00:00 2060 GMT",
            "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
            "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        // openssl's own idea of the subject key identifier: SHA-1 over the key's bits.
        bench.openssl("x509 -in ca.crt -noout -pubkey -out ca.pub");
        bench.write("ext", b"subjectKeyIdentifier=hash");
        bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signer");
        bench.openssl(
            "x509 -new -force_pubkey ca.pub -signkey signer -subj /CN=x -extfile ext \
                       -out theirs.crt",
        );
        let identifier = |file: &str| {
            bench.openssl(&format!("x509 -in {file} -noout -ext subjectKeyIdentifier"))
        };
        assert_eq!(identifier("ca.crt"), identifier("theirs.crt"));
    }
}

#[test]
fn a_key_under_a_passphrase_is_closed_without_it() {
    let bench = Bench::new();
    let new = NewKey::generate(KeyType::P256).unwrap();
    let passphrase = Passphrase::new(Zeroizing::new(SECRET.as_bytes().to_vec()));
    bench.write("key", new.to_pem(Some(&passphrase)).unwrap().as_bytes());
    let error = FileKey::read(
        &bench.path("key"),
        &PassphraseSource::Env("HSMBOOT_TEST_NOT_SET".into()),
    )
    .unwrap_err();
    assert_eq!((error.exit_code(), error.kind.name()), (5, "no-passphrase"));
    assert_eq!(
        error.facts[&FactName::File],
        bench.path("key").as_path().into()
    );
    assert!(error.message.contains("is encrypted"));
    let error = FileKey::read(&bench.path("key"), &bench.pass("wrong")).unwrap_err();
    assert_eq!(
        (error.exit_code(), error.kind.name()),
        (5, "wrong-passphrase")
    );
    // A key that needs no passphrase asks for none.
    bench.write("plain", new.to_pem(None).unwrap().as_bytes());
    assert!(
        FileKey::read(
            &bench.path("plain"),
            &PassphraseSource::File("/nonexistent".into())
        )
        .is_ok()
    );
}

/// A subject in openssl's spellings is the name that openssl makes of it, octet for octet.
#[test]
fn openssls_subjects_are_the_names_that_openssl_makes() {
    let bench = Bench::new();
    bench.openssl("ecparam -name prime256v1 -genkey -noout -out key");
    for subject in [
        "/C=DE/O=Example, Inc./OU=Sales/CN=My CA",
        "/DC=org/DC=example/CN=a\\/b",
        "/C=DE/ST=Bayern/L=Bad T\u{f6}lz/street=Am Markt 1/CN=CA/emailAddress=a@b",
        "/serialNumber=HSM-1/title=Dr/GN=Ada/SN=L/UID=u/CN=x",
        "/C=DE/O=x+OU=y+L=z/CN=a\\+b",
    ] {
        let output = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-new",
                "-utf8",
                "-key",
                "key",
                "-multivalue-rdn",
                "-out",
                "cert",
                "-outform",
                "DER",
                "-subj",
                subject,
            ])
            .current_dir(bench.dir.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let certificate = fs::read(bench.path("cert")).unwrap();
        let name = parse_subject(subject).unwrap_or_else(|error| panic!("{}", error.message));
        assert!(
            certificate.windows(name.len()).any(|window| window == name),
            "{subject}"
        );
        // As it prints the name, with blanks.
        let printed = String::from_utf8(
            bench.openssl("x509 -inform DER -in cert -noout -subject -nameopt oneline"),
        )
        .unwrap();
        let printed = printed
            .trim_end()
            .strip_prefix("subject=")
            .unwrap()
            .to_owned();
        assert_eq!(
            parse_subject(&printed).unwrap_or_else(|error| panic!("{}", error.message)),
            name,
            "{printed}"
        );
    }
}
