//! `hsmboot completions`, `hsmboot man`

use std::path::PathBuf;

use clap_complete::Shell;
use serde_json::json;

use super::ui::{CommandOutput, Effect, path_value};
use crate::error::Result;
use crate::fsio::{self, MAX_INPUT, NewFile};
use crate::outside::shown_path;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot completions bash > /etc/bash_completion.d/hsmboot
  hsmboot completions zsh > ~/.zfunc/_hsmboot

Exit codes: 0 printed; 1 it cannot be written; 2 wrong command line")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Print the manual page, or write all of them into a directory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot man | man -l -
  hsmboot man --out /usr/local/share/man/man1

Exit codes: 0 printed or written; 1 it cannot be written; 2 wrong command line; 4 not a directory")]
pub struct ManArgs {
    /// Write hsmboot.1 and a page for each command there
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run_completions(args: &CompletionsArgs) -> CommandOutput {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "hsmboot", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    let document = json!({ "shell": args.shell.to_string(), "script": text });
    let summary = format!("completions for {}", args.shell);
    CommandOutput::success(Effect::Unchanged, document, text).summarized(summary)
}

pub(crate) fn run_man(args: &ManArgs) -> Result<CommandOutput> {
    let mut command = super::command();
    command.build();
    let Some(dir) = &args.out else {
        let text = render_page(command);
        let document = json!({ "page": text });
        return Ok(CommandOutput::success(Effect::Unchanged, document, text)
            .summarized("the manual page of hsmboot"));
    };
    let mut pages = Vec::new();
    collect_pages(command, "hsmboot", &mut pages);
    let files: Vec<NewFile<'_>> = pages
        .iter()
        .map(|(name, text)| NewFile::readable(name.clone(), text.as_bytes(), true))
        .collect();
    let unchanged = pages.iter().all(|(name, text)| {
        let there = fsio::read(&dir.join(name), "a manual page", MAX_INPUT);
        there.is_ok_and(|there| there == text.as_bytes())
    });
    // Written all the same: that clears away what a run left that was ended by force.
    fsio::write_all(dir, &files)?;
    let names: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    Ok(CommandOutput::success(
        Effect::unless(unchanged),
        json!({ "directory": path_value(dir), "pages": names }),
        match unchanged {
            true => format!(
                "{} holds these {} pages already; nothing was changed\n",
                shown_path(dir),
                pages.len()
            ),
            false => format!("wrote {} pages into {}\n", pages.len(), shown_path(dir)),
        },
    ))
}

fn collect_pages(command: clap::Command, name: &str, pages: &mut Vec<(String, String)>) {
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        collect_pages(sub.clone(), &format!("{name}-{}", sub.get_name()), pages);
    }
    pages.push((format!("{name}.1"), render_page(command)));
}

fn render_page(command: clap::Command) -> String {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    drop(clap_mangen::Man::new(command).render(&mut out));
    String::from_utf8_lossy(&out).into_owned()
}
