//! Checkpoints of a ledger with every kind of event, taken at many places.

#![allow(clippy::arithmetic_side_effects, reason = "a test says what is wrong by failing")]

use std::fmt::Write as _;

use super::super::{Ledger, restore};
use super::*;
use crate::domain::event::Event;
use crate::domain::{Selection, TotalKey};
use crate::words::Basis;

/// The golden ledger of a year.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store-1-year/ledger.copy");

/// A ledger, its events, and the chain with each.
struct Told {
    folder: tempfile::TempDir,
    ledger: Ledger,
    events: Vec<Event>,
    chains: Vec<Digest>,
}

fn golden() -> Told {
    let folder = tempfile::tempdir().unwrap();
    restore(Path::new(GOLDEN), folder.path()).unwrap();
    let mut state = State::new();
    let ledger = Ledger::open(folder.path(), &mut state).unwrap();
    let all = (1..=ledger.head().0.0).map(Position).collect();
    let events = ledger.reader().chained_events(&all, &|id| state.form(id)).unwrap();
    let (events, chains) = events.into_iter().unzip();
    Told { folder, ledger, events, chains }
}

impl Told {
    fn state(&self, events: usize) -> State {
        let mut state = State::new();
        self.events[..events].iter().for_each(|event| state.apply(event).unwrap());
        state
    }

    /// Writes the checkpoint after so many events; gives its file.
    fn checkpoint(&self, events: usize) -> PathBuf {
        let (store, chain) = (self.ledger.store.sound().unwrap(), self.chains[events - 1]);
        write(self.folder.path(), &store, 0, &self.state(events), chain).unwrap();
        self.folder.path().join(format!("{NAME}{chain}"))
    }

    fn load(&self) -> Option<Loaded> {
        let (position, chain) = self.ledger.head();
        let (mut state, head) = load(self.folder.path(), &self.ledger.reader(), Some(Head { position, chain }))?;
        state.sum_up().unwrap();
        Some((state, head))
    }
}

/// Everything a state says, as text.
fn answers(state: &State) -> String {
    let mut text = format!("{:?} {:?} {:?}\n", state.head(), state.last_time(), state.apart());
    let (tokens, closed) = (state.tokens(), state.closed_years().collect::<Vec<_>>());
    writeln!(text, "{:?} {:?} {closed:?} {}", tokens.all(), tokens.changed(), state.registered()).unwrap();
    for position in (0..=state.head().0).map(Position) {
        let units: Vec<_> = state.units().iter_at(position, None).collect();
        let forms: Vec<_> = state.forms_in_force(position).iter().map(|form| form.name().to_owned()).collect();
        writeln!(text, "{units:?} {forms:?}").unwrap();
        for filed in state.filed_years() {
            writeln!(text, "{filed:?} {:?}", state.roster_at(&filed.family, filed.year, position)).unwrap();
        }
    }
    for filed in state.filed_years() {
        for node in state.tree_for(&filed.family, filed.year).nodes() {
            for basis in [Basis::Units, Basis::Declared] {
                let (family, unit, year) = (filed.family.clone(), node.code.clone(), filed.year);
                let key = TotalKey { family, unit, year, basis };
                let rollup = state.rollup(&key).map(|rollup| (rollup.total, rollup.counts));
                let kinds = Selection { units: vec![node.code.clone()], kinds: vec![node.kind] };
                let sum = state.add_up(&filed.family, filed.year, &kinds, basis).map(|sum| sum.map(|sum| sum.sum));
                writeln!(text, "{node:?} {rollup:?} {sum:?}").unwrap();
            }
        }
    }
    state.all_series().for_each(|(key, series)| writeln!(text, "{key:?} {series:?}").unwrap());
    text
}

#[test]
fn a_state_from_a_checkpoint_at_an_earlier_place_is_the_state_and_goes_on_as_it_does() {
    let told = golden();
    let whole = told.state(told.events.len());
    for events in (1..=told.events.len()).rev().step_by(4) {
        let file = told.checkpoint(events);
        let (mut state, head) = told.load().unwrap();
        assert_eq!(head, (Position(events as u64), told.chains[events - 1]));
        assert_eq!(answers(&state), answers(&told.state(events)), "after {events}");
        assert_eq!(state.differences_from_naive(), Vec::<String>::new());
        told.events[events..].iter().for_each(|event| state.apply(event).unwrap());
        assert_eq!(answers(&state), answers(&whole), "from {events} on");
        // it is the only one: the one before is gone
        assert_eq!(files(told.folder.path()).unwrap(), [file]);
    }
}

#[test]
fn a_checkpoint_that_is_damaged_anywhere_is_left_aside() {
    let told = golden();
    let file = told.checkpoint(told.events.len());
    let whole = std::fs::read(&file).unwrap();
    let series = |bytes: &[u8]| -> Result<usize, Problem> {
        let (send, read) = mpsc::sync_channel(100);
        read_series(begin(&file, bytes)?.1, &send);
        drop(send);
        Ok(read.into_iter().collect::<Result<Vec<_>, Problem>>()?.concat().len())
    };
    let expected = series(&whole).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        // the last record may look as if it were torn: then series are missing
        assert!(series(&damaged).ok() < Some(expected), "flipped at {at}");
        assert!(series(&whole[..at]).ok() < Some(expected), "cut at {at}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 4) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        for wrong in [&damaged[..], &whole[..at], &[&whole[..], &whole[..]].concat()] {
            std::fs::write(&file, wrong).unwrap();
            assert!(told.load().is_none(), "wrong at {at}");
        }
    }
    std::fs::write(&file, &whole).unwrap();
    assert!(told.load().is_some());
}

#[test]
fn a_checkpoint_of_another_history_or_of_what_was_not_acknowledged_is_left_aside() {
    let told = golden();
    let (ledger, reader) = (told.ledger.head(), told.ledger.reader());
    let load = |position, chain| load(told.folder.path(), &reader, Some(Head { position: Position(position), chain }));
    told.checkpoint(20);
    assert!(load(ledger.0.0, ledger.1).is_some());
    assert!(load(19, told.chains[18]).is_none(), "beyond the witness");
    assert!(load(20, told.chains[19]).is_some());
    assert!(load(20, told.chains[18]).is_none(), "of a history the witness does not know");
    assert!(super::load(told.folder.path(), &reader, None).is_none(), "nothing says what was acknowledged");
    // the same events, chained otherwise
    let store = told.ledger.store.sound().unwrap();
    write(told.folder.path(), &store, 0, &told.state(20), told.chains[18]).unwrap();
    assert!(load(ledger.0.0, ledger.1).is_none());
}

#[test]
fn a_checkpoint_by_another_program_is_left_aside() {
    let told = golden();
    let file = told.checkpoint(20);
    let outline = Outline::of(&told.state(20), told.chains[19]).encode();
    let ours = env!("CARGO_PKG_VERSION").as_bytes();
    let at = outline.windows(ours.len()).position(|bytes| bytes == ours).unwrap();
    let mut other = outline.clone();
    other[at] = b'9';
    let mut records = CopyWriter::begin_as(MAGIC, File::create(&file).unwrap()).unwrap();
    records.add_payload(&other).unwrap();
    assert!(Outline::decode(&outline).is_ok());
    assert!(Outline::decode(&other).unwrap_err().starts_with("it was written by crossfoot 9"));
    assert!(told.load().is_none());
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_nothing_behind_and_the_ledger_goes_on() {
    let mut told = golden();
    let state = told.state(told.events.len());
    let store = told.ledger.store.sound().unwrap();
    let full = write(told.folder.path(), &store, u64::MAX, &state, told.ledger.head().1);
    assert!(matches!(full, Err(StoreError::DiskFull(_))));
    assert_eq!(files(told.folder.path()).unwrap(), Vec::<PathBuf>::new());
    told.ledger.keep_free(u64::MAX);
    told.ledger.checkpoint = Position(0);
    told.ledger.keep_checkpoint(&state, 1);
    assert!(told.load().is_none());
    // it is not tried again with every moment
    assert_eq!(told.ledger.checkpoint, told.ledger.head().0);
}

#[test]
fn what_an_abrupt_stop_left_of_a_checkpoint_is_not_read_and_goes_with_the_next() {
    let mut told = golden();
    let older = told.checkpoint(20);
    let half = told.folder.path().join(format!("{NAME}{}.{WRITING}", told.chains[29]));
    std::fs::copy(&older, &half).unwrap();
    File::options().write(true).open(&half).unwrap().set_len(300).unwrap();
    assert_eq!(told.load().unwrap().1.0, Position(20));
    told.ledger.close();
    let mut state = State::new();
    let mut ledger = Ledger::resume(told.folder.path(), &mut state).unwrap();
    assert_eq!(answers(&state), answers(&told.state(told.events.len())));
    ledger.keep_checkpoint(&state, 1);
    assert_eq!(files(told.folder.path()).unwrap(), [told.folder.path().join(format!("{NAME}{}", ledger.head().1))]);
    ledger.close();
    // with it nothing is left to be replayed, and everything can be
    for open in [Ledger::resume, Ledger::open] {
        let mut again = State::new();
        let mut ledger = open(told.folder.path(), &mut again).unwrap();
        assert_eq!(answers(&again), answers(&state));
        ledger.close();
    }
}
