//! `hsmboot sign`

#[cfg(feature = "awskms")]
mod issuer;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{PassphraseArgs, TrustArgs};
#[cfg(feature = "awskms")]
use super::aws::CaAccessArgs;
use super::expect::{ExpectArgs, Side};
use super::key::KeyAccess;
use super::step::{StepArgs, given, judged, refuse_gaps, seal, warn_of_gaps};
use super::token::TokenArgs;
use super::ui::{Outcome, Ui, path_value};
use super::{TOOL, verify};
use crate::bundle::{self, Bundle, CA_FILE, Digests, Fingerprint, Origin, Part, RESPONSE, Response, Step, Waiver};
use crate::ca::KeySource;
use crate::check::{self, Pair};
use crate::error::{Class, Error, Result};
use crate::fsio::{self, MAX_INPUT, NewFile};
use crate::sign::{Ca, DEFAULT_DAYS, Grounds, Terms, issue};
use crate::verify::{self as engine, Evidence, Judgement, Record};
use crate::x509::pem::{self, Label};
use crate::x509::{Certificate, Csr, Moment, hex, name_text, sha256};

/// Verify a bundle, then sign its CSR with your CA
#[derive(Debug, clap::Args)]
#[cfg_attr(
    feature = "awskms",
    command(override_usage = "hsmboot sign [OPTIONS] --ca <FILE> --ca-key <KEY> <DIR>\n       hsmboot sign [OPTIONS] --ca-arn <ARN> <DIR>")
)]
#[command(after_help = "\
Examples:
  hsmboot sign ./cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key ./ca/customerCA.key
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key --passphrase-env CA_PASSPHRASE --days 1826
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key 'pkcs11:token=ca' --pkcs11-module /usr/lib/softhsm/libsofthsm2.so

Exit codes: 0 signed; 3 the HSM's identity is not proven, or the fingerprint is another one or was not given; 4 malformed input; 5 the CA cannot \
sign; 8 signed already; for a CA that is a service also 3 it is not the one of --ca-fingerprint; 6 it refused or cannot be reached; 7 not in time")]
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
    /// Seal the transcript, which must account for the bundle's files, with the CA's key: nothing up to this step can then be changed unseen
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
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    #[cfg_attr(feature = "awskms", arg(required_unless_present = "ca_arn"))]
    #[cfg_attr(not(feature = "awskms"), arg(required = true))]
    ca: Option<PathBuf>,
    /// The CA's private key: a file (PKCS#8, PKCS#1 or SEC1, encrypted or not), a pkcs11: URI, or awskms: and a key's ARN, alias or id
    #[arg(long, value_name = "KEY", requires = "ca")]
    ca_key: Option<PathBuf>,
    /// How many days the signed certificate lasts, at most until the CA's own end
    #[arg(long, value_name = "N", default_value_t = DEFAULT_DAYS, value_parser = clap::value_parser!(u32).range(1..=36525))]
    days: u32,
    #[command(flatten)]
    token: TokenArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    issuer: issuer::IssuerArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    access: CaAccessArgs,
}

/// The CA, as the command line names it.
enum Signer {
    /// A certificate and its key.
    Own { certificate: PathBuf, source: KeySource },
    /// AWS Private CA.
    #[cfg(feature = "awskms")]
    Service(crate::pca::CaArn),
}

impl CaArgs {
    fn signer(&self) -> Result<Signer> {
        #[cfg(feature = "awskms")]
        if let Some(arn) = self.issuer.arn()? {
            return Ok(Signer::Service(arn));
        }
        let (Some(certificate), Some(key)) = (&self.ca, &self.ca_key) else {
            return Err(Error::new(Class::Usage, "usage", "--ca and --ca-key are missing", "hsmboot sign --help"));
        };
        let source = KeySource::parse(key)?;
        #[cfg(feature = "awskms")]
        self.access.options_for(&source)?;
        Ok(Signer::Own { certificate: certificate.clone(), source })
    }
}

/// What is signed, on what grounds, and how that is written down.
struct Work<'a> {
    args: &'a Args,
    ui: &'a Ui,
    bundle: &'a Bundle,
    evidence: &'a Evidence,
    judgement: &'a Judgement,
    grounds: Grounds<'a>,
    waiver: Option<Waiver>,
    /// The roots that were given: SHA-256 by file.
    roots: Digests,
    /// When the evidence was judged.
    now: Moment,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(args.unverified, false)?;
    let signer = args.ca.signer()?;
    let (anchors, roots) = args.trust.anchors_and_files()?;
    let bundle = Bundle::open(&args.dir)?;
    not_signed_already(&bundle, args.force)?;
    bundle.check_ready()?;
    if args.seal {
        refuse_gaps(&bundle)?;
    } else {
        warn_of_gaps(&bundle, ui);
    }
    let evidence = bundle.evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::of(args.unverified, args.trust.reason.as_deref());
    let grounds = grounds(&judgement, waiver.as_ref(), ui)?;
    let recorded = waiver.clone().filter(|_| matches!(grounds, Grounds::Unverified { .. }));
    let work = Work { args, ui, bundle: &bundle, evidence: &evidence, judgement: &judgement, grounds, waiver: recorded, roots, now };
    match signer {
        Signer::Own { certificate, source } => work.by_own_ca(&certificate, &source),
        #[cfg(feature = "awskms")]
        Signer::Service(arn) => work.by_service(&arn),
    }
}

impl Work<'_> {
    fn by_own_ca(&self, certificate: &std::path::Path, source: &KeySource) -> Result<Outcome> {
        let Work { args, ui, now, .. } = *self;
        let ca_text = read_ca(certificate, now)?;
        check_places(self.bundle, &ca_text, args.force)?;
        let compared = self.compare()?;
        let access = KeyAccess {
            passphrase: &args.passphrase,
            token: &args.ca.token,
            certificate: Certificate::from_pem(&ca_text).ok(),
            #[cfg(feature = "awskms")]
            aws: args.ca.access.options(),
        };
        let key = access.load(source, ui)?;
        let ca = Ca::new(&ca_text, key.key.as_ref(), now)?;
        self.bundle.check_unchanged(args.seal)?;
        let pair = issue(&self.grounds, &ca, &Terms { serial: super::random()?, now, days: args.ca.days })?;
        let seal = |sealed: &[u8]| seal(key.key.as_ref(), pair.trust_anchor().key(), sealed);
        let step = Step { seal: args.seal.then_some(&seal), ..self.step(given(certificate, &ca_text), compared) };
        self.finish(&pair, &Origin { ca_key: key.name.clone(), issued_by: None }, now, &step, compared)
    }

    /// Asks for the fingerprint that the other side read out.
    fn compare(&self) -> Result<bool> {
        self.args.expect.compare(self.request(), &Side { what: "request", by: "fetch" }, self.ui)
    }

    fn request(&self) -> Fingerprint {
        Fingerprint::of_request(self.bundle.id(), self.evidence)
    }

    fn step(&self, given: Digests, compared: bool) -> Step<'static> {
        Step {
            given: given.into_iter().chain(self.roots.clone()).collect(),
            reason: self.args.trust.reason.clone(),
            unverified: self.waiver.is_some(),
            fingerprint_compared: Some(compared),
            ..judged(self.args.step.begin(self.now), &self.judgement.record, &self.roots)
        }
    }

    fn finish(&self, pair: &Pair, origin: &Origin, signed_at: Moment, step: &Step<'_>, compared: bool) -> Result<Outcome> {
        let record = &self.judgement.record;
        let written = write(self.bundle, pair, record, self.evidence, self.waiver.clone(), origin, signed_at, self.args.force, step);
        let response = kept(written, pair)?;
        Ok(answer(self.bundle, pair, &response, record, self.request(), compared))
    }
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

/// That there is a signed certificate, and that it and the trust anchor are those that `response.json` recorded.
///
/// # Errors
/// Class `Input`: `not-signed`, or as [`Bundle::compare_response`].
#[cfg(any(feature = "online", feature = "qr"))]
pub(crate) fn signed_already(bundle: &Bundle) -> Result<()> {
    if !bundle.has(Part::SignedCert) {
        return Err(Error::new(
            Class::Input,
            "not-signed",
            format!("the bundle is not signed: there is no {}", bundle.part(Part::SignedCert)),
            format!("sign it first: hsmboot sign {} --ca FILE --ca-key KEY", bundle.path().display()),
        ));
    }
    bundle.compare_response()
}

/// That the places of what will be written are free, the trust anchor's also where it holds that already: before a passphrase is asked for and anything is
/// signed.
pub(crate) fn check_places(bundle: &Bundle, ca_text: &[u8], force: bool) -> Result<()> {
    let der = pem::decode(ca_text, Label::Certificate).unwrap_or_default();
    let text = pem::encode(Label::Certificate, &der);
    let force = force || holds(bundle, &der);
    let trust_anchor = NewFile { name: CA_FILE.to_owned(), content: text.as_bytes(), mode: 0o644, replace: force };
    // These may be replaced, unless a directory stands there.
    let others = [Part::SignedCert.file_name(bundle.id()), RESPONSE.to_owned(), bundle::VERIFICATION.to_owned()];
    let others = others.into_iter().map(|name| NewFile { name, content: &[], mode: 0o644, replace: true });
    bundle.store().check_free(&others.chain([trust_anchor]).collect::<Vec<_>>())
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

/// Says so where a CA did not take the CSR's subject as it is: no rule of InitializeCluster's forbids that, and nobody has documented that it works.
pub(crate) fn note_subject(pair: &Pair, ui: &Ui) {
    let (asked, made) = (pair.csr().subject(), pair.signed_cert().subject());
    if asked != made {
        let (asked, made) = (name_text(asked), name_text(made));
        let how = if asked == made { ", the same text in another encoding" } else { "" };
        ui.warn(&format!(
            "the CA changed the subject: whether CloudHSM takes that is not documented\n  CSR          {asked}\n  certificate  {made}{how}"
        ));
    }
}

/// The fingerprint of what goes back.
pub(crate) fn fingerprint(bundle: &Bundle, pair: &Pair) -> Fingerprint {
    Fingerprint::of_response(bundle.id(), pair.csr().der(), pair.signed_cert().der(), pair.trust_anchor().der())
}

#[allow(clippy::too_many_arguments)] // what `response.json` says, and how it is written
/// Writes the four files that `sign` adds, all or none.
pub(crate) fn write(
    bundle: &Bundle,
    pair: &Pair,
    record: &Record,
    evidence: &Evidence,
    unverified: Option<Waiver>,
    origin: &Origin,
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
        ca_key: origin.ca_key.clone(),
        issued_by: origin.issued_by.clone(),
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
        .map(|()| response)
}

/// Writes what was signed just now. A signature once made is not lost: an error carries the certificate.
pub(crate) fn kept(written: Result<Response>, pair: &Pair) -> Result<Response> {
    written.map_err(|mut error| {
        let (signed_pem, anchor_pem) = (pair.signed_cert_pem(), pair.trust_anchor_pem());
        error.message = format!("{}\nthe certificate was signed and is not lost:\n{}", error.message, signed_pem.trim_end());
        error.with_document(json!({ "signed_cert": signed_pem, "trust_anchor": anchor_pem }))
    })
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
        if compared { ", as expected" } else { ", compared by nobody" },
        bundle.path().display(),
    );
    Outcome::done(document, text)
}
