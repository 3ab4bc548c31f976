//! The checks of the HSM: each is declared here once, and its function is named like its id. A line
//! of a record leads here in one search.

mod algorithm;
mod chain;
mod csr;
mod intermediate;
mod pem;
mod profile;
mod validity;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::ParsedEvidence;
use crate::checks::{
    Check, CheckName, FailureMeaning, Finding, Group, Height, Input, Judged, PicturePlace,
    ReadSubject, Remark, Side,
};
use crate::error::Class;
use crate::x509::{Certificate, PublicKey, to_hex};

/// Defines the checks. A row has the check's id, what its failure means, the table that lists it,
/// its place in the report's picture, what judges it, and where it comes from.
macro_rules! checks {
    ($($(#[$doc:meta])+ $check:ident $(($($of:ident: $type:ty),+))?: $id:expr,
        $failure:ident $(($class:ident))?, $group:ident, $place:ident $(($at:expr))?,
        $judge:ident($($judged:expr),+), $source:expr;)+) => {
        /// A check of the table in docs/verification.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CheckId {
            $($(#[$doc])+ $check $(($($type),+))?,)+
        }

        impl CheckId {
            /// Returns everything that is declared of it.
            const fn declared(self) -> Check<CheckJudge> {
                match self {
                    $(CheckId::$check $(($($of),+))? => Check {
                        id: $id,
                        source: $source,
                        failure: FailureMeaning::$failure $((Class::$class))?,
                        group: Group::$group,
                        place: PicturePlace::$place $(($at))?,
                        judge: CheckJudge::$judge($($judged),+),
                    },)+
                }
            }
        }
    };
}

checks! {
    /// `pem.<input>`
    Pem(input: Input):
        input.pick(["pem.csr", "pem.hsm", "pem.aws-hardware", "pem.manufacturer-hardware"]),
        Of(Input), Texts, At(input), OfInput(pem::pem, input),
        "API Reference 2022-06-06, InitializeCluster; RFC 7468 2, 5.1, 7; X.690 10 and 11; RFC \
         5280 4.1, 4.1.2.2, 4.1.2.5, 4.2; RFC 2986 4";
    /// `algorithm.<input>`
    Algorithm(input: Input):
        input.pick([
            "algorithm.csr", "algorithm.hsm",
            "algorithm.aws-hardware", "algorithm.manufacturer-hardware",
        ]),
        Of(Rejected), Texts, At(input), OfInput(algorithm::algorithm, input),
        "RFC 5280 4.1.1.2; RFC 4055; RFC 5480; RFC 5758 3.2; FIPS 186-5 5.1";
    /// `<side>.signature`
    Signature(side: Side): side.pick("aws.signature", "manufacturer.signature"),
        Of(Rejected), Chains, Certified(side), OfSide(chain::signature, side),
        SIGNED;
    /// `<side>.issuer`
    Issuer(side: Side): side.pick("aws.issuer", "manufacturer.issuer"),
        Of(Rejected), Chains, Certified(side), OfSide(chain::issuer, side),
        NAMED;
    /// `<side>.intermediate-<n>`; in a record only where such a certificate is followed
    Intermediate(side: Side, height: Height): match height {
            Height::First => side.pick("aws.intermediate-1", "manufacturer.intermediate-1"),
            Height::Second => side.pick("aws.intermediate-2", "manufacturer.intermediate-2"),
        },
        Of(Rejected), Chains, Certified(side), OfLink(intermediate::intermediate, side, height),
        "RFC 5280 4.2.1.3, 4.2.1.9, 6.1.3 (a), 6.1.4 (k) to (o), 7.1";
    /// `<side>.hsm-signature`
    HsmSignature(side: Side): side.pick("aws.hsm-signature", "manufacturer.hsm-signature"),
        Of(Rejected), Chains, Vouched(side), OfSide(chain::hsm_signature, side),
        SIGNED;
    /// `<side>.hsm-issuer`
    HsmIssuer(side: Side): side.pick("aws.hsm-issuer", "manufacturer.hsm-issuer"),
        Of(Rejected), Chains, Vouched(side), OfSide(chain::hsm_issuer, side),
        NAMED;
    /// `hardware.same-key`
    HardwareSameKey: "hardware.same-key",
        Of(Rejected), Chains, OneHardwareKey, Once(chain::hardware_same_key),
        "AWS CloudHSM User Guide, Verify HSM Identity: both chains end in one HSM; \
         hsmboot, Verification rules";
    /// `anchors.distinct`
    AnchorsDistinct: "anchors.distinct",
        Of(Rejected), Anchors, AnchorsApart, Once(chain::anchors_distinct),
        "AWS CloudHSM User Guide, Verify HSM Identity: two independent roots";
    /// `anchors.source`
    AnchorsSource: "anchors.source",
        Never, Anchors, AnchorsApart, Once(chain::anchors_source),
        "RFC 5280 6.1.1 (d)";
    /// `anchor-validity.<side>`
    AnchorValidity(side: Side): side.pick("anchor-validity.aws", "anchor-validity.manufacturer"),
        Never, Anchors, Anchor(side), OfSide(validity::anchor_validity, side),
        "RFC 5280 6.1.1 (d): an anchor is a name and a key";
    /// `csr.signature`
    CsrSignature: "csr.signature",
        Of(Rejected), Csr, Possession, Once(csr::csr_signature),
        "RFC 2986 4.2";
    /// `csr.key`
    CsrKey: "csr.key",
        Of(Rejected), Csr, CsrKey, Once(csr::csr_key),
        "RFC 5280 4.1.2.7; AWS CloudHSM User Guide, Verify HSM Identity: compare public keys";
    /// `csr.subject`
    CsrSubject: "csr.subject",
        Never, Csr, CsrKey, Once(csr::csr_subject),
        "RFC 5280 7.1";
    /// `validity.<certificate>`; of the CSR there is none
    Validity(input: Input):
        input.pick([
            "validity.csr", "validity.hsm",
            "validity.aws-hardware", "validity.manufacturer-hardware",
        ]),
        Waivable, Terms, At(input), OfInput(validity::validity, input),
        "RFC 5280 6.1.3 (a)(2)";
    /// `role.<hardware>`
    Role(side: Side): side.pick("role.aws-hardware", "role.manufacturer-hardware"),
        Of(Rejected), Terms, At(side.hardware()), OfSide(profile::role, side),
        "hsmboot, Verification rules: a partition's CN holds :PARTN:";
    /// `extensions.<certificate>`; of the CSR there is none
    Extensions(input: Input):
        input.pick([
            "extensions.csr", "extensions.hsm",
            "extensions.aws-hardware", "extensions.manufacturer-hardware",
        ]),
        Waivable, Terms, At(input), OfInput(profile::extensions, input),
        "RFC 5280 4.2, 6.1.4 (o), 6.1.5 (f)";
    /// `ca-profile.<hardware>`
    CaProfile(side: Side): side.pick("ca-profile.aws-hardware", "ca-profile.manufacturer-hardware"),
        Of(Rejected), Terms, At(side.hardware()), OfSide(profile::ca_profile, side),
        "RFC 5280 6.1.4 (k), (n)";
    /// `fips-mode.hsm`
    FipsMode: "fips-mode.hsm",
        Never, Terms, At(Input::Hsm), Once(profile::fips_mode),
        "hsmboot, Verification rules: the names of card and partition say what mode they are for";
}

impl CheckId {
    /// Every check, in the order in which it is judged and listed.
    pub const ALL: [CheckId; 39] = {
        use CheckId as C;
        use Height as H;
        use Input as I;
        use Side as S;
        [
            C::Pem(I::Csr),
            C::Pem(I::Hsm),
            C::Pem(I::AwsHardware),
            C::Pem(I::ManufacturerHardware),
            C::Algorithm(I::Csr),
            C::Algorithm(I::Hsm),
            C::Algorithm(I::AwsHardware),
            C::Algorithm(I::ManufacturerHardware),
            C::AnchorsSource,
            C::AnchorsDistinct,
            C::AnchorValidity(S::Aws),
            C::AnchorValidity(S::Manufacturer),
            C::Signature(S::Aws),
            C::Issuer(S::Aws),
            C::Intermediate(S::Aws, H::First),
            C::Intermediate(S::Aws, H::Second),
            C::Signature(S::Manufacturer),
            C::Issuer(S::Manufacturer),
            C::Intermediate(S::Manufacturer, H::First),
            C::Intermediate(S::Manufacturer, H::Second),
            C::HardwareSameKey,
            C::HsmSignature(S::Aws),
            C::HsmIssuer(S::Aws),
            C::HsmSignature(S::Manufacturer),
            C::HsmIssuer(S::Manufacturer),
            C::CsrSignature,
            C::CsrKey,
            C::CsrSubject,
            C::Validity(I::Hsm),
            C::Validity(I::AwsHardware),
            C::Validity(I::ManufacturerHardware),
            C::Role(S::Aws),
            C::Role(S::Manufacturer),
            C::Extensions(I::Hsm),
            C::Extensions(I::AwsHardware),
            C::Extensions(I::ManufacturerHardware),
            C::CaProfile(S::Aws),
            C::CaProfile(S::Manufacturer),
            C::FipsMode,
        ]
    };

    /// Every check that can end as `fail`, under one policy or the other.
    pub fn that_can_fail() -> impl Iterator<Item = CheckId> {
        Self::ALL
            .into_iter()
            .filter(|id| id.declared().failure.is_possible())
    }

    /// The stable id.
    pub const fn as_str(self) -> &'static str {
        self.declared().id
    }

    /// Where the rule comes from.
    pub const fn source(self) -> &'static str {
        self.declared().source
    }

    /// Tells whether `--accept` may turn its failure into an acceptance.
    pub const fn waivable(self) -> bool {
        matches!(self.declared().failure, FailureMeaning::Waivable)
    }
}

/// The source of both signatures of a side.
const SIGNED: &str = "RFC 5280 6.1.3 (a)(1); AWS CloudHSM User Guide, Verify HSM Identity";
/// The source of both issuers' names of a side.
const NAMED: &str = "RFC 5280 6.1.3 (a)(4), 7.1";

/// What judges a check: its function, with what the check is about.
#[derive(Clone, Copy)]
enum CheckJudge {
    Once(fn(&ParsedEvidence<'_>) -> Judged),
    OfInput(fn(&ParsedEvidence<'_>, Input) -> Judged, Input),
    OfSide(fn(&ParsedEvidence<'_>, Side) -> Judged, Side),
    OfLink(
        fn(&ParsedEvidence<'_>, Side, Height) -> Judged,
        Side,
        Height,
    ),
}

impl CheckName for CheckId {
    fn facts(self) -> Check<()> {
        self.declared().facts()
    }

    fn read_subject(self) -> Option<ReadSubject> {
        match self {
            CheckId::Pem(input) => Some(ReadSubject::Input(input)),
            _ => None,
        }
    }

    fn is_of_signature(self) -> bool {
        matches!(
            self,
            CheckId::Signature(_) | CheckId::HsmSignature(_) | CheckId::CsrSignature
        )
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for CheckId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|id| id.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not the id of a check"))
    }
}

/// Judges one check.
pub(super) fn judge_check(id: CheckId, parts: &ParsedEvidence<'_>) -> Finding<CheckId> {
    let judged = match id.declared().judge {
        CheckJudge::Once(judge) => judge(parts),
        CheckJudge::OfInput(judge, input) => judge(parts, input),
        CheckJudge::OfSide(judge, side) => judge(parts, side),
        CheckJudge::OfLink(judge, side, height) => judge(parts, side, height),
    };
    Finding::new(id, judged)
}

/// The certificate, or why a check that needs it is skipped.
fn need_certificate<'a>(
    parts: &'a ParsedEvidence<'_>,
    input: Input,
) -> Result<&'a Certificate, Remark> {
    parts
        .certificate_of(input)
        .ok_or_else(|| Remark::unread(ReadSubject::Input(input), CheckId::Pem(input)))
}

/// A key's SHA-256 for eyes: the first sixteen digits are enough to compare two at a glance; the
/// inputs hold the rest.
fn short_fingerprint(digest: &[u8; 32]) -> String {
    let mut text = to_hex(digest.get(..8).unwrap_or_default());
    text.push('…');
    text
}

/// Returns the algorithm, where a signature can be judged at all. Otherwise `algorithm.*` has
/// failed already, and this check is skipped.
fn need_judgeable(
    algorithm: &[u8],
    by: &PublicKey,
    see: CheckId,
    key_of: &str,
) -> Result<crate::x509::SignatureAlgorithm, Remark> {
    let algorithm = crate::x509::SignatureAlgorithm::from_der(algorithm).map_err(|fault| {
        Remark::skipped(format!(
            "cannot be judged: {fault} does not count; see {see}"
        ))
    })?;
    by.check_usable()
        .map_err(|fault| Remark::skipped(format!("cannot be judged: {key_of} is {fault}")))?;
    Ok(algorithm)
}

/// The anchor of a side, or why there is nothing to compare with.
fn need_anchor<'a>(parts: &ParsedEvidence<'a>, side: Side) -> Result<&'a super::Anchor, Remark> {
    parts.anchor_of(side).ok_or_else(|| {
        Remark::fail(format!(
            "no anchor was given for the {} side",
            if side == Side::Aws {
                "AWS"
            } else {
                "manufacturer"
            }
        ))
    })
}
