//! Claim an AWS CloudHSM cluster.
pub mod bundle;
pub mod ca;
pub mod check;
pub mod claim;
pub mod cli;
pub mod cloudhsm;
pub mod error;
pub mod fetch;
pub mod fsio;
pub mod sign;
pub mod submit;
pub mod verify;
pub mod x509;

#[cfg(feature = "simulator")]
pub mod simulator;
