//! How the help is laid out: what `-h` shows of a command, under which heading each option stands
//! in `--help`, and examples whose lines can be pasted.

/// The heading of options, by their long names.
struct Section {
    heading: &'static str,
    /// The commands that this is for; all where it names none.
    commands: &'static [&'static str],
    options: &'static [&'static str],
}

/// The headings. Of two that name an option the first counts. One that none names stands under
/// "Options".
const SECTIONS: &[Section] = &[
    Section {
        heading: "From nothing",
        commands: &["bootstrap"],
        options: &[
            "create",
            "create-hsm",
            "availability-zone",
            "subnet-id",
            "hsm-type",
            "mode",
            "network-type",
            "retention-days",
            "tag",
        ],
    },
    Section {
        heading: "A CA in AWS (default: the AWS SDK's environment and files)",
        commands: &["sign", "init"],
        options: &[
            "region",
            "profile",
            "endpoint-url",
            "insecure-http",
            "timeout",
        ],
    },
    Section {
        heading: "Your CA",
        commands: &[],
        options: &[
            "ca",
            "ca-key",
            "ca-fingerprint",
            "ca-from-bundle",
            "days",
            "subject",
            "key-type",
        ],
    },
    Section {
        heading: "An intermediate, under a CA that is there",
        commands: &[],
        options: &[
            "issuer",
            "issuer-key",
            "issuer-passphrase-file",
            "issuer-passphrase-fd",
            "issuer-passphrase-env",
            "issuer-passphrase-command",
        ],
    },
    Section {
        heading: "Passphrase (asked for on the terminal otherwise)",
        commands: &[],
        options: &[
            "passphrase-file",
            "passphrase-fd",
            "passphrase-env",
            "passphrase-command",
            "no-passphrase",
            "weak-passphrase",
        ],
    },
    Section {
        heading: "PKCS#11 token",
        commands: &[],
        options: &["pkcs11-module", "final-try"],
    },
    Section {
        heading: "AWS Private CA, in place of --ca and --ca-key",
        commands: &[],
        options: &["ca-arn", "certificate-arn"],
    },
    Section {
        heading: "What the other side reads out",
        commands: &[],
        options: &["expect", "expect-file"],
    },
    Section {
        heading: "Verification",
        commands: &[],
        options: &[
            "aws-root",
            "manufacturer-root",
            "policy",
            "accept",
            "reason",
            "unverified",
            "chains-only",
            "simulated",
            "at",
        ],
    },
    Section {
        heading: "Many clusters",
        commands: &[],
        options: &["fleet", "only", "all", "into", "from"],
    },
    Section {
        heading: "Transcript",
        commands: &[],
        options: &["operator", "record", "seal"],
    },
    Section {
        heading: "Service (default: the AWS SDK's environment and files)",
        commands: &[],
        options: &[
            "region",
            "profile",
            "endpoint-url",
            "insecure-http",
            "assume-role",
            "account",
        ],
    },
    Section {
        heading: "Waiting",
        commands: &[],
        options: &["wait", "timeout"],
    },
    Section {
        heading: "What goes wrong, and how strict it is",
        commands: &["simulate"],
        options: &[
            "fault",
            "seed",
            "rate",
            "quotas",
            "require-sigv4",
            "credentials",
        ],
    },
    Section {
        heading: "Settings",
        commands: &[],
        options: &["config"],
    },
    Section {
        heading: "Output",
        commands: &[],
        options: &[
            "output", "query", "quiet", "verbose", "color", "no-color", "events",
        ],
    },
];

/// The options that `-h` shows, of a command that has more than these: the ones that most runs
/// need.
const NEEDED: [(&str, &[&str]); 27] = [
    (
        "bootstrap",
        &["simulate", "ca", "ca-key", "bundle", "region"],
    ),
    ("fetch", &["bundle", "into", "fleet", "region", "profile"]),
    ("verify", &["aws-root", "manufacturer-root", "record"]),
    ("ca init", &["out", "subject", "key-type", "days", "ca-key"]),
    (
        "sign",
        &["ca", "ca-key", "days", "expect", "passphrase-file"],
    ),
    ("import", &["signed-cert", "ca", "expect", "operator"]),
    ("submit", &["ca", "expect", "dry-run", "yes", "region"]),
    ("handover", &["out", "ca", "ca-fingerprint", "address"]),
    ("status", &["ca", "region", "profile"]),
    (
        "plan",
        &["ca", "all", "fleet", "region", "detailed-exitcode"],
    ),
    ("wait", &["for", "timeout", "region", "profile"]),
    (
        "cluster create",
        &["subnet-id", "hsm-type", "wait", "region", "tag"],
    ),
    ("cluster list", &["state", "sort", "region", "profile"]),
    ("cluster show", &["region", "profile"]),
    (
        "cluster modify",
        &["retention-days", "hsm-type", "yes", "wait", "region"],
    ),
    ("cluster delete", &["yes", "wait", "region", "profile"]),
    (
        "hsm create",
        &["availability-zone", "wait", "region", "profile"],
    ),
    (
        "hsm delete",
        &["hsm-id", "yes", "wait", "region", "profile"],
    ),
    (
        "backup list",
        &["cluster-id", "state", "sort", "region", "profile"],
    ),
    (
        "backup copy",
        &["destination-region", "tag", "wait", "region", "profile"],
    ),
    ("backup delete", &["yes", "wait", "region", "profile"]),
    ("backup restore", &["wait", "region", "profile"]),
    ("tag remove", &["key", "yes", "region", "profile"]),
    (
        "simulate",
        &["listen", "roots", "state", "instant", "fault"],
    ),
    ("qr show", &["response", "png", "svg", "out", "part"]),
    ("report", &["out", "ca", "fleet", "at", "force"]),
    ("backup policy", &["policy", "yes", "region", "profile"]),
];

/// The most options that `-h` shows of a command.
const MOST: usize = 5;

/// The options of every online command that `-h` shows where a command has no row.
const USUAL: [&str; 2] = ["region", "profile"];

/// The commands that `hsmboot -h` shows.
const FIRST_COMMANDS: [&str; 12] = [
    "bootstrap",
    "fetch",
    "verify",
    "ca",
    "sign",
    "submit",
    "status",
    "plan",
    "wait",
    "report",
    "handover",
    "simulate",
];

/// The widest line of an example.
const EXAMPLE_WIDTH: usize = 78;

/// Lays out the help of the program and of all its commands.
pub(super) fn lay_out(command: clap::Command) -> clap::Command {
    lay_out_command(command, "")
}

fn lay_out_command(command: clap::Command, path: &str) -> clap::Command {
    let command = command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        lay_out_command(sub, &path)
    });
    let name = command.get_name().to_owned();
    let shown = shown_options(&command, path);
    let command = command.mut_args(|arg| {
        let Some(long) = arg.get_long().map(str::to_owned) else {
            return arg;
        };
        let brief = shown.contains(&long);
        arg.help_heading(heading_of(&long, &name))
            .hide_short_help(!brief)
    });
    let Some(after) = command.get_after_help().map(ToString::to_string) else {
        return command;
    };
    let line = ["hsmboot", path].join(" ");
    let pointer = match path.is_empty() {
        true => "All commands and exit codes: hsmboot --help".to_owned(),
        false => format!("All options, examples and exit codes: {line} --help"),
    };
    let brief = match first_example(&after) {
        Some(example) => format!("Example:\n{}\n\n{pointer}", fold_examples(&example)),
        None => pointer,
    };
    command
        .after_help(brief)
        .after_long_help(fold_examples(&after))
}

/// Returns the long names of the options that `-h` shows of a command.
fn shown_options(command: &clap::Command, path: &str) -> Vec<String> {
    let own = || {
        command
            .get_arguments()
            .filter(|arg| !arg.is_global_set() && !arg.is_hide_set())
            .filter_map(|arg| arg.get_long().map(str::to_owned))
    };
    let row = NEEDED.iter().find(|(name, _)| {
        path == *name
            || path
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(' '))
    });
    match row {
        Some((_, needed)) => needed.iter().map(ToString::to_string).collect(),
        None if own().count() <= MOST => own().collect(),
        // What it must have, and the way to the service.
        None => command
            .get_arguments()
            .filter(|arg| arg.is_required_set())
            .filter_map(|arg| arg.get_long())
            .chain(USUAL)
            .map(str::to_owned)
            .collect(),
    }
}

fn heading_of(long: &str, command: &str) -> Option<&'static str> {
    SECTIONS
        .iter()
        .find(|section| {
            section.options.contains(&long)
                && (section.commands.is_empty() || section.commands.contains(&command))
        })
        .map(|section| section.heading)
}

/// Returns the lines of the first example: a command, with what goes on after a backslash.
fn first_example(text: &str) -> Option<String> {
    let (_, after) = text
        .split_once("Examples:\n")
        .or_else(|| text.split_once("Example:\n"))?;
    let mut example = Vec::new();
    for line in after.lines() {
        example.push(line);
        if !line.ends_with('\\') {
            break;
        }
    }
    Some(example.join("\n"))
}

/// Breaks the lines of examples that a terminal would wrap, so that they can be pasted.
fn fold_examples(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // A line that goes on after a backslash is one with what follows.
    for line in text.split('\n') {
        match lines
            .last_mut()
            .and_then(|last: &mut String| last.strip_suffix(" \\").map(str::to_owned))
        {
            Some(begun) => {
                lines.pop();
                lines.push(format!("{begun} {}", line.trim_start()));
            }
            None => lines.push(line.to_owned()),
        }
    }
    let folded = lines
        .iter()
        .map(|line| match line.starts_with("  hsmboot ") {
            true => fold_line(line),
            false => line.clone(),
        });
    folded.collect::<Vec<_>>().join("\n")
}

fn fold_line(line: &str) -> String {
    if line.len() <= EXAMPLE_WIDTH {
        return line.to_owned();
    }
    let mut lines = Vec::new();
    let mut last = String::from(" ");
    for unit in units(line.trim_start()) {
        // The blank and the backslash need two columns.
        if last.len() + 1 + unit.len() + 2 > EXAMPLE_WIDTH && !last.trim().is_empty() {
            lines.push(last);
            last = " ".repeat(5);
        }
        last.push(' ');
        last.push_str(&unit);
    }
    lines.push(last);
    lines.join(" \\\n")
}

/// Returns what of a command line stays together: an option with its value, where a line has room
/// for both, and what stands in quotes.
fn units(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        let mut parts = part.split(' ');
        if at % 2 == 1 {
            let last = words.pop().unwrap_or_default();
            words.push(format!("{last}'{part}'"));
            continue;
        }
        if let Some(last) = words.pop() {
            words.push(last + parts.next().unwrap_or_default());
        }
        words.extend(parts.map(str::to_owned));
    }
    let mut units: Vec<String> = Vec::new();
    for word in words {
        let option = units
            .last()
            .filter(|last| last.starts_with('-') && !last.contains(' '));
        match option {
            Some(option)
                if !word.starts_with('-') && option.len() + word.len() + 9 <= EXAMPLE_WIDTH =>
            {
                let both = format!("{option} {word}");
                units.pop();
                units.push(both);
            }
            _ => units.push(word),
        }
    }
    units
}

/// Returns the program as it is shown at a glance, where the words of the command line ask for no
/// more: `-h`, or no command at all. There are no headings then, and of the commands those alone
/// that most people need.
pub(super) fn for_a_glance(command: clap::Command, words: &[String]) -> clap::Command {
    let given = words.get(1..).unwrap_or_default();
    let command = match given.iter().any(|word| word == "-h") || given.is_empty() {
        true => without_headings(command),
        false => return command,
    };
    if given.iter().any(|word| !word.starts_with('-')) {
        return command;
    }
    command.mut_subcommands(|sub| {
        let hidden = !FIRST_COMMANDS.contains(&sub.get_name());
        sub.hide(hidden)
    })
}

fn without_headings(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| arg.help_heading(None::<&'static str>))
        .mut_subcommands(|sub| without_headings(sub).disable_version_flag(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_names_is_there() {
        let mut program = crate::cli::command();
        program.build();
        for (path, options) in NEEDED {
            let command = path
                .split(' ')
                .try_fold(&program, |command, name| command.find_subcommand(name));
            let Some(command) = command else { continue };
            let below: Vec<_> = std::iter::once(command)
                .chain(command.get_subcommands())
                .flat_map(clap::Command::get_arguments)
                .filter_map(clap::Arg::get_long)
                .collect();
            for option in options {
                let elsewhere = ["fleet", "region"].contains(option);
                assert!(below.contains(option) || elsewhere, "{path} --{option}");
            }
            assert!(options.len() <= MOST, "{path}");
        }
        for name in FIRST_COMMANDS {
            let online = [
                "bootstrap",
                "fetch",
                "submit",
                "status",
                "plan",
                "wait",
                "simulate",
            ];
            assert!(
                program.find_subcommand(name).is_some() || online.contains(&name),
                "{name}"
            );
        }
    }

    #[test]
    fn a_long_example_is_folded_before_options_and_a_short_one_is_left() {
        let long = "  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key \
                    --passphrase-env CA_PASSPHRASE --days 1826";
        let folded = fold_line(long);
        assert_eq!(
            folded,
            "  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key \\\n      \
             --passphrase-env CA_PASSPHRASE --days 1826"
        );
        assert_eq!(
            fold_line("  hsmboot verify x --at y"),
            "  hsmboot verify x --at y"
        );
    }
}
