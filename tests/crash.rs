//! SIGKILL at random moments: every acknowledged report is there after the restart.
//!
//! `CRASH_ROUNDS=1000 cargo test --release --test crash -- --nocapture` plays more
//! rounds; `CRASH_SEED` plays the same moments again.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use city::own;
use crossfoot::client::{Client, wire};
use serde_json::{Value, json};
use server::Server;
use wire::{Coverage, Outcome};

const UNITS: usize = 400;
/// Reporting years of one round; a store has room for so many rounds.
const YEARS: usize = 10;
const ROUNDS_OF_A_STORE: usize = 5;
/// The server is killed after so many acknowledgements and up to as many more,
/// with the rest under way.
const ACKNOWLEDGED: usize = 1_000;
/// How often others may run between the last of these and the kill.
const MOMENTS: usize = 400;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Numbers that look random and come again with the seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

fn units() -> Vec<wire::Unit> {
    let root = json!({ "code": "R", "kind": "district", "name": "R", "from_year": 2019 });
    let unit = |n: usize| json!({ "code": format!("R-{n}"), "parent": "R", "kind": "department", "name": "U", "from_year": 2019 });
    std::iter::once(root).chain((0..UNITS).map(unit)).map(|value| city::unit(&value)).collect()
}

/// The n-th report of a round: its unit and year.
fn place(round: usize, number: usize) -> (String, i32) {
    (format!("R-{}", number % UNITS), (2021 + YEARS * (round % ROUNDS_OF_A_STORE) + number / UNITS) as i32)
}

/// The reports of a round, ready to be sent as fast as they are taken.
fn reports(round: usize) -> Vec<wire::SubmitReportRequest> {
    let kinds: Vec<wire::SubmitReportRequest> = (0..7).map(|count| own("R-0", 2021, count)).collect();
    let report = |number: usize| {
        let mut report = kinds[number % 7].clone();
        let (unit, year) = place(round, number);
        report.series = city::series(&unit, year, Coverage::Own);
        report
    };
    (0..UNITS * YEARS).map(report).collect()
}

/// Sends a round's reports and kills the server a moment after so many were
/// acknowledged. Gives the receipts and the number of reports sent.
async fn play(server: &mut Server, round: usize, kill_after: usize, moment: usize) -> (Vec<wire::Receipt>, usize) {
    let reports = reports(round);
    let client = Client::connect(&server.address).await.unwrap();
    let stream = client.submissions().await.unwrap();
    let (requests, mut results) = (stream.requests, stream.results);
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let sender = tokio::spawn(async move {
        for report in reports {
            if requests.send(wire::SubmitReportsRequest { submission: Some(report) }).await.is_err() {
                return;
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
        // more was sent than is answered when the server goes
        std::future::pending::<()>().await;
    });
    let mut receipts = Vec::new();
    while let Ok(Some(response)) = results.message().await {
        let result = response.result.unwrap();
        assert_eq!(result.outcome(), Outcome::Accepted);
        receipts.push(result.receipt.unwrap());
        if receipts.len() == kill_after {
            for _ in 0..moment {
                tokio::task::yield_now().await;
            }
            server.kill();
        }
    }
    sender.abort();
    (receipts, sent.load(Ordering::Relaxed))
}

fn receipts_file(folder: &Path, receipts: &[wire::Receipt]) -> String {
    let mut lines = String::new();
    for wire::Receipt { position, digest, chain_hash, .. } in receipts {
        let line = json!({ "position": position, "digest": digest, "chain_hash": chain_hash });
        writeln!(lines, "{line}").unwrap();
    }
    server::file(folder, "receipts.jsonl", lines.as_bytes())
}

/// Reports of a round that are in the store.
async fn stored(server: &Server, round: usize) -> BTreeSet<(String, i32)> {
    let client = Client::connect(&server.address).await.unwrap();
    let mut found = BTreeSet::new();
    let first = place(round, 0).1;
    for year in first..first + YEARS as i32 {
        let request = wire::ListReportsRequest { year, page_size: 1_000, ..Default::default() };
        let page = client.list(request).await.unwrap();
        assert!(page.next_page_token.is_empty());
        for report in page.reports {
            assert_eq!((report.newest_revision, report.effective_revision), (1, 1), "a report is there twice");
            let series = report.series.unwrap();
            assert_eq!(series.coverage(), Coverage::Own);
            found.insert((series.unit, series.year));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_report_survives_a_kill_at_any_moment() {
    let seed = setting("CRASH_SEED").unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
    let rounds = setting("CRASH_ROUNDS").unwrap_or(25) as usize;
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut chance = Chance(seed);
    let mut folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let (mut all, mut in_commit) = (0, 0);
    for round in 0..rounds {
        if round % ROUNDS_OF_A_STORE == 0 {
            server.kill();
            folder = tempfile::tempdir().unwrap();
            server = Server::start(folder.path());
            let client = Client::connect(&server.address).await.unwrap();
            client.apply_units(wire::ApplyUnitsRequest { units: units(), ..Default::default() }).await.unwrap();
            all = 0;
        }
        let kill_after = ACKNOWLEDGED + chance.below(ACKNOWLEDGED);
        let (receipts, sent) = play(&mut server, round, kill_after, chance.below(MOMENTS)).await;
        assert!(receipts.len() >= ACKNOWLEDGED && sent > receipts.len(), "work was under way");

        // every receipt is proved, every total equals its naive sum
        let file = receipts_file(folder.path(), &receipts);
        let verify = ["verify", "--data", folder.path().to_str().unwrap(), "--receipt", &file, "--json"];
        let verified = server::json(&server::run(&verify, ""));
        assert_eq!(verified["verified"], true, "{verified}");
        assert_eq!(verified["receipts_proved"], Value::from(receipts.len()));
        server = Server::start(folder.path());
        let stored = stored(&server, round).await;
        let expected: BTreeSet<(String, i32)> = (0..stored.len()).map(|number| place(round, number)).collect();
        assert_eq!(stored, expected, "what is stored is the first part of what was sent: no batch in halves");
        assert!(stored.len() >= receipts.len());
        all += stored.len();
        assert_eq!(verified["effective_reports"], Value::from(all));
        let unanswered = stored.len() - receipts.len();
        in_commit += usize::from(unanswered > 0);
        println!(
            "round {round}: {} acknowledged, {} under way, {unanswered} of them durable and not yet told",
            receipts.len(),
            sent - receipts.len()
        );
    }
    println!("{in_commit} of {rounds} kills fell between a commit and its acknowledgements");
    // a retry with the same content is the same report
    let client = Client::connect(&server.address).await.unwrap();
    let (unit, year) = place(rounds - 1, 3);
    let again = client.submit(own(&unit, year, 3)).await.unwrap();
    assert_eq!(again.outcome(), Outcome::Unchanged);
}

#[test]
fn the_command_line_outlives_a_restart_of_the_service() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};

    const LINES: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let mut server = Server::start(&store);
    let units = json!(
        std::iter::once(json!({ "code": "R", "kind": "district", "name": "R", "from_year": 2019 }))
            .chain((0..LINES).map(
                |n| json!({ "code": format!("R-{n}"), "parent": "R", "kind": "town", "name": "U", "from_year": 2019 })
            ))
            .collect::<Vec<_>>()
    );
    let units = server::file(folder.path(), "units.json", units.to_string().as_bytes());
    assert_eq!(server.run(&["units", "apply", &units]).status.code(), Some(0));
    let report = city::json_report(&city::form(), &city::balanced(3));
    let mut sending = Command::new(env!("CARGO_BIN_EXE_crossfoot"))
        .args(["submit", "-", "--json", "--server", &server.address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = sending.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        for number in 0..LINES {
            let line = json!({ "unit": format!("R-{number}"), "year": 2024, "coverage": "OWN", "report": report });
            writeln!(lines, "{line}").unwrap();
        }
    });
    let mut told = Vec::new();
    for line in BufReader::new(sending.stdout.take().unwrap()).lines() {
        told.push(serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        if told.len() == 50 {
            // killed, and started again at the same address
            let address = server.address.trim_start_matches("http://").to_owned();
            server.kill();
            server = Server::start_at(&store, &address);
        }
    }
    writing.join().unwrap();
    assert_eq!(sending.wait().unwrap().code(), Some(0));
    assert_eq!(told.len(), LINES);
    for (number, answer) in told.iter().enumerate() {
        assert_eq!(answer["unit"], format!("R-{number}"));
        assert!(answer["outcome"] == "ACCEPTED" || answer["outcome"] == "UNCHANGED", "{answer}");
        assert_eq!(answer["receipt"]["revision"], 1);
    }
}
