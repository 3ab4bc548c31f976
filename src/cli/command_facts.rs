//! What is true of each command before it runs: what its interruption leaves behind, and whether
//! its result has a fingerprint.

use super::Command;
#[cfg(feature = "qr")]
use super::deferred::Deferred;
use crate::error::{Error, ErrorKind, FactName, Result};

/// The hint where the cluster and the bundle say how far a command has come.
const GOES_ON: &str =
    "run the same command again: it goes on from what the cluster and the bundle say";

/// The hint where a command only looks.
const ONLY_LOOKS: &str = "run the same command again: it has changed nothing";

/// The hint where files are written at the end.
const WHOLE_FILES: &str = "run the same command again: a file is there whole, or not at all";

impl Command {
    /// Returns the hint where somebody interrupts it.
    pub(super) const fn interruption_hint(&self) -> &'static str {
        match self {
            #[cfg(feature = "simulator")]
            Command::Simulate(_) => {
                "the simulator has ended. Started again with its --state file it goes on; without \
                 one its clusters are gone"
            }
            #[cfg(feature = "qr")]
            Command::Qr(Deferred(super::qr::Command::Show(_))) => {
                "run the same command again: it shows the same codes, and has changed nothing"
            }
            Command::Verify(_)
            | Command::Roots(_)
            | Command::Check(_)
            | Command::Transcript(_)
            | Command::Config(_) => ONLY_LOOKS,
            #[cfg(feature = "online")]
            Command::Status(_) | Command::Plan(_) | Command::Wait(_) => ONLY_LOOKS,
            Command::Ca(_)
            | Command::Handover(_)
            | Command::Pack(_)
            | Command::Unpack(_)
            | Command::Report(_)
            | Command::Completions(_)
            | Command::Man(_) => WHOLE_FILES,
            _ => GOES_ON,
        }
    }

    /// Refuses `--output fingerprint` where there is none to print.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(super) fn check_has_fingerprint(&self, only_fingerprint: bool) -> Result<()> {
        let has_one = match self {
            Command::Ca(_) | Command::Sign(_) | Command::Import(_) => true,
            #[cfg(feature = "online")]
            Command::Fetch(_) => true,
            #[cfg(feature = "qr")]
            Command::Qr(Deferred(super::qr::Command::Read(_))) => true,
            _ => false,
        };
        if has_one || !only_fingerprint {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Usage,
            "--output fingerprint is for `fetch`, `sign`, `import`, `qr read`, `ca init` and `ca \
             show`: the result of this command has no fingerprint",
            "leave it out, or use --output json",
        )
        .with_fact(FactName::Option, "--output"))
    }
}
