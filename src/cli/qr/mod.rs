//! `hsmboot qr show`, `hsmboot qr read`: a bundle by camera.

mod layout;
mod pixels;
mod read;
mod screen;
mod show;
mod slides;
mod terminal;

use super::ui::{CommandOutput, Ui};
use crate::bundle::{Bundle, Fingerprint, Part};
use crate::error::Result;
use crate::qr::QrKind;
use crate::x509::pem::{self, Label};
use crate::x509::{Certificate, TrustAnchor};

/// Carry a bundle by camera, as QR codes
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot qr show ./cluster-abc234defgh
  hsmboot qr read photo1.jpg photo2.jpg --bundle ./cluster-abc234defgh

Exit codes: 0 done; 4 no codes, parts missing, or damaged; 8 files of other content, or another \
cluster's bundle, stand there")]
pub enum Command {
    /// Draw a bundle's request, or its response, as QR codes
    Show(show::Args),
    /// Read photographs or scans of the codes back into a bundle
    Read(read::Args),
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Show(args) => show::run(args, ui),
        Command::Read(args) => read::run(args, ui),
    }
}

/// Returns the fingerprint of what travels, as `fetch` and `sign` print it. What cannot be parsed
/// counts as it is.
fn bundle_fingerprint(bundle: &Bundle, kind: QrKind) -> Result<Fingerprint> {
    if kind == QrKind::Request {
        return Ok(Fingerprint::of_request(
            bundle.id(),
            &bundle.read_evidence(false, true)?,
        ));
    }
    let csr = bundle.read(Part::Csr)?;
    let csr = pem::decode(&csr, Label::CertificateRequest).unwrap_or(csr);
    let signed_cert = bundle.read(Part::SignedCert)?;
    let signed_cert = Certificate::from_owner_file(&signed_cert)
        .map_or(signed_cert, |found| found.as_der().to_vec());
    let trust_anchor = bundle.read_trust_anchor()?;
    // The bundle's own file, which enters here: for its fingerprint alone.
    let trust_anchor = TrustAnchor::from_file(&trust_anchor).map_or(vec![trust_anchor], |found| {
        found.certificate_ders().map(<[u8]>::to_vec).collect()
    });
    Ok(Fingerprint::of_response(
        bundle.id(),
        &csr,
        &signed_cert,
        trust_anchor.iter().map(Vec::as_slice),
    ))
}
