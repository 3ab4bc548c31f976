//! The runbooks and the quickstart are played as they are written: see ceremony.rs. With the CA's
//! key on a token the air-gapped one is played by tests/pkcs11.rs.

use std::path::Path;

use super::ceremony::{Way, air_gapped, rehearsal, to_activated};
use super::stage::BINARY;

#[test]
fn the_air_gapped_runbook_is_played_as_written() {
    air_gapped(&Way::default());
}

#[test]
#[cfg(feature = "qr")]
fn the_air_gapped_runbook_is_played_by_camera() {
    assert!(
        super::read("docs/runbooks/air-gapped.md")
            .contains("read `~/`\nfor `/media/usb/` in every command. Leave out 4b, 8 and 8a,")
    );
    air_gapped(&Way {
        variant: "camera",
        left_out: &["4b", "8", "8a"],
        called: &[("/media/usb/", "~/")],
        ..Way::default()
    });
}

#[test]
fn the_offline_roots_runbook_is_played_as_written() {
    let dir = tempfile::tempdir().unwrap();
    rehearsal(
        "docs/runbooks/offline-root.md",
        dir.path(),
        Path::new(BINARY).parent().unwrap(),
    );
    let chain = |path: &str| std::fs::read_to_string(dir.path().join(path)).unwrap();
    assert_eq!(
        chain("offline-root/signer/chainCA.crt")
            .matches("BEGIN")
            .count(),
        2
    );
}

#[test]
fn the_quickstart_is_played_as_written() {
    let dir = tempfile::tempdir().unwrap();
    rehearsal(
        "docs/quickstart.md",
        dir.path(),
        Path::new(BINARY).parent().unwrap(),
    );
    let place = dir.path().join("hsmboot-quickstart");
    assert!(place.join("report.html").is_file() && place.join("clients/README.txt").is_file());
}

#[test]
fn the_ceremony_is_rehearsed_as_written() {
    let dir = tempfile::tempdir().unwrap();
    rehearsal(
        "docs/runbooks/ceremony-rehearsal.md",
        dir.path(),
        Path::new(BINARY).parent().unwrap(),
    );
    assert!(dir.path().join("rehearsal/online/report.html").is_file());
}

#[test]
fn the_way_from_nothing_to_activated_is_played_as_written() {
    to_activated();
}
