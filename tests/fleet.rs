//! Many clusters: what is planned for each, and what is done with all of them in one command.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "fleet/bundles.rs"]
mod bundles;
#[path = "support/done.rs"]
mod done;
#[path = "fleet/events.rs"]
mod events;
#[path = "fleet/file.rs"]
mod file;
#[path = "fleet/lines.rs"]
mod lines;
#[path = "support/pipe.rs"]
#[allow(dead_code)]
mod pipe;
#[path = "fleet/plan.rs"]
mod plan;
#[path = "fleet/report.rs"]
mod report;
#[path = "support/schemas.rs"]
mod schemas;
#[path = "fleet/shell.rs"]
mod shell;
#[path = "online/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "fleet/three.rs"]
mod three;
#[path = "fleet/vouching.rs"]
mod vouching;

use std::fs;
use std::process::{Command, Stdio};

use done::Done;
use hsmboot::simulator::{InjectedFault, Simulator};
use serde_json::Value;
use stage::{Stage, run};
