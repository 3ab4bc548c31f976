//! The function of AWS Lambda: the real program behind a stand-in for the Runtime API, with the
//! simulator as the service and a stand-in for AWS KMS.
#![cfg(all(feature = "lambda", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "lambda/answers.rs"]
mod answers;
#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub)]
mod aws;
#[path = "lambda/claim_stage.rs"]
mod claim_stage;
#[path = "lambda/commands.rs"]
mod commands;
#[path = "support/done.rs"]
#[allow(dead_code)]
mod done;
#[path = "lambda/errors.rs"]
mod errors;
#[path = "support/kms.rs"]
#[allow(dead_code)]
mod kms_key;
#[path = "lambda/pins.rs"]
mod pins;
#[path = "support/pipe.rs"]
#[allow(dead_code)]
mod pipe;
#[path = "lambda/refusals.rs"]
mod refusals;
#[path = "lambda/runtime.rs"]
mod runtime;
#[path = "lambda/stacks.rs"]
mod stacks;
#[path = "online/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;

use std::fs;
use std::process::{Command, Stdio};

use aws::base64;
use claim_stage::LambdaStage;
use done::Done;
use hsmboot::simulator::{InjectedFault, Simulator};
use kms_key::ALIAS;
use runtime::Function;
use serde_json::{Value, json};
use stage::run;
