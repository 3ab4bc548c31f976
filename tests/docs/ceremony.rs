//! A runbook is played as it is written: on a real terminal, by somebody who answers what the
//! program asks.
//!
//! docs/runbooks/air-gapped.md meets a simulator that has the cluster it names. Its two machines
//! have a home each, and the one below *On the offline machine* knows nothing of AWS. Only the
//! cluster's id, the mount points and the simulator's roots are put in.
//!
//! A variant's block says which step it belongs to: `sh camera 9` stands in the place of the first
//! block of step 9, another one in that of the second.

#[path = "ceremony/screens.rs"]
mod screens;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use hsmboot::simulator::Simulator;
use screens::{play, terminal};

use super::blocks::{Block, blocks};
use super::stage::{CLUSTER, MANUFACTURER_ROOT, claimed, cluster, expected_in, wrapper};

/// Of the token, where the CA's key is on one.
pub(super) const PIN: &str = "84736251";

/// A block with what it prints, the step that it stands in, and whose machine that is on.
struct Act {
    code: Block,
    text: Option<Block>,
    step: String,
    offline: bool,
}

/// The page's blocks in order.
fn acts(page: &str) -> Vec<Act> {
    let step = |line: usize| {
        let before = page.lines().take(line - 1).filter_map(|line| {
            line.strip_prefix("**")
                .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        before
            .last()
            .and_then(|rest| rest.split('.').next())
            .unwrap_or_default()
            .to_owned()
    };
    let offline = |line: usize| {
        page.lines()
            .take(line - 1)
            .filter(|line| line.starts_with("## "))
            .last()
            == Some("## On the offline machine")
    };
    let mut acts: Vec<Act> = Vec::new();
    for block in blocks(page) {
        match acts.last_mut() {
            Some(act) if block.language == "text" && block.follows => act.text = Some(block),
            _ => acts.push(Act {
                step: step(block.line),
                offline: offline(block.line),
                code: block,
                text: None,
            }),
        }
    }
    acts
}

/// The page as one way plays it: its blocks in the place of those of their steps, and without the
/// steps that it leaves out.
fn way(page: &str, variant: &str, left_out: &[&str]) -> Vec<Act> {
    let all = acts(page)
        .into_iter()
        .filter(|act| act.code.language.starts_with("sh "));
    let (own, others): (Vec<Act>, Vec<Act>) =
        all.partition(|act| ["sh aws", "sh elsewhere"].contains(&act.code.language.as_str()));
    let mut put_in: Vec<Act> = others
        .into_iter()
        .filter(|act| act.code.language.starts_with(&format!("sh {variant} ")))
        .collect();
    let mut played = Vec::new();
    for act in own
        .into_iter()
        .filter(|act| !left_out.contains(&act.step.as_str()))
    {
        match put_in
            .iter()
            .position(|other| other.code.language == format!("sh {variant} {}", act.step))
        {
            Some(at) => {
                let other = put_in.remove(at);
                played.push(Act {
                    code: Block {
                        language: "sh aws".to_owned(),
                        ..other.code
                    },
                    text: other.text,
                    ..act
                });
            }
            None => played.push(act),
        }
    }
    assert!(
        put_in.is_empty(),
        "{variant}: no step takes the block in line {}",
        put_in[0].code.line
    );
    played.retain(|act| act.code.language == "sh aws");
    played
}

/// A way to play docs/runbooks/air-gapped.md.
#[derive(Default)]
pub(super) struct Way<'a> {
    /// The variant: nothing, `camera`, `token`.
    pub(super) variant: &'a str,
    /// The steps that the page says to leave out.
    pub(super) left_out: &'a [&'a str],
    /// What the page calls otherwise than it is here.
    pub(super) called: &'a [(&'a str, &'a str)],
    /// What the offline machine has in its environment.
    pub(super) offline: &'a [(&'a str, &'a str)],
}

/// Plays it on a place of its own; the cluster is claimed after that, and the report there.
pub(super) fn air_gapped(way: &Way<'_>) {
    const PAGE: &str = "docs/runbooks/air-gapped.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
    let id = cluster(&simulator);
    simulator.write_roots(&dir.join("roots")).unwrap();
    let path = wrapper(dir, "");
    for name in ["media/usb", "media/second", "online", "offline"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    // Both machines' people have the one that they downloaded before the day.
    for home in ["online", "offline"] {
        fs::copy(
            dir.join("roots/manufacturer-root.crt"),
            dir.join(home).join(MANUFACTURER_ROOT),
        )
        .unwrap();
    }
    let url = simulator.url();
    let aws = [
        ("AWS_ENDPOINT_URL", &*url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
    ];
    let home = |offline: bool| {
        dir.join(if offline { "offline" } else { "online" })
            .display()
            .to_string()
    };
    let (mut script, mut played, mut at) = (String::new(), Vec::new(), None);
    for act in self::way(&page, way.variant, way.left_out) {
        let change = |block: Block| {
            let text = way.called.iter().fold(block.text, |text, (theirs, ours)| {
                text.replace(theirs, ours)
            });
            // What a shell makes of `~` stands in full in what is printed.
            let text = if block.language == "text" {
                text.replace("~/", &format!("{}/", home(act.offline)))
            } else {
                text
            };
            Block {
                text: text
                    .replace(CLUSTER, &id)
                    .replace("/media/", &format!("{}/media/", dir.display())),
                ..block
            }
        };
        if at != Some(act.offline) {
            at = Some(act.offline);
            let (has, lacks): (&[_], &[_]) = if act.offline {
                (way.offline, &aws)
            } else {
                (&aws, way.offline)
            };
            script.push_str(
                &lacks
                    .iter()
                    .map(|(name, _)| format!("unset {name}\n"))
                    .collect::<String>(),
            );
            script.push_str(
                &has.iter()
                    .map(|(name, value)| format!("export {name}='{value}'\n"))
                    .collect::<String>(),
            );
            // What the page has a shell know, the next machine's does not.
            script.push_str(&format!(
                "unset HSMBOOT_MANUFACTURER_ROOT\nexport HOME='{}'\ncd\n",
                home(act.offline)
            ));
        }
        let code = change(act.code);
        if code.text.contains("qr read") {
            // The photographer.
            script.push_str(&format!(
                "mkdir ~/photographs\ncp '{}'/codes/*.png ~/photographs\n",
                home(!act.offline)
            ));
        }
        script.push_str(&format!("printf '\\036{}\\n'\n{}", code.line, code.text));
        played.push(code);
        played.extend(act.text.map(change));
    }
    let screen = play(terminal(dir, &path, &script), PAGE);
    expected_in(PAGE, &played, "sh aws", &screen);
    claimed(&simulator, PAGE);
    let report = fs::read_to_string(dir.join(format!("online/{id}.html"))).unwrap();
    assert!(report.contains("The trust anchor is the CA certificate that this report was given"));
    assert!(report.contains("Verified") && !report.contains("Rejected"));
}

/// Plays docs/runbooks/to-activated.md. What is done on the client machine stands in its one block
/// for elsewhere: its effect on the cluster comes in that place.
pub(super) fn to_activated() {
    const PAGE: &str = "docs/runbooks/to-activated.md";
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
    simulator.write_roots(&dir.join("roots")).unwrap();
    // The one that the page's reader has downloaded.
    fs::copy(
        dir.join("roots/manufacturer-root.crt"),
        dir.join(MANUFACTURER_ROOT),
    )
    .unwrap();
    let path = wrapper(dir, "");
    let all =
        blocks(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap());
    let mut script = format!(
        "export AWS_ENDPOINT_URL='{}' AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=any \
         AWS_SECRET_ACCESS_KEY=any\n",
        simulator.url()
    );
    let elsewhere: Vec<&Block> = all
        .iter()
        .filter(|block| block.language == "sh elsewhere")
        .collect();
    assert!(
        matches!(elsewhere[..], [only] if only.text.contains("cloudhsm-cli interactive")),
        "{PAGE}: one client, which activates"
    );
    for block in &all {
        match block.language.as_str() {
            "sh aws" => {
                script.push_str(&format!("printf '\\036{}\\n'\n{}", block.line, block.text))
            }
            "sh elsewhere" => script.push_str(&activation(&simulator)),
            _ => {}
        }
    }
    let screen = play(terminal(dir, &path, &script), PAGE);
    expected_in(PAGE, &all, "sh aws", &screen);
    assert!(
        simulator.call_counts().get("InitializeCluster") == Some(&1)
            && dir.join("report.html").is_file()
    );
    let report = fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(report.contains("Verified") && !report.contains("Rejected"));
    let handed = fs::read_to_string(dir.join("clients/README.txt")).unwrap();
    for line in elsewhere[0]
        .text
        .lines()
        .map(|line| line.trim_end_matches(" &&"))
        .filter(|line| line.contains("/opt/cloudhsm/") && !line.contains(" -a "))
    {
        assert!(
            handed.contains(&format!("        {line}\n")),
            "the page and what is handed over differ: {line}\n{handed}"
        );
    }
}

/// The simulator's own doing, in the shell: the owner sets the first password.
fn activation(simulator: &Simulator) -> String {
    let address = simulator.address();
    format!(
        "ID=$(sed -n 's/^ *\"cluster_id\": \"\\(.*\\)\",$/\\1/p' \
         clients/handover.json)\nBODY=\"{{\\\"ClusterId\\\": \\\"$ID\\\"}}\"\nexec \
         3<>/dev/tcp/{}/{}\nprintf 'POST /_control/activate HTTP/1.1\\r\\nHost: \
         {address}\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\nContent-Length: \
         %s\\r\\n\\r\\n%s' ${{#BODY}} \"$BODY\" >&3\ngrep -q '200 OK' <&3\nexec 3>&-\n",
        address.ip(),
        address.port()
    )
}

/// Plays a page that brings its own simulator, in the home directory `dir`.
pub(super) fn rehearsal(page: &str, dir: &Path, path: &Path) {
    let all =
        blocks(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap());
    let blocks = all.iter().filter(|block| block.language == "sh");
    let script: String = blocks
        .map(|block| format!("printf '\\036{}\\n'\n{}", block.line, block.text))
        .collect();
    let screen = play(terminal(dir, path, &script), page);
    expected_in(page, &all, "sh", &screen);
}
