//! The simulator over HTTP, without any client library: constraints, states, certificates, faults.

#![cfg(feature = "simulator")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests"
)]

#[path = "simulator/support.rs"]
mod support;

#[path = "simulator/backups.rs"]
mod backups;
#[path = "simulator/backups_constraints.rs"]
mod backups_constraints;
#[path = "simulator/bounds.rs"]
mod bounds;
#[path = "simulator/cbor.rs"]
mod cbor;
#[path = "simulator/chains.rs"]
mod chains;
#[path = "simulator/connections.rs"]
mod connections;
#[path = "simulator/constraints/mod.rs"]
mod constraints;
#[path = "simulator/control.rs"]
mod control;
#[path = "simulator/faults.rs"]
mod faults;
#[path = "simulator/files.rs"]
mod files;
#[path = "simulator/hsms.rs"]
mod hsms;
#[path = "simulator/initialize.rs"]
mod initialize;
#[path = "simulator/kill.rs"]
mod kill;
#[path = "simulator/modify.rs"]
mod modify;
#[path = "simulator/page.rs"]
mod page;
#[path = "simulator/persistence.rs"]
mod persistence;
#[path = "support/pipe.rs"]
#[allow(dead_code)]
mod pipe;
#[path = "simulator/policies.rs"]
mod policies;
#[path = "simulator/quotas.rs"]
mod quotas;
#[path = "simulator/rate.rs"]
mod rate;
#[path = "simulator/refusals.rs"]
mod refusals;
#[path = "simulator/sigv4.rs"]
mod sigv4;
#[path = "simulator/states.rs"]
mod states;
#[path = "simulator/tags.rs"]
mod tags;
#[path = "simulator/trust_anchors.rs"]
mod trust_anchors;
#[path = "simulator/visitors.rs"]
mod visitors;
#[path = "simulator/wire.rs"]
mod wire;
