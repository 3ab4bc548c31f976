//! docs/commands/ has a page with the long help of every command, and docs/commands.md leads to
//! them: it has once what every command takes.

use std::collections::BTreeSet;
use std::fmt::Write;

const HEAD: &str = "\
# Commands

Generated from the program's own help, which `hsmboot COMMAND --help` prints; `hsmboot man` has it \
as manual pages.

| command | what it does |
| --- | --- |
";

const GLOBAL: &str = "
## What every command takes

These stand before the command or after it.

```text
";

/// The lines of a command's long help, without those at their ends that are empty.
fn help(command: clap::Command) -> String {
    let help = command.term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    lines
        .join("\n")
        .trim_start_matches('\n')
        .trim_end()
        .to_owned()
}

fn is_everywhere(arg: &clap::Arg) -> bool {
    arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str())
}

/// The help of what a command alone takes.
fn own_help(command: &clap::Command) -> String {
    help(command.clone().mut_args(|arg| {
        let hidden = arg.is_hide_set() || is_everywhere(&arg);
        arg.hide(hidden)
    }))
}

/// The help of what every command takes.
fn global_help(program: &clap::Command) -> String {
    let template = "{options}";
    let program = program.clone().mut_args(|arg| {
        let hidden = arg.is_hide_set() || !is_everywhere(&arg);
        arg.hide(hidden)
    });
    help(
        program
            .help_template(template)
            .after_long_help("")
            .after_help(""),
    )
}

fn page(command: &clap::Command) -> String {
    let name = command.get_bin_name().unwrap();
    let mut page = format!(
        "# {name}\n\nGenerated from `{name} --help`. Every command also takes \
         [these options](../commands.md#what-every-command-takes).\n\n```text\n{}\n```\n",
        own_help(command)
    );
    let below: Vec<String> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .map(|sub| {
            let name = sub.get_bin_name().unwrap();
            format!("[{name}]({})", file_name(name))
        })
        .collect();
    if !below.is_empty() {
        write!(page, "\nIts commands: {}.\n", below.join(", ")).unwrap();
    }
    page
}

/// The name of a command's page.
fn file_name(name: &str) -> String {
    let words = name.split(' ').skip(1).collect::<Vec<_>>();
    format!("{}.md", words.join("-"))
}

#[test]
fn the_commands_pages_are_the_programs_own_help() {
    let mut program = hsmboot::cli::command();
    program.build();
    let mut index = HEAD.to_owned();
    let mut names = BTreeSet::new();
    for command in under(&program) {
        let name = command.get_bin_name().unwrap().to_owned();
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let file = file_name(&name);
        let about = about.replace('\n', " ");
        writeln!(index, "| [{name}](commands/{file}) | {about} |").unwrap();
        super::in_step(&format!("docs/commands/{file}"), &page(&command));
        names.insert(file);
    }
    write!(index, "{GLOBAL}{}\n```\n\n", global_help(&program)).unwrap();
    index.push_str(
        "What the exit codes mean, and every kind of error: [exit codes](exit-codes.md).\n",
    );
    super::in_step("docs/commands.md", &index);
    let there: BTreeSet<String> = std::fs::read_dir(super::root().join("docs/commands"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        there, names,
        "docs/commands has a page for each command and no other"
    );
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
