//! One complete report: 200 explicit figures, most of them 0. Target: decode and
//! all in-report checks in at most 1 µs on one core, without allocating.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement, not an interface"
)]

mod shared;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crossfoot::form::{Content, Reader, Statements};
use crossfoot::words::Coverage;

fn report(c: &mut Criterion) {
    let form = shared::form(&shared::catalog());
    let bytes = shared::sample(&form);
    let mut reader = Reader::default();
    let mut found = Vec::new();
    c.bench_function(&format!("read {} bytes", bytes.len()), |b| {
        b.iter(|| reader.read(&form, black_box(&bytes)).is_ok());
    });
    c.bench_function("read and check", |b| {
        b.iter(|| {
            found.clear();
            let read = reader.read(&form, black_box(&bytes)).is_ok();
            form.check_report(&mut reader, Statements::default(), &mut found);
            read && found.len() == 7
        });
    });
    c.bench_function("content and digest", |b| {
        b.iter(|| Content::new(&form, &reader, Coverage::Own, Statements::default(), &[]).digest);
    });
}

criterion_group!(benches, report);
criterion_main!(benches);
