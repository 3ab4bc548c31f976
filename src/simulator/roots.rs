//! The roots as files, for those who are to trust a simulator.

use super::chains::Authority;
use super::hardware::Hardware;
use super::reference::Reference;

/// A root certificate that a simulator gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFile {
    /// AWS's: version 3, SKI, AKI and basicConstraints, like AWS CloudHSM Root G1.
    Aws,
    /// AWS's in GovCloud.
    AwsUsGov,
    /// The manufacturer's of hsm2m.medium: RSA 4096, shaped as another customer's root of that
    /// hardware.
    Ls2,
    /// The first issue of the manufacturer's of hsm1.medium, version 1 and expired for a year, as
    /// the genuine one of 2015 is. It serves as an anchor all the same: an anchor is a name and a
    /// key.
    Ls1,
    /// Its second issue, version 3 and valid: the same name and key.
    Ls1Reissue,
}

impl RootFile {
    /// Those that the chains of an edition of the service end in, the usual ones first.
    pub fn of(reference: Reference) -> &'static [Self] {
        match reference {
            Reference::Today => &[Self::Aws, Self::Ls2, Self::AwsUsGov, Self::Ls1],
            Reference::June2022 => &[Self::Aws, Self::Ls1, Self::AwsUsGov, Self::Ls1Reissue],
        }
    }

    /// The manufacturer's of new clusters.
    pub(super) fn manufacturer(reference: Reference) -> Self {
        match reference {
            Reference::Today => Self::Ls2,
            Reference::June2022 => Self::Ls1,
        }
    }

    /// The file's name: `manufacturer-root.crt` is the one of new clusters.
    pub fn name(self, reference: Reference) -> &'static str {
        match self {
            _ if self == Self::manufacturer(reference) => "manufacturer-root.crt",
            Self::Aws => "aws-root.crt",
            Self::AwsUsGov => "aws-us-gov-root.crt",
            Self::Ls2 => "manufacturer-root-ls2.crt",
            Self::Ls1 => "manufacturer-root-ls1.crt",
            Self::Ls1Reissue => "manufacturer-root-reissue.crt",
        }
    }

    /// The member of the control command's answer.
    pub(super) fn member(self, reference: Reference) -> &'static str {
        match self {
            _ if self == Self::manufacturer(reference) => "ManufacturerRoot",
            Self::Aws => "AwsRoot",
            Self::AwsUsGov => "AwsUsGovRoot",
            Self::Ls2 => "ManufacturerRootLs2",
            Self::Ls1 => "ManufacturerRootLs1",
            Self::Ls1Reissue => "ManufacturerRootReissue",
        }
    }

    /// In PEM; waits for the key.
    pub(super) fn pem(self, hardware: &Hardware) -> Result<String, String> {
        let authority = match self {
            Self::Aws => Authority::Aws,
            Self::AwsUsGov => Authority::AwsUsGov,
            Self::Ls2 => Authority::Ls2,
            Self::Ls1 | Self::Ls1Reissue => Authority::Ls1,
        };
        let root = hardware.root(authority)?;
        match self {
            Self::Ls1Reissue => root
                .reissue_pem()
                .ok_or_else(|| String::from("there is no second issue of this root")),
            _ => Ok(root.pem()),
        }
    }
}
