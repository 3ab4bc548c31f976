//! `hsmboot ca init`, `hsmboot ca show`

mod issuer;
mod order;
mod show;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{PassphraseArgs, WeakPassphraseArgs};
#[cfg(feature = "awskms")]
use super::aws::CaAccessArgs;
use super::code::group_digits;
use super::key::{KeyAccess, new_ca_key_help};
use super::token::TokenArgs;
use super::ui::{CommandOutput, Effect, Ui, path_value, with_members};
use crate::bundle::{CA_FILE, CA_KEY_FILE, CHAIN_FILE, Fingerprint};
use crate::ca::{
    CaFact, CaSummary, EchoHold, KeySource, KeyType, Provided, backends_elsewhere, parse_subject,
};
use crate::error::{Error, Result};
use crate::fsio::{self, NewFile};
use crate::outside::shown_path;
use crate::sign::DEFAULT_DAYS;
use crate::x509::TrustAnchor;
use issuer::IssuerArgs;
pub(crate) use order::{CaOrder, check_free};
use show::{ShowArgs, show_ca};

/// Make a CA for claiming clusters, or look at one
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA,O=Example,C=DE'
  hsmboot ca show ./ca/customerCA.crt

Exit codes: 0 done; others as each command says")]
pub enum Command {
    Init(Box<InitArgs>),
    Show(ShowArgs),
}

/// Make a CA: customerCA.crt (or chainCA.crt, under another CA), and customerCA.key encrypted under
/// a passphrase, or a key on a token
#[derive(Debug, clap::Args)]
#[command(after_help = init_help())]
pub struct InitArgs {
    /// The directory to write customerCA.crt (or chainCA.crt) and customerCA.key into
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// The CA's name: an RFC 4514 string, most specific part first (CN=A,C=DE), or as openssl takes
    /// it (/C=DE/CN=A)
    #[arg(long, value_name = "DN")]
    subject: String,
    /// A new key's type: rsa-4096 (default), rsa-3072, rsa-2048, p256 or p384
    #[arg(long, value_name = "T", value_parser = parse_key_type)]
    key_type: Option<KeyType>,
    #[arg(long, value_name = "KEY", help = new_ca_key_help())]
    ca_key: Option<PathBuf>,
    /// The days that the CA lasts
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_DAYS,
        value_parser = clap::value_parser!(u32).range(1..=36525),
    )]
    days: u32,
    /// Write the key without encryption
    #[arg(long, conflicts_with_all = ["passphrase", "ca_key"])]
    no_passphrase: bool,
    /// Replace files of other content
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    weak: WeakPassphraseArgs,
    #[command(flatten)]
    token: TokenArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    access: CaAccessArgs,
}

/// What follows the options of `ca init` in its help.
fn init_help() -> String {
    let absent: Vec<&str> = backends_elsewhere()
        .map(|backend| backend.absent_key_help)
        .filter(|help| !help.is_empty())
        .collect();
    format!(
        "With --ca-key the key is the one that is there, and customerCA.crt alone is written. {} \
         With --issuer the CA is an intermediate under that one: chainCA.crt holds it and all \
         above it, and is the trust anchor (--ca).\n\n{INIT_EXAMPLES}",
        absent.join(" ")
    )
}

const INIT_EXAMPLES: &str = "\
Examples:
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA,O=Example,C=DE'
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA' --key-type p384 --passphrase-file \
pass.txt
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA' --ca-key \
'pkcs11:token=ca;object=ca-key' --pkcs11-module /usr/lib/softhsm/libsofthsm2.so
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA' --ca-key awskms:alias/cloudhsm-ca \
--region eu-central-1
  hsmboot ca init --out ./ca --subject 'CN=Example CloudHSM CA' --issuer ./root/customerCA.crt \
--issuer-key ./root/customerCA.key

Exit codes: 0 made; 2 wrong command line; 5 no passphrase, the token or the key does not sign, or \
an issuer that CloudHSM would refuse; 6 AWS KMS refused or cannot be reached; \
8 there is one already";

pub(crate) fn parse_key_type(text: &str) -> std::result::Result<KeyType, String> {
    text.parse()
        .map_err(|fault: Error| format!("{}: {}", fault.message, fault.hint))
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Init(args) => init_ca(args, ui),
        Command::Show(args) => show_ca(args),
    }
}

fn init_ca(args: &InitArgs, ui: &Ui) -> Result<CommandOutput> {
    let subject = parse_subject(&args.subject)?;
    let elsewhere = args.ca_key.as_deref().map(KeySource::parse).transpose()?;
    let named = args.issuer.read_issuer(&subject, super::now())?;
    let file = if named.is_some() { CHAIN_FILE } else { CA_FILE };
    // A chain beside a certificate that stands there already would not be the one that is taken.
    let files = [CA_FILE, CHAIN_FILE];
    let files = if named.is_some() {
        &files[..]
    } else {
        files.get(..1).unwrap_or_default()
    };
    #[cfg(feature = "awskms")]
    let aws = {
        let issuer = named.as_ref().map(|named| &named.source);
        args.access.options_for(elsewhere.iter().chain(issuer))?
    };
    let places: Vec<&str> = elsewhere
        .is_none()
        .then_some(CA_KEY_FILE)
        .into_iter()
        .chain(files.iter().copied())
        .collect();
    check_free(&args.out, &places, args.force)?;
    // From the issuer's passphrase to the new one, nothing that is typed is shown.
    let hold = EchoHold::start();
    let issuer = match named {
        None => None,
        Some(named) => Some(named.open_key(
            &args.issuer,
            &args.token,
            #[cfg(feature = "awskms")]
            aws.clone(),
            ui,
        )?),
    };
    let (key_type, issuer) = (args.key_type.unwrap_or_default(), issuer.as_ref());
    let order = CaOrder {
        subject: &subject,
        key_type,
        days: args.days,
        force: args.force,
        file,
        issuer,
    };
    if let Some(source) = elsewhere {
        let access = KeyAccess {
            passphrase: &args.passphrase,
            token: &args.token,
            certificate: None,
            bundles: &[],
            #[cfg(feature = "awskms")]
            aws,
        };
        return init_elsewhere(args, &order, &source, &access, ui);
    }
    let key_path = args.out.join(CA_KEY_FILE);
    let passphrase = match args.no_passphrase {
        true => None,
        false => {
            let source = args.passphrase.source();
            if let Some(warning) = source.storage_warning() {
                ui.warn(warning.to_string());
            }
            Some(source.for_new_key(&key_path, args.weak.rule())?)
        }
    };
    drop(hold);
    if passphrase.is_none() {
        ui.warn(format!(
            "{} is written without encryption: whoever can read it can sign as this CA",
            shown_path(&key_path)
        ));
    }
    let (made, _) = order.make_ca(passphrase.as_ref(), ui, |files| {
        fsio::write_all(&args.out, files)
    })?;
    let mut text = format!(
        "made a CA\n  {:16} {}\n  key              {}\n",
        order.file_noun(),
        shown_path(args.out.join(file)),
        shown_path(&key_path)
    );
    text.push_str(&describe_chain(&made));
    text.push_str(
        "keep the key and its passphrase offline and apart: they decide who owns every \
                   cluster that this CA claims\n",
    );
    let key = json!({ "key": path_value(&key_path), "key_encrypted": passphrase.is_some() });
    let document = with_members(ca_document(&made, &args.out.join(file)), key);
    let summary = format!("made a CA, {}", summary_name(made.signing_ca()));
    Ok(CommandOutput::success(Effect::Changed, document, text).summarized(summary))
}

/// Makes a CA whose key has its own place: on a token, in AWS KMS, or in an existing file.
fn init_elsewhere(
    args: &InitArgs,
    order: &CaOrder<'_>,
    source: &KeySource,
    access: &KeyAccess<'_>,
    ui: &Ui,
) -> Result<CommandOutput> {
    let Provided { loaded, made, name } = access.provide_key(source, args.key_type, ui)?;
    let path = args.out.join(order.file);
    let kept = |mut error: Error| {
        if made {
            error.message = error.message.followed_by(format!(
                "  the key was made all the same, and stays: {name}"
            ));
            error.hint = error
                .hint
                .followed_by("the same command goes on with that key");
        }
        error
    };
    let certified = order.certify_key(loaded.key.as_ref()).map_err(kept)?;
    let text = certified.to_pem();
    let file = NewFile::readable(order.file, text.as_bytes(), order.force);
    fsio::write_all(&args.out, &[file]).map_err(kept)?;
    let how = if made {
        format!("made {}; it cannot leave it", source.backend().place)
    } else {
        "was there already".to_owned()
    };
    let mut text = format!(
        "made a CA\n  {:16} {}\n  key              {name}\n                   {how}\n",
        order.file_noun(),
        shown_path(&path)
    );
    text.push_str(&describe_chain(&certified));
    text.push_str("keep the key safe: it decides who owns every cluster that this CA claims\n");
    let key = json!({ "key": name, "key_made": made });
    let document = with_members(ca_document(&certified, &path), key);
    let summary = format!("made a CA, {}", summary_name(certified.signing_ca()));
    Ok(CommandOutput::success(Effect::Changed, document, text).summarized(summary))
}

/// Returns a CA's subject, for a summary.
fn summary_name(ca: &crate::x509::Certificate) -> String {
    crate::x509::name_text(ca.subject()).to_string()
}

fn ca_document(made: &TrustAnchor, path: &Path) -> serde_json::Value {
    let describe = |ca| summary_document(&CaSummary::from_certificate(ca));
    let chain: Vec<_> = made.certificates_above().iter().map(describe).collect();
    json!({
        "certificate": path_value(path), "ca": describe(made.signing_ca()), "chain": chain,
    })
}

/// Returns a CA's description for programs, with its code.
fn summary_document(summary: &CaSummary) -> serde_json::Value {
    let code = json!({ "code": Fingerprint::of_ca(&summary.sha256) });
    with_members(serde_json::to_value(summary).unwrap_or_default(), code)
}

/// Returns the lines that describe the CA and name the CAs above it.
fn describe_chain(made: &TrustAnchor) -> String {
    let above = |ca: &crate::x509::Certificate| {
        format!(
            "  {:16} {}\n",
            "under",
            crate::x509::name_text(ca.subject())
        )
    };
    summary_lines(&CaSummary::from_certificate(made.signing_ca()))
        + &made
            .certificates_above()
            .iter()
            .map(above)
            .collect::<String>()
}

fn summary_lines(summary: &CaSummary) -> String {
    let mut lines: String = summary
        .to_lines()
        .iter()
        .map(|(fact, value)| match fact {
            CaFact::Sha256 | CaFact::KeySha256 => (fact.name(), group_digits(value)),
            _ => (fact.name(), value.clone()),
        })
        .map(|(name, value)| format!("  {name:16} {value}\n"))
        .collect();
    let code = Fingerprint::of_ca(&summary.sha256);
    lines.push_str(&format!("  {:16} {code}\n", "code"));
    lines
}
