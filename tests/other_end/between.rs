//! Between the program and a simulator: what is sent goes on, but for InitializeCluster, which is
//! swallowed.

use super::*;
use hsmboot::simulator::{Options, Simulator, Speed};

fn forward(url: &str, asked: &mut Asked<'_>) {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let head = asked.text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    asked.write(&answer);
}

/// A simulator with a cluster to be claimed; its id.
fn simulator(bench: &Bench) -> (Simulator, String) {
    let simulator = Simulator::spawn(Options {
        speed: Speed::INSTANT,
        ..crate::simulated::options()
    })
    .unwrap();
    simulator.write_roots(&bench.path("roots")).unwrap();
    let says = |args: &[&str]| {
        let run = hsmboot(
            bench,
            &[
                args,
                &[
                    "--endpoint-url",
                    &simulator.url(),
                    "--wait",
                    "--output",
                    "json",
                ],
            ]
            .concat(),
            &[("AWS_REGION", "us-east-1")],
        );
        run.expect(0).json()
    };
    let id = says(&[
        "cluster",
        "create",
        "--subnet-id",
        "subnet-0a1b2c3d4e5f60718",
    ])["cluster"]["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    says(&[
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
    ]);
    (simulator, id)
}

fn bootstrap(bench: &Bench, id: &str, more: &[&str], env: &[(&str, &str)]) -> Run {
    let roots = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    let ca = ["--ca", "customerCA.crt", "--ca-key", "customerCA.key"];
    let args = [
        &[
            "bootstrap",
            "--cluster-id",
            id,
            "--bundle",
            "claim",
            "--region",
            "us-east-1",
            "--output",
            "json",
        ][..],
        &roots,
        &ca,
        more,
    ];
    hsmboot(bench, &args.concat(), env)
}

#[test]
fn an_initialize_cluster_that_is_never_answered_ends_with_7_and_is_said_to_be_open() {
    let bench = Bench::new();
    let (simulator, id) = simulator(&bench);
    let url = simulator.url();
    let between = End::new(
        move |asked| match asked.text.contains("InitializeCluster") {
            true => asked.hold(),
            false => forward(&url, asked),
        },
    );
    let start = Instant::now();
    let run = bootstrap(
        &bench,
        &id,
        &["--timeout", "5", "--endpoint-url", &between.url],
        &[],
    );
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(
        (run.code, error(&run).1.as_str()),
        (7, "not-finished"),
        "{}",
        run.stdout
    );
    assert!(
        told(&run).contains("InitializeCluster was sent; whether it worked is not known"),
        "{}",
        told(&run)
    );
    let sent = between
        .requests
        .lock()
        .unwrap()
        .iter()
        .filter(|request| request.contains("InitializeCluster"))
        .count();
    assert_eq!(sent, 1, "sent once");
    // And the same command goes on from there.
    bootstrap(&bench, &id, &["--endpoint-url", &simulator.url()], &[]).expect(0);
    simulator.shutdown();
}

#[test]
fn records_name_the_endpoint_whatever_named_it() {
    for by in ["option", "variable", "profile"] {
        let bench = Bench::new();
        let (simulator, id) = simulator(&bench);
        let url = simulator.url();
        let file = bench.write("aws-config", format!("[default]\nendpoint_url = {url}\n"));
        let run = match by {
            "option" => bootstrap(&bench, &id, &["--endpoint-url", &url], &[]),
            "variable" => bootstrap(&bench, &id, &[], &[("AWS_ENDPOINT_URL", &url)]),
            _ => bootstrap(
                &bench,
                &id,
                &[],
                &[("AWS_CONFIG_FILE", file.to_str().unwrap())],
            ),
        };
        assert_eq!(run.expect(0).json()["endpoint"], url, "{by}");
        for name in ["request.json", "receipt.json"] {
            let record: Value =
                serde_json::from_slice(&bench.read(&format!("claim/{name}"))).unwrap();
            assert_eq!(record["endpoint"], url, "{by}: {name}");
        }
        simulator.shutdown();
    }
}

/// A library that lets the clock jump.
fn clock_library(bench: &Bench) -> String {
    let library = bench.path("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c");
    // What links the tests is there.
    let built = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", source, "-ldl", "-o"])
        .arg(&library)
        .status();
    assert!(built.unwrap().success());
    library.to_str().unwrap().to_owned()
}

/// What was signed while the clock was a day ahead is not valid now: that is said, and nothing else
/// is blamed.
#[test]
fn a_certificate_of_a_clock_that_was_ahead_is_a_matter_of_time() {
    let bench = Bench::new();
    let (simulator, id) = simulator(&bench);
    let library = clock_library(&bench);
    let (url, region) = (simulator.url(), "us-east-1");
    let words = ["fetch", &id, "--bundle", "claim", "--endpoint-url", &url];
    hsmboot(&bench, &words, &[("AWS_REGION", region)]).expect(0);
    let ahead = [
        ("LD_PRELOAD", library.as_str()),
        ("FAULT_CLOCK_AT", "1"),
        ("FAULT_CLOCK_BY", "86400"),
    ];
    let roots = ["roots/aws-root.crt", "roots/manufacturer-root.crt"];
    let mut sign = vec!["sign", "claim", "--ca", "customerCA.crt"];
    sign.extend(["--ca-key", "customerCA.key", "--aws-root", roots[0]]);
    sign.extend(["--manufacturer-root", roots[1]]);
    hsmboot(&bench, &sign, &ahead).expect(0);
    let refused = bootstrap(&bench, &id, &["--endpoint-url", &url], &[]).expect(8);
    let (_, kind) = error(&refused);
    assert_eq!(kind, "already-signed");
    let said = told(&refused);
    assert!(
        said.contains("does not fit; it was left as it is"),
        "{said}"
    );
    assert!(said.contains("this is about time"), "{said}");
    assert!(!said.contains("another CA"), "{said}");
    bootstrap(&bench, &id, &["--endpoint-url", &url, "--force"], &[]).expect(0);
    simulator.shutdown();
}

/// Where the clock jumps by an age in the midst of a call, as on a machine that gets the time from
/// the network only then, the call ends.
#[test]
fn a_clock_that_jumps_by_an_age_holds_no_call_up() {
    let bench = Bench::new();
    let (simulator, id) = simulator(&bench);
    let library = clock_library(&bench);
    for reading in 1..=16 {
        let (at, url) = (reading.to_string(), simulator.url());
        let jump = [
            ("LD_PRELOAD", library.as_str()),
            ("FAULT_CLOCK_AT", &at),
            ("FAULT_CLOCK_BY", "284018400000"), // 9000 years
        ];
        let words = ["fetch", &id, "--bundle", "far", "--force"];
        let words = [&words[..], &["--endpoint-url", &url]].concat();
        let mut command = command(&bench, &words, &jump);
        command.timeout(SOON);
        // A program that does not end is killed, which is no exit code.
        let run = run(command);
        assert!([0, 6, 7].contains(&run.code), "{}", run.stderr);
    }
    simulator.shutdown();
}
