//! The owner: what the command line says of the CA, and the one place that makes the proof of the
//! owner for every command.

use std::path::{Path, PathBuf};

use super::in_bundle::lies_in;
use super::step::given_file_digest;
use crate::bundle::{Digests, Store};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown_path;
use crate::owner::Owner;
use crate::x509::TrustAnchor;

/// A CA certificate, or chain, of the operator's own, read from a file that is not the bundle's.
#[derive(Clone, Debug)]
pub(crate) struct NamedCa {
    /// The certificate, or chain.
    pub(crate) trust_anchor: TrustAnchor,
    /// The file's content.
    pub(crate) text: Vec<u8>,
    /// The file.
    pub(crate) file: PathBuf,
}

impl NamedCa {
    /// Reads the CA certificate that `option` names. Whether CloudHSM accepts it as trust anchor is
    /// not judged here.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage), `ca-in-bundle`: the file is one of the
    /// bundle's, and so proves nothing. Class [`Class::Input`](crate::error::Class::Input): it is
    /// no certificate.
    pub(crate) fn read(file: &Path, option: &str, bundle: &Store) -> Result<Self> {
        let (text, facts) = fsio::read_with_facts(file, "the CA certificate", MAX_INPUT)?;
        if lies_in(bundle, file, Some(&facts))? {
            return Err(Error::new(
                ErrorKind::CaInBundle,
                [
                    format!(
                        "{option} names a file of the bundle itself, which proves nothing: whoever \
                         could write to the bundle chose it"
                    ),
                    format!("  {option}  {}", shown_path(file)),
                    format!("  bundle  {}", shown_path(bundle.path())),
                ],
                format!(
                    "give {option} a copy of your CA's certificate that did not come with the \
                     bundle"
                ),
            )
            .with_fact(FactName::Option, option)
            .with_fact(FactName::File, file));
        }
        let trust_anchor = read_trust_anchor(&text, &shown_path(file))?;
        Ok(NamedCa {
            trust_anchor,
            text,
            file: file.to_owned(),
        })
    }

    /// Returns the owner that this CA names.
    pub(crate) fn to_owner(&self) -> Owner {
        Owner::with_named_ca(self.trust_anchor.clone())
    }

    /// Returns the file's digest, for the transcript.
    pub(crate) fn file_digest(&self) -> Digests {
        given_file_digest(&self.file, &self.text)
    }
}

/// Reads a trust anchor from the text of somebody's file; `place` is for messages.
///
/// # Errors
/// Class [`Class::Input`](crate::error::Class::Input), `malformed`.
pub(crate) fn read_trust_anchor(text: &[u8], place: &dyn std::fmt::Display) -> Result<TrustAnchor> {
    TrustAnchor::from_file(text).map_err(|fault| {
        let hint = match fault.is_of_content() {
            true => crate::check::REISSUE_HINT,
            false => {
                "give the CA's certificate, in PEM or DER, or its chain in PEM: the CA that \
                      signs first, the root last"
            }
        };
        Error::new(ErrorKind::Malformed, format!("{place}: {fault}"), hint)
            .with_fact(FactName::File, place.to_string())
    })
}

/// The option that goes on without the proof of the owner.
#[cfg(feature = "online")]
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FromBundleArgs {
    /// Take the CA that lies in the bundle although nothing proves that it is yours (needs
    /// --reason; recorded)
    #[arg(long)]
    pub(crate) ca_from_bundle: bool,
}

#[cfg(feature = "online")]
impl FromBundleArgs {
    /// Returns the owner on the operator's word alone, and prints that in red.
    pub(crate) fn waive_proof(
        &self,
        trust_anchor: &TrustAnchor,
        reason: Option<&str>,
        ui: &super::ui::Ui,
    ) -> Owner {
        let reason = reason.unwrap_or_default();
        ui.alarm(
            "NOTHING PROVES THE OWNER: the CA is taken from the bundle, and whoever could \
                  write to the bundle chose it.",
        );
        for fingerprint in trust_anchor.fingerprints() {
            let digits = super::code::group_digits(&crate::x509::to_hex(&fingerprint));
            ui.alarm(format!("SHA-256 {digits}"));
        }
        ui.alarm(format!("Going on because: {reason}"));
        Owner::with_waiver(trust_anchor.clone(), reason)
    }
}
