//! Under load: what is too much is refused or waits, and memory stays bounded.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::time::Duration;

use city::{City, balanced, request};
use crossfoot::api::Capacity;
use crossfoot::client::{Any, Client, ClientError, wire};
use server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_types::StatusExt as _;

/// What the server may take on top of an empty one, whatever is sent to it.
const MEMORY_BOUND: u64 = 1 << 30;

fn broken(unit: &str) -> wire::SubmitReportRequest {
    // every required cell is blank: some two hundred findings
    let form = city::form();
    city::request_json(&form, unit, 2024, wire::Coverage::Own, &serde_json::json!({}))
}

#[tokio::test]
async fn a_stream_too_many_is_refused_and_told_when_to_ask_again() {
    let capacity = Capacity { submit_streams: 2, watches: 1, backups: 0, ..Capacity::default() };
    let city = City::with(|server| server.with_capacity(capacity)).await;
    city.apply(&city::units()).await.unwrap();
    let first = city.client.submissions().await.unwrap();
    let _second = city.client.submissions().await.unwrap();
    let refused = |error: ClientError| match error {
        ClientError::Failed(status) => {
            assert_eq!(status.code(), Code::ResourceExhausted);
            assert_eq!(status.get_details_error_info().unwrap().reason, "TOO_MANY");
            assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap() > Duration::ZERO);
        }
        other => panic!("{other}"),
    };
    refused(city.client.submissions().await.unwrap_err());
    refused(city.client.back_up().await.unwrap_err());
    // a stream that ends makes room, and single reports go on all the while
    city.submit(request("C-2", 2024, wire::Coverage::Own, &balanced(1))).await;
    drop(first);
    while city.client.submissions().await.is_err() {
        tokio::task::yield_now().await;
    }
    let watch = || wire::WatchUnitRequest { unit: "C".to_owned(), year: 2024, ..Default::default() };
    let _one = city.client.watch(watch()).await.unwrap();
    refused(city.client.watch(watch()).await.unwrap_err());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let capacity = Capacity { first_byte: Duration::from_millis(20), ..Capacity::default() };
    let city = City::with(|server| server.with_capacity(capacity)).await;
    let mut silent = TcpStream::connect(city.address.trim_start_matches("http://")).await.unwrap();
    let mut said = Vec::new();
    // the server says its settings first; then it closes
    let _ = silent.read_to_end(&mut said).await;
    city.client.status().await.unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let city = City::with(|server| server.with_capacity(Capacity { connections: 2, ..Capacity::default() })).await;
    let address = city.address.trim_start_matches("http://").to_owned();
    // one place is the client's own
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let waiting =
        tokio::spawn(async move { Client::connect(&format!("http://{address}")).await.unwrap().status().await });
    city.client.status().await.unwrap();
    silent.shutdown().await.unwrap();
    drop(silent);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_message_too_large_is_refused_before_it_is_read_whole() {
    let city = City::new().await;
    let mut large = request("C-2", 2024, wire::Coverage::Own, &balanced(1));
    large.report = Some(Any { type_url: large.report.unwrap().type_url, value: vec![0; 4 << 20].into() });
    let status = match city.client.submit(large).await.unwrap_err() {
        ClientError::Failed(status) | ClientError::Refused(status) => status,
        other => panic!("{other}"),
    };
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status}");
    city.submit(request("C-2", 2024, wire::Coverage::Own, &balanced(1))).await;
}

/// Bytes of memory a process holds.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_streams_and_a_flood_of_large_messages_stay_below_the_bound() {
    const SLOW: usize = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = Client::connect(&server.address).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    let before = memory(server.pid());
    // streams that send what is answered at length, and take no answer
    let mut held = Vec::new();
    let mut refused = 0;
    let report = broken("C-2");
    for number in 0..SLOW {
        let client = Client::connect(&server.address).await;
        let Ok(client) = client else { break };
        let opened = tokio::time::timeout(Duration::from_secs(2), client.submissions()).await;
        match opened {
            Ok(Ok(stream)) => {
                for _ in 0..200 {
                    let message = wire::SubmitReportsRequest { submission: Some(report.clone()) };
                    if stream.requests.try_send(message).is_err() {
                        break;
                    }
                }
                held.push((stream, client));
            }
            Ok(Err(_)) => refused += 1,
            // no place for the connection: the rest would wait as well
            Err(_) => {
                println!("the connections are taken after {number}");
                break;
            }
        }
    }
    // and a flood of messages above the limit, over connections that have a place
    let mut large = request("C-2", 2024, wire::Coverage::Own, &balanced(1));
    large.report = Some(Any { type_url: large.report.unwrap().type_url, value: vec![1; 4 << 20].into() });
    for round in 0..3 {
        let flood = held.iter().take(64).map(|(_, client)| {
            let (client, large) = (client.clone(), large.clone());
            tokio::spawn(async move { client.submit(large).await.is_err() })
        });
        for sent in flood.collect::<Vec<_>>() {
            assert!(sent.await.unwrap(), "round {round}");
        }
    }
    let grown = memory(server.pid()).saturating_sub(before);
    println!("{} streams held, {refused} refused; the server grew by {} MiB at most", held.len(), grown >> 20);
    assert!(!held.is_empty() && grown < MEMORY_BOUND);
    // who is connected is still served
    let total = client.rollup(city::rollup_request("C", 2024, wire::Basis::Units)).await.unwrap();
    assert_eq!(total.reports, 0);
}

#[tokio::test]
async fn a_silent_or_half_open_connection_does_not_keep_the_service_from_stopping() {
    let city = City::new().await;
    let address = city.address.trim_start_matches("http://").to_owned();
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let mut half = TcpStream::connect(&address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    city.stop().await;
    // both are closed, not left open
    for connection in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest).await;
    }
}
