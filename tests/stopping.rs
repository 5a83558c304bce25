//! Stopping: who asks is told first, what was handed in is finished, and the service
//! says what it did.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::time::Duration;

use city::{City, own};
use crossfoot::api::Capacity;
use crossfoot::client::{Client, wire};
use serde_json::Value;
use server::Server;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

async fn channel(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn health_says_so_before_anything_ends_and_what_was_handed_in_is_finished() {
    let mut city = City::new().await;
    let mut health = HealthClient::new(channel(&city.address).await);
    let mut told = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(told.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut stream = city.client.submissions().await.unwrap();
    let held = city.hold_the_writer();
    let submitting = tokio::spawn({
        let client = city.client.clone();
        async move { client.submit(own("C-2", 2024, 1)).await }
    });
    let report = wire::SubmitReportsRequest { submission: Some(own("C-1-A", 2024, 1)) };
    stream.requests.send(report).await.unwrap();
    city.all_is_read().await;

    let checking = async {
        assert_eq!(told.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        assert!(!held.is_finished(), "the reports were still waiting");
        // then the stream of health ends as well, and keeps nobody waiting
        assert_eq!(told.message().await.unwrap_err().code(), Code::Unavailable);
        let answered = submitting.await.unwrap().unwrap();
        assert_eq!(answered.outcome(), wire::Outcome::Accepted);
        let answered = stream.results.message().await.unwrap().unwrap().result.unwrap();
        assert_eq!(answered.outcome(), wire::Outcome::Accepted);
        assert_eq!(stream.results.message().await.unwrap_err().code(), Code::Unavailable);
    };
    let (stopped, ()) = tokio::join!(city.stopped(), checking);
    assert!(stopped.within_grace, "{stopped:?}");
    assert_eq!((stopped.committed, stopped.acknowledged), (2, 2));
    assert_eq!((stopped.calls_cut, stopped.streams_cut), (0, 0));
    assert!(stopped.took < Capacity::default().stop_grace);
}

#[tokio::test]
async fn what_does_not_end_within_the_grace_is_cut_off_and_counted_and_committed_all_the_same() {
    let capacity = Capacity { stop_grace: Duration::from_millis(50), ..Capacity::default() };
    let mut city = City::with(|server| server.with_capacity(capacity)).await;
    city.apply(&city::units()).await.unwrap();
    let mut stream = city.client.submissions().await.unwrap();
    let _held = city.hold_the_writer();
    let submitting = tokio::spawn({
        let client = city.client.clone();
        async move { client.submit(own("C-2", 2024, 1)).await }
    });
    let report = wire::SubmitReportsRequest { submission: Some(own("C-1-A", 2024, 1)) };
    stream.requests.send(report).await.unwrap();
    city.all_is_read().await;
    let stopped = city.stopped().await;
    assert!(!stopped.within_grace && stopped.took >= capacity.stop_grace, "{stopped:?}");
    assert_eq!((stopped.calls_cut, stopped.streams_cut), (1, 1));
    assert_eq!((stopped.committed, stopped.acknowledged), (2, 0));
    assert!(submitting.await.unwrap().is_err());
    assert!(stream.results.message().await.is_err());
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_logs_what_it_did_and_never_what_is_in_a_report() {
    const FIGURE: i64 = 987_654_321;
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let settings = ["--log-format", "json", "--log-filter", "info,crossfoot=debug"];
    let mut server = Server::start_logged(&folder.path().join("store"), &settings, &log);
    let client = Client::connect(&server.address).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    client.submit(own("C-2", 2024, FIGURE)).await.unwrap();
    let broken = city::request("C-1-A", 2024, wire::Coverage::Own, &[(city::RECEIVED, FIGURE)]);
    client.submit(broken).await.unwrap();
    let mut traced = tonic::Request::new(wire::GetRollupRequest::default());
    traced.metadata_mut().insert("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap());
    let mut rollups = wire::rollup_service_client::RollupServiceClient::new(channel(&server.address).await);
    assert_eq!(rollups.get_rollup(traced).await.unwrap_err().code(), Code::InvalidArgument);
    // the clients go on meanwhile, and take leave of the server
    assert_eq!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap(), Some(0));

    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains(&FIGURE.to_string()), "a figure is in the log");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ended = |rpc: &str| {
        let is = |line: &&Value| line["span"]["rpc"] == rpc && line["fields"]["message"] == "the call ended";
        lines.iter().find(is).unwrap_or_else(|| panic!("{rpc} in {text}"))
    };
    let submitted = ended("/crossfoot.v1.ReportService/SubmitReport");
    assert_eq!(submitted["fields"]["call.code"], "OK");
    assert!(submitted["fields"]["call.milliseconds"].is_u64());
    assert_eq!(submitted["span"]["trace"].as_str().unwrap().len(), 32);
    let refused = lines.iter().find(|line| line["fields"]["message"] == "report refused").unwrap();
    assert_eq!(refused["span"]["rpc"], submitted["span"]["rpc"], "a line within a call names the call");
    let asked = ended("/crossfoot.v1.RollupService/GetRollup");
    assert_eq!((&asked["fields"]["call.code"], &asked["span"]["trace"]), (&"INVALID_ARGUMENT".into(), &TRACE.into()));
    let last = &lines.last().unwrap()["fields"];
    assert_eq!((&last["stop.within_grace"], &last["stop.reports_committed"]), (&true.into(), &0.into()));
    for counted in ["stop.reports_acknowledged", "stop.calls_cut", "stop.streams_cut", "stop.milliseconds"] {
        assert!(last[counted].is_u64(), "{counted} in {last}");
    }
}
