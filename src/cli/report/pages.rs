//! The report of many bundles: a page with a row for each, and each one's own page beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Args, PageTerms, has_own_page, is_standard_output, report_document, written_line};
use crate::bundle::ClusterId;
use crate::cli::TOOL;
use crate::cli::args::TrustArgs;
use crate::cli::many::{ManyResults, ManyWords, check_outside_all, is_first_time};
use crate::cli::ui::{CommandOutput, Effect, StyledText, Ui, insert_member, path_value};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::outside::shown_path;
use crate::report::{self as engine, ClaimStage, FleetPageFacts, FleetRow};
use crate::verify::Verdict;
use crate::x509::{sha256, to_hex};

#[cfg(feature = "online")]
use crate::cli::fleet::warn_of_overruled;
#[cfg(feature = "online")]
use crate::fleet_file::FleetMember;

/// The file of the page with a row for each bundle.
const INDEX: &str = "index.html";

/// The greatest number of bundles in one report: each page is an open file until all are in place.
const MAX_BUNDLES: usize = 500;

/// How several reports are told. Only a fleet's cluster can be without a bundle.
const WORDS: ManyWords = ManyWords {
    done: "reported",
    already: "without a bundle",
    shown: Some(("verdict", "VERDICT")),
};

/// A bundle to report on.
struct PageSource {
    dir: PathBuf,
    trust: TrustArgs,
    ca: Option<PathBuf>,
    /// The cluster that the fleet file names.
    member: Option<ClusterId>,
    /// The region that the fleet file names.
    region: Option<String>,
}

/// Writes the pages of these bundles.
pub(super) fn write_pages(
    args: &Args,
    dirs: &[PathBuf],
    terms: &PageTerms<'_>,
    ui: &Ui,
) -> Result<CommandOutput> {
    check_outside_all(dirs, args.ca.as_deref(), &args.trust)?;
    let mut seen = BTreeSet::new();
    let sources: Vec<PageSource> = dirs
        .iter()
        .filter(|dir| is_first_time(&mut seen, dir))
        .map(|dir| PageSource {
            dir: dir.clone(),
            trust: args.trust.clone(),
            ca: args.ca.clone(),
            member: None,
            region: None,
        })
        .collect();
    write_sources(args, &sources, terms, ui)
}

/// Writes the pages of a fleet's bundles.
#[cfg(feature = "online")]
pub(super) fn write_fleet_pages(
    args: &Args,
    members: &[FleetMember],
    terms: &PageTerms<'_>,
    ui: &Ui,
) -> Result<CommandOutput> {
    warn_of_overruled(members, args.ca.as_deref(), &args.trust, ui);
    let source = |member: &FleetMember| {
        let of_fleet = &member.trust;
        PageSource {
            dir: match &args.from {
                Some(from) => from.join(member.cluster_id.as_str()),
                None => crate::cli::args::bundle_dir(member.bundle.as_ref(), &member.cluster_id),
            },
            trust: args
                .trust
                .with_roots(&of_fleet.aws_roots, &of_fleet.manufacturer_roots),
            ca: of_fleet.ca.clone().or_else(|| args.ca.clone()),
            member: Some(member.cluster_id.clone()),
            region: member.access.region.clone(),
        }
    };
    let sources: Vec<PageSource> = members.iter().map(source).collect();
    let dirs: Vec<PathBuf> = sources.iter().map(|source| source.dir.clone()).collect();
    let mut checked = BTreeSet::new();
    for (member, source) in members.iter().zip(&sources) {
        if checked.insert(&member.trust) {
            check_outside_all(&dirs, source.ca.as_deref(), &source.trust)?;
        }
    }
    write_sources(args, &sources, terms, ui)
}

/// A page that is to be written.
struct NewPage {
    name: String,
    content: String,
}

fn write_sources(
    args: &Args,
    sources: &[PageSource],
    terms: &PageTerms<'_>,
    ui: &Ui,
) -> Result<CommandOutput> {
    let out = args.out.as_deref().unwrap_or(Path::new("."));
    if is_standard_output(out) {
        return Err(Error::new(
            ErrorKind::Usage,
            "a report of several bundles is several pages, and standard output takes one",
            "name the directory for them: -o pages",
        )
        .with_fact(FactName::Option, "--out"));
    }
    if sources.len() > MAX_BUNDLES {
        return Err(Error::new(
            ErrorKind::Usage,
            format!(
                "there are {} bundles; at most {MAX_BUNDLES} are taken in one report",
                sources.len()
            ),
            "make several reports, each in a directory of its own",
        )
        .with_fact(FactName::Limit, MAX_BUNDLES)
        .with_fact(FactName::Size, sources.len()));
    }
    let mut set = PageSet {
        out,
        terms,
        pages: Vec::with_capacity(sources.len()),
        rows: Vec::with_capacity(sources.len()),
    };
    let results: Vec<Result<CommandOutput>> =
        sources.iter().map(|source| set.add(source)).collect();
    let index = set.add_index();
    let held = fsio::hold_path(out)?;
    let files: Vec<NewFile<'_>> = set
        .pages
        .iter()
        .map(|page| NewFile {
            name: page.name.clone(),
            content: page.content.as_bytes(),
            mode: 0o644,
            replace: args.force || has_own_page(&held, &page.name),
        })
        .collect();
    let replaced = held.dir().has_file(INDEX);
    held.write(&files)?;
    // Nothing is told of a page before all are written.
    let mut told = ManyResults::new(&WORDS, ui);
    for (source, result) in sources.iter().zip(results) {
        told.add_of_cluster(&source.dir, source.member.as_ref(), result);
    }
    let done = told.into_output();
    let summary = done.summary_line();
    let place = out.join(INDEX);
    let mut document = done.document;
    insert_member(&mut document, "report", path_value(&place));
    insert_member(&mut document, "sha256", index.as_str());
    if replaced {
        insert_member(&mut document, "replaced", true);
    }
    let mut text = StyledText::from(written_line(&place, replaced));
    text.push_str(&format!("  SHA-256  {index}\n"));
    text.push(done.text);
    let output = CommandOutput::with_error(Effect::Changed, document, text, done.error);
    Ok(output.summarized(summary))
}

/// The pages and rows of a report, as they are made.
struct PageSet<'a> {
    /// The directory of the pages.
    out: &'a Path,
    terms: &'a PageTerms<'a>,
    pages: Vec<NewPage>,
    rows: Vec<FleetRow>,
}

impl PageSet<'_> {
    /// Adds a bundle's page and its row; of one that cannot be read, a row that says so.
    fn add(&mut self, source: &PageSource) -> Result<CommandOutput> {
        let place = shown_path(&source.dir);
        let region = source.region.as_deref();
        let judged = self
            .terms
            .judge_bundle(&source.dir, &source.trust, source.ca.as_deref())
            .and_then(|facts| match &source.member {
                Some(id) if *id != facts.survey.cluster_id => {
                    Err(another_cluster(id, &facts.survey.cluster_id))
                }
                _ => Ok(facts),
            });
        let facts = match (judged, &source.member) {
            (Ok(facts), _) => facts,
            (Err(error), Some(id))
                if error.kind == ErrorKind::NoBundle
                    && fsio::metadata_of(&source.dir).is_none() =>
            {
                self.rows
                    .push(FleetRow::without_bundle(id.clone(), place, region));
                return Ok(without_bundle(id));
            }
            (Err(error), member) => {
                let why = error.message.clone();
                self.rows
                    .push(FleetRow::from_unread(member.clone(), place, region, why));
                return Err(error);
            }
        };
        let name = self.free_name(&facts.survey.cluster_id);
        let page = engine::make_page(&facts);
        let document = report_document(&source.dir, Some(&self.out.join(&name)), &facts, &page);
        let summary = format!(
            "{}: {}, {}",
            facts.survey.cluster_id,
            match facts.verification.verdict {
                Verdict::Verified => facts.verification.terms.roots.verified_word(),
                Verdict::Rejected => facts.verification.verdict_word(),
            },
            ClaimStage::of_bundle(&facts).as_str()
        );
        self.rows
            .push(FleetRow::from_judged(&facts, name.clone(), region));
        self.pages.push(NewPage {
            name,
            content: page,
        });
        Ok(CommandOutput::success(Effect::Changed, document, "").summarized(summary))
    }

    /// Returns the name of a cluster's page. A second bundle of the same cluster has a number in
    /// its page's name. Ids that differ only in the case of letters count as one: some file systems
    /// do not tell them apart.
    fn free_name(&self, id: &ClusterId) -> String {
        let numbers = (2..).map(|number| format!("{id}-{number}.html"));
        let is_free = |name: &String| {
            !self
                .pages
                .iter()
                .any(|page| page.name.eq_ignore_ascii_case(name))
        };
        std::iter::once(format!("{id}.html"))
            .chain(numbers)
            .find(is_free)
            .unwrap_or_default()
    }

    /// Adds the page with the rows, and returns its SHA-256.
    fn add_index(&mut self) -> String {
        let content = engine::make_fleet_page(&FleetPageFacts {
            tool: TOOL.to_owned(),
            made_at: self.terms.made_at,
            at: self.terms.judged_at(),
            at_named: self.terms.at.is_some(),
            rows: std::mem::take(&mut self.rows),
        });
        let digest = to_hex(&sha256(content.as_bytes()));
        self.pages.push(NewPage {
            name: INDEX.to_owned(),
            content,
        });
        digest
    }
}

/// Returns the result for a cluster that has no bundle yet.
fn without_bundle(id: &ClusterId) -> CommandOutput {
    let document = json!({
        "report": null,
        "cluster_id": id,
        "claim": ClaimStage::NoBundle.as_str(),
    });
    CommandOutput::success(Effect::Unchanged, document, "")
        .summarized(format!("{id}: there is no bundle yet"))
}

fn another_cluster(named: &ClusterId, found: &ClusterId) -> Error {
    Error::new(
        ErrorKind::AnotherCluster,
        format!("the fleet file names {named}, and its bundle is {found}'s"),
        "correct `bundle` in the fleet file, or fetch that cluster's own bundle",
    )
    .with_fact(FactName::ClusterId, named.as_str())
}
