//! `hsmboot report`: the page shows what was judged, names what is only recorded, breaks the right
//! arrow, and lets nothing that it read become markup.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    unreachable_pub
)]

#[allow(dead_code)]
#[path = "../forge/mod.rs"]
mod forge;
#[path = "../support/mod.rs"]
mod support;

mod chains;
mod command;
mod fleet;
mod markup;
mod picture;
mod records;
mod shared;
