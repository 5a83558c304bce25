//! The smallest sets of cells that explain every violated identity of a block.
//!
//! In every set that can be solved by peeling, some violated identity is touched
//! by one cell of the set only, which forces that cell's change; without it the
//! rest is a smaller set of the same kind. So sets are built one forced change
//! after the other. Rows and columns of a table have no sets of up to three cells
//! that cannot be peeled.

use super::{Draft, Sheet};
use crate::form::Form;
use crate::words::limits;

/// Lists that are used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Slots that may be violated now.
    open: Vec<usize>,
    /// Cells changed now, with their proposed values.
    chosen: Vec<(usize, i64)>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Search<'a> {
    form: &'a Form,
    sheet: &'a mut Sheet,
    scratch: &'a mut Scratch,
    block: usize,
    steps: usize,
    found: Vec<Draft>,
}

impl<'a> Search<'a> {
    pub(super) fn new(form: &'a Form, sheet: &'a mut Sheet, scratch: &'a mut Scratch, block: usize) -> Self {
        scratch.chosen.clear();
        scratch.open.clear();
        let slots = form.structure.blocks.get(block).into_iter().flatten().copied();
        scratch.open.extend(slots.filter(|slot| sheet.is_violated(*slot)));
        Self { form, sheet, scratch, block, steps: 0, found: Vec::new() }
    }

    /// All sets of the smallest size that has any.
    pub(super) fn smallest(mut self) -> Vec<Draft> {
        for size in 1..=limits::LOCATED_CELLS {
            self.sets(size);
            if self.steps >= limits::LOCATE_STEPS {
                // not all of them: none may be called the only one
                return Vec::new();
            }
            if !self.found.is_empty() {
                break;
            }
        }
        // the same set is met once for every order in which it can be peeled
        self.found.sort_unstable_by(|a, b| a.values.cmp(&b.values));
        self.found.dedup();
        self.found
    }

    /// All sets of so many more cells.
    fn sets(&mut self, left: usize) {
        let violated = self.sheet.violated(self.block);
        match left {
            0 if violated == 0 => self.record(),
            0 => {}
            _ if violated == 0 || violated > self.form.structure.degree.saturating_mul(left) => {}
            1 => self.last(violated),
            2 => self.pairs(),
            _ => self.any(left),
        }
    }

    /// The last cell stands in exactly the identities that are violated still.
    fn last(&mut self, violated: usize) {
        let (form, Some(slot)) = (self.form, self.shortest()) else { return };
        for &(cell, taken_away) in form.structure.addends(slot) {
            let slots = form.rules.slots_of_cell.get(cell).map_or(&[][..], Vec::as_slice);
            let stands_in = slots.iter().filter(|(slot, _)| self.sheet.is_assessable(*slot)).count();
            if stands_in == violated {
                self.attempt(cell, self.sheet.forced(slot, taken_away), 1);
            }
        }
    }

    /// One of two cells stands in the shortest violated identity, and is forced
    /// by it or by another one in which it stands.
    fn pairs(&mut self) {
        let (form, Some(slot)) = (self.form, self.shortest()) else { return };
        for &(cell, _) in form.structure.addends(slot) {
            for &(slot, taken_away) in form.rules.slots_of_cell.get(cell).into_iter().flatten() {
                if self.sheet.is_violated(slot) {
                    self.attempt(cell, self.sheet.forced(slot, taken_away), 2);
                }
            }
        }
    }

    /// Some violated identity forces one of the cells.
    fn any(&mut self, left: usize) {
        let form = self.form;
        for index in 0..self.scratch.open.len() {
            let Some(slot) = self.scratch.open.get(index).copied() else { return };
            if !self.sheet.is_violated(slot) {
                continue;
            }
            for &(cell, taken_away) in form.structure.addends(slot) {
                self.attempt(cell, self.sheet.forced(slot, taken_away), left);
            }
        }
    }

    /// Changes a cell, looks for the rest, and takes the change back.
    fn attempt(&mut self, cell: usize, delta: i64, left: usize) {
        self.steps = self.steps.saturating_add(1);
        let proposed = self.sheet.figure(cell).and_then(|figure| figure.checked_add(delta));
        let Some(proposed) = proposed.filter(|proposed| self.form.cells.is_within(cell, *proposed)) else { return };
        if self.steps >= limits::LOCATE_STEPS || self.scratch.chosen.iter().any(|(known, _)| *known == cell) {
            return;
        }
        let open = self.scratch.open.len();
        if left > 1 {
            for (slot, _) in self.form.rules.slots_of_cell.get(cell).into_iter().flatten() {
                if !self.scratch.open.contains(slot) {
                    self.scratch.open.push(*slot);
                }
            }
        }
        self.scratch.chosen.push((cell, proposed));
        self.sheet.change(self.form, cell, delta);
        self.sets(left.saturating_sub(1));
        self.sheet.change(self.form, cell, delta.wrapping_neg());
        self.scratch.chosen.pop();
        self.scratch.open.truncate(open);
    }

    /// The violated identity with the fewest cells.
    fn shortest(&self) -> Option<usize> {
        let violated = self.scratch.open.iter().copied().filter(|slot| self.sheet.is_violated(*slot));
        violated.min_by_key(|slot| self.form.structure.addends(*slot).len())
    }

    fn record(&mut self) {
        let mut values = self.scratch.chosen.clone();
        values.sort_unstable();
        self.found.push(Draft { values, act: None });
    }
}
