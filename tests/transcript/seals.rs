//! A seal is the CA's, over the steps before it, in one form.

use hsmboot::bundle::Seal;

use super::support::openssl;
use super::*;

#[test]
fn who_holds_a_transcript_against_the_ca_learns_that_nothing_is_sealed() {
    let bench = two_steps(&["--seal"]);
    let with_ca = [&VERIFY[..], &["--ca", "customerCA.crt"]].concat();
    bench.run(&with_ca).expect(0);
    // The seal is taken away, and the hashes made to fit.
    let mut all = entries(&bench);
    all[1].seal = None;
    all[1].operator = Some("Mallory".into());
    forge(&bench, all);
    bench.refused(&with_ca, 4, "not-sealed", &["no step", "customerCA.crt"]);
    // Who asks for no seal is told that there is none.
    assert!(bench.run(&VERIFY).expect(0).stdout.contains("not sealed"));
}

#[test]
fn a_seal_cannot_be_moved_to_another_step() {
    let bench = two_steps(&["--seal"]);
    let good = entries(&bench);
    let seal = good[1].seal.clone();
    for at in [0, 1] {
        let mut all = good.clone();
        all[1].seal = None;
        all[at].seal = seal.clone();
        all[0].operator = Some("Mallory".into());
        forge(&bench, all);
        bench.refused(
            &VERIFY,
            4,
            "bad-transcript",
            &[&format!("the seal of step {}", at + 1)],
        );
    }
}

#[test]
fn a_seal_is_written_in_one_way_only() {
    let bench = two_steps(&["--seal"]);
    let good = entries(&bench);
    let Seal {
        algorithm,
        signature,
    } = good[1].seal.clone().unwrap();
    for seal in [
        Seal {
            algorithm: algorithm.as_raw().to_uppercase().into(),
            signature: signature.clone(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: signature.as_raw().to_uppercase().into(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: signature.as_raw().replacen("30", "+30", 1).into(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: OutsideText::default(),
        },
        Seal {
            algorithm: OutsideText::default(),
            signature,
        },
    ] {
        let mut all = good.clone();
        all[1].seal = Some(seal);
        forge(&bench, all);
        bench.refused(&VERIFY, 4, "bad-transcript", &["the seal of step 2"]);
    }
}

#[test]
fn a_seal_by_openssl_is_as_good() {
    // What docs/bundle.md says a seal is: an auditor needs no hsmboot to look at one.
    let bench = two_steps(&["--seal"]);
    let entry = entries(&bench).swap_remove(1);
    let octets = |hex: &str| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect::<Vec<u8>>()
    };
    let line = String::from_utf8(bench.read(TRANSCRIPT))
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    let (before, _) = line.split_once(",\"seal\":").unwrap();
    bench.write("sealed", format!("hsmboot-transcript/1\n{before}}}"));
    bench.write("signature", octets(entry.seal.unwrap().signature.as_raw()));
    openssl(
        &bench.path(""),
        "x509 -in customerCA.crt -noout -pubkey -out key.pem",
    );
    openssl(
        &bench.path(""),
        "dgst -sha256 -verify key.pem -signature signature sealed",
    );
}

/// The JSON answer of `transcript verify` with more words.
pub(super) fn verified(bench: &Bench, more: &[&str]) -> serde_json::Value {
    bench
        .run(&[&VERIFY[..], more, &["--output", "json"]].concat())
        .expect(0)
        .json()
}

#[test]
fn the_sealed_line_keeps_its_hash_when_more_lines_follow() {
    let bench = two_steps(&["--seal"]);
    let before = verified(&bench, &[]);
    let sealed = before["sealed_head"].as_str().unwrap().to_owned();
    assert_eq!(
        (before["head"].as_str(), entries(&bench)[1].hash()),
        (Some(&*sealed), sealed.clone())
    );
    bench
        .run(&record(&["--at", "2026-01-01T00:00:00Z"]))
        .expect(0);
    let after = verified(&bench, &[]);
    assert_eq!(
        (
            after["sealed_head"].as_str(),
            after["sealed_up_to"].as_u64()
        ),
        (Some(&*sealed), Some(2))
    );
    assert_ne!(after["head"], after["sealed_head"]);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains(&format!("  SHA-256 of the sealed line, step 2  {sealed}\n")),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "  SHA-256 of the last line, step 3    {}\n",
            entries(&bench)[2].hash()
        )),
        "{text}"
    );
}

#[test]
fn text_and_json_say_whose_key_a_seal_is_held_against() {
    let bench = two_steps(&["--seal"]);
    let ca = to_hex(&sha256(&openssl(
        &bench.path(""),
        "x509 -in customerCA.crt -outform DER",
    )));
    let groups: Vec<&str> = (0..8).map(|at| &ca[8 * at..8 * at + 8]).collect();
    for more in [&[][..], &["--ca", "customerCA.crt"]] {
        assert_eq!(verified(&bench, more)["ca_fingerprint"], *ca);
        assert!(
            bench
                .run(&[&VERIFY[..], more].concat())
                .expect(0)
                .stdout
                .contains(&groups.join(" "))
        );
    }
    let bare = verified(&two_steps(&[]), &[]);
    assert!(
        bare["ca_fingerprint"].is_null() && bare["sealed_head"].is_null(),
        "{bare:#}"
    );
}
