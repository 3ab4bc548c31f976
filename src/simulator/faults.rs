//! Faults on demand: what goes wrong with the next calls of an action, and a count of the calls that came.

use std::collections::BTreeMap;
use std::time::Duration;

/// One thing that can go wrong. The comment says which behaviour of a client it tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `throttling`: ThrottlingException, HTTP 400, nothing changed. A client waits and tries again.
    Throttling,
    /// `internal-failure`: CloudHsmInternalFailureException, HTTP 500, nothing changed. A client must look before it
    /// sends anything again that is not repeatable.
    InternalFailure,
    /// `unavailable`: ServiceUnavailableException, HTTP 503, nothing changed.
    Unavailable,
    /// `access-denied`: CloudHsmAccessDeniedException, HTTP 400. A client gives up.
    AccessDenied,
    /// `close-before`: the connection is closed before anything is changed.
    CloseBefore,
    /// `close-after`: the change is made, then the connection is closed without an answer. A client that sends again is
    /// refused; one that looks finds its work done.
    CloseAfter,
    /// `delay`: the answer comes this much later, the change too.
    Delay(Duration),
    /// `initialize-never-ends`: InitializeCluster is accepted, and the cluster stays INITIALIZE_IN_PROGRESS.
    InitializeNeverEnds,
    /// `initialize-fails`: InitializeCluster is accepted, and the cluster falls back to UNINITIALIZED.
    InitializeFails,
}

impl Fault {
    /// The fault of that name; `millis` is for `delay` alone.
    pub fn parse(name: &str, millis: u64) -> Option<Self> {
        Some(match name {
            "throttling" => Self::Throttling,
            "internal-failure" => Self::InternalFailure,
            "unavailable" => Self::Unavailable,
            "access-denied" => Self::AccessDenied,
            "close-before" => Self::CloseBefore,
            "close-after" => Self::CloseAfter,
            "delay" => Self::Delay(Duration::from_millis(millis)),
            "initialize-never-ends" => Self::InitializeNeverEnds,
            "initialize-fails" => Self::InitializeFails,
            _ => return None,
        })
    }
}

struct Rule {
    /// `None`: any action.
    action: Option<String>,
    fault: Fault,
    left: u32,
}

/// The faults that wait to happen, and the calls that came.
#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Rule>,
    calls: BTreeMap<String, u64>,
}

impl Faults {
    pub(super) fn add(&mut self, action: Option<&str>, fault: Fault, count: u32) {
        self.rules.push(Rule { action: action.map(str::to_owned), fault, left: count });
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Counts a call, and takes the faults that befall it: at most one delay and one other, the oldest first.
    pub(super) fn befall(&mut self, action: &str) -> (Option<Duration>, Option<Fault>) {
        let calls = self.calls.entry(action.to_owned()).or_default();
        *calls = calls.saturating_add(1);
        let (mut delay, mut other) = (None, None);
        for rule in &mut self.rules {
            let slot_free = if matches!(rule.fault, Fault::Delay(_)) { delay.is_none() } else { other.is_none() };
            if rule.left == 0 || !slot_free || rule.action.as_deref().is_some_and(|only| only != action) {
                continue;
            }
            rule.left = rule.left.saturating_sub(1);
            match rule.fault {
                Fault::Delay(by) => delay = Some(by),
                fault => other = Some(fault),
            }
        }
        self.rules.retain(|rule| rule.left > 0);
        (delay, other)
    }

    /// How often each action has been called, whatever the answer.
    pub(super) fn calls(&self) -> &BTreeMap<String, u64> {
        &self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_befall_their_action_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.add(Some("CreateHsm"), Fault::Throttling, 2);
        assert_eq!(faults.befall("CreateCluster"), (None, None));
        assert_eq!(faults.befall("CreateHsm"), (None, Some(Fault::Throttling)));
        assert_eq!(faults.befall("CreateHsm"), (None, Some(Fault::Throttling)));
        assert_eq!(faults.befall("CreateHsm"), (None, None));
        assert_eq!(faults.calls()["CreateHsm"], 3);
    }

    #[test]
    fn a_delay_goes_with_another_fault_and_the_oldest_comes_first() {
        let mut faults = Faults::default();
        let delay = Duration::from_millis(5);
        faults.add(None, Fault::Unavailable, 1);
        faults.add(None, Fault::Delay(delay), 1);
        faults.add(None, Fault::AccessDenied, 1);
        assert_eq!(faults.befall("X"), (Some(delay), Some(Fault::Unavailable)));
        assert_eq!(faults.befall("X"), (None, Some(Fault::AccessDenied)));
    }
}
