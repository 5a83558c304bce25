//! Totals as algebra: random trees and histories against the definitions,
//! written out once more here with nothing of the program's own sums.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a test says what is wrong by failing"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, ReportWithdrawn, SeriesKey, UnitEntry, UnitKind,
    UnitsApplied,
};
use crossfoot::domain::{State, TotalKey};
use crossfoot::form::{Catalog, Form, Reader, Row, Statements, Verdict};
use crossfoot::words::{Basis, Coverage, Digest, Position, Revision, Timestamp, UnitCode, Year};
use proptest::prelude::*;

static FORM: LazyLock<Arc<Form>> = LazyLock::new(|| Arc::clone(Catalog::load(None).unwrap().iter().next().unwrap()));

const YEARS: [i64; 2] = [2023, 2024];
/// Parent of each unit; the first is the root. Units may move below 0, 1 or 2.
const PARENTS: [Option<usize>; 9] = [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), Some(0), Some(3)];

fn code(unit: usize) -> UnitCode {
    UnitCode::new(&format!("U{unit}")).unwrap()
}

fn year(index: usize) -> Year {
    Year::new(YEARS[index]).unwrap()
}

/// What may happen.
#[derive(Debug, Clone)]
enum Step {
    Submit { unit: usize, year: usize, consolidated: bool, cell: usize, nil: bool },
    Withdraw { unit: usize, year: usize, consolidated: bool },
    Move { unit: usize, below: usize, from: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let (unit, year) = (0..PARENTS.len(), 0..YEARS.len());
    prop_oneof![
        8 => (unit.clone(), year.clone(), any::<bool>(), 0..FORM.cells().len(), prop::bool::weighted(0.1))
            .prop_map(|(unit, year, consolidated, cell, nil)| Step::Submit { unit, year, consolidated, cell, nil }),
        2 => (unit, year.clone(), any::<bool>())
            .prop_map(|(unit, year, consolidated)| Step::Withdraw { unit, year, consolidated }),
        1 => (5..PARENTS.len(), 0..3_usize, year).prop_map(|(unit, below, from)| Step::Move { unit, below, from }),
    ]
}

/// A history as it is told, and what it means, kept the plain way.
#[derive(Debug, Default)]
struct Told {
    events: Vec<EventKind>,
    /// Parent of each unit by year.
    parents: BTreeMap<(usize, usize), Option<usize>>,
    /// Effective report: figures, presence of optional cells, nil.
    effective: BTreeMap<(usize, usize, bool), (usize, i64, bool)>,
    newest: BTreeMap<(usize, usize, bool), u32>,
}

fn entry(unit: usize, from: i64, parent: Option<usize>) -> UnitEntry {
    UnitEntry {
        code: code(unit),
        from_year: Year::new(from).unwrap(),
        until_year: None,
        parent: parent.map(code),
        kind: if unit == 0 { UnitKind::Province } else { UnitKind::District },
        name: Arc::from("unit"),
        makes_rules: false,
    }
}

fn coverage(consolidated: bool) -> Coverage {
    if consolidated { Coverage::Consolidated } else { Coverage::Own }
}

fn key(unit: usize, in_year: usize, consolidated: bool) -> SeriesKey {
    let (family, year) = (FORM.family().clone(), year(in_year));
    SeriesKey { family, year, unit: code(unit), coverage: coverage(consolidated) }
}

fn total_key(unit: usize, in_year: usize, basis: Basis) -> TotalKey {
    TotalKey { family: FORM.family().clone(), unit: code(unit), year: year(in_year), basis }
}

/// A row with one figure that tells which event it came from.
fn one_hot(cell: usize, value: i64) -> Row {
    let table = FORM.cells();
    let (mut present, mut values) = (table.required().to_vec(), vec![0; table.len()]);
    present[cell / 64] |= 1 << (cell % 64);
    values[cell] = value;
    Row::pack(table, &present, &values)
}

fn told(steps: &[Step]) -> Told {
    let mut told = Told::default();
    let units = PARENTS.iter().enumerate().map(|(unit, parent)| entry(unit, 2019, *parent)).collect();
    told.events.push(EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(&FORM) }));
    told.events.push(EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }));
    for (unit, parent) in PARENTS.iter().enumerate() {
        told.parents.extend((0..YEARS.len()).map(|year| ((unit, year), *parent)));
    }
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Submit { unit, year, consolidated, cell, nil } => {
                let newest = told.newest.entry((unit, year, consolidated)).or_default();
                *newest += 1;
                let value = if nil { 0 } else { 1 + 1000 * number as i64 };
                let accepted = ReportAccepted {
                    series: key(unit, year, consolidated),
                    form: FormId(1),
                    revision: Revision(*newest),
                    request_id: None,
                    row: one_hot(cell, value),
                    digest: Digest::of(&[&number.to_le_bytes()]),
                    texts: None,
                    blank_means_zero: false,
                    nil_report: nil,
                    findings: Vec::new(),
                    explained: Vec::new(),
                    rejudged: Vec::new(),
                };
                told.events.push(EventKind::ReportAccepted(Box::new(accepted)));
                told.effective.insert((unit, year, consolidated), (cell, value, nil));
            }
            Step::Withdraw { unit, year, consolidated } => {
                if told.effective.remove(&(unit, year, consolidated)).is_some() {
                    let revision = Revision(told.newest[&(unit, year, consolidated)]);
                    let series = key(unit, year, consolidated);
                    let withdrawn = ReportWithdrawn { series, revision, rejudged: Vec::new() };
                    told.events.push(EventKind::ReportWithdrawn(withdrawn));
                }
            }
            Step::Move { unit, below, from } => {
                // units 5 and on never stand above 0, 1 or 2: no cycles
                let before = told.parents[&(unit, 0)];
                let units = vec![entry(unit, 2019, before), entry(unit, YEARS[from], Some(below))];
                let units = if from == 0 { vec![entry(unit, 2019, Some(below))] } else { units };
                told.events.push(EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }));
                told.parents.extend((from..YEARS.len()).map(|year| ((unit, year), Some(below))));
            }
        }
    }
    told
}

fn state(events: &[EventKind]) -> State {
    let mut state = State::new();
    for (position, kind) in (1..).map(Position).zip(events.iter().cloned()) {
        let event = Event { position, time: Timestamp(0), principal: Arc::from("test"), reason: String::new(), kind };
        state.apply(&event).unwrap();
    }
    state
}

impl Told {
    fn children(&self, unit: usize, year: usize) -> Vec<usize> {
        (0..PARENTS.len()).filter(|child| self.parents[&(*child, year)] == Some(unit)).collect()
    }

    /// U(u) or D(u) as defined: cell → sum.
    fn total(&self, unit: usize, year: usize, basis: Basis) -> BTreeMap<usize, i64> {
        let report = |unit, consolidated| {
            self.effective.get(&(unit, year, consolidated)).map(|(cell, value, _)| BTreeMap::from([(*cell, *value)]))
        };
        let children = self.children(unit, year);
        if children.is_empty() {
            return report(unit, true).or(report(unit, false)).unwrap_or_default();
        }
        let mut sum = report(unit, false).unwrap_or_default();
        for child in children {
            let declared = if basis == Basis::Declared { report(child, true) } else { None };
            let part = declared.unwrap_or_else(|| self.total(child, year, basis));
            part.into_iter().for_each(|(cell, value)| *sum.entry(cell).or_default() += value);
        }
        sum
    }

    /// Due, filed, nil of the units below, or of itself where there are none.
    fn counts(&self, unit: usize, year: usize) -> [i64; 3] {
        let is_below = |mut at: usize| loop {
            match self.parents[&(at, year)] {
                Some(above) if above == unit => return true,
                Some(above) => at = above,
                None => return false,
            }
        };
        let itself = self.children(unit, year).is_empty();
        let mut counts = [0; 3];
        for other in (0..PARENTS.len()).filter(|other| if itself { *other == unit } else { is_below(*other) }) {
            if other == 0 {
                continue; // a province owes nothing
            }
            let effective = |consolidated| self.effective.get(&(other, year, consolidated));
            let leaf = self.children(other, year).is_empty();
            let counted = effective(true).or(effective(false).filter(|_| leaf));
            counts[0] += 1;
            counts[1] += i64::from(counted.is_some());
            counts[2] += i64::from(counted.is_some_and(|(_, _, nil)| *nil));
        }
        counts
    }
}

/// Figures of every unit, year and basis that are not 0.
fn all_totals(state: &State) -> BTreeMap<(usize, usize, Basis), BTreeMap<usize, i64>> {
    let mut totals = BTreeMap::new();
    for unit in 0..PARENTS.len() {
        for in_year in 0..YEARS.len() {
            for basis in [Basis::Units, Basis::Declared] {
                let rollup = state.rollup(&total_key(unit, in_year, basis)).unwrap();
                let cells = rollup.total.cells.iter().copied().enumerate().filter(|(_, value)| *value != 0);
                totals.insert((unit, in_year, basis), cells.collect());
            }
        }
    }
    totals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn totals_and_counts_are_those_of_the_definitions_whatever_happened(steps in prop::collection::vec(step(), 0..40)) {
        let told = told(&steps);
        let state = state(&told.events);
        for ((unit, in_year, basis), cells) in all_totals(&state) {
            let mut expected = told.total(unit, in_year, basis);
            expected.retain(|_, value| *value != 0);
            prop_assert_eq!(cells, expected, "unit {} in {} on {}", unit, YEARS[in_year], basis);
            let counts = state.rollup(&total_key(unit, in_year, basis)).unwrap().counts;
            prop_assert_eq!([counts.due, counts.filed, counts.nil], told.counts(unit, in_year));
            let missing = state.missing(FORM.family(), &code(unit), year(in_year), None, 100);
            prop_assert_eq!(missing.len() as i64, counts.due - counts.filed);
        }
        prop_assert_eq!(state.differences_from_naive(), Vec::<String>::new());
    }

    #[test]
    fn replay_gives_the_same_totals(steps in prop::collection::vec(step(), 0..30)) {
        let told = told(&steps);
        prop_assert_eq!(all_totals(&state(&told.events)), all_totals(&state(&told.events)));
    }

    #[test]
    fn the_order_in_which_series_arrive_does_not_matter(
        steps in prop::collection::vec(step(), 0..30).prop_shuffle(), seed in any::<u64>(),
    ) {
        // one report a series: no corrections, so any order is a possible one
        let told = told(&steps);
        let (head, tail) = told.events.split_at(2);
        let firsts = |events: &[EventKind]| -> Vec<EventKind> {
            let first = |event: &&EventKind| matches!(event, EventKind::ReportAccepted(report) if report.revision == Revision(1));
            events.iter().filter(first).cloned().collect()
        };
        let reports = firsts(tail);
        let mut shuffled = reports.clone();
        let length = shuffled.len().max(1);
        for (index, swap) in (0..shuffled.len()).zip(seed as usize..) {
            shuffled.swap(index, swap.wrapping_mul(2_654_435_761) % length);
        }
        let forward = state(&[head, &reports].concat());
        let other = state(&[head, &shuffled].concat());
        prop_assert_eq!(all_totals(&forward), all_totals(&other));
    }

    #[test]
    fn a_move_leaves_the_years_before_it_as_they_were(
        steps in prop::collection::vec(step(), 0..30), unit in 5..PARENTS.len(), below in 0..3_usize,
    ) {
        let before = told(&steps);
        let moved = told(&[steps, vec![Step::Move { unit, below, from: 1 }]].concat());
        let of_the_first_year = |told: &Told| {
            let mut totals = all_totals(&state(&told.events));
            totals.retain(|(_, year, _), _| *year == 0);
            totals
        };
        prop_assert_eq!(of_the_first_year(&before), of_the_first_year(&moved));
    }

    #[test]
    fn the_sum_of_valid_reports_is_valid(parts in prop::collection::vec(prop::collection::vec(0..1000_i64, 200), 1..6)) {
        let table = FORM.cells();
        let mut sums = vec![0_i64; table.len()];
        for figures in parts {
            let values = made_valid(figures);
            prop_assert_eq!(verdict(&values), Verdict::Pass);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        prop_assert_eq!(verdict(&sums), Verdict::Pass);
    }
}

/// Makes figures hold every identity, by setting the totals and what was received.
fn made_valid(figures: Vec<i64>) -> Vec<i64> {
    let table = FORM.cells();
    let mut values = vec![0; table.len()];
    for (cell, figure) in figures.into_iter().enumerate().filter(|(cell, _)| table.is_required(*cell)) {
        values[cell] = figure;
    }
    let at = |path: &str| table.find(path).unwrap();
    let columns: Vec<String> =
        table.iter().filter_map(|cell| cell.path.strip_prefix("applications.received.")).map(str::to_owned).collect();
    let rows: Vec<String> = table
        .iter()
        .filter_map(|cell| cell.path.strip_suffix(".total")?.strip_prefix("applications.outcomes."))
        .filter(|row| *row != "total")
        .map(|row| format!("applications.outcomes.{row}"))
        .collect();
    let rows: Vec<String> = rows.into_iter().filter(|row| !row.ends_with("outcomes.total")).collect();
    for column in columns.iter().filter(|column| *column != "total") {
        let outcomes: i64 = rows.iter().map(|row| values[at(&format!("{row}.{column}"))]).sum();
        values[at(&format!("applications.outcomes.total.{column}"))] = outcomes;
        let carried_out = values[at(&format!("applications.carried_out.{column}"))];
        let received = outcomes + carried_out;
        values[at(&format!("applications.received.{column}"))] = received;
        values[at(&format!("applications.carried_in.{column}"))] = 0;
    }
    let all_rows = rows.iter().map(String::as_str).chain([
        "applications.received",
        "applications.carried_in",
        "applications.outcomes.total",
        "applications.carried_out",
    ]);
    for row in all_rows {
        let sum = columns
            .iter()
            .filter(|column| *column != "total")
            .map(|column| values[at(&format!("{row}.{column}"))])
            .sum();
        values[at(&format!("{row}.total"))] = sum;
    }
    for group in ["reconsideration", "litigation_direct", "litigation_after_reconsideration"] {
        let sum = ["upheld", "corrected", "other", "pending"]
            .iter()
            .map(|name| values[at(&format!("disputes.{group}.{name}"))])
            .sum();
        values[at(&format!("disputes.{group}.total"))] = sum;
    }
    values
}

fn verdict(values: &[i64]) -> Verdict {
    let row = Row::pack(FORM.cells(), FORM.cells().required(), values);
    let bytes = FORM.write(&row, &[]).unwrap();
    let mut reader = Reader::default();
    reader.read(&FORM, &bytes).unwrap();
    let mut found = Vec::new();
    FORM.check_report(&mut reader, Statements::default(), &mut found);
    FORM.verdict(&found)
}
