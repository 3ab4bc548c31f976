//! The API requests of the last minutes, for the page: the action and the outcome of each. Bodies,
//! credentials and signatures are never kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response};
use serde_json::{Value, json};

use super::clock::Millis;
use super::faults::InjectedFault;
use super::json_protocol::{self, excerpt};
use super::place::AccountRegion;
use super::protocol::Protocol;

/// The number of requests that are kept, and the time for which they are: whichever ends first.
const MOST_ENTRIES: usize = 500;
const LONGEST_AGE: Duration = Duration::from_secs(600);

/// One request. Nothing in it is copied from a body, and from the headers only the target and the
/// credential's scope.
struct RequestEntry {
    number: u64,
    /// The time by the simulator's clock.
    at: Millis,
    begun: Instant,
    action: String,
    place: AccountRegion,
    delay: Option<Duration>,
    fault: Option<InjectedFault>,
    took: Duration,
    end: RequestEnd,
}

enum RequestEnd {
    Answered {
        status: u16,
        error: Option<HeaderValue>,
        request_id: Option<HeaderValue>,
    },
    /// The connection was cut, as a fault demanded.
    Closed,
    /// The client went away before it was answered.
    Abandoned,
}

/// The requests that are kept, the oldest first.
#[derive(Default)]
pub(super) struct Requests(Mutex<RequestList>);

#[derive(Default)]
struct RequestList {
    entries: VecDeque<RequestEntry>,
    last: u64,
}

impl Requests {
    fn push(&self, mut entry: RequestEntry) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        entry.number = kept.last;
        while kept.entries.len() >= MOST_ENTRIES
            || kept
                .entries
                .front()
                .is_some_and(|oldest| oldest.begun.elapsed() > LONGEST_AGE)
        {
            kept.entries.pop_front();
        }
        kept.entries.push_back(entry);
    }

    /// Returns the number of the newest; 0 before the first.
    pub(super) fn last_number(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// Returns the requests after a number, the oldest first, and the number of the newest.
    pub(super) fn entries_after(&self, number: u64) -> (Vec<Value>, u64) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = kept
            .entries
            .iter()
            .filter(|entry| entry.number > number && entry.begun.elapsed() <= LONGEST_AGE);
        (recent.map(RequestEntry::to_json).collect(), kept.last)
    }
}

/// The notes on one request while it is answered. Dropping it puts the request on the list, however
/// it ended.
pub(super) struct RequestNote {
    requests: Arc<Requests>,
    entry: Option<RequestEntry>,
}

impl RequestNote {
    /// Begins the notes on a request. Only requests of the API are listed.
    pub(super) fn begin(requests: &Arc<Requests>, now: Millis, request: &Request) -> Self {
        let protocol = Protocol::of_request(request.method(), request.uri(), request.headers());
        let entry = protocol.map(|protocol| RequestEntry {
            number: 0,
            at: now,
            begun: Instant::now(),
            action: protocol
                .named_action(request.uri(), request.headers())
                .map(excerpt)
                .unwrap_or_default(),
            place: json_protocol::request_place(request.headers()),
            delay: None,
            fault: None,
            took: Duration::ZERO,
            end: RequestEnd::Abandoned,
        });
        Self {
            requests: Arc::clone(requests),
            entry,
        }
    }

    /// Notes the account and region that the request is answered for.
    pub(super) fn set_place(&mut self, place: &AccountRegion) {
        if let Some(entry) = &mut self.entry {
            entry.place.clone_from(place);
        }
    }

    /// Notes the faults that the request has met.
    pub(super) fn set_faults(&mut self, delay: Option<Duration>, fault: Option<InjectedFault>) {
        if let Some(entry) = &mut self.entry {
            (entry.delay, entry.fault) = (delay, fault);
        }
    }

    /// Notes the answer of the request, and returns it.
    pub(super) fn finish(mut self, response: Response<Body>) -> Response<Body> {
        if let Some(entry) = &mut self.entry {
            let header = |name: &str| response.headers().get(name).cloned();
            entry.end = match entry.fault {
                Some(InjectedFault::CloseBefore | InjectedFault::CloseAfter) => RequestEnd::Closed,
                _ => RequestEnd::Answered {
                    status: response.status().as_u16(),
                    error: header("x-amzn-errortype"),
                    request_id: header("x-amzn-requestid"),
                },
            };
        }
        response
    }
}

impl Drop for RequestNote {
    fn drop(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.took = entry.begun.elapsed();
            self.requests.push(entry);
        }
    }
}

impl RequestEntry {
    fn to_json(&self) -> Value {
        let text = |value: &Option<HeaderValue>| {
            value
                .as_ref()
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (end, status, error, request_id) = match &self.end {
            RequestEnd::Answered {
                status,
                error,
                request_id,
            } => ("answered", Some(*status), text(error), text(request_id)),
            RequestEnd::Closed => ("closed", None, None, None),
            RequestEnd::Abandoned => ("abandoned", None, None, None),
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

    fn sample_entry(begun: Instant) -> RequestEntry {
        let place = AccountRegion {
            account: String::new(),
            region: String::new(),
        };
        let (delay, fault, took) = (None, None, Duration::ZERO);
        RequestEntry {
            number: 0,
            at: 0,
            begun,
            action: String::new(),
            place,
            delay,
            fault,
            took,
            end: RequestEnd::Abandoned,
        }
    }

    #[test]
    fn the_list_holds_no_more_than_its_bound_and_the_newest() {
        let requests = Requests::default();
        for _ in 0..MOST_ENTRIES + 7 {
            requests.push(sample_entry(Instant::now()));
        }
        let (all, last) = requests.entries_after(0);
        assert_eq!((all.len(), last), (MOST_ENTRIES, 507));
        assert_eq!(all[0]["number"], 8);
        assert_eq!(requests.entries_after(506).0.len(), 1);
    }

    #[test]
    fn what_is_older_than_ten_minutes_is_gone() {
        let requests = Requests::default();
        // A machine that has not run for ten minutes has no such moment, and nothing so old to
        // show.
        if let Some(long_ago) = Instant::now().checked_sub(LONGEST_AGE + Duration::from_secs(1)) {
            requests.push(sample_entry(long_ago));
            assert!(requests.entries_after(0).0.is_empty());
            requests.push(sample_entry(Instant::now()));
            assert_eq!(requests.0.lock().unwrap().entries.len(), 1);
        }
    }
}
