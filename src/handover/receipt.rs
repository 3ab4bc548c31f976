//! Checks that a bundle's receipt belongs to the claim of the bundle's files.

use crate::bundle::{Bundle, RECEIPT, Receipt};
use crate::claim::ownership::{ExpectedClaim, OwnerCertificate, Ownership, judge_ownership};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::hint::{self, NextCommand};
use crate::outside::{Lines, OutsideText, join_shown, shown_path};
use crate::owner::SignedResponse;
use crate::x509::to_hex;

/// Returns the error for a bundle without a receipt.
pub fn not_claimed(bundle: &Bundle) -> Error {
    let submit = NextCommand::new([
        "hsmboot",
        "submit",
        &hint::path_word(bundle.path(), "BUNDLE"),
        "--ca",
        "CA.crt",
    ]);
    Error::new(
        ErrorKind::NotClaimed,
        format!(
            "{} holds no {RECEIPT}: nothing says that its cluster is claimed",
            shown_path(bundle.path())
        ),
        format!(
            "claim it first: {}, CA.crt being your own copy of the CA's certificate. It writes \
             the receipt of a cluster that you have claimed already as well",
            submit.quoted()
        ),
    )
    .with_next([submit])
    .with_fact(FactName::File, bundle.path())
}

/// Compares a receipt with the bundle's own files. Cluster, CSR, signed certificate and trust
/// anchor must be the same. The certificate that DescribeClusters showed must be of that trust
/// anchor, for that CSR's key.
///
/// It does not check whose the trust anchor is. [`crate::owner::Owner`] proves that.
///
/// # Errors
/// Class [`Class::Input`](crate::error::Class::Input), `receipt-differs`.
pub fn check_same_claim(
    receipt: &Receipt,
    bundle: &Bundle,
    response: &SignedResponse<'_>,
) -> Result<()> {
    let text = |digest: [u8; 32]| OutsideText::from(to_hex(&digest));
    let rows = [
        (
            "cluster",
            OutsideText::from(bundle.id().as_str()),
            Some(OutsideText::from(receipt.cluster_id.as_str())),
        ),
        (
            "CSR",
            text(response.csr.fingerprint()),
            receipt.csr_sha256.clone(),
        ),
        (
            "signed certificate",
            text(response.signed_cert.fingerprint()),
            Some(receipt.signed_cert_sha256.clone()),
        ),
        (
            "trust anchor",
            text(response.trust_anchor.signing_ca().fingerprint()),
            Some(receipt.trust_anchor_sha256.clone()),
        ),
    ];
    for (what, found, recorded) in rows {
        if recorded.as_ref() != Some(&found) {
            let recorded =
                recorded.map_or_else(|| "none".to_owned(), |recorded| recorded.to_string());
            return Err(receipt_differs(
                bundle,
                [
                    format!("another {what} than the bundle's"),
                    format!("  bundle   {found}"),
                    format!("  receipt  {recorded}"),
                ],
            ));
        }
    }
    let above: Vec<OutsideText> = response
        .trust_anchor
        .certificates_above()
        .iter()
        .map(|above| text(above.fingerprint()))
        .collect();
    if above != receipt.chain_sha256 {
        let list = |digests: &[OutsideText]| {
            if digests.is_empty() {
                "none".to_owned()
            } else {
                join_shown(digests, ", ")
            }
        };
        let how = [
            "another chain above its trust anchor than the bundle's".to_owned(),
            format!("  bundle   {}", list(&above)),
            format!("  receipt  {}", list(&receipt.chain_sha256)),
        ];
        return Err(receipt_differs(bundle, how));
    }
    let Some(cluster_certificate) = &receipt.cluster_certificate else {
        // A receipt of an earlier version: its digest alone says which certificate the cluster had.
        return if receipt.cluster_certificate_sha256 == receipt.signed_cert_sha256 {
            Ok(())
        } else {
            Err(receipt_differs(
                bundle,
                "another cluster certificate than the one that was signed, and does not hold it",
            ))
        };
    };
    let owner = OwnerCertificate::all_of(response.trust_anchor);
    let expected = ExpectedClaim {
        csr_spki: Some(response.csr.spki()),
        signed_cert: Some(response.signed_cert.as_der()),
    };
    let judged = judge_ownership(cluster_certificate.as_raw(), &owner, &expected);
    match judged.ownership {
        Ownership::ThisCertificate | Ownership::AnotherCertificate => Ok(()),
        Ownership::NoCsrToCompare
        | Ownership::AnotherKey
        | Ownership::AnotherCa
        | Ownership::CannotBeJudged(_) => {
            let (digest, subject, issuer) = (
                to_hex(&judged.shown.fingerprint),
                judged.shown.subject,
                judged.shown.issuer,
            );
            let how =
                "a cluster certificate that the trust anchor did not sign for the bundle's CSR";
            Err(receipt_differs(
                bundle,
                [
                    how.to_owned(),
                    format!("  cluster certificate  SHA-256 {digest}  {subject}"),
                    format!("  issued by            {issuer}"),
                ],
            ))
        }
    }
}

fn receipt_differs(bundle: &Bundle, how: impl Into<Lines>) -> Error {
    let status = NextCommand::new([
        "hsmboot",
        "status",
        "--cluster-id",
        bundle.id().as_str(),
        "--ca",
        "CA.crt",
    ]);
    Error::new(
        ErrorKind::ReceiptDiffers,
        how.into().prefixed_with(format!(
            "{} is not of this bundle's claim: it names ",
            bundle.place(RECEIPT)
        )),
        format!(
            "hand nothing over: one of the two was changed since. {} says whose the cluster is, \
             CA.crt being your own copy of the CA's certificate",
            status.quoted()
        ),
    )
    .with_next([status])
    .with_fact(FactName::File, bundle.place(RECEIPT).to_string())
}
