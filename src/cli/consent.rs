//! The screen before InitializeCluster is sent: what is about to happen, and the question whether
//! to go on.

use super::intent::IntentLines;
use super::screen::Screen;
use super::ui::{RED, StyledText, YELLOW, styled};
use crate::bundle::Fingerprint;
use crate::cloudhsm::CallPlace;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{OutsideText, shown_text};
use crate::verify::Record;
use crate::x509::TrustAnchor;

/// `--yes`
#[derive(Clone, Debug, Default, clap::Args)]
pub struct YesArgs {
    /// Claim without asking on a terminal
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// The claim that is about to be made: who, what, and by which roots.
pub(crate) struct ClaimIntent<'a> {
    pub(crate) cluster_id: &'a str,
    pub(crate) place: &'a CallPlace,
    /// The AWS account, where the credentials name it.
    pub(crate) account: Option<&'a OutsideText>,
    pub(crate) trust_anchor: &'a TrustAnchor,
    /// The way in which the owner was named or proved; `None`: not yet.
    pub(crate) owner: Option<&'a crate::owner::Basis>,
    /// What was judged; `None`: nothing was.
    pub(crate) record: Option<&'a Record>,
    /// Facts that clients or the service may stumble over, one sentence each.
    pub(crate) notes: &'a [String],
}

/// An answer that gives consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentAnswer {
    /// Yes.
    Yes,
    /// The fingerprint of the response, which is a yes too.
    Response(Fingerprint),
}

/// The answers that count as a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentQuestion {
    /// `yes` alone.
    Yes,
    /// The response's fingerprint, or `yes` to go on without comparing it.
    ResponseOrYes,
    /// The response's fingerprint alone: nothing else names the owner.
    Response,
}

impl ConsentQuestion {
    fn prompt_text(self) -> &'static str {
        match self {
            ConsentQuestion::Yes => "type yes to claim it:",
            ConsentQuestion::ResponseOrYes => {
                "type the fingerprint of the response, as `hsmboot sign` printed it, or yes \
                 to claim it without comparing:"
            }
            ConsentQuestion::Response => {
                "type the fingerprint of the response, as `hsmboot sign` printed it, to \
                 claim it:"
            }
        }
    }
}

impl ClaimIntent<'_> {
    fn summary_text(&self) -> StyledText {
        let first = format!(
            "about to claim {} for good: InitializeCluster cannot be taken back",
            shown_text(self.cluster_id)
        );
        let mut out = IntentLines::new(first);
        out.push_line(
            "account",
            self.account.map_or_else(
                || "not named by the credentials".to_owned(),
                ToString::to_string,
            ),
        );
        out.push_line(
            "region",
            self.place
                .region
                .as_ref()
                .map_or_else(|| "none".to_owned(), ToString::to_string),
        );
        out.push_line(
            "endpoint",
            self.place
                .endpoint
                .as_ref()
                .map_or_else(|| "AWS CloudHSM's own".to_owned(), ToString::to_string),
        );
        out.push_hsm(self.record);
        out.push_ca(self.trust_anchor);
        let owner = match self.owner {
            None => styled(
                YELLOW,
                "not named yet: the fingerprint of the response will",
            ),
            Some(basis) if basis.waiver_reason().is_some() => styled(RED, basis.as_phrase()),
            Some(basis) => basis.as_phrase().into(),
        };
        out.push_line("owner", owner);
        for note in self.notes {
            out.push_line("note", styled(YELLOW, note));
        }
        out.into_text()
    }

    /// Shows the claim and asks for consent, if somebody sits at a terminal. `None`: nobody does,
    /// and the command line decides.
    ///
    /// # Errors
    /// Class [`Class::Interrupted`](crate::error::Class::Interrupted), `declined`: the answer is
    /// no, or there is none.
    pub(crate) fn show_and_ask(&self, question: ConsentQuestion) -> Result<Option<ConsentAnswer>> {
        let Some(mut screen) = Screen::open() else {
            return Ok(None);
        };
        screen.show(self.summary_text());
        for _ in 0..3 {
            let answer = screen.ask(format!("{} ", question.prompt_text()));
            match answer.as_deref() {
                // Nobody named the owner: that is told as such.
                None if question == ConsentQuestion::Response => return Ok(None),
                None => break,
                Some(answer)
                    if answer.eq_ignore_ascii_case("yes")
                        && question != ConsentQuestion::Response =>
                {
                    return Ok(Some(ConsentAnswer::Yes));
                }
                Some(answer)
                    if answer.chars().any(|c| c.is_ascii_digit())
                        && question != ConsentQuestion::Yes =>
                {
                    match answer.parse() {
                        Ok(fingerprint) => return Ok(Some(ConsentAnswer::Response(fingerprint))),
                        Err(fault) => screen.show(format!("{}\n", shown_text(&fault))),
                    }
                }
                Some(_) => break,
            }
        }
        Err(Error::new(
            ErrorKind::Declined,
            format!(
                "{} was not claimed: nothing was sent",
                shown_text(self.cluster_id)
            ),
            match question {
                ConsentQuestion::Response => {
                    "ask for the fingerprint that `hsmboot sign` printed on the other side, and \
                     run this again; or name your CA with --ca FILE"
                }
                ConsentQuestion::ResponseOrYes => {
                    "run the same command again with the fingerprint at hand; `yes` claims it \
                     although nobody compared"
                }
                ConsentQuestion::Yes => {
                    "run the same command again and answer yes, or say so beforehand with --yes"
                }
            },
        )
        .with_fact(FactName::ClusterId, self.cluster_id))
    }
}
