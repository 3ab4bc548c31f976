//! `hsmboot qr show`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::screen::all_in_a_row;
use super::slides::SlideShow;
use super::terminal::{Window, is_interactive};
use crate::bundle::archive::{self, ArchiveFault, Members};
use crate::bundle::counted_noun;
use crate::bundle::{Bundle, Digests, Part};
use crate::cli::args::BundleArgs;
use crate::cli::sign;
use crate::cli::ui::{CommandOutput, Effect, OutputFormat, StyledText, Ui, path_value};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::outside::shown_path;
use crate::qr::draw::{self, Drawing};
use crate::qr::{Caption, QrKind, parts, sheet};
use crate::x509::{sha256, to_hex};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
On a terminal the codes come one after the other, round and round, black on white, until q is \
pressed: space holds one, n and b step, a number and Enter show that part. Hold the camera still. \
Elsewhere, and with --once, they come all in a row. Each has a \
caption: what it is, which part, and the fingerprint. Nothing is written into the bundle.

Examples:
  hsmboot qr show ./cluster-abc234defgh
  hsmboot qr show ./cluster-abc234defgh --pace 2 --blocks
  hsmboot qr show ./cluster-abc234defgh --response --png ./codes
  hsmboot qr show claim.hsmboot -o sheet.svg

Exit codes: 0 drawn; 2 the terminal is too small; 4 no bundle, or no response in it; 8 files of \
other content stand there")]
pub struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Draw what goes back from the CA, instead of the request
    #[arg(long)]
    response: bool,
    /// Write a PNG for each code into this directory
    #[arg(long, value_name = "DIR", group = "target")]
    png: Option<PathBuf>,
    /// Write an SVG for each code into this directory: pages of A4 with one code each
    #[arg(long, value_name = "DIR", group = "target")]
    svg: Option<PathBuf>,
    /// Write all codes on one sheet; the name ends in .png, or in .svg for paper: up to six on a
    /// page of A4
    #[arg(
        long,
        short = 'o',
        value_name = "FILE",
        group = "target",
        value_parser = parse_sheet_name,
    )]
    out: Option<PathBuf>,
    /// Draw this part alone (may repeat)
    #[arg(long, value_name = "N")]
    part: Vec<usize>,
    /// Replace images of other content
    #[arg(long, requires = "target")]
    force: bool,
    /// The time that a code stands on a terminal
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "0.8",
        value_parser = parse_pace,
        conflicts_with = "target",
    )]
    pace: Duration,
    /// On a terminal too, show all codes once, in a row
    #[arg(long, conflicts_with_all = ["target", "pace"])]
    once: bool,
    /// Draw with characters, on a terminal that shows images too
    #[arg(long, conflicts_with_all = ["target", "once"])]
    blocks: bool,
}

/// The times that a code can stand, in seconds.
const PACES: std::ops::RangeInclusive<f64> = 0.2..=60.0;

fn parse_pace(text: &str) -> std::result::Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| PACES.contains(seconds));
    let expected = || format!("expected {} to {} seconds", PACES.start(), PACES.end());
    seconds.map(Duration::from_secs_f64).ok_or_else(expected)
}

fn parse_sheet_name(text: &str) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if is_svg(&path) || path.extension().is_some_and(|extension| extension == "png") {
        Ok(path)
    } else {
        Err("the name of a sheet ends in .png or .svg".to_owned())
    }
}

fn is_svg(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "svg")
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let bundle = ui.open_bundle(args.bundle.path())?;
    let kind = if args.response {
        QrKind::Response
    } else {
        QrKind::Request
    };
    let members = members_to_carry(&bundle, kind)?;
    let fingerprint = super::bundle_fingerprint(&bundle, kind)?;
    let archive = archive::write(&members)
        .map_err(|fault| cannot_travel_error(args.bundle.path(), &fault))?;
    let on_screen = args.png.is_none() && args.svg.is_none() && args.out.is_none();
    let interactive = on_screen && !args.once && is_interactive(ui);
    let caption = |number, total| Caption::new(kind, bundle.id(), number, total, &fingerprint);
    let version = widest_version(on_screen && ui.format == OutputFormat::Text);
    let texts = parts::split_archive(kind, &archive, draw::max_characters(version))
        .ok_or_else(|| too_much_error(args.bundle.path()))?;
    let drawings =
        draw::draw_codes(&texts, version).ok_or_else(|| too_much_error(args.bundle.path()))?;
    let total = texts.len();
    let mut text = StyledText::new();
    let chosen = match Window::of_stdout().filter(|_| interactive) {
        // The window decides how many parts there are.
        Some(window) => {
            SlideShow {
                kind,
                archive: &archive,
                choose: &|total| choose_parts(&args.part, total),
                caption: &caption,
                pace: args.pace,
                with_images: !args.blocks,
            }
            .run(window)?;
            Vec::new()
        }
        None => choose_parts(&args.part, total)?,
    };
    let captions: Vec<Caption> = (1..=total).map(|number| caption(number, total)).collect();
    let written = write_images(args, kind, &chosen, &drawings, &captions)?;
    if on_screen {
        text = all_in_a_row(&chosen, &drawings, &captions);
    }
    if kind == QrKind::Request && bundle.has_part(Part::SignedCert) {
        ui.warn(
            "the bundle is signed, and this is its request again: what goes back from the CA \
                 is drawn with --response",
        );
    }
    for path in &written {
        text.push_str(&format!("wrote {}\n", shown_path(path)));
    }
    text.push_str(&format!("fingerprint of the {kind}  {fingerprint}\n"));
    let parts: Vec<_> = chosen
        .iter()
        .filter_map(|number| {
            Some(json!({ "part": number, "of": total, "text": texts.get(number.checked_sub(1)?)? }))
        })
        .collect();
    let digests: Digests = members
        .iter()
        .map(|(name, content)| (name.clone(), to_hex(&sha256(content))))
        .collect();
    let document = json!({
        "bundle": path_value(bundle.path()),
        "cluster_id": bundle.id(),
        "kind": kind.as_str(),
        "fingerprint": fingerprint,
        "files": digests,
        "codes": parts,
        "written": written.iter().map(|path| path_value(path)).collect::<Vec<_>>(),
    });
    let summary = format!(
        "the {kind} of {} in {}; fingerprint {fingerprint}",
        bundle.id(),
        counted_noun(total, "code")
    );
    let effect = Effect::unless(written.is_empty());
    Ok(CommandOutput::success(effect, document, text).summarized(summary))
}

/// Returns the largest version for codes in a row: on a terminal one that is no wider than it.
fn widest_version(on_screen: bool) -> u8 {
    let window = Window::of_stdout().filter(|_| on_screen && std::io::stdout().is_terminal());
    let fits = |version: &u8| {
        window.is_none_or(|window| draw::side_of_version(*version) <= window.columns)
    };
    (draw::SMALLEST..=draw::LARGEST)
        .rev()
        .find(fits)
        .unwrap_or(draw::SMALLEST)
}

/// Returns the files that travel, after checking that they are complete.
fn members_to_carry(bundle: &Bundle, kind: QrKind) -> Result<Members> {
    if kind == QrKind::Response {
        sign::check_signed(bundle)?;
        // A trust anchor of another name does not travel by camera.
        sign::check_has_ca_file(bundle)?;
    }
    let signed = bundle.has_part(Part::SignedCert);
    let mut names = kind.file_names(bundle.id());
    // The record of a judgement that a response is there for belongs to that response.
    names.retain(|name| kind == QrKind::Response || !signed || name != crate::bundle::VERIFICATION);
    bundle.members_named(&names)
}

/// Returns the error for a bundle that does not travel: by camera for the same reasons as in one
/// file.
fn cannot_travel_error(dir: &Path, fault: &ArchiveFault) -> Error {
    let (kind, hint) = match fault {
        ArchiveFault::TooLarge(_) => return too_much_error(dir),
        ArchiveFault::PrivateKey(_) => (
            ErrorKind::PrivateKey,
            "take it out of the bundle; if it has travelled, consider it lost",
        ),
        ArchiveFault::Malformed(_) => (
            ErrorKind::BadArchive,
            "take it out of the bundle, and find out who put it there",
        ),
    };
    Error::new(
        kind,
        format!("{} does not travel: {fault}", shown_path(dir)),
        hint,
    )
    .with_fact(FactName::File, dir)
    .with_fact(FactName::Cause, fault.to_string())
}

fn too_much_error(dir: &Path) -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!(
            "{} is too large to be carried by camera: it takes more than {} codes",
            shown_path(dir),
            parts::MAX_PARTS
        ),
        "carry it as one file: `hsmboot pack`",
    )
    .with_fact(FactName::File, dir)
    .with_fact(FactName::Limit, parts::MAX_PARTS)
}

/// Returns the parts to draw: all, or those that were asked for. A part that was asked for twice is
/// drawn twice, since paper may hold it twice.
fn choose_parts(asked: &[usize], total: usize) -> Result<Vec<usize>> {
    if let Some(wrong) = asked.iter().find(|number| !(1..=total).contains(*number)) {
        return Err(Error::new(
            ErrorKind::Usage,
            format!(
                "there is no part {wrong}: drawn at this size, {} {total}",
                if total == 1 {
                    "there is only part"
                } else {
                    "there are parts 1 to"
                }
            ),
            "what `hsmboot qr read` calls missing is a number within those",
        )
        .with_fact(FactName::Option, "--part")
        .with_fact(FactName::Limit, total));
    }
    Ok(if asked.is_empty() {
        (1..=total).collect()
    } else {
        asked.to_vec()
    })
}

/// Writes the images, all or none, and returns their paths.
fn write_images(
    args: &Args,
    kind: QrKind,
    chosen: &[usize],
    drawings: &[Drawing],
    captions: &[Caption],
) -> Result<Vec<PathBuf>> {
    let total = drawings.len();
    let of = |number: &usize| {
        number
            .checked_sub(1)
            .and_then(|at| drawings.get(at).zip(captions.get(at)))
    };
    let (drawings, captions): (Vec<Drawing>, Vec<Caption>) = chosen
        .iter()
        .filter_map(of)
        .map(|(drawing, caption)| (drawing.clone(), caption.clone()))
        .unzip();
    let pictures =
        |drawings: &[Drawing], captions: &[Caption], svg: bool| -> Result<Vec<Vec<u8>>> {
            if svg {
                return Ok(sheet::pages_to_svg(drawings, captions)
                    .into_iter()
                    .map(String::into_bytes)
                    .collect());
            }
            // At most 99 codes of at most 177 modules a side fit in a picture, and in memory. The
            // drawing takes any number, and the writer of PNG may fail: no type says that it
            // cannot.
            let bug = || {
                Error::new(
                    ErrorKind::Bug,
                    "a code cannot be drawn as PNG",
                    "please report it, and take SVG",
                )
            };
            Ok(vec![
                sheet::sheet_to_png(drawings, captions).ok_or_else(bug)?,
            ])
        };
    let (dir, images): (&Path, Vec<(String, Vec<u8>)>) = match (&args.png, &args.svg, &args.out) {
        (None, None, None) => return Ok(Vec::new()),
        (_, _, Some(file)) => {
            let dir = file
                .parent()
                .filter(|dir| !dir.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            let pages = pictures(&drawings, &captions, is_svg(file))?;
            let names = (1..=pages.len()).map(|page| page_name(file, page, pages.len()));
            (dir, names.zip(pages.clone()).collect())
        }
        (png, svg, None) => {
            let (dir, extension) = if svg.is_some() {
                (svg, "svg")
            } else {
                (png, "png")
            };
            let mut images: Vec<(String, Vec<u8>)> = Vec::new();
            for ((number, drawing), caption) in chosen.iter().zip(&drawings).zip(&captions) {
                let name = format!("{kind}-{number}of{total}.{extension}");
                // Asked for twice, it is one file all the same.
                if images.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                let pages = pictures(
                    std::slice::from_ref(drawing),
                    std::slice::from_ref(caption),
                    svg.is_some(),
                )?;
                images.extend(pages.into_iter().map(|page| (name.clone(), page)));
            }
            (dir.as_deref().unwrap_or(Path::new(".")), images)
        }
    };
    let files: Vec<NewFile<'_>> = images
        .iter()
        .map(|(name, content)| NewFile::readable(name.clone(), content, args.force))
        .collect();
    if args.out.is_some() {
        fsio::write_named(dir, &files)
    } else {
        fsio::write_all(dir, &files)
    }?;
    Ok(images.iter().map(|(name, _)| dir.join(name)).collect())
}

/// Returns the name of a page: the sheet's own name or, of several pages, with the number before
/// its ending.
fn page_name(sheet: &Path, page: usize, pages: usize) -> String {
    let text =
        |part: Option<&std::ffi::OsStr>| crate::outside::stored_path(part.unwrap_or_default());
    match pages {
        1 => text(sheet.file_name()),
        _ => format!(
            "{}-{page}of{pages}.{}",
            text(sheet.file_stem()),
            text(sheet.extension())
        ),
    }
}
