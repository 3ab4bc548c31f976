//! What a reader has to know first: the verdict, what it rests on, what it does not say.

use super::chain::about_to_send;
use super::differences::{Difference, of};
use super::html::Html;
use super::icons::icon;
use super::transcript::{Standing, standing};
use super::view::{View, counted, listed};
use super::{Facts, cause, checks, gaps, submission};
use crate::bundle::{CA_FILE, Fingerprint, Survey, Told};
use crate::outside::OutsideText;
use crate::verify::{Cause, Roots, Side, Status, Verdict, fips_alarm};
use crate::x509::{Certificate, Csr, TrustAnchor, hex};

/// The verdict in words.
pub(super) struct Words {
    /// `good`, `warn` or `bad`, for the style; the symbol says it as well.
    class: &'static str,
    symbol: &'static str,
    /// One word.
    pub(super) word: &'static str,
    says: &'static str,
}

pub(super) fn verdict(facts: &Facts) -> Words {
    let accepted = facts.verification.with(Status::Accepted).next().is_some();
    match facts.verification.verdict {
        Verdict::Rejected => Words {
            class: "bad",
            symbol: "fail",
            word: "Rejected",
            says: "The HSM’s identity is not proven.",
        },
        Verdict::Verified if accepted => Words {
            class: "warn",
            symbol: "accepted",
            word: "Verified, with failures accepted",
            says: "The CSR’s key is a genuine HSM’s, if what was accepted may be.",
        },
        Verdict::Verified if facts.verification.terms.roots == Roots::Given => Words {
            class: "good",
            symbol: "pass",
            word: "Verified",
            says: "The CSR’s key is an HSM’s, by roots that were given.",
        },
        Verdict::Verified => Words {
            class: "good",
            symbol: "pass",
            word: "Verified",
            says: "The CSR’s key is a genuine HSM’s.",
        },
    }
}

/// Why it is rejected, as a sentence, with what to do.
fn sentence(cause: &Cause) -> String {
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
                        root.download(),
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

/// Whether a root was used that is not built in.
fn given_roots(facts: &Facts) -> bool {
    facts.verification.terms.roots == Roots::Given
}

pub(super) fn header(html: &mut Html, view: &View<'_>) {
    let facts = view.facts;
    let words = verdict(facts);
    html.raw("<p class=\"brand\">hsmboot report</p>");
    html.el("h1", &[], |html| {
        html.raw("Claim of <span class=\"id\">");
        html.text(facts.survey.cluster_id.as_str());
        html.raw("</span>");
    });
    html.el(
        "div",
        &[("class", &format!("verdict {}", words.class))],
        |html| {
            icon(html, words.symbol);
            html.el("div", &[], |html| {
                html.say_of("p", "word", words.word);
                html.say("p", words.says);
                if let Some(cause) = cause(facts) {
                    html.el("p", &[], |html| html.quote(sentence(&cause)));
                }
                if given_roots(facts) {
                    html.of("p", "caveat", |html| {
                        html.raw(
                            "Judged by roots that were given to this report, not by the built-in \
                              ones of AWS and the manufacturer",
                        );
                        let good = facts.verification.verdict == Verdict::Verified;
                        html.raw(if good {
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
        .told()
        .and_then(|request| request.mode.as_ref());
    if let Some(alarm) = fips_alarm(&facts.verification, mode.map(OutsideText::raw)) {
        html.of("p", "alarm", |html| {
            icon(html, "fail");
            html.raw("<strong>NOT FIPS</strong>: ");
            html.quote(&alarm);
            html.raw(".");
        });
    }
    if let Some(reason) = submission::unverified(view) {
        html.of("p", "alarm", |html| {
            icon(html, "accepted");
            html.raw(
                "<strong>UNVERIFIED</strong>: the bundle records that somebody went on \
                      without proof, for this reason: ",
            );
            html.quote(if reason.is_empty() {
                "none was recorded".into()
            } else {
                reason
            });
        });
    }
    if let Some(reason) = submission::from_bundle(view) {
        html.of("p", "alarm", |html| {
            icon(html, "accepted");
            html.raw(
                "<strong>OWNER NOT PROVEN</strong>: the bundle records that somebody took the \
                      CA that lay in it, for this reason: ",
            );
            html.quote(if reason.is_empty() {
                "none was recorded"
            } else {
                reason.raw()
            });
        });
    }
    if let Some(file) = view.another_ca() {
        html.of("p", "alarm", |html| {
            icon(html, "fail");
            html.raw(
                "<strong>The trust anchor is not your CA.</strong> It is another certificate than ",
            );
            html.code(file);
            html.raw(": a cluster that takes it belongs to who holds that other CA’s key.");
        });
    }
    if !of(view).is_empty() {
        html.of("p", "alarm", |html| {
            icon(html, "fail");
            html.raw(
                "<strong>The bundle’s records differ from what was found.</strong> <a \
                      href=\"#differences\">How, and what counts</a>",
            );
        });
    }
    html.of("dl", "strip", |html| aspects(html, view));
    html.of("dl", "facts masthead", |html| {
        html.fact("Made at", |html| html.text(facts.made_at.to_string()));
        html.fact("Judged at", |html| {
            html.text(&if facts.at_named {
                format!("{}, as named (--at)", facts.verification.at)
            } else {
                "the same moment".to_owned()
            });
        });
        html.fact("Made by", |html| html.text(&facts.tool));
    });
}

fn aspect(html: &mut Html, name: &str, symbol: &'static str, says: &str) {
    html.el(
        "div",
        &[("class", if symbol == "fail" { "loud" } else { "calm" })],
        |html| {
            html.say("dt", name);
            html.el("dd", &[], |html| {
                icon(html, symbol);
                html.quote(says);
            });
        },
    );
}

fn aspects(html: &mut Html, view: &View<'_>) {
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
                failing(count(Status::Fail), facts.verification.checks.len())
            )
        }
        Verdict::Verified => {
            let (pass, accepted) = (count(Status::Pass), count(Status::Accepted));
            let accepted = if accepted > 0 {
                format!(", {accepted} accepted")
            } else {
                String::new()
            };
            let notes = counted(count(Status::Note), "note", "notes");
            format!(
                "{} checks: {pass} pass{accepted}, {notes}",
                facts.verification.checks.len()
            )
        }
    };
    aspect(html, "HSM", verdict(facts).symbol, &hsm);
    match &facts.pair {
        None => aspect(html, "Pair", "absent", "nothing is signed yet"),
        Some(pair) if pair.verdict == Verdict::Verified => {
            aspect(html, "Pair", "pass", "fit for InitializeCluster")
        }
        Some(pair) => aspect(
            html,
            "Pair",
            "fail",
            &format!(
                "unfit: {}",
                failing(pair.failed().count(), pair.checks.len())
            ),
        ),
    }
    match &facts.survey.receipt {
        Told::Absent if about_to_send(view).is_some() => {
            aspect(html, "Submission", "skipped", "perhaps sent: no receipt")
        }
        Told::Absent => aspect(html, "Submission", "absent", "no receipt"),
        Told::Damaged(_) => aspect(html, "Submission", "fail", "the receipt cannot be read"),
        Told::Tells(receipt) => aspect(
            html,
            "Submission",
            "told",
            &format!("recorded as {}, state {}", receipt.outcome, receipt.state),
        ),
    }
    let transcript = standing(view);
    aspect(html, "Transcript", transcript.symbol, &transcript.brief);
    match (&transcript.not_compared_in, &transcript.compared_in) {
        (Some(_), _) => {
            let steps = counted(transcript.not_compared.len(), "step", "steps");
            aspect(
                html,
                "Fingerprints",
                "accepted",
                &format!("not compared in {steps}"),
            );
        }
        (None, Some(steps)) => aspect(
            html,
            "Fingerprints",
            "told",
            &format!("compared in {steps}"),
        ),
        (None, None) => aspect(html, "Fingerprints", "absent", "no step compared any"),
    }
    match of(view).len() {
        0 => aspect(html, "Records", "told", "agree with what was found"),
        1 => aspect(html, "Records", "fail", "one differs from what was found"),
        more => aspect(
            html,
            "Records",
            "fail",
            &format!("{more} differ from what was found"),
        ),
    }
}

fn failing(failed: usize, all: usize) -> String {
    format!(
        "{failed} of {all} checks {}",
        if failed == 1 { "fails" } else { "fail" }
    )
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let failed: Vec<_> = view.verification.with(Status::Fail).collect();
    if !failed.is_empty() {
        html.of("div", "alarm block", |html| {
            html.raw(
                "<p><strong>Do not sign, and do not submit.</strong> Nothing proves that this \
                      CSR’s key is an HSM’s. ",
            );
            if let Some(cause) = cause(view.facts) {
                html.quote(sentence(&cause));
                html.raw(" ");
            }
            html.raw(if failed.len() == 1 {
                "This check failed:</p>"
            } else {
                "These checks failed:</p>"
            });
            html.of("ul", "plain", |html| {
                for found in failed {
                    html.el("li", &[], |html| {
                        checks::mark(html, found.status);
                        html.raw(" ");
                        html.id(found.id.as_str());
                        html.raw(" ");
                        html.quote(&found.detail);
                    });
                }
            });
        });
    }
    differing(html, &of(view));
    html.of("div", "two", |html| {
        html.el("div", &[], |html| {
            html.say("h3", "What is proven");
            html.of("ul", "prose", |html| proven(html, view));
        });
        html.el("div", &[], |html| {
            html.say("h3", "What is not");
            html.of("ul", "prose", |html| not_proven(html, view));
        });
    });
    to_compare(html, view);
}

/// What people hold against what they know from elsewhere: the other side of a telephone, the CA's
/// own papers.
fn to_compare(html: &mut Html, view: &View<'_>) {
    html.say("h3", "To compare");
    html.of("dl", "facts", |html| {
        let survey = &view.facts.survey;
        html.fact("Request", |html| request(html, survey));
        if let (Some(csr), Some(signed_cert), Some(trust_anchor)) =
            (&view.csr, &view.signed_cert, &view.trust_anchor)
        {
            let response = Fingerprint::of_response(
                &survey.cluster_id,
                csr.der(),
                signed_cert.der(),
                trust_anchor.ders(),
            );
            html.fact("Response", |html| {
                html.say_of("code", "spoken", response.to_string())
            });
        }
        let digest = |html: &mut Html, name: &str, digest: Option<[u8; 32]>| {
            if let Some(digest) = digest {
                html.fact(name, |html| html.digest(hex(&digest)));
            }
        };
        last_line(html, view);
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
            html.fact(name, |html| html.digest(&anchor.key_sha256));
        }
    });
    html.raw(
        "<p class=\"source\">The request and the response are the fingerprints that two \
              people read to each other: <code>fetch</code> prints the first and <code>sign</code> \
              asks for it, <code>sign</code> prints the second and <code>submit</code> asks for \
              it. All are computed from the files themselves.</p>",
    );
}

/// The request's fingerprint, where the bundle holds all that was fetched: of less it is another
/// than the one that `fetch` printed.
fn request(html: &mut Html, survey: &Survey) {
    let (fetched_without, lost) = gaps::of_request(survey);
    if !lost.is_empty() {
        let missing = lost.iter().filter(|name| !survey.holds(name)).count();
        let how = match (missing, lost.len()) {
            (0, _) => "cannot be read",
            (1, 1) => "is missing",
            (missing, all) if missing == all => "are missing",
            _ => "are missing or cannot be read",
        };
        html.quote(format!(
            "none: {} {how}, and a fingerprint of the rest is not the one that was read out",
            listed(&lost)
        ));
        return;
    }
    let fingerprint = Fingerprint::of_request(&survey.cluster_id, &survey.evidence());
    html.say_of("code", "spoken", fingerprint.to_string());
    if !fetched_without.is_empty() {
        html.of("p", "source", |html| {
            html.quote(format!(
                "of a request that was fetched without {}",
                listed(&fetched_without)
            ))
        });
    }
}

/// The last line of the transcript, or the last one that holds, which is not the one that anybody
/// noted.
fn last_line(html: &mut Html, view: &View<'_>) {
    let Some(trail) = view.facts.survey.transcript.told() else {
        return;
    };
    let head = standing(view).head;
    if trail.fault.is_none() {
        if let Some(head) = &head {
            html.fact("Transcript’s last line", |html| html.digest(head));
        }
        return;
    }
    let holds = trail.holds.entries().len();
    let lines = counted(
        holds.saturating_add(trail.rest.raw().lines().count()),
        "line",
        "lines",
    );
    html.fact("Last line that holds", |html| {
        if let Some(head) = &head {
            html.digest(head);
            html.say_of(
                "p",
                "source",
                format!("line {holds} of {lines} of a transcript that does not hold"),
            );
        } else {
            html.text(format!(
                "none of {lines} of a transcript that does not hold"
            ));
        }
    });
}

/// Where the bundle's documents and the judgement part.
fn differing(html: &mut Html, differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    html.of("div", "alarm block", |html| {
        html.el("h3", &[("id", "differences")], |html| {
            icon(html, "fail");
            html.text("The bundle’s records differ from what was found");
        });
        html.raw(
            "<p>Somebody changed a file, or judged by other roots, another policy or at \
                  another moment. What was found counts; ask why the document says something \
                  else.</p>",
        );
        html.el(
            "div",
            &[
                ("class", "pan"),
                ("role", "region"),
                ("aria-labelledby", "differences"),
                ("tabindex", "0"),
            ],
            |html| table(html, differences),
        );
    });
}

fn table(html: &mut Html, differences: &[Difference]) {
    html.el(
        "table",
        &[("class", "differences"), ("aria-labelledby", "differences")],
        |html| {
            html.raw(
                "<thead><tr><th scope=\"col\">Document</th><th scope=\"col\">About</th><th \
                      scope=\"col\">Recorded</th><th scope=\"col\">Found</th></tr></thead>",
            );
            html.el("tbody", &[], |html| {
                for difference in differences {
                    html.el("tr", &[], |html| {
                        html.el("th", &[("scope", "row")], |html| html.code(difference.file));
                        for text in [&difference.about, &difference.recorded, &difference.found] {
                            html.el("td", &[], |html| html.quote(text));
                        }
                    });
                }
            });
        },
    );
}

fn proven(html: &mut Html, view: &View<'_>) {
    let facts = view.facts;
    let verified = facts.verification.verdict == Verdict::Verified;
    if verified {
        html.raw(
            "<li>The CSR’s key is the key of an HSM certificate. One hardware key signed \
                  that, and two different anchors certified that hardware key.</li>",
        );
        html.raw("<li>Whoever made the CSR holds its private key.</li>");
    }
    let fit = facts
        .pair
        .as_ref()
        .is_some_and(|pair| pair.verdict == Verdict::Verified);
    if fit {
        html.raw(
            "<li>The signed certificate is for the CSR’s key, the trust anchor’s key signed \
                  it, and the pair meets every documented demand of InitializeCluster.</li>",
        );
    }
    if let (Some((own, file)), Some(found)) = (&facts.own_ca, &view.trust_anchor)
        && own.is(found, CA_FILE).is_ok()
    {
        html.el("li", &[], |html| {
            html.raw("The trust anchor is the CA certificate that this report was given, ");
            html.code(file);
            html.raw(".");
        });
    }
    if let (
        Some((_, file)),
        Standing {
            symbol: "pass",
            sealed_up_to: Some(step),
            ..
        },
    ) = (&facts.own_ca, standing(view))
    {
        html.el("li", &[], |html| {
            html.text(format!(
                "Step {step} of the transcript was sealed with the key of "
            ));
            html.code(file);
            html.raw(
                ": the machine that signed saw its lines up to there as they are now, and request, \
                 signed certificate and trust anchor as well.",
            );
        });
    }
    if !verified && !fit {
        html.raw("<li>Nothing.</li>");
    }
}

/// Whether there is a transcript of which no line is lost.
fn is_whole(view: &View<'_>) -> bool {
    view.facts
        .survey
        .transcript
        .told()
        .is_some_and(|trail| trail.fault.is_none() && !trail.holds.entries().is_empty())
}

fn not_proven(html: &mut Html, view: &View<'_>) {
    if view.facts.verification.verdict == Verdict::Rejected {
        html.raw("<li>That the CSR’s key is an HSM’s.</li>");
    }
    html.raw(
        "<li>Which cluster the HSM serves, and whose account it is in. That is known only to \
              who finds the very same CSR on the live cluster, as <code>hsmboot submit</code> \
              does.</li>",
    );
    html.raw("<li>The HSM’s firmware and FIPS state. Neither root publishes revocations.</li>");
    html.raw(
        "<li>What only the bundle’s documents tell: times, people, machines, what the service \
              answered. Where a document is the only source, this page says so.</li>",
    );
    match standing(view) {
        Standing {
            not_compared_in: Some(steps),
            ..
        } => html.el("li", &[], |html| {
            html.text(format!(
                "That both sides had the same request and response before them: \
                               nobody compared fingerprints in {steps}."
            ));
        }),
        _ if view.pair.is_some() && !is_whole(view) => {
            html.raw("<li>That the two sides compared fingerprints: no transcript says so.</li>");
        }
        _ => {}
    }
    if view.facts.own_ca.is_none() && view.trust_anchor.is_some() {
        html.raw(
            "<li>That the trust anchor is your CA: compare its SHA-256, or give your copy \
                  with <code>--ca</code>.</li>",
        );
    }
    if given_roots(view.facts) {
        html.raw(
            "<li>That the roots which were given are the ones of AWS and of the manufacturer.</li>",
        );
    }
}
