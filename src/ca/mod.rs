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

mod fault;
mod generate;
mod init;
mod intermediate;
mod key;
mod key_type;
mod passphrase;
mod random;
mod secret;
mod show;
mod subject;
mod warning;

pub use self::fault::{Anew, Cost, Instead, KeyFault, Scheme};
pub use self::generate::NewKey;
pub use self::init::{CaTerms, make_trust_anchor};
pub(crate) use self::intermediate::check_issuer_key;
pub use self::intermediate::make_intermediate;
pub(crate) use self::key::backends_elsewhere;
#[cfg(any(fuzzing, test))]
pub use self::key::fuzzing;
pub use self::key::{
    CaKey, FileKey, KEY_BACKENDS, KeyBackend, KeyLibrary, KeySource, LoadedKey, MAX_KEY_FILE,
    Provided, TokenOptions, Unlock,
};
pub use self::key_type::KeyType;
pub(crate) use self::passphrase::is_asking;
pub use self::passphrase::{
    EchoHold, MAX_PASSPHRASE, MIN_CHARACTERS, Passphrase, PassphraseCommand, PassphraseSource,
    WeakPassphrase, end_passphrase_command, restore_terminal,
};
pub use self::show::{CaFact, CaSummary};
pub use self::subject::parse_subject;
pub use self::warning::KeyWarning;
