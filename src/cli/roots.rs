//! `hsmboot roots`: lists the trusted roots, and examines a file that may become one.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::args::{read_root, unreadable_root_error};
use super::ui::{CommandOutput, Effect, StyledText, YELLOW, styled};
use crate::bundle::counted_noun;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::generation::{Generation, PublishedRoot};
use crate::outside::{Lines, shown_path};
use crate::verify::{Anchor, Anchors, IssuedCertificate, Side, roots_in};
use crate::x509::name::{common_name_text, same_name};
use crate::x509::{Certificate, Moment, NameText, name_text, to_hex};

/// List the built-in roots, or look at a file that holds one
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  hsmboot roots
  hsmboot roots show mrvl-rsa-LS2-AR-v1.crt

Exit codes: 0 done; others as each command says"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands about roots.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    #[allow(missing_docs)]
    // clap takes a doc comment here for the help text, in place of the one on the arguments
    Show(ShowArgs),
}

/// Say what a root file holds, its fingerprint and its end, and judge it. Trusts nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The fingerprint is to be compared with what the maker publishes, or with what a colleague reads \
from a download of their own: a file says of itself what it likes.

Examples:
  hsmboot roots show mrvl-rsa-LS2-AR-v1.crt
  hsmboot roots show AWS_CloudHSM_Root-G1.crt --output json

Exit codes: 0 it may be given as a root; 3 it is no root, or another one than its name says; 4 it \
cannot be read")]
pub struct ShowArgs {
    /// The file: PEM, with text around it or not, or DER
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// A built-in anchor.
#[derive(Serialize)]
pub(super) struct BuiltInRoot {
    side: Side,
    pub(super) subject: NameText,
    key: String,
    pub(super) key_sha256: String,
    pub(super) certificates: Vec<IssuedCertificate>,
}

/// A certificate in a file that may be given as a root.
#[derive(Serialize)]
struct RootCandidate {
    subject: NameText,
    issuer: NameText,
    key: String,
    key_sha256: String,
    certificate_sha256: String,
    not_before: Moment,
    not_after: Moment,
    /// A description of the certificate, as far as it is known.
    what: String,
    /// The reasons not to give it as a root.
    faults: Vec<String>,
    /// Other facts worth knowing.
    notes: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<CommandOutput> {
    match &args.command {
        None => Ok(list_roots()),
        Some(Command::Show(args)) => show_roots(&args.file),
    }
}

/// Returns the anchors that are built in: AWS's first.
pub(super) fn built_in_roots() -> Vec<BuiltInRoot> {
    let anchors = Anchors::built_in();
    let of = |side| {
        anchors
            .of_side(side)
            .iter()
            .map(move |anchor| (side, anchor))
    };
    Side::ALL
        .into_iter()
        .flat_map(of)
        .map(|(side, anchor)| describe_anchor(side, anchor))
        .collect()
}

fn list_roots() -> CommandOutput {
    let now = super::now();
    let built_in = built_in_roots();
    let published: Vec<&PublishedRoot> = PublishedRoot::all().collect();
    let mut text = StyledText::from("built in\n");
    for root in &built_in {
        text.push_str(&format!(
            "  {} of {}\n    key          {}, SHA-256 {}\n",
            root.subject,
            root.side.chain_noun(),
            root.key,
            root.key_sha256
        ));
        for certificate in &root.certificates {
            let print = certificate
                .sha256
                .as_deref()
                .map(|print| format!(", SHA-256 {print}"))
                .unwrap_or_default();
            text.push_str(&format!(
                "    certificate  {} to {}{print}\n",
                certificate.not_before, certificate.not_after
            ));
            if now > certificate.not_after {
                text.push(styled(
                    YELLOW,
                    "    note         this certificate has expired; the key goes on\n",
                ));
            }
        }
    }
    text.push_str(
        "published elsewhere, and to be given with an option: nobody here has seen them\n",
    );
    for root in &published {
        text.push_str(&published_lines(root));
    }
    text.push_str(AFTER_EXPIRY);
    let summary = format!(
        "{} built in, {} published elsewhere",
        counted_noun(built_in.len(), "root"),
        counted_noun(published.len(), "root")
    );
    let document = json!({
        "built_in": built_in, "published": published, "after_the_end": AFTER_EXPIRY.trim(),
    });
    CommandOutput::success(Effect::Unchanged, document, text).summarized(summary)
}

/// The note on the AWS root, whose only certificate ends on 2027-04-26.
const AFTER_EXPIRY: &str = "\
A root here is a name and a key (RFC 5280 6.1.1 d): when its certificate ends, as AWS's does on \
2027-04-26, chains under the same key go on being verified, with a note. \
A successor will have another key. None is known: AWS would name it in the guide (Verify HSM \
Identity), and it would be given with --aws-root.
";

fn published_lines(root: &PublishedRoot) -> String {
    let name = root
        .common_name
        .map(|name| format!(", CN {name}"))
        .unwrap_or_default();
    let browser = if root.browser {
        " (with a browser: scripts are refused)"
    } else {
        ""
    };
    let file = root.file.map_or_else(
        || {
            format!(
                "the file in {}, whatever it is called",
                root.download_name()
            )
        },
        str::to_owned,
    );
    format!(
        "  {file}{name}: of {}, {}\n    page         {}{browser}\n    archive      {}\n    \
         option       {}\n",
        root.of,
        root.side.chain_noun(),
        root.page,
        root.archive,
        root.option
    )
}

fn describe_anchor(side: Side, anchor: &Anchor) -> BuiltInRoot {
    BuiltInRoot {
        side,
        subject: name_text(anchor.subject()),
        key: anchor.public_key().describe(),
        key_sha256: to_hex(anchor.spki_sha256()),
        certificates: anchor.known_certificates(),
    }
}

fn show_roots(file: &Path) -> Result<CommandOutput> {
    let content = read_root(file)?;
    let certificates =
        roots_in(&content, &shown_path(file)).map_err(|fault| unreadable_root_error(&fault))?;
    let now = super::now();
    let found: Vec<RootCandidate> = certificates
        .iter()
        .map(|certificate| judge_root(certificate, now))
        .collect();
    let mut text = StyledText::new();
    for root in &found {
        text.push_str(&format!(
            "{}\n  what         {}\n  issuer       {}\n  key          {}, SHA-256 {}\n  \
             certificate  SHA-256 {}\n  valid        {} to {}\n",
            root.subject,
            root.what,
            root.issuer,
            root.key,
            root.key_sha256,
            root.certificate_sha256,
            root.not_before,
            root.not_after
        ));
        root.notes
            .iter()
            .for_each(|note| text.push(styled(YELLOW, format!("  note         {note}\n"))));
        root.faults.iter().for_each(|fault| {
            text.push(styled(super::ui::RED, format!("  fault        {fault}\n")))
        });
    }
    text.push_str(
        "Compare the certificate's SHA-256 with what the maker or a colleague publishes \
                   before you give the file as a root.\n",
    );
    let faults: Vec<String> = found
        .iter()
        .flat_map(|root| {
            root.faults
                .iter()
                .map(|fault| format!("  {}: {fault}", root.subject))
        })
        .collect();
    let error = (!faults.is_empty()).then(|| {
        Error::new(
            ErrorKind::RootUnfit,
            Lines::from(format!("{} is not to be given as a root", shown_path(file)))
                .followed_by(faults),
            "download it again from the maker's page, which `hsmboot roots` names",
        )
        .with_fact(FactName::File, file)
    });
    let summary = format!(
        "{}: {}",
        shown_path(file),
        counted_noun(found.len(), "root")
    );
    let document = json!({ "roots": found, "fit": error.is_none() });
    Ok(CommandOutput::with_error(Effect::Unchanged, document, text, error).summarized(summary))
}

fn judge_root(certificate: &Certificate, now: Moment) -> RootCandidate {
    let anchors = Anchors::built_in();
    let built_in = || {
        Side::ALL.into_iter().flat_map(|side| {
            anchors
                .of_side(side)
                .iter()
                .map(move |anchor| (side, anchor))
        })
    };
    let named = |anchor: &Anchor| same_name(anchor.subject(), certificate.subject());
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    let common_name = common_name_text(certificate.subject());
    let known = built_in().find(|(_, anchor)| {
        named(anchor) && anchor.public_key().same_numbers(certificate.public_key())
    });
    let what = if let Some((side, anchor)) = known {
        let print = to_hex(&certificate.fingerprint());
        let published = anchor
            .known_certificates()
            .iter()
            .any(|issued| issued.sha256.as_deref() == Some(&print));
        let how = if published {
            ""
        } else {
            ", in a certificate whose fingerprint hsmboot does not have"
        };
        format!(
            "the built-in root of {}: the same name and key{how}",
            side.chain_noun()
        )
    } else if let Some((side, _)) = built_in().find(|(_, anchor)| named(anchor)) {
        faults.push("it has a built-in root's name and another key".to_owned());
        format!("not the built-in root of {}", side.chain_noun())
    } else if let Some((side, _)) =
        built_in().find(|(_, anchor)| anchor.public_key().same_secret(certificate.public_key()))
    {
        faults.push("it has a built-in root's key and another name".to_owned());
        format!("not the built-in root of {}", side.chain_noun())
    } else if let Some(root) = PublishedRoot::all()
        .find(|root| common_name.is_some() && root.common_name == common_name.as_deref())
    {
        format!(
            "by its CN the root of {}: {}. hsmboot knows no fingerprint of it",
            root.of,
            root.side.chain_noun()
        )
    } else if Generation::all_facts()
        .flat_map(|facts| facts.foreign_roots)
        .any(|name| common_name.as_deref() == Some(name))
    {
        notes.push("no chain of AWS CloudHSM is known to end there".to_owned());
        "by its CN another customer's root of the same maker's hardware".to_owned()
    } else {
        "a root that hsmboot does not know".to_owned()
    };
    if !same_name(certificate.issuer(), certificate.subject()) {
        faults.push(format!(
            "it is no root: it was issued by {}",
            name_text(certificate.issuer())
        ));
    } else if !certificate.is_signed_by(certificate.public_key()) {
        let judged = crate::x509::SignatureAlgorithm::from_der(certificate.outer_algorithm());
        match judged {
            Ok(_) => faults.push(
                "its own key did not sign it: it was changed, or is not what it says".to_owned(),
            ),
            Err(fault) => notes.push(format!("its own signature was not judged: {fault}")),
        }
    }
    faults.extend(
        certificate
            .public_key()
            .check_usable()
            .err()
            .map(|fault| format!("it holds {fault}, under which no chain is verified")),
    );
    let extensions = certificate.extensions();
    if extensions
        .basic_constraints
        .is_some_and(|constraints| !constraints.ca)
    {
        faults.push("it says that it is no CA's: basicConstraints CA:FALSE".to_owned());
    }
    if now > certificate.not_after() || now < certificate.not_before() {
        notes.push(format!(
            "outside its dates at {now}; a root is a name and a key (RFC 5280 6.1.1 \
                            d), so chains are verified all the same"
        ));
    }
    notes.extend(
        certificate
            .tolerated_faults()
            .iter()
            .map(ToString::to_string),
    );
    RootCandidate {
        subject: name_text(certificate.subject()),
        issuer: name_text(certificate.issuer()),
        key: certificate.public_key().describe(),
        key_sha256: to_hex(certificate.spki_sha256()),
        certificate_sha256: to_hex(&certificate.fingerprint()),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        what,
        faults,
        notes,
    }
}
