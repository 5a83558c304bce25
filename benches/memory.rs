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

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use crossfoot::domain::event::{Event, EventKind, FormId, ReportAccepted, SeriesKey, UnitEntry, UnitKind};
use crossfoot::domain::{Scope, State, TotalKey};
use crossfoot::form::{CheckId, FindingRecord, Form, Row, Verdict};
use crossfoot::words::{Basis, Digest, Position, RequestId, Revision, UnitCode};
use shared::{accepted, applied, code, event, registered, report, series, unit};

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
        event(self.state.head().next(), kind)
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
        self.event(accepted(ReportAccepted {
            revision: Revision(revision),
            request_id: Some(RequestId::new(&id).expect("an id")),
            digest: Digest::of(&[row.as_bytes(), id.as_bytes()]),
            findings: (year % 2 == 1).then_some(unassessable).into_iter().collect(),
            ..report(series(&self.form, unit.clone(), year), row)
        }))
    }
}

fn units() -> Vec<UnitEntry> {
    let mut units = vec![unit("U", None, UnitKind::District)];
    let mut level = vec!["U".to_owned()];
    for below in BELOW {
        let codes = level.iter().flat_map(|above| (0..below).map(move |number| (format!("{above}-{number}"), above)));
        let (next, added): (Vec<String>, Vec<UnitEntry>) =
            codes.map(|(code, above)| (code.clone(), unit(&code, Some(above), UnitKind::District))).unzip();
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

/// Time this process was running, whatever else the machine does.
fn running() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells");
    Duration::from_nanos(stat.split(' ').next().and_then(|time| time.parse().ok()).expect("a number"))
}

fn timed<T>(what: &str, each: usize, work: impl FnOnce() -> T) -> T {
    let start = running();
    let done = black_box(work());
    let nanoseconds = (running() - start).as_nanos() / each as u128;
    println!("{what}: {}.{:03} µs", nanoseconds / 1_000, nanoseconds % 1_000);
    done
}

fn main() {
    let form = shared::form(&shared::catalog());
    let units = units();
    let agencies: Vec<UnitCode> =
        units.iter().map(|unit| unit.code.clone()).filter(|code| code.as_str().matches('-').count() == 4).collect();
    let mut ledger = Ledger { state: State::new(), form: Arc::clone(&form), numbers: Numbers(7) };
    for kind in [registered(&form), applied(units)] {
        let event = ledger.event(kind);
        ledger.enter(&event);
    }

    let sample: Vec<UnitCode> =
        (0..SAMPLE).map(|_| agencies[ledger.numbers.below(agencies.len() as u64) as usize].clone()).collect();
    // answers about the past read the events of what changed since
    let read_again: BTreeSet<&UnitCode> = sample[SAMPLE - CHANGED..].iter().collect();
    let mut events = load(&mut ledger, &agencies, &read_again);

    let rows: Vec<(SeriesKey, Row)> =
        sample.iter().map(|agency| (series(&form, agency.clone(), 2024), ledger.row())).collect();
    timed("decide whether a total would overflow", rows.len(), || {
        rows.iter().filter(|(key, row)| ledger.state.would_overflow(key, FormId(1), row)).count()
    });

    let key = |basis| {
        let series = series(&form, agencies[0].clone(), 2024);
        TotalKey { family: series.family, unit: code("U"), year: series.year, basis }
    };
    timed("contributions of all units to a cell", 1, || ledger.state.contributions(&key(Basis::Units), 3));

    let mut revisions: BTreeMap<UnitCode, u32> = BTreeMap::new();
    let mut corrections = Vec::new();
    for agency in &sample {
        let revision = revisions.entry(agency.clone()).or_insert(1);
        *revision += 1;
        let mut event = ledger.report(agency, 2024, *revision);
        event.position = Position(ledger.state.head().0 + 1 + corrections.len() as u64);
        corrections.push(event);
    }
    timed("enter a correction", SAMPLE, || corrections.iter().for_each(|event| ledger.enter(event)));
    events.extend(corrections.into_iter().map(|event| (event.position, event)));
    past(&ledger.state, &events, &key(Basis::Units));
}

/// Puts together what was before the last events.
fn past(now: &State, events: &BTreeMap<Position, Event>, total: &TotalKey) {
    for back in [10, CHANGED] {
        let at = Position(now.head().0 - back as u64);
        let scope = Scope::Below(total.family.clone(), vec![total.year], vec![total.unit.clone()]);
        let past = timed(&format!("put together what was {back} events ago"), 1, || now.past(at, &scope));
        let wanted = past.wanted();
        let read: Vec<Event> = wanted.iter().map(|position| events[position].clone()).collect();
        let state = timed("enter what changed", 1, || past.complete(&read));
        println!(
            "{} events wanted, {:?} reports",
            wanted.len(),
            state.rollup(total).map(|rollup| rollup.total.reports)
        );
        timed("drop it", 1, || drop(state));
    }
}

/// Enters years of reports; gives back the events of some of them.
fn load(ledger: &mut Ledger, agencies: &[UnitCode], wanted: &BTreeSet<&UnitCode>) -> BTreeMap<Position, Event> {
    let mut events: BTreeMap<Position, Event> = BTreeMap::new();

    let mut entering = Duration::ZERO;
    let mut before = 0;
    let mut figure_bytes = 0;
    // the first two years fill what making the units left free
    for year in [2021, 2022, 2023, 2024] {
        if year == 2023 {
            before = resident();
        }
        for some in agencies.chunks(500) {
            let first = ledger.state.head().0 + 1;
            let mut reports: Vec<Event> = some.iter().map(|agency| ledger.report(agency, year, 1)).collect();
            (first..).zip(&mut reports).for_each(|(position, event)| event.position = Position(position));
            let start = running();
            reports.iter().for_each(|event| ledger.enter(event));
            entering += running() - start;
            for (agency, event) in some.iter().zip(reports) {
                if let EventKind::ReportAccepted(accepted) = &event.kind {
                    figure_bytes += accepted.row.as_bytes().len();
                }
                if year == 2024 && wanted.contains(agency) {
                    events.insert(event.position, event);
                }
            }
        }
    }
    let reports = agencies.len() * 2;
    println!("{reports} reports, {} bytes of figures each", figure_bytes / (2 * reports));
    println!("enter a first report: {} ns", entering.as_nanos() / (2 * reports) as u128);
    println!("memory beside the tree: {} bytes a report", (resident() - before) / reports);
    events
}
