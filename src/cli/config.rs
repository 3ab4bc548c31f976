//! `hsmboot config`

use std::path::Path;

use serde_json::{Value, json};

use super::settings::{self, Origin, Setting};
use super::text::table_text;
use super::ui::{CommandOutput, Effect, path_value};
use crate::error::Result;
use crate::outside::{shown_path, shown_text};

/// Look at what is set outside the command line
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot config show

Exit codes: 0 done; others as each command says")]
pub enum Command {
    Show(ShowArgs),
}

/// Show each setting of variables and of the configuration file, and where it is from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An option goes before a variable, and a variable before the file. The file is \
~/.config/hsmboot/config.toml, or the one of --config; the air-gapped build reads the latter \
alone, and no variables but those that its options name.

Examples:
  hsmboot config show
  hsmboot config show --config ./config.toml --output json

Exit codes: 0 shown, also where nothing is set; 2 a variable that is to say yes or no says \
neither; 4 the file is damaged, others can write to it, or it lies in a bundle")]
pub struct ShowArgs {}

pub(crate) fn run(command: &Command, named: Option<&Path>) -> Result<CommandOutput> {
    match command {
        Command::Show(_) => show(named),
    }
}

fn show(named: Option<&Path>) -> Result<CommandOutput> {
    let (file, settings) = settings::all(named, &super::command())?;
    let rows: Vec<[String; 3]> = settings
        .iter()
        .map(|setting| {
            [
                format!("--{}", setting.option),
                setting.shown_value(),
                setting.origin.shown(),
            ]
        })
        .collect();
    let place = match &file {
        Some(path) => format!("the file is {}", shown_path(path)),
        None => "there is no file".to_owned(),
    };
    let text = match rows.is_empty() {
        true => format!("nothing is set; {place}\n").into(),
        false => table_text(["OPTION", "VALUE", "FROM"], &rows),
    };
    let document = json!({
        "file": file.as_deref().map(path_value),
        "settings": settings.iter().map(document_of).collect::<Vec<_>>(),
    });
    let summary = format!("{} set; {place}", settings.len());
    Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
}

fn document_of(setting: &Setting) -> Value {
    let (kind, name) = match &setting.origin {
        Origin::Variable(name) => ("variable", shown_text(name)),
        Origin::File(path) => ("file", shown_path(path)),
    };
    json!({
        "option": format!("--{}", setting.option),
        "values": setting.shown_values(),
        "origin": { "kind": kind, "name": name },
    })
}
