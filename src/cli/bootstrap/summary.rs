//! What a bootstrap says in the end: what was proven, by which anchors, what was submitted, where
//! everything lies.

use std::path::Path;

use serde_json::{Value, json};

use super::signing_ca::BootstrapCa;
use crate::bundle::{Bundle, CA_FILE, Part, Receipt, Waiver};
use crate::claim;
use crate::cli::submit::{self, insert};
use crate::cli::ui::{BOLD, Outcome, Text, YELLOW, path_value, styled};
use crate::cli::{next_steps, verify};
use crate::cloudhsm::Place;
use crate::handover;
use crate::outside::shown;
use crate::owner::Owner;
use crate::submit::Account;
use crate::verify::Record;
use crate::x509::hex;

/// A claimed cluster.
pub(super) fn of_claim(
    bundle: &Bundle,
    receipt: &Receipt,
    outcome: &claim::Outcome,
    record: Option<&Record>,
    ca: &BootstrapCa<'_>,
    owner: &Owner,
) -> Outcome {
    let mut document = serde_json::to_value(receipt).unwrap_or_default();
    insert(&mut document, "bundle", path_value(bundle.path()));
    add(&mut document, record, ca, bundle.path());
    let mut text = submit::text(bundle, receipt, outcome);
    text.push_str(&anchors(record));
    text.push(advice(ca, bundle.path()));
    let region = Some(&receipt.region).filter(|region| !region.is_empty());
    next_steps::add(
        &next_steps::of_cluster(
            &outcome.cluster,
            region,
            next_steps::from_bundle(bundle, owner),
        ),
        &mut document,
        &mut text,
    );
    if ca.is_rehearsal() {
        text.push([
            styled(
                YELLOW,
                "this was a rehearsal: the HSM, its roots and the service were simulated",
            ),
            Text::from("\n"),
        ]);
    }
    Outcome::done(document, text)
}

/// A dry run: what it would have sent, and the rest.
pub(super) fn of_dry_run(
    mut outcome: Outcome,
    record: Option<&Record>,
    ca: &BootstrapCa<'_>,
    dir: &Path,
) -> Outcome {
    insert(&mut outcome.document, "bundle", path_value(dir));
    add(&mut outcome.document, record, ca, dir);
    outcome.text.push_str(&anchors(record));
    outcome.text.push(advice(ca, dir));
    outcome
}

/// A dry run that ends before the signature: what would be signed, under which CA.
pub(super) fn would_sign(bundle: &Bundle, place: &Place, signing_ca: &BootstrapCa<'_>) -> Outcome {
    let certificate = signing_ca
        .trust_anchor()
        .map(|trust_anchor| trust_anchor.first().clone());
    let fingerprint = certificate
        .as_ref()
        .map(|certificate| hex(&certificate.fingerprint()));
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
                hex(&certificate.fingerprint())
            )
        }
        None => format!("a new one, made in {}", shown(bundle.path())),
    };
    let rest = format!(
        "\nthe CSR would be signed, and the pair sent to {place}\n  CSR     {}\n  CA      {ca}\n",
        bundle.part(Part::Csr)
    );
    let text = Text::from([
        styled(BOLD, "dry run: nothing was signed, and nothing was sent"),
        Text::from(rest),
    ]);
    Outcome::done(document, text)
}

fn add(document: &mut Value, record: Option<&Record>, ca: &BootstrapCa<'_>, dir: &Path) {
    insert(
        document,
        "verification",
        record.map_or(Value::Null, verify::document),
    );
    let made = ca.made_key().map(|(key, _)| {
        json!({ "certificate": path_value(&dir.join(CA_FILE)), "key": path_value(&key) })
    });
    insert(document, "made_ca", made.unwrap_or(Value::Null));
}

fn anchors(record: Option<&Record>) -> String {
    let Some(record) = record else {
        return String::new();
    };
    let mut text =
        "  proven: the CSR's key is an HSM's, in hardware that both of these roots vouch for\n"
            .to_owned();
    for anchor in &record.terms.anchors {
        let file = anchor
            .file
            .as_deref()
            .map(|file| format!(" ({file})"))
            .unwrap_or_default();
        text.push_str(&format!(
            "    {}: {}\n      {}{file}, key SHA-256 {}\n",
            anchor.side.anchor_noun(),
            anchor.subject,
            anchor.source,
            anchor.key_sha256
        ));
    }
    text
}

/// What to do with a key that was made here.
fn advice(ca: &BootstrapCa<'_>, dir: &Path) -> Text {
    let Some((key, encrypted)) = ca.made_key() else {
        return Text::new();
    };
    let key = shown(key);
    if ca.is_rehearsal() {
        return Text::from(format!(
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
        shown(dir.join(CA_FILE)),
    );
    Text::from([
        styled(YELLOW, "a CA was made for this claim; its key is"),
        Text::from("\n  "),
        styled(BOLD, key),
        Text::from(rest),
    ])
}

/// What can be said of a cluster that this CA has claimed from somewhere else.
pub(super) fn bare_receipt(
    outcome: &claim::Outcome,
    owner: &Owner,
    account: &Account<'_>,
) -> Receipt {
    let certificate = hex(&outcome.certificate.fingerprint);
    Receipt {
        format: Receipt::FORMAT.to_owned(),
        cluster_id: account.cluster_id.clone(),
        region: account.region.into(),
        endpoint: account.endpoint.map(Into::into),
        tool: account.tool.into(),
        outcome: "already-claimed".into(),
        submitted_at: None,
        confirmed_at: account.now,
        state: outcome.cluster.state.as_str().into(),
        answer: None,
        csr_sha256: None,
        signed_cert_sha256: certificate.clone().into(),
        trust_anchor_sha256: hex(&owner.trust_anchor().first().fingerprint()).into(),
        chain_sha256: owner
            .trust_anchor()
            .above()
            .iter()
            .map(|above| hex(&above.fingerprint()).into())
            .collect(),
        cluster_certificate_sha256: certificate.into(),
        cluster_certificate: outcome
            .cluster
            .certificates
            .cluster_certificate
            .clone()
            .map(Into::into),
        owner: Some(owner.basis().as_str().into()),
        ca_from_bundle: owner.basis().waiver().map(Waiver::because),
        verdict: None,
        roots: None,
        notes: Vec::new(),
        unverified: None,
        site: Some(handover::site(&outcome.cluster)),
    }
}
