//! The last step: drives a [`Claim`] against the service, and records the result.

use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::bundle::{ClusterId, Receipt, ReceiptOutcome, Waiver};
use crate::claim::{Claim, ClaimOrigin, ClaimOutcome, ClaimStep};
use crate::cloudhsm::{CloudHsm, Cluster, InitializeCluster};
use crate::error::Result;
use crate::handover;
use crate::outside::OutsideText;
use crate::owner::{Authorized, Owner, SignedResponse};
use crate::verify::{Record, hardware_notes};
use crate::x509::{Moment, to_hex};

/// The environment of a claim: a clock, a way to wait, and a maker of the pair.
pub trait Host {
    /// What a claim ends with that is not to have its pair, as in a dry run;
    /// [`Infallible`](std::convert::Infallible) where every claim has one.
    type Rehearsal;

    /// Returns the time since the claim began.
    fn elapsed(&self) -> Duration;

    /// Waits, and may tell the user the reason.
    fn pause(&mut self, claim: &Claim, length: Duration) -> impl Future<Output = ()>;

    /// Takes note of progress that a user may want to follow: a cluster was described, or a call
    /// failed.
    ///
    /// # Errors
    /// Whatever ends the claim.
    fn on_progress(&mut self, _claim: &Claim) -> Result<()> {
        Ok(())
    }

    /// Verifies, signs, checks and authorizes, for a claim that began without a pair. A dry run
    /// signs nothing, and breaks off here.
    ///
    /// # Errors
    /// Whatever ends the claim.
    fn make_pair(&mut self, cluster: &Cluster) -> Result<ControlFlow<Self::Rehearsal, Authorized>>;

    /// Tells whether InitializeCluster may be sent now. `false` ends the claim here (`--dry-run`).
    ///
    /// # Errors
    /// That it cannot be put on record before; nothing is sent then.
    fn may_send(&mut self, request: &InitializeCluster) -> Result<bool>;
}

/// The successful end of a claim.
#[derive(Clone, Debug)]
pub enum DriveEnd<Rehearsal> {
    /// The cluster belongs to this CA.
    Claimed(Box<ClaimOutcome>),
    /// Everything but InitializeCluster was done. This request would be sent.
    WouldSend(Box<InitializeCluster>),
    /// The CSR is verified, and would be signed next.
    WouldSign(Rehearsal),
}

/// Drives a claim to its end.
///
/// # Errors
/// The claim's failure, or the host's.
pub async fn drive_claim<H: Host>(
    service: &impl CloudHsm,
    claim: &mut Claim,
    host: &mut H,
) -> Result<DriveEnd<H::Rehearsal>> {
    loop {
        match claim.next(host.elapsed()) {
            ClaimStep::Describe => {
                let answer = service.describe_cluster(claim.cluster_id()).await;
                claim.record_description(answer);
                host.on_progress(claim)?;
            }
            ClaimStep::Pause(length) => host.pause(claim, length).await,
            ClaimStep::Certify(cluster) => match host.make_pair(&cluster)? {
                ControlFlow::Continue(authorized) => claim.set_pair(&authorized)?,
                ControlFlow::Break(rehearsal) => return Ok(DriveEnd::WouldSign(rehearsal)),
            },
            ClaimStep::Initialize(request) => {
                if !host.may_send(&request)? {
                    return Ok(DriveEnd::WouldSend(request));
                }
                let answer = service.initialize_cluster(&request).await;
                let failed = answer.is_err();
                claim.record_initialization(answer);
                // An answer has no news: what was seen last is older than it.
                if failed {
                    host.on_progress(claim)?;
                }
            }
            ClaimStep::Done(outcome) => return Ok(DriveEnd::Claimed(outcome)),
            ClaimStep::Failed(failure) => return Err((*failure).into()),
        }
    }
}

/// The facts of a receipt besides the outcome.
#[derive(Clone, Debug)]
pub struct ReceiptFacts<'a> {
    /// The cluster.
    pub cluster_id: &'a ClusterId,
    /// Its region.
    pub region: &'a str,
    /// The endpoint that was asked, where one was set.
    pub endpoint: Option<&'a str>,
    /// Name and version of the program.
    pub tool: &'a str,
    /// The time at which InitializeCluster was last sent.
    pub submitted_at: Option<Moment>,
    /// Now.
    pub now: Moment,
    /// The verification, where something was judged.
    pub record: Option<&'a Record>,
    /// The reason for going on without proof of the HSM.
    pub unverified: Option<Waiver>,
}

/// Returns notes about the hardware, besides the cluster's Mode.
pub(crate) fn receipt_notes(record: &Record, outcome: &ClaimOutcome) -> Vec<OutsideText> {
    hardware_notes(
        record,
        outcome.cluster.mode.as_ref().map(OutsideText::as_raw),
    )
    .iter()
    .map(|note| note.as_str().into())
    .collect()
}

/// Makes `receipt.json`. It records the request, the service's answer, and the confirmation by
/// DescribeClusters.
///
/// The receipt records only facts that were compared: `outcome` is of a claim for the response's
/// CSR, and the cluster's certificate has that CSR's key.
pub fn make_receipt(
    response: &SignedResponse<'_>,
    owner: &Owner,
    outcome: &ClaimOutcome,
    account: &ReceiptFacts<'_>,
) -> Receipt {
    let answer = outcome.answer.as_ref().map(|answer| {
        serde_json::json!({
            "state": answer.state.as_ref().map(|state| state.as_str()),
            "state_message": answer.state_message,
        })
    });
    Receipt {
        format: Receipt::FORMAT.to_owned(),
        cluster_id: account.cluster_id.clone(),
        region: account.region.into(),
        endpoint: account.endpoint.map(Into::into),
        tool: account.tool.into(),
        outcome: match outcome.how {
            ClaimOrigin::Claimed => ReceiptOutcome::Claimed.into(),
            ClaimOrigin::AlreadyClaimed => ReceiptOutcome::AlreadyClaimed.into(),
        },
        submitted_at: account.submitted_at,
        confirmed_at: account.now,
        state: outcome.cluster.state.as_str().into(),
        answer,
        csr_sha256: Some(to_hex(&response.csr.fingerprint()).into()),
        signed_cert_sha256: to_hex(&response.signed_cert.fingerprint()).into(),
        trust_anchor_sha256: to_hex(&response.trust_anchor.signing_ca().fingerprint()).into(),
        chain_sha256: response
            .trust_anchor
            .certificates_above()
            .iter()
            .map(|above| to_hex(&above.fingerprint()).into())
            .collect(),
        cluster_certificate_sha256: to_hex(&outcome.certificate.fingerprint).into(),
        cluster_certificate: outcome
            .cluster
            .certificates
            .cluster_certificate
            .clone()
            .map(Into::into),
        owner: Some(owner.basis().noted_proof().into()),
        ca_from_bundle: owner.basis().waiver_reason().map(Waiver::for_reason),
        verdict: account.record.map(|record| record.verdict.into()),
        roots: account.record.map(|record| record.terms.roots.into()),
        notes: account
            .record
            .map(|record| receipt_notes(record, outcome))
            .unwrap_or_default(),
        unverified: account.unverified.clone(),
        site: Some(handover::client_site(&outcome.cluster)),
    }
}
