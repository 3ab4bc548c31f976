//! The options of this run that a command named in its messages has to repeat: those that say which
//! service and which roots. A command that does not know an option does not get it.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};

use super::settings;
#[cfg(feature = "online")]
use crate::cloudhsm::ClusterName;
use crate::error::Error;
use crate::hint::{self, NextCommand};
use crate::outside::{Lines, shown_text};

/// The options that are repeated behind those of [`SERVICE`], in the order in which they are shown.
/// `--reason` stands behind what it explains.
const REPEATED: [&str; 6] = [
    "aws-root",
    "manufacturer-root",
    "policy",
    "accept",
    "reason",
    "config",
];

/// What the operator decided. A command that only looks decides nothing for one that signs or
/// claims.
const DECISIONS: [&str; 2] = ["accept", "reason"];

/// The commands whose decisions stand for the next one, too.
const DECIDING: [&str; 4] = ["sign", "import", "submit", "bootstrap"];

/// The option that an ARN or a bundle may stand for.
const REGION: &str = "region";

/// The options that are repeated first: those that say which service.
const SERVICE: [&str; 6] = [
    "region",
    "profile",
    "endpoint-url",
    "assume-role",
    "account",
    "insecure-http",
];

/// The commands that go to no cluster: the service of theirs is the one that has the CA.
const OF_THE_CA: [&str; 2] = ["ca", "sign"];

/// The option whose value takes the place of [`ANY_FILE`] in a command that names the owner's CA.
/// A command without it has another way to name the owner.
const CA: &str = "ca";

/// What a command has in place of a file that its maker does not know.
const ANY_FILE: &str = "FILE";

/// The options that are files.
const FILES: [&str; 4] = ["aws-root", "manufacturer-root", "config", CA];

/// An option of this run, by its long name, with its words as another command line has them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RunOption {
    name: &'static str,
    words: Vec<String>,
}

/// What the command line of this run gave.
#[derive(Clone, Debug, Default)]
struct GivenOptions {
    /// The service is the one that has the CA.
    of_the_ca: bool,
    options: Vec<RunOption>,
}

impl GivenOptions {
    fn has(&self, long: Option<&str>) -> bool {
        self.options.iter().any(|option| long == Some(option.name))
    }
}

/// What the command line of this run gave. A process runs one command.
static GIVEN: OnceLock<GivenOptions> = OnceLock::new();

/// The region in which this run found its cluster, where neither an option nor the environment
/// named it: a bundle did.
static FOUND_REGION: Mutex<Option<String>> = Mutex::new(None);

/// The command line's definition, with all that the commands take which were named up to now.
static PROGRAM: Mutex<Option<Command>> = Mutex::new(None);

/// Keeps what the command line gave, and its definition.
pub(super) fn remember(matches: &ArgMatches, program: Command) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(program);
    GIVEN.get_or_init(|| given_options(matches));
}

fn given_options(matches: &ArgMatches) -> GivenOptions {
    let of_the_ca = matches
        .subcommand_name()
        .is_some_and(|name| OF_THE_CA.contains(&name));
    let decides = matches
        .subcommand_name()
        .is_some_and(|name| DECIDING.contains(&name));
    let mut leaf = matches;
    while let Some((_, inner)) = leaf.subcommand() {
        leaf = inner;
    }
    GivenOptions {
        of_the_ca,
        options: SERVICE
            .into_iter()
            .chain(REPEATED)
            .chain([CA])
            .filter(|name| decides || !DECISIONS.contains(name))
            .filter_map(|name| given_option(leaf, name))
            .collect(),
    }
}

/// Keeps the region that a bundle named, or that none did.
#[cfg(feature = "online")]
pub(super) fn remember_found_region(region: Option<String>) {
    *FOUND_REGION.lock().unwrap_or_else(PoisonError::into_inner) = region;
}

/// Forgets the region that a bundle named: the next bundle is another cluster's.
pub(super) fn forget_found_region() {
    *FOUND_REGION.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Returns an option that stands on the command line. One that a variable or a file set is read
/// there again by the other command.
fn given_option(leaf: &ArgMatches, name: &'static str) -> Option<RunOption> {
    let id = name.replace('-', "_");
    let known = leaf.try_contains_id(&id).unwrap_or(false);
    let given = known && leaf.value_source(&id) == Some(ValueSource::CommandLine);
    let written_down = settings::is_taken(name);
    if !given || written_down {
        return region_of_arn(leaf).filter(|_| name == REGION);
    }
    let values = leaf.try_get_raw(&id).ok().flatten();
    // A flag has a value for clap alone.
    let is_flag = leaf.try_get_one::<bool>(&id).is_ok();
    let words = match values {
        _ if is_flag => vec![format!("--{name}")],
        Some(values) => values.flat_map(|value| option_words(name, value)).collect(),
        None => return None,
    };
    Some(RunOption { name, words })
}

#[cfg(not(feature = "online"))]
const fn region_of_arn(_: &ArgMatches) -> Option<RunOption> {
    None
}

/// Returns the region of the cluster's ARN, where one is named by it.
#[cfg(feature = "online")]
fn region_of_arn(leaf: &ArgMatches) -> Option<RunOption> {
    let region = ["cluster", "cluster_id"].into_iter().find_map(|id| {
        let mut names = leaf.try_get_many::<ClusterName>(id).ok().flatten()?;
        // Several may be in several regions.
        let only = names.next().filter(|_| names.next().is_none())?;
        only.region.clone()
    })?;
    Some(RunOption {
        name: REGION,
        words: option_words(REGION, OsStr::new(&region)),
    })
}

fn option_words(name: &str, value: &OsStr) -> Vec<String> {
    let option = format!("--{name}");
    let value = match FILES.contains(&name) {
        true => hint::path_word(Path::new(value), ANY_FILE),
        // In place of one that a line cannot show, or must not, stands a word for it.
        false => value
            .to_str()
            .filter(|text| shown_text(text) == **text)
            .unwrap_or("VALUE")
            .to_owned(),
    };
    match value.starts_with('-') {
        true => vec![format!("{option}={value}")],
        false => vec![option, value],
    }
}

/// Returns the command with the options of this run that it takes and does not have.
pub(crate) fn complete_words(words: &[String]) -> Vec<String> {
    let mut given = GIVEN.get().cloned().unwrap_or_default();
    let found = FOUND_REGION
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let has_region = given.options.iter().any(|option| option.name == REGION);
    if let Some(region) = found.filter(|_| !has_region) {
        let words = option_words(REGION, OsStr::new(&region));
        given.options.insert(
            0,
            RunOption {
                name: REGION,
                words,
            },
        );
    }
    if given.options.is_empty() {
        return words.to_vec();
    }
    let mut program = PROGRAM.lock().unwrap_or_else(PoisonError::into_inner);
    complete(
        words,
        &given,
        program.get_or_insert_with(super::Cli::command),
    )
}

/// Returns a command as a shell takes it, with the options of this run. What is no command of this
/// program stays as it is.
pub(crate) fn complete_line(line: &str) -> String {
    let Some(words) = hint::split_command(line) else {
        return line.to_owned();
    };
    let all = complete_words(&words);
    match all == words {
        true => line.to_owned(),
        false => hint::command_line(&all.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

/// Returns the command so.
pub(crate) fn complete_command(command: NextCommand) -> NextCommand {
    let words = complete_words(command.argv());
    command.replaced_by(words)
}

/// Returns the advice with each of its commands so.
pub(crate) fn complete_advice(advice: &Lines) -> Lines {
    let mut text = String::new();
    let mut rest: &str = advice;
    while let Some((before, after)) = rest.split_once('`') {
        let (inside, behind) = hint::split_at_backquote(after);
        text.push_str(before);
        text.push('`');
        text.push_str(&complete_line(inside));
        text.extend(behind.map(|_| '`'));
        rest = behind.unwrap_or_default();
    }
    text.push_str(rest);
    text.lines().map(str::to_owned).collect()
}

/// Returns the error with the advice so.
pub(crate) fn with_complete_advice(mut error: Error) -> Error {
    error.hint = complete_advice(&error.hint);
    error.next = error.next.into_iter().map(complete_command).collect();
    error
}

fn complete(words: &[String], given: &GivenOptions, program: &mut Command) -> Vec<String> {
    let mut all = words.to_vec();
    let of_all: Vec<Arg> = program
        .get_arguments()
        .filter(|arg| arg.is_global_set() && given.has(arg.get_long()))
        .cloned()
        .collect();
    let Some(command) = named_command(words, program) else {
        return all;
    };
    let has = |words: &[String], name: &str| {
        let option = format!("--{name}");
        let with_value = format!("{option}=");
        words
            .iter()
            .any(|word| *word == option || word.starts_with(&with_value))
    };
    let excludes = |one: &Arg, other: &Arg| {
        command
            .get_arg_conflicts_with(one)
            .iter()
            .any(|conflict| conflict.get_id() == other.get_id())
    };
    let stands_in_the_way = |arg: &Arg| {
        command
            .get_arguments()
            .filter(|other| other.get_long().is_some_and(|long| has(words, long)))
            .any(|other| excludes(arg, other) || excludes(other, arg))
    };
    let of_the_ca = words
        .get(1)
        .is_some_and(|name| OF_THE_CA.contains(&name.as_str()));
    let same_service = of_the_ca == given.of_the_ca;
    for option in &given.options {
        if option.name == CA {
            fill_in(&mut all, option);
            continue;
        }
        if SERVICE.contains(&option.name) && !same_service {
            continue;
        }
        let known = command
            .get_arguments()
            .chain(&of_all)
            .find(|arg| arg.get_long() == Some(option.name));
        let Some(arg) = known else { continue };
        // A reason explains what is accepted, and is refused alone.
        let explains_nothing =
            option.name == REASON && !has(&all, "accept") && !has(&all, "unverified");
        if !has(&all, option.name) && !stands_in_the_way(arg) && !explains_nothing {
            all.extend(option.words.iter().cloned());
        }
    }
    all
}

const REASON: &str = "reason";

/// Puts the option's value where the command has [`ANY_FILE`].
fn fill_in(words: &mut Vec<String>, option: &RunOption) {
    let start = option.words.first();
    let at = words
        .windows(2)
        .position(|pair| pair.first() == start && pair.get(1).is_some_and(|word| word == ANY_FILE));
    if let Some(at) = at {
        words.splice(at..at.saturating_add(2), option.words.iter().cloned());
    }
}

/// Returns the command of this program that the words call. One that is named alone, and needs
/// more than its name, is a mention.
fn named_command<'a>(words: &[String], program: &'a mut Command) -> Option<&'a Command> {
    let mut words = words.iter();
    let first = words.next()?;
    if first != program.get_name() {
        return None;
    }
    let mut command = program;
    let mut rest = words.as_slice();
    while let Some((word, more)) = rest.split_first() {
        if command.find_subcommand(word).is_none() {
            break;
        }
        let sub = command.find_subcommand_mut(word)?;
        // What it takes may not be there yet.
        sub.build();
        (command, rest) = (sub, more);
    }
    let needs_nothing = || {
        let alone = command.clone();
        !command.is_subcommand_required_set() && alone.try_get_matches_from([first]).is_ok()
    };
    (!rest.is_empty() || needs_nothing()).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> GivenOptions {
        let option = |name: &'static str, value: &str| RunOption {
            name,
            words: option_words(name, OsStr::new(value)),
        };
        let mut all = vec![
            option("aws-root", "r o/aws.crt"),
            option("accept", "validity.hsm"),
            option("reason", "seen by Ada"),
            option("ca", "-my ca.crt"),
        ];
        if cfg!(feature = "online") {
            all.insert(0, option("region", "eu-west-1"));
        }
        GivenOptions {
            of_the_ca: false,
            options: all,
        }
    }

    fn completed(line: &str) -> String {
        let mut program = crate::cli::command();
        program.build();
        let words = hint::split_command(line).unwrap_or_default();
        let all = complete(&words, &given(), &mut program);
        hint::command_line(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_gets_what_it_takes_and_does_not_have() {
        for (line, more) in [
            (
                "hsmboot verify DIR",
                " --aws-root 'r o/aws.crt' --accept validity.hsm --reason 'seen by Ada'",
            ),
            (
                "hsmboot verify DIR --aws-root other.crt",
                " --accept validity.hsm --reason 'seen by Ada'",
            ),
            (
                "hsmboot verify DIR --simulated",
                " --accept validity.hsm --reason 'seen by Ada'",
            ),
            ("hsmboot roots show a.crt", ""),
            ("hsmboot ca show FILE", ""),
            ("hsmboot verify", ""),
            ("hsmboot", ""),
            ("openssl x509 -in a", ""),
        ] {
            assert_eq!(completed(line), format!("{line}{more}"));
        }
        let sign = completed("hsmboot sign DIR --ca FILE --ca-key KEY");
        assert!(
            sign.starts_with("hsmboot sign DIR --ca './-my ca.crt' --ca-key KEY --aws-root"),
            "{sign}"
        );
    }

    #[test]
    fn a_decision_is_repeated_by_commands_that_decide_alone() {
        const ACCEPTED: &str = " --accept validity.hsm --reason seen";
        let mut program = crate::cli::command();
        program.build();
        for (line, goes_on) in [
            ("hsmboot verify b", false),
            ("hsmboot report b", false),
            #[cfg(feature = "online")]
            ("hsmboot plan cluster-abcdefghijk --ca c", false),
            #[cfg(feature = "online")]
            ("hsmboot submit b", true),
            ("hsmboot sign b --ca c --ca-key k", true),
            ("hsmboot import b --signed-cert s --ca c", true),
        ] {
            let given = format!("{line}{ACCEPTED}");
            let matches = program.clone().try_get_matches_from(given.split(' '));
            let given = matches.map(|matches| given_options(&matches));
            let given = given.unwrap_or_default();
            let words = hint::split_command("hsmboot sign b --ca c --ca-key k");
            let all = complete(&words.unwrap_or_default(), &given, &mut program).join(" ");
            assert_eq!(all.ends_with(ACCEPTED), goes_on, "{line}: {all}");
            assert_eq!(all.contains("seen"), goes_on, "{line}: {all}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_a_blank_that_is_to_be_filled_in() {
        for value in ["a\nb", "https://user:s3cret@example.com"] {
            let words = option_words("endpoint-url", OsStr::new(value));
            assert_eq!(words, ["--endpoint-url", "VALUE"]);
            let command = NextCommand::new(["hsmboot", "status"]).with_words(words);
            let document = serde_json::to_value(&command).unwrap_or_default();
            assert_eq!(document.get("fill_in"), Some(&serde_json::json!(["VALUE"])));
        }
    }

    #[cfg(feature = "online")]
    #[test]
    fn an_online_command_gets_the_way_to_the_service() {
        for (line, more) in [
            ("hsmboot status", " --region eu-west-1"),
            ("hsmboot backup list", " --region eu-west-1"),
            ("hsmboot backup list --region=us-east-1", ""),
            ("hsmboot fetch", ""),
            ("hsmboot fetch --cluster-id ID", " --region eu-west-1"),
        ] {
            let all = completed(line);
            assert!(all.starts_with(&format!("{line}{more}")), "{all}");
        }
    }
}
