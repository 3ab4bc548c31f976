//! Carries a bundle by camera: turns its files into a few QR codes, and a photograph of them back
//! into files. Bytes go in and bytes come out. Nothing here reads a file or a clock.
//!
//! | step | module |
//! | --- | --- |
//! | the files of a request or response, as one archive | [`QrKind`], [`crate::bundle::archive`] |
//! | told in few octets: DER for PEM, a digest's number for the digest | `packed` |
//! | compressed, cut into numbered parts, each a text with a digest of its own | [`parts`] |
//! | a code for each part, for a terminal | [`draw`] |
//! | with words below it, as PNG or as SVG | [`sheet`], [`Caption`] |
//! | texts from a photograph | [`photograph`] |
//! | parts put together, held against the digest of the whole | [`collection::Collection`] |
//!
//! The digests guard only against accidents. An attacker who can hold another code before the
//! camera can also make one with valid digests. Against that people compare
//! [fingerprints](crate::bundle::Fingerprint), and every step judges the certificates again.

mod base45;
mod caption;
pub mod collection;
mod compressed;
mod dictionary;
pub mod draw;
mod finder;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod grey;
mod packed;
pub mod parts;
pub mod photograph;
mod picture;
pub mod sheet;

use std::fmt;

pub use caption::Caption;

use crate::bundle::{
    CA_FILE, CREATION, ClusterId, Part, REQUEST, RESPONSE, SIMULATED_ROOTS, TRANSCRIPT,
    VERIFICATION,
};

/// The content of a set of codes: a request on its way there, or a response on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QrKind {
    /// The files that `fetch` wrote, and the transcript.
    Request,
    /// The files that `sign` or `import` added, and the transcript.
    Response,
}

impl QrKind {
    /// Returns the word for JSON, file names and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            QrKind::Request => "request",
            QrKind::Response => "response",
        }
    }

    /// Returns the names of the files that belong to the request or response. Of these, the
    /// bundle's existing ones travel. A verification record belongs to the files that it judged: to
    /// the request as long as there is no response.
    pub fn file_names(self, id: &ClusterId) -> Vec<String> {
        let fixed = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        match self {
            QrKind::Request => {
                let parts = Part::REQUEST.into_iter().map(|part| part.file_name(id));
                parts
                    .chain(fixed(&[
                        REQUEST,
                        VERIFICATION,
                        CREATION,
                        SIMULATED_ROOTS,
                        TRANSCRIPT,
                    ]))
                    .collect()
            }
            QrKind::Response => [
                fixed(&[CA_FILE, RESPONSE, VERIFICATION, TRANSCRIPT]),
                vec![Part::SignedCert.file_name(id)],
            ]
            .concat(),
        }
    }
}

impl fmt::Display for QrKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
