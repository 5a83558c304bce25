//! A real server on a free port over a real store in a temporary folder, with
//! units and reports as tests speak of them.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Waker};

use crossfoot::api::{Server, Stopped};
use crossfoot::client::{Any, Client, wire};
use crossfoot::domain::event::{UnitEntry, UnitKind};
use crossfoot::form::{Catalog, Form};
use crossfoot::ingest::Desk;
use crossfoot::words::{UnitCode, Year, clock};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

pub const FORM: &str = "disclosure.annual.v2021.AnnualReport";
/// Applications received, in all.
pub const RECEIVED: &str = "applications.received.total";

pub struct City {
    pub client: Client,
    pub address: String,
    pub folder: tempfile::TempDir,
    pub desk: Arc<Desk>,
    pub stop: CancellationToken,
    serving: Option<tokio::task::JoinHandle<Stopped>>,
}

impl City {
    /// A city with two districts, one of which has departments.
    pub async fn new() -> Self {
        let city = Self::bare(None).await;
        city.apply(&units()).await.unwrap();
        city
    }

    pub async fn bare(forms: Option<&Path>) -> Self {
        Self::open(tempfile::tempdir().unwrap(), forms, |server| server).await
    }

    /// A city without units, on a server set up otherwise.
    pub async fn with(set_up: impl FnOnce(Server) -> Server) -> Self {
        Self::open(tempfile::tempdir().unwrap(), None, set_up).await
    }

    async fn open(folder: tempfile::TempDir, forms: Option<&Path>, set_up: impl FnOnce(Server) -> Server) -> Self {
        let catalog = Catalog::load(forms).unwrap();
        let desk = Arc::new(Desk::open(folder.path(), &catalog, clock::system).unwrap());
        let server = set_up(Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap());
        let address = format!("http://{}", server.address());
        let stop = CancellationToken::new();
        let (stopping, serving) = (stop.clone(), Arc::clone(&desk));
        let serving = tokio::spawn(async move { server.serve(serving, &catalog, stopping).await.unwrap() });
        let client = Client::connect(&address).await.unwrap();
        Self { client, address, folder, desk, stop, serving: Some(serving) }
    }

    /// Stops the server and opens the same store again.
    pub async fn restart(self) -> Self {
        self.restart_with(None).await
    }

    /// The same, with other forms beside the built-in ones.
    pub async fn restart_with(self, forms: Option<&Path>) -> Self {
        let folder = self.stop().await;
        Self::open(folder, forms, |server| server).await
    }

    /// The same, on a server set up otherwise.
    pub async fn restart_set_up(self, set_up: impl FnOnce(Server) -> Server) -> Self {
        let folder = self.stop().await;
        Self::open(folder, None, set_up).await
    }

    /// Stops the server; gives the folder of its ledger.
    pub async fn stop(mut self) -> tempfile::TempDir {
        self.stop.cancel();
        drop(self.client);
        self.serving.take().unwrap().await.unwrap();
        self.folder
    }

    /// Stops the server; gives what it did meanwhile.
    pub async fn stopped(&mut self) -> Stopped {
        self.stop.cancel();
        self.serving.take().unwrap().await.unwrap()
    }

    /// Something that holds the writer back for real: a tree of very many units. It
    /// is handed in at once, and done when what is given is.
    pub fn hold_the_writer(&self) -> tokio::task::JoinHandle<()> {
        /// Takes seconds in a debug build.
        const MANY: usize = 40_000;
        let year = Year::new(2019).unwrap();
        let units = (0..MANY).map(|number| UnitEntry {
            code: UnitCode::new(&format!("N-{number}")).unwrap(),
            from_year: year,
            until_year: None,
            parent: None,
            kind: UnitKind::Town,
            name: Arc::from("N"),
            makes_rules: false,
        });
        let (desk, units) = (Arc::clone(&self.desk), units.collect());
        let mut applying =
            Box::pin(async move { desk.apply_units(units, false, String::new(), Arc::from("test")).await.unwrap() });
        // polled once, it is with the writer
        let waiting = applying.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        assert!(waiting, "the writer was not held");
        tokio::spawn(async move { drop(applying.await) })
    }

    /// Waits until the server has read all that was sent to it before.
    pub async fn all_is_read(&self) {
        for _ in 0..20 {
            self.client.status().await.unwrap();
        }
    }

    pub async fn apply(&self, units: &Value) -> Result<wire::ApplyUnitsResponse, crossfoot::client::ClientError> {
        let units = units.as_array().unwrap().iter().map(unit).collect();
        self.client.apply_units(wire::ApplyUnitsRequest { units, validate_only: false, reason: String::new() }).await
    }

    pub async fn submit(&self, request: wire::SubmitReportRequest) -> wire::SubmissionResult {
        self.client.submit(request).await.unwrap()
    }

    pub async fn rollup(&self, unit: &str, year: i32, basis: wire::Basis) -> wire::GetRollupResponse {
        let request = rollup_request(unit, year, basis);
        self.client.rollup(request).await.unwrap()
    }

    /// One figure of a roll-up on basis UNITS.
    pub async fn total(&self, unit: &str, year: i32, path: &str) -> i64 {
        figure(&self.rollup(unit, year, wire::Basis::Units).await, path)
    }
}

pub fn rollup_request(unit: &str, year: i32, basis: wire::Basis) -> wire::GetRollupRequest {
    wire::GetRollupRequest { unit: unit.to_owned(), year, basis: basis.into(), ..Default::default() }
}

pub fn series(unit: &str, year: i32, coverage: wire::Coverage) -> Option<wire::SeriesName> {
    Some(wire::SeriesName { family: String::new(), unit: unit.to_owned(), year, coverage: coverage.into() })
}

pub fn figure(rollup: &wire::GetRollupResponse, path: &str) -> i64 {
    rollup.cells.iter().find(|cell| cell.path == path).unwrap().value
}

pub fn units() -> Value {
    let unit = |code: &str, parent: Option<&str>, kind: &str| json!({ "code": code, "parent": parent, "kind": kind, "name": code, "from_year": 2019, "makes_rules": kind == "prefecture_city" });
    json!([
        unit("C", None, "prefecture_city"),
        unit("C-1", Some("C"), "district"),
        unit("C-1-A", Some("C-1"), "department"),
        unit("C-1-B", Some("C-1"), "department"),
        unit("C-2", Some("C"), "district"),
    ])
}

pub fn unit(value: &Value) -> wire::Unit {
    let kinds = crossfoot::domain::event::UnitKind::ALL;
    let kind = kinds.iter().position(|(_, name)| value["kind"] == *name).map_or(0, |index| index as i32 + 1);
    wire::Unit {
        code: value["code"].as_str().unwrap().to_owned(),
        parent: value["parent"].as_str().unwrap_or_default().to_owned(),
        kind,
        name: value["name"].as_str().unwrap().to_owned(),
        from_year: value["from_year"].as_i64().unwrap() as i32,
        until_year: value["until_year"].as_i64().unwrap_or_default() as i32,
        makes_rules: value["makes_rules"].as_bool().unwrap_or_default(),
    }
}

pub fn form() -> Arc<Form> {
    static FORM_OF_2021: LazyLock<Arc<Form>> =
        LazyLock::new(|| Arc::clone(Catalog::load(None).unwrap().by_name(FORM).unwrap()));
    Arc::clone(&FORM_OF_2021)
}

/// A report whose required cells are 0 but for those given.
pub fn json_report(form: &Form, figures: &[(&str, i64)]) -> Value {
    let mut report = Value::Object(Map::new());
    let cells = form.cells().iter().filter(|cell| cell.required).map(|cell| (cell.path.as_str(), 0));
    for (path, figure) in cells.chain(figures.iter().copied()) {
        put(&mut report, path, json!(figure));
    }
    report
}

/// Puts a value at a path of a JSON report.
pub fn put(report: &mut Value, path: &str, value: Value) {
    let place = path.split('.').fold(report, |at, name| {
        if at.is_null() {
            *at = json!({});
        }
        at.as_object_mut().unwrap().entry(camel(name)).or_insert(Value::Null)
    });
    *place = value;
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
}

/// Applications received and granted: a report that balances.
pub fn balanced(count: i64) -> Vec<(&'static str, i64)> {
    [
        "applications.received.natural_person",
        "applications.received.total",
        "applications.outcomes.granted.natural_person",
        "applications.outcomes.granted.total",
        "applications.outcomes.total.natural_person",
        "applications.outcomes.total.total",
    ]
    .map(|path| (path, count))
    .to_vec()
}

pub fn request(unit: &str, year: i32, coverage: wire::Coverage, figures: &[(&str, i64)]) -> wire::SubmitReportRequest {
    let form = form();
    request_json(&form, unit, year, coverage, &json_report(&form, figures))
}

pub fn request_json(
    form: &Form,
    unit: &str,
    year: i32,
    coverage: wire::Coverage,
    report: &Value,
) -> wire::SubmitReportRequest {
    let value = form.from_json(report).unwrap();
    wire::SubmitReportRequest {
        series: series(unit, year, coverage),
        report: Some(Any { type_url: format!("type.googleapis.com/{}", form.name()), value: value.into() }),
        ..Default::default()
    }
}

/// The request for a line of the real reports.
pub fn request_of_line(line: &Value) -> wire::SubmitReportRequest {
    let coverage = if line["coverage"] == "OWN" { wire::Coverage::Own } else { wire::Coverage::Consolidated };
    let (unit, year) = (line["unit"].as_str().unwrap(), line["year"].as_i64().unwrap() as i32);
    request_json(&form(), unit, year, coverage, &line["report"])
}

/// A request whose report is changed before it is sent.
pub fn changed_request(
    unit: &str,
    figures: &[(&str, i64)],
    change: impl FnOnce(&mut Value),
) -> wire::SubmitReportRequest {
    let form = form();
    let mut report = json_report(&form, figures);
    change(&mut report);
    request_json(&form, unit, 2024, wire::Coverage::Own, &report)
}

pub fn own(unit: &str, year: i32, count: i64) -> wire::SubmitReportRequest {
    request(unit, year, wire::Coverage::Own, &balanced(count))
}

pub fn consolidated(unit: &str, year: i32, count: i64) -> wire::SubmitReportRequest {
    request(unit, year, wire::Coverage::Consolidated, &balanced(count))
}
