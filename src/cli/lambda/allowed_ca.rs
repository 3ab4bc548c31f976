//! The CAs that the function may act for: its environment names them, by the SHA-256 of their
//! certificates, and no event names another.

use serde_json::{Map, Value};

use super::EventCommand;
use super::settings::CA_VARIABLE;
use crate::cli::args::parse_sha256;
use crate::cli::owner::read_trust_anchor;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::owner::{Owner, ProofPurpose};
use crate::x509::to_hex;

/// Refuses a CA that is none of those that the function's environment allows, by the SHA-256 of
/// their certificates. `ca` is read as the command reads it; of AWS Private CA, and of a bundle,
/// the event says the SHA-256, and the command compares it.
pub(super) fn check_ca(
    command: EventCommand,
    event: &Map<String, Value>,
    allowed: &[[u8; 32]],
) -> Result<()> {
    if allowed.is_empty() {
        return Ok(());
    }
    let ca = event.get("ca").and_then(Value::as_str);
    if let Some(text) = ca {
        check_named_ca(text, allowed)?;
    }
    let mut told = false;
    for text in fingerprint_texts(event.get("ca_fingerprint")) {
        told = true;
        // One that is none is the command's to refuse.
        if let Ok(digest) = parse_sha256(text)
            && !allowed.contains(&digest)
        {
            return Err(ca_not_allowed_error(&format!(
                "its `ca_fingerprint` is {}",
                to_hex(&digest)
            ))
            .with_fact(FactName::Found, to_hex(&digest)));
        }
    }
    if ca.is_none() && !told {
        return Err(ca_not_allowed_error(
            "it names none, neither by `ca` nor by `ca_fingerprint`",
        ));
    }
    // Beside the response's fingerprint, `submit` asks less of the CA's.
    let by_response = command == EventCommand::Submit
        && event.get("expect").is_some_and(|value| !value.is_null());
    match by_response && ca.is_none() {
        true => Err(ca_not_allowed_error("with `expect`, `ca` has to name it")),
        false => Ok(()),
    }
}

fn check_named_ca(text: &str, allowed: &[[u8; 32]]) -> Result<()> {
    let found = read_trust_anchor(text.as_bytes(), &"the event's `ca`")?;
    let first = found.signing_ca().fingerprint();
    // The rule of --ca-fingerprint: of a longer chain the root has to be named too.
    let there: Vec<[u8; 32]> = allowed
        .iter()
        .filter(|digest| found.fingerprints().contains(digest))
        .copied()
        .collect();
    let named = there.contains(&first)
        && Owner::with_fingerprints(&there, &found, "the event's `ca`", ProofPurpose::Signature)
            .is_ok();
    match named {
        true => Ok(()),
        false => {
            let all: Vec<String> = found.fingerprints().iter().map(|one| to_hex(one)).collect();
            Err(
                ca_not_allowed_error(&format!("its `ca` has {}", all.join(", then ")))
                    .with_fact(FactName::Found, to_hex(&first)),
            )
        }
    }
}

fn fingerprint_texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = match value {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

fn ca_not_allowed_error(found: &str) -> Error {
    Error::new(
        ErrorKind::CaNotAllowed,
        format!("the event's CA is none that this function may act for: {found}; nothing was done"),
        format!(
            "name the CA whose certificate's SHA-256 is in {} of the function's environment (of a \
             chain of three or four, its root's too); whoever deploys the function adds another",
            CA_VARIABLE
        ),
    )
}
