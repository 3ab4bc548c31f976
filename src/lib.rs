//! Claim an AWS CloudHSM cluster.
