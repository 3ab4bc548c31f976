//! GeneralName (RFC 5280 4.2.1.6), each form held to its type.

use super::der::{Reader, Tlv, check_oid, tag};
use super::{Malformed, name};

/// The role of a GeneralName, on which the contents of its forms depend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Names something: no form is empty, an address is one (RFC 5280 4.2.1.6).
    Name,
    /// The base of a subtree: a host, a domain or a name may be empty, an address has its mask (RFC
    /// 5280 4.2.1.10).
    Constraint,
}

/// A GeneralName. Holds what can be compared with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneralName {
    /// rfc822Name
    Email(String),
    /// dNSName
    Dns(String),
    /// uniformResourceIdentifier
    Uri(String),
    /// directoryName: a Name, with tag and length.
    Directory(Vec<u8>),
    /// iPAddress: 4 or 16 octets, in a constraint twice as many.
    Ip(Vec<u8>),
    /// otherName, ediPartyName or registeredID, by its context tag: well formed, and compared with
    /// nothing.
    Other(u8),
}

impl GeneralName {
    /// The context tag's number: two names of one form have the same.
    pub const fn form_tag(&self) -> u8 {
        match self {
            GeneralName::Email(_) => 1,
            GeneralName::Dns(_) => 2,
            GeneralName::Uri(_) => 6,
            GeneralName::Directory(_) => 4,
            GeneralName::Ip(_) => 7,
            GeneralName::Other(form) => *form,
        }
    }

    /// The form's name, as RFC 5280 spells it.
    pub const fn form_name(&self) -> &'static str {
        match self.form_tag() {
            0 => "otherName",
            1 => "rfc822Name",
            2 => "dNSName",
            4 => "directoryName",
            5 => "ediPartyName",
            6 => "uniformResourceIdentifier",
            7 => "iPAddress",
            _ => "registeredID",
        }
    }
}

/// `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName`: its content.
pub(crate) fn parse_names(
    content: &[u8],
    of: &str,
    what: &'static str,
) -> Result<Vec<GeneralName>, Malformed> {
    let mut reader = Reader::new(content, what);
    if reader.is_empty() {
        return Err(Malformed::new(format!(
            "{what}: {of} without a name in it (RFC 5280 4.2.1.6)"
        )));
    }
    let mut names = Vec::new();
    while !reader.is_empty() {
        names.push(parse_name(&reader.read_any()?, Role::Name, of, what)?);
    }
    Ok(names)
}

/// One GeneralName.
pub(crate) fn parse_name(
    element: &Tlv<'_>,
    role: Role,
    of: &str,
    what: &'static str,
) -> Result<GeneralName, Malformed> {
    const OTHER_NAME: u8 = tag::context_constructed(0);
    const EMAIL: u8 = tag::context_primitive(1);
    const DNS: u8 = tag::context_primitive(2);
    const DIRECTORY: u8 = tag::context_constructed(4);
    const EDI_PARTY: u8 = tag::context_constructed(5);
    const URI: u8 = tag::context_primitive(6);
    const IP: u8 = tag::context_primitive(7);
    const REGISTERED: u8 = tag::context_primitive(8);
    let fault = |text: &str| Malformed::new(format!("{what}: {of} with {text} (RFC 5280 4.2.1.6)"));
    match element.tag {
        EMAIL => parse_text(element.content, role, "an rfc822Name", fault).map(GeneralName::Email),
        DNS => parse_text(element.content, role, "a dNSName", fault).map(GeneralName::Dns),
        URI => parse_text(element.content, role, "a uniformResourceIdentifier", fault)
            .map(GeneralName::Uri),
        DIRECTORY => parse_directory(element.content, role, what)?
            .ok_or_else(|| fault("an empty directoryName"))
            .map(GeneralName::Directory),
        IP => match (role, element.content.len()) {
            (Role::Name, 4 | 16) | (Role::Constraint, 8 | 32) => {
                Ok(GeneralName::Ip(element.content.to_vec()))
            }
            (_, found) => Err(fault(&format!("an iPAddress of {found} octets"))),
        },
        REGISTERED => check_oid(element.content, what).map(|()| GeneralName::Other(8)),
        OTHER_NAME => other_name(element.content, what).map(|()| GeneralName::Other(0)),
        EDI_PARTY => edi_party(element.content, what).map(|()| GeneralName::Other(5)),
        // An x400Address is an ORAddress, which nobody has: nothing here can hold one to its type.
        found => Err(fault(&format!(
            "an element (tag {found:02x}) that is no GeneralName, or of a form that is not read \
             here"
        ))),
    }
}

/// IA5String, and what the forms have in common (RFC 1034 3.5, RFC 2821 4.1.2, RFC 3986 2): no
/// control character.
fn parse_text(
    content: &[u8],
    role: Role,
    form: &str,
    fault: impl Fn(&str) -> Malformed,
) -> Result<String, Malformed> {
    if content.is_empty() && role == Role::Name {
        return Err(fault(&format!("{form} that is empty")));
    }
    if !content.iter().all(|byte| matches!(byte, 0x20..=0x7E)) {
        return Err(fault(&format!(
            "{form} that holds an octet which none has: a control character, or beyond ASCII"
        )));
    }
    String::from_utf8(content.to_vec()).map_err(|_| fault(form))
}

/// `[4] Name`: explicit, since Name is a CHOICE (X.680 31.2.7). `None` for an empty Name where none
/// may be.
fn parse_directory(
    content: &[u8],
    role: Role,
    what: &'static str,
) -> Result<Option<Vec<u8>>, Malformed> {
    let mut parts = Reader::new(content, what);
    let found = parts.read_required(tag::SEQUENCE, "a directoryName's Name")?;
    parts.finish()?;
    name::check_name(&found, what)?;
    Ok((role == Role::Constraint || !found.content.is_empty()).then(|| found.raw.to_vec()))
}

/// OtherName: `type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY`.
fn other_name(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    let mut parts = Reader::new(content, what);
    parts.read_required(tag::OID, "an otherName's type")?;
    let value = parts.read_required(tag::context_constructed(0), "an otherName's value")?;
    parts.finish()?;
    let mut inner = Reader::new(value.content, what);
    inner.read_any()?;
    inner.finish()
}

/// EDIPartyName: `nameAssigner [0] DirectoryString OPTIONAL, partyName [1] DirectoryString`, both
/// explicit, since DirectoryString is a CHOICE.
fn edi_party(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    let mut parts = Reader::new(content, what);
    if let Some(assigner) = parts.read_optional(tag::context_constructed(0))? {
        directory_string(assigner.content, what)?;
    }
    directory_string(
        parts
            .read_required(tag::context_constructed(1), "an ediPartyName's party")?
            .content,
        what,
    )?;
    parts.finish()
}

/// The one DirectoryString that `content` is (RFC 5280 4.1.2.4).
fn directory_string(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    let mut inner = Reader::new(content, what);
    let string = inner.read_any()?;
    inner.finish()?;
    match is_directory_string(&string) {
        true => Ok(()),
        false => Err(Malformed::new(format!(
            "{what}: an element (tag {:02x}) where a DirectoryString belongs (RFC 5280 4.1.2.4)",
            string.tag
        ))),
    }
}

/// Tells whether this is a DirectoryString, `SIZE (1..MAX)`.
pub(crate) const fn is_directory_string(string: &Tlv<'_>) -> bool {
    let typed = matches!(
        string.tag,
        tag::TELETEX_STRING
            | tag::PRINTABLE_STRING
            | tag::UNIVERSAL_STRING
            | tag::UTF8_STRING
            | tag::BMP_STRING
    );
    typed && !string.content.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_called_what_rfc_5280_calls_it() {
        let names = [
            (GeneralName::Other(0), "otherName"),
            (GeneralName::Email(String::new()), "rfc822Name"),
            (GeneralName::Dns(String::new()), "dNSName"),
            (GeneralName::Directory(Vec::new()), "directoryName"),
            (GeneralName::Other(5), "ediPartyName"),
            (GeneralName::Uri(String::new()), "uniformResourceIdentifier"),
            (GeneralName::Ip(Vec::new()), "iPAddress"),
            (GeneralName::Other(8), "registeredID"),
        ];
        for (name, form) in names {
            assert_eq!(name.form_name(), form);
        }
    }
}
