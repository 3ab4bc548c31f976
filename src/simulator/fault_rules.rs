//! Faults on demand, with the calls that they affect and their number, and a count of the calls
//! that came.

use std::collections::BTreeMap;
use std::time::Duration;

use super::api::ACTIONS;
use super::faults::{AddressedCluster, InjectedFault};
use super::json_protocol::excerpt;
use super::random::SeededRandom;

/// A fault, and the calls that meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// The fault.
    pub fault: InjectedFault,
    /// The only action that it affects. `None`: every action that the fault can affect.
    pub action: Option<String>,
    /// The number of calls that it affects. `None`: all.
    pub count: Option<u32>,
    /// The percentage of these calls that it affects, drawn from the seed. `None`: each call.
    pub percent: Option<u8>,
}

impl FaultRule {
    /// Reads `NAME[:ACTION][:COUNT][:PERCENT%]`; a delay may have its length, `delay=MILLIS`.
    /// Without a count and a percentage it affects one call, with a percentage alone it has no
    /// limit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let (name, millis) = match name.split_once('=') {
            Some((name @ "delay", millis)) => (
                name,
                millis
                    .parse()
                    .map_err(|_| format!("'{}' is no number of milliseconds", excerpt(millis)))?,
            ),
            _ => (name, 1000),
        };
        let known = || InjectedFault::ALL.map(|(name, _)| name).join(", ");
        let fault = InjectedFault::parse(name, millis)
            .ok_or_else(|| format!("'{}' is no fault; there are {}", excerpt(name), known()))?;
        let mut rule = Self {
            fault,
            action: None,
            count: None,
            percent: None,
        };
        for part in parts {
            let twice = || {
                format!(
                    "'{}': action, count and percentage may come once each",
                    excerpt(part)
                )
            };
            if let Some(percent) = part.strip_suffix('%') {
                let percent = percent
                    .parse()
                    .ok()
                    .filter(|percent| (1..=100).contains(percent));
                let percent: u8 = percent.ok_or_else(|| {
                    format!("'{}' is no percentage from 1% to 100%", excerpt(part))
                })?;
                rule.percent
                    .replace(percent)
                    .map_or(Ok(()), |_| Err(twice()))?;
            } else if let Ok(count) = part.parse::<u32>() {
                rule.count.replace(count).map_or(Ok(()), |_| Err(twice()))?;
            } else {
                rule.action
                    .replace(known_action(part)?)
                    .map_or(Ok(()), |_| Err(twice()))?;
            }
        }
        if rule.percent.is_none() {
            rule.count.get_or_insert(1);
        }
        Ok(rule)
    }
}

/// Returns the name of an action, or an error that says what was expected.
pub(super) fn known_action(name: &str) -> Result<String, String> {
    if ACTIONS.iter().any(|action| action.name == name) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "'{}' is no action of CloudHSM V2, no count and no percentage",
            excerpt(name)
        ))
    }
}

/// The number of rules from control commands that may wait at a time: every call goes through all
/// of them.
const MOST_WAITING: usize = 1000;

struct WaitingFault {
    rule: FaultRule,
    random: SeededRandom,
}

/// The faults that wait to happen, and the counts of the calls that came.
#[derive(Default)]
pub(super) struct FaultQueue {
    seed: u64,
    /// The number of rules since the start or the last `clear`. Each draws from a sequence of its
    /// own, so that one does not disturb another.
    added: u64,
    waiting: Vec<WaitingFault>,
    calls: BTreeMap<String, u64>,
}

impl FaultQueue {
    pub(super) fn new(seed: u64, rules: Vec<FaultRule>) -> Self {
        let mut faults = Self {
            seed,
            ..Self::default()
        };
        rules.into_iter().for_each(|rule| faults.add(rule));
        faults
    }

    pub(super) fn add(&mut self, rule: FaultRule) {
        let random = SeededRandom::new(self.seed, self.added);
        self.added += 1;
        self.waiting.push(WaitingFault { rule, random });
    }

    /// Adds a rule of a control command. Anybody who reaches the address can send one, so their
    /// number is bounded.
    pub(super) fn add_bounded(&mut self, rule: FaultRule) -> Result<(), String> {
        if self.waiting.len() >= MOST_WAITING {
            return Err(format!(
                "{MOST_WAITING} faults wait to happen, and no more are taken; 'clear-faults' \
                 forgets them"
            ));
        }
        self.add(rule);
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.added = 0;
    }

    /// Forgets the faults of that name which wait; with an action, those in that action alone.
    pub(super) fn clear_named(&mut self, name: &str, action: Option<&str>) {
        self.waiting.retain(|WaitingFault { rule, .. }| {
            rule.fault.name() != name || action.is_some() && rule.action.as_deref() != action
        });
    }

    /// Returns the rules of the faults that wait to happen.
    pub(super) fn waiting_rules(&self) -> impl Iterator<Item = &FaultRule> {
        self.waiting.iter().map(|one| &one.rule)
    }

    /// Tells whether a fault waits that needs to know the cluster of a call.
    pub(super) fn needs_target(&self) -> bool {
        self.waiting.iter().any(|one| {
            matches!(
                one.rule.fault,
                InjectedFault::HsmFails | InjectedFault::ClusterDegrades
            )
        })
    }

    /// Counts a call, and takes the faults for it: at most one delay and one other, the oldest
    /// first.
    pub(super) fn take_for_call(
        &mut self,
        action: &str,
        target: Option<&AddressedCluster>,
    ) -> (Option<Duration>, Option<InjectedFault>) {
        let calls = self.calls.entry(action.to_owned()).or_default();
        *calls += 1;
        let (mut delay, mut other) = (None, None);
        for WaitingFault { rule, random } in &mut self.waiting {
            if rule.action.as_deref().is_some_and(|only| only != action)
                || !rule.fault.applies_to(action, target)
                || rule.count == Some(0)
            {
                continue;
            }
            // Drawn for each call that the rule is about, whatever else befalls it: the fate of the
            // next does not hang on it.
            let drawn = rule
                .percent
                .is_none_or(|percent| random.draw_percent(percent));
            let slot_free = if matches!(rule.fault, InjectedFault::Delay(_)) {
                delay.is_none()
            } else {
                other.is_none()
            };
            if !drawn || !slot_free {
                continue;
            }
            rule.count = rule.count.map(|left| left - 1);
            match rule.fault {
                InjectedFault::Delay(by) => delay = Some(by),
                fault => other = Some(fault),
            }
        }
        self.waiting.retain(|one| one.rule.count != Some(0));
        (delay, other)
    }

    /// Returns how often each action has been called, whatever the answer.
    pub(super) fn call_counts(&self) -> &BTreeMap<String, u64> {
        &self.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(rules: &[&str]) -> FaultQueue {
        FaultQueue::new(
            1,
            rules
                .iter()
                .map(|text| FaultRule::parse(text).unwrap())
                .collect(),
        )
    }

    #[test]
    fn faults_befall_their_action_as_often_as_asked() {
        let mut faults = faults_of(&["throttling:CreateHsm:2"]);
        assert_eq!(faults.take_for_call("CreateCluster", None), (None, None));
        assert_eq!(
            faults.take_for_call("CreateHsm", None),
            (None, Some(InjectedFault::Throttling))
        );
        assert_eq!(
            faults.take_for_call("CreateHsm", None),
            (None, Some(InjectedFault::Throttling))
        );
        assert_eq!(faults.take_for_call("CreateHsm", None), (None, None));
        assert_eq!(faults.call_counts()["CreateHsm"], 3);
    }

    #[test]
    fn a_delay_goes_with_another_fault_and_the_oldest_comes_first() {
        let mut faults = faults_of(&["unavailable", "delay=5", "access-denied"]);
        assert_eq!(
            faults.take_for_call("X", None),
            (
                Some(Duration::from_millis(5)),
                Some(InjectedFault::Unavailable)
            )
        );
        assert_eq!(
            faults.take_for_call("X", None),
            (None, Some(InjectedFault::AccessDenied))
        );
    }

    #[test]
    fn the_same_seed_and_calls_meet_the_same_faults_whatever_other_rules_do() {
        let fates = |rules: &[&str], seed| {
            let mut faults = FaultQueue::new(
                seed,
                rules
                    .iter()
                    .map(|text| FaultRule::parse(text).unwrap())
                    .collect(),
            );
            (0..200)
                .map(|_| faults.take_for_call("ListTags", None).1.is_some())
                .collect::<Vec<_>>()
        };
        let alone = fates(&["throttling:30%"], 5);
        assert_eq!(alone, fates(&["throttling:30%"], 5));
        assert_eq!(
            alone,
            fates(
                &["throttling:30%", "close-after:CreateHsm:50%", "delay=1:10%"],
                5
            )
        );
        assert_ne!(alone, fates(&["throttling:30%"], 6));
        assert!((30..90).contains(&alone.iter().filter(|fate| **fate).count()));
        let limited = fates(&["throttling:30%:4"], 5);
        assert_eq!(limited.iter().filter(|fate| **fate).count(), 4);
    }

    #[test]
    fn a_fault_waits_for_a_call_that_it_can_befall() {
        let mut faults = faults_of(&["initialize-fails", "hsm-fails"]);
        assert_eq!(faults.take_for_call("DescribeClusters", None), (None, None));
        assert_eq!(
            faults.take_for_call("InitializeCluster", None),
            (None, Some(InjectedFault::InitializeFails))
        );
        let bare = AddressedCluster {
            cluster_id: String::new(),
            has_hsm: false,
            can_degrade: true,
        };
        assert_eq!(
            faults.take_for_call("DescribeClusters", Some(&bare)),
            (None, None)
        );
        assert_eq!(
            faults.take_for_call(
                "DescribeClusters",
                Some(&AddressedCluster {
                    has_hsm: true,
                    ..bare
                })
            ),
            (None, Some(InjectedFault::HsmFails))
        );
    }

    #[test]
    fn rules_are_read_in_any_order_and_otherwise_refused() {
        let rule = FaultRule::parse("delay=250:25%:DescribeClusters:3").unwrap();
        assert_eq!(rule.fault, InjectedFault::Delay(Duration::from_millis(250)));
        assert_eq!(
            (rule.action.as_deref(), rule.count, rule.percent),
            (Some("DescribeClusters"), Some(3), Some(25))
        );
        assert_eq!(FaultRule::parse("close-after").unwrap().count, Some(1));
        assert_eq!(FaultRule::parse("close-after:5%").unwrap().count, None);
        for bad in [
            "",
            "gremlins",
            "delay=soon",
            "throttling=5",
            "throttling:Nonsense",
            "throttling:0%",
            "throttling:101%",
            "throttling:1:2",
            "throttling:-1",
        ] {
            assert!(FaultRule::parse(bad).is_err(), "{bad}");
        }
    }
}
