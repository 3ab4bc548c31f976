//! The simulator's chains are made like the genuine ones.

use super::*;

/// The tree of a DER encoding: per element its depth and tag, and for an OBJECT IDENTIFIER its
/// octets.
pub(super) fn skeleton(der: &[u8]) -> String {
    fn walk(mut der: &[u8], depth: usize, out: &mut String) {
        while !der.is_empty() {
            let tag = der[0];
            let (header, length) = match der[1] {
                short if short < 0x80 => (2, usize::from(short)),
                long => {
                    let digits = usize::from(long & 0x7F);
                    (
                        2 + digits,
                        der[2..2 + digits]
                            .iter()
                            .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                    )
                }
            };
            let content = &der[header..header + length];
            out.push_str(&format!("{}{tag:02x}", " ".repeat(depth)));
            match tag {
                0x06 => content
                    .iter()
                    .for_each(|octet| out.push_str(&format!(".{octet:02x}"))),
                0x04 | 0x01 => out.push_str(&format!(
                    ":{}",
                    &content
                        .iter()
                        .take(4)
                        .map(|o| format!("{o:02x}"))
                        .collect::<String>()
                )),
                _ => {}
            }
            out.push('\n');
            if tag & 0x20 != 0 {
                walk(content, depth + 1, out);
            }
            der = &der[header + length..];
        }
    }
    let mut out = String::new();
    walk(der, 0, &mut out);
    out
}

/// Where the genuine certificates are at hand, element by element; otherwise the figures below
/// stand for them.
#[test]
fn the_skeletons_are_the_genuine_ones() {
    let shown = shown();
    let name = "  30\n   31\n    30\n     06.55.04.06\n     13\n    30\n     06.55.04.08\n     \
                0c\n    30\n     06.55.04.0a\n     0c\n    30\n     06.55.04.0b\n     0c\n    \
                30\n     06.55.04.07\n     0c\n   31\n    30\n     06.55.04.03\n     0c\n";
    let algorithm = "  30\n   06.2a.86.48.86.f7.0d.01.01.0b\n   05\n";
    let key = "  30\n   30\n    06.2a.86.48.86.f7.0d.01.01.01\n    05\n   03\n";
    let validity = "  30\n   17\n   17\n";
    let outer = " 30\n  06.2a.86.48.86.f7.0d.01.01.0b\n  05\n 03\n";
    let version = "  a0\n   02\n";
    let root_name: String = std::iter::once(String::from("  30\n"))
        .chain(
            [
                ("06", "13"),
                ("08", "0c"),
                ("07", "0c"),
                ("0a", "0c"),
                ("0b", "0c"),
                ("03", "0c"),
            ]
            .map(|(kind, text)| format!("   31\n    30\n     06.55.04.{kind}\n     {text}\n")),
        )
        .collect();

    let csr = format!("30\n 30\n  02\n{name}{key}  a0\n{outer}");
    assert_eq!(skeleton(&shown.csr), csr);
    let hsm = format!("30\n 30\n{version}  02\n{algorithm}{name}{validity}{name}{key}{outer}");
    assert_eq!(skeleton(&shown.hsm), hsm);
    let manufacturer = format!("30\n 30\n  02\n{algorithm}{root_name}{validity}{name}{key}{outer}");
    assert_eq!(skeleton(&shown.manufacturer_hardware), manufacturer);
    let identifier =
        |kind: &str, value: &str| format!("    30\n     06.55.1d.{kind}\n     04:{value}\n");
    let usage = |value: &str| format!("    30\n     06.55.1d.0f\n     01:ff\n     04:{value}\n");
    let extensions = |each: &[String]| format!("  a3\n   30\n{}", each.concat());
    let owner = extensions(&[
        identifier("13", "3000"),
        usage("030205a0"),
        identifier("0e", "0414"),
        identifier("23", "3016"),
    ]);
    let owner = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{name}{key}{owner}{outer}"
    );
    assert_eq!(comparable(&shown.aws_hardware), owner.trim_end());
    let aws = extensions(&[
        identifier("0e", "0414"),
        identifier("23", "3016"),
        identifier("13", "30030101"),
    ]);
    let aws = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{root_name}{key}{aws}{outer}"
    );
    assert_eq!(comparable(&shown.aws_root), aws.trim_end());
    let reissue = extensions(&[usage("03020284"), identifier("13", "30030101")]);
    let reissue = format!(
        "30\n 30\n{version}  02\n{algorithm}{root_name}{validity}{root_name}{key}{reissue}{outer}"
    );
    assert_eq!(skeleton(&shown.manufacturer_reissue), reissue);
    let root = format!("30\n 30\n  02\n{algorithm}{root_name}{validity}{root_name}{key}{outer}");
    assert_eq!(skeleton(&shown.manufacturer_root), root);

    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    for (file, ours) in [
        ("cluster-1/cluster-clusteronea_ClusterCsr.csr", &shown.csr),
        (
            "hardware-1/cluster-hardwareone_HsmCertificate.crt",
            &shown.hsm,
        ),
        (
            "hardware-1/cluster-hardwareone_ManufacturerHardwareCertificate.crt",
            &shown.manufacturer_hardware,
        ),
        ("roots/AWS_CloudHSM_Root-G1.crt", &shown.aws_root),
        ("roots/manufacturer-root-2015.crt", &shown.manufacturer_root),
        (
            "roots/manufacturer-root-2024.crt",
            &shown.manufacturer_reissue,
        ),
    ] {
        // The owner's hardware certificate is not compared: the one at hand is another owner's,
        // with another name.
        if let Ok(genuine) = std::fs::read_to_string(vectors.join(file)) {
            assert_eq!(comparable(ours), comparable(&der(&genuine)), "{file}");
        }
    }
}

/// Without what is a key's or a hash's own: the first octets of an OCTET STRING that holds a key
/// identifier.
fn comparable(der: &[u8]) -> String {
    skeleton(der)
        .lines()
        .map(|line| {
            if line.contains("04:0414") || line.contains("04:3016") {
                &line[..line.len() - 4]
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}
