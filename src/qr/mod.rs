//! A bundle by camera: its files as a few QR codes, and back from what a camera sees of them. Bytes
//! in, bytes out; nothing here reads a file or a clock.
//!
//! | step | module |
//! | --- | --- |
//! | the files of a request or a response, as one archive | [`Kind`], [`crate::bundle::archive`] |
//! | compressed, cut into numbered parts, each a text with a digest of its own | [`parts`] |
//! | a code for each part, for a terminal | [`draw`] |
//! | with words below it, as PNG or as SVG | [`sheet`], [`Caption`] |
//! | texts from a photograph | [`photograph`] |
//! | parts put together, held against the digest of the whole | [`collection::Collection`] |
//!
//! The digests guard against accidents. Whoever can hold another code before the camera can make
//! one that fits: against that people compare [fingerprints](crate::bundle::Fingerprint), and every
//! step judges the certificates again.

mod base45;
mod caption;
pub mod collection;
mod compressed;
pub mod draw;
mod finder;
mod grey;
pub mod parts;
pub mod photograph;
mod picture;
pub mod sheet;

use std::fmt;

pub use caption::Caption;

use crate::bundle::{
    CA_FILE, CREATION, ClusterId, Part, REQUEST, RESPONSE, TRANSCRIPT, VERIFICATION,
};

/// What travels: there, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What `fetch` wrote, and the transcript.
    Request,
    /// What `sign` or `import` added, and the transcript.
    Response,
}

impl Kind {
    /// As JSON, file names and messages have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Request => "request",
            Kind::Response => "response",
        }
    }

    /// The files that belong to it; those of a bundle that are there travel. A verification record
    /// belongs to what it judged: to the request as long as there is no response.
    pub fn files(self, id: &ClusterId) -> Vec<String> {
        let fixed = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        match self {
            Kind::Request => {
                let parts = Part::REQUEST.into_iter().map(|part| part.file_name(id));
                parts
                    .chain(fixed(&[REQUEST, VERIFICATION, CREATION, TRANSCRIPT]))
                    .collect()
            }
            Kind::Response => [
                fixed(&[CA_FILE, RESPONSE, VERIFICATION, TRANSCRIPT]),
                vec![Part::SignedCert.file_name(id)],
            ]
            .concat(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
