//! The reasons why a text is refused.

use super::MAX_READ_CHARS;
use crate::x509::Malformed;

/// A form of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf16Encoding {
    /// With a byte order mark.
    WithMark,
    /// Without one, the lower octet first.
    LittleEndian,
    /// Without one, the higher octet first.
    BigEndian,
}

impl Utf16Encoding {
    /// Returns the name that iconv has for it.
    pub const fn iconv_name(self) -> &'static str {
        match self {
            Utf16Encoding::WithMark => "UTF-16",
            Utf16Encoding::LittleEndian => "UTF-16LE",
            Utf16Encoding::BigEndian => "UTF-16BE",
        }
    }
}

/// The reason why a text is not the one PEM block that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Nothing there.
    #[error("the file is empty")]
    Empty,
    /// A private key, of which nothing is shown.
    #[error("this is a private key, not a {expected}; it must never be here")]
    PrivateKey {
        /// The label that was expected.
        expected: &'static str,
    },
    /// Over [`MAX_READ_CHARS`].
    #[error(
        "{found} characters, and CloudHSM's certificates and CSRs have at most {MAX_READ_CHARS} \
         (API Reference, DescribeClusters)"
    )]
    TooLong {
        /// The number of characters.
        found: usize,
    },
    /// A byte order mark.
    #[error("it begins with a byte order mark; save it as plain ASCII")]
    ByteOrderMark,
    /// UTF-16: Windows PowerShell's redirection, without being asked.
    #[error(
        "it is UTF-16{}, as PowerShell writes what it redirects, expected ASCII: `iconv -f \
         {} -t ASCII` converts it",
        if *.encoding == Utf16Encoding::WithMark { " with a byte order mark" } else { "" },
        encoding.iconv_name()
    )]
    Utf16 {
        /// The encoding.
        encoding: Utf16Encoding,
    },
    /// The word that the aws CLI writes where there is nothing.
    #[error(
        "it holds the word `{word}`, which the aws CLI writes where the service shows nothing: \
         {meaning}"
    )]
    NoValue {
        /// `None` in its text output, `null` in JSON.
        word: &'static str,
        /// The meaning of that for such an input, and what to do.
        meaning: &'static str,
    },
    /// PKCS#7 (RFC 2315), as Windows CAs give chains.
    #[error(
        "this is PKCS#7, which holds certificates, expected them one by one in PEM: `openssl \
         pkcs7{inform} -print_certs -in FILE -out NEWFILE` writes them to another file; the CA \
         that signs comes first there, the root last"
    )]
    Pkcs7 {
        /// The option for DER, with a blank before it.
        inform: &'static str,
    },
    /// OpenSSL's `TRUSTED CERTIFICATE`: a certificate with its own settings behind it.
    #[error(
        "this is a certificate with OpenSSL's trust settings, expected one without: `openssl x509 \
         -in FILE -out NEWFILE` writes it to another file"
    )]
    Trusted,
    /// A keystore of Java's: JKS or JCEKS.
    #[error(
        "this is a Java keystore, expected a certificate in PEM: `keytool -exportcert -rfc \
         -keystore FILE -alias ALIAS -file NEWFILE` writes one to another file"
    )]
    JavaKeystore,
    /// The block on one line.
    #[error(
        "the BEGIN line, the base64 and the END line stand on one line, where the service writes \
         each on its own: put the line breaks back, or copy the file again"
    )]
    OneLine,
    /// DER, not PEM.
    #[error("this is DER (binary), expected PEM")]
    Der,
    /// A character outside the documented pattern.
    #[error(
        "byte {byte:#04x} in line {line}, outside the characters that CloudHSM documents: \
         [a-zA-Z0-9+-/=\\s]"
    )]
    Character {
        /// The byte.
        byte: u8,
        /// Counted from 1.
        line: usize,
    },
    /// No block at all.
    #[error("no PEM block, expected `-----BEGIN {expected}-----`")]
    NoBlock {
        /// The label that was expected.
        expected: &'static str,
    },
    /// Text beside the block.
    #[error("text {place} the PEM block, where only white space may be")]
    TextAround {
        /// `before` or `after`
        place: &'static str,
    },
    /// More than one block.
    #[error("{found} PEM blocks, expected exactly one")]
    Blocks {
        /// The number of blocks.
        found: usize,
    },
    /// Another label, which is known.
    #[error("a block labelled `{found}`, expected `{expected}`")]
    Label {
        /// The label found: the program's own copy of it.
        found: &'static str,
        /// The label that was expected.
        expected: &'static str,
    },
    /// Another label, which is not: nothing of it is shown.
    #[error("a block of another label, expected `{expected}`")]
    UnknownLabel {
        /// The label that was expected.
        expected: &'static str,
    },
    /// BEGIN and END lines that do not belong together.
    #[error("the BEGIN line has no END line of the same label")]
    Unclosed,
    /// Blanks, as an indentation.
    #[error(
        "blanks in or beside the lines of the PEM block, where the service writes none: take the \
         indentation out, or copy the file again"
    )]
    Blanks,
    /// A block of nothing.
    #[error("there is nothing between the BEGIN and END lines")]
    EmptyBlock,
    /// Not base64 as RFC 4648 section 4 writes it.
    #[error("the text between the BEGIN and END lines is not base64 (RFC 4648 section 4)")]
    Base64,
}

impl From<PemError> for Malformed {
    fn from(fault: PemError) -> Self {
        Malformed::new(fault.to_string()).by_its_file()
    }
}
