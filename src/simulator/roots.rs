//! The roots as files, for programs that trust a simulator.

use super::chains::RootAuthority;
use super::hardware::SimulatedHardware;
use super::reference::Reference;

/// A root certificate of a simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFile {
    /// AWS's root: version 3, SKI, AKI and basicConstraints, like AWS CloudHSM Root G1.
    Aws,
    /// AWS's root in GovCloud.
    AwsUsGov,
    /// The manufacturer's root of hsm2m.medium: RSA 4096, shaped like another customer's root of
    /// that hardware.
    Ls2,
    /// The first issue of the manufacturer's root of hsm1.medium, version 1 and expired for a year,
    /// like the genuine one of 2015. It serves as an anchor all the same: an anchor is a name and a
    /// key.
    Ls1,
    /// Its second issue, version 3 and valid, with the same name and key.
    Ls1Reissue,
}

impl RootFile {
    /// Returns the roots that the chains of an edition of the service end in, the usual ones first.
    pub fn of_edition(reference: Reference) -> &'static [Self] {
        match reference {
            Reference::Today => &[Self::Aws, Self::Ls2, Self::AwsUsGov, Self::Ls1],
            Reference::June2022 => &[Self::Aws, Self::Ls1, Self::AwsUsGov, Self::Ls1Reissue],
        }
    }

    /// Returns the manufacturer's root of new clusters.
    pub(super) fn manufacturer_of(reference: Reference) -> Self {
        match reference {
            Reference::Today => Self::Ls2,
            Reference::June2022 => Self::Ls1,
        }
    }

    /// Returns the file's name: `manufacturer-root.crt` is the root of new clusters.
    pub fn file_name(self, reference: Reference) -> &'static str {
        match self {
            _ if self == Self::manufacturer_of(reference) => "manufacturer-root.crt",
            Self::Aws => "aws-root.crt",
            Self::AwsUsGov => "aws-us-gov-root.crt",
            Self::Ls2 => "manufacturer-root-ls2.crt",
            Self::Ls1 => "manufacturer-root-ls1.crt",
            Self::Ls1Reissue => "manufacturer-root-reissue.crt",
        }
    }

    /// Returns the member's name in the control command's answer.
    pub(super) fn member_name(self, reference: Reference) -> &'static str {
        match self {
            _ if self == Self::manufacturer_of(reference) => "ManufacturerRoot",
            Self::Aws => "AwsRoot",
            Self::AwsUsGov => "AwsUsGovRoot",
            Self::Ls2 => "ManufacturerRootLs2",
            Self::Ls1 => "ManufacturerRootLs1",
            Self::Ls1Reissue => "ManufacturerRootReissue",
        }
    }

    /// Returns the root in PEM, and waits for its key.
    pub(super) fn to_pem(self, hardware: &SimulatedHardware) -> Result<String, String> {
        let authority = match self {
            Self::Aws => RootAuthority::Aws,
            Self::AwsUsGov => RootAuthority::AwsUsGov,
            Self::Ls2 => RootAuthority::Ls2,
            Self::Ls1 | Self::Ls1Reissue => RootAuthority::Ls1,
        };
        let root = hardware.wait_for_root(authority)?;
        match self {
            Self::Ls1Reissue => root
                .reissue_pem()
                .ok_or_else(|| String::from("there is no second issue of this root")),
            _ => Ok(root.to_pem()),
        }
    }
}
