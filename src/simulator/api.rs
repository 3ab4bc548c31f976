//! The API, version 2017-04-28, in one table: each action with the editions that have it, what it
//! does, and the members of its request, each with its rule. From it come dispatch, the checks of
//! requests, and the names that fault rules take; docs/simulator-api.md is held to it.

use serde_json::{Map, Value};

use super::actions::{self, ActionContext};
use super::checked_members::MemberRule::{
    Boolean, Chosen, Filters, Integer, Retention, TagKeys, Tags, Text, Texts,
};
use super::checked_members::{ApiMember, CheckedMembers, MemberRule};
use super::json_protocol::{Answer, ApiError, excerpt};
use super::limits::{
    AVAILABILITY_ZONE, BACKUP_ARN, BACKUP_ID, CERTIFICATE, CERTIFICATE_2022, CLUSTER_ID, ENI_ID,
    FILTERS, HSM_ID, HSM_TYPE, HSM_TYPE_2022, IP_ADDRESS, MAX_BACKUPS, MAX_RESULTS,
    MAX_TAG_RESULTS, NEXT_TOKEN, REGION, RESOURCE_ARN, RESOURCE_ID, RESOURCE_POLICY, SUBNET_ID,
    SUBNETS,
};
use super::reference::Reference::{self, June2022, Today};

/// An action of the API.
pub(super) struct ApiAction {
    pub(super) name: &'static str,
    /// The only edition that has it; `None`: both.
    only: Option<Reference>,
    /// The members of its request, in the order in which they are checked.
    members: &'static [ApiMember],
    function: ActionFunction,
}

/// What carries out an action. It looks things up first, then changes them.
enum ActionFunction {
    Members(fn(&CheckedMembers<'_>, &mut ActionContext<'_>) -> Result<Value, ApiError>),
    Written(fn(&CheckedMembers<'_>, &mut ActionContext<'_>) -> Result<Answer, ApiError>),
}
use ActionFunction::{Members, Written};

const fn required(name: &'static str, rule: MemberRule) -> ApiMember {
    ApiMember {
        name,
        required: true,
        only: None,
        rule,
    }
}

const fn optional(name: &'static str, rule: MemberRule) -> ApiMember {
    ApiMember {
        required: false,
        ..required(name, rule)
    }
}

const fn only(edition: Reference, member: ApiMember) -> ApiMember {
    ApiMember {
        only: Some(edition),
        ..member
    }
}

const fn action(
    name: &'static str,
    function: ActionFunction,
    members: &'static [ApiMember],
) -> ApiAction {
    ApiAction {
        name,
        only: None,
        members,
        function,
    }
}

/// Makes an action that only today's edition has.
const fn later(
    name: &'static str,
    function: ActionFunction,
    members: &'static [ApiMember],
) -> ApiAction {
    ApiAction {
        only: Some(Today),
        ..action(name, function, members)
    }
}

const CREATE_CLUSTER: &[ApiMember] = &[
    only(June2022, required("HsmType", Text(&HSM_TYPE_2022))),
    only(Today, required("HsmType", Text(&HSM_TYPE))),
    only(Today, optional("", Chosen)),
    required("SubnetIds", Texts(SUBNETS, &SUBNET_ID)),
    optional("BackupRetentionPolicy", Retention),
    optional("TagList", Tags),
    only(June2022, optional("SourceBackupId", Text(&BACKUP_ID))),
    only(Today, optional("SourceBackupId", Text(&BACKUP_ARN))),
];

/// Every action.
pub(super) const ACTIONS: &[ApiAction] = &[
    action(
        "CopyBackupToRegion",
        Members(actions::copy_backup_to_region),
        &[
            required("DestinationRegion", Text(&REGION)),
            required("BackupId", Text(&BACKUP_ID)),
            optional("TagList", Tags),
        ],
    ),
    action(
        "CreateCluster",
        Members(actions::create_cluster),
        CREATE_CLUSTER,
    ),
    action(
        "CreateHsm",
        Members(actions::create_hsm),
        &[
            required("ClusterId", Text(&CLUSTER_ID)),
            required("AvailabilityZone", Text(&AVAILABILITY_ZONE)),
            optional("IpAddress", Text(&IP_ADDRESS)),
        ],
    ),
    action(
        "DeleteBackup",
        Members(actions::delete_backup),
        &[required("BackupId", Text(&BACKUP_ID))],
    ),
    action(
        "DeleteCluster",
        Members(actions::delete_cluster),
        &[required("ClusterId", Text(&CLUSTER_ID))],
    ),
    action(
        "DeleteHsm",
        Members(actions::delete_hsm),
        &[
            required("ClusterId", Text(&CLUSTER_ID)),
            optional("HsmId", Text(&HSM_ID)),
            optional("EniId", Text(&ENI_ID)),
            optional("EniIp", Text(&IP_ADDRESS)),
        ],
    ),
    later(
        "DeleteResourcePolicy",
        Members(actions::delete_resource_policy),
        &[required("ResourceArn", Text(&RESOURCE_ARN))],
    ),
    action(
        "DescribeBackups",
        Members(actions::describe_backups),
        &[
            only(
                June2022,
                optional("Filters", Filters(actions::backup_filter_names, usize::MAX)),
            ),
            only(
                Today,
                optional("Filters", Filters(actions::backup_filter_names, FILTERS)),
            ),
            optional("MaxResults", Integer(MAX_BACKUPS)),
            optional("NextToken", Text(&NEXT_TOKEN)),
            optional("SortAscending", Boolean),
            // Later than 2022, and read in both editions.
            optional("Shared", Boolean),
        ],
    ),
    action(
        "DescribeClusters",
        Written(actions::describe_clusters),
        &[
            only(
                June2022,
                optional(
                    "Filters",
                    Filters(actions::cluster_filter_names, usize::MAX),
                ),
            ),
            only(
                Today,
                optional("Filters", Filters(actions::cluster_filter_names, FILTERS)),
            ),
            optional("MaxResults", Integer(MAX_RESULTS)),
            optional("NextToken", Text(&NEXT_TOKEN)),
        ],
    ),
    later(
        "GetResourcePolicy",
        Members(actions::get_resource_policy),
        &[required("ResourceArn", Text(&RESOURCE_ARN))],
    ),
    action(
        "InitializeCluster",
        Members(actions::initialize_cluster),
        &[
            required("ClusterId", Text(&CLUSTER_ID)),
            only(June2022, required("SignedCert", Text(&CERTIFICATE_2022))),
            only(Today, required("SignedCert", Text(&CERTIFICATE))),
            only(June2022, required("TrustAnchor", Text(&CERTIFICATE_2022))),
            only(Today, required("TrustAnchor", Text(&CERTIFICATE))),
        ],
    ),
    action(
        "ListTags",
        Members(actions::list_tags),
        &[
            required("ResourceId", Text(&RESOURCE_ID)),
            optional("MaxResults", Integer(MAX_TAG_RESULTS)),
            optional("NextToken", Text(&NEXT_TOKEN)),
        ],
    ),
    action(
        "ModifyBackupAttributes",
        Members(actions::modify_backup_attributes),
        &[
            required("BackupId", Text(&BACKUP_ID)),
            required("NeverExpires", Boolean),
        ],
    ),
    action(
        "ModifyCluster",
        Members(actions::modify_cluster),
        &[
            required("ClusterId", Text(&CLUSTER_ID)),
            only(Today, optional("HsmType", Text(&HSM_TYPE))),
            only(June2022, required("BackupRetentionPolicy", Retention)),
            only(Today, optional("BackupRetentionPolicy", Retention)),
        ],
    ),
    later(
        "PutResourcePolicy",
        Members(actions::put_resource_policy),
        &[
            required("ResourceArn", Text(&RESOURCE_ARN)),
            required("Policy", Text(&RESOURCE_POLICY)),
        ],
    ),
    action(
        "RestoreBackup",
        Members(actions::restore_backup),
        &[required("BackupId", Text(&BACKUP_ID))],
    ),
    action(
        "TagResource",
        Members(actions::tag_resource),
        &[
            required("ResourceId", Text(&RESOURCE_ID)),
            required("TagList", Tags),
        ],
    ),
    action(
        "UntagResource",
        Members(actions::untag_resource),
        &[
            required("ResourceId", Text(&RESOURCE_ID)),
            required("TagKeyList", TagKeys),
        ],
    ),
];

/// Finds the action of that name, if the edition has it.
pub(super) fn find_action(name: &str, reference: Reference) -> Option<&'static ApiAction> {
    ACTIONS
        .iter()
        .find(|action| action.name == name && action.only.is_none_or(|only| only == reference))
}

/// Returns the names of the actions that the edition has.
pub(super) fn action_names(reference: Reference) -> impl Iterator<Item = &'static str> {
    ACTIONS
        .iter()
        .filter(move |action| action.only.is_none_or(|only| only == reference))
        .map(|action| action.name)
}

/// Runs one action. All members are checked first: a refused call has changed nothing.
pub(super) fn run_action(
    name: &str,
    request: &Map<String, Value>,
    context: &mut ActionContext<'_>,
) -> Result<Answer, ApiError> {
    let action = find_action(name, context.reference).ok_or_else(|| {
        ApiError::invalid_action(format!("CloudHSM V2 has no action '{}'", excerpt(name)))
    })?;
    let members = CheckedMembers::read(request, action.members, context.reference)?;
    match action.function {
        Members(run) => run(&members, context).map(Answer::Members),
        Written(run) => run(&members, context),
    }
}

/// Reads the members of CreateCluster that a cluster of hsm1.medium has.
pub(super) fn read_hsm1_members(
    request: &Map<String, Value>,
) -> Result<CheckedMembers<'_>, ApiError> {
    let members = CREATE_CLUSTER
        .iter()
        .filter(|member| member.name != "HsmType" && !matches!(member.rule, Chosen));
    CheckedMembers::read(request, members, Today)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::choices::CHOSEN_MEMBERS;
    use super::super::limits::{
        RETENTION_TYPE, RETENTION_VALUE, TAG_KEY, TAG_KEYS, TAG_VALUE, TAGS,
    };
    use super::*;

    #[test]
    fn fifteen_actions_are_in_the_reference_of_2022_and_eighteen_today() {
        let count = |reference: Reference| {
            ACTIONS
                .iter()
                .filter(|action| find_action(action.name, reference).is_some())
                .count()
        };
        assert_eq!((count(June2022), count(Today)), (15, 18));
        assert!(find_action("Nonsense", Today).is_none());
    }

    /// A parameter and a constraint of it, as docs/simulator-api.md words them.
    type Constraint = (String, String);

    fn item_constraints((fewest, most): (usize, usize)) -> Vec<String> {
        vec![
            format!("at least {fewest} item"),
            format!("at most {most} items"),
        ]
    }

    fn constraints_of(member: &ApiMember) -> Vec<Constraint> {
        let name = member.name;
        let of = |name: String, all: Vec<String>| {
            all.into_iter().map(move |text| (format!("`{name}`"), text))
        };
        let own = |all| of(name.to_owned(), all);
        let mut found: Vec<Constraint> = match &member.rule {
            Text(rule) => own(rule.documented()).collect(),
            Texts(bounds, rule) => own(item_constraints(*bounds))
                .chain(of(format!("{name}[]"), rule.documented()))
                .collect(),
            Integer((least, most)) => {
                own(vec![format!("at least {least}"), format!("at most {most}")]).collect()
            }
            Boolean => Vec::new(),
            Retention => of(format!("{name}.Type"), RETENTION_TYPE.documented())
                .chain(of(format!("{name}.Value"), RETENTION_VALUE.documented()))
                .collect(),
            Tags => own(item_constraints(TAGS))
                .chain(of(format!("{name}[].Key"), TAG_KEY.documented()))
                .chain(of(format!("{name}[].Value"), TAG_VALUE.documented()))
                .chain(
                    ["Key", "Value"]
                        .map(|part| (format!("`{name}[].{part}`"), String::from("required"))),
                )
                .collect(),
            TagKeys => own(item_constraints(TAG_KEYS))
                .chain(of(format!("{name}[]"), TAG_KEY.documented()))
                .collect(),
            Filters(_, most) => {
                let most = (*most != usize::MAX).then(|| format!("at most {most} items"));
                let name_rule = super::super::limits::FILTER_NAME.documented();
                own(name_rule.into_iter().chain(most).collect()).collect()
            }
            Chosen => CHOSEN_MEMBERS
                .iter()
                .flat_map(|chosen| of(chosen.name.to_owned(), chosen.rule.documented()))
                .collect(),
        };
        // The model demands no member of these; that they name what the call is about, the page
        // says.
        let of_a_policy = ["ResourceArn", "Policy"].contains(&name);
        if member.required && !of_a_policy {
            found.push((format!("`{name}`"), String::from("required")));
        }
        found
    }

    /// Both are read from the reference apart from each other: the page from the rows of
    /// tests/simulator/constraints, and the table.
    #[test]
    fn the_page_has_the_constraints_of_the_table_and_no_others() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulator-api.md");
        let page = std::fs::read_to_string(path).unwrap();
        let mut shown = BTreeSet::new();
        let mut action = "";
        for line in page.lines() {
            action = line.strip_prefix("## ").unwrap_or(action);
            let line = line.replace("\\|", "\u{0}");
            let cells: Vec<&str> = line.split(" | ").collect();
            if let [parameter, constraint, of_2022, today, "reference", ..] = cells.as_slice() {
                for (cell, edition) in [(of_2022, June2022), (today, Today)] {
                    if cell.trim() == "yes" {
                        shown.insert((
                            action.to_owned(),
                            edition.name(),
                            parameter.trim_start_matches("| ").to_owned(),
                            constraint.replace('\u{0}', "|"),
                        ));
                    }
                }
            }
        }
        let mut held = BTreeSet::new();
        for (_, edition) in Reference::ALL {
            for action in ACTIONS {
                if find_action(action.name, edition).is_none() {
                    continue;
                }
                for member in action.members {
                    if member.only.is_none_or(|only| only == edition) {
                        for (parameter, text) in constraints_of(member) {
                            held.insert((action.name.to_owned(), edition.name(), parameter, text));
                        }
                    }
                }
            }
        }
        let unheld: Vec<_> = shown.difference(&held).collect();
        assert!(unheld.is_empty(), "in the page alone: {unheld:#?}");
        let unshown: Vec<_> = held.difference(&shown).collect();
        assert!(unshown.is_empty(), "in the table alone: {unshown:#?}");
    }
}
