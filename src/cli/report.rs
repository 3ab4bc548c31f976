//! `hsmboot report`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::TOOL;
use super::args::TrustArgs;
use super::owner::NamedCa;
use super::ui::{BOLD, Format, GREEN, Outcome, RED, Text, Ui, YELLOW, path_value, styled};
use crate::bundle::{CA_FILE, CA_KEY_FILE, CREATION, Part, Store, Survey, TRANSCRIPT};
use crate::check::check;
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::{self, NewFile};
use crate::outside::{joined, shown};
use crate::report::{self as engine, Difference, Facts};
use crate::verify::{self, Status, Verdict};
use crate::x509::{Moment, hex, sha256};

/// Write a bundle as one page of HTML: chains as a picture, every check, fingerprints, transcript,
/// what was sent and what came back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The certificates are judged again for the page; what only the bundle's documents say is shown as \
recorded, not as proof. A rejected bundle, a changed \
file or transcript is no failure here: it is what the page shows. The page needs no network and no \
script, and prints on A4.

Examples:
  hsmboot report ./cluster-abc234defgh -o report.html
  hsmboot report ./cluster-abc234defgh --ca ./ca/customerCA.crt --at 2026-01-31T12:00:00Z -o \
report.html

Exit codes: 0 written, whatever the verdict; 1 it cannot be written; 2 wrong command line; 4 no \
bundle, or one of several clusters; \
8 a file of other content stands there")]
pub struct Args {
    /// The bundle
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Where to write the page; - is standard output
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Your CA's certificate: the bundle's trust anchor and the transcript's seals are held against
    /// it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// The moment to judge validity at, RFC 3339 (default: now)
    #[arg(long, value_name = "RFC3339")]
    at: Option<Moment>,
    /// Replace a file of other content
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(false, false)?;
    let anchors = args.trust.anchors(&Store::at(&args.dir))?;
    let named = args
        .ca
        .as_deref()
        .map(|file| NamedCa::read(file, "--ca", &Store::at(&args.dir)))
        .transpose()?;
    let own_ca = named.map(|ca| (ca.owner(), shown(&ca.file)));
    let survey = Survey::of(&args.dir)?;
    let target = Target::of(&args.out, &args.dir, &survey)?;
    let (made_at, at) = {
        let now = super::now();
        (now, args.at.unwrap_or(now))
    };
    let verification = verify::verify(&survey.evidence(), &anchors, at, &policy).record;
    let texts = (
        survey.part(Part::Csr),
        survey.part(Part::SignedCert),
        survey.trust_anchor(),
    );
    let signed = survey.holds(&Part::SignedCert.file_name(&survey.cluster_id));
    let pair = signed.then(|| {
        check(
            texts.0.unwrap_or_default(),
            texts.1.unwrap_or_default(),
            texts.2.unwrap_or_default(),
            at,
        )
        .record
    });
    let facts = Facts {
        tool: TOOL.to_owned(),
        made_at,
        place: shown(&args.dir),
        survey,
        anchors,
        verification,
        at_named: args.at.is_some(),
        pair,
        own_ca,
    };
    let page = engine::page(&facts);
    let differences = engine::differences(&facts);
    target.write(&page, args.force)?;
    let document = document(args, &facts, &page, &differences);
    let told = told(&facts, &page, &differences, &target, &args.out);
    match (target, ui.format) {
        (Target::Output, Format::Text) => {
            ui.say_styled(&told);
            Ok(Outcome::done(document, page))
        }
        _ => Ok(Outcome::done(document, told)),
    }
}

/// Where the page goes.
enum Target {
    Output,
    File { dir: PathBuf, name: String },
}

impl Target {
    /// # Errors
    /// Class `Usage` where the path names no file; `Conflict` where it is one of the bundle's own:
    /// no report replaces what it reports on.
    fn of(out: &Path, bundle: &Path, survey: &Survey) -> Result<Self> {
        if out.as_os_str() == "-" {
            return Ok(Target::Output);
        }
        let name = out.file_name().and_then(|name| name.to_str());
        let (Some(name), false) = (name, crate::outside::stored(out).ends_with('/')) else {
            let message = format!("{} is no name for a file", shown(out));
            return Err(Error::new(
                ErrorKind::Usage,
                message,
                "name the file that is to be written: -o report.html",
            ));
        };
        let dir = match out.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
            _ => PathBuf::from("."),
        };
        let inside = fsio::is_same(&dir, bundle);
        let own = survey.files.iter().any(|seen| seen.name == name)
            || [CA_FILE, CA_KEY_FILE, CREATION, TRANSCRIPT].contains(&name)
            || is_part(name);
        if (inside && own) || fsio::is_same(out, bundle) {
            return Err(Error::new(
                ErrorKind::FileExists,
                format!(
                    "{} is, or would be taken for, a file of the bundle: a report replaces none of \
                     them, nor with --force",
                    shown(out)
                ),
                "choose another name",
            ));
        }
        Ok(Target::File {
            dir,
            name: name.to_owned(),
        })
    }

    fn write(&self, page: &str, force: bool) -> Result<()> {
        match self {
            Target::Output => Ok(()),
            Target::File { dir, name } => fsio::write_named(
                dir,
                &[NewFile {
                    name: name.clone(),
                    content: page.as_bytes(),
                    mode: 0o644,
                    replace: force,
                }],
            ),
        }
    }
}

/// Whether a file of this name would be taken for a cluster's.
fn is_part(name: &str) -> bool {
    [".csr", ".crt", ".key", ".json", ".jsonl"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn document(args: &Args, facts: &Facts, page: &str, differences: &[Difference]) -> Value {
    let to_file = args.out.as_os_str() != "-";
    let transcript = engine::transcript(facts);
    let accepted: Vec<_> = facts
        .verification
        .with(Status::Accepted)
        .map(|found| found.id)
        .collect();
    let mut document = json!({
        "report": to_file.then(|| path_value(&args.out)),
        "sha256": hex(&sha256(page.as_bytes())),
        "bundle": path_value(&args.dir),
        "cluster_id": facts.survey.cluster_id,
        "made_at": facts.made_at,
        "at": facts.verification.at,
        "verdict": facts.verification.verdict_word(),
        "failed": facts.verification.with(Status::Fail).map(|found| found.id).collect::<Vec<_>>(),
        "accepted": accepted,
        "pair": facts.pair.as_ref().map(|pair| pair.verdict_word()),
        "transcript": transcript,
        "differences": differences,
        "private_keys": facts.survey.private_keys,
        "next_steps": engine::next_steps(facts),
    });
    if let (false, Some(object)) = (to_file, document.as_object_mut()) {
        object.insert("page".to_owned(), Value::String(page.to_owned()));
    }
    document
}

fn told(
    facts: &Facts,
    page: &str,
    differences: &[Difference],
    target: &Target,
    out: &Path,
) -> Text {
    let mut text = match target {
        Target::Output => Text::new(),
        Target::File { .. } => Text::from(format!("wrote {}\n", shown(out))),
    };
    let at = facts.verification.at;
    let verdict = match facts.verification.verdict {
        Verdict::Rejected => styled(
            RED,
            format!("rejected at {at}: the HSM's identity is not proven"),
        ),
        Verdict::Verified if facts.verification.with(Status::Accepted).next().is_some() => {
            styled(YELLOW, format!("verified at {at}, with failures accepted"))
        }
        Verdict::Verified => styled(GREEN, format!("verified at {at}")),
    };
    let pair = match &facts.pair {
        None => styled(BOLD, "nothing is signed yet"),
        Some(pair) if pair.verdict == Verdict::Verified => styled(GREEN, "fit"),
        Some(pair) => styled(RED, pair.verdict_word()),
    };
    let records = match differences.len() {
        0 => Text::from("agree with what was found"),
        1 => styled(RED, "one differs from what was found: see the page"),
        count => styled(
            RED,
            format!("{count} differ from what was found: see the page"),
        ),
    };
    text.push_str(&format!("  cluster     {}\n", facts.survey.cluster_id));
    let row = |name: &str, value: Text| {
        Text::from([
            Text::from(format!("  {name:10}  ")),
            value,
            Text::from("\n"),
        ])
    };
    text.push(row("verdict", verdict));
    if let Some(cause) = engine::cause(facts) {
        text.push(row("because", styled(RED, cause.to_string())));
    }
    text.push(row("pair", pair));
    if let Some(file) = engine::another_ca(facts) {
        let says = styled(
            RED,
            format!("the trust anchor is NOT YOUR CA, but another certificate than {file}"),
        );
        text.push(row("CA", says));
    }
    let transcript = engine::transcript(facts);
    text.push(row("transcript", Text::from(&transcript.says)));
    if let Some(steps) = &transcript.not_compared_in {
        text.push(row(
            "compared",
            styled(YELLOW, format!("by nobody in {steps}")),
        ));
    }
    text.push(row("records", records));
    text.push(row("SHA-256", Text::from(hex(&sha256(page.as_bytes())))));
    if !facts.survey.private_keys.is_empty() {
        let says = format!(
            "private key  in the bundle: {}; move it to where the CA's key is to be kept",
            joined(&facts.survey.private_keys, ", ")
        );
        text.push([Text::from("  "), styled(RED, says), Text::from("\n")]);
    }
    text
}
