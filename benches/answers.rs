//! Answers over 500,000 reports on a real store: a district as it was, all its
//! reports corrected since, and statistics of any set of units. Target of each:
//! at most 50 ms.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, SeriesKey, UnitEntry, UnitKind, UnitsApplied,
};
use crossfoot::domain::{Selection, State, TotalKey};
use crossfoot::form::{Catalog, Form, Row};
use crossfoot::ingest::{At, Desk, StatisticsQuestion};
use crossfoot::ledger::Ledger;
use crossfoot::words::{Basis, Coverage, Digest, Position, Revision, Timestamp, UnitCode, Year, clock};

const DISTRICTS: usize = 1_000;
const UNITS_OF_A_DISTRICT: usize = 500;

fn code(text: &str) -> UnitCode {
    UnitCode::new(text).expect("a code")
}

fn year() -> Year {
    Year::new(2024).expect("a year")
}

fn unit(text: &str, parent: Option<&str>, kind: UnitKind) -> UnitEntry {
    let (code, parent) = (code(text), parent.map(code));
    let from_year = Year::new(2019).expect("a year");
    UnitEntry { code, from_year, until_year: None, parent, kind, name: Arc::from(text), makes_rules: false }
}

fn report(form: &Form, unit: UnitCode, revision: u32, number: usize) -> EventKind {
    let mut values = vec![0; form.cells().len()];
    for (cell, value) in values.iter_mut().enumerate().skip(number % 7).step_by(17) {
        *value = i64::try_from(cell + number % 100).unwrap_or(0);
    }
    EventKind::ReportAccepted(Box::new(ReportAccepted {
        series: SeriesKey { family: form.family().clone(), year: year(), unit, coverage: Coverage::Own },
        form: FormId(1),
        revision: Revision(revision),
        request_id: None,
        row: Row::pack(form.cells(), form.cells().required(), &values),
        digest: Digest::of(&[&number.to_le_bytes(), &revision.to_le_bytes()]),
        texts: None,
        blank_means_zero: false,
        nil_report: false,
        findings: Vec::new(),
        explained: Vec::new(),
        rejudged: Vec::new(),
        awaits_approval: false,
    }))
}

/// A store with 500,000 reports and, after them, a correction of every report of
/// the first district. Gives the position before the corrections.
fn fill(dir: &Path, form: &Arc<Form>) -> Position {
    let mut units = vec![unit("C", None, UnitKind::PrefectureCity)];
    let kinds = [UnitKind::Department, UnitKind::Subdistrict, UnitKind::Town, UnitKind::Office];
    for district in 0..DISTRICTS {
        let name = format!("C-{district}");
        units.push(unit(&name, Some("C"), UnitKind::District));
        let below = (0..UNITS_OF_A_DISTRICT).map(|number| (number, format!("{name}-{number}")));
        units.extend(below.map(|(number, below)| unit(&below, Some(&name), kinds[number % kinds.len()])));
    }
    let leaves: Vec<UnitCode> =
        units.iter().map(|unit| unit.code.clone()).filter(|code| code.as_str().matches('-').count() == 2).collect();
    let mut kinds: Vec<EventKind> = vec![
        EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(form) }),
        EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }),
    ];
    kinds.extend(leaves.iter().enumerate().map(|(number, unit)| report(form, unit.clone(), 1, number)));
    let before = Position(kinds.len() as u64);
    kinds.extend(leaves[..UNITS_OF_A_DISTRICT].iter().map(|unit| report(form, unit.clone(), 2, 1)));
    let events = (1..).map(Position).zip(kinds).map(|(position, kind)| Event {
        position,
        time: Timestamp(0),
        principal: Arc::from("bench"),
        reason: String::new(),
        kind,
    });
    let events: Vec<Event> = events.collect();
    let mut ledger = Ledger::open(dir, &mut State::new()).expect("a new ledger");
    for batch in events.chunks(4_096) {
        ledger.append(batch, &[]).expect("it is appended");
    }
    before
}

fn answers(c: &mut Criterion) {
    let catalog = Catalog::load(None).expect("the built-in forms compile");
    let form = catalog.by_name("disclosure.annual.v2021.AnnualReport").expect("it is built in");
    let folder = tempfile::tempdir().expect("a folder");
    let before = fill(folder.path(), form);
    let desk = Desk::open(folder.path(), &catalog, clock::system).expect("the desk opens");
    let key = TotalKey { family: form.family().clone(), unit: code("C-0"), year: year(), basis: Basis::Units };
    let mut group = c.benchmark_group("500,000 reports");
    group.sample_size(20);
    group.bench_function("a district of 500 as it was, all corrected since", |b| {
        b.iter(|| desk.rollup(black_box(&key), At::position(before)).expect("an answer").rollup.counts.filed);
    });
    group.bench_function("a district of 500 as it was, unchanged since", |b| {
        let key = TotalKey { unit: code("C-7"), ..key.clone() };
        b.iter(|| desk.rollup(black_box(&key), At::position(before)).expect("an answer").rollup.counts.filed);
    });
    let question = |selection| StatisticsQuestion {
        family: form.family().clone(),
        selection,
        years: vec![year()],
        basis: Basis::Units,
        indicators: Vec::new(),
        rank_by: None,
        rows: None,
        ascending: false,
        skip: 0,
        most: 20,
    };
    let all = question(Selection::default());
    let towns = question(Selection { units: Vec::new(), kinds: vec![UnitKind::Town] });
    let some = (0..DISTRICTS).flat_map(|district| (0..10).map(move |unit| code(&format!("C-{district}-{unit}"))));
    let some = question(Selection { units: some.collect(), kinds: Vec::new() });
    for (name, question) in [("all units", all), ("towns only", towns), ("10,000 units named", some)] {
        group.bench_function(format!("statistics of {name}"), |b| {
            b.iter(|| desk.statistics(black_box(&question), At::NOW).expect("an answer").ranked);
        });
    }
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
