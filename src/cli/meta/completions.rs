//! `hsmboot completions`

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;
use serde_json::json;

use crate::bundle::ClusterId;
use crate::ca::KeyType;
use crate::cli::ui::{CommandOutput, Effect, path_value};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, Dir, NewFile};
use crate::outside::shown_path;
use crate::verify::CheckId;

/// Print a completion script for a shell, or install it for yourself
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Commands and options are completed, values that are one of a few, and the ids of the clusters \
whose bundles lie in the directory. --install writes where the shell looks by itself (of zsh: \
where it looks once ~/.zfunc is in fpath), and replaces only what it wrote there.

Examples:
  hsmboot completions --install
  hsmboot completions zsh --install
  hsmboot completions bash > /etc/bash_completion.d/hsmboot

Exit codes: 0 printed, or written; 1 it cannot be written; 2 wrong command line, or no shell is \
known; 8 another file stands there")]
pub struct CompletionsArgs {
    /// The shell (with --install: the one that $SHELL names)
    #[arg(
        value_enum,
        value_name = "SHELL",
        required_unless_present_any = ["install", "cluster_ids"],
    )]
    shell: Option<Shell>,
    /// Write the script into your own directory of completions
    #[arg(long)]
    install: bool,
    /// Print the ids of the clusters whose bundles lie in the directory: scripts ask for them
    #[arg(long, hide = true, conflicts_with_all = ["shell", "install"])]
    cluster_ids: bool,
}

/// What stands in a script, as it is generated, where the clusters' ids go.
const CLUSTER_IDS: &str = "HSMBOOT_CLUSTER_IDS";

/// The command that prints them. Only what is an id is printed: a shell expands these words.
const PRINT_CLUSTER_IDS: &str = "hsmboot completions --cluster-ids 2>/dev/null";

/// The line by which a script is known as one that was written here.
const MARK: &str = "# Written by `hsmboot completions --install`, which may replace it.";

/// The longest script that is looked at, in octets.
const MAX_SCRIPT: u64 = 4 * 1024 * 1024;

/// The most entries of a directory that are looked at.
const MAX_ENTRIES: usize = 1000;

pub(crate) fn run_completions(args: &CompletionsArgs) -> Result<CommandOutput> {
    if args.cluster_ids {
        return Ok(print_cluster_ids());
    }
    let shell = match args.shell {
        Some(shell) => shell,
        None => Shell::from_env().ok_or_else(|| {
            unknown_shell_error("$SHELL names no shell that completions are known for")
                .with_fact(FactName::Variable, "SHELL")
        })?,
    };
    let script = script_for(shell);
    if args.install {
        return install(shell, &script);
    }
    let document = json!({ "shell": shell.to_string(), "script": script });
    let summary = format!("completions for {shell}");
    Ok(CommandOutput::success(Effect::Unchanged, document, script)
        .summarized(summary)
        .marked_as_data())
}

fn unknown_shell_error(message: &str) -> Error {
    Error::new(
        ErrorKind::Usage,
        message,
        "name one that has a directory for them: hsmboot completions --install bash, zsh or fish; \
         of others print the script, and put it where the shell reads it",
    )
}

/// Returns the script of a shell.
fn script_for(shell: Shell) -> String {
    let mut command = with_values(crate::cli::command(), "");
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "hsmboot", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => for_bash(&script, &command),
        Shell::Zsh => for_zsh(&script),
        Shell::Fish => script.replace(
            &format!("\"{CLUSTER_IDS}\\t''\""),
            &format!("\"({PRINT_CLUSTER_IDS})\""),
        ),
        _ => script.replace(CLUSTER_IDS, ""),
    }
}

fn for_bash(script: &str, command: &Command) -> String {
    let ids = format!("$({PRINT_CLUSTER_IDS})");
    let script = script.replace(CLUSTER_IDS, &ids);
    let mut out = String::with_capacity(script.len());
    let heads = heads_with_cluster(command, "hsmboot");
    let mut in_such = false;
    for line in script.lines() {
        match line.strip_prefix("            opts=\"") {
            // The first argument is offered with the options.
            Some(options) if in_such && !options.contains(&ids) => {
                out.push_str(&format!("            opts=\"{ids} {options}\n"));
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
        in_such = heads.iter().any(|head| line.trim() == format!("{head})"));
    }
    out
}

/// Returns the names that a script for bash has for the commands whose first argument is a cluster.
fn heads_with_cluster(command: &Command, path: &str) -> Vec<String> {
    let own = command
        .get_positionals()
        .any(is_cluster)
        .then(|| path.to_owned());
    let below = command
        .get_subcommands()
        .flat_map(|sub| heads_with_cluster(sub, &format!("{path}__subcmd__{}", sub.get_name())));
    own.into_iter().chain(below).collect()
}

fn for_zsh(script: &str) -> String {
    let function = format!(
        "_hsmboot_cluster_ids() {{\n    compadd -- ${{(f)\"$({PRINT_CLUSTER_IDS})\"}}\n}}\n\n\
         _hsmboot() {{"
    );
    script
        .replace(&format!(":({CLUSTER_IDS})"), ":_hsmboot_cluster_ids")
        .replacen("_hsmboot() {", &function, 1)
}

/// Gives options and arguments the values that a shell can offer. The program itself goes on
/// reading them as it does: this is a copy for the scripts.
fn with_values(command: Command, path: &str) -> Command {
    let command = command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        with_values(sub, &path)
    });
    command.mut_args(|arg| match values_of(&arg, path) {
        Some(values) => arg.value_parser(PossibleValuesParser::new(values)),
        None => match value_name(&arg) {
            Some("DIR") => arg.value_hint(ValueHint::AnyPath),
            Some("FILE" | "CERT" | "KEY" | "IMAGE") => arg.value_hint(ValueHint::FilePath),
            _ => arg,
        },
    })
}

fn value_name(arg: &Arg) -> Option<&str> {
    arg.get_value_names()?
        .first()
        .map(clap::builder::Str::as_str)
}

fn is_cluster(arg: &Arg) -> bool {
    let names_cluster = ["cluster", "clusters", "names", "resource"];
    arg.get_long() == Some("cluster-id") || names_cluster.contains(&arg.get_id().as_str())
}

fn values_of(arg: &Arg, path: &str) -> Option<Vec<&'static str>> {
    if is_cluster(arg) {
        return Some(vec![CLUSTER_IDS]);
    }
    match (arg.get_long()?, path) {
        ("accept", _) => Some(
            CheckId::ALL
                .into_iter()
                .filter(|id| id.waivable())
                .map(CheckId::as_str)
                .collect(),
        ),
        ("key-type", _) => Some(KeyType::ALL.into_iter().map(KeyType::name).collect()),
        #[cfg(feature = "online")]
        ("hsm-type", _) => Some(vec!["hsm2m.medium", "hsm1.medium"]),
        #[cfg(feature = "online")]
        ("for", "wait") => Some(TARGETS.to_vec()),
        #[cfg(feature = "online")]
        ("state", "cluster list") => Some(crate::cloudhsm::ClusterState::KNOWN.to_vec()),
        #[cfg(feature = "online")]
        ("state", "backup list") => Some(crate::cloudhsm::BackupState::KNOWN.to_vec()),
        #[cfg(feature = "simulator")]
        ("fault", "simulate") => Some(
            crate::simulator::InjectedFault::ALL
                .iter()
                .map(|(name, _)| *name)
                .collect(),
        ),
        _ => None,
    }
}

/// The states that a `wait` waits for, the usual ones first.
#[cfg(feature = "online")]
const TARGETS: [&str; 5] = ["csr", "initialized", "active", "uninitialized", "deleted"];

/// Writes a shell's script where that shell looks for it.
fn install(shell: Shell, script: &str) -> Result<CommandOutput> {
    let (dir, name) = place_for(shell)?;
    // zsh reads the first line.
    let (first, rest) = script.split_once('\n').unwrap_or((script, ""));
    let text = match shell {
        Shell::Zsh => format!("{first}\n{MARK}\n{rest}"),
        _ => format!("{MARK}\n{script}"),
    };
    let path = dir.join(name);
    let there = fsio::read(&path, "a completion script", MAX_SCRIPT).ok();
    let same = there.as_deref() == Some(text.as_bytes());
    let ours = there.is_some_and(|there| String::from_utf8_lossy(&there).contains(MARK));
    fsio::write_all(&dir, &[NewFile::readable(name, text.as_bytes(), ours)])?;
    let more = match shell {
        Shell::Zsh => {
            "for zsh to look there: fpath=(~/.zfunc $fpath) in ~/.zshrc, before compinit\n"
        }
        _ => "",
    };
    let told = match same {
        true => format!(
            "{} is there already; nothing was changed",
            shown_path(&path)
        ),
        false => format!("wrote {}", shown_path(&path)),
    };
    Ok(CommandOutput::success(
        Effect::unless(same),
        json!({ "shell": shell.to_string(), "file": path_value(&path) }),
        format!("{told}\nit counts from the next shell on\n{more}"),
    )
    .summarized(told))
}

/// Returns the user's directory for a shell's completions, and the name of the script in it.
fn place_for(shell: Shell) -> Result<(PathBuf, &'static str)> {
    let named = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = named("HOME").ok_or_else(|| {
        unknown_shell_error("$HOME names no directory").with_fact(FactName::Variable, "HOME")
    })?;
    let below = |variable: &str, otherwise: &str| named(variable).unwrap_or(home.join(otherwise));
    Ok(match shell {
        Shell::Bash => {
            let own = named("BASH_COMPLETION_USER_DIR");
            let dir = own
                .unwrap_or_else(|| below("XDG_DATA_HOME", ".local/share").join("bash-completion"));
            (dir.join("completions"), "hsmboot")
        }
        Shell::Zsh => (below("ZDOTDIR", "").join(".zfunc"), "_hsmboot"),
        Shell::Fish => {
            let dir = below("XDG_CONFIG_HOME", ".config");
            (dir.join("fish/completions"), "hsmboot.fish")
        }
        other => {
            return Err(unknown_shell_error(&format!(
                "{other} has no directory of its own for completions"
            ))
            .with_fact(FactName::Found, other.to_string())
            .with_fact(FactName::Allowed, vec!["bash", "zsh", "fish"]));
        }
    })
}

/// Prints the clusters of the bundles that lie in the directory.
fn print_cluster_ids() -> CommandOutput {
    let ids = cluster_ids_in(Path::new("."));
    let text: String = ids.iter().map(|id| format!("{id}\n")).collect();
    CommandOutput::success(Effect::Unchanged, json!({ "cluster_ids": ids }), text)
        .summarized(format!("{} clusters", ids.len()))
        .marked_as_data()
}

/// Returns the clusters that files and directories are named after, in a directory or in one below
/// it. A name that is no id is nobody's.
fn cluster_ids_in(dir: &Path) -> Vec<String> {
    let names = |dir: &Path| {
        let names = Dir::open(dir)
            .and_then(|dir| dir.names())
            .unwrap_or_default();
        names.into_iter().take(MAX_ENTRIES)
    };
    let mut ids = Vec::new();
    for name in names(dir) {
        if name.starts_with('.') {
            continue;
        }
        ids.extend(id_of(&name));
        ids.extend(names(&dir.join(&name)).filter_map(|inner| id_of(&inner)));
    }
    ids.sort();
    ids.dedup();
    ids
}

/// Returns the cluster that a bundle, or a file of it, is named after.
fn id_of(name: &str) -> Option<String> {
    let begin = name.split(['_', '.']).next()?;
    let id: ClusterId = begin.parse().ok()?;
    Some(id.as_str().to_owned())
}
