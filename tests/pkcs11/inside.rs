//! What is done to a token behind the program's back: by cryptoki itself, in a process of its own,
//! since a process has one SoftHSM configuration.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::RawAuthPin;
use hsmboot::x509::Certificate;
use serde_json::{Value, json};

/// Does what the words say, and prints JSON.
pub fn run(order: &str) {
    let words: Vec<&str> = order.split(' ').collect();
    let pkcs11 = Pkcs11::new(std::env::var_os("HSMBOOT_PKCS11_MODULE").unwrap()).unwrap();
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .unwrap();
    let slots = pkcs11.get_slots_with_initialized_token().unwrap();
    let slot = slots
        .into_iter()
        .find(|slot| pkcs11.get_token_info(*slot).unwrap().label() == "ca")
        .unwrap();
    let session = pkcs11.open_rw_session(slot).unwrap();
    let pin = std::env::var("FORWARD_PIN").unwrap();
    session
        .login_with_raw(UserType::User, &RawAuthPin::new(Box::new(pin.into_bytes())))
        .unwrap();
    let answer = match words.as_slice() {
        ["keys"] => keys(&session),
        ["generate", label, bits, more @ ..] => {
            generate(&session, label, bits.parse().unwrap(), more)
        }
        ["fill", label, count] => fill(&session, label, count.parse().unwrap()),
        ["slot"] => {
            json!({
                "slot": slot.id(), "serial": pkcs11.get_token_info(slot).unwrap().serial_number(),
            })
        }
        ["forget-public", label] => forget(&session, label),
        ["certify", label, file] => certify(&session, label, file),
        _ => panic!("{order}"),
    };
    println!("{answer}");
}

/// What the token says of its private keys.
fn keys(session: &Session) -> Value {
    let flags = [
        AttributeType::Token,
        AttributeType::Private,
        AttributeType::Sensitive,
        AttributeType::AlwaysSensitive,
        AttributeType::Extractable,
        AttributeType::NeverExtractable,
        AttributeType::Sign,
        AttributeType::Decrypt,
        AttributeType::Unwrap,
        AttributeType::Derive,
        AttributeType::Modifiable,
        AttributeType::Local,
        AttributeType::Label,
        AttributeType::Id,
    ];
    let handles = session
        .find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])
        .unwrap();
    let of = |handle| {
        let mut found = serde_json::Map::new();
        for attribute in flags
            .iter()
            .flat_map(|flag| session.get_attributes(handle, &[*flag]).unwrap())
        {
            let (name, value) = match attribute {
                Attribute::Token(value) => ("token", json!(value)),
                Attribute::Private(value) => ("private", json!(value)),
                Attribute::Sensitive(value) => ("sensitive", json!(value)),
                Attribute::AlwaysSensitive(value) => ("always-sensitive", json!(value)),
                Attribute::Extractable(value) => ("extractable", json!(value)),
                Attribute::NeverExtractable(value) => ("never-extractable", json!(value)),
                Attribute::Sign(value) => ("sign", json!(value)),
                Attribute::Decrypt(value) => ("decrypt", json!(value)),
                Attribute::Unwrap(value) => ("unwrap", json!(value)),
                Attribute::Derive(value) => ("derive", json!(value)),
                Attribute::Modifiable(value) => ("modifiable", json!(value)),
                Attribute::Local(value) => ("local", json!(value)),
                Attribute::Label(value) => ("label", json!(String::from_utf8(value).unwrap())),
                Attribute::Id(value) => ("id", json!(hsmboot::x509::to_hex(&value))),
                other => panic!("{other:?}"),
            };
            found.insert(name.to_owned(), value);
        }
        Value::Object(found)
    };
    handles.into_iter().map(of).collect()
}

/// An RSA pair; `extractable` lets its private key out, `readable` shows it, `latin-1` is how its
/// label is written.
fn generate(session: &Session, label: &str, bits: usize, more: &[&str]) -> Value {
    let latin = |c: char| u8::try_from(u32::from(c)).unwrap();
    let label = if more.contains(&"latin-1") {
        label.chars().map(latin).collect()
    } else {
        label.as_bytes().to_vec()
    };
    let named = [
        Attribute::Token(true),
        Attribute::Label(label),
        Attribute::Id(vec![7]),
    ];
    let out = more.contains(&"extractable");
    let hidden = !out && !more.contains(&"readable");
    let public = [
        &named[..],
        &[
            Attribute::ModulusBits(bits.try_into().unwrap()),
            Attribute::PublicExponent(vec![1, 0, 1]),
        ],
    ]
    .concat();
    let private = [
        &named[..],
        &[
            Attribute::Private(true),
            Attribute::Sensitive(hidden),
            Attribute::Extractable(out),
            Attribute::Sign(true),
        ],
    ]
    .concat();
    session
        .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)
        .unwrap();
    json!({})
}

/// Objects that are private keys as far as a search goes: without a public key, and the same secret
/// in all.
fn fill(session: &Session, label: &str, count: usize) -> Value {
    let (p256, zeros) = (
        vec![6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        vec![1; 32],
    );
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::EC),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Label(label.into()),
        Attribute::EcParams(p256),
        Attribute::Value(zeros),
    ];
    for _ in 0..count {
        session.create_object(&template).unwrap();
    }
    json!({})
}

/// Puts a certificate beside the private key of this label, with its CKA_ID.
fn certify(session: &Session, label: &str, file: &str) -> Value {
    let keys = session
        .find_objects(&[
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(label.into()),
        ])
        .unwrap();
    let id = session
        .get_attributes(keys[0], &[AttributeType::Id])
        .unwrap();
    let der = pem::parse(std::fs::read(file).unwrap())
        .unwrap()
        .into_contents();
    let subject = Certificate::from_der(&der).unwrap().subject().to_vec();
    let certificate = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        Attribute::Token(true),
        Attribute::Label(label.into()),
        Attribute::Subject(subject),
        Attribute::Value(der),
    ];
    session
        .create_object(&[&certificate[..], &id].concat())
        .unwrap();
    json!({})
}

/// Takes the public key away.
fn forget(session: &Session, label: &str) -> Value {
    for object in session
        .find_objects(&[
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::Label(label.into()),
        ])
        .unwrap()
    {
        session.destroy_object(object).unwrap();
    }
    json!({})
}
