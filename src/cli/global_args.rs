//! The options that every command takes.

use clap::{Args, ValueEnum};

use super::events::EventTarget;
use super::query::Query;

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document, whatever happens
    Json,
    /// JSON lines: what happens meanwhile, then the document on the last line
    Jsonl,
    /// The fingerprint alone, of what was fetched, signed, read or shown
    Fingerprint,
}

/// `--color`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless a variable says otherwise
    #[default]
    Auto,
    /// Into files and pipes too
    Always,
    /// Nowhere
    Never,
}

impl ColorWhen {
    /// Makes it the rule for everything that is printed from now on.
    pub(crate) fn apply(self) {
        match self {
            ColorWhen::Auto => {}
            ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
            ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// The form in which to print the result
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) output: OutputFormat,
    /// Print only this part of the result, chosen by a JMESPath expression
    #[arg(long, global = true, value_name = "EXPRESSION", value_parser = parse_query)]
    pub(crate) query: Option<Query>,
    /// Say only what is the result or an error
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more on standard error
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Colours: on a terminal, always, or never (variables: NO_COLOR, CLICOLOR_FORCE)
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        conflicts_with = "no_color"
    )]
    pub(crate) color: ColorWhen,
    /// The same as --color never
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Write what happens meanwhile as JSON lines: to a file, or to an open descriptor as fd:N
    #[arg(long, global = true, value_name = "FILE", value_parser = parse_event_target)]
    pub(crate) events: Option<EventTarget>,
    /// Take what the command line leaves out from this file (default:
    /// ~/.config/hsmboot/config.toml; the air-gapped build has no default)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<std::path::PathBuf>,
}

fn parse_query(text: &str) -> std::result::Result<Query, String> {
    text.parse()
}

fn parse_event_target(text: &str) -> std::result::Result<EventTarget, String> {
    text.parse()
}
