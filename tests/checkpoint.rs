//! A ledger that is opened from a checkpoint says what it says when everything in it is
//! replayed, whatever happened before and after; and it stays whole without one.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test says what is wrong by failing"
)]

mod history;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crossfoot::domain::State;
use crossfoot::domain::event::Event;
use crossfoot::ledger::Ledger;
use crossfoot::words::Basis;
use history::{FORM, PARENTS, Step, YEARS, code, events_of, step, told, total_key, year};
use proptest::prelude::*;

/// Makes a ledger, with a checkpoint after some of its events.
fn make(dir: &Path, events: &[Event], at: usize) {
    let mut state = State::new();
    let mut ledger = Ledger::open(dir, &mut state).unwrap();
    for events in [&events[..at], &events[at..]] {
        ledger.append(events, &[]).unwrap();
        events.iter().for_each(|event| state.apply(event).unwrap());
        if state.head().0 == at as u64 {
            ledger.keep_checkpoint(&state, 1);
        }
    }
    ledger.close();
}

fn checkpoints(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("checkpoint.")).collect()
}

fn opened(dir: &Path, open: impl Fn(&Path, &mut State) -> Result<Ledger, crossfoot::ledger::LedgerError>) -> State {
    let mut state = State::new();
    let mut ledger = open(dir, &mut state).unwrap();
    assert_eq!(ledger.head().0, state.head());
    ledger.close();
    state
}

fn answers(state: &State) -> String {
    let mut text = String::new();
    for unit in 0..PARENTS.len() {
        for in_year in 0..YEARS.len() {
            for basis in [Basis::Units, Basis::Declared] {
                let rollup = state.rollup(&total_key(unit, in_year, basis));
                let rollup = rollup.map(|rollup| (rollup.position, rollup.unit_name, rollup.total, rollup.counts));
                text.push_str(&format!("{rollup:?}\n"));
            }
            text.push_str(&format!("{:?}", state.missing(FORM.family(), &code(unit), year(in_year), None, 100)));
        }
    }
    for (key, series) in state.all_series() {
        let revisions: Vec<_> = series.revisions().iter().map(|stored| (stored, series.standing(stored))).collect();
        let (first, changes) = (series.first_accepted(), series.changes());
        text.push_str(&format!("{key:?} {revisions:?} {first:?} {changes:?}\n"));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_ledger_opened_from_a_checkpoint_says_what_a_replay_says(
        steps in prop::collection::vec(step(), 0..40), at in any::<prop::sample::Index>(),
    ) {
        let events = events_of(&told(&steps).events);
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &events, 1 + at.index(events.len()));
        prop_assert_eq!(checkpoints(folder.path()).len(), 1);
        let (whole, resumed) = (opened(folder.path(), Ledger::open), opened(folder.path(), Ledger::resume));
        prop_assert_eq!(answers(&resumed), answers(&whole));
        prop_assert_eq!(resumed.differences_from_naive(), Vec::<String>::new());
    }
}

#[test]
fn a_ledger_is_whole_with_a_checkpoint_and_without() {
    let submit = |unit| Step::Submit { unit, year: 0, consolidated: false, cell: 5, nil: false };
    let events = events_of(&told(&[submit(3), submit(4), submit(3)]).events);
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &events, events.len());
    let verify =
        || Command::new(env!("CARGO_BIN_EXE_crossfoot")).args(["verify", "--data"]).arg(folder.path()).output();
    let resumed = opened(folder.path(), Ledger::resume);
    assert_eq!(verify().unwrap().status.code(), Some(0));
    checkpoints(folder.path()).into_iter().for_each(|file| fs::remove_file(file).unwrap());
    assert_eq!(verify().unwrap().status.code(), Some(0));
    assert_eq!(answers(&opened(folder.path(), Ledger::resume)), answers(&resumed));
}
