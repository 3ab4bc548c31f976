//! Reads `--subject`: an RFC 4514 string, strictly, into the DER of a Name.
//!
//! RFC 4514 2.1 writes a name from its last RDN to its first: `CN=My CA,O=Org,C=US` becomes the sequence C, O, CN, and openssl
//! prints it as `C=US, O=Org, CN=My CA`.
//!
//! Why not `x509-cert`'s reader: a name goes into a certificate that a whole cluster will hang on, so each slip has to be refused, and
//! said where it is. What is taken is RFC 4514's grammar, with two differences: spaces before an attribute type are passed over (`CN=A, O=B`), and
//! values in `#hex` are refused.

use crate::error::{Class, Error, Result};
use crate::outside::{is_obeyed, shown_text};
use crate::x509::der::{self, tag};

/// How a value of an attribute is written, and what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// UTF8String (RFC 5280 4.1.2.4)
    Utf8,
    /// PrintableString of two capital letters (X.520 6.3.1: ISO 3166)
    Country,
    /// IA5String (RFC 4519 2.4)
    Ia5,
}

/// An attribute type: its name in RFC 4514 section 3, its OID, its form, and its upper bound in characters (RFC 5280 appendix A.1).
struct Attribute {
    name: &'static str,
    oid: &'static str,
    form: Form,
    bound: usize,
}

const ATTRIBUTES: [Attribute; 9] = [
    Attribute { name: "CN", oid: "2.5.4.3", form: Form::Utf8, bound: 64 },
    Attribute { name: "O", oid: "2.5.4.10", form: Form::Utf8, bound: 64 },
    Attribute { name: "OU", oid: "2.5.4.11", form: Form::Utf8, bound: 64 },
    Attribute { name: "L", oid: "2.5.4.7", form: Form::Utf8, bound: 128 },
    Attribute { name: "ST", oid: "2.5.4.8", form: Form::Utf8, bound: 128 },
    Attribute { name: "C", oid: "2.5.4.6", form: Form::Country, bound: 2 },
    // X.520 annex C: ub-street-address; RFC 5280 has no bound for these three.
    Attribute { name: "STREET", oid: "2.5.4.9", form: Form::Utf8, bound: 128 },
    Attribute { name: "DC", oid: "0.9.2342.19200300.100.1.25", form: Form::Ia5, bound: 63 },
    Attribute { name: "UID", oid: "0.9.2342.19200300.100.1.1", form: Form::Utf8, bound: 256 },
];

/// The longest subject, in bytes as typed. The certificate holds it twice, and has to stay under 5000 characters of PEM.
const MAX_SUBJECT: usize = 1024;

/// A fault in the string, and where: counted in characters, from one.
struct Fault {
    at: usize,
    what: String,
}

/// Reads an RFC 4514 string into the DER of a Name.
///
/// # Errors
/// Class [`Class::Usage`], `bad-subject`, with the place and what is wrong there.
pub fn parse_subject(text: &str) -> Result<Vec<u8>> {
    Parser { characters: text.chars().collect(), at: 0 }.name(text).map_err(|fault| {
        Error::new(
            Class::Usage,
            "bad-subject",
            format!("the subject is not a name: {}, at character {}\n  subject  {}", fault.what, fault.at, shown_text(text)),
            "write it as RFC 4514 has it, for example `CN=My CA,O=My Company,C=US`; commas and plus signs inside a value as `\\,` and `\\+`",
        )
    })
}

struct Parser {
    characters: Vec<char>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(character)
    }

    fn fault<T>(&self, what: impl Into<String>) -> std::result::Result<T, Fault> {
        Err(Fault { at: self.at.saturating_add(1), what: what.into() })
    }

    /// `distinguishedName = [ relativeDistinguishedName *( COMMA relativeDistinguishedName ) ]`
    fn name(mut self, text: &str) -> std::result::Result<Vec<u8>, Fault> {
        if text.trim().is_empty() {
            return self.fault("it is empty");
        }
        if text.len() > MAX_SUBJECT {
            return self.fault(format!("it is longer than {MAX_SUBJECT} bytes"));
        }
        if text.starts_with('/') {
            return self.fault("it begins with a slash, as openssl's own form does");
        }
        let mut rdns = Vec::new();
        loop {
            rdns.push(self.rdn()?);
            // What ended the value was a comma, or the string.
            if self.next().is_none() {
                break;
            }
        }
        rdns.reverse();
        let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
        Ok(der::sequence(&parts))
    }

    /// `relativeDistinguishedName = attributeTypeAndValue *( PLUS attributeTypeAndValue )`
    fn rdn(&mut self) -> std::result::Result<Vec<u8>, Fault> {
        let mut seen = Vec::new();
        let mut attributes = Vec::new();
        loop {
            while self.peek() == Some(' ') {
                self.at = self.at.saturating_add(1);
            }
            let attribute = self.attribute_type()?;
            if seen.contains(&attribute.oid) {
                return self.fault(format!("{} twice in one RDN (X.501 9.3)", attribute.name));
            }
            seen.push(attribute.oid);
            let value = self.value()?;
            attributes.push(self.encode(attribute, &value)?);
            if self.peek() != Some('+') {
                break;
            }
            self.at = self.at.saturating_add(1);
        }
        let parts: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
        Ok(der::set(&parts))
    }

    /// `attributeType = descr / numericoid`, and the equals sign.
    fn attribute_type(&mut self) -> std::result::Result<&'static Attribute, Fault> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
            self.at = self.at.saturating_add(1);
        }
        let name: String = self.characters.get(start..self.at).unwrap_or_default().iter().collect();
        if name.is_empty() {
            return self.fault("an attribute type is missing");
        }
        if self.next() != Some('=') {
            self.at = start;
            return self.fault(format!("`{name}` is not followed by an equals sign"));
        }
        match ATTRIBUTES.iter().find(|known| known.name.eq_ignore_ascii_case(&name) || known.oid == name) {
            Some(attribute) => Ok(attribute),
            None => {
                self.at = start;
                self.fault(format!("`{name}` is not an attribute type known here (CN, O, OU, L, ST, C, STREET, DC, UID)"))
            }
        }
    }

    /// `string`: what may stand unescaped stands for itself; a backslash makes a character of what follows it.
    fn value(&mut self) -> std::result::Result<String, Fault> {
        if self.peek() == Some('#') {
            return self.fault("a value in `#hex` form, which is not taken here (a number sign is written `\\#`)");
        }
        if self.peek() == Some(' ') {
            return self.fault("a space at the start of a value that is not written `\\ ` (RFC 4514 2.4)");
        }
        let mut bytes = Vec::new();
        let mut trailing_space = false;
        while let Some(character) = self.peek() {
            match character {
                ',' | '+' => break,
                '\\' => {
                    self.at = self.at.saturating_add(1);
                    self.pair(&mut bytes)?;
                    trailing_space = false;
                    continue;
                }
                '"' | ';' | '<' | '>' => return self.fault(format!("`{character}` inside a value, which is written `\\{character}` (RFC 4514 2.4)")),
                other if hidden(other) => return self.fault("a control or invisible character"),
                other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            trailing_space = character == ' ';
            self.at = self.at.saturating_add(1);
        }
        if trailing_space {
            return self.fault("a space at the end of a value that is not written `\\ ` (RFC 4514 2.4)");
        }
        if bytes.is_empty() {
            return self.fault("an empty value");
        }
        let Ok(value) = String::from_utf8(bytes) else { return self.fault("hex pairs that are not UTF-8") };
        if value.chars().any(hidden) { self.fault("a control or invisible character") } else { Ok(value) }
    }

    /// `pair = ESC ( ESC / special / hexpair )`, after the backslash.
    fn pair(&mut self, bytes: &mut Vec<u8>) -> std::result::Result<(), Fault> {
        match self.next() {
            Some(special @ ('\\' | '"' | '+' | ',' | ';' | '<' | '>' | ' ' | '#' | '=')) => {
                bytes.extend_from_slice(special.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            Some(high) if high.is_ascii_hexdigit() => {
                let low = self.next().and_then(|c| c.to_digit(16));
                match (high.to_digit(16), low) {
                    (Some(high), Some(low)) => {
                        bytes.push(u8::try_from(high.saturating_mul(16).saturating_add(low)).unwrap_or(0));
                        Ok(())
                    }
                    _ => self.fault("a hex pair of one digit"),
                }
            }
            _ => {
                self.at = self.at.saturating_sub(1);
                self.fault("a backslash before a character that takes none (RFC 4514 3, `pair`)")
            }
        }
    }

    /// AttributeTypeAndValue.
    fn encode(&self, attribute: &Attribute, value: &str) -> std::result::Result<Vec<u8>, Fault> {
        let name = attribute.name;
        let length = value.chars().count();
        let tag = match attribute.form {
            Form::Country if length != 2 || !value.chars().all(|c| c.is_ascii_uppercase()) => {
                return self.fault(format!("{name} is two capital letters, as ISO 3166 has them (`US`)"));
            }
            Form::Ia5 if !value.is_ascii() => return self.fault(format!("{name} is ASCII only")),
            _ if length > attribute.bound => {
                return self.fault(format!("{name} of {length} characters, at most {} are allowed (RFC 5280 appendix A.1)", attribute.bound));
            }
            Form::Country => tag::PRINTABLE_STRING,
            Form::Ia5 => tag::IA5_STRING,
            Form::Utf8 => tag::UTF8_STRING,
        };
        Ok(der::sequence(&[&der::oid(attribute.oid), &der::tlv(tag, &[value.as_bytes()])]))
    }
}

/// Characters that would hide or steer text where the name is shown, and noncharacters.
fn hidden(c: char) -> bool {
    is_obeyed(c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::x509::name_text;

    fn text(subject: &str) -> String {
        name_text(&parse_subject(subject).unwrap_or_else(|error| panic!("{}", error.message)))
    }

    #[test]
    fn a_name_is_read_from_its_last_rdn_to_its_first() {
        assert_eq!(text("CN=My CA,O=Org,C=US"), "C=US, O=Org, CN=My CA");
        assert_eq!(text("cn=My CA, o=Org"), "O=Org, CN=My CA");
        assert_eq!(text("2.5.4.3=My CA"), "CN=My CA");
        assert_eq!(text("OU=Sales+CN=J.  Smith,DC=example,DC=net"), "DC=net, DC=example, OU=Sales + CN=J.  Smith");
    }

    #[test]
    fn escapes_are_read_as_rfc_4514_writes_them() {
        // The examples of RFC 4514 section 4.
        assert_eq!(text(r#"CN=James \"Jim\" Smith\, III,DC=example"#), r#"DC=example, CN=James \"Jim\" Smith\, III"#);
        assert_eq!(parse_subject("CN=Lu\\C4\\8Di\\C4\\87").unwrap(), parse_subject("CN=Lučić").unwrap());
        assert_eq!(text("CN=Before\\2CAfter"), "CN=Before\\,After");
        assert_eq!(text("CN=\\ a\\ "), "CN= a ");
        assert_eq!(text("CN=\\#a#=b\\="), "CN=#a#=b=");
        assert_eq!(text("CN=\\5C"), "CN=\\\\");
    }

    #[test]
    fn values_have_the_string_type_that_rfc_5280_wants() {
        assert_eq!(parse_subject("C=US").unwrap(), b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US");
        assert_eq!(parse_subject("CN=é").unwrap(), b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\xc3\xa9");
    }

    #[test]
    fn slips_are_refused_where_they_are() {
        for (subject, what) in [
            ("", "empty, at character 1"),
            ("  ", "empty"),
            ("My CA", "`My` is not followed by an equals sign, at character 1"),
            ("/C=US/CN=My CA", "slash"),
            ("CN=A,", "attribute type is missing, at character 6"),
            (",CN=A", "attribute type is missing, at character 1"),
            ("CN=A,,O=B", "attribute type is missing, at character 6"),
            ("CN=A+", "attribute type is missing"),
            ("CN=", "an empty value"),
            ("CN=A,E=a@b", "`E` is not an attribute type known here"),
            ("1.2.3=A", "`1.2.3` is not an attribute type"),
            ("CN=A+CN=B", "CN twice in one RDN"),
            ("CN= A", "space at the start"),
            ("CN=A ,O=B", "space at the end"),
            ("CN=A ", "space at the end"),
            ("CN=\"A\"", "`\"` inside a value"),
            ("CN=A;O=B", "`;` inside a value"),
            ("CN=#0403", "#hex"),
            ("CN=\\", "a backslash before"),
            ("CN=\\x", "a backslash before"),
            ("CN=\\4", "hex pair of one digit"),
            ("CN=\\C4", "not UTF-8"),
            ("CN=\\00", "control"),
            ("CN=a\u{202e}b", "invisible"),
            ("CN=a\u{61c}b", "invisible"),
            ("CN=a\u{3164}b", "invisible"),
            ("CN=a\\F3\\A0\\81\\81b", "invisible"),
            ("CN=a\nb", "control"),
            ("C=us", "two capital letters"),
            ("C=USA", "two capital letters"),
            ("DC=\u{e9}", "ASCII"),
        ] {
            let error = parse_subject(subject).unwrap_err();
            assert_eq!((error.code(), error.kind), (2, "bad-subject"));
            assert!(error.message.contains(what), "{subject:?}: {}", error.message);
        }
    }

    #[test]
    fn values_keep_to_their_upper_bounds_in_characters() {
        for (name, bound) in [("CN", 64), ("O", 64), ("OU", 64), ("L", 128), ("ST", 128)] {
            assert!(parse_subject(&format!("{name}={}", "é".repeat(bound))).is_ok());
            let error = parse_subject(&format!("{name}={}", "e".repeat(bound + 1))).unwrap_err();
            assert!(error.message.contains(&format!("at most {bound}")), "{}", error.message);
        }
        assert!(parse_subject(&["CN=A"; 400].join(",")).unwrap_err().message.contains("longer than 1024"));
    }
}
