//! Last step: drives a [`Claim`] against the service, and keeps what came of it.

use std::future::Future;
use std::time::Duration;

use crate::bundle::{ClusterId, Receipt, Waiver};
use crate::claim::{Claim, How, Outcome, Step};
use crate::cloudhsm::{CloudHsm, Cluster, InitializeCluster};
use crate::error::Result;
use crate::handover;
use crate::outside::OutsideText;
use crate::owner::{Authorized, Owner, Response};
use crate::verify::{Record, hardware_notes};
use crate::x509::{Moment, hex};

/// What driving a claim needs from outside: a clock, a way to wait, and whoever makes the pair.
pub trait Host {
    /// The time since the claim began.
    fn elapsed(&self) -> Duration;

    /// Waits, and may tell the user what for.
    fn pause(&mut self, claim: &Claim, length: Duration) -> impl Future<Output = ()>;

    /// Something happened that a user may want to follow: a cluster was described, or a call
    /// failed.
    ///
    /// # Errors
    /// Whatever ends the claim.
    fn watch(&mut self, _claim: &Claim) -> Result<()> {
        Ok(())
    }

    /// Verifies, signs, checks and authorizes, for a claim that began without a pair. `None` ends
    /// the claim here: a dry run signs nothing.
    ///
    /// # Errors
    /// Whatever ends the claim.
    fn certify(&mut self, cluster: &Cluster) -> Result<Option<Authorized>>;

    /// InitializeCluster is about to be sent; `false` ends the claim here (`--dry-run`).
    ///
    /// # Errors
    /// That it cannot be put on record before; nothing is sent then.
    fn may_send(&mut self, request: &InitializeCluster) -> Result<bool>;
}

/// How a drive ended well.
#[derive(Clone, Debug)]
pub enum End {
    /// The cluster is this CA's.
    Claimed(Box<Outcome>),
    /// Everything but InitializeCluster was done; this would be sent.
    WouldSend(Box<InitializeCluster>),
    /// The CSR is verified; it would be signed next.
    WouldSign,
}

/// Drives a claim to its end.
///
/// # Errors
/// The claim's failure, or the host's.
pub async fn drive(
    service: &impl CloudHsm,
    claim: &mut Claim,
    host: &mut impl Host,
) -> Result<End> {
    loop {
        match claim.next(host.elapsed()) {
            Step::Describe => {
                let answer = service.describe(claim.cluster_id()).await;
                claim.described(answer);
                host.watch(claim)?;
            }
            Step::Pause(length) => host.pause(claim, length).await,
            Step::Certify(cluster) => {
                let Some(authorized) = host.certify(&cluster)? else {
                    return Ok(End::WouldSign);
                };
                claim.certified(&authorized)?;
            }
            Step::Initialize(request) => {
                if !host.may_send(&request)? {
                    return Ok(End::WouldSend(request));
                }
                let answer = service.initialize(&request).await;
                let failed = answer.is_err();
                claim.initialized(answer);
                // An answer has no news: what was seen last is older than it.
                if failed {
                    host.watch(claim)?;
                }
            }
            Step::Done(outcome) => return Ok(End::Claimed(outcome)),
            Step::Failed(failure) => return Err((*failure).into()),
        }
    }
}

/// What a receipt says besides the outcome.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// The cluster.
    pub cluster_id: &'a ClusterId,
    /// Its region.
    pub region: &'a str,
    /// The endpoint that was asked, where one was set.
    pub endpoint: Option<&'a str>,
    /// Name and version of the program.
    pub tool: &'a str,
    /// When InitializeCluster was sent last.
    pub submitted_at: Option<Moment>,
    /// Now.
    pub now: Moment,
    /// The verification, where something was judged.
    pub record: Option<&'a Record>,
    /// Why it went on without proof of the HSM.
    pub unverified: Option<Waiver>,
}

/// What is worth knowing of the hardware, beside the Mode that the cluster has.
pub(crate) fn notes(record: &Record, outcome: &Outcome) -> Vec<OutsideText> {
    hardware_notes(record, outcome.cluster.mode.as_ref().map(OutsideText::raw))
        .iter()
        .map(|note| note.as_str().into())
        .collect()
}

/// `receipt.json`: what was submitted, what the service answered, what DescribeClusters then
/// confirmed.
///
/// It says only what was compared: `outcome` is of a claim for the response's CSR, and the
/// cluster's certificate has that CSR's key.
pub fn receipt(
    response: &Response<'_>,
    owner: &Owner,
    outcome: &Outcome,
    account: &Account<'_>,
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
            How::Claimed => "claimed".into(),
            How::AlreadyClaimed => "already-claimed".into(),
        },
        submitted_at: account.submitted_at,
        confirmed_at: account.now,
        state: outcome.cluster.state.as_str().into(),
        answer,
        csr_sha256: Some(hex(&response.csr.fingerprint()).into()),
        signed_cert_sha256: hex(&response.signed_cert.fingerprint()).into(),
        trust_anchor_sha256: hex(&response.trust_anchor.first().fingerprint()).into(),
        chain_sha256: response
            .trust_anchor
            .above()
            .iter()
            .map(|above| hex(&above.fingerprint()).into())
            .collect(),
        cluster_certificate_sha256: hex(&outcome.certificate.fingerprint).into(),
        cluster_certificate: outcome
            .cluster
            .certificates
            .cluster_certificate
            .clone()
            .map(Into::into),
        owner: Some(owner.basis().as_str().into()),
        ca_from_bundle: owner.basis().waiver().map(Waiver::because),
        verdict: account.record.map(|record| record.verdict_word().into()),
        roots: account
            .record
            .map(|record| record.terms.roots.as_str().into()),
        notes: account
            .record
            .map(|record| notes(record, outcome))
            .unwrap_or_default(),
        unverified: account.unverified.clone(),
        site: Some(handover::site(&outcome.cluster)),
    }
}
