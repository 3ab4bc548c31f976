//! `--require-sigv4`, `--credentials`: the credentials that the simulator accepts. A secret never
//! stands on the command line.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::cli::ui::Ui;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::hint;
use crate::outside::shown_path;
use crate::simulator::Credentials;

const CREDENTIAL_VARIABLES: [&str; 3] = [
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
    /// The credentials whose signatures are taken: lines of `access-key secret [session-token]
    /// [account]`
    #[arg(long, value_name = "FILE", requires = "require_sigv4")]
    credentials: Option<PathBuf>,
}

impl AccessArgs {
    /// Returns the credentials that calls must be signed with; none if any are accepted.
    pub(super) fn read_credentials(&self, ui: &Ui) -> Result<Vec<Credentials>> {
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
        let close = hint::quote_command(&["chmod", "600", &hint::path_word(path, "FILE")]);
        ui.warn(format!(
            "{} holds secrets and is open to others (mode {mode:04o}): {close} closes it",
            shown_path(path)
        ));
    }
    let refused = |what: String| {
        let message = format!(
            "{} holds no credentials for the simulator: {what}",
            shown_path(path)
        );
        Error::new(
            ErrorKind::SimulatorCredentialsMalformed,
            message,
            "write one in a line: access-key secret [session-token] [account]",
        )
        .with_fact(FactName::File, path)
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
    match CREDENTIAL_VARIABLES.map(variable) {
        [Some(Ok(key)), Some(Ok(secret)), token] => {
            let lasting = Credentials::new(&key, &secret);
            match token {
                None => Ok(lasting),
                Some(Ok(token)) => Ok(lasting.with_session_token(&token)),
                Some(Err(_)) => Err(no_credentials_error("AWS_SESSION_TOKEN is not text")),
            }
        }
        _ => Err(no_credentials_error(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set",
        )),
    }
}

fn no_credentials_error(what: &str) -> Error {
    let message = format!(
        "--require-sigv4 has no credentials to demand: there is no --credentials, and {what}"
    );
    Error::new(
        ErrorKind::SimulatorCredentialsMissing,
        message,
        "name a file with --credentials, or set what the clients have set",
    )
    .with_fact(FactName::Option, "--require-sigv4")
    .with_fact(FactName::Missing, vec!["--credentials"])
}
