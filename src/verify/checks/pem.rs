//! `pem.<input>`: each input is one strict PEM block of strict DER.

use super::{Judged, Outcome, Parts};
use crate::verify::Input;
use crate::x509::{hex, name_text};

/// `pem.<input>` (API Reference 2022-06-06, InitializeCluster; RFC 7468; X.690 10 and 11; RFC 5280 4.1; RFC 2986 4).
pub(super) fn pem(parts: &Parts<'_>, input: Input, csr_ignored: bool) -> Judged {
    let good = |what: &str, subject: &[u8], print: &[u8]| {
        Ok(Outcome::pass(format!("{what}: one PEM block of strict DER, subject {}, SHA-256 {}", name_text(subject), hex(print))))
    };
    let noun = input.noun();
    let parsed = match input {
        Input::Csr => {
            return match &parts.csr {
                None if csr_ignored => Err(Outcome::skipped("the CSR is there and was ignored: only the chains were judged (--chains-only)")),
                None => Err(Outcome::skipped("only the chains were judged, without a CSR (--chains-only)")),
                Some(Err(fault)) => Err(Outcome::fail(format!("{noun}: {fault}"))),
                Some(Ok(csr)) => good(noun, csr.subject(), &csr.fingerprint()),
            };
        }
        Input::Hsm => &parts.hsm,
        Input::AwsHardware => &parts.aws_hardware,
        Input::ManufacturerHardware => &parts.manufacturer_hardware,
    };
    match parsed {
        Ok(certificate) if !certificate.extensions().opaque.is_empty() => Ok(Outcome::note(format!(
            "{noun}: one PEM block, subject {}, SHA-256 {}; strict DER but for the value of extension {}, which is not critical and which nothing reads",
            name_text(certificate.subject()),
            hex(&certificate.fingerprint()),
            certificate.extensions().opaque.join(", ")
        ))),
        Ok(certificate) => good(noun, certificate.subject(), &certificate.fingerprint()),
        Err(fault) => Err(Outcome::fail(format!("{noun}: {fault}"))),
    }
}
