//! `pem.<input>`: each input is one strict PEM block of strict DER; in a hardware certificate's
//! text more may stand.

use super::{Judged, ParsedEvidence, Remark};
use crate::verify::{Input, Side};
use crate::x509::{Certificate, name_text, to_hex};

/// `pem.<input>` (API Reference 2022-06-06, InitializeCluster; RFC 7468; X.690 10 and 11; RFC 5280
/// 4.1; RFC 2986 4).
pub(super) fn pem(parts: &ParsedEvidence<'_>, input: Input) -> Judged {
    let good = |what: &str, subject: &[u8], print: &[u8]| {
        Ok(format!(
            "{what}: one PEM block of strict DER, subject {}, SHA-256 {}",
            name_text(subject),
            to_hex(print)
        ))
    };
    let noun = input.noun();
    let parsed = match input {
        Input::Csr => {
            return match &parts.csr {
                None if parts.csr_ignored => Err(Remark::skipped(
                    "the CSR is there and was ignored: only the chains were judged (--chains-only)",
                )),
                None => Err(Remark::skipped(
                    "only the chains were judged, without a CSR (--chains-only)",
                )),
                Some(Err(fault)) => Err(Remark::fail(format!("{noun}: {fault}"))),
                Some(Ok(csr)) => good(noun, csr.subject(), &csr.fingerprint()),
            };
        }
        Input::Hsm => &parts.hsm,
        Input::AwsHardware => &parts.aws_hardware,
        Input::ManufacturerHardware => &parts.manufacturer_hardware,
    };
    let certificate = parsed
        .as_ref()
        .map_err(|fault| Remark::fail(format!("{noun}: {fault}")))?;
    let mut notes: Vec<String> = tolerated_oddities(certificate, "").collect();
    if let Some(side) = Side::ALL.into_iter().find(|side| side.hardware() == input) {
        notes.extend(describe_further(parts, side));
    }
    if notes.is_empty() {
        return good(noun, certificate.subject(), &certificate.fingerprint());
    }
    let (subject, print) = (
        name_text(certificate.subject()),
        to_hex(&certificate.fingerprint()),
    );
    Err(Remark::note(format!(
        "{noun}: a PEM block of DER, subject {subject}, SHA-256 {print}; {}",
        notes.join("; ")
    )))
}

/// Returns what is tolerated in a certificate, and noted.
fn tolerated_oddities(certificate: &Certificate, of: &str) -> impl Iterator<Item = String> {
    let opaque = &certificate.extensions().opaque;
    let opaque = (!opaque.is_empty()).then(|| {
        format!(
            "{of}the value of extension {}, which is not critical and which nothing \
                          reads, is no DER",
            opaque.join(", ")
        )
    });
    certificate
        .tolerated_faults()
        .iter()
        .map(move |fault| format!("{of}{fault}"))
        .chain(opaque)
}

/// Describes what stands in a hardware certificate's text besides it, and which of that was
/// followed.
fn describe_further(parts: &ParsedEvidence<'_>, side: Side) -> Vec<String> {
    let further = parts.further_of(side);
    if further.is_empty() {
        return Vec::new();
    }
    let followed = parts.path_of(side).intermediates.len();
    let blocks = if further.len() == 1 {
        "one further block".to_owned()
    } else {
        format!("{} further blocks", further.len())
    };
    let what =
        format!("{blocks}, looked at as intermediates and never as anchors: {followed} followed");
    let numbers = 2usize..;
    std::iter::once(what)
        .chain(numbers.zip(further).flat_map(|(number, certificate)| {
            tolerated_oddities(certificate, &format!("in block {number}, ")).collect::<Vec<_>>()
        }))
        .collect()
}
