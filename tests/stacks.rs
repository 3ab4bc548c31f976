//! What packaging/aws and its page have for AWS CloudFormation, judged by others: cfn-lint reads
//! the templates, AWS CDK makes a stack of the page's construct, and moto makes the
//! stack of the template, with the real program as its function.
//!
//! Where a tool is missing its test shows as ignored, never as passed; where `HSMBOOT_INTEGRATIONS`
//! is set, as in `tests/run`, all must be there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod aws;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "lambda/claim_stage.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod claim_stage;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/done.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod done;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/kms.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod kms_key;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "stacks/moto.rs"]
mod moto;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/pipe.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod pipe;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "stacks/private_ca.rs"]
mod private_ca;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "lambda/runtime.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod runtime;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "online/stage.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod stage;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "simulator/support.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test program uses its part"
)]
mod support;
#[path = "support/trial.rs"]
mod trial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};
use trial::trial;
#[cfg(all(feature = "lambda", feature = "simulator"))]
use {
    done::Done,
    hsmboot::simulator::{InjectedFault, Simulator},
    serde_json::Value,
    std::fs,
    std::process::Stdio,
};

fn main() -> ExitCode {
    let demanded = std::env::var_os("HSMBOOT_INTEGRATIONS").is_some();
    let ignored = |there: bool| !demanded && !there;
    let cdk = runs("node", &["--version"]) && runs("python3", &["-c", "import aws_cdk"]);
    #[allow(unused_mut, reason = "a build without the function adds none")]
    let mut trials: Vec<Trial> = vec![
        trial(
            "cfn_lint_finds_nothing_in_the_templates",
            cfn_lint_finds_nothing_in_the_templates,
            ignored(runs("cfn-lint", &["--version"])),
        ),
        trial(
            "the_pages_construct_makes_a_stack",
            the_pages_construct_makes_a_stack,
            ignored(cdk && runs("cfn-lint", &["--version"])),
        ),
        trial(
            "each_runbook_of_aws_has_its_policies_and_its_failure_table",
            each_runbook_of_aws_has_its_policies_and_its_failure_table,
            false,
        ),
        trial(
            "a_stack_that_goes_keeps_what_the_kept_stand_in",
            a_stack_that_goes_keeps_what_the_kept_stand_in,
            false,
        ),
        trial(
            "the_policy_of_the_organization_is_the_pages",
            the_policy_of_the_organization_is_the_pages,
            false,
        ),
    ];
    #[cfg(all(feature = "lambda", feature = "simulator"))]
    trials.extend([
        trial(
            "the_template_goes_from_a_vpc_to_a_claimed_cluster",
            moto::the_template_goes_from_a_vpc_to_a_claimed_cluster,
            ignored(aws::Moto::is_installed()),
        ),
        trial(
            "a_stack_claims_by_a_private_ca_and_is_answered_by_tls",
            private_ca::a_stack_claims_by_a_private_ca_and_is_answered_by_tls,
            ignored(aws::Moto::is_installed() && runs("openssl", &["version"])),
        ),
    ]);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn runs(program: &str, words: &[&str]) -> bool {
    let output = Command::new(program).args(words).output();
    output.is_ok_and(|output| output.status.success())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The text of the first block of this language on a page, after these words.
fn block(page: &str, after: &str, language: &str) -> String {
    let text = read(page);
    let (_, rest) = text.split_once(after).unwrap();
    let (_, rest) = rest.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

fn lint(file: &Path, but: &[&str]) {
    let output = Command::new("cfn-lint")
        .args(["--regions", "us-east-1", "eu-central-1"])
        .args(but.iter().map(|check| format!("--ignore-checks={check}")))
        .arg("--")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}\n{said}", file.display());
}

fn templates() -> Vec<PathBuf> {
    let templates: Vec<PathBuf> = std::fs::read_dir(root().join("packaging/aws"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".template.yaml"))
        .collect();
    assert!(!templates.is_empty());
    templates
}

fn cfn_lint_finds_nothing_in_the_templates() {
    templates().iter().for_each(|template| lint(template, &[]));
}

/// A subnet cannot be deleted while the cluster is in it, nor its VPC: a stack that tries fails.
fn a_stack_that_goes_keeps_what_the_kept_stand_in() {
    let policies = ["DeletionPolicy: Retain\n", "UpdateReplacePolicy: Retain\n"];
    let mut all_kept = 0;
    for template in templates() {
        let text = std::fs::read_to_string(&template).unwrap();
        let (_, rest) = text.split_once("\nResources:\n").unwrap();
        let (rest, _) = rest.split_once("\nOutputs:").unwrap_or((rest, ""));
        let mut resources = BTreeMap::<&str, String>::new();
        let mut name = "";
        for line in rest.lines() {
            let key = line
                .strip_prefix("  ")
                .and_then(|key| key.strip_suffix(':'));
            name = key
                .filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric()))
                .unwrap_or(name);
            resources
                .entry(name)
                .or_default()
                .push_str(&format!("{line}\n"));
        }
        let named_in = |block: &str, name: &str| {
            let marks = ["!Ref ", "!GetAtt ", "${"];
            let after = |mark| block.split(mark).skip(1);
            let mut words = marks.into_iter().flat_map(after);
            words.any(|word| word.split(|c: char| !c.is_ascii_alphanumeric()).next() == Some(name))
        };
        for (name, block) in &resources {
            if !policies.iter().any(|policy| block.contains(policy)) {
                continue;
            }
            all_kept += 1;
            let place = template.display();
            for policy in policies {
                assert!(block.contains(policy), "{place}: {name}: {policy}");
            }
            for (other, theirs) in &resources {
                let kept = theirs.contains(policies[0]);
                assert!(
                    kept || !named_in(block, other),
                    "{place}: {name} is in {other}"
                );
            }
        }
    }
    // A VPC, two subnets, a cluster; logs; the fleet's bundles.
    assert!(all_kept >= 6, "{all_kept}");
}

/// `tests/stacks/cdk.py` makes a stack with the construct, and says what must be in it.
fn the_pages_construct_makes_a_stack() {
    let place = tempfile::tempdir().unwrap();
    let construct = block("docs/runbooks/cloudformation.md", "## AWS CDK", "python");
    std::fs::write(place.path().join("claim.py"), construct).unwrap();
    let output = Command::new("python3")
        .arg(root().join("tests/stacks/cdk.py"))
        .current_dir(place.path())
        .env("PYTHONPATH", place.path())
        // Versions of Node that its makers no longer try are said to be so, on standard error.
        .env("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
        .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let template = place.path().join("stack.json");
    std::fs::write(&template, output.stdout).unwrap();
    // CDK writes out dependencies that follow from others.
    lint(&template, &["W3005"]);
}

fn the_policy_of_the_organization_is_the_pages() {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let page = block("docs/iam.md", "## Only the submit role claims", "json");
    assert_eq!(parse(&read("packaging/aws/scp.json")), parse(&page));
}

/// The statements of a page's policies but what is the reader's own: action and condition, by Sid.
fn statements(
    page: &str,
) -> std::collections::BTreeMap<String, (serde_json::Value, serde_json::Value)> {
    let text = read(page);
    let blocks = text.split("```json\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let documents = blocks.map(|block| serde_json::from_str::<serde_json::Value>(block).unwrap());
    let mut found = BTreeMap::new();
    for document in documents {
        for statement in document["Statement"].as_array().into_iter().flatten() {
            let Some(sid) = statement["Sid"].as_str() else {
                continue;
            };
            let told = (statement["Action"].clone(), statement["Condition"].clone());
            found.entry(sid.to_owned()).or_insert(told);
        }
    }
    found
}

/// Each page by itself says what a role needs, in the words of docs/iam.md, and what is to be done
/// for every class of failure.
fn each_runbook_of_aws_has_its_policies_and_its_failure_table() {
    let home = statements("docs/iam.md");
    for name in [
        "ansible",
        "cloudformation",
        "github-actions",
        "gitlab",
        "kubernetes",
        "lambda",
        "shell",
        "ssm",
        "step-functions",
        "terraform",
    ] {
        let page = format!("docs/runbooks/{name}.md");
        let own = statements(&page);
        for sid in ["Look", "ClaimThisCluster", "SeeTheCasKey", "SignAsTheCa"] {
            let told = own
                .get(sid)
                .unwrap_or_else(|| panic!("{page} has no {sid}"));
            assert_eq!(told.0, home[sid].0, "{page}: {sid}");
            // Where one looks is the reader's to bound.
            assert!(sid == "Look" || told.1 == home[sid].1, "{page}: {sid}");
        }
        let text = read(&page);
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("| "))
            .filter_map(|line| line.split(" | ").next())
            .collect();
        let row_of = |word: &str| {
            rows.iter().any(|row| {
                row.split(|c: char| !c.is_ascii_alphanumeric())
                    .any(|part| part == word)
            })
        };
        for (code, error_type) in [
            ("1", "HsmbootBug"),
            ("2", "HsmbootUsage"),
            ("3", "HsmbootRejected"),
            ("4", "HsmbootInput"),
            ("5", "HsmbootCa"),
            ("6", "HsmbootService"),
            ("7", "HsmbootNotInTime"),
            ("8", "HsmbootConflict"),
        ] {
            assert!(row_of(code) || row_of(error_type), "{page}: {code}");
        }
    }
}
