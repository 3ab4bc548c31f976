//! The generations of the manufacturer's hardware, and all that is known of each: one literal for
//! each, from which the anchors, the hints and the command line's notices come.
//!
//! A verdict depends on the built-in roots and the marks in names, and takes those of all
//! generations together. It never depends on which generation a cluster says that it has.

mod roots;

pub(crate) use roots::{AWS_ROOT_G1, Figures, Issue};
pub use roots::{GOVCLOUD_AWS_ROOT, PublishedRoot};

/// A generation of the manufacturer's hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// LiquidSecurity, under hsm1.medium.
    Ls1,
    /// LiquidSecurity 2, under hsm2m.medium.
    Ls2,
}

/// The facts about a generation.
pub struct GenerationFacts {
    /// Its HsmType (User Guide, "HSM types", September 2026).
    pub hsm_type: &'static str,
    /// The roots of its manufacturer chain that somebody has compared: these are trusted.
    pub(crate) built_in_roots: &'static [Figures],
    /// The root of its manufacturer chain where that is published and not built in.
    pub published_root: Option<&'static PublishedRoot>,
    /// The CNs of other customers' roots of the same hardware: no AWS chain ends there.
    pub foreign_roots: &'static [&'static str],
    /// The marks in the CNs of its certificates, where it is known how they are named.
    pub name_marks: Option<NameMarks>,
    /// The reason why no new clusters can be made of it.
    pub retirement: Option<&'static str>,
    /// True where its clusters can be in NON_FIPS mode, and CreateCluster has to name one (User
    /// Guide, "Cluster modes"; API Reference 2022-06-06, CreateCluster).
    pub has_modes: bool,
    /// True where its HSMs can have IPv6 addresses (User Guide, "HSM types").
    pub has_ipv6: bool,
    /// The release of Client SDK 5 that it needs, where not every release will do.
    pub required_sdk: Option<&'static str>,
}

/// The words in a CN that tell what a certificate is of.
pub struct NameMarks {
    /// A partition's certificate has it, a card's does not.
    pub partition: &'static str,
    /// The certificates of hardware for non-FIPS mode have it, in lower case.
    pub non_fips: &'static str,
}

const LS1: GenerationFacts = GenerationFacts {
    hsm_type: "hsm1.medium",
    built_in_roots: &[roots::LIQUIDSECURITY_ROOT],
    published_root: None,
    foreign_roots: &[],
    // docs/verification.md
    name_marks: Some(NameMarks {
        partition: ":PARTN:",
        non_fips: "for non-fips mode",
    }),
    retirement: Some(
        "no new clusters of hsm1.medium can be made since April 2025, and its support ended on \
         2026-03-31",
    ),
    has_modes: false,
    has_ipv6: false,
    required_sdk: None,
};

const LS2: GenerationFacts = GenerationFacts {
    hsm_type: "hsm2m.medium",
    built_in_roots: &[],
    published_root: Some(&roots::LS2_MANUFACTURER_ROOT),
    foreign_roots: &["cavium-liquidsecurity-ls2"],
    name_marks: None,
    retirement: None,
    has_modes: true,
    has_ipv6: true,
    // AWS CloudHSM User Guide, AWS CloudHSM cluster HSM types: "requires Client SDK 5.9.0 or
    // later".
    required_sdk: Some("5.9"),
};

impl Generation {
    /// Every generation, from the oldest to the newest.
    pub const ALL: [Self; 2] = [Generation::Ls1, Generation::Ls2];
    /// The generation that new clusters are made of.
    pub const NEWEST: Self = Generation::Ls2;

    /// Returns the facts about the generation.
    pub const fn facts(self) -> &'static GenerationFacts {
        match self {
            Generation::Ls1 => &LS1,
            Generation::Ls2 => &LS2,
        }
    }

    /// Returns the facts about every generation.
    pub(crate) fn all_facts() -> impl Iterator<Item = &'static GenerationFacts> {
        Self::ALL.into_iter().map(Self::facts)
    }

    /// Returns the generation's HsmType.
    pub const fn hsm_type(self) -> &'static str {
        self.facts().hsm_type
    }

    /// Finds the generation of a cluster's HsmType; `None` for one that is not known.
    pub fn of_hsm_type(hsm_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|generation| generation.hsm_type() == hsm_type)
    }
}

impl PublishedRoot {
    /// Returns every published root: the generations' own, and AWS's of other regions.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Generation::all_facts()
            .filter_map(|facts| facts.published_root)
            .chain([&GOVCLOUD_AWS_ROOT])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_is_found_by_its_type_and_has_a_root_built_in_or_published() {
        for generation in Generation::ALL {
            let facts = generation.facts();
            assert_eq!(Generation::of_hsm_type(facts.hsm_type), Some(generation));
            assert!(
                facts.built_in_roots.is_empty() == facts.published_root.is_some(),
                "{generation:?} has a root in one of the two ways"
            );
        }
        assert_eq!(Generation::of_hsm_type("hsm3.medium"), None);
        assert!(Generation::NEWEST.facts().retirement.is_none());
    }

    #[test]
    fn the_marks_in_names_can_be_found() {
        for marks in Generation::all_facts().filter_map(|facts| facts.name_marks.as_ref()) {
            assert!(!marks.partition.is_empty() && !marks.non_fips.is_empty());
            assert_eq!(marks.non_fips, marks.non_fips.to_lowercase());
        }
    }
}
