//! Whether a bundle's receipt is of the claim that the bundle's files are of.

use crate::bundle::{Bundle, RECEIPT, Receipt};
use crate::claim::ownership::{Expected, OwnerCertificate, Ownership, judge};
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::outside::{Lines, OutsideText, joined, shown};
use crate::owner::Response;
use crate::x509::hex;

/// The error where a bundle has no receipt.
pub fn not_claimed(bundle: &Bundle) -> Error {
    let submit = hint::command(&[
        "hsmboot",
        "submit",
        &hint::path(bundle.path(), "BUNDLE"),
        "--ca",
        "CA.crt",
    ]);
    Error::new(
        ErrorKind::NotClaimed,
        format!(
            "{} holds no {RECEIPT}: nothing says that its cluster is claimed",
            shown(bundle.path())
        ),
        format!(
            "claim it first: {submit}, CA.crt being your own copy of the CA's certificate. It \
             writes the receipt of a cluster that you have claimed already as well"
        ),
    )
}

/// Holds a receipt against the bundle's own files: the same cluster, CSR, signed certificate and
/// trust anchor, and the certificate that DescribeClusters showed is of that trust anchor for that
/// CSR's key.
///
/// It says nothing of whose the trust anchor is: that is [`crate::owner::Owner`]'s to prove.
///
/// # Errors
/// Class [`Class::Input`](crate::error::Class::Input), `receipt-differs`.
pub fn is_of_this_claim(receipt: &Receipt, bundle: &Bundle, response: &Response<'_>) -> Result<()> {
    let text = |digest: [u8; 32]| OutsideText::from(hex(&digest));
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
            text(response.trust_anchor.first().fingerprint()),
            Some(receipt.trust_anchor_sha256.clone()),
        ),
    ];
    for (what, found, recorded) in rows {
        if recorded.as_ref() != Some(&found) {
            let recorded =
                recorded.map_or_else(|| "none".to_owned(), |recorded| recorded.to_string());
            return Err(differs(
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
        .above()
        .iter()
        .map(|above| text(above.fingerprint()))
        .collect();
    if above != receipt.chain_sha256 {
        let list = |digests: &[OutsideText]| {
            if digests.is_empty() {
                "none".to_owned()
            } else {
                joined(digests, ", ")
            }
        };
        let how = [
            "another chain above its trust anchor than the bundle's".to_owned(),
            format!("  bundle   {}", list(&above)),
            format!("  receipt  {}", list(&receipt.chain_sha256)),
        ];
        return Err(differs(bundle, how));
    }
    let Some(cluster_certificate) = &receipt.cluster_certificate else {
        // A receipt of an earlier version: its digest alone says which certificate the cluster had.
        return if receipt.cluster_certificate_sha256 == receipt.signed_cert_sha256 {
            Ok(())
        } else {
            Err(differs(
                bundle,
                "another cluster certificate than the one that was signed, and does not hold it",
            ))
        };
    };
    let owner = OwnerCertificate::all_of(response.trust_anchor);
    let expected = Expected {
        csr_spki: Some(response.csr.spki()),
        signed_cert: Some(response.signed_cert.der()),
    };
    let judged = judge(cluster_certificate.raw(), &owner, &expected);
    match judged.ownership {
        Ownership::ThisCertificate | Ownership::AnotherCertificate => Ok(()),
        Ownership::NoCsrToCompare
        | Ownership::AnotherKey
        | Ownership::AnotherCa
        | Ownership::CannotBeJudged(_) => {
            let (digest, subject, issuer) = (
                hex(&judged.shown.fingerprint),
                judged.shown.subject,
                judged.shown.issuer,
            );
            let how =
                "a cluster certificate that the trust anchor did not sign for the bundle's CSR";
            Err(differs(
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

fn differs(bundle: &Bundle, how: impl Into<Lines>) -> Error {
    let status = hint::command(&[
        "hsmboot",
        "status",
        "--cluster-id",
        bundle.id().as_str(),
        "--ca",
        "CA.crt",
    ]);
    Error::new(
        ErrorKind::ReceiptDiffers,
        how.into().after(format!(
            "{} is not of this bundle's claim: it names ",
            bundle.place(RECEIPT)
        )),
        format!(
            "hand nothing over: one of the two was changed since. {status} says whose the cluster \
             is, CA.crt being your own copy of the CA's certificate"
        ),
    )
}
