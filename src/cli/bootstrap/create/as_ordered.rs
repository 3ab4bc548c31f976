//! Whether a cluster, and an earlier order, are what this command line orders.

use std::fmt;

use super::{ClusterCreation, TAG};
use crate::bundle::{ClusterId, Creation};
use crate::cli::cluster::is_deleting_or_deleted;
use crate::cloudhsm::choices::CLUSTER_CHOICES;
use crate::cloudhsm::fleet::ClusterMode;
use crate::cloudhsm::{CloudHsm, Cluster};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, join_shown, shown_text};

impl ClusterCreation<'_> {
    /// Checks that the live cluster carries the token as its tag and is what this command line
    /// orders. Whatever a bundle says, no other cluster is given an HSM or claimed.
    pub(super) fn check_as_ordered(&self, cluster: &Cluster, token: &str) -> Result<()> {
        let order = &self.plan.order;
        let tag = cluster
            .tags
            .iter()
            .find(|tag| tag.key == TAG)
            .map(|tag| tag.value.as_raw());
        let subnets: Vec<&str> = cluster.subnets.values().map(OutsideText::as_raw).collect();
        // Of a claimed cluster it is judged elsewhere whose it is; and its type may have been
        // changed since (API Reference, ModifyCluster: HsmType).
        let open = cluster.certificates.cluster_certificate.is_none();
        let is = |found: Option<&OutsideText>, ordered: &str| {
            found.is_some_and(|found| found == ordered)
        };
        let found = |text: Option<&OutsideText>| {
            text.map_or_else(|| "none".to_owned(), ToString::to_string)
        };
        let other_choice = CLUSTER_CHOICES.iter().find(|choice| {
            cluster.choices.value_or_default(choice) != order.choices.value_or_default(choice)
        });
        let differs = if tag != Some(token) {
            OrderDifference::new(
                format!("tag {TAG}"),
                shown_text(token),
                tag.map_or_else(|| "none".to_owned(), shown_text),
            )
        } else if open && !self.is_for_this_ca(token) {
            OrderDifference {
                what: "CA: it was ordered for another one than this command's, or for none that \
                       was there yet"
                    .to_owned(),
                sides: None,
            }
        } else if subnets.is_empty()
            || !subnets
                .iter()
                .all(|subnet| order.subnet_ids.iter().any(|ordered| ordered == subnet))
        {
            OrderDifference::new(
                "subnets",
                order.subnet_ids.join(", "),
                shown_text(&subnets.join(", ")),
            )
        } else if open
            && cluster.hsm_type.as_ref().map(OutsideText::as_raw) != Some(&order.hsm_type)
        {
            OrderDifference::new("type", &order.hsm_type, found(cluster.hsm_type.as_ref()))
        } else if let Some(mode) = order
            .mode
            .filter(|mode| !is(cluster.mode.as_ref(), mode.as_str()))
        {
            OrderDifference::new("mode", mode.as_str(), found(cluster.mode.as_ref()))
        } else if let Some(choice) = other_choice {
            OrderDifference::new(
                choice.words,
                order.choices.value_or_default(choice).unwrap_or("none"),
                found(cluster.choices.get(choice)),
            )
        } else if let Some(backup) = &cluster.source_backup_id {
            OrderDifference::new(
                "origin",
                "a new cluster",
                format!("one restored from {backup}"),
            )
        } else {
            return Ok(());
        };
        let id = &cluster.cluster_id;
        let error = not_ordered_error(
            differs.to_lines().prefixed_with(format!(
                "{id} is not the cluster that was ordered here, whatever {} \
                                   says: it differs in its ",
                self.creation_file()
            )),
            "find out who changed the bundle or the cluster. If it is yours all the same,",
        );
        Err(differs
            .add_facts(error)
            .with_fact(FactName::ClusterId, id)
            .with_fact(FactName::File, self.creation_file()))
    }

    /// Checks that the earlier run ordered the same, in the same place.
    pub(super) fn check_same_order(&self, earlier: &Creation) -> Result<()> {
        let (order, place) = (&self.plan.order, self.service.place());
        let tags = order
            .tags
            .iter()
            .map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect();
        let here = Some(earlier.region.as_raw()) == place.region.as_ref().map(OutsideText::as_raw)
            && earlier.endpoint == place.endpoint;
        // Credentials need not name it.
        let account = match (&earlier.account, &self.account) {
            (Some(earlier), Some(now)) => Some((earlier, now)).filter(|(was, now)| was != now),
            _ => None,
        };
        let same = earlier.hsm_type == order.hsm_type
            && earlier.mode.as_ref().map(OutsideText::as_raw)
                == order.mode.map(ClusterMode::as_str)
            && CLUSTER_CHOICES
                .iter()
                .all(|choice| earlier.choices.get(choice.key) == order.choices.get(choice))
            && earlier.subnet_ids == order.subnet_ids
            && earlier.retention_days == order.retention_days
            && earlier.tags == tags;
        if let Some((was, now)) = account.filter(|_| here && same) {
            return Err(Error::new(
                ErrorKind::CreationDiffers,
                format!(
                    "{} is of the account {was}, and these credentials are of {now}",
                    self.creation_file()
                ),
                format!("run the same command with credentials of the account {was}"),
            )
            .with_fact(FactName::File, self.creation_file()));
        }
        if here && same {
            return Ok(());
        }
        let was = earlier
            .cluster_id
            .as_ref()
            .map_or_else(|| "a cluster".to_owned(), ToString::to_string);
        Err(Error::new(
            ErrorKind::CreationDiffers,
            [
                format!(
                    "{} remembers another creation than this one",
                    self.creation_file()
                ),
                format!(
                    "  {was}  {}, {}, in {}{}",
                    join_shown(
                        std::iter::once(&earlier.hsm_type)
                            .chain(&earlier.mode)
                            .chain(
                                CLUSTER_CHOICES
                                    .iter()
                                    .filter_map(|choice| earlier.choices.get(choice.key))
                            ),
                        " "
                    ),
                    join_shown(&earlier.subnet_ids, ", "),
                    earlier.region,
                    earlier
                        .endpoint
                        .as_ref()
                        .map(|url| format!(" at {url}"))
                        .unwrap_or_default(),
                ),
            ],
            "repeat that command as it was to go on with it, or choose another --bundle for \
             another cluster",
        )
        .with_fact(
            FactName::ClusterId,
            earlier.cluster_id.as_ref().map(ClusterId::as_str),
        )
        .with_fact(FactName::File, self.creation_file()))
    }

    /// Checks that the cluster of an earlier run has not been deleted since.
    pub(super) async fn check_still_there(&self, id: &ClusterId) -> Result<()> {
        match self.service.describe_cluster(id.as_str()).await? {
            Some(cluster) if !is_deleting_or_deleted(&cluster) => Ok(()),
            found => Err(Error::new(
                ErrorKind::ClusterDeleted,
                found
                    .as_ref()
                    .map_or_else(
                        || "not there any more, or not in this account".into(),
                        |cluster| {
                            Lines::from([
                                "deleted, or being deleted".to_owned(),
                                format!("  state  {}", cluster.state),
                            ])
                        },
                    )
                    .prefixed_with(format!("{id}, which an earlier run created, is ")),
                "check the credentials, whose account it must be; or choose another --bundle to \
                 create another cluster",
            )
            .with_fact(FactName::ClusterId, id.as_str())
            .with_fact(
                FactName::State,
                found.map(|cluster| cluster.state.to_string()),
            )),
        }
    }
}

/// What a live cluster has otherwise than it was ordered.
struct OrderDifference {
    what: String,
    /// What was ordered, and what is there, where the two can be shown.
    sides: Option<(String, String)>,
}

impl OrderDifference {
    fn new(what: impl Into<String>, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        OrderDifference {
            what: what.into(),
            sides: Some((expected.to_string(), found.to_string())),
        }
    }

    fn to_lines(&self) -> Lines {
        let sides = self.sides.iter().flat_map(|(expected, found)| {
            [
                format!("  expected {expected}"),
                format!("  found    {found}"),
            ]
        });
        std::iter::once(self.what.clone()).chain(sides).collect()
    }

    fn add_facts(&self, error: Error) -> Error {
        let (expected, found) = self.sides.clone().unzip();
        error
            .with_fact(FactName::Expected, expected)
            .with_fact(FactName::Found, found)
    }
}

pub(super) fn not_ordered_error(what: impl Into<Lines>, first: &str) -> Error {
    Error::new(
        ErrorKind::ClusterNotOrdered,
        what,
        format!(
            "{first} name it: `hsmboot bootstrap --cluster-id ID`; to create a cluster, choose \
             another --bundle. Nothing was created or changed"
        ),
    )
}
