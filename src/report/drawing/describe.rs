//! The drawing in words, for those who do not see it.

use crate::report::chain::DrawnRelation;
use crate::report::finding::DrawnState;
use crate::report::tie::Tie;
use crate::report::view::count_text;

/// Returns the alternative text of the drawing. The list below it has the rest.
pub(super) fn describe_drawing(relations: &[DrawnRelation<'_>]) -> String {
    let counted = |state, one: &str, more: &str| {
        let number = relations
            .iter()
            .filter(|relation| relation.state == state)
            .count();
        count_text(number, one, more)
    };
    let broken = relations
        .iter()
        .filter(|relation| relation.state == DrawnState::Broken);
    let broken: Vec<String> = broken
        .map(|relation| {
            let (from, to) = relation.tie.end_spots();
            format!("{} to {}: {}", from.title(), to.title(), relation.says)
        })
        .collect();
    let above = if relations
        .iter()
        .any(|relation| matches!(relation.tie, Tie::ChainLink(..)))
    {
        " The trust anchor’s root leads to the CA that signed."
    } else {
        ""
    };
    let list = if broken.is_empty() {
        String::new()
    } else {
        format!(" Broken: {}.", broken.join("; "))
    };
    format!(
        "Two anchors lead by their hardware certificates to the HSM certificate, and from there by \
         the CSR and the signed certificate to the cluster.{above} Of {} ties {}, {}, {}, \
         {}.{list} The list below the picture has them all.",
        relations.len(),
        counted(DrawnState::Holds, "holds", "hold"),
        counted(DrawnState::Broken, "is broken", "are broken"),
        counted(DrawnState::Unjudged, "was not judged", "were not judged"),
        counted(
            DrawnState::Recorded,
            "is only recorded",
            "are only recorded"
        ),
    )
}
