//! Metrics and health, as whoever watches the service reads them.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crossfoot::api::observe;
use crossfoot::form::Catalog;
use crossfoot::ingest::{Desk, Keeping};
use crossfoot::ledger::Mirroring;
use crossfoot::words::clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn figure(metrics: &str, name: &str) -> i64 {
    let line = metrics.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
    line.unwrap_or_else(|| panic!("{name} in {metrics}")).rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn metrics_count_what_was_decided_and_health_tells_of_a_mirror_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = folder.path().join("mirror");
    let catalog = Catalog::load(None).unwrap();
    let mirroring = Some(Mirroring { dir: mirror.clone(), required: false });
    let keeping = Keeping { mirroring, ..Keeping::default() };
    let desk = Desk::open_with(&folder.path().join("store"), keeping, &catalog, clock::system).unwrap();
    let desk = Arc::new(desk);
    let stop = CancellationToken::new();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let end = CancellationToken::new();
    let address = observe(address, Arc::clone(&desk), stop.clone(), end.clone()).await.unwrap();

    let (code, told) = get(address, "/healthz").await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["serving"], &told["position"]), (200, &true.into(), &2.into()));
    let (_, before) = get(address, "/metrics").await;
    assert_eq!(figure(&before, "crossfoot_ledger_position"), 2);
    assert_eq!(figure(&before, "crossfoot_mirror_behind_events"), 0);

    std::fs::remove_dir_all(&mirror).unwrap();
    std::fs::write(&mirror, b"").unwrap();
    let unit = crossfoot::domain::event::UnitEntry {
        code: crossfoot::words::UnitCode::new("C").unwrap(),
        from_year: crossfoot::words::Year::new(2019).unwrap(),
        until_year: None,
        parent: None,
        kind: crossfoot::domain::event::UnitKind::Town,
        name: Arc::from("C"),
        makes_rules: false,
    };
    desk.apply_units(vec![unit], false, String::new(), Arc::from("test")).await.unwrap();
    let (_, after) = get(address, "/metrics").await;
    assert_eq!(figure(&after, "crossfoot_events_total"), 1);
    assert_eq!(figure(&after, "crossfoot_mirror_failed"), 1);
    assert_eq!(figure(&after, "crossfoot_mirror_behind_events"), 1);
    let (code, told) = get(address, "/healthz").await;
    assert_eq!(code, 200, "reports are still taken");
    assert!(told.contains("ledger.copy"), "{told}");
    assert_eq!(get(address, "/other").await.0, 404);

    // while the service stops it says so, to whoever asks
    stop.cancel();
    let (code, told) = get(address, "/healthz").await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["serving"], &told["stopping"]), (503, &false.into(), &true.into()));
    end.cancel();
}

#[tokio::test]
async fn health_says_that_nothing_can_be_written_before_a_caller_meets_it() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::load(None).unwrap();
    drop(Desk::open(folder.path(), &catalog, clock::system).unwrap());
    // no disk has that much room
    let keeping = Keeping { disk_reserve: u64::MAX, ..Keeping::default() };
    let desk = Arc::new(Desk::open_with(folder.path(), keeping, &catalog, clock::system).unwrap());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let address =
        observe(address, Arc::clone(&desk), CancellationToken::new(), CancellationToken::new()).await.unwrap();
    assert_eq!(figure(&get(address, "/metrics").await.1, "crossfoot_writing_stopped"), 0);
    desk.tend();
    let told = loop {
        let (code, told) = get(address, "/healthz").await;
        if code == 503 {
            break told;
        }
    };
    assert!(told.contains("the disk is full"), "{told}");
    assert_eq!(figure(&get(address, "/metrics").await.1, "crossfoot_writing_stopped"), 1);
}

#[test]
fn serve_checks_its_settings_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let check = ["serve", "--data", store.to_str().unwrap(), "--listen", "127.0.0.1:0", "--check"];
    let said = server::run(&check, "");
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(server::text(&said).contains("all is well"));
    let wrong = server::run(&[&check[..], &["--forms", "/no/such/folder"]].concat(), "");
    assert_eq!(wrong.status.code(), Some(2));
}
