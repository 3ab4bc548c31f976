//! The same command line in another spelling: options of the service before the command, and a
//! thing that is named as an argument and by an option.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use clap::{ArgMatches, Command};

use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_path;

/// The options that almost every online command takes: they may stand before it too.
const ANYWHERE: [&str; 6] = [
    "region",
    "profile",
    "endpoint-url",
    "assume-role",
    "timeout",
    "insecure-http",
];

/// The flags among them.
const FLAGS: [&str; 1] = ["insecure-http"];

/// Arguments that name the same thing as an option, by clap's names.
const BOTH_FORMS: [(&str, &str); 7] = [
    ("dir", "bundle"),
    ("dirs", "bundle"),
    ("backup", "backup_id"),
    ("names", "cluster_id"),
    ("resource", "cluster_id"),
    ("resource", "backup_id"),
    ("resource", "resource_id"),
];

/// Tells whether an argument and an option name the same thing, so that either says it.
pub(super) fn is_other_form(one: &str, other: &str) -> bool {
    let pair = |a, b| BOTH_FORMS.contains(&(a, b)) || (a, b) == ("cluster", "cluster_id");
    pair(one, other) || pair(other, one)
}

/// Returns the words with the options of the service behind the command that takes them. A command
/// line that is not understood stays as it is, and is refused as it stands.
pub(super) fn options_behind_command(words: Vec<OsString>, program: &Command) -> Vec<OsString> {
    match may_be_before_command(&words, program) {
        true => reorder(&words, &super::definition()).unwrap_or(words),
        false => words,
    }
}

/// Tells whether an option of the service may stand before the command: most command lines need not
/// be looked at any closer, for which all commands would have to be put together.
fn may_be_before_command(words: &[OsString], program: &Command) -> bool {
    let moves = |word: &OsString| {
        let option = word.to_str().and_then(|word| word.strip_prefix("--"));
        let long = option.map(|option| option.split_once('=').map_or(option, |(long, _)| long));
        long.is_some_and(|long| ANYWHERE.contains(&long))
    };
    let first = words.get(1).and_then(|word| program.find_subcommand(word));
    // A command that has commands says that it wants one.
    let is_whole = first.is_some_and(|first| !first.is_subcommand_required_set());
    !is_whole && words.iter().any(moves)
}

fn reorder(words: &[OsString], program: &Command) -> Option<Vec<OsString>> {
    let (name, mut rest) = words.split_first()?;
    let mut kept = vec![name.clone()];
    let mut moved: Vec<(&str, Vec<OsString>)> = Vec::new();
    let mut command = program;
    loop {
        // The command, and commands of it.
        while let Some((word, more)) = rest.split_first() {
            let Some(sub) = command.find_subcommand(word) else {
                break;
            };
            kept.push(word.clone());
            (command, rest) = (sub, more);
        }
        if !command.has_subcommands() {
            break;
        }
        let (word, more) = rest.split_first()?;
        rest = more;
        let option = LeadingOption::read(word.to_str()?, program)?;
        let mut both = vec![word.clone()];
        if option.wants_value {
            let (value, more) = rest.split_first()?;
            both.push(value.clone());
            rest = more;
        }
        match option.moves {
            Some(name) => moved.push((name, both)),
            None => kept.extend(both),
        }
    }
    let takes = |option: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(option))
    };
    if moved.is_empty() || !moved.iter().all(|(option, _)| takes(option)) {
        return None;
    }
    kept.extend(moved.into_iter().flat_map(|(_, words)| words));
    kept.extend(rest.iter().cloned());
    Some(kept)
}

/// An option that stands before a command.
struct LeadingOption {
    /// Its name, where it is one of [`ANYWHERE`].
    moves: Option<&'static str>,
    /// The next word is its value.
    wants_value: bool,
}

impl LeadingOption {
    fn read(text: &str, program: &Command) -> Option<Self> {
        let Some(long) = text.strip_prefix("--") else {
            let short = text.strip_prefix('-')?;
            let is_flag = program.get_arguments().any(|arg| {
                let letter = arg.get_short().map(String::from);
                letter.as_deref() == Some(short) && !arg.get_action().takes_values()
            });
            return is_flag.then_some(LeadingOption {
                moves: None,
                wants_value: false,
            });
        };
        let (long, has_value) = match long.split_once('=') {
            Some((long, _)) => (long, true),
            None => (long, false),
        };
        let moves = ANYWHERE.into_iter().find(|option| *option == long);
        let takes_value = match moves {
            Some(option) => !FLAGS.contains(&option),
            None => {
                let known = |arg: &&clap::Arg| arg.get_long() == Some(long);
                let known = program.get_arguments().find(known)?;
                known.get_action().takes_values()
            }
        };
        Some(LeadingOption {
            moves,
            wants_value: takes_value && !has_value,
        })
    }
}

/// Refuses a thing that is named in both forms and is not the same.
///
/// # Errors
/// Class `Usage`.
pub(super) fn check_both_forms(matches: &ArgMatches) -> Result<()> {
    let mut leaf = matches;
    while let Some((_, inner)) = leaf.subcommand() {
        leaf = inner;
    }
    let named = |id: &str| -> BTreeSet<&OsStr> {
        let raw = leaf.try_get_raw(id).ok().flatten();
        raw.into_iter().flatten().collect()
    };
    for (argument, option) in BOTH_FORMS {
        let (first, second) = (named(argument), named(option));
        let all_in = |some: &BTreeSet<&OsStr>, others: &BTreeSet<&OsStr>| {
            let is_named = |one: &&OsStr| others.iter().any(|other| is_same(option, one, other));
            some.iter().all(is_named)
        };
        let same = all_in(&first, &second) && all_in(&second, &first);
        if first.is_empty() || second.is_empty() || same {
            continue;
        }
        let shown = |all: &BTreeSet<&OsStr>| {
            let all: Vec<String> = all.iter().map(shown_path).collect();
            all.join(" ")
        };
        let option = format!("--{}", option.replace('_', "-"));
        return Err(Error::new(
            ErrorKind::Usage,
            [
                format!("the argument and {option} name different things, and one is expected"),
                format!("  argument  {}", shown(&first)),
                format!("  {option}  {}", shown(&second)),
            ],
            "leave one of them out",
        )
        .with_fact(FactName::Option, option));
    }
    Ok(())
}

/// Tells whether two words name one thing: a bundle by two paths, or what has an id by its ARN.
fn is_same(option: &str, one: &OsStr, other: &OsStr) -> bool {
    if option == "bundle" {
        let (one, other) = (Path::new(one), Path::new(other));
        return plain_path(one) == plain_path(other) || fsio::is_same(one, other);
    }
    let id = |word: &OsStr| {
        let word = word.to_str()?;
        let resource = word.strip_prefix("arn:")?.rsplit('/').next()?;
        Some(OsString::from(resource))
    };
    // Two ARNs are two places, whatever is there.
    one == other || id(one).is_some_and(|id| id == *other) || id(other).is_some_and(|id| id == *one)
}

/// Returns the path without the parts that lead nowhere: `./b/` is `b`. The disk is not asked.
pub(super) fn plain_path(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

#[cfg(all(test, feature = "online"))]
mod tests {
    use super::*;

    fn reordered(line: &str) -> String {
        let mut program = crate::cli::command();
        program.build();
        let words = line.split(' ').map(OsString::from).collect();
        let words = options_behind_command(words, &program);
        let words: Vec<_> = words.iter().filter_map(|word| word.to_str()).collect();
        words.join(" ")
    }

    #[test]
    fn options_of_the_service_go_behind_the_command_that_takes_them() {
        for (line, as_if) in [
            (
                "hsmboot --region eu-west-1 status x",
                "hsmboot status --region eu-west-1 x",
            ),
            (
                "hsmboot --region=eu-west-1 --output json --profile status cluster list",
                "hsmboot --output json cluster list --region=eu-west-1 --profile status",
            ),
            (
                "hsmboot --insecure-http --endpoint-url http://a --timeout 1h wait x --for csr",
                "hsmboot wait --insecure-http --endpoint-url http://a --timeout 1h x --for csr",
            ),
            (
                "hsmboot cluster --region a list",
                "hsmboot cluster list --region a",
            ),
            // Refused as they stand.
            ("hsmboot --region a verify x", "hsmboot --region a verify x"),
            ("hsmboot --bundle a verify", "hsmboot --bundle a verify"),
            ("hsmboot --region", "hsmboot --region"),
            ("hsmboot --region a", "hsmboot --region a"),
            ("hsmboot status --region a", "hsmboot status --region a"),
        ] {
            assert_eq!(reordered(line), as_if, "{line}");
        }
    }
}
