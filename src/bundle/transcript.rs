//! `transcript.jsonl`: what was done to a bundle, one line a step, each with the hash of the line
//! before.
//!
//! Any change to a line that another follows, any such line taken out and any reordering breaks the
//! chain. A cut at the end shows in the files: whatever the last lines wrote is then accounted for
//! by no line, whether or not other lines follow. Last lines that wrote no file, such as `submit`'s
//! before it sends, leave no such trace: only who noted a SHA-256 of theirs misses them
//! ([`Transcript::step_of`]).
//!
//! Who can write to the bundle can also write a whole new transcript, and change lines on their way
//! to the signer: a seal says that these are the lines which the signer's machine saw, and that
//! nothing up to there has changed since. Who wrote them it does not say. Nothing but people and
//! `hsmboot transcript` relies on any of this.

mod account;
mod entry;
mod files;

pub use account::AfterSeal;
pub use entry::{Seal, Sealer, TranscriptEntry, TranscriptStep};
pub use files::{FileAccount, FileStanding};

use std::sync::Arc;

use super::{ClusterId, Store};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText};
use crate::quote::DocumentFormat;
use crate::x509::{sha256, to_hex};
use entry::to_line;

/// The file's name.
pub const TRANSCRIPT: &str = "transcript.jsonl";

/// A step takes about a kilobyte; a bundle sees a handful of them.
pub(super) const MAX_TRANSCRIPT: u64 = 1024 * 1024;

/// The hash before the first line.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn transcript_fault(what: impl Into<Lines>, hint: &str) -> Error {
    Error::new(ErrorKind::BadTranscript, what, hint)
}

/// Says what is wrong with a line that is no entry: another version's has another format.
fn describe_unknown(line: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    match value.get("format").and_then(serde_json::Value::as_str) {
        Some(format) if format != TranscriptEntry::FORMAT => {
            match DocumentFormat::from_text(format) {
                Some(format) => format!(
                    "has the format `{format}`, expected `{}`: another version of hsmboot wrote it",
                    TranscriptEntry::FORMAT
                ),
                None => format!(
                    "has a format that is none of hsmboot's, expected `{}`",
                    TranscriptEntry::FORMAT
                ),
            }
        }
        _ => "is not a step of a transcript".into(),
    }
}

/// Returns the error that another step came while one was about to be sealed.
pub(super) fn transcript_grown(store: &Store) -> Error {
    Error::new(
        ErrorKind::ChangedMeanwhile,
        format!(
            "{} has a step more than when it was read; nothing was written",
            store.place(TRANSCRIPT)
        ),
        "look at what was done: `hsmboot transcript show`; then run the same command again",
    )
    .with_fact(FactName::File, store.place(TRANSCRIPT).to_string())
}

fn transcript_full() -> Error {
    Error::new(
        ErrorKind::TranscriptFull,
        format!(
            "{TRANSCRIPT} would be longer than {MAX_TRANSCRIPT} bytes with this step; nothing was \
             changed"
        ),
        "keep the bundle as it is, and go on with a copy of its certificates and request.json in a \
         new directory",
    )
    .with_fact(FactName::Limit, MAX_TRANSCRIPT)
}

/// A transcript as far as it holds, for those who look at one that may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptReading {
    /// The lines before the first fault.
    pub holds: Transcript,
    /// The first line that does not hold, counted from 1, and why.
    pub fault: Option<(usize, Lines)>,
    /// The faulty line and all behind it, as they stand there.
    pub rest: OutsideText,
}

impl TranscriptReading {
    /// Reads a transcript's content.
    pub fn from_content(content: &[u8]) -> Self {
        let mut trail = TranscriptReading::default();
        for (at, found) in content.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let text = std::str::from_utf8(found).map_err(|_| "is not text (UTF-8)".to_owned());
            match text.and_then(|text| {
                trail
                    .holds
                    .parse_next(text, at + 1)
                    .map(|entry| (entry, text))
            }) {
                Ok((entry, text)) => trail.holds.push(entry, text),
                Err(why) => {
                    let rest = String::from_utf8_lossy(
                        content.get(trail.holds.text.len()..).unwrap_or_default(),
                    )
                    .into_owned()
                    .into();
                    return TranscriptReading {
                        fault: Some((at + 1, why.into())),
                        rest,
                        ..trail
                    };
                }
            }
        }
        trail
    }
}

/// The lines of a transcript that holds, each the successor of the one before. Copies share them: a
/// command asks for the transcript many times, and reads it once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    entries: Arc<Vec<TranscriptEntry>>,
    text: Arc<String>,
    /// The SHA-256 of the last line; `None`: there is no line.
    last_hash: Option<String>,
}

impl Transcript {
    /// Reads a bundle's transcript; an empty one where there is none.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`: a line that is changed, missing, or out of its order.
    pub fn read(store: &Store) -> Result<Self> {
        if !store.has(TRANSCRIPT) {
            return Ok(Transcript::default());
        }
        let content = store.read(TRANSCRIPT, "the transcript", MAX_TRANSCRIPT)?;
        if let Some(known) = store.cached_transcript(&content) {
            return Ok(known);
        }
        let transcript = Self::from_content(&content, &store.place(TRANSCRIPT))?;
        store.cache_transcript(&transcript);
        Ok(transcript)
    }

    /// Reads a transcript from its content, which stands, or came from, `place`.
    ///
    /// # Errors
    /// As [`Transcript::read`].
    pub fn from_content(content: &[u8], place: &dyn std::fmt::Display) -> Result<Self> {
        Self::parse(content).map_err(|(number, fault)| {
            Error::new(
                ErrorKind::BadTranscript,
                format!("{place} does not hold: line {number} {fault}"),
                "it was damaged or changed: what came before that line still holds; keep the file \
                 as evidence, and go on with the bundle in a new directory",
            )
            .with_fact(FactName::File, place.to_string())
            .with_fact(FactName::Line, number)
        })
    }

    fn parse(content: &[u8]) -> std::result::Result<Self, (usize, Lines)> {
        let trail = TranscriptReading::from_content(content);
        trail.fault.map_or(Ok(trail.holds), Err)
    }

    /// Takes a line that follows, as [`Transcript::parse_next`] has found.
    fn push(&mut self, entry: TranscriptEntry, line: &str) {
        Arc::make_mut(&mut self.entries).push(entry);
        Arc::make_mut(&mut self.text).push_str(line);
        let hashed = line.strip_suffix('\n').unwrap_or(line);
        self.last_hash = Some(to_hex(&sha256(hashed.as_bytes())));
    }

    /// Parses the line that follows, or says why it does not follow.
    fn parse_next(
        &self,
        found: &str,
        number: usize,
    ) -> std::result::Result<TranscriptEntry, String> {
        let fault = |what: &str| what.to_owned();
        let found = found
            .strip_suffix('\n')
            .ok_or_else(|| fault("is cut short: it has no line end"))?;
        let entry: TranscriptEntry =
            serde_json::from_str(found).map_err(|_| describe_unknown(found))?;
        // The one way to write it: so that no byte of the line is outside the hash's and the seal's
        // reach.
        if entry.format != TranscriptEntry::FORMAT {
            return Err(describe_unknown(found));
        }
        if to_line(&entry) != found {
            return Err(fault("is not written as hsmboot writes it"));
        }
        if u64::try_from(number).ok() != Some(entry.step) {
            return Err(format!(
                "is step {}, expected step {number}: a line is missing, or in another place",
                entry.step
            ));
        }
        if entry.previous != self.next_link().1 {
            return Err(fault(
                "does not follow from the line before: one of the two was changed, or a line \
                 between them was taken out",
            ));
        }
        match (self.cluster_id(), &entry.cluster_id) {
            (Some(before), Some(id)) if before != id => return Err(fault("is of another cluster")),
            (Some(_), None) => return Err(fault("names no cluster, and a line before it does")),
            _ => {}
        }
        Ok(entry)
    }

    /// Checks that there is room for a step more, even a long one.
    ///
    /// # Errors
    /// Class `Conflict`, `transcript-full`.
    pub(super) fn has_room(&self) -> Result<()> {
        const LONG: usize = 16 * 1024;
        match u64::try_from(self.text.len() + LONG) {
            Ok(length) if length <= MAX_TRANSCRIPT => Ok(()),
            _ => Err(transcript_full()),
        }
    }

    /// Returns the steps.
    pub fn entries(&self) -> &[TranscriptEntry] {
        &self.entries
    }

    /// Returns the cluster that its lines name: the first ones may have been written before there
    /// was an id.
    pub fn cluster_id(&self) -> Option<&ClusterId> {
        self.entries
            .iter()
            .find_map(|entry| entry.cluster_id.as_ref())
    }

    /// Returns the last step that wrote a file, and the SHA-256 that it put down.
    pub fn last_written(&self, name: &str) -> Option<(u64, &OutsideText)> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| entry.outputs.get(name).map(|digest| (entry.step, digest)))
    }

    /// Returns the file's content; empty where there is no step.
    pub fn content(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Tells whether it is the other one, perhaps with more steps.
    pub fn continues(&self, other: &Transcript) -> bool {
        self.text.starts_with(other.text.as_str())
    }

    /// Returns the values that the next entry has to name as `step` and `previous`.
    pub fn next_link(&self) -> (u64, String) {
        let step = u64::try_from(self.entries.len() + 1).unwrap_or(u64::MAX);
        (
            step,
            self.last_hash
                .clone()
                .unwrap_or_else(|| BEGINNING.to_owned()),
        )
    }

    /// Returns the file's content with one step more.
    pub fn with_entry(&self, entry: &TranscriptEntry) -> Vec<u8> {
        format!("{}{}\n", self.text, to_line(entry)).into_bytes()
    }

    /// Checks that the transcript is this cluster's, if it is any's.
    ///
    /// # Errors
    /// Class `Input`, `bad-transcript`.
    pub(super) fn check_cluster(&self, cluster_id: &ClusterId) -> Result<()> {
        match self.cluster_id() {
            Some(id) if id != cluster_id => {
                let what = format!("{TRANSCRIPT} is of {id}, and the bundle of {cluster_id}");
                Err(transcript_fault(
                    what,
                    "it was exchanged, or copied together with the wrong files: keep each \
                     cluster's files in a directory of their own",
                )
                .with_fact(FactName::File, TRANSCRIPT)
                .with_fact(FactName::Expected, cluster_id.as_str())
                .with_fact(FactName::Found, id.as_str()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::bundle::{Digests, Fingerprint};
    use crate::x509::{Moment, sha256};

    fn three_steps() -> Vec<u8> {
        let mut content = Vec::new();
        for name in ["fetch", "sign", "submit"] {
            let transcript = Transcript::parse(&content).unwrap();
            let (step, previous) = transcript.next_link();
            let entry = TranscriptEntry {
                format: TranscriptEntry::FORMAT.to_owned(),
                step,
                time: Moment::from_unix(1_700_000_000),
                tool: "hsmboot test".into(),
                command: vec!["hsmboot".into(), name.into()],
                host: "host".into(),
                operator: None,
                cluster_id: "cluster-abc234defgh".parse().ok(),
                inputs: Digests::new(),
                outputs: Digests::from([(name, "00")]),
                verdict: None,
                accepted: Vec::new(),
                reason: None,
                unverified: false,
                fingerprint_compared: None,
                owner: None,
                sends: None,
                previous,
                kept_aside: None,
                seal: None,
            };
            content = transcript.with_entry(&entry);
        }
        content
    }

    /// Lines that say these clusters, each following from the one before.
    fn of_clusters(clusters: &[Option<&str>]) -> std::result::Result<Transcript, (usize, Lines)> {
        let first = Transcript::parse(&three_steps()).unwrap().entries()[0].clone();
        let (mut text, mut previous) = (String::new(), BEGINNING.to_owned());
        for (cluster, step) in clusters.iter().zip(1..) {
            let cluster_id = cluster.map(|id| id.parse().unwrap());
            let entry = TranscriptEntry {
                step,
                previous,
                cluster_id,
                ..first.clone()
            };
            text.push_str(&format!("{}\n", to_line(&entry)));
            previous = entry.hash();
        }
        Transcript::parse(text.as_bytes())
    }

    #[test]
    fn a_transcript_may_begin_before_there_is_a_cluster_and_is_of_one_from_then_on() {
        let (one, other) = ("cluster-abc234defgh", "cluster-bbbbbbbbbbb");
        let begun = of_clusters(&[None, None]).unwrap();
        assert_eq!(begun.cluster_id(), None);
        assert!(
            !String::from_utf8(begun.content().to_vec())
                .unwrap()
                .contains("cluster_id")
        );
        begun.check_cluster(&other.parse().unwrap()).unwrap();
        let goes_on = of_clusters(&[None, Some(one), Some(one)]).unwrap();
        assert_eq!(goes_on.cluster_id().map(ClusterId::as_str), Some(one));
        assert!(goes_on.check_cluster(&other.parse().unwrap()).is_err());
        assert_eq!(
            of_clusters(&[None, Some(one), Some(other)]).unwrap_err(),
            (3, "is of another cluster".into())
        );
        assert_eq!(
            of_clusters(&[Some(one), None]).unwrap_err(),
            (2, "names no cluster, and a line before it does".into())
        );
        assert!(of_clusters(&[None, None, Some(one), None, Some(one)]).is_err());
    }

    #[test]
    fn a_transcript_of_three_steps_holds() {
        let transcript = Transcript::parse(&three_steps()).unwrap();
        assert_eq!(transcript.entries().len(), 3);
        assert_eq!(
            transcript.with_entry(&transcript.entries()[2]).len(),
            three_steps().len() + to_line(&transcript.entries()[2]).len() + 1
        );
    }

    #[test]
    fn a_noted_line_is_found_by_its_digest_and_by_its_code() {
        let transcript = Transcript::parse(&three_steps()).unwrap();
        for entry in transcript.entries() {
            let hash = entry.hash();
            let line = sha256(to_line(entry).as_bytes());
            assert_eq!(transcript.step_of(&line).unwrap(), entry.step);
            let code = Fingerprint::of_line(&hash);
            assert_eq!(transcript.step_of_code(code).unwrap(), entry.step);
        }
        assert!(transcript.step_of(&[0; 32]).is_err());
        let other = Fingerprint::of_line(BEGINNING);
        assert!(transcript.step_of_code(other).is_err());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_like_one_if_it_says_so_and_holds_no_key() {
        for (line, is_like_one) in [
            (r#"{"format":"hsmboot-transcript/9","step":"x"}"#, true),
            (r#"{"format":"hsmboot-response/1"}"#, true),
            (r#"{"format":"something else/1"}"#, false),
            (r#"{"step":1}"#, false),
            (
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
                false,
            ),
            (
                r#"{"format":"hsmboot-transcript/1","x":"-----BEGIN PRIVATE KEY-----"}"#,
                false,
            ),
        ] {
            assert_eq!(TranscriptEntry::is_like_one(line), is_like_one, "{line}");
        }
    }

    #[test]
    fn every_changed_bit_breaks_it_but_in_the_last_line_where_the_files_tell() {
        let good = three_steps();
        let last = good[..good.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .unwrap()
            + 1;
        for at in 0..last {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(Transcript::parse(&bad).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_line_taken_out_swapped_or_cut_is_found() {
        let good = three_steps();
        let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
        for kept in [
            &[1, 2][..],
            &[0, 2],
            &[2],
            &[1, 0, 2],
            &[0, 2, 1],
            &[0, 0, 1, 2],
        ] {
            let text: Vec<u8> = kept.iter().flat_map(|at| lines[*at].to_vec()).collect();
            assert!(Transcript::parse(&text).is_err(), "{kept:?}");
        }
        for length in 1..lines[0].len() {
            assert!(Transcript::parse(&good[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_line_that_nests_deeply_is_no_step() {
        let good = String::from_utf8(three_steps()).unwrap();
        for depth in [1, 200, 100_000] {
            let more = format!(
                "{good}{{\"format\":{}{}}}\n",
                "[".repeat(depth),
                "]".repeat(depth)
            );
            let trail = TranscriptReading::from_content(more.as_bytes());
            assert_eq!(
                (trail.holds.entries().len(), trail.fault),
                (3, Some((4, "is not a step of a transcript".into())))
            );
        }
    }

    #[test]
    fn what_comes_before_a_line_that_is_no_text_still_holds() {
        let good = three_steps();
        let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
        let mut bad = good.clone();
        bad[lines[0].len() + lines[1].len() + 20] = 0xff;
        let trail = TranscriptReading::from_content(&bad);
        assert_eq!(
            (trail.holds.entries().len(), trail.fault),
            (2, Some((3, "is not text (UTF-8)".into())))
        );
        assert_eq!(
            trail.holds.content(),
            &good[..lines[0].len() + lines[1].len()]
        );
        assert_eq!(
            trail.rest.as_raw(),
            String::from_utf8_lossy(&bad[lines[0].len() + lines[1].len()..])
        );
    }
}
