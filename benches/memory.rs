//! What a state of 500,000 units and two years of reports takes: bytes a report
//! beside the tree, the time to enter one report and to decide on one, and the time
//! of answers over all of them. Targets: 200 bytes; 1 µs; 50 ms.
//!
//! Figures are as sparse as those of real reports: of 200 an agency states 2 to 22
//! that are not 0, some 40 to 90.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a measurement, not an interface"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, SeriesKey, UnitEntry, UnitKind, UnitsApplied,
};
use crossfoot::domain::{Scope, State, TotalKey};
use crossfoot::form::{Catalog, CheckId, FindingRecord, Form, Row, Verdict};
use crossfoot::words::{Basis, Coverage, Digest, Position, RequestId, Revision, Timestamp, UnitCode, Year};

/// Units below each unit, level by level: 500,000 agencies with four levels above.
const BELOW: [usize; 4] = [5, 20, 10, 500];
/// Reports corrected, and reports decided on.
const SAMPLE: usize = 20_000;
/// Of these, how many lie between now and the furthest position asked about.
const CHANGED: usize = 1_000;

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Ledger {
    state: State,
    form: Arc<Form>,
    numbers: Numbers,
}

impl Ledger {
    fn enter(&mut self, event: &Event) {
        self.state.apply(event).expect("it applies");
    }

    fn event(&self, kind: EventKind) -> Event {
        let (position, principal) = (self.state.head().next(), Arc::from("bench"));
        Event { position, time: Timestamp(0), principal, reason: String::new(), kind }
    }

    fn row(&mut self) -> Row {
        let mut values = vec![0; self.form.cells().len()];
        let figures = match self.numbers.below(100) {
            0..3 => 40 + self.numbers.below(51),
            3..50 => 2 + self.numbers.below(8),
            _ => 10 + self.numbers.below(13),
        };
        for _ in 0..figures {
            let cell = self.numbers.below(values.len() as u64) as usize;
            let largest = [20, 200, 5_000][self.numbers.below(3) as usize];
            values[cell] = 1 + self.numbers.below(largest).cast_signed();
        }
        Row::pack(self.form.cells(), self.form.cells().required(), &values)
    }

    fn report(&mut self, unit: &UnitCode, year: i64, revision: u32) -> Event {
        let row = self.row();
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.numbers.below(1 << 31), self.state.head().0);
        let unassessable =
            FindingRecord { check: CheckId(90), verdict: Verdict::NotAssessable, left: None, right: None };
        self.event(EventKind::ReportAccepted(Box::new(ReportAccepted {
            series: series(&self.form, unit, year),
            form: FormId(1),
            revision: Revision(revision),
            request_id: Some(RequestId::new(&id).expect("an id")),
            digest: Digest::of(&[row.as_bytes(), id.as_bytes()]),
            row,
            texts: None,
            blank_means_zero: false,
            nil_report: false,
            findings: if year == 2023 { vec![unassessable] } else { Vec::new() },
            explained: Vec::new(),
            rejudged: Vec::new(),
            awaits_approval: false,
        })))
    }
}

fn series(form: &Form, unit: &UnitCode, year: i64) -> SeriesKey {
    let (family, year) = (form.family().clone(), Year::new(year).expect("a year"));
    SeriesKey { family, year, unit: unit.clone(), coverage: Coverage::Own }
}

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

fn units() -> Vec<UnitEntry> {
    let mut units = vec![unit("U", None)];
    let mut level = vec!["U".to_owned()];
    for below in BELOW {
        let codes = level.iter().flat_map(|above| (0..below).map(move |number| (format!("{above}-{number}"), above)));
        let (next, added): (Vec<String>, Vec<UnitEntry>) =
            codes.map(|(code, above)| (code.clone(), unit(&code, Some(above)))).unzip();
        units.extend(added);
        level = next;
    }
    units
}

/// Bytes of memory in use.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1_024
}

fn timed<T>(what: &str, each: usize, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = black_box(work());
    let taken: Duration = start.elapsed();
    println!("{what}: {:.1} µs", taken.as_nanos() as f64 / each as f64 / 1_000.0);
    done
}

fn main() {
    let catalog = Catalog::load(None).expect("the built-in forms compile");
    let form = Arc::clone(catalog.by_name("disclosure.annual.v2021.AnnualReport").expect("it is built in"));
    let units = units();
    let agencies: Vec<UnitCode> =
        units.iter().map(|unit| unit.code.clone()).filter(|code| code.as_str().matches('-').count() == 4).collect();
    let mut ledger = Ledger { state: State::new(), form: Arc::clone(&form), numbers: Numbers(7) };
    let registered = EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(&form) });
    let registered = ledger.event(registered);
    ledger.enter(&registered);
    let applied = ledger.event(EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }));
    ledger.enter(&applied);
    drop(applied);

    let sample: Vec<UnitCode> =
        (0..SAMPLE).map(|_| agencies[ledger.numbers.below(agencies.len() as u64) as usize].clone()).collect();
    // answers about the past read the events of what changed since
    let read_again: BTreeSet<&UnitCode> = sample[SAMPLE - CHANGED..].iter().collect();
    let mut events: BTreeMap<Position, Event> = BTreeMap::new();

    let before = resident();
    let mut figure_bytes = 0;
    for year in [2023, 2024] {
        for agency in &agencies {
            let event = ledger.report(agency, year, 1);
            if let EventKind::ReportAccepted(accepted) = &event.kind {
                figure_bytes += accepted.row.as_bytes().len();
            }
            ledger.enter(&event);
            if year == 2024 && read_again.contains(agency) {
                events.insert(event.position, event);
            }
        }
    }
    let reports = agencies.len() * 2;
    println!("{reports} reports, {} bytes of figures each", figure_bytes / reports);
    println!("memory beside the tree: {} bytes a report", (resident() - before) / reports);

    let rows: Vec<(SeriesKey, Row)> =
        sample.iter().map(|agency| (series(&form, agency, 2024), ledger.row())).collect();
    timed("would_overflow, each", rows.len(), || {
        rows.iter().filter(|(key, row)| ledger.state.would_overflow(key, FormId(1), row)).count()
    });

    let key = |basis| {
        let series = series(&form, &agencies[0], 2024);
        TotalKey { family: series.family, unit: UnitCode::new("U").expect("a code"), year: series.year, basis }
    };
    timed("contributions of all units to a cell", 1, || ledger.state.contributions(&key(Basis::Units), 3));

    let mut revisions: BTreeMap<UnitCode, u32> = BTreeMap::new();
    let mut taken = Duration::ZERO;
    for agency in &sample {
        let revision = revisions.entry(agency.clone()).or_insert(1);
        *revision += 1;
        let event = ledger.report(agency, 2024, *revision);
        let start = Instant::now();
        ledger.enter(&event);
        taken += start.elapsed();
        events.insert(event.position, event);
    }
    println!("apply a correction, each: {:.2} µs", taken.as_nanos() as f64 / SAMPLE as f64 / 1_000.0);

    let now = key(Basis::Units);
    for back in [10, CHANGED] {
        let at = Position(ledger.state.head().0 - back as u64);
        let scope = Scope::Below(now.family.clone(), vec![now.year], vec![now.unit.clone()]);
        let past = timed(&format!("put together what was {back} events ago"), 1, || ledger.state.past(at, &scope));
        let wanted = past.wanted();
        let read: Vec<Event> = wanted.iter().map(|position| events[position].clone()).collect();
        let state = timed("enter what changed", 1, || past.complete(&read));
        println!("{} events wanted, {:?} reports", wanted.len(), state.rollup(&now).map(|rollup| rollup.total.reports));
        timed("drop it", 1, || drop(state));
    }
}
