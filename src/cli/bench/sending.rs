//! Loads: reports through streams, and calls with so many of them under way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::measured;
use crate::client::{Client, wire};
use crate::words::clock;

/// Connections that a load is spread over.
pub(super) const CONNECTIONS: usize = 4;

/// Sends reports through one stream a connection, as fast as they are taken; gives
/// the time from the first report to the last answer. Every one must be accepted.
pub(super) async fn stream(clients: &[Client], requests: Vec<wire::SubmitReportRequest>) -> anyhow::Result<Duration> {
    let share = requests.len().div_ceil(clients.len().max(1));
    let mut rest = requests.into_iter();
    let shares: Vec<Vec<_>> = clients.iter().map(|_| rest.by_ref().take(share).collect()).collect();
    let begun = clock::instant();
    let mut streams = JoinSet::new();
    for (client, requests) in clients.iter().cloned().zip(shares) {
        streams.spawn(async move {
            let expected = requests.len();
            let requests = requests.into_iter().map(|report| wire::SubmitReportsRequest { submission: Some(report) });
            let mut results = client.submit_all(tokio_stream::iter(requests)).await?;
            let mut accepted = 0_usize;
            while let Some(response) = results.message().await? {
                expect_accepted(&response.result.unwrap_or_default())?;
                accepted = accepted.saturating_add(1);
            }
            anyhow::ensure!(accepted == expected, "{accepted} of {expected} reports were answered");
            Ok(())
        });
    }
    while let Some(ended) = streams.join_next().await {
        ended??;
    }
    Ok(clock::instant().duration_since(begun))
}

/// Sends reports one a call, so many under way at once; gives the time it took and
/// how long each call took, in microseconds and in order.
pub(super) async fn unary(
    clients: &[Client],
    requests: Vec<wire::SubmitReportRequest>,
    in_flight: usize,
) -> anyhow::Result<(Duration, Vec<u64>)> {
    let queue = Arc::new(Mutex::new(VecDeque::from(requests)));
    let begun = clock::instant();
    let mut callers = JoinSet::new();
    for client in clients.iter().cycle().take(in_flight) {
        let (client, queue) = (client.clone(), Arc::clone(&queue));
        callers.spawn(async move {
            let next = || queue.lock().pop_front();
            let mut took = Vec::new();
            while let Some(request) = next() {
                let begun = clock::instant();
                let result = client.submit(request).await?;
                took.push(micros(clock::instant().duration_since(begun)));
                expect_accepted(&result)?;
            }
            anyhow::Ok(took)
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = callers.join_next().await {
        all.extend(ended??);
    }
    let took = clock::instant().duration_since(begun);
    all.sort_unstable();
    Ok((took, all))
}

fn expect_accepted(result: &wire::SubmissionResult) -> anyhow::Result<()> {
    let wire::SubmissionResult { message_en, findings, series, .. } = result;
    let unit = series.as_ref().map_or("", |series| series.unit.as_str());
    let found = findings.first().map_or("", |finding| finding.message_en.as_str());
    anyhow::ensure!(result.outcome() == wire::Outcome::Accepted, "{unit} was not accepted: {message_en} {found}");
    Ok(())
}

/// How many a second.
pub(super) fn rate(count: usize, took: Duration) -> u64 {
    let count = u128::try_from(count).unwrap_or(0).saturating_mul(1_000_000_000);
    count.checked_div(took.as_nanos()).and_then(|rate| u64::try_from(rate).ok()).unwrap_or(0)
}

pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// Median and 99th percentile of times in order.
pub(super) fn p50_p99(sorted: &[u64]) -> anyhow::Result<(u64, u64)> {
    sorted.first().context("nothing was measured")?;
    Ok((measured::at(sorted, 50, 100), measured::at(sorted, 99, 100)))
}
