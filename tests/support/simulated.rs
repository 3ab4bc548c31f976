//! Simulators whose keys were made by an earlier one: a simulator's own keys take a processor more
//! than a second, and these tests start hundreds of simulators.

use std::fs;
use std::path::Path;
use std::process::{self, Command};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use hsmboot::simulator::{KeySupply, Options};

/// So many keys are drawn before one comes again: more than any test needs, so that what is
/// compared in one test has different keys.
const COMMON_KEYS: usize = 256;
/// Of the sizes that a simulator has one key of.
const RARE_KEYS: usize = 8;

/// The options of a simulator that need not make its keys.
pub fn options() -> Options {
    Options {
        keys: Some(SUPPLY.clone()),
        ..Options::default()
    }
}

/// The keys lie below `target/`, where later runs find them.
static SUPPLY: LazyLock<KeySupply> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulator-keys");
    fs::create_dir_all(&directory).unwrap();
    let drawn = [AtomicUsize::new(0), AtomicUsize::new(0)];
    KeySupply::new(move |bits| {
        let (counter, number_of_keys) = match bits {
            2048 => (&drawn[0], COMMON_KEYS),
            _ => (&drawn[1], RARE_KEYS),
        };
        let number = counter.fetch_add(1, Ordering::Relaxed) % number_of_keys;
        let place = directory.join(format!("{bits}-{number}.der"));
        fs::read(&place).ok().or_else(|| make_key(bits, &place))
    })
});

/// Makes a key, and keeps it: whole or not at all. Without openssl the simulator makes its own.
fn make_key(bits: usize, place: &Path) -> Option<Vec<u8>> {
    let made = Command::new("openssl")
        .args(["genrsa", "-traditional", &bits.to_string()])
        .output()
        .ok()?;
    let key = pem::parse(made.stdout).ok()?.into_contents();
    let part = place.with_extension(process::id().to_string());
    fs::write(&part, &key).ok()?;
    fs::rename(part, place).ok()?;
    Some(key)
}
