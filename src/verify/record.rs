//! What a judgement leaves behind: the checks, their outcome, the verdict.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::anchors::AnchorFacts;
use crate::outside::{Lines, OutsideText};
use crate::x509::Moment;

/// One of the four inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// The cluster's CSR
    Csr,
    /// The HSM's certificate
    Hsm,
    /// The hardware certificate that AWS issued
    AwsHardware,
    /// The hardware certificate that the manufacturer issued
    ManufacturerHardware,
}

impl Input {
    /// All four.
    pub const ALL: [Input; 4] = [
        Input::Csr,
        Input::Hsm,
        Input::AwsHardware,
        Input::ManufacturerHardware,
    ];
    /// The three certificates.
    pub const CERTIFICATES: [Input; 3] =
        [Input::Hsm, Input::AwsHardware, Input::ManufacturerHardware];

    /// As sentences name it.
    pub const fn noun(self) -> &'static str {
        match self {
            Input::Csr => "the CSR",
            Input::Hsm => "the HSM certificate",
            Input::AwsHardware => "the AWS hardware certificate",
            Input::ManufacturerHardware => "the manufacturer hardware certificate",
        }
    }
}

/// One of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// AWS root, AWS hardware certificate
    Aws,
    /// Manufacturer root, manufacturer hardware certificate
    Manufacturer,
}

impl Side {
    /// Both.
    pub const ALL: [Side; 2] = [Side::Aws, Side::Manufacturer];

    /// This side's of a pair that holds both sides', AWS's first.
    pub(crate) fn of<T>(self, [aws, manufacturer]: [T; 2]) -> T {
        match self {
            Side::Aws => aws,
            Side::Manufacturer => manufacturer,
        }
    }

    /// Its hardware certificate.
    pub const fn hardware(self) -> Input {
        match self {
            Side::Aws => Input::AwsHardware,
            Side::Manufacturer => Input::ManufacturerHardware,
        }
    }

    /// As sentences name its anchor.
    pub const fn anchor_noun(self) -> &'static str {
        match self {
            Side::Aws => "the AWS anchor",
            Side::Manufacturer => "the manufacturer anchor",
        }
    }

    /// As sentences name its chain.
    pub const fn chain_noun(self) -> &'static str {
        match self {
            Side::Aws => "AWS's chain",
            Side::Manufacturer => "the manufacturer's chain",
        }
    }

    /// The option that gives its anchors.
    pub const fn option(self) -> &'static str {
        match self {
            Side::Aws => "--aws-root",
            Side::Manufacturer => "--manufacturer-root",
        }
    }
}

/// Which of the certificates between anchor and hardware certificate, from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Height {
    /// It issued the hardware certificate.
    First,
    /// It issued the first.
    Second,
}

impl Height {
    /// All that are followed.
    pub const ALL: [Height; 2] = [Height::First, Height::Second];

    /// How many stand below it.
    pub(crate) const fn below(self) -> usize {
        match self {
            Height::First => 0,
            Height::Second => 1,
        }
    }
}

/// A check of the table in docs/verification.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckId {
    /// `pem.<input>`
    Pem(Input),
    /// `algorithm.<input>`
    Algorithm(Input),
    /// `<side>.signature`
    Signature(Side),
    /// `<side>.issuer`
    Issuer(Side),
    /// `<side>.intermediate-<n>`; in a record only where such a certificate is followed
    Intermediate(Side, Height),
    /// `<side>.hsm-signature`
    HsmSignature(Side),
    /// `<side>.hsm-issuer`
    HsmIssuer(Side),
    /// `hardware.same-key`
    HardwareSameKey,
    /// `anchors.distinct`
    AnchorsDistinct,
    /// `anchors.source`
    AnchorsSource,
    /// `anchor-validity.<side>`
    AnchorValidity(Side),
    /// `csr.signature`
    CsrSignature,
    /// `csr.key`
    CsrKey,
    /// `csr.subject`
    CsrSubject,
    /// `validity.<certificate>`; of the CSR there is none
    Validity(Input),
    /// `role.<hardware>`
    Role(Side),
    /// `extensions.<certificate>`; of the CSR there is none
    Extensions(Input),
    /// `ca-profile.<hardware>`
    CaProfile(Side),
    /// `fips-mode.hsm`
    FipsMode,
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
        Self::ALL.into_iter().filter(|id| {
            !matches!(
                id,
                CheckId::AnchorsSource
                    | CheckId::AnchorValidity(_)
                    | CheckId::CsrSubject
                    | CheckId::FipsMode
            )
        })
    }

    /// The stable id.
    pub const fn as_str(self) -> &'static str {
        use CheckId as C;
        use Height as H;
        use Input as I;
        use Side as S;
        match self {
            C::Pem(I::Csr) => "pem.csr",
            C::Pem(I::Hsm) => "pem.hsm",
            C::Pem(I::AwsHardware) => "pem.aws-hardware",
            C::Pem(I::ManufacturerHardware) => "pem.manufacturer-hardware",
            C::Algorithm(I::Csr) => "algorithm.csr",
            C::Algorithm(I::Hsm) => "algorithm.hsm",
            C::Algorithm(I::AwsHardware) => "algorithm.aws-hardware",
            C::Algorithm(I::ManufacturerHardware) => "algorithm.manufacturer-hardware",
            C::Signature(S::Aws) => "aws.signature",
            C::Signature(S::Manufacturer) => "manufacturer.signature",
            C::Issuer(S::Aws) => "aws.issuer",
            C::Issuer(S::Manufacturer) => "manufacturer.issuer",
            C::Intermediate(S::Aws, H::First) => "aws.intermediate-1",
            C::Intermediate(S::Aws, H::Second) => "aws.intermediate-2",
            C::Intermediate(S::Manufacturer, H::First) => "manufacturer.intermediate-1",
            C::Intermediate(S::Manufacturer, H::Second) => "manufacturer.intermediate-2",
            C::HsmSignature(S::Aws) => "aws.hsm-signature",
            C::HsmSignature(S::Manufacturer) => "manufacturer.hsm-signature",
            C::HsmIssuer(S::Aws) => "aws.hsm-issuer",
            C::HsmIssuer(S::Manufacturer) => "manufacturer.hsm-issuer",
            C::HardwareSameKey => "hardware.same-key",
            C::AnchorsDistinct => "anchors.distinct",
            C::AnchorsSource => "anchors.source",
            C::AnchorValidity(S::Aws) => "anchor-validity.aws",
            C::AnchorValidity(S::Manufacturer) => "anchor-validity.manufacturer",
            C::CsrSignature => "csr.signature",
            C::CsrKey => "csr.key",
            C::CsrSubject => "csr.subject",
            C::Validity(I::Csr) => "validity.csr",
            C::Validity(I::Hsm) => "validity.hsm",
            C::Validity(I::AwsHardware) => "validity.aws-hardware",
            C::Validity(I::ManufacturerHardware) => "validity.manufacturer-hardware",
            C::Role(S::Aws) => "role.aws-hardware",
            C::Role(S::Manufacturer) => "role.manufacturer-hardware",
            C::Extensions(I::Csr) => "extensions.csr",
            C::Extensions(I::Hsm) => "extensions.hsm",
            C::Extensions(I::AwsHardware) => "extensions.aws-hardware",
            C::Extensions(I::ManufacturerHardware) => "extensions.manufacturer-hardware",
            C::CaProfile(S::Aws) => "ca-profile.aws-hardware",
            C::CaProfile(S::Manufacturer) => "ca-profile.manufacturer-hardware",
            C::FipsMode => "fips-mode.hsm",
        }
    }

    /// Whether `--accept` may turn its failure into an acceptance.
    pub const fn waivable(self) -> bool {
        matches!(self, CheckId::Validity(_) | CheckId::Extensions(_))
    }

    /// Where the rule comes from.
    pub const fn source(self) -> &'static str {
        match self {
            CheckId::Pem(_) => {
                "API Reference 2022-06-06, InitializeCluster; RFC 7468 2, 5.1, 7; X.690 10 and 11; \
                 RFC 5280 4.1, 4.2; RFC 2986 4"
            }
            CheckId::Algorithm(_) => {
                "RFC 5280 4.1.1.2; RFC 4055; RFC 5480; RFC 5758 3.2; FIPS 186-5 5.1"
            }
            CheckId::Signature(_) | CheckId::HsmSignature(_) => {
                "RFC 5280 6.1.3 (a)(1); AWS CloudHSM User Guide, Verify HSM Identity"
            }
            CheckId::Issuer(_) | CheckId::HsmIssuer(_) => "RFC 5280 6.1.3 (a)(4), 7.1",
            CheckId::Intermediate(..) => {
                "RFC 5280 4.2.1.3, 4.2.1.9, 6.1.3 (a), 6.1.4 (k) to (o), 7.1"
            }
            CheckId::HardwareSameKey => {
                "AWS CloudHSM User Guide, Verify HSM Identity: both chains end in one HSM; \
                 docs/verification.md"
            }
            CheckId::AnchorsDistinct => {
                "AWS CloudHSM User Guide, Verify HSM Identity: two independent roots"
            }
            CheckId::AnchorsSource => "RFC 5280 6.1.1 (d)",
            CheckId::AnchorValidity(_) => "RFC 5280 6.1.1 (d): an anchor is a name and a key",
            CheckId::CsrSignature => "RFC 2986 4.2",
            CheckId::CsrKey => {
                "RFC 5280 4.1.2.7; AWS CloudHSM User Guide, Verify HSM Identity: compare public \
                 keys"
            }
            CheckId::CsrSubject => "RFC 5280 7.1",
            CheckId::Validity(_) => "RFC 5280 6.1.3 (a)(2)",
            CheckId::Role(_) => "docs/verification.md: a partition's CN holds :PARTN:",
            CheckId::Extensions(_) => "RFC 5280 4.2, 6.1.4 (o), 6.1.5 (f)",
            CheckId::CaProfile(_) => "RFC 5280 6.1.4 (k), (n)",
            CheckId::FipsMode => {
                "docs/verification.md: the names of card and partition say what mode they are for"
            }
        }
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

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The rule holds.
    Pass,
    /// Worth knowing; no ground for rejection.
    Note,
    /// The rule is broken.
    Fail,
    /// The rule is broken, and the operator has accepted that, with a reason.
    Accepted,
    /// Could not be judged, for the reason given.
    Skipped,
}

impl Status {
    /// As written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Note => "note",
            Status::Fail => "fail",
            Status::Accepted => "accepted",
            Status::Skipped => "skipped",
        }
    }
}

/// One check's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub id: CheckId,
    /// How it came out.
    pub status: Status,
    /// What was compared with what.
    pub detail: Lines,
}

/// The whole judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing failed.
    Verified,
    /// Something failed.
    Rejected,
}

impl Verdict {
    /// As written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Rejected => "rejected",
        }
    }
}

/// Which roots a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Roots {
    /// Those of this program's table alone.
    #[serde(rename = "built-in")]
    BuiltIn,
    /// On one side at least, a root that somebody gave.
    #[serde(rename = "given")]
    Given,
}

impl Roots {
    /// As written in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Roots::BuiltIn => "built-in",
            Roots::Given => "given",
        }
    }
}

/// The verification record: `verification.json`, and the answer of `verify --output json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `hsmboot-verification/1`
    pub format: &'static str,
    /// `verified` when nothing failed, else `rejected`.
    pub verdict: Verdict,
    /// The policy judged under.
    pub policy: super::Profile,
    /// Judged without a CSR: says nothing of the cluster's key.
    pub chains_only: bool,
    /// The moment that validity was judged at.
    pub at: Moment,
    /// The anchors used, one a side.
    pub anchors: Vec<AnchorFacts>,
    /// Whether all of them are built in, or any was given: a genuine HSM is said only of built-in
    /// ones.
    pub roots: Roots,
    /// The CN of the name that each side's chain ends in, AWS's first, for eyes and hints.
    #[serde(skip)]
    pub(super) ends: [Option<String>; 2],
    /// Why failures were accepted, where any were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<OutsideText>,
    /// Every check, in [`CheckId::ALL`]'s order; of intermediates, those of the ones that were
    /// followed.
    pub checks: Vec<Finding>,
}

impl Record {
    /// The finding of one check.
    pub fn finding(&self, id: CheckId) -> Option<&Finding> {
        self.checks.iter().find(|finding| finding.id == id)
    }

    /// The findings of one status.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Finding> {
        self.checks
            .iter()
            .filter(move |finding| finding.status == status)
    }

    /// Whether a side was judged by a root that somebody gave.
    pub fn has_given_root(&self, side: Side) -> bool {
        self.anchors
            .iter()
            .any(|anchor| anchor.side == side && !anchor.is_built_in())
    }

    /// Whether an input is not what it must be to be read at all: such a record ends a command with
    /// 4, any other rejection with 3.
    pub fn malformed(&self) -> bool {
        self.with(Status::Fail)
            .any(|finding| matches!(finding.id, CheckId::Pem(_)))
    }
}
