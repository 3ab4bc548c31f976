//! `hsmboot sign`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{PassphraseArgs, TrustArgs};
use super::expect::{ExpectArgs, Side};
use super::step::{StepArgs, given, judged};
use super::ui::{Outcome, Ui, path_value};
use super::{TOOL, verify};
use crate::bundle::{self, Bundle, CA_FILE, Fingerprint, Part, RESPONSE, Response, Seal, Step, Waiver};
use crate::ca::{KeySource, LoadedKey};
use crate::check::{self, Pair};
use crate::error::{Class, Error, Result};
use crate::fsio::{self, MAX_INPUT, NewFile};
use crate::sign::{Ca, DEFAULT_DAYS, Grounds, Terms, issue};
use crate::verify::{self as engine, Evidence, Judgement, Record};
use crate::x509::pem::{self, Label};
use crate::x509::{Csr, Moment, hex, sha256};

/// Verify a bundle, then sign its CSR with your CA
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot sign ./cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key ./ca/customerCA.key
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key --passphrase-env CA_PASSPHRASE --days 1826

Exit codes: 0 signed; 3 the HSM's identity is not proven; 4 malformed input; 5 the CA cannot sign; 8 signed already")]
pub struct Args {
    /// The bundle
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    ca: CaArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Sign although the bundle does not verify: nothing then proves that the key is an HSM's (needs --reason)
    #[arg(long)]
    unverified: bool,
    /// Seal the transcript with the CA's key: nothing up to this step can then be changed unseen
    #[arg(long)]
    seal: bool,
    #[command(flatten)]
    step: StepArgs,
    /// Sign again, over files of other content
    #[arg(long)]
    force: bool,
}

/// The CA that signs.
#[derive(Debug, clap::Args)]
pub struct CaArgs {
    /// The CA's certificate, which becomes the trust anchor
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: PathBuf,
    /// The CA's private key: a file (PKCS#8, PKCS#1 or SEC1, encrypted or not)
    #[arg(long, value_name = "KEY")]
    pub(crate) ca_key: PathBuf,
    /// How many days the signed certificate lasts, at most until the CA's own end
    #[arg(long, value_name = "N", default_value_t = DEFAULT_DAYS, value_parser = clap::value_parser!(u32).range(1..=36525))]
    pub(crate) days: u32,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(args.unverified, false)?;
    let source = KeySource::parse(&args.ca.ca_key)?;
    let anchors = args.trust.anchors()?;
    let bundle = Bundle::open(&args.dir)?;
    not_signed_already(&bundle, args.force)?;
    let evidence = bundle.evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::of(args.unverified, args.trust.reason.as_deref());
    let grounds = grounds(&judgement, waiver.as_ref(), ui)?;
    let ca_text = read_ca(&args.ca.ca, now)?;
    room_for_trust_anchor(&bundle, &ca_text, args.force)?;
    let request = Fingerprint::of_request(bundle.id(), &evidence);
    let compared = args.expect.compare(request, &Side { what: "request", by: "fetch" }, ui)?;
    let key = load(&source, &args.passphrase, ui)?;
    let ca = Ca::new(&ca_text, key.key.as_ref(), now)?;
    let pair = issue(&grounds, &ca, &Terms { serial: super::random()?, now, days: args.ca.days })?;
    let waiver = waiver.clone().filter(|_| matches!(grounds, Grounds::Unverified { .. }));
    let seal = |sealed: &[u8]| Ok(Seal::new(key.key.signature_algorithm(), &key.key.sign(sealed)?));
    let step = judged(args.step.begin(now), &judgement.record);
    let step = Step {
        given: given(&args.ca.ca, &ca_text),
        reason: args.trust.reason.clone(),
        unverified: waiver.is_some(),
        fingerprint_compared: Some(compared),
        seal: args.seal.then_some(&seal),
        ..step
    };
    let response = write(&bundle, &pair, &judgement.record, &evidence, waiver, now, args.force, &step)?;
    Ok(answer(&bundle, &pair, &response, &judgement.record, request, compared))
}

/// A bundle that is signed already stays as it is.
pub(crate) fn not_signed_already(bundle: &Bundle, force: bool) -> Result<()> {
    if force || !bundle.has(Part::SignedCert) {
        return Ok(());
    }
    Err(Error::new(
        Class::Conflict,
        "already-signed",
        format!("the bundle is signed already: {} exists; nothing was changed", bundle.part(Part::SignedCert)),
        format!("submit it with `hsmboot submit {}`, or sign again with --force", bundle.path().display()),
    ))
}

/// That the trust anchor's place is free, or holds it already, before a passphrase is asked for and anything is signed.
pub(crate) fn room_for_trust_anchor(bundle: &Bundle, ca_text: &[u8], force: bool) -> Result<()> {
    let der = pem::decode(ca_text, Label::Certificate).unwrap_or_default();
    let text = pem::encode(Label::Certificate, &der);
    let force = force || holds(bundle, &der);
    bundle.store().check_free(&[NewFile { name: CA_FILE.to_owned(), content: text.as_bytes(), mode: 0o644, replace: force }])
}

/// Whether the bundle's trust anchor is this very certificate, perhaps in other line ends: writing our canonical text of it loses nothing.
fn holds(bundle: &Bundle, der: &[u8]) -> bool {
    // A link is no file of the bundle: what it leads to is not ours to write.
    if !bundle.store().has_file(CA_FILE) {
        return false;
    }
    let there = bundle.read_trust_anchor().unwrap_or_default();
    pem::decode(&there, Label::Certificate).is_ok_and(|found| found == der)
}

/// What entitles to a signature, or the rejection.
pub(crate) fn grounds<'a>(judgement: &'a Judgement, waiver: Option<&'a Waiver>, ui: &Ui) -> Result<Grounds<'a>> {
    if let Some(proof) = judgement.verified() {
        if waiver.is_some() {
            ui.say("the bundle verifies: --unverified was not needed, and is not recorded");
        }
        return Ok(Grounds::Verified(proof));
    }
    let rejected = || {
        let error = verify::rejection(&judgement.record);
        error
            .unwrap_or_else(|| Error::new(Class::Rejected, "rejected", "the HSM's identity is not proven", ""))
            .with_document(verification(&judgement.record))
    };
    let Some(waiver) = waiver else { return Err(rejected()) };
    let csr: &Csr = judgement.csr().ok_or_else(rejected)?;
    ui.alarm("UNVERIFIED: nothing proves that this CSR's key is an HSM's. Whoever holds that key will own what the cluster's users trust.");
    ui.alarm(&format!("Going on because: {}", waiver.reason));
    Ok(Grounds::Unverified { csr, reason: &waiver.reason })
}

fn verification(record: &Record) -> Value {
    json!({ "verification": verify::document(record) })
}

/// The CA's certificate as its file holds it. What CloudHSM would refuse is refused before a passphrase is asked for.
pub(crate) fn read_ca(file: &std::path::Path, now: Moment) -> Result<Vec<u8>> {
    fit_ca(fsio::read(file, "the CA certificate", MAX_INPUT)?, &file.display(), now)
}

/// The same of a text that was read from `place`.
pub(crate) fn fit_ca(text: Vec<u8>, place: &dyn std::fmt::Display, now: Moment) -> Result<Vec<u8>> {
    check::trust_anchor(&text, now).map_err(|mut error| {
        error.message = format!("{place}: {}", error.message);
        error
    })?;
    Ok(text)
}

/// The CA's key, with warnings about how it is kept.
pub(crate) fn load(source: &KeySource, passphrase: &PassphraseArgs, ui: &Ui) -> Result<LoadedKey> {
    let loaded = source.load(&passphrase.source())?;
    for warning in &loaded.warnings {
        ui.warn(&warning.to_string());
    }
    Ok(loaded)
}

/// The fingerprint of what goes back.
pub(crate) fn fingerprint(bundle: &Bundle, pair: &Pair) -> Fingerprint {
    Fingerprint::of_response(bundle.id(), pair.csr().der(), pair.signed_cert().der(), pair.trust_anchor().der())
}

#[allow(clippy::too_many_arguments)] // what `response.json` says, and how it is written
/// Writes the four files that `sign` adds, all or none. A signature once made is not lost: an error carries the certificate.
pub(crate) fn write(
    bundle: &Bundle,
    pair: &Pair,
    record: &Record,
    evidence: &Evidence,
    unverified: Option<Waiver>,
    now: Moment,
    force: bool,
    step: &Step<'_>,
) -> Result<Response> {
    let (signed_pem, anchor_pem) = (pair.signed_cert_pem(), pair.trust_anchor_pem());
    let csr_text = evidence.csr.as_deref().unwrap_or_default();
    let signed_name = Part::SignedCert.file_name(bundle.id());
    let response = Response {
        format: Response::FORMAT.to_owned(),
        cluster_id: bundle.id().clone(),
        signed_at: now,
        tool: TOOL.to_owned(),
        files: BTreeMap::from([
            (Part::Csr.file_name(bundle.id()), hex(&sha256(csr_text))),
            (signed_name.clone(), hex(&sha256(signed_pem.as_bytes()))),
            (CA_FILE.to_owned(), hex(&sha256(anchor_pem.as_bytes()))),
        ]),
        csr_sha256: hex(&pair.csr().fingerprint()),
        signed_cert_sha256: hex(&pair.signed_cert().fingerprint()),
        ca_fingerprint: hex(&pair.trust_anchor().fingerprint()),
        verdict: record.verdict.as_str().to_owned(),
        unverified,
    };
    let (record_text, response_text) = (bundle::document(record), bundle::document(&response));
    let file = |name: &str, content, replace| NewFile { name: name.to_owned(), content, mode: 0o644, replace };
    bundle
        .write(
            &[
                file(CA_FILE, anchor_pem.as_bytes(), force || holds(bundle, pair.trust_anchor().der())),
                file(bundle::VERIFICATION, &record_text, true),
                file(RESPONSE, &response_text, true),
                file(&signed_name, signed_pem.as_bytes(), force),
            ],
            step,
        )
        .map_err(|mut error| {
            error.message = format!("{}\nthe certificate was signed and is not lost:\n{}", error.message, signed_pem.trim_end());
            error.with_document(json!({ "signed_cert": signed_pem, "trust_anchor": anchor_pem }))
        })?;
    Ok(response)
}

pub(crate) fn answer(bundle: &Bundle, pair: &Pair, response: &Response, record: &Record, request: Fingerprint, compared: bool) -> Outcome {
    let back = fingerprint(bundle, pair);
    let mut document = serde_json::to_value(response).unwrap_or_default();
    if let Some(object) = document.as_object_mut() {
        object.insert("bundle".to_owned(), path_value(bundle.path()));
        object.insert("verification".to_owned(), verify::document(record));
        object.insert("request_fingerprint".to_owned(), json!(request));
        object.insert("request_compared".to_owned(), json!(compared));
        object.insert("response_fingerprint".to_owned(), json!(back));
    }
    // `submit` asks again for what was waived here.
    let (proof, again) = match response.unverified {
        Some(_) => ("UNVERIFIED: no proof that the key is an HSM's", " --unverified --reason TEXT"),
        None => ("verified: the CSR is a genuine HSM's", ""),
    };
    let text = format!(
        "signed {}\n  {proof}\n  signed certificate  {}\n    SHA-256 {}\n    valid {} to {}\n  trust anchor        {}\n    SHA-256 {}\n  fingerprint of the request   {request}{}\n  fingerprint of the response  {back}\nnext: hsmboot submit {}{again}\n",
        bundle.id(),
        bundle.part(Part::SignedCert),
        response.signed_cert_sha256,
        pair.signed_cert().not_before(),
        pair.signed_cert().not_after(),
        bundle.place(CA_FILE),
        response.ca_fingerprint,
        if compared { ", as expected" } else { "" },
        bundle.path().display(),
    );
    Outcome::done(document, text)
}
