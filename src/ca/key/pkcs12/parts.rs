//! The parts that a store is made of, as octets.

use super::DATA;
use crate::ca::key::fields::dotted_oid;
use crate::x509::der::{self, Reader, Tlv, tag};

/// PFX: the content of its safe, and its MacData.
pub(super) fn split_pfx(pfx: &[u8]) -> Option<(&[u8], Option<Tlv<'_>>)> {
    let mut reader = Reader::new(
        der::parse_single(pfx, tag::SEQUENCE, "key").ok()?.content,
        "key",
    );
    if reader.read_required(tag::INTEGER, "version").ok()?.content != [3] {
        return None;
    }
    let (kind, content) = content_info(reader.read_required(tag::SEQUENCE, "safe").ok()?)?;
    let mac = reader.read_optional(tag::SEQUENCE).ok()?;
    reader.finish().ok()?;
    (kind == DATA).then_some((octet_content(content)?, mac))
}

/// ContentInfo (RFC 2315 7): its type, and what stands in `[0]`.
pub(super) fn content_info(tlv: Tlv<'_>) -> Option<(String, &[u8])> {
    let mut reader = Reader::new(tlv.content, "key");
    let kind = dotted_oid(reader.read_required(tag::OID, "type").ok()?.content)?;
    let content = reader
        .read_required(tag::context_constructed(0), "content")
        .ok()?
        .content;
    reader.finish().ok()?;
    Some((kind, content))
}

/// The content of the one OCTET STRING that this is.
pub(super) fn octet_content(content: &[u8]) -> Option<&[u8]> {
    Some(
        der::parse_single(content, tag::OCTET_STRING, "key")
            .ok()?
            .content,
    )
}

/// The SEQUENCEs in a SEQUENCE.
pub(super) fn sequence_of(bytes: &[u8]) -> Option<Vec<Tlv<'_>>> {
    let mut reader = Reader::new(
        der::parse_single(bytes, tag::SEQUENCE, "key").ok()?.content,
        "key",
    );
    let mut all = Vec::new();
    while !reader.is_empty() {
        all.push(reader.read_required(tag::SEQUENCE, "part").ok()?);
    }
    Some(all)
}

/// EncryptedData (RFC 2315 13): the scheme, and what is encrypted with it.
pub(super) fn encrypted_data(content: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let mut reader = Reader::new(
        der::parse_single(content, tag::SEQUENCE, "key")
            .ok()?
            .content,
        "key",
    );
    reader.read_required(tag::INTEGER, "version").ok()?;
    let mut info = Reader::new(
        reader.read_required(tag::SEQUENCE, "content").ok()?.content,
        "key",
    );
    info.read_required(tag::OID, "type").ok()?;
    let scheme = info.read_required(tag::SEQUENCE, "scheme").ok()?;
    // [0] IMPLICIT OCTET STRING
    let ciphertext = info
        .read_required(tag::context_primitive(0), "data")
        .ok()?
        .content;
    info.finish().ok()?;
    Some((scheme, ciphertext))
}
