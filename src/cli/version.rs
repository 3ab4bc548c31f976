//! `hsmboot --version`: what this program is made of.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::roots::built_in_roots;
use super::ui::{CommandOutput, Effect, insert_member};

/// The commit of the source; empty where it is not known.
const COMMIT: &str = env!("HSMBOOT_BUILT_OF");

/// The machine that it is built for.
const TARGET: &str = env!("HSMBOOT_BUILT_FOR");

/// The libraries that it names itself: `name version` each, commas between them.
const LIBRARIES: &str = env!("HSMBOOT_BUILT_WITH");

/// The features that can be switched, and whether each is on.
const FEATURES: [(&str, bool); 6] = [
    ("online", cfg!(feature = "online")),
    ("simulator", cfg!(feature = "simulator")),
    ("pkcs11", cfg!(feature = "pkcs11")),
    ("awskms", cfg!(feature = "awskms")),
    ("lambda", cfg!(feature = "lambda")),
    ("qr", cfg!(feature = "qr")),
];

fn features() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().filter(|(_, on)| *on).map(|(name, _)| *name)
}

/// Returns what `--version` prints after the program's name.
pub(super) fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let features: Vec<&str> = features().collect();
        let commit = match COMMIT.is_empty() {
            true => "unknown",
            false => COMMIT,
        };
        let features = match features.is_empty() {
            true => "none: the air-gapped tool".to_owned(),
            false => features.join(", "),
        };
        format!(
            "{}\ncommit    {commit}\nfeatures  {features}\ntarget    {TARGET}",
            env!("CARGO_PKG_VERSION")
        )
    });
    &TEXT
}

/// Returns the answer to `--version`, of which `first_lines` is the text; with the libraries and
/// the built-in roots where more is asked for.
pub(super) fn version_output(first_lines: &str, verbose: bool) -> CommandOutput {
    let name = first_lines.lines().next().unwrap_or_default();
    let mut text = format!("{}\n", first_lines.trim_end());
    let mut document = json!({
        "version": name,
        "commit": (!COMMIT.is_empty()).then_some(COMMIT),
        "features": features().collect::<Vec<_>>(),
        "target": TARGET,
    });
    if verbose {
        let libraries = || {
            LIBRARIES
                .split(',')
                .filter_map(|entry| entry.split_once(' '))
        };
        let roots = built_in_roots();
        text.push_str("\nlibraries, as Cargo.lock names them\n");
        for (library, version) in libraries() {
            text.push_str(&format!("  {library} {version}\n"));
        }
        text.push_str(
            "\nbuilt-in roots, by SHA-256 of key and certificates (more: hsmboot roots)\n",
        );
        for root in &roots {
            text.push_str(&format!("  {}\n", root.subject));
            text.push_str(&format!("    key          {}\n", root.key_sha256));
            for print in root.certificates.iter().filter_map(|c| c.sha256.as_ref()) {
                text.push_str(&format!("    certificate  {print}\n"));
            }
        }
        let libraries: Vec<Value> = libraries()
            .map(|(name, version)| json!({ "name": name, "version": version }))
            .collect();
        insert_member(&mut document, "libraries", libraries);
        insert_member(&mut document, "built_in_roots", json!(roots));
    }
    CommandOutput::success(Effect::Unchanged, document, text).summarized(name)
}
