//! The result of a bootstrap: what was proven and by which anchors, what was submitted, and where
//! the files are.

use std::path::Path;

use serde_json::{Value, json};

use super::signing_ca::BootstrapCa;
use crate::bundle::{Bundle, CA_FILE, Part, Receipt, ReceiptOutcome, Waiver};
use crate::claim;
use crate::cli::code::group_digits;
use crate::cli::output::next_lines;
use crate::cli::submit;
use crate::cli::ui::{
    BOLD, CommandOutput, Effect, StyledText, YELLOW, insert_member, path_value, styled,
};
use crate::cli::{hardware, next_steps, verify};
use crate::cloudhsm::CallPlace;
use crate::fsio;
use crate::handover;
use crate::hint::{self, NextCommand};
use crate::outside::shown_path;
use crate::owner::Owner;
use crate::submit::ReceiptFacts;
use crate::verify::{Record, Roots, Source};
use crate::x509::to_hex;

/// Returns the result for a claimed cluster.
pub(super) fn claim_output(
    bundle: &Bundle,
    receipt: &Receipt,
    outcome: &claim::ClaimOutcome,
    record: Option<&Record>,
    ca: &BootstrapCa<'_>,
    owner: &Owner,
) -> CommandOutput {
    let mut document = submit::claim_document(bundle, receipt, outcome, ca.is_dry_run());
    add_verification_and_ca(&mut document, record, ca, bundle.path());
    let mut text = submit::claim_text(bundle, receipt, outcome);
    text.push(anchor_lines(record));
    text.push(new_key_advice(ca, bundle.path()));
    let region = Some(&receipt.region).filter(|region| !region.is_empty());
    let steps = next_steps::steps_of_cluster(
        &outcome.cluster,
        region,
        next_steps::lead_from_bundle(bundle, owner),
    );
    let mut next = Vec::new();
    if ca.is_rehearsal() {
        next_steps::add_rehearsed_steps(&steps, &mut document, &mut text);
        text.push([
            styled(
                YELLOW,
                "this was a rehearsal: the HSM, its roots and the service were simulated, and are \
                 gone",
            ),
            StyledText::from("\n"),
        ]);
        next = rehearsal_steps(bundle);
        text.push_str(&next_lines(&next));
    } else {
        next_steps::add_steps(&steps, &mut document, &mut text);
    }
    CommandOutput::success(submit::claim_effect(outcome), document, text).with_next(next)
}

/// Returns the commands to try on what a rehearsal left. They read the bundle alone.
fn rehearsal_steps(bundle: &Bundle) -> Vec<NextCommand> {
    let dir = hint::path_word(bundle.path(), "DIR");
    let page = format!("{}.html", bundle.id());
    [
        &["verify", &dir, "--simulated"][..],
        &["report", &dir, "--simulated", "-o", &page],
        &["transcript", "show", &dir],
    ]
    .map(|words| NextCommand::new(["hsmboot"]).with_words(words.iter().copied()))
    .to_vec()
}

/// Returns the result of a dry run: what it would have sent, and the rest.
pub(super) fn dry_run_output(
    mut outcome: CommandOutput,
    record: Option<&Record>,
    ca: &BootstrapCa<'_>,
    dir: &Path,
) -> CommandOutput {
    let there = fsio::is_there(dir).then(|| path_value(dir));
    insert_member(&mut outcome.document, "bundle", json!(there));
    add_verification_and_ca(&mut outcome.document, record, ca, dir);
    outcome.text.push(anchor_lines(record));
    outcome.text.push(new_key_advice(ca, dir));
    outcome
}

/// Returns the result of a dry run that ends before the signature: what would be signed, and under
/// which CA.
pub(super) fn would_sign_output(
    bundle: &Bundle,
    place: &CallPlace,
    signing_ca: &BootstrapCa<'_>,
) -> CommandOutput {
    let certificate = signing_ca
        .trust_anchor()
        .map(|trust_anchor| trust_anchor.signing_ca().clone());
    let fingerprint = certificate
        .as_ref()
        .map(|certificate| to_hex(&certificate.fingerprint()));
    let document = json!({
        "dry_run": true,
        "region": place.region,
        "endpoint": place.endpoint,
        "owner": signing_ca.owner().map(|owner| owner.basis().as_str()),
        "would_send": null,
        "would_sign": {
            "csr": path_value(&bundle.path().join(Part::Csr.file_name(bundle.id()))),
            "ca_fingerprint": fingerprint,
        },
    });
    let ca = match &certificate {
        Some(certificate) => {
            format!(
                "{}\n  SHA-256 {}",
                crate::x509::name_text(certificate.subject()),
                group_digits(&to_hex(&certificate.fingerprint()))
            )
        }
        None => format!("a new one, made in {}", shown_path(bundle.path())),
    };
    let rest = format!(
        "\nthe CSR would be signed, and the pair sent to {place}\n  CSR     {}\n  CA      {ca}\n",
        bundle.part_place(Part::Csr)
    );
    let text = StyledText::from([
        styled(BOLD, "dry run: nothing was signed, and nothing was sent"),
        StyledText::from(rest),
    ]);
    let summary = format!(
        "dry run: the CSR of {} would be signed, and the pair sent",
        bundle.id()
    );
    CommandOutput::success(Effect::Unchanged, document, text).summarized(summary)
}

fn add_verification_and_ca(
    document: &mut Value,
    record: Option<&Record>,
    ca: &BootstrapCa<'_>,
    dir: &Path,
) {
    insert_member(
        document,
        "verification",
        record.map_or(Value::Null, verify::record_document),
    );
    let made = ca.made_key().map(|(key, _)| {
        json!({ "certificate": path_value(&dir.join(CA_FILE)), "key": path_value(&key) })
    });
    insert_member(document, "made_ca", made.unwrap_or(Value::Null));
}

fn anchor_lines(record: Option<&Record>) -> StyledText {
    let Some(record) = record else {
        return StyledText::new();
    };
    let roots = record.terms.roots;
    let mut head = StyledText::from("  ");
    let whose = match roots {
        Roots::Simulated => "a simulated HSM's",
        Roots::BuiltIn | Roots::Given => "an HSM's",
    };
    head.push([
        styled(hardware::proof_style(roots), roots.verified_word()),
        StyledText::from(format!(
            ": the CSR's key is {whose}, in hardware that both of these roots vouch for\n"
        )),
    ]);
    let mut text = String::new();
    for anchor in &record.terms.anchors {
        let source = match &anchor.source {
            Source::BuiltIn => "built-in".to_owned(),
            Source::Given(file) if roots == Roots::Simulated => file.clone(),
            Source::Given(file) => format!("given ({file})"),
        };
        text.push_str(&format!(
            "    {}: {}\n      {source}, key SHA-256 {}\n",
            anchor.side.anchor_noun(),
            anchor.subject,
            group_digits(&anchor.key_sha256.to_string())
        ));
    }
    head.push_str(&text);
    head
}

/// Returns the advice about a key that was made here.
fn new_key_advice(ca: &BootstrapCa<'_>, dir: &Path) -> StyledText {
    let Some((key, encrypted)) = ca.made_key() else {
        return ca
            .left_key()
            .map(|key| left_key_advice(&key))
            .unwrap_or_default();
    };
    let key = shown_path(key);
    if ca.is_rehearsal() {
        return StyledText::from(format!(
            "a CA was made for this rehearsal, its key is not encrypted unless you gave a \
             passphrase: {key}\n"
        ));
    }
    let kept = if encrypted {
        "keep its passphrase elsewhere"
    } else {
        "encrypt it: it lies there in plain"
    };
    let rest = format!(
        "\n  Move it off this machine and {kept}: with it anyone can make a false HSM look like \
         yours.\n  Keep {}: every client of the cluster needs it.\n",
        shown_path(dir.join(CA_FILE)),
    );
    StyledText::from([
        styled(YELLOW, "a CA was made for this claim; its key is"),
        StyledText::from("\n  "),
        styled(BOLD, key),
        StyledText::from(rest),
    ])
}

/// Returns the advice about a key that an earlier run left in the bundle's directory.
fn left_key_advice(key: &Path) -> StyledText {
    StyledText::from([
        styled(YELLOW, "the CA's key still lies in the bundle's directory"),
        StyledText::from("\n  "),
        styled(BOLD, shown_path(key)),
        StyledText::from(
            "\n  Move it off this machine, and keep its passphrase elsewhere: with it anyone can \
             make a false HSM look like yours.\n",
        ),
    ])
}

/// Returns a receipt with what is known of a cluster that this CA has claimed from somewhere else.
pub(super) fn bare_receipt(
    outcome: &claim::ClaimOutcome,
    owner: &Owner,
    account: &ReceiptFacts<'_>,
) -> Receipt {
    let certificate = to_hex(&outcome.certificate.fingerprint);
    Receipt {
        format: Receipt::FORMAT.to_owned(),
        cluster_id: account.cluster_id.clone(),
        region: account.region.into(),
        endpoint: account.endpoint.map(Into::into),
        tool: account.tool.into(),
        outcome: ReceiptOutcome::AlreadyClaimed.into(),
        submitted_at: None,
        confirmed_at: account.now,
        state: outcome.cluster.state.as_str().into(),
        answer: None,
        csr_sha256: None,
        signed_cert_sha256: certificate.clone().into(),
        trust_anchor_sha256: to_hex(&owner.trust_anchor().signing_ca().fingerprint()).into(),
        chain_sha256: owner
            .trust_anchor()
            .certificates_above()
            .iter()
            .map(|above| to_hex(&above.fingerprint()).into())
            .collect(),
        cluster_certificate_sha256: certificate.into(),
        cluster_certificate: outcome
            .cluster
            .certificates
            .cluster_certificate
            .clone()
            .map(Into::into),
        owner: Some(owner.basis().noted_proof().into()),
        ca_from_bundle: owner.basis().waiver_reason().map(Waiver::for_reason),
        verdict: None,
        roots: None,
        notes: Vec::new(),
        unverified: None,
        site: Some(handover::client_site(&outcome.cluster)),
    }
}
