//! `hsmboot ca init --issuer`: the CA above the new one.

use std::path::PathBuf;

use crate::ca::{CaKey, KeySource, check_issuer_key};
use crate::check;
use crate::cli::args::PassphraseArgs;
use crate::cli::key::{KeyAccess, key_help};
use crate::cli::owner::read_trust_anchor;
use crate::cli::token::TokenArgs;
use crate::cli::ui::Ui;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown_path;
use crate::x509::{MAX_CERTIFICATES, Moment, TrustAnchor, name_text};

/// The options that name the issuer.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct IssuerArgs {
    /// The issuer's certificate, or its chain: makes an intermediate under it, and writes
    /// chainCA.crt instead of customerCA.crt
    #[arg(long, value_name = "CERT", requires = "issuer_key")]
    issuer: Option<PathBuf>,
    #[arg(
        long,
        value_name = "KEY",
        requires = "issuer",
        help = key_help("The issuer's private key", "a file"),
    )]
    issuer_key: Option<PathBuf>,
    /// Take the passphrase of the issuer's key from the first line of a file
    #[arg(
        long,
        value_name = "FILE",
        requires = "issuer_key",
        group = "issuer_passphrase"
    )]
    issuer_passphrase_file: Option<PathBuf>,
    /// Take it from an open file descriptor
    #[arg(
        long,
        value_name = "N",
        requires = "issuer_key",
        group = "issuer_passphrase"
    )]
    issuer_passphrase_fd: Option<u32>,
    /// Take it from the environment variable of this name
    #[arg(
        long,
        value_name = "NAME",
        requires = "issuer_key",
        group = "issuer_passphrase"
    )]
    issuer_passphrase_env: Option<String>,
    /// Take it from the first line that a command prints (run by the shell)
    #[arg(
        long,
        value_name = "CMD",
        requires = "issuer_key",
        group = "issuer_passphrase"
    )]
    issuer_passphrase_command: Option<String>,
}

/// An existing CA, with the key of its first certificate.
pub(crate) struct Issuer {
    pub(crate) trust_anchor: TrustAnchor,
    pub(crate) key: Box<dyn CaKey>,
}

/// An existing CA, and the source of its key.
pub(super) struct NamedIssuer {
    trust_anchor: TrustAnchor,
    pub(super) source: KeySource,
}

impl IssuerArgs {
    /// Reads the issuer, where one is named, and checks that a CA of this name can be made under
    /// it, before any key is opened or made.
    ///
    /// # Errors
    /// Class [`Class::Input`](crate::error::Class::Input): it is no certificate, or chain;
    /// [`Class::Ca`](crate::error::Class::Ca), `trust-anchor-refused`: CloudHSM would refuse what
    /// comes of it.
    pub(super) fn read_issuer(&self, subject: &[u8], now: Moment) -> Result<Option<NamedIssuer>> {
        let (Some(file), Some(key)) = (&self.issuer, &self.issuer_key) else {
            return Ok(None);
        };
        let place = shown_path(file);
        let trust_anchor = read_trust_anchor(
            &fsio::read(file, "the issuer's certificate", MAX_INPUT)?,
            &place,
        )?;
        let at_place = |mut error: Error| {
            error.message = error.message.prefixed_with(format!("{place}: "));
            error.with_fact(FactName::File, file.as_path())
        };
        check::judge_read_trust_anchor(&trust_anchor, now).map_err(at_place)?;
        check_room_below(&trust_anchor).map_err(at_place)?;
        check::check_name_constraints(&trust_anchor, subject, now).map_err(at_place)?;
        Ok(Some(NamedIssuer {
            trust_anchor,
            source: KeySource::parse(key)?,
        }))
    }
}

impl NamedIssuer {
    /// Opens the issuer's key.
    ///
    /// # Errors
    /// As [`KeyAccess::load_key`].
    pub(super) fn open_key(
        self,
        args: &IssuerArgs,
        token: &TokenArgs,
        #[cfg(feature = "awskms")] aws: crate::aws::ConnectOptions,
        ui: &Ui,
    ) -> Result<Issuer> {
        let passphrase = PassphraseArgs {
            passphrase_file: args.issuer_passphrase_file.clone(),
            passphrase_fd: args.issuer_passphrase_fd,
            passphrase_env: args.issuer_passphrase_env.clone(),
            passphrase_command: args.issuer_passphrase_command.clone(),
            ..PassphraseArgs::default()
        };
        let access = KeyAccess {
            passphrase: &passphrase,
            token,
            certificate: Some(self.trust_anchor.signing_ca().clone()),
            bundles: &[],
            #[cfg(feature = "awskms")]
            aws,
        };
        let key = access
            .load_key(&self.source, ui)
            .map_err(|error| match error.kind {
                // The other passphrase is the new key's.
                ErrorKind::NoPassphrase => Error {
                    hint: "give it with --issuer-passphrase-file FILE, --issuer-passphrase-fd N, \
                           --issuer-passphrase-env NAME or --issuer-passphrase-command CMD"
                        .into(),
                    ..error
                },
                _ => error,
            })?
            .key;
        check_issuer_key(&self.trust_anchor, key.as_ref())?;
        Ok(Issuer {
            trust_anchor: self.trust_anchor,
            key,
        })
    }
}

/// Checks that one more CA fits below: by number, by path lengths (RFC 5280 4.2.1.9), and by
/// basicConstraints, since each certificate of a chain must say that it is a CA.
fn check_room_below(issuer: &TrustAnchor) -> Result<()> {
    let refused = |what: String, hint: &str| Error::new(ErrorKind::TrustAnchorRefused, what, hint);
    if issuer.certificate_count() >= MAX_CERTIFICATES {
        return Err(refused(
            format!(
                "the chain would have more than {MAX_CERTIFICATES} certificates, and CloudHSM \
                 takes no more (User Guide, Initialize the cluster)"
            ),
            "make the new CA under one that is nearer to the root",
        )
        .with_fact(FactName::Limit, MAX_CERTIFICATES)
        .with_fact(FactName::Size, issuer.certificate_count().saturating_add(1)));
    }
    for (above, certificate) in issuer.certificates().enumerate() {
        let name = name_text(certificate.subject());
        let Some(constraints) = certificate.extensions().basic_constraints else {
            return Err(refused(
                format!(
                    "{name} has no basicConstraints, expected CA:TRUE in each certificate of a \
                     chain"
                ),
                "CloudHSM may take it alone, as trust anchor without an intermediate",
            )
            .with_fact(FactName::CertificateSubject, name.to_string())
            .with_fact(FactName::Expected, "CA:TRUE")
            .with_fact(FactName::Found, "no basicConstraints"));
        };
        let below = u64::try_from(above + 1).unwrap_or(u64::MAX);
        if constraints.path_len.is_some_and(|allowed| allowed < below) {
            return Err(refused(
                format!(
                    "{name} allows {} CAs below it (pathLen), and there would be {below}",
                    constraints.path_len.unwrap_or_default()
                ),
                "use an issuer that allows one more, or have it sign clusters itself: `hsmboot \
                 sign` with its chain and its key",
            )
            .with_fact(FactName::CertificateSubject, name.to_string())
            .with_fact(FactName::Limit, constraints.path_len)
            .with_fact(FactName::Size, below));
        }
    }
    Ok(())
}
