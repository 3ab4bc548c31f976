//! The API requests of the last minutes, for the page: what was asked for and how it ended. Bodies,
//! credentials and signatures are never kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response};
use serde_json::{Value, json};

use super::clock::Millis;
use super::faults::Fault;
use super::json_protocol::{self, excerpt};
use super::place::Place;
use super::protocol::Protocol;

/// So many are kept, and for so long: whichever ends first.
const MOST: usize = 500;
const LONGEST: Duration = Duration::from_secs(600);

/// One request. Nothing in it is copied from a body, and of the headers only the target and the
/// credential's scope.
struct Entry {
    number: u64,
    /// By the simulator's clock.
    at: Millis,
    begun: Instant,
    action: String,
    place: Place,
    delay: Option<Duration>,
    fault: Option<Fault>,
    took: Duration,
    end: End,
}

enum End {
    Answered {
        status: u16,
        error: Option<HeaderValue>,
        request_id: Option<HeaderValue>,
    },
    /// The connection was cut, as ordered.
    Closed,
    /// The client went away before it was answered.
    Abandoned,
}

/// The requests that are kept, the oldest first.
#[derive(Default)]
pub(super) struct Requests(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Requests {
    fn push(&self, mut entry: Entry) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last = kept.last.saturating_add(1);
        entry.number = kept.last;
        while kept.entries.len() >= MOST
            || kept
                .entries
                .front()
                .is_some_and(|oldest| oldest.begun.elapsed() > LONGEST)
        {
            kept.entries.pop_front();
        }
        kept.entries.push_back(entry);
    }

    /// The number of the newest; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// Those after a number, the oldest first, and the number of the newest.
    pub(super) fn after(&self, number: u64) -> (Vec<Value>, u64) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = kept
            .entries
            .iter()
            .filter(|entry| entry.number > number && entry.begun.elapsed() <= LONGEST);
        (recent.map(Entry::json).collect(), kept.last)
    }
}

/// What is noted of one request while it is answered. Dropping it puts the request on the list,
/// however it ended.
pub(super) struct Note {
    requests: Arc<Requests>,
    entry: Option<Entry>,
}

impl Note {
    /// Only requests of the API are listed.
    pub(super) fn begin(requests: &Arc<Requests>, now: Millis, request: &Request) -> Self {
        let protocol = Protocol::of(request.method(), request.uri(), request.headers());
        let entry = protocol.map(|protocol| Entry {
            number: 0,
            at: now,
            begun: Instant::now(),
            action: protocol
                .named(request.uri(), request.headers())
                .map(excerpt)
                .unwrap_or_default(),
            place: json_protocol::place(request.headers()),
            delay: None,
            fault: None,
            took: Duration::ZERO,
            end: End::Abandoned,
        });
        Self {
            requests: Arc::clone(requests),
            entry,
        }
    }

    /// The request is answered for this account and region.
    pub(super) fn admitted(&mut self, place: &Place) {
        if let Some(entry) = &mut self.entry {
            entry.place.clone_from(place);
        }
    }

    /// The faults that the request has met.
    pub(super) fn met(&mut self, delay: Option<Duration>, fault: Option<Fault>) {
        if let Some(entry) = &mut self.entry {
            (entry.delay, entry.fault) = (delay, fault);
        }
    }

    /// The request has this answer.
    pub(super) fn end(mut self, response: Response<Body>) -> Response<Body> {
        if let Some(entry) = &mut self.entry {
            let header = |name: &str| response.headers().get(name).cloned();
            entry.end = match entry.fault {
                Some(Fault::CloseBefore | Fault::CloseAfter) => End::Closed,
                _ => End::Answered {
                    status: response.status().as_u16(),
                    error: header("x-amzn-errortype"),
                    request_id: header("x-amzn-requestid"),
                },
            };
        }
        response
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.took = entry.begun.elapsed();
            self.requests.push(entry);
        }
    }
}

impl Entry {
    fn json(&self) -> Value {
        let text = |value: &Option<HeaderValue>| {
            value
                .as_ref()
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (end, status, error, request_id) = match &self.end {
            End::Answered {
                status,
                error,
                request_id,
            } => ("answered", Some(*status), text(error), text(request_id)),
            End::Closed => ("closed", None, None, None),
            End::Abandoned => ("abandoned", None, None, None),
        };
        let delay = self.delay.map(|by| format!("delay {} ms", by.as_millis()));
        let faults: Vec<String> = delay
            .into_iter()
            .chain(self.fault.map(|fault| fault.name().to_owned()))
            .collect();
        json!({
            "number": self.number,
            "at": self.at,
            "ageMillis": u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "action": self.action,
            "account": self.place.account,
            "region": self.place.region,
            "end": end,
            "status": status,
            "error": error,
            "micros": u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            "faults": faults,
            "requestId": request_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(begun: Instant) -> Entry {
        let place = Place {
            account: String::new(),
            region: String::new(),
        };
        let (delay, fault, took) = (None, None, Duration::ZERO);
        Entry {
            number: 0,
            at: 0,
            begun,
            action: String::new(),
            place,
            delay,
            fault,
            took,
            end: End::Abandoned,
        }
    }

    #[test]
    fn the_list_holds_no_more_than_its_bound_and_the_newest() {
        let requests = Requests::default();
        for _ in 0..MOST + 7 {
            requests.push(entry(Instant::now()));
        }
        let (all, last) = requests.after(0);
        assert_eq!((all.len(), last), (MOST, 507));
        assert_eq!(all[0]["number"], 8);
        assert_eq!(requests.after(506).0.len(), 1);
    }

    #[test]
    fn what_is_older_than_ten_minutes_is_gone() {
        let requests = Requests::default();
        // A machine that has not run for ten minutes has no such moment, and nothing so old to
        // show.
        if let Some(long_ago) = Instant::now().checked_sub(LONGEST + Duration::from_secs(1)) {
            requests.push(entry(long_ago));
            assert!(requests.after(0).0.is_empty());
            requests.push(entry(Instant::now()));
            assert_eq!(requests.0.lock().unwrap().entries.len(), 1);
        }
    }
}
