//! The page's sections on the anchors and on the details of every certificate.

use super::html::Html;
use super::view::{PageView, algorithm_text};
use crate::bundle::{Part, TRUST_ANCHOR_FILES};
use crate::ca::{CaFact, CaSummary};
use crate::verify::{Side, Source};
use crate::x509::{Certificate, Csr, TrustAnchor, name_text, to_hex};

pub(super) fn write_anchors(html: &mut Html, view: &PageView<'_>) {
    html.write_raw(
        "<p>An anchor is a name and a key (RFC 5280 6.1.1 d). The verdict hangs on these two: \
              compare their SHA-256 with what AWS and the manufacturer publish.</p>",
    );
    for used in &view.facts.verification.terms.anchors {
        html.write_text_element(
            "h3",
            if used.side == Side::Aws {
                "The AWS anchor"
            } else {
                "The manufacturer anchor"
            },
        );
        html.write_element_of("dl", "facts", |html| {
            html.write_fact("Source", |html| match &used.source {
                Source::BuiltIn => html.write_text("built into hsmboot"),
                Source::Given(file) => {
                    html.write_raw(
                        "<strong>given</strong> to this report, in the place of the built-in one: ",
                    );
                    html.write_code(file);
                }
            });
            html.write_quote_fact("Name", &used.subject);
            html.write_fact("Certificate, SHA-256", |html| {
                match &used.certificate_sha256 {
                    Some(digest) => html.write_digest(digest),
                    None => html.write_text("none published"),
                }
            });
            html.write_digest_fact("Key, SHA-256", &used.key_sha256);
        });
    }
}

pub(super) fn write_certificates(html: &mut Html, view: &PageView<'_>) {
    html.write_raw(
        "<p>As the files of the bundle hold them. Names are shown in the order in which they \
              are encoded; <code>+</code> joins attributes of one RDN.</p>",
    );
    let name = |part: Part| part.file_name(&view.facts.survey.cluster_id);
    for (title, part, found) in [
        (
            "AWS hardware certificate",
            Part::AwsHardware,
            &view.aws_hardware,
        ),
        (
            "Manufacturer hardware certificate",
            Part::ManufacturerHardware,
            &view.manufacturer_hardware,
        ),
        ("HSM certificate", Part::Hsm, &view.hsm),
    ] {
        write_certificate(html, view, title, &name(part), found.as_ref());
    }
    html.write_text_element("h3", "Cluster CSR");
    match &view.csr {
        Some(found) => write_csr(html, view, found),
        None => write_absence(html, view, &name(Part::Csr)),
    }
    write_certificate(
        html,
        view,
        "Signed certificate",
        &name(Part::SignedCert),
        view.signed_cert.as_ref(),
    );
    let file = view.facts.survey.trust_anchor_file();
    write_certificate(
        html,
        view,
        "Trust anchor (the owner’s CA)",
        file,
        view.facts
            .trust_anchor
            .as_ref()
            .map(TrustAnchor::signing_ca),
    );
    for (at, above) in view
        .facts
        .trust_anchor
        .iter()
        .flat_map(TrustAnchor::certificates_above)
        .enumerate()
    {
        write_certificate(
            html,
            view,
            &format!("Trust anchor, certificate {} of its chain", at + 2),
            file,
            Some(above),
        );
    }
}

/// Writes the reason why there is nothing to show of a file.
pub(super) fn write_absence(html: &mut Html, view: &PageView<'_>, name: &str) {
    let part_of_pair = TRUST_ANCHOR_FILES.contains(&name)
        || name == Part::SignedCert.file_name(&view.facts.survey.cluster_id);
    html.write_element("p", &[], |html| match view.facts.survey.has_file(name) {
        true => html.write_raw("It cannot be read."),
        false if part_of_pair && view.pair.is_none() => html.write_raw("Nothing is signed yet."),
        false => {
            html.write_raw("It is missing: there is no file ");
            html.write_code(name);
            html.write_raw(".");
        }
    });
}

fn write_certificate(
    html: &mut Html,
    view: &PageView<'_>,
    title: &str,
    name: &str,
    found: Option<&Certificate>,
) {
    html.write_text_element("h3", title);
    let Some(found) = found else {
        write_absence(html, view, name);
        return;
    };
    html.write_element_of("dl", "facts", |html| {
        for (fact, value) in CaSummary::from_certificate(found).to_lines() {
            html.write_fact(fact_label(fact), |html| match fact {
                CaFact::Sha256 | CaFact::KeySha256 => html.write_digest(&value),
                CaFact::Key => html.write_text(format!(
                    "{value}, key {} in the picture",
                    view.key_letter(found.public_key())
                )),
                _ => html.write_quote(&value),
            });
        }
    });
}

/// Returns the label of a fact: its name, and a capital letter first where it is words.
fn fact_label(fact: CaFact) -> String {
    let name = fact.name();
    let mut letters = name.chars();
    match (fact, letters.next()) {
        (CaFact::BasicConstraints | CaFact::KeyUsage | CaFact::Sha256 | CaFact::KeySha256, _)
        | (_, None) => name.to_owned(),
        (_, Some(first)) => first.to_uppercase().chain(letters).collect(),
    }
}

fn write_csr(html: &mut Html, view: &PageView<'_>, found: &Csr) {
    html.write_element_of("dl", "facts", |html| {
        html.write_quote_fact("Subject", name_text(found.subject()));
        html.write_text_fact(
            "Key",
            format!(
                "{}, key {} in the picture",
                found.public_key().describe(),
                view.key_letter(found.public_key())
            ),
        );
        html.write_quote_fact("Signed with", algorithm_text(found.signature_algorithm()));
        html.write_digest_fact("SHA-256", to_hex(&found.fingerprint()));
        html.write_digest_fact("Key SHA-256", to_hex(found.spki_sha256()));
    });
}
