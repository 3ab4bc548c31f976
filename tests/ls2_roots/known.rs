//! The roots that the program knows of: two built in, and others named and never an anchor.

use hsmboot::verify::{Anchor, Anchors, Evidence, Policy, Side, Source, Verdict};
use hsmboot::x509::Certificate;

use super::*;

#[test]
fn govcloud_has_a_root_of_its_own() {
    let place = Place::new(
        &ls2::usual().bundle(),
        Some(request("us-gov-west-1", Some("hsm2m.medium"), None)),
    );
    let (code, document) = place.verify(&[], &[]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (3, &json!("root-missing")),
        "{document}"
    );
    let message = document["error"]["message"].as_str().unwrap();
    for words in [
        "the file in AWS_US_GOV_CloudHSM_Root-G1.zip, whatever it is called",
        "/samples/AWS_US_GOV_CloudHSM_Root-G1.zip",
        ROOT_FILE,
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
    // What the file is called is not known: no name is made up for it.
    let said = document["error"].to_string();
    assert!(
        !said.contains("Root-G1.crt") && said.contains("`hsmboot roots show FILE`"),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "`hsmboot verify b --aws-root FILE --manufacturer-root {ROOT_FILE}`"
        )),
        "{said}"
    );
    // Both have to be got, and only one of them with a browser.
    let hint = document["error"]["hint"].as_str().unwrap();
    assert_eq!(hint.matches("with a browser").count(), 1, "{hint}");
    assert!(
        hint.contains(&format!("{ROOT_FILE} with a browser"))
            && hint.contains("show their fingerprints"),
        "{hint}"
    );
    // With one of them at hand, the other is asked for, and the hinted command gives both.
    fs::write(
        place.path(ROOT_FILE),
        ls2::usual().bundle().manufacturer_root,
    )
    .unwrap();
    let (_, document) = place.verify(&["--manufacturer-root", ROOT_FILE], &[]);
    assert_eq!(document["error"]["kind"], "root-missing");
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(
        !hint.contains("browser") && hint.contains("shows its fingerprint"),
        "{hint}"
    );
    let hinted = hinted(hint);
    let aws_file = hinted[0].rsplit(' ').next().unwrap();
    assert_eq!(
        hinted[1],
        format!("hsmboot verify b --manufacturer-root {ROOT_FILE} --aws-root {aws_file}")
    );
    fs::copy(place.path("aws.crt"), place.path(aws_file)).unwrap();
    let output = run_hinted(&place, hinted[1]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        !said.contains(".signature: ") && !said.contains(".issuer: "),
        "{said}"
    );
    // Elsewhere an AWS chain that does not end in the built-in root is a stranger's.
    let place = Place::new(
        &ls2::usual().bundle(),
        Some(request("us-east-1", Some("hsm2m.medium"), None)),
    );
    assert_eq!(place.verify(&[], &[]).1["error"]["kind"], "rejected");
}

#[test]
fn roots_can_be_named_by_variables() {
    let bundle = ls2::usual().bundle();
    let place = Place::new(&bundle, None);
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    fs::write(
        place.path("other.crt"),
        pem("CERTIFICATE", &Chain::good().manufacturer_root.der()),
    )
    .unwrap();
    let both = format!("other.crt:{ROOT_FILE}");
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", &both),
        ],
    );
    assert_eq!(
        (code, &document["verdict"], &document["roots"]),
        (0, &json!("verified"), &json!("given")),
        "{document}"
    );
    // An option replaces the variable; a variable of nothing names nothing; a file that is not
    // there is no reason to fall back.
    let (code, _) = place.verify(
        &["--manufacturer-root", "other.crt"],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(code, 3);
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", ""),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(
        (code, &document["anchors"][0]["source"]),
        (3, &json!("built-in"))
    );
    let (code, document) = place.verify(
        &[],
        &[
            ("HSMBOOT_AWS_ROOT", "aws.crt:absent.crt"),
            ("HSMBOOT_MANUFACTURER_ROOT", ROOT_FILE),
        ],
    );
    assert_eq!(code, 4, "{document}");
}

/// The built-in anchors are these two keys; another customer's root of the same hardware is none,
/// whatever it is called.
#[test]
fn the_built_in_anchors_are_two_and_no_other_root_is_one() {
    let anchors = Anchors::built_in();
    let prints: Vec<String> = Side::ALL
        .into_iter()
        .flat_map(|side| {
            anchors
                .of_side(side)
                .iter()
                .map(|anchor| hsmboot::x509::to_hex(anchor.spki_sha256()))
        })
        .collect();
    assert_eq!(
        prints,
        [
            "fd3bd37c565b11e435f965b9112a73bdbf4f19c82eb16864f2a0a6710b30aaed",
            "78adcba1f38bee304bc44d6a086503f2940037d4b3d58a1bf66a3282ef58cd41"
        ]
    );
    // A chain under a root with that customer's CN, and one under the CN that AWS's chains end in:
    // nothing built in takes either.
    for common_name in ["cavium-liquidsecurity-ls2", ls2::ROOT_CN] {
        let mut chain = ls2::usual();
        chain.manufacturer_root.subject = hardware_name(common_name);
        chain.manufacturer_hardware.issuer = chain.manufacturer_root.subject.clone();
        let bundle = chain.bundle();
        let evidence = Evidence {
            csr: Some(bundle.csr),
            hsm: bundle.hsm,
            aws_hardware: bundle.aws_hardware,
            manufacturer_hardware: bundle.manufacturer_hardware,
        };
        let given = Anchors {
            aws: Anchor::from_file(&bundle.aws_root, "aws").unwrap(),
            ..Anchors::built_in()
        };
        let judgement = verify(
            &evidence,
            &given,
            AT[1].parse().unwrap(),
            &Policy::default(),
        );
        assert_eq!(judgement.record.verdict, Verdict::Rejected);
        assert!(
            given
                .manufacturer
                .iter()
                .all(|anchor| *anchor.source() == Source::BuiltIn)
        );
    }
}

/// The genuine public root of another customer, where the vectors are.
#[test]
fn microsofts_root_is_named_and_never_an_anchor() {
    let vectors = std::env::var_os("HSMBOOT_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let Ok(text) = fs::read(vectors.join("ls2/manufacturer-root-ls2-mi.crt")) else {
        return;
    };
    let root = Certificate::from_der(&unpem(&text)).unwrap();
    let anchors = Anchors::built_in();
    assert!(
        Side::ALL
            .into_iter()
            .flat_map(|side| anchors.of_side(side))
            .all(|anchor| !anchor.public_key().same_secret(root.public_key())
                && anchor.subject() != root.subject())
    );
    let place = Place::new(&ls2::usual().bundle(), None);
    fs::write(place.path("mi.crt"), text).unwrap();
    let (code, document) = place.run(&["roots", "show", "mi.crt"], &[]);
    assert_eq!(code, 0);
    assert!(
        document["roots"][0]["what"]
            .as_str()
            .unwrap()
            .contains("another customer's"),
        "{document}"
    );
}

#[test]
fn roots_are_listed_with_their_ends_and_what_then() {
    let place = Place::new(&ls2::usual().bundle(), None);
    let (code, document) = place.run(&["roots"], &[]);
    assert_eq!(code, 0);
    let built_in = document["built_in"].as_array().unwrap();
    assert_eq!(built_in.len(), 2);
    assert_eq!(
        built_in[0]["certificates"][0]["not_after"],
        "2027-04-26T08:37:46Z"
    );
    assert_eq!(
        built_in[0]["certificates"][0]["sha256"],
        "9c6958fcacbb6f0e36546be1f2ce59ad84ee206835e6977f697d30dce9a7b570"
    );
    let prints: Vec<&str> = built_in[1]["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["sha256"].as_str().unwrap())
        .collect();
    assert_eq!(
        prints,
        [
            "975757f0d76640e03d14760f8fc9e3a55826fa7807b2c392f7801a95bd69cc28",
            "230143df00e0b452743e068a5b3fc08df8f06cefc4854ea627aeb7ebd70ee2f4"
        ]
    );
    assert_eq!(
        (
            &document["published"][0]["file"],
            document["published"][1].get("file")
        ),
        (&json!(ROOT_FILE), None)
    );
    assert!(
        document["after_the_end"]
            .as_str()
            .unwrap()
            .contains("--aws-root"),
        "{document}"
    );
}

#[test]
fn a_root_file_is_judged_before_it_is_given() {
    let place = Place::new(&ls2::usual().bundle(), None);
    let show = |text: Vec<u8>| {
        fs::write(place.path("r.crt"), text).unwrap();
        let (code, document) = place.run(&["roots", "show", "r.crt"], &[]);
        (
            code,
            document["error"]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            document,
        )
    };
    let changed = |change: fn(&mut Cert)| {
        let mut root = ls2::usual().manufacturer_root;
        change(&mut root);
        pem("CERTIFICATE", &root.der())
    };
    let (code, _, document) = show(changed(|_| {}));
    assert_eq!((code, &document["fit"]), (0, &json!(true)), "{document}");
    assert!(
        document["roots"][0]["what"]
            .as_str()
            .unwrap()
            .contains("by its CN the root of hsm2m.medium"),
        "{document}"
    );
    type Change = fn(&mut Cert);
    let refused: [(&str, Change); 5] = [
        ("it is no root", |root| {
            root.issuer = name(&[&[(COMMON_NAME, "another")]])
        }),
        ("did not sign it", |root| {
            root.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256)
        }),
        ("RSA key of 1024 bits", |root| {
            root.spki = keys::RSA_1024.spki();
            root.signer = Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256);
        }),
        ("CA:FALSE", |root| {
            root.extensions = Some(vec![basic_constraints(true, false)])
        }),
        ("a built-in root's name and another key", |root| {
            let genuine = name(&[
                &[(COUNTRY, "US")],
                &[(STATE, "Virginia")],
                &[(LOCALITY, "Herndon")],
                &[(ORGANIZATION, "Amazon Web Services INC.")],
                &[(UNIT, "CloudHSM")],
                &[(COMMON_NAME, "AWS CloudHSM Root G1")],
            ]);
            (root.subject, root.issuer) = (genuine.clone(), genuine);
        }),
    ];
    for (words, change) in refused {
        let (code, message, document) = show(changed(change));
        assert_eq!(
            (code, &document["error"]["kind"]),
            (3, &json!("root-unfit")),
            "{words}: {document}"
        );
        assert!(message.contains(words), "{words}: {message}");
    }
    for text in [
        Vec::new(),
        b"nothing".to_vec(),
        keys::key_text("rsa-2048-stranger"),
    ] {
        assert_eq!(show(text).0, 4);
    }
}
