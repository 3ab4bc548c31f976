//! How each failure is told: its kind, its message and hint, its facts.

use crate::cloudhsm::{ClusterState, next_step};
use crate::error::{Error, ErrorKind, FactName};
use crate::outside::Lines;
use crate::x509::to_hex;

use super::super::live_csr::LiveCsr;
use super::super::ownership::Doubt;
use super::super::shown::Shown;
use super::state::{labelled_line, sent_note, state_forbids, state_reasons};
use super::{Failure, ForeignClaim};

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Service { error, open } => {
                let mut error = Error::from(error);
                if open {
                    error.message = error.message.followed_by(
                        "  InitializeCluster was sent, and whether it worked is not known",
                    );
                    error.hint = Lines::from(
                        "run the same command again: it looks at the cluster before it does \
                         anything",
                    )
                    .followed_by(error.hint);
                }
                error
            }
            Failure::NotFound {
                cluster_id,
                place,
                sent,
            } => {
                let endpoint = place.map(|place| place.to_string());
                let at = endpoint.as_ref().map(|place| format!("  at  {place}"));
                Error::new(
                    ErrorKind::ClusterNotFound,
                    Lines::from(format!("there is no cluster {cluster_id} here"))
                        .followed_by(at)
                        .followed_by(sent_note(sent)),
                    "check the id, the region and the account: `hsmboot status` lists the clusters \
                     there",
                )
                .with_fact(FactName::ClusterId, &cluster_id)
                .with_fact(FactName::Endpoint, endpoint)
                .with_fact(FactName::InitializeSent, sent)
            }
            Failure::StateForbids { cluster, sent } => state_forbids(&cluster, sent),
            Failure::CsrChanged {
                cluster_id,
                signed,
                now,
                sent,
            } => csr_changed(&cluster_id, &signed, &now, sent),
            Failure::ClaimedByAnother { claim, ours } => claimed_by_another(&claim, ours.as_ref()),
            Failure::OwnerUnclear { claim, doubt } => owner_unclear(&claim, &doubt),
            Failure::ClaimedForAnotherCsr { claim, signed } => foreign_claim(
                ErrorKind::ClaimedForAnotherCsr,
                &claim,
                [
                    format!(
                        "{} is claimed by this very CA, but with another key than the CSR's that \
                         was signed",
                        claim.cluster_id
                    ),
                    format!("  state        {}", claim.state),
                    certificate_line(CERTIFICATE, &claim.certificate),
                    format!("  signed CSR   SHA-256 {}", to_hex(&signed)),
                ],
                "what was verified here says nothing of that key: find out which CSR your CA \
                 signed for this cluster, and whether it was verified",
            )
            .with_fact(FactName::SignedCsrSha256, to_hex(&signed)),
            Failure::FellBack {
                cluster_id,
                state_message,
                answer,
            } => Error::new(
                ErrorKind::InitializationFellBack,
                Lines::from(format!(
                    "InitializeCluster was accepted, but {cluster_id} is UNINITIALIZED again"
                ))
                .followed_by(labelled_line("service", state_message.as_ref()))
                .followed_by(labelled_line("answer", answer.as_ref())),
                "run the same command again; if it comes back each time, the service's words above \
                 are for AWS Support",
            )
            .with_fact(FactName::ClusterId, &cluster_id)
            .with_fact(FactName::State, ClusterState::Uninitialized.to_string())
            .with_fact(FactName::ServiceMessage, state_message.as_ref())
            .with_fact(FactName::InitializeSent, true),
            Failure::NoEffect {
                cluster_id,
                sends,
                last,
            } => Error::new(
                ErrorKind::InitializeWithoutEffect,
                Lines::from(format!(
                    "InitializeCluster was sent {sends} times, without a usable \
                                     answer, and {cluster_id} is still UNINITIALIZED"
                ))
                .followed_by(labelled_line(
                    "last",
                    last.map(|error| error.summary_line()),
                )),
                "nothing has changed; run the same command again later",
            )
            .with_fact(FactName::ClusterId, &cluster_id)
            .with_fact(FactName::State, ClusterState::Uninitialized.to_string())
            .with_fact(FactName::Sends, sends)
            .with_fact(FactName::InitializeSent, true),
            Failure::Unfinished {
                cluster_id,
                state,
                waited,
                sent,
                last_error,
            } => {
                let hint = match &state {
                    Some(ClusterState::Degraded | ClusterState::Other(_)) => {
                        "run the same command again later; if the state stays, ask AWS Support"
                            .to_owned()
                    }
                    // No service does that (AWS CloudHSM User Guide, Activate the cluster).
                    Some(ClusterState::Initialized) => format!(
                        "it waits for its owner: `hsmboot status --cluster-id {cluster_id}` has \
                         every step up to `cluster activate`; then run the same command again"
                    ),
                    _ => "run the same command again: it goes on from here (`--timeout` gives it \
                          longer)"
                        .to_owned(),
                };
                let seen = state.as_ref().map(ToString::to_string);
                let state = seen.clone().unwrap_or_else(|| "never seen".to_owned());
                let note =
                    sent.then_some("  InitializeCluster was sent; whether it worked is not known");
                Error::new(
                    ErrorKind::NotFinished,
                    Lines::from([
                        format!("{cluster_id} is not there yet after {} s", waited.as_secs()),
                        format!("  state  {state}"),
                    ])
                    .followed_by(labelled_line(
                        "last",
                        last_error.map(|error| error.summary_line()),
                    ))
                    .followed_by(note),
                    hint,
                )
                .with_fact(FactName::ClusterId, &cluster_id)
                .with_fact(FactName::State, seen)
                .with_fact(FactName::WaitedSeconds, waited.as_secs())
                .with_fact(FactName::InitializeSent, sent)
            }
            Failure::OutOfReach { cluster, target } => Error::new(
                ErrorKind::StateOutOfReach,
                Lines::from([
                    format!("{} cannot become {} any more", cluster.cluster_id, target),
                    format!("  state  {}", cluster.state),
                ])
                .followed_by(labelled_line("restored", cluster.origin_text()))
                .followed_by(state_reasons(&cluster)),
                next_step(&cluster).advice_for(&cluster.cluster_id),
            )
            .with_next(next_step(&cluster).command_for(&cluster.cluster_id))
            .with_fact(FactName::ClusterId, &cluster.cluster_id)
            .with_fact(FactName::State, cluster.state.to_string())
            .with_fact(FactName::Target, target.to_string()),
        }
    }
}

fn csr_changed(cluster_id: &str, signed: &[u8; 32], now: &LiveCsr, sent: bool) -> Error {
    let live = match now {
        LiveCsr::Other(fingerprint) => Some(to_hex(fingerprint)),
        LiveCsr::Same | LiveCsr::Unreadable(_) => None,
    };
    let now = match now {
        LiveCsr::Same => "the same".to_owned(),
        LiveCsr::Other(fingerprint) => format!("SHA-256 {}  DescribeClusters", to_hex(fingerprint)),
        LiveCsr::Unreadable(why) => format!("cannot be read: {why}"),
    };
    Error::new(
        ErrorKind::CsrChanged,
        Lines::from([
            "the cluster's CSR is not the one that was signed".to_owned(),
            format!(
                "  signed  SHA-256 {}  {cluster_id}_ClusterCsr.csr",
                to_hex(signed)
            ),
            format!("  now     {now}"),
        ])
        .followed_by(sent_note(sent)),
        format!(
            "AWS replaces a failed first HSM, and the CSR with it; start again in a new directory \
             with `hsmboot fetch --cluster-id {cluster_id} --bundle DIR`; or `hsmboot bootstrap` \
             on this one keeps its files aside and goes on with the new CSR"
        ),
    )
    .with_fact(FactName::ClusterId, cluster_id)
    .with_fact(FactName::SignedCsrSha256, to_hex(signed))
    .with_fact(FactName::LiveCsrSha256, live)
    .with_fact(FactName::InitializeSent, sent)
}

const CERTIFICATE: &str = "certificate";

/// Returns the line of a certificate that stands below the first line of an error.
fn certificate_line(label: &str, shown: &Shown) -> String {
    format!(
        "  {label:<11}  SHA-256 {}  {}",
        to_hex(&shown.fingerprint),
        shown.subject
    )
}

/// Returns the first line, and then the state that the cluster is in and the certificate that it is
/// claimed with.
fn claimed_lines(first: String, claim: &ForeignClaim) -> [String; 4] {
    [
        first,
        format!("  state        {}", claim.state),
        certificate_line(CERTIFICATE, &claim.certificate),
        format!("  issued by    {}", claim.certificate.issuer),
    ]
}

/// Returns the error of a cluster that is claimed already, with its facts.
fn foreign_claim(
    kind: ErrorKind,
    claim: &ForeignClaim,
    message: impl Into<Lines>,
    hint: &str,
) -> Error {
    let message = message
        .into()
        .followed_by(labelled_line("restored   ", claim.origin.as_deref()))
        .followed_by(sent_note(claim.sent));
    Error::new(kind, message, hint)
        .with_fact(FactName::ClusterId, &claim.cluster_id)
        .with_fact(FactName::State, claim.state.to_string())
        .with_fact(
            FactName::CertificateSha256,
            to_hex(&claim.certificate.fingerprint),
        )
        .with_fact(
            FactName::CertificateSubject,
            claim.certificate.subject.as_encoded(),
        )
        .with_fact(
            FactName::CertificateIssuer,
            claim.certificate.issuer.as_encoded(),
        )
        .with_fact(FactName::InitializeSent, claim.sent)
}

fn claimed_by_another(claim: &ForeignClaim, ours: Option<&Shown>) -> Error {
    let mine = match ours {
        Some(ca) => certificate_line("your CA", ca),
        None => "  your CA      none given".to_owned(),
    };
    let first = format!("{} is claimed already, by another CA", claim.cluster_id);
    let hint = match &claim.origin {
        None => {
            "if that CA is yours, name it with `--ca`; if nobody knows it, do not use this \
             cluster, keep it as it is, and find out who claimed it: CloudTrail has its \
             InitializeCluster"
        }
        Some(_) => {
            "name the CA that claimed the cluster of that backup with `--ca`. If nobody knows it, \
             do not use this cluster, keep it as it is, and find out whose the backup was: \
             `hsmboot backup list` has its cluster"
        }
    };
    let message = Lines::from(claimed_lines(first, claim)).followed_by(mine);
    foreign_claim(ErrorKind::ClaimedByAnotherCa, claim, message, hint)
        .with_fact(FactName::CaSha256, ours.map(|ca| to_hex(&ca.fingerprint)))
}

fn owner_unclear(claim: &ForeignClaim, doubt: &Doubt) -> Error {
    let first = format!(
        "{} is claimed already, and its certificate does not tell whether by your CA: {doubt}",
        claim.cluster_id
    );
    let hint = match doubt {
        Doubt::NoCa if claim.origin.is_some() => {
            "name the CA that claimed the cluster of that backup with `--ca FILE`: then it can be \
             told"
        }
        Doubt::NoCa => "name your CA with `--ca FILE`: then it can be told",
        Doubt::AnotherName { .. } => {
            "name the CA's certificate of that name with `--ca`: one key has had two names"
        }
        Doubt::NotTheFirst { .. } => {
            "a chain's first certificate is that of the CA which claims: if that other CA is \
             yours, name a chain that begins with it, the root last"
        }
        Doubt::Subordinate { .. } => {
            "name the whole chain with `--ca`: the CA that signed first, the root last"
        }
        Doubt::Unreadable(_) | Doubt::CaItself | Doubt::Unverifiable(_) => {
            "nothing was changed; compare the certificate with what your CA has issued, and leave \
             the cluster as it is until you know"
        }
    };
    let kind = ErrorKind::ClaimedByUnknown;
    foreign_claim(kind, claim, claimed_lines(first, claim), hint)
}
