//! The figures of a report while its errors are looked for: what is printed, and
//! how far every identity is from holding.

use crate::form::Form;
use crate::form::judge::Figures;
use crate::words::limits;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By cell; 0 where unknown.
    printed: Vec<i64>,
    /// By cell: whether the figure is absent.
    blank: Vec<bool>,
    /// By cell: whether there is a figure that can be reckoned with.
    known: Vec<bool>,
    /// By slot: left − right over the known cells.
    residual: Vec<i64>,
    /// By slot: whether all its cells are known.
    assessable: Vec<bool>,
    /// By block: assessable slots whose residual is not 0.
    violated: Vec<usize>,
}

impl Sheet {
    /// Takes the figures of a report. Sums are exact: figures beyond what any
    /// cell may hold count as unknown.
    pub(super) fn load(&mut self, form: &Form, figures: Figures<'_>) {
        let Self { printed, blank, known, residual, assessable, violated } = self;
        let slots = form.rules.slots.len();
        printed.clear();
        blank.clear();
        known.clear();
        refill(residual, slots, 0);
        refill(assessable, slots, true);
        refill(violated, form.structure.blocks.len(), 0);
        for (cell, slots) in form.rules.slots_of_cell.iter().enumerate() {
            let figure = figures.get(&form.cells, cell);
            let usable = figure.filter(|figure| figure.unsigned_abs() <= limits::FIGURE_MAX.unsigned_abs());
            let value = usable.unwrap_or(0);
            printed.push(figure.unwrap_or(0));
            blank.push(figure.is_none());
            known.push(usable.is_some());
            if usable == Some(0) {
                continue;
            }
            for &(slot, taken_away) in slots {
                if let (Some(residual), Some(assessable)) = (residual.get_mut(slot), assessable.get_mut(slot)) {
                    *assessable &= usable.is_some();
                    *residual = residual.wrapping_add(if taken_away { value.wrapping_neg() } else { value });
                }
            }
        }
        for (slot, (residual, assessable)) in residual.iter().zip(&*assessable).enumerate() {
            if *residual != 0 && *assessable {
                violated.get_mut(form.structure.block_of(slot)).into_iter().for_each(|n| *n = n.saturating_add(1));
            }
        }
    }

    /// What is printed in a cell; none: blank.
    pub(super) fn printed(&self, cell: usize) -> Option<i64> {
        let blank = self.blank.get(cell).copied().unwrap_or(true);
        self.printed.get(cell).copied().filter(|_| !blank)
    }

    /// The figure of a cell, where it can be reckoned with.
    pub(super) fn figure(&self, cell: usize) -> Option<i64> {
        let known = self.known.get(cell).copied().unwrap_or(false);
        self.printed.get(cell).copied().filter(|_| known)
    }

    pub(super) fn residual(&self, slot: usize) -> i64 {
        self.residual.get(slot).copied().unwrap_or(0)
    }

    pub(super) fn is_assessable(&self, slot: usize) -> bool {
        self.assessable.get(slot).copied().unwrap_or(false)
    }

    /// Whether an identity is known not to hold.
    pub(super) fn is_violated(&self, slot: usize) -> bool {
        self.residual(slot) != 0 && self.is_assessable(slot)
    }

    /// How many identities of a block are known not to hold.
    pub(super) fn violated(&self, block: usize) -> usize {
        self.violated.get(block).copied().unwrap_or(0)
    }

    /// Whether a block has identities that cannot be judged.
    pub(super) fn unknown(&self, form: &Form, block: usize) -> bool {
        form.structure.blocks.get(block).into_iter().flatten().any(|slot| !self.is_assessable(*slot))
    }

    /// What a cell must change by, were it alone to make an identity hold.
    pub(super) fn forced(&self, slot: usize, taken_away: bool) -> i64 {
        let residual = self.residual(slot);
        if taken_away { residual } else { residual.wrapping_neg() }
    }

    /// Changes a cell; the opposite change takes it back. What is printed stays.
    pub(super) fn change(&mut self, form: &Form, cell: usize, delta: i64) {
        for &(slot, taken_away) in form.rules.slots_of_cell.get(cell).into_iter().flatten() {
            let Some(residual) = self.residual.get_mut(slot) else { continue };
            let before = *residual;
            *residual = before.wrapping_add(if taken_away { delta.wrapping_neg() } else { delta });
            if (before == 0) == (*residual == 0) || !self.assessable.get(slot).copied().unwrap_or(false) {
                continue;
            }
            if let Some(count) = self.violated.get_mut(form.structure.block_of(slot)) {
                *count = if before == 0 { count.saturating_add(1) } else { count.saturating_sub(1) };
            }
        }
    }
}

fn refill<T: Clone>(list: &mut Vec<T>, length: usize, value: T) {
    list.clear();
    list.resize(length, value);
}
