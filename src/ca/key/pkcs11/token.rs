//! Finds the one token that the URI means.

use cryptoki::context::Pkcs11;
use cryptoki::slot::{Slot, SlotInfo, TokenInfo};

use super::failure;
use super::module::Module;
use super::uri::{self, Pkcs11Uri};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, shown_path, shown_text};

/// The greatest number of tokens, or keys, that an error lists.
pub(super) const LISTED: usize = 20;

/// A token in its slot.
pub(super) struct Token {
    pub(super) slot: Slot,
    pub(super) info: TokenInfo,
    reader: Option<SlotInfo>,
}

impl Token {
    /// The token in a slot, or nothing where its module cannot say what it is.
    fn read(pkcs11: &Pkcs11, slot: Slot) -> Option<Self> {
        let info = pkcs11.get_token_info(slot).ok()?;
        Some(Token {
            slot,
            info,
            reader: pkcs11.get_slot_info(slot).ok(),
        })
    }

    /// Reads what the same token says of itself now: after a login its flags may have changed.
    pub(super) fn read_info_again(&self, pkcs11: &Pkcs11) -> Option<TokenInfo> {
        pkcs11.get_token_info(self.slot).ok()
    }

    /// `` `ca` (serial 1234) ``: for people.
    pub(super) fn name(&self) -> String {
        format!(
            "`{}` (serial {})",
            shown_text(self.info.label()),
            shown_text(self.info.serial_number())
        )
    }

    /// Returns what a URI has to say to mean this token, in any slot.
    pub(super) fn uri_attributes(&self) -> String {
        let part = |name: &str, value: &str| format!("{name}={}", uri::escape_text(value));
        [
            part("token", self.info.label()),
            part("manufacturer", self.info.manufacturer_id()),
            part("model", self.info.model()),
            part("serial", self.info.serial_number()),
        ]
        .join(";")
    }

    fn fits_uri(&self, uri: &Pkcs11Uri) -> bool {
        // The structures are padded with blanks (PKCS#11 2.40 base, 3.2), which no value can end
        // with.
        let same = |wanted: &Option<String>, found: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.trim_end_matches(' ') == found)
        };
        let reader = |wanted: &Option<String>, found: fn(&SlotInfo) -> &str| {
            wanted.is_none() || self.reader.as_ref().is_some_and(|r| same(wanted, found(r)))
        };
        same(&uri.token, self.info.label())
            && same(&uri.manufacturer, self.info.manufacturer_id())
            && same(&uri.serial, self.info.serial_number())
            && same(&uri.model, self.info.model())
            && uri.slot_id.is_none_or(|id| id == self.slot.id())
            && reader(&uri.slot_description, SlotInfo::slot_description)
            && reader(&uri.slot_manufacturer, SlotInfo::manufacturer_id)
    }
}

/// Finds the one token that fits the URI.
///
/// # Errors
/// Class [`Class::Ca`](crate::error::Class::Ca): `token-missing`, `token-ambiguous`,
/// `token-unusable`.
pub(super) fn find_token(module: &Module, uri: &Pkcs11Uri) -> Result<Token> {
    let slots = module.pkcs11.get_slots_with_token().map_err(|error| {
        failure::module_failure(
            module.path(),
            "does not list its slots (C_GetSlotList)",
            &error,
        )
    })?;
    let mut all: Vec<Token> = slots
        .into_iter()
        .filter_map(|slot| Token::read(&module.pkcs11, slot))
        .collect();
    all.sort_by(|a, b| {
        (a.info.label(), a.info.serial_number()).cmp(&(b.info.label(), b.info.serial_number()))
    });
    // A token that was never initialised has no label and no keys: it is in nobody's way, and is
    // nobody's choice unless it alone is meant.
    let (ready, blank): (Vec<Token>, Vec<Token>) = all
        .into_iter()
        .partition(|token| token.info.token_initialized());
    let listed = list_tokens(&ready);
    let mut meant: Vec<Token> = ready
        .into_iter()
        .filter(|token| token.fits_uri(uri))
        .collect();
    match (meant.pop(), meant.len()) {
        (Some(token), 0) => check_usable(token),
        (Some(last), _) => {
            meant.push(last);
            Err(Error::new(
                ErrorKind::TokenAmbiguous,
                Lines::from(format!(
                    "{} tokens fit the URI, and which one is meant cannot be told",
                    meant.len()
                ))
                .followed_by(list_tokens(&meant)),
                "say more in the URI: `serial=` tells any two tokens apart",
            )
            .with_fact(FactName::Option, "--ca-key"))
        }
        (None, _) => match blank.iter().find(|token| token.fits_uri(uri)) {
            Some(token) if listed.is_empty() || uri.slot_id.is_some() => {
                Err(failure::unusable_token(
                    &format!("in slot {}", token.slot),
                    "is not initialised",
                    "initialise it with the vendor's tool: that gives it a label and its PINs",
                ))
            }
            _ => Err(Error::new(
                ErrorKind::TokenMissing,
                Lines::from(format!(
                    "no token that the PKCS#11 module {} shows is the one that the URI names",
                    shown_path(module.path())
                ))
                .followed_by(if listed.is_empty() {
                    "  it shows none at all".into()
                } else {
                    listed
                }),
                "put the token in, or correct the URI; `pkcs11:` alone would take whatever single \
                 token is there",
            )
            .with_fact(FactName::File, module.path())),
        },
    }
}

/// Refuses a token that is known to be of no use, before anybody is asked for a PIN.
fn check_usable(token: Token) -> Result<Token> {
    if token.info.error_state() {
        return Err(failure::unusable_token(
            &token.name(),
            "has failed its self-test (CKF_ERROR_STATE)",
            "see the vendor's manual",
        ));
    }
    Ok(token)
}

/// One line for each, as a URI would name it.
fn list_tokens(tokens: &[Token]) -> Lines {
    let more = tokens.len().saturating_sub(LISTED);
    let lines: Lines = tokens
        .iter()
        .take(LISTED)
        .map(|token| format!("  {};slot-id={}", token.uri_attributes(), token.slot))
        .collect();
    lines.followed_by((more > 0).then(|| format!("  and {more} more")))
}
