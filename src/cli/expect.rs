//! `--expect`, and the question for it: is this what the other side sent?

use std::fs::File;
use std::io::{BufRead, IsTerminal, Read, Write};

use super::ui::{Format, Ui};
use crate::bundle::Fingerprint;
use crate::error::{Class, Error, Result};

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 256;

/// What the other side read out.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExpectArgs {
    /// The fingerprint that the other side reads out: anything else is refused (asked for on a terminal otherwise)
    #[arg(long, value_name = "FINGERPRINT")]
    expect: Option<Fingerprint>,
}

/// Which fingerprint, and who has the other copy of it.
pub(crate) struct Side {
    /// `request` or `response`
    pub(crate) what: &'static str,
    /// The command that printed it.
    pub(crate) by: &'static str,
}

impl ExpectArgs {
    /// Compares, and says whether anybody did. Without `--expect` and without a terminal nothing is compared: the chains and the keys are judged all the same.
    ///
    /// # Errors
    /// Class `Rejected`, `another-fingerprint`; `Rejected`, `not-compared`, where the question gets no answer.
    pub(crate) fn compare(&self, found: Fingerprint, side: &Side, ui: &Ui) -> Result<bool> {
        let expected = match self.expect {
            Some(expected) => expected,
            None => match screen(ui).map(|mut screen| ask(side, &mut screen)).transpose()? {
                Some(Some(expected)) => expected,
                Some(None) => {
                    ui.warn(&format!("nobody compared the {}'s fingerprint", side.what));
                    return Ok(false);
                }
                None => return Ok(false),
            },
        };
        if expected == found {
            return Ok(true);
        }
        Err(Error::new(
            Class::Rejected,
            "another-fingerprint",
            format!("this is not the {} that was sent\n  expected {expected}\n  found    {found}", side.what),
            format!("read both to each other once more; if they differ, the {} was exchanged or damaged on the way: stop here", side.what),
        ))
    }
}

/// Where to ask, if somebody is there to answer. Where standard error goes elsewhere (`2>&1 | tee log`), somebody still sits at the terminal.
fn screen(ui: &Ui) -> Option<Box<dyn Write>> {
    if ui.format != Format::Text || !std::io::stdin().is_terminal() {
        return None;
    }
    if std::io::stderr().is_terminal() {
        return Some(Box::new(std::io::stderr()));
    }
    let tty = File::options().write(true).open("/dev/tty").ok()?;
    Some(Box::new(tty))
}

/// Asks until the answer is a fingerprint, or `skip`.
fn ask(side: &Side, screen: &mut dyn Write) -> Result<Option<Fingerprint>> {
    let unanswered = || {
        Error::new(
            Class::Rejected,
            "not-compared",
            format!("the {}'s fingerprint was not given, and nothing was done", side.what),
            format!("ask for what `hsmboot {}` printed on the other side and run this again, or answer `skip`", side.by),
        )
    };
    for _ in 0..3 {
        drop(write!(screen, "fingerprint of the {}, as `hsmboot {}` printed it (or skip): ", side.what, side.by).and_then(|()| screen.flush()));
        let mut line = String::new();
        let read = std::io::stdin().lock().take(MAX_ANSWER).read_line(&mut line);
        match (read, line.trim()) {
            (Ok(0) | Err(_), _) => return Err(unanswered()),
            (_, "skip") => return Ok(None),
            (_, answer) => match answer.parse() {
                Ok(fingerprint) => return Ok(Some(fingerprint)),
                Err(fault) => drop(writeln!(screen, "{fault}")),
            },
        }
    }
    Err(unanswered())
}
