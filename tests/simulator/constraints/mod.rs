//! Every constraint of every parameter: requests just within it and just beyond it. The tables say
//! what is sent and how it is refused; docs/simulator-api.md shows them.

mod backups;
mod clusters;
mod page;
mod reference;
mod resources;
mod table;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use hsmboot::simulator::{Options, Reference, Simulator, Speed};
use serde_json::{Value, json};

use crate::support::*;
use table::{Row, Rule, Table};

const UNKNOWN_CLUSTER: &str = "cluster-abcdefghijk";
const UNKNOWN_BACKUP: &str = "backup-abcdefghijk";

/// What a simulator holds for requests that name something.
pub struct World {
    pub cluster: String,
    pub backup: String,
    pub reference: Reference,
}

impl World {
    /// A backup that all tables share, and a cluster of the table's own.
    fn of_a_table(simulator: &Simulator, backup: &str, reference: Reference) -> Self {
        let world = Self {
            backup: backup.to_owned(),
            ..Self::empty(reference)
        };
        let made = ok(simulator, "CreateCluster", world.order());
        Self {
            cluster: made["Cluster"]["ClusterId"].as_str().unwrap().to_owned(),
            ..world
        }
    }

    /// Where nothing is sent, or nothing has to be there.
    fn empty(reference: Reference) -> Self {
        Self {
            cluster: String::from(UNKNOWN_CLUSTER),
            backup: String::from(UNKNOWN_BACKUP),
            reference,
        }
    }

    pub fn is_later(&self) -> bool {
        self.reference == Reference::Today
    }

    /// What CreateCluster needs.
    pub fn order(&self) -> Value {
        match self.reference {
            Reference::Today => {
                json!({
                    "HsmType": "hsm2m.medium", "SubnetIds": ["subnet-0a1b2c3d"], "Mode": "FIPS",
                })
            }
            Reference::June2022 => {
                json!({ "HsmType": "hsm1.medium", "SubnetIds": ["subnet-0a1b2c3d"] })
            }
        }
    }

    /// The table's cluster has one tag again, whatever the last row has done to them.
    fn restore(&self, simulator: &Simulator) {
        let tags =
            ok(simulator, "ListTags", json!({ "ResourceId": self.cluster }))["TagList"].clone();
        let keys: Vec<_> = tags
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["Key"].clone())
            .collect();
        if !keys.is_empty() {
            assert_eq!(
                call(
                    simulator,
                    "UntagResource",
                    json!({ "ResourceId": self.cluster, "TagKeyList": keys })
                )
                .status,
                200
            );
        }
        let tags =
            json!({ "ResourceId": self.cluster, "TagList": [{ "Key": "k0", "Value": "there" }] });
        assert_eq!(call(simulator, "TagResource", tags).status, 200);
    }
}

/// One simulator of each edition with one backup, for one table at a time: what one is refused must
/// not be hidden by what another is granted.
fn simulator(reference: Reference) -> MutexGuard<'static, (Simulator, String)> {
    static SHARED: [OnceLock<Mutex<(Simulator, String)>>; 2] = [const { OnceLock::new() }; 2];
    let make = || {
        let simulator = Simulator::spawn(Options {
            speed: Speed::INSTANT,
            reference,
            ..crate::support::options()
        })
        .unwrap();
        let cluster = World::of_a_table(&simulator, "", reference).cluster;
        crate::support::create_hsm(&simulator, &cluster);
        let ready = until(&simulator, &cluster, |now| csr(now).is_some());
        ok(
            &simulator,
            "InitializeCluster",
            Owner::new().claim(&cluster, csr(&ready).unwrap()),
        );
        // Initialization ends with the first backup.
        let backups = ok(
            &simulator,
            "DescribeBackups",
            json!({ "Filters": { "clusterIds": [cluster], "states": ["READY"] } }),
        );
        let backup = backups["Backups"][0]["BackupId"]
            .as_str()
            .unwrap_or_else(|| panic!("no backup: {backups}"))
            .to_owned();
        Mutex::new((simulator, backup))
    };
    SHARED[usize::from(reference == Reference::Today)]
        .get_or_init(make)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// All that can be seen of a simulator, but for what passes with time.
fn all(simulator: &Simulator) -> Value {
    let mut seen = Vec::new();
    for (action, list) in [
        ("DescribeClusters", "Clusters"),
        ("DescribeBackups", "Backups"),
    ] {
        let mut request = json!({});
        loop {
            let page = ok(simulator, action, request.clone());
            seen.push(page[list].clone());
            let Some(token) = page.get("NextToken") else {
                break;
            };
            request["NextToken"] = token.clone();
        }
    }
    Value::from(seen)
}

/// The tables of the world's edition.
fn tables(world: &World) -> Vec<Table> {
    let mut tables = vec![
        clusters::create_cluster(world),
        clusters::describe_clusters(world),
        clusters::initialize_cluster(world),
        clusters::modify_cluster(world),
        clusters::delete_cluster(world),
        clusters::create_hsm(world),
        clusters::delete_hsm(world),
        backups::describe_backups(world),
        backups::copy_backup_to_region(world),
        backups::delete_backup(world),
        backups::restore_backup(world),
        backups::modify_backup_attributes(world),
        resources::list_tags(world),
        resources::tag_resource(world),
        resources::untag_resource(world),
        resources::put_resource_policy(world),
        resources::get_resource_policy(world),
        resources::delete_resource_policy(world),
    ];
    tables.retain(|table| world.is_later() || !table.action.ends_with("ResourcePolicy"));
    tables
}

/// Sends every request of a table, in both editions.
fn holds(table_of: impl Fn(&World) -> Table) {
    for (_, reference) in Reference::ALL {
        holds_in(reference, &table_of);
    }
}

fn holds_in(reference: Reference, table_of: impl Fn(&World) -> Table) {
    let shared = simulator(reference);
    let (simulator, backup) = &*shared;
    let world = World::of_a_table(simulator, backup, reference);
    let table = table_of(&world);
    if !tables(&world)
        .iter()
        .any(|known| known.action == table.action)
    {
        assert_eq!(
            call(simulator, table.action, json!({})).error().1,
            "InvalidAction",
            "{}",
            table.action
        );
        return;
    }
    for row in &table.rows {
        world.restore(simulator);
        for request in &row.within {
            within(simulator, &table, row, request);
        }
        if !row.beyond.is_empty() {
            let before = all(simulator);
            for request in &row.beyond {
                beyond(simulator, &table, row, request);
            }
            assert_eq!(
                all(simulator),
                before,
                "{} {}: what is refused changes nothing",
                table.action,
                row.rule.text()
            );
        }
    }
}

/// Taken, or refused for something else than a constraint: there is no such thing, or the token is
/// another call's.
fn within(simulator: &Simulator, table: &Table, row: &Row, request: &Value) {
    let answer = call(simulator, table.action, request.clone());
    if answer.status != 200 {
        let (_, kind, message) = answer.error();
        let elsewhere = kind == "CloudHsmResourceNotFoundException"
            || message.contains("NextToken was not made for this call");
        assert!(
            elsewhere,
            "{} {} ({}): {request}: {kind}: {message}",
            table.action,
            row.parameter,
            row.rule.text()
        );
    }
}

fn beyond(simulator: &Simulator, table: &Table, row: &Row, request: &Value) {
    let answer = call(simulator, table.action, request.clone());
    assert_eq!(
        answer.status,
        400,
        "{} {} ({}): {request}: {}",
        table.action,
        row.parameter,
        row.rule.text(),
        answer.body
    );
    let (_, kind, message) = answer.error();
    assert_eq!(kind, row.kind, "{} {request}: {message}", table.action);
    for word in &row.words {
        assert!(
            message.contains(word),
            "{} {request}: no '{word}' in: {message}",
            table.action
        );
    }
}

macro_rules! shown {
    ($($module:ident: $($action:ident)+;)+) => {
        $($(
            #[test]
            fn $action() {
                holds($module::$action);
            }
        )+)+
    };
}

shown! {
    clusters: create_cluster describe_clusters initialize_cluster modify_cluster
        delete_cluster create_hsm delete_hsm;
    backups: describe_backups copy_backup_to_region delete_backup
        restore_backup modify_backup_attributes;
    resources: list_tags tag_resource untag_resource
        put_resource_policy get_resource_policy delete_resource_policy;
}

#[test]
fn every_documented_constraint_has_its_row_and_every_row_is_documented() {
    for (name, edition) in Reference::ALL {
        let mut documented = BTreeSet::new();
        for (action, parameters) in reference::of(edition) {
            for (parameter, rules) in parameters {
                documented.extend(
                    rules
                        .iter()
                        .map(|rule| (String::from(action), String::from(*parameter), *rule)),
                );
            }
        }
        let mut shown = BTreeSet::new();
        for table in tables(&World::empty(edition)) {
            let rows = table
                .rows
                .iter()
                .filter(|row| !matches!(row.rule, Rule::Also(_)));
            shown.extend(
                rows.map(|row| (String::from(table.action), row.parameter_text(), row.rule)),
            );
            for row in table
                .rows
                .iter()
                .filter(|row| !matches!(row.rule, Rule::Also(_)))
            {
                assert!(
                    !row.beyond.is_empty(),
                    "{} {}: nothing is sent beyond it",
                    table.action,
                    row.parameter
                );
            }
        }
        let missing: Vec<_> = documented.difference(&shown).collect();
        assert!(missing.is_empty(), "{name}: without a row: {missing:?}");
        let unknown: Vec<_> = shown.difference(&documented).collect();
        assert!(unknown.is_empty(), "{name}: in no reference: {unknown:?}");
    }
}

#[test]
fn every_action_of_the_api_has_its_table() {
    for (edition, count) in [(Reference::June2022, 15), (Reference::Today, 18)] {
        let actions: BTreeSet<&str> = tables(&World::empty(edition))
            .iter()
            .map(|table| table.action)
            .collect();
        let documented: BTreeSet<&str> = reference::of(edition)
            .iter()
            .map(|(action, _)| *action)
            .collect();
        assert_eq!((&actions, actions.len()), (&documented, count));
    }
}

#[test]
fn a_member_of_another_type_cannot_be_read() {
    let simulator = instant();
    for table in tables(&World::empty(Reference::Today)) {
        let parameters: BTreeSet<&str> = table
            .rows
            .iter()
            .map(|row| row.parameter)
            .filter(|parameter| !parameter.starts_with("BackupRetentionPolicy."))
            .collect();
        for parameter in parameters {
            // No parameter is an object that holds this, a boolean that is a text, or a text that
            // is a number.
            let wrong = if parameter == "NeverExpires" {
                json!("true")
            } else {
                json!(true)
            };
            let (kind, message) = refused(&simulator, table.action, table.with(parameter, wrong));
            assert_eq!(
                kind, "SerializationException",
                "{} {parameter}: {message}",
                table.action
            );
            assert!(message.contains(&format!("'{parameter}'")), "{message}");
        }
    }
}
