//! The view of a cluster and what belongs to it, as every command shows it.

use serde_json::{Value, json};

use super::code::group_digits;
use super::run_options::complete_command;
use super::text::state_text;
use super::ui::{BOLD, StyledText, styled};

use crate::cloudhsm::choices::CLUSTER_CHOICES;
use crate::cloudhsm::{Cluster, HsmSummary, NextStep, OtherMembers, Tag, next_step};
use crate::outside::Lines;
use crate::x509::pem::{self, Label};
use crate::x509::{Certificate, Moment, name_text, sha256, to_hex};

/// Parses a certificate of the cluster; `None` where there is none that can be read.
fn parse_certificate(text: Option<&str>) -> Option<Certificate> {
    Certificate::from_owner_file(text?.as_bytes()).ok()
}

/// Returns the SHA-256 of the CSR's DER, where there is a CSR that can be read.
fn csr_sha256(cluster: &Cluster) -> Option<String> {
    let text = cluster.certificates.cluster_csr.as_deref()?;
    pem::decode(text.as_bytes(), Label::CertificateRequest)
        .ok()
        .map(|der| to_hex(&sha256(&der)))
}

fn certificate_document(text: &Option<String>) -> Value {
    parse_certificate(text.as_deref()).map_or(Value::Null, |certificate| {
        json!({
            "sha256": to_hex(&certificate.fingerprint()),
            "subject": name_text(certificate.subject()),
            "issuer": name_text(certificate.issuer()),
            "not_before": certificate.not_before(),
            "not_after": certificate.not_after(),
        })
    })
}

/// Returns the cluster as JSON, its certificates as digests.
pub(crate) fn cluster_document(cluster: &Cluster) -> Value {
    let certificates = &cluster.certificates;
    let mut document = json!({
        "cluster_id": cluster.cluster_id,
        "state": cluster.state.as_str(),
        "state_message": cluster.state_message,
        "hsm_type": cluster.hsm_type,
        "hsm_type_rollback_expiration": cluster.rollback_until.map(Moment::from_unix),
        "mode": cluster.mode,
    });
    let chosen = CLUSTER_CHOICES
        .iter()
        .map(|choice| (choice.key.to_owned(), json!(cluster.choices.get(choice))));
    let rest = json!({
        "vpc_id": cluster.vpc_id,
        "subnets": cluster.subnets,
        "security_group": cluster.security_group,
        "source_backup_id": cluster.source_backup_id,
        "retention_days": cluster.retention_days,
        "created": cluster.created.map(Moment::from_unix),
        "hsms": cluster.hsms.iter().map(hsm_document).collect::<Vec<_>>(),
        "csr_sha256": csr_sha256(cluster),
        "hsm_certificate": certificate_document(&certificates.hsm_certificate),
        "aws_hardware_certificate": certificate_document(&certificates.aws_hardware_certificate),
        "manufacturer_hardware_certificate":
            certificate_document(&certificates.manufacturer_hardware_certificate),
        "cluster_certificate": certificate_document(&certificates.cluster_certificate),
        "tags": tags_document(&cluster.tags),
        "other": other_document(&cluster.other),
        "other_left_out": cluster.other.left_out,
    });
    if let (Some(members), Value::Object(rest)) = (document.as_object_mut(), rest) {
        members.extend(chosen.chain(rest));
    }
    document
}

/// Returns an HSM as JSON.
pub(crate) fn hsm_document(hsm: &HsmSummary) -> Value {
    json!({
        "hsm_id": hsm.hsm_id,
        "state": hsm.state.as_str(),
        "state_message": hsm.state_message,
        "availability_zone": hsm.availability_zone,
        "subnet_id": hsm.subnet_id,
        "eni_id": hsm.eni_id,
        "eni_ip": hsm.eni_ip,
        "eni_ipv6": hsm.eni_ipv6,
        "hsm_type": hsm.hsm_type,
        "other": other_document(&hsm.other),
        "other_left_out": hsm.other.left_out,
    })
}

/// Returns tags as JSON.
pub(crate) fn tags_document(tags: &[Tag]) -> Value {
    tags.iter()
        .map(|tag| json!({ "key": tag.key, "value": tag.value }))
        .collect()
}

/// Returns members that no model knows, as JSON.
pub(crate) fn other_document(other: &OtherMembers) -> Value {
    json!(other.members)
}

/// Returns everything that is known of the cluster: [`cluster_text`], and what only its owner's
/// administration wants to know.
pub(crate) fn full_cluster_text(cluster: &Cluster) -> StyledText {
    let mut text = cluster_text(cluster);
    let mut out = String::new();
    let mut line = |label: &str, value: String| out.push_str(&format!("  {label:12}  {value}\n"));
    let days = |days: u16| format!("{days} days");
    let facts = [
        (
            "created",
            cluster.created.map(|at| Moment::from_unix(at).to_string()),
        ),
        ("retention", cluster.retention_days.map(days)),
        (
            "group",
            cluster.security_group.as_ref().map(ToString::to_string),
        ),
    ];
    for (label, value) in facts
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
    {
        line(label, value);
    }
    for (zone, subnet) in &cluster.subnets {
        line("subnet", format!("{}  {}", zone, subnet));
    }
    let certificates = &cluster.certificates;
    for (label, text) in [
        ("HSM's", &certificates.hsm_certificate),
        ("AWS's", &certificates.aws_hardware_certificate),
        ("maker's", &certificates.manufacturer_hardware_certificate),
        ("cluster's", &certificates.cluster_certificate),
    ] {
        if let Some(certificate) = parse_certificate(text.as_deref()) {
            line(
                label,
                format!(
                    "certificate, SHA-256 {}",
                    group_digits(&to_hex(&certificate.fingerprint()))
                ),
            );
            line("", name_text(certificate.subject()).to_string());
        }
    }
    for tag in &cluster.tags {
        line("tag", format!("{}={}", tag.key, tag.value));
    }
    text.push(out);
    text
}

/// Returns the cluster in a few lines, each with its newline: its state in its colour, and its
/// owner's next step.
pub(crate) fn cluster_text(cluster: &Cluster) -> StyledText {
    let mut text = cluster_head(cluster);
    text.push(cluster_lines(cluster));
    if let Some(next) = next_step_text(cluster) {
        push_line(&mut text, "next", next);
    }
    text
}

/// Returns the same without the advice to activate it: for a text that goes on with every step of
/// that, and for a cluster that is not the reader's.
pub(crate) fn cluster_text_without_activation(cluster: &Cluster) -> StyledText {
    if !matches!(next_step(cluster), NextStep::Activate) {
        return cluster_text(cluster);
    }
    let mut text = cluster_head(cluster);
    text.push(cluster_lines(cluster));
    text
}

/// Returns the first line: the cluster, with its state in its colour.
fn cluster_head(cluster: &Cluster) -> StyledText {
    StyledText::from([
        styled(BOLD, cluster.cluster_id.to_string()),
        StyledText::from("  "),
        state_text(&cluster.state),
        StyledText::from("\n"),
    ])
}

/// Appends a line with its label.
fn push_line(out: &mut StyledText, label: &str, value: impl Into<StyledText>) {
    out.push_str(&format!("  {label:12}  "));
    out.push(value);
    out.push_str("\n");
}

/// Returns the lines below the state.
fn cluster_lines(cluster: &Cluster) -> StyledText {
    let mut out = StyledText::new();
    if let Some(message) = &cluster.state_message {
        push_line(&mut out, "message", message.to_string());
    }
    let kind: Vec<String> = cluster
        .hsm_type
        .iter()
        .chain(&cluster.mode)
        .chain(cluster.choices.values())
        .chain(&cluster.vpc_id)
        .map(ToString::to_string)
        .collect();
    if !kind.is_empty() {
        push_line(&mut out, "type", kind.join(", "));
    }
    if let Some(origin) = cluster.origin_text() {
        push_line(&mut out, "restored", origin);
    }
    if let Some(until) = cluster.rollback_until {
        push_line(
            &mut out,
            "rollback",
            format!(
                "its type can be changed back until {}",
                Moment::from_unix(until)
            ),
        );
    }
    for hsm in &cluster.hsms {
        let place = [
            &hsm.availability_zone,
            &hsm.eni_ip,
            &hsm.eni_ipv6,
            &hsm.hsm_type,
        ];
        let place: Vec<String> = place
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .map(ToString::to_string)
            .collect();
        let place = match place.is_empty() {
            true => String::new(),
            false => format!("  {}", place.join(", ")),
        };
        let id = format!("{}  ", hsm.hsm_id);
        push_line(
            &mut out,
            "HSM",
            StyledText::from([id.into(), state_text(&hsm.state), place.into()]),
        );
        if let Some(message) = hsm
            .state_message
            .as_ref()
            .filter(|message| !message.is_empty())
        {
            push_line(&mut out, "", format!("the service says: {message}"));
        }
        for other in hsm.other.to_lines() {
            push_line(&mut out, "", format!("other  {other}"));
        }
    }
    for other in cluster.other.to_lines() {
        push_line(&mut out, "other", other);
    }
    if let Some(digest) = csr_sha256(cluster) {
        push_line(
            &mut out,
            "CSR",
            format!("SHA-256 {}", group_digits(&digest)),
        );
    }
    if let Some(certificate) =
        parse_certificate(cluster.certificates.cluster_certificate.as_deref())
    {
        push_line(
            &mut out,
            "certificate",
            format!(
                "SHA-256 {}",
                group_digits(&to_hex(&certificate.fingerprint()))
            ),
        );
        push_line(
            &mut out,
            "issued by",
            name_text(certificate.issuer()).to_string(),
        );
    }
    out
}

/// Returns a line for each HSM of a cluster, as errors list them.
pub(crate) fn hsm_lines(cluster: &Cluster) -> Lines {
    let lines = cluster.hsms.iter();
    lines
        .map(|hsm| format!("  HSM  {}  {}", hsm.hsm_id, hsm.state))
        .collect()
}

/// Returns the owner's next step.
fn next_step_text(cluster: &Cluster) -> Option<String> {
    match next_step(cluster) {
        NextStep::Nothing => None,
        step => Some(
            step.command_for(&cluster.cluster_id)
                .map(|command| complete_command(command).line())
                .unwrap_or_else(|| step.advice_for(&cluster.cluster_id)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudhsm::ClusterState;

    #[test]
    fn nothing_of_the_service_reaches_the_terminal_raw() {
        let mut cluster = Cluster::new(
            "cluster-\u{1b}]0;x\u{7}",
            ClusterState::Other("A\u{1b}[2J".into()),
        );
        cluster.state_message = Some("b\nc\u{202e}".into());
        let shown = cluster_text(&cluster).to_plain();
        assert!(
            shown
                .chars()
                .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
            "{shown:?}"
        );
        assert!(shown.contains("b\\u{a}c\\u{202e}"), "{shown:?}");
    }
}
