//! The facts, with the certificates read and the keys named.

use super::Facts;
use super::rank::Rank;
use crate::bundle::{CA_FILE, Part};
use crate::check;
use crate::verify::{self, Anchor, Side};
use crate::x509::name::common_name_text;
use crate::x509::{
    Certificate, Csr, Moment, PublicKey, SignatureAlgorithm, TrustAnchor, hex, name_text,
};

/// What the page looks at.
pub(super) struct View<'a> {
    pub(super) facts: &'a Facts,
    /// [`Facts::verification`] and [`Facts::pair`], with missing files called missing.
    pub(super) verification: verify::Record,
    pub(super) pair: Option<check::Record>,
    pub(super) csr: Option<Csr>,
    pub(super) hsm: Option<Certificate>,
    pub(super) aws_hardware: Option<Certificate>,
    pub(super) manufacturer_hardware: Option<Certificate>,
    pub(super) signed_cert: Option<Certificate>,
    pub(super) trust_anchor: Option<TrustAnchor>,
    /// What [`View::pair`] finds of each certificate of the trust anchor, with its place.
    pub(super) of_each_ca: Vec<(usize, check::Finding)>,
    /// The anchors that were used, AWS's first.
    anchors: [Option<&'a Anchor>; 2],
    /// Different keys, in the order in which the picture meets them.
    keys: Vec<PublicKey>,
}

impl<'a> View<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let survey = &facts.survey;
        let read = |part| {
            survey
                .part(part)
                .and_then(|text| Certificate::of_hardware(text).ok())
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
                .of(side)
                .iter()
                .find(|anchor| anchor.facts(side) == *recorded)
        };
        let (verification, pair) = super::gaps::named(facts);
        let trust_anchor = survey
            .trust_anchor()
            .and_then(|text| TrustAnchor::from_file(text).ok());
        let of_each_ca = match (&pair, &trust_anchor) {
            (Some(pair), Some(found)) => check::of_each_certificate(found, pair.at),
            _ => Vec::new(),
        };
        let mut view = View {
            facts,
            verification,
            pair,
            csr: survey
                .part(Part::Csr)
                .and_then(|text| Csr::from_pem(text).ok()),
            hsm: survey
                .part(Part::Hsm)
                .and_then(|text| Certificate::from_pem(text).ok()),
            aws_hardware: read(Part::AwsHardware),
            manufacturer_hardware: read(Part::ManufacturerHardware),
            signed_cert: survey
                .part(Part::SignedCert)
                .and_then(|text| Certificate::of_owner(text).ok()),
            trust_anchor,
            of_each_ca,
            anchors: Side::ALL.map(used),
            keys: Vec::new(),
        };
        view.keys = view.different_keys();
        view
    }

    fn different_keys(&self) -> Vec<PublicKey> {
        let anchors = self.anchors.into_iter().flatten().map(Anchor::key);
        let certificates = [&self.aws_hardware, &self.manufacturer_hardware, &self.hsm]
            .into_iter()
            .flatten()
            .map(Certificate::key);
        let csr = self.csr.iter().map(Csr::key);
        let pair = self
            .signed_cert
            .iter()
            .chain(self.trust_anchor.iter().flat_map(TrustAnchor::certificates))
            .map(Certificate::key);
        let mut keys: Vec<PublicKey> = Vec::new();
        for key in anchors.chain(certificates).chain(csr).chain(pair) {
            if !keys.iter().any(|known| is(known, key)) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// A key's letter: the same for the same key.
    pub(super) fn letter(&self, key: &PublicKey) -> String {
        let at = self
            .keys
            .iter()
            .position(|known| is(known, key))
            .unwrap_or_default();
        // At most eleven keys are in a bundle and its anchors.
        ('A'..='Z').nth(at).map(String::from).unwrap_or_default()
    }

    pub(super) fn anchor(&self, side: Side) -> Option<&'a Anchor> {
        side.of(self.anchors)
    }

    pub(super) const fn hardware(&self, side: Side) -> Option<&Certificate> {
        match side {
            Side::Aws => self.aws_hardware.as_ref(),
            Side::Manufacturer => self.manufacturer_hardware.as_ref(),
        }
    }

    /// The file of the CA certificate that was given to the report, where the bundle's trust anchor
    /// is another one.
    pub(super) fn another_ca(&self) -> Option<&'a str> {
        let (own, file) = self.facts.own_ca.as_ref()?;
        self.trust_anchor
            .as_ref()
            .filter(|found| own.is(found, CA_FILE).is_err())
            .map(|_| file.as_str())
    }

    /// The ranks of the trust anchor's certificates, in their order.
    pub(super) fn ranks(&self) -> Vec<Rank> {
        Rank::all(
            self.trust_anchor
                .as_ref()
                .map_or(0, |found| found.above().len()),
        )
    }

    /// A certificate of the trust anchor.
    pub(super) fn ca(&self, rank: Rank) -> Option<&Certificate> {
        self.trust_anchor.as_ref()?.certificates().nth(rank.place())
    }

    /// Whether the bundle holds a file for this part at all.
    pub(super) fn holds(&self, part: Part) -> bool {
        self.facts
            .survey
            .holds(&part.file_name(&self.facts.survey.cluster_id))
    }
}

fn is(one: &PublicKey, other: &PublicKey) -> bool {
    one == other || one.same_numbers(other)
}

/// What it is called in short: its one common name, or else its whole name.
pub(super) fn short_name(name: &[u8]) -> String {
    common_name_text(name).unwrap_or_else(|| name_text(name))
}

/// So many of them: `one` where it is one.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A signature's algorithm for eyes.
pub(super) fn algorithm(identifier: &[u8]) -> String {
    SignatureAlgorithm::from_der(identifier)
        .map_or_else(|fault| fault.to_string(), |algorithm| algorithm.to_string())
}

/// The day alone.
pub(super) fn day(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

/// The first sixteen digits: enough to tell two apart at a glance.
pub(super) fn first_digits(digest: &[u8]) -> String {
    let text = hex(digest);
    let head: Vec<&str> = [text.get(..8), text.get(8..16)]
        .into_iter()
        .flatten()
        .collect();
    format!("{}…", head.join(" "))
}
