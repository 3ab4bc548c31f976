//! What the API Reference of 2022-06-06 demands of each parameter of each request, and what today's
//! service model does: lists of their own, written from those, that the tables are held against.

use hsmboot::simulator::Reference;

use super::table::Rule::{
    self, Max, MaxItems, MaxLength, Min, MinItems, MinLength, OneOf, Pattern, Required,
};

const CLUSTER: Rule = Pattern("cluster-[2-7a-zA-Z]{11,16}");
const BACKUP: Rule = Pattern("backup-[2-7a-zA-Z]{11,16}");
const RESOURCE: Rule = Pattern("(?:cluster|backup)-[2-7a-zA-Z]{11,16}");
const IP: Rule = Pattern(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}");
const ZONE: Rule = Pattern(r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d[a-z]");
const REGION: Rule = Pattern(r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d");
const TAG: Rule = Pattern(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$");
const CERT: Rule = Pattern(r"[a-zA-Z0-9+-/=\s]*");
const HSM_TYPE_2022: Rule = Pattern(r"(hsm1\.medium)");
const HSM_TYPE: Rule = Pattern(r"((p|)hsm[0-9][a-z.]*\.[a-zA-Z]+)");
const BACKUP_ARN: Rule = Pattern(concat!(
    r"^(arn:aws(-(us-gov))?:cloudhsm:",
    r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
    r":[0-9]{12}:backup/)?backup-[2-7a-zA-Z]{11,16}"
));
const ARN: Rule = Pattern(concat!(
    r"arn:aws(-(us-gov))?:cloudhsm:",
    r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
    r":[0-9]{12}:(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}"
));

const TAG_KEY: [Rule; 4] = [Required, MinLength(1), MaxLength(128), TAG];
/// Its minimum length of 0 demands nothing.
const TAG_VALUE: [Rule; 3] = [Required, MaxLength(256), TAG];
const DAYS: [Rule; 3] = [MinLength(1), MaxLength(3), Pattern("[0-9]+")];
const TOKEN: [Rule; 2] = [MaxLength(256), Pattern(".*")];

/// A parameter of a request, and its constraints.
type Parameter = (&'static str, &'static [Rule]);

/// As of 2022-06-06.
const OF_2022: [(&str, &[Parameter]); 15] = [
    (
        "CopyBackupToRegion",
        &[
            ("BackupId", &[Required, BACKUP]),
            ("DestinationRegion", &[Required, REGION]),
            ("TagList", &[MinItems(1), MaxItems(50)]),
            ("TagList[].Key", &TAG_KEY),
            ("TagList[].Value", &TAG_VALUE),
        ],
    ),
    (
        "CreateCluster",
        &[
            ("BackupRetentionPolicy.Type", &[OneOf("DAYS")]),
            ("BackupRetentionPolicy.Value", &DAYS),
            ("HsmType", &[Required, HSM_TYPE_2022]),
            ("SourceBackupId", &[BACKUP]),
            ("SubnetIds", &[Required, MinItems(1), MaxItems(10)]),
            ("SubnetIds[]", &[Pattern("subnet-[0-9a-fA-F]{8,17}")]),
            ("TagList", &[MinItems(1), MaxItems(50)]),
            ("TagList[].Key", &TAG_KEY),
            ("TagList[].Value", &TAG_VALUE),
        ],
    ),
    (
        "CreateHsm",
        &[
            ("AvailabilityZone", &[Required, ZONE]),
            ("ClusterId", &[Required, CLUSTER]),
            ("IpAddress", &[IP]),
        ],
    ),
    ("DeleteBackup", &[("BackupId", &[Required, BACKUP])]),
    ("DeleteCluster", &[("ClusterId", &[Required, CLUSTER])]),
    (
        "DeleteHsm",
        &[
            ("ClusterId", &[Required, CLUSTER]),
            ("EniId", &[Pattern("eni-[0-9a-fA-F]{8,17}")]),
            ("EniIp", &[IP]),
            ("HsmId", &[Pattern("hsm-[2-7a-zA-Z]{11,16}")]),
        ],
    ),
    (
        "DescribeBackups",
        &[
            ("Filters", &[Pattern("[a-zA-Z0-9_-]+")]),
            ("MaxResults", &[Min(1), Max(50)]),
            ("NextToken", &TOKEN),
        ],
    ),
    (
        "DescribeClusters",
        &[
            ("Filters", &[Pattern("[a-zA-Z0-9_-]+")]),
            ("MaxResults", &[Min(1), Max(25)]),
            ("NextToken", &TOKEN),
        ],
    ),
    (
        "InitializeCluster",
        &[
            ("ClusterId", &[Required, CLUSTER]),
            ("SignedCert", &[Required, MaxLength(5000), CERT]),
            ("TrustAnchor", &[Required, MaxLength(5000), CERT]),
        ],
    ),
    (
        "ListTags",
        &[
            ("MaxResults", &[Min(1), Max(100)]),
            ("NextToken", &TOKEN),
            ("ResourceId", &[Required, RESOURCE]),
        ],
    ),
    (
        "ModifyBackupAttributes",
        &[
            ("BackupId", &[Required, BACKUP]),
            ("NeverExpires", &[Required]),
        ],
    ),
    (
        "ModifyCluster",
        &[
            ("BackupRetentionPolicy", &[Required]),
            ("BackupRetentionPolicy.Type", &[OneOf("DAYS")]),
            ("BackupRetentionPolicy.Value", &DAYS),
            ("ClusterId", &[Required, CLUSTER]),
        ],
    ),
    ("RestoreBackup", &[("BackupId", &[Required, BACKUP])]),
    (
        "TagResource",
        &[
            ("ResourceId", &[Required, RESOURCE]),
            ("TagList", &[Required, MinItems(1), MaxItems(50)]),
            ("TagList[].Key", &TAG_KEY),
            ("TagList[].Value", &TAG_VALUE),
        ],
    ),
    (
        "UntagResource",
        &[
            ("ResourceId", &[Required, RESOURCE]),
            ("TagKeyList", &[Required, MinItems(1), MaxItems(50)]),
            ("TagKeyList[]", &[MinLength(1), MaxLength(128), TAG]),
        ],
    ),
];

/// What today's model has in place of the reference's, or besides.
const TODAY: [(&str, &[Parameter]); 8] = [
    (
        "CreateCluster",
        &[
            ("BackupRetentionPolicy.Type", &[OneOf("DAYS")]),
            ("BackupRetentionPolicy.Value", &DAYS),
            ("HsmType", &[Required, HSM_TYPE, MaxLength(32)]),
            ("Mode", &[OneOf("FIPS, NON_FIPS")]),
            ("NetworkType", &[OneOf("IPV4, DUALSTACK")]),
            ("SourceBackupId", &[BACKUP_ARN]),
            ("SubnetIds", &[Required, MinItems(1), MaxItems(10)]),
            ("SubnetIds[]", &[Pattern("subnet-[0-9a-fA-F]{8,17}")]),
            ("TagList", &[MinItems(1), MaxItems(50)]),
            ("TagList[].Key", &TAG_KEY),
            ("TagList[].Value", &TAG_VALUE),
        ],
    ),
    ("DeleteResourcePolicy", &[("ResourceArn", &[ARN])]),
    (
        "DescribeBackups",
        &[
            ("Filters", &[Pattern("[a-zA-Z0-9_-]+"), MaxItems(30)]),
            ("MaxResults", &[Min(1), Max(50)]),
            ("NextToken", &TOKEN),
        ],
    ),
    (
        "DescribeClusters",
        &[
            ("Filters", &[Pattern("[a-zA-Z0-9_-]+"), MaxItems(30)]),
            ("MaxResults", &[Min(1), Max(25)]),
            ("NextToken", &TOKEN),
        ],
    ),
    ("GetResourcePolicy", &[("ResourceArn", &[ARN])]),
    (
        "InitializeCluster",
        &[
            ("ClusterId", &[Required, CLUSTER]),
            ("SignedCert", &[Required, MaxLength(20_000), CERT]),
            ("TrustAnchor", &[Required, MaxLength(20_000), CERT]),
        ],
    ),
    (
        "ModifyCluster",
        &[
            ("BackupRetentionPolicy.Type", &[OneOf("DAYS")]),
            ("BackupRetentionPolicy.Value", &DAYS),
            ("ClusterId", &[Required, CLUSTER]),
            ("HsmType", &[HSM_TYPE, MaxLength(32)]),
        ],
    ),
    (
        "PutResourcePolicy",
        &[
            ("Policy", &[MinLength(1), MaxLength(20_000)]),
            ("ResourceArn", &[ARN]),
        ],
    ),
];

/// Each action of an edition with its parameters.
pub fn of(reference: Reference) -> Vec<(&'static str, &'static [Parameter])> {
    if reference == Reference::June2022 {
        return OF_2022.to_vec();
    }
    let unchanged = OF_2022
        .into_iter()
        .filter(|(action, _)| !TODAY.iter().any(|(other, _)| other == action));
    unchanged.chain(TODAY).collect()
}
