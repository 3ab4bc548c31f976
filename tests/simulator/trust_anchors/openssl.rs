//! Algorithms and certificates as OpenSSL makes them.

use std::path::Path;
use std::process::Command;

use super::*;

fn openssl(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| {
        panic!("these tests need the program openssl (apt install openssl): {error}")
    });
    assert!(
        output.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A claim by an owner who makes everything with openssl: `key` to make the key, `sign` to sign
/// with it.
fn by_openssl(key: &[&str], sign: &[&str]) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("cluster.csr"), &unclaimed().2).unwrap();
    openssl(dir, &[&["genpkey", "-out", "ca.key"], key].concat());
    openssl(
        dir,
        &[
            &[
                "req",
                "-x509",
                "-new",
                "-key",
                "ca.key",
                "-subj",
                "/CN=openssl",
                "-days",
                "30",
                "-out",
                "ca.crt",
            ],
            sign,
        ]
        .concat(),
    );
    openssl(
        dir,
        &[
            &[
                "x509",
                "-req",
                "-in",
                "cluster.csr",
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-set_serial",
                "1",
                "-days",
                "9",
                "-out",
                "signed.crt",
            ],
            sign,
        ]
        .concat(),
    );
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    refusal(&read("signed.crt"), &read("ca.crt"))
}

#[test]
fn every_listed_algorithm_is_taken_from_openssl() {
    const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    const PSS: [&str; 2] = ["-sigopt", "rsa_padding_mode:pss"];
    let curve = |name: &'static str| ["-algorithm", "EC", "-pkeyopt", name];
    for hash in ["-sha224", "-sha256", "-sha384", "-sha512"] {
        assert_eq!(by_openssl(&RSA, &[hash]), None, "RSA {hash}");
        // The longest salt, openssl's own choice, and the digest's length.
        assert_eq!(
            by_openssl(&RSA, &[&[hash][..], &PSS].concat()),
            None,
            "PSS {hash}"
        );
        assert_eq!(
            by_openssl(
                &RSA,
                &[&[hash][..], &PSS, &["-sigopt", "rsa_pss_saltlen:-1"]].concat()
            ),
            None,
            "PSS {hash}, salt as the digest"
        );
        for name in [
            "ec_paramgen_curve:P-256",
            "ec_paramgen_curve:P-384",
            "ec_paramgen_curve:P-521",
        ] {
            assert_eq!(by_openssl(&curve(name), &[hash]), None, "{name} {hash}");
        }
    }
    assert_eq!(
        by_openssl(
            &["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
            &["-sha256"]
        ),
        None,
        "a key for PSS alone"
    );
}

#[test]
fn what_is_not_listed_is_refused_for_what_it_is() {
    const RSA: [&str; 4] = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    refused_for(
        by_openssl(&RSA, &["-sha1"]),
        "TrustAnchor: the value is signed with SHA-1 with RSA",
    );
    refused_for(
        by_openssl(
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            &["-sha256"],
        ),
        "TrustAnchor: the value has a key that is RSA of 1024 bits",
    );
    refused_for(
        by_openssl(
            &[
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:secp256k1",
            ],
            &["-sha256"],
        ),
        "is on another curve",
    );
    refused_for(
        by_openssl(&["-algorithm", "ED25519"], &[]),
        "is signed with Ed25519",
    );
    let other_mask = [
        "-sha256",
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sigopt",
        "rsa_mgf1_md:sha1",
    ];
    refused_for(
        by_openssl(&RSA, &other_mask),
        "is signed with an RSA-PSS whose parameters",
    );
}

#[test]
fn a_certificate_for_ever_is_taken() {
    let for_ever = |ca: &mut CertificateParams| {
        ca.not_after = date_time_ymd(9999, 12, 31) + std::time::Duration::from_secs(86_399)
    };
    let chain = Chain::of(2).with(0, for_ever).with(1, for_ever);
    let root = der(chain.certificates().last().unwrap());
    assert!(root.windows(15).any(|octets| octets == b"99991231235959Z"));
    assert_eq!(chain.refusal(), None);
}
