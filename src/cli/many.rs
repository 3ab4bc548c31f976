//! Many things in one command: each has its own result, none is hidden by another's failure, and
//! the command ends with the gravest of their errors.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::args::TrustArgs;
use super::events::EventKind;
use super::owner::NamedCa;
use super::run_cluster::put_common_members;
use super::run_options::{forget_found_region, with_complete_advice};
use super::spelling::plain_path;
use super::text::{GREEN, RED, YELLOW, table_of_cells};
use super::ui::{
    CommandOutput, Effect, OutputFormat, StyledText, Ui, insert_member, path_value, show_error,
};
use crate::bundle::{ClusterId, Store, counted_noun};
use crate::error::{Error, Result, Retry};
use crate::fsio;
use crate::outside::{Lines, shown_path};
use anstyle::Style;

/// What is done with each bundle, for messages.
pub(crate) struct ManyWords {
    /// `signed`
    pub(crate) done: &'static str,
    /// `unchanged`: said of one that was so already.
    pub(crate) already: &'static str,
    /// The member of a result's document that is shown beside it, and its title: a fingerprint.
    pub(crate) shown: Option<(&'static str, &'static str)>,
}

/// Does the same with each bundle, going on past failures.
pub(crate) fn for_each_bundle(
    dirs: &[PathBuf],
    words: &ManyWords,
    ui: &Ui,
    mut work: impl FnMut(&Path) -> Result<CommandOutput>,
) -> CommandOutput {
    let mut results = ManyResults::new(words, ui);
    let mut seen = BTreeSet::new();
    for dir in dirs.iter().filter(|dir| is_first_time(&mut seen, dir)) {
        results.add(dir, work(dir));
    }
    results.into_output()
}

/// What tells bundles apart: device and inode, or the path of one that is not there.
pub(crate) type BundleIdentity = std::result::Result<(u64, u64), PathBuf>;

/// Tells whether a bundle has not been named before. One that is named twice is done once, by
/// whatever names. Signed twice, it would have two results, and the first would tell of a
/// certificate that is gone.
pub(crate) fn is_first_time(seen: &mut BTreeSet<BundleIdentity>, dir: &Path) -> bool {
    seen.insert(match fsio::metadata_of(dir) {
        Some(facts) => Ok((facts.dev(), facts.ino())),
        None => Err(plain_path(dir)),
    })
}

/// The results of many bundles, as they come.
pub(crate) struct ManyResults<'a> {
    words: &'a ManyWords,
    ui: &'a Ui,
    results: Vec<BundleResult>,
}

impl<'a> ManyResults<'a> {
    pub(crate) const fn new(words: &'a ManyWords, ui: &'a Ui) -> Self {
        ManyResults {
            words,
            ui,
            results: Vec::new(),
        }
    }

    /// Adds the result of a bundle. An error is shown at once, under the bundle's name.
    pub(crate) fn add(&mut self, dir: &Path, result: Result<CommandOutput>) {
        self.add_of_cluster(dir, None, result);
    }

    /// Does the same for the bundle of a cluster that the user named: where it has no directory,
    /// the result tells by the cluster's id which one it is.
    pub(crate) fn add_of_cluster(
        &mut self,
        dir: &Path,
        cluster: Option<&ClusterId>,
        result: Result<CommandOutput>,
    ) {
        let result = result.and_then(|mut output| match output.error.take() {
            // The document of a rejection goes with its error.
            Some(error) => Err(error.with_document(output.document)),
            None => Ok(output),
        });
        let result = result.map_err(with_complete_advice);
        forget_found_region();
        let noted = self.ui.take_cluster();
        let place = BundlePlace::of(dir, cluster.or(noted.as_ref()));
        let mut members = json!({});
        place.add_to(&mut members);
        self.ui
            .write_result_event(EventKind::Result, members, result.as_ref());
        if let (Err(error), OutputFormat::Text) = (&result, self.ui.format) {
            self.ui.request_action(format!("{}:", shown_path(dir)));
            show_error(error);
        }
        self.results.push(BundleResult {
            dir: dir.to_owned(),
            place,
            result,
        });
    }

    /// Returns the result of the command.
    pub(crate) fn into_output(self) -> CommandOutput {
        combine_results(&self.results, self.words)
    }
}

/// How a document says which bundle it is about: by a directory that is there, and no other.
struct BundlePlace {
    dir: Option<PathBuf>,
    cluster: Option<ClusterId>,
}

impl BundlePlace {
    fn of(dir: &Path, cluster: Option<&ClusterId>) -> Self {
        BundlePlace {
            dir: fsio::is_there(dir).then(|| dir.to_owned()),
            cluster: cluster.cloned(),
        }
    }

    fn add_to(&self, document: &mut Value) {
        let dir = self.dir.as_deref().map_or(Value::Null, path_value);
        insert_member(document, "bundle", dir);
        put_common_members(document, None, self.cluster.as_ref());
    }
}

/// What came of one bundle.
struct BundleResult {
    dir: PathBuf,
    place: BundlePlace,
    result: Result<CommandOutput>,
}

impl BundleResult {
    fn to_document(&self) -> Value {
        let mut document = match &self.result {
            Ok(output) => output.full_document(),
            Err(error) => error
                .document
                .as_deref()
                .cloned()
                .unwrap_or_else(|| Value::Object(Map::new())),
        };
        self.place.add_to(&mut document);
        if let Err(error) = &self.result {
            insert_member(&mut document, "error", error.to_json());
        }
        document
    }

    /// The line of the table: the bundle, what came of it, and what is to be compared.
    fn cells(&self, words: &ManyWords) -> ([Style; 3], [String; 3]) {
        let style = match &self.result {
            Ok(_) if self.would_send() => YELLOW,
            Ok(_) => GREEN,
            Err(_) => RED,
        };
        let (what, shown) = match &self.result {
            Ok(output) => {
                let shown = words
                    .shown
                    .and_then(|(member, _)| output.document.get(member)?.as_str())
                    .unwrap_or_default();
                (self.label(words).to_owned(), shown.to_owned())
            }
            Err(error) => (format!("failed: {}", error.kind.name()), String::new()),
        };
        (
            [Style::new(), style, Style::new()],
            [shown_path(&self.dir).to_string(), what, shown],
        )
    }

    /// Tells whether it was a dry run, and something would be sent.
    fn would_send(&self) -> bool {
        self.result.as_ref().is_ok_and(|output| {
            let request = output.document.get("would_send");
            request.is_some_and(Value::is_object)
        })
    }

    /// Returns the word for what came of it.
    fn label(&self, words: &ManyWords) -> &'static str {
        match &self.result {
            Ok(output) if output.has_changed() => words.done,
            Ok(_) if self.would_send() => WOULD_BE_SENT,
            Ok(_) => words.already,
            Err(_) => FAILED,
        }
    }
}

fn combine_results(results: &[BundleResult], words: &ManyWords) -> CommandOutput {
    let changed = results
        .iter()
        .any(|result| matches!(&result.result, Ok(output) if output.has_changed()));
    let summary = summary_line(results, words);
    let document = json!({
        "bundles": results.iter().map(BundleResult::to_document).collect::<Vec<_>>(),
    });
    let head = [
        "BUNDLE",
        "RESULT",
        words.shown.map_or("", |(_, title)| title),
    ];
    let rows: Vec<_> = results.iter().map(|result| result.cells(words)).collect();
    let mut text = StyledText::new();
    for result in results.iter().filter(|result| result.would_send()) {
        if let Ok(output) = &result.result {
            text.push(output.text.clone());
        }
    }
    text.push(table_of_cells(head, &rows));
    text.push_str(&format!("{summary}\n"));
    let error = many_error(results, words.done);
    CommandOutput::with_error(Effect::when(changed), document, text, error).summarized(summary)
}

/// What a dry run says of a bundle that it would submit.
const WOULD_BE_SENT: &str = "would be sent";

/// What is said of a bundle that failed.
const FAILED: &str = "failed";

fn summary_line(results: &[BundleResult], words: &ManyWords) -> String {
    // `verify` has one word for both, which are neighbours here.
    let mut labels = vec![WOULD_BE_SENT, words.done, words.already, FAILED];
    labels.dedup();
    let counts: Vec<String> = labels
        .into_iter()
        .filter_map(|label| {
            let of = |result: &&BundleResult| result.label(words) == label;
            let count = results.iter().filter(of).count();
            (count > 0).then(|| format!("{count} {label}"))
        })
        .collect();
    format!(
        "{}: {}",
        counted_noun(results.len(), "bundle"),
        counts.join(", ")
    )
}

/// Returns the error of a run in which bundles failed: of the gravest error's kind, with a line for
/// each.
fn many_error(results: &[BundleResult], done: &str) -> Option<Error> {
    let failures: Vec<(&PathBuf, &Error)> = results
        .iter()
        .filter_map(|result| Some((&result.dir, result.result.as_ref().err()?)))
        .collect();
    let (_, worst) = failures
        .iter()
        .rev()
        .max_by_key(|(_, error)| error.gravity())?;
    let first = format!(
        "{} of {} not {done}",
        failures.len(),
        counted_noun(results.len(), "bundle")
    );
    let each: Lines = failures
        .iter()
        .map(|(dir, error)| {
            format!(
                "  {}: {}",
                shown_path(dir),
                error.message.lines().next().unwrap_or_default()
            )
        })
        .collect();
    let hint = match worst.retry() {
        Retry::Never => {
            "each error above says what to do, and no repetition helps where it says to stop; what \
             is done already stays as it is"
        }
        Retry::SameCommand | Retry::AfterFix => {
            "do what each error above says, then run the same command again: what is done already \
             stays as it is"
        }
    };
    Some(Error {
        does_it_twice: failures.iter().any(|(_, error)| error.does_it_twice),
        ..Error::new(worst.kind, Lines::from(first).followed_by(each), hint)
    })
}

/// Refuses a CA or a root that lies in any of the bundles. What is in one bundle proves nothing
/// about another either: whoever could write to it chose it.
///
/// # Errors
/// Class `Usage`, `ca-in-bundle` or `root-in-bundle`; class `Input` where a file cannot be read.
pub(crate) fn check_outside_all(
    dirs: &[PathBuf],
    ca: Option<&Path>,
    trust: &TrustArgs,
) -> Result<()> {
    for dir in dirs {
        let store = Store::at_path(dir);
        trust.read_anchors(&store)?;
        if let Some(ca) = ca {
            NamedCa::read(ca, "--ca", &store)?;
        }
    }
    Ok(())
}
