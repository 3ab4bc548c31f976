//! Neither options nor variables nor profiles are obeyed.

use super::*;

/// The options of a command that take a value, by clap's own account, and the environment variables
/// that it reads for them.
pub(super) fn options(command: &str) -> Vec<(String, Option<String>)> {
    let mut found = hsmboot::cli::command();
    found.build();
    for name in command.split(' ') {
        found = found.find_subcommand(name).unwrap().clone();
    }
    let takes = |arg: &&clap::Arg| arg.get_num_args().is_some_and(|count| count.takes_values());
    let option = |arg: &clap::Arg| {
        let variable = arg.get_env().map(|name| name.to_str().unwrap().to_owned());
        arg.get_long().map(|long| (format!("--{long}"), variable))
    };
    found
        .get_arguments()
        .filter(takes)
        .filter_map(option)
        .collect()
}

/// The words without this option.
fn without<'a>(words: &[&'a str], option: &str) -> Vec<&'a str> {
    let mut out = words.to_vec();
    while let Some(at) = out.iter().position(|word| *word == option) {
        out.drain(at..(at + 2).min(out.len()));
    }
    out
}

#[test]
fn no_command_obeys_what_its_options_or_their_variables_say() {
    let service = StandIn::new(answer);
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let bench = bench();
    let mut tried = 0;
    for name in all {
        for (option, variable) in options(&name) {
            let words = without(&words(&name), &option);
            let mut shown = words.clone();
            shown.extend([option.as_str(), HOSTILE]);
            judge(&run(&bench, &service.url, &shown), &shown);
            tried += 1;
            if let Some(variable) = variable {
                let mut command = bench.command(&words);
                command
                    .env("AWS_ENDPOINT_URL", &service.url)
                    .env("AWS_REGION", "us-east-1")
                    .env("AWS_EC2_METADATA_DISABLED", "true");
                command.env(&variable, HOSTILE);
                judge(&support::run(command), &[&words[..], &[&variable]].concat());
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// What the AWS SDK and the program read of the environment.
pub(super) const VARIABLES: [&str; 22] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDHSM_V2",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "HOME",
    "USER",
    "COLUMNS",
];

#[test]
fn no_variable_of_the_environment_is_obeyed() {
    let service = StandIn::new(answer);
    let bench = bench();
    for variable in VARIABLES {
        for words in [
            words("status"),
            words("submit"),
            words("bootstrap"),
            words("wait"),
        ] {
            let mut command = bench.command(&words);
            command
                .env("AWS_ENDPOINT_URL", &service.url)
                .env("AWS_REGION", "us-east-1")
                .env("AWS_EC2_METADATA_DISABLED", "true");
            command
                .env("AWS_CONFIG_FILE", "/nonexistent")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
                .env(variable, HOSTILE);
            judge(&support::run(command), &[&words[..], &[variable]].concat());
        }
    }
}

#[test]
fn no_profile_of_the_aws_configuration_is_obeyed() {
    let bench = bench();
    // A line of the file is one line; what else a terminal obeys may stand in it.
    let hostile = HOSTILE.replace(['\r', '\n'], "");
    let settings = [
        "region",
        "endpoint_url",
        "services",
        "role_arn",
        "source_profile",
        "credential_process",
        "sso_session",
        "use_fips_endpoint",
    ];
    for setting in settings {
        for profile in ["default", &hostile] {
            let section = if profile == "default" {
                "[default]".to_owned()
            } else {
                format!("[profile {profile}]")
            };
            let config = bench.write("config", format!("{section}\n{setting} = {hostile}\n"));
            for words in [words("status"), words("submit")] {
                let mut command = bench.command(&words);
                command
                    .env("AWS_CONFIG_FILE", &config)
                    .env("AWS_EC2_METADATA_DISABLED", "true")
                    .env("AWS_PROFILE", profile);
                judge(
                    &support::run(command),
                    &[&words[..], &[setting, profile]].concat(),
                );
            }
        }
    }
}
