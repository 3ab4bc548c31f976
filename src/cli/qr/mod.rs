//! `hsmboot qr show`, `hsmboot qr read`: a bundle by camera.

mod read;
mod screen;
mod show;

use super::ui::{Outcome, Ui};
use crate::bundle::{Bundle, Fingerprint, Part};
use crate::error::Result;
use crate::qr::Kind;
use crate::x509::pem::{self, Label};

/// Carry a bundle by camera, as QR codes
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot qr show ./cluster-abc234defgh
  hsmboot qr read photo1.jpg photo2.jpg --bundle ./cluster-abc234defgh

Exit codes: 0 done; 4 no codes, parts missing, or damaged; 8 files of other content, or another cluster's bundle, stand there")]
pub enum Command {
    /// Draw a bundle's request, or its response, as QR codes
    Show(show::Args),
    /// Read photographs or scans of the codes back into a bundle
    Read(read::Args),
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<Outcome> {
    match command {
        Command::Show(args) => show::run(args, ui),
        Command::Read(args) => read::run(args, ui),
    }
}

/// The fingerprint of what travels, as `fetch` and `sign` print it.
fn fingerprint(bundle: &Bundle, kind: Kind) -> Result<Fingerprint> {
    let der = |text: Vec<u8>, label| pem::decode(&text, label).unwrap_or(text);
    Ok(match kind {
        Kind::Request => Fingerprint::of_request(bundle.id(), &bundle.evidence(false, true)?),
        Kind::Response => Fingerprint::of_response(
            bundle.id(),
            &der(bundle.read(Part::Csr)?, Label::CertificateRequest),
            &der(bundle.read(Part::SignedCert)?, Label::Certificate),
            &der(bundle.read_trust_anchor()?, Label::Certificate),
        ),
    })
}
