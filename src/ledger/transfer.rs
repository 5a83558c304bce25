//! A whole ledger as plain messages, out and in again.

use std::collections::BTreeSet;
use std::path::Path;

use prost::Message as _;

use super::stored::{Exported, ExportedAttempt, ExportedText, exported::Item};
use super::{AppendError, Ledger, LedgerError, LedgerReader, StoreError, codec};
use crate::domain::State;
use crate::words::{Digest, Position, limits};

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder holds a ledger, or what was made is none.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What was read could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Something in the file is not what it should be.
    #[error("item {number}: {problem}")]
    Item {
        /// Counted from 1.
        number: u64,
        /// What is wrong.
        problem: String,
    },
}

impl LedgerReader {
    /// Tells everything in the ledger, each an encoded `crossfoot.ledger.v1.Exported`.
    /// Gives the head.
    ///
    /// # Errors
    /// [`LedgerError`], or what telling says.
    pub fn export<E: From<LedgerError>>(
        &self,
        state: &State,
        mut tell: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(Position, Digest), E> {
        let store = self.get()?;
        let mut head = (Position(0), Digest::ZERO);
        let mut told = |item: Item| tell(Exported { item: Some(item) }.encode_to_vec());
        for page in store.pages(Position(1)) {
            let (first, page) = page.map_err(LedgerError::from)?;
            head.1 = page.before;
            let events = page.events().map_err(|error| LedgerError::Store(StoreError::Page(first, error)))?;
            for (position, bytes) in (first.0..).map(Position).zip(events) {
                for digest in codec::text_digests(&bytes) {
                    if state.is_redacted(&digest) {
                        told(Item::RedactedText(digest.as_bytes().to_vec()))?;
                        continue;
                    }
                    let content = store.text(&digest).map_err(LedgerError::from)?;
                    told(Item::Text(ExportedText { content }))?;
                }
                head = (position, Digest::of(&[head.1.as_bytes(), &bytes]));
                told(Item::Event(codec::stored(&bytes, position).map_err(LedgerError::from)?))?;
            }
        }
        for (key, value) in store.attempts().map_err(LedgerError::from)? {
            told(Item::Attempt(ExportedAttempt { key, value }))?;
        }
        Ok(head)
    }
}

/// Makes a ledger of what was exported, in a folder without one. Gives its head.
///
/// # Errors
/// [`ImportError`]; what is wrong with an item names it.
pub fn import(
    dir: &Path,
    items: impl Iterator<Item = Result<Vec<u8>, String>>,
) -> Result<(Position, Digest), ImportError> {
    let mut state = State::new();
    let mut ledger = Ledger::open(dir, &mut state)?;
    if ledger.head().0 > Position(0) {
        return Err(LedgerError::NotEmpty(dir.to_owned()).into());
    }
    let (mut events, mut texts, mut bytes_waiting) = (Vec::new(), Vec::new(), 0_usize);
    let mut redacted = BTreeSet::new();
    for (number, item) in (1..).zip(items) {
        let wrong = |problem: String| ImportError::Item { number, problem };
        match item.and_then(|item| take_in(&item, &mut state)).map_err(wrong)? {
            TakenIn::Event(bytes) => {
                let mut needed = codec::text_digests(&bytes);
                needed.retain(|digest| !redacted.contains(digest));
                let lacks = needed.iter().any(|digest| !texts.iter().any(|(known, _)| known == digest));
                if lacks && ledger.store.text_of(&needed).is_err() {
                    return Err(wrong("a text of the event is not there".to_owned()));
                }
                bytes_waiting = bytes_waiting.saturating_add(bytes.len());
                events.push(bytes);
                if events.len() >= limits::EVENTS_PER_COMMIT || bytes_waiting >= limits::COMMIT_BYTES {
                    ledger.append_bytes(std::mem::take(&mut events), &std::mem::take(&mut texts))?;
                    bytes_waiting = 0;
                }
            }
            TakenIn::Text(content) => {
                bytes_waiting = bytes_waiting.saturating_add(content.len());
                texts.push((Digest::of(&[&content]), content));
            }
            TakenIn::Redacted(digest) => {
                redacted.insert(digest);
            }
            TakenIn::Attempt(key, value) => ledger.put_attempt(&key, &value)?,
        }
    }
    if !events.is_empty() {
        ledger.append_bytes(events, &texts)?;
    }
    Ok(ledger.head())
}

/// What an item says.
pub(super) enum TakenIn {
    /// An event, as it is stored.
    Event(Vec<u8>),
    Text(Vec<u8>),
    /// Digest of a text that was taken out.
    Redacted(Digest),
    /// Key and value.
    Attempt(String, Vec<u8>),
}

/// Reads an item; an event is entered in the state, or refused if it cannot follow.
pub(super) fn take_in(item: &[u8], state: &mut State) -> Result<TakenIn, String> {
    match Exported::decode(item).map_err(|error| error.to_string())?.item {
        Some(Item::Event(event)) => {
            let bytes = event.encode_to_vec();
            let event = codec::decode(&bytes, state.head().next(), &|id| state.form(id));
            state.apply(&event.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
            Ok(TakenIn::Event(bytes))
        }
        Some(Item::Text(ExportedText { content })) => Ok(TakenIn::Text(content)),
        Some(Item::Attempt(ExportedAttempt { key, value })) => {
            let key = String::from_utf8(key).map_err(|error| error.to_string())?;
            Ok(TakenIn::Attempt(key, value))
        }
        Some(Item::RedactedText(digest)) => {
            Digest::from_bytes(&digest).map(TakenIn::Redacted).ok_or_else(|| "no digest of a text".to_owned())
        }
        None => Err("says nothing".to_owned()),
    }
}
