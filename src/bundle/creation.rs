//! `creation.json`: what `bootstrap --create` writes down before it asks for a cluster, so that a
//! second run knows of the first.
//!
//! A second run obeys it: it goes on with that cluster and makes no other. So it is written as a
//! step of the transcript, and read only where the transcript has a step that wrote it as it
//! stands. Who can write to the bundle can forge both: what it names is held against the live
//! cluster as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{CREATION, ClusterId, Part, REQUEST, Store, Transcript, TranscriptStep, write_step};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::NewFile;
use crate::outside::{Lines, OutsideText, shown_path};
use crate::x509::Moment;

/// `creation.json`, by `bootstrap --create`. Written before CreateCluster is sent, and again as
/// soon as the cluster's id is known, or the refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// `hsmboot-creation/1`
    pub format: String,
    /// The tag of the cluster: by it a cluster is found again whose id never arrived.
    pub token: OutsideText,
    /// The region.
    pub region: OutsideText,
    /// The endpoint, where one was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<OutsideText>,
    /// The account, where the credentials name it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<OutsideText>,
    /// HsmType.
    pub hsm_type: OutsideText,
    /// Mode, where one was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<OutsideText>,
    /// What else was chosen for good, by its name in documents: `network_type`, where one was
    /// named.
    #[serde(flatten, deserialize_with = "read_choices")]
    pub choices: BTreeMap<String, OutsideText>,
    /// SubnetIds.
    pub subnet_ids: Vec<OutsideText>,
    /// BackupRetentionPolicy, in days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retention_days: Option<u16>,
    /// TagList, without the token.
    pub tags: BTreeMap<OutsideText, OutsideText>,
    /// The time when CreateCluster was about to be sent.
    pub asked_at: Moment,
    /// Name and version of the program.
    pub tool: OutsideText,
    /// The time when the service refused the request: nothing was created, and the next run asks
    /// anew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused_at: Option<Moment>,
    /// The cluster, once its id is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster_id: Option<ClusterId>,
}

/// Reads what no other member has taken. As elsewhere, a member that this version does not know is
/// no fault, whatever it holds.
fn read_choices<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<BTreeMap<String, OutsideText>, D::Error> {
    let found = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    Ok(found
        .into_iter()
        .filter_map(|(name, value)| Some((name, OutsideText::from(value.as_str()?))))
        .collect())
}

impl Creation {
    /// The only value of `format`.
    pub const FORMAT: &'static str = "hsmboot-creation/1";

    /// Reads and checks `creation.json`; `None`: there is none, and no step of the transcript wrote
    /// one.
    ///
    /// # Errors
    /// Class `Input`: it is not such a document; `bad-transcript`; `creation-unaccounted`: the
    /// transcript has no step that wrote it as it stands.
    pub fn read(store: &Store) -> Result<Option<Self>> {
        let transcript = Transcript::read(store)?;
        let Some(account) = transcript.account_for_file(store, transcript.cluster_id(), CREATION)
        else {
            return Ok(None);
        };
        if account.written_by.is_some() {
            return super::documents::read(store, CREATION, Self::FORMAT).map(Some);
        }
        let digests = match (&account.recorded, &account.found) {
            (Some(recorded), Some(found)) if recorded != found => {
                vec![
                    format!("  recorded SHA-256 {recorded}"),
                    format!("  found    SHA-256 {found}"),
                ]
            }
            (_, Some(found)) => vec![format!("  found SHA-256 {found}")],
            _ => Vec::new(),
        };
        let why = account
            .faults
            .iter()
            .map(Lines::as_str)
            .collect::<Vec<_>>()
            .join("; ");
        Err(Error::new(
            ErrorKind::CreationUnaccounted,
            Lines::from(format!(
                "{} is not what a step of hsmboot wrote there, and is not obeyed: {why}",
                store.place(CREATION)
            ))
            .followed_by(digests),
            "nothing was created or changed. To go on with a cluster that you know, name it: \
             `hsmboot bootstrap --cluster-id ID`; to create one, choose another --bundle. Find out \
             who changed this one",
        )
        .with_fact(FactName::File, store.place(CREATION).to_string())
        .with_fact(FactName::Expected, account.recorded.as_ref())
        .with_fact(FactName::Found, account.found))
    }

    /// Writes it, and the step that does. Where it is `first`, none may stand there.
    ///
    /// # Errors
    /// As [`Bundle::write`](super::Bundle::write).
    pub fn write(&self, store: &Store, first: bool, step: &TranscriptStep<'_>) -> Result<()> {
        let content = super::to_document(self);
        let file = NewFile::readable(CREATION, &content, !first);
        write_step(store.hold()?, self.cluster_id.as_ref(), &[file], step)
    }

    /// Checks that a place has room for a cluster that is about to be created: it holds no other's
    /// bundle, and its transcript takes what will be written down.
    ///
    /// # Errors
    /// Class `Conflict`: `another-cluster`, `transcript-full`; class `Input`, where what is there
    /// is no place for a bundle.
    pub fn has_room(store: &Store) -> Result<()> {
        let transcript = Transcript::read(store)?;
        let names = match store.names() {
            Err(error) if error.kind == ErrorKind::NoBundle => Vec::new(),
            names => names?,
        };
        let taken = |name: &&String| {
            *name == REQUEST
                || Part::ALL
                    .into_iter()
                    .any(|part| name.ends_with(part.file_suffix()))
        };
        let file = names
            .iter()
            .find(taken)
            .map(|name| store.place(name).to_string());
        if let Some(what) = file.or(transcript.cluster_id().map(ToString::to_string)) {
            return Err(Error::new(
                ErrorKind::AnotherCluster,
                [
                    format!(
                        "{} holds a cluster's bundle already, and a new cluster needs its own",
                        shown_path(store.path())
                    ),
                    format!("  there  {what}"),
                ],
                "choose another --bundle; to go on with the cluster that is there, name it: \
                 `hsmboot bootstrap --cluster-id ID`",
            )
            .with_fact(FactName::File, store.path())
            .with_fact(FactName::Found, what));
        }
        transcript.has_room()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sample_creation() -> Creation {
        let value = serde_json::json!({
            "format": Creation::FORMAT, "token": "00", "region": "eu-central-1",
            "hsm_type": "hsm2m.medium", "mode": "FIPS", "subnet_ids": ["subnet-0a1b2c3d"],
            "tags": {}, "asked_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test",
        });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_creation_is_read_as_a_step_wrote_it_in_a_directory_and_in_one_file() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bundle", "bundle.hsmboot"] {
            let path = dir.path().join(name);
            let at = || Store::at_path(&path);
            let step = TranscriptStep {
                tool: "hsmboot test",
                ..TranscriptStep::default()
            };
            assert_eq!(Creation::read(&at()).unwrap(), None);
            sample_creation().write(&at(), true, &step).unwrap();
            assert_eq!(Creation::read(&at()).unwrap(), Some(sample_creation()));
            let known = Creation {
                cluster_id: "cluster-abc234defgh".parse().ok(),
                ..sample_creation()
            };
            assert_eq!(
                known.write(&at(), true, &step).unwrap_err().kind,
                ErrorKind::FileExists,
                "a run beside this one was faster"
            );
            known.write(&at(), false, &step).unwrap();
            assert_eq!(Creation::read(&at()).unwrap(), Some(known.clone()));
            let transcript = Transcript::read(&at()).unwrap();
            let ids: Vec<_> = transcript
                .entries()
                .iter()
                .map(|entry| entry.cluster_id.clone())
                .collect();
            assert_eq!(ids, [None, known.cluster_id]);
            transcript
                .account_for(&at(), transcript.cluster_id(), None)
                .unwrap();
            // Whoever writes it otherwise.
            let other = super::super::to_document(&sample_creation());
            at().write(&[NewFile::readable(CREATION, &other, true)])
                .unwrap();
            assert_eq!(
                Creation::read(&at()).unwrap_err().kind,
                ErrorKind::CreationUnaccounted
            );
        }
    }

    #[test]
    fn of_a_creation_that_no_step_wrote_the_digest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(CREATION), "{}").unwrap();
        let error = Creation::read(&Store::at_path(dir.path())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::CreationUnaccounted);
        // Of the two characters.
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        let told = error.message.contains(&format!("found SHA-256 {digest}"));
        assert!(told, "{}", error.message);
    }

    #[test]
    fn a_new_cluster_takes_no_place_that_holds_anothers_bundle() {
        let dir = tempfile::tempdir().unwrap();
        Creation::has_room(&Store::at_path(&dir.path().join("new"))).unwrap();
        Creation::has_room(&Store::at_path(dir.path())).unwrap();
        for name in [REQUEST, "cluster-abc234defgh_ClusterCsr.csr"] {
            std::fs::write(dir.path().join(name), "{}").unwrap();
            assert_eq!(
                Creation::has_room(&Store::at_path(dir.path()))
                    .unwrap_err()
                    .kind,
                ErrorKind::AnotherCluster,
                "{name}"
            );
            std::fs::remove_file(dir.path().join(name)).unwrap();
        }
    }
}
