//! The conditions before anything is signed, imported or submitted.

use serde_json::{Value, json};

use crate::bundle::{self, Bundle, CA_FILE, Part, RESPONSE, Waiver};
use crate::check::{self, FitTrustAnchor, Pair};
use crate::claim::ownership::OwnerCertificate;
use crate::cli::args::TrustArgs;
use crate::cli::ui::Ui;
use crate::cli::{hardware, verify};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::hint::{self, NextCommand};
use crate::outside::Lines;
use crate::sign::Grounds;
use crate::verify::{Judgement, Record};
use crate::x509::{Certificate, Csr, Moment, TrustAnchor, to_hex};

/// Returns the pair that is already in the bundle, where this very CA has signed this very CSR and
/// it still fits. `None`: nothing is signed yet, or it may be overwritten. `option` is what named
/// the CA.
///
/// # Errors
/// Class `Conflict`, `already-signed`: it is signed otherwise. The error names the signer: nobody
/// is advised to submit another CA's certificate.
pub(crate) fn find_earlier_pair(
    bundle: &Bundle,
    ca: &TrustAnchor,
    option: &str,
    now: Moment,
    force: bool,
) -> Result<Option<Pair>> {
    if force || !bundle.has_part(Part::SignedCert) {
        return Ok(None);
    }
    if !bundle.has_file(bundle.trust_anchor_file()) {
        return Err(without_trust_anchor_error(bundle, ca, option));
    }
    read_fitting_pair(bundle, ca, option, now)
        .map(Some)
        .map_err(|why| already_signed_error(bundle, why))
}

/// Returns the error for a bundle that is signed already, and not as it would be now. `why` says
/// how they differ.
pub(crate) fn already_signed_error(bundle: &Bundle, why: impl Into<Lines>) -> Error {
    let first = Lines::from(format!(
        "the bundle is signed already: {} exists; nothing was changed",
        bundle.part_place(Part::SignedCert)
    ));
    Error::new(
        ErrorKind::AlreadySigned,
        first.followed_by(why),
        "find out who signed it, and how, before it is submitted; with --force it is signed again, \
         and the certificate that is there is dropped",
    )
    .with_fact(
        FactName::File,
        bundle.part_place(Part::SignedCert).to_string(),
    )
}

/// Returns the error for a bundle that has a signed certificate and no trust anchor beside it: as
/// after AWS's guide, whose steps leave the CA's certificate elsewhere. Where this CA signed it,
/// the bundle is only to be completed.
fn without_trust_anchor_error(bundle: &Bundle, ca: &TrustAnchor, option: &str) -> Error {
    let is_of_ca = bundle
        .read(Part::SignedCert)
        .ok()
        .and_then(|text| Certificate::from_owner_file(&text).ok())
        .is_some_and(|found| found.is_signed_by(ca.signing_ca().public_key()));
    if !is_of_ca {
        return already_signed_error(
            bundle,
            format!(
                "the CA of {option} has not signed it, and there is no {} of the CA that has",
                bundle.place(CA_FILE)
            ),
        );
    }
    let first = Lines::from(format!(
        "the bundle is signed already, by the CA of {option}, and is not complete; nothing was \
         changed"
    ));
    let missing = [
        format!("  there    {}", bundle.part_place(Part::SignedCert)),
        format!("  missing  {}", bundle.place(CA_FILE)),
    ];
    let commands = completing_commands(bundle);
    Error {
        message: first.followed_by(missing),
        hint: completing_hint(&commands).into(),
        next: commands,
        ..already_signed_error(bundle, "")
    }
}

/// Returns the commands that complete a bundle whose certificate was signed by hand. One in a
/// single file comes out of that first: no path leads to the certificate in it.
fn completing_commands(bundle: &Bundle) -> Vec<NextCommand> {
    let new = hint::free_directory(bundle.id().as_str(), fsio::is_there);
    let is_archive = bundle.store().is_archive();
    let dir = if is_archive { &new } else { bundle.path() };
    let signed = dir.join(Part::SignedCert.file_name(bundle.id()));
    let (dir, signed) = (
        hint::path_word(dir, "DIR"),
        hint::path_word(&signed, "FILE"),
    );
    let unpack = is_archive.then(|| {
        let file = hint::path_word(bundle.path(), "FILE");
        NextCommand::new(["hsmboot", "unpack", &file, &dir])
    });
    let import = [
        "hsmboot",
        "import",
        &dir,
        "--signed-cert",
        &signed,
        "--ca",
        "FILE",
    ];
    unpack
        .into_iter()
        .chain([NextCommand::new(import)])
        .collect()
}

fn completing_hint(commands: &[NextCommand]) -> String {
    let quoted: Vec<String> = commands.iter().map(NextCommand::quoted).collect();
    format!("complete it: {}", quoted.join(", then "))
}

/// Tells whether the bundle holds this very signed certificate and nothing yet of what is written
/// with it: it was put there by hand, and is taken as it stands.
pub(crate) fn stands_there_by_hand(bundle: &Bundle, signed_cert: &Certificate) -> bool {
    let alone = !bundle.has_file(CA_FILE) && !bundle.has_file(RESPONSE);
    let there = || bundle.read(Part::SignedCert).ok();
    alone
        && there().is_some_and(|text| {
            is_bare_pem(&text)
                && Certificate::from_owner_file(&text).is_ok_and(|found| found == *signed_cert)
        })
}

/// Tells whether a text is PEM and nothing else: then writing our canonical text of the same
/// certificates loses nothing.
fn is_bare_pem(text: &[u8]) -> bool {
    text.trim_ascii().starts_with(b"-----BEGIN")
        && text
            .iter()
            .all(|byte| crate::x509::pem::is_documented(*byte))
}

fn read_fitting_pair(
    bundle: &Bundle,
    ca: &TrustAnchor,
    option: &str,
    now: Moment,
) -> std::result::Result<Pair, Lines> {
    let told = |error: Error| error.message;
    let foreign = |what: &str, found: [u8; 32]| {
        let wanted = ca.signing_ca().fingerprint();
        Lines::from([
            format!("{what} is another CA's than that of {option}"),
            format!("  there   SHA-256 {}", to_hex(&found)),
            format!("  wanted  SHA-256 {}", to_hex(&wanted)),
        ])
    };
    let text = bundle.read(Part::SignedCert).map_err(told)?;
    let certificate = Certificate::from_owner_file(&text)
        .map_err(|fault| Lines::from(format!("it is no certificate that can be read: {fault}")))?;
    let trust_anchor = bundle.read_trust_anchor().map_err(told)?;
    let place = bundle.place(bundle.trust_anchor_file()).to_string();
    // The bundle's own file, which enters here.
    let there = TrustAnchor::from_file(&trust_anchor)
        .map_err(|fault| Lines::from(format!("{place}: {fault}")))?;
    if there != *ca {
        return Err(foreign(&place, there.signing_ca().fingerprint()));
    }
    if !certificate.is_signed_by(ca.signing_ca().public_key()) {
        return Err(foreign("the signed certificate", certificate.fingerprint()));
    }
    bundle
        .compare_response()
        .and_then(|()| bundle.compare_written())
        .map_err(told)?;
    let csr = bundle.read(Part::Csr).map_err(told)?;
    let unfit =
        |error: Error| Lines::from("it is this CA's, and does not fit:").followed_by(error.message);
    check::check_with_trust_anchor(&csr, &text, Ok(there), now)
        .into_pair()
        .map_err(unfit)
}

/// Checks that there is a signed certificate, and that it and the trust anchor are those that
/// `response.json` and the transcript recorded.
///
/// # Errors
/// Class `Input`: `not-signed`, or as [`Bundle::compare_response`] and [`Bundle::compare_written`].
#[cfg(any(feature = "online", feature = "qr"))]
pub(crate) fn check_signed(bundle: &Bundle) -> Result<()> {
    if !bundle.has_part(Part::SignedCert) {
        let sign = NextCommand::new(["hsmboot", "sign", &hint::path_word(bundle.path(), "DIR")])
            .with_words(["--ca", "FILE", "--ca-key", "KEY"]);
        return Err(Error::new(
            ErrorKind::NotSigned,
            format!(
                "the bundle is not signed: there is no {}",
                bundle.part_place(Part::SignedCert)
            ),
            format!("sign it first: {}", sign.quoted()),
        )
        .with_next([sign])
        .with_fact(
            FactName::File,
            bundle.part_place(Part::SignedCert).to_string(),
        ));
    }
    bundle.compare_response()?;
    bundle.compare_written()?;
    if bundle.has_file(bundle.trust_anchor_file()) {
        return Ok(());
    }
    let has = "no certificate of the CA that signed it";
    Err(incomplete_error(bundle, has))
}

/// Checks that a signed bundle has the trust anchor by the name that it travels under.
///
/// # Errors
/// Class `Input`, `not-signed`.
#[cfg(feature = "qr")]
pub(crate) fn check_has_ca_file(bundle: &Bundle) -> Result<()> {
    if bundle.has_file(CA_FILE) {
        return Ok(());
    }
    let other = bundle.trust_anchor_file();
    let has = format!("its trust anchor as {other}, which no code carries");
    let error = incomplete_error(bundle, &has);
    if !bundle.has_file(RESPONSE) {
        return Err(error);
    }
    // What this program signed it has written under that name.
    Err(Error {
        hint: format!("somebody gave {CA_FILE} another name: give {other} that name again").into(),
        next: Vec::new(),
        ..error
    })
}

/// Says that the bundle has a signed certificate, and `has` beside it.
#[cfg(any(feature = "online", feature = "qr"))]
fn incomplete_error(bundle: &Bundle, has: &str) -> Error {
    let commands = completing_commands(bundle);
    Error::new(
        ErrorKind::NotSigned,
        Lines::from(format!(
            "the bundle has a signed certificate, and {has}: there is no {}",
            bundle.place(CA_FILE)
        )),
        completing_hint(&commands),
    )
    .with_next(commands)
    .with_fact(FactName::File, bundle.place(CA_FILE).to_string())
}

/// Holds the pair of the bundle's files against every rule.
///
/// # Errors
/// Class `Input`, where a file cannot be read.
pub(crate) fn check_bundle_pair(bundle: &Bundle, now: Moment) -> Result<check::PairJudgement> {
    let (csr, signed_cert, trust_anchor) = (
        bundle.read(Part::Csr)?,
        bundle.read(Part::SignedCert)?,
        bundle.read_trust_anchor()?,
    );
    Ok(check::check(&csr, &signed_cert, &trust_anchor, now))
}

/// Checks that nothing is in the way of the files that will be written, before a passphrase is
/// asked for and anything is signed. The trust anchor's place may hold that anchor already.
pub(crate) fn check_places_free(bundle: &Bundle, ca: &TrustAnchor, force: bool) -> Result<()> {
    let text = ca.to_pem();
    let force = force || holds_trust_anchor(bundle, ca);
    let trust_anchor = NewFile::readable(CA_FILE, text.as_bytes(), force);
    // These may be replaced, unless a directory stands there.
    let others = [
        Part::SignedCert.file_name(bundle.id()),
        RESPONSE.to_owned(),
        bundle::VERIFICATION.to_owned(),
    ];
    let others = others
        .into_iter()
        .map(|name| NewFile::readable(name, &[], true));
    let store = bundle.store();
    store.check_free(&others.collect::<Vec<_>>())?;
    store.check_free(&[trust_anchor]).map_err(|error| {
        let another = bundle
            .read_trust_anchor()
            .is_ok_and(|there| OwnerCertificate::all_from_file(&there).is_ok());
        match error.kind {
            // The only copy, perhaps: where `bootstrap` made it, its key lies beside it.
            ErrorKind::FileExists if another => Error {
                hint: "it is another CA's certificate: find out whose, and move it to another \
                       directory, with its key if that is there too. --force replaces it, and \
                       keeps no copy"
                    .into(),
                ..error
            },
            _ => error,
        }
    })
}

/// Tells whether the bundle's `customerCA.crt` is this very trust anchor, perhaps with other line
/// ends. Writing our canonical text of it then loses nothing.
pub(super) fn holds_trust_anchor(bundle: &Bundle, ca: &TrustAnchor) -> bool {
    // A link is no file of the bundle: what it leads to is not ours to write.
    if !bundle.store().has_file(CA_FILE) {
        return false;
    }
    // The bundle's own file, which enters here: it is compared, and nothing is signed by it.
    let there = bundle.read_trust_anchor().unwrap_or_default();
    // More than the certificates alone is more than we would write.
    is_bare_pem(&there) && TrustAnchor::from_file(&there).is_ok_and(|found| found == *ca)
}

/// Returns the grounds for a signature, or the rejection as an error.
pub(crate) fn signing_grounds<'a>(
    judgement: &'a Judgement,
    bundle: &Bundle,
    waiver: Option<&'a Waiver>,
    trust: &TrustArgs,
    ui: &Ui,
) -> Result<Grounds<'a>> {
    if let Some(proof) = judgement.verified() {
        if waiver.is_some() {
            ui.say("the bundle verifies: --unverified was not needed, and is not recorded");
        }
        return Ok(Grounds::Verified(proof));
    }
    let rejected = || {
        let error = hardware::rejection_error(&judgement.record, bundle, trust);
        error
            .unwrap_or_else(|| {
                Error::new(ErrorKind::Rejected, "the HSM's identity is not proven", "")
            })
            .with_document(verification_document(&judgement.record))
    };
    let Some(waiver) = waiver else {
        return Err(rejected());
    };
    let csr: &Csr = judgement.csr().ok_or_else(rejected)?;
    ui.alarm(
        "UNVERIFIED: nothing proves that this CSR's key is an HSM's. Whoever holds that key \
              will own what the cluster's users trust.",
    );
    ui.alarm(format!("Going on because: {}", waiver.reason));
    Ok(Grounds::Unverified {
        csr,
        reason: waiver.reason.as_raw(),
    })
}

fn verification_document(record: &Record) -> Value {
    json!({ "verification": verify::record_document(record) })
}

/// Checks that CloudHSM would not refuse a CA, read from `place`, as trust anchor.
pub(crate) fn check_ca_fit(
    ca: &TrustAnchor,
    place: &dyn std::fmt::Display,
    now: Moment,
) -> Result<FitTrustAnchor> {
    FitTrustAnchor::judge(ca.clone(), now).map_err(|mut error| {
        error.message = error.message.prefixed_with(format!("{place}: "));
        error
    })
}
