//! The options beside a secret: what stands there says where the secret is, and people paste the
//! secret itself. So a value of theirs that is refused is not shown.

use clap::Error as Fault;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::outside::keys::{WITHHELD_KEY, holds_key};

/// What stands in the place of a word that may be a secret.
pub(super) const WITHHELD: &str = "(withheld)";

/// The option whose value may have a password before its host.
const ENDPOINT: &str = "--endpoint-url";

/// Tells whether a secret may stand in the place of an option's value, by the option's long name,
/// with or without its dashes. The name alone decides, so that no new option is forgotten.
pub(super) fn is_near_secret(option: &str) -> bool {
    let name = option.trim_start_matches('-');
    name.contains("passphrase") || name.ends_with("-key")
}

/// Tells whether a word is an option whose value may be the secret itself: a shell's command that
/// prints it.
pub(super) fn is_passphrase_command(option: &str) -> bool {
    option.starts_with("--") && option.ends_with("passphrase-command")
}

/// Tells whether a word is an option whose value names where the passphrase is, and the value names
/// nothing that is there: then it may be the passphrase.
pub(super) fn names_no_passphrase(option: &str, value: &str) -> bool {
    option.starts_with("--")
        && ((option.ends_with("passphrase-env") && std::env::var_os(value).is_none())
            || (option.ends_with("passphrase-file") && !crate::fsio::is_there(value.as_ref())))
}

/// Returns the error of a command line without what may be a secret in it.
pub(super) fn withhold(mut fault: Fault, words: &[String]) -> Fault {
    let text = |fault: &Fault, kind| match fault.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    };
    let withheld = || ContextValue::String(WITHHELD.to_owned());
    let about = text(&fault, ContextKind::InvalidArg).unwrap_or_default();
    let option = about.split([' ', '=']).next().unwrap_or_default();
    let value = text(&fault, ContextKind::InvalidValue).filter(|value| !value.is_empty());
    // A URL that nobody asks for a password may have one.
    let is_secret =
        |value: &str| is_near_secret(option) || (option == ENDPOINT && value.contains('@'));
    if let Some(value) = value.filter(|value| is_secret(value)) {
        let cause = std::error::Error::source(&fault).map(ToString::to_string);
        if cause.is_some_and(|cause| cause.contains(&value)) {
            fault = without_cause(&fault);
        }
        fault.insert(ContextKind::InvalidValue, withheld());
    }
    // Whatever it was pasted for.
    let keys: Vec<ContextKind> = fault
        .context()
        .filter(|(_, value)| match value {
            ContextValue::String(text) => holds_key(text),
            ContextValue::Strings(texts) => texts.iter().any(|text| holds_key(text)),
            ContextValue::StyledStr(text) => holds_key(&text.to_string()),
            _ => false,
        })
        .map(|(kind, _)| kind)
        .collect();
    let cause = std::error::Error::source(&fault).map(ToString::to_string);
    if cause.is_some_and(|cause| holds_key(&cause)) {
        fault = without_cause(&fault);
    }
    for kind in keys {
        fault.insert(kind, ContextValue::String(WITHHELD_KEY.to_owned()));
    }
    // One that begins with a dash is taken for an option.
    let is_value = words.windows(2).any(|pair| match pair {
        [before, word] => {
            before.starts_with("--")
                && !before.contains('=')
                && is_near_secret(before)
                && !option.is_empty()
                && word.starts_with(option)
        }
        _ => false,
    });
    if is_value && fault.kind() == ErrorKind::UnknownArgument {
        fault.insert(ContextKind::InvalidArg, withheld());
        for tip in [ContextKind::SuggestedArg, ContextKind::Suggested] {
            fault.remove(tip);
        }
    }
    fault
}

/// Returns the same error without what the value's own parser says.
fn without_cause(fault: &Fault) -> Fault {
    let mut other = Fault::new(fault.kind()).with_cmd(&super::command());
    for (kind, value) in fault.context() {
        other.insert(kind, value.clone());
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The long names of all options that take a value.
    fn options(command: &clap::Command, all: &mut std::collections::BTreeSet<String>) {
        let args = command.get_arguments();
        let args = args.filter(|arg| arg.get_action().takes_values());
        all.extend(args.filter_map(|arg| arg.get_long().map(str::to_owned)));
        for sub in command.get_subcommands() {
            options(sub, all);
        }
    }

    #[test]
    fn every_option_beside_a_secret_is_known_as_one() {
        let mut all = std::collections::BTreeSet::new();
        options(&crate::cli::command(), &mut all);
        let near: Vec<&str> = all
            .iter()
            .map(String::as_str)
            .filter(|option| is_near_secret(option))
            .collect();
        assert_eq!(
            near,
            [
                "ca-key",
                "issuer-key",
                "issuer-passphrase-command",
                "issuer-passphrase-env",
                "issuer-passphrase-fd",
                "issuer-passphrase-file",
                "passphrase-command",
                "passphrase-env",
                "passphrase-fd",
                "passphrase-file",
            ]
        );
        // What sounds like one, and is none.
        let other: Vec<&String> = all
            .iter()
            .filter(|option| {
                ["key", "pass", "pin", "secret", "credential", "token"]
                    .iter()
                    .any(|word| option.contains(word))
                    && !is_near_secret(option)
            })
            .collect();
        let known = ["credentials", "key", "key-type"];
        assert!(
            other.iter().all(|option| known.contains(&option.as_str())),
            "{other:?}"
        );
    }
}
