//! A bundle whose root is not built in is told which file is missing, and by what command it
//! verifies.

use std::collections::BTreeSet;

use super::*;

fn failed(document: &Value) -> BTreeSet<String> {
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["status"] == "fail")
        .map(|check| check["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The headline: what stands above the checks that failed.
fn headline(document: &Value) -> String {
    let message = document["error"]["message"].as_str().unwrap();
    message
        .lines()
        .take_while(|line| !line.starts_with("  "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_bundle_without_its_root_fails_two_checks_alone_and_is_told_which_root() {
    let bundle = ls2::usual().bundle();
    // By the issuer's name, by the cluster's type, and by both.
    let mut unnamed = ls2::usual();
    unnamed.manufacturer_root.subject = name(&[&[(COMMON_NAME, "another name")]]);
    unnamed.manufacturer_hardware.issuer = unnamed.manufacturer_root.subject.clone();
    let typed = || Some(request("eu-central-1", Some("hsm2m.medium"), Some("FIPS")));
    for (bundle, request) in [
        (&bundle, None),
        (&bundle, typed()),
        (&unnamed.bundle(), typed()),
    ] {
        let place = Place::new(bundle, request);
        let (code, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("root-missing")),
            "{document}"
        );
        assert_eq!(
            failed(&document),
            BTreeSet::from([
                "manufacturer.signature".to_owned(),
                "manufacturer.issuer".to_owned()
            ])
        );
        let message = document["error"]["message"].as_str().unwrap();
        assert!(
            message
                .lines()
                .next()
                .unwrap()
                .contains("is missing, so nothing is proven yet"),
            "{message}"
        );
        assert!(!message.contains("genuine"), "{message}");
        for words in [
            ROOT_FILE,
            "https://www.marvell.com/products/security-solutions/",
            "liquidsecurity2_ar_v1.zip",
            "browser",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}

#[test]
fn the_hinted_commands_lead_to_a_verdict() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    let (_, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
    let hint = document["error"]["hint"].as_str().unwrap();
    let commands = hinted(hint);
    // A root that was given already is given again: the command stands alone.
    assert_eq!(
        commands,
        [
            format!("hsmboot roots show {ROOT_FILE}"),
            format!("hsmboot verify b --aws-root aws.crt --manufacturer-root {ROOT_FILE}")
        ]
    );
    // Before the download neither does anything; after it both do.
    assert!(
        commands
            .iter()
            .all(|command| run_hinted(&place, command).status.code() == Some(4))
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    for command in commands {
        let output = run_hinted(&place, command);
        // The fixture's certificates may have expired by the time of the test.
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(
            !said.contains(".signature: ") && !said.contains(".issuer: "),
            "{said}"
        );
        assert!(said.contains("mrvl-ls2-root-AR-v1"), "{said}");
    }
}

/// Whoever forges a chain in the root's name gets the same headline, and no further with the
/// genuine root.
#[test]
fn a_forged_chain_stays_forged_with_the_root() {
    let mut forged = ls2::usual();
    forged.manufacturer_hardware.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let place = Place::new(&forged.bundle(), None);
    fs::write(
        place.path(ROOT_FILE),
        pem("CERTIFICATE", &forged.manufacturer_root.der()),
    )
    .unwrap();
    let (code, document) = place.verify(
        &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
        &[],
    );
    assert_eq!((code, &document["error"]["kind"]), (3, &json!("rejected")));
    assert_eq!(
        failed(&document),
        BTreeSet::from(["manufacturer.signature".to_owned()])
    );
}

/// A root that was given is not missing, whether it is the wrong one or the chain is a forgery
/// under whatever name. The checks that fail stay.
#[test]
fn a_root_that_was_given_is_never_called_missing() {
    let mut forged = ls2::usual();
    forged.manufacturer_root.subject = name(&[&[(COMMON_NAME, "another name")]]);
    forged.manufacturer_hardware.issuer = forged.manufacturer_root.subject.clone();
    forged.manufacturer_hardware.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let genuine = pem("CERTIFICATE", &ls2::usual().manufacturer_root.der());
    let wrong = pem("CERTIFICATE", &Chain::good().manufacturer_root.der());
    let typed = || Some(request("us-gov-west-1", Some("hsm2m.medium"), None));
    for (bundle, root) in [
        (ls2::usual().bundle(), &wrong),
        (forged.bundle(), &genuine),
        (forged.bundle(), &wrong),
    ] {
        for request in [None, typed()] {
            let place = Place::new(&bundle, request);
            fs::write(place.path("given.crt"), root).unwrap();
            for (options, variables) in [
                (
                    &["--aws-root", "aws.crt", "--manufacturer-root", "given.crt"][..],
                    &[][..],
                ),
                (
                    &["--aws-root", "aws.crt"][..],
                    &[("HSMBOOT_MANUFACTURER_ROOT", "given.crt")][..],
                ),
            ] {
                let (code, document) = place.verify(options, variables);
                assert_eq!(
                    (code, &document["error"]["kind"]),
                    (3, &json!("rejected")),
                    "{document}"
                );
                assert_eq!(
                    failed(&document),
                    BTreeSet::from([
                        "manufacturer.signature".to_owned(),
                        "manufacturer.issuer".to_owned()
                    ])
                );
                let (said, hint) = (
                    headline(&document),
                    document["error"]["hint"].as_str().unwrap(),
                );
                assert!(
                    said.contains(
                        "given for the manufacturer's chain is not the one that it ends in"
                    ),
                    "{said}"
                );
                assert!(
                    !said.contains("missing") && !hint.contains("download"),
                    "{said}\n{hint}"
                );
                assert_eq!(hinted(hint), ["hsmboot roots show given.crt"]);
                assert_eq!(run_hinted(&place, hinted(hint)[0]).status.code(), Some(0));
            }
        }
    }
    // AWS's side likewise, where the region has a root of its own; the other side's missing root
    // does not hide it.
    let place = Place::new(&ls2::usual().bundle(), typed());
    fs::write(place.path("given.crt"), &genuine).unwrap();
    let (code, document) = place.verify(&["--aws-root", "given.crt"], &[]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (3, &json!("rejected")),
        "{document}"
    );
    assert!(
        headline(&document).contains("given for AWS's chain is not the one that it ends in"),
        "{document}"
    );
}

/// Where dates alone are wrong, it is said that it is about time, and the clock is named first.
#[test]
fn dates_alone_are_told_as_time() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let roots = ["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE];
    for at in ["2010-01-01T00:00:00Z", "2150-01-01T00:00:00Z"] {
        let (code, document) = place.run(&[&["verify", "b", "--at", at][..], &roots].concat(), &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("rejected")),
            "{document}"
        );
        assert!(
            failed(&document)
                .iter()
                .all(|id| id.starts_with("validity.")),
            "{document}"
        );
        assert!(
            headline(&document).contains("do not sign")
                && headline(&document).contains("this is about time"),
            "{document}"
        );
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(
            hint.starts_with("look at this machine's clock first: `date -u`")
                && hint.contains("--at"),
            "{hint}"
        );
        let page = report(&place, &[&["--at", at][..], &roots].concat());
        assert!(
            page.contains("this is about time") && page.contains("Look at the clock"),
            "{at}"
        );
    }
    // With anything else beside it, it is not: a stranger's chain is no matter of time.
    let (_, document) = place.run(&["verify", "b", "--at", "2010-01-01T00:00:00Z"], &[]);
    assert!(
        !document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("about time"),
        "{document}"
    );
}

fn report(place: &Place, more: &[&str]) -> String {
    assert_eq!(
        place
            .run(
                &[&["report", "b", "-o", "page.html", "--force"], more].concat(),
                &[]
            )
            .0,
        0
    );
    fs::read_to_string(place.path("page.html")).unwrap()
}

/// The report has the same headline as `verify`.
#[test]
fn a_report_without_the_root_says_that_it_is_missing() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(
        &bundle,
        Some(request("eu-central-1", Some("hsm2m.medium"), None)),
    );
    let page = report(&place, &[&AT[..], &["--aws-root", "aws.crt"]].concat());
    assert!(
        page.contains("Rejected")
            && page.contains(
                "The root of hsm2m.medium (LiquidSecurity 2) is missing, so nothing is proven yet."
            ),
        "{page}"
    );
    assert!(
        page.contains(
            "Make the report again with --manufacturer-root FILE, with mrvl-rsa-LS2-AR-v1.crt"
        ),
        "{page}"
    );
    fs::write(
        place.path("wrong.crt"),
        pem("CERTIFICATE", &Chain::good().manufacturer_root.der()),
    )
    .unwrap();
    let page = report(
        &place,
        &[
            &AT[..],
            &["--aws-root", "aws.crt", "--manufacturer-root", "wrong.crt"],
        ]
        .concat(),
    );
    assert!(
        page.contains("is not the one that it ends in") && !page.contains("is missing, so nothing"),
        "{page}"
    );
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let page = report(
        &place,
        &[
            &AT[..],
            &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
        ]
        .concat(),
    );
    assert!(page.contains("Verified") && !page.contains("is missing, so nothing"));
}

/// Nothing but the root is missing: with any other failure the headline is the old one.
#[test]
fn any_other_failure_is_no_missing_root() {
    let changes: [fn(&mut Chain); 4] = [
        |chain| chain.csr.spki = keys::STRANGER.spki(),
        |chain| chain.hsm.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256),
        |chain| chain.aws_hardware.spki = keys::STRANGER.spki(),
        |chain| chain.hsm.validity = validity("180101000000Z", "190101000000Z"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut chain = ls2::usual();
        change(&mut chain);
        let place = Place::new(
            &chain.bundle(),
            Some(request("eu-central-1", Some("hsm2m.medium"), None)),
        );
        let (code, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("rejected")),
            "{number}: {document}"
        );
    }
    // Nor is anything known of a root of another name, or of the older hardware's.
    for request in [
        None,
        Some(request("eu-central-1", Some("hsm1.medium"), None)),
        Some(request("eu-central-1", Some("hsm9.huge"), None)),
    ] {
        let place = Place::new(&Chain::good().bundle(), request);
        let (_, document) = place.verify(&["--aws-root", "aws.crt"], &[]);
        assert_eq!(document["error"]["kind"], "rejected", "{document}");
    }
}
