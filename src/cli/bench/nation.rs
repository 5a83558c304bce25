//! Two years of a nation's reports: roll-ups while they come in, the memory they
//! take, and how long a start takes with them.

use std::path::Path;

use anyhow::Context as _;

use super::made::{FIRST_YEAR, Maker, districts};
use super::measured::{Measured, Target};
use super::sending::{self, CONNECTIONS, micros, p50_p99};
use super::served::{Served, verify};
use super::{Size, What, progress};
use crate::client::{Client, wire};
use crate::words::clock;

const UNDER_LOAD: u64 = 2_000;
const MEMORY: u64 = 200;
const SCAN_MS: u64 = 50;
const START_MS: u64 = 2_500;
const REPLAY_MS: u64 = 10_000;
/// Years of which every agency reports.
const YEARS: [i32; 2] = [FIRST_YEAR, FIRST_YEAR.saturating_add(1)];
/// The unit at the top.
const TOP: &str = "P";

/// Measures what is asked for.
pub(super) async fn measure(maker: &Maker, size: &Size, what: &[What]) -> anyhow::Result<Vec<Measured>> {
    let folder = tempfile::tempdir_in(&size.dir)?;
    let data = folder.path().join("ledger");
    let mut all = Vec::new();
    let served = Served::start(&data, None)?;
    let weighs = what.contains(&What::Memory);
    let memory = async |served: &Served| if weighs { served.memory().await } else { Ok(0) };
    let empty = memory(&served).await?;
    served.plant(size.reports).await?;
    let planted = memory(&served).await?;
    progress("the units are in");
    let clients = served.clients(CONNECTIONS).await?;
    let [first, second] = YEARS;
    send_year(maker, &clients, size.reports, first).await?;
    progress("the first year is in");
    if what.contains(&What::Scan) {
        all.push(scan(&served.client().await?, size.rounds).await?);
    }
    if what.contains(&What::Rollup) {
        all.extend(rollups(maker, &served, &clients, size).await?);
    } else {
        send_year(maker, &clients, size.reports, second).await?;
    }
    progress("the second year is in");
    let running = memory(&served).await?;
    drop(clients);
    served.stop()?;
    let reports = size.reports.saturating_mul(2);
    let found = verify(&data)?;
    anyhow::ensure!(usize::try_from(found)? == reports, "verify counts {found} reports");
    if weighs {
        let bytes = per(running.saturating_sub(planted), reports);
        let name = "memory of each report beyond the tree, while running";
        all.push(Measured::new("memory", name, "bytes", vec![bytes]).with_target(Target::AtMost(MEMORY)));
        let tree = per(planted.saturating_sub(empty), size.reports);
        all.push(Measured::new("memory_tree", "memory of each unit of the tree", "bytes", vec![tree]));
        let again = Served::start(&data, None)?;
        let bytes = per(again.memory().await?.saturating_sub(planted), reports);
        all.push(Measured::new("memory_started", "the same, after a start", "bytes", vec![bytes]));
        again.stop()?;
    }
    if what.contains(&What::Start) {
        all.extend(starts(&data, size.rounds).await?);
    }
    Ok(all)
}

fn per(bytes: u64, count: usize) -> u64 {
    u64::try_from(count).ok().and_then(|count| bytes.checked_div(count)).unwrap_or(0)
}

/// Every agency reports of a year, in parts that fit the memory of the sender.
async fn send_year(maker: &Maker, clients: &[Client], agencies: usize, year: i32) -> anyhow::Result<()> {
    const PART: usize = 50_000;
    for first in (0..agencies).step_by(PART) {
        let part = first..first.saturating_add(PART).min(agencies);
        let requests = part.map(|agency| maker.submission(agency, year)).collect::<anyhow::Result<_>>()?;
        sending::stream(clients, requests).await?;
    }
    Ok(())
}

fn request(unit: &str, at_position: i64) -> wire::GetRollupRequest {
    let (unit, basis) = (unit.to_owned(), wire::Basis::Units.into());
    wire::GetRollupRequest { unit, year: FIRST_YEAR, basis, at_position, ..Default::default() }
}

/// Roll-ups of the whole and empty calls in turn, while the second year comes in.
async fn rollups(maker: &Maker, served: &Served, senders: &[Client], size: &Size) -> anyhow::Result<Vec<Measured>> {
    let asker = served.client().await?;
    let (_, districts_took) = districts_once(&asker).await?;
    let (mut totals, mut empty) = (Vec::new(), Vec::new());
    let [_, second] = YEARS;
    let mut sending = std::pin::pin!(send_year(maker, senders, size.reports, second));
    loop {
        let asked = async {
            let begun = clock::instant();
            asker.rollup(request(TOP, 0)).await?;
            let told = clock::instant();
            asker.health().await?;
            anyhow::Ok((told.duration_since(begun), clock::instant().duration_since(told)))
        };
        tokio::select! {
            biased;
            sent = &mut sending => break sent?,
            asked = asked => {
                let (total, nothing) = asked?;
                totals.push(micros(total));
                empty.push(micros(nothing));
            }
        }
    }
    totals.sort_unstable();
    empty.sort_unstable();
    let ((p50, p99), (empty_p50, empty_p99)) = (p50_p99(&totals)?, p50_p99(&empty)?);
    let calls = totals.len();
    let ratio = |name, what: &str, of, to| Measured::ratios(name, format!("{what} ({calls} calls)"), &[of], &[to]);
    Ok(vec![
        ratio("rollup_p99_ratio", "roll-up of all while reports come in, p99, to an empty call", p99, empty_p99)
            .with_target(Target::AtMost(UNDER_LOAD)),
        Measured::new("rollup_p50_us", "roll-up while reports come in, median", "µs", vec![p50]),
        Measured::new("rollup_p99_us", "roll-up while reports come in, p99", "µs", vec![p99]),
        Measured::new("empty_p50_us", "empty call while reports come in, median", "µs", vec![empty_p50]),
        Measured::new("empty_p99_us", "empty call while reports come in, p99", "µs", vec![empty_p99]),
        Measured::new("districts_us", "all district totals, one call each", "µs", vec![districts_took]),
    ])
}

/// The totals of all districts, and how long it took to ask for them.
pub(super) async fn districts_once(client: &Client) -> anyhow::Result<(Vec<wire::GetRollupResponse>, u64)> {
    let begun = clock::instant();
    let mut totals = Vec::new();
    for district in districts() {
        totals.push(client.rollup(request(&district, 0)).await?);
    }
    Ok((totals, micros(clock::instant().duration_since(begun))))
}

/// The roll-up of all as of a place in the ledger shortly before its end.
async fn scan(client: &Client, rounds: usize) -> anyhow::Result<Measured> {
    const BEFORE: i64 = 100;
    let head = client.rollup(request(TOP, 0)).await?.position;
    let mut took = Vec::new();
    for _ in 0..rounds {
        let begun = clock::instant();
        client.rollup(request(TOP, head.saturating_sub(BEFORE))).await?;
        took.push(micros(clock::instant().duration_since(begun)).checked_div(1_000).context("never")?);
    }
    let name = "roll-up of all as of an earlier position";
    Ok(Measured::new("scan_ms", name, "ms", took).with_target(Target::AtMost(SCAN_MS)))
}

/// Starts, with the checkpoint and without.
async fn starts(data: &Path, rounds: usize) -> anyhow::Result<Vec<Measured>> {
    let (mut by_checkpoint, mut by_replay) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        by_checkpoint.push(started(data).await?);
        for entry in std::fs::read_dir(data)? {
            let path = entry?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("checkpoint")) {
                std::fs::remove_file(path)?;
            }
        }
        by_replay.push(started(data).await?);
    }
    Ok(vec![
        Measured::new("start_ms", "start with two years, by checkpoint", "ms", by_checkpoint)
            .with_target(Target::AtMost(START_MS)),
        Measured::new("replay_ms", "start with two years, by full replay", "ms", by_replay)
            .with_target(Target::AtMost(REPLAY_MS)),
    ])
}

/// Milliseconds until a server that was started has answered.
async fn started(data: &Path) -> anyhow::Result<u64> {
    let begun = clock::instant();
    let served = Served::start(data, None)?;
    served.client().await?.rollup(request(TOP, 0)).await?;
    let took = clock::instant().duration_since(begun);
    served.stop()?;
    u64::try_from(took.as_millis()).context("too long")
}
