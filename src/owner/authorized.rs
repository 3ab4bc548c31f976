//! A pair that may be sent. Its fields are private to this file, which alone makes one.

use super::basis::ProofPurpose;
use super::proof::Owner;
use crate::check::Pair;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::sign::Grounds;
use crate::x509::to_hex;

/// A checked pair whose CSR is proven an HSM's and whose trust anchor is proven the owner's.
/// InitializeCluster is built from it.
///
/// Nothing else makes a request:
///
/// ```compile_fail
/// # use hsmboot::cloudhsm::InitializeCluster;
/// let text = String::new;
/// InitializeCluster { cluster_id: text(), signed_cert: text(), trust_anchor: text() };
/// ```
#[derive(Clone, Debug)]
pub struct Authorized {
    pair: Pair,
    owner: Owner,
}

impl Authorized {
    /// Puts the three together. This is the only maker.
    ///
    /// # Errors
    /// Class [`Class::Rejected`](crate::error::Class::Rejected): `another-trust-anchor`, where the
    /// pair's trust anchor is not the owner's; `pair-unfit`, where the grounds are another CSR's.
    pub fn new(pair: Pair, grounds: &Grounds<'_>, owner: &Owner) -> Result<Self> {
        if grounds.csr().as_der() != pair.csr().as_der() {
            return Err(Error::new(
                ErrorKind::PairUnfit,
                [
                    "the CSR that was verified is not the one that was signed".to_owned(),
                    format!(
                        "  verified  SHA-256 {}",
                        to_hex(&grounds.csr().fingerprint())
                    ),
                    format!("  signed    SHA-256 {}", to_hex(&pair.csr().fingerprint())),
                ],
                "verify and sign the same CSR",
            )
            .with_fact(FactName::Expected, to_hex(&grounds.csr().fingerprint()))
            .with_fact(FactName::Found, to_hex(&pair.csr().fingerprint())));
        }
        owner.check_same_anchor(pair.trust_anchor(), "the pair's", ProofPurpose::Claim)?;
        Ok(Authorized {
            pair,
            owner: owner.clone(),
        })
    }

    /// The pair.
    pub const fn pair(&self) -> &Pair {
        &self.pair
    }

    /// The owner.
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }
}
