//! Spans of calls, as a collector receives them over OTLP. Needs the feature `otlp`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::net::{Ipv4Addr, SocketAddr};

use crossfoot::client::wire;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use server::Server;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Endpoint;
use tonic::{Request, Response, Status};

/// A collector that hands on what it is sent.
struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    span.attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_per_call_within_the_trace_of_its_caller_and_no_figure() {
    const FIGURE: i64 = 987_654_321;
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (collected, mut collecting) = mpsc::unbounded_channel();
    let collector = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(collected)));
    tokio::spawn(collector.serve_with_incoming(TcpListenerStream::new(listener)));

    let folder = tempfile::tempdir().unwrap();
    // whatever is logged, calls are traced
    let settings = ["--otlp-endpoint", endpoint.as_str(), "--log-filter", "error"];
    let mut server = Server::start_with(&folder.path().join("store"), &settings);
    let channel = Endpoint::from_shared(server.address.clone()).unwrap().connect().await.unwrap();
    let mut units = wire::unit_service_client::UnitServiceClient::new(channel.clone());
    let applied = city::units().as_array().unwrap().iter().map(city::unit).collect();
    units.apply_units(wire::ApplyUnitsRequest { units: applied, ..Default::default() }).await.unwrap();
    let mut reports = wire::report_service_client::ReportServiceClient::new(channel);
    let mut traced = Request::new(city::own("C-2", 2024, FIGURE));
    traced.metadata_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
    reports.submit_report(traced).await.unwrap();
    assert_eq!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap(), Some(0));

    // what waited was sent before the process ended
    collecting.close();
    let mut spans = Vec::new();
    while let Some(request) = collecting.recv().await {
        assert!(!format!("{request:?}").contains(&FIGURE.to_string()), "a figure is in a span");
        let resources = request.resource_spans.into_iter();
        spans.extend(resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans));
    }
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let submitted = named("crossfoot.v1.ReportService/SubmitReport");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((hex(&submitted.trace_id), hex(&submitted.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(submitted.kind(), SpanKind::Server);
    assert_eq!(attribute(submitted, "rpc.grpc.status_code"), Some(Value::IntValue(0)));
    assert!(submitted.end_time_unix_nano > submitted.start_time_unix_nano);
    assert!(submitted.status.as_ref().is_none_or(|status| status.code() != StatusCode::Error));
    let applied = named("crossfoot.v1.UnitService/ApplyUnits");
    assert_eq!((applied.trace_id.len(), applied.parent_span_id.len()), (16, 0));
    assert_eq!(attribute(applied, "trace"), Some(Value::StringValue(hex(&applied.trace_id))));
}
