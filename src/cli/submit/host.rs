//! The claim of a signed bundle as it is driven: its questions, its warnings, and what is recorded
//! before InitializeCluster is sent.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use super::Args;
use super::receipt::record_sending;
use crate::bundle::{Bundle, TranscriptStep};
use crate::claim::Claim;
use crate::cli::consent::{ClaimIntent, ConsentAnswer, ConsentQuestion};
use crate::cli::expect::{FingerprintSide, another_fingerprint_error};
use crate::cli::ui::Ui;
use crate::cli::watcher::Watcher;
use crate::cloudhsm::{Cluster, InitializeCluster};
use crate::error::Result;
use crate::owner::{Authorized, Owner, SignedResponse};
use crate::submit::Host;
use crate::x509::Moment;

/// The way in which somebody compared the fingerprint of the response, and so has seen what is
/// about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseComparison {
    /// By `--expect`.
    Beforehand,
    /// On the terminal, as the answer to what is about to happen.
    OnScreen,
}

/// The host of a claim whose pair exists already.
pub(super) struct Submission<'a> {
    pub(super) watcher: Watcher<'a>,
    pub(super) ui: &'a Ui,
    pub(super) args: &'a Args,
    pub(super) bundle: &'a Bundle,
    pub(super) response: SignedResponse<'a>,
    /// The pair, or the reason why it cannot be sent now.
    pub(super) authorized: Result<Authorized>,
    pub(super) intent: ClaimIntent<'a>,
    pub(super) step: TranscriptStep<'a>,
    pub(super) compared: Option<ResponseComparison>,
    pub(super) sent_at: Option<Moment>,
}

impl Submission<'_> {
    /// Asks once whether to send the request, unless that was answered before.
    fn ask_consent(&mut self) -> Result<()> {
        if self.args.consent.yes
            || self.sent_at.is_some()
            || self.compared == Some(ResponseComparison::OnScreen)
        {
            return Ok(());
        }
        let question = if self.compared.is_some() {
            ConsentQuestion::Yes
        } else {
            ConsentQuestion::ResponseOrYes
        };
        self.watcher.clear();
        if let Some(ConsentAnswer::Response(typed)) = self.intent.show_and_ask(question)? {
            Owner::with_response(typed, self.bundle.id(), &self.response)
                .map_err(|apart| another_fingerprint_error(&FingerprintSide::RESPONSE, &apart))?;
            self.compared = Some(ResponseComparison::OnScreen);
        }
        Ok(())
    }
}

impl Host for Submission<'_> {
    type Rehearsal = Infallible;

    fn elapsed(&self) -> Duration {
        self.watcher.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn on_progress(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.show_claim(claim);
        Ok(())
    }

    fn make_pair(&mut self, _: &Cluster) -> Result<ControlFlow<Infallible, Authorized>> {
        self.authorized.clone().map(ControlFlow::Continue)
    }

    fn may_send(&mut self, _request: &InitializeCluster) -> Result<bool> {
        if self.args.dry_run {
            return Ok(false);
        }
        self.ask_consent()?;
        if self.compared.is_none() {
            self.ui.warn(
                "nobody compared the response's fingerprint: --expect (of several bundles: \
                 --expect-file) takes what `hsmboot sign` printed on the other side",
            );
        }
        let now = crate::cli::now();
        let step = TranscriptStep {
            time: Some(now),
            fingerprint_compared: Some(self.compared.is_some()),
            ..self.step.clone()
        };
        record_sending(self.bundle, &step)?;
        self.sent_at = Some(now);
        self.watcher.show_line("InitializeCluster is sent");
        Ok(true)
    }
}
