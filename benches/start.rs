//! Starting with a large ledger: 500,000 units and a report of each for two years,
//! 1,000,000 events. Target, on two cores: at most 2.5 s with a checkpoint, at most
//! 10 s by replaying everything.
//!
//! `START_UNITS` makes a smaller one. `START_FOLDER` keeps the ledger there, and takes
//! it from there the next time.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement, not an interface"
)]

mod shared;

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossfoot::domain::State;
use crossfoot::domain::event::{Event, EventKind, ReportAccepted, UnitEntry, UnitKind};
use crossfoot::form::{Content, Form, Reader, Statements};
use crossfoot::ledger::Ledger;
use crossfoot::words::{Coverage, Digest, Position, RequestId, Timestamp, UnitCode, limits};
use shared::{accepted, applied, code, event, registered, series, year};

const YEARS: [i64; 2] = [2023, 2024];

fn unit(code: &str, parent: Option<&str>, kind: UnitKind) -> UnitEntry {
    UnitEntry { name: Arc::from(format!("某市某区某某局 {code}")), ..shared::unit(code, parent, kind) }
}

/// A province of cities with ten districts each, and of 500 units in each district.
fn units(count: usize) -> Vec<UnitEntry> {
    const IN_A_DISTRICT: usize = 500;
    let mut units = vec![unit("37", None, UnitKind::Province)];
    for number in 0.. {
        let (city, district) = (format!("37-{:03}", number / 10), format!("37-{:03}-{}", number / 10, number % 10));
        if number % 10 == 0 {
            units.push(unit(&city, Some("37"), UnitKind::PrefectureCity));
        }
        units.push(unit(&district, Some(&city), UnitKind::District));
        let below = (1..IN_A_DISTRICT)
            .map(|number| unit(&format!("{district}-{number:03}"), Some(&district), UnitKind::Department));
        units.extend(below);
        if units.len() >= count {
            break;
        }
    }
    units.truncate(count);
    units
}

/// The sample report of one unit, as every unit files it.
fn report(form: &Form) -> ReportAccepted {
    let (mut reader, mut findings) = (Reader::default(), Vec::new());
    reader.read(form, &shared::sample(form)).expect("it is a report");
    form.check_report(&mut reader, Statements::default(), &mut findings);
    let content = Content::new(form, &reader, Coverage::Own, Statements::default(), &[]);
    let first = shared::report(series(form, code("37"), YEARS[0]), content.row);
    ReportAccepted { digest: content.digest, findings: findings.into_iter().collect(), ..first }
}

/// Everything that happens: reports come in no order of their units.
fn kinds(form: &Arc<Form>, count: usize) -> impl Iterator<Item = EventKind> + use<> {
    const STRIDE: usize = 7_919;
    let (units, report) = (units(count), report(form));
    let codes: Vec<UnitCode> = units.iter().map(|unit| unit.code.clone()).collect();
    let form = registered(form);
    let batches: Vec<Vec<UnitEntry>> = units.chunks(limits::UNITS_PER_APPLY).map(<[UnitEntry]>::to_vec).collect();
    let reports = YEARS.into_iter().flat_map(move |filed_for| {
        let (codes, report) = (codes.clone(), report.clone());
        (0..codes.len()).map(move |number| {
            let mut report = report.clone();
            report.series.unit = codes[number * STRIDE % codes.len()].clone();
            report.series.year = year(filed_for);
            report.digest = Digest::of(&[report.series.unit.as_str().as_bytes(), &filed_for.to_le_bytes()]);
            report.request_id = RequestId::new(&report.digest.to_string()[..36]).ok();
            accepted(report)
        })
    });
    [form].into_iter().chain(batches.into_iter().map(applied)).chain(reports)
}

fn make(dir: &Path, count: usize) {
    let form = &shared::form(&shared::catalog());
    let mut ledger = Ledger::open(dir, &mut State::new()).expect("it opens");
    let mut waiting = Vec::new();
    for (position, kind) in (1..).map(Position).zip(kinds(form, count)) {
        let (time, principal) = (Timestamp(1_735_689_600_000_000), Arc::from("platform"));
        waiting.push(Event { time, principal, ..event(position, kind) });
        if waiting.len() >= limits::EVENTS_PER_COMMIT {
            ledger.append(&waiting, &[]).expect("it is appended");
            waiting.clear();
        }
    }
    ledger.append(&waiting, &[]).expect("it is appended");
    ledger.close();
}

fn main() {
    let count = env::var("START_UNITS").ok().and_then(|count| count.parse().ok()).unwrap_or(500_000);
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let dir = env::var_os("START_FOLDER").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let began = Instant::now();
    if !dir.join("db").exists() {
        make(&dir, count);
        println!("made in {:.2?}", began.elapsed());
    }
    let mut state = State::new();
    let mut ledger = timed("replayed", || Ledger::open(&dir, &mut state).expect("it opens"));
    println!("{} events", ledger.head().0);
    timed("checkpoint written", || ledger.keep_checkpoint(&state, 0));
    ledger.close();
    drop(state);
    let mut state = State::new();
    let mut ledger = timed("opened with the checkpoint", || Ledger::resume(&dir, &mut state).expect("it opens"));
    assert_eq!(state.head(), ledger.head().0);
    ledger.close();
}

/// Seconds that the process had a core, of all its threads.
fn cores() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this is Linux");
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = numbers.skip(11).take(2).filter_map(|number| number.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (began, before) = (Instant::now(), cores());
    let done = work();
    println!("{what} in {:.2?}, {:.2} s of a core", began.elapsed(), cores() - before);
    done
}
