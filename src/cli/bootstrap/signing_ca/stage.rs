//! How far the CA of a bootstrap has been got ready.

use std::rc::Rc;

use crate::bundle::Store;
use crate::ca::{CaKey, KeySource, Passphrase};
use crate::cli::owner::read_trust_anchor;
use crate::error::Result;
use crate::fsio::MAX_INPUT;
use crate::owner::Owner;
#[cfg(feature = "awskms")]
use crate::pca::{AwsPrivateCa, CaArn};
use crate::x509::TrustAnchor;

/// How far the CA has been got ready.
pub(super) enum Stage {
    /// There is none: this run is to make one.
    Absent,
    /// There is none, and all is there to make one. Without a passphrase its key stays in plain.
    ReadyToMake(Option<Passphrase>),
    /// Its certificate is there, and nothing leads to its key.
    WithoutKey(KnownCa),
    /// Its certificate is there, and its key has not been loaded yet.
    KeyToLoad(KnownCa, KeySource),
    /// Certificate and key are there: the key has proved the owner. Whether CloudHSM takes the CA
    /// is still to be asked.
    KeyLoaded(KnownCa, OpenKey),
    /// All is there to sign with.
    Ready(ReadyCa),
    /// AWS Private CA signs; what it issues is checked as any other certificate is.
    #[cfg(feature = "awskms")]
    Service(KnownCa, Rc<ServiceCa>),
}

/// A CA in AWS Private CA.
#[cfg(feature = "awskms")]
pub(super) struct ServiceCa {
    pub(super) ca: AwsPrivateCa,
    pub(super) arn: CaArn,
}

/// A CA that is there, with the proof that it is the operator's.
#[derive(Clone)]
pub(super) struct KnownCa {
    pub(super) file: CaFile,
    pub(super) owner: Owner,
}

/// A key that has been loaded.
#[derive(Clone)]
pub(super) struct OpenKey {
    pub(super) key: Rc<dyn CaKey>,
    /// What it is called, where it is not in a file.
    pub(super) name: Option<String>,
    pub(super) guarded: Guarded,
}

/// A CA to sign with.
#[derive(Clone)]
pub(super) struct ReadyCa {
    pub(super) known: KnownCa,
    pub(super) key: OpenKey,
    /// True if this run made the CA.
    pub(super) origin: CaOrigin,
}

impl ReadyCa {
    /// One whose parts were there.
    pub(super) fn found(known: &KnownCa, key: OpenKey) -> Self {
        ReadyCa {
            known: known.clone(),
            key,
            origin: CaOrigin::Found,
        }
    }
}

/// Where a CA comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CaOrigin {
    /// It was there.
    Found,
    /// This run made it.
    Made {
        /// Whether its key is encrypted.
        encrypted: bool,
    },
}

/// The protection of a key against whoever has its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarded {
    /// Nothing.
    Not,
    /// An empty passphrase.
    ByNothing,
    /// It is encrypted under a passphrase, or is in no file.
    ByPassphrase,
}

/// A CA certificate, or chain, and where it was read.
#[derive(Clone)]
pub(super) struct CaFile {
    pub(super) text: Vec<u8>,
    pub(super) trust_anchor: TrustAnchor,
    pub(super) place: String,
}

impl CaFile {
    pub(super) fn in_bundle(store: &Store) -> Result<Self> {
        let name = store.trust_anchor_file();
        let text = store.read(name, "the CA certificate", MAX_INPUT)?;
        let place = store.place(name).to_string();
        let trust_anchor = read_trust_anchor(&text, &place)?;
        Ok(CaFile {
            text,
            trust_anchor,
            place,
        })
    }
}
