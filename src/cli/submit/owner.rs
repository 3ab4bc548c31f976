//! Whose the signed bundle is, by what the operator says.

use super::Args;
use super::host::ResponseComparison;
use crate::bundle::Bundle;
use crate::cli::consent::{ClaimIntent, ConsentAnswer, ConsentQuestion};
use crate::cli::expect::{FingerprintSide, another_fingerprint_error};
use crate::cli::owner::NamedCa;
use crate::cli::ui::Ui;
use crate::error::{ErrorKind, Result};
use crate::owner::{self, Owner, ProofPurpose, SignedResponse};

/// Proves the owner, whom the command line or somebody at the terminal names. Otherwise whoever
/// could write to the bundle could have put a pair of their own there, and would own the cluster.
pub(super) fn prove_owner(
    args: &Args,
    named: Option<&NamedCa>,
    bundle: &Bundle,
    response: &SignedResponse<'_>,
    intent: &ClaimIntent<'_>,
    ui: &Ui,
) -> Result<(Owner, Option<ResponseComparison>)> {
    let place = bundle.place(bundle.trust_anchor_file()).to_string();
    let by_response = |expected| {
        Owner::with_response(expected, bundle.id(), response)
            .map_err(|apart| another_fingerprint_error(&FingerprintSide::RESPONSE, &apart))
    };
    // Everything that the command line says must hold.
    let expected = args
        .expect
        .expected_for(bundle)?
        .map(by_response)
        .transpose()?;
    let compared = expected.as_ref().map(|_| ResponseComparison::Beforehand);
    let by_fingerprints = || {
        Owner::with_fingerprints(
            &args.ca_fingerprint,
            response.trust_anchor,
            &place,
            ProofPurpose::Claim,
        )
    };
    // The response's fingerprint names all of the chain: what is given besides must fit, and need
    // not suffice. The file of --ca may have been exchanged: a pin beside it must hold by itself.
    let fingerprint = match (args.ca_fingerprint.is_empty(), expected.is_some()) {
        (true, _) => None,
        (false, false) => Some(by_fingerprints()?),
        (false, true) => by_fingerprints().map_or_else(
            |error| {
                if error.kind == ErrorKind::OwnerNotProven {
                    Ok(None)
                } else {
                    Err(error)
                }
            },
            |owner| Ok(Some(owner)),
        )?,
    };
    if let Some(ca) = named {
        let owner = ca.to_owner();
        owner.check_same_anchor(response.trust_anchor, &place, ProofPurpose::Claim)?;
        return Ok((owner, compared));
    }
    if let Some(owner) = fingerprint.or(expected) {
        return Ok((owner, compared));
    }
    if args.from_bundle.ca_from_bundle {
        return Ok((
            args.from_bundle
                .waive_proof(response.trust_anchor, args.trust.reason.as_deref(), ui),
            compared,
        ));
    }
    let asks = !args.consent.yes && !args.dry_run;
    let answer = if asks {
        intent.show_and_ask(ConsentQuestion::Response)?
    } else {
        None
    };
    match answer {
        Some(ConsentAnswer::Response(typed)) => {
            Ok((by_response(typed)?, Some(ResponseComparison::OnScreen)))
        }
        _ => Err(owner::not_proven(
            "neither --ca nor --ca-fingerprint nor the response's fingerprint was given",
            response.trust_anchor,
            &place,
        )),
    }
}
