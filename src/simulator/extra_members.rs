//! Members that no model knows, in answers: as a service of tomorrow may have them. A client passes
//! over them, or shows them.

use serde_json::{Map, Value};

use super::json_protocol::{Answer, excerpt};

/// The structures that may have some.
const STRUCTURES: [&str; 3] = ["Cluster", "Hsm", "Backup"];

/// So many at a time: every answer goes through all of them.
const MOST: usize = 100;

/// What every structure of an answer has besides its own members. Forgotten when the simulator
/// stops.
#[derive(Default)]
pub(super) struct Extra(Vec<(String, String, Value)>);

impl Extra {
    /// From now on each structure of that kind has the member; `null` takes it out again.
    pub(super) fn set(&mut self, structure: &str, name: &str, value: Value) -> Result<(), String> {
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
    pub(super) fn added_to(&self, answer: Answer) -> Answer {
        if self.0.is_empty() {
            return answer;
        }
        let mut answer = answer.members();
        for member in ["Cluster", "Clusters"] {
            each(answer.get_mut(member), &mut |cluster| {
                self.add("Cluster", cluster);
                each(cluster.get_mut("Hsms"), &mut |hsm| self.add("Hsm", hsm));
            });
        }
        for (member, structure) in [("Hsm", "Hsm"), ("Backup", "Backup"), ("Backups", "Backup")] {
            each(answer.get_mut(member), &mut |found| {
                self.add(structure, found)
            });
        }
        Answer::Members(answer)
    }

    /// None takes the place of one that the API has.
    fn add(&self, structure: &str, members: &mut Map<String, Value>) {
        for (_, name, value) in self.0.iter().filter(|(of, ..)| of == structure) {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// A structure, or each of a list.
fn each(found: Option<&mut Value>, act: &mut dyn FnMut(&mut Map<String, Value>)) {
    match found {
        Some(Value::Object(members)) => act(members),
        Some(Value::Array(items)) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(act),
        _ => {}
    }
}
