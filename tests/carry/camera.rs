//! By camera: what is drawn is read, from photographs as they come; what is missing, mixed, foreign
//! or made up is said to be.

mod strays;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use hsmboot::qr::photograph;
use serde_json::{Value, json};

use crate::optics::Shot;
use crate::support::Bench;

/// The CSR and the certificates of a fixture in the genuine shape and size: RSA 2048, names of five
/// attributes in one RDN.
const GENUINE_SHAPE: &str = "fixtures/verify/verified--never-expires";
const PARTS: [&str; 4] = [
    "ClusterCsr.csr",
    "HsmCertificate.crt",
    "AwsHardwareCertificate.crt",
    "ManufacturerHardwareCertificate.crt",
];

pub(crate) fn fingerprint(document: &Value) -> &str {
    document["fingerprint"].as_str().unwrap()
}

/// Files as a bundle, with the `request.json` and the transcript that `fetch` would write.
fn fetched(bench: &Bench, files: &BTreeMap<String, Vec<u8>>, id: &str) {
    let digest = |content: &[u8]| hsmboot::x509::to_hex(&hsmboot::x509::sha256(content));
    for (name, content) in files {
        bench.write(&format!("bundle/{name}"), content);
    }
    let digests: BTreeMap<&String, String> = files
        .iter()
        .map(|(name, content)| (name, digest(content)))
        .collect();
    let request = json!({
        "format": "hsmboot-request/1", "cluster_id": id, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": ["hsm-lgavqitns2a"],
        "fetched_at": "2026-06-01T12:00:00Z", "tool": "hsmboot 0.1.0", "files": digests,
    });
    let request = format!("{request:#}\n");
    let mut outputs: BTreeMap<String, String> = digests
        .into_iter()
        .map(|(name, digest)| (name.clone(), digest))
        .collect();
    outputs.insert("request.json".to_owned(), digest(request.as_bytes()));
    bench.write("bundle/request.json", request);
    let step = json!({
        "format": "hsmboot-transcript/1", "step": 1, "time": "2026-06-01T12:00:00Z",
        "tool": "hsmboot 0.1.0",
        "command": [
            "hsmboot", "fetch", "--cluster-id", id, "--bundle", "/media/usb/claim",
            "--operator", "Ada Lovelace"
        ],
        "host": "bastion.example.com",
        "operator": "Ada Lovelace", "cluster_id": id, "inputs": {}, "outputs": outputs,
        "previous": "0".repeat(64),
    });
    bench.write("bundle/transcript.jsonl", format!("{step}\n"));
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
}

/// A bench with a fetched bundle in the genuine shape.
pub(crate) fn genuine_shape() -> Bench {
    let bench = Bench::empty();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(GENUINE_SHAPE);
    let name = |part: &str| format!("cluster-hsmboottest_{part}");
    let files = PARTS
        .iter()
        .map(|part| (name(part), fs::read(dir.join(name(part))).unwrap()))
        .collect();
    fetched(&bench, &files, "cluster-hsmboottest");
    bench
}

/// What `qr show` wrote, in its order.
pub(crate) fn show(bench: &Bench, more: &[&str]) -> Vec<String> {
    let shown = bench
        .run(
            &[
                &[
                    "qr", "show", "bundle", "--png", "codes", "--force", "--output", "json",
                ][..],
                more,
            ]
            .concat(),
        )
        .expect(0)
        .json();
    shown["written"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn read<'a>(images: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    ["qr", "read"]
        .into_iter()
        .chain(images.iter().map(String::as_str))
        .chain(more.iter().copied())
        .collect()
}

/// That a bundle holds the same files as another, byte for byte, but for the steps that its
/// transcript has more.
pub(crate) fn same(bench: &Bench, one: &str, other: &str) {
    let names = |dir: &str| {
        fs::read_dir(bench.path(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names(one), names(other));
    for name in names(one) {
        let (a, b) = (
            bench.read(&format!("{one}/{name}")),
            bench.read(&format!("{other}/{name}")),
        );
        assert!(
            if name == "transcript.jsonl" {
                b.starts_with(&a) && b.len() > a.len()
            } else {
                a == b
            },
            "{name}"
        );
    }
}

#[test]
fn a_request_of_genuine_size_takes_at_most_three_codes_and_comes_back_byte_for_byte() {
    let bench = genuine_shape();
    let codes = show(&bench, &[]);
    assert!((2..=3).contains(&codes.len()), "{codes:?}");
    let done = bench
        .run(&read(
            &codes,
            &["--bundle", "new", "--operator", "Grace", "--output", "json"],
        ))
        .expect(0)
        .json();
    assert_eq!(
        (&done["kind"], &done["unchanged"]),
        (&"request".into(), &false.into())
    );
    same(&bench, "bundle", "new");
    let text = bench
        .run(&read(&codes, &["--bundle", "text"]))
        .expect(0)
        .stdout;
    for (name, digest) in done["files"].as_object().unwrap() {
        let line = match name.ends_with(".crt") || name.ends_with(".csr") {
            true => format!("  {name}\n    SHA-256 "),
            false => format!(
                "  {name}\n    SHA-256 of the file {}\n",
                digest.as_str().unwrap()
            ),
        };
        assert!(text.contains(&line), "{text}");
    }
    let steps = bench
        .run(&["transcript", "show", "new", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (
            steps["steps"].as_array().unwrap().len(),
            &steps["steps"][1]["operator"]
        ),
        (2, &"Grace".into())
    );
    assert!(
        steps["steps"][1]["inputs"]
            .as_object()
            .unwrap()
            .contains_key(&codes[0]),
        "the photographs are on record"
    );
    bench.run(&["transcript", "verify", "new"]).expect(0);
    // The same fingerprint on both sides, and a second time nothing.
    let shown = bench
        .run(&["qr", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(fingerprint(&shown), fingerprint(&done));
    let before = bench.listing();
    assert_eq!(
        bench
            .run(&read(&codes, &["--bundle", "new", "--output", "json"]))
            .expect(0)
            .json()["unchanged"],
        true
    );
    assert_eq!(before, bench.listing());
    // Into one file, or a directory of the cluster's name.
    bench
        .run(&read(&codes, &["--bundle", "new.hsmboot"]))
        .expect(0);
    bench.run(&read(&codes, &[])).expect(0);
    same(&bench, "bundle", "cluster-hsmboottest");
    // And drawn from one file it is the same.
    bench
        .run(&["pack", "bundle", "-o", "bundle.hsmboot"])
        .expect(0);
    let packed = bench
        .run(&["qr", "show", "bundle.hsmboot", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(packed["codes"], shown["codes"]);
}

#[test]
#[cfg_attr(not(vectors), ignore = "the genuine certificates are not here")]
fn a_genuine_csr_with_its_three_certificates_comes_back_from_photographs_byte_for_byte() {
    let bench = Bench::empty();
    let id = "cluster-clusteronea";
    let vectors = |part: &str| match part {
        "ClusterCsr.csr" => "cluster-1/cluster-clusteronea_ClusterCsr.csr".to_owned(),
        _ => format!("hardware-1/cluster-hardwareone_{part}"),
    };
    let files = PARTS
        .iter()
        .map(|part| {
            (
                format!("{id}_{part}"),
                crate::support::vectors::read(&vectors(part)),
            )
        })
        .collect();
    fetched(&bench, &files, id);
    let codes = show(&bench, &[]);
    assert!(codes.len() <= 6, "{codes:?}");
    let shot = Shot {
        angle: 12.0,
        scale: 0.8,
        tilt: 0.1,
        tones: (40.0, 200.0),
        noise: 20.0,
        quality: 40,
        ..Shot::GOOD
    };
    let taken: Vec<String> = codes
        .iter()
        .map(|code| code.replace(".png", ".jpg"))
        .collect();
    for (code, photograph) in codes.iter().zip(&taken) {
        bench.write(photograph, shot.take(&bench.read(code)));
    }
    for (pictures, place) in [(&codes, "new"), (&taken, "other")] {
        bench.run(&read(pictures, &["--bundle", place])).expect(0);
        same(&bench, "bundle", place);
    }
}

/// The texts that one photograph shows.
fn texts(photograph: &[u8]) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    photograph::read(photograph, |text| {
        texts.insert(text.to_owned());
        true
    })
    .unwrap();
    texts
}

#[test]
fn a_code_of_the_largest_size_is_read_at_any_angle_scale_and_quality() {
    let bench = genuine_shape();
    let code = bench.read(&show(&bench, &[])[0]);
    let expected = texts(&code);
    assert_eq!(expected.len(), 1);
    let mut shots: Vec<Shot> = Vec::new();
    shots.extend(
        [90.0, 180.0, 270.0, 7.0, 33.0, 45.0, 118.0, 200.0, 301.0].map(|angle| Shot {
            angle,
            scale: 0.7,
            ..Shot::GOOD
        }),
    );
    shots.extend([0.5, 0.75, 1.3, 2.0].map(|scale| Shot {
        scale,
        angle: 3.0,
        ..Shot::GOOD
    }));
    shots.extend([30, 40, 50].map(|quality| Shot {
        quality,
        angle: 20.0,
        scale: 0.6,
        ..Shot::GOOD
    }));
    let hard = Shot {
        angle: 10.0,
        scale: 0.7,
        quality: 50,
        ..Shot::GOOD
    };
    shots.extend([
        Shot {
            noise: 60.0,
            tones: (30.0, 210.0),
            ..hard
        },
        Shot {
            tones: (15.0, 60.0),
            shade: 0.5,
            noise: 6.0,
            ..hard
        },
        Shot {
            tones: (120.0, 170.0),
            ..hard
        },
        Shot { tilt: 0.25, ..hard },
        Shot {
            bend: 0.06,
            tilt: 0.05,
            ..hard
        },
        Shot { blur: 2.0, ..hard },
    ]);
    let unread: Vec<Shot> = shots
        .into_iter()
        .filter(|shot| texts(&shot.take(&code)) != expected)
        .collect();
    assert!(unread.is_empty(), "{unread:#?}");
}

/// With `HSMBOOT_PHOTOGRAPH` it is kept there, to be measured: docs/performance.md.
#[test]
fn a_photograph_of_twelve_megapixels_is_read() {
    let bench = genuine_shape();
    let code = bench.read(&show(&bench, &[])[0]);
    let shot = Shot {
        angle: 8.0,
        scale: 2.6,
        tilt: 0.1,
        bend: 0.03,
        tones: (30.0, 210.0),
        noise: 20.0,
        quality: 85,
        ..Shot::GOOD
    };
    let photograph = shot.take(&code);
    let size = image::load_from_memory(&photograph).unwrap();
    assert!(
        (11_500_000..12_500_000).contains(&(size.width() * size.height())),
        "{} by {}",
        size.width(),
        size.height()
    );
    assert_eq!(texts(&photograph), texts(&code));
    if let Some(path) = std::env::var_os("HSMBOOT_PHOTOGRAPH") {
        fs::write(path, photograph).unwrap();
    }
}

#[test]
fn photographs_come_in_any_order_twice_and_with_several_codes_in_one() {
    let bench = genuine_shape();
    let mut codes = show(&bench, &[]);
    codes.reverse();
    codes.push(codes[0].clone());
    bench
        .run(&read(&codes, &["--bundle", "reversed"]))
        .expect(0);
    same(&bench, "bundle", "reversed");
    bench
        .run(&["qr", "show", "bundle", "-o", "sheet.png"])
        .expect(0);
    let shot = Shot {
        angle: 4.0,
        scale: 0.8,
        tilt: 0.05,
        quality: 60,
        noise: 10.0,
        ..Shot::GOOD
    };
    bench.write("sheet.jpg", shot.take(&bench.read("sheet.png")));
    let run = bench
        .run(&["qr", "read", "sheet.jpg", "--bundle", "sheet"])
        .expect(0);
    assert!(
        run.stderr.contains("sheet.jpg: part 1 of 3, part 2 of 3"),
        "{}",
        run.stderr
    );
    same(&bench, "bundle", "sheet");
}
