//! Which endpoint is asked, and what is said of it, whatever named it.

use super::*;

/// Options, variables, and the configuration file's text.
type Way = (Vec<String>, Vec<(&'static str, String)>, String);

/// Every way to name an endpoint.
fn ways(url: &str) -> Vec<Way> {
    let profile = |text: &str| (Vec::new(), Vec::new(), text.to_owned());
    vec![
        (
            vec!["--endpoint-url".to_owned(), url.to_owned()],
            Vec::new(),
            String::new(),
        ),
        (
            Vec::new(),
            vec![("AWS_ENDPOINT_URL", url.to_owned())],
            String::new(),
        ),
        (
            Vec::new(),
            vec![("AWS_ENDPOINT_URL_CLOUDHSM_V2", url.to_owned())],
            String::new(),
        ),
        profile(&format!("[default]\nendpoint_url = {url}\n")),
        profile(&format!(
            "[default]\nservices = here\n\n[services here]\ncloudhsm_v2 =\n  endpoint_url = {url}\n"
        )),
        // As the SDK for Rust spells it; what is said for all services comes after that.
        profile(&format!(
            "[default]\nservices = here\nendpoint_url = https://other.invalid\n\n[services \
             here]\ncloudhsm-v2 =\n  endpoint_url = {url}\n"
        )),
        profile(&format!(
            "[default]\nservices = here\nendpoint_url = https://other.invalid\n\n[services \
             here]\ncloudhsm_v2 =\n  endpoint_url = {url}\n"
        )),
        (
            vec!["--profile".to_owned(), "other".to_owned()],
            Vec::new(),
            format!(
                "[profile other]\nendpoint_url = {url}\naws_access_key_id = \
                 a\naws_secret_access_key = b\n"
            ),
        ),
    ]
}

/// Runs a command with an endpoint named in one of these ways.
fn by(bench: &Bench, way: &Way, args: &[&str]) -> Run {
    let (options, variables, config) = way;
    let file = bench.write("aws-config", config);
    let args: Vec<&str> = args
        .iter()
        .copied()
        .chain(options.iter().map(String::as_str))
        .collect();
    let mut env: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let file = file.to_str().unwrap().to_owned();
    env.push(("AWS_CONFIG_FILE", &file));
    hsmboot(bench, &args, &env)
}

#[test]
fn an_endpoint_is_said_whatever_named_it() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.url) {
        let before = end.count();
        let text = by(&bench, &way, &["status"]).expect(0);
        assert_eq!(end.count(), before + 1, "{way:?}");
        assert!(
            text.stdout.contains(&format!("no clusters at {}", end.url)),
            "{way:?}: {}",
            text.stdout
        );
        assert!(
            text.stderr.contains(&format!("calls go to {}", end.url)),
            "{way:?}: {}",
            text.stderr
        );
        for args in [
            &["status"][..],
            &["cluster", "list"],
            &["backup", "list"],
            &["tag", "list", "--resource-id", CLUSTER],
        ] {
            let document = by(&bench, &way, &[args, &["--output", "json"]].concat())
                .expect(0)
                .json();
            assert_eq!(document["endpoint"], end.url, "{way:?}: {document:#}");
        }
        for args in [
            &["status", "--cluster-id", CLUSTER][..],
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "new"],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
        ] {
            let run = by(&bench, &way, args).expect(6);
            assert!(
                run.stderr.contains(&format!("at  {}", end.url))
                    && !run.stderr.contains("AWS CloudHSM"),
                "{way:?}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn an_endpoint_that_is_to_be_ignored_is_not_used_nor_said() {
    let (bench, end, nobody) = (Bench::new(), End::empty(), support::closed::Closed::new());
    let file = bench.write(
        "aws-config",
        format!("[default]\nendpoint_url = {}\n", end.url),
    );
    let ignoring = bench.write(
        "ignoring",
        format!(
            "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = {}\n",
            end.url
        ),
    );
    let (file, ignoring, nobody) = (
        file.to_str().unwrap(),
        ignoring.to_str().unwrap(),
        nobody.url(),
    );
    // What does not go there goes nowhere: the way to AWS leads through a proxy that is not there.
    let proxy = ("HTTPS_PROXY", nobody.as_str());
    let environment = ("AWS_ENDPOINT_URL", end.url.as_str());
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    for env in [
        [ignore, ("AWS_CONFIG_FILE", file), proxy],
        [ignore, environment, proxy],
        [environment, ("AWS_CONFIG_FILE", ignoring), proxy],
    ] {
        let run = hsmboot(
            &bench,
            &[
                "wait",
                "--cluster-id",
                CLUSTER,
                "--for",
                "csr",
                "--timeout",
                "2",
                "--output",
                "json",
            ],
            &env,
        );
        assert!(
            [6, 7].contains(&run.code)
                && !run.stdout.contains(&end.url)
                && !run.stderr.contains(&end.url),
            "{env:?}: {}",
            run.stdout
        );
    }
    assert_eq!(end.count(), 0);
    hsmboot(&bench, &["status", "--endpoint-url", &end.url], &[ignore]).expect(0);
    assert_eq!(end.count(), 1);
}

#[test]
fn a_loopback_endpoint_in_the_profile_needs_no_credentials_as_one_on_the_command_line() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.url)
        .into_iter()
        .filter(|(options, ..)| !options.contains(&"--profile".to_owned()))
    {
        let file = bench.write("aws-config", &way.2);
        let args: Vec<&str> = ["status"]
            .into_iter()
            .chain(way.0.iter().map(String::as_str))
            .collect();
        let mut command = bench.command(&args);
        command
            .env("AWS_CONFIG_FILE", &file)
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .envs(way.1.iter().cloned());
        run(command).expect(0);
    }
}

#[test]
fn plain_http_to_another_machine_is_a_wrong_command_line_whatever_named_it() {
    let (bench, end) = (Bench::new(), End::empty());
    for way in ways(&end.not_loopback()) {
        for args in [
            &["status"][..],
            &["fetch", "--cluster-id", CLUSTER, "--bundle", "new"],
            &["wait", "--cluster-id", CLUSTER, "--for", "csr"],
            &["cluster", "list"],
            &[
                "hsm",
                "delete",
                "--cluster-id",
                CLUSTER,
                "--hsm-id",
                "hsm-abc234defgh",
                "--yes",
            ],
            &["backup", "list"],
            &["tag", "add", "--resource-id", CLUSTER, "--tag", "a=b"],
            &["bootstrap", "--cluster-id", CLUSTER],
        ] {
            let run = by(&bench, &way, &[args, &["--output", "json"]].concat());
            assert_eq!(
                (run.code, error(&run)),
                (2, (2, "insecure-endpoint".to_owned())),
                "{way:?} {args:?}: {}",
                run.stdout
            );
            assert!(told(&run).contains(&end.not_loopback()), "{}", told(&run));
        }
        assert_eq!(
            end.connections.load(Ordering::SeqCst),
            0,
            "nothing was sent: {way:?}"
        );
    }
    // Who says so gets it.
    for (done, way) in ways(&end.not_loopback()).iter().enumerate() {
        by(&bench, way, &["status", "--insecure-http"]).expect(0);
        assert_eq!(end.count(), done + 1);
    }
    assert!(end.requests.lock().unwrap()[0].contains("the-session-token"));
}
