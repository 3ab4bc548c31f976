//! The content of a frame: a line of JSON for each thing that has changed, all of one request
//! together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::super::actions::NextTokenKey;
use super::super::clock::{Clock, ClockReading};
use super::super::hardware::{SavedHardware, SimulatedHardware};
use super::super::state::{AccountRegion, Region, Shelf, SimulatedBackup, SimulatedCluster, World};

#[derive(Serialize, Deserialize)]
enum StateRecord<'a> {
    Clock(ClockReading),
    Tokens([u8; 32]),
    Hardware(Box<SavedHardware>),
    Partitions(u64),
    /// A region without its clusters and backups.
    Region(Cow<'a, AccountRegion>, Cow<'a, Region>),
    /// A cluster with its number; `None` where it is gone.
    Cluster(
        Cow<'a, AccountRegion>,
        u64,
        Option<Cow<'a, SimulatedCluster>>,
    ),
    Backup(
        Cow<'a, AccountRegion>,
        u64,
        Option<Cow<'a, SimulatedBackup>>,
    ),
}

/// The parts of the state in which changes are looked for.
pub(crate) struct WholeState<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) clock: &'a Clock,
    pub(crate) hardware: &'a SimulatedHardware,
    pub(crate) tokens: &'a NextTokenKey,
}

/// The digests of everything that the file holds, so that a marked item that has not changed is not
/// written again.
#[derive(Default)]
pub(super) struct WrittenDigests {
    advanced: i64,
    progress: usize,
    partitions: u64,
    places: BTreeMap<AccountRegion, RegionDigests>,
}

#[derive(Default)]
struct RegionDigests {
    region: ItemDigest,
    clusters: BTreeMap<u64, ItemDigest>,
    backups: BTreeMap<u64, ItemDigest>,
}

type ItemDigest = Option<[u8; 32]>;

/// The lines of a frame.
struct FrameLines<'a> {
    text: Vec<u8>,
    clock: &'a Clock,
}

impl FrameLines<'_> {
    /// Adds the record, with the time before the first one.
    fn add(&mut self, record: &StateRecord<'_>) -> Result<(), String> {
        if self.text.is_empty() {
            self.write(&StateRecord::Clock(self.clock.read()))?;
        }
        self.write(record)
    }

    fn write(&mut self, record: &StateRecord<'_>) -> Result<(), String> {
        serde_json::to_writer(&mut self.text, record)
            .map_err(|e| format!("encoding the state: {e}"))?;
        self.text.push(b'\n');
        Ok(())
    }

    /// Adds the record unless the file holds the same already.
    fn add_if_changed(
        &mut self,
        written: &mut ItemDigest,
        record: &StateRecord<'_>,
    ) -> Result<(), String> {
        let json = serde_json::to_vec(record).map_err(|e| format!("encoding the state: {e}"))?;
        let found: ItemDigest = digest(&SHA256, &json).as_ref().try_into().ok();
        if *written != found {
            if self.text.is_empty() {
                self.write(&StateRecord::Clock(self.clock.read()))?;
            }
            self.text.extend_from_slice(&json);
            self.text.push(b'\n');
            *written = found;
        }
        Ok(())
    }
}

impl WrittenDigests {
    /// Returns the whole state, as the beginning of a new file.
    pub(super) fn full_content(&mut self, from: &mut WholeState<'_>) -> Result<Vec<u8>, String> {
        *self = Self::default();
        from.world.mark_all();
        let mut lines = FrameLines {
            text: Vec::new(),
            clock: from.clock,
        };
        lines.add(&StateRecord::Tokens(*from.tokens.secret()))?;
        self.progress = from.hardware.made_count();
        lines.add(&StateRecord::Hardware(Box::new(from.hardware.to_saved())))?;
        self.add_changes(&mut lines, from)?;
        self.advanced = from.clock.read().advanced;
        Ok(lines.text)
    }

    /// Returns the changes since the last time; empty where there are none.
    pub(super) fn changed_content(&mut self, from: &mut WholeState<'_>) -> Result<Vec<u8>, String> {
        let mut lines = FrameLines {
            text: Vec::new(),
            clock: from.clock,
        };
        let reading = from.clock.read();
        if reading.advanced != self.advanced {
            self.advanced = reading.advanced;
            lines.write(&StateRecord::Clock(reading))?;
        }
        self.add_changes(&mut lines, from)?;
        Ok(lines.text)
    }

    /// Removes the items of places that are no longer there.
    fn forget_gone_places(
        &mut self,
        lines: &mut FrameLines<'_>,
        world: &World,
    ) -> Result<(), String> {
        let gone: Vec<AccountRegion> = self
            .places
            .keys()
            .filter(|place| !world.remembers_place(place))
            .cloned()
            .collect();
        for place in gone {
            let shelves = self.places.remove(&place).unwrap_or_default();
            for number in shelves.clusters.into_keys() {
                lines.add(&StateRecord::Cluster(Cow::Borrowed(&place), number, None))?;
            }
            for number in shelves.backups.into_keys() {
                lines.add(&StateRecord::Backup(Cow::Borrowed(&place), number, None))?;
            }
        }
        Ok(())
    }

    fn add_changes(
        &mut self,
        lines: &mut FrameLines<'_>,
        from: &mut WholeState<'_>,
    ) -> Result<(), String> {
        // Looked at before what it counts: what is made in between is written twice rather than not
        // at all.
        let progress = from.hardware.made_count();
        if progress != self.progress {
            lines.add(&StateRecord::Hardware(Box::new(from.hardware.to_saved())))?;
            self.progress = progress;
        }
        let partitions = from.hardware.partitions();
        if partitions != self.partitions {
            lines.add(&StateRecord::Partitions(partitions))?;
            self.partitions = partitions;
        }
        self.forget_gone_places(lines, from.world)?;
        for (place, region) in from.world.regions_mut() {
            if !self.places.contains_key(place) {
                if !region.has_content() {
                    continue;
                }
                self.places.insert(place.clone(), RegionDigests::default());
            }
            let Some(shelves) = self.places.get_mut(place) else {
                continue;
            };
            lines.add_if_changed(
                &mut shelves.region,
                &StateRecord::Region(Cow::Borrowed(place), Cow::Borrowed(region)),
            )?;
            let (clusters, backups) = region.tracked_items_mut();
            let cluster =
                |number, cluster| StateRecord::Cluster(Cow::Borrowed(place), number, cluster);
            add_changed_items(lines, &mut shelves.clusters, clusters, cluster)?;
            let backup = |number, backup| StateRecord::Backup(Cow::Borrowed(place), number, backup);
            add_changed_items(lines, &mut shelves.backups, backups, backup)?;
        }
        Ok(())
    }
}

/// Adds the marked items that have changed, and the removal of those that are gone.
fn add_changed_items<'a, T: Clone>(
    lines: &mut FrameLines<'_>,
    written: &mut BTreeMap<u64, ItemDigest>,
    items: &'a mut Shelf<T>,
    record: impl Fn(u64, Option<Cow<'a, T>>) -> StateRecord<'a>,
) -> Result<(), String> {
    let marked: Vec<u64> = items
        .iter_mut()
        .filter_map(|(number, item)| item.take_mark().then_some(*number))
        .collect();
    let items: &'a Shelf<T> = items;
    for number in marked {
        if let Some(item) = items.get(&number) {
            lines.add_if_changed(
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

/// The content of a state file.
#[derive(Default)]
pub(crate) struct LoadedState {
    pub(crate) world: World,
    pub(crate) reading: ClockReading,
    pub(crate) tokens: Option<[u8; 32]>,
    pub(crate) hardware: Option<SavedHardware>,
    pub(crate) partitions: u64,
}

impl LoadedState {
    /// Applies a frame's content.
    pub(super) fn apply_frame(&mut self, content: &[u8]) -> Result<(), String> {
        for record in
            serde_json::Deserializer::from_slice(content).into_iter::<StateRecord<'static>>()
        {
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
                StateRecord::Clock(reading) => {
                    reading.check_range()?;
                    self.reading = reading;
                }
                StateRecord::Tokens(secret) => self.tokens = Some(secret),
                StateRecord::Hardware(hardware) => self.hardware = Some(*hardware),
                StateRecord::Partitions(partitions) => self.partitions = partitions,
                StateRecord::Region(place, region) => self
                    .world
                    .region_at(&place)
                    .resume_from(region.into_owned()),
                StateRecord::Cluster(place, number, cluster) => self
                    .world
                    .region_at(&place)
                    .put_cluster(number, cluster.map(Cow::into_owned)),
                StateRecord::Backup(place, number, backup) => self
                    .world
                    .region_at(&place)
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
            let reason = LoadedState::default()
                .apply_frame(bad.as_bytes())
                .unwrap_err();
            assert!(reason.contains("does not understand"), "{reason}");
        }
        for deep in [
            "[".repeat(100_000),
            "{\"Region\":".repeat(100_000),
            format!("{{\"Hardware\":{}", "[".repeat(200)),
        ] {
            assert!(LoadedState::default().apply_frame(deep.as_bytes()).is_err());
        }
        for (now, advanced) in [
            (i64::MIN, 0),
            (-1, 0),
            (0, i64::MIN),
            (i64::MAX, 0),
            (0, i64::MAX),
            (253_402_300_800_000, 0),
        ] {
            let bad = format!(r#"{{"Clock":{{"now":{now},"advanced":{advanced}}}}}"#);
            let reason = LoadedState::default()
                .apply_frame(bad.as_bytes())
                .unwrap_err();
            assert!(reason.contains("1970 to 9999"), "{reason}");
        }
        let mut loaded = LoadedState::default();
        loaded
            .apply_frame(b"{\"Clock\":{\"now\":5,\"advanced\":3}}\n{\"Partitions\":7}\n")
            .unwrap();
        assert_eq!(
            (loaded.reading, loaded.partitions),
            (
                ClockReading {
                    now: 5,
                    advanced: 3
                },
                7
            )
        );
    }
}
