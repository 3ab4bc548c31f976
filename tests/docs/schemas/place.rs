//! A directory with a fixture's bundle, roots and a CA, in which documents are made.

use std::path::{Path, PathBuf};

use super::*;

/// Chains, CSR and roots in one directory, good until 9999. The roots are used from another: none
/// that lies in a bundle is.
const FIXTURE: &str = "fixtures/verify/verified--never-expires";

/// A directory to work in, with a good bundle in `bundle`.
pub(crate) struct Place(pub(crate) tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("bundle")).unwrap();
        for entry in fs::read_dir(root().join(FIXTURE))
            .unwrap()
            .map(Result::unwrap)
        {
            fs::copy(entry.path(), place.path("bundle").join(entry.file_name())).unwrap();
        }
        fs::create_dir(place.path("kept")).unwrap();
        for name in ["aws-root.crt", "manufacturer-root.crt"] {
            fs::copy(
                root().join(FIXTURE).join(name),
                place.path("kept").join(name),
            )
            .unwrap();
        }
        fs::write(place.path("passphrase"), "a passphrase for the schemas\n").unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
        {
            command.env_remove(name);
        }
        command
            .args(words)
            .args(["--output", "json"])
            .current_dir(self.0.path())
            .env("HOME", self.0.path());
        command
    }

    /// The one document of a command that ends with `code`; it has an error exactly where the code
    /// is not 0.
    pub(crate) fn document(&self, words: &[&str], code: i32) -> Value {
        let output = self.command(words).output().unwrap();
        let document = parse(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {document:#}");
        assert_eq!(
            document["error"]["code"].as_i64().unwrap_or(0),
            i64::from(code),
            "{words:?}"
        );
        document
    }

    /// The same, held against the command's schema.
    pub(crate) fn says(&self, schema: &str, words: &[&str], code: i32) -> Value {
        let document = self.document(words, code);
        is_by(&format!("output-{schema}.schema.json"), &document);
        cluster::is_at_the_top(schema, words, &document);
        document
    }

    pub(crate) fn file_is_by(&self, name: &str) {
        let document = parse(&fs::read(self.path(name)).unwrap());
        is_by(
            &format!(
                "{}.schema.json",
                Path::new(name).file_stem().unwrap().to_string_lossy()
            ),
            &document,
        );
    }
}

pub(super) const CA_INIT: [&str; 10] = [
    "ca",
    "init",
    "--out",
    "ca",
    "--subject",
    "CN=Schemas",
    "--key-type",
    "p256",
    "--passphrase-file",
    "passphrase",
];
pub(super) const SIGN: [&str; 8] = [
    "sign",
    "bundle",
    "--ca",
    "ca/customerCA.crt",
    "--ca-key",
    "ca/customerCA.key",
    "--passphrase-file",
    "passphrase",
];
