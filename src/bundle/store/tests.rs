//! A place's locks, room and directory, and what is advised where a file is missing.

#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::bundle::{CREATION, REQUEST, RESPONSE};

#[test]
fn a_locked_file_is_somebodys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at_path(dir.path());
    assert!(store.lock_file(CREATION).is_none(), "it is not there");
    fs::write(dir.path().join(CREATION), "{}").unwrap();
    let held = store.lock_file(CREATION).unwrap();
    let other = Store::at_path(dir.path());
    assert!(other.lock_file(CREATION).is_none(), "somebody has it");
    drop(held);
    assert!(other.lock_file(CREATION).is_some());
}

#[test]
fn a_bundle_in_one_file_of_any_size_can_be_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at_path(&dir.path().join("x.hsmboot"));
    let long = vec![b'x'; 200 * 1024];
    store
        .write(&[NewFile::readable("verification.json", &long, true)])
        .unwrap();
    assert!(store.archive_size() > long.len());
    store.check_writable().unwrap();
}

#[test]
fn another_directory_in_the_place_is_written_to_if_nothing_was_read_in_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle");
    for read in [false, true] {
        fs::create_dir(&path).unwrap();
        fs::write(path.join(REQUEST), "{}").unwrap();
        let store = Store::at_path(&path);
        if read {
            store.read(REQUEST, "a document", 10).unwrap();
        } else {
            store.open_dir().unwrap().unwrap();
        }
        fs::rename(&path, dir.path().join(format!("before-{read}"))).unwrap();
        fs::create_dir(&path).unwrap();
        let opened = store.dir_to_write();
        if read {
            assert_eq!(opened.unwrap_err().kind, ErrorKind::ChangedMeanwhile);
        } else {
            assert!(opened.unwrap().is_at(&path));
        }
        fs::remove_dir(&path).unwrap();
    }
}

#[test]
fn a_file_that_is_missing_comes_from_where_it_was_made() {
    for (name, from) in [
        (REQUEST, "fetch it again with `hsmboot fetch`"),
        ("cluster-a_ClusterCsr.csr", "fetch it again"),
        ("cluster-a_HsmCertificate.crt", "fetch it again"),
        ("customerCA.crt", "from where it was signed"),
        (RESPONSE, "from where it was signed"),
        (
            "cluster-a_CustomerHsmCertificate.crt",
            "sign it again with `hsmboot sign`",
        ),
        ("receipt.json", "check the path"),
    ] {
        assert!(reading::refetch_advice(name).contains(from), "{name}");
    }
}
