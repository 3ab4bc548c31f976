//! Reads `--subject` into the DER of a Name: an RFC 4514 string, or one of openssl's two spellings,
//! strictly.
//!
//! RFC 4514 2.1 writes a name from its last RDN to its first: `CN=My CA,O=Org,C=US` becomes the
//! sequence C, O, CN. openssl writes it from the first to the last: `/C=US/O=Org/CN=My CA` as it
//! takes it (openssl-req(1), `-subj`), and `C = US, O = Org, CN = My CA` as it has long printed it,
//! with blanks around each equals sign. All three are the same name here. What openssl prints since
//! 3.2 has no blanks, and is read as RFC 4514.
//!
//! `x509-cert`'s reader is not used: a name goes into a certificate on which a whole cluster will
//! depend, so each slip must be refused, and its place named. The grammar is RFC 4514's, with what
//! this program prints besides, so that a name can be copied from there: spaces before an attribute
//! type and before a plus sign are passed over (`CN=A + OU=B, O=C`), and a value may stand in
//! quotation marks (`O="Org, Inc."`, RFC 2253 4).

mod attributes;

use self::attributes::{ATTRIBUTES, AttributeKind};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{is_obeyed, shown_text};
use crate::x509::der;

/// The longest subject, in bytes as typed. The certificate holds it twice, and has to stay under
/// 5000 characters of PEM.
const MAX_SUBJECT: usize = 1024;

/// A fault in the string, and where: counted in characters, from one.
struct SubjectFault {
    at: usize,
    what: String,
}

/// Reads a subject into the DER of a Name.
///
/// # Errors
/// Class [`Class::Usage`](crate::error::Class::Usage), `bad-subject`, with the place and what is
/// wrong there.
pub fn parse_subject(text: &str) -> Result<Vec<u8>> {
    Parser::from_text(text).parse_name(text).map_err(|fault| {
        Error::new(
            ErrorKind::BadSubject,
            [
                format!(
                    "the subject is not a name: {}, at character {}",
                    fault.what, fault.at
                ),
                format!("  subject  {}", shown_text(text)),
            ],
            "write it as RFC 4514 has it, for example `CN=My CA,O=My Company,C=US`, with commas \
             and plus signs inside a value as `\\,` and `\\+`; or as openssl takes it, `/C=US/O=My \
             Company/CN=My CA`",
        )
        .with_fact(FactName::Option, "--subject")
        .with_fact(FactName::Found, text)
    })
}

/// The spelling of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// `CN=A,O=B`
    Rfc4514,
    /// `/O=B/CN=A`
    Slashes,
    /// `O = B, CN = A`
    Blanks,
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    spelling: Spelling,
}

impl Parser {
    fn from_text(text: &str) -> Self {
        let spaced = || {
            let rest = text.trim_start().trim_start_matches(is_type_character);
            rest.starts_with(' ') && rest.trim_start().starts_with('=')
        };
        let spelling = match text {
            _ if text.starts_with('/') => Spelling::Slashes,
            _ if spaced() => Spelling::Blanks,
            _ => Spelling::Rfc4514,
        };
        Parser {
            characters: text.chars().collect(),
            at: 0,
            spelling,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn fault_here<T>(&self, what: impl Into<String>) -> std::result::Result<T, SubjectFault> {
        Err(SubjectFault {
            at: self.at + 1,
            what: what.into(),
        })
    }

    fn skip_blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    /// `distinguishedName = [ relativeDistinguishedName *( COMMA relativeDistinguishedName ) ]`
    fn parse_name(mut self, text: &str) -> std::result::Result<Vec<u8>, SubjectFault> {
        if text.trim().is_empty() {
            return self.fault_here("it is empty");
        }
        if text.len() > MAX_SUBJECT {
            return self.fault_here(format!("it is longer than {MAX_SUBJECT} bytes"));
        }
        if self.spelling == Spelling::Slashes {
            self.at = 1;
        }
        let mut rdns = Vec::new();
        loop {
            rdns.push(self.parse_rdn()?);
            // What ended the value was a separator, or the string.
            if self.next().is_none() {
                break;
            }
        }
        if self.spelling == Spelling::Rfc4514 {
            rdns.reverse();
        }
        let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
        Ok(der::encode_sequence(&parts))
    }

    /// `relativeDistinguishedName = attributeTypeAndValue *( PLUS attributeTypeAndValue )`
    fn parse_rdn(&mut self) -> std::result::Result<Vec<u8>, SubjectFault> {
        let mut seen: Vec<String> = Vec::new();
        let mut attributes = Vec::new();
        loop {
            if self.spelling != Spelling::Slashes {
                self.skip_blanks();
            }
            let kind = self.attribute_type()?;
            if seen.iter().any(|oid| oid == kind.oid()) {
                return self.fault_here(format!("{} twice in one RDN (X.501 9.3)", kind.name()));
            }
            seen.push(kind.oid().to_owned());
            let made = if self.peek() == Some('#') && self.spelling != Spelling::Slashes {
                kind.with_der(&self.parse_hex_string()?)
            } else {
                kind.with_text(&self.parse_value()?)
            };
            match made {
                Ok(attribute) => attributes.push(attribute),
                Err(what) => return self.fault_here(what),
            }
            if self.peek() != Some('+') {
                break;
            }
            self.at += 1;
        }
        let parts: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
        Ok(der::encode_set(&parts))
    }

    /// `attributeType = descr / numericoid`, and the equals sign.
    fn attribute_type(&mut self) -> std::result::Result<AttributeKind, SubjectFault> {
        let start = self.at;
        while self.peek().is_some_and(is_type_character) {
            self.at += 1;
        }
        let name: String = self
            .characters
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect();
        if name.is_empty() {
            return self.fault_here("an attribute type is missing");
        }
        let blanks = self.spelling == Spelling::Blanks;
        if blanks && self.peek() != Some(' ') {
            return self
                .fault_here("no blank before the equals sign, though there is one before another");
        }
        if blanks {
            self.skip_blanks();
        }
        if self.next() != Some('=') {
            self.at = start;
            return self.fault_here(format!("`{name}` is not followed by an equals sign"));
        }
        if blanks {
            self.skip_blanks();
        }
        AttributeKind::from_name(&name).ok_or(()).or_else(|()| {
            self.at = start;
            let known: Vec<&str> = ATTRIBUTES
                .iter()
                .filter_map(|attribute| attribute.names.first().copied())
                .collect();
            self.fault_here(format!(
                "`{name}` is not an attribute type known here ({}), nor an OID",
                known.join(", ")
            ))
        })
    }

    /// `hexstring = SHARP 1*hexpair`: the octets.
    fn parse_hex_string(&mut self) -> std::result::Result<Vec<u8>, SubjectFault> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            match self.peek() {
                Some(c) if c.is_ascii_hexdigit() => self.parse_hex_pair(&mut bytes)?,
                None | Some(',' | '+') if !bytes.is_empty() => return Ok(bytes),
                _ => {
                    return self.fault_here(
                        "a value in `#hex` form that is not pairs of hex digits \
                                        (RFC 4514 3; a number sign is written `\\#`)",
                    );
                }
            }
        }
    }

    /// `string`: what may stand unescaped stands for itself; a backslash makes a character of what
    /// follows it.
    fn parse_value(&mut self) -> std::result::Result<String, SubjectFault> {
        if self.peek() == Some(' ') {
            return self.fault_here(
                "a space at the start of a value that is not written `\\ ` (RFC 4514 2.4)",
            );
        }
        if self.spelling != Spelling::Slashes && self.peek() == Some('"') {
            return self.parse_quoted();
        }
        let mut bytes = Vec::new();
        let mut trailing_space = false;
        while let Some(character) = self.peek() {
            match (character, self.spelling) {
                ('/', Spelling::Slashes)
                | (',', Spelling::Rfc4514 | Spelling::Blanks)
                | ('+', _) => break,
                ('\\', _) => {
                    self.at += 1;
                    self.parse_escape(&mut bytes)?;
                    trailing_space = false;
                    continue;
                }
                ('"' | ';' | '<' | '>', Spelling::Rfc4514 | Spelling::Blanks) => {
                    return self.fault_here(format!(
                        "`{character}` inside a value, which is written \
                                               `\\{character}` (RFC 4514 2.4)"
                    ));
                }
                ('/', _) if self.begins_attribute() => {
                    return self.fault_here(
                        "a slash before an attribute, as in openssl's spelling, which \
                                begins with one; inside a value write it `\\2F`",
                    );
                }
                (other, _) if is_hidden(other) => {
                    return self.fault_here("a control or invisible character");
                }
                (other, _) => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            trailing_space = character == ' ';
            self.at += 1;
        }
        // Before a plus sign openssl prints a blank, and so does this program.
        if trailing_space && self.spelling != Spelling::Slashes && self.peek() == Some('+') {
            bytes.truncate(bytes.trim_ascii_end().len());
        } else if trailing_space {
            return self.fault_here(
                "a space at the end of a value that is not written `\\ ` (RFC 4514 2.4)",
            );
        }
        self.decode_text(bytes)
    }

    /// Tells whether what follows the slash here is a known attribute's name and an equals sign:
    /// `CN=A/O=B` is hardly one value.
    fn begins_attribute(&self) -> bool {
        let rest = self.characters.get(self.at + 1..).unwrap_or_default();
        let name: String = rest.iter().take_while(|c| is_type_character(**c)).collect();
        rest.get(name.len()) == Some(&'=') && AttributeKind::from_name(&name).is_some()
    }

    /// A value in quotation marks, as this program prints one with a comma in it (RFC 2253 4), and
    /// openssl (X509_NAME_print_ex(3), XN_FLAG_ONELINE).
    fn parse_quoted(&mut self) -> std::result::Result<String, SubjectFault> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            match self.next() {
                Some('"') => break,
                Some('\\') => self.parse_escape(&mut bytes)?,
                Some(other) if is_hidden(other) => {
                    return self.fault_here("a control or invisible character");
                }
                Some(other) => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
                None => return self.fault_here("a quotation mark that is not closed"),
            }
        }
        match self.peek() {
            None | Some(',' | '+') => {}
            Some(' ') => self.skip_blanks(),
            _ => {
                return self.fault_here("something between a closing quotation mark and the comma");
            }
        }
        if matches!(self.peek(), None | Some(',' | '+')) {
            self.decode_text(bytes)
        } else {
            self.fault_here("something between a closing quotation mark and the comma")
        }
    }

    /// Reads a value's octets as text.
    fn decode_text(&self, bytes: Vec<u8>) -> std::result::Result<String, SubjectFault> {
        if bytes.is_empty() {
            return self.fault_here("an empty value");
        }
        let Ok(value) = String::from_utf8(bytes) else {
            return self.fault_here("hex pairs that are not UTF-8");
        };
        if value.chars().any(is_hidden) {
            self.fault_here("a control or invisible character")
        } else {
            Ok(value)
        }
    }

    /// `pair = ESC ( ESC / special / hexpair )`, after the backslash. In openssl's spelling with
    /// slashes any character stands for itself behind one.
    fn parse_escape(&mut self, bytes: &mut Vec<u8>) -> std::result::Result<(), SubjectFault> {
        match self.peek() {
            Some(any) if self.spelling == Spelling::Slashes && !is_hidden(any) => {
                bytes.extend_from_slice(any.encode_utf8(&mut [0; 4]).as_bytes())
            }
            Some(special @ ('\\' | '"' | '+' | ',' | ';' | '<' | '>' | ' ' | '#' | '=')) => {
                bytes.extend_from_slice(special.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(high) if high.is_ascii_hexdigit() => return self.parse_hex_pair(bytes),
            _ => {
                return self.fault_here(
                    "a backslash before a character that takes none (RFC 4514 3, `pair`)",
                );
            }
        }
        self.at += 1;
        Ok(())
    }

    /// `hexpair = HEX HEX`
    fn parse_hex_pair(&mut self, bytes: &mut Vec<u8>) -> std::result::Result<(), SubjectFault> {
        let mut digit = || {
            self.next()
                .and_then(|c| c.to_digit(16))
                .and_then(|digit| u8::try_from(digit).ok())
        };
        match (digit(), digit()) {
            (Some(high), Some(low)) => {
                bytes.push((high << 4) | low);
                Ok(())
            }
            _ => self.fault_here("a hex pair of one digit"),
        }
    }
}

/// A character of an attribute type.
fn is_type_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// Characters that would hide or steer text where the name is shown, and noncharacters.
fn is_hidden(c: char) -> bool {
    is_obeyed(c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::x509::name_text;

    fn subject_text(subject: &str) -> String {
        let name = parse_subject(subject).unwrap_or_else(|error| panic!("{}", error.message));
        name_text(&name).as_encoded().to_owned()
    }

    #[test]
    fn a_name_is_read_as_it_is_shown() {
        for subject in [
            "CN=My CA,O=Org,C=US",
            "CN=My CA,OU=Sales+L=Bonn,O=Org\\, Inc.,C=US",
            "CN=\\ a\\ ,O=a\\\\b\\\"c\\;d\\<e\\>f\\+g",
            "CN=a\\=b,SN=Ada,GN=B,E=a@b,serialNumber=1,title=Dr,DC=x,UID=y,STREET=z",
            "CN=#0c0141",
            "CN=\\#a",
        ] {
            let name = parse_subject(subject).unwrap();
            let shown = name_text(&name).to_string();
            assert_eq!(parse_subject(&shown).unwrap(), name, "{shown}");
        }
        let shown = name_text(&parse_subject("CN=My CA,OU=Sales+L=Bonn,O=Org\\, Inc.").unwrap());
        assert_eq!(
            shown.to_string(),
            "CN=My CA, L=Bonn + OU=Sales, O=\"Org, Inc.\""
        );
    }

    #[test]
    fn a_name_is_read_from_its_last_rdn_to_its_first() {
        assert_eq!(subject_text("CN=My CA,O=Org,C=US"), "C=US, O=Org, CN=My CA");
        assert_eq!(subject_text("cn=My CA, o=Org"), "O=Org, CN=My CA");
        assert_eq!(subject_text("2.5.4.3=My CA"), "CN=My CA");
        assert_eq!(
            subject_text("OU=Sales+CN=J.  Smith,DC=example,DC=net"),
            "DC=net, DC=example, OU=Sales + CN=J.  Smith"
        );
    }

    #[test]
    fn escapes_are_read_as_rfc_4514_writes_them() {
        // The examples of RFC 4514 section 4.
        assert_eq!(
            subject_text(r#"CN=James \"Jim\" Smith\, III,DC=example"#),
            r#"DC=example, CN=James \"Jim\" Smith\, III"#
        );
        assert_eq!(
            parse_subject("CN=Lu\\C4\\8Di\\C4\\87").unwrap(),
            parse_subject("CN=Lučić").unwrap()
        );
        assert_eq!(subject_text("CN=Before\\2CAfter"), "CN=Before\\,After");
        assert_eq!(subject_text("CN=\\ a\\ "), "CN= a ");
        assert_eq!(subject_text("CN=\\#a#=b\\="), "CN=#a#=b=");
        assert_eq!(subject_text("CN=\\5C"), "CN=\\\\");
    }

    #[test]
    fn values_have_the_string_type_that_rfc_5280_wants() {
        assert_eq!(
            parse_subject("C=US").unwrap(),
            b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US"
        );
        assert_eq!(
            parse_subject("CN=é").unwrap(),
            b"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\xc3\xa9"
        );
    }

    #[test]
    fn openssls_spellings_are_the_same_name() {
        let name = parse_subject("CN=My CA,OU=Sales+L=Bonn,O=Org\\, Inc.,C=US").unwrap();
        assert_eq!(
            parse_subject("/C=US/O=Org, Inc./OU=Sales+L=Bonn/CN=My CA").unwrap(),
            name
        );
        assert_eq!(
            parse_subject("C = US, O = \"Org, Inc.\", OU = Sales + L = Bonn, CN = My CA").unwrap(),
            name
        );
        assert_eq!(
            parse_subject("/CN=a\\/b\\+c\\\\d").unwrap(),
            parse_subject("CN=a/b\\+c\\\\d").unwrap()
        );
        assert_eq!(subject_text("CN = X"), "CN=X");
        assert_eq!(subject_text("CN=24/7 Ops"), "CN=24/7 Ops");
        assert_eq!(subject_text("CN=a\\2FO=b"), "CN=a/O=b");
    }

    #[test]
    fn any_attribute_type_is_taken_by_its_oid() {
        assert_eq!(
            parse_subject(
                "1.2.840.113549.1.9.1=#160361 4062"
                    .replace(' ', "")
                    .as_str()
            )
            .unwrap(),
            parse_subject("emailAddress=a@b").unwrap()
        );
        assert_eq!(
            parse_subject("2.5.4.3=#0c0141").unwrap(),
            parse_subject("CN=A").unwrap()
        );
        assert_eq!(
            parse_subject("1.2.3=#0c0141").unwrap(),
            b"\x30\x0b\x31\x09\x30\x07\x06\x02\x2a\x03\x0c\x01A"
        );
        assert_eq!(
            parse_subject("CN=A,1.2.3=#0500").unwrap().len(),
            parse_subject("CN=A").unwrap().len() + 10
        );
        assert_eq!(
            subject_text("E=a@b,serialNumber=HSM-1,SN=Ada,GN=B,title=Dr")
                .matches('=')
                .count(),
            5
        );
    }

    #[test]
    fn slips_are_refused_where_they_are() {
        for (subject, what) in [
            ("", "empty, at character 1"),
            ("  ", "empty"),
            (
                "My CA",
                "`My` is not followed by an equals sign, at character 1",
            ),
            ("/", "attribute type is missing, at character 2"),
            ("/C=US/", "attribute type is missing, at character 7"),
            ("/C=US//CN=A", "attribute type is missing, at character 7"),
            ("/CN= A", "space at the start"),
            (
                "CN=My CA/O=Org/C=US",
                "a slash before an attribute, as in openssl's spelling, which begins with one; \
                 inside a value write it `\\2F`, at character 9",
            ),
            ("CN=A/emailAddress=a@b", "a slash before an attribute"),
            ("CN = A,O=B", "no blank before the equals sign"),
            ("CN=A,O = B", "`O` is not followed by an equals sign"),
            ("CN = \"A", "a quotation mark that is not closed"),
            ("CN = \"A\"B", "between a closing quotation mark"),
            ("CN = \"A\" B", "between a closing quotation mark"),
            ("CN = \"\"", "an empty value"),
            ("CN = ", "an empty value"),
            ("CN=A,", "attribute type is missing, at character 6"),
            (",CN=A", "attribute type is missing, at character 1"),
            ("CN=A,,O=B", "attribute type is missing, at character 6"),
            ("CN=A+", "attribute type is missing"),
            ("CN=", "an empty value"),
            ("CN=A,X=a@b", "`X` is not an attribute type known here"),
            ("9.2.3=#0500", "`9.2.3` is not an attribute type"),
            ("1.2.3=A", "1.2.3, whose syntax is not known here"),
            ("1.2.3=#", "`#hex` form"),
            ("1.2.3=#0", "a hex pair of one digit"),
            ("1.2.3=#05 00", "`#hex` form"),
            ("1.2.3=#0501", "not DER"),
            ("1.2.3=#05000500", "not DER"),
            ("1.2.3=#0c01", "not DER"),
            ("1.2.3=#0c0141+1.2.3=#0c0142", "1.2.3 twice in one RDN"),
            ("CN=#0403020141", "no UTF8String"),
            ("CN=#0c03e280ae", "invisible"),
            ("C=#0c026465", "two capital letters"),
            ("emailAddress=\u{e9}@b", "ASCII"),
            ("serialNumber=a_b", "PrintableString"),
            ("CN=A+CN=B", "CN twice in one RDN"),
            ("CN= A", "space at the start"),
            ("CN=A ,O=B", "space at the end"),
            ("CN=A ", "space at the end"),
            ("CN=\"A", "a quotation mark that is not closed"),
            ("CN=\"A\"B", "between a closing quotation mark"),
            ("CN=A\"B\"", "`\"` inside a value"),
            ("CN=A;O=B", "`;` inside a value"),
            ("CN=#0403", "not DER"),
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
            assert_eq!((error.exit_code(), error.kind), (2, ErrorKind::BadSubject));
            assert!(
                error.message.contains(what),
                "{subject:?}: {}",
                error.message
            );
        }
    }

    #[test]
    fn values_keep_to_their_upper_bounds_in_characters() {
        for (name, bound) in [("CN", 64), ("O", 64), ("OU", 64), ("L", 128), ("ST", 128)] {
            assert!(parse_subject(&format!("{name}={}", "é".repeat(bound))).is_ok());
            let error = parse_subject(&format!("{name}={}", "e".repeat(bound + 1))).unwrap_err();
            assert!(
                error.message.contains(&format!("at most {bound}")),
                "{}",
                error.message
            );
        }
        assert!(
            parse_subject(&["CN=A"; 400].join(","))
                .unwrap_err()
                .message
                .contains("longer than 1024")
        );
    }
}
