//! A roll-up's figures and counts inside the process, over 5,000 and over
//! 500,000 reports. Target: at most 1 µs, the same at both.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

mod shared;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::domain::event::UnitKind;
use crossfoot::domain::{State, TotalKey};
use crossfoot::form::Form;
use crossfoot::words::{Basis, Position, UnitCode};
use shared::{accepted, applied, code, event, registered, report, series, unit, year};

/// A city of districts of 500 units each, one report a unit.
fn state(form: &Arc<Form>, reports: usize) -> State {
    const UNITS_OF_A_DISTRICT: usize = 500;
    let districts = reports / UNITS_OF_A_DISTRICT;
    let mut units = vec![unit("C", None, UnitKind::District)];
    for district in 0..districts {
        let code = format!("C-{district}");
        units.push(unit(&code, Some("C"), UnitKind::District));
        units.extend(
            (0..UNITS_OF_A_DISTRICT).map(|number| unit(&format!("{code}-{number}"), Some(&code), UnitKind::District)),
        );
    }
    let codes: Vec<UnitCode> = units.iter().map(|unit| unit.code.clone()).collect();
    let row = shared::row(form, 0);
    let leaves = codes.into_iter().filter(|code| code.as_str().matches('-').count() == 2);
    let reports = leaves.map(|unit| accepted(report(series(form, unit, 2024), row.clone())));
    let mut state = State::new();
    for (position, kind) in (1..).map(Position).zip([registered(form), applied(units)].into_iter().chain(reports)) {
        state.apply(&event(position, kind)).expect("it applies");
    }
    state
}

fn rollup(c: &mut Criterion) {
    let form = &shared::form(&shared::catalog());
    let (city, year) = (code("C"), year(2024));
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
