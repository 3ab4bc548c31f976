//! The JSON documents that travel in a bundle. They help people and programs keep track; nothing
//! trusts them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    ClusterId, Digests, NotedWord, OwnerProof, RECEIPT, REQUEST, RESPONSE, ReceiptOutcome, Store,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{OutsideText, is_obeyed, replace_chars};
use crate::quote::{DocumentFormat, explain_misfit};
use crate::verify::{Hardware, Roots, Verdict};
use crate::x509::Moment;

/// A JSON document in a bundle is small; anything larger is refused before it is read.
pub(super) const MAX_DOCUMENT: u64 = 256 * 1024;

/// `request.json`, by `fetch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `hsmboot-request/1`
    pub format: String,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// Its region.
    pub region: OutsideText,
    /// The endpoint that it was fetched from, where one was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<OutsideText>,
    /// Its HsmType; absent in requests of earlier versions, and where the service says none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hsm_type: Option<OutsideText>,
    /// Its Mode, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<OutsideText>,
    /// Its state when it was fetched.
    pub state: OutsideText,
    /// Its HSMs' ids.
    pub hsms: Vec<OutsideText>,
    /// The time of the fetch.
    pub fetched_at: Moment,
    /// Name and version of the program.
    pub tool: OutsideText,
    /// The files that were fetched.
    pub files: Digests,
}

impl Request {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-request/1";

    /// Reads and checks `request.json`.
    ///
    /// # Errors
    /// Class `Input`, where it is not such a document or names no cluster.
    pub fn read(store: &Store) -> Result<Self> {
        read(store, REQUEST, Self::FORMAT)
    }

    /// Returns the statements of the request about the cluster's hardware.
    pub fn hardware(&self) -> Hardware<'_> {
        Hardware {
            hsm_type: self.hsm_type.as_ref().map(OutsideText::as_raw),
            region: Some(self.region.as_raw()),
        }
    }
}

/// The reason why a step went on without proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The operator's words.
    pub reason: OutsideText,
}

impl Waiver {
    /// Returns the operator's decision, where `--unverified` was given with its reason.
    pub fn from_options(unverified: bool, reason: Option<&str>) -> Option<Self> {
        unverified.then(|| Waiver::for_reason(reason.unwrap_or_default()))
    }

    /// Makes a decision for this reason.
    pub fn for_reason(reason: &str) -> Self {
        Waiver {
            reason: reason.into(),
        }
    }
}

/// `response.json`, by `sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// `hsmboot-response/1`
    pub format: String,
    /// The cluster that the bundle is named for.
    pub cluster_id: ClusterId,
    /// The time when the certificate was signed.
    pub signed_at: Moment,
    /// Name and version of the program.
    pub tool: OutsideText,
    /// The CSR that was signed, the signed certificate and the trust anchor.
    pub files: Digests,
    /// SHA-256 of the CSR's DER.
    pub csr_sha256: OutsideText,
    /// SHA-256 of the signed certificate's DER.
    pub signed_cert_sha256: OutsideText,
    /// SHA-256 of the CA certificate's DER.
    pub ca_fingerprint: OutsideText,
    /// The SHA-256 of each certificate above it, where the trust anchor is a chain.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain_sha256: Vec<OutsideText>,
    /// The key that signed, where it is not in a file: `awskms:` and its ARN, say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ca_key: Option<OutsideText>,
    /// The service that made the certificate, where one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issued_by: Option<IssuedBy>,
    /// `verified`, or `rejected` where the operator went on without proof.
    pub verdict: NotedWord<Verdict>,
    /// There when the operator went on without proof.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unverified: Option<Waiver>,
}

/// A certificate that AWS Private CA made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedBy {
    /// The CA's ARN.
    pub ca_arn: OutsideText,
    /// The certificate's.
    pub certificate_arn: OutsideText,
}

/// The way in which a signed certificate came about, for [`Response`]; empty where the key was in a
/// file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureOrigin {
    /// See [`Response::ca_key`].
    pub ca_key: Option<OutsideText>,
    /// See [`Response::issued_by`].
    pub issued_by: Option<IssuedBy>,
}

impl Response {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-response/1";

    /// Reads and checks `response.json`.
    ///
    /// # Errors
    /// Class `Input`, where it is not such a document.
    pub fn read(store: &Store) -> Result<Self> {
        read(store, RESPONSE, Self::FORMAT)
    }
}

/// `receipt.json`, by `submit` and `bootstrap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// `hsmboot-receipt/1`
    pub format: String,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// Its region.
    pub region: OutsideText,
    /// The endpoint that was asked, where one was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<OutsideText>,
    /// Name and version of the program.
    pub tool: OutsideText,
    /// `claimed` now, or `already-claimed` by the same CA.
    pub outcome: NotedWord<ReceiptOutcome>,
    /// The time when InitializeCluster was sent; absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub submitted_at: Option<Moment>,
    /// The time when the state was confirmed.
    pub confirmed_at: Moment,
    /// The state that DescribeClusters reported.
    pub state: OutsideText,
    /// The service's answer to InitializeCluster.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<serde_json::Value>,
    /// SHA-256 of the CSR's DER.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub csr_sha256: Option<OutsideText>,
    /// SHA-256 of the signed certificate's DER.
    pub signed_cert_sha256: OutsideText,
    /// SHA-256 of the DER of the trust anchor's first certificate, the CA's that signed.
    pub trust_anchor_sha256: OutsideText,
    /// The SHA-256 of each certificate above it, where the trust anchor is a chain.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain_sha256: Vec<OutsideText>,
    /// SHA-256 of the DER of the ClusterCertificate that DescribeClusters returned.
    pub cluster_certificate_sha256: OutsideText,
    /// ClusterCertificate as DescribeClusters returned it; absent in receipts of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster_certificate: Option<OutsideText>,
    /// The way in which the owner was named or proved: `ca`, `ca-fingerprint`,
    /// `response-fingerprint`, `ca-key`, `new-ca` or `ca-from-bundle`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<NotedWord<OwnerProof>>,
    /// There when the operator took the CA in the bundle although nothing proved that it is theirs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ca_from_bundle: Option<Waiver>,
    /// `verified`, or `rejected` where the operator went on without proof; absent where nothing was
    /// judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<NotedWord<Verdict>>,
    /// The roots that the verdict rests on: `built-in` or `given`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roots: Option<NotedWord<Roots>>,
    /// Remarks on the hardware: that it is for non-FIPS mode.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<OutsideText>,
    /// There when the operator went on without proof.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unverified: Option<Waiver>,
    /// The cluster as it was then; absent in receipts of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub site: Option<Site>,
}

/// The facts of a cluster that its clients need, as DescribeClusters showed them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// HsmType.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hsm_type: Option<OutsideText>,
    /// SecurityGroup: what lets a machine reach the HSMs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub security_group: Option<OutsideText>,
    /// The Availability Zones that the cluster has a subnet in.
    #[serde(default)]
    pub availability_zones: Vec<OutsideText>,
    /// The HSMs that are there, or are being made.
    #[serde(default)]
    pub hsms: Vec<SiteHsm>,
}

/// An HSM of a [`Site`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteHsm {
    /// Its id; absent where somebody named an address alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hsm_id: Option<OutsideText>,
    /// Its Availability Zone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub availability_zone: Option<OutsideText>,
    /// The addresses at which it answers: its IPv4 address, its IPv6 address. Empty for one that is
    /// being made.
    #[serde(default)]
    pub addresses: Vec<OutsideText>,
}

impl Receipt {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-receipt/1";

    /// Reads and checks `receipt.json`.
    ///
    /// # Errors
    /// Class `Input`, where it is not such a document.
    pub fn read(store: &Store) -> Result<Self> {
        read(store, RECEIPT, Self::FORMAT)
    }

    /// Tells whether this receipt says the same of the claim as another one: cluster, CSR,
    /// certificates, trust anchor. When and how they came to know may differ.
    pub fn is_of_the_claim_in(&self, other: &Self) -> bool {
        let claim = |receipt: &Self| {
            [
                Some(OutsideText::from(receipt.cluster_id.as_str())),
                Some(receipt.region.clone()),
                receipt.csr_sha256.clone(),
                Some(receipt.signed_cert_sha256.clone()),
                Some(receipt.trust_anchor_sha256.clone()),
                Some(receipt.cluster_certificate_sha256.clone()),
            ]
        };
        claim(self) == claim(other) && self.chain_sha256 == other.chain_sha256
    }
}

/// Reads a document of the expected format.
pub(super) fn read<T: DeserializeOwned>(store: &Store, name: &str, format: &str) -> Result<T> {
    parse(
        &store.read(name, "a document of the bundle", MAX_DOCUMENT)?,
        &store.place(name).to_string(),
        format,
    )
}

/// Parses such a document from its content; `place` is for messages.
pub(super) fn parse<T: DeserializeOwned>(content: &[u8], place: &str, format: &str) -> Result<T> {
    let fault = |text: String| {
        Error::new(
            ErrorKind::BadDocument,
            format!("{place}: {text}"),
            "it was damaged or changed on the way: make or copy the bundle again",
        )
        .with_fact(FactName::File, place)
    };
    let value: serde_json::Value = serde_json::from_slice(content).map_err(|cause| {
        fault(format!(
            "is not JSON, in line {} column {}",
            cause.line(),
            cause.column()
        ))
    })?;
    match value.get("format").and_then(serde_json::Value::as_str) {
        Some(found) if found == format => {}
        Some(found) => {
            let found = DocumentFormat::from_text(found).map_or_else(
                || "a format that is none of hsmboot's".to_owned(),
                |found| format!("the format `{found}`"),
            );
            return Err(fault(format!("has {found}, expected `{format}`")));
        }
        None => return Err(fault(format!("has no `format`, expected `{format}`"))),
    }
    serde_json::from_value(value).map_err(|_| {
        fault(format!(
            "is not such a document: {}",
            explain_misfit::<T>(content)
        ))
    })
}

/// Returns a document's text: indented, with a last newline.
pub(crate) fn to_json_text<T: Serialize>(document: &T) -> Vec<u8> {
    // Our own types with string keys: they always serialise.
    let mut text =
        escape_json(&serde_json::to_string_pretty(document).unwrap_or_default()).into_bytes();
    text.push(b'\n');
    text
}

/// Returns the JSON with every character escaped that a terminal or a reader would obey, but for
/// line breaks, which stand between its members alone: serde_json escapes the controls of ASCII but
/// for DEL. Such characters stand in strings only. So a document is shown by any pager as it is.
pub(crate) fn escape_json(json: &str) -> String {
    replace_chars(
        json,
        |c| c != '\n' && is_obeyed(c),
        |out, c| {
            let mut units = [0; 2];
            c.encode_utf16(&mut units)
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        },
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::unwrap_in_result)]
mod tests {
    use super::*;

    /// Returns JSON that nests as deep as serde_json reads (its recursion limit of 128), and one
    /// deeper, in a member that any document may have.
    fn nested_json(format: &str, depth: usize) -> String {
        format!(
            r#"{{"format":"{format}","more":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    }

    #[test]
    fn no_document_nests_deeper_than_its_reader_counts() {
        for format in ["hsmboot-request/1", Receipt::FORMAT] {
            let read = |content: &str| parse::<serde_json::Value>(content.as_bytes(), "it", format);
            assert!(read(&nested_json(format, 126)).is_ok());
            for depth in [127, 128, 10_000, 100_000] {
                assert_eq!(
                    read(&nested_json(format, depth)).unwrap_err().kind,
                    ErrorKind::BadDocument,
                    "{depth}"
                );
            }
        }
    }

    /// A reader of raw values takes the text in such a member for JSON of its own, and counts its
    /// depth anew: so often, the stack ends.
    #[test]
    fn no_text_within_a_document_is_read_as_json_once_more() {
        for member in [
            "$serde_json::private::RawValue",
            "$serde_json::private::Number",
        ] {
            let content =
                serde_json::json!({ "format": Receipt::FORMAT, "more": { member: "[1]" } });
            let read: serde_json::Value =
                parse(content.to_string().as_bytes(), "it", Receipt::FORMAT).unwrap();
            assert_eq!(read, content, "as it stands");
        }
        assert!(
            parse::<serde_json::Value>(
                br#"{"format":"x","more":{"$serde_json::private::RawValue":"["}}"#,
                "it",
                "x"
            )
            .is_ok()
        );
    }
}
