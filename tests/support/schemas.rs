//! The schemas of docs/schemas/, and documents held against them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The schemas of docs/schemas/, by their files' names.
pub(crate) fn all() -> BTreeMap<String, Value> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let schemas = entries.filter(|path| path.to_string_lossy().ends_with(".schema.json"));
    schemas
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                parse(&fs::read(&path).unwrap()),
            )
        })
        .collect()
}

/// The one JSON document that a text is.
pub(crate) fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|cause| {
        panic!(
            "not one JSON document: {cause}\n{}",
            String::from_utf8_lossy(text)
        )
    })
}

/// What is wrong with a document by a schema.
pub(crate) fn faults(schema: &str, document: &Value) -> Vec<String> {
    let all = all();
    let mut registry = jsonschema::Registry::new();
    for schema in all.values() {
        registry = registry
            .add(schema["$id"].as_str().unwrap(), schema)
            .unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = all
        .get(schema)
        .unwrap_or_else(|| panic!("no schema {schema}"));
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(schema)
        .unwrap();
    validator
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect()
}

/// The document is as its schema says, which takes no member that it does not name.
pub(crate) fn is_by(schema: &str, document: &Value) {
    let faults = faults(schema, document);
    assert!(faults.is_empty(), "{schema}: {faults:#?}\n{document:#}");
    let mut more = document.clone();
    more.as_object_mut()
        .unwrap()
        .insert("surprise".to_owned(), json!(1));
    assert!(
        !self::faults(schema, &more).is_empty(),
        "{schema} takes members that it does not name"
    );
}
