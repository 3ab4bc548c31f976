//! A chain as trust anchor in the picture: a box for each certificate, an arrow for each signature,
//! and what is wrong at its own place.

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::shared::{drawn, picture_of, report, states, text, tie, told};
use crate::support::{Bench, ca_params, sign};

const NAMES: [&str; 4] = ["Signing CA", "Issuing CA", "Policy CA", "Root CA"];
const ENDS: [i32; 4] = [4090, 4092, 4094, 4096];

/// The key and the certificate's parameters of each CA, the one that signs first.
struct Family {
    keys: Vec<KeyPair>,
    params: Vec<CertificateParams>,
}

impl Family {
    /// So many of them: the first `size - 1` names, and the root's.
    fn of(size: usize) -> Self {
        let params = (0..size).map(|at| {
            let from_top = if at + 1 == size { 3 } else { at };
            let mut params = ca_params();
            params
                .distinguished_name
                .push(DnType::CommonName, NAMES[from_top]);
            params.not_after = rcgen::date_time_ymd(ENDS[from_top], 1, 1);
            params
        });
        Family {
            keys: (0..size).map(|_| KeyPair::generate().unwrap()).collect(),
            params: params.collect(),
        }
    }

    fn certificate(&self, at: usize) -> Certificate {
        let above = at + 1;
        match self.params.get(above) {
            Some(params) => self.params[at]
                .signed_by(
                    &self.keys[at],
                    &Issuer::from_params(params, &self.keys[above]),
                )
                .unwrap(),
            None => self.params[at].self_signed(&self.keys[at]).unwrap(),
        }
    }

    fn chain(&self) -> Vec<String> {
        (0..self.params.len())
            .map(|at| self.certificate(at).pem())
            .collect()
    }
}

/// A bundle that the first of a sound family has signed.
fn signed(family: &Family) -> Bench {
    let bench = Bench::new();
    bench.put_ca(&crate::support::Ca {
        cert: family.chain().concat(),
        key: family.keys[0].serialize_pem(),
    });
    bench.run(&sign(&[])).expect(0);
    bench
}

/// The boxes of the trust anchor's certificates in the picture, from the top: each one's state and
/// its text.
fn boxes(page: &str) -> Vec<(String, String)> {
    let picture = picture_of(page);
    let nodes = picture
        .split("<g class=\"node ")
        .skip(1)
        .map(|node| node.split("</g>").next().unwrap());
    let nodes = nodes.map(|node| {
        (
            node.split('"').next().unwrap().to_owned(),
            text(&format!("<body><g{}", node.split_once('"').unwrap().1)),
        )
    });
    nodes
        .filter(|(_, text)| text.contains("Trust anchor"))
        .collect()
}

#[test]
fn each_certificate_has_a_box_and_each_signature_an_arrow() {
    for size in 2..=4 {
        let bench = signed(&Family::of(size));
        let page = report(&bench, &[]);
        let found = boxes(&page);
        assert_eq!(found.len(), size, "{found:?}");
        let mut letters = std::collections::BTreeSet::new();
        for (from_top, (state, text)) in found.iter().enumerate() {
            let place = size - from_top;
            let (name, end) = if from_top == 0 {
                (NAMES[3], ENDS[3])
            } else {
                (NAMES[place - 1], ENDS[place - 1])
            };
            let title = match place {
                place if place == size => format!("Trust anchor {size}: the root"),
                1 => "Trust anchor 1: the CA that signs".to_owned(),
                place => format!("Trust anchor {place}: the CA above"),
            };
            assert_eq!(state, "holds");
            for part in [
                title,
                name.to_owned(),
                format!("2000-01-01 to {end}-01-01"),
                "P-256, SHA-256 ".to_owned(),
            ] {
                assert!(text.contains(&part), "{part}: {text}");
            }
            letters.insert(text.split(name).nth(1).unwrap().chars().next().unwrap());
        }
        assert_eq!(letters.len(), size, "each key has its letter");
        let links: Vec<String> = (1..size).map(|below| format!("above-{below}")).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        assert_eq!(
            drawn(&page)
                .keys()
                .filter(|name| name.starts_with("above-"))
                .count(),
            size - 1
        );
        assert_eq!(states(&page, &links), vec!["holds"; size - 1]);
        assert_eq!(
            states(&page, &["own", "asked", "issued", "key"]),
            ["holds"; 4]
        );
        for link in links {
            assert!(
                tie(&page, link).contains("ECDSA with SHA-256")
                    && tie(&page, link).contains(">check.trust-anchor.chain-signatures<"),
                "{link}"
            );
            assert!(
                told(&page, link).1.contains("→") && told(&page, link).1.contains(": signed"),
                "{link}"
            );
        }
        // In two parts, one below the other, with nothing between them on a screen.
        let parts: Vec<Vec<i32>> = picture_of(&page)
            .split("class=\"picture\" viewBox=\"")
            .skip(1)
            .map(|rest| {
                rest.split('"')
                    .next()
                    .unwrap()
                    .split(' ')
                    .map(|number| number.parse().unwrap())
                    .collect()
            })
            .collect();
        assert_eq!(
            (parts.len(), parts[0][1] + parts[0][3]),
            (2, parts[1][1]),
            "{parts:?}"
        );
    }
    // One certificate is one box, and the picture one part.
    let page = report(&signed(&Family::of(1)), &[]);
    assert_eq!(boxes(&page).len(), 1);
    assert_eq!(picture_of(&page).matches("class=\"picture\"").count(), 1);
    assert!(
        boxes(&page)[0].1.contains("Trust anchor (the owner’s CA)"),
        "{:?}",
        boxes(&page)
    );
}

/// The page after the bundle's chain was exchanged for this one.
fn exchanged(bench: &Bench, chain: &[String]) -> String {
    bench.write("bundle/customerCA.crt", chain.concat());
    report(bench, &[])
}

const LINKS: [&str; 3] = ["above-1", "above-2", "above-3"];

#[test]
fn what_is_wrong_with_a_chain_shows_at_its_own_place() {
    let family = Family::of(4);
    let bench = signed(&family);
    let chain = family.chain();

    // One has expired: its box, and no arrow.
    let mut expired = Family {
        keys: family.keys,
        params: family.params,
    };
    expired.params[2].not_after = rcgen::date_time_ymd(2001, 1, 1);
    let page = exchanged(&bench, &expired.chain());
    assert_eq!(
        boxes(&page)
            .iter()
            .map(|(state, _)| state.as_str())
            .collect::<Vec<_>>(),
        ["holds", "broken", "holds", "holds"]
    );
    let text_of = boxes(&page)[1].1.clone();
    assert!(
        text_of.contains("check.validity.trust-anchor")
            && text_of.contains("certificate 3 of the chain was valid until"),
        "{text_of}"
    );
    assert_eq!(states(&page, &LINKS), ["holds"; 3]);

    // One is no CA.
    expired.params[2] = ca_params();
    expired.params[2]
        .distinguished_name
        .push(DnType::CommonName, NAMES[2]);
    expired.params[1].is_ca = IsCa::ExplicitNoCa;
    let page = exchanged(&bench, &expired.chain());
    assert_eq!(
        boxes(&page)
            .iter()
            .map(|(state, _)| state.as_str())
            .collect::<Vec<_>>(),
        ["holds", "holds", "broken", "holds"]
    );
    expired.params[1].is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // The root allows one CA below it, and there are three.
    expired.params[3].is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    let page = exchanged(&bench, &expired.chain());
    assert_eq!(
        boxes(&page)
            .iter()
            .map(|(state, _)| state.as_str())
            .collect::<Vec<_>>(),
        ["broken", "holds", "holds", "holds"]
    );
    expired.params[3].is_ca = IsCa::Ca(BasicConstraints::Unconstrained);

    // The policy CA has another key under its name: what it signed, it did not sign; and the root
    // signed this one.
    expired.keys[2] = KeyPair::generate().unwrap();
    let other = expired.certificate(2).pem();
    let page = exchanged(
        &bench,
        &[chain[0].clone(), chain[1].clone(), other, chain[3].clone()],
    );
    assert_eq!(states(&page, &LINKS), ["holds", "broken", "holds"]);
    assert!(
        tie(&page, "above-2").contains("class=\"cross\"")
            && tie(&page, "above-2").contains("did not sign"),
        "{}",
        tie(&page, "above-2")
    );
    assert!(
        told(&page, "above-2")
            .1
            .contains("did not sign certificate 2"),
        "{}",
        told(&page, "above-2").1
    );
    assert_eq!(states(&page, &["own", "issued"]), ["holds", "holds"]);

    // A link is missing: the break is where it stands, and what the order would say is not judged.
    let page = exchanged(
        &bench,
        &[chain[0].clone(), chain[2].clone(), chain[3].clone()],
    );
    assert_eq!(states(&page, &LINKS[..2]), ["broken", "unjudged"]);
    assert!(
        tie(&page, "above-1").contains("is not its issuer"),
        "{}",
        tie(&page, "above-1")
    );
    assert_eq!(states(&page, &["own", "issued"]), ["unjudged", "unjudged"]);
    // The root is missing.
    let page = exchanged(&bench, &chain[..3]);
    assert_eq!(
        (states(&page, &LINKS[..2]), states(&page, &["own"])),
        (vec!["holds".to_owned(); 2], vec!["broken".to_owned()])
    );
    // Two roots of one name: each link's names fit, so it shows where the root is.
    let twin = Family::of(1).chain().remove(0);
    let page = exchanged(&bench, &[chain[3].clone(), twin]);
    assert_eq!(states(&page, &LINKS[..1]), ["broken"]);
}
