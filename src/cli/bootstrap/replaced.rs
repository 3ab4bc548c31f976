//! A CSR that was replaced meanwhile: AWS replaces a failed first HSM, and the CSR goes with it.
//!
//! Nothing of the old ceremony is reused. Its files are kept aside and never read again; the new
//! CSR is judged as any other is, and the owner is proven as in any other run.

use std::path::Path;

use crate::bundle::{Bundle, ClusterId, Part};
use crate::cli::step::repeated_command;
use crate::cloudhsm::{Cluster, NextStep, limits, next_step};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, shown_path};
use crate::x509::{Certificate, Csr};

/// Tells whether the bundle is of a CSR that the cluster had before. A bundle that was fetched in
/// another region is none: there the cluster is another one.
pub(super) fn is_replaced(bundle: &Bundle, cluster: &Cluster, region: &str) -> Result<bool> {
    let Some(live) = cluster.certificates.cluster_csr.as_deref() else {
        return Ok(false);
    };
    Ok(bundle.has_another_csr(live)? && !bundle.is_of_another_region(region))
}

/// Tells whether the bundle's certificate is of another key than the bundle's CSR: a run ended
/// between the two. One that cannot be read is none.
pub(super) fn is_signed_for_another_csr(bundle: &Bundle) -> Result<bool> {
    if !bundle.has_part(Part::SignedCert) {
        return Ok(false);
    }
    // The bundle's own file, which enters here: it is compared, and nothing is done with it.
    let signed = Certificate::from_owner_file(&bundle.read(Part::SignedCert)?);
    let csr = Csr::from_pem(&bundle.read(Part::Csr)?);
    Ok(matches!((signed, csr), (Ok(signed), Ok(csr)) if signed.spki() != csr.spki()))
}

/// Returns the warning that the CSR was replaced.
pub(super) fn replacement_warning(id: &ClusterId, kept: &Path) -> Lines {
    Lines::from([
        format!(
            "{id} has another CSR than this bundle's: AWS replaces a failed first HSM, and the \
             CSR with it. A new ceremony begins: the new CSR is verified and signed"
        ),
        format!("  the old files are kept in {}", shown_path(kept)),
    ])
}

fn old_certificate_text(bundle: &Bundle) -> String {
    format!(
        "{} was signed for another CSR than {}, which is the cluster's",
        bundle.part_place(Part::SignedCert),
        bundle.part_place(Part::Csr)
    )
}

/// Returns the warning that the bundle's certificate is of a CSR that is gone, and is signed anew.
pub(super) fn old_certificate_warning(bundle: &Bundle, kept: &Path) -> Lines {
    Lines::from([
        format!(
            "{}: the CSR that is there is signed anew",
            old_certificate_text(bundle)
        ),
        format!("  the files are kept as they were in {}", shown_path(kept)),
    ])
}

/// Returns the error of a dry run on such a bundle: only a real run keeps its files aside.
pub(super) fn old_certificate_error(bundle: &Bundle) -> Error {
    Error::new(
        ErrorKind::CsrChanged,
        format!("{}; nothing was signed", old_certificate_text(bundle)),
        "run the same command without --dry-run: it keeps the files aside, and signs the CSR that \
         is there; or give the dry run another directory with --bundle",
    )
    .with_fact(FactName::ClusterId, bundle.id().as_str())
}

/// Returns the error of a dry run on the bundle of a CSR that is gone: only a real run keeps the
/// old files aside.
pub(super) fn dry_run_error(id: &ClusterId) -> Error {
    Error::new(
        ErrorKind::CsrChanged,
        format!("{id} has another CSR than this bundle's; nothing was changed"),
        "run the same command without --dry-run: it keeps the files of the old CSR aside, and goes \
         on with the new one; or give the dry run another directory with --bundle",
    )
    .with_fact(FactName::ClusterId, id.as_str())
}

/// Adds to an error what this very command can do about it. `creates_hsm`: it creates an HSM
/// already where there is none.
pub(super) fn with_own_next_step(error: Error, seen: Option<&Cluster>, creates_hsm: bool) -> Error {
    match (error.kind, seen.map(next_step)) {
        (ErrorKind::NoHsm, Some(NextStep::CreateHsm { .. })) if creates_hsm => Error {
            hint: "the HSM that was there is gone, or is not listed yet: run the same command \
                   again, which looks, and creates one if there is none"
                .into(),
            next: Vec::new(),
            ..error.if_run_again()
        },
        (ErrorKind::CsrChanged, _) => Error {
            hint: "run the same command again: it keeps the files of the old CSR aside, and goes \
                   on with the new one, which it verifies and signs anew"
                .into(),
            ..error.if_run_again()
        },
        (ErrorKind::NoHsm, Some(NextStep::CreateHsm { zone })) => {
            let zone = zone
                .as_ref()
                .map(OutsideText::as_raw)
                .filter(|zone| (limits::AVAILABILITY_ZONE.fits)(zone))
                .unwrap_or("ZONE");
            let more = ["--create-hsm", "--availability-zone", zone];
            let again = repeated_command(&more);
            let own = match &again {
                Some(command) => format!("or let this command create it: {}", command.quoted()),
                None => format!("or add {} to this command", more.join(" ")),
            };
            let hint = error.hint.clone().followed_by(own);
            Error { hint, ..error }.with_next(again)
        }
        _ => error,
    }
}
