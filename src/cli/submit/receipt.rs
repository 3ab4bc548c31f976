//! What is kept of a claim: the transcript's line before it, the receipt after it.

use crate::bundle::{self, AnnouncedCall, Bundle, RECEIPT, Receipt, TranscriptStep};
use crate::claim::ClaimOrigin;
use crate::error::{ErrorKind, Result};
use crate::fsio::NewFile;
use crate::outside::Lines;

/// Records the call before it is made: whatever happens then, even to this machine, the transcript
/// knows of it.
pub(crate) fn record_sending(bundle: &Bundle, step: &TranscriptStep<'_>) -> Result<()> {
    bundle
        .note_step(&TranscriptStep {
            sends: Some(AnnouncedCall::InitializeCluster),
            ..step.clone()
        })
        .map_err(|mut error| {
            error.message = Lines::from("nothing was sent: the transcript cannot be written first")
                .followed_by(error.message.prefixed_with("  "));
            error
        })
}

/// Writes `receipt.json`; a second run on a claimed cluster leaves the first one's alone, if
/// hsmboot wrote it and it is of this claim.
pub(crate) fn write_receipt(
    bundle: &Bundle,
    receipt: &Receipt,
    how: ClaimOrigin,
    step: &TranscriptStep<'_>,
) -> Result<()> {
    // Looked at first: the run that claimed the cluster may be writing its receipt, which has the
    // answer, at this moment.
    let replace = how == ClaimOrigin::Claimed || bundle.without_cache().has_file(RECEIPT);
    // Where the transcript does not hold, writing says so.
    let is_there = || {
        let kept = bundle.without_cache().holds_receipt_of(receipt);
        how == ClaimOrigin::AlreadyClaimed && kept.unwrap_or(false)
    };
    if is_there() {
        return Ok(());
    }
    let content = bundle::to_document(receipt);
    // What happened is written down, whatever became of the files meanwhile.
    bundle
        .without_cache()
        .write(&[NewFile::readable(RECEIPT, &content, replace)], step)
        .or_else(|error| match error.kind {
            ErrorKind::FileExists if is_there() => Ok(()),
            _ => Err(error),
        })
        .map_err(|mut error| {
            error.message = Lines::from(format!(
                "{} is claimed, but its receipt cannot be kept",
                receipt.cluster_id
            ))
            .followed_by(error.message.prefixed_with("  "));
            error.hint =
                "the claim itself is done and confirmed; run the same command again to write \
                      the receipt"
                    .into();
            error.with_document(serde_json::to_value(receipt).unwrap_or_default())
        })
}
