//! The forge: makes every fixture of `fixtures/verify/` from the test keys of `fixtures/keys/`, the
//! same bytes each time.
//!
//! It uses nothing of the crate: not its DER writer, not its PEM, not its names for things. Where
//! the crate reads a rule wrongly, the forge does not read it wrongly with it.

pub mod algorithm;
pub mod cert;
pub mod chain;
pub mod der;
pub mod ec;
pub mod encoding;
pub mod fixture;
pub mod good;
pub mod intermediate;
pub mod keys;
pub mod ls2;
pub mod mutate;
pub mod pem;
pub mod rules;
pub mod text;

use fixture::Fixture;

/// Every fixture, those that are kept in `fixtures/verify/` and those that only the tests make.
pub fn all() -> Vec<Fixture> {
    let all = [
        good::fixtures(),
        text::fixtures(),
        encoding::fixtures(),
        algorithm::fixtures(),
        rules::fixtures(),
        intermediate::fixtures(),
        ls2::fixtures(),
    ]
    .concat();
    let mut names: Vec<_> = all.iter().map(|fixture| &fixture.name).collect();
    names.sort();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1], "two fixtures of one name");
    }
    all
}
