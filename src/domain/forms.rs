//! Registered forms, by number.

use std::sync::Arc;

use super::event::FormId;
use crate::form::Form;
use crate::words::Position;

/// Registered forms, each with its place in the ledger. Copies share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Forms(Arc<Vec<(Position, Arc<Form>)>>);

impl Forms {
    pub(super) fn push(&mut self, position: Position, form: Arc<Form>) {
        Arc::make_mut(&mut self.0).push((position, form));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, id: FormId) -> Option<&Arc<Form>> {
        self.0.get(usize::try_from(id.0).ok()?.checked_sub(1)?).map(|(_, form)| form)
    }

    /// In the order in which they were registered.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &(Position, Arc<Form>)> {
        self.0.iter()
    }
}
