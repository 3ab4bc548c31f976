//! Endpoints, credentials and wrong command lines.

use super::*;

#[test]
fn an_empty_variable_for_the_endpoint_is_named() {
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDHSM_V2"] {
        run(hsmboot()
            .args(["status"])
            .env("AWS_REGION", "us-east-1")
            .env(name, ""))
        .ends(6, &format!("the variable {name} is set and empty"));
    }
}

#[test]
fn an_endpoint_of_the_profile_that_is_none_is_named() {
    let dir = tempfile::TempDir::new().unwrap();
    let config = dir.path().join("config");
    let service = |url: &str| {
        format!(
            "[default]\nregion = us-east-1\nservices = own\n[services own]\ncloudhsm-v2 =\n  \
             endpoint_url = {url}\n"
        )
    };
    for (text, says) in [
        (
            "[default]\nregion = us-east-1\nendpoint_url =\n".to_owned(),
            "endpoint_url in the AWS configuration files is set and empty",
        ),
        (
            "[default]\nregion = us-east-1\nendpoint_url = 127.0.0.1:80\n".to_owned(),
            "the endpoint \"127.0.0.1:80\" is not of the form",
        ),
        (
            service(""),
            "endpoint_url in the AWS configuration files is set and empty",
        ),
        (
            service("127.0.0.1:80"),
            "the endpoint \"127.0.0.1:80\" is not of the form",
        ),
    ] {
        std::fs::write(&config, text).unwrap();
        let status = || {
            let mut command = hsmboot();
            command.arg("status").env("AWS_CONFIG_FILE", &config);
            command
        };
        run(&mut status())
            .ends(6, says)
            .ends(6, "in the AWS configuration files");
        // What is not used does no harm.
        run(status().env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"))
            .ends(6, "no usable AWS credentials");
        run(status().env("AWS_ENDPOINT_URL", "https://127.0.0.1:1"))
            .ends(6, "no usable AWS credentials");
        run(status().args(["--endpoint-url", "https://127.0.0.1:1"]))
            .ends(6, "no usable AWS credentials");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_missing_credentials_with_6() {
    for words in [
        vec!["status", "--cluster-id", "cluster-../../x"],
        vec![
            "wait",
            "--cluster-id",
            "cluster-aaaaaaaaaaa",
            "--for",
            "in_progress",
        ],
        vec!["status", "--endpoint-url", "127.0.0.1:80"],
        vec!["status", "--region", "eu west"],
        vec!["bootstrap"],
        vec![
            "bootstrap",
            "--simulate",
            "--cluster-id",
            "cluster-aaaaaaaaaaa",
        ],
    ] {
        run(hsmboot().args(&words)).ends(2, "");
    }
    run(hsmboot().args(["status", "--region", "eu-central-1"]))
        .ends(6, "no usable AWS credentials");
    run(hsmboot().args(["status", "--region", "eu-central-1", "--profile", "nosuch"]))
        .ends(6, "the profile nosuch");
    run(hsmboot().arg("status")).ends(6, "no AWS region");
}
