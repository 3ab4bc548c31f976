//! Tells the tests whether the genuine certificates are there: those that read them show as ignored
//! otherwise, never as passed.

use std::path::Path;

fn main() {
    const BESIDE: &str = "../shared/vectors";
    println!("cargo:rustc-check-cfg=cfg(vectors)");
    println!("cargo:rerun-if-env-changed=HSMBOOT_VECTORS");
    println!("cargo:rerun-if-changed=build.rs");
    // With the variable set they are wanted: a missing file then fails its test. Set to nothing, it
    // says that there are none: a release is then the same, whatever lies beside the project.
    let there = std::env::var_os("HSMBOOT_VECTORS")
        .map_or_else(|| Path::new(BESIDE).is_dir(), |named| !named.is_empty());
    if there {
        println!("cargo:rustc-cfg=vectors");
    }
}
