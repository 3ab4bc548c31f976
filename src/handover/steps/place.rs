//! The places where steps are done, in words that are true wherever they are read.

use core::fmt;

/// The place where a step is done. The steps are read on any of these machines, so no step says
/// *here* or *there*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepPlace {
    /// A machine that uses the cluster.
    ClientMachine,
    /// The prompt of AWS's tool, on that machine.
    CloudHsmCli,
    /// The machine that claimed the cluster, or another that may call the service.
    HsmbootMachine,
}

impl StepPlace {
    /// Returns a step's sentence: its place, then the action.
    pub(super) fn says(self, action: impl fmt::Display) -> String {
        format!("{self}: {action}")
    }
}

impl fmt::Display for StepPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StepPlace::ClientMachine => "on the client machine",
            StepPlace::CloudHsmCli => "in the CloudHSM CLI",
            StepPlace::HsmbootMachine => "on the machine with hsmboot",
        })
    }
}
