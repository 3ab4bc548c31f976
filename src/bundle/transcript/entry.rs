//! A line of the transcript: what it says, its hash, its seal, and how a step writes it.

use serde::{Deserialize, Serialize};

use super::{MAX_TRANSCRIPT, Transcript, transcript_full};
use crate::bundle::{AnnouncedCall, ClusterId, Digests, NotedWord, OwnerProof, escape_json};
use crate::error::Result;
use crate::outside::OutsideText;
use crate::outside::keys::holds_key;
use crate::quote::DocumentFormat;
use crate::verify::Verdict;
use crate::x509::{Moment, PublicKey, SignatureAlgorithm, sha256, to_hex};

/// The beginning of what a seal signs, so that it can never be taken for a certificate: no DER
/// begins so.
const SEAL_CONTEXT: &[u8] = b"hsmboot-transcript/1\n";

/// One step. The order of its members is that of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptEntry {
    /// `hsmboot-transcript/1`
    pub format: String,
    /// Counted from 1.
    pub step: u64,
    /// The time of the step, by that machine's clock.
    pub time: Moment,
    /// Name and version of the program.
    pub tool: OutsideText,
    /// The command line, without secrets.
    pub command: Vec<OutsideText>,
    /// The machine's name.
    pub host: OutsideText,
    /// The person who says to have done it (`--operator`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<OutsideText>,
    /// The cluster; absent in the first lines of a bundle that was begun before its cluster had an
    /// id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster_id: Option<ClusterId>,
    /// The files that the step read, and the SHA-256 of each.
    pub inputs: Digests,
    /// The files that the step wrote.
    pub outputs: Digests,
    /// `verified` or `rejected`, where something was judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<NotedWord<Verdict>>,
    /// Checks whose failure was accepted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub accepted: Vec<OutsideText>,
    /// The reason why something was accepted, or done unverified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<OutsideText>,
    /// Done although the bundle did not verify.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unverified: bool,
    /// True if the fingerprint that the other side read out was compared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fingerprint_compared: Option<bool>,
    /// The way in which the owner was named or proved, where the step needed that;
    /// `ca-from-bundle`: not at all, for the reason given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<NotedWord<OwnerProof>>,
    /// The call that was about to be sent when this was written: `InitializeCluster`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sends: Option<NotedWord<AnnouncedCall>>,
    /// The place where the files were kept, as they stood, that this step replaced: the cluster's
    /// CSR was another one by then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kept_aside: Option<OutsideText>,
    /// SHA-256 of the line before, without its line end; of the first, zeros.
    pub previous: String,
    /// The CA's signature over the line without this member.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seal: Option<Seal>,
}

impl TranscriptEntry {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-transcript/1";

    /// Tells whether a line that is no entry is like one, of whatever version: only such a line is
    /// shown to anybody. A file of this name may be a private key.
    pub fn is_like_one(line: &str) -> bool {
        let value = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
        let format = value
            .get("format")
            .and_then(serde_json::Value::as_str)
            .and_then(DocumentFormat::from_text);
        format.is_some() && !holds_key(line)
    }

    /// Returns the SHA-256 of its line, without its line end: the next one names it as `previous`.
    pub fn hash(&self) -> String {
        to_hex(&sha256(to_line(self).as_bytes()))
    }

    /// Returns the octets that a seal signs.
    pub fn to_be_sealed(&self) -> Vec<u8> {
        let bare = TranscriptEntry {
            seal: None,
            ..self.clone()
        };
        [SEAL_CONTEXT, to_line(&bare).as_bytes()].concat()
    }
}

/// A signature by the CA's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// AlgorithmIdentifier, DER in hex.
    pub algorithm: OutsideText,
    /// The signature, in hex.
    pub signature: OutsideText,
}

impl Seal {
    /// Makes a seal from what the CA's key gives.
    pub fn new(algorithm: &[u8], signature: &[u8]) -> Self {
        Seal {
            algorithm: to_hex(algorithm).into(),
            signature: to_hex(signature).into(),
        }
    }

    /// Tells whether `key` made it.
    pub fn is_by(&self, key: &PublicKey, sealed: &[u8]) -> bool {
        let (Some(algorithm), Some(signature)) = (
            decode_hex(self.algorithm.as_raw()),
            decode_hex(self.signature.as_raw()),
        ) else {
            return false;
        };
        SignatureAlgorithm::from_der(&algorithm)
            .is_ok_and(|algorithm| key.verify(algorithm, sealed, &signature))
    }
}

/// Decodes lower-case hex digits only: one seal must not have two spellings.
fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            if pair.len() == 2 {
                u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
            } else {
                None
            }
        })
        .collect()
}

/// Returns an entry's line, without a line end: our own type with string keys always serialises.
pub(super) fn to_line(entry: &TranscriptEntry) -> String {
    escape_json(&serde_json::to_string(entry).unwrap_or_default())
}

/// Makes a seal over what it is given.
pub type Sealer<'a> = &'a dyn Fn(&[u8]) -> Result<Seal>;

/// The statements of a step about itself; the bundle knows the rest.
#[derive(Clone, Default)]
pub struct TranscriptStep<'a> {
    /// The time of the step, by this machine's clock.
    pub time: Option<Moment>,
    /// Name and version of the program.
    pub tool: &'a str,
    /// The command line, without secrets.
    pub command: Vec<OutsideText>,
    /// The machine's name.
    pub host: OutsideText,
    /// The person who says to do it.
    pub operator: Option<OutsideText>,
    /// The files that were read besides the bundle's own: SHA-256 by the name that each was given
    /// under.
    pub given: Digests,
    /// The verdict, if anything was judged.
    pub verdict: Option<Verdict>,
    /// Checks whose failure was accepted.
    pub accepted: Vec<String>,
    /// The reason why something was accepted, or done unverified.
    pub reason: Option<OutsideText>,
    /// Done although the bundle did not verify.
    pub unverified: bool,
    /// True if the other side's fingerprint was compared.
    pub fingerprint_compared: Option<bool>,
    /// The way in which the owner was named or proved.
    pub owner: Option<OwnerProof>,
    /// A call that is about to be sent, and cannot be taken back.
    pub sends: Option<AnnouncedCall>,
    /// The place of the files that the step replaces, where they were kept.
    pub kept_aside: Option<OutsideText>,
    /// The CA's key, where it shall seal the step.
    pub seal: Option<Sealer<'a>>,
}

impl TranscriptStep<'_> {
    /// Returns the transcript's content with this step: it read what stood in the bundle, and
    /// writes `outputs`.
    ///
    /// # Errors
    /// That the transcript is another cluster's, class `Input`; that it is full, class `Conflict`;
    /// that the key does not sign, class `Ca`.
    pub(crate) fn append_to(
        &self,
        transcript: &Transcript,
        cluster_id: Option<&ClusterId>,
        stood: Digests,
        outputs: Digests,
    ) -> Result<Vec<u8>> {
        // Where this step knows of no cluster, it is the one that the lines before it name, if they
        // do.
        let cluster_id = cluster_id.or(transcript.cluster_id());
        cluster_id.map_or(Ok(()), |id| transcript.check_cluster(id))?;
        let (step, previous) = transcript.next_link();
        let mut inputs = stood;
        inputs.extend(self.given.clone());
        let mut entry = TranscriptEntry {
            format: TranscriptEntry::FORMAT.to_owned(),
            step,
            time: self.time.unwrap_or(Moment::from_unix(0)),
            tool: self.tool.into(),
            command: self.command.clone(),
            host: self.host.clone(),
            operator: self.operator.clone(),
            cluster_id: cluster_id.cloned(),
            inputs,
            outputs,
            verdict: self.verdict.map(Into::into),
            accepted: self.accepted.iter().map(|id| id.as_str().into()).collect(),
            reason: self.reason.clone(),
            unverified: self.unverified,
            fingerprint_compared: self.fingerprint_compared,
            owner: self.owner.map(Into::into),
            sends: self.sends.map(Into::into),
            kept_aside: self.kept_aside.clone(),
            previous,
            seal: None,
        };
        if let Some(seal) = self.seal {
            entry.seal = Some(seal(&entry.to_be_sealed())?);
        }
        let content = transcript.with_entry(&entry);
        // What is longer would be read by no later step.
        if u64::try_from(content.len()).is_ok_and(|length| length <= MAX_TRANSCRIPT) {
            Ok(content)
        } else {
            Err(transcript_full())
        }
    }
}
