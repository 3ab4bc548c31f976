//! What is about to happen, and the question whether it shall: one screen, before InitializeCluster
//! is sent.

use super::screen::Screen;
use super::ui::{BOLD, GREEN, RED, Text, YELLOW, styled};
use crate::bundle::Fingerprint;
use crate::cloudhsm::Place;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::{OutsideText, shown_text};
use crate::verify::{Record, Verdict};
use crate::x509::{TrustAnchor, hex, name_text};

/// `--yes`
#[derive(Clone, Debug, Default, clap::Args)]
pub struct YesArgs {
    /// Claim without asking on a terminal
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What is about to happen: who, what, and by which roots.
pub(crate) struct Intent<'a> {
    pub(crate) cluster_id: &'a str,
    pub(crate) place: &'a Place,
    /// The AWS account, where the credentials name it.
    pub(crate) account: Option<&'a OutsideText>,
    pub(crate) trust_anchor: &'a TrustAnchor,
    /// How the owner was named or proved; `None`: not yet.
    pub(crate) owner: Option<&'a crate::owner::Basis>,
    pub(crate) record: &'a Record,
    /// What clients or the service may stumble over, one sentence each.
    pub(crate) notes: &'a [String],
}

/// What somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes.
    Yes,
    /// The fingerprint of the response, which is a yes too.
    Response(Fingerprint),
}

/// What counts as a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// `yes` alone.
    Yes,
    /// The response's fingerprint, or `yes` to go on without comparing it.
    ResponseOrYes,
    /// The response's fingerprint alone: nothing else names the owner.
    Response,
}

impl Question {
    fn text(self) -> &'static str {
        match self {
            Question::Yes => "type yes to claim it:",
            Question::ResponseOrYes => {
                "type the fingerprint of the response, as `hsmboot sign` printed it there, or yes \
                 to claim it without comparing:"
            }
            Question::Response => {
                "type the fingerprint of the response, as `hsmboot sign` printed it there, to \
                 claim it:"
            }
        }
    }
}

impl Intent<'_> {
    fn text(&self) -> Text {
        let first = format!(
            "about to claim {} for good: InitializeCluster cannot be taken back",
            shown_text(self.cluster_id)
        );
        let mut out = Text::from([styled(BOLD, first), Text::from("\n")]);
        let mut line = |label: &str, value: Text| {
            out.push([
                Text::from(format!("  {label:8}  ")),
                value,
                Text::from("\n"),
            ])
        };
        line(
            "account",
            self.account
                .map_or_else(
                    || "not named by the credentials".to_owned(),
                    ToString::to_string,
                )
                .into(),
        );
        line(
            "region",
            self.place
                .region
                .as_ref()
                .map_or_else(|| "none".to_owned(), ToString::to_string)
                .into(),
        );
        line(
            "endpoint",
            self.place
                .endpoint
                .as_ref()
                .map_or_else(|| "AWS CloudHSM's own".to_owned(), ToString::to_string)
                .into(),
        );
        let given: Vec<&str> = self
            .record
            .terms
            .anchors
            .iter()
            .filter(|anchor| anchor.source == "given")
            .map(|anchor| anchor.side.anchor_noun())
            .collect();
        line(
            "HSM",
            match (self.record.verdict, given.is_empty()) {
                (Verdict::Rejected, _) => {
                    styled(RED, "UNVERIFIED: nothing proves that the key is an HSM's")
                }
                (Verdict::Verified, true) => styled(GREEN, "verified against the built-in roots"),
                (Verdict::Verified, false) => styled(
                    YELLOW,
                    format!("verified against roots that you gave: {}", given.join(", ")),
                ),
            },
        );
        for (at, certificate) in self.trust_anchor.certificates().enumerate() {
            line(
                if at == 0 { "CA" } else { "under" },
                name_text(certificate.subject()).into(),
            );
            line(
                "",
                format!("SHA-256 {}", hex(&certificate.fingerprint())).into(),
            );
            line("", format!("ends {}", certificate.not_after()).into());
        }
        let owner = match self.owner {
            None => styled(
                YELLOW,
                "not named yet: the fingerprint of the response will",
            ),
            Some(basis) if basis.waiver().is_some() => styled(RED, basis.says()),
            Some(basis) => basis.says().into(),
        };
        line("owner", owner);
        for note in self.notes {
            line("note", styled(YELLOW, note));
        }
        out
    }

    /// Shows it and asks, where somebody sits at a terminal. `None`: nobody does, and the command
    /// line decides.
    ///
    /// # Errors
    /// Class [`Class::Interrupted`](crate::error::Class::Interrupted), `declined`: the answer is
    /// no, or there is none.
    pub(crate) fn ask(&self, question: Question) -> Result<Option<Answer>> {
        let Some(mut screen) = Screen::open() else {
            return Ok(None);
        };
        screen.show(self.text());
        for _ in 0..3 {
            let answer = screen.ask(format!("{} ", question.text()));
            match answer.as_deref() {
                // Nobody named the owner: that is told as such.
                None if question == Question::Response => return Ok(None),
                None => break,
                Some(answer)
                    if answer.eq_ignore_ascii_case("yes") && question != Question::Response =>
                {
                    return Ok(Some(Answer::Yes));
                }
                Some(answer)
                    if answer.chars().any(|c| c.is_ascii_digit()) && question != Question::Yes =>
                {
                    match answer.parse() {
                        Ok(fingerprint) => return Ok(Some(Answer::Response(fingerprint))),
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
                Question::Response => {
                    "ask for the fingerprint that `hsmboot sign` printed on the other side, and \
                     run this again; or name your CA with --ca FILE"
                }
                Question::Yes | Question::ResponseOrYes => {
                    "run the same command again and answer yes, or say so beforehand with --yes"
                }
            },
        ))
    }
}
