//! A key on a PKCS#11 token: smart card, USB token, HSM, or SoftHSM.
//!
//! The vendor's library ("module") is loaded into the process and sees the PIN; nothing else does.
//! The key never leaves the token: the bytes to sign go in, a signature comes out, and is verified
//! before anybody uses it.
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

mod attribute;
mod failure;
mod login;
mod make;
mod module;
mod object;
mod sign;
mod token;
mod uri;

use std::path::Path;
use std::sync::Mutex;

use cryptoki::object::{AttributeType, ObjectHandle};
use cryptoki::session::Session;

use self::uri::Pkcs11Uri;
use super::place::{CaKey, KeyLibrary, KeyPlace, LoadedKey, Provided};
use super::scheme::SignatureScheme;
use super::unlock::{TokenOptions, Unlock};
use crate::ca::key_type::KeyType;
use crate::ca::warning::KeyWarning;
use crate::error::Result;
use crate::x509::PublicKey;
use login::Login;
use module::Module;
use object::UsableKey;
use token::Token;

/// A key on a token, ready to sign.
pub(super) struct TokenKey {
    // In the order in which they have to go: the session before the module.
    session: Mutex<Session>,
    handle: ObjectHandle,
    spki: Vec<u8>,
    public: PublicKey,
    scheme: SignatureScheme,
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
struct OpenToken {
    session: Session,
    login: Login,
    token: Token,
    module: Module,
    warnings: Vec<KeyWarning>,
}

impl OpenToken {
    /// Opens the token. Everything that can be found out without the PIN comes before it is asked
    /// for.
    fn new(uri: &Pkcs11Uri, unlock: &Unlock<'_>, to_write: bool) -> Result<Self> {
        let (module, mut warnings) = Module::load(uri, unlock.token.module.as_deref())?;
        let token = token::find_token(&module, uri)?;
        let opened = if to_write && !token.info.write_protected() {
            module.pkcs11.open_rw_session(token.slot)
        } else {
            module.pkcs11.open_ro_session(token.slot)
        };
        let session = opened.map_err(|error| {
            failure::token_failure(
                &token.name(),
                "was asked for a session (C_OpenSession)",
                &error,
            )
        })?;
        let login = Login::open_login(&token, &session, &module, uri, unlock, &mut warnings)?;
        Ok(OpenToken {
            session,
            login,
            token,
            module,
            warnings,
        })
    }

    fn load_found(self, found: UsableKey) -> LoadedKey {
        let OpenToken {
            session,
            login,
            token,
            module,
            mut warnings,
        } = self;
        let handle = found.key.handle;
        let says = |of| attribute::read_flag(&session, handle, of);
        if says(AttributeType::Extractable) == Some(true)
            || says(AttributeType::Sensitive) == Some(false)
        {
            warnings.push(KeyWarning::Elsewhere {
                id: "token-key-extractable",
                text: format!(
                    "the CA's key {} on the token {} can be taken out of its token: it is not \
                     sensitive, or it is extractable",
                    found.key.uri_attributes(),
                    token.name()
                ),
            });
        }
        let always_authenticate = says(AttributeType::AlwaysAuthenticate) == Some(true);
        let name = Some(format!(
            "pkcs11:{};{};type=private",
            token.uri_attributes(),
            found.key.uri_attributes()
        ));
        let key = TokenKey {
            session: Mutex::new(session),
            handle,
            spki: found.spki,
            public: found.public,
            scheme: found.scheme,
            algorithm: found.scheme.signature_algorithm().to_der(),
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

/// Reads a `--ca-key` that is a `pkcs11:` URI.
pub(super) fn read(text: &Path) -> Result<Box<dyn KeyPlace>> {
    Ok(Box::new(uri::parse(text)?))
}

impl KeyPlace for Pkcs11Uri {
    fn load_key(&self, unlock: &Unlock<'_>) -> Result<LoadedKey> {
        let open = OpenToken::new(self, unlock, false)?;
        let found = object::find_key(&open.session, &open.token, self, unlock.certificate)?;
        Ok(open.load_found(found))
    }

    fn provide_key(&self, kind: KeyType, unlock: &Unlock<'_>) -> Result<Provided> {
        let open = OpenToken::new(self, unlock, true)?;
        let there = object::find_candidates(&open.session, &open.token, self)?;
        let made = there.is_empty();
        let key = if made {
            make::make_pair(
                &open.session,
                &open.token,
                &open.module,
                self,
                kind,
                &unlock.say,
            )?
        } else {
            object::only_key(there, &open.token)?
        };
        let name = format!(
            "pkcs11:{};{};type=private",
            open.token.uri_attributes(),
            key.uri_attributes()
        );
        let found = object::check_usable(key, &open.token)?;
        Ok(Provided {
            loaded: open.load_found(found),
            made,
            name,
        })
    }

    /// The vendor's module: the operator's own word goes before the URI's.
    fn library<'a>(&'a self, options: &'a TokenOptions) -> Option<KeyLibrary<'a>> {
        let path = options.module.as_deref().or(self.module_path.as_deref())?;
        Some(KeyLibrary {
            path,
            in_bundle: "the PKCS#11 module is a file of the bundle itself, and would run with your \
                        rights: whoever could write to the bundle chose it",
            instead: "name the vendor's module, as it is installed on this machine, with \
                      --pkcs11-module",
        })
    }
}
