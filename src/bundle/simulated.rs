//! Whether a bundle comes from hsmboot's simulator. There is one answer, for every mark and hint.

use super::{Bundle, Part, SIMULATED_ROOTS};
use crate::verify::is_issued_by_simulator;
use crate::x509::Certificate;

impl Bundle {
    /// Tells whether the bundle comes from a simulator: a rehearsal left the simulator's roots in
    /// it, or a hardware certificate names such a root as its issuer. Whoever writes to the bundle
    /// can make it say either: this is for marks and hints, and no verdict.
    pub fn comes_from_simulator(&self) -> bool {
        let is_issued_so = |part| {
            let certificate = self.read(part).ok();
            certificate
                .and_then(|pem| Certificate::from_pem(&pem).ok())
                .is_some_and(|certificate| is_issued_by_simulator(&certificate))
        };
        self.has_file(SIMULATED_ROOTS)
            || [Part::AwsHardware, Part::ManufacturerHardware]
                .into_iter()
                .any(is_issued_so)
    }
}
