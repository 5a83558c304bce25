//! Answers over 500,000 reports on a real store: a district as it was, all its
//! reports corrected since, and statistics of any set of units. Target of each:
//! at most 50 ms.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

mod shared;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::domain::event::{Event, EventKind, ReportAccepted, UnitKind};
use crossfoot::domain::{Selection, State, TotalKey};
use crossfoot::form::Form;
use crossfoot::ingest::{At, Desk, StatisticsQuestion};
use crossfoot::ledger::Ledger;
use crossfoot::words::{Basis, Digest, Position, Revision, UnitCode, clock};
use shared::{accepted, applied, code, event, registered, row, series, unit, year};

const DISTRICTS: usize = 1_000;
const UNITS_OF_A_DISTRICT: usize = 500;
const YEAR: i64 = 2024;

fn report(form: &Form, unit: UnitCode, revision: u32, number: usize) -> EventKind {
    accepted(ReportAccepted {
        revision: Revision(revision),
        digest: Digest::of(&[&number.to_le_bytes(), &revision.to_le_bytes()]),
        ..shared::report(series(form, unit, YEAR), row(form, number))
    })
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
    let mut kinds: Vec<EventKind> = vec![registered(form), applied(units)];
    kinds.extend(leaves.iter().enumerate().map(|(number, unit)| report(form, unit.clone(), 1, number)));
    let before = Position(kinds.len() as u64);
    kinds.extend(leaves[..UNITS_OF_A_DISTRICT].iter().map(|unit| report(form, unit.clone(), 2, 1)));
    let events: Vec<Event> = (1..).map(Position).zip(kinds).map(|(position, kind)| event(position, kind)).collect();
    let mut ledger = Ledger::open(dir, &mut State::new()).expect("a new ledger");
    for batch in events.chunks(4_096) {
        ledger.append(batch, &[]).expect("it is appended");
    }
    before
}

fn answers(c: &mut Criterion) {
    let catalog = shared::catalog();
    let form = &shared::form(&catalog);
    let folder = tempfile::tempdir().expect("a folder");
    let before = fill(folder.path(), form);
    let desk = Desk::open(folder.path(), &catalog, clock::system).expect("the desk opens");
    let key = TotalKey { family: form.family().clone(), unit: code("C-0"), year: year(YEAR), basis: Basis::Units };
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
        years: vec![year(YEAR)],
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
