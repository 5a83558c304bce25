//! One complete report: 200 explicit figures, most of them 0. Target: decode and
//! all in-report checks in at most 1 µs on one core, without allocating.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::form::{Catalog, Content, Reader, Statements};
use crossfoot::words::Coverage;
use serde_json::Value;

fn report(c: &mut Criterion) {
    let catalog = Catalog::load(None).expect("the built-in forms compile");
    let form = catalog.by_name("disclosure.annual.v2021.AnnualReport").expect("it is built in");
    let line = include_str!("../tests/data/reports.jsonl").lines().find(|line| line.contains("\"371002\""));
    let line: Value = serde_json::from_str(line.expect("the sample is there")).expect("it is JSON");
    let bytes = form.from_json(&line["report"]).expect("it is a report");
    let mut reader = Reader::default();
    let mut found = Vec::new();
    c.bench_function(&format!("read {} bytes", bytes.len()), |b| {
        b.iter(|| reader.read(form, black_box(&bytes)).is_ok());
    });
    c.bench_function("read and check", |b| {
        b.iter(|| {
            found.clear();
            let read = reader.read(form, black_box(&bytes)).is_ok();
            form.check_report(&mut reader, Statements::default(), &mut found);
            read && found.len() == 7
        });
    });
    c.bench_function("content and digest", |b| {
        b.iter(|| Content::new(form, &reader, Coverage::Own, Statements::default(), &[]).digest);
    });
}

criterion_group!(benches, report);
criterion_main!(benches);
