//! The real binary: tokens from the first one on, and what of them is told anywhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::server::{CROSSFOOT, Server, data, json, run, text};

const NOBODY: &str = "http://127.0.0.1:9";

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A command with a token in its environment.
fn with_token(server: &Server, token: &str, args: &[&str]) -> Output {
    let mut command = Command::new(CROSSFOOT);
    command.args(args).env("CROSSFOOT_SERVER", &server.address).env("CROSSFOOT_TOKEN", token).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", text(output), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn tokens_are_made_before_the_service_runs_and_looked_after_while_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (store, first, log) = (at("ledger"), at("operator.token"), at("access.log"));
    let create = |who: &str, grant: &str, to: &Path| {
        run(&["token", "create", who, "--grant", grant, "--to", path(to), "--data", path(&store)], NOBODY)
    };
    let created = create("ops", "operator", &first);
    assert_eq!(created.status.code(), Some(0), "{}", said(&created));
    assert!(!said(&created).contains("crossfoot_"), "{}", said(&created));
    assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(create("ops", "operator", &first).status.code(), Some(2), "a file is never written over");
    assert_eq!(create("ops", "king", &at("none")).status.code(), Some(2));
    let operator = fs::read_to_string(&first).unwrap().trim().to_owned();

    let server_log = fs::File::create(at("server.log")).unwrap();
    let flags = ["--auth-tokens", "--access-log", path(&log)];
    let mut server = Server::start_logging(&store, &flags, "trace", server_log);
    let issue = |who: &str, grant: &str| {
        let issued = json(&with_token(&server, &operator, &["token", "create", who, "--grant", grant, "--json"]));
        issued["secret"].as_str().unwrap().to_owned()
    };
    let office = issue("city office", "office:everything");
    let platform = issue("platform", "submitter:subtree:371000");
    let (units, report) = (data("units.json"), data("huancui-2024.jsonl"));
    assert_eq!(with_token(&server, &office, &["units", "apply", path(&units)]).status.code(), Some(0));
    let sent = with_token(&server, &platform, &["submit", path(&report)]);
    assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
    let rollup = ["rollup", "371000", "--year", "2024"];
    assert_eq!(with_token(&server, &office, &rollup).status.code(), Some(0));
    assert_eq!(with_token(&server, &platform, &rollup).status.code(), Some(0));
    // refused, each with exit code 1
    let wrong = format!("{}0", &operator[..operator.len() - 1]);
    let elsewhere = ["rollup", "350128", "--year", "2024"];
    for (token, args) in [(&platform, &elsewhere), (&wrong, &rollup), (&operator, &rollup)] {
        assert_eq!(with_token(&server, token, args).status.code(), Some(1));
    }
    assert_eq!(server.run(&rollup).status.code(), Some(1), "no token");
    // by file, and revoked at once
    let by_file = ["token", "list", "--json", "--token-file", path(&first)];
    let listed = json(&server.run(&by_file));
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|token| token["principal"].as_str().unwrap()).collect();
    assert_eq!(names, ["ops", "city office", "platform"]);
    assert_eq!(listed[1]["grants"][0], "office:everything");
    assert_eq!(with_token(&server, &operator, &["token", "revoke", "3", "--reason", "lost"]).status.code(), Some(0));
    assert_eq!(with_token(&server, &platform, &["submit", path(&report)]).status.code(), Some(1));

    // the log was moved away, and is made again when the service is told
    fs::rename(&log, at("access.log.1")).unwrap();
    server.hang_up();
    while !log.exists() {
        std::thread::yield_now();
    }
    assert_eq!(with_token(&server, &office, &rollup).status.code(), Some(0));
    assert_eq!(server.terminate(), Some(0));
    let lines = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(at(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told: Vec<String> = lines("access.log.1")
        .iter()
        .map(|line| {
            let field =
                |name: &str| line[name].as_str().unwrap_or_default().trim_start_matches("crossfoot.v1.").to_owned();
            format!("{} {} {} {}", field("principal"), field("rpc"), field("unit"), field("outcome"))
        })
        .collect();
    for expected in [
        "city office RollupService.GetRollup 371000 ALLOWED",
        "platform RollupService.GetRollup 350128 PERMISSION_DENIED",
        "ops RollupService.GetRollup 371000 PERMISSION_DENIED",
        " RollupService.GetRollup  UNAUTHENTICATED",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
    }
    assert!(!told.iter().any(|line| line.starts_with("platform") && line.ends_with("ALLOWED")), "{told:#?}");
    assert_eq!(lines("access.log").len(), 1);
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);

    // no secret in anything that was written, and no figure in the access log
    let secrets =
        [&operator, &office, &platform, &wrong].map(|token| token.trim_start_matches("crossfoot_").to_owned());
    for name in ["server.log", "access.log", "access.log.1"] {
        let text = fs::read_to_string(at(name)).unwrap();
        assert!(!text.is_empty());
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} tells a token");
        }
    }
    let server_log = fs::read_to_string(at("server.log")).unwrap();
    assert!(server_log.contains("crossfoot::access") && server_log.contains("report accepted"));
    for entry in fs::read_dir(&store).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = fs::read(entry.path()).unwrap();
        for secret in &secrets {
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{:?} holds a token",
                entry.path()
            );
        }
    }
    after_the_service_is_stopped(&at, &store);
}

/// What is exported and imported holds the same tokens, and verifies.
fn after_the_service_is_stopped(at: &dyn Fn(&str) -> std::path::PathBuf, store: &Path) {
    let (file, again) = (at("export"), at("again"));
    assert_eq!(run(&["export", "--data", path(store), "--to", path(&file)], NOBODY).status.code(), Some(0));
    assert_eq!(run(&["import", "--from", path(&file), "--data", path(&again)], NOBODY).status.code(), Some(0));
    let verified = |place: &Path| json(&run(&["verify", "--data", path(place), "--json"], NOBODY));
    assert_eq!(verified(&again), verified(store));
    let listed = |place: &Path| json(&run(&["token", "list", "--data", path(place), "--json"], NOBODY));
    assert_eq!(listed(&again), listed(store));
    assert_eq!(listed(store)[2]["revoked"]["reason"], "lost");
    assert_eq!(run(&["token", "revoke", "2", "--data", path(store)], NOBODY).status.code(), Some(0));
    assert_eq!(listed(store)[1]["revoked"]["principal"], "local");
    assert_eq!(run(&["token", "revoke", "9", "--data", path(store)], NOBODY).status.code(), Some(2));
    let nothing = at("nothing");
    assert_eq!(run(&["token", "list", "--data", path(&nothing)], NOBODY).status.code(), Some(2));
    assert!(!nothing.exists());
}
