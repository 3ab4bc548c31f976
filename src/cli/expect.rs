//! `--expect`, and the question for it: is this what the other side sent?

use std::io::{BufRead, IsTerminal, Read, Write};

use super::ui::Ui;
use crate::bundle::Fingerprint;
use crate::error::{Class, Error, Result};
use crate::fsio;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 256;

/// What the other side read out.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExpectArgs {
    /// The fingerprint that the other side reads out: anything else is refused (asked for on a terminal otherwise)
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) expect: Option<Fingerprint>,
}

/// Which fingerprint, and who has the other copy of it.
pub(crate) struct Side {
    /// `request` or `response`
    pub(crate) what: &'static str,
    /// The command that printed it.
    pub(crate) by: &'static str,
}

impl ExpectArgs {
    /// Compares, and says whether anybody did. Without `--expect` and without a terminal nothing is compared, which is said: the chains and the keys are
    /// judged all the same.
    ///
    /// # Errors
    /// Class `Rejected`, `another-fingerprint`; `Rejected`, `not-compared`, where the question gets no answer.
    pub(crate) fn compare(&self, found: Fingerprint, side: &Side, ui: &Ui) -> Result<bool> {
        let asked = || screen().map(|mut screen| ask(side, &mut screen)).transpose();
        let given = match self.expect {
            Some(given) => Some(given),
            None => asked()?.flatten(),
        };
        let Some(given) = given else {
            ui.warn(&format!("nobody compared the {}'s fingerprint: --expect takes what `hsmboot {}` printed on the other side", side.what, side.by));
            return Ok(false);
        };
        match &found.differences(given)[..] {
            [] => Ok(true),
            apart => Err(another(side, apart)),
        }
    }
}

/// The fingerprint that was found is not told: whoever is tired would give it as the answer.
pub(crate) fn another(side: &Side, apart: &[usize]) -> Error {
    let numbers: Vec<String> = apart.iter().map(ToString::to_string).collect();
    let groups = match apart.len() {
        1 => format!("group {} of the 6 of its fingerprint is another one", numbers.concat()),
        6 => "all 6 groups of its fingerprint are others".to_owned(),
        _ => format!("groups {} of the 6 of its fingerprint are others", numbers.join(", ")),
    };
    Error::new(
        Class::Rejected,
        "another-fingerprint",
        format!("this is not the {} that was sent: {groups} than those given; nothing was done", side.what),
        format!(
            "have the other side read its own note again, digit by digit; if it stays so, the {} was exchanged or damaged on the way: stop here",
            side.what
        ),
    )
}

/// Where to ask, if somebody is there to answer. Where standard error goes elsewhere (`2>&1 | tee log`), somebody still sits at the terminal.
pub(crate) fn screen() -> Option<Box<dyn Write>> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    if std::io::stderr().is_terminal() {
        return Some(Box::new(std::io::stderr()));
    }
    let tty = fsio::terminal().ok()?;
    Some(Box::new(tty))
}

/// Asks until the answer is a fingerprint, or `skip`.
fn ask(side: &Side, screen: &mut dyn Write) -> Result<Option<Fingerprint>> {
    let unanswered = || {
        Error::new(
            Class::Rejected,
            "not-compared",
            format!("the {}'s fingerprint was not given, and nothing was done", side.what),
            format!("ask for what `hsmboot {}` printed on the other side, and run this again", side.by),
        )
    };
    for _ in 0..3 {
        drop(write!(screen, "fingerprint of the {}, as `hsmboot {}` printed it there (or skip): ", side.what, side.by).and_then(|()| screen.flush()));
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
