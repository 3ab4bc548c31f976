//! A request whose outcome is not known: the cluster is looked for by its tag.

use std::fs::File;

use super::as_ordered::not_ordered_error;
use super::{ClusterCreation, OrderedCluster, TAG};
use crate::bundle::{CREATION, Creation};
use crate::cli;
use crate::cli::bootstrap::first_hsm::LOOKUP_LIMIT;
use crate::cli::manage::{PollStatus, poll_in_view};
use crate::cli::watcher::Watcher;
use crate::cloudhsm::fleet::ClusterFilter;
use crate::cloudhsm::{Cluster, Fleet, ServiceError};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::Moment;

/// The seconds for which a signed request may still take effect. AWS takes none that is older (AWS
/// General Reference, Signature Version 4: five minutes as a rule, fifteen with a clock that is
/// off).
const REQUEST_LIFETIME: i64 = 15 * 60;

impl ClusterCreation<'_> {
    /// Looks for the cluster after a lost answer: it may exist all the same.
    pub(super) async fn look_for_cluster(
        &self,
        creation: Creation,
        error: &ServiceError,
        watcher: &mut Watcher<'_>,
    ) -> Result<OrderedCluster> {
        self.ui.say(format!(
            "{}; looking for the cluster by its tag",
            error.summary_line()
        ));
        let found = poll_in_view(watcher, LOOKUP_LIMIT, "", async || {
            let tagged = self.find_tagged_clusters(creation.token.as_raw()).await?;
            Ok(if tagged.is_empty() {
                PollStatus::NotYet("no cluster has the tag yet".to_owned())
            } else {
                PollStatus::There(tagged)
            })
        });
        let found = found.await;
        watcher.clear();
        match found {
            Ok(tagged) => self.adopt_cluster(creation, &tagged),
            Err(_) => Err(self.outcome_unknown_error(&creation, &error.summary_line())),
        }
    }

    /// Goes on with what an earlier run left: a cluster with its id, or a request whose outcome it
    /// did not learn.
    pub(super) async fn resume_earlier(
        &self,
        earlier: Creation,
        prepare: impl FnOnce() -> Result<()>,
        watcher: &mut Watcher<'_>,
    ) -> Result<OrderedCluster> {
        if let Some(id) = earlier.cluster_id {
            self.ui
                .say(format!("going on with {id}, which an earlier run created"));
            return Ok(OrderedCluster {
                id,
                token: earlier.token.into_raw(),
            });
        }
        let tagged = self.find_tagged_clusters(earlier.token.as_raw()).await?;
        if !tagged.is_empty() {
            return self.adopt_cluster(earlier, &tagged);
        }
        if earlier.refused_at.is_none() && is_recent(&earlier) {
            return Err(self.outcome_unknown_error(&earlier, "no cluster has its tag yet"));
        }
        self.ui
            .say("an earlier run asked for a cluster and got none: asking again");
        prepare()?;
        let _held = self.lock_creation(&earlier)?;
        let token = if self.is_for_this_ca(earlier.token.as_raw()) {
            earlier.token.into_raw()
        } else {
            self.new_token()?
        };
        self.record_and_request(token, false, watcher).await
    }

    /// Goes on with a cluster that has the tag but whose id never arrived, if it is the one that
    /// was ordered.
    fn adopt_cluster(&self, creation: Creation, tagged: &[Cluster]) -> Result<OrderedCluster> {
        match tagged {
            [cluster] => {
                self.check_as_ordered(cluster, creation.token.as_raw())?;
                self.record_cluster_id(creation, cluster.cluster_id.as_raw())
            }
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|cluster| cluster.cluster_id.to_string())
                    .collect();
                Err(not_ordered_error(
                    format!(
                        "{} clusters have the tag of the one that was ordered, and one was: {}",
                        several.len(),
                        ids.join(", ")
                    ),
                    "look which of them is yours (`hsmboot cluster list`), and",
                )
                .with_fact(FactName::Found, ids.join(", ")))
            }
        }
    }

    /// Returns the clusters that are tagged with the token.
    async fn find_tagged_clusters(
        &self,
        token: &str,
    ) -> std::result::Result<Vec<Cluster>, ServiceError> {
        let all = self
            .service
            .describe_clusters(&ClusterFilter::default())
            .await?;
        Ok(all
            .into_iter()
            .filter(|cluster| {
                cluster
                    .tags
                    .iter()
                    .any(|tag| tag.key == TAG && tag.value == token)
            })
            .collect())
    }

    /// Locks the file that this run and a run beside it have both read, so that the other does not
    /// send the order again as well. The file must still be what it was.
    fn lock_creation(&self, earlier: &Creation) -> Result<File> {
        match self.store.lock_file(CREATION) {
            Some(file)
                if Creation::read(&self.store.without_cache())?.as_ref() == Some(earlier) =>
            {
                Ok(file)
            }
            _ => Err(Error::new(
                ErrorKind::CreationDiffers,
                format!("another run is at work on {}", self.creation_file()),
                "wait until it has ended, then run the same command again",
            )
            .with_fact(FactName::File, self.creation_file())
            .if_run_again()),
        }
    }

    fn outcome_unknown_error(&self, creation: &Creation, why: &str) -> Error {
        // Saturating: the moment is read from a file.
        let until = creation
            .asked_at
            .unix_seconds()
            .saturating_add(REQUEST_LIFETIME);
        Error::new(
            ErrorKind::CreationUnknown,
            [
                format!(
                    "CreateCluster was asked for at {}, and nobody knows whether it was heard",
                    creation.asked_at
                ),
                format!("  {why}"),
            ],
            format!(
                "run the same command again: it looks for the cluster, and from {} on, when that \
                 request can no longer take effect, it asks for another. If you know that {} names \
                 none, choose another --bundle",
                Moment::from_unix(until),
                self.creation_file()
            ),
        )
        .with_fact(FactName::File, self.creation_file())
    }
}

/// Tells whether the request may still take effect.
pub(super) fn is_recent(creation: &Creation) -> bool {
    seconds_since(creation.asked_at) < REQUEST_LIFETIME
}

/// Returns the seconds since `then`, which may be any moment in a file: hence saturating.
fn seconds_since(then: Moment) -> i64 {
    cli::now()
        .unix_seconds()
        .saturating_sub(then.unix_seconds())
}
