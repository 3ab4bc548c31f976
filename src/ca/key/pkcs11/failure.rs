//! The answers of a token or its module, in words.

use std::path::Path;

use cryptoki::error::{Error as Cryptoki, RvError};

use crate::error::{Error, ErrorKind, FactName};
use crate::outside::{Lines, shown_path};

/// Returns the module's answer by the name that the standard and the vendor's manual have for it.
pub(super) fn answer_name(error: &Cryptoki) -> String {
    match error {
        Cryptoki::Pkcs11(RvError::VendorDefined(code), _) => {
            format!("CKR_VENDOR_DEFINED, 0x{code:08x}")
        }
        Cryptoki::Pkcs11(RvError::UnknownErrorCode(code), _) => {
            format!("0x{code:08x}, which the standard does not have")
        }
        Cryptoki::Pkcs11(answer, _) => standard_name(&format!("{answer:?}")),
        Cryptoki::NullFunctionPointer | Cryptoki::MissingSymbol(_) => {
            "that it has no such function".to_owned()
        }
        _ => "something that does not fit the standard".to_owned(),
    }
}

/// `PinIncorrect` as the standard writes it: `CKR_PIN_INCORRECT`.
fn standard_name(variant: &str) -> String {
    let mut name = "CKR".to_owned();
    for c in variant.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

/// A module that does not work.
pub(super) fn module_failure(path: &Path, what: &str, error: &Cryptoki) -> Error {
    Error::new(
        ErrorKind::TokenModuleUnusable,
        [
            format!("the PKCS#11 module {} {what}", shown_path(path)),
            format!("  it answered {}", answer_name(error)),
        ],
        "its configuration, its service or its hardware may be missing: the vendor's own tool \
         should find the token first",
    )
    .with_fact(FactName::File, path)
    .with_fact(FactName::Cause, answer_name(error))
}

/// A token that did not do what was asked of it. `what` continues "the token ... ".
pub(super) fn token_failure(name: &str, what: &str, error: &Cryptoki) -> Error {
    use RvError::{
        CryptokiNotInitialized, DeviceError, DeviceMemory, DeviceRemoved, PinExpired,
        SessionClosed, SessionHandleInvalid, SessionReadOnly, SlotIdInvalid, TokenNotPresent,
        TokenNotRecognized, TokenWriteProtected, UserNotLoggedIn, UserPinNotInitialized,
    };
    let Cryptoki::Pkcs11(code, _) = error else {
        return token_refusal(name, what, error);
    };
    let (why, hint) = match code {
        DeviceRemoved
        | TokenNotPresent
        | SlotIdInvalid
        | SessionHandleInvalid
        | SessionClosed
        | CryptokiNotInitialized => (
            "was removed, or its session has ended",
            "put the token back and run the command again",
        ),
        TokenNotRecognized => (
            "is not recognised by its module",
            "it may be of another vendor, or not initialised",
        ),
        PinExpired => (
            "wants its PIN changed before it does anything",
            "change the PIN with the vendor's tool",
        ),
        UserPinNotInitialized => ("has no user PIN yet", "set one with the vendor's tool"),
        TokenWriteProtected | SessionReadOnly => (
            "is write-protected",
            "no key can be made on it like this: see the vendor's manual",
        ),
        UserNotLoggedIn => (
            "wants another login, or has logged out by itself",
            "run the command again",
        ),
        DeviceMemory => ("is full", "make room on it, or use another"),
        DeviceError => ("has a fault", "the vendor's tool may say more"),
        _ => return token_refusal(name, what, error),
    };
    unusable_token(
        name,
        [
            why.to_owned(),
            format!("  it {what}"),
            format!("  it answered {}", answer_name(error)),
        ],
        hint,
    )
}

/// A token that is there and is of no use as it is.
pub(super) fn unusable_token(name: &str, why: impl Into<Lines>, hint: &str) -> Error {
    Error::new(
        ErrorKind::TokenUnusable,
        why.into().prefixed_with(format!("the token {name} ")),
        hint,
    )
    .with_fact(FactName::Token, name)
}

fn token_refusal(name: &str, what: &str, error: &Cryptoki) -> Error {
    Error::new(
        ErrorKind::TokenRefused,
        [
            format!("the token {name} {what}"),
            format!("  it answered {}", answer_name(error)),
        ],
        "the vendor's manual says what this answer means; its own tool may say more",
    )
    .with_fact(FactName::Token, name)
    .with_fact(FactName::Cause, answer_name(error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    #[test]
    fn answers_have_the_names_of_the_standard() {
        for (code, name) in [
            (RvError::PinIncorrect, "CKR_PIN_INCORRECT"),
            (RvError::UserAlreadyLoggedIn, "CKR_USER_ALREADY_LOGGED_IN"),
            (RvError::NextOtp, "CKR_NEXT_OTP"),
            (
                RvError::VendorDefined(0x8000_0001),
                "CKR_VENDOR_DEFINED, 0x80000001",
            ),
        ] {
            assert_eq!(answer_name(&Cryptoki::Pkcs11(code, Function::Sign)), name);
        }
    }

    #[test]
    fn what_a_token_answers_is_told_with_what_to_do() {
        for (code, why, hint) in [
            (
                RvError::TokenNotRecognized,
                "is not recognised",
                "another vendor",
            ),
            (
                RvError::PinExpired,
                "wants its PIN changed",
                "change the PIN",
            ),
            (RvError::UserPinNotInitialized, "has no user PIN", "set one"),
            (RvError::TokenWriteProtected, "is write-protected", "manual"),
            (RvError::SessionReadOnly, "is write-protected", "manual"),
            (RvError::UserNotLoggedIn, "wants another login", "again"),
            (RvError::DeviceMemory, "is full", "make room on it"),
            (RvError::DeviceError, "has a fault", "vendor's tool"),
        ] {
            let answer = Cryptoki::Pkcs11(code, Function::Sign);
            let error = token_failure("`ca`", "did not sign", &answer);
            let told = error.message.contains(&format!("the token `ca` {why}"));
            assert!(told && error.hint.contains(hint), "{error:?}");
            assert_eq!(error.kind, ErrorKind::TokenUnusable);
        }
    }

    #[test]
    fn a_removed_token_is_said_to_be_removed() {
        for code in [
            RvError::DeviceRemoved,
            RvError::TokenNotPresent,
            RvError::SessionHandleInvalid,
        ] {
            let error = token_failure(
                "`ca`",
                "did not sign",
                &Cryptoki::Pkcs11(code, Function::Sign),
            );
            assert_eq!(
                (error.exit_code(), error.kind),
                (5, ErrorKind::TokenUnusable)
            );
            assert!(
                error.message.contains("`ca` was removed"),
                "{}",
                error.message
            );
        }
        let error = token_failure(
            "`ca`",
            "did not sign",
            &Cryptoki::Pkcs11(RvError::FunctionFailed, Function::Sign),
        );
        assert_eq!(
            (error.exit_code(), error.kind),
            (5, ErrorKind::TokenRefused)
        );
        assert!(
            error.message.contains("CKR_FUNCTION_FAILED"),
            "{}",
            error.message
        );
    }
}
