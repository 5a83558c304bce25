//! What the store holds, folded into a state: one thread reads and decodes while the
//! other folds. What comes out, and which error first, is as if it were one.

use std::sync::{Arc, mpsc};
use std::thread;

use super::page::Page;
use super::store::Store;
use super::witness::Head;
use super::{LedgerError, StoreError, codec};
use crate::domain::State;
use crate::domain::event::{Event, EventKind, FormId};
use crate::form::Form;
use crate::words::{Digest, Position, limits};

/// Events, each with the chain up to and with it.
type Chained = Vec<(Event, Digest)>;

/// Folds the events after a head into a state, and takes the head along; checks the
/// chain from there, and that it goes through what the witness says.
pub(super) fn replay(
    store: &Store,
    head: &mut (Position, Digest),
    witness: Option<Head>,
    state: &mut State,
) -> Result<(), LedgerError> {
    let forms = (1..=state.registered()).filter_map(|id| state.form(FormId(id))).collect();
    let reading = Reading { known: *head, head: *head, found: Position(0), witness, forms };
    thread::scope(|scope| {
        let (ahead, pages) = mpsc::sync_channel(limits::PAGES_READ_AHEAD);
        scope.spawn(move || reading.read_all(store, &ahead));
        for page in pages {
            for (event, chain) in page? {
                state.apply(&event)?;
                *head = (event.position, chain);
            }
        }
        Ok(())
    })
}

/// How far it was read.
#[derive(Debug)]
struct Reading {
    /// Where it began.
    known: (Position, Digest),
    /// The last event that is to be folded, and the chain with it.
    head: (Position, Digest),
    /// The last event there is.
    found: Position,
    witness: Option<Head>,
    /// Those registered so far.
    forms: Vec<Arc<Form>>,
}

impl Reading {
    /// Tells page by page what is to be folded, until the end, an error, or until nobody
    /// takes it.
    fn read_all(mut self, store: &Store, ahead: &mpsc::SyncSender<Result<Chained, LedgerError>>) {
        for page in store.pages(self.known.0.next()) {
            let mut events = Vec::new();
            let read = page.map_err(LedgerError::from).and_then(|page| self.read_page(page, &mut events));
            // what stands before an error is folded first
            if ahead.send(Ok(events)).is_err() {
                return;
            }
            if let Err(error) = read {
                // nobody may be left to be told
                let _ = ahead.send(Err(error));
                return;
            }
        }
        let expected = self.witness.map_or(self.head.0, |witness| witness.position.max(self.head.0));
        if self.found < expected {
            let _ = ahead.send(Err(LedgerError::OtherHead { found: self.found, expected }));
        }
    }

    fn read_page(&mut self, (first, page): (Position, Page), events: &mut Chained) -> Result<(), LedgerError> {
        let (known, before) = self.known;
        let mut at = page.before;
        let all = page.events().map_err(|error| StoreError::Page(first, error))?;
        for (position, bytes) in (first.0..).map(Position).zip(all) {
            let next = self.head.0.next();
            if position == next && at != self.head.1 {
                return Err(LedgerError::Chain(position));
            }
            at = Digest::of(&[at.as_bytes(), &bytes]);
            self.found = position;
            if position < next {
                if position == known && at != before {
                    return Err(LedgerError::Chain(known.next()));
                }
                continue;
            }
            if position > next {
                return Err(LedgerError::NoEvent(next));
            }
            if self.witness.is_some_and(|head| head.position == position && head.chain != at) {
                return Err(LedgerError::Chain(position));
            }
            let event = codec::decode(&bytes, position, &|id| self.form(id))?;
            if let EventKind::FormRegistered(registered) = &event.kind {
                self.forms.push(Arc::clone(&registered.form));
            }
            self.head = (position, at);
            events.push((event, at));
        }
        Ok(())
    }

    fn form(&self, id: FormId) -> Option<Arc<Form>> {
        self.forms.get(usize::try_from(id.0).ok()?.checked_sub(1)?).cloned()
    }
}
