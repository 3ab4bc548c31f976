//! The actions on clusters and HSMs.

mod parameters;

use hsmboot::cloudhsm::choices::{CLUSTER_CHOICES, ChoiceForm};
pub use parameters::ids;
use serde_json::{Value, json};

use super::table::{Rule, Table};
use super::{UNKNOWN_CLUSTER, World, reference};

pub const CLUSTER_ID: &str = "cluster-[2-7a-zA-Z]{11,16}";
pub const HSM_TYPE: &str = r"((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)";
const BACKUP_ARN: &str = concat!(
    r"^(arn:aws(-(us-gov))?:cloudhsm:",
    r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
    r":[0-9]{12}:backup/)?backup-[2-7a-zA-Z]{11,16}"
);
pub const TAG: &str = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";
const IP: &str = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}";
const INVALID: &str = "CloudHsmInvalidRequestException";

pub fn create_cluster(world: &World) -> Table {
    let mut good = world.order();
    good["BackupRetentionPolicy"] = json!({ "Type": "DAYS", "Value": "90" });
    good["TagList"] = json!([{ "Key": "k", "Value": "v" }]);
    let mut table = Table::new("CreateCluster", "create_cluster", good);
    table
        .required("HsmType")
        .hsm_type(world)
        .required("SubnetIds");
    table.items("SubnetIds", (1, 10), |n| {
        json!(format!("subnet-0000000{n:x}"))
    });
    let bad = [
        "subnet-0123456",
        "subnet-0123456789abcdef01",
        "subnet-xyzxyzxy",
        "subnet",
        "",
    ];
    table.pattern(
        "SubnetIds.1.member",
        "subnet-[0-9a-fA-F]{8,17}",
        &["subnet-0123abCD", "subnet-0123456789abcdef0"],
        &bad,
    );
    let twice = vec![table.with("SubnetIds", json!(["subnet-0a1b2c3d", "subnet-0a1b2c3d"]))];
    table.also(
        "SubnetIds",
        "one subnet for each Availability Zone",
        INVALID,
        [Vec::new(), twice],
        &["only one subnet per Availability Zone"],
    );
    table.retention().tag_list();
    if !world.is_later() {
        table
            .id("SourceBackupId", "backup", super::backups::BACKUP_ID)
            .exists("SourceBackupId", "backup-abcdefghijk");
        let arn = vec![table.with(
            "SourceBackupId",
            json!("arn:aws:cloudhsm:us-east-1:123456789012:backup/backup-abcdefghijk"),
        )];
        table.also(
            "SourceBackupId",
            "no ARN",
            INVALID,
            [Vec::new(), arn],
            &["SourceBackupId"],
        );
        return table;
    }
    table
        .id("SourceBackupId", "backup", BACKUP_ARN)
        .exists("SourceBackupId", "backup-abcdefghijk");
    let arn = "arn:aws:cloudhsm:us-east-1:123456789012:backup/backup-abcdefghijk";
    table.exists("SourceBackupId", arn);
    let others = ["cluster/cluster-abcdefghijk", "backup/backup-1"].map(|other| {
        table.with(
            "SourceBackupId",
            json!(arn.replacen("backup/backup-abcdefghijk", other, 1)),
        )
    });
    table.also(
        "SourceBackupId",
        "an ARN is a backup's",
        INVALID,
        [Vec::new(), others.to_vec()],
        &["SourceBackupId"],
    );
    let old = vec![table.with("HsmType", json!("hsm1.medium"))];
    table.also(
        "HsmType",
        "not `hsm1.medium`",
        INVALID,
        [Vec::new(), old],
        &["--reference 2022-06-06", "create-hsm1-cluster"],
    );
    let other = vec![table.with("HsmType", json!("hsm9x.huge"))];
    table.also(
        "HsmType",
        "a type that there is",
        INVALID,
        [Vec::new(), other],
        &["hsm9x.huge", "hsm2m.medium"],
    );
    let without = vec![table.with("Mode", Value::Null)];
    table.also(
        "Mode",
        "required for `hsm2m.medium`",
        INVALID,
        [Vec::new(), without],
        &["Mode", "required"],
    );
    table
        .one_of("Mode", "FIPS, NON_FIPS", &["fips", ""])
        .one_of("NetworkType", "IPV4, DUALSTACK", &["IPV6", ""]);
    // Each further member of the reference: one that lists its values, or one whose texts have a
    // pattern, of which the client's own row names one.
    for (action, parameters) in reference::of(world.reference) {
        for (parameter, rules) in parameters {
            let known = table.rows.iter().any(|row| row.parameter == *parameter);
            match (action, *rules) {
                ("CreateCluster", [Rule::OneOf(values)]) if !known => {
                    table.one_of(parameter, values, &["of another kind", ""]);
                }
                ("CreateCluster", [Rule::Pattern(pattern)]) if !known => {
                    if let Some(example) = example_of_choice(parameter) {
                        table.pattern(parameter, pattern, &[example], &["\u{1F511}", ""]);
                    }
                }
                _ => {}
            }
        }
    }
    table
}

/// The text that the client's row of this member, which is chosen once, names as an example.
fn example_of_choice(parameter: &str) -> Option<&'static str> {
    let without_lines = |name: &str| name.replace('_', "");
    CLUSTER_CHOICES
        .iter()
        .find(|choice| without_lines(choice.key) == parameter.to_ascii_lowercase())
        .and_then(|choice| match choice.form {
            ChoiceForm::Limited { example, .. } => Some(example),
            ChoiceForm::Listed(_) => None,
        })
}

pub fn describe_clusters(world: &World) -> Table {
    let mut table = Table::new("DescribeClusters", "describe_clusters", json!({}));
    table
        .range("MaxResults", (1, 25))
        .next_token()
        .filters(world, "clusterIds, states, vpcIds");
    table
}

pub fn initialize_cluster(world: &World) -> Table {
    const CERT: &str = r"[a-zA-Z0-9+-/=\s]*";
    let mut table = Table::new(
        "InitializeCluster",
        "initialize_cluster",
        json!({ "ClusterId": UNKNOWN_CLUSTER, "SignedCert": "A", "TrustAnchor": "A" }),
    );
    table
        .required("ClusterId")
        .id("ClusterId", "cluster", CLUSTER_ID)
        .exists("ClusterId", UNKNOWN_CLUSTER);
    for parameter in ["SignedCert", "TrustAnchor"] {
        table.required(parameter).max_length(
            parameter,
            if world.is_later() { 20_000 } else { 5000 },
            |n| "A".repeat(n),
        );
        table.pattern(
            parameter,
            CERT,
            &["-----BEGIN X-----\r\nAa0+,-./=\t\n"],
            &["Certificate:", "a_b", "\"", "(", ")", "é", "\u{A0}"],
        );
    }
    table
}

pub fn delete_cluster(_: &World) -> Table {
    let mut table = Table::new(
        "DeleteCluster",
        "delete_cluster",
        json!({ "ClusterId": UNKNOWN_CLUSTER }),
    );
    table
        .required("ClusterId")
        .id("ClusterId", "cluster", CLUSTER_ID)
        .exists("ClusterId", UNKNOWN_CLUSTER);
    table
}

pub fn modify_cluster(world: &World) -> Table {
    let good = json!({
        "ClusterId": world.cluster, "BackupRetentionPolicy": { "Type": "DAYS", "Value": "90" },
    });
    let mut table = Table::new("ModifyCluster", "modify_cluster", good);
    table
        .required("ClusterId")
        .id("ClusterId", "cluster", CLUSTER_ID)
        .exists("ClusterId", UNKNOWN_CLUSTER);
    if !world.is_later() {
        table.required("BackupRetentionPolicy").retention();
        return table;
    }
    table.retention().hsm_type(world);
    let neither = vec![table.with("BackupRetentionPolicy", Value::Null)];
    table.also(
        "BackupRetentionPolicy",
        "or HsmType",
        INVALID,
        [Vec::new(), neither],
        &["BackupRetentionPolicy", "not be null"],
    );
    let instead = super::table::with(
        &table.with("HsmType", json!("hsm2m.medium")),
        "BackupRetentionPolicy",
        Value::Null,
    );
    table.also(
        "BackupRetentionPolicy",
        "`HsmType` can stand in its place",
        INVALID,
        [vec![instead], Vec::new()],
        &[],
    );
    let migrates = vec![table.with("HsmType", json!("hsm1.medium"))];
    table.also(
        "HsmType",
        "another type only for an ACTIVE cluster",
        INVALID,
        [Vec::new(), migrates],
        &["not ACTIVE"],
    );
    table
}

pub fn create_hsm(world: &World) -> Table {
    const ZONE: &str = r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]";
    let mut table = Table::new(
        "CreateHsm",
        "create_hsm",
        json!({ "ClusterId": UNKNOWN_CLUSTER, "AvailabilityZone": "us-east-1a" }),
    );
    table
        .required("ClusterId")
        .id("ClusterId", "cluster", CLUSTER_ID)
        .exists("ClusterId", UNKNOWN_CLUSTER);
    let bad = [
        "us-east-1",
        "us-east-1A",
        "us-up-1a",
        "usa-east-1a",
        "us-iso-east-1a",
        "us-east-10a",
        "us-eastwestnorth-1a",
        "",
    ];
    table.required("AvailabilityZone").pattern(
        "AvailabilityZone",
        ZONE,
        &["us-east-1a", "us-gov-west-1b", "ap-southeast-2c"],
        &bad,
    );
    table.pattern(
        "IpAddress",
        IP,
        &["10.0.0.77", "999.999.999.999"],
        &["10.0.0", "10.0.0.0.1", "1000.0.0.1", "10.0.0.a", "::1", ""],
    );
    let here = |zone: &str, ip: &str| {
        json!({
            "ClusterId": world.cluster, "AvailabilityZone": zone, "IpAddress": ip
        })
    };
    let foreign = vec![
        here("us-east-1c", "10.0.2.9"),
        here("eu-west-1a", "10.0.0.9"),
    ];
    table.also(
        "AvailabilityZone",
        "one of the cluster's SubnetMapping",
        INVALID,
        [Vec::new(), foreign],
        &["no subnet in Availability Zone"],
    );
    let outside = vec![
        here("us-east-1a", "10.0.1.9"),
        here("us-east-1a", "192.168.0.9"),
    ];
    table.also(
        "IpAddress",
        "in the zone's subnet",
        INVALID,
        [Vec::new(), outside],
        &["not in the subnet"],
    );
    let reserved = vec![
        here("us-east-1a", "10.0.0.3"),
        here("us-east-1a", "10.0.0.255"),
    ];
    table.also(
        "IpAddress",
        "none of the five that a subnet keeps",
        INVALID,
        [Vec::new(), reserved],
        &["reserved"],
    );
    table
}

pub fn delete_hsm(_: &World) -> Table {
    let mut table = Table::new(
        "DeleteHsm",
        "delete_hsm",
        json!({ "ClusterId": UNKNOWN_CLUSTER, "HsmId": "hsm-abcdefghijk" }),
    );
    table
        .required("ClusterId")
        .id("ClusterId", "cluster", CLUSTER_ID)
        .exists("ClusterId", UNKNOWN_CLUSTER);
    table.id("HsmId", "hsm", "hsm-[2-7a-zA-Z]{11,16}");
    table.pattern(
        "EniId",
        "eni-[0-9a-fA-F]{8,17}",
        &["eni-0123abCD", "eni-0123456789abcdef0"],
        &["eni-x", "eni-0123456", "eni-0123456789abcdef01", ""],
    );
    table.pattern("EniIp", IP, &["10.0.0.77"], &["1.2", "10.0.0.1234", ""]);
    let none = vec![table.with("HsmId", Value::Null)];
    table.also(
        "HsmId",
        "or EniId or EniIp",
        INVALID,
        [Vec::new(), none],
        &["HsmId", "EniId", "EniIp"],
    );
    table
}
