//! `hsmboot sign`

mod before;
#[cfg(feature = "awskms")]
mod issuer;
mod response;

#[cfg(any(feature = "online", feature = "qr"))]
pub(crate) use before::signed_already;
pub(crate) use before::{already_signed, check_places, fit_ca, grounds, signed_before};
#[cfg(feature = "online")]
pub(crate) use response::notes;
pub(crate) use response::{Signed, Told, note_subject, show_notes};

use std::path::{Path, PathBuf};

use super::args::{PassphraseArgs, TrustArgs};
#[cfg(feature = "awskms")]
use super::aws::CaAccessArgs;
use super::expect::{ExpectArgs, Side};
use super::hardware;
use super::key::{KeyAccess, ca_key_help};
use super::owner::NamedCa;
use super::step::{StepArgs, judged, refuse_gaps, seal, warn_of_gaps};
use super::token::TokenArgs;
use super::ui::{Outcome, Ui};
use crate::bundle::{Bundle, Digests, Fingerprint, Origin, Step, Store, Transcript, Waiver};
use crate::ca::KeySource;
use crate::check::Pair;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::outside::shown;
use crate::owner::Owner;
use crate::sign::{Ca, DEFAULT_DAYS, Grounds, Terms, issue};
use crate::verify::{self as engine, Evidence, Judgement};
use crate::x509::{Moment, TrustAnchor, hex};

/// Verify a bundle, then sign its CSR with your CA
#[derive(Debug, clap::Args)]
#[cfg_attr(
    feature = "awskms",
    command(
        override_usage = "hsmboot sign [OPTIONS] --ca <FILE> --ca-key <KEY> <DIR>\n       hsmboot \
                          sign [OPTIONS] --ca-arn <ARN> <DIR>"
    )
)]
#[command(after_help = "\
Examples:
  hsmboot sign ./cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key ./ca/customerCA.key
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key --passphrase-env CA_PASSPHRASE \
--days 1826
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key 'pkcs11:token=ca' --pkcs11-module \
/usr/lib/softhsm/libsofthsm2.so

Exit codes: 0 signed, or signed by this CA already; 3 the HSM's identity is not proven, or the \
fingerprint is another one or was not given; 4 malformed input; 5 the CA cannot \
sign; 8 signed otherwise already; for a CA that is a service also 3 it is not the one of \
--ca-fingerprint; 6 it refused or cannot be reached; 7 not in time")]
pub struct Args {
    /// The bundle
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    ca: CaArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Sign although the bundle does not verify: nothing then proves that the key is an HSM's
    /// (needs --reason)
    #[arg(long)]
    unverified: bool,
    /// Seal the transcript, which must account for the bundle's files, with the CA's key: nothing
    /// up to this step can then be changed unseen
    #[arg(long)]
    seal: bool,
    #[command(flatten)]
    step: StepArgs,
    /// Sign again, over files of other content
    #[arg(long)]
    force: bool,
}

/// The CA that signs.
#[derive(Debug, clap::Args)]
pub struct CaArgs {
    /// The CA's certificate, which becomes the trust anchor; or its chain: this CA first, its root
    /// last
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    #[cfg_attr(feature = "awskms", arg(required_unless_present = "ca_arn"))]
    #[cfg_attr(not(feature = "awskms"), arg(required = true))]
    ca: Option<PathBuf>,
    #[arg(long, value_name = "KEY", help = ca_key_help(), requires = "ca")]
    ca_key: Option<PathBuf>,
    /// How many days the signed certificate lasts, at most until the CA's own end
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_DAYS,
        value_parser = clap::value_parser!(u32).range(1..=36525),
    )]
    days: u32,
    #[command(flatten)]
    token: TokenArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    issuer: issuer::IssuerArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    access: CaAccessArgs,
}

/// The CA, as the command line names it.
enum Signer {
    /// A certificate and its key.
    Own {
        certificate: PathBuf,
        source: KeySource,
    },
    /// AWS Private CA.
    #[cfg(feature = "awskms")]
    Service(crate::pca::CaArn),
}

impl CaArgs {
    fn signer(&self) -> Result<Signer> {
        #[cfg(feature = "awskms")]
        if let Some(arn) = self.issuer.arn()? {
            return Ok(Signer::Service(arn));
        }
        let (Some(certificate), Some(key)) = (&self.ca, &self.ca_key) else {
            return Err(Error::new(
                ErrorKind::Usage,
                "--ca and --ca-key are missing",
                "hsmboot sign --help",
            ));
        };
        let source = KeySource::parse(key)?;
        #[cfg(feature = "awskms")]
        self.access.options_for([&source])?;
        Ok(Signer::Own {
            certificate: certificate.clone(),
            source,
        })
    }
}

/// What is signed, on what grounds, and how that is written down.
struct Work<'a> {
    args: &'a Args,
    ui: &'a Ui,
    bundle: &'a Bundle,
    evidence: &'a Evidence,
    judgement: &'a Judgement,
    grounds: Grounds<'a>,
    waiver: Option<Waiver>,
    /// The roots that were given: SHA-256 by file.
    roots: Digests,
    /// When the evidence was judged.
    now: Moment,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(args.unverified, false)?;
    let signer = args.ca.signer()?;
    let (anchors, roots) = args.trust.anchors_and_files(&Store::at(&args.dir))?;
    let bundle = Bundle::open(&args.dir)?;
    bundle.check_ready()?;
    if args.seal {
        refuse_gaps(&bundle)?;
    } else {
        warn_of_gaps(&bundle, ui);
    }
    let evidence = bundle.evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::of(args.unverified, args.trust.reason.as_deref());
    hardware::alarm(&judgement.record, hardware::mode(None, &bundle), ui);
    let grounds = grounds(&judgement, &bundle, waiver.as_ref(), &args.trust, ui)
        .map_err(|error| super::binary::told_of(error, &bundle, &evidence))?;
    let recorded = waiver
        .clone()
        .filter(|_| matches!(grounds, Grounds::Unverified { .. }));
    let work = Work {
        args,
        ui,
        bundle: &bundle,
        evidence: &evidence,
        judgement: &judgement,
        grounds,
        waiver: recorded,
        roots,
        now,
    };
    match signer {
        Signer::Own {
            certificate,
            source,
        } => work.by_own_ca(&certificate, &source),
        #[cfg(feature = "awskms")]
        Signer::Service(arn) => work.by_service(&arn),
    }
}

impl Work<'_> {
    fn by_own_ca(&self, certificate: &Path, source: &KeySource) -> Result<Outcome> {
        let Work { args, ui, now, .. } = *self;
        let named = NamedCa::read(certificate, "--ca", self.bundle.store())?;
        fit_ca(&named.trust_anchor, &shown(certificate), now)?;
        if let Some(done) = self.done_before(&named.trust_anchor, "--ca")? {
            return Ok(done);
        }
        check_places(self.bundle, &named.trust_anchor, args.force)?;
        let compared = self.compare()?;
        let access = KeyAccess {
            passphrase: &args.passphrase,
            token: &args.ca.token,
            certificate: Some(named.trust_anchor.first().clone()),
            bundle: Some(self.bundle.store()),
            #[cfg(feature = "awskms")]
            aws: args.ca.access.options(),
        };
        let key = access.load(source, ui)?;
        let ca = Ca::new(
            named.trust_anchor.to_pem().as_bytes(),
            key.key.as_ref(),
            now,
        )?;
        let owner = named.owner();
        owner.is(ca.trust_anchor(), "the CA that signs")?;
        self.bundle.check_unchanged(args.seal)?;
        let pair = issue(
            &self.grounds,
            &ca,
            &Terms {
                serial: super::random()?,
                now,
                days: args.ca.days,
            },
        )?;
        let seal =
            |sealed: &[u8]| seal(key.key.as_ref(), pair.trust_anchor().first().key(), sealed);
        let step = Step {
            seal: args.seal.then_some(&seal),
            ..self.step(named.given(), &owner, compared)
        };
        self.finish(
            &pair,
            Origin {
                ca_key: key.name.clone().map(Into::into),
                issued_by: None,
            },
            now,
            &step,
            compared,
        )
    }

    /// What an earlier run has signed, where this CA would sign the same again: nothing is asked
    /// for and nothing is changed.
    fn done_before(&self, ca: &TrustAnchor, option: &str) -> Result<Option<Outcome>> {
        let Work {
            args,
            bundle,
            evidence,
            judgement,
            now,
            ..
        } = *self;
        let Some(pair) = signed_before(bundle, ca, option, now, args.force)? else {
            return Ok(None);
        };
        if args.seal && Transcript::read(bundle.store())?.sealed_up_to().is_none() {
            return Err(already_signed(
                bundle,
                "it is this CA's and fits, and no step of the transcript is sealed",
            ));
        }
        let compared = args.expect.expect.is_some() && self.compare()?;
        show_notes(&pair, self.ui);
        let (record, unverified) = (&judgement.record, self.waiver.clone());
        let signed = Signed {
            bundle,
            pair: &pair,
            evidence,
            record,
            unverified,
            origin: Origin::default(),
            signed_at: now,
            force: false,
        };
        let signed = signed.left_before();
        let told = Told {
            request: self.request(),
            compared,
            changed: false,
            again: self.again(&pair),
        };
        Ok(Some(signed.answer(&signed.response(), &told)))
    }

    /// Asks for the fingerprint that the other side read out.
    fn compare(&self) -> Result<bool> {
        self.args.expect.compare(
            self.request(),
            &Side {
                what: "request",
                by: "fetch",
            },
            self.ui,
        )
    }

    fn request(&self) -> Fingerprint {
        Fingerprint::of_request(self.bundle.id(), self.evidence)
    }

    fn step(&self, given: Digests, owner: &Owner, compared: bool) -> Step<'static> {
        Step {
            given: given.into_iter().chain(self.roots.clone()).collect(),
            reason: self.args.trust.reason(),
            unverified: self.waiver.is_some(),
            fingerprint_compared: Some(compared),
            owner: Some(owner.basis().as_str()),
            ..judged(
                self.args.step.begin(self.now),
                &self.judgement.record,
                &self.roots,
            )
        }
    }

    /// What `submit` has to be told: which CA is the owner's, and what judges the bundle alike. A
    /// CA that is a service has no file.
    fn again(&self, pair: &Pair) -> Vec<String> {
        let owner = match &self.args.ca.ca {
            Some(file) => vec!["--ca".to_owned(), hint::path(file, "FILE")],
            None => owner_by_fingerprint(pair.trust_anchor()),
        };
        owner.into_iter().chain(self.args.trust.again()).collect()
    }

    fn finish(
        &self,
        pair: &Pair,
        origin: Origin,
        signed_at: Moment,
        step: &Step<'_>,
        compared: bool,
    ) -> Result<Outcome> {
        let Work {
            args,
            bundle,
            evidence,
            judgement,
            ..
        } = *self;
        show_notes(pair, self.ui);
        let (record, unverified) = (&judgement.record, self.waiver.clone());
        let signed = Signed {
            bundle,
            pair,
            evidence,
            record,
            unverified,
            origin,
            signed_at,
            force: args.force,
        };
        let response = signed.keep(step)?;
        let told = Told {
            request: self.request(),
            compared,
            changed: true,
            again: self.again(pair),
        };
        Ok(signed.answer(&response, &told))
    }
}

/// The options that name a CA by its fingerprint: of its certificate, and of a longer chain its
/// root's too.
fn owner_by_fingerprint(ca: &TrustAnchor) -> Vec<String> {
    let root = ca.above().last().filter(|_| ca.above().len() > 1);
    [Some(ca.first()), root]
        .into_iter()
        .flatten()
        .flat_map(|ca| ["--ca-fingerprint".to_owned(), hex(&ca.fingerprint())])
        .collect()
}
