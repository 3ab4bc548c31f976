//! `hsmboot qr show`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::screen::{self, Shown};
use crate::bundle::archive::{self, Members};
use crate::bundle::{Bundle, Digests, Part};
use crate::cli::sign;
use crate::cli::ui::{Outcome, Ui, path_value};
use crate::error::{Class, Error, Result};
use crate::fsio::{self, NewFile};
use crate::qr::draw::{self, Drawing};
use crate::qr::{Kind, parts};
use crate::x509::{hex, sha256};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
On a terminal the codes come one after the other: Enter goes on, a number shows that part again. Elsewhere they come all in a row. Nothing is \
written into the bundle.

Examples:
  hsmboot qr show ./cluster-abc234defgh
  hsmboot qr show ./cluster-abc234defgh --response --png ./codes
  hsmboot qr show claim.hsmboot -o sheet.svg

Exit codes: 0 drawn; 2 the terminal is too small; 4 no bundle, or no response in it; 8 files of other content stand there")]
pub struct Args {
    /// The bundle
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// What goes back from the CA, instead of the request
    #[arg(long)]
    response: bool,
    /// Write a PNG for each code into this directory
    #[arg(long, value_name = "DIR", group = "target")]
    png: Option<PathBuf>,
    /// Write an SVG for each code into this directory
    #[arg(long, value_name = "DIR", group = "target")]
    svg: Option<PathBuf>,
    /// Write all codes on one sheet; the name ends in .png or .svg
    #[arg(long, short = 'o', value_name = "FILE", group = "target", value_parser = sheet_name)]
    out: Option<PathBuf>,
    /// Draw this part alone (may repeat)
    #[arg(long, value_name = "N")]
    part: Vec<usize>,
    /// Replace images of other content
    #[arg(long, requires = "target")]
    force: bool,
}

fn sheet_name(text: &str) -> std::result::Result<PathBuf, String> {
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

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let bundle = Bundle::open(&args.dir)?;
    let kind = if args.response { Kind::Response } else { Kind::Request };
    let members = files(&bundle, kind)?;
    let fingerprint = super::fingerprint(&bundle, kind)?;
    let archive = archive::write(&members).map_err(|fault| {
        Error::new(
            Class::Input,
            "private-key",
            format!("{}: {fault}", args.dir.display()),
            "take it out of the bundle; if it has travelled, consider it lost",
        )
    })?;
    let on_screen = args.png.is_none() && args.svg.is_none() && args.out.is_none();
    let interactive = on_screen && screen::is_interactive(ui);
    let version = if interactive { screen::largest_version()? } else { draw::LARGEST };
    let texts = parts::split(kind, &archive, draw::characters(version)).ok_or_else(|| too_much(&args.dir))?;
    let drawings = draw::draw(&texts).ok_or_else(|| too_much(&args.dir))?;
    let total = texts.len();
    let chosen = chosen(&args.part, total)?;
    let caption = |number: &usize| format!("{kind} {number} of {total}  {}  {fingerprint}", bundle.id());
    let codes: Vec<(usize, &Drawing)> = chosen.iter().filter_map(|number| Some((*number, drawings.get(number.checked_sub(1)?)?))).collect();
    let captions: Vec<String> = chosen.iter().map(caption).collect();
    let written = write(args, kind, total, &codes, &captions)?;
    let shown = Shown { kind, total, captions: &captions, codes: &codes, drawings: &drawings, bundle: &bundle };
    let mut text = String::new();
    if interactive {
        shown.one_by_one(caption)?;
    } else if on_screen {
        text = shown.in_a_row();
    }
    for path in &written {
        text.push_str(&format!("wrote {}\n", path.display()));
    }
    text.push_str(&format!("fingerprint of the {kind}  {fingerprint}\n"));
    let parts: Vec<_> =
        chosen.iter().filter_map(|number| Some(json!({ "part": number, "of": total, "text": texts.get(number.checked_sub(1)?)? }))).collect();
    let digests: Digests = members.iter().map(|(name, content)| (name.clone(), hex(&sha256(content)))).collect();
    let document = json!({
        "bundle": path_value(bundle.path()),
        "cluster_id": bundle.id(),
        "kind": kind.as_str(),
        "fingerprint": fingerprint,
        "files": digests,
        "codes": parts,
        "written": written.iter().map(|path| path_value(path)).collect::<Vec<_>>(),
    });
    Ok(Outcome::done(document, text))
}

/// What travels, and that it is whole.
fn files(bundle: &Bundle, kind: Kind) -> Result<Members> {
    if kind == Kind::Response {
        sign::signed_already(bundle)?;
    }
    let signed = bundle.has(Part::SignedCert);
    let mut names = kind.files(bundle.id());
    // The record of a judgement that a response is there for belongs to that response.
    names.retain(|name| kind == Kind::Response || !signed || name != crate::bundle::VERIFICATION);
    bundle.some(&names)
}

fn too_much(dir: &Path) -> Error {
    Error::new(
        Class::Input,
        "file-too-large",
        format!("{} is too large to be carried by camera: it takes more than {} codes", dir.display(), parts::MAX_PARTS),
        "carry it as one file: `hsmboot pack`",
    )
}

/// The parts to draw: all, or those that were asked for.
fn chosen(asked: &[usize], total: usize) -> Result<Vec<usize>> {
    if let Some(wrong) = asked.iter().find(|number| !(1..=total).contains(*number)) {
        return Err(Error::new(
            Class::Usage,
            "usage",
            format!(
                "there is no part {wrong}: drawn at this size, {} {total}",
                if total == 1 { "there is only part" } else { "there are parts 1 to" }
            ),
            "what `hsmboot qr read` calls missing is a number within those",
        ));
    }
    Ok(if asked.is_empty() { (1..=total).collect() } else { asked.to_vec() })
}

/// Writes the images, all or none; their paths.
fn write(args: &Args, kind: Kind, total: usize, codes: &[(usize, &Drawing)], captions: &[String]) -> Result<Vec<PathBuf>> {
    let drawings: Vec<Drawing> = codes.iter().map(|(_, drawing)| (*drawing).clone()).collect();
    let picture = |drawings: &[Drawing], captions: &[String], svg: bool| match svg {
        true => Ok(draw::svg(drawings, captions).into_bytes()),
        false => {
            draw::png(drawings).ok_or_else(|| Error::new(Class::Machine, "bug", "a code cannot be drawn as PNG", "please report it, and take SVG"))
        }
    };
    let (dir, names, images): (&Path, Vec<String>, Vec<Vec<u8>>) = match (&args.png, &args.svg, &args.out) {
        (None, None, None) => return Ok(Vec::new()),
        (_, _, Some(file)) => {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            (dir, vec![name], vec![picture(&drawings, captions, is_svg(file))?])
        }
        (png, svg, None) => {
            let (dir, extension) = if svg.is_some() { (svg, "svg") } else { (png, "png") };
            let names = codes.iter().map(|(number, _)| format!("{kind}-{number}of{total}.{extension}")).collect();
            let single = drawings.iter().zip(captions);
            let images = single.map(|(drawing, caption)| picture(std::slice::from_ref(drawing), std::slice::from_ref(caption), svg.is_some()));
            (dir.as_deref().unwrap_or(Path::new(".")), names, images.collect::<Result<_>>()?)
        }
    };
    let file = |(name, content): (&String, &Vec<u8>)| (name.clone(), content.clone());
    let named: Vec<(String, Vec<u8>)> = names.iter().zip(&images).map(file).collect();
    let files: Vec<NewFile<'_>> =
        named.iter().map(|(name, content)| NewFile { name: name.clone(), content, mode: 0o644, replace: args.force }).collect();
    fsio::write_all(dir, &files)?;
    Ok(names.iter().map(|name| dir.join(name)).collect())
}
