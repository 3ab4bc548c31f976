//! The pages of a list, followed to the end and within a bound.

use std::collections::HashSet;

use crate::aws::ReceivedOctets;
use crate::cloudhsm::Trouble;

/// The most pages of a list: more than an account can fill. Of 25 clusters or 50 backups each, they
/// have room for 25,000 clusters and 50,000 backups; the default quota is 4 clusters in a region
/// (AWS CloudHSM User Guide, "Quotas"), and a backup is made once a day and kept for 379 days at
/// most.
const MOST_PAGES: usize = 1000;

/// The most that all pages of a list bring together, in octets: 50,000 backups of 1 KB each have
/// room in it.
const MOST_OCTETS: u64 = 64 * 1024 * 1024;

/// The pages of one list.
pub(super) struct Pages<'a> {
    received: &'a ReceivedOctets,
    /// The number of octets read before the first page.
    before: u64,
    /// Every token seen so far.
    seen: HashSet<String>,
    next: Option<String>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(received: &'a ReceivedOctets) -> Self {
        Pages {
            received,
            before: received.octet_count(),
            seen: HashSet::new(),
            next: None,
        }
    }

    /// Returns the token that the next page is requested with.
    pub(super) fn next_token(&self) -> Option<String> {
        self.next.clone()
    }

    /// Moves on past a page, and tells by its NextToken whether there is another.
    ///
    /// # Errors
    /// [`Trouble::TooMuch`]: the list has no end.
    pub(super) fn move_on(&mut self, next: Option<&str>) -> Result<bool, Trouble> {
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Ok(false);
        };
        let too_much = |reason: String| {
            Err(Trouble::TooMuch {
                reason: reason.into(),
            })
        };
        if !self.seen.insert(next.to_owned()) {
            return too_much(
                "the service gave the same NextToken twice: its pages go round in a circle"
                    .to_owned(),
            );
        }
        if self.seen.len() >= MOST_PAGES {
            return too_much(format!("the service gave more than {MOST_PAGES} pages"));
        }
        // The count only grows.
        if self.received.octet_count() - self.before > MOST_OCTETS {
            return too_much(format!(
                "the service gave pages of more than {} MiB in all",
                MOST_OCTETS / 1024 / 1024
            ));
        }
        self.next = Some(next.to_owned());
        Ok(true)
    }
}
