//! The options for what is chosen once, one for each row of the table.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::cloudhsm::choices::{CLUSTER_CHOICES, ChosenValues};

/// The values that the options name.
#[derive(Clone, Debug, Default)]
pub struct ChoiceArgs(pub(super) ChosenValues);

impl clap::Args for ChoiceArgs {
    fn augment_args(command: Command) -> Command {
        command.args(CLUSTER_CHOICES.iter().map(|choice| {
            let values = choice
                .values
                .iter()
                .map(|value| PossibleValue::new(value.word).help(value.help));
            Arg::new(choice.key)
                .long(choice.option)
                .value_name("TYPE")
                .help(choice.help)
                .value_parser(PossibleValuesParser::new(values))
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ChoiceArgs {
    fn from_arg_matches(found: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(found)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, found: &ArgMatches) -> Result<(), clap::Error> {
        for choice in CLUSTER_CHOICES {
            let named = found.get_one::<String>(choice.key);
            let value = named.and_then(|word| choice.values.iter().find(|one| one.word == word));
            self.0 = std::mem::take(&mut self.0).with_value(choice, value.map(|one| one.name));
        }
        Ok(())
    }
}
