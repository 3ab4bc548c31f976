//! Names in certificates and in the CSR are shown and not obeyed, in whichever string type, by
//! every command that meets them: a chain that verifies under roots that were given, and a CA,
//! whose names are as hostile as DER lets them be.

#![cfg(all(feature = "online", feature = "qr", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;
#[path = "outside_names/walk.rs"]
mod walk;
#[path = "outside_names/writing.rs"]
mod writing;

use std::sync::Mutex;

use hsmboot::x509::der::tag;
use support::evidence::Names;
use support::hostile::judge_files;
use support::{CLUSTER, Chain, Run, TRUST};
use walk::{CA, Desk, bench, chain, service, walk};
use writing::Writing;

#[test]
fn no_name_in_a_certificate_is_obeyed_in_whichever_string_type() {
    std::thread::scope(|scope| {
        for part in Writing::READ.chunks(5) {
            scope.spawn(|| part.iter().copied().for_each(walk));
        }
    });
}

/// A certificate whose strings are none is malformed: its names are read by nobody, and shown by
/// nobody.
#[test]
fn no_name_that_is_no_string_of_its_type_is_obeyed() {
    for writing in Writing::MALFORMED {
        let chain = chain(writing);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let genuine = Chain::new();
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        desk.both(&["roots", "show", "aws-root.crt"], 4);
        // An IA5String beyond ASCII is a warning in the owner's own certificate, which is kept as
        // it is: what it says is shown.
        let is_borne_with = matches!(writing, Writing::Latin(tag::IA5_STRING));
        desk.both(
            &["ca", "show", "customerCA.crt"],
            if is_borne_with { 0 } else { 4 },
        );
        bench.write("aws-root.crt", &genuine.aws_root);
        bench.write("manufacturer-root.crt", &genuine.manufacturer_root);
        desk.both(&[&["verify", "bundle", "--record"], &TRUST[..]].concat(), 4);
        desk.both(
            &[
                &["report", "bundle", "-o", "page.html", "--force"],
                &TRUST[..],
            ]
            .concat(),
            0,
        );
        let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
        desk.both(
            &[
                "check",
                "--csr",
                &csr,
                "--signed-cert",
                "customerCA.crt",
                "--trust-anchor",
                "customerCA.crt",
            ],
            4,
        );
        desk.both(
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "fetched"],
            0,
        );
        desk.both(
            &[
                &["bootstrap", "--cluster-id", CLUSTER, "--bundle", "fetched"],
                &CA[..],
                &TRUST,
            ]
            .concat(),
            4,
        );
        judge_files(&bench.path(""));
    }
}

/// What is no chain at all, or no trust anchor, is named too: in refusals.
#[test]
fn no_name_in_what_is_refused_is_obeyed() {
    for writing in Writing::READ {
        let chain = chain(writing);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        let sign = [&["sign", "bundle"], &CA[..], &TRUST].concat();
        // Another CSR's key, a forged signature, the wrong certificate in each place, another CA's
        // key.
        let part = |suffix: &str| format!("bundle/{CLUSTER}_{suffix}");
        for (suffix, text) in [
            ("ClusterCsr.csr", &chain.other_csr),
            ("ClusterCsr.csr", &chain.forged_csr),
            ("HsmCertificate.crt", &chain.aws_root),
            ("AwsHardwareCertificate.crt", &chain.manufacturer_hardware),
            ("ManufacturerHardwareCertificate.crt", &chain.hsm),
        ] {
            let kept = desk.bench.read(&part(suffix));
            desk.bench.write(&part(suffix), text);
            desk.both(&[&["verify", "bundle"], &TRUST[..]].concat(), 3);
            desk.both(&sign, 3);
            desk.both(
                &[
                    &["report", "bundle", "-o", "page.html", "--force"],
                    &TRUST[..],
                ]
                .concat(),
                0,
            );
            desk.bench.write(&part(suffix), kept);
        }
        desk.both(&["roots", "show", &part("ClusterCsr.csr")], 4);
        desk.both(&["ca", "show", &part("HsmCertificate.crt")], 0);
        judge_files(&bench.path(""));
    }
}

/// A name in the CSR alone: whoever relays the request may have put it there.
#[test]
fn no_name_in_a_csr_that_is_not_its_certificates_is_obeyed() {
    for writing in Writing::READ {
        let partition = Writing::Utf8.name("HSM:5.2G0000:PARTN:1, for FIPS mode");
        let names = Names {
            aws_root: writing.name("AWS test root"),
            manufacturer_root: writing.name("manufacturer test root"),
            card: Writing::Utf8.name("HSM:5.2G0000, for FIPS mode"),
            csr: writing.name("somebody"),
            partition,
        };
        let chain = Chain::named(&names);
        let (bench, service) = (bench(writing, &chain), service(&chain));
        let desk = Desk {
            bench: &bench,
            url: &service.url,
            shown: Mutex::new(0),
        };
        let record = desk.both(&[&["verify", "bundle", "--record"], &TRUST[..]].concat(), 0);
        let subject = record["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["id"] == "csr.subject")
            .unwrap()
            .clone();
        assert!(
            subject["detail"].as_str().unwrap().contains("somebody"),
            "{subject}"
        );
        desk.both(
            &[&["sign", "bundle", "--force"], &CA[..], &TRUST].concat(),
            if writing.is_for_clients() { 0 } else { 5 },
        );
        desk.both(
            &[
                &["report", "bundle", "-o", "page.html", "--force"],
                &TRUST[..],
            ]
            .concat(),
            0,
        );
        judge_files(&bench.path(""));
    }
}
