//! Roots, modules and receipts that lie in the bundle judge nothing.

use super::*;

/// Whoever makes the chains makes the roots that they end in.
#[test]
fn roots_that_lie_in_the_bundle_judge_nothing() {
    let stage = signed();
    for side in ["aws", "manufacturer"] {
        stage.copy(
            &format!("roots/{side}-root.crt"),
            &format!("bundle/{side}-root.crt"),
        );
        symlink(
            stage.path(&format!("bundle/{side}-root.crt")),
            stage.path(&format!("link-{side}-root.crt")),
        )
        .unwrap();
        fs::hard_link(
            stage.path(&format!("bundle/{side}-root.crt")),
            stage.path(&format!("hard-{side}-root.crt")),
        )
        .unwrap();
    }
    symlink(stage.path("bundle"), stage.path("other-way")).unwrap();
    let absolute = format!("{}/", stage.path("bundle").display());
    let url = stage.simulator.url();
    let online = ["--endpoint-url", &url, "--region", "us-east-1"];
    let sign = [
        "sign",
        "bundle",
        "--force",
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let import = [
        "import",
        "bundle",
        "--force",
        "--signed-cert",
        "own/customerCA.crt",
        "--trust-anchor",
        "own/customerCA.crt",
    ];
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--bundle",
        "bundle",
        "--ca",
        "own/customerCA.crt",
    ];
    let create = [
        "bootstrap",
        "--create",
        "--bundle",
        "bundle",
        "--subnet-id",
        "subnet-0a1b2c3d",
        "--availability-zone",
        "us-east-1a",
    ];
    let commands = [
        vec!["verify", "bundle"],
        sign.to_vec(),
        import.to_vec(),
        vec!["report", "bundle", "-o", "report.html"],
        [
            &["submit", "bundle", "--ca", "own/customerCA.crt"][..],
            &online,
        ]
        .concat(),
        [&bootstrap[..], &online].concat(),
        [&create[..], &online].concat(),
    ];
    for place in [
        "bundle/",
        "./bundle/../bundle/",
        "link-",
        "hard-",
        "other-way/",
        &absolute,
    ] {
        let [aws, manufacturer] = ["aws", "manufacturer"].map(|side| {
            [
                format!("{place}{side}-root.crt"),
                format!("roots/{side}-root.crt"),
            ]
        });
        for command in &commands {
            for (aws, manufacturer) in [(&aws[0], &manufacturer[1]), (&aws[1], &manufacturer[0])] {
                let options = [
                    "--aws-root",
                    aws,
                    "--manufacturer-root",
                    manufacturer,
                    "--output",
                    "json",
                ];
                let by_option = stage.run(&[&command[..], &options].concat());
                let variables = [
                    ("HSMBOOT_AWS_ROOT", aws.as_str()),
                    ("HSMBOOT_MANUFACTURER_ROOT", manufacturer),
                ];
                let by_variable =
                    stage.run_with(&[&command[..], &["--output", "json"]].concat(), &variables);
                for done in [by_option, by_variable] {
                    assert_eq!(
                        (done.code, done.kind().as_str()),
                        (2, "root-in-bundle"),
                        "{command:?} {aws} {manufacturer}: {}",
                        done.stdout
                    );
                }
            }
        }
    }
    assert_eq!(stage.claims(), 0);
    // Roots that are kept elsewhere are the operator's.
    assert_eq!(stage.trusting(&["verify", "bundle"]).code, 0);
}

#[cfg(feature = "pkcs11")]
#[test]
fn no_pkcs11_module_that_lies_in_the_bundle_is_loaded() {
    let stage = signed();
    fs::write(stage.path("bundle/token.so"), "whatever it holds").unwrap();
    symlink("bundle/token.so", stage.path("link.so")).unwrap();
    let inside = format!(
        "pkcs11:token=ca;object=ca?module-path={}",
        stage.path("bundle/token.so").display()
    );
    let url = stage.simulator.url();
    for (key, module) in [
        (inside.as_str(), None),
        ("pkcs11:token=ca;object=ca", Some("bundle/token.so")),
        ("pkcs11:token=ca;object=ca", Some("link.so")),
    ] {
        let module = module
            .map(|module| ["--pkcs11-module", module])
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        let sign = [
            "sign",
            "bundle",
            "--force",
            "--ca",
            "own/customerCA.crt",
            "--ca-key",
            key,
            "--output",
            "json",
        ];
        let bootstrap = [
            "bootstrap",
            "--cluster-id",
            &stage.id,
            "--bundle",
            "bundle",
            "--ca-key",
            key,
            "--endpoint-url",
            &url,
            "--region",
            "us-east-1",
        ];
        for command in [&sign[..], &[&bootstrap[..], &["--output", "json"]].concat()] {
            let done = stage.trusting(&[command, &module].concat());
            assert_eq!(
                (done.code, done.kind().as_str()),
                (2, "module-in-bundle"),
                "{command:?} {module:?}: {}",
                done.stdout
            );
        }
    }
}

#[test]
fn a_receipt_that_was_planted_does_not_survive() {
    let stage = signed();
    assert_eq!(
        stage
            .online(&["submit", "bundle", "--ca", "own/customerCA.crt"])
            .code,
        0
    );
    let receipt = stage.path("bundle/receipt.json");
    let ours = fs::read(&receipt).unwrap();
    let planted = String::from_utf8(ours.clone())
        .unwrap()
        .replace("\"claimed\"", "\"claimed, says somebody\"");
    fs::write(&receipt, &planted).unwrap();
    assert_eq!(
        stage
            .online(&["submit", "bundle", "--ca", "own/customerCA.crt"])
            .code,
        0
    );
    let after = fs::read_to_string(&receipt).unwrap();
    assert!(!after.contains("says somebody"), "{after}");
}
