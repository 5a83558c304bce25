//! What benches are made of: the form, a real report, units, events.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::mod_module_files,
    reason = "shared by benches, each of which uses a part; a file beside them would be a bench"
)]

use std::sync::Arc;

use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, SeriesKey, UnitEntry, UnitKind, UnitsApplied,
};
use crossfoot::form::{Catalog, Findings, Form, Row};
use crossfoot::words::{Coverage, Digest, Position, Revision, Timestamp, UnitCode, Year};
use serde_json::Value;

pub fn catalog() -> Catalog {
    Catalog::load(None).expect("the built-in forms compile")
}

pub fn form(catalog: &Catalog) -> Arc<Form> {
    Arc::clone(catalog.by_name("disclosure.annual.v2021.AnnualReport").expect("it is built in"))
}

/// A real report on the wire: 200 figures, most of them 0.
pub fn sample(form: &Form) -> Vec<u8> {
    let line = include_str!("../../tests/data/reports.jsonl").lines().find(|line| line.contains("\"371002\""));
    let line: Value = serde_json::from_str(line.expect("the sample is there")).expect("it is JSON");
    form.from_json(&line["report"]).expect("it is a report")
}

pub fn code(text: &str) -> UnitCode {
    UnitCode::new(text).expect("a code")
}

pub fn year(number: i64) -> Year {
    Year::new(number).expect("a year")
}

/// A unit named like its code.
pub fn unit(text: &str, parent: Option<&str>, kind: UnitKind) -> UnitEntry {
    UnitEntry {
        code: code(text),
        from_year: year(2019),
        until_year: None,
        parent: parent.map(code),
        kind,
        name: Arc::from(text),
        makes_rules: false,
    }
}

/// OWN of a unit.
pub fn series(form: &Form, unit: UnitCode, filed_for: i64) -> SeriesKey {
    SeriesKey { family: form.family().clone(), year: year(filed_for), unit, coverage: Coverage::Own }
}

/// A first report in which nothing is found.
pub fn report(series: SeriesKey, row: Row) -> ReportAccepted {
    ReportAccepted {
        series,
        form: FormId(1),
        revision: Revision(1),
        request_id: None,
        row,
        digest: Digest::ZERO,
        texts: None,
        blank_means_zero: false,
        nil_report: false,
        findings: Findings::default(),
        explained: Vec::new(),
        rejudged: Vec::new(),
        awaits_approval: false,
    }
}

/// Some figures, a little different from number to number.
pub fn row(form: &Form, number: usize) -> Row {
    let mut values = vec![0; form.cells().len()];
    for (cell, value) in values.iter_mut().enumerate().skip(number % 7).step_by(17) {
        *value = i64::try_from(cell.saturating_add(number % 100)).expect("it is small");
    }
    Row::pack(form.cells(), form.cells().required(), &values)
}

pub fn accepted(report: ReportAccepted) -> EventKind {
    EventKind::ReportAccepted(Box::new(report))
}

pub fn registered(form: &Arc<Form>) -> EventKind {
    EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(form) })
}

pub fn applied(units: Vec<UnitEntry>) -> EventKind {
    EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() })
}

pub fn event(position: Position, kind: EventKind) -> Event {
    Event { position, time: Timestamp(0), principal: Arc::from("bench"), reason: String::new(), kind }
}
