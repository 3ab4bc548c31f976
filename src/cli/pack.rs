//! `hsmboot pack`, `hsmboot unpack`: a bundle as a directory, and the same bundle as one file.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::BundleArgs;
use super::code::digest_lines;
use super::step::StepArgs;
use super::ui::{CommandOutput, Effect, Ui, path_value};
use crate::bundle::{Arrival, Bundle, SUFFIX, Store, counted_noun};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{join_shown, shown_path};
use crate::x509::to_hex;

/// Put a bundle into one file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The file is a plain tar archive; the same files always give the same bytes. Every command that \
takes a bundle takes such a file as well. Only \
the bundle's own files go into it, and never a private key. Nothing is added to the transcript: it \
is the same bundle.

Examples:
  hsmboot pack ./cluster-abc234defgh -o claim.hsmboot
  hsmboot verify claim.hsmboot

Exit codes: 0 packed, or packed already; 4 no bundle, or a private key lies in it; 8 another file \
stands there")]
pub struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The file to write; its name ends in .hsmboot
    #[arg(long, short = 'o', value_name = "NAME.hsmboot")]
    out: PathBuf,
    /// Replace a file of other content
    #[arg(long)]
    force: bool,
}

/// Take a bundle out of its one file, into a directory
#[derive(Debug, clap::Args)]
#[command(override_usage = "\
hsmboot unpack [OPTIONS] <NAME.hsmboot> <DIR>
       hsmboot unpack [OPTIONS] --bundle <NAME.hsmboot> <DIR>")]
#[command(after_help = "\
Examples:
  hsmboot unpack claim.hsmboot ./cluster-abc234defgh

Exit codes: 0 unpacked, or all there already; 4 the file is no bundle, or damaged; 8 the directory \
holds another cluster's bundle, files of \
other content, or a transcript that goes on differently")]
pub struct UnpackArgs {
    /// The file, and the directory to write into; the latter alone where --bundle names the file
    #[arg(
        value_names = ["NAME.hsmboot", "DIR"],
        num_args = 1..=2,
        required = true
    )]
    paths: Vec<PathBuf>,
    /// The file, as an option
    #[arg(long, value_name = "NAME.hsmboot")]
    bundle: Option<PathBuf>,
    /// Replace files of other content
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let target = Store::at_path(&args.out);
    if !target.is_archive() {
        let fault = format!("no name for a bundle in one file: it must end in {SUFFIX}");
        return Err(usage_error(&args.out, &fault));
    }
    let bundle = ui.open_bundle(args.bundle.path())?;
    let members = bundle.members()?;
    let left_out = bundle.list_strangers()?;
    if !left_out.is_empty() {
        let files = if left_out.len() == 1 {
            "a file of this name"
        } else {
            "files of these names"
        };
        ui.say(format!(
            "left out, since no bundle has {files}: {}",
            join_shown(&left_out, ", ")
        ));
    }
    let (digest, unchanged) = target.pack_members(&members, args.force)?;
    let digest = to_hex(&digest);
    let names: Vec<&String> = members.keys().collect();
    let document = json!({
        "bundle": path_value(&args.out),
        "cluster_id": bundle.id(),
        "from": path_value(args.bundle.path()),
        "files": names,
        "left_out": left_out,
        "sha256": digest,
        "unchanged": unchanged,
    });
    let what = if unchanged {
        "holds already what was to be packed"
    } else {
        "holds"
    };
    let text = format!(
        "{} {what}: {} of {}\n  SHA-256 of the file {digest}\n",
        shown_path(&args.out),
        counted_noun(names.len(), "file"),
        bundle.id()
    );
    Ok(CommandOutput::success(
        Effect::unless(unchanged),
        document,
        text,
    ))
}

impl UnpackArgs {
    /// Returns the file and the directory.
    ///
    /// # Errors
    /// Class `Usage`: one of them is missing, or the file is named twice.
    fn places(&self) -> Result<(&Path, &Path)> {
        match (self.bundle.as_deref(), self.paths.as_slice()) {
            (None, [file, dir]) => Ok((file, dir)),
            (Some(file), [dir]) => Ok((file, dir)),
            (None, _) => Err(Error::new(
                ErrorKind::Usage,
                "the directory to write into is missing",
                "name the file, then the directory: hsmboot unpack NAME.hsmboot DIR",
            )),
            (Some(_), _) => Err(Error::new(
                ErrorKind::Usage,
                "the file is named twice: as --bundle, and as the first argument",
                "leave one of them out",
            )
            .with_fact(FactName::Option, "--bundle")),
        }
    }
}

pub(crate) fn run_unpack(args: &UnpackArgs, ui: &Ui) -> Result<CommandOutput> {
    let (file, dir) = args.places()?;
    if Store::at_path(dir).is_archive() {
        return Err(usage_error(
            dir,
            "a name for a bundle in one file, and a directory is expected",
        ));
    }
    let from = ui.open_bundle(file)?;
    let arrival = Arrival::new(&from, dir, args.force)?;
    let unchanged = arrival.is_there()?;
    if arrival.replaces_later_files() {
        arrival.write_with(&StepArgs::default().begin_step(super::now()))?;
    } else {
        arrival.write()?;
    }
    let bundle = Bundle::open(dir)?;
    let files = arrival.digests();
    let document = json!({
        "bundle": path_value(dir),
        "cluster_id": bundle.id(),
        "from": path_value(file),
        "files": files,
        "unchanged": unchanged,
    });
    let mut text = if unchanged {
        format!(
            "{} is unchanged: {} holds it already\n",
            bundle.id(),
            shown_path(dir)
        )
    } else {
        format!("unpacked {} into {}\n", bundle.id(), shown_path(dir))
    };
    text.push_str(&digest_lines(&bundle, &files));
    Ok(CommandOutput::success(
        Effect::unless(unchanged),
        document,
        text,
    ))
}

fn usage_error(file: &Path, fault: &str) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("`{}` is {fault}", shown_path(file)),
        format!("hsmboot pack DIR -o NAME{SUFFIX}, hsmboot unpack NAME{SUFFIX} DIR"),
    )
    .with_fact(FactName::File, file)
}
