//! What `submit` and `bootstrap` say of a claim.

use serde_json::{Value, json};

use crate::bundle::{Bundle, NotedWord, Part, Receipt};
use crate::claim::{ClaimOrigin, ClaimOutcome};
use crate::cli::code::group_digits;
use crate::cli::hardware;
use crate::cli::text::state_text;
use crate::cli::ui::{
    BOLD, CommandOutput, Effect, GREEN, RED, StyledText, YELLOW, insert_member, path_value, styled,
};
use crate::cloudhsm::{CallPlace, InitializeCluster};
use crate::fsio;
use crate::outside::shown_path;
use crate::owner::Owner;
use crate::verify::Roots;

/// Returns the document of a claimed cluster: its receipt and its bundle, where there is one.
pub(crate) fn claim_document(
    bundle: &Bundle,
    receipt: &Receipt,
    outcome: &ClaimOutcome,
    dry_run: bool,
) -> Value {
    let mut document = serde_json::to_value(receipt).unwrap_or_default();
    let dir = fsio::is_there(bundle.path()).then(|| path_value(bundle.path()));
    insert_member(&mut document, "bundle", json!(dir));
    if dry_run {
        insert_member(&mut document, "dry_run", json!(true));
    }
    if bundle.comes_from_simulator() {
        insert_member(&mut document, "simulated", json!(true));
    }
    // Two runs raced, and the cluster has the other one's certificate: ours is of no more use.
    if !outcome.same_certificate
        && receipt.signed_cert_sha256 != receipt.cluster_certificate_sha256
        && bundle.without_cache().has_part(Part::SignedCert)
    {
        let theirs = &receipt.cluster_certificate_sha256;
        insert_member(&mut document, "superseded_by", json!(theirs));
    }
    document
}

/// Returns whether this run claimed the cluster. A receipt of another run's claim is no change: the
/// contract has it so.
pub(crate) fn claim_effect(outcome: &ClaimOutcome) -> Effect {
    Effect::when(outcome.how == ClaimOrigin::Claimed)
}

/// Returns the result of a dry run: exactly what it would have sent.
pub(crate) fn would_send_output(
    request: &InitializeCluster,
    place: &CallPlace,
    owner: &Owner,
) -> CommandOutput {
    let document = json!({
        "dry_run": true,
        "region": place.region,
        "endpoint": place.endpoint,
        "owner": owner.basis().as_str(),
        "would_send": {
            "ClusterId": request.cluster_id(),
            "SignedCert": request.signed_cert(),
            "TrustAnchor": request.trust_anchor(),
        },
    });
    let rest = format!(
        "\nInitializeCluster would be sent to {place}\nowner: {}\nClusterId: \
         {}\nSignedCert:\n{}TrustAnchor:\n{}",
        owner.basis().as_phrase(),
        request.cluster_id(),
        request.signed_cert(),
        request.trust_anchor(),
    );
    let text = StyledText::from([
        styled(BOLD, "dry run: nothing was sent"),
        StyledText::from(rest),
    ]);
    let summary = format!(
        "dry run: the claim of {} would be sent to {place}",
        request.cluster_id()
    );
    CommandOutput::success(Effect::Unchanged, document, text).summarized(summary)
}

/// Returns the words for the certificate under which the cluster was claimed before, as far as this
/// machine can tell. Without a pair here, and so without a CSR, there is none to compare with.
fn claimed_by_text(receipt: &Receipt) -> &'static str {
    match &receipt.csr_sha256 {
        None => "by this very CA",
        Some(_) if receipt.signed_cert_sha256 == receipt.cluster_certificate_sha256 => {
            "with this very certificate"
        }
        Some(_) => "with another certificate of this very CA",
    }
}

/// Returns the roots on which the verdict rests, as a receipt of this very run says.
fn recorded_roots(receipt: &Receipt) -> Roots {
    match receipt.roots {
        Some(NotedWord::Known(roots)) => roots,
        _ => Roots::Given,
    }
}

pub(crate) fn claim_text(bundle: &Bundle, receipt: &Receipt, outcome: &ClaimOutcome) -> StyledText {
    let first = match outcome.how {
        ClaimOrigin::Claimed => format!("claimed {}", bundle.id()),
        ClaimOrigin::AlreadyClaimed => format!(
            "{} is claimed already, {}; nothing was changed",
            bundle.id(),
            claimed_by_text(receipt)
        ),
    };
    let proof = match (&receipt.unverified, &receipt.verdict) {
        (Some(waiver), _) => styled(RED, format!("UNVERIFIED, because: {}", waiver.reason)),
        (None, Some(_)) => {
            let roots = recorded_roots(receipt);
            styled(hardware::proof_style(roots), hardware::proof_text(roots))
        }
        (None, None) => StyledText::from("not judged in this run"),
    };
    let submitted = match receipt.submitted_at {
        Some(at) => format!("signed certificate and trust anchor, at {at}"),
        None => "nothing in this run".to_owned(),
    };
    let state = StyledText::from([
        StyledText::from(format!(
            "\n  submitted            {submitted}\n  state                "
        )),
        state_text(&receipt.state),
        StyledText::from("\n  HSM                  "),
    ]);
    let rest = format!(
        "\n  cluster certificate  SHA-256 {}\n  trust anchor         SHA-256 {}{}\n  \
         bundle               {}\n",
        group_digits(&receipt.cluster_certificate_sha256.to_string()),
        group_digits(&receipt.trust_anchor_sha256.to_string()),
        receipt
            .chain_sha256
            .iter()
            .map(|above| {
                let digits = group_digits(&above.to_string());
                format!("\n    above it           SHA-256 {digits}")
            })
            .collect::<String>(),
        match fsio::is_there(bundle.path()) {
            true => shown_path(bundle.path()),
            false => "none here".to_owned(),
        },
    );
    let origin = outcome
        .cluster
        .origin_text()
        .map(|origin| format!("  restored             {origin}\n"))
        .unwrap_or_default();
    let rest = format!("{rest}{origin}");
    let notes: Vec<StyledText> = receipt
        .notes
        .iter()
        .map(|note| styled(YELLOW, format!("  note                 {note}\n")))
        .collect();
    [styled(GREEN, first), state, proof, StyledText::from(rest)]
        .into_iter()
        .chain(notes)
        .collect()
}
