//! Members in answers that no model knows, as a later version of the service may have them. A
//! client ignores them, or shows them.

use serde_json::{Map, Value};

use super::json_protocol::{Answer, excerpt};

/// The structures that may have such members.
const STRUCTURES: [&str; 3] = ["Cluster", "Hsm", "Backup"];

/// The most members at a time: every answer goes through all of them.
const MOST: usize = 100;

/// The members that every structure of an answer has besides its own. They are forgotten when the
/// simulator stops.
#[derive(Default)]
pub(super) struct ExtraMembers(Vec<(String, String, Value)>);

impl ExtraMembers {
    /// Adds the member to each structure of that kind from now on; `null` removes it again.
    pub(super) fn set_member(
        &mut self,
        structure: &str,
        name: &str,
        value: Value,
    ) -> Result<(), String> {
        if !STRUCTURES.contains(&structure) {
            return Err(format!(
                "Structure '{}' is none of {}",
                excerpt(structure),
                STRUCTURES.join(", ")
            ));
        }
        self.0
            .retain(|(of, known, _)| (of.as_str(), known.as_str()) != (structure, name));
        if value.is_null() {
            return Ok(());
        }
        if self.0.len() >= MOST {
            return Err(format!(
                "{MOST} members are added, and no more are taken; one is taken out by the value \
                 null"
            ));
        }
        self.0.push((structure.to_owned(), name.to_owned(), value));
        Ok(())
    }

    /// The answer with them.
    pub(super) fn add_to(&self, answer: Answer) -> Answer {
        if self.0.is_empty() {
            return answer;
        }
        let mut answer = answer.into_members();
        for member in ["Cluster", "Clusters"] {
            for_each_structure(answer.get_mut(member), &mut |cluster| {
                self.add("Cluster", cluster);
                for_each_structure(cluster.get_mut("Hsms"), &mut |hsm| self.add("Hsm", hsm));
            });
        }
        for (member, structure) in [("Hsm", "Hsm"), ("Backup", "Backup"), ("Backups", "Backup")] {
            for_each_structure(answer.get_mut(member), &mut |found| {
                self.add(structure, found)
            });
        }
        Answer::Members(answer)
    }

    /// Adds the members of that structure. None replaces one that the API has.
    fn add(&self, structure: &str, members: &mut Map<String, Value>) {
        for (_, name, value) in self.0.iter().filter(|(of, ..)| of == structure) {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// Calls `act` on a structure, or on each structure of a list.
fn for_each_structure(found: Option<&mut Value>, act: &mut dyn FnMut(&mut Map<String, Value>)) {
    match found {
        Some(Value::Object(members)) => act(members),
        Some(Value::Array(items)) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(act),
        _ => {}
    }
}
