//! `hsmboot import`

use std::path::PathBuf;

use super::args::{BundleArgs, TrustArgs};
use super::binary;
use super::expect::{ExpectArgs, FingerprintSide};
use super::hardware;
use super::owner::NamedCa;
use super::sign::{self, CertificateMaker, SignatureSummary, SignedPair};
use super::step::{StepArgs, given_file_digest, warn_of_gaps, with_judgement};
use super::ui::{CommandOutput, Ui};
use crate::bundle::{Fingerprint, SignatureOrigin, Store, TranscriptStep, Waiver};
use crate::check::check_with_trust_anchor;
use crate::error::Result;
use crate::fsio::{self, MAX_INPUT};
use crate::hint;
use crate::owner::ProofPurpose;
use crate::verify as engine;
use crate::x509::pem::Label;

/// Complete a bundle with a certificate that another CA has signed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bundle is verified first, and the pair held against all that InitializeCluster will demand: as \
`sign` does, for a CA that signs elsewhere.

Examples:
  hsmboot import ./cluster-abc234defgh --signed-cert signed.crt --ca ca.crt
  hsmboot import ./cluster-abc234defgh --signed-cert signed.crt --ca ca.crt --output json

Exit codes: 0 the bundle is complete, or was already; 3 the HSM's identity is not proven, the pair \
does not hold together, or the fingerprint is another one or \
was not given; 4 malformed input; 5 a trust anchor that CloudHSM would refuse; 8 signed otherwise \
already, or files of other content stand there")]
pub struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The certificate that the CA made for the bundle's CSR
    #[arg(long, value_name = "FILE")]
    signed_cert: PathBuf,
    /// The CA's own, self-signed certificate, or its chain: the CA that signed first, its root last
    #[arg(long = "ca", alias = "trust-anchor", value_name = "FILE")]
    trust_anchor: PathBuf,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Go on although the bundle does not verify: nothing then proves that the key is an HSM's
    /// (needs --reason)
    #[arg(long)]
    unverified: bool,
    #[command(flatten)]
    step: StepArgs,
    /// Write over files of other content
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let policy = args.trust.build_policy(args.unverified, false)?;
    let (anchors, roots) = args
        .trust
        .read_anchors_and_files(&Store::at_path(args.bundle.path()))?;
    let bundle = ui.open_bundle(args.bundle.path())?;
    bundle.check_ready()?;
    warn_of_gaps(&bundle, ui);
    let evidence = bundle.read_evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::from_options(args.unverified, args.trust.reason.as_deref());
    hardware::alarm_non_fips(&judgement.record, hardware::cluster_mode(None, &bundle), ui);
    sign::signing_grounds(&judgement, &bundle, waiver.as_ref(), &args.trust, ui)
        .map_err(|error| binary::with_conversion_hint_for_bundle(error, &bundle, &evidence))?;
    let waiver = waiver.filter(|_| judgement.verified().is_none());

    let signed_cert = fsio::read(&args.signed_cert, "the signed certificate", MAX_INPUT)?;
    let named = NamedCa::read(&args.trust_anchor, "--ca", bundle.store())?;
    let pair = check_with_trust_anchor(
        evidence.csr.as_deref().unwrap_or_default(),
        &signed_cert,
        Ok(named.trust_anchor.clone()),
        now,
    )
    .into_pair()
    .map_err(|error| {
        binary::with_conversion_hint(
            error,
            &[(&args.signed_cert, &signed_cert, Label::Certificate)],
        )
    })?;
    let owner = named.to_owner();
    owner.check_same_anchor(pair.trust_anchor(), "the pair's", ProofPurpose::Signature)?;
    // A certificate that was put there by hand, as AWS's guide has it, is taken as it stands.
    let by_hand = sign::stands_there_by_hand(&bundle, pair.signed_cert());
    let before = match by_hand {
        true => None,
        false => sign::find_earlier_pair(&bundle, &named.trust_anchor, "--ca", now, args.force)?,
    };
    if before
        .as_ref()
        .is_some_and(|before| before.signed_cert() != pair.signed_cert())
    {
        return Err(sign::already_signed_error(
            &bundle,
            "it is this CA's and fits, and it is another certificate than --signed-cert",
        ));
    }
    sign::note_subject(&pair, ui);
    sign::show_notes(&pair, ui);
    let request = Fingerprint::of_request(bundle.id(), &evidence);
    let owner_again = [
        "--ca".to_owned(),
        hint::path_word(&args.trust_anchor, "FILE"),
    ];
    let again: Vec<String> = owner_again
        .into_iter()
        .chain(args.trust.options_to_repeat())
        .collect();
    let changed = before.is_none();
    if changed && !(ui.quiet && args.expect.is_given()) {
        sign::show_intent(&bundle, &judgement.record, pair.trust_anchor(), (now, None));
    }
    // Where nothing is to be signed, nobody is asked for a fingerprint that he did not name.
    let compared = (changed || args.expect.is_given())
        && args
            .expect
            .compare_fingerprint(request, &bundle, &FingerprintSide::REQUEST, ui)?;
    let step = with_judgement(args.step.begin_step(now), &judgement.record, &roots);
    let mut files = roots;
    files.extend(given_file_digest(&args.signed_cert, &signed_cert));
    files.extend(named.file_digest());
    let (reason, unverified) = (args.trust.reason(), waiver.is_some());
    let step = TranscriptStep {
        given: files,
        reason,
        unverified,
        fingerprint_compared: Some(compared),
        owner: Some(owner.basis().noted_proof()),
        ..step
    };
    let (bundle, pair, evidence, record) = (&bundle, &pair, &evidence, &judgement.record);
    let mut signed = SignedPair {
        bundle,
        pair,
        evidence,
        record,
        unverified: waiver,
        origin: SignatureOrigin::default(),
        signed_at: now,
        force: changed && (args.force || by_hand),
    };
    let response = if changed {
        signed.write(&step)?
    } else {
        signed = signed.with_recorded_origin();
        signed.to_response()
    };
    Ok(signed.signing_output(
        &response,
        &SignatureSummary {
            maker: CertificateMaker::Elsewhere,
            request,
            compared,
            changed,
            again,
        },
        ui,
    ))
}
