//! The demands that TLS clients make on the pair once the cluster is claimed: they take the signed
//! certificate for a server's and the trust anchor for its CA's. InitializeCluster cannot be taken
//! back, so what they would refuse is refused, or noted, before it is sent.

use crate::checks::{Judged, fail, note};
use crate::x509::certificate::{GENERALIZED_FROM, MAX_SERIAL_OCTETS};
use crate::x509::extension::{
    ANY_PURPOSE, AuthorityKeyIdentifier, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES,
    EXTENDED_KEY_USAGE, KEY_USAGE, NAME_CONSTRAINTS, SERVER_AUTH, SUBJECT_ALT_NAME,
};
use crate::x509::general_name::GeneralName;
use crate::x509::{Certificate, Moment, TrustAnchor, name, to_hex};

/// `check.signed-cert.not-ca`: whoever has the HSM's key must not be able to issue certificates.
pub(super) fn not_ca(signed: &Certificate) -> Judged {
    let extensions = signed.extensions();
    if let Some(constraints) = extensions.basic_constraints {
        if constraints.ca {
            return fail(
                "the signed certificate has basicConstraints CA:TRUE, expected CA:FALSE: the HSM's \
                 key could issue certificates under your CA",
            );
        }
        if constraints.path_len.is_some() {
            return fail(
                "the signed certificate has basicConstraints CA:FALSE with a path length, which \
                 only a CA's has",
            );
        }
    }
    match extensions.key_usage {
        Some(usage) if usage.key_cert_sign() => fail(format!(
            "the signed certificate has keyUsage {}, expected no keyCertSign: it is no CA's",
            usage.bit_names().join("+")
        )),
        _ => Ok("the signed certificate does not say that it is a CA's".to_owned()),
    }
}

/// `check.signed-cert.key-usage`: a TLS server signs with its key, or clients encrypt to it.
pub(super) fn server_key_usage(signed: &Certificate) -> Judged {
    let Some(usage) = signed.extensions().key_usage else {
        return Ok(
            "the signed certificate has no keyUsage, which leaves its key free to be a TLS \
                   server's"
                .to_owned(),
        );
    };
    let names = usage.bit_names().join("+");
    match (usage.digital_signature(), usage.key_exchange()) {
        (true, _) => Ok(format!("the signed certificate has keyUsage {names}")),
        (false, true) => note(format!(
            "the signed certificate has keyUsage {names}, without digitalSignature: clients that \
             use TLS 1.3, or ephemeral keys, refuse it"
        )),
        (false, false) => fail(format!(
            "the signed certificate has keyUsage {names}, expected digitalSignature or \
             keyEncipherment: no TLS server can use its key"
        )),
    }
}

/// `check.signed-cert.extended-key-usage` and `check.trust-anchor.extended-key-usage`: where
/// purposes are named, a TLS server's is among them.
pub(super) fn extended_key_usage(noun: &str, certificate: &Certificate) -> Judged {
    let Some(purposes) = &certificate.extensions().extended_key_usage else {
        return Ok(format!(
            "{noun} has no extKeyUsage, which leaves it free to serve TLS"
        ));
    };
    let has = |oid| purposes.iter().any(|purpose| purpose == oid);
    let list = purposes.join(", ");
    match (has(SERVER_AUTH), has(ANY_PURPOSE)) {
        (true, _) => Ok(format!("{noun} has serverAuth in its extKeyUsage")),
        (false, true) => note(format!(
            "{noun} has anyExtendedKeyUsage but not serverAuth in its extKeyUsage: clients may \
             refuse that, as OpenSSL does"
        )),
        (false, false) => fail(format!(
            "{noun} has extKeyUsage {list}, expected serverAuth ({SERVER_AUTH}) among them, or \
             none at all"
        )),
    }
}

/// `check.trust-anchor.extensions`: a CA says that it is one, where its version can (RFC 5280
/// 4.2.1.9, 6.1.4 (k)), and says nothing that a client does not know. Of version 1, clients take a
/// certificate that is self-signed. A chain without it, CloudHSM's guide refuses:
/// [`super::trust_anchor::basic_constraints`].
pub(super) fn ca_extensions(noun: &str, certificate: &Certificate, in_chain: bool) -> Judged {
    match certificate.version() {
        version @ 2.. if certificate.extensions().all.is_empty() && !in_chain => fail(format!(
            "{noun} is of version {version} and has no extensions, so it does not say that it is a \
             CA's: clients refuse it, as OpenSSL does, expected basicConstraints CA:TRUE; only one \
             of version 1 can do without"
        )),
        _ => critical_extensions(noun, certificate),
    }
}

/// `check.signed-cert.extensions` and `check.trust-anchor.extensions`: nothing critical that a
/// client does not know.
pub(super) fn critical_extensions(noun: &str, certificate: &Certificate) -> Judged {
    // What RFC 5280 4.2 makes every application recognise, as far as it may be critical.
    const KNOWN: [&str; 5] = [
        BASIC_CONSTRAINTS,
        KEY_USAGE,
        EXTENDED_KEY_USAGE,
        SUBJECT_ALT_NAME,
        NAME_CONSTRAINTS,
    ];
    // Known to many: policyMappings, policyConstraints and inhibitAnyPolicy (RFC 5280 4.2.1.5, .11,
    // .14), cRLDistributionPoints (4.2.1.13).
    const OFTEN: [&str; 5] = [
        CERTIFICATE_POLICIES,
        "2.5.29.33",
        "2.5.29.36",
        "2.5.29.54",
        "2.5.29.31",
    ];
    // OpenSSL acts on them wherever they stand (X509_check_purpose(3)): Netscape's type of a
    // certificate, proxyCertInfo (RFC 3820), IPAddrBlocks and ASIdentifiers (RFC 3779).
    const ACTED_ON: [&str; 4] = [
        "2.16.840.1.113730.1.1",
        "1.3.6.1.5.5.7.1.14",
        "1.3.6.1.5.5.7.1.7",
        "1.3.6.1.5.5.7.1.8",
    ];
    let critical: Vec<&str> = certificate
        .extensions()
        .critical
        .iter()
        .map(String::as_str)
        .filter(|oid| !KNOWN.contains(oid))
        .collect();
    let unknown: Vec<&str> = critical
        .iter()
        .copied()
        .filter(|oid| !OFTEN.contains(oid))
        .collect();
    let acted_on: Vec<&str> = ACTED_ON
        .into_iter()
        .filter(|oid| {
            certificate
                .extensions()
                .all
                .iter()
                .any(|found| found == oid)
        })
        .collect();
    match (critical.as_slice(), unknown.as_slice()) {
        ([], _) if !acted_on.is_empty() => note(format!(
            "{noun} has extensions that are not judged here, and for which OpenSSL may refuse \
             it: {}",
            acted_on.join(", ")
        )),
        ([], _) => Ok(format!(
            "{noun} has no critical extension that clients need not know"
        )),
        (some, []) => note(format!(
            "{noun} has critical extensions that some clients do not know, and then refuse it for: \
             {}",
            some.join(", ")
        )),
        (_, some) => fail(format!(
            "{noun} has critical extensions that clients do not know, or that must not be \
             critical: {}",
            some.join(", ")
        )),
    }
}

/// `check.key-identifiers` and `check.trust-anchor.key-identifiers`: an authority key identifier
/// says nothing else than its authority's certificate.
pub(super) fn key_identifiers(
    noun: &str,
    certificate: &Certificate,
    authority_noun: &str,
    authority: &Certificate,
) -> Judged {
    let Some(identifier) = &certificate.extensions().authority_key_identifier else {
        return Ok(format!("{noun} has no authority key identifier"));
    };
    match contradiction(identifier, authority_noun, authority) {
        None => Ok(format!(
            "{noun}'s authority key identifier does not contradict {authority_noun}"
        )),
        Some(text) => fail(format!(
            "{noun}'s authority key identifier names another CA certificate than {authority_noun}: \
             {text}"
        )),
    }
}

fn contradiction(
    identifier: &AuthorityKeyIdentifier,
    noun: &str,
    authority: &Certificate,
) -> Option<String> {
    if let (Some(named), Some(own)) = (
        &identifier.key,
        &authority.extensions().subject_key_identifier,
    ) && named != own
    {
        return Some(format!(
            "key {}, and {noun}'s subject key identifier is {}",
            to_hex(named),
            to_hex(own)
        ));
    }
    let (issuers, serial) = identifier.certificate.as_ref()?;
    if serial != authority.serial() {
        return Some(format!(
            "serial {}, and {noun}'s is {}",
            to_hex(serial),
            to_hex(authority.serial())
        ));
    }
    let named: Vec<&Vec<u8>> = issuers
        .iter()
        .filter_map(|issuer| {
            if let GeneralName::Directory(name) = issuer {
                Some(name)
            } else {
                None
            }
        })
        .collect();
    match named.first() {
        Some(first)
            if named
                .iter()
                .all(|named| !name::same_name(named, authority.issuer())) =>
        {
            Some(format!(
                "a certificate issued by {}, and {noun} is issued by {}",
                name::name_text(first),
                name::name_text(authority.issuer())
            ))
        }
        _ => None,
    }
}

/// `check.validity.within-trust-anchor`: a note, since now both are valid.
pub(super) fn within_trust_anchor(signed: &Certificate, anchor: &TrustAnchor) -> Judged {
    let (end, last) = (signed.not_after(), anchor.not_after());
    match end <= last {
        true => Ok(format!(
            "the signed certificate is valid until {end}, and the trust anchor until {last}"
        )),
        false => note(format!(
            "the signed certificate is valid until {end}, but the trust anchor only until {last}: \
             from then on clients refuse both"
        )),
    }
}

/// `check.form.signed-cert` and `check.form.trust-anchor`: what RFC 5280 has CAs write, where
/// readers differ, or cannot read at all.
pub(super) fn form(noun: &str, certificate: &Certificate) -> Judged {
    let extensions = certificate.extensions();
    let of_authority = extensions
        .authority_key_identifier
        .iter()
        .filter_map(|identifier| identifier.certificate.as_ref())
        .flat_map(|(names, _)| names);
    let constrained = extensions
        .name_constraints
        .iter()
        .flat_map(|constraints| constraints.permitted.iter().chain(&constraints.excluded));
    let others = extensions
        .subject_alt_names
        .iter()
        .chain(of_authority)
        .chain(constrained);
    let others = others.filter_map(|other| {
        if let GeneralName::Directory(name) = other {
            Some(name.as_slice())
        } else {
            None
        }
    });
    if let Some(value) = [certificate.issuer(), certificate.subject()]
        .into_iter()
        .chain(others)
        .find_map(name::unread_by_clients)
    {
        return fail(format!(
            "{noun} has {value} in a name: clients cannot read the certificate, as OpenSSL cannot, \
             expected {}",
            name::READ_BY_CLIENTS
        ));
    }
    let serial = certificate.serial();
    if serial.len() > MAX_SERIAL_OCTETS {
        return fail(format!(
            "{noun} has a serial number of {} octets, expected {MAX_SERIAL_OCTETS} at most: no \
             client need take a longer one",
            serial.len()
        ));
    }
    if serial.first().is_none_or(|first| first & 0x80 != 0) || serial == [0] {
        return note(format!(
            "{noun} has the serial number {}, expected a positive one: some clients refuse it",
            to_hex(serial)
        ));
    }
    let early = |(written, moment): &(bool, Moment)| *written && *moment < GENERALIZED_FROM;
    let [from, to] = certificate.generalized_times();
    match [
        (from, certificate.not_before()),
        (to, certificate.not_after()),
    ]
    .iter()
    .any(early)
    {
        true => note(format!(
            "{noun} has a date before 2050 as GeneralizedTime, expected UTCTime: some clients \
             refuse it"
        )),
        false => Ok(format!(
            "{noun}: a positive serial number of at most 20 octets, and dates in the form that is \
             expected of them"
        )),
    }
}
