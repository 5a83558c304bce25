//! The past: an earlier state put together from a part of the ledger is what
//! the ledger said then; and a total taken apart sums to the total, always.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    reason = "a test says what is wrong by failing"
)]

mod history;

use std::collections::BTreeMap;

use crossfoot::domain::event::{Event, SeriesKey};
use crossfoot::domain::{Contribution, RankBy, Rows, Scope, Selection, Standing, State};
use crossfoot::words::{Basis, Coverage, Position};
use history::{FORM, PARENTS, Step, YEARS, code, events_of, state, step, told, total_key, year};
use proptest::prelude::*;

/// Everything the answers about a unit in a year are made of, as text.
fn all_of(state: &State, unit: usize, in_year: usize) -> String {
    let mut text = String::new();
    for basis in [Basis::Units, Basis::Declared] {
        let key = total_key(unit, in_year, basis);
        let rollup = state.rollup(&key);
        let rollup = rollup.map(|rollup| (rollup.position, rollup.unit_name, rollup.total, rollup.counts));
        let selection = Selection { units: vec![code(unit)], kinds: Vec::new() };
        let (family, year) = (FORM.family(), year(in_year));
        let sum = state.add_up(family, year, &selection, basis).unwrap().map(|sum| sum.sum);
        let indicator = FORM.cell_indicator(0).unwrap();
        let (selection, indicator) = (&selection, &indicator);
        let by = RankBy { selection, basis, rows: Rows::Units, indicator, ascending: false };
        let ranking: Vec<_> =
            state.ranking(family, year, by).into_iter().map(|row| (row.rank, row.unit, row.value)).collect();
        let (missing, cell) = (state.missing(family, &code(unit), year, None, 100), 7);
        let parts = state.contributions(&key, cell);
        let not_broken_down = state.not_broken_down(&key, 100);
        text.push_str(&format!("{rollup:?} {sum:?} {ranking:?} {missing:?} {parts:?} {not_broken_down:?}\n"));
    }
    text
}

fn series_of(state: &State, key: &SeriesKey) -> String {
    format!("{:?}", state.series(key))
}

/// The state at a position, as far as the scope goes, from what is there now.
fn past(now: &State, events: &[Event], at: u64, scope: &Scope) -> State {
    let past = now.past(Position(at), scope);
    let wanted = past.wanted();
    assert!(wanted.iter().all(|position| position.0 <= at), "it reads no later event");
    let read: Vec<Event> = events.iter().filter(|event| wanted.contains(&event.position)).cloned().collect();
    past.complete(&read)
}

fn counted(parts: &[Contribution]) -> i64 {
    let counts = parts.iter().filter(|part| part.standing == Standing::Counted);
    counts.map(|part| part.value.unwrap_or(0)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_past_is_what_the_ledger_said_then(
        steps in prop::collection::vec(step(), 0..25), unit in 0..PARENTS.len(), in_year in 0..YEARS.len(),
        several in prop::collection::vec(0..PARENTS.len(), 2..4),
    ) {
        let kinds = told(&steps).events;
        let (now, events) = (state(&kinds), events_of(&kinds));
        let family = FORM.family().clone();
        let below = Scope::Below(family.clone(), vec![year(in_year)], vec![code(unit)]);
        let all = Scope::Below(family.clone(), vec![year(in_year)], Vec::new());
        for at in 2..=events.len() {
            let then = state(&kinds[..at]);
            let expected = all_of(&then, unit, in_year);
            prop_assert_eq!(&all_of(&past(&now, &events, at as u64, &below), unit, in_year), &expected);
            prop_assert_eq!(&all_of(&past(&now, &events, at as u64, &all), unit, in_year), &expected);
            // several units, one perhaps far above another
            let named: Vec<_> = several.iter().map(|unit| code(*unit)).collect();
            let scope = Scope::Below(family.clone(), vec![year(in_year)], named.clone());
            let part = past(&now, &events, at as u64, &scope);
            let sum = |state: &State| {
                let selection = Selection { units: named.clone(), kinds: Vec::new() };
                let sum = state.add_up(&family, year(in_year), &selection, Basis::Units).unwrap();
                sum.map(|sum| format!("{:?}", sum.sum))
            };
            prop_assert_eq!(sum(&part), sum(&then));
            for coverage in [Coverage::Own, Coverage::Consolidated] {
                let key = SeriesKey { family: family.clone(), year: year(in_year), unit: code(unit), coverage };
                let scope = Scope::Series(vec![key.clone()]);
                let part = past(&now, &events, at as u64, &scope);
                prop_assert_eq!(series_of(&part, &key), series_of(&then, &key));
            }
        }
    }

    #[test]
    fn a_total_taken_apart_sums_to_the_total_at_every_position(steps in prop::collection::vec(step(), 0..25)) {
        let kinds = told(&steps).events;
        for at in 2..=kinds.len() {
            let state = state(&kinds[..at]);
            for (unit, in_year) in (0..PARENTS.len()).flat_map(|unit| (0..YEARS.len()).map(move |year| (unit, year))) {
                for basis in [Basis::Units, Basis::Declared] {
                    let key = total_key(unit, in_year, basis);
                    let total = state.rollup(&key).unwrap().total;
                    // only cells that some event set can differ from 0
                    let cells: Vec<usize> = (0..FORM.cells().len()).filter(|cell| total.cells[*cell] != 0).collect();
                    for cell in cells.into_iter().chain([0]) {
                        let parts = state.contributions(&key, cell).unwrap();
                        prop_assert_eq!(counted(&parts), total.cells[cell], "unit {} on {}", unit, basis);
                        let reports = parts.iter().filter(|part| part.standing == Standing::Counted).count();
                        prop_assert_eq!(reports as i64, total.reports);
                        let mut once = BTreeMap::new();
                        for part in parts.iter().filter(|part| part.report.is_some()) {
                            let coverage = part.report.map(|(coverage, ..)| coverage);
                            *once.entry((part.unit.clone(), coverage)).or_insert(0) += 1;
                        }
                        prop_assert!(once.values().all(|times| *times == 1), "a report is listed twice");
                    }
                }
            }
        }
    }

    #[test]
    fn a_set_of_units_is_the_sum_of_its_parts_each_once(
        steps in prop::collection::vec(step(), 0..30),
        units in prop::collection::vec(0..PARENTS.len(), 1..6), declared in any::<bool>(),
    ) {
        let state = state(&told(&steps).events);
        let basis = if declared { Basis::Declared } else { Basis::Units };
        let (family, year) = (FORM.family(), year(0));
        let add_up = |selection: &Selection| state.add_up(family, year, selection, basis).unwrap().unwrap().sum;
        let selection = Selection { units: units.iter().map(|unit| code(*unit)).collect(), kinds: Vec::new() };
        let sum = add_up(&selection);
        // the same by hand: units that stand below no other one named
        let tree = state.tree(year);
        let find = |unit: usize| tree.find(code(unit).as_str()).unwrap();
        let mut tops: Vec<usize> = units.clone();
        tops.sort_unstable();
        tops.dedup();
        let all = tops.clone();
        tops.retain(|unit| !all.iter().any(|other| other != unit && tree.is_within(find(*unit), find(*other))));
        let mut cells = vec![0; FORM.cells().len()];
        for unit in tops {
            let total = state.rollup(&total_key(unit, 0, basis)).unwrap().total;
            cells.iter_mut().zip(&total.cells).for_each(|(sum, value)| *sum += value);
        }
        prop_assert_eq!(&sum.total.cells[..], &cells[..]);
        // and its kinds add up to it, each as if it were asked for alone
        let mut of_kinds = vec![0; cells.len()];
        for (kind, total) in &sum.kinds {
            of_kinds.iter_mut().zip(&total.cells).for_each(|(sum, value)| *sum += value);
            let alone = add_up(&Selection { kinds: vec![*kind], ..selection.clone() });
            prop_assert_eq!(&alone.total, total);
        }
        prop_assert_eq!(of_kinds, cells);
    }
}

#[test]
fn a_withdrawn_report_is_told_as_withdrawn() {
    let steps = [
        Step::Submit { unit: 4, year: 0, consolidated: false, cell: 3, nil: false },
        Step::Withdraw { unit: 4, year: 0, consolidated: false },
    ];
    let kinds = told(&steps).events;
    let standing = |at: usize| {
        let parts = state(&kinds[..at]).contributions(&total_key(1, 0, Basis::Units), 3).unwrap();
        parts.into_iter().find(|part| part.unit == code(4)).map(|part| (part.standing, part.value))
    };
    assert_eq!(standing(2), Some((Standing::Missing, None)));
    assert_eq!(standing(3), Some((Standing::Counted, Some(1))));
    assert_eq!(standing(4), Some((Standing::Withdrawn, None)));
}
