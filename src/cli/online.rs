//! The parts that the online commands share: flags, the connection, and the time limit.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;

pub(crate) use super::aws::parse_duration;
use super::aws::{parse_endpoint, parse_region};
use super::run_options::remember_found_region;
use super::silence::Waiting;
use super::ui::Ui;
use crate::aws::RoleArn;
use crate::bundle::ClusterId;
use crate::cloudhsm::aws::{AwsCloudHsm, ConnectOptions, Deadline};
use crate::cloudhsm::{CallPlace, ClusterName, plain_id};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fleet_file::FleetAccess;
use crate::outside::OutsideText;

/// The options that name the service. What is not given comes from the AWS SDK's usual environment
/// and files.
#[derive(Clone, Debug, Default, Args)]
pub struct OnlineArgs {
    /// The cluster's AWS region
    #[arg(long, value_name = "REGION", value_parser = parse_region)]
    pub(crate) region: Option<String>,
    /// The cluster's account, from its ARN or `--account`: the credentials must not be another's.
    #[arg(skip)]
    pub(crate) account: Option<String>,
    /// A profile of the AWS configuration; its credentials are used, not the environment's
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Another endpoint: a VPC endpoint, or a simulator's http://127.0.0.1:PORT, which needs no
    /// credentials
    #[arg(long, value_name = "URL", value_parser = parse_endpoint)]
    pub(crate) endpoint_url: Option<String>,
    /// Go to an endpoint by plain HTTP that is another machine: everybody on the way then reads the
    /// session token
    #[arg(long)]
    pub(crate) insecure_http: bool,
    /// Assume this role first, with the credentials that there are
    #[arg(long, value_name = "ARN", value_parser = parse_role)]
    pub(crate) assume_role: Option<RoleArn>,
}

/// The command's deadline, where `--timeout` sets one. A process runs one command.
static DEADLINE: OnceLock<Deadline> = OnceLock::new();

/// Returns the time that is left for the command, where it has a limit.
pub(super) fn time_left() -> Option<Duration> {
    DEADLINE.get().map(Deadline::time_left)
}

/// The option for the time to wait.
#[derive(Clone, Debug, Args)]
pub struct TimeoutArgs {
    /// The time limit of the command: seconds, or a number with s, m or h
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
}

/// Parses a cluster id of the command line.
pub(crate) fn parse_cluster_id(text: &str) -> std::result::Result<ClusterId, String> {
    text.parse()
}

fn parse_role(text: &str) -> std::result::Result<RoleArn, String> {
    text.parse()
}

impl OnlineArgs {
    /// Returns these options with those of a fleet file's cluster before them.
    pub(crate) fn with_access(&self, access: &FleetAccess) -> Self {
        let first = |own: &Option<String>, other: &Option<String>| own.clone().or(other.clone());
        OnlineArgs {
            region: first(&access.region, &self.region),
            account: first(&access.account, &self.account),
            profile: first(&access.profile, &self.profile),
            endpoint_url: first(&access.endpoint_url, &self.endpoint_url),
            insecure_http: self.insecure_http,
            assume_role: access.assume_role.clone().or(self.assume_role.clone()),
        }
    }

    /// Returns these options as words of another command, so that it goes the same way. `place` has
    /// the region that was found.
    pub(crate) fn options_to_repeat(&self, place: &CallPlace) -> Vec<String> {
        let region = place.region.as_ref().and_then(plain_id);
        let pairs = [
            ("--region", region),
            ("--profile", self.profile.as_deref()),
            ("--endpoint-url", self.endpoint_url.as_deref()),
            (
                "--assume-role",
                self.assume_role.as_ref().map(RoleArn::as_str),
            ),
        ];
        let named = pairs
            .into_iter()
            .filter_map(|(option, value)| Some([option, value?]))
            .flatten();
        let insecure = self.insecure_http.then_some("--insecure-http");
        named.chain(insecure).map(str::to_owned).collect()
    }

    /// Checks that `--region` is the region of a cluster that is named by its ARN.
    ///
    /// # Errors
    /// Class `Usage`, `contradicting-region`.
    pub(crate) fn check_region(&self, name: &ClusterName) -> Result<()> {
        match &name.region {
            Some(region) => self.check_is_in(region),
            None => Ok(()),
        }
    }

    /// Refuses a `--region` that is another than an ARN's.
    pub(crate) fn check_is_in(&self, region: &str) -> Result<()> {
        let options = ConnectOptions {
            region: self.region.clone(),
            ..ConnectOptions::default()
        };
        options.in_region(region).map(drop)
    }

    /// Does the same as [`OnlineArgs::connect`] for a command with a time limit, counted from now.
    /// Every later request to AWS ends with it.
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

    /// Returns the options for another service of AWS in the same command: with its profile, but
    /// without its endpoint, which is CloudHSM's.
    #[cfg(feature = "awskms")]
    pub(crate) fn options_for_other_service(&self, region: Option<String>) -> ConnectOptions {
        let deadline = DEADLINE.get().copied();
        ConnectOptions {
            region,
            profile: self.profile.clone(),
            insecure_http: self.insecure_http,
            deadline,
            ..ConnectOptions::default()
        }
    }

    /// Checks that the credentials are of the account that the cluster's ARN names. Where they do
    /// not say whose they are, that is said.
    async fn check_account(&self, service: &AwsCloudHsm, ui: &Ui) -> Result<()> {
        let Some(named) = &self.account else {
            return Ok(());
        };
        match service.account_id().await {
            Some(own) if own.as_raw() == named => Ok(()),
            Some(own) => Err(Error::new(
                ErrorKind::AnotherAccount,
                format!(
                    "the cluster is said to be in account {named}, and the credentials are of \
                     {own}; nothing was sent"
                ),
                "take the credentials of that account: --profile, --assume-role, or the \
                 environment; or correct the ARN, or --account",
            )
            .with_fact(FactName::Expected, named.as_str())
            .with_fact(FactName::Found, own.to_string())),
            None => {
                ui.say(format!(
                    "note: the cluster is said to be in account {named}, and the credentials do \
                     not say whose they are"
                ));
                Ok(())
            }
        }
    }

    /// Finds region, endpoint and credentials. `fallback_region` is used where neither the flags
    /// nor the environment name a region.
    pub(crate) async fn connect(
        &self,
        fallback_region: Option<&OutsideText>,
        ui: &Ui,
    ) -> Result<AwsCloudHsm> {
        if let Some(wrong) = fallback_region
            .filter(|text| self.region.is_none() && parse_region(text.as_raw()).is_err())
        {
            ui.warn(format!(
                "the region in the bundle's request.json is none, and left aside: \"{wrong}\""
            ));
        }
        let options = ConnectOptions {
            region: self.region.clone(),
            fallback_region: fallback_region.and_then(|text| parse_region(text.as_raw()).ok()),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            insecure_http: self.insecure_http,
            assume_role: self.assume_role.clone(),
            deadline: DEADLINE.get().copied(),
            ..ConnectOptions::default()
        };
        let connecting = Waiting::begin("looking for credentials, region and endpoint");
        let service = AwsCloudHsm::connect(&options).await?;
        drop(connecting);
        let found = service.place().region.as_ref();
        let fell_back = found.is_some() && found == fallback_region && self.region.is_none();
        let found = found.filter(|_| fell_back).and_then(plain_id);
        remember_found_region(found.map(str::to_owned));
        self.check_account(&service, ui).await?;
        if let Some(elsewhere) = service.endpoint_notice() {
            ui.say(elsewhere);
        }
        for note in service.notes() {
            ui.say_detail(note);
        }
        ui.say_detail(format!("service: {}", service.place()));
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
            .with_fact(FactName::Cause, crate::fsio::io_text(&cause))
        })?;
    let waiting = Waiting::begin("waiting for the service to answer");
    let done = runtime.block_on(work);
    drop(waiting);
    // A name that is still being looked up, or a file that nobody writes, is not waited for.
    runtime.shutdown_background();
    done
}
