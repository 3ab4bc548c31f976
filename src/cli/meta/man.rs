//! `hsmboot man`

use std::path::PathBuf;

use serde_json::json;

use crate::cli::ui::{CommandOutput, Effect, path_value};
use crate::error::Result;
use crate::fsio::{self, MAX_INPUT, NewFile};
use crate::outside::shown_path;

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

pub(crate) fn run_man(args: &ManArgs) -> Result<CommandOutput> {
    let mut command = crate::cli::command();
    command.build();
    let Some(dir) = &args.out else {
        let text = render_page(command);
        let document = json!({ "page": text });
        return Ok(CommandOutput::success(Effect::Unchanged, document, text)
            .summarized("the manual page of hsmboot")
            .marked_as_data());
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
    let sections = own_sections(&command);
    let man = clap_mangen::Man::new(command.clone());
    let mut out = Vec::new();
    // Writing into memory does not fail.
    drop(man.render_title(&mut out));
    drop(man.render_name_section(&mut out));
    drop(man.render_synopsis_section(&mut out));
    drop(man.render_description_section(&mut out));
    drop(man.render_options_section(&mut out));
    if command.has_subcommands() {
        drop(man.render_subcommands_section(&mut out));
    }
    String::from_utf8_lossy(&out).into_owned() + &sections
}

/// Returns the sections that follow the options: what the help has after them, and what the page
/// is to say of the world around.
fn own_sections(command: &clap::Command) -> String {
    let after = command
        .get_after_long_help()
        .or(command.get_after_help())
        .map(ToString::to_string)
        .unwrap_or_default();
    let (mut notes, mut examples, mut codes) = (Vec::new(), String::new(), String::new());
    for paragraph in after.split("\n\n") {
        if let Some(lines) = paragraph.strip_prefix("Examples:\n") {
            lines.clone_into(&mut examples);
        } else if let Some(text) = paragraph.strip_prefix("Exit codes: ") {
            codes = text.replace('\n', " ");
        } else {
            notes.push(paragraph);
        }
    }
    let mut page = String::new();
    let mut section = |heading: &str, body: String| {
        if !body.trim().is_empty() {
            page.push_str(&format!(".SH {heading}\n{body}"));
        }
    };
    section("NOTES", literal(&notes.join("\n\n")));
    section("EXAMPLES", literal(&examples));
    section("EXIT STATUS", exit_status(&codes));
    section("ENVIRONMENT", tagged(&environment(command)));
    section("FILES", tagged(&files(command)));
    section("SEE ALSO", see_also(command));
    page
}

/// Returns lines as they are.
fn literal(text: &str) -> String {
    let lines: String = text
        .lines()
        .map(|line| format!("{}\n", escape(line)))
        .collect();
    match lines.is_empty() {
        true => lines,
        false => format!(".nf\n{lines}.fi\n"),
    }
}

/// Returns text that troff reads as it is.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

/// Returns terms with what each means.
fn tagged(entries: &[(String, &str)]) -> String {
    entries
        .iter()
        .map(|(term, text)| format!(".TP\n\\fB{}\\fR\n{}\n", escape(term), escape(text)))
        .collect()
}

/// Returns a row for each code of `0 done; 1 unexpected; ...`.
fn exit_status(text: &str) -> String {
    let mut rows: Vec<(String, &str)> = Vec::new();
    for part in text.split("; ") {
        let (code, meaning) = part.split_once(' ').unwrap_or((part, ""));
        if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) {
            rows.push((code.to_owned(), meaning));
        } else {
            rows.push((String::new(), part));
        }
    }
    tagged(&rows)
}

fn has(command: &clap::Command, long: &str) -> bool {
    command
        .get_arguments()
        .any(|arg| arg.get_long() == Some(long))
}

/// Returns the variables that count for a command.
fn environment(command: &clap::Command) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(String, &str)> = command
        .get_arguments()
        .filter_map(clap::Arg::get_env)
        .filter_map(std::ffi::OsStr::to_str)
        .map(|name| (name.to_owned(), "in place of the option that names it"))
        .collect();
    let mut row = |there: bool, name: &str, text: &'static str| {
        if there {
            rows.push((name.to_owned(), text));
        }
    };
    let roots = has(command, "aws-root");
    row(
        roots,
        "HSMBOOT_AWS_ROOT",
        "in place of --aws-root; : between files",
    );
    row(
        roots,
        "HSMBOOT_MANUFACTURER_ROOT",
        "in place of --manufacturer-root; : between files",
    );
    row(
        has(command, "region"),
        "AWS_REGION, AWS_PROFILE, AWS_CONFIG_FILE and the like",
        "as the AWS SDK reads them, where no option says otherwise",
    );
    row(true, "NO_COLOR", "no colours, whatever it is set to");
    row(true, "CLICOLOR_FORCE", "colours, on no terminal either");
    rows
}

/// Returns the files that count for a command.
fn files(command: &clap::Command) -> Vec<(String, &'static str)> {
    let mut rows: Vec<(String, &str)> = Vec::new();
    let mut row = |there: bool, name: &str, text: &'static str| {
        if there {
            rows.push((name.to_owned(), text));
        }
    };
    let bundle = has(command, "bundle");
    row(
        bundle,
        "<cluster-id>_ClusterCsr.csr",
        "the cluster's CSR, of a bundle",
    );
    row(
        bundle,
        "<cluster-id>_HsmCertificate.crt, <cluster-id>_AwsHardwareCertificate.crt, \
         <cluster-id>_ManufacturerHardwareCertificate.crt",
        "the certificates that prove it",
    );
    row(
        bundle,
        "<cluster-id>_CustomerHsmCertificate.crt, customerCA.crt",
        "what your CA made of it, and the trust anchor",
    );
    row(
        bundle,
        "request.json, verification.json, response.json, receipt.json, transcript.jsonl",
        "what each step wrote down; nothing trusts them",
    );
    let makes_ca = has(command, "subject");
    row(
        makes_ca,
        "customerCA.crt, customerCA.key",
        "the CA that is made, and its key",
    );
    row(
        has(command, "fleet"),
        "fleet.toml",
        "a fleet file: clusters, regions, roles and roots",
    );
    row(
        has(command, "region"),
        "~/.aws/config, ~/.aws/credentials",
        "as the AWS SDK reads them",
    );
    let installs = has(command, "install");
    row(
        installs,
        "~/.local/share/bash-completion/completions/hsmboot",
        "where --install writes for bash",
    );
    row(installs, "~/.zfunc/_hsmboot", "where it does for zsh");
    row(
        installs,
        "~/.config/fish/completions/hsmboot.fish",
        "where it does for fish",
    );
    row(
        command.get_name() == "hsmboot",
        "/usr/share/doc/hsmboot/docs",
        "the documentation, where a package has been installed",
    );
    rows
}

/// Returns the pages beside this one: the one above, those below, and the commands that come before
/// and after it in a claim.
fn see_also(command: &clap::Command) -> String {
    const CLAIM: [&str; 7] = [
        "fetch", "verify", "sign", "check", "submit", "status", "report",
    ];
    let name = command
        .get_bin_name()
        .unwrap_or("hsmboot")
        .replace(' ', "-");
    let mut names: Vec<String> = Vec::new();
    if let Some((above, _)) = name.rsplit_once('-') {
        names.push(above.to_owned());
    }
    let below = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help");
    names.extend(below.map(|sub| format!("{name}-{}", sub.get_name())));
    names.extend(CLAIM.iter().map(|step| format!("hsmboot-{step}")));
    let there = |name: &String| {
        let known = crate::cli::command();
        let step = name.strip_prefix("hsmboot-").unwrap_or_default();
        !CLAIM.contains(&step) || known.find_subcommand(step).is_some()
    };
    let mut seen: Vec<String> = Vec::new();
    for other in names.into_iter().filter(there) {
        if other != name && !seen.contains(&other) {
            seen.push(other);
        }
    }
    let pages: Vec<String> = seen
        .iter()
        .map(|other| format!("\\fB{}\\fR(1)", escape(other)))
        .collect();
    format!("{}\n", pages.join(", "))
}
