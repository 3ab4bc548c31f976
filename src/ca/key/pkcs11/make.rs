//! Makes a key pair on the token that never leaves it.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Ulong;

use super::super::scheme::SignatureScheme;
use super::attribute;
use super::failure;
use super::module::Module;
use super::object::TokenPrivateKey;
use super::sign;
use super::token::Token;
use super::uri::{Pkcs11Uri, escape_id};
use crate::ca::KeyType;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::algorithm::Curve;
use crate::x509::write::key_identifier;

/// The public exponent 65537, as all keys that are made here have it.
const F4: [u8; 3] = [1, 0, 1];

/// The things that a key of this type is made with.
struct PairKind {
    generate: Mechanism<'static>,
    needs: (MechanismType, &'static str),
    scheme: SignatureScheme,
    /// The public key's own part of its template.
    public: Vec<Attribute>,
    /// The uses that this key, which only signs, must not have.
    not: Vec<Attribute>,
}

impl PairKind {
    fn from_key_type(kind: KeyType) -> Self {
        let rsa = |bits| PairKind {
            generate: Mechanism::RsaPkcsKeyPairGen,
            needs: (
                MechanismType::RSA_PKCS_KEY_PAIR_GEN,
                "CKM_RSA_PKCS_KEY_PAIR_GEN",
            ),
            scheme: SignatureScheme::Rsa,
            public: vec![
                Attribute::ModulusBits(Ulong::from(bits)),
                Attribute::PublicExponent(F4.to_vec()),
            ],
            not: vec![Attribute::Decrypt(false), Attribute::Unwrap(false)],
        };
        let ec = |curve: Curve, scheme| PairKind {
            generate: Mechanism::EccKeyPairGen,
            needs: (MechanismType::ECC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"),
            scheme,
            public: vec![Attribute::EcParams(curve.to_der())],
            not: vec![Attribute::Derive(false)],
        };
        match kind {
            KeyType::Rsa4096 => rsa(4096),
            KeyType::Rsa3072 => rsa(3072),
            KeyType::Rsa2048 => rsa(2048),
            KeyType::P256 => ec(Curve::P256, SignatureScheme::P256),
            KeyType::P384 => ec(Curve::P384, SignatureScheme::P384),
        }
    }
}

/// Makes a pair of this type under the URI's `object`, and its `id` if it has one: else the id is
/// SHA-1 over the public key's bits, as in the CA certificate's subject key identifier. The private
/// key is sensitive, not extractable, and may sign; that the token says so of it is seen before it
/// counts as made. What cannot be is refused before it says that a key is being made.
///
/// # Errors
/// Class [`Class::Usage`](crate::error::Class::Usage), `bad-key-uri`, without an `object`; class
/// [`Class::Ca`](crate::error::Class::Ca): `token-mechanism-missing`, `token-key-ambiguous`,
/// `token-key-exposed`, `token-unusable`, `token-refused`.
pub(super) fn make_pair(
    session: &Session,
    token: &Token,
    module: &Module,
    uri: &Pkcs11Uri,
    kind: KeyType,
    say: &dyn Fn(&str),
) -> Result<TokenPrivateKey> {
    let Some(label) = uri.object.as_deref().filter(|label| !label.is_empty()) else {
        return Err(Error::new(
            ErrorKind::BadKeyUri,
            format!(
                "there is no such key on the token {}, and a new one needs a name",
                token.name()
            ),
            "add `object=NAME` to the URI",
        )
        .with_fact(FactName::Option, "--ca-key")
        .with_fact(FactName::Token, token.name()));
    };
    let name = token.name();
    let made = PairKind::from_key_type(kind);
    check_mechanisms(token, module, &made, kind)?;
    if let Some(id) = &uri.id {
        is_free(session, token, id)?;
    }
    say(&format!("making a key on the token {name}, {kind}"));
    let fault = |error: Cryptoki| {
        failure::token_failure(
            &name,
            "was asked to make a key pair (C_GenerateKeyPair)",
            &error,
        )
    };
    let (public, private) =
        generate_pair(session, &made, label, uri.id.as_deref()).map_err(fault)?;
    finish_key(session, public, private, label, uri.id.as_deref(), kind).map_err(|what| {
        // Of a key that can be taken out, nothing may be left; nor of one that nobody could find
        // again.
        let gone =
            [private, public].map(|object| session.destroy_object(object).is_ok()) == [true, true];
        Error::new(
            ErrorKind::TokenKeyExposed,
            [
                format!("the token {name} made a key, but {what}"),
                format!(
                    "  {}",
                    if gone {
                        "it was destroyed again"
                    } else {
                        "IT COULD NOT BE DESTROYED: do that with the vendor's tool"
                    }
                ),
            ],
            "a CA's key has to stay on its token: use another token, or see its settings",
        )
        .with_fact(FactName::Token, &name)
    })
}

/// Checks that no other key has this id: by it a private key finds its public one (PKCS#11 2.40
/// base, 4.8), and of two of them neither would.
fn is_free(session: &Session, token: &Token, id: &[u8]) -> Result<()> {
    let fault = |error| {
        failure::token_failure(
            &token.name(),
            "was asked for its keys (C_FindObjects)",
            &error,
        )
    };
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        if !session
            .find_objects(&[Attribute::Class(class), Attribute::Id(id.to_vec())])
            .map_err(fault)?
            .is_empty()
        {
            return Err(Error::new(
                ErrorKind::TokenKeyAmbiguous,
                [
                    format!(
                        "the token {} has another key of this id, and no two may share one",
                        token.name()
                    ),
                    format!("  id={}", escape_id(id)),
                ],
                "leave `id=` out, and the key gets one of its own; or give another",
            )
            .with_fact(FactName::Token, token.name()));
        }
    }
    Ok(())
}

/// Checks that the token can make such a key, and sign with it then.
fn check_mechanisms(token: &Token, module: &Module, made: &PairKind, kind: KeyType) -> Result<()> {
    let name = token.name();
    let there = module
        .pkcs11
        .get_mechanism_list(token.slot)
        .map_err(|error| {
            failure::token_failure(
                &name,
                "was asked for its mechanisms (C_GetMechanismList)",
                &error,
            )
        })?;
    let needed = match (
        there.contains(&made.needs.0),
        sign::can_sign(&there, made.scheme),
    ) {
        (true, true) => return Ok(()),
        (false, _) => made.needs.1,
        (true, false) => sign::needed_mechanisms(made.scheme),
    };
    Err(Error::new(
        ErrorKind::TokenMechanismMissing,
        [
            format!("the token {name} cannot make a key of type {kind} and sign with it"),
            format!("  needed  {needed}"),
        ],
        "choose another --key-type, or another token; the vendor's tool lists its mechanisms",
    )
    .with_fact(FactName::Token, name))
}

/// C_GenerateKeyPair, with everything that the key should be; where the token refuses that, with
/// what it has to be.
fn generate_pair(
    session: &Session,
    made: &PairKind,
    label: &str,
    id: Option<&[u8]>,
) -> std::result::Result<(ObjectHandle, ObjectHandle), Cryptoki> {
    let named = |template: &mut Vec<Attribute>| {
        template.extend([
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
        ]);
        template.extend(id.map(|id| Attribute::Id(id.to_vec())));
    };
    let mut public = made.public.clone();
    public.push(Attribute::Verify(true));
    named(&mut public);
    let mut private = vec![
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    named(&mut private);
    let mut strict = [private.clone(), made.not.clone()].concat();
    if id.is_some() {
        // Without an id it has to be modified once, to get one.
        strict.push(Attribute::Modifiable(false));
    }
    match session.generate_key_pair(&made.generate, &public, &strict) {
        Err(Cryptoki::Pkcs11(
            RvError::TemplateInconsistent
            | RvError::AttributeTypeInvalid
            | RvError::AttributeValueInvalid
            | RvError::AttributeReadOnly,
            _,
        )) => session.generate_key_pair(&made.generate, &public, &private),
        outcome => outcome,
    }
}

/// Holds the new key against what was asked for, and gives it its id. The error continues "made a
/// key, but ".
fn finish_key(
    session: &Session,
    public: ObjectHandle,
    private: ObjectHandle,
    label: &str,
    id: Option<&[u8]>,
    kind: KeyType,
) -> std::result::Result<TokenPrivateKey, String> {
    let says = |of| attribute::read_flag(session, private, of);
    if says(AttributeType::Sensitive) != Some(true)
        || says(AttributeType::AlwaysSensitive) == Some(false)
    {
        return Err("does not say that its value stays on the token (CKA_SENSITIVE)".to_owned());
    }
    if says(AttributeType::Extractable) != Some(false)
        || says(AttributeType::NeverExtractable) == Some(false)
    {
        return Err("does not say that it cannot be taken out (CKA_EXTRACTABLE)".to_owned());
    }
    if says(AttributeType::Local) == Some(false) {
        return Err("says that it was not made there (CKA_LOCAL)".to_owned());
    }
    let spki = attribute::public_numbers(session, public).ok_or("does not show its public key")?;
    let found = crate::x509::PublicKey::from_der(&spki, "a key").ok();
    if found.as_ref().and_then(KeyType::of) != Some(kind) {
        return Err(format!("not one of type {kind}"));
    }
    let id = match id {
        Some(id) => id.to_vec(),
        None => {
            let id = key_identifier(&spki);
            for object in [private, public] {
                session
                    .update_attributes(object, &[Attribute::Id(id.clone())])
                    .map_err(|error| {
                        format!(
                            "does not take an id for it (C_SetAttributeValue): {}; name one with \
                             `id=` in the URI",
                            failure::answer_name(&error)
                        )
                    })?;
            }
            // For the tokens that allow it: the standard lets only a copy be made unmodifiable.
            drop(session.update_attributes(private, &[Attribute::Modifiable(false)]));
            id
        }
    };
    Ok(TokenPrivateKey {
        handle: private,
        label: label.to_owned(),
        id,
        spki: Some(spki),
    })
}
