//! The anchors, and every certificate in figures.

use super::html::Html;
use super::view::{View, algorithm};
use crate::bundle::{Part, TRUST_ANCHOR_FILES};
use crate::ca::CaSummary;
use crate::verify::Side;
use crate::x509::{Certificate, Csr, TrustAnchor, hex, name_text};

pub(super) fn anchors(html: &mut Html, view: &View<'_>) {
    html.raw(
        "<p>An anchor is a name and a key (RFC 5280 6.1.1 d). The verdict hangs on these two: \
              compare their SHA-256 with what AWS and the manufacturer publish.</p>",
    );
    for used in &view.facts.verification.terms.anchors {
        html.say(
            "h3",
            if used.side == Side::Aws {
                "The AWS anchor"
            } else {
                "The manufacturer anchor"
            },
        );
        html.of("dl", "facts", |html| {
            html.fact("Source", |html| match &used.file {
                None => html.text("built into hsmboot"),
                Some(file) => {
                    html.raw(
                        "<strong>given</strong> to this report, in the place of the built-in one: ",
                    );
                    html.code(file);
                }
            });
            html.fact("Name", |html| html.quote(&used.subject));
            html.fact("Certificate, SHA-256", |html| {
                match &used.certificate_sha256 {
                    Some(digest) => html.digest(digest),
                    None => html.text("none published"),
                }
            });
            html.fact("Key, SHA-256", |html| html.digest(&used.key_sha256));
        });
    }
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    html.raw(
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
        certificate(html, view, title, &name(part), found.as_ref());
    }
    html.say("h3", "Cluster CSR");
    match &view.csr {
        Some(found) => csr(html, view, found),
        None => nothing(html, view, &name(Part::Csr)),
    }
    certificate(
        html,
        view,
        "Signed certificate",
        &name(Part::SignedCert),
        view.signed_cert.as_ref(),
    );
    let file = view.facts.survey.trust_anchor_file();
    certificate(
        html,
        view,
        "Trust anchor (the owner’s CA)",
        file,
        view.trust_anchor.as_ref().map(TrustAnchor::first),
    );
    for (at, above) in view
        .trust_anchor
        .iter()
        .flat_map(TrustAnchor::above)
        .enumerate()
    {
        certificate(
            html,
            view,
            &format!("Trust anchor, certificate {} of its chain", at + 2),
            file,
            Some(above),
        );
    }
}

/// Why there is nothing to show of a file.
pub(super) fn nothing(html: &mut Html, view: &View<'_>, name: &str) {
    let part_of_pair = TRUST_ANCHOR_FILES.contains(&name)
        || name == Part::SignedCert.file_name(&view.facts.survey.cluster_id);
    html.el("p", &[], |html| match view.facts.survey.holds(name) {
        true => html.raw("It cannot be read."),
        false if part_of_pair && view.pair.is_none() => html.raw("Nothing is signed yet."),
        false => {
            html.raw("It is missing: there is no file ");
            html.code(name);
            html.raw(".");
        }
    });
}

fn certificate(
    html: &mut Html,
    view: &View<'_>,
    title: &str,
    name: &str,
    found: Option<&Certificate>,
) {
    html.say("h3", title);
    let Some(found) = found else {
        nothing(html, view, name);
        return;
    };
    let digests = ["SHA-256", "key SHA-256"];
    html.of("dl", "facts", |html| {
        for (name, value) in CaSummary::of(found).lines() {
            let first = name
                .chars()
                .next()
                .map(|c| c.to_uppercase().to_string())
                .unwrap_or_default();
            let rest: String = name.chars().skip(1).collect();
            let name = if digests.contains(&name)
                || name.contains("Constraints")
                || name.contains("Usage")
            {
                name.to_owned()
            } else {
                first + &rest
            };
            html.fact(&name, |html| match name.as_str() {
                "SHA-256" | "key SHA-256" => html.digest(&value),
                "Key" => html.text(format!(
                    "{value}, key {} in the picture",
                    view.letter(found.key())
                )),
                _ => html.quote(&value),
            });
        }
    });
}

fn csr(html: &mut Html, view: &View<'_>, found: &Csr) {
    html.of("dl", "facts", |html| {
        html.fact("Subject", |html| html.quote(name_text(found.subject())));
        html.fact("Key", |html| {
            html.text(format!(
                "{}, key {} in the picture",
                found.key().describe(),
                view.letter(found.key())
            ))
        });
        html.fact("Signed with", |html| {
            html.quote(algorithm(found.algorithm()))
        });
        html.fact("SHA-256", |html| html.digest(hex(&found.fingerprint())));
        html.fact("Key SHA-256", |html| html.digest(hex(found.spki_sha256())));
    });
}
