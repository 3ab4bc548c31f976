//! Finds the one private key that is meant, and its public key.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::super::scheme::SignatureScheme;
use super::attribute::{find_public_key, read_attribute, read_own_public_key};
use super::failure;
use super::token::{LISTED, Token};
use super::uri::{self, Pkcs11Uri};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::Lines;
use crate::x509::{Certificate, PublicKey, sha256, to_hex};

/// The most private keys that are looked at: more than any URI for a CA's key leaves.
const MAX_KEYS: usize = 1000;

const SAY_MORE_HINT: &str = "say more in the URI: `id=` or `object=`";

/// A private key on the token.
pub(super) struct TokenPrivateKey {
    pub(super) handle: ObjectHandle,
    /// CKA_LABEL
    pub(super) label: String,
    /// CKA_ID
    pub(super) id: Vec<u8>,
    /// SubjectPublicKeyInfo, where the token has the public key as well.
    pub(super) spki: Option<Vec<u8>>,
}

/// A private key whose public key is known and of a kind that a CA can have.
pub(super) struct UsableKey {
    pub(super) key: TokenPrivateKey,
    pub(super) spki: Vec<u8>,
    pub(super) public: PublicKey,
    pub(super) scheme: SignatureScheme,
}

impl TokenPrivateKey {
    fn read(session: &Session, handle: ObjectHandle) -> Self {
        let label = match read_attribute(session, handle, AttributeType::Label) {
            Some(Attribute::Label(bytes)) => bytes,
            _ => Vec::new(),
        };
        let id = match read_attribute(session, handle, AttributeType::Id) {
            Some(Attribute::Id(bytes)) => bytes,
            _ => Vec::new(),
        };
        let spki =
            read_own_public_key(session, handle).or_else(|| find_public_key(session, &label, &id));
        TokenPrivateKey {
            handle,
            label: String::from_utf8_lossy(&label).into_owned(),
            id,
            spki,
        }
    }

    /// Returns what a URI has to say to mean this key on its token. No URI can name a label that is
    /// no UTF-8 (RFC 7512 2.3): the id alone then has to do.
    pub(super) fn uri_attributes(&self) -> String {
        let (label, id) = (uri::escape_text(&self.label), uri::escape_id(&self.id));
        match (
            self.id.is_empty(),
            self.label.contains(char::REPLACEMENT_CHARACTER),
        ) {
            (true, _) => format!("object={label}"),
            (false, true) => format!("id={id}"),
            (false, false) => format!("object={label};id={id}"),
        }
    }

    fn to_line(&self) -> String {
        let key = match self
            .spki
            .as_deref()
            .map(|spki| (spki, PublicKey::from_der(spki, "a key")))
        {
            Some((spki, Ok(public))) => format!(
                "{}, SHA-256 of its key {}",
                public.describe(),
                to_hex(&sha256(spki))
            ),
            _ => "its public key is not on the token".to_owned(),
        };
        format!("  {}  {key}", self.uri_attributes())
    }
}

/// Every private key on the token that the URI's `object` and `id` leave.
pub(super) fn find_candidates(
    session: &Session,
    token: &Token,
    uri: &Pkcs11Uri,
) -> Result<Vec<TokenPrivateKey>> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(
        uri.object
            .iter()
            .map(|label| Attribute::Label(label.clone().into_bytes())),
    );
    template.extend(uri.id.iter().map(|id| Attribute::Id(id.clone())));
    let fault = |error| {
        failure::token_failure(
            &token.name(),
            "was asked for its keys (C_FindObjects)",
            &error,
        )
    };
    // One more: where there is one, not all would be looked at, and the one that is meant might be
    // among the rest.
    let found = session
        .iter_objects(&template)
        .map_err(fault)?
        .take(MAX_KEYS + 1);
    let handles = all_of(
        found
            .collect::<std::result::Result<_, _>>()
            .map_err(fault)?,
        token,
    )?;
    let keys = handles
        .into_iter()
        .map(|handle| TokenPrivateKey::read(session, handle));
    // A token is asked for what is meant, and what it gives is looked at again.
    let meant = |key: &TokenPrivateKey| {
        uri.object.as_ref().is_none_or(|label| *label == key.label)
            && uri.id.as_ref().is_none_or(|id| *id == key.id)
    };
    let mut keys: Vec<TokenPrivateKey> = keys.filter(meant).collect();
    // Tokens give them in no particular order; messages list them in one.
    keys.sort_by(|a, b| (&a.label, &a.id).cmp(&(&b.label, &b.id)));
    Ok(keys)
}

fn all_of(handles: Vec<ObjectHandle>, token: &Token) -> Result<Vec<ObjectHandle>> {
    if handles.len() <= MAX_KEYS {
        return Ok(handles);
    }
    Err(Error::new(
        ErrorKind::TokenKeyAmbiguous,
        format!(
            "more than {MAX_KEYS} private keys on the token {} fit the URI, and no more are looked \
             at",
            token.name()
        ),
        SAY_MORE_HINT,
    )
    .with_fact(FactName::Token, token.name())
    .with_fact(FactName::Limit, MAX_KEYS))
}

/// The one key that is meant: with the CA's certificate at hand, the one whose public key is the
/// certificate's.
///
/// # Errors
/// Class [`Class::Ca`](crate::error::Class::Ca): `token-key-missing`, `token-key-ambiguous`,
/// `token-key-without-public`, `ca-key-mismatch`, `ca-key-unsupported`.
pub(super) fn find_key(
    session: &Session,
    token: &Token,
    uri: &Pkcs11Uri,
    certificate: Option<&Certificate>,
) -> Result<UsableKey> {
    let keys = find_candidates(session, token, uri)?;
    if keys.is_empty() {
        return Err(missing_key(session, token, uri));
    }
    match certificate {
        Some(certificate) => key_of_certificate(keys, token, certificate),
        None => check_usable(only_key(keys, token)?, token),
    }
}

/// The one whose public key is the certificate's.
fn key_of_certificate(
    keys: Vec<TokenPrivateKey>,
    token: &Token,
    certificate: &Certificate,
) -> Result<UsableKey> {
    let fits = |key: &TokenPrivateKey| {
        let public = key
            .spki
            .as_deref()
            .and_then(|spki| PublicKey::from_der(spki, "a key").ok());
        public.is_some_and(|public| public.same_numbers(certificate.public_key()))
    };
    let (mut fitting, others): (Vec<TokenPrivateKey>, Vec<TokenPrivateKey>) =
        keys.into_iter().partition(fits);
    match (fitting.pop(), fitting.is_empty()) {
        // However the token has it: in the certificate's own bytes.
        (Some(key), true) => check_usable(
            TokenPrivateKey {
                spki: Some(certificate.spki().to_vec()),
                ..key
            },
            token,
        ),
        (Some(last), false) => {
            fitting.push(last);
            Err(ambiguous_keys(
                &fitting,
                token,
                "all of them of the CA certificate's public key",
            ))
        }
        (None, _) if others.iter().all(|key| key.spki.is_none()) => {
            Err(without_public(&others, token))
        }
        (None, _) => Err(Error::new(
            ErrorKind::CaKeyMismatch,
            Lines::from([
                format!(
                    "no key that the URI leaves on the token {} is the CA certificate's",
                    token.name()
                ),
                format!(
                    "  certificate  {}, SHA-256 of its key {}",
                    certificate.public_key().describe(),
                    to_hex(&sha256(certificate.spki()))
                ),
            ])
            .followed_by(list_keys(&others)),
            "give the certificate and the key of the same CA; a URI without `object` and `id` \
             looks among all keys of the token",
        )
        .with_fact(FactName::Token, token.name())
        .with_fact(FactName::Expected, to_hex(&sha256(certificate.spki())))),
    }
}

/// The only one.
pub(super) fn only_key(mut keys: Vec<TokenPrivateKey>, token: &Token) -> Result<TokenPrivateKey> {
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        (last, _) => {
            keys.extend(last);
            Err(ambiguous_keys(
                &keys,
                token,
                "and which one is meant cannot be told",
            ))
        }
    }
}

/// A key that a CA can have.
pub(super) fn check_usable(key: TokenPrivateKey, token: &Token) -> Result<UsableKey> {
    let Some(spki) = key.spki.clone() else {
        return Err(without_public(&[key], token));
    };
    let unsupported = |what: String| {
        Error::new(
            ErrorKind::CaKeyUnsupported,
            [
                format!(
                    "the token {} holds {what}, which cannot be the CA's key here",
                    token.name()
                ),
                format!("  {}", key.uri_attributes()),
            ],
            "a CA for CloudHSM has an RSA key of 2048, 3072 or 4096 bits, or one on P-256 or \
             P-384: `hsmboot ca init --ca-key pkcs11:...` makes one",
        )
        .with_fact(FactName::Token, token.name())
    };
    let public = PublicKey::from_der(&spki, "a key on the token")
        .map_err(|fault| unsupported(fault.to_string()))?;
    let scheme = SignatureScheme::from_key(&public).map_err(unsupported)?;
    Ok(UsableKey {
        key,
        spki,
        public,
        scheme,
    })
}

fn missing_key(session: &Session, token: &Token, uri: &Pkcs11Uri) -> Error {
    let any = Pkcs11Uri {
        object: None,
        id: None,
        ..uri.clone()
    };
    let listed = match find_candidates(session, token, &any).as_deref() {
        Ok([]) => "  it holds none that this login can see".into(),
        Ok(there) => list_keys(there),
        // Those that are there cannot be listed, which is no news of them.
        Err(_) => Lines::default(),
    };
    Error::new(
        ErrorKind::TokenKeyMissing,
        Lines::from(format!(
            "no private key on the token {} is the one that the URI names",
            token.name()
        ))
        .followed_by(listed),
        "correct `object` or `id` in the URI; `hsmboot ca init --ca-key pkcs11:...` makes a key",
    )
    .with_fact(FactName::Token, token.name())
}

fn ambiguous_keys(keys: &[TokenPrivateKey], token: &Token, why: &str) -> Error {
    Error::new(
        ErrorKind::TokenKeyAmbiguous,
        Lines::from(format!(
            "{} private keys on the token {} fit the URI, {why}",
            keys.len(),
            token.name()
        ))
        .followed_by(list_keys(keys)),
        SAY_MORE_HINT,
    )
    .with_fact(FactName::Token, token.name())
}

fn without_public(keys: &[TokenPrivateKey], token: &Token) -> Error {
    Error::new(
        ErrorKind::TokenKeyWithoutPublic,
        Lines::from(format!(
            "the token {} has a private key without its public key, so whose it is cannot be told",
            token.name()
        ))
        .followed_by(list_keys(keys)),
        "store the public key, or a certificate of it, beside it under the same CKA_ID",
    )
    .with_fact(FactName::Token, token.name())
}

fn list_keys(keys: &[TokenPrivateKey]) -> Lines {
    let more = keys.len().saturating_sub(LISTED);
    let lines: Lines = keys
        .iter()
        .take(LISTED)
        .map(TokenPrivateKey::to_line)
        .collect();
    lines.followed_by((more > 0).then(|| format!("  and {more} more")))
}
