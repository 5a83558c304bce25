//! Reports coming in: through streams and one a call.

use anyhow::Context as _;

use super::made::{FIRST_YEAR, Maker};
use super::measured::{Measured, Target};
use super::sending::{self, CONNECTIONS, micros, p50_p99, rate};
use super::served::{Served, verify};
use super::{Size, progress};
use crate::client::wire;
use crate::ledger::Probe;
use crate::words::clock;

const STREAM_PER_SECOND: u64 = 250_000;
const MIRRORED: u64 = 700;
const UNARY_512: u64 = 900;
const UNARY_1: u64 = 1_250;

/// Submissions of agencies' reports of the first year.
fn submissions(
    maker: &Maker,
    agencies: std::ops::Range<usize>,
    dry: bool,
) -> anyhow::Result<Vec<wire::SubmitReportRequest>> {
    let submission = |agency| {
        let submission = maker.submission(agency, FIRST_YEAR)?;
        Ok(wire::SubmitReportRequest { validate_only: dry, ..submission })
    };
    agencies.map(submission).collect()
}

/// Streams into an empty ledger, with and without a mirror in turn.
pub(super) async fn stream(maker: &Maker, size: &Size) -> anyhow::Result<Vec<Measured>> {
    let (mut plain, mut mirrored, mut on_disk, mut sent) = (vec![], vec![], vec![], vec![]);
    for round in 0..size.rounds {
        for with_mirror in if round.is_multiple_of(2) { [false, true] } else { [true, false] } {
            let folder = tempfile::tempdir_in(&size.dir)?;
            let (data, mirror) = (folder.path().join("ledger"), folder.path().join("mirror"));
            let served = Served::start(&data, with_mirror.then_some(mirror.as_path()))?;
            served.plant(size.reports).await?;
            let before = bytes_of(&data)?;
            let requests = submissions(maker, 0..size.reports, false)?;
            let bytes: u64 = requests.iter().map(report_bytes).sum();
            let clients = served.clients(CONNECTIONS).await?;
            let took = sending::stream(&clients, requests).await?;
            drop(clients);
            served.stop()?;
            let found = verify(&data)?;
            anyhow::ensure!(usize::try_from(found)? == size.reports, "verify counts {found} reports");
            let per_second = rate(size.reports, took);
            progress(&format!("stream, round {round}, mirror {with_mirror}: {per_second} reports/s"));
            if with_mirror {
                mirrored.push(per_second);
            } else {
                plain.push(per_second);
                on_disk.push(bytes_of(&data)?.saturating_sub(before));
                sent.push(bytes);
            }
        }
    }
    Ok(vec![
        Measured::ratios("stream_mirror_ratio", "the same with a mirror, to without", &mirrored, &plain)
            .with_target(Target::AtLeast(MIRRORED)),
        Measured::ratios("stream_disk_ratio", "disk for each report, to its bytes", &on_disk, &sent)
            .with_target(Target::AtMost(1_000)),
        Measured::new("stream", "bidi stream, durable", "reports/s", plain)
            .with_target(Target::AtLeast(STREAM_PER_SECOND)),
        Measured::new("stream_mirror", "bidi stream, durable, mirrored", "reports/s", mirrored),
    ])
}

fn report_bytes(request: &wire::SubmitReportRequest) -> u64 {
    request.report.as_ref().map_or(0, |report| report.value.len() as u64)
}

/// Bytes of all files in a folder, as the disk holds them.
fn bytes_of(folder: &std::path::Path) -> anyhow::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut sum = 0_u64;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let more = if metadata.is_dir() { bytes_of(&entry.path())? } else { metadata.blocks().saturating_mul(512) };
        sum = sum.saturating_add(more);
    }
    Ok(sum)
}

/// One report a call, stored and only judged in turn.
pub(super) async fn unary(maker: &Maker, size: &Size) -> anyhow::Result<Vec<Measured>> {
    const PAIRS: usize = 9;
    const CALLS: usize = 20_000;
    const SINGLE: usize = 400;
    let folder = tempfile::tempdir_in(&size.dir)?;
    let data = folder.path().join("ledger");
    let served = Served::start(&data, None)?;
    let all = PAIRS.saturating_mul(CALLS.saturating_add(SINGLE));
    // those that are only judged stay new
    let judged = |count: usize| all..all.saturating_add(count);
    served.plant(all.saturating_add(CALLS)).await?;
    let clients = served.clients(CONNECTIONS).await?;
    let (mut many, mut many_dry, mut one, mut one_dry, mut commits) = (vec![], vec![], vec![], vec![], vec![]);
    let mut next = 0_usize;
    for pair in 0..PAIRS {
        let turns = if pair.is_multiple_of(2) { [true, false] } else { [false, true] };
        for dry in turns {
            let agencies = if dry { judged(CALLS) } else { next..next.saturating_add(CALLS) };
            let requests = submissions(maker, agencies, dry)?;
            let (took, _) = sending::unary(&clients, requests, 512).await?;
            if dry { &mut many_dry } else { &mut many }.push(rate(CALLS, took));
        }
        next = next.saturating_add(CALLS);
        let alone = clients.get(..1).context("no connection")?;
        for dry in turns {
            let agencies = if dry { judged(SINGLE) } else { next..next.saturating_add(SINGLE) };
            let requests = submissions(maker, agencies, dry)?;
            let (_, took) = sending::unary(alone, requests, 1).await?;
            if dry { &mut one_dry } else { &mut one }.push(p50_p99(&took)?.0);
        }
        next = next.saturating_add(SINGLE);
        commits.push(one_commit(&size.dir, SINGLE)?);
        progress(&format!(
            "unary, pair {pair}: {:?} and {:?} calls/s, {:?} and {:?} µs, commit {:?} µs",
            many.last(),
            many_dry.last(),
            one.last(),
            one_dry.last(),
            commits.last()
        ));
    }
    drop(clients);
    served.stop()?;
    let found = verify(&data)?;
    anyhow::ensure!(usize::try_from(found)? == all, "verify counts {found} reports");
    let floor: Vec<u64> = one_dry.iter().zip(&commits).map(|(dry, commit)| dry.saturating_add(*commit)).collect();
    Ok(vec![
        Measured::ratios("unary_512_ratio", "unary, 512 in flight, to the same without a store", &many, &many_dry)
            .with_target(Target::AtLeast(UNARY_512)),
        Measured::ratios("unary_1_ratio", "unary, 1 in flight, to without a store + a commit", &one, &floor)
            .with_target(Target::AtMost(UNARY_1)),
        Measured::new("unary_512", "unary, 512 in flight", "calls/s", many),
        Measured::new("unary_512_dry", "the same, judged only", "calls/s", many_dry),
        Measured::new("unary_1_p50_us", "unary, 1 in flight, median", "µs", one),
        Measured::new("unary_1_dry_p50_us", "the same, judged only", "µs", one_dry),
        Measured::new("commit_p50_us", "sled, one page, flushed and synced", "µs", commits),
    ])
}

/// Median time of a commit of one page in a store of its own.
fn one_commit(dir: &std::path::Path, count: usize) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir_in(dir)?;
    let mut probe = Probe::open(folder.path())?;
    let mut took = Vec::new();
    for _ in 0..count {
        let begun = clock::instant();
        probe.commit()?;
        took.push(micros(clock::instant().duration_since(begun)));
    }
    took.sort_unstable();
    Ok(p50_p99(&took)?.0)
}
