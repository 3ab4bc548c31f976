//! The names of a simulator's roots. For headlines, hints and `--simulated`: no verdict depends on
//! anything here.

use super::{Anchor, Record};
use crate::checks::Side;
use crate::x509::Certificate;
use crate::x509::name::common_name_text;

/// Tells whether this is the CN of a root of hsmboot's simulator. Those name the simulator, so that
/// nobody takes its chain for a genuine one.
fn is_simulated_name(common_name: &str) -> bool {
    let of_aws = common_name.starts_with("Simulated ") && common_name.contains("CloudHSM Root");
    of_aws || common_name.ends_with(".simulator.invalid")
}

impl Anchor {
    /// Returns the side whose chains end in a root of this name, where a simulator's root has it.
    /// Anyone can make a root of such a name: it says nothing but that none of it is genuine.
    pub fn simulated_side(&self) -> Option<Side> {
        let name = common_name_text(self.subject()).filter(|name| is_simulated_name(name))?;
        Some(if name.starts_with("Simulated ") {
            Side::Aws
        } else {
            Side::Manufacturer
        })
    }
}

/// Tells whether a certificate names a root of hsmboot's simulator as its issuer.
pub fn is_issued_by_simulator(certificate: &Certificate) -> bool {
    common_name_text(certificate.issuer()).is_some_and(|name| is_simulated_name(&name))
}

/// Tells whether the chain of a side ends in the name of a simulator's root.
pub(super) fn ends_in_simulator(record: &Record, side: Side) -> bool {
    let [aws, manufacturer] = &record.terms.ends;
    side.select_from([aws, manufacturer])
        .as_deref()
        .is_some_and(is_simulated_name)
}
