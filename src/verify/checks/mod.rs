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

    /// Everything that is declared of it.
    const fn declared(self) -> Check<CheckJudge> {
        let rejects = FailureMeaning::Of(Class::Rejected);
        match self {
            CheckId::Pem(input) => Check {
                id: match input {
                    Input::Csr => "pem.csr",
                    Input::Hsm => "pem.hsm",
                    Input::AwsHardware => "pem.aws-hardware",
                    Input::ManufacturerHardware => "pem.manufacturer-hardware",
                },
                source: "API Reference 2022-06-06, InitializeCluster; RFC 7468 2, 5.1, 7; X.690 10 \
                         and 11; RFC 5280 4.1, 4.2; RFC 2986 4",
                failure: FailureMeaning::Of(Class::Input),
                group: Group::Texts,
                place: PicturePlace::At(input),
                judge: CheckJudge::OfInput(pem::pem, input),
            },
            CheckId::Algorithm(input) => Check {
                id: match input {
                    Input::Csr => "algorithm.csr",
                    Input::Hsm => "algorithm.hsm",
                    Input::AwsHardware => "algorithm.aws-hardware",
                    Input::ManufacturerHardware => "algorithm.manufacturer-hardware",
                },
                source: "RFC 5280 4.1.1.2; RFC 4055; RFC 5480; RFC 5758 3.2; FIPS 186-5 5.1",
                failure: rejects,
                group: Group::Texts,
                place: PicturePlace::At(input),
                judge: CheckJudge::OfInput(algorithm::algorithm, input),
            },
            CheckId::AnchorsSource => Check {
                id: "anchors.source",
                source: "RFC 5280 6.1.1 (d)",
                failure: FailureMeaning::Never,
                group: Group::Anchors,
                place: PicturePlace::AnchorsApart,
                judge: CheckJudge::Once(chain::anchors_source),
            },
            CheckId::AnchorsDistinct => Check {
                id: "anchors.distinct",
                source: "AWS CloudHSM User Guide, Verify HSM Identity: two independent roots",
                failure: rejects,
                group: Group::Anchors,
                place: PicturePlace::AnchorsApart,
                judge: CheckJudge::Once(chain::anchors_distinct),
            },
            CheckId::AnchorValidity(side) => Check {
                id: side.pick("anchor-validity.aws", "anchor-validity.manufacturer"),
                source: "RFC 5280 6.1.1 (d): an anchor is a name and a key",
                failure: FailureMeaning::Never,
                group: Group::Anchors,
                place: PicturePlace::Anchor(side),
                judge: CheckJudge::OfSide(validity::anchor_validity, side),
            },
            CheckId::Signature(side) => Check {
                id: side.pick("aws.signature", "manufacturer.signature"),
                source: SIGNED,
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::Certified(side),
                judge: CheckJudge::OfSide(chain::signature, side),
            },
            CheckId::Issuer(side) => Check {
                id: side.pick("aws.issuer", "manufacturer.issuer"),
                source: NAMED,
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::Certified(side),
                judge: CheckJudge::OfSide(chain::issuer, side),
            },
            CheckId::Intermediate(side, height) => Check {
                id: match height {
                    Height::First => side.pick("aws.intermediate-1", "manufacturer.intermediate-1"),
                    Height::Second => {
                        side.pick("aws.intermediate-2", "manufacturer.intermediate-2")
                    }
                },
                source: "RFC 5280 4.2.1.3, 4.2.1.9, 6.1.3 (a), 6.1.4 (k) to (o), 7.1",
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::Certified(side),
                judge: CheckJudge::OfLink(intermediate::intermediate, side, height),
            },
            CheckId::HardwareSameKey => Check {
                id: "hardware.same-key",
                source: "AWS CloudHSM User Guide, Verify HSM Identity: both chains end in one HSM; \
                         docs/verification.md",
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::OneHardwareKey,
                judge: CheckJudge::Once(chain::hardware_same_key),
            },
            CheckId::HsmSignature(side) => Check {
                id: side.pick("aws.hsm-signature", "manufacturer.hsm-signature"),
                source: SIGNED,
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::Vouched(side),
                judge: CheckJudge::OfSide(chain::hsm_signature, side),
            },
            CheckId::HsmIssuer(side) => Check {
                id: side.pick("aws.hsm-issuer", "manufacturer.hsm-issuer"),
                source: NAMED,
                failure: rejects,
                group: Group::Chains,
                place: PicturePlace::Vouched(side),
                judge: CheckJudge::OfSide(chain::hsm_issuer, side),
            },
            CheckId::CsrSignature => Check {
                id: "csr.signature",
                source: "RFC 2986 4.2",
                failure: rejects,
                group: Group::Csr,
                place: PicturePlace::Possession,
                judge: CheckJudge::Once(csr::csr_signature),
            },
            CheckId::CsrKey => Check {
                id: "csr.key",
                source: "RFC 5280 4.1.2.7; AWS CloudHSM User Guide, Verify HSM Identity: compare \
                         public keys",
                failure: rejects,
                group: Group::Csr,
                place: PicturePlace::CsrKey,
                judge: CheckJudge::Once(csr::csr_key),
            },
            CheckId::CsrSubject => Check {
                id: "csr.subject",
                source: "RFC 5280 7.1",
                failure: FailureMeaning::Never,
                group: Group::Csr,
                place: PicturePlace::CsrKey,
                judge: CheckJudge::Once(csr::csr_subject),
            },
            CheckId::Validity(input) => Check {
                id: match input {
                    Input::Csr => "validity.csr",
                    Input::Hsm => "validity.hsm",
                    Input::AwsHardware => "validity.aws-hardware",
                    Input::ManufacturerHardware => "validity.manufacturer-hardware",
                },
                source: "RFC 5280 6.1.3 (a)(2)",
                failure: FailureMeaning::Waivable,
                group: Group::Terms,
                place: PicturePlace::At(input),
                judge: CheckJudge::OfInput(validity::validity, input),
            },
            CheckId::Role(side) => Check {
                id: side.pick("role.aws-hardware", "role.manufacturer-hardware"),
                source: "docs/verification.md: a partition's CN holds :PARTN:",
                failure: rejects,
                group: Group::Terms,
                place: PicturePlace::At(side.hardware()),
                judge: CheckJudge::OfSide(profile::role, side),
            },
            CheckId::Extensions(input) => Check {
                id: match input {
                    Input::Csr => "extensions.csr",
                    Input::Hsm => "extensions.hsm",
                    Input::AwsHardware => "extensions.aws-hardware",
                    Input::ManufacturerHardware => "extensions.manufacturer-hardware",
                },
                source: "RFC 5280 4.2, 6.1.4 (o), 6.1.5 (f)",
                failure: FailureMeaning::Waivable,
                group: Group::Terms,
                place: PicturePlace::At(input),
                judge: CheckJudge::OfInput(profile::extensions, input),
            },
            CheckId::CaProfile(side) => Check {
                id: side.pick(
                    "ca-profile.aws-hardware",
                    "ca-profile.manufacturer-hardware",
                ),
                source: "RFC 5280 6.1.4 (k), (n)",
                failure: rejects,
                group: Group::Terms,
                place: PicturePlace::At(side.hardware()),
                judge: CheckJudge::OfSide(profile::ca_profile, side),
            },
            CheckId::FipsMode => Check {
                id: "fips-mode.hsm",
                source: "docs/verification.md: the names of card and partition say what mode they \
                         are for",
                failure: FailureMeaning::Never,
                group: Group::Terms,
                place: PicturePlace::At(Input::Hsm),
                judge: CheckJudge::Once(profile::fips_mode),
            },
        }
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
