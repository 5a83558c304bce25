//! Spans of calls on their way to an OpenTelemetry collector (OTLP over gRPC).
//!
//! Of two files only this one is built with the feature `otlp`; the other is
//! `no_spans.rs`.

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tonic::codegen::http::{HeaderMap, HeaderName, Uri};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::api::Join;
use crate::words::limits;

/// What sends them; nothing, if no collector is set.
#[derive(Debug)]
pub(super) struct Exporter(Option<SdkTracerProvider>);

/// Whether spans can be sent there.
pub(super) fn check(endpoint: &str) -> Result<(), String> {
    let uri: Uri = endpoint.parse().map_err(|error| format!("{endpoint:?}: {error}"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) => Ok(()),
        _ => Err(format!("{endpoint:?} is not like http://127.0.0.1:4317")),
    }
}

impl Exporter {
    /// Starts sending; must be called within the runtime.
    pub(super) fn start(endpoint: Option<&str>) -> anyhow::Result<Self> {
        let Some(endpoint) = endpoint else { return Ok(Self(None)) };
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
        let resource = Resource::builder().with_service_name("crossfoot").build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource);
        Ok(Self(Some(provider.build())))
    }

    /// What takes the spans from tracing; whatever the log's filter, each call has one.
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> Option<impl Layer<S>> {
        self.0.as_ref().map(|provider| {
            let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("crossfoot"));
            spans
                .with_location(false)
                .with_threads(false)
                .with_filter(Targets::new().with_target("crossfoot", Level::INFO))
        })
    }

    /// Ties calls to the traces of their callers.
    pub(super) fn join(&self) -> Option<Join> {
        self.0.as_ref().map(|_| join as Join)
    }

    /// Sends what still waits.
    pub(super) async fn finish(self) {
        let Some(provider) = self.0 else { return };
        let sent = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limits::SPANS_FLUSH)).await;
        if let Ok(Err(error)) = sent {
            tracing::warn!(error = %error, "the last spans did not reach their collector");
        }
    }
}

/// The headers of a call, as OpenTelemetry reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

fn join(span: &Span, headers: &HeaderMap) -> Option<String> {
    let caller = TraceContextPropagator::new().extract(&Headers(headers));
    if caller.span().span_context().is_valid() {
        // a span that is not exported has no parent to be told
        let _ = span.set_parent(caller);
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    own.is_valid().then(|| own.trace_id().to_string())
}
