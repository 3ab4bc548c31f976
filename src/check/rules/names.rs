//! Tells whether names lie within name constraints (RFC 5280 4.2.1.10).

use crate::x509::extension::NameConstraints;
use crate::x509::general_name::GeneralName;
use crate::x509::name;

/// Explains why the constraints do not allow a certificate of this subject and these alternative
/// names; `None` where they do.
pub(super) fn excluded(
    constraints: &NameConstraints,
    subject: &[u8],
    others: &[GeneralName],
) -> Option<String> {
    // RFC 5280 6.1.3 (b): the subject, and each of the alternative names.
    let subject = GeneralName::Directory(subject.to_vec());
    std::iter::once(&subject)
        .chain(others)
        .find_map(|name| explain_refusal(constraints, name))
}

fn explain_refusal(constraints: &NameConstraints, found: &GeneralName) -> Option<String> {
    let of_form = |list: &[GeneralName]| {
        list.iter()
            .filter(|base| base.form_tag() == found.form_tag())
            .cloned()
            .collect::<Vec<_>>()
    };
    let (permitted, excluded) = (
        of_form(&constraints.permitted),
        of_form(&constraints.excluded),
    );
    let text = || describe_name(found);
    if let GeneralName::Other(_) = found {
        // RFC 5280 4.2.1.10: a form that is constrained, and cannot be compared, is rejected.
        return (!permitted.is_empty() || !excluded.is_empty()).then(|| {
            format!(
                "a name of the form {} cannot be compared with them",
                found.form_name()
            )
        });
    }
    if let Some(base) = excluded.iter().find(|base| is_within(found, base)) {
        return Some(format!(
            "{} lies within the excluded {}",
            text(),
            describe_name(base)
        ));
    }
    match permitted.iter().any(|base| is_within(found, base)) || permitted.is_empty() {
        true => None,
        false => Some(format!(
            "{} lies within none of the permitted: {}",
            text(),
            permitted
                .iter()
                .map(describe_name)
                .collect::<Vec<_>>()
                .join("; ")
        )),
    }
}

fn describe_name(found: &GeneralName) -> String {
    match found {
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => {
            format!("{} `{text}`", found.form_name())
        }
        GeneralName::Directory(name) => format!("directoryName {}", name::name_text(name)),
        GeneralName::Ip(octets) => format!("iPAddress {}", crate::x509::to_hex(octets)),
        GeneralName::Other(_) => found.form_name().to_owned(),
    }
}

fn is_within(found: &GeneralName, base: &GeneralName) -> bool {
    match (found, base) {
        (GeneralName::Directory(found), GeneralName::Directory(base)) => {
            name::is_within(found, base)
        }
        (GeneralName::Dns(found), GeneralName::Dns(base)) => is_in_domain(found, base),
        (GeneralName::Email(found), GeneralName::Email(base)) => is_in_mailboxes(found, base),
        (GeneralName::Uri(found), GeneralName::Uri(base)) => {
            host_of(found).is_some_and(|host| is_at_host(host, base))
        }
        (GeneralName::Ip(found), GeneralName::Ip(base)) => is_in_network(found, base),
        _ => false,
    }
}

/// Tells whether a dNSName is the base itself, or has labels before it.
fn is_in_domain(found: &str, base: &str) -> bool {
    let (found, base) = (found.to_ascii_lowercase(), base.to_ascii_lowercase());
    let domain = base.strip_prefix('.').unwrap_or(&base);
    domain.is_empty()
        || found == base
        || found
            .strip_suffix(domain)
            .is_some_and(|labels| labels.ends_with('.'))
}

/// Tells whether a host is the base itself or, where that begins with a dot, has labels before it.
fn is_at_host(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    base.is_empty()
        || if base.starts_with('.') {
            host.len() > base.len() && host.ends_with(&base)
        } else {
            host == base
        }
}

/// Tells whether a mailbox is the base itself where that is one, else one at that host or domain.
/// The part before the @ is compared as it stands (RFC 5280 7.5).
fn is_in_mailboxes(found: &str, base: &str) -> bool {
    match (found.rsplit_once('@'), base.rsplit_once('@')) {
        (Some((local, host)), Some((base_local, base_host))) => {
            local == base_local && host.eq_ignore_ascii_case(base_host)
        }
        (Some((_, host)), None) => is_at_host(host, base),
        (None, _) => false,
    }
}

/// The host of a URI (RFC 3986 3.2), which RFC 5280 4.2.1.10 compares alone.
fn host_of(uri: &str) -> Option<&str> {
    let (_, after) = uri.split_once("://")?;
    let authority = after.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Some(host.rsplit_once(':').map_or(host, |(host, _)| host)).filter(|host| !host.is_empty())
}

/// Tells whether an address lies within a network: octets, and as many of a mask.
fn is_in_network(found: &[u8], base: &[u8]) -> bool {
    let Some((network, mask)) = base.split_at_checked(found.len()) else {
        return false;
    };
    mask.len() == found.len()
        && found
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((found, network), mask)| found & mask == network & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_within_their_bases() {
        let dns = |text: &str| GeneralName::Dns(text.to_owned());
        let email = |text: &str| GeneralName::Email(text.to_owned());
        let uri = |text: &str| GeneralName::Uri(text.to_owned());
        let ip = |octets: &[u8]| GeneralName::Ip(octets.to_vec());
        for (found, base, expected) in [
            (dns("a.Example.com"), dns("example.com"), true),
            (dns("example.com"), dns("example.com"), true),
            (dns("badexample.com"), dns("example.com"), false),
            (dns("a.example.com"), dns(".example.com"), true),
            (dns("anything"), dns(""), true),
            (email("a@Example.com"), email("example.com"), true),
            (email("a@b.example.com"), email("example.com"), false),
            (email("a@b.example.com"), email(".example.com"), true),
            (email("A@example.com"), email("a@example.com"), false),
            (
                uri("https://u@host.example.com:8/x"),
                uri(".example.com"),
                true,
            ),
            (uri("https://example.com/"), uri(".example.com"), false),
            (uri("mailto:x@example.com"), uri("example.com"), false),
            (ip(&[10, 1, 2, 3]), ip(&[10, 0, 0, 0, 255, 0, 0, 0]), true),
            (ip(&[11, 1, 2, 3]), ip(&[10, 0, 0, 0, 255, 0, 0, 0]), false),
            (ip(&[10, 1, 2, 3]), ip(&[0; 32]), false),
            (dns("example.com"), email("example.com"), false),
        ] {
            assert_eq!(is_within(&found, &base), expected, "{found:?} in {base:?}");
        }
    }
}
