//! `hsmboot ca show`

use std::path::PathBuf;

use serde_json::json;

use super::{summary_document, summary_lines, summary_name};
use crate::bundle::Fingerprint;
use crate::ca::CaSummary;
use crate::cli::code::{CodeOf, another_code_error, ask_code};
use crate::cli::owner::read_trust_anchor;
use crate::cli::ui::{CommandOutput, Effect, with_members};
use crate::error::Result;
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown_path;
use crate::x509::to_hex;

/// Show what a CA certificate says
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot ca show ./ca/customerCA.crt
  hsmboot ca show --output json customerCA.crt

Exit codes: 0 shown, also where CloudHSM would refuse it; 2 wrong command line; 3 with --compare: \
another CA, or not compared; 4 not a certificate")]
pub struct ShowArgs {
    /// The CA's certificate, or chain
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Ask for the CA's code, as it stands on paper, and end with 3 if this is another CA
    #[arg(long)]
    compare: bool,
}

/// The code of a CA.
const CODE: CodeOf = CodeOf {
    what: "CA",
    shown_by: "hsmboot ca show FILE",
};

pub(super) fn show_ca(args: &ShowArgs) -> Result<CommandOutput> {
    let content = fsio::read(&args.file, "a CA certificate", MAX_INPUT)?;
    let trust_anchor = read_trust_anchor(&content, &shown_path(&args.file))?;
    if args.compare {
        let sha256 = to_hex(&trust_anchor.signing_ca().fingerprint());
        let (noted, found) = (ask_code(CODE)?, Fingerprint::of_ca(&sha256));
        if noted != found {
            return Err(another_code_error(CODE, noted, found));
        }
    }
    let summaries: Vec<CaSummary> = trust_anchor
        .certificates()
        .map(CaSummary::from_certificate)
        .collect();
    let judged = crate::check::judge_read_trust_anchor(&trust_anchor, crate::cli::now());
    let (notes, refused) = match judged {
        Ok(notes) => (
            notes
                .into_iter()
                .map(|note| note.detail)
                .collect::<Vec<_>>(),
            None,
        ),
        Err(error) => (Vec::new(), Some(error.message)),
    };
    let mut text: String = summaries
        .iter()
        .map(summary_lines)
        .collect::<Vec<_>>()
        .join("\n  issued by\n");
    if args.compare {
        text.push_str("  the code is the one that was noted\n");
    }
    text.push_str(&match &refused {
        // A service's silence is no promise.
        None => {
            "fit as trust anchor: nothing that CloudHSM documents speaks against it\n".to_owned()
        }
        Some(message) => format!("{message}\n"),
    });
    text.push_str(
        &notes
            .iter()
            .map(|note| format!("  but {note}\n"))
            .collect::<String>(),
    );
    let mut summaries = summaries.iter().map(summary_document);
    let first = summaries.next().unwrap_or_default();
    let members = json!({
        "chain": summaries.collect::<Vec<_>>(),
        "fit_as_trust_anchor": refused.is_none(),
        "notes": notes,
        "refusal": refused,
    });
    let document = with_members(first, members);
    let name = summary_name(trust_anchor.signing_ca());
    let summary = match &refused {
        None => format!("{name}: fit as trust anchor"),
        Some(_) => format!("{name}: not fit as trust anchor"),
    };
    Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
}
