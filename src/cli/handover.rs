//! `hsmboot handover`

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::args::{BundleArgs, parse_sha256};
use super::code::group_digits;
use super::owner::NamedCa;
use super::sign::check_bundle_pair;
use super::ui::{CommandOutput, Effect, GREEN, StyledText, Ui, insert_member, path_value, styled};
use crate::bundle::{Bundle, RECEIPT, Receipt, Store, Transcript};
use crate::check::BelongingPair;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::handover::{self as engine, Handover, HandoverFacts, SIMULATED_MARK, SUMS};
use crate::outside::shown_path;
use crate::owner::{self, Owner, ProofPurpose, SignedResponse};
use crate::x509::to_hex;

/// Write what a claimed cluster's client machines get. Never a key
///
/// That is the trust anchor, addresses, commands and a SHA256SUMS.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A client takes for the cluster whoever shows a certificate that leads to the trust anchor, so the \
trust anchor must be proven yours: by --ca or --ca-fingerprint, with \
no way round. The bundle must be that of a claimed cluster (`submit` or `bootstrap` wrote its \
receipt), accounted for by its transcript, and of the very claim that the receipt is of. Reads \
the bundle, asks no service, writes all files or none, and replaces none of another content.

Examples:
  hsmboot handover ./cluster-abc234defgh -o ./clients --ca ./ca/customerCA.crt
  hsmboot handover ./cluster-abc234defgh -o ./clients --ca ./ca/customerCA.crt --address 10.0.1.4 \
--address 10.0.2.9

Exit codes: 0 written, or there already; 2 wrong command line; 3 nothing proves that the trust \
anchor is your CA, or it is another one; 4 no bundle, not claimed, changed, or the receipt \
is of another claim; 8 a file of other content stands there")]
pub struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The directory to write into; it is made if need be
    #[arg(long, short = 'o', value_name = "DIR")]
    out: PathBuf,
    /// Your own copy of the CA's certificate, which proves the trust anchor: not the bundle's file
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The SHA-256 of your CA's certificate, which proves it as well; of a chain of three or more
    /// that of its root too: may repeat
    #[arg(long, value_name = "SHA256", value_parser = parse_sha256)]
    ca_fingerprint: Vec<[u8; 32]>,
    /// The current address of an HSM, IPv4 or IPv6; may repeat, and takes the place of all
    /// addresses that the receipt has
    #[arg(long = "address", value_name = "IP")]
    addresses: Vec<IpAddr>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let bundle = ui.open_bundle(args.bundle.path())?;
    let named = args
        .ca
        .as_deref()
        .map(|file| NamedCa::read(file, "--ca", bundle.store()))
        .transpose()?;
    if fsio::is_same(&args.out, bundle.path()) {
        return Err(Error::new(
            ErrorKind::Usage,
            format!(
                "{} is the bundle itself: what is handed over lies beside it",
                shown_path(&args.out)
            ),
            "name another directory with -o",
        )
        .with_fact(FactName::Option, "--out")
        .with_fact(FactName::File, args.out.as_path()));
    }
    refuse_beside_key(&args.out)?;
    if !bundle.has_file(RECEIPT) {
        return Err(engine::not_claimed(&bundle));
    }
    let receipt = Receipt::read(bundle.store())?;
    Transcript::read(bundle.store())?.account_for(bundle.store(), Some(bundle.id()), None)?;
    // It does not matter whether the pair may still be sent.
    let claimed = check_bundle_pair(&bundle, super::now())?.into_belonging()?;
    let owner = prove_owner(args, named.as_ref(), &bundle, &claimed)
        .map_err(|error| with_receipts_ca(error, &receipt))?;
    let response = SignedResponse::from_inputs(&claimed.inputs);
    engine::check_same_claim(&receipt, &bundle, &response)?;
    let simulated = bundle.comes_from_simulator();
    let handover = Handover::new(&HandoverFacts {
        receipt: &receipt,
        owner: &owner,
        addresses: &args.addresses,
        simulated,
    });
    if simulated {
        ui.warn(SIMULATED_MARK);
    }
    if let Some(waiver) = &receipt.unverified {
        ui.alarm(format!(
            "UNVERIFIED: nothing proved that the HSM is a genuine one when the \
                          cluster was claimed. Reason: {}",
            waiver.reason
        ));
    }
    let files: Vec<NewFile<'_>> = handover
        .files
        .iter()
        .map(|(name, content)| NewFile::readable(*name, content, false))
        .collect();
    let there = |file: &NewFile<'_>| {
        fsio::read(
            &args.out.join(&file.name),
            "a file that is handed over",
            fsio::MAX_INPUT,
        )
        .is_ok_and(|found| found == file.content)
    };
    let changed = !files.iter().all(there);
    fsio::write_all(&args.out, &files).map_err(with_other_directory_hint)?;
    let mut output = handover_output(args, &receipt, &owner, &handover, changed);
    if simulated {
        insert_member(&mut output.document, "simulated", json!(true));
    }
    Ok(output)
}

/// Refuses a directory with a private key in it, such as the CA's: all of it goes to every client.
fn refuse_beside_key(out: &Path) -> Result<()> {
    let beside = Store::at_path(out).list_strangers(None).unwrap_or_default();
    match beside.into_iter().find(|file| file.is_key) {
        None => Ok(()),
        Some(key) => Err(Error::new(
            ErrorKind::Usage,
            format!(
                "{} holds a private key, {}: all of the directory is copied to every client",
                shown_path(out),
                key.name
            ),
            "name another directory with -o",
        )
        .with_fact(FactName::Option, "--out")
        .with_fact(FactName::File, out)),
    }
}

/// Returns the error with the hint which CA the receipt names, where another one was named. That
/// says whose certificate to look for, and proves nothing: a copy has to come from elsewhere.
fn with_receipts_ca(error: Error, receipt: &Receipt) -> Error {
    match error.kind {
        ErrorKind::AnotherTrustAnchor => Error {
            hint: format!(
                "the receipt names the CA whose certificate has the SHA-256 {}. If that CA is \
                 yours, give its certificate by --ca, a copy that did not come with the bundle; \
                 if not, hand nothing over",
                receipt.trust_anchor_sha256
            )
            .into(),
            ..error
        },
        _ => error,
    }
}

/// Returns the error with the hint to choose another directory: this command has no `--force`, and
/// never replaces a file.
fn with_other_directory_hint(error: Error) -> Error {
    match error.kind {
        ErrorKind::FileExists => Error {
            hint: "choose another directory with -o: what was handed over before is not replaced"
                .into(),
            ..error
        },
        _ => error,
    }
}

/// Proves the owner from what the command line names; all of it must hold. Nothing in the bundle
/// proves the owner.
fn prove_owner(
    args: &Args,
    named: Option<&NamedCa>,
    bundle: &Bundle,
    claimed: &BelongingPair,
) -> Result<Owner> {
    let place = bundle.place(bundle.trust_anchor_file()).to_string();
    let found = &claimed.inputs.trust_anchor;
    let unverified = claimed.pair.as_ref().err().filter(|_| claimed.is_unsigned);
    let by_copy = named.map(NamedCa::to_owner);
    by_copy
        .iter()
        .try_for_each(|owner| owner.check_same_anchor(found, &place, ProofPurpose::Handover))?;
    let fingerprints = (!args.ca_fingerprint.is_empty()).then(|| {
        Owner::with_fingerprints(&args.ca_fingerprint, found, &place, ProofPurpose::Handover)
    });
    match (by_copy, fingerprints, unverified) {
        // The file of --ca may have been exchanged: a pin beside it must hold by itself.
        (Some(_), Some(Err(error)), _) => Err(error),
        (Some(owner), ..) => Ok(owner),
        // Fingerprints name two certificates of a chain. What lies between is theirs by its
        // signature alone.
        (None, Some(Ok(_)), Some(unverified)) if found.is_chain() => Err(unverified.clone()),
        (None, Some(by_fingerprints), _) => by_fingerprints,
        (None, None, _) => Err(owner::not_proven_for_clients(found, &place)),
    }
}

/// The source of the HSMs' addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum AddressSource {
    Option,
    Receipt,
    None,
}

fn handover_output(
    args: &Args,
    receipt: &Receipt,
    owner: &Owner,
    handover: &Handover,
    changed: bool,
) -> CommandOutput {
    let from = match (args.addresses.is_empty(), handover.addresses.is_empty()) {
        (false, _) => AddressSource::Option,
        (true, false) => AddressSource::Receipt,
        (true, true) => AddressSource::None,
    };
    let digests = handover.file_digests();
    let document = json!({
        "changed": changed,
        "handover": path_value(&args.out),
        "bundle": path_value(args.bundle.path()),
        "cluster_id": receipt.cluster_id,
        "region": receipt.region,
        "owner": owner.basis().as_str(),
        "trust_anchor_sha256": to_hex(&owner.trust_anchor().signing_ca().fingerprint()),
        "addresses": handover.addresses,
        "addresses_from": from,
        "unverified": receipt.unverified,
        "files": digests,
        "next_steps": handover.steps,
    });
    let first = if changed {
        "wrote what the clients of"
    } else {
        "nothing changed: what the clients of"
    };
    let mut rest = format!(
        " {} get, in {}\n",
        receipt.cluster_id,
        shown_path(&args.out)
    );
    for (name, digest) in &digests {
        rest.push_str(&format!("  {name}\n    SHA-256 of the file {digest}\n"));
    }
    let addresses = match from {
        AddressSource::None => {
            "none known: clients ask DescribeClusters. --address names them".to_owned()
        }
        AddressSource::Receipt => format!(
            "{}, as the receipt of {} has them",
            handover.addresses.join(" "),
            receipt.confirmed_at
        ),
        AddressSource::Option => format!("{}, as you named them", handover.addresses.join(" ")),
    };
    rest.push_str(&format!(
        "  trust anchor  SHA-256 {}, {}\n  HSMs          {addresses}\n",
        group_digits(&to_hex(&owner.trust_anchor().signing_ca().fingerprint())),
        owner.basis().as_phrase()
    ));
    rest.push_str(&format!(
        "next: copy all of it to each client machine. On that machine: `sha256sum -c {SUMS}`, \
         then what README.txt says\n"
    ));
    CommandOutput::success(
        Effect::when(changed),
        document,
        StyledText::from([styled(GREEN, first), StyledText::from(rest)]),
    )
}
