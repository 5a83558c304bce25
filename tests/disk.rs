//! A full disk, one that only reads, one that is gone, one that fails, a second
//! process, no memory: under a real server. What was acknowledged stays and is there
//! once, reads go on, writing resumes without a restart.
//!
//! Needs unshare, nsenter, mount and prlimit (util-linux), user namespaces that are
//! open to everyone, and `cc`, which Rust's linker is. No root.

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
mod small_disk;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use city::own;
use crossfoot::client::{Client, ClientError, wire};
use serde_json::{Value, json};
use server::{CROSSFOOT, Server};
use small_disk::{Disk, text};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const UNITS: usize = 20;
/// Within this what resumes by itself has resumed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a small disk, and the receipts it gave.
struct Place {
    disk: Disk,
    store: PathBuf,
    server: Server,
    client: Client,
    /// By number of the report.
    receipts: BTreeMap<usize, wire::Receipt>,
    folder: tempfile::TempDir,
}

/// The n-th report.
fn report(number: usize) -> wire::SubmitReportRequest {
    let (unit, year) = (format!("R-{}", number % UNITS), 2021 + number / UNITS);
    wire::SubmitReportRequest { request_id: format!("the-{number}"), ..own(&unit, year as i32, number as i64) }
}

/// For the allocator.
const GIVES_BACK: &str = "_RJEM_MALLOC_CONF=retain:false,dss:disabled,dirty_decay_ms:0,muzzy_decay_ms:0";

/// What a failed call says: its code, its reason, its words.
fn failure(error: ClientError) -> (Code, String, Status) {
    match error {
        ClientError::Failed(status) => {
            let reason = status.get_details_error_info().unwrap().reason;
            let again = status.get_details_retry_info().unwrap().retry_delay.unwrap();
            assert!(again > Duration::ZERO, "it is not said when to ask again: {status}");
            (status.code(), reason, *status)
        }
        other => panic!("{other}"),
    }
}

impl Place {
    /// A store on the disk itself; sled meets whatever happens to it.
    async fn on(disk: Disk) -> Self {
        Self::on_set(disk, &[]).await
    }

    /// The same; memory that is let go is given back at once, so that what is needed is
    /// asked of the system.
    async fn on_giving_back(disk: Disk) -> Self {
        Self::on_set(disk, &[GIVES_BACK.to_owned()]).await
    }

    /// A store on a disk that can be made to fail, as memory can.
    async fn on_failing(disk: Disk) -> Self {
        let to = |name: &str, value: &Path| format!("{name}={}", value.display());
        let (when, below) = (to("FAIL_WHEN", &disk.path("failing")), to("FAIL_BELOW", &disk.path("store")));
        Self::on_set(disk, &[GIVES_BACK.to_owned(), to("LD_PRELOAD", &shim()), when, below]).await
    }

    /// A store on the disk itself, with variables set for the server.
    async fn on_set(disk: Disk, variables: &[String]) -> Self {
        let (mut under, store) = (disk.enter(), disk.path("store"));
        under.push("env".to_owned());
        under.extend_from_slice(variables);
        Self::with(disk, &under, store, &["--disk-reserve-mib", "0"]).await
    }

    async fn with(disk: Disk, under: &[String], store: PathBuf, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start_under(under, &store, more, &folder.path().join("log"));
        let client = Client::connect(&server.address).await.unwrap();
        let unit = |code: &str, parent: &str| {
            city::unit(&json!({ "code": code, "parent": parent, "kind": "town", "name": code, "from_year": 2019 }))
        };
        let below = (0..UNITS).map(|number| unit(&format!("R-{number}"), "R"));
        let units = std::iter::once(unit("R", "")).chain(below).collect();
        client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
        Self { disk, store, server, client, receipts: BTreeMap::new(), folder }
    }

    /// Starts a server that has ended.
    async fn start_again(&mut self, more: &[&str]) {
        let log = self.folder.path().join("log");
        self.server = Server::start_under(&self.disk.enter(), &self.store, more, &log);
        self.client = Client::connect(&self.server.address).await.unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Sends a report; keeps its receipt if there is one.
    async fn submit(&mut self, number: usize) -> Result<(), ClientError> {
        let result = self.client.submit(report(number)).await?;
        assert!(matches!(result.outcome(), wire::Outcome::Accepted | wire::Outcome::Unchanged), "{result:?}");
        let receipt = result.receipt.unwrap();
        assert_eq!(receipt.revision, 1);
        if let Some(before) = self.receipts.insert(number, receipt.clone()) {
            assert_eq!(before, receipt, "a report has one receipt");
        }
        Ok(())
    }

    async fn submit_all(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.submit(number).await.unwrap();
        }
    }

    /// Sends a report again and again until it is acknowledged, as a caller does.
    async fn submit_patiently(&mut self, number: usize) {
        let begun = Instant::now();
        while let Err(error) = self.submit(number).await {
            let (_, _, status) = failure(error);
            assert!(begun.elapsed() < PATIENCE, "writing does not resume: {status}");
        }
    }

    /// Sends a report until it is refused; gives the next number and the refusal.
    async fn submit_until_refused(&mut self, mut number: usize) -> (usize, (Code, String, Status)) {
        let begun = Instant::now();
        loop {
            if let Err(error) = self.submit(number).await {
                return (number, failure(error));
            }
            number += 1;
            assert!(begun.elapsed() < PATIENCE, "the disk is never full");
        }
    }

    /// Totals and lists, which are in memory.
    async fn totals_go_on(&self) {
        let total = self.client.rollup(city::rollup_request("R", 2021, wire::Basis::Units)).await.unwrap();
        assert_eq!(total.reports, self.receipts.len().min(UNITS) as i64);
        let request = wire::ListReportsRequest { page_size: 1_000, ..Default::default() };
        let listed = self.client.list(request).await.unwrap().reports;
        assert_eq!(listed.iter().filter(|report| report.effective_revision == 1).count(), self.receipts.len());
    }

    /// The same, and what stands in the ledger alone.
    async fn reads_go_on(&self) {
        self.totals_go_on().await;
        for (number, receipt) in &self.receipts {
            assert_eq!(self.stored(*number).await.unwrap().as_ref(), Some(receipt));
        }
    }

    /// The same while the store that failed cannot be opened again: sled may refuse to
    /// read what was written last, and gives nothing else for it.
    async fn reads_go_on_or_are_refused(&self) {
        self.totals_go_on().await;
        for (number, receipt) in &self.receipts {
            match self.stored(*number).await {
                Ok(stored) => assert_eq!(stored.as_ref(), Some(receipt)),
                Err(error) => {
                    let (code, reason, status) = failure(error);
                    assert_eq!((code, reason.as_str()), (Code::Unavailable, "LEDGER_UNREADABLE"), "{status}");
                }
            }
        }
    }

    /// The receipt of a report that stands in the ledger.
    async fn stored(&self, number: usize) -> Result<Option<wire::Receipt>, ClientError> {
        let request = wire::GetReportRequest { series: report(number).series, ..Default::default() };
        Ok(self.client.report(request).await?.report.unwrap().receipt)
    }

    /// Runs the program where it sees the disk.
    fn run(&self, args: &[&str]) -> std::process::Output {
        self.disk.run(CROSSFOOT, args)
    }

    /// Every acknowledged report is in a ledger, once, and nothing else is; all
    /// totals are right.
    fn verify(&self, ledger: &str) -> Value {
        let mut lines = String::new();
        for wire::Receipt { position, digest, chain_hash, .. } in self.receipts.values() {
            writeln!(lines, "{}", json!({ "position": position, "digest": digest, "chain_hash": chain_hash })).unwrap();
        }
        let receipts = server::file(self.folder.path(), "receipts.jsonl", lines.as_bytes());
        let verified = server::json(&self.run(&["verify", "--data", ledger, "--receipt", &receipts, "--json"]));
        assert_eq!(verified["verified"], true, "{verified}");
        assert_eq!(verified["receipts_proved"], Value::from(self.receipts.len()));
        assert_eq!(verified["effective_reports"], Value::from(self.receipts.len()));
        verified
    }

    /// Reads what is there, stops the server, and proves the ledger.
    async fn end(mut self) -> Self {
        self.reads_go_on().await;
        assert_eq!(self.server.terminate(), Some(0));
        self.verify(text(&self.store));
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_keeps_the_store_from_a_full_disk() {
    const REPORTS: usize = 30;
    let disk = Disk::new(40);
    let (under, store) = (disk.enter(), disk.path("store"));
    let mut place = Place::with(disk, &under, store, &["--disk-reserve-mib", "16"]).await;
    place.submit_all(0..REPORTS).await;
    place.disk.fill(15 << 20);
    let full = place.disk.free();
    for _ in 0..5 {
        let (code, reason, status) = failure(place.submit(REPORTS).await.unwrap_err());
        assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "DISK_FULL"), "{status}");
    }
    // reports that are refused are judged and told, and do not use up the reserve
    let form = city::form();
    for number in 0..UNITS {
        let refused = city::request_json(&form, &format!("R-{number}"), 2050, wire::Coverage::Own, &json!({}));
        assert_eq!(place.client.submit(refused).await.unwrap().outcome(), wire::Outcome::Refused);
    }
    assert_eq!(place.disk.free(), full);
    place.reads_go_on().await;
    // what was acknowledged is told again
    place.submit(0).await.unwrap();
    place.disk.make_room();
    place.submit(REPORTS).await.unwrap();
    assert_eq!(place.log().matches("nothing can be written now").count(), 1, "{}", place.log());
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meets_a_full_disk_is_written_once_when_there_is_room() {
    const SENDERS: usize = 6;
    const FIRST: usize = 40;
    const ALL: usize = 240;
    let mut place = Place::on(Disk::new(24)).await;
    place.submit_all(0..FIRST).await;
    // the disk fills up while reports come in; each is sent until it is acknowledged
    let (next, refusals) = (Arc::new(AtomicUsize::new(FIRST)), Arc::new(AtomicUsize::new(0)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, next, refusals) = (place.client.clone(), Arc::clone(&next), Arc::clone(&refusals));
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= ALL {
                        return receipts;
                    }
                    let begun = Instant::now();
                    let result = loop {
                        match client.submit(report(number)).await {
                            Ok(result) => break result,
                            Err(error) => {
                                let (code, reason, status) = failure(error);
                                let told = (code, reason.as_str());
                                let full = (Code::ResourceExhausted, "DISK_FULL");
                                let unknown = (Code::Unavailable, "LEDGER_UNAVAILABLE");
                                assert!(told == full || told == unknown, "{status}");
                                assert!(begun.elapsed() < PATIENCE, "writing does not resume: {status}");
                                refusals.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    };
                    receipts.push((number, result.receipt.unwrap()));
                }
            })
        })
        .collect();
    let disk = &place.disk;
    tokio::task::block_in_place(|| disk.fill(0));
    while refusals.load(Ordering::Relaxed) < 50 {
        tokio::task::yield_now().await;
        assert!(next.load(Ordering::Relaxed) < ALL, "the disk was never full");
    }
    // reads go on from the store that failed, which is not opened before there is room
    let request = wire::GetReportRequest { series: report(0).series, ..Default::default() };
    assert!(place.client.report(request).await.unwrap().report.is_some());
    place.disk.make_room();
    for sender in senders {
        for (number, receipt) in sender.await.unwrap() {
            assert_eq!(receipt.revision, 1);
            place.receipts.insert(number, receipt);
        }
    }
    assert_eq!(place.receipts.len(), ALL);
    assert!(place.log().contains("a commit failed"), "sled met the full disk: {}", place.log());
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_mounted_read_only_under_a_running_server_is_written_to_until_it_must_be_opened() {
    let mut place = Place::on(Disk::new(24)).await;
    place.submit_all(0..5).await;
    let store = text(&place.store).to_owned();
    place.disk.must("mount", &["--bind", &store, &store]);
    place.disk.must("mount", &["-o", "remount,ro,bind", &store]);
    assert!(std::fs::write(place.disk.seen("store/new"), b"").is_err(), "it is read-only");
    // Linux lets files be written that were open before
    place.submit_all(5..10).await;
    // a full disk has the store closed; it can then not be opened
    place.disk.fill(0);
    let (next, _) = place.submit_until_refused(10).await;
    place.disk.make_room();
    for _ in 0..3 {
        let (code, reason, status) = failure(place.submit(next).await.unwrap_err());
        assert_eq!((code, reason.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"), "{status}");
        assert!(status.message().contains("Read-only file system"), "{status}");
    }
    place.reads_go_on_or_are_refused().await;
    place.disk.must("mount", &["-o", "remount,rw,bind", &store]);
    place.submit_patiently(next).await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_read_only_store_is_refused_and_told_what_to_do() {
    let mut place = Place::on(Disk::new(24)).await;
    place.submit_all(0..5).await;
    let place = place.end().await;
    let store = text(&place.store);
    place.disk.must("mount", &["--bind", store, store]);
    place.disk.must("mount", &["-o", "remount,ro,bind", store]);
    let serving = server::refused_under(&place.disk.enter(), &place.store, &[]);
    let verifying = place.run(&["verify", "--data", store]);
    assert_eq!(verifying.status.code(), Some(1));
    for said in [serving, server::text(&verifying)] {
        assert!(said.contains(store) && said.contains("Read-only file system"), "{said}");
        assert!(said.contains("mount its disk for writing") && !said.contains("panicked"), "{said}");
    }
    place.disk.must("umount", &[store]);
    place.verify(store);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_gone_is_noticed_before_anything_is_acknowledged_and_writing_resumes_when_it_is_back() {
    let mut place = Place::on(Disk::new(24)).await;
    place.submit_all(0..5).await;
    let (disk, kept) = (text(&place.disk.path("")).to_owned(), place.folder.path().join("kept"));
    std::fs::create_dir(&kept).unwrap();
    place.disk.must("mount", &["--bind", &disk, text(&kept)]);
    // the files that are open can still be written, and nobody would find them again
    place.disk.must("umount", &["--lazy", &disk]);
    for _ in 0..3 {
        let (code, reason, status) = failure(place.submit(5).await.unwrap_err());
        assert_eq!((code, reason.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"), "{status}");
        assert!(status.message().contains("No such file"), "{status}");
    }
    place.reads_go_on().await;
    assert!(!place.disk.seen("store").exists(), "no other ledger is begun in its place");
    place.disk.must("mount", &["--bind", text(&kept), &disk]);
    place.submit_patiently(5).await;
    place.submit_all(6..10).await;
    // a copy is put in its place: other files, the same ledger
    let (store, away) = (text(&place.store).to_owned(), place.disk.path("away"));
    place.disk.must("mv", &[&store, text(&away)]);
    place.disk.must("cp", &["-r", text(&away), &store]);
    let (_, reason, status) = failure(place.submit(10).await.unwrap_err());
    assert_eq!(reason, "LEDGER_UNAVAILABLE");
    assert!(status.message().contains("its outcome is not known"), "{status}");
    place.submit_patiently(10).await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_on_a_full_disk_is_told_and_catches_up_by_itself() {
    let disk = Disk::new(8);
    let (mirror, folder) = (disk.path("mirror"), tempfile::tempdir().unwrap());
    let (under, store) = (disk.enter(), folder.path().join("store"));
    let mut place = Place::with(disk, &under, store, &["--mirror", text(&mirror)]).await;
    place.submit_all(0..10).await;
    place.disk.fill(0);
    // it is not required: reports are taken, and the mirror falls behind
    let client = place.client.clone();
    let status = async || client.status().await.unwrap();
    let mut number = 10;
    while status().await.mirror.unwrap().problem.is_empty() {
        place.submit(number).await.unwrap();
        number += 1;
    }
    place.submit_all(number..number + 20).await;
    let told = status().await;
    let behind = told.mirror.unwrap();
    assert!(behind.position < told.position && behind.problem.contains("No space left"), "{behind:?}");
    assert_eq!(place.log().matches("the mirror cannot be written").count(), 1, "told once: {}", place.log());
    place.disk.make_room();
    let begun = Instant::now();
    while status().await.mirror.unwrap()
        != (wire::MirrorStatus { path: behind.path.clone(), position: told.position, problem: String::new() })
    {
        assert!(begun.elapsed() < PATIENCE, "the mirror does not catch up: {:?}", status().await);
    }
    let mut place = place.end().await;
    // a mirror that could not even be begun
    std::fs::remove_file(place.disk.seen("mirror/ledger.copy")).unwrap();
    place.disk.fill(0);
    place.start_again(&["--mirror", text(&mirror)]).await;
    let client = place.client.clone();
    let problem = async || client.status().await.unwrap().mirror.unwrap().problem;
    assert!(problem().await.contains("No space left"), "{}", problem().await);
    place.disk.make_room();
    let begun = Instant::now();
    while !problem().await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the mirror does not catch up: {}", problem().await);
    }
    restored_from_mirror(place.end().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_required_mirror_on_a_full_disk_nothing_is_acknowledged_that_is_not_in_it() {
    let disk = Disk::new(8);
    let (mirror, folder) = (disk.path("mirror"), tempfile::tempdir().unwrap());
    let more = ["--mirror", text(&mirror), "--mirror-required"];
    let (under, store) = (disk.enter(), folder.path().join("store"));
    let mut place = Place::with(disk, &under, store, &more).await;
    place.submit_all(0..10).await;
    place.disk.fill(0);
    let (next, (code, reason, said)) = place.submit_until_refused(10).await;
    assert_eq!((code, reason.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"), "{said}");
    assert!(said.message().contains("the mirror cannot be written"), "{said}");
    for _ in 0..3 {
        failure(place.submit(next).await.unwrap_err());
    }
    place.disk.make_room();
    place.submit(next).await.unwrap();
    place.submit_all(next + 1..next + 10).await;
    restored_from_mirror(place.end().await);
}

/// What is restored from the mirror is the same ledger.
fn restored_from_mirror(place: Place) {
    let again = place.folder.path().join("again");
    let copy = place.disk.path("mirror/ledger.copy");
    let restored = place.run(&["restore", "--from", text(&copy), "--data", text(&again)]);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
    assert_eq!(place.verify(text(&again)), place.verify(text(&place.store)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_a_folder_is_refused_while_the_first_goes_on() {
    let mut place = Place::on(Disk::new(24)).await;
    place.submit_all(0..5).await;
    let store = text(&place.store).to_owned();
    for _ in 0..3 {
        let said = server::refused_under(&place.disk.enter(), &place.store, &[]);
        assert!(said.contains(&store) && said.contains("in use by another process"), "{said}");
    }
    let said = place.run(&["verify", "--data", &store]);
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("in use by another process"));
    place.submit_all(5..10).await;
    place.end().await;
}

/// Builds the library that has calls fail; gives its path.
fn shim() -> PathBuf {
    static BUILT: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/small_disk/failing.c");
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("failing.so");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
        assert!(built.unwrap().success());
        (folder, library)
    });
    BUILT.1.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_under_open_files_loses_nothing_and_writing_resumes_when_it_works_again() {
    let mut place = Place::on_failing(Disk::new(24)).await;
    let mut next = 0;
    for (fails, says) in [("write EROFS", "Read-only file system"), ("sync EIO", "Input/output error")] {
        place.submit_all(next..next + 5).await;
        next += 5;
        std::fs::write(place.disk.seen("failing"), fails).unwrap();
        for _ in 0..5 {
            let (code, reason, status) = failure(place.submit(next).await.unwrap_err());
            assert_eq!((code, reason.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"), "{status}");
            assert!(status.message().contains(says), "{status}");
        }
        place.totals_go_on().await;
        // sled panics where it cannot sync while it is dropped, and that is met
        let begun = Instant::now();
        while fails.starts_with("sync") && !place.log().contains("could not be synced when it was let go") {
            assert!(begun.elapsed() < PATIENCE, "{}", place.log());
        }
        std::fs::remove_file(place.disk.seen("failing")).unwrap();
        place.submit_patiently(next).await;
        next += 1;
    }
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_writer_ends_the_process() {
    let mut place = Place::on_failing(Disk::new(24)).await;
    place.submit_all(0..5).await;
    // sled panics in a commit where it gets no memory for its next segment
    std::fs::write(place.disk.seen("failing"), "memory").unwrap();
    let long = |number: usize| {
        let change = |report: &mut Value| {
            report["narrative"] = json!({ "introduction": format!("{number} ").repeat(10_000) });
        };
        let mut request = city::changed_request("R-0", &city::balanced(1), change);
        request.series = city::series("R-0", 2100 + number as i32, wire::Coverage::Own);
        request
    };
    let mut sent = 0;
    while place.client.submit(long(sent)).await.is_ok() {
        sent += 1;
        assert!(sent < 90, "the writer does not panic");
    }
    assert_eq!(place.server.ended(PATIENCE).code(), Some(3), "{}", place.log());
    let log = place.log();
    assert!(log.contains("a panic; the process ends") && log.contains("panic.thread=\"ledger\""), "{log}");
    // it is started again, as whoever watches it does
    std::fs::remove_file(place.disk.seen("failing")).unwrap();
    place.start_again(&["--disk-reserve-mib", "0"]).await;
    for number in 0..=sent {
        let result = place.client.submit(long(number)).await.unwrap();
        let expected = if number < sent { wire::Outcome::Unchanged } else { wire::Outcome::Accepted };
        assert_eq!((result.outcome(), result.receipt.unwrap().revision), (expected, 1), "{number} of {sent}");
    }
    place.submit_all(5..10).await;
    assert_eq!(place.server.terminate(), Some(0));
    let verified = server::json(&place.run(&["verify", "--data", text(&place.store), "--json"]));
    assert_eq!(verified["effective_reports"], Value::from(10 + sent + 1), "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_memory_ends_and_what_was_acknowledged_is_there() {
    let mut place = Place::on_giving_back(Disk::new(24)).await;
    place.submit_all(0..10).await;
    let pid = place.server.pid().to_string();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    let data = data.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10;
    place.disk.must("prlimit", &["--pid", &pid, &format!("--data={data}")]);
    let mut number = 10;
    while place.submit(number).await.is_ok() {
        number += 1;
    }
    // and it is started again, as whoever watches it does
    let ended = place.server.ended(PATIENCE);
    assert!(!ended.success(), "{ended}");
    place.start_again(&["--disk-reserve-mib", "0"]).await;
    place.submit_all(number..number + 5).await;
    place.end().await;
}
