//! What the online commands share: flags, the connection, waiting with something to look at.

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use super::aws::duration;
use super::aws::{endpoint, region};
use super::ui::{Text, Ui};
use crate::bundle::ClusterId;
use crate::claim::Claim;
use crate::cloudhsm::aws::{AwsCloudHsm, Deadline, Options};
use crate::cloudhsm::{Cluster, ServiceError};
use crate::error::{Error, ErrorKind, Result};
use crate::outside::OutsideText;

/// Where the service is. What is not given comes from the AWS SDK's usual environment and files.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Service (default: the AWS SDK's environment and files)")]
pub struct OnlineArgs {
    /// The cluster's AWS region
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub(crate) region: Option<String>,
    /// A profile of the AWS configuration; its credentials are used, not the environment's
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Another endpoint: a VPC endpoint, or a simulator's http://127.0.0.1:PORT, which needs no
    /// credentials
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
    /// Go to an endpoint by plain HTTP that is another machine: everybody on the way then reads the
    /// session token
    #[arg(long)]
    pub(crate) insecure_http: bool,
}

/// The end of the command, where `--timeout` names one. A process runs one command.
static DEADLINE: OnceLock<Deadline> = OnceLock::new();

/// How long to wait.
#[derive(Clone, Debug, Args)]
pub struct TimeoutArgs {
    /// How long the command may take: seconds, or a number with s, m or h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// A cluster id on the command line.
pub(crate) fn cluster_id(text: &str) -> std::result::Result<ClusterId, String> {
    text.parse()
}

impl OnlineArgs {
    /// The same as [`OnlineArgs::connect`], for a command that was given so long, from now:
    /// whatever is asked of AWS then ends with it.
    pub(crate) async fn connect_within(
        &self,
        limit: Option<Duration>,
        fallback_region: Option<&OutsideText>,
        ui: &Ui,
    ) -> Result<AwsCloudHsm> {
        if let Some(limit) = limit {
            DEADLINE.get_or_init(|| Deadline::after(limit));
        }
        self.connect(fallback_region, ui).await
    }

    /// The way to another service of AWS for the same command: with its profile, not with its
    /// endpoint, which is CloudHSM's.
    #[cfg(feature = "awskms")]
    pub(crate) fn elsewhere(&self, region: Option<String>) -> Options {
        let deadline = DEADLINE.get().copied();
        Options {
            region,
            profile: self.profile.clone(),
            insecure_http: self.insecure_http,
            deadline,
            ..Options::default()
        }
    }

    /// Finds region, endpoint and credentials. `region` is used where neither the flags nor the
    /// environment name one.
    pub(crate) async fn connect(
        &self,
        fallback_region: Option<&OutsideText>,
        ui: &Ui,
    ) -> Result<AwsCloudHsm> {
        if let Some(wrong) =
            fallback_region.filter(|text| self.region.is_none() && region(text.raw()).is_err())
        {
            ui.warn(format!(
                "the region in the bundle's request.json is none, and left aside: \"{wrong}\""
            ));
        }
        let options = Options {
            region: self.region.clone(),
            fallback_region: fallback_region.and_then(|text| region(text.raw()).ok()),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            insecure_http: self.insecure_http,
            deadline: DEADLINE.get().copied(),
            ..Options::default()
        };
        let service = AwsCloudHsm::connect(&options).await?;
        if let Some(elsewhere) = service.elsewhere() {
            ui.say(elsewhere);
        }
        for note in service.notes() {
            ui.detail(note);
        }
        ui.detail(format!("service: {}", service.place()));
        Ok(service)
    }
}

/// Runs the asynchronous part of a command on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::NoRuntime,
                format!(
                    "the system gives no timers or sockets: {}",
                    crate::fsio::io_text(&cause)
                ),
                "nothing has been done",
            )
        })?;
    let done = runtime.block_on(work);
    // A name that is still being looked up, or a file that nobody writes, is not waited for.
    runtime.shutdown_background();
    done
}

/// Shows what is being waited for: a spinner on a terminal, a line for each new state elsewhere.
pub(crate) struct Watcher<'a> {
    ui: &'a Ui,
    started: Instant,
    bar: Option<ProgressBar>,
    shown: String,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Watcher {
            ui,
            started: Instant::now(),
            bar: None,
            shown: String::new(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The cluster, and the trouble with asking after it, where there is some.
    pub(crate) fn see(&mut self, cluster: Option<&Cluster>, trouble: Option<&ServiceError>) {
        let line = match (cluster, trouble) {
            (_, Some(trouble)) => format!("{}; trying again", trouble.brief()),
            (Some(cluster), None) => line(cluster),
            (None, None) => return,
        };
        self.tell(&line);
    }

    pub(crate) fn tell(&mut self, line: &str) {
        if line == self.shown {
            return;
        }
        line.clone_into(&mut self.shown);
        if self.ui.draws() {
            self.bar
                .get_or_insert_with(spinner)
                .set_message(Text::from(line).to_terminal());
        } else {
            self.ui.say(line);
        }
    }

    pub(crate) fn watch(&mut self, claim: &Claim) {
        self.see(claim.last_seen(), claim.trouble());
    }

    pub(crate) async fn pause(&self, length: Duration) {
        let left = DEADLINE.get().map_or(length, Deadline::left);
        tokio::time::sleep(length.min(left)).await;
    }

    /// Clears the terminal's line, before something else is written or asked there.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.shown.clear();
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(cluster: &Cluster) -> String {
    use crate::cloudhsm::ClusterState;
    let (id, state) = (&cluster.cluster_id, &cluster.state);
    if *state == ClusterState::Uninitialized && cluster.certificates.cluster_csr.is_none() {
        let hsms: Vec<String> = cluster
            .hsms
            .iter()
            .map(|hsm| format!("{} {}", hsm.hsm_id, hsm.state))
            .collect();
        let hsms = if hsms.is_empty() {
            "no HSM".to_owned()
        } else {
            hsms.join(", ")
        };
        return format!("{id} {state}, no CSR yet ({hsms})");
    }
    format!("{id} {state}")
}
