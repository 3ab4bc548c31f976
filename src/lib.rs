//! Claim an AWS CloudHSM cluster.
pub mod ca;
pub mod error;
pub mod verify;
pub mod x509;
