//! Claim an AWS CloudHSM cluster.
pub mod error;
pub mod x509;
