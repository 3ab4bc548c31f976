//! The facts, with parsed certificates and named keys.

use super::PageFacts;
use super::rank::Rank;
use crate::bundle::Part;
use crate::check;
use crate::verify::{self, Anchor, Side};
use crate::x509::name::common_name_text;
use crate::x509::{
    Certificate, Csr, Moment, PublicKey, SignatureAlgorithm, TrustAnchor, name_text, to_hex,
};

/// The facts as the page's sections read them.
pub(super) struct PageView<'a> {
    pub(super) facts: &'a PageFacts,
    /// [`PageFacts::verification`] and [`PageFacts::pair`], with missing files called missing.
    pub(super) verification: verify::Record,
    pub(super) pair: Option<check::Record>,
    pub(super) csr: Option<Csr>,
    pub(super) hsm: Option<Certificate>,
    pub(super) aws_hardware: Option<Certificate>,
    pub(super) manufacturer_hardware: Option<Certificate>,
    pub(super) signed_cert: Option<Certificate>,
    /// The findings of [`PageView::pair`] about each certificate of the trust anchor, with its
    /// place.
    pub(super) of_each_ca: Vec<(usize, check::Finding)>,
    /// The anchors that were used, AWS's first.
    anchors: [Option<&'a Anchor>; 2],
    /// The different keys, in the order in which the picture shows them.
    keys: Vec<PublicKey>,
}

impl<'a> PageView<'a> {
    pub(super) fn from_facts(facts: &'a PageFacts) -> Self {
        let survey = &facts.survey;
        let read = |part| {
            survey
                .part_content(part)
                .and_then(|text| Certificate::from_hardware_text(text).ok())
                .map(|(certificate, _)| certificate)
        };
        let used = |side: Side| {
            let recorded = facts
                .verification
                .terms
                .anchors
                .iter()
                .find(|anchor| anchor.side == side)?;
            facts
                .anchors
                .of_side(side)
                .iter()
                .find(|anchor| anchor.to_facts(side) == *recorded)
        };
        let (verification, pair) = super::gaps::name_missing_files(facts);
        let of_each_ca = match (&pair, &facts.trust_anchor) {
            (Some(pair), Some(found)) => check::of_each_certificate(found, pair.at),
            _ => Vec::new(),
        };
        let mut view = PageView {
            facts,
            verification,
            pair,
            csr: survey
                .part_content(Part::Csr)
                .and_then(|text| Csr::from_pem(text).ok()),
            hsm: survey
                .part_content(Part::Hsm)
                .and_then(|text| Certificate::from_pem(text).ok()),
            aws_hardware: read(Part::AwsHardware),
            manufacturer_hardware: read(Part::ManufacturerHardware),
            signed_cert: survey
                .part_content(Part::SignedCert)
                .and_then(|text| Certificate::from_owner_file(text).ok()),
            of_each_ca,
            anchors: Side::ALL.map(used),
            keys: Vec::new(),
        };
        view.keys = view.different_keys();
        view
    }

    fn different_keys(&self) -> Vec<PublicKey> {
        let anchors = self.anchors.into_iter().flatten().map(Anchor::public_key);
        let certificates = [&self.aws_hardware, &self.manufacturer_hardware, &self.hsm]
            .into_iter()
            .flatten()
            .map(Certificate::public_key);
        let csr = self.csr.iter().map(Csr::public_key);
        let pair = self
            .signed_cert
            .iter()
            .chain(
                self.facts
                    .trust_anchor
                    .iter()
                    .flat_map(TrustAnchor::certificates),
            )
            .map(Certificate::public_key);
        let mut keys: Vec<PublicKey> = Vec::new();
        for key in anchors.chain(certificates).chain(csr).chain(pair) {
            if !keys.iter().any(|known| is_same_key(known, key)) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// Returns a key's letter, which is the same for the same key.
    pub(super) fn key_letter(&self, key: &PublicKey) -> String {
        let at = self
            .keys
            .iter()
            .position(|known| is_same_key(known, key))
            .unwrap_or_default();
        // At most eleven keys are in a bundle and its anchors.
        ('A'..='Z').nth(at).map(String::from).unwrap_or_default()
    }

    pub(super) fn anchor_of(&self, side: Side) -> Option<&'a Anchor> {
        side.select_from(self.anchors)
    }

    pub(super) const fn hardware_of(&self, side: Side) -> Option<&Certificate> {
        match side {
            Side::Aws => self.aws_hardware.as_ref(),
            Side::Manufacturer => self.manufacturer_hardware.as_ref(),
        }
    }

    /// Tells whether the bundle records that the cluster is claimed.
    pub(super) fn is_claimed(&self) -> bool {
        let receipt = self.facts.survey.receipt.content();
        receipt.is_some_and(|receipt| receipt.outcome.is_known())
    }

    /// Returns the file of the CA certificate that was given to the report, where the bundle's
    /// trust anchor is another one.
    pub(super) fn another_ca(&self) -> Option<&'a str> {
        let (own, file) = self.facts.own_ca.as_ref()?;
        self.facts
            .trust_anchor
            .as_ref()
            .filter(|found| !own.has_trust_anchor(found))
            .map(|_| file.as_str())
    }

    /// Returns the positions of the trust anchor's certificates, in their order.
    pub(super) fn ranks(&self) -> Vec<Rank> {
        Rank::all(
            self.facts
                .trust_anchor
                .as_ref()
                .map_or(0, |found| found.certificates_above().len()),
        )
    }

    /// Returns a certificate of the trust anchor.
    pub(super) fn ca_at(&self, rank: Rank) -> Option<&Certificate> {
        self.facts
            .trust_anchor
            .as_ref()?
            .certificates()
            .nth(rank.place())
    }

    /// Tells whether the bundle holds a file for this part at all.
    pub(super) fn has_part(&self, part: Part) -> bool {
        self.facts
            .survey
            .has_file(&part.file_name(&self.facts.survey.cluster_id))
    }
}

fn is_same_key(one: &PublicKey, other: &PublicKey) -> bool {
    one == other || one.same_numbers(other)
}

/// Returns the short form of a name: its one common name, or else the whole name.
pub(super) fn short_name(name: &[u8]) -> String {
    common_name_text(name).unwrap_or_else(|| name_text(name).to_string())
}

/// Returns the number with its noun: `one` for 1, or else `many`.
pub(super) fn count_text(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Joins the items as `a`, `a and b` or `a, b and c`.
pub(super) fn join_list(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns the name of a signature's algorithm, for the reader.
pub(super) fn algorithm_text(identifier: &[u8]) -> String {
    SignatureAlgorithm::from_der(identifier)
        .map_or_else(|fault| fault.to_string(), |algorithm| algorithm.to_string())
}

/// Returns only the day.
pub(super) fn day_text(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

/// Returns the first sixteen digits, which are enough to tell two digests apart at a glance.
pub(super) fn first_digits(digest: &[u8]) -> String {
    let text = to_hex(digest);
    let head: Vec<&str> = [text.get(..8), text.get(8..16)]
        .into_iter()
        .flatten()
        .collect();
    format!("{}…", head.join(" "))
}
