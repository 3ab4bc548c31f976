//! Reads attributes of objects on a token, and the public key that they make.

use cryptoki::object::{
    Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle,
};
use cryptoki::session::Session;

use crate::x509::algorithm::{self, Curve, EC_PUBLIC_KEY};
use crate::x509::der::{self, tag};
use crate::x509::{Certificate, PublicKey, Strictness};

/// The value of one attribute; nothing where the object has none, or keeps it to itself.
pub(super) fn read_attribute(
    session: &Session,
    object: ObjectHandle,
    kind: AttributeType,
) -> Option<Attribute> {
    session.get_attributes(object, &[kind]).ok()?.pop()
}

/// The value of an attribute that says yes or no.
pub(super) fn read_flag(
    session: &Session,
    object: ObjectHandle,
    kind: AttributeType,
) -> Option<bool> {
    match read_attribute(session, object, kind)? {
        Attribute::AlwaysAuthenticate(value)
        | Attribute::AlwaysSensitive(value)
        | Attribute::Extractable(value)
        | Attribute::Local(value)
        | Attribute::NeverExtractable(value)
        | Attribute::Sensitive(value) => Some(value),
        _ => None,
    }
}

/// The public key as the private key's own object has it: an RSA key always has its modulus
/// (PKCS#11 2.40 curr, 2.1.3), and CKA_PUBLIC_KEY_INFO is for this very purpose (2.40 base, 4.9).
pub(super) fn read_own_public_key(session: &Session, key: ObjectHandle) -> Option<Vec<u8>> {
    if let Some(Attribute::PublicKeyInfo(spki)) =
        read_attribute(session, key, AttributeType::PublicKeyInfo)
        && PublicKey::from_der(&spki, "a key").is_ok()
    {
        return Some(spki);
    }
    public_numbers(session, key)
}

/// The public key in an object of its own, or in a certificate: it belongs to the private key by
/// CKA_ID (PKCS#11 2.40 base, 4.6), or by the label where the key has no id. Where two such objects
/// differ, neither counts.
pub(super) fn find_public_key(session: &Session, label: &[u8], id: &[u8]) -> Option<Vec<u8>> {
    let name = if id.is_empty() {
        Attribute::Label(label.to_vec())
    } else {
        Attribute::Id(id.to_vec())
    };
    let keys = session
        .find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY), name.clone()])
        .unwrap_or_default();
    let mut found: Vec<Vec<u8>> = keys
        .into_iter()
        .filter_map(|key| public_numbers(session, key))
        .collect();
    if found.is_empty() {
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
            name,
        ];
        let certificates = session.find_objects(&template).unwrap_or_default();
        found = certificates
            .into_iter()
            .filter_map(|object| certified_key(session, object))
            .collect();
    }
    let first = found.pop()?;
    found.iter().all(|other| *other == first).then_some(first)
}

fn certified_key(session: &Session, object: ObjectHandle) -> Option<Vec<u8>> {
    match read_attribute(session, object, AttributeType::Value)? {
        Attribute::Value(der) => Some(
            Certificate::read(&der, Strictness::Owner)
                .ok()?
                .spki()
                .to_vec(),
        ),
        _ => None,
    }
}

/// SubjectPublicKeyInfo from the numbers of an object: CKA_MODULUS and CKA_PUBLIC_EXPONENT, or
/// CKA_EC_PARAMS and CKA_EC_POINT.
pub(super) fn public_numbers(session: &Session, object: ObjectHandle) -> Option<Vec<u8>> {
    match read_attribute(session, object, AttributeType::KeyType)? {
        Attribute::KeyType(KeyType::RSA) => {
            let Attribute::Modulus(modulus) =
                read_attribute(session, object, AttributeType::Modulus)?
            else {
                return None;
            };
            let Attribute::PublicExponent(exponent) =
                read_attribute(session, object, AttributeType::PublicExponent)?
            else {
                return None;
            };
            let empty = [&modulus, &exponent]
                .iter()
                .any(|number| number.iter().all(|byte| *byte == 0));
            (!empty).then(|| {
                let numbers = [
                    der::encode_integer(&modulus),
                    der::encode_integer(&exponent),
                ];
                algorithm::rsa_spki(&der::encode_sequence(
                    &numbers.each_ref().map(Vec::as_slice),
                ))
            })
        }
        Attribute::KeyType(KeyType::EC) => {
            let Attribute::EcParams(parameters) =
                read_attribute(session, object, AttributeType::EcParams)?
            else {
                return None;
            };
            let Attribute::EcPoint(point) =
                read_attribute(session, object, AttributeType::EcPoint)?
            else {
                return None;
            };
            ec_spki(&parameters, &point)
        }
        _ => None,
    }
}

/// SubjectPublicKeyInfo from CKA_EC_PARAMS, the curve's OID, and CKA_EC_POINT: a point in an OCTET
/// STRING (PKCS#11 2.40 curr, 2.3.3). Some modules give the point bare, as drafts of the standard
/// had it.
fn ec_spki(parameters: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let curve = [Curve::P256, Curve::P384]
        .into_iter()
        .find(|curve| curve.to_der() == parameters);
    let Some(curve) = curve else {
        // Of no use to a CA, but a key: its kind can be named.
        let kind = der::encode_tlv(tag::OID, &[EC_PUBLIC_KEY]);
        let algorithm = der::encode_sequence(&[&kind, parameters]);
        return Some(der::encode_sequence(&[
            &algorithm,
            &der::encode_bit_string(point),
        ]));
    };
    let length = curve.point_octets();
    let bare = if point.len() == length {
        point
    } else {
        der::parse_single(point, tag::OCTET_STRING, "a point")
            .ok()?
            .content
    };
    (bare.len() == length).then(|| algorithm::ec_spki(curve, bare))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_wrapped_and_bare() {
        let point: Vec<u8> = std::iter::once(4)
            .chain(std::iter::repeat_n(7, 64))
            .collect();
        let oid = Curve::P256.to_der();
        let wrapped = ec_spki(&oid, &der::encode_octet_string(&point)).unwrap();
        assert_eq!(ec_spki(&oid, &point).unwrap(), wrapped);
        assert_eq!(
            PublicKey::from_der(&wrapped, "test").unwrap(),
            PublicKey::P256(point.clone())
        );
        for bad in [
            &point[..64],
            &der::encode_octet_string(&point[..64]),
            &[],
            &der::encode_tlv(3, &[&point]),
        ] {
            assert_eq!(ec_spki(&oid, bad), None);
        }
        // The point has P-256's length, the curve says P-384.
        assert_eq!(ec_spki(&Curve::P384.to_der(), &point), None);
        let other = ec_spki(&der::encode_oid("1.3.132.0.10"), &point).unwrap();
        assert!(matches!(
            PublicKey::from_der(&other, "test").unwrap(),
            PublicKey::Other(what) if what.contains("secp256k1")
        ));
    }
}
