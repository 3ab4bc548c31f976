//! What a frame says: a line of JSON for each thing that has changed, all of one request together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::super::actions::TokenKey;
use super::super::clock::{Clock, Reading};
use super::super::hardware::{Hardware, KeptHardware};
use super::super::state::{Backup, Cluster, Place, Region, Shelf, World};

#[derive(Serialize, Deserialize)]
enum Record<'a> {
    Clock(Reading),
    Tokens([u8; 32]),
    Hardware(Box<KeptHardware>),
    Partitions(u64),
    /// All of a region but its clusters and backups.
    Region(Cow<'a, Place>, Cow<'a, Region>),
    /// By its number; `None`: it is gone.
    Cluster(Cow<'a, Place>, u64, Option<Cow<'a, Cluster>>),
    Backup(Cow<'a, Place>, u64, Option<Cow<'a, Backup>>),
}

/// What changes are looked for in.
pub(crate) struct Everything<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) clock: &'a Clock,
    pub(crate) hardware: &'a Hardware,
    pub(crate) tokens: &'a TokenKey,
}

/// What the file says already: digests, so that what is marked and has not changed is not written
/// again.
#[derive(Default)]
pub(super) struct Written {
    advanced: i64,
    progress: usize,
    partitions: u64,
    places: BTreeMap<Place, Shelves>,
}

#[derive(Default)]
struct Shelves {
    region: Digest,
    clusters: BTreeMap<u64, Digest>,
    backups: BTreeMap<u64, Digest>,
}

type Digest = Option<[u8; 32]>;

/// The lines of a frame.
struct Lines<'a> {
    text: Vec<u8>,
    clock: &'a Clock,
}

impl Lines<'_> {
    /// Adds the record, and the time before the first one.
    fn add(&mut self, record: &Record<'_>) -> Result<(), String> {
        if self.text.is_empty() {
            self.write(&Record::Clock(self.clock.read()))?;
        }
        self.write(record)
    }

    fn write(&mut self, record: &Record<'_>) -> Result<(), String> {
        serde_json::to_writer(&mut self.text, record)
            .map_err(|e| format!("encoding the state: {e}"))?;
        self.text.push(b'\n');
        Ok(())
    }

    /// Adds the record unless the file says the same already.
    fn add_new(&mut self, written: &mut Digest, record: &Record<'_>) -> Result<(), String> {
        let json = serde_json::to_vec(record).map_err(|e| format!("encoding the state: {e}"))?;
        let found: Digest = digest(&SHA256, &json).as_ref().try_into().ok();
        if *written != found {
            if self.text.is_empty() {
                self.write(&Record::Clock(self.clock.read()))?;
            }
            self.text.extend_from_slice(&json);
            self.text.push(b'\n');
            *written = found;
        }
        Ok(())
    }
}

impl Written {
    /// All there is, as a new file begins with it.
    pub(super) fn everything(&mut self, from: &mut Everything<'_>) -> Result<Vec<u8>, String> {
        *self = Self::default();
        from.world.mark();
        let mut lines = Lines {
            text: Vec::new(),
            clock: from.clock,
        };
        lines.add(&Record::Tokens(*from.tokens.secret()))?;
        self.progress = from.hardware.progress();
        lines.add(&Record::Hardware(Box::new(from.hardware.keep())))?;
        self.changes_into(&mut lines, from)?;
        self.advanced = from.clock.read().advanced;
        Ok(lines.text)
    }

    /// What has changed since the last time; empty: nothing.
    pub(super) fn changes(&mut self, from: &mut Everything<'_>) -> Result<Vec<u8>, String> {
        let mut lines = Lines {
            text: Vec::new(),
            clock: from.clock,
        };
        let reading = from.clock.read();
        if reading.advanced != self.advanced {
            self.advanced = reading.advanced;
            lines.write(&Record::Clock(reading))?;
        }
        self.changes_into(&mut lines, from)?;
        Ok(lines.text)
    }

    /// Takes away what the file has of places that are no longer there.
    fn forget(&mut self, lines: &mut Lines<'_>, world: &World) -> Result<(), String> {
        let gone: Vec<Place> = self
            .places
            .keys()
            .filter(|place| !world.knows(place))
            .cloned()
            .collect();
        for place in gone {
            let shelves = self.places.remove(&place).unwrap_or_default();
            for number in shelves.clusters.into_keys() {
                lines.add(&Record::Cluster(Cow::Borrowed(&place), number, None))?;
            }
            for number in shelves.backups.into_keys() {
                lines.add(&Record::Backup(Cow::Borrowed(&place), number, None))?;
            }
        }
        Ok(())
    }

    fn changes_into(
        &mut self,
        lines: &mut Lines<'_>,
        from: &mut Everything<'_>,
    ) -> Result<(), String> {
        // Looked at before what it counts: what is made in between is written twice rather than not
        // at all.
        let progress = from.hardware.progress();
        if progress != self.progress {
            lines.add(&Record::Hardware(Box::new(from.hardware.keep())))?;
            self.progress = progress;
        }
        let partitions = from.hardware.partitions();
        if partitions != self.partitions {
            lines.add(&Record::Partitions(partitions))?;
            self.partitions = partitions;
        }
        self.forget(lines, from.world)?;
        for (place, region) in from.world.regions() {
            if !self.places.contains_key(place) {
                if !region.holds_anything() {
                    continue;
                }
                self.places.insert(place.clone(), Shelves::default());
            }
            let Some(shelves) = self.places.get_mut(place) else {
                continue;
            };
            lines.add_new(
                &mut shelves.region,
                &Record::Region(Cow::Borrowed(place), Cow::Borrowed(region)),
            )?;
            let (clusters, backups) = region.shelves_mut();
            let cluster = |number, cluster| Record::Cluster(Cow::Borrowed(place), number, cluster);
            items(lines, &mut shelves.clusters, clusters, cluster)?;
            let backup = |number, backup| Record::Backup(Cow::Borrowed(place), number, backup);
            items(lines, &mut shelves.backups, backups, backup)?;
        }
        Ok(())
    }
}

/// The marked items that have changed, and those that are gone.
fn items<'a, T: Clone>(
    lines: &mut Lines<'_>,
    written: &mut BTreeMap<u64, Digest>,
    items: &'a mut Shelf<T>,
    record: impl Fn(u64, Option<Cow<'a, T>>) -> Record<'a>,
) -> Result<(), String> {
    let marked: Vec<u64> = items
        .iter_mut()
        .filter_map(|(number, item)| item.take_mark().then_some(*number))
        .collect();
    let items: &'a Shelf<T> = items;
    for number in marked {
        if let Some(item) = items.get(&number) {
            lines.add_new(
                written.entry(number).or_default(),
                &record(number, Some(Cow::Borrowed(item))),
            )?;
        }
    }
    // What is here has been written by now: if that is more than what is here, some is gone.
    if written.len() > items.len() {
        let gone: Vec<u64> = written
            .keys()
            .filter(|number| !items.contains_key(number))
            .copied()
            .collect();
        for number in gone {
            lines.add(&record(number, None))?;
            written.remove(&number);
        }
    }
    Ok(())
}

/// What a state file holds.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) world: World,
    pub(crate) reading: Reading,
    pub(crate) tokens: Option<[u8; 32]>,
    pub(crate) hardware: Option<KeptHardware>,
    pub(crate) partitions: u64,
}

impl Loaded {
    /// Takes in a frame's content.
    pub(super) fn take(&mut self, content: &[u8]) -> Result<(), String> {
        for record in serde_json::Deserializer::from_slice(content).into_iter::<Record<'static>>() {
            let record = record.map_err(|fault| {
                // serde's own words quote what they met, and there are keys in there.
                format!(
                    "it is whole, but this version does not understand what it says, in line \
                         {} column {}",
                    fault.line(),
                    fault.column()
                )
            })?;
            match record {
                Record::Clock(reading) => self.reading = reading,
                Record::Tokens(secret) => self.tokens = Some(secret),
                Record::Hardware(hardware) => self.hardware = Some(*hardware),
                Record::Partitions(partitions) => self.partitions = partitions,
                Record::Region(place, region) => {
                    self.world.region(&place).resume(region.into_owned())
                }
                Record::Cluster(place, number, cluster) => self
                    .world
                    .region(&place)
                    .put_cluster(number, cluster.map(Cow::into_owned)),
                Record::Backup(place, number, backup) => self
                    .world
                    .region(&place)
                    .put_backup(number, backup.map(Cow::into_owned)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused_and_not_passed_over() {
        for bad in [
            r#"{"Clock":{"now":1,"advanced":0,"more":1}}"#,
            r#"{"Clock":{"now":1}}"#,
            r#"{"Weather":1}"#,
            r#"{"Cluster":[{"account":"1","region":"x"},1,{"id":"cluster-aaaaaaaaaaa"}]}"#,
            r#"{"Partitions":-1}"#,
            r#"{"Partitions":1"#,
        ] {
            let reason = Loaded::default().take(bad.as_bytes()).unwrap_err();
            assert!(reason.contains("does not understand"), "{reason}");
        }
        for deep in [
            "[".repeat(100_000),
            "{\"Region\":".repeat(100_000),
            format!("{{\"Hardware\":{}", "[".repeat(200)),
        ] {
            assert!(Loaded::default().take(deep.as_bytes()).is_err());
        }
        let mut loaded = Loaded::default();
        loaded
            .take(b"{\"Clock\":{\"now\":5,\"advanced\":3}}\n{\"Partitions\":7}\n")
            .unwrap();
        assert_eq!(
            (loaded.reading, loaded.partitions),
            (
                Reading {
                    now: 5,
                    advanced: 3
                },
                7
            )
        );
    }
}
