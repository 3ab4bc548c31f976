//! Walks: a cluster in every state, with HSMs in every state, and a person who does what the
//! program says next, until that leads somewhere.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use super::hsm::{check_takes_hsm, next_command};
use super::output::next_lines;
use super::view;
use crate::claim::wait::{Wait, WaitStep};
use crate::claim::{Claim, ClaimStep, Patience};
use crate::cloudhsm::{Cluster, ClusterState, HsmState, HsmSummary, next_step};
use crate::error::{Error, ErrorKind};
use crate::fetch;
use crate::x509::Moment;

const ID: &str = "cluster-abc234defgh";

/// The service, with one cluster.
#[derive(Clone)]
struct Model {
    cluster: Cluster,
    claimed: bool,
    hsms_made: usize,
}

/// The result of a command.
enum CommandAnswer {
    /// The CSR is fetched, or about to be signed.
    Arrived,
    /// Standard output.
    Text(String),
    /// An error.
    Failed(Error),
}

/// The end of a walk.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum WalkEnd {
    /// The CSR is there, and signing is next.
    Csr,
    /// A person has to decide or to do something outside this program.
    Person,
}

impl Model {
    fn new(state: &ClusterState, hsms: &[HsmState], csr: bool, certificate: bool) -> Self {
        let mut cluster = Cluster::new(ID, state.clone());
        for (n, state) in hsms.iter().enumerate() {
            let mut hsm = HsmSummary::new(
                format!(
                    "hsm-abc234defg{}",
                    char::from(b'a' + u8::try_from(n).unwrap())
                ),
                state.clone(),
            );
            hsm.state_message = (*state == HsmState::Degraded)
                .then(|| BROKEN_HSM_MESSAGE.to_owned())
                .map(Into::into);
            cluster.hsms.push(hsm);
        }
        cluster.certificates.cluster_csr = csr.then(|| "csr".to_owned());
        cluster.certificates.cluster_certificate = certificate.then(|| "certificate".to_owned());
        let claimed = certificate
            || matches!(
                state,
                ClusterState::InitializeInProgress
                    | ClusterState::Initialized
                    | ClusterState::Active
            );
        Model {
            cluster,
            claimed,
            hsms_made: 0,
        }
    }

    /// Lets some time pass, in which what is in progress goes on.
    fn time_passes(&mut self) {
        let cluster = &mut self.cluster;
        cluster
            .hsms
            .retain(|hsm| !matches!(hsm.state, HsmState::DeleteInProgress | HsmState::Deleted));
        let active = cluster.hsms.iter().any(|hsm| hsm.state == HsmState::Active);
        for hsm in &mut cluster.hsms {
            if matches!(hsm.state, HsmState::CreateInProgress | HsmState::Other(_)) {
                hsm.state = HsmState::Active;
            }
        }
        let unclaimed = matches!(cluster.state, ClusterState::Uninitialized);
        if cluster.hsms.is_empty() {
            cluster.certificates.cluster_csr = None;
        } else if active && unclaimed {
            cluster.certificates.cluster_csr = Some("csr".to_owned());
        }
        cluster.state = match cluster.state.clone() {
            ClusterState::CreateInProgress => ClusterState::Uninitialized,
            ClusterState::InitializeInProgress => ClusterState::Initialized,
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
                if self.claimed =>
            {
                ClusterState::Active
            }
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress => ClusterState::Uninitialized,
            ClusterState::DeleteInProgress => ClusterState::Deleted,
            other => other,
        };
    }

    fn run(&mut self, command: &str) -> CommandAnswer {
        let words: Vec<&str> = command.split_whitespace().collect();
        assert!(words.contains(&ID), "a command about no cluster: {command}");
        let value = |name: &str| {
            words
                .iter()
                .position(|word| *word == name)
                .and_then(|at| words.get(at + 1))
                .copied()
        };
        match words.get(1..3).unwrap_or_default() {
            ["status", _] => CommandAnswer::Text(view::cluster_text(&self.cluster).to_plain()),
            ["fetch", _] => self.fetch(),
            ["bootstrap", _] => self.bootstrap(),
            ["wait", _] => self.wait(
                value("--for").unwrap(),
                value("--timeout").map_or(1800, |seconds| seconds.parse().unwrap()),
            ),
            ["hsm", "create"] => self.create_hsm(value("--availability-zone").unwrap()),
            ["hsm", "delete"] => self.delete_hsm(value("--hsm-id").unwrap()),
            _ => panic!("an unknown command: {command}"),
        }
    }

    fn fetch(&self) -> CommandAnswer {
        thread_local!(
            static WRITTEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) }
        );
        let key = format!("{:?}", self.cluster);
        if WRITTEN.with_borrow(|written| written.contains(&key)) {
            return self.fetch_answer();
        }
        let dir = tempfile::tempdir().unwrap();
        let facts = fetch::FetchFacts {
            region: "eu-west-1",
            endpoint: None,
            now: Moment::from_constant(1_700_000_000),
            tool: "hsmboot test",
            step: Default::default(),
        };
        match fetch::write(&dir.path().join("b"), &self.cluster, &facts, false) {
            Ok(_) => {
                WRITTEN.with_borrow_mut(|written| written.insert(key));
                self.fetch_answer()
            }
            Err(error) => CommandAnswer::Failed(error),
        }
    }

    fn fetch_answer(&self) -> CommandAnswer {
        super::fetch::broken_hsm_warning(&self.cluster).map_or(CommandAnswer::Arrived, |text| {
            CommandAnswer::Text(text.to_string())
        })
    }

    fn bootstrap(&mut self) -> CommandAnswer {
        let mut claim = begin_claim();
        let mut now = Duration::ZERO;
        loop {
            match claim.next(now) {
                ClaimStep::Describe => claim.record_description(Ok(Some(self.cluster.clone()))),
                ClaimStep::Pause(length) => {
                    now += length;
                    self.time_passes();
                }
                ClaimStep::Failed(failure) => return CommandAnswer::Failed((*failure).into()),
                ClaimStep::Certify(_) => return CommandAnswer::Arrived,
                other => panic!("{other:?}"),
            }
        }
    }

    fn wait(&mut self, target: &str, seconds: u64) -> CommandAnswer {
        let mut wait = Wait::new(
            ID,
            target.parse().unwrap(),
            Duration::from_secs(seconds),
            Patience::default(),
        );
        let mut now = Duration::ZERO;
        loop {
            match wait.next(now) {
                WaitStep::Describe => wait.record_description(Ok(Some(self.cluster.clone()))),
                WaitStep::Pause(length) => {
                    now += length;
                    self.time_passes();
                }
                WaitStep::Done(cluster) => {
                    return CommandAnswer::Text(view::cluster_text(&cluster.unwrap()).to_plain());
                }
                WaitStep::Failed(failure) => {
                    let stuck = matches!(
                        self.cluster.state,
                        ClusterState::Degraded | ClusterState::Other(_)
                    );
                    assert!(
                        now < Duration::from_secs(60) || stuck,
                        "waited {now:?} for {target} for nothing: {:?}",
                        self.cluster
                    );
                    return CommandAnswer::Failed((*failure).into());
                }
            }
        }
    }

    fn create_hsm(&mut self, zone: &str) -> CommandAnswer {
        if let Err(error) = check_takes_hsm(&self.cluster, zone) {
            return CommandAnswer::Failed(error);
        }
        self.hsms_made += 1;
        assert!(self.hsms_made < 3, "HSM after HSM");
        self.cluster.hsms.push(HsmSummary::new(
            format!(
                "hsm-new234defg{}",
                char::from(b'a' + u8::try_from(self.hsms_made).unwrap())
            ),
            HsmState::CreateInProgress,
        ));
        CommandAnswer::Text(next_lines(next_command(&self.cluster).as_slice()))
    }

    fn delete_hsm(&mut self, hsm_id: &str) -> CommandAnswer {
        assert!(
            !self.claimed,
            "an HSM of a claimed cluster was to be deleted"
        );
        if let Some(hsm) = self
            .cluster
            .hsms
            .iter_mut()
            .find(|hsm| hsm.hsm_id == hsm_id)
        {
            hsm.state = HsmState::DeleteInProgress;
        }
        self.time_passes();
        CommandAnswer::Text(next_lines(next_command(&self.cluster).as_slice()))
    }
}

const BROKEN_HSM_MESSAGE: &str = "HSM creation failed. Please delete this HSM and try again.";

/// Returns the claim of a `bootstrap` that knows nothing but the cluster.
fn begin_claim() -> Claim {
    Claim::for_bootstrap(ID, None, None, Patience::default())
}

/// Returns the first command that a text names.
fn first_command(text: &str) -> Option<String> {
    let from = text.find("hsmboot ").and_then(|at| text.get(at..))?;
    from.split(['`', '\n'])
        .next()
        .map(|command| command.replace("ZONE", "eu-west-1a").trim_end().to_owned())
}

/// Tells whether a text names something that only a person can do.
fn is_for_a_person(text: &str) -> bool {
    [
        "AWS Support",
        "API Reference",
        "create another cluster",
        "activate it",
        "nothing is left to do",
        "CloudTrail",
        "leave the cluster as it is",
        "name your CA",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// The longest walk: more commands than any walk needs. A cluster without a CSR takes three things,
/// and each is said, done and waited for.
const LONGEST_WALK: usize = 12;

fn follow_hints(start: &Model, first: &str) -> WalkEnd {
    let mut model = start.clone();
    let (mut command, mut pending, mut trail) =
        (format!("hsmboot {first}"), Vec::<String>::new(), Vec::new());
    loop {
        trail.push(format!(
            "{command}    [{} {:?}]",
            model.cluster.state,
            model
                .cluster
                .hsms
                .iter()
                .map(|hsm| hsm.state.to_string())
                .collect::<Vec<_>>()
        ));
        let stuck = |why: &str| -> ! { panic!("{why}:\n{}", trail.join("\n")) };
        if trail.len() > LONGEST_WALK {
            stuck("a circle");
        }
        let (text, failed) = match model.run(&command) {
            CommandAnswer::Arrived => return WalkEnd::Csr,
            CommandAnswer::Text(text) => (text, false),
            CommandAnswer::Failed(error) => {
                let broken = error.kind == ErrorKind::NoHsm
                    && model
                        .cluster
                        .hsms
                        .iter()
                        .any(|hsm| hsm.state == HsmState::Degraded);
                assert!(
                    !broken || error.message.contains(BROKEN_HSM_MESSAGE),
                    "the service's words are not shown: {}",
                    error.message
                );
                (error.hint.to_string(), true)
            }
        };
        for words in ["cluster delete", "delete the cluster", "delete it"] {
            assert!(!text.contains(words), "{text}");
        }
        // Unless that is the very advice, nobody runs `hsm delete` on a claimed cluster.
        assert!(
            !model.claimed || !text.contains("hsm delete"),
            "{text}\n{}",
            trail.join("\n")
        );
        model.time_passes();
        // Only a person knows which file is the own CA's.
        if let Some(next) = first_command(&text).filter(|next| !next.ends_with("--ca FILE")) {
            if failed && text.contains("the same command again") {
                pending.push(command);
            }
            command = next;
        } else if is_for_a_person(&text) {
            return WalkEnd::Person;
        } else if let Some(before) = pending.pop() {
            command = before;
        } else if failed {
            stuck(&format!("a dead end, \"{text}\""));
        } else {
            // It is done, and says no more.
            return if next_step(&model.cluster).command_for(&ID.into()).is_none() {
                WalkEnd::Person
            } else {
                stuck(&format!("nothing comes next, \"{text}\""))
            };
        }
    }
}

fn hsm_states() -> Vec<HsmState> {
    HsmState::KNOWN
        .iter()
        .map(|name| HsmState::from(*name))
        .chain([HsmState::Other("PONDERING".into())])
        .collect()
}

/// No HSM, one in every state, two in every two states.
fn hsm_sets() -> Vec<Vec<HsmState>> {
    let one: Vec<Vec<HsmState>> = hsm_states().into_iter().map(|state| vec![state]).collect();
    let two = hsm_states().into_iter().flat_map(|first| {
        hsm_states()
            .into_iter()
            .map(move |second| vec![first.clone(), second])
    });
    [vec![Vec::new()], one.clone(), two.collect()].concat()
}

#[test]
fn whoever_follows_the_hints_gets_somewhere_from_every_pair_of_states() {
    let commands = [
        "status",
        "fetch",
        "bootstrap",
        "wait csr",
        "wait csr --timeout 2",
        "wait initialized",
        "hsm create",
    ]
    .map(|name| match name.split_once(' ') {
        Some(("wait", target)) => format!("wait --cluster-id {ID} --for {target}"),
        Some(_) => format!("hsm create --cluster-id {ID} --availability-zone eu-west-1a"),
        None => format!("{name} --cluster-id {ID}"),
    });
    for name in ClusterState::KNOWN.iter().chain(&["PONDERING"]) {
        let state = ClusterState::from(*name);
        for hsms in hsm_sets() {
            for (csr, certificate) in [(false, false), (true, false), (false, true)] {
                let fresh = matches!(
                    state,
                    ClusterState::Uninitialized | ClusterState::CreateInProgress
                );
                if fresh && certificate {
                    continue;
                }
                let model = Model::new(&state, &hsms, csr, certificate);
                for command in &commands {
                    // Whoever asks for another HSM of a cluster that may have one gets it; and a
                    // wait for what somebody else is to do may be a long one.
                    let asks_for_more = command.starts_with("hsm create") && !fresh;
                    let hopes = command.ends_with("initialized")
                        && !model.claimed
                        && (csr || !hsms.is_empty() || !fresh);
                    if asks_for_more || hopes {
                        continue;
                    }
                    let end = follow_hints(&model, command);
                    assert!(
                        !fresh || end == WalkEnd::Csr,
                        "{name} {hsms:?}, CSR {csr}: `{command}` ends with a person"
                    );
                }
            }
        }
    }
}
