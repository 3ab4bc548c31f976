//! A key on a PKCS#11 token: smart card, USB token, HSM, or SoftHSM.
//!
//! The vendor's library ("module") is loaded into the process and sees the PIN; nothing else does.
//! The key never leaves the token: what is to be signed goes in, a signature comes out, and is
//! verified before anybody uses it.
//!
//! | file | about |
//! | --- | --- |
//! | `uri` | the URI (RFC 7512). Pure |
//! | `module`, `token`, `object` | the one library, the one token in it, the one key on that |
//! | `login` | the PIN: asked for once, tried once |
//! | `sign`, `make` | signatures, and new pairs |
//! | `failure` | what tokens answer, in words |
//!
//! "PKCS#11 2.40 base" is the Cryptographic Token Interface Base Specification 2.40 (OASIS, 2015),
//! "curr" its Current Mechanisms Specification.

mod failure;
mod login;
mod make;
mod module;
mod object;
mod sign;
mod token;
mod uri;

use std::sync::Mutex;

use cryptoki::object::{AttributeType, ObjectHandle};
use cryptoki::session::Session;

pub use self::uri::Pkcs11Uri;
pub(super) use self::uri::{SCHEME, parse};
use super::scheme::Scheme;
use super::{CaKey, KeyWarning, LoadedKey, Provided, Unlock};
use crate::ca::KeyType;
use crate::error::Result;
use crate::x509::PublicKey;
use login::Login;
use module::Module;
use object::Usable;
use token::Token;

/// A key on a token, ready to sign.
pub(super) struct TokenKey {
    // In the order in which they have to go: the session before the module.
    session: Mutex<Session>,
    handle: ObjectHandle,
    spki: Vec<u8>,
    public: PublicKey,
    scheme: Scheme,
    algorithm: Vec<u8>,
    /// The token wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE).
    always_authenticate: bool,
    login: Login,
    token: Token,
    module: Module,
}

impl CaKey for TokenKey {
    fn spki(&self) -> &[u8] {
        &self.spki
    }

    fn signature_algorithm(&self) -> &[u8] {
        &self.algorithm
    }

    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        self.sign_on_token(tbs)
    }
}

/// A token that has let us in.
struct Open {
    session: Session,
    login: Login,
    token: Token,
    module: Module,
    warnings: Vec<KeyWarning>,
}

impl Open {
    /// Everything that can be found out without the PIN comes before it is asked for.
    fn new(uri: &Pkcs11Uri, unlock: &Unlock<'_>, to_write: bool) -> Result<Self> {
        let (module, mut warnings) = Module::load(uri, unlock.token.module.as_deref())?;
        let token = token::find(&module, uri)?;
        let opened = if to_write && !token.info.write_protected() {
            module.pkcs11.open_rw_session(token.slot)
        } else {
            module.pkcs11.open_ro_session(token.slot)
        };
        let session = opened.map_err(|error| {
            failure::token(
                &token.name(),
                "was asked for a session (C_OpenSession)",
                &error,
            )
        })?;
        let login = Login::to(&token, &session, &module, uri, unlock, &mut warnings)?;
        Ok(Open {
            session,
            login,
            token,
            module,
            warnings,
        })
    }

    fn with(self, found: Usable) -> LoadedKey {
        let Open {
            session,
            login,
            token,
            module,
            mut warnings,
        } = self;
        let handle = found.key.handle;
        let says = |attribute| object::flag(&session, handle, attribute);
        if says(AttributeType::Extractable) == Some(true)
            || says(AttributeType::Sensitive) == Some(false)
        {
            warnings.push(KeyWarning::TokenKeyExtractable {
                name: format!("{} on the token {}", found.key.attributes(), token.name()),
            });
        }
        let always_authenticate = says(AttributeType::AlwaysAuthenticate) == Some(true);
        let name = Some(format!(
            "pkcs11:{};{};type=private",
            token.attributes(),
            found.key.attributes()
        ));
        let key = TokenKey {
            session: Mutex::new(session),
            handle,
            spki: found.spki,
            public: found.public,
            scheme: found.scheme,
            algorithm: found.scheme.algorithm(),
            always_authenticate,
            login,
            token,
            module,
        };
        LoadedKey {
            key: Box::new(key),
            warnings,
            notes: Vec::new(),
            name,
        }
    }
}

/// The key that the URI means.
///
/// # Errors
/// Class `Ca`, and `Usage` where no module is named.
pub(super) fn load(uri: &Pkcs11Uri, unlock: &Unlock<'_>) -> Result<LoadedKey> {
    let open = Open::new(uri, unlock, false)?;
    let found = object::find(&open.session, &open.token, uri, unlock.certificate)?;
    Ok(open.with(found))
}

/// The key that the URI means, or a new one of this type where there is none.
///
/// # Errors
/// As [`load`], and what making a key may come to.
pub(super) fn provide(uri: &Pkcs11Uri, kind: KeyType, unlock: &Unlock<'_>) -> Result<Provided> {
    let open = Open::new(uri, unlock, true)?;
    let there = object::candidates(&open.session, &open.token, uri)?;
    let made = there.is_empty();
    let key = if made {
        make::pair(
            &open.session,
            &open.token,
            &open.module,
            uri,
            kind,
            &unlock.say,
        )?
    } else {
        object::one(there, &open.token)?
    };
    let name = format!(
        "pkcs11:{};{};type=private",
        open.token.attributes(),
        key.attributes()
    );
    let found = object::usable(key, &open.token)?;
    Ok(Provided {
        loaded: open.with(found),
        made,
        name,
    })
}
