//! `hsmboot transcript show`, `hsmboot transcript verify`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{BundleArgs, parse_sha256};
use super::code::{CodeOf, DerDigests, ask_code, group_digits};
use super::owner::NamedCa;
use super::ui::{
    CommandOutput, Effect, GREEN, RED, StyledText, Ui, insert_member, path_value, styled,
};
use crate::bundle::{
    ClusterId, FileStanding, Fingerprint, Store, TRANSCRIPT, Transcript, TranscriptEntry,
    counted_noun, shell_words,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::MAX_INPUT;
use crate::outside::{OutsideText, join_shown, shown_path};
use crate::x509::{Certificate, TrustAnchor, to_hex};

/// Read a bundle's transcript: who did what to it, and when
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot transcript show ./cluster-abc234defgh
  hsmboot transcript verify ./cluster-abc234defgh --ca customerCA.crt

Exit codes: 0 shown, or it holds; 4 it does not hold, or there is none; more as each command says")]
pub enum Command {
    /// Show the steps
    Show(Args),
    /// Find any change, cut or reordering, of the transcript and of the bundle's files since
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
It judges nothing but the chain of the lines: `hsmboot transcript verify` holds the bundle's files \
and the seals against them.

Examples:
  hsmboot transcript show ./cluster-abc234defgh
  hsmboot transcript show ./cluster-abc234defgh --output json

Exit codes: 0 shown; 2 wrong command line; 4 no bundle, no transcript, or one whose lines do not \
hold")]
pub struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot transcript verify ./cluster-abc234defgh
  hsmboot transcript verify ./cluster-abc234defgh --ca customerCA.crt
  hsmboot transcript verify ./cluster-abc234defgh --noted \
5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03

Exit codes: 0 it holds; 2 wrong command line; 3 with --compare: no code was given; 4 there \
is none, or it was changed, cut or reordered, a file is missing or another one, or no line \
has a noted SHA-256 or code; with --ca also where nothing is sealed, or not by that CA, or \
what it sealed was replaced by a step that is not sealed")]
pub struct VerifyArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The certificate of the CA that sealed it (default: the bundle's own, which proves nothing
    /// against who replaced both)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The SHA-256 of a line that somebody noted elsewhere: one of the lines must have it (may
    /// repeat)
    #[arg(long, value_name = "SHA256", value_parser = parse_sha256)]
    noted: Vec<[u8; 32]>,
    /// Ask for the code of a line, as it stands on paper: one of the lines must have it
    #[arg(long)]
    compare: bool,
}

/// The code of a line.
const CODE: CodeOf = CodeOf {
    what: "sealed line",
    shown_by: "hsmboot transcript verify BUNDLE",
};

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Show(args) => show_transcript(args, ui),
        Command::Verify(args) => verify_transcript(args, ui),
    }
}

/// Returns a bundle's place, its cluster, and its transcript. A bundle that was begun, but for
/// which nothing was fetched yet, is no bundle to other commands.
fn open_transcript(
    dir: &std::path::Path,
    ui: &Ui,
) -> Result<(Store, Option<ClusterId>, Transcript)> {
    let (store, known) = match ui.open_bundle(dir) {
        Ok(bundle) => (bundle.store().clone(), Some(bundle.id().clone())),
        Err(error) if error.kind == ErrorKind::NoBundle => (
            Some(Store::at_path(dir))
                .filter(|store| store.has(TRANSCRIPT))
                .ok_or(error)?,
            None,
        ),
        Err(error) => return Err(error),
    };
    let transcript = Transcript::read(&store)?;
    if transcript.entries().is_empty() {
        return Err(Error::new(
            ErrorKind::NoTranscript,
            format!(
                "{} is missing: no step of hsmboot has touched this bundle, or it was taken away",
                store.place(TRANSCRIPT)
            ),
            "every step that writes into a bundle adds to it; `hsmboot verify --record` begins one",
        )
        .with_fact(FactName::File, store.place(TRANSCRIPT).to_string()));
    }
    let id = known.or(transcript.cluster_id().cloned());
    Ok((store, id, transcript))
}

fn show_transcript(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let (store, id, transcript) = open_transcript(args.bundle.path(), ui)?;
    let mut seen = BTreeMap::new();
    let of_der = id.as_ref().map(|id| DerDigests::read(&store, id));
    let of_der = of_der.unwrap_or_default();
    let text: String = transcript
        .entries()
        .iter()
        .map(|entry| step_lines(entry, &mut seen, &of_der))
        .collect();
    let steps: Vec<Value> = transcript
        .entries()
        .iter()
        .map(|entry| step_document(entry, &of_der))
        .collect();
    let document = json!({ "bundle": path_value(store.path()), "cluster_id": id, "steps": steps });
    let summary = format!(
        "{}: {}",
        shown_path(store.path()),
        counted_noun(transcript.entries().len(), "step")
    );
    Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
}

fn verify_transcript(args: &VerifyArgs, ui: &Ui) -> Result<CommandOutput> {
    let (store, id, transcript) = open_transcript(args.bundle.path(), ui)?;
    let sealed = transcript.sealed_up_to();
    let ca = match (&args.ca, sealed) {
        (Some(file), _) => Some(
            NamedCa::read(file, "--ca", &store)?
                .trust_anchor
                .signing_ca()
                .clone(),
        ),
        // Where it is missing, what follows says which step wrote it.
        (None, Some(_)) if store.has(store.trust_anchor_file()) => {
            let text = store.read(store.trust_anchor_file(), "the trust anchor", MAX_INPUT)?;
            // The bundle's own file, which enters here: its key opens the seal.
            TrustAnchor::from_file(&text)
                .ok()
                .map(|trust_anchor| trust_anchor.signing_ca().clone())
        }
        (None, _) => None,
    };
    transcript.account_for(
        &store,
        id.as_ref(),
        ca.as_ref().map(Certificate::public_key),
    )?;
    if args.ca.is_some() {
        transcript.stands_as_sealed()?;
    }
    let noted: Vec<(u64, String)> = args
        .noted
        .iter()
        .map(|noted| Ok((transcript.step_of(noted)?, to_hex(noted))))
        .collect::<Result<_>>()?;
    let by_code = match args.compare {
        true => Some(ask_code(CODE).and_then(|code| Ok((transcript.step_of_code(code)?, code)))?),
        false => None,
    };
    let steps = transcript.entries().len();
    let seal = match (sealed, &ca, &args.ca) {
        (None, _, Some(file)) => {
            return Err(Error::new(
                ErrorKind::NotSealed,
                format!(
                    "no step of the transcript is sealed: there is nothing to hold against {}",
                    shown_path(file)
                ),
                "if it was signed with --seal, the seal was taken away: keep the bundle as \
                 evidence; if not, leave --ca out and compare the last line's SHA-256",
            )
            .with_fact(FactName::File, file.as_path()));
        }
        (None, _, None) => {
            "not sealed: whoever could write to the bundle could have made up all of it".to_owned()
        }
        (Some(step), Some(ca), Some(file)) => {
            format!(
                "sealed up to step {step} with the key of {} (SHA-256 {})",
                shown_path(file),
                group_digits(&to_hex(&ca.fingerprint()))
            )
        }
        (Some(step), Some(ca), None) => {
            format!(
                "sealed up to step {step} with the key of the bundle's own {} (SHA-256 {}), which \
                 proves nothing against who replaced both: compare that, or give --ca",
                store.trust_anchor_file(),
                group_digits(&to_hex(&ca.fingerprint()))
            )
        }
        (Some(step), None, _) => {
            return Err(Error::new(
                ErrorKind::BadTranscript,
                format!(
                    "step {step} is sealed, and the bundle holds no CA certificate to hold the \
                     seal against"
                ),
                "give the CA's certificate with --ca",
            )
            .with_fact(FactName::Option, "--ca"));
        }
    };
    let files = transcript.account_for_files(&store, id.as_ref());
    let beside = store.list_strangers(id.as_ref())?;
    let (sealed_head, after_seal) = (transcript.sealed_head(), transcript.after_seal());
    let document = json!({
        "bundle": path_value(store.path()),
        "cluster_id": id,
        "steps": steps,
        "files": files,
        "beside": beside,
        "head": transcript.head_hash(),
        "head_code": Fingerprint::of_line(&transcript.head_hash()),
        "sealed_up_to": sealed,
        "sealed_head": sealed_head,
        "sealed_code": sealed_head.as_deref().map(Fingerprint::of_line),
        "after_seal": after_seal,
        "ca_given": args.ca.is_some(),
        "noted": noted.iter().map(|(step, digest)| json!({
            "step": step, "sha256": digest,
        })).collect::<Vec<_>>(),
        "ca_fingerprint": ca.as_ref().map(|ca| to_hex(&ca.fingerprint())),
        "ca_code": ca.as_ref().map(|ca| Fingerprint::of_ca(&to_hex(&ca.fingerprint()))),
    });
    let left = if steps == 1 { "it" } else { "they" };
    let holds = format!(
        "the transcript holds: {}, and the bundle's files are what {left} left",
        counted_noun(steps, "step")
    );
    let mut text = StyledText::from([
        styled(GREEN, holds),
        StyledText::from(format!("\n  {seal}\n")),
    ]);
    let found: Vec<&str> = files
        .iter()
        .filter(|file| file.account == FileStanding::Found)
        .map(|file| file.name.as_str())
        .collect();
    if !found.is_empty() {
        text.push_str(&format!(
            "  written by no step, made elsewhere: {}\n",
            found.join(", ")
        ));
    }
    if !beside.is_empty() {
        let names = beside.iter().map(|beside| {
            [
                StyledText::from(beside.name.to_string()),
                key_mark(beside.is_key),
            ]
        });
        text.push_str("  beside the bundle, on no transcript: ");
        names.enumerate().for_each(|(at, name)| {
            text.push_str(if at == 0 { "" } else { ", " });
            name.into_iter().for_each(|part| text.push(part));
        });
        text.push_str("\n");
    }
    if let Some(says) = after_seal.and_then(|after| after.to_sentence()) {
        text.push_str(&format!("  {says}\n"));
    }
    for (step, digest) in &noted {
        text.push_str(&format!(
            "  step {step}'s line has the SHA-256 that was noted, {digest}\n"
        ));
    }
    if let Some((step, code)) = by_code {
        text.push_str(&format!(
            "  step {step}'s line has the code that was noted, {code}\n"
        ));
    }
    if let (Some(step), Some(digest)) = (sealed, &sealed_head) {
        text.push_str(&format!(
            "  code of the {:22}  {}\n",
            format!("sealed line, step {step}"),
            Fingerprint::of_line(digest)
        ));
    }
    // Both in one column: the one is looked for where the other stands.
    if let (Some(step), Some(digest)) = (sealed, sealed_head) {
        text.push_str(&format!(
            "  SHA-256 of the {:19}  {digest}\n",
            format!("sealed line, step {step}")
        ));
    }
    text.push_str(&format!(
        "  SHA-256 of the {:19}  {}\n",
        format!("last line, step {steps}"),
        transcript.head_hash()
    ));
    Ok(CommandOutput::success(Effect::Unchanged, document, text))
}

fn key_mark(is_key: bool) -> StyledText {
    if is_key {
        styled(RED, " (a private key)")
    } else {
        StyledText::new()
    }
}

/// Returns a step as JSON, with the SHA-256 of its line, the line's code, and the SHA-256 of the
/// DER of each certificate or CSR among its files that lies in the bundle.
fn step_document(entry: &TranscriptEntry, of_der: &DerDigests) -> Value {
    let mut step = serde_json::to_value(entry).unwrap_or_default();
    let files = entry.inputs.iter().chain(&entry.outputs);
    let known: BTreeMap<&str, &str> = files
        .filter_map(|(name, digest)| Some((name.as_raw(), of_der.of_file(digest)?)))
        .collect();
    insert_member(&mut step, "der_sha256", json!(known));
    insert_member(&mut step, "sha256", entry.hash());
    insert_member(
        &mut step,
        "code",
        json!(Fingerprint::of_line(&entry.hash())),
    );
    step
}

/// Returns a step as lines for people. `seen` holds what earlier steps read and wrote, as SHA-256
/// by name.
fn step_lines<'a>(
    entry: &'a TranscriptEntry,
    seen: &mut BTreeMap<&'a OutsideText, &'a OutsideText>,
    of_der: &DerDigests,
) -> String {
    let mut out = format!("{} {} on {}", entry.step, entry.time, entry.host);
    if let Some(operator) = &entry.operator {
        out.push_str(&format!(" by {}", operator));
    }
    out.push_str(&format!("\n  {}\n", shell_words(&entry.command)));
    if let Some(verdict) = &entry.verdict {
        out.push_str(&format!(
            "  {}{}\n",
            verdict,
            if entry.unverified {
                ", and done all the same"
            } else {
                ""
            }
        ));
    }
    if !entry.accepted.is_empty() {
        out.push_str(&format!(
            "  accepted: {}\n",
            join_shown(&entry.accepted, ", ")
        ));
    }
    if let Some(reason) = &entry.reason {
        out.push_str(&format!("  because: {}\n", reason));
    }
    if let Some(compared) = entry.fingerprint_compared {
        out.push_str(if compared {
            "  the other side's fingerprint was compared\n"
        } else {
            "  nobody compared the other side's fingerprint\n"
        });
    }
    if let Some(owner) = &entry.owner {
        out.push_str(&format!("  owner: {}\n", owner.to_owner_text()));
    }
    if let Some(call) = &entry.sends {
        out.push_str(&format!("  about to send {}\n", call));
    }
    if let Some(place) = &entry.kept_aside {
        out.push_str(&format!(
            "  the cluster has another CSR: the files as they stood are kept in {place}\n"
        ));
    }
    // What a step found as the one before had it is named; anything else is shown with its digest.
    let (again, read): (Vec<_>, Vec<_>) = entry
        .inputs
        .iter()
        .partition(|(name, digest)| seen.get(name) == Some(digest));
    if !again.is_empty() {
        out.push_str(&format!(
            "  read as above: {}\n",
            join_shown(again.into_iter().map(|(name, _)| name), ", ")
        ));
    }
    for (name, digest) in read {
        out.push_str(&format!("  read {name}\n{}", of_der.line(digest)));
    }
    seen.extend(entry.inputs.iter().chain(&entry.outputs));
    for (name, digest) in &entry.outputs {
        out.push_str(&format!("  wrote {name}\n{}", of_der.line(digest)));
    }
    if entry.seal.is_some() {
        out.push_str(
            "  has a seal, which `hsmboot transcript verify --ca FILE` holds against the \
                      CA's key\n",
        );
    }
    out.push_str(&format!(
        "  SHA-256 of this line {}\n",
        group_digits(&entry.hash())
    ));
    out
}
