//! Claim an AWS CloudHSM cluster.
pub mod error;
pub mod verify;
pub mod x509;
