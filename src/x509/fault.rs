//! Small faults of DER that old tools have written into certificates, and whose certificates may
//! have which of them.
//!
//! Each is one way to write what another way says as well, or a character more in a text. None
//! changes what is signed, whose key it is, or what it may do, and the bytes stay as they came.

use std::fmt;

use super::Malformed;

/// A fault that some certificates may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// `cA FALSE` in basicConstraints, which is the default and not written (X.690 11.5).
    CaFalse,
    /// keyUsage with zero bits at its end (X.690 11.2.2).
    PaddedKeyUsage,
    /// `critical FALSE` in an extension, which is the default and not written (X.690 11.5).
    CriticalFalse,
    /// A PrintableString with another character that can be seen, such as `&`, `_`, `*` or `@`, or
    /// with octets beyond ASCII (X.680 41.4).
    PrintableString,
    /// An IA5String with octets beyond ASCII (X.680 41, table 8).
    Ia5String,
    /// TRUE as another octet than FF, which BER allows (X.690 8.2.2, 11.1).
    OtherTrue,
    /// A SET OF whose elements do not ascend (X.690 11.6).
    UnsortedSet,
    /// Version 1, which is the default and not written (X.690 11.5).
    VersionOne,
    /// subjectAltName without a name in it (RFC 5280 4.2.1.6).
    NoAlternativeName,
    /// An extension of which nothing is used here, in another form than RFC 5280 4.2 defines.
    OtherForm,
    /// A list of extensions without one in it (RFC 5280 4.1).
    NoExtension,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::CaFalse => "basicConstraints writes out cA FALSE, the default (X.690 11.5)",
            Fault::PaddedKeyUsage => {
                "keyUsage is not the shortest form of its nine bits (X.690 11.2.2)"
            }
            Fault::CriticalFalse => {
                "an extension writes out critical FALSE, the default (X.690 11.5)"
            }
            Fault::PrintableString => "a PrintableString with other characters (X.680 41.4)",
            Fault::Ia5String => "an IA5String beyond ASCII (X.680 41)",
            Fault::OtherTrue => "a BOOLEAN that is neither 00 nor FF, and so TRUE (X.690 11.1)",
            Fault::UnsortedSet => "a SET whose elements are not in order (X.690 11.6)",
            Fault::VersionOne => "version 1 is written out, though it is the default (X.690 11.5)",
            Fault::NoAlternativeName => "subjectAltName without a name in it (RFC 5280 4.2.1.6)",
            Fault::OtherForm => {
                "an extension has another form than its standard defines, and OpenSSL may refuse \
                 the certificate for it (RFC 5280 4.2)"
            }
            Fault::NoExtension => "an empty list of extensions (RFC 5280 4.1)",
        })
    }
}

/// The strictness with which a certificate is read. It follows from whose the certificate is, and
/// decides which faults are tolerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// None.
    #[default]
    Full,
    /// Of the hardware: its roots, what stands between, and the hardware certificates. There, the
    /// content of basicConstraints and keyUsage is worth a note at most, except an intermediate's;
    /// so its form is worth no more.
    Hardware,
    /// Of the owner: a CA's own established certificates, and what it signs. Their bytes are kept
    /// as they are; what the service says of them is the service's affair.
    Owner,
}

impl Strictness {
    const fn tolerates(self, fault: Fault) -> bool {
        match self {
            Strictness::Full => false,
            Strictness::Hardware => matches!(fault, Fault::CaFalse | Fault::PaddedKeyUsage),
            Strictness::Owner => true,
        }
    }
}

/// The faults found in one certificate, while it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    strictness: Strictness,
    found: Vec<Fault>,
}

impl Faults {
    /// Makes an empty list for a certificate that is read with this strictness.
    pub(crate) const fn with_strictness(strictness: Strictness) -> Self {
        Faults {
            strictness,
            found: Vec::new(),
        }
    }

    /// Notes a fault, where it is tolerated.
    ///
    /// # Errors
    /// Where it is not.
    pub(crate) fn note_tolerated(&mut self, fault: Fault, what: &str) -> Result<(), Malformed> {
        if !self.strictness.tolerates(fault) {
            return Err(Malformed::new(format!("{what}: {fault}")));
        }
        if !self.found.contains(&fault) {
            self.found.push(fault);
        }
        Ok(())
    }

    /// Does the same; where it is not tolerated, `told` says what it is.
    pub(crate) fn note_tolerated_as(
        &mut self,
        fault: Fault,
        told: Malformed,
    ) -> Result<(), Malformed> {
        match self.strictness.tolerates(fault) {
            true => self.note_tolerated(fault, ""),
            false => Err(told),
        }
    }

    /// Returns the faults that were noted, each once, in an order that does not depend on where
    /// they stand.
    pub(crate) fn into_found(mut self) -> Vec<Fault> {
        self.found.sort_unstable();
        self.found
    }
}
