//! The passage of a call: its span, and the line that says how it ended. Never what
//! is in it.

use std::sync::Arc;
use std::time::Instant;

use tonic::Code;
use tonic::codegen::http::HeaderMap;
use tracing::Span;
use tracing::field::Empty;

use super::status::{code_name, is_failure};
use super::trace::Traces;
use super::traffic::Traffic;
use crate::words::clock;

/// A call from its first header to the end of its answer.
#[derive(Debug)]
pub(super) struct Passage {
    span: Span,
    begun: Instant,
    traffic: Arc<Traffic>,
    /// The answer has begun.
    open: bool,
    code: Option<Code>,
    exported: bool,
}

impl Passage {
    pub(super) fn begin(rpc: &str, headers: &HeaderMap, traces: &Traces, traffic: &Arc<Traffic>) -> Self {
        let span = tracing::info_span!(
            "call",
            rpc,
            trace = Empty,
            rpc.grpc.status_code = Empty,
            otel.name = Empty,
            otel.kind = Empty,
            otel.status_code = Empty
        );
        let exported = traces.are_exported();
        if exported {
            // before it joins a trace: then it has begun
            span.record("otel.name", rpc.trim_start_matches('/')).record("otel.kind", "server");
        }
        if !span.is_disabled() {
            span.record("trace", traces.id(&span, headers));
        }
        traffic.begin();
        Self { span, begun: clock::instant(), traffic: Arc::clone(traffic), open: false, code: None, exported }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// The answer begins; its headers have a code only if it is all there is.
    pub(super) fn open(&mut self, headers: &HeaderMap) {
        self.traffic.open();
        self.open = true;
        self.note(headers);
    }

    /// Takes the code from headers or trailers.
    pub(super) fn note(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.traffic.end(self.open);
        // no code: the caller went away, or the service stopped and cut it off
        let code = self.code.unwrap_or(Code::Cancelled);
        let name = code_name(code);
        if self.exported {
            self.span.record("rpc.grpc.status_code", i32::from(code));
            if is_failure(code) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        let milliseconds = u64::try_from(clock::instant().duration_since(self.begun).as_millis()).unwrap_or(u64::MAX);
        let _inside = self.span.enter();
        if is_failure(code) {
            tracing::info!(call.code = name, call.milliseconds = milliseconds, "the call failed");
        } else {
            tracing::debug!(call.code = name, call.milliseconds = milliseconds, "the call ended");
        }
    }
}
