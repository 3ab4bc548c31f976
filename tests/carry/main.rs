//! A bundle on its way: as one file, and by camera.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[cfg(feature = "qr")]
mod camera;
#[cfg(feature = "qr")]
mod claim;
#[cfg(feature = "qr")]
mod emulator;
#[cfg(feature = "qr")]
mod hostile;
mod one_file;
#[cfg(all(feature = "online", feature = "simulator"))]
mod online;
#[cfg(feature = "qr")]
mod optics;
#[cfg(feature = "qr")]
mod paper;
#[cfg(feature = "qr")]
mod row;
#[cfg(feature = "qr")]
mod screen;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "../support/simulated.rs"]
#[allow(dead_code, unreachable_pub)]
mod simulated;
#[cfg(feature = "qr")]
mod still_phone;
#[path = "../support/mod.rs"]
#[allow(unreachable_pub)]
mod support;
