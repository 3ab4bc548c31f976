//! The commands that an event may name.

use std::fmt;

/// A command that an event may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventCommand {
    Plan,
    Fetch,
    Verify,
    Sign,
    Submit,
    Bootstrap,
    Status,
}

impl EventCommand {
    /// Every command, in the order of a claim.
    pub(crate) const ALL: [EventCommand; 7] = [
        EventCommand::Plan,
        EventCommand::Fetch,
        EventCommand::Verify,
        EventCommand::Sign,
        EventCommand::Submit,
        EventCommand::Bootstrap,
        EventCommand::Status,
    ];

    /// Returns its name, on the command line and in events.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            EventCommand::Plan => "plan",
            EventCommand::Fetch => "fetch",
            EventCommand::Verify => "verify",
            EventCommand::Sign => "sign",
            EventCommand::Submit => "submit",
            EventCommand::Bootstrap => "bootstrap",
            EventCommand::Status => "status",
        }
    }

    /// Tells whether its first argument is the bundle, which must be there.
    pub(super) const fn works_on_bundle(self) -> bool {
        matches!(
            self,
            EventCommand::Verify | EventCommand::Sign | EventCommand::Submit
        )
    }

    /// Tells whether it changes the bundle, whatever its options.
    pub(super) const fn changes_bundle(self) -> bool {
        self.works_on_cluster() || matches!(self, EventCommand::Sign | EventCommand::Submit)
    }

    /// Tells whether it signs as the owner's CA, or claims for it.
    pub(super) const fn acts_for_owner(self) -> bool {
        matches!(
            self,
            EventCommand::Sign | EventCommand::Submit | EventCommand::Bootstrap
        )
    }

    /// Tells whether it works on one cluster, which must be named.
    pub(super) const fn works_on_cluster(self) -> bool {
        matches!(self, EventCommand::Fetch | EventCommand::Bootstrap)
    }
}

impl fmt::Display for EventCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
