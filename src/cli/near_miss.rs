//! Words of the command line that mean something which has another name here.

/// A word that other programs have, and what it is called here.
struct NearMiss {
    words: &'static [&'static str],
    /// The option or the command that the command must have for this tip to be right. One that all
    /// have stands for itself.
    needs: &'static str,
    tip: &'static str,
}

const OPTIONS: &[NearMiss] = &[
    NearMiss {
        words: &["--json", "-j", "--format", "--output-format", "-f"],
        needs: "--output",
        tip: "one JSON document is printed by '--output json'",
    },
    NearMiss {
        words: &["--filter", "--jq"],
        needs: "--query",
        tip: "a part of the result is chosen by '--query EXPRESSION', in JMESPath",
    },
    NearMiss {
        words: &["--debug", "--trace", "--log-level", "-vv"],
        needs: "--verbose",
        tip: "more is said with '--verbose'",
    },
    NearMiss {
        words: &["--silent", "-s"],
        needs: "--quiet",
        tip: "less is said with '--quiet'",
    },
    NearMiss {
        words: &["--colour", "--no-colour"],
        needs: "--no-color",
        tip: "colours are left out with '--no-color'",
    },
    NearMiss {
        words: &["--cluster", "--clusters", "--id", "--cluster-ids"],
        needs: "--cluster-id",
        tip: "a cluster is named by '--cluster-id ID', or as the first argument",
    },
    NearMiss {
        words: &["--backup", "--id", "--backups"],
        needs: "--backup-id",
        tip: "a backup is named by '--backup-id ID', or as the first argument",
    },
    NearMiss {
        words: &["--dir", "--directory", "--input", "-d"],
        needs: "--bundle",
        tip: "a bundle is named by '--bundle DIR', or as the first argument",
    },
    NearMiss {
        words: &[
            "--ca-cert",
            "--cacert",
            "--ca-certificate",
            "--ca-file",
            "--CA",
        ],
        needs: "--ca",
        tip: "your CA's certificate is '--ca FILE'",
    },
    NearMiss {
        words: &[
            "--key",
            "--ca-private-key",
            "--private-key",
            "--cakey",
            "--CAkey",
        ],
        needs: "--ca-key",
        tip: "your CA's key is '--ca-key KEY'",
    },
    NearMiss {
        words: &[
            "--passphrase",
            "--password",
            "--pass",
            "--passin",
            "--passout",
            "-p",
        ],
        needs: "--passphrase-file",
        tip: "a passphrase never stands on the command line: it is asked for, or comes by \
              '--passphrase-file FILE', '--passphrase-fd N' or '--passphrase-env NAME'",
    },
    NearMiss {
        words: &["--root", "--roots", "--anchor", "--anchors"],
        needs: "--aws-root",
        tip: "a root is named by '--aws-root FILE' or '--manufacturer-root FILE'",
    },
    NearMiss {
        words: &["--state", "--until", "--status"],
        needs: "--for",
        tip: "the state to wait for is '--for STATE'",
    },
    NearMiss {
        words: &["--az", "--zone"],
        needs: "--availability-zone",
        tip: "the zone is '--availability-zone ZONE'",
    },
    NearMiss {
        words: &["--role", "--role-arn"],
        needs: "--assume-role",
        tip: "a role is assumed with '--assume-role ARN'",
    },
    NearMiss {
        words: &["--check", "--no-act", "-n"],
        needs: "--dry-run",
        tip: "nothing is changed with '--dry-run'",
    },
    NearMiss {
        words: &["--validity", "--valid-days"],
        needs: "--days",
        tip: "how long a certificate lasts is '--days N'",
    },
];

const COMMANDS: &[NearMiss] = &[
    NearMiss {
        words: &["version"],
        needs: "",
        tip: "the version is printed by 'hsmboot --version'",
    },
    NearMiss {
        words: &["init", "keygen", "new-ca", "create-ca", "generate"],
        needs: "ca",
        tip: "a CA is made by 'hsmboot ca init'",
    },
    NearMiss {
        words: &["initialize", "initialise", "initialize-cluster", "upload"],
        needs: "submit",
        tip: "a signed bundle is sent to InitializeCluster by 'hsmboot submit'",
    },
    NearMiss {
        words: &["claim", "run", "start"],
        needs: "bootstrap",
        tip: "a cluster is claimed in one go by 'hsmboot bootstrap'",
    },
    NearMiss {
        words: &[
            "list",
            "ls",
            "describe",
            "describe-clusters",
            "show",
            "info",
            "clusters",
        ],
        needs: "status",
        tip: "clusters are shown by 'hsmboot status' and 'hsmboot cluster list'",
    },
    NearMiss {
        words: &["download", "export", "pull", "get"],
        needs: "fetch",
        tip: "a cluster's CSR and certificates are fetched by 'hsmboot fetch'",
    },
    NearMiss {
        words: &["create", "create-cluster"],
        needs: "cluster",
        tip: "a cluster is made by 'hsmboot cluster create', and claimed at once by 'hsmboot \
              bootstrap --create'",
    },
    NearMiss {
        words: &["delete", "delete-cluster"],
        needs: "cluster",
        tip: "a cluster is deleted by 'hsmboot cluster delete'",
    },
    NearMiss {
        words: &["simulator", "emulate", "mock"],
        needs: "simulate",
        tip: "the simulator is started by 'hsmboot simulate'",
    },
    NearMiss {
        words: &["configure", "login"],
        needs: "status",
        tip: "credentials are the AWS SDK's: 'aws configure', its files and variables",
    },
    NearMiss {
        words: &["certificates", "anchors"],
        needs: "roots",
        tip: "the built-in roots are shown by 'hsmboot roots'",
    },
];

/// Returns the tip for an option that is not known where it stands: where the command has what it
/// means, or where it stands before the command that has it.
pub(super) fn option_tip(word: &str, words: &[String], program: &clap::Command) -> Option<String> {
    let at = words.iter().position(|other| option_of(other) == word);
    let before = words.get(..at.unwrap_or(words.len())).unwrap_or_default();
    let (here, last) = (
        named_command(program, before),
        named_command(program, words),
    );
    let elsewhere = here.get_name() != last.get_name() && has_option(last, word);
    if elsewhere && let Some(line) = last.get_bin_name() {
        return Some(format!("'{word}' goes after the command: '{line} {word}'"));
    }
    find(OPTIONS, word, |long| has_option(last, long)).map(str::to_owned)
}

/// Returns the option of a word, without a value that is written into the same word.
fn option_of(word: &str) -> &str {
    word.split_once('=').map_or(word, |(option, _)| option)
}

fn has_option(command: &clap::Command, word: &str) -> bool {
    let long = word.strip_prefix("--");
    long.is_some() && command.get_arguments().any(|arg| arg.get_long() == long)
}

/// Returns the tip for a command that is not known here.
pub(super) fn command_tip(word: &str, program: &clap::Command) -> Option<&'static str> {
    find(COMMANDS, word, |name| {
        name.is_empty() || program.find_subcommand(name).is_some()
    })
}

fn find(table: &[NearMiss], word: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    table
        .iter()
        .find(|miss| miss.words.contains(&word) && has(miss.needs))
        .map(|miss| miss.tip)
}

/// Returns the command that the words of a command line name, as far as they name one.
pub(super) fn named_command<'a>(program: &'a clap::Command, words: &[String]) -> &'a clap::Command {
    words.iter().skip(1).fold(program, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tip_names_is_there_and_the_near_miss_itself_is_not() {
        let mut program = crate::cli::command();
        program.build();
        let known = |word: &str| {
            let mut commands = vec![&program];
            while let Some(command) = commands.pop() {
                let named = |arg: &clap::Arg| {
                    arg.get_long().map(|long| format!("--{long}")).as_deref() == Some(word)
                };
                if command.get_arguments().any(named) {
                    return true;
                }
                commands.extend(command.get_subcommands());
            }
            false
        };
        for miss in OPTIONS {
            let offline = [
                "--output",
                "--verbose",
                "--quiet",
                "--no-color",
                "--bundle",
                "--ca",
            ];
            let here = known(miss.needs);
            assert!(here || !offline.contains(&miss.needs), "{}", miss.needs);
            assert!(!here || miss.tip.contains(miss.needs), "{}", miss.tip);
        }
        for miss in COMMANDS {
            for word in miss.words {
                assert!(program.find_subcommand(word).is_none(), "{word}");
            }
        }
    }
}
