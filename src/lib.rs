//! Claim an AWS CloudHSM cluster.
pub mod bundle;
pub mod error;
pub mod fsio;
pub mod verify;
pub mod x509;
