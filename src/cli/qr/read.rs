//! `hsmboot qr read`

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::bundle::archive;
use crate::bundle::{Arrival, Bundle, CA_FILE, Digests, Part, Step};
use crate::cli::args::bundle_dir;
use crate::cli::step::{StepArgs, given};
use crate::cli::ui::{Outcome, Ui, path_value};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio;
use crate::hint;
use crate::outside::{Lines, shown};
use crate::qr::Kind;
use crate::qr::collection::{Collection, Fault};
use crate::qr::parts::{Found, Piece};
use crate::qr::photograph::{
    self, Fault as Unread, MAX_FILE, MAX_PIXELS, MAX_PROGRESSIVE, MAX_SIDE,
};
use crate::x509::pem::{self, Label};
use crate::x509::{hex, sha256};

/// What messages call the place that it comes from.
const SOURCE: &str = "the set of codes";

/// What the transcript calls standard input: with a `/` in it, as no file of a bundle is called.
const STDIN: &str = "/dev/stdin";

/// The longest text: the most parts that there are, ten times over.
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

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let (collection, given) = collect(&args.images, ui)?;
    let (kind, archive) = collection.join().map_err(|fault| incomplete(&fault))?;
    let members = archive::read(&archive).map_err(|fault| damaged(&fault.to_string()))?;
    let received = Bundle::received(members, SOURCE)?;
    is_whole(&received, kind)?;
    let dir = bundle_dir(args.bundle.as_ref(), received.id());
    if kind == Kind::Response {
        answers(&received, &dir)?;
    }
    let arrival = Arrival::new(&received, &dir, args.force)?;
    let unchanged = arrival.is_there()?;
    if !unchanged {
        let step = Step {
            given,
            ..args.step.begin(crate::cli::now())
        };
        arrival.write_with(&step)?;
    }
    let bundle = Bundle::open(&dir)?;
    let fingerprint = super::fingerprint(&bundle, kind)?;
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
            shown(&dir)
        )
    } else {
        format!("read the {kind} of {} into {}\n", bundle.id(), shown(&dir))
    };
    for (name, digest) in &files {
        text.push_str(&format!("  {name}\n    SHA-256 of the file {digest}\n"));
    }
    let dir = hint::path(&dir, "DIR");
    let next = match kind {
        Kind::Request => vec!["hsmboot", "sign", &dir],
        // Nothing that came names the owner.
        Kind::Response => vec!["hsmboot", "submit", &dir, "--ca", "FILE"],
    };
    text.push_str(&format!(
        "fingerprint of the {kind}  {fingerprint}\nnext: {}\n",
        hint::line(&next)
    ));
    Ok(Outcome::done(document, text))
}

/// The parts in all that was given, and the SHA-256 of each file.
fn collect(images: &[PathBuf], ui: &Ui) -> Result<(Collection, Digests)> {
    let (mut collection, mut files) = (Collection::default(), Digests::new());
    for path in images {
        let (name, content, recorded) = if path.as_os_str() == "-" {
            (
                "standard input".to_owned(),
                standard_input()?,
                Path::new(STDIN),
            )
        } else {
            (
                shown(path),
                fsio::read(path, "a photograph", MAX_FILE)?,
                path.as_path(),
            )
        };
        files.extend(given(recorded, &content));
        let mut seen = Seen::default();
        match as_text(&content) {
            Some(text) if text.len() > MAX_TEXT => {
                return Err(too_long(&name, "a text of codes", MAX_TEXT));
            }
            Some(text) => {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    seen.take(line, &mut collection);
                }
            }
            None => photograph::read(&content, |text| seen.take(text, &mut collection))
                .map_err(|fault| unread(&name, fault))?,
        }
        ui.say(format!("{name}: {}", seen.text()));
    }
    Ok((collection, files))
}

fn standard_input() -> Result<Vec<u8>> {
    let mut content = Vec::new();
    // One more: what reaches it is too much.
    let read = std::io::stdin()
        .lock()
        .take(MAX_FILE.saturating_add(1))
        .read_to_end(&mut content);
    let read = read.map_err(|cause| {
        let what = format!("standard input cannot be read: {}", fsio::io_text(&cause));
        Error::new(ErrorKind::Unreadable, what, "give the photographs as files")
    })?;
    match usize::try_from(MAX_FILE) {
        Ok(most) if read > most => Err(too_long("standard input", "a photograph", most)),
        _ => Ok(content),
    }
}

/// What a scanner read, where it is that.
fn as_text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content)
        .ok()
        .filter(|text| text.contains("HSMBOOT"))
}

fn too_long(name: &str, what: &str, most: usize) -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!(
            "{name} is too large, expected {what} of at most {} MiB",
            most.wrapping_div(1024 * 1024)
        ),
        "give the codes alone, a code a line, or the photographs",
    )
}

/// What one file showed.
#[derive(Default)]
struct Seen {
    parts: BTreeSet<(usize, usize)>,
    foreign: usize,
    damaged: usize,
}

impl Seen {
    /// Takes a code's text; whether there is nothing more to look for.
    fn take(&mut self, text: &str, collection: &mut Collection) -> bool {
        match Piece::read(text) {
            Found::Piece(piece) => {
                let (index, total) = piece.number();
                self.parts.insert((total, index));
                collection.add(piece);
            }
            Found::Foreign => self.foreign = self.foreign.saturating_add(1),
            Found::Damaged => self.damaged = self.damaged.saturating_add(1),
        }
        collection.is_complete()
    }

    fn text(&self) -> String {
        let mut said: Vec<String> = self
            .parts
            .iter()
            .map(|(total, index)| format!("part {index} of {total}"))
            .collect();
        if self.foreign > 0 {
            let are = if self.foreign == 1 { "is" } else { "are" };
            said.push(format!(
                "{} passed over, which {are} not a bundle's",
                codes(self.foreign)
            ));
        }
        if self.damaged > 0 {
            said.push(format!(
                "{} passed over, changed on the way or of a newer version",
                codes(self.damaged)
            ));
        }
        if said.is_empty() {
            "no code found".to_owned()
        } else {
            said.join(", ")
        }
    }
}

fn codes(count: usize) -> String {
    if count == 1 {
        "1 code".to_owned()
    } else {
        format!("{count} codes")
    }
}

fn unread(name: &str, fault: Unread) -> Error {
    let input = |kind, message: String, hint: &str| Error::new(kind, message, hint);
    match fault {
        Unread::Unknown => input(
            ErrorKind::NotAnImage,
            format!("{name} is neither PNG nor JPEG, and holds no text of a code"),
            "save it as PNG or JPEG, or give what a scanner read as a text file",
        ),
        Unread::Heif => input(
            ErrorKind::NotAnImage,
            format!("{name} is HEIF, expected PNG or JPEG"),
            "save or export the photograph as JPEG",
        ),
        Unread::Scans => input(
            ErrorKind::NotAnImage,
            format!("{name} is a JPEG of several scans, expected one or a progressive JPEG"),
            "save it again, as PNG or as another JPEG",
        ),
        Unread::TooLarge => input(
            ErrorKind::FileTooLarge,
            format!(
                "{name} has too many pixels, expected a photograph of at most {} megapixels ({} if \
                 it is a progressive JPEG), {MAX_SIDE} a side",
                megapixels(MAX_PIXELS),
                megapixels(MAX_PROGRESSIVE)
            ),
            "save it smaller",
        ),
        Unread::Damaged => input(
            ErrorKind::NotAnImage,
            format!("{name} is a damaged image"),
            "copy it again, or take it again",
        ),
    }
}

const fn megapixels(pixels: usize) -> usize {
    pixels.wrapping_div(1_000_000)
}

fn incomplete(fault: &Fault) -> Error {
    let (kind, hint) = match fault {
        Fault::Nothing => (
            ErrorKind::NoCodes,
            "take the picture again: the whole code, its white margin too, as \
                                  large and as straight as you can"
                .to_owned(),
        ),
        Fault::Missing { parts, .. } => {
            let options: String = parts
                .iter()
                .map(|number| format!(" --part {number}"))
                .collect();
            let (it, draws) = if parts.len() == 1 {
                ("it", "draws it")
            } else {
                ("them", "draws them")
            };
            let give = "and give all pictures, old and new, to one command";
            (
                ErrorKind::CodesMissing,
                format!(
                    "photograph {it} again, {give}; `hsmboot qr show \
                                               DIR{options}` {draws} alone"
                ),
            )
        }
        Fault::Mixed { .. } => (
            ErrorKind::CodesMixed,
            "give the pictures of one set; a set \
                                                        belongs to one bundle, drawn at one size"
                .to_owned(),
        ),
        Fault::Damaged(_) => (
            ErrorKind::CodesDamaged,
            "draw the codes again with `hsmboot qr \
                                                        show`, and photograph all of them again"
                .to_owned(),
        ),
    };
    let sets: Lines = match fault {
        Fault::Mixed { sets, .. } => sets.iter().map(|set| format!("  {set}")).collect(),
        _ => Lines::default(),
    };
    Error::new(kind, Lines::from(fault.to_string()).and(sets), hint)
}

fn damaged(why: &str) -> Error {
    Error::new(
        ErrorKind::CodesDamaged,
        format!("the codes do not make a bundle: {why}"),
        "find out who drew these codes: hsmboot does not draw such",
    )
}

/// That it holds what it must, and nothing that does not belong to it.
fn is_whole(received: &Bundle, kind: Kind) -> Result<()> {
    let belongs = kind.files(received.id());
    if let Some(name) = received
        .store()
        .names()?
        .iter()
        .find(|name| !belongs.contains(*name))
    {
        return Err(damaged(&format!("{name} is no part of a {kind}")));
    }
    let missing = match kind {
        Kind::Request => (!received.has(Part::Csr)).then(|| Part::Csr.file_name(received.id())),
        Kind::Response => [
            Part::SignedCert.file_name(received.id()),
            CA_FILE.to_owned(),
        ]
        .into_iter()
        .find(|name| !received.has_file(name)),
    };
    match missing {
        Some(name) => Err(damaged(&format!("the {kind} has no {name}"))),
        None => received.compare_response(),
    }
}

/// That the bundle which a response is for is there, and has the CSR that was signed.
fn answers(received: &Bundle, dir: &Path) -> Result<()> {
    let there = match Bundle::open(dir) {
        Err(error) if error.kind != ErrorKind::NoBundle => return Err(error),
        there => there
            .ok()
            .filter(|there| there.has(Part::Csr) || there.id() != received.id()),
    };
    let Some(there) = there else {
        return Err(Error::new(
            ErrorKind::RequestMissing,
            format!(
                "this is a response, and {} does not hold the request that it answers",
                shown(dir)
            ),
            "name the bundle that was fetched with --bundle",
        ));
    };
    let Some(response) = received.response()?.filter(|_| there.id() == received.id()) else {
        return Ok(());
    };
    let csr = pem::decode(&there.read(Part::Csr)?, Label::CertificateRequest).unwrap_or_default();
    if response
        .csr_sha256
        .raw()
        .eq_ignore_ascii_case(&hex(&sha256(&csr)))
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
                hex(&sha256(&csr)),
                there.part(Part::Csr)
            ),
        ],
        "AWS replaces a failed first HSM, and the CSR with it; show the new request, and sign that",
    ))
}
