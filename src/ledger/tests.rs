//! The ledger on a real store.

use std::sync::Arc;

use super::*;
use crate::domain::event::{EventKind, UnitEntry, UnitKind, UnitsApplied};
use crate::words::{Timestamp, UnitCode, Year};

fn event(position: u64, name_bytes: usize) -> Event {
    let unit = UnitEntry {
        code: UnitCode::new(&format!("U{position}")).unwrap(),
        from_year: Year::new(2020).unwrap(),
        until_year: Some(Year::new(2030).unwrap()),
        parent: None,
        kind: UnitKind::Town,
        name: "镇".repeat(name_bytes.max(1)).into(),
        makes_rules: position.is_multiple_of(2),
    };
    Event {
        position: Position(position),
        time: Timestamp(i64::try_from(position).unwrap()),
        principal: Arc::from("test"),
        reason: format!("reason {position}"),
        kind: EventKind::UnitsApplied(UnitsApplied { units: vec![unit], rejudged: Vec::new() }),
    }
}

/// A ledger and the state it folds to, with so many events.
fn ledger(dir: &Path, events: u64) -> (Ledger, State) {
    let mut state = State::new();
    let mut ledger = Ledger::open(dir, &mut state).unwrap();
    for position in 1..=events {
        let event = event(position, 1);
        ledger.append(std::slice::from_ref(&event), &[]).unwrap();
        state.apply(&event).unwrap();
    }
    (ledger, state)
}

#[test]
fn events_of_any_size_come_back_as_they_were_appended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, mut state) = ledger(folder.path(), 0);
    let sizes = [1, 90, 5, 20_000, 1, 2, 3, 400, 7_000];
    let events: Vec<Event> = (1..).zip(sizes.into_iter().cycle().take(120)).map(|(at, size)| event(at, size)).collect();
    let mut hashes = Vec::new();
    for batch in events.chunks(17) {
        hashes.extend(ledger.append(batch, &[]).unwrap().hashes);
        batch.iter().for_each(|event| state.apply(event).unwrap());
    }
    let head = ledger.head();
    assert_eq!(head, (Position(120), *hashes.last().unwrap()));
    let reader = ledger.reader();
    for (expected, hash) in events.iter().zip(&hashes) {
        let (found, chain) = reader.event(expected.position, &|_| None).unwrap();
        assert_eq!((format!("{found:?}"), chain), (format!("{expected:?}"), *hash));
    }
    assert!(matches!(reader.event(Position(121), &|_| None), Err(LedgerError::NoEvent(_))));
    drop((ledger, reader));
    let mut again = State::new();
    assert_eq!(Ledger::open(folder.path(), &mut again).unwrap().head(), head);
    assert_eq!(again.units().iter().count(), state.units().iter().count());
}

#[test]
fn after_a_failure_what_is_in_the_store_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, state) = ledger(folder.path(), 3);
    let (before, state) = (ledger.head(), RwLock::new(state));
    ledger.store.fail();
    assert!(matches!(ledger.append(&[event(4, 1)], &[]), Err(AppendError::Closed(_))));
    // what failed is still read
    assert_eq!(ledger.reader().event(Position(3), &|_| None).unwrap().0.position, Position(3));
    ledger.reopen(&state).unwrap();
    assert_eq!(ledger.head(), before);
    // written, but the answer was lost: the batch is in, and is folded in
    ledger.append(&[event(4, 1), event(5, 1)], &[]).unwrap();
    let after = ledger.head();
    (ledger.head, ledger.chain) = before;
    ledger.reopen(&state).unwrap();
    assert_eq!((ledger.head(), state.read().head()), (after, Position(5)));
}

#[test]
fn a_store_that_lost_what_was_acknowledged_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, state) = ledger(folder.path(), 3);
    let state = RwLock::new(state);
    ledger.head = Position(4);
    assert!(matches!(ledger.reopen(&state), Err(LedgerError::OtherHead { .. })));
    ledger.head = Position(3);
    ledger.chain = Digest::ZERO;
    assert!(matches!(ledger.reopen(&state), Err(LedgerError::Chain(_))));
}

#[test]
fn a_store_that_failed_is_opened_again_once_nobody_reads_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, state) = ledger(folder.path(), 3);
    let state = RwLock::new(state);
    let reading = ledger.store.get().unwrap();
    assert!(matches!(ledger.reopen(&state), Err(LedgerError::StillRead)));
    assert!(ledger.reader().event(Position(3), &|_| None).is_ok(), "reads go on");
    drop(reading);
    ledger.reopen(&state).unwrap();
    // a store that is gone is not made anew in its place
    std::fs::rename(folder.path().join("db"), folder.path().join("away")).unwrap();
    assert!(matches!(ledger.append(&[event(4, 1)], &[]), Err(AppendError::Unknown(_))));
    assert!(ledger.reopen(&state).is_err());
    assert!(!folder.path().join("db").exists());
    std::fs::rename(folder.path().join("away"), folder.path().join("db")).unwrap();
    ledger.reopen(&state).unwrap();
    assert_eq!(state.read().head(), Position(4), "it was written, and counts");
}

#[test]
fn a_store_that_ends_before_its_witness_is_refused_and_so_is_one_without() {
    let (short, long) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(ledger(short.path(), 3));
    drop(ledger(long.path(), 5));
    let head = |dir: &Path| dir.join(witness::FILE);
    let open = |dir: &Path| Ledger::open(dir, &mut State::new());
    // the same history, and two events more were acknowledged
    std::fs::copy(head(long.path()), head(short.path())).unwrap();
    let lost = open(short.path()).unwrap_err();
    assert!(matches!(lost, LedgerError::OtherHead { found: Position(3), expected: Position(5) }), "{lost}");
    assert!(lost.way_out().contains("crossfoot restore --from"), "{lost}");
    std::fs::write(head(short.path()), b"noise").unwrap();
    assert!(matches!(open(short.path()), Err(LedgerError::Witness(_, "damaged"))));
    std::fs::remove_file(head(short.path())).unwrap();
    assert!(matches!(open(short.path()), Err(LedgerError::Witness(_, "missing"))));
    Ledger::open_accepting_head(short.path(), &mut State::new()).unwrap();
    assert_eq!(open(short.path()).unwrap().head().0, Position(3));
}
