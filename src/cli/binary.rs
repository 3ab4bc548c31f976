//! A file that is DER where PEM is expected: the command that converts it.

use std::path::Path;

use crate::bundle::{Bundle, Part};
use crate::error::{Error, ErrorKind};
use crate::outside::shown;
use crate::verify::Evidence;
use crate::x509::pem::{Label, PemError, decode};
use crate::{fsio, hint};

/// A file that was given: where it lies, what was read of it, and what it should hold.
pub(crate) type Given<'a> = (&'a Path, &'a [u8], Label);

/// The same error; where one of the files is DER, its hint names that file, in a command that
/// writes PEM to a name that nothing has.
pub(crate) fn told(error: Error, files: &[Given<'_>]) -> Error {
    let binary = files
        .iter()
        .find(|(_, text, label)| decode(text, *label) == Err(PemError::Der));
    match binary {
        Some((path, _, label)) if error.kind == ErrorKind::Malformed => Error {
            hint: converted(path, *label).into(),
            ..error
        },
        _ => error,
    }
}

fn converted(path: &Path, label: Label) -> String {
    let program = match label {
        Label::Certificate => "x509",
        Label::CertificateRequest => "req",
    };
    let new = hint::free_name(path, "pem", fsio::is_taken);
    let (file, out) = (hint::path(path, "FILE"), hint::path(&new, "NEWFILE"));
    let command = hint::command(&[
        "openssl", program, "-inform", "DER", "-in", &file, "-out", &out,
    ]);
    format!(
        "convert it with {command}, and put {} in its place",
        shown(&new)
    )
}

/// The same of what a bundle holds: in one file it names none.
pub(crate) fn told_of(error: Error, bundle: &Bundle, evidence: &Evidence) -> Error {
    if !bundle.store().is_directory() {
        return error;
    }
    let place = |part: Part| bundle.path().join(part.file_name(bundle.id()));
    let csr = (
        place(Part::Csr),
        evidence.csr.as_deref().unwrap_or_default(),
        Label::CertificateRequest,
    );
    let certificates = [
        (Part::Hsm, &evidence.hsm),
        (Part::AwsHardware, &evidence.aws_hardware),
        (Part::ManufacturerHardware, &evidence.manufacturer_hardware),
    ];
    let certificates =
        certificates.map(|(part, text)| (place(part), text.as_slice(), Label::Certificate));
    let files: Vec<_> = std::iter::once(&csr)
        .chain(&certificates)
        .map(|(path, text, label)| (path.as_path(), *text, *label))
        .collect();
    told(error, &files)
}
