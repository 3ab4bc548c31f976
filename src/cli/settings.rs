//! What a command line leaves out and somebody has written down: a variable `HSMBOOT_...` for an
//! option, or a line of the configuration file. An option goes before a variable, and a variable
//! before the file.
//!
//! What is found is put behind the words of the command line, and is then what it would be there.
//! Decisions are left to the command line: what waives a check, answers a question or replaces
//! something is never read from elsewhere.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::in_bundle::lies_in;
use super::spelling::is_other_form;
use crate::bundle::Store;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::{endpoint_without_password, shown_path, stored_path};
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

/// Options that mean something else in one command than everywhere else: nothing that is written
/// down is for them. `backup policy put` takes a document that lets other accounts copy a backup;
/// `unpack` reads a bundle in one file, where others work on theirs.
const OTHER_MEANING: [(&str, &str); 2] = [("backup policy put", "policy"), ("unpack", "bundle")];

/// The variables that the program has read since before these: not put behind the words, since
/// other code reads them.
const READ_ELSEWHERE: [&str; 2] = ["aws-root", "manufacturer-root"];

/// What the name of every variable begins with.
const PREFIX: &str = "HSMBOOT_";

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
    pub(super) values: Vec<OsString>,
    pub(super) origin: Origin,
}

impl Setting {
    /// Returns the values for people. Those that may be secrets are not shown.
    pub(super) fn shown_values(&self) -> Vec<String> {
        let option = self.option.as_str();
        if !IN_FILE.contains(&option) && !HARMLESS_FLAGS.contains(&option) {
            return vec!["(not shown)".to_owned()];
        }
        let shown = |value: &OsString| {
            let value = stored_path(value);
            shown_path(match option {
                // It need not be a URL to have a password.
                "endpoint-url" => endpoint_without_password(&value),
                _ => value,
            })
        };
        self.values.iter().map(shown).collect()
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

/// Refuses settings from a file that lies in the bundle that a command is about, in whatever depth
/// and under whatever name: nothing in a bundle names the owner.
///
/// # Errors
/// Class `Input`, `bad-config`.
pub(super) fn check_outside(bundle: &Store) -> Result<()> {
    for setting in taken() {
        let Origin::File(path) = &setting.origin else {
            continue;
        };
        if lies_in(bundle, path, fsio::metadata_of(path).as_ref())? {
            return Err(file::of_bundle(path));
        }
    }
    Ok(())
}

/// Tells whether an option was written down somewhere, and nobody typed it for this command.
pub(super) fn is_taken(option: &str) -> bool {
    taken().iter().any(|setting| setting.option == option)
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
/// As [`SettingsFile::read`]; `usage` where a variable says neither yes nor no.
pub(super) fn complete(words: Vec<OsString>, program: &Command) -> Result<Vec<OsString>> {
    if !is_anything_set(&words) {
        return Ok(words);
    }
    let lenient = program.clone().ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from(&words) else {
        // Help, or the version.
        return Ok(words);
    };
    let mut built = super::definition();
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
    check_names(&built)?;
    let file = SettingsFile::read(named_file(matches).as_deref())?;
    let mut settings = Vec::new();
    let mut all = words;
    let mut added: Vec<OsString> = Vec::new();
    for arg in command.get_arguments() {
        if is_given(matches, arg.get_id().as_str()) || stands_in_the_way(command, matches, arg) {
            continue;
        }
        let Some(setting) = find(name, arg, file.as_ref())? else {
            continue;
        };
        let elsewhere = READ_ELSEWHERE.contains(&setting.option.as_str())
            && matches!(setting.origin, Origin::Variable(_));
        if elsewhere {
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
    let begins = |text: &OsString, with: &str| {
        let begin = text.as_encoded_bytes().get(..with.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()))
    };
    let named = words.iter().any(|word| begins(word, "--config"));
    // The build without features looks at none of these.
    let by_variable = || std::env::vars_os().any(|(name, _)| begins(&name, PREFIX));
    let in_lambda =
        cfg!(feature = "lambda") && std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let elsewhere = || by_variable() || file::is_there();
    !in_lambda && (named || (cfg!(feature = "online") && elsewhere()))
}

/// Refuses a variable whose name is almost that of an option which a variable can set. It would say
/// nothing, and a dry run that is none claims a cluster. A name that is nothing like one is
/// somebody's own.
///
/// # Errors
/// `usage`.
fn check_names(program: &Command) -> Result<()> {
    // The build without features looks at none of these.
    if cfg!(not(feature = "online")) {
        return Ok(());
    }
    let options = options_of(program, program.get_name());
    let longs: BTreeSet<&str> = options
        .iter()
        .filter(|(command, arg)| is_settable(command, arg))
        .filter_map(|(_, arg)| arg.get_long())
        .collect();
    let names: BTreeMap<String, VariableName> = longs
        .into_iter()
        .map(variable_of)
        .map(|name| (name.clone(), VariableName::of(&name)))
        .collect();
    let set = std::env::vars_os()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, _)| name.into_string().ok());
    for name in set.filter(|name| name.to_ascii_uppercase().starts_with(PREFIX)) {
        if names.contains_key(&name) {
            continue;
        }
        let spelling = VariableName::of(&name);
        let meant = names.iter().find(|(_, known)| spelling.is_almost(known));
        if let Some((meant, _)) = meant {
            let found = shown_path(OsStr::new(&name));
            return Err(Error::new(
                ErrorKind::Usage,
                format!("no setting is called {found}, but {meant} is one"),
                format!("unset {found}; if {meant} was meant, set that instead"),
            )
            .with_fact(FactName::Variable, found)
            .with_fact(FactName::Expected, meant.clone()));
        }
    }
    Ok(())
}

/// A variable's name in capitals, and without what parts its words.
struct VariableName {
    name: String,
    letters: String,
}

impl VariableName {
    fn of(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        VariableName {
            letters: name.replace('_', ""),
            name,
        }
    }

    /// Tells whether a name is another one misspelt: in small letters, by where its words end, or
    /// by one letter that is missing, too many, another one, or in its neighbour's place. An S more
    /// at the end is a plural, a list of somebody's own. Among short words there are too many that
    /// differ by a letter (`HSMBOOT_ROOT`, `HSMBOOT_PORT`).
    fn is_almost(&self, known: &VariableName) -> bool {
        const SHORT: usize = PREFIX.len() + 5;
        // Each variable is held against each option in every run, and most are of another length.
        // Another letter has four octets at most.
        let most = if self.letters.is_ascii() { 1 } else { 4 };
        if self.letters.len().abs_diff(known.letters.len()) > most {
            return false;
        }
        self.letters == known.letters
            || (known.name.len() > SHORT
                && strsim::damerau_levenshtein(&self.name, &known.name) == 1
                && self.name.strip_suffix('S') != Some(&known.name))
    }
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
    let mut settings = Vec::new();
    for (command, arg) in options_of(program, program.get_name()) {
        settings.extend(find(&command, arg, file.as_ref())?);
    }
    settings.sort_by(|one: &Setting, other| one.option.cmp(&other.option));
    settings.dedup_by(|one, other| one.option == other.option);
    Ok((file.map(|file| file.path), settings))
}

/// Returns the options of a command and of those below it, each with its command's whole name.
fn options_of<'a>(command: &'a Command, name: &str) -> Vec<(String, &'a Arg)> {
    let own = command
        .get_arguments()
        .filter(|arg| arg.get_long().is_some())
        .map(|arg| (name.to_owned(), arg));
    let below = command
        .get_subcommands()
        .flat_map(|sub| options_of(sub, &format!("{name} {}", sub.get_name())));
    own.chain(below).collect()
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

/// Returns what is written down for an option of a command: in its variable, or else in the file.
///
/// # Errors
/// `usage`: the variable of a flag says neither yes nor no.
fn find(command: &str, arg: &Arg, file: Option<&SettingsFile>) -> Result<Option<Setting>> {
    let Some(option) = arg.get_long().map(str::to_owned) else {
        return Ok(None);
    };
    if !is_settable(command, arg) {
        return Ok(None);
    }
    let is_flag = !arg.get_action().takes_values();
    let variable = variable_of(&option);
    let value =
        std::env::var_os(&variable).filter(|value| cfg!(feature = "online") && !value.is_empty());
    if let Some(value) = value {
        if is_flag && !says_yes(&variable, &value)? {
            return Ok(None);
        }
        return Ok(Some(Setting {
            option,
            values: vec![value],
            origin: Origin::Variable(variable),
        }));
    }
    let Some(file) = file else { return Ok(None) };
    Ok(file.values(&option).map(|values| Setting {
        values,
        origin: Origin::File(file.path.clone()),
        option,
    }))
}

/// Tells whether something that is written down may set an option of a command.
fn is_settable(command: &str, arg: &Arg) -> bool {
    let option = arg.get_long().unwrap_or_default();
    let is_flag = !arg.get_action().takes_values();
    !(BY_HAND.contains(&option)
        || option.starts_with(DICTATED)
        || is_other(command, option)
        || (is_flag && !HARMLESS_FLAGS.contains(&option)))
}

/// Tells whether an option means something else in this command.
fn is_other(command: &str, option: &str) -> bool {
    OTHER_MEANING.iter().any(|(of, name)| {
        *name == option
            && command
                .split_once(' ')
                .is_some_and(|(_, words)| words == *of)
    })
}

/// Returns the variable of an option: `--ca-key` has `HSMBOOT_CA_KEY`.
fn variable_of(option: &str) -> String {
    format!("{PREFIX}{}", option.to_ascii_uppercase().replace('-', "_"))
}

/// Tells whether the variable of a flag says yes. One that says neither is not guessed at: a dry
/// run that is none claims a cluster.
fn says_yes(variable: &str, value: &OsStr) -> Result<bool> {
    const YES: [&str; 4] = ["1", "true", "yes", "on"];
    const NO: [&str; 4] = ["0", "false", "no", "off"];
    let said = value
        .to_str()
        .map(str::to_ascii_lowercase)
        .unwrap_or_default();
    if NO.contains(&said.as_str()) || YES.contains(&said.as_str()) {
        return Ok(YES.contains(&said.as_str()));
    }
    Err(Error::new(
        ErrorKind::Usage,
        format!(
            "the variable {variable} says neither yes nor no: {}",
            shown_path(value)
        ),
        format!(
            "set it to {} or to {}, or unset it",
            YES.join(", "),
            NO.join(", ")
        ),
    )
    .with_fact(FactName::Variable, variable)
    .with_fact(FactName::Found, shown_path(value)))
}

fn words_of(arg: &Arg, setting: &Setting) -> Vec<OsString> {
    let option = &setting.option;
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return vec![format!("--{option}").into()];
    }
    let word = |value: &OsString| {
        let mut word = OsString::from(format!("--{option}="));
        word.push(value);
        word
    };
    setting.values.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one variable, or one line, would set in several commands is the same option in all of
    /// them.
    #[test]
    fn an_option_that_may_be_written_down_has_one_meaning() {
        let mut seen: Vec<(String, String, String)> = Vec::new();
        for (command, arg) in options_of(&crate::cli::command(), "hsmboot") {
            let option = arg.get_long().unwrap_or_default().to_owned();
            if !IN_FILE.contains(&option.as_str()) || is_other(&command, &option) {
                continue;
            }
            let takes = format!("{:?}", arg.get_value_names());
            match seen.iter().find(|(_, other, _)| *other == option) {
                Some((first, _, there)) => assert_eq!(
                    *there, takes,
                    "--{option} of `{first}` and of `{command}`: list it in OTHER_MEANING"
                ),
                None => seen.push((command, option, takes)),
            }
        }
        let program = crate::cli::command();
        let all = options_of(&program, "hsmboot");
        let count = all
            .iter()
            .filter(|(command, arg)| is_other(command, arg.get_long().unwrap_or_default()))
            .count();
        // Without the service there are no backups.
        let missing = usize::from(!cfg!(feature = "online"));
        assert_eq!(count, OTHER_MEANING.len() - missing);
    }

    #[test]
    fn a_name_with_one_mistake_is_almost_a_setting() {
        let almost = |name: &str, known| {
            VariableName::of(&format!("{PREFIX}{name}")).is_almost(&VariableName::of(known))
        };
        for name in [
            "DRYRUN",
            "DRY_RN",
            "DYR_RUN",
            "DRYY_RUN",
            "D_RY_RUN",
            "DRI_RUN",
            "dry_run",
            "DR\u{ed}_RUN",
            "DRY_RU\u{1f600}N",
        ] {
            assert!(almost(name, "HSMBOOT_DRY_RUN"), "{name}");
        }
        for name in ["DRY_RUNS", "DRY", "RUN", "DR_RN", "VECTORS"] {
            assert!(!almost(name, "HSMBOOT_DRY_RUN"), "{name}");
        }
        assert!(almost("DRY_RUNN", "HSMBOOT_DRY_RUN"));
        assert!(!almost("ROOT", "HSMBOOT_ROOTS") && !almost("PORT", "HSMBOOT_PART"));
    }

    #[test]
    fn a_flag_by_variable_is_a_clear_yes_or_no() {
        for (value, yes) in [("1", true), ("TRUE", true), ("Yes", true), ("off", false)] {
            assert_eq!(says_yes("V", OsStr::new(value)).ok(), Some(yes), "{value}");
        }
        for value in ["y", " 1", "2", "nope", "true\n"] {
            assert!(says_yes("V", OsStr::new(value)).is_err(), "{value}");
        }
    }
}
