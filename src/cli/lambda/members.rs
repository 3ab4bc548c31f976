//! What an event may say: each member, its form, and the commands that take it. What is not here is
//! refused.

use super::EventCommand::{self, Bootstrap, Fetch, Plan, Sign, Status, Submit, Verify};

/// The form of a member's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberForm {
    /// A cluster's id or ARN.
    Cluster,
    /// A list of them.
    Clusters,
    /// The AWS region.
    Region,
    /// The bundle in one file, in base64.
    Bundle,
    /// `true` or `false`.
    Flag,
    /// One text, which is the option's value.
    Text,
    /// One text or a list of them: the option is repeated.
    Texts,
    /// A whole number.
    Number,
    /// A key in AWS KMS.
    KmsKey,
    /// A certificate's text, or a chain's: it becomes a file.
    Certificate,
    /// One such text or a list of them.
    Certificates,
}

/// What an event may waive where the function's environment lets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventWaiver {
    /// Other roots than those of the program and the function's environment.
    Roots,
    /// A failing check that can be accepted.
    Accept,
    /// To go on without the proof of the HSM.
    Unverified,
    /// To go on without the proof of the owner.
    CaFromBundle,
    /// To have a stack's answer sent by plain HTTP to this machine: for tests.
    PlainResponse,
}

impl EventWaiver {
    /// Every waiver.
    pub(super) const ALL: [EventWaiver; 5] = [
        EventWaiver::Roots,
        EventWaiver::Accept,
        EventWaiver::Unverified,
        EventWaiver::CaFromBundle,
        EventWaiver::PlainResponse,
    ];

    /// Returns its word in the variable that allows it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            EventWaiver::Roots => "roots",
            EventWaiver::Accept => "accept",
            EventWaiver::Unverified => "unverified",
            EventWaiver::CaFromBundle => "ca-from-bundle",
            EventWaiver::PlainResponse => "plain-response",
        }
    }
}

/// A member of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventMember {
    pub(super) name: &'static str,
    pub(super) form: MemberForm,
    /// The commands that take it.
    pub(super) commands: &'static [EventCommand],
    /// What the function's environment must allow.
    pub(super) waiver: Option<EventWaiver>,
}

impl EventMember {
    const fn if_allowed(self, waiver: EventWaiver) -> EventMember {
        EventMember {
            waiver: Some(waiver),
            ..self
        }
    }

    /// Returns the option of the command line that has the member's name.
    pub(super) fn option(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// Returns the members that a command takes.
    pub(super) fn all_of(command: EventCommand) -> impl Iterator<Item = &'static EventMember> {
        MEMBERS
            .iter()
            .filter(move |member| member.commands.contains(&command))
    }
}

/// The commands that call AWS CloudHSM.
const ONLINE: &[EventCommand] = &[Plan, Fetch, Submit, Bootstrap, Status];
/// The commands that judge an HSM.
const JUDGING: &[EventCommand] = &[Plan, Verify, Sign, Submit, Bootstrap];
/// The commands that write into the bundle's transcript.
const STEPS: &[EventCommand] = &[Fetch, Verify, Sign, Submit, Bootstrap];

/// Returns a member that every function takes.
const fn member(
    name: &'static str,
    form: MemberForm,
    commands: &'static [EventCommand],
) -> EventMember {
    EventMember {
        name,
        form,
        commands,
        waiver: None,
    }
}

/// Every member but `command`.
const MEMBERS: [EventMember; 29] = {
    use MemberForm as F;
    [
        member("cluster", F::Cluster, &EventCommand::ALL),
        member("clusters", F::Clusters, &[Plan]),
        member("all", F::Flag, &[Plan]),
        member(
            "region",
            F::Region,
            &[Plan, Fetch, Sign, Submit, Bootstrap, Status],
        ),
        member("assume_role", F::Text, ONLINE),
        member("bundle", F::Bundle, STEPS),
        member(
            "ca",
            F::Certificate,
            &[Plan, Sign, Submit, Bootstrap, Status],
        ),
        member("ca_fingerprint", F::Texts, &[Sign, Submit, Bootstrap]),
        member("ca_key", F::KmsKey, &[Sign, Bootstrap]),
        member("ca_arn", F::Text, &[Sign, Bootstrap]),
        member("certificate_arn", F::Text, &[Sign, Bootstrap]),
        member("days", F::Number, &[Sign, Bootstrap]),
        member("create_hsm", F::Flag, &[Bootstrap]),
        member("availability_zone", F::Text, &[Bootstrap]),
        member("aws_root", F::Certificates, JUDGING).if_allowed(EventWaiver::Roots),
        member("manufacturer_root", F::Certificates, JUDGING).if_allowed(EventWaiver::Roots),
        member("policy", F::Text, JUDGING),
        member("accept", F::Texts, JUDGING).if_allowed(EventWaiver::Accept),
        member("unverified", F::Flag, &[Sign, Submit]).if_allowed(EventWaiver::Unverified),
        member("ca_from_bundle", F::Flag, &[Submit, Bootstrap])
            .if_allowed(EventWaiver::CaFromBundle),
        member("reason", F::Text, JUDGING),
        member("dry_run", F::Flag, &[Submit, Bootstrap]),
        member("force", F::Flag, &[Fetch, Sign, Bootstrap]),
        member("expect", F::Text, &[Sign, Submit]),
        member("seal", F::Flag, &[Sign]),
        member("record", F::Flag, &[Verify]),
        member("chains_only", F::Flag, &[Verify]),
        member("at", F::Text, &[Verify]),
        member("operator", F::Text, STEPS),
    ]
};
