//! What a command line leaves out and somebody has written down: a variable `HSMBOOT_...` for an
//! option, or a line of the configuration file. An option goes before a variable, and a variable
//! before the file.
//!
//! What is found is put behind the words of the command line, and is then what it would be there.
//! Decisions are left to the command line: what waives a check, answers a question or replaces
//! something is never read from elsewhere.

mod file;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::spelling::is_other_form;
use crate::error::Result;
use crate::hint::without_userinfo;
use crate::outside::{endpoint_without_password, shown_path, shown_text};
use file::SettingsFile;

/// The options that a configuration file may set: what is the same on every command.
pub(super) const IN_FILE: [&str; 14] = [
    "account",
    "assume-role",
    "aws-root",
    "ca",
    "ca-fingerprint",
    "color",
    "endpoint-url",
    "manufacturer-root",
    "operator",
    "output",
    "pkcs11-module",
    "policy",
    "profile",
    "region",
];

/// The options among them that are paths: one that is not absolute begins where the file lies.
const PATHS: [&str; 4] = ["aws-root", "ca", "manufacturer-root", "pkcs11-module"];

/// The options with a value that are decisions, or have no meaning elsewhere: no variable sets
/// them. What somebody on the other side dictates is among them, and the moment that is judged at.
const BY_HAND: [&str; 9] = [
    "accept",
    "at",
    "cluster-ids",
    "config",
    "install",
    "noted",
    "query",
    "reason",
    "resource-id",
];

/// What the name of an option begins with that takes what the other side dictates.
const DICTATED: &str = "expect";

/// The flags that a variable may set. Any other one is a decision: it waives a check, answers a
/// question, creates or replaces something.
const HARMLESS_FLAGS: [&str; 3] = ["dry-run", "quiet", "verbose"];

/// The variables that the program has read since before these: not put behind the words, since
/// other code reads them.
const READ_ELSEWHERE: [&str; 2] = ["aws-root", "manufacturer-root"];

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// In this variable of the environment.
    Variable(String),
    /// In this file.
    File(PathBuf),
}

/// An option, by its long name, with what was written down for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) option: String,
    pub(super) values: Vec<String>,
    pub(super) origin: Origin,
}

impl Setting {
    /// Returns the values for people. Those that may be secrets are not shown.
    pub(super) fn shown_values(&self) -> Vec<String> {
        match IN_FILE.contains(&self.option.as_str()) {
            true => {
                let whole = |value: &String| match self.option == "endpoint-url" {
                    true => endpoint_without_password(value),
                    false => without_userinfo(value),
                };
                let shown = |value: &String| shown_text(&whole(value)).to_string();
                self.values.iter().map(shown).collect()
            }
            false => vec!["(not shown)".to_owned()],
        }
    }

    /// Returns them on one line.
    pub(super) fn shown_value(&self) -> String {
        self.shown_values().join(", ")
    }
}

impl Origin {
    /// Returns the origin for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Origin::Variable(name) => name.clone(),
            Origin::File(path) => shown_path(path),
        }
    }
}

/// The settings that this very run has taken, and the words that it runs by.
static TAKEN: OnceLock<(Vec<Setting>, Vec<OsString>)> = OnceLock::new();

/// Returns the settings that this run has taken.
pub(super) fn taken() -> &'static [Setting] {
    TAKEN.get().map_or(&[], |(settings, _)| settings)
}

/// Returns the words that this run goes by: those of the command line, and behind them what was
/// written down.
pub(super) fn effective_words() -> Vec<OsString> {
    TAKEN
        .get()
        .map_or_else(|| std::env::args_os().collect(), |(_, words)| words.clone())
}

/// Returns the command line with what was written down put behind it.
///
/// # Errors
/// As [`SettingsFile::read`].
pub(super) fn complete(words: Vec<OsString>, program: &Command) -> Result<Vec<OsString>> {
    if !is_anything_set(&words) {
        return Ok(words);
    }
    let lenient = program.clone().ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from(&words) else {
        // Help, or the version.
        return Ok(words);
    };
    let mut built = program.clone();
    built.build();
    let (command, matches) = leaf(&built, &matches);
    const OWN: [&str; 4] = [
        "hsmboot completions",
        "hsmboot man",
        "hsmboot config show",
        "hsmboot lambda",
    ];
    let name = command.get_bin_name().unwrap_or_default();
    if command.has_subcommands() || OWN.contains(&name) {
        return Ok(words);
    }
    let file = SettingsFile::read(named_file(matches).as_deref())?;
    let mut settings = Vec::new();
    let mut all = words;
    let mut added: Vec<OsString> = Vec::new();
    for arg in command.get_arguments() {
        let Some(setting) = find(arg, file.as_ref()) else {
            continue;
        };
        let elsewhere = READ_ELSEWHERE.contains(&setting.option.as_str())
            && matches!(setting.origin, Origin::Variable(_));
        let given = is_given(matches, arg.get_id().as_str());
        if elsewhere || given || stands_in_the_way(command, matches, arg) {
            continue;
        }
        added.extend(words_of(arg, &setting));
        settings.push(setting);
    }
    // What follows `--` are arguments.
    let end = all
        .iter()
        .position(|word| word == "--")
        .unwrap_or(all.len());
    let tail = all.split_off(end);
    all.extend(added);
    all.extend(tail);
    // It is set once: a process runs one command.
    drop(TAKEN.set((settings, all.clone())));
    Ok(all)
}

/// Tells whether there may be anything: most runs have nothing, and are not to pay for it. A
/// function of AWS Lambda takes its settings from its own environment alone.
fn is_anything_set(words: &[OsString]) -> bool {
    let begins = |text: &OsString, with: &str| text.as_encoded_bytes().starts_with(with.as_bytes());
    let named = words.iter().any(|word| begins(word, "--config"));
    // The build without features looks at none of these.
    let by_variable = || std::env::vars_os().any(|(name, _)| begins(&name, "HSMBOOT_"));
    let in_lambda =
        cfg!(feature = "lambda") && std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let elsewhere = || by_variable() || file::is_there();
    !in_lambda && (named || (cfg!(feature = "online") && elsewhere()))
}

/// Returns all that is written down, for `config show`.
///
/// # Errors
/// As [`SettingsFile::read`].
pub(super) fn all(
    named: Option<&Path>,
    program: &Command,
) -> Result<(Option<PathBuf>, Vec<Setting>)> {
    let file = SettingsFile::read(named)?;
    let mut args = Vec::new();
    collect_args(program, &mut args);
    args.sort_by_key(|arg| arg.get_long().map(str::to_owned));
    args.dedup_by_key(|arg| arg.get_long().map(str::to_owned));
    let settings = args.iter().filter_map(|arg| find(arg, file.as_ref()));
    let settings = settings.collect();
    Ok((file.map(|file| file.path), settings))
}

fn collect_args(command: &Command, args: &mut Vec<Arg>) {
    args.extend(
        command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some())
            .cloned(),
    );
    for sub in command.get_subcommands() {
        collect_args(sub, args);
    }
}

/// Returns the command that was named, and what was given to it.
fn leaf<'a>(command: &'a Command, matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    let below = matches
        .subcommand()
        .and_then(|(name, inner)| Some((command.find_subcommand(name)?, inner)));
    match below {
        Some((command, inner)) => leaf(command, inner),
        None => (command, matches),
    }
}

fn named_file(matches: &ArgMatches) -> Option<PathBuf> {
    matches
        .try_get_one::<PathBuf>("config")
        .ok()
        .flatten()
        .cloned()
}

/// Tells whether an argument stands on the command line, or has its variable in clap's own way.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).is_ok_and(|there| there)
        && matches!(
            matches.value_source(id),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        )
}

/// Tells whether something on the command line excludes an option: then it counts.
fn stands_in_the_way(command: &Command, matches: &ArgMatches, arg: &Arg) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        command
            .get_arg_conflicts_with(one)
            .iter()
            .any(|conflict| conflict.get_id() == other.get_id())
    };
    let same_group = |one: &Arg, other: &Arg| {
        command.get_groups().any(|group| {
            let members: Vec<_> = group.get_args().collect();
            !group.clone().is_multiple()
                && members.contains(&one.get_id())
                && members.contains(&other.get_id())
        })
    };
    command
        .get_arguments()
        .filter(|given| given.get_id() != arg.get_id())
        .filter(|given| is_given(matches, given.get_id().as_str()))
        .any(|given| {
            let same = is_other_form(given.get_id().as_str(), arg.get_id().as_str());
            same || excludes(given, arg) || excludes(arg, given) || same_group(given, arg)
        })
}

/// Returns what is written down for an option: in its variable, or else in the file.
fn find(arg: &Arg, file: Option<&SettingsFile>) -> Option<Setting> {
    let option = arg.get_long()?.to_owned();
    let is_flag = !arg.get_action().takes_values();
    if BY_HAND.contains(&option.as_str())
        || option.starts_with(DICTATED)
        || (is_flag && !HARMLESS_FLAGS.contains(&option.as_str()))
    {
        return None;
    }
    let variable = variable_of(&option);
    let from_variable = || {
        if !cfg!(feature = "online") {
            return None;
        }
        let value = std::env::var(&variable)
            .ok()
            .filter(|value| !value.is_empty())?;
        Some(Setting {
            option: option.clone(),
            values: vec![value],
            origin: Origin::Variable(variable.clone()),
        })
    };
    from_variable().or_else(|| {
        let file = file?;
        Some(Setting {
            values: file.values(&option)?,
            origin: Origin::File(file.path.clone()),
            option: option.clone(),
        })
    })
}

/// Returns the variable of an option: `--ca-key` has `HSMBOOT_CA_KEY`.
fn variable_of(option: &str) -> String {
    format!("HSMBOOT_{}", option.to_ascii_uppercase().replace('-', "_"))
}

fn words_of(arg: &Arg, setting: &Setting) -> Vec<OsString> {
    let option = &setting.option;
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let on = |value: &String| ["1", "true", "yes"].contains(&value.as_str());
        return match setting.values.iter().all(on) {
            true => vec![format!("--{option}").into()],
            false => Vec::new(),
        };
    }
    setting
        .values
        .iter()
        .map(|value| format!("--{option}={value}").into())
        .collect()
}
