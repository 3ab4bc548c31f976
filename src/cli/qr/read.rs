//! `hsmboot qr read`

mod fault;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::bundle::archive;
use crate::bundle::{Arrival, Bundle, CA_FILE, Digests, Part, TranscriptStep};
use crate::cli::args::bundle_dir;
use crate::cli::code::digest_lines;
use crate::cli::output::next_lines;
use crate::cli::run_options::complete_command;
use crate::cli::step::{StepArgs, given_file_digest};
use crate::cli::ui::{CommandOutput, Effect, Ui, path_value};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::hint::{self, NextCommand};
use crate::outside::shown_path;
use crate::qr::QrKind;
use crate::qr::collection::Collection;
use crate::qr::parts::{Piece, ScannedText};
use crate::qr::photograph::{self, MAX_FILE};
use crate::x509::pem::{self, Label};
use crate::x509::{sha256, to_hex};
use fault::{collection_error, damaged_error, image_error, too_long_error};

/// The name that messages give to the source of the files.
const SOURCE: &str = "the set of codes";

/// The transcript's name for standard input: with a `/` in it, as no file of a bundle has.
const STDIN: &str = "/dev/stdin";

/// The longest text that is read: ten times the most parts that there can be.
const MAX_TEXT: usize = 4 * 1024 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Photographs in any order, several codes in one of them or one code in several, PNG or JPEG. A text \
file with what a scanner read, a code a line, \
does as well; `-` reads it from standard input. A request becomes a bundle; a response goes into \
the bundle that the request came from.

Examples:
  hsmboot qr read photo1.jpg photo2.jpg
  hsmboot qr read codes/*.png --bundle ./cluster-abc234defgh
  hsmboot qr read - --bundle claim.hsmboot

Exit codes: 0 read, or all there already; 4 no codes, parts missing, damaged, or no picture; 8 \
files of other content, another cluster's bundle, \
a response to another CSR, or a transcript that goes on differently")]
pub struct Args {
    /// Photographs, scans or screenshots
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// The bundle: a directory, or one file NAME.hsmboot (default: ./<cluster-id>)
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Replace files of other content
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    step: StepArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let (collection, given) = collect_parts(&args.images, ui)?;
    let (kind, archive) = collection
        .join_parts()
        .map_err(|fault| collection_error(&fault))?;
    let members = archive::read(&archive).map_err(|fault| damaged_error(&fault.to_string()))?;
    let received = Bundle::from_members(members, SOURCE)?;
    ui.note_cluster(received.id());
    check_whole(&received, kind)?;
    let dir = bundle_dir(args.bundle.as_ref(), received.id());
    if kind == QrKind::Response {
        check_answers_request(&received, &dir)?;
    }
    let arrival = Arrival::new(&received, &dir, args.force)?;
    let unchanged = arrival.is_there()?;
    if !unchanged {
        let step = TranscriptStep {
            given,
            ..args.step.begin_step(crate::cli::now())
        };
        arrival.write_with(&step)?;
    }
    let bundle = Bundle::open(&dir)?;
    let fingerprint = super::bundle_fingerprint(&bundle, kind)?;
    let files = arrival.digests();
    let document = json!({
        "bundle": path_value(&dir),
        "cluster_id": bundle.id(),
        "kind": kind.as_str(),
        "files": files,
        "fingerprint": fingerprint,
        "unchanged": unchanged,
    });
    let mut text = if unchanged {
        format!(
            "{} is unchanged: {} holds the {kind} already\n",
            bundle.id(),
            shown_path(&dir)
        )
    } else {
        format!(
            "read the {kind} of {} into {}\n",
            bundle.id(),
            shown_path(&dir)
        )
    };
    text.push_str(&digest_lines(&bundle, &files));
    let dir = hint::path_word(&dir, "DIR");
    let next = match kind {
        QrKind::Request => NextCommand::new(["hsmboot", "sign", &dir])
            .with_words(["--ca", "FILE", "--ca-key", "KEY"]),
        // Nothing that came names the owner.
        QrKind::Response => NextCommand::new(["hsmboot", "submit", &dir, "--ca", "FILE"]),
    };
    let next = [complete_command(next)];
    text.push_str(&format!(
        "fingerprint of the {kind}  {fingerprint}\n{}",
        next_lines(&next)
    ));
    Ok(CommandOutput::success(Effect::unless(unchanged), document, text).with_next(next))
}

/// Collects the parts in all given files, and returns them with the SHA-256 of each file.
fn collect_parts(images: &[PathBuf], ui: &Ui) -> Result<(Collection, Digests)> {
    let (mut collection, mut files) = (Collection::default(), Digests::new());
    for path in images {
        let (name, content, recorded) = if path.as_os_str() == "-" {
            (
                "standard input".to_owned(),
                read_standard_input()?,
                Path::new(STDIN),
            )
        } else {
            (
                shown_path(path),
                fsio::read(path, "a photograph", MAX_FILE)?,
                path.as_path(),
            )
        };
        files.extend(given_file_digest(recorded, &content));
        let mut seen = ScannedCodes::default();
        match as_text(&content) {
            Some(text) if text.len() > MAX_TEXT => {
                return Err(too_long_error(&name, "a text of codes", MAX_TEXT));
            }
            Some(text) => {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    seen.take_code(line, &mut collection);
                }
            }
            None => photograph::read(&content, |text| seen.take_code(text, &mut collection))
                .map_err(|fault| image_error(&name, fault))?,
        }
        ui.say(format!("{name}: {}", seen.summary_text()));
    }
    Ok((collection, files))
}

fn read_standard_input() -> Result<Vec<u8>> {
    let mut content = Vec::new();
    // One more: what reaches it is too much.
    let read = std::io::stdin()
        .lock()
        .take(MAX_FILE + 1)
        .read_to_end(&mut content);
    let read = read.map_err(|cause| {
        let what = format!("standard input cannot be read: {}", fsio::io_text(&cause));
        Error::new(ErrorKind::Unreadable, what, "give the photographs as files")
            .with_fact(FactName::Cause, fsio::io_text(&cause))
    })?;
    match usize::try_from(MAX_FILE) {
        Ok(most) if read > most => Err(too_long_error("standard input", "a photograph", most)),
        _ => Ok(content),
    }
}

/// Returns the text, where the content is what a scanner read.
fn as_text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content)
        .ok()
        .filter(|text| text.contains("HSMBOOT"))
}

/// The codes found in one file.
#[derive(Default)]
struct ScannedCodes {
    parts: BTreeSet<(usize, usize)>,
    foreign: usize,
    damaged: usize,
}

impl ScannedCodes {
    /// Takes a code's text, and tells whether there is nothing more to look for.
    fn take_code(&mut self, text: &str, collection: &mut Collection) -> bool {
        match Piece::read(text) {
            ScannedText::Piece(piece) => {
                let (index, total) = piece.position();
                self.parts.insert((total, index));
                collection.add(piece);
            }
            ScannedText::Foreign => self.foreign += 1,
            ScannedText::Damaged => self.damaged += 1,
        }
        collection.is_complete()
    }

    fn summary_text(&self) -> String {
        let mut said: Vec<String> = self
            .parts
            .iter()
            .map(|(total, index)| format!("part {index} of {total}"))
            .collect();
        if self.foreign > 0 {
            let are = if self.foreign == 1 { "is" } else { "are" };
            said.push(format!(
                "{} passed over, which {are} not a bundle's",
                codes_text(self.foreign)
            ));
        }
        if self.damaged > 0 {
            said.push(format!(
                "{} passed over, changed on the way or of a newer version",
                codes_text(self.damaged)
            ));
        }
        if said.is_empty() {
            "no code found".to_owned()
        } else {
            said.join(", ")
        }
    }
}

fn codes_text(count: usize) -> String {
    if count == 1 {
        "1 code".to_owned()
    } else {
        format!("{count} codes")
    }
}

/// Checks that the bundle holds what it must, and nothing that does not belong to it.
fn check_whole(received: &Bundle, kind: QrKind) -> Result<()> {
    let belongs = kind.file_names(received.id());
    if let Some(name) = received
        .store()
        .names()?
        .iter()
        .find(|name| !belongs.contains(*name))
    {
        let error = damaged_error(&format!("{name} is no part of a {kind}"));
        return Err(error.with_fact(FactName::Found, name.as_str()));
    }
    let missing = match kind {
        QrKind::Request => {
            (!received.has_part(Part::Csr)).then(|| Part::Csr.file_name(received.id()))
        }
        QrKind::Response => [
            Part::SignedCert.file_name(received.id()),
            CA_FILE.to_owned(),
        ]
        .into_iter()
        .find(|name| !received.has_file(name)),
    };
    match missing {
        Some(name) => Err(damaged_error(&format!("the {kind} has no {name}"))
            .with_fact(FactName::Missing, vec![name])),
        None => received.compare_response(),
    }
}

/// Checks that the bundle which a response is for exists, and has the CSR that was signed.
fn check_answers_request(received: &Bundle, dir: &Path) -> Result<()> {
    let there = match Bundle::open(dir) {
        Err(error) if error.kind != ErrorKind::NoBundle => return Err(error),
        there => there
            .ok()
            .filter(|there| there.has_part(Part::Csr) || there.id() != received.id()),
    };
    let Some(there) = there else {
        return Err(Error::new(
            ErrorKind::RequestMissing,
            format!(
                "this is a response, and {} does not hold the request that it answers",
                shown_path(dir)
            ),
            "name the bundle that was fetched with --bundle",
        )
        .with_fact(FactName::File, dir));
    };
    let Some(response) = received.response()?.filter(|_| there.id() == received.id()) else {
        return Ok(());
    };
    let csr = pem::decode(&there.read(Part::Csr)?, Label::CertificateRequest).unwrap_or_default();
    if response
        .csr_sha256
        .as_raw()
        .eq_ignore_ascii_case(&to_hex(&sha256(&csr)))
    {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::SignedForAnotherCsr,
        [
            "the response was signed for another CSR than the bundle's".to_owned(),
            format!("  signed SHA-256 {}", response.csr_sha256),
            format!(
                "  found  SHA-256 {}  {}",
                to_hex(&sha256(&csr)),
                there.part_place(Part::Csr)
            ),
        ],
        "AWS replaces a failed first HSM, and the CSR with it; show the new request, and sign that",
    )
    .with_fact(FactName::Expected, response.csr_sha256.to_string())
    .with_fact(FactName::Found, to_hex(&sha256(&csr))))
}
