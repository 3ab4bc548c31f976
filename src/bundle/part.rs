//! The files that a bundle can have, by their names.

use super::{
    CA_FILE, CHAIN_FILE, CREATION, ClusterId, RECEIPT, REQUEST, RESPONSE, ROOT_CA_FILE,
    SIMULATED_ROOTS, TRANSCRIPT, VERIFICATION,
};

/// The files whose names begin with the cluster's id: the AWS console's and guide's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `_ClusterCsr.csr`
    Csr,
    /// `_HsmCertificate.crt`
    Hsm,
    /// `_AwsHardwareCertificate.crt`
    AwsHardware,
    /// `_ManufacturerHardwareCertificate.crt`
    ManufacturerHardware,
    /// `_CustomerHsmCertificate.crt`
    SignedCert,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 5] = [
        Part::Csr,
        Part::Hsm,
        Part::AwsHardware,
        Part::ManufacturerHardware,
        Part::SignedCert,
    ];
    /// The parts that `fetch` writes.
    pub const REQUEST: [Part; 4] = [
        Part::Csr,
        Part::Hsm,
        Part::AwsHardware,
        Part::ManufacturerHardware,
    ];

    pub(super) const fn file_suffix(self) -> &'static str {
        match self {
            Part::Csr => "_ClusterCsr.csr",
            Part::Hsm => "_HsmCertificate.crt",
            Part::AwsHardware => "_AwsHardwareCertificate.crt",
            Part::ManufacturerHardware => "_ManufacturerHardwareCertificate.crt",
            Part::SignedCert => "_CustomerHsmCertificate.crt",
        }
    }

    /// Returns the noun for the part in errors.
    pub const fn noun(self) -> &'static str {
        match self {
            Part::Csr => "the cluster's CSR",
            Part::Hsm => "the HSM certificate",
            Part::AwsHardware => "the AWS hardware certificate",
            Part::ManufacturerHardware => "the manufacturer hardware certificate",
            Part::SignedCert => "the signed certificate",
        }
    }

    /// Its file's name in the bundle of a cluster.
    pub fn file_name(self, id: &ClusterId) -> String {
        format!("{id}{}", self.file_suffix())
    }
}

/// Returns the name of the bundle's file that this is but for upper and lower case:
/// `_ClusterCSR.csr`.
pub(super) fn canonical_name(name: &str) -> Option<String> {
    Part::ALL.into_iter().find_map(|part| {
        let at = name.len().checked_sub(part.file_suffix().len())?;
        let (prefix, suffix) = (name.get(..at)?, name.get(at..)?);
        (suffix.eq_ignore_ascii_case(part.file_suffix()) && prefix.parse::<ClusterId>().is_ok())
            .then(|| format!("{prefix}{}", part.file_suffix()))
    })
}

/// Returns the names of all files that a bundle can have, but for the transcript's: before its
/// cluster has an id, those that don't begin with one.
pub(crate) fn names_of(cluster: Option<&ClusterId>) -> Vec<String> {
    let parts = cluster
        .into_iter()
        .flat_map(|id| Part::ALL.into_iter().map(|part| part.file_name(id)));
    parts
        .chain(
            FIXED
                .into_iter()
                .filter(|name| *name != TRANSCRIPT)
                .map(str::to_owned),
        )
        .collect()
}

/// The names that do not begin with a cluster's id.
const FIXED: [&str; 10] = [
    REQUEST,
    VERIFICATION,
    CA_FILE,
    CHAIN_FILE,
    ROOT_CA_FILE,
    RESPONSE,
    RECEIPT,
    CREATION,
    SIMULATED_ROOTS,
    TRANSCRIPT,
];

/// Tells whether this is the name of a file that belongs into a bundle, of whichever cluster.
pub(crate) fn is_own(name: &str) -> bool {
    FIXED.contains(&name) || file_prefixes(name).any(|prefix| prefix.parse::<ClusterId>().is_ok())
}

/// Tells whether a file of this name lies in bundles alone, of whichever cluster. A CA's
/// certificates have their names wherever they lie.
pub(crate) fn is_only_of_bundles(name: &str) -> bool {
    let of_a_ca = [CA_FILE, CHAIN_FILE, ROOT_CA_FILE].contains(&name);
    !of_a_ca && (FIXED.contains(&name) || file_prefixes(name).next().is_some())
}

/// Returns what stands before the end that a part's file has.
pub(super) fn file_prefixes(name: &str) -> impl Iterator<Item = &str> {
    let prefix = |part: Part| name.strip_suffix(part.file_suffix());
    Part::ALL.into_iter().filter_map(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_other_letters_is_known_by_its_letters_alone() {
        for part in Part::ALL {
            let name = format!("cluster-abc234defgh{}", part.file_suffix());
            let other = format!(
                "cluster-abc234defgh{}",
                part.file_suffix().to_ascii_uppercase()
            );
            assert_eq!(canonical_name(&other).as_deref(), Some(name.as_str()));
        }
        for name in [
            "_ClusterCsr.csr",
            "CLUSTER-abc234defgh_ClusterCsr.csr",
            "cluster-abc234defgh_Clustercsr",
        ] {
            assert_eq!(canonical_name(name), None, "{name}");
        }
    }
}
