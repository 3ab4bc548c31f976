//! Every command in README and docs/ runs, and prints what the page says.

use std::fs;
use std::path::Path;
use std::process::Command;

use hsmboot::simulator::Simulator;

use super::blocks::{Block, blocks};
use super::stage::{BINARY, CLUSTER, MANUFACTURER_ROOT, claimed, cluster, expected_in, wrapper};
use super::{pages, read};

/// What `cargo demo` has the program do, by the project's own settings of cargo.
fn demo() -> String {
    let settings = read(".cargo/config.toml");
    let (_, words) = settings
        .lines()
        .find_map(|line| line.strip_prefix("demo = \"run ")?.split_once(" -- "))
        .unwrap();
    words.trim_end_matches('"').to_owned()
}

/// A shell in `dir` that knows `hsmboot`, and nothing of this machine's AWS settings. `cargo demo`
/// means the program as it is.
fn shell(dir: &Path, path: &Path, script: &str) -> Command {
    // Far more than a page takes: what is still there then hangs.
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "600", "bash"]);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("AWS_") || text.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    let before = format!(
        "set -euo pipefail\nexec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n\
         cargo() {{ [ \"$*\" = demo ] && hsmboot {}; }}\n",
        demo()
    );
    command.arg("-c").arg(format!("{before}{script}"));
    command
        .current_dir(dir)
        .env("HOME", dir)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.env(
        "PATH",
        format!("{}:{}", path.display(), std::env::var("PATH").unwrap()),
    );
    command
}

fn output(mut command: Command, what: &str) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what}: {}\n{text}", output.status);
    text
}

/// The page's `sh` blocks, in one shell, and the `text` blocks that stand right below them.
fn run_plain(page: &str, all: &[Block]) {
    let mut script = String::new();
    for block in all.iter().filter(|block| block.language == "sh") {
        script.push_str(&format!("printf '\\036{}\\n'\n{}", block.line, block.text));
    }
    if script.is_empty() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let text = output(
        shell(dir.path(), Path::new(BINARY).parent().unwrap(), &script),
        page,
    );
    expected_in(page, all, "sh", &text);
}

/// The blocks for a real cluster below one heading, as they stand: what a reader has and the test
/// has not (AWS's root built in, a hand at the prompt) is given beside them.
fn run_on_aws(page: &str, blocks: &[&Block]) {
    let what = format!("{page}:{}", blocks[0].line);
    let script: String = blocks.iter().map(|block| &*block.text).collect();
    let dir = tempfile::tempdir().unwrap();
    let simulator = Simulator::spawn(crate::simulated::options()).unwrap();
    let id = cluster(&simulator);
    simulator.write_roots(&dir.path().join("roots")).unwrap();
    let path = wrapper(dir.path(), "--passphrase-env DOCS_PASSPHRASE");
    let work = dir.path().join("work");
    fs::create_dir(&work).unwrap();
    fs::copy(
        dir.path().join("roots/manufacturer-root.crt"),
        work.join(MANUFACTURER_ROOT),
    )
    .unwrap();
    let mut command = shell(&work, &path, &script.replace(CLUSTER, &id));
    command
        .env("DOCS_PASSPHRASE", "a passphrase for the docs")
        .env("AWS_ENDPOINT_URL", simulator.url())
        .env("AWS_REGION", "us-east-1");
    output(command, &what);
    claimed(&simulator, &what);
}

#[test]
fn every_command_in_readme_and_docs_runs() {
    // These ask questions: see runbooks.rs.
    let asks =
        |page: &Path| page.starts_with("docs/runbooks") || page == Path::new("docs/quickstart.md");
    for page in pages().into_iter().filter(|page| !asks(page)) {
        let name = page.to_str().unwrap();
        let all = blocks(&read(name));
        run_plain(name, &all);
        let on_aws: Vec<&Block> = all
            .iter()
            .filter(|block| block.language == "sh aws")
            .collect();
        on_aws
            .chunk_by(|one, next| one.heading == next.heading)
            .for_each(|blocks| run_on_aws(name, blocks));
    }
}
