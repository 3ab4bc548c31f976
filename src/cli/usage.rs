//! What clap says of a command line: help, version, or what is wrong with it.

use std::process::ExitCode;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapError};

use super::answer::AnswerForm;
use super::near_miss;
use super::secret_options::withhold;
use super::ui::{ColorWhen, CommandOutput, Effect, Ui};
use super::version::version_output;
use crate::error::{Class, Error, ErrorKind, FactName};
use crate::outside::{Lines, shown_on_a_line, shown_text};

/// Returns the error with what clap quotes of the command line and of the environment in its shown
/// form.
fn show_quoted_words(mut fault: clap::Error) -> clap::Error {
    // Of an option that is not there clap says how to pass it as a value. Nobody means that.
    if fault.kind() == ClapError::UnknownArgument {
        fault.remove(ContextKind::Suggested);
    }
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

/// Returns what the message lists, each without its value: options, or values.
fn quoted_list(fault: &clap::Error, kind: ContextKind) -> Option<Vec<String>> {
    let texts = match fault.get(kind)? {
        ContextValue::String(text) => std::slice::from_ref(text),
        ContextValue::Strings(texts) => texts.as_slice(),
        _ => return None,
    };
    let without_value = |text: &String| match text.split([' ', '=']).next() {
        Some(option) if option.starts_with('-') => option.to_owned(),
        _ => text.clone(),
    };
    let all: Vec<String> = texts.iter().map(without_value).collect();
    (!all.is_empty()).then_some(all)
}

/// Returns a number that the message names.
fn quoted_number(fault: &clap::Error, kinds: &[ContextKind]) -> Option<String> {
    kinds.iter().find_map(|kind| match fault.get(*kind)? {
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Returns the error with what clap's message holds, for programs.
fn with_facts(error: Error, fault: &clap::Error, words: &[String]) -> Error {
    let allowed = match fault.kind() {
        ClapError::InvalidSubcommand | ClapError::MissingSubcommand => {
            let program = super::command();
            let at = near_miss::named_command(&program, words);
            let shown = at.get_subcommands().filter(|one| !one.is_hide_set());
            Some(shown.map(|one| one.get_name().to_owned()).collect())
        }
        _ => quoted_list(fault, ContextKind::ValidValue),
    };
    let missing = match fault.kind() {
        ClapError::MissingRequiredArgument => quoted_list(fault, ContextKind::InvalidArg),
        _ => None,
    };
    let number = quoted_number(fault, &[ContextKind::ActualNumValues]);
    let found = match fault.kind() {
        ClapError::InvalidSubcommand => quoted_word(fault, ContextKind::InvalidSubcommand),
        _ => quoted_word(fault, ContextKind::InvalidValue),
    };
    let cause = std::error::Error::source(fault).map(|said| shown_on_a_line(&said.to_string()));
    error
        .with_fact(
            FactName::Option,
            quoted_word(fault, ContextKind::InvalidArg),
        )
        .with_fact(
            FactName::ConflictsWith,
            quoted_list(fault, ContextKind::PriorArg),
        )
        .with_fact(FactName::Missing, missing)
        .with_fact(FactName::Allowed, allowed)
        .with_fact(
            FactName::Expected,
            quoted_number(
                fault,
                &[ContextKind::ExpectedNumValues, ContextKind::MinValues],
            ),
        )
        .with_fact(FactName::Found, found.map(str::to_owned).or(number))
        .with_fact(FactName::Cause, cause)
}

/// Puts the right tip for a near miss in the place of those that go by the spelling alone, and the
/// command's usage in the place of theirs.
fn with_tip(fault: &mut clap::Error, words: &[String]) -> Option<String> {
    let mut program = super::command();
    program.build();
    let mut command = near_miss::named_command(&program, words).clone();
    let tip = match fault.kind() {
        ClapError::UnknownArgument => {
            let word = quoted_word(fault, ContextKind::InvalidArg)?;
            near_miss::option_tip(word, words, &program)
        }
        ClapError::InvalidSubcommand => {
            command = program.clone();
            let word = quoted_word(fault, ContextKind::InvalidSubcommand)?;
            near_miss::command_tip(word, &program).map(str::to_owned)
        }
        _ => None,
    }?;
    for kind in [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedCommand,
    ] {
        fault.remove(kind);
    }
    let usage = command.render_usage();
    fault.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    let text = ContextValue::StyledStrs(vec![tip.clone().into()]);
    fault.insert(ContextKind::Suggested, text);
    Some(tip)
}

/// Finds `--color` and `--no-color` among words that were not understood.
fn color_among(words: &[String]) -> ColorWhen {
    let value = |word: &str| ColorWhen::from_str(word, true).ok();
    let named =
        words
            .iter()
            .enumerate()
            .find_map(|(at, word)| match word.strip_prefix("--color")? {
                "" => value(words.get(at.saturating_add(1))?),
                rest => value(rest.strip_prefix('=')?),
            });
    match words.iter().any(|word| word == "--no-color") {
        true => ColorWhen::Never,
        false => named.unwrap_or_default(),
    }
}

/// Returns the form that the words ask for.
fn form_among(words: &[String]) -> AnswerForm {
    let asks_for = |form: &str| {
        let one_word = format!("--output={form}");
        words.contains(&one_word)
            || words
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a == "--output" && b == form))
    };
    if asks_for("json") {
        AnswerForm::Document
    } else if asks_for("jsonl") {
        AnswerForm::Lines
    } else {
        AnswerForm::Text
    }
}

/// Prints the error of what is written down outside the command line, and returns the exit code.
pub(super) fn report_settings_error(error: Error) -> ExitCode {
    let words: Vec<String> = std::env::args_os()
        .map(crate::outside::stored_path)
        .collect();
    Ui::with_form(form_among(&words)).finish(Err(error))
}

/// Prints clap's answer and returns the exit code. Help and version are results (0, standard
/// output). Anything else is a wrong command line (2), in JSON where that was asked for.
pub(super) fn report_clap_error(fault: clap::Error) -> ExitCode {
    // What was not understood has no parsed options: these two are looked for among the words.
    let words: Vec<String> = super::settings::effective_words()
        .into_iter()
        .map(crate::outside::stored_path)
        .collect();
    let mut fault = show_quoted_words(withhold(fault, &words));
    let tip = with_tip(&mut fault, &words);
    let fault = &fault;
    let form = form_among(&words);
    let json = form != AnswerForm::Text;
    color_among(&words).apply();
    let answer = match fault.kind() {
        ClapError::DisplayHelp => Some("help"),
        ClapError::DisplayVersion => Some("version"),
        _ => None,
    };
    let verbose = words.iter().any(|word| word == "--verbose" || word == "-v");
    if fault.kind() == ClapError::DisplayVersion && (json || verbose) {
        let text = anstream::adapter::strip_str(&render_clap_error(fault)).to_string();
        return Ui::with_form(form).finish(Ok(version_output(&text, verbose)));
    }
    if let (Some(name), true) = (answer, json) {
        let text = anstream::adapter::strip_str(&render_clap_error(fault)).to_string();
        return Ui::with_form(form).finish(Ok(CommandOutput::success(
            Effect::Unchanged,
            serde_json::json!({ name: text.trim_end() }),
            text,
        )
        .marked_as_data()));
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
            tip.as_deref().unwrap_or("hsmboot --help"),
        );
        return Ui::with_form(form).finish(Err(with_facts(error, fault, &words)));
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
