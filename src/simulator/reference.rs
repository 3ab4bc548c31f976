//! The edition of the service that is emulated. Which actions and members it has, the table of the
//! API says; every other difference is answered by [`Reference`], and no other code knows a date.

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
}

#[cfg(test)]
mod tests {
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
}
