//! The real binary over TLS: certificates that change under load, files that are not
//! what they should be, commands that show a certificate.

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

mod certificates;
mod city;
mod server;

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use certificates::{Authority, Identity, shown};
use crossfoot::client::{Client, Credentials, wire};
use server::{CROSSFOOT, Server, data, refused, text};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The authorities around a service, its certificate, and that of a caller.
struct Parties {
    folder: tempfile::TempDir,
    own: Authority,
    callers: Authority,
    service: Identity,
    unit: Identity,
    /// Says that the caller may do everything.
    grants: String,
}

impl Parties {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, callers) = (Authority::new(folder.path(), "own"), Authority::new(folder.path(), "callers"));
        let (service, unit) = (own.service("service"), callers.unit("C-2"));
        let grants = br#"[{ "name": "urn:crossfoot:unit:C-2", "principal": "everyone",
            "grants": ["submitter:everything", "office:everything", "operator"] }]"#;
        let grants = server::file(folder.path(), "grants.json", grants);
        Self { folder, own, callers, service, unit, grants }
    }

    /// The files, as flags of `serve`.
    fn flags(&self) -> Vec<&str> {
        let Identity { certificate, key, .. } = &self.service;
        let tls =
            ["--tls-cert", name(certificate), "--tls-key", name(key), "--tls-client-ca", name(&self.callers.file)];
        [&tls[..], &["--auth-certificates", &self.grants]].concat()
    }

    fn ledger(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger")
    }

    fn credentials(&self) -> Credentials {
        self.own.trusted_with(&self.unit)
    }

    /// Puts a new certificate of the service in the place of the one before.
    fn renew(&self, name: &str) -> Identity {
        let next = self.own.service(name);
        next.replace(&self.service);
        next
    }

    /// Waits until new connections are shown this certificate.
    async fn until_shown(&self, server: &Server, expected: &Identity) {
        const PATIENCE: Duration = Duration::from_secs(60);
        let changed = async { while self.shown_by(server).await != expected.der {} };
        tokio::time::timeout(PATIENCE, changed).await.expect("the certificate was not changed");
    }

    /// The certificate that a new connection is shown.
    async fn shown_by(&self, server: &Server) -> Vec<u8> {
        let address: SocketAddr = server.address.trim_start_matches("https://").parse().unwrap();
        shown(&self.own.connect(address, &self.unit).await)
    }
}

fn name(file: &Path) -> &str {
    file.to_str().unwrap()
}

/// Something done again and again until it is told to stop; and how often it was.
struct Load {
    done: Arc<AtomicI64>,
    task: JoinHandle<()>,
}

impl Load {
    fn start<Done: Future<Output = ()> + Send>(
        stop: &CancellationToken,
        once: impl Fn(i64) -> Done + Send + 'static,
    ) -> Self {
        let (stop, done) = (stop.clone(), Arc::new(AtomicI64::new(0)));
        let counted = Arc::clone(&done);
        let task = tokio::spawn(async move {
            while !stop.is_cancelled() {
                once(counted.load(Ordering::Relaxed)).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { done, task }
    }

    /// Corrects a report over one connection.
    fn correct(client: Client, unit: &'static str, stop: &CancellationToken) -> Self {
        Self::start(stop, move |revision| {
            let client = client.clone();
            async move { accepted(&client.submit(correction(unit, revision)).await.unwrap()) }
        })
    }

    /// Calls over a new connection each time.
    fn connect_anew(server: &str, credentials: Credentials, stop: &CancellationToken) -> Self {
        let server = server.to_owned();
        Self::start(stop, move |_| {
            let (server, credentials) = (server.clone(), credentials.clone());
            async move {
                let client = Client::connect_with(&server, &credentials).await.unwrap();
                client.status().await.unwrap();
            }
        })
    }

    fn done(&self) -> i64 {
        self.done.load(Ordering::Relaxed)
    }
}

fn correction(unit: &str, revision: i64) -> wire::SubmitReportRequest {
    let mut report = city::own(unit, 2024, revision + 1);
    report.expected_revision = (revision > 0).then_some(revision);
    report
}

fn accepted(result: &wire::SubmissionResult) {
    assert_eq!(result.outcome(), wire::Outcome::Accepted, "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_change_under_load_without_one_error() {
    /// How often each thing is done at least, and how often certificates change.
    const DONE: i64 = 50;
    const CHANGES: i64 = 20;
    let parties = Parties::new();
    let server = Server::start_with(&parties.ledger(), &parties.flags());
    assert!(server.address.starts_with("https://127.0.0.1:"), "{}", server.address);
    let client = Client::connect_with(&server.address, &parties.credentials()).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    let before = client.status().await.unwrap().position;
    let mut stream = client.submissions().await.unwrap();
    let stop = CancellationToken::new();
    let load = [
        Load::correct(client.clone(), "C-2", &stop),
        Load::correct(client.clone(), "C-1-A", &stop),
        Load::connect_anew(&server.address, parties.credentials(), &stop),
    ];
    assert_eq!(parties.shown_by(&server).await, parties.service.der);
    let mut changes = 0;
    while changes < CHANGES || load.iter().any(|load| load.done() < DONE && !load.task.is_finished()) {
        let next = parties.renew(&format!("service-{changes}"));
        server.hang_up();
        parties.until_shown(&server, &next).await;
        // the stream is open from before the first change until after the last
        let report = wire::SubmitReportsRequest { submission: Some(correction("C-1-B", changes)) };
        stream.requests.send(report).await.unwrap();
        accepted(&stream.results.message().await.unwrap().unwrap().result.unwrap());
        changes += 1;
    }
    stop.cancel();
    let done: Vec<i64> = load.iter().map(Load::done).collect();
    let mut corrections = changes;
    for (load, corrects) in load.into_iter().zip([true, true, false]) {
        load.task.await.unwrap();
        corrections += if corrects { load.done.load(Ordering::Relaxed) } else { 0 };
    }
    println!("{changes} changes of certificates; corrections over one connection, calls over new ones: {done:?}");
    assert_eq!(client.status().await.unwrap().position, before + corrections);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_new_file_is_named_and_those_before_stay_in_use() {
    let parties = Parties::new();
    let (server, mut log) = Server::start_telling(&parties.ledger(), &parties.flags());
    let before = parties.service.der.clone();
    let good = (fs::read(&parties.service.certificate).unwrap(), fs::read(&parties.service.key).unwrap());
    let other = parties.own.service("other");
    for (file, content, said) in [
        (&parties.service.certificate, b"nonsense".to_vec(), "holds no certificate"),
        (&parties.service.key, fs::read(&other.key).unwrap(), "does not fit the certificate"),
        (&parties.callers.file, Vec::new(), "holds no certificate"),
    ] {
        let kept = fs::read(file).unwrap();
        fs::write(file, content).unwrap();
        server.hang_up();
        let line = log.find_map(|line| line.ok().filter(|line| line.contains("not loaded again"))).unwrap();
        assert!(line.contains(name(file)) && line.contains(said), "{line}");
        assert_eq!(parties.shown_by(&server).await, before);
        Client::connect_with(&server.address, &parties.credentials()).await.unwrap().status().await.unwrap();
        fs::write(file, kept).unwrap();
    }
    assert_eq!(good, (fs::read(&parties.service.certificate).unwrap(), fs::read(&parties.service.key).unwrap()));
    let next = parties.renew("service-1");
    server.hang_up();
    parties.until_shown(&server, &next).await;
}

#[test]
fn files_that_are_not_what_they_should_be_are_named_before_anything_is_touched() {
    let parties = Parties::new();
    let folder = parties.folder.path();
    let other = parties.own.service("other");
    let old = parties.own.expired("old");
    let broken = server::file(folder, "broken.pem", b"-----BEGIN CERTIFICATE-----\nMII?\n-----END CERTIFICATE-----\n");
    let damaged =
        server::file(folder, "damaged.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    let (certificate, key) = (name(&parties.service.certificate), name(&parties.service.key));
    let callers = name(&parties.callers.file);
    for (certificate, key, callers, named, said) in [
        ("/no/such.pem", key, callers, "/no/such.pem", "cannot be read"),
        (key, key, callers, key, "no certificate"),
        (certificate, certificate, callers, certificate, "no private key"),
        (certificate, name(&other.key), callers, name(&other.key), "does not fit"),
        (name(&old.certificate), name(&old.key), callers, name(&old.certificate), "expired on 2020-12-31"),
        (certificate, key, key, key, "no certificate"),
        (certificate, key, name(&old.certificate), name(&old.certificate), "expired on 2020-12-31"),
        (&broken, key, callers, &broken, "no PEM file"),
        (certificate, key, &damaged, &damaged, "certificate 1 in it is damaged"),
    ] {
        let flags = ["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", callers];
        let told = refused(&parties.ledger(), &flags);
        assert!(told.contains(&format!("{named}: ")) && told.contains(said), "{told}");
        assert!(!told.contains("BEGIN PRIVATE"), "{told}");
    }
    assert!(!parties.ledger().exists());
    // one is not enough, and certificates of callers need TLS
    for flags in [&["--tls-cert", certificate][..], &["--tls-key", key], &["--tls-client-ca", callers]] {
        assert!(refused(&parties.ledger(), flags).contains("--tls-"), "{flags:?}");
    }
}

#[test]
fn a_key_that_others_can_read_is_told_and_used() {
    let parties = Parties::new();
    let check = |mode: u32| {
        fs::set_permissions(&parties.service.key, Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(CROSSFOOT);
        command.args(["serve", "--check", "--listen", "0.0.0.0:0", "--data"]).arg(parties.ledger());
        let output = command.args(parties.flags()).env("CROSSFOOT_LOG", "warn").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        told(&output)
    };
    let warned = check(0o644);
    assert!(warned.contains(name(&parties.service.key)) && warned.contains("others"), "{warned}");
    assert_eq!(check(0o600), "");
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn beyond_this_machine_tls_without_knowing_callers_is_not_enough() {
    let parties = Parties::new();
    let flags = parties.flags();
    for more in [&[][..], &["--insecure"], &flags[..4]] {
        let mut command = Command::new(CROSSFOOT);
        command.args(["serve", "--listen", "0.0.0.0:0", "--data"]).arg(parties.ledger()).args(more);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = told(&output);
        assert!(told.contains("0.0.0.0:0 is not loopback") && told.contains("--tls-client-ca"), "{told}");
    }
}

#[test]
fn commands_show_certificates_from_flags_or_from_the_environment() {
    let parties = Parties::new();
    fs::set_permissions(&parties.unit.key, Permissions::from_mode(0o600)).unwrap();
    let server = Server::start_with(&parties.ledger(), &parties.flags());
    let (ca, cert, key) = (name(&parties.own.file), name(&parties.unit.certificate), name(&parties.unit.key));
    let units = data("units.json");
    let shown = ["--ca", ca, "--cert", cert, "--key", key];
    let applied = server.run(&[&["units", "apply", name(&units)], &shown[..]].concat());
    assert_eq!(applied.status.code(), Some(0), "{}", told(&applied));
    let mut submit = Command::new(CROSSFOOT);
    submit.arg("submit").arg(data("huancui-2024.jsonl")).env("CROSSFOOT_SERVER", &server.address);
    let submitted = submit.envs([("CROSSFOOT_CA", ca), ("CROSSFOOT_CERT", cert), ("CROSSFOOT_KEY", key)]);
    let submitted = submitted.output().unwrap();
    assert!(text(&submitted).contains("1 accepted"), "{}", told(&submitted));
    assert_eq!(told(&submitted), "");

    let rollup = |more: &[&str]| {
        let output = server.run(&[&["rollup", "371000", "--year", "2024"], more].concat());
        (output.status.code(), told(&output))
    };
    assert_eq!(rollup(&shown), (Some(0), String::new()));
    let wrong = parties.own.unit("C-3");
    fs::set_permissions(&wrong.key, Permissions::from_mode(0o640)).unwrap();
    let (wrong_cert, wrong_key) = (name(&wrong.certificate), name(&wrong.key));
    for (more, said) in [
        (&[][..], "--ca FILE"),
        (&["--ca", ca], "asks for a certificate: give --cert and --key"),
        (&["--ca", ca, "--cert", wrong_cert, "--key", wrong_key], "does not trust the authority that issued it"),
        (&["--ca", name(&parties.callers.file), "--cert", cert, "--key", key], "no authority in --ca vouches for it"),
        (&["--ca", ca, "--cert", cert, "--key", wrong_key], "does not fit the certificate in"),
        (&["--ca", ca, "--cert", cert], "--key"),
        (&["--ca", "/no/such.pem"], "/no/such.pem: it cannot be read"),
    ] {
        let (code, told) = rollup(more);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(said), "{told}");
    }
    fs::set_permissions(&parties.unit.key, Permissions::from_mode(0o644)).unwrap();
    let (code, told) = rollup(&shown);
    assert!(code == Some(0) && told.contains("others can read this file"), "{told}");
}

#[test]
fn a_token_comes_from_a_file_or_the_environment_and_is_never_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("ledger"));
    let secret = server::file(folder.path(), "token", b"crossfoot_0123456789\n");
    let list = ["units", "list", "--token-file", &secret];
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
    let output = server.run(&list);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("others can read this file"), "{}", told(&output));
    let broken = server::file(folder.path(), "broken", b"crossfoot_0123456789 crossfoot_9876543210");
    let output = server.run(&["units", "list", "--token-file", &broken]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains(&broken) && !told(&output).contains("0123456789"), "{}", told(&output));
    let by_environment = |server: &str, token: &str| {
        let mut command = Command::new(CROSSFOOT);
        let command = command.args(["units", "list", "--server", server]).env("CROSSFOOT_TOKEN", token);
        let output = command.output().unwrap();
        (output.status.code(), told(&output))
    };
    assert_eq!(by_environment(&server.address, "crossfoot_0123456789"), (Some(0), String::new()));
    let (code, said) = by_environment(&server.address, "two secrets");
    assert!(code == Some(2) && said.contains("CROSSFOOT_TOKEN") && !said.contains("secrets"), "{said}");
    // nobody answers there, but it is said first
    let (code, said) = by_environment("http://crossfoot.invalid:1", "crossfoot_0123456789");
    assert!(code == Some(3) && said.contains("plain text") && !said.contains("0123456789"), "{said}");
}
