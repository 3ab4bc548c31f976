//! `--expect`, and the question in its place: is this what the other side sent?

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::in_bundle::lies_in;
use super::screen::Screen;
use super::text::table_text;
use super::ui::Ui;
use crate::bundle::{Bundle, ClusterId, Fingerprint, Store};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::{shown_path, shown_text};

/// The option for the fingerprint that the other side read out.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ExpectArgs {
    /// The fingerprint that the other side reads out: anything else is refused (asked for on a
    /// terminal otherwise)
    #[arg(long, value_name = "FINGERPRINT")]
    expect: Option<Fingerprint>,
    /// A list of what the other side reads out: a cluster's id and its fingerprint on each line
    #[arg(long, value_name = "FILE", conflicts_with = "expect")]
    expect_file: Option<PathBuf>,
}

/// The fingerprint that is compared, and who has the other copy of it.
pub(crate) struct FingerprintSide {
    /// `request` or `response`
    what: &'static str,
    /// The command that printed it.
    by: &'static str,
}

impl FingerprintSide {
    /// The other side of a request.
    pub(crate) const REQUEST: FingerprintSide = FingerprintSide {
        what: "request",
        by: "fetch",
    };
    /// The other side of a response.
    #[cfg(feature = "online")]
    pub(crate) const RESPONSE: FingerprintSide = FingerprintSide {
        what: "response",
        by: "sign",
    };
}

impl ExpectArgs {
    /// Returns the fingerprint that the command line gives for a bundle, by itself or in a list.
    ///
    /// # Errors
    /// Class `Input`: the list cannot be read. Class `Usage`, `expect-in-bundle`: it is a file of
    /// the bundle. Class `Rejected`, `not-compared`: it has no line for this cluster.
    pub(crate) fn expected_for(&self, bundle: &Bundle) -> Result<Option<Fingerprint>> {
        let Some(file) = &self.expect_file else {
            return Ok(self.expect);
        };
        let id = bundle.id();
        let (content, facts) = fsio::read_with_facts(file, LIST_NOUN, MAX_LIST)?;
        refuse_list_of_bundle(file, &facts, bundle.store())?;
        let list = parse_list(file, &content)?;
        match list.get(id) {
            Some(fingerprint) => Ok(Some(*fingerprint)),
            None => Err(Error::new(
                ErrorKind::NotCompared,
                format!(
                    "{} has no line for {id}; nothing was done",
                    shown_path(file)
                ),
                "ask the other side for this cluster's fingerprint, and add a line for it",
            )
            .with_fact(FactName::File, file.as_path())
            .with_fact(FactName::ClusterId, id.as_str())),
        }
    }

    /// Tells whether the command line gives fingerprints.
    pub(crate) const fn is_given(&self) -> bool {
        self.expect.is_some() || self.expect_file.is_some()
    }

    /// Tells whether a question will be asked: there is a terminal, and nothing that answers it.
    pub(crate) fn will_ask(&self) -> bool {
        !self.is_given() && Screen::open().is_some()
    }

    /// Refuses one fingerprint for several bundles.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(crate) fn check_count(&self, bundles: usize) -> Result<()> {
        if bundles > 1 && self.expect.is_some() {
            return Err(Error::new(
                ErrorKind::Usage,
                "--expect is one bundle's fingerprint, and there are several bundles",
                "give them in a list with --expect-file: a cluster's id and its fingerprint on \
                 each line",
            ));
        }
        Ok(())
    }

    /// Refuses a list that lies in any of the bundles. It is to come another way than they do:
    /// whoever could write to one chose what stands in it, about the others too.
    ///
    /// # Errors
    /// Class `Usage`, `expect-in-bundle`; class `Input`: there is no such file.
    pub(crate) fn check_outside(&self, bundles: &[PathBuf]) -> Result<()> {
        let Some(file) = &self.expect_file else {
            return Ok(());
        };
        let facts = match fsio::metadata_of(file) {
            Some(facts) => facts,
            None => fsio::read_with_facts(file, LIST_NOUN, MAX_LIST)?.1,
        };
        bundles
            .iter()
            .try_for_each(|dir| refuse_list_of_bundle(file, &facts, &Store::at_path(dir)))
    }

    /// Compares the fingerprint, and returns whether anybody did. Without `--expect` and without a
    /// terminal nothing is compared, and a warning says so: the chains and the keys are judged all
    /// the same.
    ///
    /// # Errors
    /// Class `Rejected`, `another-fingerprint`; `Rejected`, `not-compared`, where the question gets
    /// no answer.
    pub(crate) fn compare_fingerprint(
        &self,
        found: Fingerprint,
        bundle: &Bundle,
        side: &FingerprintSide,
        ui: &Ui,
    ) -> Result<bool> {
        let asked = || {
            Screen::open()
                .map(|mut screen| ask_fingerprint(side, &mut screen))
                .transpose()
        };
        let given = match self.expected_for(bundle)? {
            Some(given) => Some(given),
            None => asked()?.flatten(),
        };
        let Some(given) = given else {
            ui.warn(format!(
                "nobody compared the {}'s fingerprint: --expect takes what `hsmboot \
                             {}` printed on the other side",
                side.what, side.by
            ));
            return Ok(false);
        };
        check_same(found, given, side).map(|()| true)
    }
}

/// Refuses a fingerprint that is not the one that was given.
///
/// # Errors
/// Class `Rejected`, `another-fingerprint`.
pub(crate) fn check_same(
    found: Fingerprint,
    given: Fingerprint,
    side: &FingerprintSide,
) -> Result<()> {
    match &found.differing_groups(given)[..] {
        [] => Ok(()),
        apart => Err(another_fingerprint_error(side, apart)),
    }
}

/// The greatest size of a list of fingerprints.
const MAX_LIST: u64 = 1024 * 1024;

/// What such a list is called in messages.
const LIST_NOUN: &str = "a list of fingerprints";

/// Refuses a list that is a file of this bundle.
fn refuse_list_of_bundle(file: &Path, facts: &Metadata, bundle: &Store) -> Result<()> {
    if !lies_in(bundle, file, Some(facts))? {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::ExpectInBundle,
        [
            "--expect-file names a file of the bundle itself, which proves nothing: whoever could \
             write to the bundle chose it"
                .to_owned(),
            format!("  list    {}", shown_path(file)),
            format!("  bundle  {}", shown_path(bundle.path())),
        ],
        "give --expect-file a list that came another way than the bundles",
    )
    .with_fact(FactName::File, file))
}

/// Parses a list of fingerprints: on each line a cluster's id, white space, and the fingerprint.
/// Empty lines, and those that begin with `#`, are left out.
fn parse_list(file: &Path, content: &[u8]) -> Result<BTreeMap<ClusterId, Fingerprint>> {
    let unfit = |line: usize, fault: &str| {
        Error::new(
            ErrorKind::Malformed,
            format!("{}, line {line}: {fault}", shown_path(file)),
            "a line is a cluster's id, a blank, and its fingerprint, as `hsmboot fetch` and \
             `hsmboot sign` print it",
        )
        .with_fact(FactName::File, file)
        .with_fact(FactName::Line, line)
    };
    let text = std::str::from_utf8(content).map_err(|_| unfit(1, "it is not UTF-8"))?;
    let mut list = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (id, fingerprint) = line
            .split_once(char::is_whitespace)
            .ok_or_else(|| unfit(number, "it has one word"))?;
        // The word is not shown: a file that was named by mistake may hold a key.
        let id: ClusterId = id
            .parse()
            .map_err(|_: String| unfit(number, "its first word is not a cluster's id"))?;
        let fingerprint: Fingerprint = fingerprint
            .parse()
            .map_err(|fault: String| unfit(number, &fault))?;
        if list.insert(id.clone(), fingerprint).is_some() {
            return Err(unfit(number, &format!("{id} stands there twice")));
        }
    }
    Ok(list)
}

/// Shows the fingerprints of several bundles on the terminal, for two people to compare with the
/// other side's, and asks whether they agree. Returns whether anybody compared them.
///
/// # Errors
/// Class `Rejected`, `not-compared`: the answer was neither `yes` nor `skip`.
pub(crate) fn compare_table(
    all: &BTreeMap<ClusterId, Fingerprint>,
    side: &FingerprintSide,
    ui: &Ui,
) -> Result<bool> {
    let Some(mut screen) = Screen::open() else {
        ui.warn(format!(
            "nobody compared the {}s' fingerprints: --expect-file takes a list of what `hsmboot \
             {}` printed on the other side",
            side.what, side.by
        ));
        return Ok(false);
    };
    let rows: Vec<[String; 2]> = all
        .iter()
        .map(|(id, fingerprint)| [id.to_string(), fingerprint.to_string()])
        .collect();
    screen.show(table_text(["CLUSTER", "FINGERPRINT"], &rows));
    let answer = screen.ask(format!(
        "read each to the other side, who has what `hsmboot {}` printed there: do all agree \
         (yes)? ",
        side.by
    ));
    read_agreement(answer.as_deref(), side)
}

/// Reads whether all fingerprints were compared, and agree.
///
/// # Errors
/// `not-compared`: they do not, or nobody says so.
fn read_agreement(answer: Option<&str>, side: &FingerprintSide) -> Result<bool> {
    match answer {
        Some("yes") => Ok(true),
        Some("skip") => Ok(false),
        _ => Err(Error::new(
            ErrorKind::NotCompared,
            format!(
                "the {}s' fingerprints do not all agree; nothing was done",
                side.what
            ),
            "a bundle whose fingerprint differs was exchanged or damaged on the way: take it out, \
             find out why, and run this with the others",
        )),
    }
}

/// Returns the error for a fingerprint that differs. It does not show the one that was found: a
/// tired operator would give it as the answer.
pub(crate) fn another_fingerprint_error(side: &FingerprintSide, apart: &[usize]) -> Error {
    let numbers: Vec<String> = apart.iter().map(ToString::to_string).collect();
    let groups = match apart.len() {
        1 => format!(
            "group {} of the 6 of its fingerprint is another one",
            numbers.concat()
        ),
        6 => "all 6 groups of its fingerprint are others".to_owned(),
        _ => format!(
            "groups {} of the 6 of its fingerprint are others",
            numbers.join(", ")
        ),
    };
    Error::new(
        ErrorKind::AnotherFingerprint,
        format!(
            "this is not the {} that was sent: {groups} than those given; nothing was done",
            side.what
        ),
        format!(
            "have the other side read its own note again, digit by digit; if it stays so, the {} \
             was exchanged or damaged on the way: stop here",
            side.what
        ),
    )
}

/// Asks until the answer is a fingerprint, or `skip`. The question does not offer that word: who
/// looked it up knows what he does.
fn ask_fingerprint(side: &FingerprintSide, screen: &mut Screen) -> Result<Option<Fingerprint>> {
    let unanswered = || {
        Error::new(
            ErrorKind::NotCompared,
            format!(
                "the {}'s fingerprint was not given, and nothing was done",
                side.what
            ),
            format!(
                "ask for what `hsmboot {}` printed on the other side, and run this again",
                side.by
            ),
        )
    };
    for _ in 0..3 {
        let answer = screen.ask(format!(
            "fingerprint of the {}, as `hsmboot {}` printed it: ",
            side.what, side.by
        ));
        match answer.as_deref() {
            None => return Err(unanswered()),
            Some("skip") => return Ok(None),
            Some(answer) => match answer.parse() {
                Ok(fingerprint) => return Ok(Some(fingerprint)),
                Err(fault) => screen.show(format!("{}\n", shown_text(&fault))),
            },
        }
    }
    Err(unanswered())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const FIRST: &str = "cluster-abc234defgh";
    const SECOND: &str = "cluster-abc234defg2";
    const DIGITS: &str = "00000 11111 22222 33333 44444 55555";

    fn parse(content: &str) -> Result<BTreeMap<ClusterId, Fingerprint>> {
        parse_list(Path::new("list"), content.as_bytes())
    }

    #[test]
    fn a_list_has_a_cluster_and_its_fingerprint_on_each_line() {
        let digits: Fingerprint = DIGITS.parse().unwrap();
        let content =
            format!("# ours\n\n{FIRST} {DIGITS}\n  {SECOND}\t{DIGITS}  \n#{FIRST} none\n");
        let list = parse(&content).unwrap();
        let found: Vec<_> = list.iter().map(|(id, it)| (id.as_str(), *it)).collect();
        assert_eq!(found, [(SECOND, digits), (FIRST, digits)]);
        assert!(parse("\n# nothing\n").unwrap().is_empty());
    }

    #[test]
    fn a_line_that_is_none_of_these_ends_the_list() {
        let twice = format!("{FIRST} {DIGITS}\n{FIRST} {DIGITS}\n");
        let cases = [
            (FIRST.to_owned(), 1, "it has one word"),
            (
                format!("\nours {DIGITS}"),
                2,
                "its first word is not a cluster's id",
            ),
            (format!("{FIRST} 0123"), 1, ""),
            (twice, 2, "stands there twice"),
        ];
        for (content, line, fault) in cases {
            let error = parse(&content).unwrap_err();
            let message = error.message.to_string();
            assert_eq!(error.kind, ErrorKind::Malformed, "{message}");
            let begin = format!("list, line {line}: ");
            assert!(message.starts_with(&begin), "{message}");
            assert!(
                message.contains(fault) && !message.contains("ours"),
                "{message}"
            );
        }
    }

    #[test]
    fn whoever_says_neither_yes_nor_skip_has_compared_nothing() {
        let side = &FingerprintSide::REQUEST;
        assert_eq!(read_agreement(Some("yes"), side).ok(), Some(true));
        assert_eq!(read_agreement(Some("skip"), side).ok(), Some(false));
        for answer in [None, Some(""), Some("no"), Some("y"), Some("Yes")] {
            let kind = read_agreement(answer, side).err().map(|error| error.kind);
            assert_eq!(kind, Some(ErrorKind::NotCompared), "{answer:?}");
        }
    }

    #[test]
    fn the_groups_that_differ_are_named_and_not_shown() {
        for (apart, said) in [
            (&[3][..], ": group 3 of the 6 of its fingerprint is another"),
            (
                &[1, 4],
                ": groups 1, 4 of the 6 of its fingerprint are others",
            ),
            (
                &[1, 2, 3, 4, 5, 6],
                ": all 6 groups of its fingerprint are others",
            ),
        ] {
            let error = another_fingerprint_error(&FingerprintSide::REQUEST, apart);
            let message = error.message.to_string();
            assert!(message.contains(said), "{message}");
        }
    }
}
