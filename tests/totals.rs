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

mod history;

use std::collections::BTreeMap;

use crossfoot::domain::State;
use crossfoot::domain::event::EventKind;
use crossfoot::form::{Reader, Row, Statements, Verdict};
use crossfoot::words::{Basis, Revision};
use history::{FORM, PARENTS, Step, Told, YEARS, code, state, step, told, total_key, year};
use proptest::prelude::*;

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
            prop_assert_eq!(counts, told.counts(unit, in_year));
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
            let first = |event: &&EventKind| matches!(event, EventKind::ReportAccepted(report) if report.revision == Revision(1) && !report.awaits_approval);
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
