//! The options for what is chosen once, one for each row of the table.

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::cloudhsm::choices::{CLUSTER_CHOICES, ChoiceForm, ChosenValues};

/// The values that the options name.
#[derive(Clone, Debug, Default)]
pub struct ChoiceArgs(pub(super) ChosenValues);

impl clap::Args for ChoiceArgs {
    fn augment_args(command: Command) -> Command {
        command.args(CLUSTER_CHOICES.iter().map(|choice| {
            Arg::new(choice.key)
                .long(choice.option)
                .value_name("TYPE")
                .help(choice.help)
                // The API's own spelling is taken too: it is what people have in their scripts.
                .ignore_case(true)
                .value_parser(choice_parser(&choice.form))
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
            let value = named.and_then(|word| choice.form.api_value(word));
            self.0 = std::mem::take(&mut self.0).with_value(choice, value);
        }
        Ok(())
    }
}

/// Returns the check of an option's value.
fn choice_parser(form: &ChoiceForm) -> ValueParser {
    match form {
        ChoiceForm::Listed(values) => {
            let values = values.iter().map(|value| {
                PossibleValue::new(value.word)
                    .alias(value.name)
                    .help(value.help)
            });
            PossibleValuesParser::new(values).into()
        }
        ChoiceForm::Limited { limit, .. } => ValueParser::new(limit.parser()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudhsm::limits::SUBNET_ID;

    #[test]
    fn an_option_of_any_text_takes_what_its_limit_allows() {
        let form = ChoiceForm::Limited {
            limit: SUBNET_ID,
            example: "subnet-0123abcd",
        };
        for word in form.sample_words() {
            let command =
                Command::new("test").arg(Arg::new("it").value_parser(choice_parser(&form)));
            let found = command.try_get_matches_from(["test", word]).unwrap();
            assert_eq!(
                found.get_one::<String>("it").map(String::as_str),
                form.api_value(word)
            );
        }
        let command = Command::new("test").arg(Arg::new("it").value_parser(choice_parser(&form)));
        let fault = command
            .try_get_matches_from(["test", "x"])
            .unwrap_err()
            .to_string();
        assert!(fault.contains("expected a subnet's id, subnet-"), "{fault}");
    }
}
