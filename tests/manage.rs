//! Clusters, HSMs, backups and tags from the command line, as processes, against the simulator.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "manage/actions.rs"]
mod actions;
#[path = "manage/at_once.rs"]
mod at_once;
#[path = "manage/backup.rs"]
mod backup;
#[path = "manage/cluster.rs"]
mod cluster;
#[path = "manage/colours.rs"]
mod colours;
#[path = "manage/create.rs"]
mod create;
#[path = "support/done.rs"]
mod done;
#[path = "manage/every.rs"]
mod every;
#[path = "manage/hinted.rs"]
mod hinted;
#[path = "manage/hsm.rs"]
mod hsm;
#[path = "manage/limits.rs"]
mod limits;
#[path = "manage/migrate.rs"]
mod migrate;
#[path = "manage/mode.rs"]
mod mode;
#[path = "manage/model.rs"]
mod model;
#[path = "manage/non_fips.rs"]
mod non_fips;
#[path = "manage/other.rs"]
mod other;
#[path = "manage/pasted.rs"]
mod pasted;
#[path = "manage/planted.rs"]
mod planted;
#[path = "manage/policy.rs"]
mod policy;
#[path = "manage/relay.rs"]
mod relay;
#[path = "manage/roots.rs"]
mod roots;
#[path = "manage/silence.rs"]
mod silence;
#[path = "manage/spelling.rs"]
mod spelling;
#[path = "manage/stage.rs"]
mod stage;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;
#[path = "manage/tag.rs"]
mod tag;
#[path = "support/terminal.rs"]
mod terminal;
