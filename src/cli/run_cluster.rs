//! What every document has at the same place, at its top: the one cluster that a run is about,
//! whatever comes of it, and the verdict.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::output::{CommandOutput, insert_member};
use crate::bundle::ClusterId;
use crate::error::{Error, FactName, Result};

/// The member that names it.
const CLUSTER_ID: &str = "cluster_id";

/// Where a document names its cluster, if not at the top: the old places, which stay.
const OTHER_PLACES: [&str; 3] = [
    "/cluster/cluster_id",
    "/backup/cluster_id",
    "/handover/cluster_id",
];

/// The cluster, as soon as it is known: from the command line, or from the bundle.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunCluster(Arc<Mutex<Option<ClusterId>>>);

impl RunCluster {
    /// Makes it the cluster that the run is about.
    pub(crate) fn set(&self, cluster: &ClusterId) {
        *self.lock() = Some(cluster.clone());
    }

    /// Returns it.
    pub(crate) fn get(&self) -> Option<ClusterId> {
        self.lock().clone()
    }

    /// Returns it, and forgets it: the next bundle is another cluster's.
    pub(crate) fn take(&self) -> Option<ClusterId> {
        self.lock().take()
    }

    /// Returns the member of the last event that says which cluster the run is about, as the
    /// document says it; none where that names none.
    pub(crate) fn of_end(&self, result: &Result<CommandOutput>) -> Value {
        let (mut document, error) = match result {
            Ok(output) => (output.full_document(), output.error.as_ref()),
            Err(error) => {
                let document = error.document.as_deref().cloned();
                (document.unwrap_or_default(), Some(error))
            }
        };
        put_common_members(&mut document, error, self.get().as_ref());
        let id = document.get(CLUSTER_ID).filter(|id| id.is_string());
        let member = id.map(|id| (CLUSTER_ID.to_owned(), id.clone()));
        Value::Object(member.into_iter().collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ClusterId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a verification record inside a document says that the document says too.
const OF_RECORD: [&str; 2] = ["verdict", "roots"];

/// Puts at the top of a document what it says at another place. What is there already stays. The
/// cluster's id is there too where the run knows it, or where the error names it.
pub(crate) fn put_common_members(
    document: &mut Value,
    error: Option<&Error>,
    cluster: Option<&ClusterId>,
) {
    if document.is_null() {
        *document = Value::Object(Map::new());
    }
    put_verdict(document);
    let told = OTHER_PLACES
        .iter()
        .find_map(|at| document.pointer(at))
        .filter(|value| value.is_string())
        .cloned();
    let known = cluster.map(|cluster| Value::from(cluster.as_str()));
    let named = || Some(error?.facts.get(&FactName::ClusterId)?.as_json().clone());
    let (Some(id), Some(object)) = (told.or(known).or_else(named), document.as_object_mut()) else {
        return;
    };
    if !object.contains_key(CLUSTER_ID) {
        object.shift_insert(0, CLUSTER_ID.to_owned(), id);
    }
}

/// Puts the verdict of a record inside a document at the document's top.
fn put_verdict(document: &mut Value) {
    for name in OF_RECORD {
        let Some(value) = document.pointer(&format!("/verification/{name}")).cloned() else {
            continue;
        };
        if document.get(name).is_none() {
            insert_member(document, name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    fn with_cluster(mut document: Value, error: Option<&Error>, cluster: Option<&str>) -> Value {
        let cluster = cluster.and_then(|id| id.parse().ok());
        put_common_members(&mut document, error, cluster.as_ref());
        document
    }

    #[test]
    fn it_is_first_wherever_it_was_known_and_stays_where_it_stood() {
        const ID: &str = "cluster-abcdefghijk";
        let shown = with_cluster(json!({ "cluster": { "cluster_id": ID } }), None, None);
        assert_eq!(
            shown.to_string(),
            format!(r#"{{"cluster_id":"{ID}","cluster":{{"cluster_id":"{ID}"}}}}"#)
        );
        let known = with_cluster(json!({ "region": "x" }), None, Some(ID));
        assert_eq!(
            known.to_string(),
            format!(r#"{{"cluster_id":"{ID}","region":"x"}}"#)
        );
        let error = Error::new(ErrorKind::NoHsm, "no HSM", "").with_fact(FactName::ClusterId, ID);
        assert_eq!(
            with_cluster(Value::Null, Some(&error), None),
            json!({ "cluster_id": ID })
        );
        let there = json!({ "changed": true, "cluster_id": null });
        assert_eq!(with_cluster(there.clone(), None, Some(ID)), there);
        assert_eq!(with_cluster(json!({}), None, None), json!({}));
        let record = json!({ "verdict": "rejected", "roots": "given", "at": "x" });
        let rejected = with_cluster(json!({ "verification": record }), None, None);
        assert_eq!(
            (&rejected["verdict"], &rejected["roots"]),
            (&json!("rejected"), &json!("given"))
        );
        assert!(rejected.get("at").is_none());
    }
}
