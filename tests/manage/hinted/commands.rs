//! The commands that the program names, each with the scene in which it is to work.

use super::*;

/// As they stand in the sources, and what becomes of each.
pub(super) const COMMANDS: &[(&str, Fate)] = &[
    (
        "aws acm-pca describe-certificate-authority",
        Aws("--certificate-authority-arn arn:aws:acm-pca:us-east-1:1:certificate-authority/1"),
    ),
    (
        "aws acm-pca import-certificate-authority-certificate",
        Aws(
            "--certificate-authority-arn arn:aws:acm-pca:us-east-1:1:certificate-authority/1 \
             --certificate eA==",
        ),
    ),
    ("aws acm-pca list-certificate-authorities", Aws("")),
    ("aws kms cancel-key-deletion", Aws("--key-id 1")),
    ("aws kms create-key", Aws("")),
    (
        "aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096",
        Aws(""),
    ),
    ("aws kms describe-key", Aws("--key-id 1")),
    ("aws kms enable-key", Aws("--key-id 1")),
    (
        "aws sso login",
        NotRun("it needs a browser, and version 2 of the CLI, which PyPI does not have"),
    ),
    ("aws sts get-caller-identity", Aws("")),
    (
        "fuser -v",
        Shell("! command -v fuser || fuser -v DIR || true"),
    ),
    (
        "hsmboot ca show",
        In(
            "tests/online/pinned.rs",
            "another_ca_than_the_pinned_one_is_refused_before_anything_is_done",
        ),
    ),
    (
        "hsmboot ca show FILE",
        In(
            "tests/reading/codes.rs",
            "the_code_of_a_ca_is_asked_for_and_another_ca_is_refused",
        ),
    ),
    (
        "hsmboot transcript verify BUNDLE",
        In(
            "tests/reading/codes.rs",
            "the_code_of_a_sealed_line_is_asked_for_and_another_transcript_is_refused",
        ),
    ),
    (
        "hsmboot bootstrap --create",
        In(
            "tests/online/mixed_up.rs",
            "what_is_only_ordered_is_told_to_go_on",
        ),
    ),
    (
        "hsmboot bootstrap --simulate",
        In(
            "tests/online/rehearsed.rs",
            "a_rehearsals_own_bundle_is_judged_by_the_command_that_verify_and_report_name",
        ),
    ),
    (
        "hsmboot completions --install",
        In(
            "tests/docs/completions.rs",
            "a_script_is_installed_where_the_shell_looks_and_replaces_nobody_elses",
        ),
    ),
    (
        "hsmboot simulate --roots roots",
        In(
            "tests/simulator_clients.rs",
            "the_roots_are_there_when_the_first_line_is",
        ),
    ),
    ("hsmboot backup list", Run("backup list", 0)),
    (
        "hsmboot backup list --region REGION",
        Run("backup list --region us-east-1", 0),
    ),
    (
        "hsmboot backup list --source-backup-id {id}",
        Run("backup list --source-backup-id BACKUP", 0),
    ),
    (
        "hsmboot backup restore",
        Run("backup restore --backup-id BACKUP", 0),
    ),
    (
        "hsmboot backup restore --backup-id ID",
        Run("backup restore --backup-id BACKUP", 0),
    ),
    (
        "hsmboot bootstrap",
        In(
            "tests/online/replaced.rs",
            "a_bootstrap_that_sees_the_csr_replaced_ends_and_the_same_command_goes_on",
        ),
    ),
    (
        "hsmboot bootstrap --cluster-id ID",
        Run(
            "bootstrap --cluster-id ID --ca CA.crt --ca-key CA.key ROOTS",
            0,
        ),
    ),
    (
        "hsmboot bootstrap --cluster-id {id}",
        Run(
            "bootstrap --cluster-id ID --ca CA.crt --ca-key CA.key ROOTS",
            0,
        ),
    ),
    (
        "hsmboot ca init",
        Run(
            "ca init --out NEWDIR --subject CN=x --key-type p256 --no-passphrase",
            0,
        ),
    ),
    (
        "hsmboot ca init --ca-key pkcs11:...",
        In("tests/pkcs11/keys.rs", "made_on_the_token_it_signs"),
    ),
    ("hsmboot cluster list", Run("cluster list", 0)),
    (
        "hsmboot cluster show",
        Run("cluster show --cluster-id ID", 0),
    ),
    (
        "hsmboot cluster show --cluster-id {id}",
        Run("cluster show --cluster-id ID", 0),
    ),
    (
        "hsmboot cluster show --cluster-id {}",
        Run("cluster show --cluster-id ID", 0),
    ),
    (
        "hsmboot bootstrap",
        In(
            "tests/online/replaced.rs",
            "the_same_bootstrap_goes_on_with_the_new_csr_and_keeps_the_old_files",
        ),
    ),
    ("hsmboot fetch", Run("fetch --cluster-id ID", 0)),
    (
        "hsmboot fetch --cluster-id {cluster_id} --bundle DIR",
        Run("fetch --cluster-id ID --bundle NEWDIR", 0),
    ),
    (
        "hsmboot fetch --cluster-id {} --bundle NEWDIR",
        Run("fetch --cluster-id ID --bundle NEWDIR", 0),
    ),
    (
        "hsmboot hsm delete --cluster-id {id} --hsm-id ID --wait",
        Run("hsm delete --cluster-id ID --hsm-id HSM --wait --yes", 0),
    ),
    ("hsmboot pack", Run("pack DIR -o NEWNAME.hsmboot", 0)),
    (
        "hsmboot pack DIR -o NEWNAME.hsmboot",
        Run("pack DIR -o NEWNAME.hsmboot", 0),
    ),
    (
        "hsmboot pack DIR -o NAME{SUFFIX}, hsmboot unpack NAME{SUFFIX} DIR",
        OneOf(&["hsmboot pack"]),
    ),
    (
        "hsmboot qr read",
        Run("qr read codes.txt --bundle NEWDIR", 0),
    ),
    ("hsmboot qr show", Run("qr show DIR", 0)),
    (
        "hsmboot qr show DIR{options}",
        Run("qr show DIR --part 1 --part 2", 0),
    ),
    (
        "hsmboot cluster modify --cluster-id {id} --hsm-type {}",
        In(
            "tests/manage/migrate.rs",
            "a_state_that_no_model_knows_is_shown_listed_and_waited_for",
        ),
    ),
    (
        "hsmboot roots",
        In(
            "tests/ls2_roots/known.rs",
            "roots_are_listed_with_their_ends_and_what_then",
        ),
    ),
    (
        "hsmboot roots show FILE",
        In(
            "tests/ls2_roots/known.rs",
            "a_root_file_is_judged_before_it_is_given",
        ),
    ),
    (
        "hsmboot sign",
        Run("sign DIR --ca CA.crt --ca-key CA.key ROOTS", 0),
    ),
    ("hsmboot status", Run("status", 0)),
    (
        "hsmboot status --cluster-id {cluster_id}",
        Run("status --cluster-id ID", 0),
    ),
    (
        "hsmboot status --cluster-id {id}",
        Run("status --cluster-id ID", 0),
    ),
    (
        "hsmboot status --cluster-id {id} --ca FILE",
        In(
            "tests/online/after_claim.rs",
            "another_ones_cluster_is_nothing_to_go_on_with",
        ),
    ),
    ("hsmboot transcript show", Run("transcript show DIR", 0)),
    ("hsmboot transcript verify", Run("transcript verify DIR", 0)),
    (
        "hsmboot transcript verify --ca FILE",
        Run("transcript verify DIR --ca CA.crt", 4),
    ),
    (
        "hsmboot verify --record",
        Run("verify DIR --record ROOTS", 0),
    ),
    (
        "hsmboot wait --cluster-id ID --for csr",
        Run("wait --cluster-id ID --for csr", 0),
    ),
    (
        "hsmboot wait --cluster-id {id} --for active --timeout 14h",
        In(
            "tests/manage/migrate.rs",
            "a_migration_under_way_is_shown_and_not_asked_for_again",
        ),
    ),
    (
        "hsmboot wait --cluster-id {id} --for uninitialized",
        Run("wait --cluster-id ID --for uninitialized", 0),
    ),
    ("hsmboot {}", OneOf(&["hsmboot fetch", "hsmboot sign"])),
    (
        "openssl pkcs7{inform} -print_certs -in FILE -out NEWFILE",
        In(
            "tests/owner_files.rs",
            "what_is_converted_as_it_is_said_is_read",
        ),
    ),
    (
        "openssl x509 -in FILE -out NEWFILE",
        In(
            "tests/owner_files.rs",
            "what_is_converted_as_it_is_said_is_read",
        ),
    ),
    (
        "hsmboot lambda",
        In(
            "tests/lambda/errors.rs",
            "outside_lambda_the_command_is_a_wrong_one",
        ),
    ),
    (
        "iconv -f {} -t ASCII",
        Shell(
            "for e in UTF-16LE UTF-16BE; do iconv -f ASCII -t $e DIR/*.csr | iconv -f $e -t ASCII \
             | cmp - DIR/*.csr; done",
        ),
    ),
];

pub(super) const SUBCOMMANDS: [&str; 20] = [
    "backup",
    "bootstrap",
    "ca",
    "check",
    "cluster",
    "fetch",
    "handover",
    "hsm",
    "import",
    "pack",
    "qr",
    "report",
    "sign",
    "status",
    "submit",
    "tag",
    "transcript",
    "unpack",
    "verify",
    "wait",
];
