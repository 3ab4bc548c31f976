//! What a command did: its exit code and what it wrote.

use std::process::Output;

use serde_json::Value;

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (status, stdout, stderr) = (output.status, text(output.stdout), text(output.stderr));
        let code = status
            .code()
            .unwrap_or_else(|| panic!("{status}, not an exit code\n{stdout}\n{stderr}"));
        Done {
            code,
            stdout,
            stderr,
        }
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn ends(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        assert!(
            self.stdout.contains(says) || self.stderr.contains(says),
            "no `{says}` in\n{}\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|cause| panic!("{cause}: {}\n{}", self.stdout, self.stderr))
    }
}
