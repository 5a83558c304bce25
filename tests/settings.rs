//! Settings: a file, flags over it, and everything that is wrong told with its place.

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

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use crossfoot::api::Capacity;
use crossfoot::client::{Client, wire};
use server::{Server, file, run, text};

const NOBODY: &str = "http://127.0.0.1:9";

fn check(config: &str, flags: &[&str]) -> Output {
    run(&[&["config", "check", config], flags].concat(), NOBODY)
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The settings that were printed, without what is said beside them.
fn printed(output: &Output) -> toml::Table {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    text(output).parse().unwrap()
}

/// Every key a file may have, as an error lists them.
fn known(folder: &Path, table: &str) -> BTreeSet<String> {
    let config = file(folder, "unknown.toml", format!("{table}\nno_such_key = 1\n").as_bytes());
    let said = said(&check(&config, &[]));
    let (_, listed) = said.split_once("expected one of ").unwrap();
    listed.split(',').map(|key| key.trim().trim_matches('`').to_owned()).collect()
}

/// The keys a sample states, those commented out too.
fn stated(lines: &str) -> BTreeSet<String> {
    let keys = lines.lines().filter_map(|line| line.trim_start_matches("# ").split_once(" = "));
    keys.map(|(key, _)| key.to_owned()).filter(|key| !key.contains([' ', '`'])).collect()
}

#[test]
fn the_sample_states_every_setting_with_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let sample = text(&run(&["config", "example"], NOBODY));
    let bare = file(folder.path(), "bare.toml", b"data = \"ledger\"\n");
    let whole = file(folder.path(), "whole.toml", sample.as_bytes());
    assert_eq!(printed(&check(&whole, &[])), printed(&check(&bare, &[])), "a default differs");

    let (rest, limits) = sample.split_once("[limits]").unwrap();
    let (top, callers) = rest.split_once("[callers]").unwrap();
    let mut known_top = known(folder.path(), "");
    assert!(known_top.remove("limits") && known_top.remove("callers"));
    assert_eq!(stated(top), known_top);
    assert_eq!(stated(callers), known(folder.path(), "[callers]"));
    assert_eq!(stated(limits), known(folder.path(), "[limits]"));
    // what is commented out are settings too
    for (table, lines) in [("", top), ("[callers]", callers)] {
        for line in lines.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = ")) {
            let config = format!("data = \"ledger\"\n{table}\n{line}\n");
            let said = said(&check(&file(folder.path(), "one.toml", config.as_bytes()), &[]));
            assert!(!said.contains("unknown field") && !said.contains("invalid type"), "{said}");
        }
    }
}

#[test]
fn each_limit_has_bounds_and_the_sample_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let sample = text(&run(&["config", "example"], NOBODY));
    for key in known(folder.path(), "[limits]") {
        // no reserve is none, where a quota bounds the folder anyway
        let least = if key == "disk_reserve_mib" { i64::MAX } else { 0 };
        for beyond in [least, i64::MAX] {
            let config = format!("data = \"ledger\"\n\n[limits]\n{key} = {beyond}\n");
            let config = file(folder.path(), "beyond.toml", config.as_bytes());
            let output = check(&config, &[]);
            assert_eq!(output.status.code(), Some(2), "{key} = {beyond}");
            let said = said(&output);
            assert!(said.contains(&format!("beyond.toml:4: limits.{key}: is {beyond}; may be ")), "{said}");
            let (_, bounds) = said.trim().split_once("may be ").unwrap();
            let before = sample.split_once(&format!("\n{key} = ")).unwrap().0;
            // the comment between the setting before, or the head of the table, and this one
            let comment = before.rsplit_once(" = ").unwrap().1;
            assert!(comment.contains(&format!("({bounds})")), "{key}: {bounds} is not in {comment}");
        }
    }
}

#[test]
fn everything_wrong_is_told_at_once_with_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = file(folder.path(), "occupied", b"");
    let config = format!(
        "data = \"{occupied}\"\nlisten = \"0.0.0.0:7007\"\nmirror_required = true\nforms = \"/no/such/folder\"\n\
         log_filter = \"info,[\"\notlp_endpoint = \"collector\"\n\n[limits]\ncalls = 0\nwatches = 70_000\n"
    );
    let config = file(folder.path(), "all.toml", config.as_bytes());
    let output = check(&config, &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = said(&output);
    for place in [
        format!("all.toml:1: data: {occupied} is not a folder"),
        "all.toml:2: listen: 0.0.0.0:7007 is not loopback".to_owned(),
        "all.toml:3: mirror_required: there is no mirror".to_owned(),
        "all.toml:4: forms: ".to_owned(),
        "all.toml:5: log_filter: ".to_owned(),
        "all.toml:6: otlp_endpoint: ".to_owned(),
        "all.toml:9: limits.calls: is 0; may be 1 to 65536".to_owned(),
        "all.toml:10: limits.watches: is 70000; may be 1 to 65536".to_owned(),
    ] {
        assert!(told.contains(&place), "{place} in {told}");
    }
    // what cannot be read at all names the place too
    for (content, place) in [
        ("data = \"x\"\nlisten = \"here\"", "wrong.toml:2: listen: invalid socket address"),
        ("data = \"x\"\n[limits]\ncalls = \"many\"", "wrong.toml:3: limits.calls: invalid type"),
        ("data = \"x\"\n\ncolour = 1", "wrong.toml:3: colour: unknown field"),
        ("data = \"x\"\n[limits]\ncolours = 1", "wrong.toml:3: limits.colours: unknown field"),
        ("data = \"x\"\nlisten = ", "wrong.toml:2: "),
        ("listen = \"127.0.0.1:0\"", "wrong.toml: data: "),
    ] {
        let told = said(&check(&file(folder.path(), "wrong.toml", content.as_bytes()), &[]));
        assert!(told.contains(place), "{place} in {told}");
    }
    assert!(said(&check("/no/such.toml", &[])).contains("/no/such.toml"));
}

#[test]
fn checking_opens_makes_and_listens_on_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (store, mirror) = (folder.path().join("store"), folder.path().join("mirror"));
    let listen = taken.local_addr().unwrap();
    let config = format!("data = {store:?}\nmirror = {mirror:?}\nlisten = \"{listen}\"\n");
    let config = file(folder.path(), "settings.toml", config.as_bytes());
    // the service that holds the address may be running on these very settings
    let holds = printed(&check(&config, &[]));
    assert_eq!(holds["listen"].as_str(), Some(listen.to_string().as_str()));
    assert!(!store.exists() && !mirror.exists());
    let within = store.join("mirror");
    let output = check(&config, &["--mirror", within.to_str().unwrap()]);
    assert!(said(&output).contains("--mirror: is within the folder of the ledger"), "{}", said(&output));
    assert_eq!(run(&["serve", "--config", &config, "--check"], NOBODY).status.code(), Some(2), "serve listens");
}

#[test]
fn flags_win_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let config = b"data = \"ledger\"\nlog_format = \"json\"\nmirror = \"mirror\"\nmirror_required = true\n\n[limits]\nwatches = 7\ndisk_reserve_mib = 100\n";
    let config = file(folder.path(), "settings.toml", config);
    let flags = ["--data", "other", "--mirror-required=false", "--disk-reserve", "200"];
    let holds = printed(&check(&config, &flags));
    assert_eq!(holds["data"].as_str(), Some("other"));
    assert_eq!(holds["log_format"].as_str(), Some("json"));
    assert_eq!(holds["mirror_required"].as_bool(), Some(false));
    assert_eq!(holds["limits"]["disk_reserve_mib"].as_integer(), Some(200));
    assert_eq!(holds["limits"]["watches"].as_integer(), Some(7));
    assert_eq!(holds["limits"]["calls"].as_integer(), Some(512));
    // a flag that is wrong is named as a flag
    let output = check(&config, &["--listen", "[::]:1", "--disk-reserve", "99999999"]);
    assert!(said(&output).contains("--listen: [::]:1 is not loopback"), "{}", said(&output));
    assert!(said(&output).contains("--disk-reserve-mib: is 99999999"), "{}", said(&output));
}

#[test]
fn what_was_printed_can_be_checked_again_and_tells_the_memory_it_comes_to() {
    let folder = tempfile::tempdir().unwrap();
    let config = b"data = \"ledger\"\n[limits]\nconnections = 16\ncalls = 8\nsubmit_streams = 4\nwatches = 100\n";
    let config = file(folder.path(), "settings.toml", config);
    let output = check(&config, &[]);
    let again = file(folder.path(), "again.toml", &output.stdout);
    assert_eq!(printed(&check(&again, &[])), printed(&output));
    let capacity = Capacity { connections: 16, calls: 8, submit_streams: 4, watches: 100, ..Capacity::default() };
    let most: u64 = capacity.memory().iter().map(|(_, bytes)| *bytes).sum();
    let told = format!("at most {} MiB", most.div_ceil(1 << 20));
    assert!(text(&output).contains(&told), "{told} in {}", text(&output));
}

#[test]
fn the_settings_that_come_with_the_unit_and_the_container_hold() {
    let folder = tempfile::tempdir().unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy");
    let (store, mirror) = (folder.path().join("store"), folder.path().join("mirror"));
    let flags = ["--data", store.to_str().unwrap(), "--mirror", mirror.to_str().unwrap()];
    printed(&check(docs.join("crossfoot.toml").to_str().unwrap(), &flags));
    for file in ["crossfoot.service", "Containerfile"] {
        let text = std::fs::read_to_string(docs.join(file)).unwrap();
        assert!(text.contains("/etc/crossfoot/crossfoot.toml"), "{file}");
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_collector_needs_the_feature_that_sends_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = b"data = \"ledger\"\notlp_endpoint = \"http://127.0.0.1:4317\"\n";
    let output = check(&file(folder.path(), "settings.toml", config), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("settings.toml:2: otlp_endpoint") && said(&output).contains("--features otlp"));
}

#[tokio::test]
async fn a_service_runs_on_the_settings_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let config = format!("data = {store:?}\nlisten = \"127.0.0.1:0\"\n[limits]\nwatches = 1\n");
    let config = file(folder.path(), "settings.toml", config.as_bytes());
    let mut server = Server::start_from(Path::new(&config));
    let client = Client::connect(&server.address).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    let watch = || wire::WatchUnitRequest { unit: "C".to_owned(), year: 2024, ..Default::default() };
    let _one = client.watch(watch()).await.unwrap();
    assert!(client.watch(watch()).await.is_err());
    assert_eq!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap(), Some(0));
    assert!(store.join("head").exists());
}
