//! A second copy: mirror, backup, restore. Real servers, killed and rebuilt.

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

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use city::{balanced, request};
use crossfoot::client::{Client, ClientError, wire};
use prost::Message as _;
use serde_json::Value;
use server::{Server, data, json, run, text};

const NOBODY: &str = "http://127.0.0.1:9";

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

fn fill(server: &Server) {
    let file = |name: &str| data(name).to_str().unwrap().to_owned();
    server.run(&["units", "apply", &file("units.json")]);
    server.run(&["submit", &file("reports.jsonl")]);
}

/// What the zone's answers are, as bytes.
async fn answers(address: &str) -> Vec<Vec<u8>> {
    let client = Client::connect(address).await.unwrap();
    let mut told = Vec::new();
    for year in [2021, 2022, 2023] {
        for basis in [wire::Basis::Units, wire::Basis::Declared] {
            let request = city::rollup_request("350128", year, basis);
            told.push(client.rollup(request).await.unwrap().encode_to_vec());
        }
        let request = wire::ReconcileUnitRequest { unit: "350128".to_owned(), year, ..Default::default() };
        told.push(client.reconcile(request).await.unwrap().encode_to_vec());
    }
    let listed = client.list(wire::ListReportsRequest { page_size: 1_000, ..Default::default() }).await.unwrap();
    for report in &listed.reports {
        let request = wire::GetReportRequest { series: report.series.clone(), ..Default::default() };
        told.push(client.report(request).await.unwrap().encode_to_vec());
    }
    told.push(listed.encode_to_vec());
    told
}

#[tokio::test]
async fn a_store_rebuilt_from_its_mirror_gives_every_answer_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mirror, again) =
        (folder.path().join("store"), folder.path().join("mirror"), folder.path().join("again"));
    let mut server = Server::start_with(&store, &["--mirror", path(&mirror), "--mirror-required"]);
    fill(&server);
    let before = answers(&server.address).await;
    let status = Client::connect(&server.address).await.unwrap().status().await.unwrap();
    let known = status.mirror.unwrap();
    assert_eq!((known.position, known.problem.as_str()), (status.position, ""));
    server.kill();
    let head = json(&run(&["verify", "--data", path(&store), "--json"], NOBODY));
    fs::remove_dir_all(&store).unwrap();

    let copy = mirror.join("ledger.copy");
    let restored = run(&["restore", "--from", path(&copy), "--data", path(&again), "--json"], NOBODY);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
    let proved = json(&run(&["verify", "--data", path(&again), "--json"], NOBODY));
    assert_eq!(proved, head);
    let server = Server::start_with(&again, &["--mirror", path(&mirror)]);
    assert_eq!(answers(&server.address).await, before);
    // there is a ledger now: nothing is written over it
    let twice = run(&["restore", "--from", path(&copy), "--data", path(&again)], NOBODY);
    assert_eq!(twice.status.code(), Some(2));
}

#[tokio::test]
async fn a_backup_of_a_running_service_is_whole_and_so_are_its_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file, again) = (folder.path().join("store"), folder.path().join("backup"), folder.path().join("again"));
    let mut server = Server::start(&store);
    let reports = data("reports.jsonl");
    server.run(&["units", "apply", data("units.json").to_str().unwrap()]);
    let receipts = server.run(&["submit", reports.to_str().unwrap(), "--json"]);
    let receipts = server::file(folder.path(), "receipts.jsonl", &receipts.stdout);
    let before = answers(&server.address).await;
    let said = server.run(&["backup", "--to", path(&file)]);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    // a file is never written over
    assert_eq!(server.run(&["backup", "--to", path(&file)]).status.code(), Some(2));
    assert_eq!(server.terminate(), Some(0));
    let restored = run(&["restore", "--from", path(&file), "--data", path(&again)], NOBODY);
    assert_eq!(restored.status.code(), Some(0));
    let proved = run(&["verify", "--data", path(&again), "--receipt", &receipts], NOBODY);
    assert!(text(&proved).contains("34 receipts are in it"), "{}", text(&proved));
    // a receipt that was changed is not
    let forged = fs::read_to_string(&receipts).unwrap().replacen("\"digest\":\"", "\"digest\":\"0", 1);
    let forged = server::file(folder.path(), "forged.jsonl", forged.as_bytes());
    assert_eq!(run(&["verify", "--data", path(&again), "--receipt", &forged], NOBODY).status.code(), Some(1));
    assert_eq!(answers(&Server::start(&again).address).await, before);
}

#[tokio::test]
async fn a_mirror_that_fails_is_told_and_catches_up_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mirror) = (folder.path().join("store"), folder.path().join("mirror"));
    let server = Server::start_with(&store, &["--mirror", path(&mirror)]);
    fill(&server);
    let client = Client::connect(&server.address).await.unwrap();
    let status = || async { client.status().await.unwrap().mirror.unwrap() };
    // its disk goes away: a file stands where the folder was
    fs::remove_dir_all(&mirror).unwrap();
    fs::write(&mirror, b"").unwrap();
    let sent = client.submit(request("350128-GAJ", 2023, wire::Coverage::Own, &balanced(5))).await.unwrap();
    assert_eq!(sent.outcome(), wire::Outcome::Accepted, "it goes on");
    let told = status().await;
    assert!(told.problem.contains("ledger.copy"), "{told:?}");
    // it comes back, and the next commit finds it
    fs::remove_file(&mirror).unwrap();
    let sent = client.submit(request("350128-GAJ", 2024, wire::Coverage::Own, &balanced(6))).await.unwrap();
    let position = sent.receipt.unwrap().position;
    let told = status().await;
    assert_eq!((told.position, told.problem.as_str()), (position, ""));
    let again = folder.path().join("again");
    let restored = run(&["restore", "--from", path(&mirror.join("ledger.copy")), "--data", path(&again)], NOBODY);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
}

#[tokio::test]
async fn with_a_required_mirror_nothing_is_acknowledged_that_is_not_on_both() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mirror) = (folder.path().join("store"), folder.path().join("mirror"));
    let server = Server::start_with(&store, &["--mirror", path(&mirror), "--mirror-required"]);
    fill(&server);
    let client = Client::connect(&server.address).await.unwrap();
    let mut report = request("350128-GAJ", 2023, wire::Coverage::Own, &balanced(5));
    report.request_id = "the-same".to_owned();
    fs::remove_dir_all(&mirror).unwrap();
    fs::write(&mirror, b"").unwrap();
    for _ in 0..3 {
        match client.submit(report.clone()).await.unwrap_err() {
            ClientError::Failed(status) => assert_eq!(status.code(), tonic::Code::Unavailable, "{status}"),
            other => panic!("{other}"),
        }
    }
    // reads go on
    client.rollup(city::rollup_request("350128", 2023, wire::Basis::Units)).await.unwrap();
    fs::remove_file(&mirror).unwrap();
    let sent = client.submit(report.clone()).await.unwrap();
    let receipt = sent.receipt.clone().unwrap();
    assert_eq!(receipt.revision, 1, "{sent:?}");
    // one report, whatever was tried
    let again = client.submit(report).await.unwrap();
    assert_eq!(again.receipt.unwrap(), receipt);
}

#[test]
fn a_mirror_of_another_ledger_is_refused_and_so_is_a_store_that_lost_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let with_mirror = |store: &Path| {
        let mut server = Server::start_with(store, &["--mirror", path(&at("mirror"))]);
        fill(&server);
        server.terminate();
    };
    with_mirror(&at("one"));
    let other = server::refused(&at("two"), &["--mirror", path(&at("mirror"))]);
    assert!(other.contains("a copy of another ledger") || other.contains("was acknowledged"), "{other}");
    // the store of before, put back without its later half
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    copy(&at("one"), &at("older"));
    let mut server = Server::start_with(&at("one"), &["--mirror", path(&at("mirror"))]);
    server.run(&["withdraw", "350128-GWH", "--year", "2023", "--coverage", "OWN", "--revision", "1"]);
    server.terminate();
    let lost = server::refused(&at("older"), &["--mirror", path(&at("mirror"))]);
    assert!(lost.contains("was acknowledged") && lost.contains("crossfoot restore --from"), "{lost}");
}

/// The head of the golden store, written by version 0.1.0.
const GOLDEN: (i64, &str) = (37, "c0ca453b8a9d6f3b474d098dfdc8b6d1bc551dcc3e94ccfe1575f0ef299c24e2");

#[test]
fn a_store_and_a_copy_of_format_1_open_as_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let (store, again) = (folder.path().join("store"), folder.path().join("again"));
    fs::create_dir_all(&store).unwrap();
    for entry in fs::read_dir(data("store-1")).unwrap().map(Result::unwrap) {
        if entry.file_name() != "ledger.copy" {
            fs::copy(entry.path(), store.join(entry.file_name())).unwrap();
        }
    }
    let copy = data("store-1").join("ledger.copy");
    let restored = run(&["restore", "--from", path(&copy), "--data", path(&again)], NOBODY);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
    for place in [&store, &again] {
        let verified = json(&run(&["verify", "--data", path(place), "--json"], NOBODY));
        let head = (verified["position"].as_i64().unwrap(), verified["chain_hash"].as_str().unwrap());
        assert_eq!(head, GOLDEN, "{verified}");
    }
}

/// The head of a ledger with every kind of event, of a year that was reviewed,
/// published, closed, reopened and closed again, with a text taken out.
const GOLDEN_YEAR: (i64, &str) = (38, "dba33e1e625097b132a3c20c8820fa704a402dd7eb3ff3cc393bb92983a20778");
/// Every kind of event, as exports write it.
const KINDS: [&str; 14] = [
    "deadlineExtended",
    "formRegistered",
    "publicationRecorded",
    "queryExplained",
    "reportAccepted",
    "reportReviewed",
    "reportWithdrawn",
    "rosterApplied",
    "textRedacted",
    "tokenIssued",
    "tokenRevoked",
    "unitsApplied",
    "yearClosed",
    "yearReopened",
];

#[test]
fn a_copy_with_every_kind_of_event_opens_as_it_did_and_comes_through_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let [store, file, again] = ["store", "export", "again"].map(|name| folder.path().join(name));
    let copy = data("store-1-year").join("ledger.copy");
    let done = |args: &[&str]| {
        let done = run(args, NOBODY);
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        done
    };
    done(&["restore", "--from", path(&copy), "--data", path(&store)]);
    done(&["export", "--data", path(&store), "--to", path(&file), "--format", "json"]);
    done(&["import", "--from", path(&file), "--data", path(&again), "--format", "json"]);
    for place in [&store, &again] {
        let verified = json(&done(&["verify", "--data", path(place), "--json"]));
        let head = (verified["position"].as_i64().unwrap(), verified["chain_hash"].as_str().unwrap());
        assert_eq!(head, GOLDEN_YEAR, "{verified}");
    }
    let exported = fs::read_to_string(&file).unwrap();
    let events = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take());
    let told: BTreeSet<String> = events
        .filter_map(|event| event.as_object().cloned())
        .flat_map(|event| event.into_iter().map(|(key, _)| key))
        .collect();
    assert!(KINDS.iter().all(|kind| told.contains(*kind)), "{told:?}");
}

#[tokio::test]
async fn what_is_exported_and_imported_is_the_same_ledger_in_either_format() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut server = Server::start(&at("store"));
    fill(&server);
    let before = answers(&server.address).await;
    server.terminate();
    let store = at("store");
    let head = json(&run(&["verify", "--data", path(&store), "--json"], NOBODY));
    for format in ["json", "protobuf"] {
        let (file, again) = (at(&format!("{format}.export")), at(format));
        let export = ["export", "--data", path(&store), "--to", path(&file), "--format", format];
        let said = run(&export, NOBODY);
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
        let import = ["import", "--from", path(&file), "--data", path(&again), "--format", format];
        let said = run(&import, NOBODY);
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(json(&run(&["verify", "--data", path(&again), "--json"], NOBODY)), head);
        assert_eq!(run(&import, NOBODY).status.code(), Some(2), "a ledger is never written over");
        assert_eq!(answers(&Server::start(&again).address).await, before);
        // cut short or changed, it is refused with the place
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let broken = at(&format!("{format}.broken"));
        let said = run(&["import", "--from", path(&file), "--data", path(&broken), "--format", format], NOBODY);
        assert_eq!(said.status.code(), Some(2));
        assert!(String::from_utf8(said.stderr).unwrap().contains("item "));
    }
}
