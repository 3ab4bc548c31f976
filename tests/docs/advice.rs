//! No page and no hint advises to delete a cluster: one that is claimed holds its owner's keys, and
//! whether it is claimed cannot always be seen.

use super::kinds::sources;
use super::{pages, read, root};

/// Where deleting a cluster is the subject, and not the advice.
const SUBJECT: [&str; 3] = ["docs/commands", "docs/manage.md", "docs/iam.md"];

const ADVICE: [&str; 4] = [
    "delete the cluster and",
    "delete that cluster",
    "delete it and",
    "can only be deleted",
];

#[test]
fn nothing_advises_to_delete_a_cluster() {
    let named = pages()
        .into_iter()
        .map(|page| page.to_string_lossy().into_owned())
        .filter(|name| !SUBJECT.iter().any(|subject| name.starts_with(subject)));
    let pages: Vec<String> = named.map(|name| read(&name)).collect();
    let mut code = Vec::new();
    sources(&root().join("src"), &mut code);
    for line in pages.iter().chain(&code).flat_map(|text| text.lines()) {
        assert!(!ADVICE.iter().any(|words| line.contains(words)), "{line}");
    }
    for line in pages.iter().flat_map(|text| text.lines()) {
        assert!(!line.contains("hsmboot cluster delete"), "{line}");
    }
}
