//! `hsmboot report`

mod pages;
mod rehearsed;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::TOOL;
use super::args::{SimulatedArgs, TrustArgs};
#[cfg(feature = "online")]
use super::fleet::FleetFileArgs;
use super::hardware;
use super::output::next_lines;
use super::owner::NamedCa;
use super::ui::{
    BOLD, CommandOutput, Effect, GREEN, OutputFormat, RED, StyledText, Ui, YELLOW, insert_member,
    path_value, styled,
};
use crate::bundle::{CA_FILE, CA_KEY_FILE, CREATION, Part, Store, Survey, TRANSCRIPT};
use crate::check::check_with_trust_anchor;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, HeldDir, NewFile};
use crate::outside::{join_shown, shown_path};
use crate::report::{self as engine, ClaimStage, PageFacts};
use crate::verify::{self, Policy, Roots, Status, Verdict};
use crate::x509::{Moment, TrustAnchor, sha256, to_hex};

/// Write a bundle as one page of HTML, for auditors
///
/// It has the chains as a picture, every check, fingerprints, the transcript, what was sent and
/// what came back. Of several bundles, or of a fleet, it is one page with a row each, and each
/// one's own page lies beside it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The certificates are judged again for the page; what only the bundle's documents say is shown as \
recorded, not as proof. A rejected bundle, a changed \
file or transcript is no failure here: it is what the page shows. The page needs no network and no \
script, and prints on A4.

Examples:
  hsmboot report ./cluster-abc234defgh
  hsmboot report ./cluster-abc234defgh --ca ./ca/customerCA.crt --at 2026-01-31T12:00:00Z -o \
report.html
  hsmboot report ./stick/cluster-* --ca ./ca/customerCA.crt -o ./pages

Exit codes: 0 written, whatever the verdict; 1 it cannot be written; 2 wrong command line; 4 no \
bundle, or one of several clusters (of many: it has a row that says so); \
8 a file of other content stands there, or a bundle is another cluster's than the fleet file says")]
pub struct Args {
    /// The bundles
    #[cfg_attr(
        feature = "online",
        arg(required_unless_present_any = ["bundle", "fleet"], conflicts_with = "fleet"),
    )]
    #[cfg_attr(not(feature = "online"), arg(required_unless_present = "bundle"))]
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// The same, as an option (may repeat)
    #[cfg_attr(feature = "online", arg(conflicts_with = "fleet"))]
    #[arg(long, value_name = "DIR")]
    bundle: Vec<PathBuf>,
    #[cfg(feature = "online")]
    #[command(flatten)]
    fleet: FleetFileArgs,
    /// The directory of the fleet's bundles, each in a directory of its cluster's id (default:
    /// where the fleet file says, or .)
    #[cfg(feature = "online")]
    #[arg(long, value_name = "DIR", requires = "fleet")]
    from: Option<PathBuf>,
    /// The file to write the page to (default: <cluster-id>.html); - is standard output. For
    /// several bundles, the directory (default: .): the page is index.html, and beside it lies
    /// <cluster-id>.html for each. A page of this program is replaced, unless somebody changed it
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Your CA's certificate: the bundle's trust anchor and the transcript's seals are held against
    /// it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    simulated: SimulatedArgs,
    /// The moment to judge validity at, RFC 3339 (default: now)
    #[arg(long, value_name = "RFC3339")]
    at: Option<Moment>,
    /// Replace whatever stands there, but a private key or a file of the bundle
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let policy = args.trust.build_policy(false, false)?;
    let terms = PageTerms {
        policy: &policy,
        simulated: &args.simulated,
        made_at: super::now(),
        at: args.at,
        ui,
    };
    #[cfg(feature = "online")]
    if let Some(members) = args.fleet.read_if_named()? {
        return pages::write_fleet_pages(args, &members, &terms, ui);
    }
    let dirs = match args.dirs.is_empty() {
        true => &args.bundle,
        false => &args.dirs,
    };
    match dirs.as_slice() {
        [dir] => write_page(args, dir, &terms, ui),
        dirs => pages::write_pages(args, dirs, &terms, ui),
    }
}

fn write_page(args: &Args, dir: &Path, terms: &PageTerms<'_>, ui: &Ui) -> Result<CommandOutput> {
    let facts = terms.judge_bundle(dir, &args.trust, args.ca.as_deref())?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => PathBuf::from(format!("{}.html", facts.survey.cluster_id)),
    };
    let target = ReportTarget::from_path(&out, dir, &facts.survey)?;
    let page = engine::make_page(&facts);
    let replaced = target.write(&page, args.force)?;
    let to_file = matches!(target, ReportTarget::File { .. });
    let mut document = report_document(dir, to_file.then_some(&out), &facts, &page);
    if !to_file {
        insert_member(&mut document, "page", page.as_str());
    }
    if replaced {
        insert_member(&mut document, "replaced", json!(true));
    }
    let mut told = StyledText::new();
    if to_file {
        told.push_str(&written_line(&out, replaced));
    }
    told.push(report_text(&facts, &page));
    let next = rehearsed::simulated_command(args, dir, &facts);
    told.push_str(&next_lines(next.as_slice()));
    let effect = Effect::when(to_file);
    match (target, ui.format) {
        (ReportTarget::Output, OutputFormat::Text) => {
            ui.say_styled(&told);
            let output = CommandOutput::success(effect, document, page);
            Ok(output.with_next(next).marked_as_data())
        }
        _ => Ok(CommandOutput::success(effect, document, told).with_next(next)),
    }
}

/// Returns the line that says where a page is, and whether it took the place of another file.
fn written_line(out: &Path, replaced: bool) -> String {
    let word = if replaced { "replaced" } else { "wrote" };
    format!("{word} {}\n", shown_path(out))
}

/// What all pages of one run are made by.
struct PageTerms<'a> {
    policy: &'a Policy,
    simulated: &'a SimulatedArgs,
    made_at: Moment,
    /// The moment to judge validity at, where the user named one.
    at: Option<Moment>,
    ui: &'a Ui,
}

impl PageTerms<'_> {
    /// Returns the moment to judge validity at.
    fn judged_at(&self) -> Moment {
        self.at.unwrap_or(self.made_at)
    }

    /// Reads a bundle and judges it.
    ///
    /// # Errors
    /// As [`TrustArgs::read_anchors`], [`NamedCa::read`] and [`Survey::read_from`].
    fn judge_bundle(&self, dir: &Path, trust: &TrustArgs, ca: Option<&Path>) -> Result<PageFacts> {
        let (anchors, _) = self
            .simulated
            .read_anchors_and_files(trust, &Store::at_path(dir))?;
        let named = ca
            .map(|file| NamedCa::read(file, "--ca", &Store::at_path(dir)))
            .transpose()?;
        let own_ca = named.map(|ca| (ca.to_owner(), shown_path(&ca.file)));
        let survey = Survey::read_from(dir)?;
        self.ui.note_cluster(&survey.cluster_id);
        let at = self.judged_at();
        let verification = verify::verify(&survey.evidence(), &anchors, at, self.policy).record;
        let texts = (
            survey.part_content(Part::Csr),
            survey.part_content(Part::SignedCert),
        );
        // The bundle's own file, which enters here; of one that is missing nothing can be read.
        let trust_anchor = TrustAnchor::from_file(survey.trust_anchor().unwrap_or_default());
        let signed = survey.has_file(&Part::SignedCert.file_name(&survey.cluster_id));
        let pair = signed.then(|| {
            check_with_trust_anchor(
                texts.0.unwrap_or_default(),
                texts.1.unwrap_or_default(),
                trust_anchor.clone(),
                at,
            )
            .record
        });
        Ok(PageFacts {
            tool: TOOL.to_owned(),
            made_at: self.made_at,
            place: shown_path(dir),
            survey,
            anchors,
            verification,
            at_named: self.at.is_some(),
            pair,
            trust_anchor: trust_anchor.ok(),
            own_ca,
        })
    }
}

/// The destination of the page.
enum ReportTarget {
    Output,
    File { dir: PathBuf, name: String },
}

impl ReportTarget {
    /// # Errors
    /// Class `Usage` where the path names no file; `Conflict` where it is one of the bundle's own:
    /// no report replaces what it reports on.
    fn from_path(out: &Path, bundle: &Path, survey: &Survey) -> Result<Self> {
        if is_standard_output(out) {
            return Ok(ReportTarget::Output);
        }
        let name = out.file_name().and_then(|name| name.to_str());
        let (Some(name), false) = (name, crate::outside::stored_path(out).ends_with('/')) else {
            let message = format!("{} is no name for a file", shown_path(out));
            return Err(Error::new(
                ErrorKind::Usage,
                message,
                "name the file that is to be written: -o report.html",
            )
            .with_fact(FactName::Option, "--out")
            .with_fact(FactName::File, out));
        };
        let dir = match out.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
            _ => PathBuf::from("."),
        };
        let inside = fsio::is_same(&dir, bundle);
        let own = survey.files.iter().any(|seen| seen.name == name)
            || [CA_FILE, CA_KEY_FILE, CREATION, TRANSCRIPT].contains(&name)
            || has_bundle_extension(name);
        if (inside && own) || fsio::is_same(out, bundle) {
            return Err(Error::new(
                ErrorKind::FileExists,
                format!(
                    "{} is, or would be taken for, a file of the bundle: a report replaces none of \
                     them, nor with --force",
                    shown_path(out)
                ),
                "choose another name",
            )
            .with_fact(FactName::Option, "--out")
            .with_fact(FactName::File, out));
        }
        Ok(ReportTarget::File {
            dir,
            name: name.to_owned(),
        })
    }

    /// Writes the page, and tells whether it took the place of another file.
    fn write(&self, page: &str, force: bool) -> Result<bool> {
        match self {
            ReportTarget::Output => Ok(false),
            ReportTarget::File { dir, name } => {
                let held = fsio::hold_path(dir)?;
                let stood = held.dir().has_file(name);
                let replace = force || has_own_page(&held, name);
                held.write_named(&[NewFile::readable(name.clone(), page.as_bytes(), replace)])?;
                Ok(stood)
            }
        }
    }
}

/// The greatest size of a page that is read to see whose it is: more than any page has.
const MAX_PAGE: u64 = 64 * 1024 * 1024;

/// Tells whether what has this name is a page that this program made, and nobody has changed since.
fn has_own_page(held: &HeldDir, name: &str) -> bool {
    let dir = held.dir();
    dir.has_file(name)
        && dir
            .read(name, "a page", MAX_PAGE)
            .is_ok_and(|content| engine::is_own_page(&content))
}

/// Tells whether the user named standard output in the place of a file.
fn is_standard_output(out: &Path) -> bool {
    out.as_os_str() == "-"
}

/// Tells whether a file of this name would be taken for a cluster's.
fn has_bundle_extension(name: &str) -> bool {
    [".csr", ".crt", ".key", ".json", ".jsonl"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Returns the document of a bundle's page, which was written to `file`, if to any.
fn report_document(dir: &Path, file: Option<&PathBuf>, facts: &PageFacts, page: &str) -> Value {
    let accepted: Vec<_> = facts
        .verification
        .with(Status::Accepted)
        .map(|found| found.id)
        .collect();
    let mut document = json!({
        "report": file.map(|file| path_value(file)),
        "sha256": to_hex(&sha256(page.as_bytes())),
        "bundle": path_value(dir),
        "cluster_id": facts.survey.cluster_id,
        "made_at": facts.made_at,
        "at": facts.verification.at,
        "claim": ClaimStage::of_bundle(facts).as_str(),
        "verdict": facts.verification.verdict_word(),
        "roots": facts.verification.terms.roots,
        "failed": facts.verification.with(Status::Fail).map(|found| found.id).collect::<Vec<_>>(),
        "accepted": accepted,
        "pair": facts.pair.as_ref().map(|pair| pair.verdict_word()),
        "alarms": engine::short_alarms(facts),
        "transcript": engine::transcript_standing(facts),
        "differences": engine::find_differences(facts),
        "private_keys": facts.survey.private_keys,
        "next_steps": engine::next_steps(facts),
    });
    if facts.verification.terms.roots == Roots::Simulated {
        insert_member(&mut document, "simulated", json!(true));
    }
    document
}

fn report_text(facts: &PageFacts, page: &str) -> StyledText {
    let mut text = StyledText::new();
    let (at, roots) = (facts.verification.at, facts.verification.terms.roots);
    let word = roots.verified_word();
    let verdict = match facts.verification.verdict {
        Verdict::Rejected => styled(
            RED,
            format!("rejected at {at}: the HSM's identity is not proven"),
        ),
        Verdict::Verified if facts.verification.with(Status::Accepted).next().is_some() => {
            styled(YELLOW, format!("{word} at {at}, with failures accepted"))
        }
        Verdict::Verified => styled(hardware::proof_style(roots), format!("{word} at {at}")),
    };
    let pair = match &facts.pair {
        None => styled(BOLD, "nothing is signed yet"),
        Some(pair) if pair.verdict == Verdict::Verified => styled(GREEN, "fit"),
        Some(pair) => styled(RED, pair.verdict_word()),
    };
    let records = match engine::find_differences(facts).len() {
        0 => StyledText::from("agree with what was found"),
        1 => styled(RED, "one differs from what was found: see the page"),
        count => styled(
            RED,
            format!("{count} differ from what was found: see the page"),
        ),
    };
    text.push_str(&format!("  cluster     {}\n", facts.survey.cluster_id));
    let row = |name: &str, value: StyledText| {
        StyledText::from([
            StyledText::from(format!("  {name:10}  ")),
            value,
            StyledText::from("\n"),
        ])
    };
    text.push(row("verdict", verdict));
    if let Some(cause) = engine::rejection_cause(facts) {
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
    let transcript = engine::transcript_standing(facts);
    text.push(row("transcript", StyledText::from(&transcript.says)));
    if let Some(steps) = &transcript.not_compared_in {
        text.push(row(
            "compared",
            styled(YELLOW, format!("by nobody in {steps}")),
        ));
    }
    text.push(row("records", records));
    text.push(row(
        "SHA-256",
        StyledText::from(to_hex(&sha256(page.as_bytes()))),
    ));
    if !facts.survey.private_keys.is_empty() {
        let says = format!(
            "a private key is in the bundle: {}; move it to where the CA's key is to be kept",
            join_shown(&facts.survey.private_keys, ", ")
        );
        text.push(row("key", styled(RED, says)));
    }
    text
}
