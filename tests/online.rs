//! The online commands, as processes, against the simulator: the claim in one go and in steps, and
//! all that can come between.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "online/after_claim.rs"]
mod after_claim;
#[path = "support/closed.rs"]
mod closed;
#[path = "support/done.rs"]
mod done;
#[path = "support/executable.rs"]
mod executable;
#[path = "online/first_hsm.rs"]
mod first_hsm;
#[path = "online/handover.rs"]
mod handover;
#[path = "online/in_one_go.rs"]
mod in_one_go;
#[path = "online/interruptions.rs"]
mod interruptions;
#[path = "online/keyless.rs"]
mod keyless;
#[path = "online/meant.rs"]
mod meant;
#[path = "online/mixed_up.rs"]
mod mixed_up;
#[path = "online/named.rs"]
mod named;
#[path = "online/next.rs"]
mod next;
#[path = "online/obstacles.rs"]
mod obstacles;
#[path = "online/passphrase.rs"]
mod passphrase;
#[path = "online/pinned.rs"]
mod pinned;
#[path = "support/pipe.rs"]
mod pipe;
#[path = "support/processes.rs"]
mod processes;
#[path = "online/rehearsed.rs"]
mod rehearsed;
#[path = "online/replaced.rs"]
mod replaced;
#[path = "online/role.rs"]
mod role;
#[path = "online/settings.rs"]
mod settings;
#[path = "online/stage.rs"]
mod stage;
#[path = "online/steps.rs"]
mod steps;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;
#[path = "support/terminal.rs"]
mod terminal;
#[path = "online/together.rs"]
mod together;
#[path = "online/undecided.rs"]
mod undecided;
#[path = "online/whose.rs"]
mod whose;

use std::fs;
use std::process::{Command, Stdio};

use done::Done;
use hsmboot::simulator::{InjectedFault, SimulatedClusterState, Simulator};
use serde_json::Value;
use stage::{Stage, hsmboot, run};
