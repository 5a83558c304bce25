//! Power loss: what a real server wrote and synced is recorded, and the disk as it
//! may look after the power went at a random moment is put together again. Every
//! report logged as accepted by then is in the ledger.
//!
//! Three models: nothing is lost; everything that was not synced is lost; random
//! blocks of it are. Names of files count as written once their folder is synced;
//! sync_file_range counts for nothing. `POWER_SEED` plays the same moments again.
//! Needs `cc`, which Rust's linker is.

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
use std::path::{Path, PathBuf};
use std::process::Command;

use city::{balanced, request};
use crossfoot::client::{Client, wire};
use server::{Server, json, run};

const REPORTS: i64 = 120;
const MOMENTS: usize = 16;
const BLOCK: usize = 4_096;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    AllWritten,
    OnlySynced,
    RandomBlocks,
}

/// A record of the trace; see the shim.
#[derive(Debug, Clone)]
struct Record {
    kind: u32,
    path: String,
    inode: u64,
    a: u64,
    data: Vec<u8>,
}

const WRITE: u32 = 1;
const TRUNCATE: u32 = 2;
const SYNC: u32 = 3;
const SYNC_DIR: u32 = 4;
const CREATE: u32 = 5;
const RENAME: u32 = 6;
const UNLINK: u32 = 7;
const SAID: u32 = 8;

fn read_trace(path: &Path) -> Vec<Record> {
    let bytes = fs::read(path).unwrap();
    let (mut records, mut rest) = (Vec::new(), bytes.as_slice());
    while rest.len() >= 32 {
        let number = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap());
        let half = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (kind, path_length, inode, a, b) = (half(0), half(4) as usize, number(8), number(16), number(24) as usize);
        let data_length = if [WRITE, RENAME, SAID].contains(&kind) { b } else { 0 };
        let end = 32 + path_length + data_length;
        let path = String::from_utf8(rest[32..32 + path_length].to_vec()).unwrap();
        records.push(Record { kind, path, inode, a, data: rest[32 + path_length..end].to_vec() });
        rest = &rest[end..];
    }
    records
}

/// The disk: what is durable, and what was done since.
#[derive(Debug, Default)]
struct Disk {
    /// Content by inode.
    content: BTreeMap<u64, Vec<u8>>,
    /// Writes not synced yet, with the number of their record.
    pending: BTreeMap<u64, Vec<(u64, Record)>>,
    names: BTreeMap<String, u64>,
    pending_names: Vec<(u64, Record)>,
}

fn write(content: &mut Vec<u8>, at: usize, data: &[u8]) {
    if content.len() < at + data.len() {
        content.resize(at + data.len(), 0);
    }
    content[at..at + data.len()].copy_from_slice(data);
}

fn apply(content: &mut Vec<u8>, record: &Record) {
    match record.kind {
        WRITE => write(content, record.a as usize, &record.data),
        _ => content.resize(record.a as usize, 0),
    }
}

/// The same, but any of its blocks may be missing.
fn apply_some(content: &mut Vec<u8>, record: &Record, chance: &mut Chance) {
    let mut at = 0;
    while record.kind == WRITE && at < record.data.len() {
        let offset = record.a as usize + at;
        let end = record.data.len().min((offset / BLOCK + 1) * BLOCK - record.a as usize);
        if chance.below(2) == 0 {
            write(content, offset, &record.data[at..end]);
        }
        at = end;
    }
    if record.kind != WRITE && chance.below(2) == 0 {
        apply(content, record);
    }
}

fn rename(names: &mut BTreeMap<String, u64>, record: &Record) {
    match record.kind {
        CREATE => drop(names.insert(record.path.clone(), record.inode)),
        RENAME => {
            if let Some(inode) = names.remove(&record.path) {
                names.insert(String::from_utf8(record.data.clone()).unwrap(), inode);
            }
        }
        _ => drop(names.remove(&record.path)),
    }
}

impl Disk {
    fn enter(&mut self, number: u64, record: &Record) {
        match record.kind {
            WRITE | TRUNCATE => self.pending.entry(record.inode).or_default().push((number, record.clone())),
            SYNC => {
                let pending = self.pending.remove(&record.inode).unwrap_or_default();
                let (durable, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(at, _)| *at < record.a);
                let content = self.content.entry(record.inode).or_default();
                durable.iter().for_each(|(_, record)| apply(content, record));
                self.pending.insert(record.inode, rest);
            }
            SYNC_DIR => {
                let pending = std::mem::take(&mut self.pending_names);
                let (durable, rest): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(at, _)| *at < record.a);
                durable.iter().for_each(|(_, record)| rename(&mut self.names, record));
                self.pending_names = rest;
            }
            CREATE | RENAME | UNLINK => self.pending_names.push((number, record.clone())),
            _ => {}
        }
    }

    /// The folder as it may be found when the power is back.
    fn after_the_loss(&self, model: Model, root: &Path, to: &Path, chance: &mut Chance) {
        fs::create_dir_all(to).unwrap();
        let mut names = self.names.clone();
        let kept = match model {
            Model::AllWritten => self.pending_names.len(),
            Model::OnlySynced => 0,
            Model::RandomBlocks => chance.below(self.pending_names.len() + 1),
        };
        self.pending_names[..kept].iter().for_each(|(_, record)| rename(&mut names, record));
        for (name, inode) in names {
            let mut content = self.content.get(&inode).cloned().unwrap_or_default();
            for (_, record) in self.pending.get(&inode).into_iter().flatten() {
                match model {
                    Model::AllWritten => apply(&mut content, record),
                    Model::OnlySynced => {}
                    Model::RandomBlocks => apply_some(&mut content, record, chance),
                }
            }
            let place = to.join(Path::new(&name).strip_prefix(root).unwrap());
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, content).unwrap();
        }
    }
}

/// The last position that the log says was accepted.
fn accepted(said: &[u8]) -> u64 {
    let said = String::from_utf8_lossy(said);
    let accepted = said.lines().filter(|line| line.contains("report accepted"));
    let position = |line: &str| line.split("ledger.position=").nth(1)?.split_whitespace().next()?.parse().ok();
    accepted.filter_map(position).max().unwrap_or(0)
}

fn shim(folder: &Path) -> PathBuf {
    let library = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_loss/shim.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().unwrap();
    assert!(built.success());
    library
}

/// Records a server that takes reports and is killed.
async fn recorded(folder: &Path, with_syncs: bool) -> (PathBuf, Vec<Record>) {
    let (store, trace) = (folder.join("store"), folder.join("trace"));
    fs::create_dir_all(&store).unwrap();
    let mut settings = vec![
        ("LD_PRELOAD", shim(folder).display().to_string()),
        ("RECORD_TO", trace.display().to_string()),
        ("RECORD_BELOW", store.display().to_string()),
        ("CROSSFOOT_LOG", "info".to_owned()),
    ];
    if !with_syncs {
        settings.push(("RECORD_NO_SYNC", "1".to_owned()));
    }
    let mut server = Server::start_in(&store, &[], &settings);
    let client = Client::connect(&server.address).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    for revision in 0..REPORTS {
        let mut report = request("C-2", 2024, wire::Coverage::Own, &balanced(revision + 1));
        report.expected_revision = (revision > 0).then_some(revision);
        assert_eq!(client.submit(report).await.unwrap().outcome(), wire::Outcome::Accepted);
    }
    server.kill();
    (store, read_trace(&trace))
}

/// Loses the power at random moments; gives how often acknowledged reports were lost.
fn losses(store: &Path, records: &[Record], model: Model, chance: &mut Chance) -> usize {
    let first = records.iter().position(|record| record.kind == SAID && accepted(&record.data) > 0).unwrap();
    let mut moments: Vec<usize> = (0..MOMENTS).map(|_| first + chance.below(records.len() - first)).collect();
    moments.sort_unstable();
    let (mut disk, mut told, mut lost, mut next) = (Disk::default(), 0, 0, 0);
    for (number, record) in records.iter().enumerate() {
        disk.enter(number as u64, record);
        if record.kind == SAID {
            told = told.max(accepted(&record.data));
        }
        while moments.get(next) == Some(&number) {
            next += 1;
            let found = tempfile::tempdir().unwrap();
            disk.after_the_loss(model, store, found.path(), chance);
            let verified = run(&["verify", "--json", "--data", found.path().to_str().unwrap()], "");
            let whole = verified.status.code() == Some(0) && json(&verified)["position"].as_u64().unwrap() >= told;
            lost += usize::from(!whole);
        }
    }
    lost
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_loss_of_power_at_any_moment() {
    let seed = std::env::var("POWER_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed: u64 = seed.unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
    println!("POWER_SEED={seed}");
    let mut chance = Chance(seed);
    let folder = tempfile::tempdir().unwrap();
    let (store, records) = recorded(folder.path(), true).await;
    let count = |kind: u32| records.iter().filter(|record| record.kind == kind).count();
    println!("{} writes, {} syncs recorded", count(WRITE), count(SYNC));
    assert!(count(SYNC) as i64 >= 2 * REPORTS, "the store and the witness are synced with each commit");
    for model in [Model::AllWritten, Model::OnlySynced, Model::RandomBlocks] {
        assert_eq!(losses(&store, &records, model, &mut chance), 0, "{model:?}");
    }
    // with the syncs taken out the same test sees reports lost
    let folder = tempfile::tempdir().unwrap();
    let (store, records) = recorded(folder.path(), false).await;
    let lost = losses(&store, &records, Model::OnlySynced, &mut chance);
    println!("without syncs {lost} of {MOMENTS} moments lost what was acknowledged");
    assert!(lost > 0, "a test that cannot fail proves nothing");
}
