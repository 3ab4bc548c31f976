//! `--require-sigv4`, `--credentials`: whose signatures the simulator takes. A secret never stands
//! on the command line.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::ui::Ui;
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::hint;
use crate::outside::shown;
use crate::simulator::Credentials;

const VARIABLES: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

#[derive(Debug, clap::Args)]
pub(super) struct AccessArgs {
    /// Demand a valid signature (SigV4) of every call: with --credentials, or with
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment
    #[arg(long)]
    require_sigv4: bool,
    /// Whose signatures to take: lines of `access-key secret [session-token] [account]`
    #[arg(long, value_name = "FILE", requires = "require_sigv4")]
    credentials: Option<PathBuf>,
}

impl AccessArgs {
    /// The credentials that calls must be signed with; none if any are taken.
    pub(super) fn credentials(&self, ui: &Ui) -> Result<Vec<Credentials>> {
        match (&self.credentials, self.require_sigv4) {
            (Some(file), _) => from_file(file, ui),
            (None, true) => from_environment().map(|one| vec![one]),
            (None, false) => Ok(Vec::new()),
        }
    }
}

fn from_file(path: &Path, ui: &Ui) -> Result<Vec<Credentials>> {
    let (content, facts) = fsio::read_with_facts(path, "the simulator's credentials", MAX_INPUT)?;
    let (content, mode) = (Zeroizing::new(content), facts.permissions().mode() & 0o7777);
    if facts.is_file() && mode & 0o066 != 0 {
        let close = hint::command(&["chmod", "600", &hint::path(path, "FILE")]);
        ui.warn(format!(
            "{} holds secrets and is open to others (mode {mode:04o}): {close} closes it",
            shown(path)
        ));
    }
    let refused = |what: String| {
        let message = format!(
            "{} holds no credentials for the simulator: {what}",
            shown(path)
        );
        Error::new(
            ErrorKind::SimulatorCredentialsMalformed,
            message,
            "write one in a line: access-key secret [session-token] [account]",
        )
    };
    let text =
        std::str::from_utf8(&content).map_err(|_| refused(String::from("it is not text")))?;
    Credentials::parse(text).map_err(refused)
}

fn from_environment() -> Result<Credentials> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(OsString::into_string)
            .map(|read| read.map(Zeroizing::new))
    };
    match VARIABLES.map(variable) {
        [Some(Ok(key)), Some(Ok(secret)), token] => {
            let lasting = Credentials::new(&key, &secret);
            match token {
                None => Ok(lasting),
                Some(Ok(token)) => Ok(lasting.with_session_token(&token)),
                Some(Err(_)) => Err(no_credentials("AWS_SESSION_TOKEN is not text")),
            }
        }
        _ => Err(no_credentials(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set",
        )),
    }
}

fn no_credentials(what: &str) -> Error {
    let message = format!(
        "--require-sigv4 has no credentials to demand: there is no --credentials, and {what}"
    );
    Error::new(
        ErrorKind::SimulatorCredentialsMissing,
        message,
        "name a file with --credentials, or set what the clients have set",
    )
}
