//! A whole year on the real figures of 2023, over mutual TLS, each party with a
//! client of its own: seventeen agencies of a zone, the zone's office, the office
//! above it. Submit, query, explain, return, correct, approve, close, late
//! correction, stale, reopen, certify, publish; and the statement holds when the
//! service is gone.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

mod certificates;
mod city;
mod server;

use std::collections::BTreeMap;
use std::fs;

use certificates::{Authority, Identity};
use city::{RECEIVED, rollup_request};
use crossfoot::client::{Client, ClientError, wire};
use rcgen::SanType;
use serde_json::{Value, json};
use server::{Server, data};
use tonic::Code;
use wire::{Basis, Coverage, Outcome};

const ZONE: &str = "350128";
const ABOVE: &str = "350000";
/// The agency whose total column slid a row.
const SLID: &str = "350128-NYN";
const YEAR: i32 = 2023;

/// The service and the authorities, and who may do what with which certificate.
struct Parties {
    server: Server,
    own: Authority,
    callers: Authority,
    folder: tempfile::TempDir,
}

impl Parties {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (own, callers) = (Authority::new(folder.path(), "own"), Authority::new(folder.path(), "callers"));
        let service = own.service("service");
        let mapped = json!([
            { "name": "https://zone.example/office", "principal": "zone office",
              "grants": ["office:subtree:350128", "reviewer:subtree:350128"] },
            { "name": "https://above.example/office", "principal": "office above",
              "grants": ["office:everything", "reviewer:subtree:350000"] },
            { "name": "https://audit.example/", "principal": "auditor", "grants": ["auditor:everything"] },
        ]);
        let mapped = server::file(folder.path(), "certificates.json", mapped.to_string().as_bytes());
        let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        let flags = [
            "--tls-cert",
            &text(&service.certificate),
            "--tls-key",
            &text(&service.key),
            "--tls-client-ca",
            &text(&callers.file),
            "--auth-certificates",
            &mapped,
        ];
        let server = Server::start_with(&folder.path().join("ledger"), &flags);
        Self { server, own, callers, folder }
    }

    async fn connect(&self, identity: &Identity) -> Client {
        Client::connect_with(&self.server.address, &self.own.trusted_with(identity)).await.unwrap()
    }

    /// An agency with a certificate that names it.
    async fn agency(&self, code: &str) -> Client {
        self.connect(&self.callers.unit(code)).await
    }

    /// Somebody the service knows by the name in his certificate.
    async fn known(&self, file: &str, name: &str) -> Client {
        let identity = self.callers.issue(file, |params| {
            params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
        });
        self.connect(&identity).await
    }
}

/// Lines of the real reports of the zone and its agencies.
fn real_reports(year: i32) -> Vec<Value> {
    let text = fs::read_to_string(data("reports.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["year"] == year && line["unit"].as_str().unwrap().starts_with(ZONE)).collect()
}

fn series(unit: &str, coverage: Coverage) -> Option<wire::SeriesName> {
    city::series(unit, YEAR, coverage)
}

/// The same report with every row total the sum of its columns.
fn with_totals_recomputed(line: &Value) -> Value {
    fn mend(value: &mut Value) {
        let Value::Object(fields) = value else { return };
        if fields.contains_key("naturalPerson") {
            let number =
                |value: &Value| value.as_str().map_or_else(|| value.as_i64().unwrap(), |text| text.parse().unwrap());
            let sum: i64 = fields.iter().filter(|(name, _)| *name != "total").map(|(_, value)| number(value)).sum();
            fields.insert("total".to_owned(), json!(sum.to_string()));
        } else {
            fields.values_mut().for_each(mend);
        }
    }
    let mut line = line.clone();
    mend(&mut line["report"]["applications"]);
    line
}

async fn approve(reviewer: &Client, unit: &str, coverage: Coverage, revision: i64) {
    let request = wire::ApproveReportRequest { series: series(unit, coverage), revision, ..Default::default() };
    reviewer.review_service().approve_report(request).await.unwrap();
}

async fn received(client: &Client, unit: &str) -> i64 {
    city::figure(&client.rollup(rollup_request(unit, YEAR, Basis::Units)).await.unwrap(), RECEIVED)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_year_is_played_by_agencies_zone_and_the_office_above_on_the_real_figures() {
    let mut parties = Parties::start();
    let above = parties.known("above", "https://above.example/office").await;
    let zone = parties.known("zone", "https://zone.example/office").await;

    // the office above tells who reports and until when; the zone may not
    let units = serde_json::from_str::<Value>(&fs::read_to_string(data("units.json")).unwrap()).unwrap();
    let units: Vec<wire::Unit> = units.as_array().unwrap().iter().map(city::unit).collect();
    above.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    let roster = wire::Roster {
        year: YEAR,
        requires_approval: true,
        deadlines: vec![wire::KindDeadlines {
            submission_due: "2190-01-31".to_owned(),
            publication_due: "2024-03-31".to_owned(),
            ..Default::default()
        }],
        dispositions: vec![wire::UnitDisposition {
            unit: "350128-GAJ".to_owned(),
            disposition: wire::Disposition::Exempt.into(),
            reason: "reports to the ministry".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let apply = wire::ApplyRosterRequest { roster: Some(roster), ..Default::default() };
    assert_eq!(zone.unit_service().apply_roster(apply.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    above.unit_service().apply_roster(apply).await.unwrap();

    // every agency hands in its reports of two years; what was refused names the rule
    let mut agencies = BTreeMap::new();
    let mut refused = Vec::new();
    for line in real_reports(2022).iter().chain(&real_reports(YEAR)) {
        let unit = line["unit"].as_str().unwrap().to_owned();
        if line["coverage"] != "OWN" {
            continue;
        }
        if !agencies.contains_key(&unit) {
            agencies.insert(unit.clone(), parties.agency(&unit).await);
        }
        let mut request = city::request_of_line(line);
        request.blank_means_zero = true;
        let result = agencies[&unit].submit(request).await.unwrap();
        if result.outcome() == Outcome::Refused && line["year"] == YEAR {
            refused.push((unit, line.clone()));
        }
    }
    assert!(refused.iter().any(|(unit, _)| unit == SLID), "its total column slid a row");
    // nobody files for another
    let foreign = city::request_of_line(&refused[0].1);
    let ClientError::Refused(status) = agencies["350128-GWH"].submit(foreign).await.unwrap_err() else {
        panic!("it was not refused");
    };
    assert_eq!(status.code(), Code::PermissionDenied);
    // the totals that slid are mended and handed in again; what else was refused only its
    // agency could mend, and stays missing
    let mut missing: Vec<&str> = refused.iter().map(|(unit, _)| unit.as_str()).filter(|unit| *unit != SLID).collect();
    missing.sort_unstable();
    let (_, slid) = refused.iter().find(|(unit, _)| unit == SLID).unwrap();
    let mut mended = city::request_of_line(&with_totals_recomputed(slid));
    mended.blank_means_zero = true;
    let result = agencies[SLID].submit(mended).await.unwrap();
    assert_eq!(result.outcome(), Outcome::Accepted, "{result:?}");
    let wanted = wire::ListMissingRequest { unit: ZONE.to_owned(), year: YEAR, ..Default::default() };
    let told = zone.missing(wanted).await.unwrap().units;
    assert!(!missing.is_empty() && missing.iter().all(|unit| told.iter().any(|told| told.unit == *unit)), "{told:?}");

    // nothing counts before it is approved; queries are answered first
    assert_eq!(received(&zone, ZONE).await, 0);
    let queries =
        |year: i32| wire::ListQueriesRequest { unit: ZONE.to_owned(), year, page_size: 1_000, ..Default::default() };
    let open = zone.review_service().list_queries(queries(YEAR)).await.unwrap().into_inner().queries;
    assert!(!open.is_empty(), "the real figures raise queries");
    println!("{} queries raised by the figures of {YEAR}", open.len());
    for query in open {
        let (series, finding) = (query.series.unwrap(), query.finding.unwrap());
        let explanation = wire::Explanation {
            rule: finding.rule,
            instance: finding.instance,
            left: finding.left.unwrap(),
            right: finding.right.unwrap(),
            text: "上年有件次年才登记，已与台账核对".to_owned(),
        };
        let agency = &agencies[&series.unit];
        let request = wire::ExplainQueryRequest { series: Some(series), explanation: Some(explanation) };
        agency.explain(request).await.unwrap();
    }
    assert!(zone.review_service().list_queries(queries(YEAR)).await.unwrap().into_inner().queries.is_empty());

    // the zone returns one report; the agency sees who and why, and corrects it
    let returned = "350128-JTJ";
    let request = wire::ReturnReportRequest {
        series: series(returned, Coverage::Own),
        revision: 1,
        reason: "许可件数与台账不符".to_owned(),
        cells: vec!["proactive.licensing_decisions".to_owned()],
    };
    zone.review_service().return_report(request).await.unwrap();
    let list = wire::ListReportsRequest { unit: returned.to_owned(), year: YEAR, ..Default::default() };
    let status = agencies[returned].list(list).await.unwrap().reports.remove(0);
    let why = status.review.unwrap();
    assert_eq!((why.principal.as_str(), why.reason.as_str()), ("zone office", "许可件数与台账不符"));
    let line = real_reports(YEAR).into_iter().find(|line| line["unit"] == returned).unwrap();
    let corrected = |licences: i64, revision: i64| {
        let mut line = line.clone();
        line["report"]["proactive"]["licensingDecisions"] = json!(licences.to_string());
        let mut request = city::request_of_line(&line);
        request.blank_means_zero = true;
        request.expected_revision = Some(revision);
        request
    };
    assert_eq!(agencies[returned].submit(corrected(4_711, 1)).await.unwrap().outcome(), Outcome::Accepted);
    let again = zone.review_service().list_queries(queries(YEAR)).await.unwrap().into_inner().queries;
    for query in again {
        let (series, finding) = (query.series.unwrap(), query.finding.unwrap());
        let explanation = wire::Explanation {
            rule: finding.rule,
            instance: finding.instance,
            left: finding.left.unwrap(),
            right: finding.right.unwrap(),
            text: "上年有件次年才登记，已与台账核对".to_owned(),
        };
        let request = wire::ExplainQueryRequest { series: Some(series), explanation: Some(explanation) };
        agencies[returned].explain(request).await.unwrap();
    }

    // the zone approves every agency; it cannot close over what nobody reviewed
    let close = wire::CloseYearRequest { unit: ZONE.to_owned(), year: YEAR, ..Default::default() };
    let early = zone.review_service().close_year(close.clone()).await.unwrap_err();
    assert!(early.message().contains("reports not reviewed"), "{early}");
    let list = wire::ListReportsRequest {
        unit: ZONE.to_owned(),
        subtree: true,
        year: YEAR,
        page_size: 1_000,
        ..Default::default()
    };
    let mut expected = 0;
    let listed = zone.list(list.clone()).await.unwrap().reports;
    for report in listed.into_iter().filter(|report| !missing.contains(&report.series.as_ref().unwrap().unit.as_str()))
    {
        let series = report.series.unwrap();
        approve(&zone, &series.unit, series.coverage(), report.newest_revision).await;
        let stored = zone.report(wire::GetReportRequest { series: Some(series), ..Default::default() }).await.unwrap();
        let value = city::form().to_json(&stored.report.unwrap().report.unwrap().value).unwrap();
        let number = &value["applications"]["received"]["total"];
        expected += number.as_str().map_or(0, |text| text.parse::<i64>().unwrap());
    }
    assert_eq!(received(&zone, ZONE).await, expected, "the sum of the real reports");
    println!("{expected} applications received by the agencies of {ZONE} in {YEAR}");

    // the zone states its own total; the office above looks at it
    let own_total = parties.agency(ZONE).await;
    let line = real_reports(YEAR).into_iter().find(|line| line["coverage"] == "CONSOLIDATED").unwrap();
    let mut stated = city::request_of_line(&line);
    stated.blank_means_zero = true;
    assert_eq!(own_total.submit(stated).await.unwrap().outcome(), Outcome::Accepted);
    let by_itself =
        wire::ApproveReportRequest { series: series(ZONE, Coverage::Consolidated), revision: 1, ..Default::default() };
    let denied = zone.review_service().approve_report(by_itself).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied, "nobody reviews his own report");
    approve(&above, ZONE, Coverage::Consolidated, 1).await;

    // closed and certified
    let closed = zone.review_service().close_year(close.clone()).await.unwrap().into_inner();
    let statement = closed.statement.unwrap();
    // a late correction: previewed, accepted, approved; the statement is stale by so much
    let late = corrected(4_712, 2);
    let dry =
        agencies[returned].submit(wire::SubmitReportRequest { validate_only: true, ..late.clone() }).await.unwrap();
    let preview = &dry.certified_changes[0];
    let drift = preview.cells.iter().find(|drift| drift.path == "proactive.licensing_decisions").unwrap();
    assert_eq!((preview.unit.as_str(), drift.now - drift.certified), (ZONE, 1));
    assert_eq!(agencies[returned].submit(late).await.unwrap().outcome(), Outcome::Accepted);
    let named = wire::GetStatementRequest { unit: ZONE.to_owned(), year: YEAR, ..Default::default() };
    let stale = |client: &Client| {
        let (mut reviews, named) = (client.review_service(), named.clone());
        async move { reviews.get_statement(named).await.unwrap().into_inner() }
    };
    assert!(stale(&zone).await.stale.is_empty(), "it does not count before it is approved");
    approve(&zone, returned, Coverage::Own, 3).await;
    let moved = stale(&zone).await.stale;
    assert_eq!(moved.len(), 1);
    assert_eq!((moved[0].path.as_str(), moved[0].now - moved[0].certified), ("proactive.licensing_decisions", 1));
    let reopen = wire::ReopenYearRequest {
        unit: ZONE.to_owned(),
        year: YEAR,
        reason: "交通局更正许可件数".to_owned(),
        ..Default::default()
    };
    let by_agency = agencies[returned].review_service().reopen_year(reopen.clone()).await.unwrap_err();
    assert_eq!(by_agency.code(), Code::PermissionDenied);
    zone.review_service().reopen_year(reopen).await.unwrap();
    let open = zone.review_service().list_queries(queries(YEAR)).await.unwrap().into_inner().queries;
    assert!(open.is_empty(), "explanations hold while their figures do: {open:?}");
    let certified = zone.review_service().close_year(close).await.unwrap().into_inner().statement.unwrap();
    assert_ne!(certified, statement);

    // published by whom it is of; nobody has anything left to do
    let overdue = wire::ListOverdueRequest {
        unit: ZONE.to_owned(),
        year: YEAR,
        as_of: Some("2024-06-01T00:00:00Z".parse().unwrap()),
        page_size: 1_000,
        ..Default::default()
    };
    let late = zone.rollup_service().list_overdue(overdue.clone()).await.unwrap().into_inner().units;
    assert!(late.iter().all(|unit| unit.todo == ["PUBLISH"]), "{late:?}");
    let publish = |unit: &str, coverage| wire::RecordPublicationRequest {
        series: series(unit, coverage),
        address: format!("https://example/{unit}"),
        date: "2024-01-30".to_owned(),
    };
    let reported = |unit: &str| late.iter().any(|late| late.unit == unit) && !missing.contains(&unit);
    for (unit, agency) in agencies.iter().filter(|(unit, _)| reported(unit)) {
        agency.review_service().record_publication(publish(unit, Coverage::Own)).await.unwrap();
    }
    own_total.review_service().record_publication(publish(ZONE, Coverage::Consolidated)).await.unwrap();
    let left = zone.rollup_service().list_overdue(overdue).await.unwrap().into_inner().units;
    let left: Vec<&str> = left.iter().map(|unit| unit.unit.as_str()).collect();
    assert_eq!(left, missing, "who has nothing to publish is still to");

    // the auditor sees who did what, and changes nothing
    let auditor = parties.known("auditor", "https://audit.example/").await;
    let events = wire::ListEventsRequest { unit: returned.to_owned(), page_size: 1_000, ..Default::default() };
    let events = auditor.audit_service().list_events(events).await.unwrap().into_inner().events;
    let told: Vec<(&str, &str)> = events.iter().map(|event| (event.kind.as_str(), event.principal.as_str())).collect();
    let own_name = format!("urn:crossfoot:unit:{returned}");
    assert!(
        told.contains(&("REPORT_RETURNED", "zone office")) && told.contains(&("REPORT_ACCEPTED", &own_name)),
        "{told:?}"
    );
    let request =
        wire::ApproveReportRequest { series: series(returned, Coverage::Own), revision: 3, ..Default::default() };
    assert_eq!(auditor.review_service().approve_report(request).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(received(&above, ABOVE).await, expected, "the total above is that of the zone");

    // the service is gone; the statement holds
    parties.server.kill();
    let json = crossfoot::client::json("crossfoot.ledger.v1.SignedStatement", &certified).unwrap();
    let file = server::file(parties.folder.path(), "statement.json", json.to_string().as_bytes());
    let verified = server::json(&server::run(&["verify", "--statement", &file, "--json"], ""));
    assert_eq!(verified["cells"][RECEIVED], expected.to_string());
    assert_eq!(verified["closed_by"], "zone office");
}
