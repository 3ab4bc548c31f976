//! The summary for the reader: the verdict, its grounds and its limits.

use super::chain::last_announced_send;
use super::differences::{Difference, differences_in};
use super::html::Html;
use super::icons::{Icon, write_icon};
use super::transcript::{TranscriptStanding, judge_transcript};
use super::view::{PageView, count_text, join_list};
use super::{PageFacts, checks, gaps, rejection_cause, submission};
use crate::bundle::{CA_FILE, Fingerprint, Survey, SurveyedDocument};
use crate::outside::OutsideText;
use crate::verify::{Cause, Roots, Side, Status, Verdict, fips_alarm};
use crate::x509::{Certificate, Csr, TrustAnchor, to_hex};

/// The verdict in words.
pub(super) struct VerdictWords {
    /// `good`, `warn` or `bad`, for the style; the symbol says it as well.
    class: &'static str,
    icon: Icon,
    /// One word.
    pub(super) word: &'static str,
    says: &'static str,
}

pub(super) fn verdict_words(facts: &PageFacts) -> VerdictWords {
    let accepted = facts.verification.with(Status::Accepted).next().is_some();
    match facts.verification.verdict {
        Verdict::Rejected => VerdictWords {
            class: "bad",
            icon: Icon::Fail,
            word: "Rejected",
            says: "The HSM’s identity is not proven.",
        },
        Verdict::Verified if accepted => VerdictWords {
            class: "warn",
            icon: Icon::Accepted,
            word: "Verified, with failures accepted",
            says: "The CSR’s key is a genuine HSM’s, if what was accepted may be.",
        },
        Verdict::Verified if facts.verification.terms.roots == Roots::Given => VerdictWords {
            class: "good",
            icon: Icon::Pass,
            word: "Verified",
            says: "The CSR’s key is an HSM’s, by roots that were given.",
        },
        Verdict::Verified => VerdictWords {
            class: "good",
            icon: Icon::Pass,
            word: "Verified",
            says: "The CSR’s key is a genuine HSM’s.",
        },
    }
}

/// Describes the cause of a rejection as a sentence, with the action to take.
fn cause_sentence(cause: &Cause) -> String {
    let told = cause.to_string();
    let mut letters = told.chars();
    let told: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let next = match cause {
        Cause::RootsMissing(roots) => {
            let each = roots
                .iter()
                .map(|root| {
                    format!(
                        "{} FILE, with {} from {}",
                        root.option,
                        root.download_name(),
                        root.page
                    )
                })
                .collect::<Vec<_>>();
            format!("Make the report again with {}.", each.join(", and with "))
        }
        Cause::OtherRoots(_) => "Look at what was given with hsmboot roots show.".to_owned(),
        Cause::Time => {
            "Look at the clock of the machine that made this page, and at --at where it was given."
                .to_owned()
        }
    };
    format!("{told}. {next}")
}

/// Tells whether a root was used that is not built in.
fn has_given_roots(facts: &PageFacts) -> bool {
    facts.verification.terms.roots == Roots::Given
}

pub(super) fn write_header(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let words = verdict_words(facts);
    html.write_raw("<p class=\"brand\">hsmboot report</p>");
    html.write_element("h1", &[], |html| {
        html.write_raw("Claim of <span class=\"id\">");
        html.write_text(facts.survey.cluster_id.as_str());
        html.write_raw("</span>");
    });
    html.write_element(
        "div",
        &[("class", &format!("verdict {}", words.class))],
        |html| {
            write_icon(html, words.icon);
            html.write_element("div", &[], |html| {
                html.write_text_element_of("p", "word", words.word);
                html.write_text_element("p", words.says);
                if let Some(cause) = rejection_cause(facts) {
                    html.write_element("p", &[], |html| html.write_quote(cause_sentence(&cause)));
                }
                if has_given_roots(facts) {
                    html.write_element_of("p", "caveat", |html| {
                        html.write_raw(
                            "Judged by roots that were given to this report, not by the built-in \
                              ones of AWS and the manufacturer",
                        );
                        let good = facts.verification.verdict == Verdict::Verified;
                        html.write_raw(if good {
                            ": it is worth what those roots are worth. A simulator’s \
                                        chains verify in this way too."
                        } else {
                            "."
                        });
                    });
                }
            });
        },
    );
    let mode = facts
        .survey
        .request
        .content()
        .and_then(|request| request.mode.as_ref());
    if let Some(alarm) = fips_alarm(&facts.verification, mode.map(OutsideText::as_raw)) {
        html.write_element_of("p", "alarm", |html| {
            write_icon(html, Icon::Fail);
            html.write_raw("<strong>NOT FIPS</strong>: ");
            html.write_quote(&alarm);
            html.write_raw(".");
        });
    }
    if let Some(reason) = submission::unverified_reason(view) {
        html.write_element_of("p", "alarm", |html| {
            write_icon(html, Icon::Accepted);
            html.write_raw(
                "<strong>UNVERIFIED</strong>: the bundle records that somebody went on \
                      without proof, for this reason: ",
            );
            html.write_quote(if reason.is_empty() {
                "none was recorded".into()
            } else {
                reason
            });
        });
    }
    if let Some(reason) = submission::from_bundle_reason(view) {
        html.write_element_of("p", "alarm", |html| {
            write_icon(html, Icon::Accepted);
            html.write_raw(
                "<strong>OWNER NOT PROVEN</strong>: the bundle records that somebody took the \
                      CA that lay in it, for this reason: ",
            );
            html.write_quote(if reason.is_empty() {
                "none was recorded"
            } else {
                reason.as_raw()
            });
        });
    }
    if let Some(file) = view.another_ca() {
        html.write_element_of("p", "alarm", |html| {
            write_icon(html, Icon::Fail);
            html.write_raw(
                "<strong>The trust anchor is not your CA.</strong> It is another certificate than ",
            );
            html.write_code(file);
            html.write_raw(": a cluster that takes it belongs to who holds that other CA’s key.");
        });
    }
    if !differences_in(view).is_empty() {
        html.write_element_of("p", "alarm", |html| {
            write_icon(html, Icon::Fail);
            html.write_raw(
                "<strong>The bundle’s records differ from what was found.</strong> <a \
                      href=\"#differences\">How, and what counts</a>",
            );
        });
    }
    html.write_element_of("dl", "strip", |html| write_aspects(html, view));
    html.write_element_of("dl", "facts masthead", |html| {
        html.write_fact("Made at", |html| html.write_text(facts.made_at.to_string()));
        html.write_fact("Judged at", |html| {
            html.write_text(&if facts.at_named {
                format!("{}, as named (--at)", facts.verification.at)
            } else {
                "the same moment".to_owned()
            });
        });
        html.write_fact("Made by", |html| html.write_text(&facts.tool));
    });
}

fn write_aspect(html: &mut Html, name: &str, icon: Icon, says: &str) {
    html.write_element(
        "div",
        &[("class", if icon == Icon::Fail { "loud" } else { "calm" })],
        |html| {
            html.write_text_element("dt", name);
            html.write_element("dd", &[], |html| {
                write_icon(html, icon);
                html.write_quote(says);
            });
        },
    );
}

fn write_aspects(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let count = |status| facts.verification.with(status).count();
    let hsm = match facts.verification.verdict {
        Verdict::Rejected => {
            let unjudged = count(Status::Skipped);
            let rest = if unjudged > 0 {
                format!(", {unjudged} could not be judged")
            } else {
                String::new()
            };
            format!(
                "{}{rest}",
                failing_count(count(Status::Fail), facts.verification.checks.len())
            )
        }
        Verdict::Verified => {
            let (pass, accepted) = (count(Status::Pass), count(Status::Accepted));
            let accepted = if accepted > 0 {
                format!(", {accepted} accepted")
            } else {
                String::new()
            };
            let notes = count_text(count(Status::Note), "note", "notes");
            format!(
                "{} checks: {pass} pass{accepted}, {notes}",
                facts.verification.checks.len()
            )
        }
    };
    write_aspect(html, "HSM", verdict_words(facts).icon, &hsm);
    match &facts.pair {
        None => write_aspect(html, "Pair", Icon::Absent, "nothing is signed yet"),
        Some(pair) if pair.verdict == Verdict::Verified => {
            write_aspect(html, "Pair", Icon::Pass, "fit for InitializeCluster")
        }
        Some(pair) => write_aspect(
            html,
            "Pair",
            Icon::Fail,
            &format!(
                "unfit: {}",
                failing_count(pair.failed().count(), pair.checks.len())
            ),
        ),
    }
    match &facts.survey.receipt {
        SurveyedDocument::Absent if last_announced_send(view).is_some() => write_aspect(
            html,
            "Submission",
            Icon::Skipped,
            "perhaps sent: no receipt",
        ),
        SurveyedDocument::Absent => write_aspect(html, "Submission", Icon::Absent, "no receipt"),
        SurveyedDocument::Damaged(_) => {
            write_aspect(html, "Submission", Icon::Fail, "the receipt cannot be read")
        }
        SurveyedDocument::Read(receipt) => write_aspect(
            html,
            "Submission",
            Icon::Told,
            &format!("recorded as {}, state {}", receipt.outcome, receipt.state),
        ),
    }
    let transcript = judge_transcript(view);
    write_aspect(html, "Transcript", transcript.icon, &transcript.brief);
    match (&transcript.not_compared_in, &transcript.compared_in) {
        (Some(_), _) => {
            let steps = count_text(transcript.not_compared.len(), "step", "steps");
            write_aspect(
                html,
                "Fingerprints",
                Icon::Accepted,
                &format!("not compared in {steps}"),
            );
        }
        (None, Some(steps)) => write_aspect(
            html,
            "Fingerprints",
            Icon::Told,
            &format!("compared in {steps}"),
        ),
        (None, None) => write_aspect(html, "Fingerprints", Icon::Absent, "no step compared any"),
    }
    match differences_in(view).len() {
        0 => write_aspect(html, "Records", Icon::Told, "agree with what was found"),
        1 => write_aspect(
            html,
            "Records",
            Icon::Fail,
            "one differs from what was found",
        ),
        more => write_aspect(
            html,
            "Records",
            Icon::Fail,
            &format!("{more} differ from what was found"),
        ),
    }
}

fn failing_count(failed: usize, all: usize) -> String {
    format!(
        "{failed} of {all} checks {}",
        if failed == 1 { "fails" } else { "fail" }
    )
}

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
fn write_values_to_compare(html: &mut Html, view: &PageView<'_>) {
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
                html.write_fact(name, |html| html.write_digest(to_hex(&digest)));
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
        for anchor in &view.facts.verification.terms.anchors {
            let name = if anchor.side == Side::Aws {
                "AWS anchor’s key"
            } else {
                "Manufacturer’s key"
            };
            html.write_fact(name, |html| html.write_digest(&anchor.key_sha256));
        }
    });
    html.write_raw(
        "<p class=\"source\">The request and the response are the fingerprints that two \
              people read to each other: <code>fetch</code> prints the first and <code>sign</code> \
              asks for it, <code>sign</code> prints the second and <code>submit</code> asks for \
              it. All are computed from the files themselves.</p>",
    );
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
            html.write_fact("Transcript’s last line", |html| html.write_digest(head));
        }
        return;
    }
    let holds = trail.holds.entries().len();
    let lines = count_text(
        holds.saturating_add(trail.rest.as_raw().lines().count()),
        "line",
        "lines",
    );
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
            "<p>Somebody changed a file, or judged by other roots, another policy or at \
                  another moment. What was found counts; ask why the document says something \
                  else.</p>",
        );
        html.write_element(
            "div",
            &[
                ("class", "pan"),
                ("role", "region"),
                ("aria-labelledby", "differences"),
                ("tabindex", "0"),
            ],
            |html| write_difference_table(html, differences),
        );
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
        && own.check_same_anchor(found, CA_FILE).is_ok()
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
        "<li>Which cluster the HSM serves, and whose account it is in. That is known only to \
              who finds the very same CSR on the live cluster, as <code>hsmboot submit</code> \
              does.</li>",
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
    if has_given_roots(view.facts) {
        html.write_raw(
            "<li>That the roots which were given are the ones of AWS and of the manufacturer.</li>",
        );
    }
}
