//! `hsmboot verify`

use std::path::Path;

use serde_json::{Value, json};

use super::args::{BundlesArgs, SimulatedArgs, TrustArgs};
use super::binary;
use super::findings::{failed_ids, findings_text};
use super::hardware;
use super::many::{ManyWords, check_outside_all, for_each_bundle};
use super::step::{StepArgs, with_judgement};
use super::ui::{CommandOutput, Effect, RED, StyledText, Ui, YELLOW, insert_member, styled};
use crate::bundle::{self, Store, VERIFICATION};
use crate::error::Result;
use crate::fsio::NewFile;
use crate::outside::OutsideText;
use crate::verify::{self as engine, Record, Status, Verdict};
use crate::x509::Moment;

/// Judge a bundle: does the CSR come from a genuine HSM? Writes nothing unless --record
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot verify ./cluster-abc234defgh
  hsmboot verify --chains-only --manufacturer-root root.crt ./cluster-abc234defgh

Exit codes: 0 verified; 3 rejected; 4 an input is malformed or missing; 2 wrong command line")]
pub struct Args {
    #[command(flatten)]
    bundles: BundlesArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    simulated: SimulatedArgs,
    /// The moment to judge validity at, RFC 3339 (default: now)
    #[arg(long, value_name = "RFC3339")]
    at: Option<Moment>,
    /// Judge the chains without a CSR; one that is there is ignored
    #[arg(long)]
    chains_only: bool,
    /// Write verification.json into the bundle
    #[arg(long, conflicts_with = "simulated")]
    record: bool,
    #[command(flatten)]
    step: StepArgs,
}

/// How several verdicts are told. `verify` changes nothing unless --record.
const WORDS: ManyWords = ManyWords {
    done: "verified",
    already: "verified",
    shown: None,
};

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    if let [dir] = args.bundles.dirs() {
        return verify_bundle(args, dir, ui);
    }
    check_outside_all(args.bundles.dirs(), None, &args.trust)?;
    Ok(for_each_bundle(args.bundles.dirs(), &WORDS, ui, |dir| {
        verify_bundle(args, dir, ui)
    }))
}

fn verify_bundle(args: &Args, dir: &Path, ui: &Ui) -> Result<CommandOutput> {
    let policy = args.trust.build_policy(false, args.chains_only)?;
    let (anchors, roots) = args
        .simulated
        .read_anchors_and_files(&args.trust, &Store::at_path(dir))?;
    let bundle = ui.open_bundle(dir)?;
    let evidence = bundle.read_evidence(args.chains_only, false)?;
    let at = args.at.unwrap_or_else(super::now);
    let record = engine::verify(&evidence, &anchors, at, &policy).record;
    let mode = hardware::cluster_mode(None, &bundle);
    hardware::alarm_non_fips(&record, mode, ui);
    if args.record {
        let step = with_judgement(args.step.begin_step(super::now()), &record, &roots);
        // A verdict that cannot be kept is told all the same.
        bundle
            .write(&[record_file(&bundle::to_document(&record))], &step)
            .map_err(|error| error.with_document(record_document(&record)))?;
        ui.say_detail(format!("wrote {}", bundle.place(VERIFICATION)));
    }
    let mut answer = record_document(&record);
    let alarm = engine::fips_alarm(&record, mode.map(OutsideText::as_raw));
    if let Some(alarm) = alarm {
        insert_member(&mut answer, "alarms", json!([alarm]));
    }
    let error = hardware::rejection_error(&record, &bundle, &args.trust)
        .map(|error| binary::with_conversion_hint_for_bundle(error, &bundle, &evidence));
    let summary = format!(
        "{} is {}: {}",
        bundle.id(),
        record.terms.roots.verified_word(),
        proof_scope(&record)
    );
    let effect = Effect::when(args.record);
    if args.simulated.simulated {
        insert_member(&mut answer, "simulated", json!(true));
        ui.warn(
            "SIMULATED: by the simulator's roots that lie in the bundle; nothing of it is real",
        );
    }
    let text = record_text(&record, ui);
    let told = if ui.quiet {
        Vec::new()
    } else {
        failed_ids(&record)
    };
    Ok(CommandOutput::with_error(effect, answer, text, error)
        .summarized(summary)
        .having_told(told))
}

/// Returns what a verified record says is proven.
const fn proof_scope(record: &Record) -> &'static str {
    if record.terms.chains_only {
        "the two chains"
    } else {
        hardware::proof_sentence(record.terms.roots)
    }
}

/// Returns `verification.json`, which the program may replace: it is its own record.
pub(crate) fn record_file(content: &[u8]) -> NewFile<'_> {
    NewFile::readable(VERIFICATION, content, true)
}

/// Returns the record as JSON.
pub(crate) fn record_document(record: &Record) -> Value {
    serde_json::to_value(record).unwrap_or_default()
}

/// Returns every check, then the verdict.
pub(crate) fn record_text(record: &Record, ui: &Ui) -> StyledText {
    let mut out = StyledText::new();
    if !ui.quiet {
        out.push(findings_text(record, ui));
    }
    let accepted = record.with(Status::Accepted).count();
    let (word, scope) = (record.terms.roots.verified_word(), proof_scope(record));
    let verdict = match record.verdict {
        Verdict::Verified if accepted > 0 => styled(
            YELLOW,
            format!(
                "{word}, with {accepted} accepted: {scope}, at {}",
                record.at
            ),
        ),
        Verdict::Verified => styled(
            hardware::proof_style(record.terms.roots),
            format!("{word}: {scope}, at {}", record.at),
        ),
        Verdict::Rejected => styled(RED, format!("rejected at {}", record.at)),
    };
    // The one line of --quiet stays one.
    let width = ui.width.filter(|_| !ui.quiet);
    out.push(verdict.hung(2, width));
    out.push_str("\n");
    out
}
