//! Flags that several commands share, defined once.

mod roots;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::settings;
use super::step::{check_short_text, given_file_digest};
use crate::bundle::{ClusterId, Digests, Store};
use crate::ca::{PassphraseCommand, PassphraseSource, WeakPassphrase};
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::outside::OutsideText;
use crate::verify::{Anchors, CheckId, Policy, Profile, Side};
pub(crate) use roots::{
    AWS_ROOT_VARIABLE, MANUFACTURER_ROOT_VARIABLE, SimulatedArgs, read_root, root_files_from_env,
    unreadable_root_error,
};
use roots::{GivenRoots, parse_root, read_root_outside_bundle};

/// Returns the bundle's directory: `./<cluster-id>` unless the user named one.
#[cfg_attr(not(any(feature = "online", feature = "qr")), allow(dead_code))]
pub(crate) fn bundle_dir(given: Option<&PathBuf>, id: &ClusterId) -> PathBuf {
    given
        .cloned()
        .unwrap_or_else(|| PathBuf::from(".").join(id.as_str()))
}

/// One bundle, as the first argument or as an option.
#[derive(Clone, Debug, Args)]
pub struct BundleArgs {
    /// The bundle
    #[arg(value_name = "DIR", required_unless_present = "bundle")]
    dir: Option<PathBuf>,
    /// The same, as an option
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
}

impl BundleArgs {
    /// Returns the bundle that was named: clap asks for one.
    pub(crate) fn path(&self) -> &Path {
        let named = self.dir.as_deref().or(self.bundle.as_deref());
        named.unwrap_or(Path::new(""))
    }
}

/// One bundle or several, as arguments or by an option.
#[derive(Clone, Debug, Args)]
pub struct BundlesArgs {
    /// The bundles
    #[arg(value_name = "DIR", required_unless_present = "bundle")]
    dirs: Vec<PathBuf>,
    /// The same, as an option (may repeat)
    #[arg(long, value_name = "DIR")]
    bundle: Vec<PathBuf>,
}

impl BundlesArgs {
    /// Returns the bundles that were named: clap asks for one.
    pub(crate) fn dirs(&self) -> &[PathBuf] {
        match self.dirs.is_empty() {
            true => &self.bundle,
            false => &self.dirs,
        }
    }
}

/// The roots to trust, and how strictly to judge by them.
#[derive(Clone, Debug, Default, Args)]
pub struct TrustArgs {
    /// A root for the AWS chain, in place of the built-in one (may repeat; PEM or DER; or
    /// HSMBOOT_AWS_ROOT, with : between files)
    #[arg(long, value_name = "FILE")]
    pub(crate) aws_root: Vec<PathBuf>,
    /// A root for the manufacturer's chain, in place of the built-in one (may repeat; PEM or DER;
    /// or HSMBOOT_MANUFACTURER_ROOT, with : between files)
    #[arg(long, value_name = "FILE")]
    pub(crate) manufacturer_root: Vec<PathBuf>,
    /// The rules for the hardware certificates' CA profile: genuine ones fail rfc5280
    #[arg(long, value_enum, default_value_t, value_name = "POLICY")]
    pub(crate) policy: PolicyName,
    /// Accept one failing check that can be waived: validity.* or extensions.* (may repeat; needs
    /// --reason)
    #[arg(long, value_name = "CHECK", value_parser = parse_waivable_check)]
    pub(crate) accept: Vec<CheckId>,
    /// The reason for accepting a failure or for going on unverified; recorded
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: Option<String>,
}

/// `--policy`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// The genuine hardware's shape
    #[default]
    Attestation,
    /// RFC 5280 6.1.4 for hardware certificates as well
    Rfc5280,
}

/// The longest reason, in characters.
const MAX_REASON: usize = 2000;

fn parse_reason(text: &str) -> std::result::Result<String, String> {
    check_short_text(text, MAX_REASON).map(str::to_owned)
}

fn parse_waivable_check(text: &str) -> std::result::Result<CheckId, String> {
    let id: CheckId = text.parse()?;
    if id.waivable() {
        return Ok(id);
    }
    let can: Vec<&str> = CheckId::ALL
        .into_iter()
        .filter(|id| id.waivable())
        .map(CheckId::as_str)
        .collect();
    Err(format!(
        "a failure of {id} cannot be accepted; these can: {}",
        can.join(", ")
    ))
}

impl TrustArgs {
    /// Returns the anchors that `bundle` is judged by. Given anchors replace the built-in ones of
    /// their side.
    ///
    /// # Errors
    /// As [`Self::read_anchors_and_files`].
    pub(crate) fn read_anchors(&self, bundle: &Store) -> Result<Anchors> {
        self.read_anchors_and_files(bundle)
            .map(|(anchors, _)| anchors)
    }

    /// Does the same as [`Self::read_anchors`], and also returns the SHA-256 of the given files,
    /// for the transcript.
    ///
    /// # Errors
    /// Class `Usage`, `root-in-bundle`: a root is one of the bundle's own files, which would vouch
    /// for itself. Class `Input` where a file cannot be read or parsed: nothing falls back; or,
    /// `bad-config`, where settings are from a file of the bundle.
    pub(crate) fn read_anchors_and_files(&self, bundle: &Store) -> Result<(Anchors, Digests)> {
        settings::check_outside(bundle)?;
        self.read_given_anchors(Some(bundle))
    }

    /// Returns the anchors to judge a cluster by as the service shows it, without a bundle.
    ///
    /// # Errors
    /// Class `Input` where a file cannot be read or parsed: nothing falls back.
    #[cfg(feature = "online")]
    pub(crate) fn read_anchors_without_bundle(&self) -> Result<Anchors> {
        self.read_given_anchors(None).map(|(anchors, _)| anchors)
    }

    /// Returns these options with other roots on the sides where any are given.
    #[cfg(feature = "online")]
    pub(crate) fn with_roots(&self, aws: &[PathBuf], manufacturer: &[PathBuf]) -> Self {
        let mut trust = self.clone();
        if !aws.is_empty() {
            trust.aws_root = aws.to_vec();
        }
        if !manufacturer.is_empty() {
            trust.manufacturer_root = manufacturer.to_vec();
        }
        trust
    }

    fn read_given_anchors(&self, bundle: Option<&Store>) -> Result<(Anchors, Digests)> {
        let mut anchors = Anchors::built_in();
        let mut files_read = Digests::new();
        for (given_roots, side) in self
            .given_roots()
            .into_iter()
            .zip([&mut anchors.aws, &mut anchors.manufacturer])
        {
            if !given_roots.files.is_empty() {
                side.clear();
            }
            for file in &given_roots.files {
                let content = match bundle {
                    Some(bundle) => read_root_outside_bundle(file, given_roots.named_by, bundle)?,
                    None => read_root(file)?,
                };
                side.extend(parse_root(file, &content)?);
                files_read.extend(given_file_digest(file, &content));
            }
        }
        Ok((anchors, files_read))
    }

    /// Returns the reason for accepting a failure or for going on unverified.
    pub(crate) fn reason(&self) -> Option<OutsideText> {
        self.reason.clone().map(Into::into)
    }

    /// Returns the roots that the options name, or the variables where no option does: AWS's first,
    /// then the manufacturer's.
    fn given_roots(&self) -> [GivenRoots; 2] {
        let sides = [
            ("--aws-root", AWS_ROOT_VARIABLE, &self.aws_root),
            (
                "--manufacturer-root",
                MANUFACTURER_ROOT_VARIABLE,
                &self.manufacturer_root,
            ),
        ];
        sides.map(|(option, variable, files)| match files.is_empty() {
            true => GivenRoots {
                option,
                named_by: variable,
                files: root_files_from_env(variable),
            },
            false => GivenRoots {
                option,
                named_by: option,
                files: files.clone(),
            },
        })
    }

    /// Returns the options that a later step has to repeat so that the bundle is judged alike, as
    /// words of a command.
    pub(crate) fn options_to_repeat(&self) -> Vec<String> {
        let roots = self.given_roots().into_iter().flat_map(|given| {
            given
                .files
                .into_iter()
                .map(move |file| (given.option, file))
        });
        let roots = roots
            .flat_map(|(option, file)| [option.to_owned(), crate::hint::path_word(&file, "FILE")]);
        roots.chain(self.judgement_options()).collect()
    }

    /// Returns the same options but for the roots.
    pub(crate) fn judgement_options(&self) -> Vec<String> {
        let policy = match self.policy {
            PolicyName::Attestation => None,
            PolicyName::Rfc5280 => Some(["--policy".to_owned(), "rfc5280".to_owned()]),
        };
        let accepted = self
            .accept
            .iter()
            .flat_map(|id| ["--accept".to_owned(), id.to_string()]);
        policy.into_iter().flatten().chain(accepted).collect()
    }

    /// Does the same for a command that asks for the reason of what is accepted.
    #[cfg(feature = "online")]
    pub(crate) fn options_with_reason(&self) -> Vec<String> {
        let mut options = self.options_to_repeat();
        if !self.accept.is_empty() {
            options.extend(["--reason".to_owned(), "TEXT".to_owned()]);
        }
        options
    }

    /// Returns the root options of this command line, as words of another command. Roots that the
    /// environment names are left out: the other command reads them there itself.
    pub(crate) fn root_options(&self) -> Vec<String> {
        let words = |option: &str, files: &[PathBuf]| {
            files
                .iter()
                .flat_map(|file| [option.to_owned(), hint::path_word(file, "FILE")])
                .collect::<Vec<_>>()
        };
        [
            words(Side::Aws.option(), &self.aws_root),
            words(Side::Manufacturer.option(), &self.manufacturer_root),
        ]
        .concat()
    }

    /// Returns the files of the roots that an option or a variable gives for a side.
    pub(crate) fn root_files(&self, side: Side) -> Vec<PathBuf> {
        side.select_from(self.given_roots()).files
    }

    /// Returns the policy. `--accept` needs a reason, and a reason needs something to explain.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(crate) fn build_policy(&self, unverified: bool, chains_only: bool) -> Result<Policy> {
        let blank = self
            .reason
            .as_deref()
            .is_none_or(|reason| reason.trim().is_empty());
        if blank && (unverified || !self.accept.is_empty()) {
            return Err(Error::new(
                ErrorKind::ReasonMissing,
                "--accept, --unverified and --ca-from-bundle need a reason, which is recorded",
                "add --reason \"why, and who decided\"",
            ));
        }
        if self.reason.is_some() && !unverified && self.accept.is_empty() {
            return Err(Error::new(
                ErrorKind::ReasonForNothing,
                "--reason stands alone: there is nothing that it explains",
                "it goes with --accept or --unverified",
            ));
        }
        let profile = match self.policy {
            PolicyName::Attestation => Profile::Attestation,
            PolicyName::Rfc5280 => Profile::Rfc5280,
        };
        Ok(Policy {
            profile,
            accept: self.accept.clone(),
            reason: self.reason(),
            chains_only,
        })
    }
}

/// The source of a passphrase: never the command line itself.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseArgs {
    /// Take the passphrase from the first line of a file
    #[arg(long, value_name = "FILE", group = "passphrase")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Take it from an open file descriptor
    #[arg(long, value_name = "N", group = "passphrase")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Take it from the environment variable of this name
    #[arg(long, value_name = "NAME", group = "passphrase")]
    pub(crate) passphrase_env: Option<String>,
    /// Take it from the first line that a command prints: a secret manager's, such as `aws
    /// secretsmanager get-secret-value`, `vault`, `sops`, `pass` (run by the shell). It has five
    /// minutes, or as long as --timeout allows the whole command where there is one
    #[arg(long, value_name = "CMD", group = "passphrase")]
    pub(crate) passphrase_command: Option<String>,
    /// The end of the time for the whole command.
    #[arg(skip)]
    pub(crate) ends: Option<Instant>,
}

impl PassphraseArgs {
    /// Returns the same for a command that has so much time from now.
    #[cfg(feature = "online")]
    pub(crate) fn ending_after(&self, limit: Option<Duration>) -> Self {
        PassphraseArgs {
            ends: limit.and_then(|limit| Instant::now().checked_add(limit)),
            ..self.clone()
        }
    }

    fn time_left(&self) -> Option<Duration> {
        let now = Instant::now();
        self.ends.map(|ends| ends.saturating_duration_since(now))
    }

    pub(crate) fn source(&self) -> PassphraseSource {
        match (
            &self.passphrase_file,
            self.passphrase_fd,
            &self.passphrase_env,
            &self.passphrase_command,
        ) {
            (Some(file), _, _, _) => PassphraseSource::File(file.clone()),
            (_, Some(fd), _, _) => PassphraseSource::Fd(fd),
            (_, _, Some(name), _) => PassphraseSource::Env(name.clone()),
            (_, _, _, Some(line)) => {
                PassphraseSource::Command(PassphraseCommand::new(line, self.time_left()))
            }
            (None, None, None, None) => PassphraseSource::Ask,
        }
    }
}

/// Whether a new key's passphrase may be weak.
#[derive(Clone, Debug, Default, Args)]
pub struct WeakPassphraseArgs {
    /// Take a new passphrase of fewer than 12 characters, or of an obvious pattern
    #[arg(long)]
    pub(crate) weak_passphrase: bool,
}

impl WeakPassphraseArgs {
    pub(crate) const fn rule(&self) -> WeakPassphrase {
        match self.weak_passphrase {
            true => WeakPassphrase::Allowed,
            false => WeakPassphrase::Refused,
        }
    }
}

/// Parses a SHA-256 as people note it: 64 hexadecimal digits, with or without colons or blanks
/// between them, as openssl prints them.
pub(crate) fn parse_sha256(text: &str) -> std::result::Result<[u8; 32], String> {
    let digits: String = text
        .chars()
        .filter(|c| *c != ':' && !c.is_whitespace())
        .collect();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let hex = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let octets: Option<Vec<u8>> = if hex {
        digits.as_bytes().chunks(2).map(octet).collect()
    } else {
        None
    };
    octets
        .and_then(|octets| octets.try_into().ok())
        .ok_or_else(|| "expected a SHA-256: 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha_256_is_64_digits_with_colons_or_blanks_or_without() {
        let plain = "0123456789abcdef".repeat(4);
        let colons: Vec<&str> = (0..32)
            .filter_map(|at| plain.get(2 * at..2 * at + 2))
            .collect();
        for between in [":", " ", "\t"] {
            assert_eq!(
                parse_sha256(&plain),
                parse_sha256(&colons.join(between).to_uppercase())
            );
        }
        assert!(parse_sha256(&plain).is_ok());
        for wrong in [
            "",
            "01",
            &plain[1..],
            &format!("{plain}00"),
            &plain.replace('f', "g"),
            &plain.replace("ab", "+b"),
        ] {
            assert!(parse_sha256(wrong).is_err(), "{wrong}");
        }
    }
}
