//! How a claim, or a `wait`, can end without its goal, and how that is told.

use std::time::Duration;

use crate::cloudhsm::{Cluster, ClusterState, NextStep, Place, ServiceError, next_step};
use crate::error::{Error, ErrorKind};
use crate::outside::{Lines, OutsideText};
use crate::x509::hex;

use super::ownership::Doubt;
use super::view::Shown;
use super::wait::Target;

/// Why the cluster is not claimed, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A call failed for good.
    Service {
        /// The call.
        error: ServiceError,
        /// A request is out whose outcome nobody knows.
        open: bool,
    },
    /// The service shows no such cluster.
    NotFound {
        /// The cluster's id.
        cluster_id: String,
        /// Where we looked.
        place: Option<Place>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster's state, or its HSMs', does not allow it.
    StateForbids {
        /// The cluster as it was described.
        cluster: Box<Cluster>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster's CSR is not the one that was signed.
    CsrChanged {
        /// The cluster's id.
        cluster_id: String,
        /// SHA-256 of the CSR that was signed.
        signed: [u8; 32],
        /// What the cluster has now.
        now: LiveCsr,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster is claimed, and its certificate is not from this CA.
    ClaimedByAnother {
        /// The cluster's id.
        cluster_id: String,
        /// Its state.
        state: ClusterState,
        /// The cluster's certificate.
        theirs: Shown,
        /// This run's CA certificate, if there is one.
        ours: Option<Shown>,
        /// [`Cluster::origin`]: a cluster that was restored was claimed before.
        origin: Option<String>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster is claimed, and nobody can tell by whom.
    OwnerUnclear {
        /// The cluster's id.
        cluster_id: String,
        /// Its state.
        state: ClusterState,
        /// The cluster's certificate.
        theirs: Shown,
        /// Why.
        doubt: Doubt,
        /// [`Cluster::origin`]: a cluster that was restored was claimed before.
        origin: Option<String>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster is claimed with a certificate of this CA, but for another key than that of the
    /// CSR that was signed.
    ClaimedForAnotherCsr {
        /// The cluster's id.
        cluster_id: String,
        /// Its state.
        state: ClusterState,
        /// The cluster's certificate.
        theirs: Shown,
        /// SHA-256 of the CSR that was signed.
        signed: [u8; 32],
        /// [`Cluster::origin`]: a cluster that was restored was claimed before.
        origin: Option<String>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// InitializeCluster was accepted, and the cluster went back to UNINITIALIZED.
    FellBack {
        /// The cluster's id.
        cluster_id: String,
        /// The service's sentence about the state.
        state_message: Option<OutsideText>,
        /// The sentence that InitializeCluster answered with.
        answer: Option<OutsideText>,
    },
    /// InitializeCluster was sent several times and never had any effect.
    NoEffect {
        /// The cluster's id.
        cluster_id: String,
        /// How often.
        sends: u32,
        /// The last error.
        last: Option<ServiceError>,
    },
    /// Time ran out.
    Unfinished {
        /// The cluster's id.
        cluster_id: String,
        /// The state seen last.
        state: Option<ClusterState>,
        /// How long was waited.
        waited: Duration,
        /// InitializeCluster was sent before.
        sent: bool,
        /// The last call that failed, where that is what kept us waiting.
        last_error: Option<ServiceError>,
    },
    /// `wait`: the cluster cannot get to the state any more.
    OutOfReach {
        /// The cluster as it was described.
        cluster: Box<Cluster>,
        /// What was waited for.
        target: Target,
    },
}

/// The cluster's CSR, compared with the one that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveCsr {
    /// The very same.
    Same,
    /// Another; its SHA-256.
    Other([u8; 32]),
    /// Not a CSR: why.
    Unreadable(String),
}

const SENT: &str =
    "  InitializeCluster was sent before that; the service says nothing about its outcome";

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Service { error, open } => {
                let mut error = Error::from(error);
                if open {
                    error.message = error.message.and(
                        "  InitializeCluster was sent, and whether \
                                                       it worked is not known",
                    );
                    error.hint = Lines::from(
                        "run the same command again: it looks at the cluster \
                                              before it does anything",
                    )
                    .and(error.hint);
                }
                error
            }
            Failure::NotFound {
                cluster_id,
                place,
                sent,
            } => {
                let at = place.map(|place| format!("  at  {place}"));
                Error::new(
                    ErrorKind::ClusterNotFound,
                    Lines::from(format!("there is no cluster {cluster_id} here"))
                        .and(at)
                        .and(note(sent)),
                    "check the id, the region and the account: `hsmboot status` lists the clusters \
                     there",
                )
            }
            Failure::StateForbids { cluster, sent } => state_forbids(&cluster, sent),
            Failure::CsrChanged {
                cluster_id,
                signed,
                now,
                sent,
            } => csr_changed(&cluster_id, &signed, &now, sent),
            Failure::ClaimedByAnother {
                cluster_id,
                state,
                theirs,
                ours,
                origin,
                sent,
            } => claimed_by_another(
                &cluster_id,
                &state,
                &theirs,
                ours.as_ref(),
                origin.as_deref(),
                sent,
            ),
            Failure::OwnerUnclear {
                cluster_id,
                state,
                theirs,
                doubt,
                origin,
                sent,
            } => owner_unclear(
                &cluster_id,
                &state,
                &theirs,
                &doubt,
                origin.as_deref(),
                sent,
            ),
            Failure::ClaimedForAnotherCsr {
                cluster_id,
                state,
                theirs,
                signed,
                origin,
                sent,
            } => Error::new(
                ErrorKind::ClaimedForAnotherCsr,
                Lines::from([
                    format!(
                        "{cluster_id} is claimed by this very CA, but with another key than \
                             the CSR's that was signed"
                    ),
                    format!("  state        {state}"),
                    format!(
                        "  certificate  SHA-256 {}  {}",
                        hex(&theirs.fingerprint),
                        theirs.subject
                    ),
                    format!("  signed CSR   SHA-256 {}", hex(&signed)),
                ])
                .and(line("restored   ", origin))
                .and(note(sent)),
                "what was verified here says nothing of that key: find out which CSR your CA \
                 signed for this cluster, and whether it was verified",
            ),
            Failure::FellBack {
                cluster_id,
                state_message,
                answer,
            } => Error::new(
                ErrorKind::InitializationFellBack,
                Lines::from(format!(
                    "InitializeCluster was accepted, but {cluster_id} is \
                                     UNINITIALIZED again"
                ))
                .and(line("service", state_message.as_ref()))
                .and(line("answer", answer.as_ref())),
                "run the same command again; if it comes back each time, the service's words above \
                 are for AWS Support",
            ),
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
                .and(line("last", last.map(|error| error.brief()))),
                "nothing has changed; run the same command again later",
            ),
            Failure::Unfinished {
                cluster_id,
                state,
                waited,
                sent,
                last_error,
            } => {
                let hint = match &state {
                    Some(ClusterState::Degraded | ClusterState::Other(_)) => {
                        "run the same command again later; if the state stays, ask AWS \
                         Support"
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
                let state =
                    state.map_or_else(|| "never seen".to_owned(), |state| state.to_string());
                let sent = sent.then_some(
                    "  InitializeCluster was sent; whether it worked is not \
                                           known",
                );
                Error::new(
                    ErrorKind::NotFinished,
                    Lines::from([
                        format!("{cluster_id} is not there yet after {} s", waited.as_secs()),
                        format!("  state  {state}"),
                    ])
                    .and(line("last", last_error.map(|error| error.brief())))
                    .and(sent),
                    hint,
                )
            }
            Failure::OutOfReach { cluster, target } => Error::new(
                ErrorKind::StateOutOfReach,
                Lines::from([
                    format!("{} cannot become {} any more", cluster.cluster_id, target),
                    format!("  state  {}", cluster.state),
                ])
                .and(line("restored", cluster.origin()))
                .and(reasons(&cluster)),
                next_step(&cluster).advice(&cluster.cluster_id),
            ),
        }
    }
}

fn note(sent: bool) -> Option<&'static str> {
    sent.then_some(SENT)
}

fn line(label: &str, text: Option<impl std::fmt::Display>) -> Lines {
    text.map(|text| text.to_string())
        .filter(|text| !text.is_empty())
        .map(|text| format!("  {label}  {text}"))
        .into()
}

fn csr_changed(cluster_id: &str, signed: &[u8; 32], now: &LiveCsr, sent: bool) -> Error {
    let now = match now {
        LiveCsr::Same => "the same".to_owned(),
        LiveCsr::Other(fingerprint) => format!("SHA-256 {}  DescribeClusters", hex(fingerprint)),
        LiveCsr::Unreadable(why) => format!("cannot be read: {why}"),
    };
    Error::new(
        ErrorKind::CsrChanged,
        Lines::from([
            "the cluster's CSR is not the one that was signed".to_owned(),
            format!(
                "  signed  SHA-256 {}  {cluster_id}_ClusterCsr.csr",
                hex(signed)
            ),
            format!("  now     {now}"),
        ])
        .and(note(sent)),
        format!(
            "AWS replaces a failed first HSM, and the CSR with it; start again in a new directory \
             with `hsmboot fetch --cluster-id {cluster_id} --bundle DIR`"
        ),
    )
}

/// The first line, and then the state that the cluster is in and the certificate that it is claimed
/// with.
fn claimed(first: String, state: &ClusterState, theirs: &Shown) -> Lines {
    Lines::from([
        first,
        format!("  state        {state}"),
        format!(
            "  certificate  SHA-256 {}  {}",
            hex(&theirs.fingerprint),
            theirs.subject
        ),
        format!("  issued by    {}", theirs.issuer),
    ])
}

fn claimed_by_another(
    cluster_id: &str,
    state: &ClusterState,
    theirs: &Shown,
    ours: Option<&Shown>,
    origin: Option<&str>,
    sent: bool,
) -> Error {
    let mine = match ours {
        Some(ca) => format!(
            "  your CA      SHA-256 {}  {}",
            hex(&ca.fingerprint),
            ca.subject
        ),
        None => "  your CA      none given".to_owned(),
    };
    Error::new(
        ErrorKind::ClaimedByAnotherCa,
        claimed(
            format!("{cluster_id} is claimed already, by another CA"),
            state,
            theirs,
        )
        .and(mine)
        .and(line("restored   ", origin))
        .and(note(sent)),
        match origin {
            None => {
                "if that CA is yours, name it with `--ca`; if nobody knows it, do not use this \
                 cluster, keep it as it is, and find out who claimed it: CloudTrail has its \
                 InitializeCluster"
            }
            Some(_) => {
                "name the CA that claimed the cluster of that backup with `--ca`. If nobody knows \
                 it, do not use this cluster, keep it as it is, and find out whose the backup was: \
                 `hsmboot backup list` has its cluster"
            }
        },
    )
}

fn owner_unclear(
    cluster_id: &str,
    state: &ClusterState,
    theirs: &Shown,
    doubt: &Doubt,
    origin: Option<&str>,
    sent: bool,
) -> Error {
    Error::new(
        ErrorKind::ClaimedByUnknown,
        claimed(
            format!(
                "{cluster_id} is claimed already, and its certificate does not tell \
                         whether by your CA: {doubt}"
            ),
            state,
            theirs,
        )
        .and(line("restored   ", origin))
        .and(note(sent)),
        match doubt {
            Doubt::NoCa if origin.is_some() => {
                "name the CA that claimed the cluster of that \
                                                backup with `--ca FILE`: then it can be told"
            }
            Doubt::NoCa => "name your CA with `--ca FILE`: then it can be told",
            Doubt::AnotherName { .. } => {
                "name the CA's certificate of that name with `--ca`: one \
                                          key has had two names"
            }
            Doubt::NotTheFirst { .. } => {
                "a chain's first certificate is that of the CA which claims: if that other CA is \
                 yours, name a chain that begins with it, the root last"
            }
            Doubt::Subordinate { .. } => {
                "name the whole chain with `--ca`: the CA that signed \
                                          first, the root last"
            }
            Doubt::Unreadable(_) | Doubt::CaItself | Doubt::Unverifiable(_) => {
                "nothing was changed; compare the certificate with what your CA has issued, and \
                 leave the cluster as it is until you know"
            }
        },
    )
}

/// The service's sentences about the states of the cluster and of its HSMs, a line each.
pub(crate) fn reasons(cluster: &Cluster) -> Lines {
    let hsms = cluster
        .hsms
        .iter()
        .map(|hsm| line(&format!("{} says", hsm.hsm_id), hsm.state_message.as_ref()));
    std::iter::once(line("service", cluster.state_message.as_ref()))
        .chain(hsms)
        .collect()
}

/// One sentence per state, and what to do about it.
fn state_forbids(cluster: &Cluster, sent: bool) -> Error {
    let id = &cluster.cluster_id;
    let (kind, what) = match &cluster.state {
        ClusterState::CreateInProgress => (
            ErrorKind::ClusterNotReady,
            "is still being created".to_owned(),
        ),
        ClusterState::Uninitialized => uninitialized(cluster),
        ClusterState::InitializeInProgress => (
            ErrorKind::ClusterNotReady,
            "is being initialized".to_owned(),
        ),
        ClusterState::Initialized | ClusterState::Active => (
            ErrorKind::ClaimedByUnknown,
            "is claimed already, and DescribeClusters shows no certificate that would tell by whom"
                .to_owned(),
        ),
        ClusterState::UpdateInProgress
        | ClusterState::ModifyInProgress
        | ClusterState::RollbackInProgress => (
            ErrorKind::ClusterBusy,
            "is being changed and shows no certificate".to_owned(),
        ),
        ClusterState::Degraded => (
            ErrorKind::ClusterDegraded,
            "is degraded, and shows no certificate that would tell whether it is claimed"
                .to_owned(),
        ),
        ClusterState::DeleteInProgress => {
            (ErrorKind::ClusterDeleted, "is being deleted".to_owned())
        }
        ClusterState::Deleted => (ErrorKind::ClusterDeleted, "is deleted".to_owned()),
        ClusterState::Other(_) => (
            ErrorKind::ClusterStateUnknown,
            "is in a state that this version of hsmboot does not know".to_owned(),
        ),
    };
    let hint = match &cluster.state {
        // Somebody has claimed it: that comes before what its owner would do next.
        ClusterState::Initialized | ClusterState::Active => {
            "run the same command again in a minute; if it stays so, ask AWS Support for the \
             cluster's certificate"
                .to_owned()
        }
        _ => next_step(cluster).advice(id),
    };
    let origin = line("restored", cluster.origin());
    Error::new(
        kind,
        Lines::from([
            format!("{id} {what}"),
            format!("  state  {}", cluster.state),
        ])
        .and(origin)
        .and(reasons(cluster))
        .and(note(sent)),
        hint,
    )
}

fn uninitialized(cluster: &Cluster) -> (ErrorKind, String) {
    let states: Vec<String> = cluster
        .hsms
        .iter()
        .map(|hsm| format!("{} {}", hsm.hsm_id, hsm.state))
        .collect();
    let states = states.join(", ");
    match next_step(cluster) {
        NextStep::Wait(_) => (
            ErrorKind::CsrNotReady,
            format!("has no CSR yet: its first HSM makes it ({states})"),
        ),
        NextStep::DeleteHsm { .. } | NextStep::WaitUntilGone { .. } => (
            ErrorKind::NoHsm,
            format!("has no working HSM ({states}), and only an HSM makes the CSR"),
        ),
        _ => (
            ErrorKind::NoHsm,
            "has no HSM, and its first HSM makes the CSR".to_owned(),
        ),
    }
}
