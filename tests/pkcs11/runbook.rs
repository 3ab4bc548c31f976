//! docs/runbooks/air-gapped.md with the CA's key on a token: SoftHSM's, which only the offline
//! machine has.

use crate::ceremony::{PIN, Way, air_gapped};
use crate::hsm::{Hsm, module};

pub const TESTS: &[(&str, fn())] = &[(
    "the_air_gapped_runbook_is_played_with_the_key_on_a_token",
    the_air_gapped_runbook_is_played_with_the_key_on_a_token,
)];

fn the_air_gapped_runbook_is_played_with_the_key_on_a_token() {
    // The vendor's tool, before the day.
    let hsm = Hsm::new();
    assert_eq!(PIN, crate::hsm::PIN, "the PIN that is typed is the token's");
    hsm.token("cloudhsm-ca");
    let (module, settings) = (
        module().display().to_string(),
        hsm.bench.path("softhsm2.conf").display().to_string(),
    );
    air_gapped(&Way {
        variant: "token",
        called: &[("/usr/lib/softhsm/libsofthsm2.so", &module)],
        offline: &[("SOFTHSM2_CONF", &settings)],
        ..Way::default()
    });
    hsm.no_file_holds_the_pin();
}
