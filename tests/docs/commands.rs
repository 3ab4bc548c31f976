//! docs/commands.md is the long help of every command.

use std::fmt::Write;

const HEAD: &str = "\
# Commands

Generated from the program's own help, which `hsmboot COMMAND --help` prints; `hsmboot man` has it \
as manual pages.

";

fn render(command: &clap::Command, name: &str, page: &mut String) {
    let help = command
        .clone()
        .bin_name(name)
        .term_width(100)
        .render_long_help()
        .to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(
        page,
        "## {name}\n\n```text\n{}\n```\n\n",
        lines.join("\n").trim_end()
    )
    .unwrap();
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        render(sub, &format!("{name} {}", sub.get_name()), page);
    }
}

#[test]
fn the_commands_page_is_the_programs_own_help() {
    let mut command = hsmboot::cli::command();
    command.build();
    let mut page = HEAD.to_owned();
    render(&command, "hsmboot", &mut page);
    super::in_step("docs/commands.md", &format!("{}\n", page.trim_end()));
}

/// Every command under this one, at any depth.
fn under(command: &clap::Command) -> Vec<clap::Command> {
    let subs = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help");
    subs.flat_map(|sub| [vec![sub.clone()], under(sub)].concat())
        .collect()
}

#[test]
fn every_command_has_examples_and_says_its_exit_codes() {
    let mut command = hsmboot::cli::command();
    command.build();
    for command in under(&command) {
        let help = command.clone().render_long_help().to_string();
        for part in ["\nExample", "\nExit codes: "] {
            assert!(
                help.contains(part),
                "`{}` has no {part:?}",
                command.get_bin_name().unwrap_or_default()
            );
        }
    }
}
