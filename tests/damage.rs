//! Damage of every kind to every file of the store: recovered exactly, or refused
//! with an error that names the place and the way out. Never another figure, never
//! a silent loss, never a hanging process.
//!
//! `cargo test --test damage -- --nocapture` prints the table of
//! docs/durability.md; `DAMAGE_SEED` plays the same places again.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use city::{City, balanced, request};
use crossfoot::client::wire;
use serde_json::json;

const TRIALS: u64 = 24;
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    TruncatedTail,
    FlippedBit,
    ZeroedBlock,
    Missing,
    HalfWritten,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Recovered,
    Refused,
}

/// Numbers that look random and come again with the seed (splitmix64).
fn mixed(seed: u64) -> usize {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 1) as usize
}

/// Damages a file; places are chosen where something was written.
fn damage(path: &Path, kind: Damage, chance: usize) {
    if kind == Damage::Missing {
        return fs::remove_file(path).unwrap();
    }
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let at = chance % used;
    match kind {
        Damage::TruncatedTail => bytes.truncate(at),
        Damage::FlippedBit => bytes[at] ^= 1 << (chance / used % 8),
        Damage::ZeroedBlock => {
            let block = at / 4_096 * 4_096;
            let end = (block + 4_096).min(bytes.len());
            bytes[block..end].fill(0);
        }
        Damage::HalfWritten => {
            let name = path.file_name().unwrap().to_str().unwrap();
            let half = path.with_file_name(format!("{name}.generating"));
            return fs::write(half, &bytes[..at]).unwrap();
        }
        Damage::Missing => {}
    }
    fs::write(path, bytes).unwrap();
}

/// The end of a process, which must not hang.
fn ended(mut child: Child) -> (i32, String) {
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > PATIENCE => {
                child.kill().unwrap();
                panic!("the process hangs");
            }
            None => std::thread::yield_now(),
        }
    };
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (status.code().unwrap_or(-1), said)
}

/// Opens a damaged store as `verify` does.
fn judged(store: &Path, whole: &str) -> Outcome {
    let child = Command::new(env!("CARGO_BIN_EXE_crossfoot"))
        .args(["verify", "--json", "--data", store.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (code, said) = ended(child);
    match code {
        0 => {
            assert_eq!(said, whole, "another history was taken for the ledger");
            Outcome::Recovered
        }
        1 | 2 => {
            assert!(said.contains(store.to_str().unwrap()) || said.contains("event"), "no place is named: {said}");
            let way_out = said.contains("crossfoot restore --from") || said.contains("holds no ledger");
            assert!(way_out, "no way out is named: {said}");
            Outcome::Refused
        }
        other => panic!("exit code {other}: {said}"),
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A stopped store with some hundred reports, and corrections, and texts.
async fn store() -> tempfile::TempDir {
    let city = City::bare(None).await;
    let unit = |code: &str, parent: Option<&str>| json!({ "code": code, "parent": parent, "kind": "town", "name": code, "from_year": 2019 });
    let units = std::iter::once(unit("R", None)).chain((0..60).map(|number| unit(&format!("R-{number}"), Some("R"))));
    city.apply(&units.collect()).await.unwrap();
    for number in 0..60 {
        for year in 2021..2027 {
            let mut report = city::changed_request(&format!("R-{number}"), &balanced(number), |report| {
                report["narrative"] = json!({ "introduction": format!("{number} {year} ").repeat(40) });
            });
            report.series = city::series(&format!("R-{number}"), year, wire::Coverage::Own);
            city.submit(report).await;
        }
        let mut correction = request(&format!("R-{number}"), 2024, wire::Coverage::Own, &balanced(number + 1));
        correction.expected_revision = Some(1);
        city.submit(correction).await;
    }
    city.stop().await
}

#[tokio::test]
async fn damage_is_recovered_from_exactly_or_refused_with_a_way_out() {
    let seed = std::env::var("DAMAGE_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed: u64 = seed.unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
    println!("DAMAGE_SEED={seed}");
    let folder = store().await;
    // opened and closed once more, so that a snapshot of sled is there too
    let whole = server::run(&["verify", "--json", "--data", folder.path().to_str().unwrap()], "");
    let whole = Arc::new(server::text(&whole));
    let snapshot = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).map(|entry| entry.file_name());
    let snapshot = snapshot.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("snap.")).unwrap();

    let mut cases = Vec::new();
    for file in ["db", "conf", "head", &snapshot] {
        for kind in [Damage::TruncatedTail, Damage::FlippedBit, Damage::ZeroedBlock] {
            cases.extend((0..TRIALS).map(|trial| (file.to_owned(), kind, trial)));
        }
        cases.push((file.to_owned(), Damage::Missing, 0));
    }
    cases.extend((0..TRIALS).map(|trial| (snapshot.clone(), Damage::HalfWritten, trial)));

    let table: Mutex<BTreeMap<(String, Damage), BTreeMap<Outcome, u64>>> = Mutex::default();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((file, kind, trial)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = tempfile::tempdir().unwrap();
                    copied(folder.path(), place.path());
                    damage(&place.path().join(file), *kind, mixed(seed ^ trial << 8 ^ *kind as u64));
                    let outcome = judged(place.path(), &whole);
                    let name = if file.starts_with("snap.") { "snap.*".to_owned() } else { file.clone() };
                    let mut table = table.lock().unwrap();
                    *table.entry((name, *kind)).or_default().entry(outcome).or_default() += 1;
                }
            });
        }
    });
    println!("| file | damage | trials | recovered exactly | refused, with a way out |\n|---|---|---|---|---|");
    for ((file, kind), outcomes) in table.into_inner().unwrap() {
        let of = |outcome| outcomes.get(&outcome).copied().unwrap_or_default();
        let (recovered, refused) = (of(Outcome::Recovered), of(Outcome::Refused));
        println!("| `{file}` | {kind:?} | {} | {recovered} | {refused} |", recovered + refused);
    }
}
