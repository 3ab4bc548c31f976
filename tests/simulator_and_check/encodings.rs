//! Odd elements, texts and chains, for both readers.

use super::*;

/// Every element of either certificate with something too much, or without its last part; well
/// signed all the same.
pub(super) fn elements(corpus: &mut Corpus, spki: &[u8]) {
    let good = Odd::good(spki, 1);
    let (leaf, anchor) = good.texts();
    for (whose, cert) in [("leaf", &good.leaf), ("anchor", &good.cas[0])] {
        let add = |corpus: &mut Corpus, name: String, octets: Vec<u8>| {
            let pair = if whose == "leaf" {
                (text(&octets), anchor.clone())
            } else {
                (leaf.clone(), text(&octets))
            };
            corpus.add(format!("{whose}: {name}"), pair);
        };
        for path in Node::parse(&cert.tbs()).parents() {
            let more = cert.der_rearranged(|tbs| {
                tbs.at_mut(&path)
                    .children_mut()
                    .push(Node::parse(&der::null()))
            });
            add(corpus, format!("more at {path:?}"), more);
            let less = cert.der_rearranged(|tbs| drop(tbs.at_mut(&path).children_mut().pop()));
            add(corpus, format!("less at {path:?}"), less);
        }
        let whole = cert.der();
        add(
            corpus,
            String::from("an octet after it"),
            [&whole[..], &[0]].concat(),
        );
        add(
            corpus,
            String::from("an octet short"),
            whole[..whole.len() - 1].to_vec(),
        );
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        add(corpus, String::from("a changed signature"), changed);
    }
}

pub(super) fn texts(corpus: &mut Corpus, spki: &[u8]) {
    let (leaf, anchor) = Odd::good(spki, 1).texts();
    let (_, chain) = Odd::good(spki, 3).texts();
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 12] = [
        ("CRLF", |text| text.replace('\n', "\r\n")),
        ("no line break at its end", |text| {
            text.trim_end().to_owned()
        }),
        ("blank lines", |text| format!("\n\n{text}\n\n")),
        ("indented", |text| {
            text.lines().map(|line| format!("  {line}\n")).collect()
        }),
        ("on one line", |text| {
            text.replace('\n', "")
                .replace(
                    "-----BEGIN CERTIFICATE-----",
                    "-----BEGIN CERTIFICATE-----\n",
                )
                .replace("-----END", "\n-----END")
        }),
        ("a label of old", |text| {
            text.replace("CERTIFICATE", "X509 CERTIFICATE")
        }),
        ("openssl's own label", |text| {
            text.replace("CERTIFICATE", "TRUSTED CERTIFICATE")
        }),
        ("cut short", |text| text[..text.len() / 2].to_owned()),
        ("twice", |text| text.repeat(2)),
        ("a request's label", |text| {
            text.replace("CERTIFICATE", "CERTIFICATE REQUEST")
        }),
        ("no base64", |text| text.replacen("MII", "M!I", 1)),
        ("nothing", |_| String::new()),
    ];
    for (name, change) in changes {
        corpus.add(format!("leaf: {name}"), (change(&leaf), anchor.clone()));
        corpus.add(format!("anchor: {name}"), (leaf.clone(), change(&anchor)));
        corpus.add(format!("chain: {name}"), (leaf.clone(), change(&chain)));
    }
    // An extension that nobody reads makes them as long as wanted.
    for length in [2500, 3500, 4500, 12_000, 16_000] {
        for which in 0..=1 {
            let mut odd = Odd::good(spki, 1);
            odd.certificate(which)
                .extensions
                .as_mut()
                .unwrap()
                .push(extension("1.2.3.4", false, &der::octets(&vec![0; length])));
            corpus.add(
                format!("{} of {length} octets more", ["leaf", "anchor"][which]),
                odd.texts(),
            );
        }
        let mut odd = Odd::good(spki, 2);
        odd.cas[1].extensions.as_mut().unwrap().push(extension(
            "1.2.3.4",
            false,
            &der::octets(&vec![0; length]),
        ));
        corpus.add(format!("chain of {length} octets more"), odd.texts());
    }
}

pub(super) fn chains(corpus: &mut Corpus, spki: &[u8]) {
    for length in 1..=5 {
        corpus.add(format!("{length} CAs"), Odd::good(spki, length).texts());
    }
    let good = Odd::good(spki, 3);
    let leaf = text(&good.leaf.der());
    let each: Vec<String> = good.cas.iter().map(|ca| text(&ca.der())).collect();
    for order in [
        "0", "1", "2", "01", "02", "12", "10", "20", "21", "021", "102", "120", "201", "210",
        "0112", "0012", "0122", "01212",
    ] {
        let chain: String = order
            .bytes()
            .map(|digit| each[usize::from(digit - b'0')].as_str())
            .collect();
        corpus.add(format!("CAs in the order {order}"), (leaf.clone(), chain));
    }
    for at in 0..3 {
        for most in 0..=2_u8 {
            let mut odd = good.clone();
            let constraints = extension(
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::boolean(true), &der::int(&[most])]),
            );
            odd.cas[at].extensions = Some(vec![constraints, key_usage(0x06, 1)]);
            corpus.add(format!("path length {most} at {at}"), odd.texts());
        }
        let mut odd = good.clone();
        odd.cas[at].signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
        corpus.add(format!("a stranger signed {at}"), odd.texts());
    }
}
