//! Localisation of faulty reports: at most 50 µs for one, on one core. The real
//! faulty reports, and a real one with errors put in that force a search for sets
//! of three cells.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::form::{Catalog, Figures, Form, Hints, Locator, Reader, Statements};
use serde_json::Value;

fn read(form: &Form, line: &Value) -> Vec<i64> {
    let bytes = form.from_json(&line["report"]).unwrap();
    let mut reader = Reader::default();
    reader.read(form, &bytes).unwrap();
    reader.figures(Statements::default()).values.to_vec()
}

fn locate(c: &mut Criterion) {
    let catalog = Catalog::load(None).unwrap();
    let form = catalog.by_name("disclosure.annual.v2021.AnnualReport").unwrap();
    let lines = || include_str!("../tests/data/reports.jsonl").lines().map(serde_json::from_str::<Value>);
    let mut locator = Locator::default();
    let mut measure = |name: &str, values: &[i64]| {
        let figures = Figures { values, present: form.cells().required(), absent_is_zero: false };
        c.bench_function(name, |b| {
            b.iter(|| form.locate(black_box(figures), Hints::default(), &mut locator).len());
        });
    };
    for line in lines().map(Result::unwrap).filter(|line| line["violations"] != serde_json::json!([])) {
        measure(&format!("{} {}", line["unit"], line["year"]), &read(form, &line));
    }
    let line = lines().map(Result::unwrap).find(|line| line["unit"] == "371002" && line["year"] == 2024).unwrap();
    let right = read(form, &line);
    let cell = |path: &str| form.cells().find(path).unwrap();
    let wrong = [
        ("applications.outcomes.granted.natural_person", 30),
        ("applications.outcomes.unable.not_held.total", 4),
        ("applications.outcomes.declined.petition.commercial_enterprise", 7),
        ("applications.received.total", 200),
    ];
    for errors in 1..=wrong.len() {
        let mut values = right.clone();
        wrong[..errors].iter().for_each(|(path, more)| values[cell(path)] += more);
        measure(&format!("{errors} wrong cells"), &values);
    }
    let mut values = right.clone();
    values[cell("disputes.reconsideration.total")] += 3;
    measure("1 wrong cell of disputes", &values);
    let mut values = right.clone();
    values.swap(
        cell("applications.outcomes.granted.natural_person"),
        cell("applications.outcomes.granted.commercial_enterprise"),
    );
    measure("a value one column over", &values);
    measure("nothing wrong", &right);
}

criterion_group!(benches, locate);
criterion_main!(benches);
