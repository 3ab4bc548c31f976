//! The actions on tags and resource policies.

use serde_json::{Value, json};

use super::clusters::{TAG, ids};
use super::table::Table;
use super::{UNKNOWN_BACKUP, UNKNOWN_CLUSTER, World};

const RESOURCE_ID: &str = "(?:cluster|backup)-[2-7a-zA-Z]{11,16}";
const ARN: &str = concat!(
    r"arn:aws(-(us-gov))?:cloudhsm:",
    r"([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1})",
    r":[0-9]{12}:(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}"
);

impl Table {
    fn resource_id(&mut self) -> &mut Self {
        let (clusters, backups) = (ids("cluster"), ids("backup"));
        let arn = format!("arn:aws:cloudhsm:us-east-1:123456789012:backup/{UNKNOWN_BACKUP}");
        let good: Vec<&str> = clusters
            .0
            .iter()
            .chain(&backups.0)
            .map(String::as_str)
            .collect();
        let bad: Vec<&str> = clusters
            .1
            .iter()
            .chain(&backups.1)
            .map(String::as_str)
            .chain(["hsm-abcdefghijk", &arn])
            .collect();
        self.required("ResourceId")
            .pattern("ResourceId", RESOURCE_ID, &good, &bad);
        self.exists("ResourceId", UNKNOWN_CLUSTER)
            .exists("ResourceId", UNKNOWN_BACKUP)
    }

    fn resource_arn(&mut self, world: &World) -> &mut Self {
        let arn = |place: &str, account: &str, resource: &str| {
            format!("arn:aws:cloudhsm:{place}:{account}:{resource}")
        };
        let backup = format!("backup/{UNKNOWN_BACKUP}");
        let good = [
            arn("us-east-1", "123456789012", &backup),
            arn("us-gov-west-1", "000000000000", &backup),
            arn("us-isob-east-1", "123456789012", &backup),
        ];
        let bad = [
            arn("us-east-10", "123456789012", &backup),
            arn("us-east-1", "12345678901", &backup),
            arn("us-east-1", "123456789012", "backup/cluster-abcdefghijk"),
            arn("us-east-1", "123456789012", "backup/backup-1"),
            arn("us-east-1", "123456789012", &backup).replacen("aws", "aws-cn", 1),
            String::from(UNKNOWN_BACKUP),
            String::new(),
        ];
        let (good, bad): (Vec<&str>, Vec<&str>) = (
            good.iter().map(String::as_str).collect(),
            bad.iter().map(String::as_str).collect(),
        );
        self.pattern("ResourceArn", ARN, &good, &bad);
        let missing = vec![self.with("ResourceArn", Value::Null)];
        self.also(
            "ResourceArn",
            "names what the call is about",
            "CloudHsmInvalidRequestException",
            [Vec::new(), missing],
            &["ResourceArn", "not be null"],
        );
        let others = ["cluster/cluster-abcdefghijk", "hsm/hsm-abcdefghijk"]
            .map(|other| json!(arn("us-east-1", "123456789012", other)));
        let others = others
            .into_iter()
            .map(|other| self.with("ResourceArn", other))
            .collect();
        self.also(
            "ResourceArn",
            "a backup's",
            "CloudHsmInvalidRequestException",
            [Vec::new(), others],
            &["only backups have resource policies"],
        );
        // This very backup is there, but not in that region and not of that account.
        let here = format!("backup/{}", world.backup);
        self.exists("ResourceArn", &arn("us-east-1", "123456789012", &backup))
            .exists("ResourceArn", &arn("eu-west-1", "123456789012", &here))
            .exists("ResourceArn", &arn("us-east-1", "999999999999", &here))
    }
}

pub fn list_tags(world: &World) -> Table {
    let mut table = Table::new(
        "ListTags",
        "list_tags",
        json!({ "ResourceId": world.cluster }),
    );
    table
        .resource_id()
        .range("MaxResults", (1, 100))
        .next_token();
    table
}

pub fn tag_resource(world: &World) -> Table {
    let good = json!({ "ResourceId": world.cluster, "TagList": [{ "Key": "k", "Value": "v" }] });
    let mut table = Table::new("TagResource", "tag_resource", good);
    table.resource_id().required("TagList").tag_list();
    table
}

pub fn untag_resource(world: &World) -> Table {
    let mut table = Table::new(
        "UntagResource",
        "untag_resource",
        json!({ "ResourceId": world.cluster, "TagKeyList": ["k"] }),
    );
    table
        .resource_id()
        .required("TagKeyList")
        .items("TagKeyList", (1, 50), |n| json!(format!("k{n}")));
    table
        .min_length("TagKeyList.1.member", 1, |n| "k".repeat(n))
        .max_length("TagKeyList.1.member", 128, |n| "ü".repeat(n));
    table.pattern(
        "TagKeyList.1.member",
        TAG,
        &["名前 _.:/=+-@"],
        &["k,", "e\u{301}", "a\tb"],
    );
    let key = |key: &str| table.with("TagKeyList.1.member", json!(key));
    let requests = [vec![key("awsome")], vec![key("aws:x"), key("AWS:x")]];
    table.also(
        "TagKeyList.1.member",
        "does not begin with `aws:`",
        "CloudHsmTagException",
        requests,
        &["reserved"],
    );
    table
}

fn arn(world: &World) -> String {
    format!(
        "arn:aws:cloudhsm:us-east-1:123456789012:backup/{}",
        world.backup
    )
}

pub fn put_resource_policy(world: &World) -> Table {
    let policy = |n: usize| format!("{{}}{}", " ".repeat(n.saturating_sub(2)));
    let mut table = Table::new(
        "PutResourcePolicy",
        "put_resource_policy",
        json!({ "ResourceArn": arn(world), "Policy": "{}" }),
    );
    table.resource_arn(world);
    table.max_length("Policy", 20_000, policy);
    table.shortest("Policy", 1);
    let missing = vec![table.with("Policy", Value::Null)];
    table.also(
        "Policy",
        "is what the call puts",
        "CloudHsmInvalidRequestException",
        [Vec::new(), missing],
        &["Policy", "not be null"],
    );
    let no_json = ["x", "[]", "{"]
        .map(|policy| table.with("Policy", json!(policy)))
        .to_vec();
    table.also(
        "Policy",
        "a JSON object",
        "CloudHsmInvalidRequestException",
        [Vec::new(), no_json],
        &["Policy is not a JSON object"],
    );
    table
}

pub fn get_resource_policy(world: &World) -> Table {
    let mut table = Table::new(
        "GetResourcePolicy",
        "get_resource_policy",
        json!({ "ResourceArn": arn(world) }),
    );
    table.resource_arn(world);
    table
}

pub fn delete_resource_policy(world: &World) -> Table {
    let mut table = Table::new(
        "DeleteResourcePolicy",
        "delete_resource_policy",
        json!({ "ResourceArn": arn(world) }),
    );
    table.resource_arn(world);
    table
}
