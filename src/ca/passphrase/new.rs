//! A new passphrase: asked for twice, judged, or made here.

use zeroize::Zeroizing;

use super::check_fit;
use super::strength::{self, MIN_CHARACTERS};
use super::terminal::{self, EchoHold};
use crate::error::{Error, ErrorKind, FactName, Result};

/// Whether a new passphrase may be one that is easily guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassphrase {
    /// It is refused.
    Refused,
    /// The user said so.
    Allowed,
}

/// Refuses a new passphrase that is easily guessed.
pub(super) fn check_strong(bytes: &[u8], weak: WeakPassphrase) -> Result<()> {
    match strength::weakness(bytes) {
        Some(what) if weak == WeakPassphrase::Refused => Err(Error::new(
            ErrorKind::PassphraseWeak,
            format!("the new passphrase {what}; nothing has been written"),
            "choose a longer one, such as five words that have nothing to do with each other; on a \
             terminal, an empty answer has one made; or say --weak-passphrase",
        )
        .with_fact(FactName::Limit, MIN_CHARACTERS)),
        _ => Ok(()),
    }
}

/// Asks on the terminal for a new passphrase, twice, up to three times. Nothing that is typed is
/// shown until the last question is over.
pub(super) fn ask_new_passphrase(name: &str, weak: WeakPassphrase) -> Result<Zeroizing<Vec<u8>>> {
    let _hold = EchoHold::start();
    let mut refused = None;
    for _ in 0..3 {
        let question = format!("new passphrase for {name} (Enter alone: one is made for you): ");
        let mut first = terminal::ask_passphrase(&question)?;
        if first.is_empty() {
            first = make_passphrase()?;
            // On the terminal alone: it is no output, and no log has it.
            let shown = Zeroizing::new(format!(
                "made for you: {}\nwrite it down now: it is shown nowhere else\n",
                String::from_utf8_lossy(&first)
            ));
            terminal::show_text(&shown)?;
        }
        check_fit(&first)?;
        if let Err(error) = check_strong(&first, weak) {
            terminal::show_text(&format!("{}\n", error.message))?;
            refused = Some(error);
            continue;
        }
        let second = terminal::ask_passphrase("the same again: ")?;
        if first == second {
            return Ok(first);
        }
        terminal::show_text("the two differ\n")?;
        refused = None;
    }
    Err(refused.unwrap_or_else(|| {
        Error::new(
            ErrorKind::PassphrasesDiffer,
            "the two passphrases differ",
            "run the command again; nothing has been written",
        )
    }))
}

fn make_passphrase() -> Result<Zeroizing<Vec<u8>>> {
    let octets = crate::ca::random::SystemRng::new()
        .random_octets::<{ strength::MADE_OCTETS }>()
        .map_err(|fault| {
            Error::new(ErrorKind::NoRandomness, fault.to_string(), "")
                .with_fact(FactName::Cause, fault.to_string())
        })?;
    Ok(strength::spell(&octets))
}
