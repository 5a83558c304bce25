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
    let (mut events, mut texts) = (Vec::new(), Vec::new());
    let mut redacted = BTreeSet::new();
    for (number, item) in (1..).zip(items) {
        let wrong = |problem: String| ImportError::Item { number, problem };
        let item = item.and_then(|bytes| Exported::decode(bytes.as_slice()).map_err(|error| error.to_string()));
        match item.map_err(wrong)?.item {
            Some(Item::Event(event)) => {
                let bytes = event.encode_to_vec();
                let event = codec::decode(&bytes, state.head().next(), &|id| state.form(id));
                let event = event.map_err(|error| wrong(error.to_string()))?;
                state.apply(&event).map_err(|error| wrong(error.to_string()))?;
                let mut needed = codec::text_digests(&bytes);
                needed.retain(|digest| !redacted.contains(digest));
                let lacks = needed.iter().any(|digest| !texts.iter().any(|(known, _)| known == digest));
                if lacks && ledger.store.text_of(&needed).is_err() {
                    return Err(wrong("a text of the event is not there".to_owned()));
                }
                events.push(bytes);
                if events.len() >= limits::EVENTS_PER_COMMIT {
                    ledger.append_bytes(std::mem::take(&mut events), &std::mem::take(&mut texts))?;
                }
            }
            Some(Item::Text(ExportedText { content })) => texts.push((Digest::of(&[&content]), content)),
            Some(Item::RedactedText(digest)) => {
                let digest = Digest::from_bytes(&digest).ok_or_else(|| wrong("no digest of a text".to_owned()))?;
                redacted.insert(digest);
            }
            Some(Item::Attempt(ExportedAttempt { key, value })) => {
                let key = String::from_utf8(key).map_err(|error| wrong(error.to_string()))?;
                ledger.put_attempt(&key, &value)?;
            }
            None => return Err(wrong("says nothing".to_owned())),
        }
    }
    if !events.is_empty() {
        ledger.append_bytes(events, &texts)?;
    }
    Ok(ledger.head())
}
