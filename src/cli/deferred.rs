//! A command's arguments that are put together when they are needed: of all commands a run uses
//! one, and to put all of them together takes longer than anything else before the work.

use std::cell::Cell;
use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

thread_local! {
    /// Whether definitions are made whole in this thread.
    static WHOLE: Cell<bool> = const { Cell::new(false) };
}

/// Returns a definition that has every argument of every command, as help, manual pages and
/// completions need it.
pub(super) fn whole<R>(define: impl FnOnce() -> R) -> R {
    let before = WHOLE.replace(true);
    let defined = define();
    WHOLE.set(before);
    defined
}

/// The arguments, or the commands, of a command. In a definition they are missing until clap
/// builds the command, unless the definition is made [`whole`].
#[derive(Clone, Debug)]
pub struct Deferred<T>(pub(crate) T);

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Returns the command with what it takes: now, or when it is built.
fn with(command: Command, what_it_takes: fn(Command) -> Command) -> Command {
    match WHOLE.get() {
        true => what_it_takes(command),
        false => command.defer(what_it_takes),
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Deferred)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        with(command, T::augment_args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        with(command, T::augment_args_for_update)
    }
}

impl<T: Subcommand> Subcommand for Deferred<T> {
    fn augment_subcommands(command: Command) -> Command {
        with(command, T::augment_subcommands)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        with(command, T::augment_subcommands_for_update)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// A command and those below it: their names, what they take, and what their help says.
    fn described(command: &Command, all: &mut Vec<String>) {
        let name = command.get_bin_name().unwrap_or_default();
        let about = command.get_about().map(ToString::to_string);
        all.push(format!("{name}: {about:?}"));
        all.extend(
            command
                .get_arguments()
                .map(|arg| format!("{name}: {arg:?}")),
        );
        // clap's own `help` is asked through the whole definition.
        for below in command
            .get_subcommands()
            .filter(|one| one.get_name() != "help")
        {
            described(below, all);
        }
    }

    #[test]
    fn what_is_deferred_is_there_once_it_is_built() {
        let [deferred, whole] = [Cli::command(), whole(Cli::command)].map(|mut program| {
            program.build();
            let mut all = Vec::new();
            described(&program, &mut all);
            // Options of all commands come first where the rest is deferred.
            all.sort();
            all
        });
        for (one, other) in deferred.iter().zip(&whole) {
            assert_eq!(one, other);
        }
        assert_eq!(deferred.len(), whole.len());
    }

    #[test]
    fn before_that_a_command_is_a_name() {
        let taken = |program: Command| -> usize {
            let all = program.get_subcommands();
            all.map(|command| command.get_arguments().count()).sum()
        };
        assert_eq!(taken(Cli::command()), 0);
        assert!(taken(whole(Cli::command)) > 50);
    }
}
