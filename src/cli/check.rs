//! `hsmboot check`

use std::path::{Path, PathBuf};

use super::binary;
use super::findings::{failed_ids, findings_text};
use super::ui::{CommandOutput, Effect, GREEN, RED, StyledText, Ui, styled};
use crate::bundle::{ClusterId, Part};
use crate::check::check;
use crate::error::Result;
use crate::fsio::{self, MAX_INPUT};
use crate::x509::Moment;
use crate::x509::pem::Label;

/// Check a signed certificate against all that InitializeCluster demands
///
/// CSR, signed certificate and trust anchor are held against each other, and against every limit.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot check --csr cluster-abc234defgh_ClusterCsr.csr \\
    --signed-cert cluster-abc234defgh_CustomerHsmCertificate.crt --ca customerCA.crt
  hsmboot check --csr my.csr --signed-cert my.crt --ca ca.crt --at 2026-01-31T00:00:00Z

Exit codes: 0 fit to be sent; 2 wrong command line; 3 they do not hold together; 4 malformed or \
over a limit; 5 a trust anchor that CloudHSM, or \
the cluster's clients, would refuse")]
pub struct Args {
    /// The cluster's CSR
    #[arg(long, value_name = "FILE")]
    csr: PathBuf,
    /// The certificate that your CA made for it
    #[arg(long, value_name = "FILE")]
    signed_cert: PathBuf,
    /// Your CA's own, self-signed certificate, or its chain: the CA that signed first, its root
    /// last
    #[arg(long = "ca", alias = "trust-anchor", value_name = "FILE")]
    trust_anchor: PathBuf,
    /// The moment to judge validity at, RFC 3339 (default: now)
    #[arg(long, value_name = "RFC3339")]
    at: Option<Moment>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    if let Some(cluster) = cluster_by_name(&args.csr) {
        ui.note_cluster(&cluster);
    }
    let csr = fsio::read(&args.csr, "the cluster's CSR", MAX_INPUT)?;
    let signed_cert = fsio::read(&args.signed_cert, "the signed certificate", MAX_INPUT)?;
    let trust_anchor = fsio::read(&args.trust_anchor, "the trust anchor", MAX_INPUT)?;
    let record = check(
        &csr,
        &signed_cert,
        &trust_anchor,
        args.at.unwrap_or_else(super::now),
    )
    .record;
    let mut text = StyledText::new();
    let mut told = Vec::new();
    if !ui.quiet {
        text.push(findings_text(&record, ui));
        told = failed_ids(&record);
    }
    let files = [
        (
            args.csr.as_path(),
            csr.as_slice(),
            Label::CertificateRequest,
        ),
        (&args.signed_cert, &signed_cert, Label::Certificate),
        (&args.trust_anchor, &trust_anchor, Label::Certificate),
    ];
    let error = record
        .error()
        .map(|error| binary::with_conversion_hint(error, &files));
    let verdict = match error {
        None => styled(
            GREEN,
            format!(
                "fit: InitializeCluster can be sent this pair, at {}",
                record.at
            ),
        ),
        Some(_) => styled(RED, format!("unfit at {}", record.at)),
    };
    // The one line of --quiet stays one.
    let width = ui.width.filter(|_| !ui.quiet);
    text.push(verdict.hung(2, width));
    text.push_str("\n");
    let document = serde_json::to_value(&record).unwrap_or_default();
    let summary = "the pair is fit: InitializeCluster can be sent it";
    Ok(
        CommandOutput::with_error(Effect::Unchanged, document, text, error)
            .summarized(summary)
            .having_told(told),
    )
}

/// Returns the cluster that the name of a CSR's file tells, where it is named as in a bundle.
fn cluster_by_name(csr: &Path) -> Option<ClusterId> {
    let name = csr.file_name()?.to_str()?;
    let id: ClusterId = name.split_once('_')?.0.parse().ok()?;
    (Part::Csr.file_name(&id) == name).then_some(id)
}
