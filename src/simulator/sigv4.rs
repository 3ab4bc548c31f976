//! The check of a request's Signature Version 4 ("Create a signed AWS API request", AWS IAM User
//! Guide).
//!
//! The crate that the AWS SDK for Rust signs with computes the signature; this module decides which
//! parts of the request it covers. The wall clock decides whether a request has expired, not the
//! simulator's clock, which a client does not know.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use super::credentials::Credentials;
use super::json_protocol::{ApiError, excerpt, is_region_name};
use super::place::AccountRegion;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The signing name of CloudHSM (service model, `signingName`).
const SERVICE: &str = "cloudhsm";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const CONTENT_HASH: &str = "x-amz-content-sha256";

/// API Reference, "Common Errors", RequestExpired: "more than 15 minutes".
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// Checks a request against the known credentials. Its account is that of the access key, its
/// region the one it is signed for.
pub(super) fn verify(
    known: &[Credentials],
    parts: &Parts,
    body: &[u8],
    now: SystemTime,
) -> Result<AccountRegion, ApiError> {
    let authorization = match single_header(&parts.headers, header::AUTHORIZATION.as_str())? {
        None => return Err(ApiError::missing_authentication()),
        Some(text) => Authorization::read(text)?,
    };
    let credentials = known
        .iter()
        .find(|one| one.access_key() == authorization.access_key)
        .ok_or_else(ApiError::invalid_client_token)?;
    let token = single_header(&parts.headers, TOKEN)?;
    if !equal_in_constant_time(
        token.unwrap_or_default(),
        credentials.session_token().unwrap_or_default(),
    ) || token.is_some() != credentials.session_token().is_some()
    {
        return Err(ApiError::invalid_client_token());
    }
    authorization.check_headers(&parts.headers)?;
    let date = single_header(&parts.headers, DATE)?.unwrap_or_default();
    if !date.starts_with(authorization.date) {
        return Err(ApiError::incomplete_signature(
            "The date of the credential scope is not that of X-Amz-Date.",
        ));
    }
    let signed_at = parse_time(date).ok_or_else(|| {
        ApiError::incomplete_signature("X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ.")
    })?;
    check_age(date, signed_at, now)?;
    let expected = expected_signature(credentials, &authorization, parts, body, signed_at)?;
    if !equal_in_constant_time(&expected, authorization.signature) {
        return Err(ApiError::invalid_signature(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method.",
        ));
    }
    check_content_hash(&parts.headers, body)?;
    Ok(AccountRegion {
        account: credentials.account().to_owned(),
        region: authorization.region.to_owned(),
    })
}

/// An Authorization header: `AWS4-HMAC-SHA256
/// Credential=<key>/<date>/<region>/<service>/aws4_request, SignedHeaders=<a;b>, Signature=<hex>`
#[derive(Debug, PartialEq)]
struct Authorization<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(text: &'a str) -> Result<Self, ApiError> {
        let refused = |what: String| {
            Err(ApiError::incomplete_signature(format!(
                "Authorization header: {what}."
            )))
        };
        let Some(fields) = text
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
        else {
            return refused(format!("expected the algorithm {ALGORITHM}"));
        };
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=').unwrap_or_default();
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => {
                    return refused(String::from(
                        "expected the fields Credential, SignedHeaders and Signature, and no \
                         others",
                    ));
                }
            };
            if value.is_empty() || slot.replace(value).is_some() {
                return refused(format!("{name} is empty or comes twice"));
            }
        }
        let (Some(credential), Some(signed_headers), Some(signature)) =
            (credential, signed_headers, signature)
        else {
            return refused(String::from(
                "expected each of Credential, SignedHeaders and Signature",
            ));
        };
        // From the right: an access key may hold anything.
        let mut scope = credential.rsplitn(5, '/');
        let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key)) = (
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
        ) else {
            return refused(String::from(
                "Credential is not <access key>/<date>/<region>/<service>/aws4_request",
            ));
        };
        if service != SERVICE {
            return refused(format!(
                "the credential is scoped to service '{}', not '{SERVICE}'",
                excerpt(service)
            ));
        }
        if !is_region_name(region) || date.len() != 8 || access_key.is_empty() {
            return refused(String::from(
                "the credential scope has no valid date or region",
            ));
        }
        Ok(Self {
            access_key,
            date,
            region,
            signed_headers: signed_headers.split(';').collect(),
            signature,
        })
    }

    /// Checks that the signature covers every header that it must cover, and that every header it
    /// names is there.
    fn check_headers(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let refused = |what: String| {
            Err(ApiError::incomplete_signature(format!(
                "SignedHeaders: {what}."
            )))
        };
        let signed: BTreeSet<&str> = self.signed_headers.iter().copied().collect();
        if signed.len() != self.signed_headers.len() || !signed.iter().eq(&self.signed_headers) {
            return refused(String::from("the names are not sorted, or one comes twice"));
        }
        if let Some(absent) = signed.iter().find(|name| {
            name.bytes().any(|b| b.is_ascii_uppercase()) || !headers.contains_key(**name)
        }) {
            return refused(format!(
                "'{}' is no header of the request in lower case",
                excerpt(absent)
            ));
        }
        // "you must include the host header […], and any x-amz-* headers in the request"
        let needed = ["host", DATE].into_iter().chain(
            headers
                .keys()
                .map(header::HeaderName::as_str)
                .filter(|name| name.starts_with("x-amz-")),
        );
        for name in needed {
            if !signed.contains(name) {
                return refused(format!("'{name}' must be signed"));
            }
        }
        Ok(())
    }
}

/// Computes the signature that the request should have.
fn expected_signature(
    known: &Credentials,
    said: &Authorization<'_>,
    parts: &Parts,
    body: &[u8],
    at: SystemTime,
) -> Result<String, ApiError> {
    let refused =
        || ApiError::incomplete_signature("The request cannot be brought into the canonical form.");
    let mut headers = Vec::new();
    for name in &said.signed_headers {
        for value in parts.headers.get_all(*name) {
            headers.push((
                *name,
                std::str::from_utf8(value.as_bytes()).map_err(|_| refused())?,
            ));
        }
    }
    // Without its token: where there is one, it is among the headers.
    let identity =
        Identity::new(known.access_key(), known.secret(), None, None, "simulator").into();
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = SigningParams::builder()
        .identity(&identity)
        .region(said.region)
        .name(SERVICE)
        .time(at)
        .settings(settings)
        .build();
    let params = params.map_err(|_| refused())?.into();
    let request = SignableRequest::new(
        parts.method.as_str(),
        parts.uri.path(),
        headers.into_iter(),
        SignableBody::Bytes(body),
    );
    let (_, signature) = sign(request.map_err(|_| refused())?, &params)
        .map_err(|_| refused())?
        .into_parts();
    Ok(signature)
}

fn check_age(date: &str, signed_at: SystemTime, now: SystemTime) -> Result<(), ApiError> {
    let apart = now
        .duration_since(signed_at)
        .unwrap_or_else(|future| future.duration());
    if apart > TOLERANCE {
        return Err(ApiError::request_expired(format!(
            "The request is dated {date}: that is more than 15 minutes from now."
        )));
    }
    Ok(())
}

/// Checks the header with the body's hash. It may be absent: the signature covers the hash in any
/// case.
fn check_content_hash(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    let Some(said) = single_header(headers, CONTENT_HASH)? else {
        return Ok(());
    };
    let hash = ring::digest::digest(&ring::digest::SHA256, body);
    let found: String = hash
        .as_ref()
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    if said == found {
        Ok(())
    } else {
        Err(ApiError::invalid_signature(
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ))
    }
}

/// Returns the value of a header that may come only once.
fn single_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ApiError::incomplete_signature(format!(
                "The header {name} holds characters that it may not."
            ))),
        },
        (Some(_), Some(_)) => Err(ApiError::incomplete_signature(format!(
            "The header {name} comes twice."
        ))),
    }
}

/// Parses `YYYYMMDDTHHMMSSZ`.
fn parse_time(text: &str) -> Option<SystemTime> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let stamp = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?;
    Some(stamp.into())
}

/// Compares two texts in a time that does not depend on where they differ.
fn equal_in_constant_time(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_header_is_read_whole_or_refused() {
        let good = "AWS4-HMAC-SHA256 Credential=A/K/20260101/us-east-1/cloudhsm/aws4_request, \
                    SignedHeaders=host;x-amz-date,Signature=00";
        let read = Authorization::read(good).unwrap();
        assert_eq!(
            (read.access_key, read.date, read.region, read.signature),
            ("A/K", "20260101", "us-east-1", "00")
        );
        assert_eq!(read.signed_headers, ["host", "x-amz-date"]);
        for (from, to) in [
            ("HMAC-SHA256", "ECDSA-P256-SHA256"),
            ("/cloudhsm/", "/kms/"),
            ("us-east-1", "US"),
            ("us-east-1", ""),
            ("20260101", "2026"),
            ("aws4_request", "aws4"),
            ("A/K/", ""),
            (",Signature=00", ""),
            (",Signature=00", ",Signature="),
            (",Signature=00", ",Signature=00,Signature=00"),
            (",Signature=00", ",Signature=00, Other=1"),
            ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"),
        ] {
            assert_eq!(
                Authorization::read(&good.replace(from, to))
                    .unwrap_err()
                    .kind,
                "IncompleteSignature",
                "{to}"
            );
        }
    }

    #[test]
    fn dates_have_one_form() {
        let at = parse_time("20260101T000000Z").unwrap();
        assert_eq!(
            at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(),
            1_767_225_600
        );
        for bad in [
            "",
            "20260101",
            "20260101T000000",
            "20261301T000000Z",
            "20260101T250000Z",
            "2026-01-01T00:00:00Z",
            "+2026101T000000Z",
            "é",
        ] {
            assert!(parse_time(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_quarter_of_an_hour_is_tolerated_in_both_directions() {
        let now = parse_time("20260101T120000Z").unwrap();
        for (date, holds) in [
            ("20260101T114500Z", true),
            ("20260101T114459Z", false),
            ("20260101T121500Z", true),
            ("20260101T121501Z", false),
        ] {
            assert_eq!(
                check_age(date, parse_time(date).unwrap(), now).is_ok(),
                holds,
                "{date}"
            );
        }
    }
}
