//! The command line: flags, help, prompts, text and JSON output. The clock, the terminal and the
//! randomness of the program live here.

#![allow(unreachable_pub)] // Clap's types are public to `docs` and tests through `command()` alone.

mod answer;
mod args;
#[cfg(any(feature = "online", feature = "awskms"))]
mod aws;
#[cfg(feature = "online")]
mod backup;
mod binary;
#[cfg(feature = "online")]
mod bootstrap;
mod ca;
mod ca_pin;
mod check;
#[cfg(feature = "online")]
mod cluster;
mod code;
#[cfg(feature = "qr")]
mod code_screen;
mod command_facts;
mod config;
#[cfg(feature = "online")]
mod consent;
mod deferred;
mod events;
mod expect;
#[cfg(feature = "online")]
mod fetch;
mod findings;
#[cfg(feature = "online")]
mod fleet;
mod global_args;
mod handover;
mod hardware;
mod help;
#[cfg(feature = "online")]
mod hsm;
mod import;
mod in_bundle;
mod intent;
mod key;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "online")]
mod live_steps;
#[cfg(feature = "online")]
mod manage;
mod many;
mod meta;
#[cfg(feature = "online")]
mod named_cluster;
mod near_miss;
#[cfg(feature = "online")]
mod next_steps;
#[cfg(feature = "online")]
mod online;
mod output;
mod owner;
mod pack;
#[cfg(feature = "online")]
mod plan;
#[cfg(feature = "awskms")]
mod private_ca;
#[cfg(feature = "qr")]
mod qr;
mod query;
mod report;
mod roots;
mod run_cluster;
mod run_options;
mod screen;
mod secret_options;
mod settings;
mod sign;
mod signals;
mod silence;
#[cfg(feature = "simulator")]
mod simulate;
mod spelling;
mod standard_output;
#[cfg(feature = "online")]
mod status;
mod step;
#[cfg(feature = "online")]
mod submit;
#[cfg(feature = "online")]
mod tag;
#[cfg(all(test, feature = "online"))]
mod tests;
mod text;
mod token;
mod transcript;
mod ui;
mod usage;
mod variable;
mod verify;
mod version;
#[cfg(feature = "online")]
mod view;
#[cfg(feature = "online")]
mod wait;
#[cfg(feature = "online")]
mod watcher;

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind as ClapError;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::bundle::ClusterId;
use crate::error::{Error, ErrorKind, Result};
use crate::x509::Moment;
use deferred::Deferred;
use ui::{CommandOutput, Ui};
use usage::{report_clap_error, report_settings_error};

/// Name and version of the program, as documents record it.
pub(crate) const TOOL: &str = concat!("hsmboot ", env!("CARGO_PKG_VERSION"));

const EXIT_CODES: &str = "Exit codes: 0 done or already so; 1 unexpected; 2 wrong command line; 3 \
                          verification failed; 4 malformed input; 5 the CA cannot sign; 6 the \
                          service refused or is unreachable; 7 not finished in time; 8 conflict; \
                          130 interrupted";

/// Claim an AWS CloudHSM cluster: verify that its CSR comes from a genuine HSM, sign it with your
/// own CA, submit, confirm
// Its own name, whatever it was called by: that one is from outside.
#[derive(Debug, Parser)]
#[command(
    name = "hsmboot",
    bin_name = "hsmboot",
    version,
    long_version = version::long_version(),
    after_help = EXIT_CODES,
    propagate_version = true,
    max_term_width = 100,
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: ui::GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order in which a claim meets them.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Command {
    #[cfg(feature = "online")]
    Bootstrap(Deferred<Box<bootstrap::Args>>),
    #[cfg(feature = "online")]
    Fetch(Deferred<fetch::Args>),
    // clap takes a doc comment here for the help text, in place of the one on the arguments
    Verify(Deferred<verify::Args>),
    Roots(Deferred<roots::Args>),
    #[command(subcommand)]
    Ca(Deferred<ca::Command>),
    Sign(Deferred<Box<sign::Args>>),
    Import(Deferred<import::Args>),
    Check(Deferred<check::Args>),
    #[cfg(feature = "online")]
    Submit(Deferred<submit::Args>),
    Handover(Deferred<handover::Args>),
    #[cfg(feature = "online")]
    Status(Deferred<status::Args>),
    #[cfg(feature = "online")]
    Plan(Deferred<plan::Args>),
    #[cfg(feature = "online")]
    Wait(Deferred<wait::Args>),
    #[command(subcommand)]
    #[cfg(feature = "online")]
    Cluster(Deferred<Box<cluster::Command>>),
    #[command(subcommand)]
    #[cfg(feature = "online")]
    Hsm(Deferred<Box<hsm::Command>>),
    #[command(subcommand)]
    #[cfg(feature = "online")]
    Backup(Deferred<Box<backup::Command>>),
    #[command(subcommand)]
    #[cfg(feature = "online")]
    Tag(Deferred<Box<tag::Command>>),
    #[cfg(feature = "simulator")]
    Simulate(Deferred<simulate::Args>),
    #[cfg(feature = "lambda")]
    Lambda(Deferred<lambda::Args>),
    Pack(Deferred<pack::Args>),
    Unpack(Deferred<pack::UnpackArgs>),
    #[command(subcommand)]
    #[cfg(feature = "qr")]
    Qr(Deferred<qr::Command>),
    #[command(subcommand)]
    Transcript(Deferred<transcript::Command>),
    Report(Deferred<report::Args>),
    #[command(subcommand)]
    Config(Deferred<config::Command>),
    Completions(Deferred<meta::CompletionsArgs>),
    Man(Deferred<meta::ManArgs>),
}

/// Returns the command line's definition, for manual pages, completions and docs.
pub fn command() -> clap::Command {
    help::lay_out(hide_env_values(definition()))
}

/// Returns it as it is parsed by.
fn definition() -> clap::Command {
    deferred::whole(Cli::command)
}

/// Hides the values of variables in the help. The help names the variable that an option is read
/// from; its value is from outside, and nobody's business there.
fn hide_env_values(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| arg.hide_env_values(true))
        .mut_subcommands(hide_env_values)
}

/// A command line that is not run.
enum Refusal {
    /// Help, version, or what clap says of it.
    Answer(clap::Error),
    /// What is written down cannot be taken.
    Settings(Error),
}

/// Parses the command line, with what is written down behind it.
fn parse() -> std::result::Result<(Cli, Option<ClusterId>), Refusal> {
    // Of the commands it has no more than the names, and of the one that runs, all: to put them all
    // together and lay their help out takes longer than anything else before the work.
    let mut program = Cli::command();
    let words = spelling::options_behind_command(std::env::args_os().collect(), &program);
    let words = settings::complete(words, &program).map_err(Refusal::Settings)?;
    let matches = program
        .try_get_matches_from_mut(&words)
        .or_else(|fault| match fault.kind() {
            ClapError::DisplayHelp | ClapError::DisplayHelpOnMissingArgumentOrSubcommand => {
                let shown: Vec<String> = words
                    .iter()
                    .cloned()
                    .map(crate::outside::stored_path)
                    .collect();
                help::for_a_glance(command(), &shown).try_get_matches_from(&words)
            }
            _ => Err(fault),
        })
        .map_err(Refusal::Answer)?;
    spelling::check_both_forms(&matches).map_err(Refusal::Settings)?;
    run_options::remember(&matches, program);
    let cli = Cli::from_arg_matches(&matches)
        .map_err(|fault| Refusal::Answer(fault.format(&mut command())))?;
    Ok((cli, named_cluster(&matches)))
}

/// Returns the one cluster that the command line names.
#[cfg(feature = "online")]
fn named_cluster(matches: &ArgMatches) -> Option<ClusterId> {
    let mut matches = matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let named = |arg| {
        let names = matches.try_get_many::<crate::cloudhsm::ClusterName>(arg);
        names.ok().flatten().into_iter().flatten()
    };
    let mut ids = ["cluster", "names", "cluster_id"]
        .into_iter()
        .flat_map(named)
        .map(|name| &name.id);
    let first = ids.next()?;
    ids.all(|id| id == first).then(|| first.clone())
}

/// Returns the one cluster that the command line names: without a network none is named there.
#[cfg(not(feature = "online"))]
const fn named_cluster(_: &ArgMatches) -> Option<ClusterId> {
    None
}

/// Returns the current time. The clock belongs to this module; everything that judges takes the
/// time as an argument.
pub(crate) fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Moment::from_unix(
        since
            .ok()
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            .unwrap_or(0),
    )
}

/// Returns random octets from the system.
pub(crate) fn random_octets<const N: usize>() -> Result<[u8; N]> {
    use ring::rand::SecureRandom;
    let mut octets = [0; N];
    ring::rand::SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| {
            Error::new(
                ErrorKind::NoRandomness,
                "the system yields no randomness",
                "nothing has been written",
            )
        })?;
    Ok(octets)
}

/// Disables core dumps, since the program holds keys and passphrases. Where the system does not
/// allow that, only the precaution is lost.
fn disable_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _granted = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let (cli, cluster) = match parse() {
        Ok(parsed) => parsed,
        Err(Refusal::Answer(fault)) => return report_clap_error(fault),
        Err(Refusal::Settings(error)) => return report_settings_error(error),
    };
    let mut ui = Ui::new(&cli.global);
    if let Some(cluster) = &cluster {
        ui.note_cluster(cluster);
    }
    disable_core_dumps();
    ui::install_panic_hook(&ui);
    if let Err(error) = signals::install_handler(cli.command.interruption_hint(), &ui) {
        return ui.finish(Err(error));
    }
    if let Err(error) = ui.open_events(&cli.global) {
        return ui.finish(Err(error));
    }
    let checked = cli.command.check_has_fingerprint(ui.only_fingerprint);
    if let Err(error) = checked.and_then(|()| ui.check_options()) {
        return ui.finish(Err(error));
    }
    for setting in settings::taken() {
        let (option, value) = (&setting.option, setting.shown_value());
        ui.say(format!("--{option} {value}, by {}", setting.origin.shown()));
    }
    ui.finish(run(cli.command, cli.global.config.as_deref(), &ui))
}

fn run(command: Command, named: Option<&Path>, ui: &Ui) -> Result<CommandOutput> {
    match command {
        #[cfg(feature = "online")]
        Command::Bootstrap(args) => bootstrap::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Fetch(args) => fetch::run(&args, ui),
        Command::Verify(args) => verify::run(&args, ui),
        Command::Roots(args) => roots::run(&args),
        Command::Ca(command) => ca::run(&command, ui),
        Command::Sign(args) => sign::run(&args, ui),
        Command::Import(args) => import::run(&args, ui),
        Command::Check(args) => check::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Submit(args) => submit::run(&args, ui),
        Command::Handover(args) => handover::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Status(args) => status::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Plan(args) => plan::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Wait(args) => wait::run(&args, ui),
        #[cfg(feature = "online")]
        Command::Cluster(command) => cluster::run(&command, ui),
        #[cfg(feature = "online")]
        Command::Hsm(command) => hsm::run(&command, ui),
        #[cfg(feature = "online")]
        Command::Backup(command) => backup::run(&command, ui),
        #[cfg(feature = "online")]
        Command::Tag(command) => tag::run(&command, ui),
        #[cfg(feature = "simulator")]
        Command::Simulate(args) => simulate::run(&args, ui),
        #[cfg(feature = "lambda")]
        Command::Lambda(_) => lambda::run(ui),
        Command::Pack(args) => pack::run(&args, ui),
        Command::Unpack(args) => pack::run_unpack(&args, ui),
        #[cfg(feature = "qr")]
        Command::Qr(command) => qr::run(&command, ui),
        Command::Transcript(command) => transcript::run(&command, ui),
        Command::Report(args) => report::run(&args, ui),
        Command::Config(command) => config::run(&command, named),
        Command::Completions(args) => meta::run_completions(&args),
        Command::Man(args) => meta::run_man(&args),
    }
}
