//! The summary for the reader: the verdict, its grounds and its limits.

use super::differences::{Difference, differences_in};
use super::header::{cause_sentence, has_given_roots, is_simulated};
use super::html::Html;
use super::icons::{Icon, write_icon};
use super::standing::{TranscriptStanding, judge_transcript};
use super::view::{PageView, count_text, join_list};
use super::{checks, gaps, rejection_cause};
use crate::bundle::{Fingerprint, Survey};
use crate::verify::{Side, Status, Verdict};
use crate::x509::{Certificate, Csr, TrustAnchor, to_hex};

pub(super) fn write_summary(html: &mut Html, view: &PageView<'_>) {
    let failed: Vec<_> = view.verification.with(Status::Fail).collect();
    if !failed.is_empty() {
        html.write_element_of("div", "alarm block", |html| {
            html.write_raw(
                "<p><strong>Do not sign, and do not submit.</strong> Nothing proves that this \
                      CSR’s key is an HSM’s. ",
            );
            if let Some(cause) = rejection_cause(view.facts) {
                html.write_quote(cause_sentence(&cause));
                html.write_raw(" ");
            }
            html.write_raw(if failed.len() == 1 {
                "This check failed:</p>"
            } else {
                "These checks failed:</p>"
            });
            html.write_element_of("ul", "plain", |html| {
                for found in failed {
                    html.write_element("li", &[], |html| {
                        checks::write_status(html, found.status);
                        html.write_raw(" ");
                        html.write_check_id(found.id.as_str());
                        html.write_raw(" ");
                        html.write_quote(&found.detail);
                    });
                }
            });
        });
    }
    write_differences(html, &differences_in(view));
    html.write_element_of("div", "two", |html| {
        html.write_element("div", &[], |html| {
            html.write_text_element("h3", "What is proven");
            html.write_element_of("ul", "prose", |html| write_proven(html, view));
        });
        html.write_element("div", &[], |html| {
            html.write_text_element("h3", "What is not");
            html.write_element_of("ul", "prose", |html| write_not_proven(html, view));
        });
    });
    write_values_to_compare(html, view);
}

/// Writes the values that people compare with a source of their own: the other side of a telephone,
/// the CA's own papers.
pub(super) fn write_values_to_compare(html: &mut Html, view: &PageView<'_>) {
    html.write_text_element("h3", "To compare");
    html.write_element_of("dl", "facts", |html| {
        let survey = &view.facts.survey;
        html.write_fact("Request", |html| write_fingerprint(html, survey));
        if let (Some(csr), Some(signed_cert), Some(trust_anchor)) =
            (&view.csr, &view.signed_cert, &view.facts.trust_anchor)
        {
            let response = Fingerprint::of_response(
                &survey.cluster_id,
                csr.as_der(),
                signed_cert.as_der(),
                trust_anchor.certificate_ders(),
            );
            html.write_fact("Response", |html| {
                html.write_text_element_of("code", "spoken", response.to_string())
            });
        }
        let digest = |html: &mut Html, name: &str, digest: Option<[u8; 32]>| {
            if let Some(digest) = digest {
                html.write_digest_fact(name, to_hex(&digest));
            }
        };
        write_last_line(html, view);
        digest(
            html,
            "CSR, SHA-256",
            view.csr.as_ref().map(Csr::fingerprint),
        );
        digest(
            html,
            "Signed certificate",
            view.signed_cert.as_ref().map(Certificate::fingerprint),
        );
        for (at, certificate) in view
            .facts
            .trust_anchor
            .iter()
            .flat_map(TrustAnchor::certificates)
            .enumerate()
        {
            digest(
                html,
                if at == 0 {
                    "Trust anchor"
                } else {
                    "above it in its chain"
                },
                Some(certificate.fingerprint()),
            );
        }
        if let Some(trust_anchor) = &view.facts.trust_anchor {
            let sha256 = to_hex(&trust_anchor.signing_ca().fingerprint());
            write_code_to_compare(html, "Trust anchor’s code", Fingerprint::of_ca(&sha256));
        }
        for anchor in &view.facts.verification.terms.anchors {
            let name = if anchor.side == Side::Aws {
                "AWS anchor’s key"
            } else {
                "Manufacturer’s key"
            };
            html.write_digest_fact(name, &anchor.key_sha256);
        }
    });
    html.write_raw(
        "<p class=\"source\">The request and the response are the fingerprints that two \
              people read to each other: <code>fetch</code> prints the first and <code>sign</code> \
              asks for it, <code>sign</code> prints the second and <code>submit</code> asks for \
              it. All are computed from the files themselves.</p>",
    );
}

/// Writes a code, as people read it out.
fn write_code_to_compare(html: &mut Html, name: &str, code: Fingerprint) {
    html.write_fact(name, |html| {
        html.write_text_element_of("code", "spoken", code.to_string())
    });
}

/// Writes the request's fingerprint, where the bundle holds all that was fetched. With less, it
/// would differ from the one that `fetch` printed.
fn write_fingerprint(html: &mut Html, survey: &Survey) {
    let (fetched_without, lost) = gaps::missing_request_files(survey);
    if !lost.is_empty() {
        let missing = lost.iter().filter(|name| !survey.has_file(name)).count();
        let how = match (missing, lost.len()) {
            (0, _) => "cannot be read",
            (1, 1) => "is missing",
            (missing, all) if missing == all => "are missing",
            _ => "are missing or cannot be read",
        };
        html.write_quote(format!(
            "none: {} {how}, and a fingerprint of the rest is not the one that was read out",
            join_list(&lost)
        ));
        return;
    }
    let fingerprint = Fingerprint::of_request(&survey.cluster_id, &survey.evidence());
    html.write_text_element_of("code", "spoken", fingerprint.to_string());
    if !fetched_without.is_empty() {
        html.write_element_of("p", "source", |html| {
            html.write_quote(format!(
                "of a request that was fetched without {}",
                join_list(&fetched_without)
            ))
        });
    }
}

/// Writes the last line of the transcript, or the last one that holds, which is not the one that
/// anybody noted.
fn write_last_line(html: &mut Html, view: &PageView<'_>) {
    let Some(trail) = view.facts.survey.transcript.content() else {
        return;
    };
    let head = judge_transcript(view).head;
    if trail.fault.is_none() {
        if let Some(head) = &head {
            html.write_digest_fact("Transcript’s last line", head);
            write_code_to_compare(html, "Last line’s code", Fingerprint::of_line(head));
        }
        let sealed = trail.holds.sealed_head();
        if let Some(sealed) = sealed.filter(|sealed| Some(sealed) != head.as_ref()) {
            write_code_to_compare(html, "Sealed line’s code", Fingerprint::of_line(&sealed));
        }
        return;
    }
    let holds = trail.holds.entries().len();
    let lines = count_text(holds + trail.rest.as_raw().lines().count(), "line", "lines");
    html.write_fact("Last line that holds", |html| {
        if let Some(head) = &head {
            html.write_digest(head);
            html.write_text_element_of(
                "p",
                "source",
                format!("line {holds} of {lines} of a transcript that does not hold"),
            );
        } else {
            html.write_text(format!(
                "none of {lines} of a transcript that does not hold"
            ));
        }
    });
}

/// Writes the differences between the bundle's documents and the judgement.
fn write_differences(html: &mut Html, differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    html.write_element_of("div", "alarm block", |html| {
        html.write_element("h3", &[("id", "differences")], |html| {
            write_icon(html, Icon::Fail);
            html.write_text("The bundle’s records differ from what was found");
        });
        html.write_raw(
            "<p>Somebody changed a file, or judged by other roots, another policy or at another \
             moment. What was found counts; ask why the document says something else.</p>",
        );
        html.write_pan(("aria-labelledby", "differences"), |html| {
            write_difference_table(html, differences)
        });
    });
}

fn write_difference_table(html: &mut Html, differences: &[Difference]) {
    html.write_element(
        "table",
        &[("class", "differences"), ("aria-labelledby", "differences")],
        |html| {
            html.write_raw(
                "<thead><tr><th scope=\"col\">Document</th><th scope=\"col\">About</th><th \
                      scope=\"col\">Recorded</th><th scope=\"col\">Found</th></tr></thead>",
            );
            html.write_element("tbody", &[], |html| {
                for difference in differences {
                    html.write_element("tr", &[], |html| {
                        html.write_element("th", &[("scope", "row")], |html| {
                            html.write_code(difference.file)
                        });
                        for text in [&difference.about, &difference.recorded, &difference.found] {
                            html.write_element("td", &[], |html| html.write_quote(text));
                        }
                    });
                }
            });
        },
    );
}

fn write_proven(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let verified = facts.verification.verdict == Verdict::Verified;
    if verified {
        html.write_raw(
            "<li>The CSR’s key is the key of an HSM certificate. One hardware key signed \
                  that, and two different anchors certified that hardware key.</li>",
        );
        html.write_raw("<li>Whoever made the CSR holds its private key.</li>");
    }
    let fit = facts
        .pair
        .as_ref()
        .is_some_and(|pair| pair.verdict == Verdict::Verified);
    if fit {
        html.write_raw(
            "<li>The signed certificate is for the CSR’s key, the trust anchor’s key signed \
                  it, and the pair meets every documented demand of InitializeCluster.</li>",
        );
    }
    if let (Some((own, file)), Some(found)) = (&facts.own_ca, &view.facts.trust_anchor)
        && own.has_trust_anchor(found)
    {
        html.write_element("li", &[], |html| {
            html.write_raw("The trust anchor is the CA certificate that this report was given, ");
            html.write_code(file);
            html.write_raw(".");
        });
    }
    if let (
        Some((_, file)),
        TranscriptStanding {
            icon: Icon::Pass,
            sealed_up_to: Some(step),
            ..
        },
    ) = (&facts.own_ca, judge_transcript(view))
    {
        html.write_element("li", &[], |html| {
            html.write_text(format!(
                "Step {step} of the transcript was sealed with the key of "
            ));
            html.write_code(file);
            html.write_raw(
                ": the machine that signed saw its lines up to there as they are now, and request, \
                 signed certificate and trust anchor as well.",
            );
        });
    }
    if !verified && !fit {
        html.write_raw("<li>Nothing.</li>");
    }
}

/// Tells whether there is a transcript that has lost no line.
fn is_whole(view: &PageView<'_>) -> bool {
    view.facts
        .survey
        .transcript
        .content()
        .is_some_and(|trail| trail.fault.is_none() && !trail.holds.entries().is_empty())
}

fn write_not_proven(html: &mut Html, view: &PageView<'_>) {
    if view.facts.verification.verdict == Verdict::Rejected {
        html.write_raw("<li>That the CSR’s key is an HSM’s.</li>");
    }
    html.write_raw(
        "<li>Which cluster the HSM serves, and whose account it is in. That is known only to who \
         finds the very same CSR on the live cluster, as <code>hsmboot submit</code> does.</li>",
    );
    html.write_raw(
        "<li>The HSM’s firmware and FIPS state. Neither root publishes revocations.</li>",
    );
    html.write_raw(
        "<li>What only the bundle’s documents tell: times, people, machines, what the service \
              answered. Where a document is the only source, this page says so.</li>",
    );
    match judge_transcript(view) {
        TranscriptStanding {
            not_compared_in: Some(steps),
            ..
        } => html.write_element("li", &[], |html| {
            html.write_text(format!(
                "That both sides had the same request and response before them: \
                               nobody compared fingerprints in {steps}."
            ));
        }),
        _ if view.pair.is_some() && !is_whole(view) => {
            html.write_raw(
                "<li>That the two sides compared fingerprints: no transcript says so.</li>",
            );
        }
        _ => {}
    }
    if view.facts.own_ca.is_none() && view.facts.trust_anchor.is_some() {
        html.write_raw(
            "<li>That the trust anchor is your CA: compare its SHA-256, or give your copy \
                  with <code>--ca</code>.</li>",
        );
    }
    if is_simulated(view.facts) {
        html.write_raw("<li>Anything of an HSM: the roots are the simulator’s own.</li>");
    } else if has_given_roots(view.facts) {
        html.write_raw(
            "<li>That the roots which were given are the ones of AWS and of the manufacturer.</li>",
        );
    }
}
