//! The edition of the service that is emulated. All differences between the two are answered by
//! [`Reference`]; no other code knows a date.

use super::api::find_action;
use super::limits::{self, TextConstraint};

/// An edition of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// The service model, API Reference and guide of autumn 2026: hsm2m.medium, Mode, NetworkType,
    /// resource policies, chains as trust anchor.
    #[default]
    Today,
    /// The API Reference of 2022-06-06: 15 actions, hsm1.medium, one certificate of 5000 characters
    /// as trust anchor.
    June2022,
}

/// The only type in 2022. Since April 2025 no new cluster can have it.
pub(super) const HSM1: &str = "hsm1.medium";
/// The type of every new cluster today.
pub(super) const HSM2M: &str = "hsm2m.medium";

impl Reference {
    /// Every edition by its name.
    pub const ALL: [(&'static str, Self); 2] =
        [("today", Self::Today), ("2022-06-06", Self::June2022)];

    /// Returns the edition of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, reference)| reference)
    }

    /// Returns the name that `parse` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::June2022 => "2022-06-06",
        }
    }

    /// Tells whether it has the additions after 2022-06-06: Mode, NetworkType, BackupArn, HsmType
    /// of HSMs and backups, migrations.
    pub(super) fn is_later(self) -> bool {
        self == Self::Today
    }

    /// Returns the action of that name, if this edition has it.
    pub(super) fn find_action(self, name: &str) -> Option<&'static str> {
        let (known, is_later) = find_action(name)?;
        (self.is_later() || !is_later).then_some(known)
    }

    /// Returns the constraint of HsmType in CreateCluster and ModifyCluster.
    pub(super) fn hsm_type_constraint(self) -> &'static TextConstraint {
        match self {
            Self::Today => &limits::HSM_TYPE,
            Self::June2022 => &limits::HSM_TYPE_2022,
        }
    }

    /// Returns the constraint of SourceBackupId in CreateCluster.
    pub(super) fn source_backup_constraint(self) -> &'static TextConstraint {
        match self {
            Self::Today => &limits::BACKUP_ARN,
            Self::June2022 => &limits::BACKUP_ID,
        }
    }

    /// Returns the constraint of SignedCert and TrustAnchor.
    pub(super) fn certificate_constraint(self) -> &'static TextConstraint {
        match self {
            Self::Today => &limits::CERTIFICATE,
            Self::June2022 => &limits::CERTIFICATE_2022,
        }
    }

    /// Returns the number of entries that Filters may have.
    pub(super) fn filter_limit(self) -> usize {
        match self {
            Self::Today => limits::FILTERS,
            Self::June2022 => usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::ACTIONS;
    use super::*;

    #[test]
    fn an_edition_is_read_by_its_name() {
        for (name, reference) in Reference::ALL {
            assert_eq!(
                (Reference::parse(name), reference.name()),
                (Some(reference), name)
            );
        }
        assert_eq!(Reference::parse("2022"), None);
    }

    #[test]
    fn fifteen_actions_are_in_the_reference_of_2022_and_eighteen_today() {
        let count = |reference: Reference| {
            ACTIONS
                .iter()
                .filter(|(action, _)| reference.find_action(action).is_some())
                .count()
        };
        assert_eq!(
            (count(Reference::June2022), count(Reference::Today)),
            (15, 18)
        );
        assert_eq!(Reference::Today.find_action("Nonsense"), None);
    }
}
