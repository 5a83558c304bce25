//! What CI counts the instructions of: `instructions SCENARIO COUNT` does one thing COUNT
//! times and what it needs for that once, so that the difference between two counts is the
//! cost of the thing alone (`.ci/instructions`). Without arguments it names its scenarios,
//! each with a count to begin with and what it may take more. It measures no time.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement, not an interface"
)]

mod shared;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use crossfoot::documents;
use crossfoot::domain::event::{Event, EventKind, ReportAccepted, UnitEntry, UnitKind};
use crossfoot::domain::{Selection, State, TotalKey};
use crossfoot::form::{Catalog, Content, Form, Reader, Statements};
use crossfoot::ingest::{Desk, Outcome, ResultView, SeriesChoice, Submission};
use crossfoot::ledger::Ledger;
use crossfoot::words::{Basis, Coverage, Digest, Position, Timestamp, UnitCode};
use shared::{accepted, applied, code, event, registered, row, series, unit, year};

const YEAR: i64 = 2024;
/// Reports in one commit, and in one fold.
const BATCH: usize = 64;
/// Units that could report: the same at every count, so that they cancel out.
const UNITS: usize = 2_048;
/// Reports of a ledger that is opened.
const STORED: usize = 1_024;

/// What is done.
struct Scenario {
    name: &'static str,
    /// How often at first.
    count: usize,
    /// Percent that it may take more than is written down.
    tolerance: u8,
    run: fn(&Sample, usize),
}

/// Hash maps have random seeds: what is done once, before, differs by some 100,000 instructions
/// from run to run, so that what is counted must take many times that. Counts of the same then
/// differ by up to 1 %. Where sled's threads wait for one another, they turn for a while first:
/// by up to 5 %.
const ALONE: u8 = 5;
const WITH_SLED: u8 = 10;

const SCENARIOS: [Scenario; 9] = [
    Scenario { name: "read_and_check", count: 4_000, tolerance: ALONE, run: read_and_check },
    Scenario { name: "content_and_digest", count: 4_000, tolerance: ALONE, run: content_and_digest },
    Scenario { name: "apply", count: 1_000, tolerance: ALONE, run: apply },
    Scenario { name: "rollup", count: 50_000, tolerance: ALONE, run: rollup },
    Scenario { name: "fold_64", count: 100, tolerance: ALONE, run: fold },
    Scenario { name: "append_64", count: 200, tolerance: WITH_SLED, run: append },
    Scenario { name: "open_1024", count: 4, tolerance: WITH_SLED, run: open },
    Scenario { name: "submit", count: 1_000, tolerance: WITH_SLED, run: submit },
    Scenario { name: "document", count: 2, tolerance: ALONE, run: document },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [name, count] = arguments.as_slice() else {
        SCENARIOS.iter().for_each(|Scenario { name, count, tolerance, .. }| println!("{name} {count} {tolerance}"));
        return;
    };
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario");
    (scenario.run)(&Sample::new(), count.parse().expect("a count"));
}

/// A real report, and the form it fills.
struct Sample {
    catalog: Catalog,
    form: Arc<Form>,
    bytes: Vec<u8>,
}

impl Sample {
    fn new() -> Self {
        let catalog = shared::catalog();
        let form = shared::form(&catalog);
        let bytes = shared::sample(&form);
        Self { catalog, form, bytes }
    }

    fn read(&self) -> Reader {
        let mut reader = Reader::default();
        reader.read(&self.form, &self.bytes).expect("it is a report");
        reader
    }

    fn key(&self, unit: &str) -> TotalKey {
        TotalKey { family: self.form.family().clone(), unit: code(unit), year: year(YEAR), basis: Basis::Units }
    }

    /// The form and the units, without a report.
    fn beginning(&self) -> Vec<Event> {
        events(Position(1), [registered(&self.form), applied(units())])
    }

    /// Reports of units, each its first one, to come after the beginning.
    fn reports(&self, numbers: std::ops::Range<usize>) -> Vec<Event> {
        let first = Position(3 + numbers.start as u64);
        events(first, numbers.map(|number| self.report(number)))
    }

    fn report(&self, number: usize) -> EventKind {
        accepted(ReportAccepted {
            digest: Digest::of(&[&number.to_le_bytes()]),
            ..shared::report(series(&self.form, leaf(number), YEAR), row(&self.form, number))
        })
    }

    fn state(&self, reports: usize) -> State {
        let mut state = State::new();
        for event in self.beginning().iter().chain(&self.reports(0..reports)) {
            state.apply(event).expect("it applies");
        }
        state
    }

    fn ledger(&self, folder: &Path, batches: usize) -> Ledger {
        let mut ledger = Ledger::open(folder, &mut State::new()).expect("a new ledger");
        ledger.append(&self.beginning(), &[]).expect("it is appended");
        for batch in 0..batches {
            ledger.append(&self.reports(batch * BATCH..(batch + 1) * BATCH), &[]).expect("it is appended");
        }
        ledger
    }
}

fn leaf(number: usize) -> UnitCode {
    code(&format!("C-{}-{number}", number % 16))
}

/// A city, its districts and their agencies.
fn units() -> Vec<UnitEntry> {
    let below = |number: usize| format!("C-{}", number % 16);
    let districts = (0..16).map(|number| unit(&below(number), Some("C"), UnitKind::District));
    let agencies = (0..UNITS).map(|number| unit(leaf(number).as_str(), Some(&below(number)), UnitKind::Department));
    std::iter::once(unit("C", None, UnitKind::PrefectureCity)).chain(districts).chain(agencies).collect()
}

fn events(first: Position, kinds: impl IntoIterator<Item = EventKind>) -> Vec<Event> {
    (first.0..).map(Position).zip(kinds).map(|(position, kind)| event(position, kind)).collect()
}

fn read_and_check(sample: &Sample, count: usize) {
    let (mut reader, mut found) = (Reader::default(), Vec::new());
    for _ in 0..count {
        found.clear();
        reader.read(&sample.form, black_box(&sample.bytes)).expect("it is a report");
        sample.form.check_report(&mut reader, Statements::default(), &mut found);
        black_box(&found);
    }
}

fn content_and_digest(sample: &Sample, count: usize) {
    let reader = sample.read();
    for _ in 0..count {
        black_box(Content::new(&sample.form, black_box(&reader), Coverage::Own, Statements::default(), &[]));
    }
}

fn apply(sample: &Sample, count: usize) {
    let (mut state, reports) = (sample.state(0), sample.reports(0..UNITS));
    for event in &reports[..count] {
        state.apply(black_box(event)).expect("it applies");
    }
}

fn rollup(sample: &Sample, count: usize) {
    let (state, key) = (sample.state(BATCH), sample.key("C"));
    for _ in 0..count {
        black_box(state.rollup(black_box(&key)));
    }
}

/// Adds reports up that nothing is kept for: units named one by one.
fn fold(sample: &Sample, count: usize) {
    let state = sample.state(BATCH);
    let selection = Selection { units: (0..BATCH).map(leaf).collect(), kinds: Vec::new() };
    for _ in 0..count {
        black_box(state.add_up(sample.form.family(), year(YEAR), black_box(&selection), Basis::Units))
            .expect("it fits");
    }
}

fn append(sample: &Sample, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = sample.ledger(folder.path(), 0);
    for batch in 0..count {
        let reports = sample.reports(batch * BATCH..(batch + 1) * BATCH);
        ledger.append(black_box(&reports), &[]).expect("it is appended");
    }
}

fn open(sample: &Sample, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    drop(sample.ledger(folder.path(), STORED / BATCH));
    for _ in 0..count {
        let mut state = State::new();
        let ledger = Ledger::open(folder.path(), &mut state).expect("it opens");
        assert_eq!(ledger.head().0, state.head());
    }
}

/// All of it but the call: read, check, decide, store, sync, apply.
fn submit(sample: &Sample, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::open(folder.path(), &sample.catalog, || Timestamp(0)).expect("the desk opens");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        desk.apply_units(units(), false, "bench".to_owned(), Arc::from("bench")).await.expect("units are applied");
        for number in 0..count {
            let submission = Submission {
                series: SeriesChoice { family: None, unit: leaf(number), year: year(YEAR), coverage: Coverage::Own },
                form: sample.form.name().to_owned(),
                report: sample.bytes.clone().into(),
                statements: Statements::default(),
                explanations: Vec::new(),
                expected_revision: None,
                request_id: None,
                validate_only: false,
                view: ResultView::Full,
                principal: Arc::from("bench"),
            };
            let decision = desk.submit(submission).await.expect("it is decided");
            assert!(matches!(decision.outcome, Outcome::Accepted(Some(_))), "{:?}", decision.outcome);
        }
    });
}

/// A document of Word: unpacked, its tables recognised, its prose read.
fn document(sample: &Sample, count: usize) {
    let bytes = include_bytes!("../tests/data/documents/huancui-2024.docx");
    let forms = [Arc::clone(&sample.form)];
    for _ in 0..count {
        black_box(documents::open("huancui-2024.docx", black_box(bytes), &forms, None)).expect("it is read");
    }
}
