use super::stage::{SUBNET, Stage, hsmboot};

/// Nothing of these goes out: there is no service to send it to.
#[test]
fn what_the_reference_forbids_is_a_wrong_command_line() {
    const CLUSTER: &str = "cluster-aaaaaaaaaaa";
    const BACKUP: &str = "backup-aaaaaaaaaaa";
    let long_key = format!("{}=x", "k".repeat(129));
    let long_value = format!("k={}", "x".repeat(257));
    for words in [
        vec!["cluster", "create"],
        vec!["cluster", "create", "--subnet-id", "subnet-1"],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--subnet-id",
            SUBNET,
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--hsm-type",
            "hsm9large",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--hsm-type",
            "hsm2m.mediummmmmmmmmmmmmmmmmmmmmmmmmm",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--mode",
            "FIPS-140",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--network-type",
            "ipv6",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--hsm-type",
            "hsm1.medium",
            "--mode",
            "non-fips",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--hsm-type",
            "hsm1.medium",
            "--network-type",
            "dualstack",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--source-backup-id",
            "arn:aws:cloudhsm:us-east-1:123456789012:cluster/cluster-aaaaaaaaaaa",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--retention-days",
            "6",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--retention-days",
            "380",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--source-backup-id",
            "backup-1",
        ],
        vec!["cluster", "create", "--subnet-id", SUBNET, "--tag", "a,b=c"],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--tag",
            "a=1",
            "--tag",
            "a=2",
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--tag",
            &long_key,
        ],
        vec![
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--tag",
            &long_value,
        ],
        vec!["cluster", "create", "--subnet-id", SUBNET, "--timeout", "5"],
        vec!["cluster", "list", "--page-size", "26"],
        vec!["cluster", "list", "--page-size", "0"],
        vec!["cluster", "list", "--vpc-id", "vpc-xyz"],
        vec!["cluster", "show", "--cluster-id", "cluster-../../x"],
        vec![
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--retention-days",
            "1000",
        ],
        vec!["cluster", "modify", "--cluster-id", CLUSTER],
        vec![
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--hsm-type",
            "hsm2m",
        ],
        vec![
            "cluster",
            "modify",
            "--cluster-id",
            CLUSTER,
            "--retention-days",
            "30",
            "--yes",
        ],
        vec!["cluster", "list", "--state", "Pending_Rollback"],
        vec!["cluster", "delete", "--cluster-id", BACKUP, "--yes"],
        vec![
            "hsm",
            "create",
            "--cluster-id",
            CLUSTER,
            "--availability-zone",
            "us-east-1",
        ],
        vec![
            "hsm",
            "create",
            "--cluster-id",
            CLUSTER,
            "--availability-zone",
            "us-east-1a",
            "--ip-address",
            "10.0.0.256",
        ],
        vec![
            "hsm",
            "delete",
            "--cluster-id",
            CLUSTER,
            "--hsm-id",
            "hsm-1",
            "--yes",
        ],
        vec!["backup", "list", "--page-size", "51"],
        vec!["backup", "list", "--state", "Activ"],
        vec!["backup", "list", "--never-expires", "perhaps"],
        vec![
            "backup",
            "copy",
            "--backup-id",
            BACKUP,
            "--destination-region",
            "eu-west-1a",
        ],
        vec![
            "backup",
            "copy",
            "--backup-id",
            CLUSTER,
            "--destination-region",
            "eu-west-1",
        ],
        vec![
            "backup",
            "delete",
            "--backup-id",
            "backup-aaaaaaaaaa1",
            "--yes",
        ],
        vec!["backup", "modify", "--backup-id", BACKUP],
        vec!["backup", "policy", "get"],
        vec![
            "backup",
            "policy",
            "get",
            "--backup-id",
            BACKUP,
            "--backup-arn",
            "arn:aws:cloudhsm:us-east-1:123456789012:backup/backup-aaaaaaaaaaa",
        ],
        vec![
            "backup",
            "policy",
            "get",
            "--backup-arn",
            "arn:aws:cloudhsm:us-east-1:123456789012:cluster/cluster-aaaaaaaaaaa",
        ],
        vec!["backup", "policy", "put", "--backup-id", BACKUP],
        vec![
            "backup",
            "policy",
            "delete",
            "--backup-id",
            "backup-aaaaaaaaaa1",
            "--yes",
        ],
        vec!["tag", "list", "--resource-id", "hsm-aaaaaaaaaaa"],
        vec![
            "tag",
            "list",
            "--resource-id",
            CLUSTER,
            "--page-size",
            "101",
        ],
        vec!["tag", "add", "--resource-id", CLUSTER],
        vec!["tag", "add", "--resource-id", CLUSTER, "--tag", "=x"],
        vec!["tag", "remove", "--resource-id", CLUSTER, "--yes"],
        vec![
            "tag",
            "remove",
            "--resource-id",
            CLUSTER,
            "--key",
            "a",
            "--key",
            "a",
            "--yes",
        ],
        vec!["bootstrap", "--create"],
        vec![
            "bootstrap",
            "--create",
            "--bundle",
            "x",
            "--subnet-id",
            SUBNET,
        ],
        vec![
            "bootstrap",
            "--create",
            "--bundle",
            "x",
            "--subnet-id",
            SUBNET,
            "--availability-zone",
            "us-east-1a",
            "--dry-run",
        ],
        vec!["bootstrap", "--cluster-id", CLUSTER, "--subnet-id", SUBNET],
        vec!["bootstrap", "--cluster-id", CLUSTER, "--mode", "fips"],
        vec![
            "bootstrap",
            "--cluster-id",
            CLUSTER,
            "--network-type",
            "ipv4",
        ],
    ] {
        let output = hsmboot()
            .args(&words)
            .args(["--endpoint-url", "http://127.0.0.1:9"])
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn eleven_subnets_are_too_many_and_ten_are_not() {
    let stage = Stage::new();
    let subnets: Vec<String> = (0..11).map(|n| format!("subnet-0000000{n:x}")).collect();
    let words = |count: usize| -> Vec<&str> {
        ["cluster", "create"]
            .into_iter()
            .chain(
                subnets[..count]
                    .iter()
                    .flat_map(|subnet| ["--subnet-id", subnet.as_str()]),
            )
            .collect()
    };
    stage.fails(&words(11), 2, "usage");
    stage.run(&words(10)).ends(0, "created");
}
