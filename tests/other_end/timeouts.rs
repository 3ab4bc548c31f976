//! A timeout ends a command, whatever it waits for.

use super::*;

/// What the other end can do so that nothing ever comes of it.
fn endless() -> Vec<(&'static str, End)> {
    let slowly = |asked: &mut Asked<'_>, head: &[u8]| {
        asked.write(head);
        while asked.write(b"x") {
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    vec![
        ("says nothing", End::new(|asked| asked.hold())),
        (
            "a head that trickles",
            End::new(move |asked| slowly(asked, b"HTTP/1.1 200 OK\r\nX-Header: ")),
        ),
        (
            "a body that trickles",
            End::new(move |asked| {
                slowly(
                    asked,
                    b"HTTP/1.1 200 OK\r\nContent-Type: \
                                application/x-amz-json-1.1\r\nContent-Length: 100000\r\n\r\n",
                )
            }),
        ),
        (
            "pages, one after the other",
            End::new(|asked| {
                std::thread::sleep(Duration::from_millis(100));
                asked.json(&json!({ "Clusters": [], "NextToken": format!("t{}", asked.before) }));
            }),
        ),
        (
            "is too busy",
            End::new(|asked| {
                asked.answer(
                    400,
                    "application/x-amz-json-1.1",
                    r#"{"__type":"ThrottlingException"}"#,
                )
            }),
        ),
        (
            "no change",
            End::new(|asked| {
                asked.json(&json!({
                    "Clusters": [{ "ClusterId": CLUSTER, "State": "CREATE_IN_PROGRESS" }],
                }))
            }),
        ),
    ]
}

#[test]
fn a_timeout_ends_the_command_whatever_the_other_side_does() {
    let bench = Bench::new();
    for (how, end) in endless() {
        let run = soon(
            &bench,
            &end,
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "csr",
                "--timeout",
                "1",
            ],
        );
        let out = if how == "is too busy" {
            vec![6, 7]
        } else {
            vec![7]
        };
        assert!(out.contains(&run.code), "{how}: {}", run.stdout);
        if run.code == 7 {
            assert_eq!(error(&run).1, "not-finished", "{how}: {}", run.stdout);
        }
    }
    // A redirection is no answer, and not followed.
    let round = End::new(|asked| {
        let head =
            "HTTP/1.1 307 X\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        asked.write(head.as_bytes());
    });
    let run = soon(
        &bench,
        &round,
        &[
            "wait",
            "--cluster-id",
            CLUSTER,
            "--for",
            "csr",
            "--timeout",
            "1",
        ],
    );
    assert!([6, 7].contains(&run.code), "{}", run.stdout);
    assert!(
        round
            .requests
            .lock()
            .unwrap()
            .iter()
            .all(|request| request.starts_with("POST / "))
    );
}

#[test]
fn a_timeout_ends_every_command_that_takes_one() {
    let (bench, end) = (Bench::new(), End::new(|asked| asked.hold()));
    for args in [
        &[
            "bootstrap",
            "--cluster-id",
            CLUSTER,
            "--bundle",
            "new",
            "--timeout",
            "1",
        ][..],
        &[
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--retention-days",
            "9",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "cluster",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "hsm",
            "create",
            "--cluster-id",
            CLUSTER,
            "--availability-zone",
            "us-east-1a",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "hsm",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--hsm-id",
            "hsm-abc234defgh",
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "delete",
            "--backup-id",
            "backup-abc234defgh",
            "--yes",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "restore",
            "--backup-id",
            "backup-abc234defgh",
            "--wait",
            "--timeout",
            "1",
        ],
        &[
            "backup",
            "copy",
            "--backup-id",
            "backup-abc234defgh",
            "--destination-region",
            "us-east-1",
            "--wait",
            "--timeout",
            "1",
        ],
    ] {
        let run = soon(&bench, &end, args);
        assert_eq!(
            (run.code, error(&run).1.as_str()),
            (7, "not-finished"),
            "{args:?}: {}",
            run.stdout
        );
    }
    // What would be made a second time is not said to go on from here: 7 would say that.
    let run = soon(
        &bench,
        &end,
        &[
            "cluster",
            "create",
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--wait",
            "--timeout",
            "1",
        ],
    );
    assert_eq!(
        (run.code, error(&run).1.as_str()),
        (6, "service-failure"),
        "{}",
        run.stdout
    );
    assert!(
        told(&run).contains("no answer within the time that was given"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_source_of_credentials_ends_with_the_timeout_too() {
    let (bench, end) = (Bench::new(), End::empty());
    let wait = [
        "wait",
        "--cluster-id",
        CLUSTER,
        "--for",
        "csr",
        "--timeout",
        "1",
        "--profile",
        "p",
        "--endpoint-url",
        &end.url,
        "--output",
        "json",
    ];
    let file = bench.write(
        "aws-config",
        "[profile p]\nregion = us-east-1\ncredential_process = sleep 600\n",
    );
    let start = Instant::now();
    let run = hsmboot(
        &bench,
        &wait,
        &[("AWS_CONFIG_FILE", file.to_str().unwrap())],
    );
    assert_eq!(
        (run.code, error(&run).1.as_str()),
        (7, "not-finished"),
        "{}",
        run.stdout
    );
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// The SDK reads its files on the thread that asks for them: a pipe that nobody writes is waited
/// for no longer than anything else.
#[test]
fn a_file_of_the_sdk_that_never_ends_ends_with_the_timeout_too() {
    let (bench, end) = (Bench::new(), End::empty());
    let pipe = bench.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let pipe = pipe.to_str().unwrap();
    let token = format!(
        "[profile p]\nregion = us-east-1\nrole_arn = \
         arn:aws:iam::111122223333:role/r\nweb_identity_token_file = {pipe}\n"
    );
    let config = bench.write("aws-config", token);
    let wait = [
        "wait",
        "--cluster-id",
        CLUSTER,
        "--for",
        "csr",
        "--timeout",
        "1",
        "--endpoint-url",
        &end.url,
        "--output",
        "json",
    ];
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    for variables in [
        vec![("AWS_CONFIG_FILE", pipe)],
        vec![("AWS_SHARED_CREDENTIALS_FILE", pipe)],
        vec![
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_PROFILE", "p"),
        ],
    ] {
        let start = Instant::now();
        let run = hsmboot(&bench, &wait, &[&none[..], &variables].concat());
        assert_eq!(
            (run.code, error(&run).1.as_str()),
            (7, "not-finished"),
            "{variables:?}: {}",
            run.stdout
        );
        assert!(
            start.elapsed() < SOON,
            "{variables:?}: {:?}",
            start.elapsed()
        );
    }
}
