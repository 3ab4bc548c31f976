//! The owner's CA: its key, wherever it lives; making one (`ca init`), showing one (`ca show`).
//!
//! A CA for the claim of a cluster is two files, `customerCA.crt` and `customerCA.key`, as the AWS
//! guide names them; under an offline root the first is `chainCA.crt`. Private keys and passphrases
//! live in types that wipe themselves and print nothing; they leave only encrypted, or where the
//! user asked for a plain key.
//!
//! ```no_run
//! use std::path::Path;
//! use hsmboot::ca::{CaKey, KeySource, PassphraseSource};
//!
//! let source = KeySource::parse(Path::new("customerCA.key"))?;
//! let loaded = source.load(&PassphraseSource::File("passphrase.txt".into()))?;
//! for warning in &loaded.warnings {
//!     eprintln!("warning: {warning}");
//! }
//! let signature = loaded.key.sign(b"the to-be-signed bytes")?;
//! # Ok::<(), hsmboot::error::Error>(())
//! ```

mod generate;
mod init;
mod intermediate;
mod key;
mod passphrase;
mod show;
mod subject;

pub use self::generate::{KeyType, NewKey};
pub use self::init::{Terms, make_trust_anchor};
pub use self::intermediate::make_intermediate;
#[cfg(feature = "pkcs11")]
pub use self::key::Pkcs11Uri;
pub use self::key::{
    Anew, CaKey, Cost, FileKey, Instead, KeyFault, KeySource, KeyWarning, LoadedKey, MAX_KEY_FILE,
    Provided, Scheme, TokenOptions, Unlock,
};
#[cfg(feature = "awskms")]
pub use self::key::{KmsKey, KmsKeyName};
pub use self::passphrase::{MAX_PASSPHRASE, Passphrase, PassphraseSource, restore_terminal};
pub use self::show::CaSummary;
pub use self::subject::parse_subject;
