//! The hint for a file that is DER where PEM is expected: the command that converts it.

use std::path::Path;

use crate::bundle::{Bundle, Part};
use crate::error::{Error, ErrorKind};
use crate::outside::shown_path;
use crate::verify::Evidence;
use crate::x509::pem::{Label, PemError, decode};
use crate::{fsio, hint};

/// A given file: its path, its content, and what it should hold.
pub(crate) type GivenFile<'a> = (&'a Path, &'a [u8], Label);

/// Returns the same error. Where one of the files is DER, the hint names that file, in a command
/// that writes PEM to a new name.
pub(crate) fn with_conversion_hint(error: Error, files: &[GivenFile<'_>]) -> Error {
    let binary = files
        .iter()
        .find(|(_, text, label)| decode(text, *label) == Err(PemError::Der));
    match binary {
        Some((path, _, label)) if error.kind == ErrorKind::Malformed => Error {
            hint: conversion_hint(path, *label).into(),
            ..error
        },
        _ => error,
    }
}

fn conversion_hint(path: &Path, label: Label) -> String {
    let program = match label {
        Label::Certificate => "x509",
        Label::CertificateRequest => "req",
    };
    let new = hint::free_name(path, "pem", fsio::is_there);
    let (file, out) = (
        hint::path_word(path, "FILE"),
        hint::path_word(&new, "NEWFILE"),
    );
    let command = hint::quote_command(&[
        "openssl", program, "-inform", "DER", "-in", &file, "-out", &out,
    ]);
    format!(
        "convert it with {command}, and put {} in its place",
        shown_path(&new)
    )
}

/// Does the same as [`with_conversion_hint`] for the files of a bundle. A bundle in one file has no
/// file to name.
pub(crate) fn with_conversion_hint_for_bundle(
    error: Error,
    bundle: &Bundle,
    evidence: &Evidence,
) -> Error {
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
    with_conversion_hint(error, &files)
}
