//! `--expect`, and the question in its place: is this what the other side sent?

use super::screen::Screen;
use super::ui::Ui;
use crate::bundle::Fingerprint;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown_text;

/// The option for the fingerprint that the other side read out.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExpectArgs {
    /// The fingerprint that the other side reads out: anything else is refused (asked for on a
    /// terminal otherwise)
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) expect: Option<Fingerprint>,
}

/// The fingerprint that is compared, and who has the other copy of it.
pub(crate) struct FingerprintSide {
    /// `request` or `response`
    pub(crate) what: &'static str,
    /// The command that printed it.
    pub(crate) by: &'static str,
}

impl ExpectArgs {
    /// Compares the fingerprint, and returns whether anybody did. Without `--expect` and without a
    /// terminal nothing is compared, and a warning says so: the chains and the keys are judged all
    /// the same.
    ///
    /// # Errors
    /// Class `Rejected`, `another-fingerprint`; `Rejected`, `not-compared`, where the question gets
    /// no answer.
    pub(crate) fn compare_fingerprint(
        &self,
        found: Fingerprint,
        side: &FingerprintSide,
        ui: &Ui,
    ) -> Result<bool> {
        let asked = || {
            Screen::open()
                .map(|mut screen| ask_fingerprint(side, &mut screen))
                .transpose()
        };
        let given = match self.expect {
            Some(given) => Some(given),
            None => asked()?.flatten(),
        };
        let Some(given) = given else {
            ui.warn(format!(
                "nobody compared the {}'s fingerprint: --expect takes what `hsmboot \
                             {}` printed on the other side",
                side.what, side.by
            ));
            return Ok(false);
        };
        match &found.differing_groups(given)[..] {
            [] => Ok(true),
            apart => Err(another_fingerprint_error(side, apart)),
        }
    }
}

/// Returns the error for a fingerprint that differs. It does not show the one that was found: a
/// tired operator would give it as the answer.
pub(crate) fn another_fingerprint_error(side: &FingerprintSide, apart: &[usize]) -> Error {
    let numbers: Vec<String> = apart.iter().map(ToString::to_string).collect();
    let groups = match apart.len() {
        1 => format!(
            "group {} of the 6 of its fingerprint is another one",
            numbers.concat()
        ),
        6 => "all 6 groups of its fingerprint are others".to_owned(),
        _ => format!(
            "groups {} of the 6 of its fingerprint are others",
            numbers.join(", ")
        ),
    };
    Error::new(
        ErrorKind::AnotherFingerprint,
        format!(
            "this is not the {} that was sent: {groups} than those given; nothing was done",
            side.what
        ),
        format!(
            "have the other side read its own note again, digit by digit; if it stays so, the {} \
             was exchanged or damaged on the way: stop here",
            side.what
        ),
    )
}

/// Asks until the answer is a fingerprint, or `skip`.
fn ask_fingerprint(side: &FingerprintSide, screen: &mut Screen) -> Result<Option<Fingerprint>> {
    let unanswered = || {
        Error::new(
            ErrorKind::NotCompared,
            format!(
                "the {}'s fingerprint was not given, and nothing was done",
                side.what
            ),
            format!(
                "ask for what `hsmboot {}` printed on the other side, and run this again",
                side.by
            ),
        )
    };
    for _ in 0..3 {
        let answer = screen.ask(format!(
            "fingerprint of the {}, as `hsmboot {}` printed it there (or skip): ",
            side.what, side.by
        ));
        match answer.as_deref() {
            None => return Err(unanswered()),
            Some("skip") => return Ok(None),
            Some(answer) => match answer.parse() {
                Ok(fingerprint) => return Ok(Some(fingerprint)),
                Err(fault) => screen.show(format!("{}\n", shown_text(&fault))),
            },
        }
    }
    Err(unanswered())
}
