//! What the error of a refused pair says: who refuses it, and what is to be done about it.

use hsmboot::error::Error;

use super::*;

/// The three as they are made, before any of them becomes a text.
struct Three {
    csr: Request,
    pair: Pair,
}

impl Three {
    fn error_after(change: fn(&mut Three)) -> Error {
        let mut three = Three {
            csr: Chain::good().csr,
            pair: Pair::good(),
        };
        change(&mut three);
        refuse(&three.texts())
    }

    /// CSR, signed certificate and trust anchor.
    fn texts(&self) -> [Vec<u8>; 3] {
        [
            pem("CERTIFICATE REQUEST", &self.csr.der()),
            pem("CERTIFICATE", &self.pair.leaf.der()),
            pem("CERTIFICATE", &self.pair.anchor.der()),
        ]
    }
}

fn refuse([csr, leaf, anchor]: &[Vec<u8>; 3]) -> Error {
    let checked = check(csr, leaf, anchor, AT.parse().unwrap());
    let failed: Vec<String> = checked
        .record
        .failed()
        .map(|finding| finding.id.to_string())
        .collect();
    let error = checked.into_pair().unwrap_err();
    for id in failed {
        assert!(error.message.contains(&id), "{id}: {}", error.message);
    }
    error
}

/// Listed by CloudHSM's guide, and not taken here.
fn sha_224() -> Signer {
    let algorithm = der::seq(&[&der::oid("1.2.840.10045.4.3.1")]);
    Signer::Given(algorithm, keys::P256.sign(Hash::Sha256, b"anything"))
}

/// An algorithm of RSA without its NULL: listed as well, and not taken here.
fn bare() -> Vec<u8> {
    der::seq(&[&der::oid("1.2.840.113549.1.1.11")])
}

fn with_sha_1() -> Vec<u8> {
    Signer::Pkcs1(&keys::HSM, Hash::Sha1).algorithm()
}

fn for_clients(cert: &mut Cert) {
    let purposes = der::seq(&[&der::oid("1.3.6.1.5.5.7.3.2")]);
    put(cert, "2.5.29.37", false, &purposes);
}

fn by_a_stranger(cert: &mut Cert) {
    cert.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
}

fn expired() -> Vec<u8> {
    validity("200101000000Z", "260531000000Z")
}

/// What is changed, the exit code, whose refusal it is, and what is to be done.
type Refusal = (&'static str, fn(&mut Three), u8, &'static str, &'static str);

const ABOUT_TIME: &str = "this is about time";
const CLOCK: &str = "`date -u`";
const APART: &str = "do not belong together";
const SIGN_BY_THE_ANCHOR: &str = "sign the cluster's CSR with the CA";
const BY_CLOUDHSM: &str = "CloudHSM would refuse";
const BY_US: &str = "hsmboot declines";
const BY_CLIENTS: &str = "the cluster's clients would refuse";
const STRONGER: &str = "SHA-256 or better";

const REFUSALS: &[Refusal] = &[
    (
        "an expired leaf",
        |three| three.pair.leaf.validity = expired(),
        3,
        ABOUT_TIME,
        CLOCK,
    ),
    (
        "a leaf of tomorrow",
        |three| three.pair.leaf.validity = validity("260602000000Z", "400101000000Z"),
        3,
        ABOUT_TIME,
        CLOCK,
    ),
    (
        "an expired anchor",
        |three| three.pair.anchor.validity = expired(),
        5,
        ABOUT_TIME,
        CLOCK,
    ),
    (
        "an expired leaf of another CA: a clock set right does not help",
        |three| {
            three.pair.leaf.validity = expired();
            by_a_stranger(&mut three.pair.leaf);
        },
        3,
        APART,
        SIGN_BY_THE_ANCHOR,
    ),
    (
        "a leaf of another CA",
        |three| by_a_stranger(&mut three.pair.leaf),
        3,
        APART,
        SIGN_BY_THE_ANCHOR,
    ),
    (
        "a leaf with SHA-1",
        |three| three.pair.leaf.signer = Signer::Ecdsa(&keys::P256, Hash::Sha1),
        3,
        BY_CLOUDHSM,
        STRONGER,
    ),
    (
        "a leaf with SHA-224",
        |three| three.pair.leaf.signer = sha_224(),
        3,
        BY_US,
        STRONGER,
    ),
    (
        "a leaf with SHA-224 beside the signature and SHA-256 inside, which no list allows",
        |three| {
            three.pair.leaf.signer = sha_224();
            three.pair.leaf.inner = Some(Signer::Ecdsa(&keys::P256, Hash::Sha256).algorithm());
        },
        3,
        BY_CLOUDHSM,
        STRONGER,
    ),
    (
        "a CSR without its NULL, which the HSM writes with it",
        |three| three.csr.outer = Some(bare()),
        3,
        BY_US,
        "fetch the CSR again",
    ),
    (
        "a CSR with SHA-1, which nobody lists",
        |three| three.csr.outer = Some(with_sha_1()),
        3,
        "CloudHSM would refuse the CSR",
        "fetch the CSR again",
    ),
    (
        "a CSR that another key signed",
        |three| three.csr.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
        3,
        "CloudHSM would refuse the CSR",
        "fetch the CSR again",
    ),
    (
        "a CSR without its NULL, and a leaf with SHA-224",
        |three| {
            three.csr.outer = Some(bare());
            three.pair.leaf.signer = sha_224();
        },
        3,
        BY_US,
        "issued anew",
    ),
    (
        "the same, and a leaf for clients",
        |three| {
            three.csr.outer = Some(bare());
            for_clients(&mut three.pair.leaf);
        },
        3,
        BY_US,
        "issued anew",
    ),
    (
        "the same, and a leaf for another key",
        |three| {
            three.csr.outer = Some(bare());
            three.pair.leaf.spki = keys::STRANGER.spki();
            drop_extension(&mut three.pair.leaf, SUBJECT_KEY_ID);
        },
        3,
        APART,
        SIGN_BY_THE_ANCHOR,
    ),
    (
        "a leaf for clients",
        |three| for_clients(&mut three.pair.leaf),
        3,
        BY_CLIENTS,
        "as a TLS server's",
    ),
    (
        "a leaf for clients, of another CA",
        |three| {
            for_clients(&mut three.pair.leaf);
            by_a_stranger(&mut three.pair.leaf);
        },
        3,
        APART,
        SIGN_BY_THE_ANCHOR,
    ),
    (
        "an anchor for clients",
        |three| for_clients(&mut three.pair.anchor),
        5,
        BY_CLIENTS,
        "without what is named above",
    ),
    (
        "an anchor that may not sign certificates",
        |three| {
            let no_signing = der::tlv(der::BIT_STRING, &[1, 0x02]);
            put(&mut three.pair.anchor, KEY_USAGE, true, &no_signing);
        },
        5,
        BY_CLOUDHSM,
        "a self-signed CA certificate that is valid now",
    ),
    (
        "an anchor that another CA issued",
        |three| three.pair.anchor.issuer = name(&[&[(COMMON_NAME, "Root CA")]]),
        5,
        BY_CLOUDHSM,
        "give a chain",
    ),
];

#[test]
fn a_refusal_says_whose_it_is_and_what_to_do() {
    for (what, change, code, whose, then) in REFUSALS {
        let error = Three::error_after(*change);
        assert_eq!(error.exit_code(), *code, "{what}");
        let first = error.message.to_string();
        let first = first.lines().next().unwrap();
        assert!(first.contains(whose), "{what}: {first}");
        assert!(error.hint.contains(then), "{what}: {}", error.hint);
    }
}

/// What no list allows is not called this program's choice, and what is its choice is not laid on
/// CloudHSM: of each of the three.
#[test]
fn this_program_declines_only_what_cloudhsm_lists() {
    type Change = fn(&mut Three);
    let changes: [(&str, Change, Change); 3] = [
        (
            "check.algorithm.csr",
            |three| three.csr.outer = Some(bare()),
            |three| three.csr.outer = Some(with_sha_1()),
        ),
        (
            "check.algorithm.signed-cert",
            |three| three.pair.leaf.signer = sha_224(),
            |three| three.pair.leaf.signer = Signer::Ecdsa(&keys::P256, Hash::Sha1),
        ),
        (
            "check.algorithm.trust-anchor",
            |three| three.pair.anchor.signer = sha_224(),
            |three| three.pair.anchor.signer = Signer::Ecdsa(&keys::P256, Hash::Sha1),
        ),
    ];
    for (id, listed, unlisted) in changes {
        for (change, ours) in [(listed, true), (unlisted, false)] {
            let said = Three::error_after(change).message.to_string();
            assert!(said.contains(id), "{said}");
            // The first line says it, and the finding's own.
            let expected = if ours { 2 } else { 0 };
            assert_eq!(said.matches(BY_US).count(), expected, "{said}");
        }
    }
}

/// A file that was damaged on its way is to be taken anew; a certificate that is at fault itself is
/// to be issued anew, and another copy of the file does not help.
#[test]
fn a_damaged_file_is_taken_anew_and_a_faulty_certificate_issued_anew() {
    let good = || Three {
        csr: Chain::good().csr,
        pair: Pair::good(),
    };
    let cut = |text: &[u8]| text[..text.len() / 2].to_vec();
    let mut faulty = good();
    let twice = faulty.pair.leaf.extensions.as_ref().unwrap()[0].clone();
    faulty.pair.leaf.extensions.as_mut().unwrap().push(twice);
    let sound = good().texts();
    let [csr, faulty_leaf, anchor] = faulty.texts();
    let mut unsigned_csr = good().csr;
    unsigned_csr.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let unsigned_csr = pem("CERTIFICATE REQUEST", &unsigned_csr.der());

    for (what, texts, reissue) in [
        (
            "a CSR that is cut off",
            [cut(&csr), sound[1].clone(), anchor.clone()],
            false,
        ),
        (
            "a signed certificate that is cut off",
            [csr.clone(), cut(&sound[1]), anchor.clone()],
            false,
        ),
        (
            "a trust anchor that is cut off",
            [csr.clone(), sound[1].clone(), cut(&anchor)],
            false,
        ),
        (
            "a faulty certificate",
            [csr.clone(), faulty_leaf.clone(), anchor.clone()],
            true,
        ),
        (
            "a faulty certificate, for a CSR that its key did not sign",
            [unsigned_csr, faulty_leaf.clone(), anchor.clone()],
            true,
        ),
        (
            "a faulty certificate, and a CSR that is cut off",
            [cut(&csr), faulty_leaf, anchor],
            false,
        ),
    ] {
        let error = refuse(&texts);
        assert_eq!(error.exit_code(), 4, "{what}");
        assert_eq!(
            error.hint.contains("have its CA issue it anew"),
            reissue,
            "{what}: {}",
            error.hint
        );
        assert_eq!(
            error.hint.contains("take each file anew"),
            !reissue,
            "{what}: {}",
            error.hint
        );
    }
}
