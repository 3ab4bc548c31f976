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
pub(super) fn under(command: &clap::Command) -> Vec<clap::Command> {
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

/// Options that narrow a list, or name what is written, and so are not what the first argument
/// names.
const NOT_FIRST: [(&str, &str); 5] = [
    ("hsmboot bootstrap", "bundle"),
    ("hsmboot fetch", "bundle"),
    ("hsmboot qr read", "bundle"),
    ("hsmboot backup list", "backup-id"),
    ("hsmboot backup list", "cluster-id"),
];

#[test]
fn a_bundle_a_cluster_or_a_backup_is_the_first_argument_or_an_option() {
    let mut program = hsmboot::cli::command();
    program.build();
    for command in under(&program) {
        let name = command.get_bin_name().unwrap_or_default();
        let first = command.get_positionals().next();
        for option in ["bundle", "cluster-id", "backup-id"] {
            let has = command
                .get_arguments()
                .any(|arg| arg.get_long() == Some(option));
            if !has || NOT_FIRST.contains(&(name, option)) {
                continue;
            }
            let value = first
                .and_then(|arg| arg.get_value_names())
                .unwrap_or_default();
            let expected: &[&str] = match option {
                "bundle" => &["DIR"],
                "cluster-id" => &["CLUSTER", "ID", "RESOURCE"],
                _ => &["BACKUP", "RESOURCE"],
            };
            assert!(
                value.iter().any(|value| expected.contains(&value.as_str())),
                "`{name}` takes --{option}, and its first argument is {value:?}"
            );
        }
    }
}

#[test]
fn one_thing_has_one_name() {
    let mut program = hsmboot::cli::command();
    program.build();
    for command in under(&program) {
        let name = command.get_bin_name().unwrap_or_default();
        let seen = command.get_arguments().filter(|arg| !arg.is_hide_set());
        for arg in seen {
            let long = arg.get_long().unwrap_or_default();
            assert!(
                !["trust-anchor", "resource-id"].contains(&long),
                "`{name}` --{long}"
            );
            assert!(
                long != "out" || arg.get_short() == Some('o'),
                "`{name}` has no -o"
            );
        }
    }
}
