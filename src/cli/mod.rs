//! The command line: flags, help, prompts, text and JSON output. The clock, the terminal and the
//! randomness of the program live here.

#![allow(unreachable_pub)] // Clap's types are public to `docs` and tests through `command()` alone.

mod args;
#[cfg(any(feature = "online", feature = "awskms"))]
mod aws;
#[cfg(feature = "online")]
mod backup;
mod binary;
#[cfg(feature = "online")]
mod bootstrap;
mod ca;
mod check;
#[cfg(feature = "online")]
mod cluster;
#[cfg(feature = "online")]
mod consent;
mod events;
mod expect;
#[cfg(feature = "online")]
mod fetch;
#[cfg(feature = "online")]
mod fleet;
mod handover;
mod hardware;
#[cfg(feature = "online")]
mod hsm;
mod import;
mod key;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "online")]
mod manage;
mod many;
mod meta;
#[cfg(feature = "online")]
mod next_steps;
#[cfg(feature = "online")]
mod online;
mod owner;
mod pack;
#[cfg(feature = "online")]
mod plan;
#[cfg(feature = "awskms")]
mod private_ca;
#[cfg(feature = "qr")]
mod qr;
mod report;
mod roots;
mod screen;
mod sign;
mod signals;
#[cfg(feature = "simulator")]
mod simulate;
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
mod variable;
mod verify;
#[cfg(feature = "online")]
mod view;
#[cfg(feature = "online")]
mod wait;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind as ClapError};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::{Class, Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, shown_on_a_line, shown_text};
use crate::x509::Moment;
use ui::{CommandOutput, Effect, OutputFormat, Ui};

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
pub enum Command {
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Bootstrap(Box<bootstrap::Args>),
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Fetch(fetch::Args),
    #[allow(missing_docs)]
    // clap takes a doc comment here for the help text, in place of the one on the arguments
    Verify(verify::Args),
    #[allow(missing_docs)]
    Roots(roots::Args),
    #[command(subcommand)]
    #[allow(missing_docs)]
    Ca(ca::Command),
    #[allow(missing_docs)]
    Sign(Box<sign::Args>),
    #[allow(missing_docs)]
    Import(import::Args),
    #[allow(missing_docs)]
    Check(check::Args),
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Submit(submit::Args),
    #[allow(missing_docs)]
    Handover(handover::Args),
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Status(status::Args),
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Plan(plan::Args),
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Wait(wait::Args),
    #[command(subcommand)]
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Cluster(Box<cluster::Command>),
    #[command(subcommand)]
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Hsm(Box<hsm::Command>),
    #[command(subcommand)]
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Backup(Box<backup::Command>),
    #[command(subcommand)]
    #[allow(missing_docs)]
    #[cfg(feature = "online")]
    Tag(Box<tag::Command>),
    #[allow(missing_docs)]
    #[cfg(feature = "simulator")]
    Simulate(simulate::Args),
    #[allow(missing_docs)]
    #[cfg(feature = "lambda")]
    Lambda(lambda::Args),
    #[allow(missing_docs)]
    Pack(pack::Args),
    #[allow(missing_docs)]
    Unpack(pack::UnpackArgs),
    #[command(subcommand)]
    #[allow(missing_docs)]
    #[cfg(feature = "qr")]
    Qr(qr::Command),
    #[command(subcommand)]
    #[allow(missing_docs)]
    Transcript(transcript::Command),
    #[allow(missing_docs)]
    Report(report::Args),
    #[allow(missing_docs)]
    Completions(meta::CompletionsArgs),
    #[allow(missing_docs)]
    Man(meta::ManArgs),
}

/// Returns the command line's definition, for manual pages, completions and docs.
pub fn command() -> clap::Command {
    hide_env_values(Cli::command())
}

/// Hides the values of variables in the help. The help names the variable that an option is read
/// from; its value is from outside, and nobody's business there.
fn hide_env_values(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| arg.hide_env_values(true))
        .mut_subcommands(hide_env_values)
}

/// Parses the command line.
fn parse() -> std::result::Result<Cli, clap::Error> {
    let matches = command().try_get_matches()?;
    Cli::from_arg_matches(&matches).map_err(|fault| fault.format(&mut command()))
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
    let cli = match parse() {
        Ok(cli) => cli,
        Err(fault) => return report_clap_error(fault),
    };
    let mut ui = Ui::new(&cli.global);
    disable_core_dumps();
    ui::install_panic_hook(&ui);
    if let Err(error) = signals::install_handler(&ui) {
        return ui.finish(Err(error));
    }
    if let Err(error) = ui.open_events(&cli.global) {
        return ui.finish(Err(error));
    }
    ui.finish(run(cli.command, &ui))
}

fn run(command: Command, ui: &Ui) -> Result<CommandOutput> {
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
        Command::Transcript(command) => transcript::run(&command),
        Command::Report(args) => report::run(&args, ui),
        Command::Completions(args) => Ok(meta::run_completions(&args)),
        Command::Man(args) => meta::run_man(&args),
    }
}

/// Returns the error with what clap quotes of the command line and of the environment in its shown
/// form.
fn show_quoted_words(mut fault: clap::Error) -> clap::Error {
    let quoted: Vec<_> = fault
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(shown_text(text)))),
            ContextValue::Strings(texts) => Some((
                kind,
                ContextValue::Strings(texts.iter().map(|text| shown_text(text)).collect()),
            )),
            // The usage is the program's own text, and may have a line for each way to call it.
            ContextValue::StyledStr(text) if kind == ContextKind::Usage => {
                let lines: Vec<_> = text.to_string().lines().map(shown_on_a_line).collect();
                Some((kind, ContextValue::StyledStr(lines.join("\n").into())))
            }
            // A tip quotes a word of the command line, and has lines of its own for that.
            ContextValue::StyledStr(text) => {
                Some((kind, ContextValue::StyledStr(strip_styles(text))))
            }
            ContextValue::StyledStrs(texts) => Some((
                kind,
                ContextValue::StyledStrs(texts.iter().map(strip_styles).collect()),
            )),
            _ => None,
        })
        .collect();
    for (kind, value) in quoted {
        fault.insert(kind, value);
    }
    fault
}

/// Returns the text without its styles, on one line, in its shown form.
fn strip_styles(text: &clap::builder::StyledStr) -> clap::builder::StyledStr {
    shown_on_a_line(&text.to_string()).into()
}

/// Returns a word of the command line that the message quotes: an option without its value, or the
/// value.
fn quoted_word(fault: &clap::Error, kind: ContextKind) -> Option<&str> {
    match (kind, fault.get(kind)?) {
        (ContextKind::InvalidArg, ContextValue::String(text)) => text.split([' ', '=']).next(),
        (_, ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Renders clap's message, with its escape sequences. What a value's own parser says of the value
/// is converted to its shown form here, since clap writes it unchanged.
fn render_clap_error(fault: &clap::Error) -> String {
    let text = fault.render().ansi().to_string();
    match std::error::Error::source(fault).map(ToString::to_string) {
        Some(said) if !said.is_empty() => text.replace(&said, &shown_on_a_line(&said)),
        _ => text,
    }
}

/// Prints clap's answer and returns the exit code. Help and version are results (0, standard
/// output). Anything else is a wrong command line (2), in JSON where that was asked for.
fn report_clap_error(fault: clap::Error) -> ExitCode {
    let fault = &show_quoted_words(fault);
    // What was not understood has no parsed options: these two are looked for among the words.
    let words: Vec<String> = std::env::args_os()
        .map(crate::outside::stored_path)
        .collect();
    let json = words.iter().any(|word| word == "--output=json")
        || words
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a == "--output" && b == "json"));
    if words.iter().any(|word| word == "--no-color") {
        anstream::ColorChoice::Never.write_global();
    }
    let answer = match fault.kind() {
        ClapError::DisplayHelp => Some("help"),
        ClapError::DisplayVersion => Some("version"),
        _ => None,
    };
    if let (Some(name), true) = (answer, json) {
        let text = anstream::adapter::strip_str(&render_clap_error(fault)).to_string();
        return Ui::with_format(OutputFormat::Json).finish(Ok(CommandOutput::success(
            Effect::Unchanged,
            serde_json::json!({ name: text.trim_end() }),
            text,
        )));
    }
    if answer.is_some() {
        // The reader may be gone (`hsmboot --help | head -1`): nothing is lost by that.
        drop(print_clap_error(fault));
        return ExitCode::SUCCESS;
    }
    if json {
        let text = anstream::adapter::strip_str(&render_clap_error(fault)).to_string();
        let message = text
            .trim()
            .strip_prefix("error: ")
            .unwrap_or(text.trim())
            .to_owned();
        let error = Error::new(
            ErrorKind::Usage,
            Lines::from_own_text(&message),
            "hsmboot --help",
        )
        .with_fact(
            FactName::Option,
            quoted_word(fault, ContextKind::InvalidArg),
        )
        .with_fact(
            FactName::Found,
            quoted_word(fault, ContextKind::InvalidValue),
        );
        return Ui::with_format(OutputFormat::Json).finish(Err(error));
    }
    drop(print_clap_error(fault));
    ExitCode::from(Class::Usage.exit_code())
}

/// Prints the message as clap does, with this program's own rule for colours.
fn print_clap_error(fault: &clap::Error) -> std::io::Result<()> {
    use std::io::Write;
    let text = render_clap_error(fault);
    if fault.use_stderr() {
        write!(anstream::stderr().lock(), "{text}")
    } else {
        write!(anstream::stdout().lock(), "{text}")
    }
}
