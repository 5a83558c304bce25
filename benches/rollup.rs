//! A roll-up's figures and counts inside the process, over 5,000 and over
//! 500,000 reports. Target: at most 1 µs, the same at both.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, SeriesKey, UnitEntry, UnitKind, UnitsApplied,
};
use crossfoot::domain::{State, TotalKey};
use crossfoot::form::{Catalog, Form, Row};
use crossfoot::words::{Basis, Coverage, Digest, Position, Revision, Timestamp, UnitCode, Year};

fn unit(code: &str, parent: Option<&str>) -> UnitEntry {
    UnitEntry {
        code: UnitCode::new(code).expect("a code"),
        from_year: Year::new(2019).expect("a year"),
        until_year: None,
        parent: parent.map(|parent| UnitCode::new(parent).expect("a code")),
        kind: UnitKind::District,
        name: Arc::from(code),
        makes_rules: false,
    }
}

/// A city of districts of 500 units each, one report a unit.
fn state(form: &Arc<Form>, reports: usize) -> State {
    const UNITS_OF_A_DISTRICT: usize = 500;
    let districts = reports / UNITS_OF_A_DISTRICT;
    let mut units = vec![unit("C", None)];
    for district in 0..districts {
        let code = format!("C-{district}");
        units.push(unit(&code, Some("C")));
        units.extend((0..UNITS_OF_A_DISTRICT).map(|number| unit(&format!("{code}-{number}"), Some(&code))));
    }
    let codes: Vec<UnitCode> = units.iter().map(|unit| unit.code.clone()).collect();
    let mut state = State::new();
    let mut kinds = vec![
        EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(form) }),
        EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }),
    ];
    let mut values = vec![0; form.cells().len()];
    for (number, value) in values.iter_mut().enumerate().step_by(17) {
        *value = i64::try_from(number).unwrap_or(0);
    }
    let row = Row::pack(form.cells(), form.cells().required(), &values);
    let leaves = codes.into_iter().filter(|code| code.as_str().matches('-').count() == 2);
    kinds.extend(leaves.map(|unit| {
        let (year, coverage) = (Year::new(2024).expect("a year"), Coverage::Own);
        EventKind::ReportAccepted(Box::new(ReportAccepted {
            series: SeriesKey { family: form.family().clone(), year, unit, coverage },
            form: FormId(1),
            revision: Revision(1),
            request_id: None,
            row: row.clone(),
            digest: Digest::ZERO,
            texts: None,
            blank_means_zero: false,
            nil_report: false,
            findings: Vec::new(),
            explained: Vec::new(),
            rejudged: Vec::new(),
            awaits_approval: false,
        }))
    }));
    for (position, kind) in (1..).map(Position).zip(kinds) {
        let (time, principal) = (Timestamp(0), Arc::from("bench"));
        state.apply(&Event { position, time, principal, reason: String::new(), kind }).expect("it applies");
    }
    state
}

fn rollup(c: &mut Criterion) {
    let catalog = Catalog::load(None).expect("the built-in forms compile");
    let form = catalog.by_name("disclosure.annual.v2021.AnnualReport").expect("it is built in");
    let (city, year) = (UnitCode::new("C").expect("a code"), Year::new(2024).expect("a year"));
    for reports in [5_000, 500_000] {
        let state = state(form, reports);
        let key = TotalKey { family: form.family().clone(), unit: city.clone(), year, basis: Basis::Units };
        c.bench_function(&format!("roll-up of a city, {reports} reports"), |b| {
            b.iter(|| state.rollup(black_box(&key)).map(|rollup| rollup.counts.filed));
        });
    }
}

criterion_group!(benches, rollup);
criterion_main!(benches);
