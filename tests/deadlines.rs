//! A call that takes too long is answered so, and what it had begun is finished.

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

use std::time::Duration;

use city::{City, own, series};
use crossfoot::api::Capacity;
use crossfoot::client::{ClientError, wire};
use h2::client::SendRequest;
use prost::Message as _;
use tokio::net::TcpStream;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A city whose server answers every call within a moment, one way or the other.
async fn hasty(allowed: Duration) -> City {
    let city = City::with(|server| server.with_capacity(Capacity { call_deadline: allowed, ..Capacity::default() }));
    let city = city.await;
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    city.client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    city
}

fn named(mut request: wire::SubmitReportRequest, id: &str) -> wire::SubmitReportRequest {
    request.request_id = id.to_owned();
    request
}

fn passed(status: &Status, whose: &str) {
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("DEADLINE_EXCEEDED", "crossfoot"));
    assert_eq!(info.metadata["deadline_of"], whose);
    assert!(status.message().contains("the same request id"), "{status}");
}

/// A connection whose deadlines are kept by the server alone; a client of tonic keeps
/// them itself.
async fn plain(city: &City) -> SendRequest<Bytes> {
    let connection = TcpStream::connect(city.address.trim_start_matches("http://")).await.unwrap();
    let (calls, connection) = h2::client::handshake(connection).await.unwrap();
    tokio::spawn(connection);
    calls
}

async fn submit_within(calls: SendRequest<Bytes>, request: &wire::SubmitReportRequest, timeout: &str) -> Status {
    let head = Request::post("http://localhost/crossfoot.v1.ReportService/SubmitReport")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", timeout)
        .body(())
        .unwrap();
    let message = request.encode_to_vec();
    let frame = [&[0][..], &(message.len() as u32).to_be_bytes(), &message].concat();
    let (answer, mut body) = calls.ready().await.unwrap().send_request(head, false).unwrap();
    body.send_data(Bytes::from(frame), true).unwrap();
    let answer = answer.await.unwrap();
    Status::from_header_map(answer.headers()).unwrap()
}

/// Sends again until there is an answer, as whoever was told DEADLINE_EXCEEDED does.
async fn insist(city: &City, request: &wire::SubmitReportRequest) -> wire::SubmissionResult {
    loop {
        match city.client.submit(request.clone()).await {
            Ok(result) => return result,
            Err(ClientError::Failed(status)) => passed(&status, "service"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_once_begun_is_finished_and_a_retry_gets_its_receipt() {
    let city = hasty(Duration::from_millis(300)).await;
    let held = city.hold_the_writer();
    let (by_service, by_caller) = (named(own("C-2", 2024, 5), "one"), named(own("C-1-A", 2024, 7), "two"));
    let plain = plain(&city).await;
    let (told, told_caller) =
        tokio::join!(city.client.submit(by_service.clone()), submit_within(plain, &by_caller, "200m"));
    assert!(!held.is_finished(), "the writer was free before the deadline");
    match told.unwrap_err() {
        ClientError::Failed(status) => passed(&status, "service"),
        other => panic!("{other}"),
    }
    passed(&told_caller, "caller");

    held.await.unwrap();
    city.desk.settle().await;
    for request in [by_service, by_caller] {
        let name = request.series.clone().unwrap();
        let asked =
            wire::GetReportRequest { series: series(&name.unit, 2024, wire::Coverage::Own), ..Default::default() };
        let stored = city.client.report(asked).await.unwrap().report.unwrap().receipt.unwrap();
        assert_eq!(stored.revision, 1, "committed although its caller was told otherwise");
        let again = insist(&city, &request).await;
        assert_eq!(again.outcome(), wire::Outcome::Unchanged);
        assert_eq!(again.receipt, Some(stored));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_a_caller_is_never_told_as_a_cancellation() {
    let city = City::new().await;
    let (plain, report) = (plain(&city).await, own("C-2", 2024, 5));
    let held = city.hold_the_writer();
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let (plain, request) = (plain.clone(), named(report.clone(), &number.to_string()));
            let timeout = ["900u", "1m", "1500u", "2m", "7m"][number % 5];
            tokio::spawn(async move { submit_within(plain, &request, timeout).await })
        })
        .collect();
    for call in calls {
        passed(&call.await.unwrap(), "caller");
    }
    assert!(!held.is_finished());
    held.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_open_outlives_the_deadline_of_calls() {
    let city = hasty(Duration::from_millis(300)).await;
    let mut stream = city.client.submissions().await.unwrap();
    let watch = wire::WatchUnitRequest { unit: "C".to_owned(), year: 2024, ..Default::default() };
    let mut watched = city.client.watch(watch).await.unwrap();
    assert!(watched.message().await.unwrap().unwrap().up_to_date);
    let held = city.hold_the_writer();
    let send = |unit| wire::SubmitReportsRequest { submission: Some(own(unit, 2024, 1)) };
    stream.requests.send(send("C-2")).await.unwrap();
    // a call that begins after them comes to its deadline, so they are older than it
    let late = city.client.submit(own("C-1-B", 2024, 1)).await;
    assert!(matches!(late, Err(ClientError::Failed(status)) if status.code() == Code::DeadlineExceeded));
    held.await.unwrap();
    let told = stream.results.message().await.unwrap().unwrap().result.unwrap();
    assert_eq!(told.outcome(), wire::Outcome::Accepted);
    stream.requests.send(send("C-1-A")).await.unwrap();
    assert!(stream.results.message().await.unwrap().is_some());
    while watched.message().await.unwrap().unwrap().changes.is_empty() {}
}

#[tokio::test]
async fn a_call_without_a_place_waits_no_longer_than_its_deadline() {
    let capacity = Capacity { calls: 1, call_deadline: Duration::from_millis(100), ..Capacity::default() };
    let city = City::with(|server| server.with_capacity(capacity)).await;
    let held = city.hold_the_writer();
    // the one place is taken by whoever comes first, and both are answered
    let (one, two) = tokio::join!(city.client.submit(own("C-2", 2024, 1)), city.client.status());
    for status in [one.err(), two.err()].into_iter().flatten() {
        match status {
            ClientError::Failed(status) => passed(&status, "service"),
            other => panic!("{other}"),
        }
    }
    held.await.unwrap();
    city.client.status().await.unwrap();
}
