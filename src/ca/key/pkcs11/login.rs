//! Logs in, once. A wrong PIN counts on the token, and a few of them lock it: nothing here ever
//! tries a second time.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::TokenInfo;
use cryptoki::types::RawAuthPin;

use super::super::unlock::Unlock;
use super::failure;
use super::module::Module;
use super::token::Token;
use super::uri::Pkcs11Uri;
use crate::ca::passphrase::{Passphrase, PassphraseSource};
use crate::ca::warning::KeyWarning;
use crate::error::{Error, ErrorKind, FactName, Result};

/// The way in which the token knows its user.
pub(super) enum Login {
    /// It asks for nothing.
    NotNeeded,
    /// It has keys or a screen of its own (CKF_PROTECTED_AUTHENTICATION_PATH): the PIN never passes
    /// through here.
    OnTheToken,
    /// With this PIN, which is kept for keys that want it for each signature.
    Pin(RawAuthPin),
}

impl Login {
    /// Logs in to the token, if it wants that. The PIN comes from the command line's source, or
    /// else the URI's `pin-source`, or else the terminal.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca): `wrong-pin`, `pin-locked`, `pin-final-try`,
    /// `token-unusable`, `token-refused`, and those of a passphrase.
    pub(super) fn open_login(
        token: &Token,
        session: &Session,
        module: &Module,
        uri: &Pkcs11Uri,
        unlock: &Unlock<'_>,
        warnings: &mut Vec<KeyWarning>,
    ) -> Result<Self> {
        if !token.info.login_required() {
            return Ok(Login::NotNeeded);
        }
        let name = token.name();
        if token.info.user_pin_locked() {
            return Err(pin_locked(&name));
        }
        let login = if token.info.protected_authentication_path() {
            (unlock.ask)(&format!(
                "the token {name} wants its PIN on its own keys or screen: enter it there{}",
                pin_warning(&token.info)
            ));
            Login::OnTheToken
        } else {
            Login::Pin(take_pin(token, uri, unlock, warnings)?)
        };
        match login.try_login(session, UserType::User) {
            // Another session of this very process was logged in, and so are all.
            Ok(()) | Err(Cryptoki::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(login),
            Err(error) => Err(explain_failure(
                &name,
                &error,
                token.read_info_again(&module.pkcs11).as_ref(),
            )),
        }
    }

    /// Logs in again for one signature, after C_SignInit (PKCS#11 2.40 base, 4.9,
    /// CKA_ALWAYS_AUTHENTICATE).
    ///
    /// # Errors
    /// As [`Login::log_in`].
    pub(super) fn for_this_signature(
        &self,
        token: &Token,
        session: &Session,
        module: &Module,
    ) -> Result<()> {
        self.try_login(session, UserType::ContextSpecific)
            .map_err(|error| {
                explain_failure(
                    &token.name(),
                    &error,
                    token.read_info_again(&module.pkcs11).as_ref(),
                )
            })
    }

    fn try_login(&self, session: &Session, user: UserType) -> std::result::Result<(), Cryptoki> {
        match self {
            Login::NotNeeded | Login::OnTheToken => session.login(user, None),
            Login::Pin(pin) => session.login_with_raw(user, pin),
        }
    }
}

/// The PIN, from wherever it comes.
fn take_pin(
    token: &Token,
    uri: &Pkcs11Uri,
    unlock: &Unlock<'_>,
    warnings: &mut Vec<KeyWarning>,
) -> Result<RawAuthPin> {
    let name = token.name();
    let source = match (unlock.passphrase, &uri.pin_source) {
        (PassphraseSource::Ask, Some(file)) => PassphraseSource::File(file.clone()),
        (given, _) => given.clone(),
    };
    warnings.extend(source.storage_warning());
    // At the prompt the danger stands before the user's eyes; nobody sees it where the PIN lies in
    // a file.
    if token.info.user_pin_final_try() && source != PassphraseSource::Ask && !unlock.token.final_try
    {
        return Err(Error::new(
            ErrorKind::PinFinalTry,
            format!(
                "one wrong PIN more locks the token {name}, and nobody is asked for this one: it \
                 was not tried"
            ),
            "make sure that the PIN is right, then type it at the prompt, or add --final-try",
        )
        .with_fact(FactName::Token, name));
    }
    let typed = source.for_pin(
        &format!("PIN of token {name}{}: ", pin_warning(&token.info)),
        &format!("the token {name} wants its PIN"),
    );
    let typed = typed.map_err(|error| error.with_fact(FactName::Token, name))?;
    Ok(to_raw_pin(&typed))
}

/// The PIN as cryptoki takes it: in memory that is wiped, of its final length at once.
fn to_raw_pin(pin: &Passphrase) -> RawAuthPin {
    RawAuthPin::new(Box::new(pin.as_bytes().to_vec()))
}

/// Says what somebody who is about to enter a PIN should know.
fn pin_warning(info: &TokenInfo) -> &'static str {
    match (info.user_pin_final_try(), info.user_pin_count_low()) {
        (true, _) => " (THE LAST TRY: a wrong PIN locks the token)",
        (false, true) => " (a wrong one was entered before)",
        (false, false) => "",
    }
}

/// Explains why a login did not succeed. `now` is what the token says of itself after it.
fn explain_failure(name: &str, error: &Cryptoki, now: Option<&TokenInfo>) -> Error {
    let Cryptoki::Pkcs11(code, _) = error else {
        return failure::token_failure(name, "was asked to log in (C_Login)", error);
    };
    match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            let tries = now.map_or(Tries::Unknown, Tries::from_info);
            Error::new(
                ErrorKind::WrongPin,
                [
                    format!("the token {name} does not take the PIN: it is wrong"),
                    "  it was tried once".to_owned(),
                    format!("  {}", tries.as_sentence()),
                ],
                tries.as_hint(),
            )
            .with_fact(FactName::Token, name)
        }
        RvError::PinLocked => pin_locked(name),
        RvError::FunctionCanceled => Error::new(
            ErrorKind::PromptCancelled,
            format!("the PIN of the token {name} was not entered: it was cancelled there"),
            "run the command again",
        )
        .with_fact(FactName::Token, name),
        _ => failure::token_failure(name, "was asked to log in (C_Login)", error),
    }
}

/// The number of tries that are left, as far as a token tells: PKCS#11 has three flags for it and
/// no number (2.40 base, 3.2, CK_TOKEN_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    /// CKF_USER_PIN_LOCKED
    None,
    /// CKF_USER_PIN_FINAL_TRY
    One,
    /// CKF_USER_PIN_COUNT_LOW alone
    Counted,
    /// No flag: a token may keep all this to itself.
    Unknown,
}

impl Tries {
    fn from_info(info: &TokenInfo) -> Self {
        match (
            info.user_pin_locked(),
            info.user_pin_final_try(),
            info.user_pin_count_low(),
        ) {
            (true, _, _) => Tries::None,
            (_, true, _) => Tries::One,
            (_, _, true) => Tries::Counted,
            _ => Tries::Unknown,
        }
    }

    const fn as_sentence(self) -> &'static str {
        match self {
            Tries::None => "tries left: none, the token is locked now",
            Tries::One => "tries left: one, and a wrong PIN then locks the token",
            Tries::Counted => {
                "tries left: more than one; the token counts wrong PINs, and does not say how many \
                 more it takes"
            }
            Tries::Unknown => "tries left: the token does not say",
        }
    }

    const fn as_hint(self) -> &'static str {
        match self {
            Tries::None => "its security officer can unlock it with the vendor's tool (CKU_SO)",
            Tries::One => {
                "make sure of the PIN before the next try; logging in with the vendor's tool \
                 counts as well"
            }
            Tries::Counted | Tries::Unknown => {
                "nothing is tried a second time by itself: make sure of the PIN, then run the \
                 command again"
            }
        }
    }
}

fn pin_locked(name: &str) -> Error {
    Error::new(
        ErrorKind::PinLocked,
        format!("the PIN of the token {name} is locked, after too many wrong ones"),
        "its security officer can unlock it with the vendor's tool (CKU_SO)",
    )
    .with_fact(FactName::Token, name)
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    /// PKCS#11 3.0 base, 5.6.8, C_Login.
    #[test]
    fn each_answer_to_a_login_is_an_error_of_its_kind() {
        for (code, kind) in [
            (RvError::PinIncorrect, ErrorKind::WrongPin),
            (RvError::PinInvalid, ErrorKind::WrongPin),
            (RvError::PinLenRange, ErrorKind::WrongPin),
            (RvError::PinLocked, ErrorKind::PinLocked),
            (RvError::FunctionCanceled, ErrorKind::PromptCancelled),
            (RvError::UserPinNotInitialized, ErrorKind::TokenUnusable),
        ] {
            let answer = Cryptoki::Pkcs11(code, Function::Login);
            assert_eq!(explain_failure("`ca`", &answer, None).kind, kind, "{code}");
        }
    }
}
