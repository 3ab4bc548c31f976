//! The simulator over HTTP, without any client library: constraints, states, certificates, faults.

#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, unreachable_pub, reason = "tests")]

#[path = "simulator/support.rs"]
mod support;

#[path = "simulator/backups.rs"]
mod backups;
#[path = "simulator/backups_constraints.rs"]
mod backups_constraints;
#[path = "simulator/chains.rs"]
mod chains;
#[path = "simulator/constraints.rs"]
mod constraints;
#[path = "simulator/control.rs"]
mod control;
#[path = "simulator/initialize.rs"]
mod initialize;
#[path = "simulator/states.rs"]
mod states;
#[path = "simulator/wire.rs"]
mod wire;
