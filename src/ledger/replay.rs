//! What the store holds, folded into a state.

use super::store::Store;
use super::witness::Head;
use super::{LedgerError, StoreError, codec};
use crate::domain::State;
use crate::words::{Digest, Position};

/// Folds the events after a head into a state, and takes the head along; checks the
/// chain from there, and that it goes through what the witness says.
pub(super) fn replay(
    store: &Store,
    head: &mut (Position, Digest),
    witness: Option<Head>,
    state: &mut State,
) -> Result<(), LedgerError> {
    let (known, before) = *head;
    let mut found = Position(0);
    for page in store.pages(known.next()) {
        let (first, page) = page?;
        let mut at = page.before;
        let events = page.events().map_err(|error| StoreError::Page(first, error))?;
        for (position, bytes) in (first.0..).map(Position).zip(events) {
            let next = head.0.next();
            if position == next && at != head.1 {
                return Err(LedgerError::Chain(position));
            }
            at = Digest::of(&[at.as_bytes(), &bytes]);
            found = position;
            if position < next {
                if position == known && at != before {
                    return Err(LedgerError::Chain(known.next()));
                }
                continue;
            }
            if position > next {
                return Err(LedgerError::NoEvent(next));
            }
            if witness.is_some_and(|head| head.position == position && head.chain != at) {
                return Err(LedgerError::Chain(position));
            }
            let event = codec::decode(&bytes, position, &|id| state.form(id))?;
            state.apply(&event)?;
            *head = (position, at);
        }
    }
    let expected = witness.map_or(head.0, |witness| witness.position.max(head.0));
    if found < expected { Err(LedgerError::OtherHead { found, expected }) } else { Ok(()) }
}
