//! The trace a call belongs to: its caller's, as W3C `traceparent` names it, or one
//! of its own, so that log lines of one call are found together.

use std::sync::atomic::{AtomicU64, Ordering};

use tonic::codegen::http::HeaderMap;
use tracing::Span;

use crate::words::clock::Clock;

/// Ties the span of a call to the trace of its caller where spans are exported, and
/// gives the id of the trace; none where they are not.
pub type Join = fn(&Span, &HeaderMap) -> Option<String>;

/// Finds the trace of every call.
#[derive(Debug)]
pub(super) struct Traces {
    started: u64,
    calls: AtomicU64,
    join: Option<Join>,
}

impl Traces {
    pub(super) fn new(clock: Clock, join: Option<Join>) -> Self {
        Self { started: clock().0.unsigned_abs(), calls: AtomicU64::new(0), join }
    }

    /// Whether spans are sent to a collector.
    pub(super) fn are_exported(&self) -> bool {
        self.join.is_some()
    }

    /// The id of the trace a call belongs to: 32 hexadecimal digits.
    pub(super) fn id(&self, span: &Span, headers: &HeaderMap) -> String {
        let joined = self.join.and_then(|join| join(span, headers));
        joined.or_else(|| named(headers).map(str::to_owned)).unwrap_or_else(|| {
            let call = self.calls.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
            // when the service started, and the how-manieth call this is: unique, and in order
            format!("{:016x}{call:016x}", self.started)
        })
    }
}

/// The trace that a `traceparent` names.
fn named(headers: &HeaderMap) -> Option<&str> {
    let parts: Vec<&str> = headers.get("traceparent")?.to_str().ok()?.split('-').collect();
    let [version, trace, parent, flags, ..] = parts.as_slice() else { return None };
    let is_hex =
        |text: &str, digits| text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let some = |text: &str| text.bytes().any(|byte| byte != b'0');
    let fits = is_hex(version, 2) && *version != "ff" && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    (fits && some(trace) && some(parent)).then_some(*trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Timestamp;

    fn headers(traceparent: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", traceparent.parse().unwrap());
        headers
    }

    #[test]
    fn a_call_belongs_to_the_trace_its_caller_names_or_to_one_of_its_own() {
        let traces = Traces::new(|| Timestamp(0xabc), None);
        let id = |headers: &HeaderMap| traces.id(&Span::none(), headers);
        let named = headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(id(&named), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(id(&HeaderMap::new()), "0000000000000abc0000000000000001");
        for nonsense in [
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ] {
            assert!(id(&headers(nonsense)).starts_with("0000000000000abc"), "{nonsense}");
        }
    }
}
