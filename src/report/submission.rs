//! The page's section on the texts sent to InitializeCluster, and its answer.

use super::certificates::write_absence;
use super::chain::last_announced_send;
use super::differences::{describe_ownership, judge_receipt_claim};
use super::html::Html;
use super::icons::{Icon, write_alarm, write_icon};
use super::view::PageView;
use super::write_unproven_mark;
use crate::bundle::{Part, RECEIPT, Receipt, SurveyedDocument};
use crate::outside::OutsideText;
use crate::verify::Verdict;
use crate::x509::to_hex;

pub(super) fn write_submission(html: &mut Html, view: &PageView<'_>) {
    let receipt = match &view.facts.survey.receipt {
        SurveyedDocument::Absent => {
            match last_announced_send(view) {
                Some(step) => html.write_text_element(
                    "p",
                    format!(
                        "There is no receipt. Step {step} of the transcript was about to send \
                         InitializeCluster: whether it was sent, and what came of it, only the \
                         cluster can tell."
                    ),
                ),
                None => html.write_raw(
                    "<p>There is no receipt: the bundle does not say that it was submitted.</p>",
                ),
            }
            None
        }
        SurveyedDocument::Damaged(why) => {
            write_alarm(html, Icon::Fail, |html| {
                html.write_text("The receipt cannot be read: ");
                html.write_quote(why);
            });
            None
        }
        SurveyedDocument::Read(receipt) => Some(receipt),
    };
    if let Some(receipt) = receipt {
        write_unproven_mark(html, RECEIPT);
        write_outcome(html, view, receipt);
    }
    let fit = view
        .pair
        .as_ref()
        .is_some_and(|pair| pair.verdict == Verdict::Verified);
    let title = match (receipt.and_then(|receipt| receipt.submitted_at), fit) {
        (Some(_), _) => "What was sent",
        (None, true) => "What InitializeCluster would be sent",
        (None, false) => "What the bundle holds",
    };
    html.write_text_element("h3", title);
    html.write_element_of("dl", "facts", |html| {
        html.write_code_fact("ClusterId", view.facts.survey.cluster_id.as_str())
    });
    let signed_cert = Part::SignedCert.file_name(&view.facts.survey.cluster_id);
    let pem = view
        .signed_cert
        .as_ref()
        .map(|found| (found.to_pem(), vec![to_hex(&found.fingerprint())]));
    write_sent_text(
        html,
        view,
        ("SignedCert", &signed_cert),
        pem,
        receipt.map(|receipt| vec![receipt.signed_cert_sha256.as_raw()]),
    );
    let pem = view.facts.trust_anchor.as_ref().map(|found| {
        (
            found.to_pem(),
            found
                .fingerprints()
                .iter()
                .map(|digest| to_hex(digest))
                .collect(),
        )
    });
    let recorded = receipt.map(|receipt| {
        std::iter::once(&receipt.trust_anchor_sha256)
            .chain(&receipt.chain_sha256)
            .map(OutsideText::as_raw)
            .collect()
    });
    write_sent_text(
        html,
        view,
        ("TrustAnchor", view.facts.survey.trust_anchor_file()),
        pem,
        recorded,
    );
}

/// Writes the very text that is sent: the program's own PEM of the bundle's certificates, with
/// their SHA-256 beside it, and the recorded ones.
fn write_sent_text(
    html: &mut Html,
    view: &PageView<'_>,
    (name, file): (&str, &str),
    found: Option<(String, Vec<String>)>,
    recorded: Option<Vec<&str>>,
) {
    html.write_text_element("h4", name);
    let Some((pem, digests)) = found else {
        write_absence(html, view, file);
        return;
    };
    if let Some(recorded) = recorded {
        let same = digests.iter().map(String::as_str).eq(recorded);
        html.write_element(
            "p",
            &[("class", if same { "standing" } else { "alarm" })],
            |html| {
                write_icon(html, if same { Icon::Pass } else { Icon::Fail });
                html.write_text(if same {
                "The bundle’s certificate is the one that the receipt names."
            } else {
                "The bundle’s certificate is not the one that the receipt names: what was sent is \
                 not below."
            });
            },
        );
    }
    html.write_element("pre", &[("class", "pem")], |html| {
        for line in pem.lines() {
            html.write_text(line);
            html.write_raw("\n");
        }
    });
}

fn write_outcome(html: &mut Html, view: &PageView<'_>, receipt: &Receipt) {
    html.write_element_of("dl", "facts", |html| {
        html.write_quote_fact("Outcome", &receipt.outcome);
        html.write_quote_fact("Region", &receipt.region);
        html.write_fact("Sent at", |html| match receipt.submitted_at {
            Some(at) => html.write_text(at.to_string()),
            None => html.write_text("not sent in that run: the cluster was claimed already"),
        });
        html.write_fact("Answer", |html| write_answer(html, receipt));
        html.write_text_fact("Confirmed at", receipt.confirmed_at.to_string());
        html.write_quote_fact("State then", &receipt.state);
        html.write_fact("The cluster’s certificate", |html| {
            html.write_text(
                if receipt.cluster_certificate_sha256 == receipt.signed_cert_sha256 {
                    "the very certificate that was signed, SHA-256 "
                } else {
                    "another certificate than the one that was signed, SHA-256 "
                },
            );
            html.write_digest(&receipt.cluster_certificate_sha256);
        });
        if let Some(claim) = judge_receipt_claim(view, receipt) {
            html.write_quote_fact(
                "Judged for this report",
                describe_ownership(&claim.ownership),
            );
        }
        if let Some(owner) = &receipt.owner {
            html.write_quote_fact("Owner", owner.to_owner_text());
        }
        html.write_digest_fact("Signed certificate, SHA-256", &receipt.signed_cert_sha256);
        html.write_digest_fact("Trust anchor, SHA-256", &receipt.trust_anchor_sha256);
        for above in &receipt.chain_sha256 {
            html.write_digest_fact("above it in its chain, SHA-256", above);
        }
        if let Some(digest) = &receipt.csr_sha256 {
            html.write_digest_fact("CSR, SHA-256", digest);
        }
        html.write_quote_fact(
            "Verdict then",
            receipt.verdict.as_ref().map_or_else(
                || "nothing was judged in that run".to_owned(),
                ToString::to_string,
            ),
        );
        html.write_quote_fact("Program", &receipt.tool);
    });
}

/// Writes the answer of InitializeCluster: two texts as hsmboot writes them, or anything else
/// unchanged.
fn write_answer(html: &mut Html, receipt: &Receipt) {
    match &receipt.answer {
        None => html.write_text("none arrived; what DescribeClusters showed afterwards decided"),
        Some(answer) => {
            let part = |name: &str| answer.get(name).and_then(serde_json::Value::as_str);
            match (part("state"), part("state_message")) {
                (None, None) => html.write_code(answer.to_string()),
                (state, message) => html.write_quote(
                    [state, message]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(": "),
                ),
            }
        }
    }
}
