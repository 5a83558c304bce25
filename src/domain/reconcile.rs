//! What a unit states against what the units below it add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::Book;
use super::contributions::How;
use super::event::SeriesKey;
use super::state::State;
use super::totals::{Total, TotalKey};
use crate::form::Form;
use crate::words::{Basis, Coverage, Position, Revision, UnitCode};

/// Both sides, and where they differ.
#[derive(Debug)]
pub struct Reconciliation {
    /// The form of that family and year.
    pub form: Arc<Form>,
    /// The unit's CONSOLIDATED; none: it states nothing.
    pub stated: Option<(Revision, Position)>,
    /// Every cell that is stated, in the order of the form.
    pub cells: Vec<Difference>,
}

/// Both sides of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Index of the cell.
    pub cell: usize,
    /// What the unit states.
    pub stated: i64,
    /// What the reports that count add up to.
    pub computed: i64,
}

impl Difference {
    /// stated − computed.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.stated.saturating_sub(self.computed)
    }
}

/// A unit that can be behind a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// Why.
    pub kind: CauseKind,
    /// What it would add to the computed side; none: not known.
    pub amount: Option<i64>,
}

impl Cause {
    /// Whether its amount is the very difference.
    #[must_use]
    pub fn is_all_of(&self, difference: Difference) -> bool {
        difference.size() != 0 && self.amount == Some(difference.size())
    }
}

/// Why a unit can be behind a difference; in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKind {
    /// Its report was refused.
    Refused,
    /// In a refused report the printed figure is not the sum of its cells.
    PrintedTotal,
    /// It corrected or withdrew its report after the unit stated its figures.
    Corrected,
    /// It left the cell blank, and said that blank is 0.
    Blank,
    /// It owes a report and has filed none.
    Missing,
}

/// A report that counts and left cells blank, which it says are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankReport {
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// Those of the cells asked for that it left blank.
    pub cells: Vec<usize>,
}

/// What a unit adds itself to a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPart {
    /// Its name in that year.
    pub name: Arc<str>,
    /// It has a report, whether or not it counts.
    pub filed: bool,
    /// By cell.
    pub cells: Vec<i64>,
}

impl State {
    /// Sets what a unit states against what is below it; none if there is
    /// nothing below it, or no such unit.
    #[must_use]
    pub fn reconcile(&self, key: &TotalKey) -> Option<Reconciliation> {
        self.with_book(&key.family, key.year, |book| {
            let root = book.tree.find(key.unit.as_str()).filter(|root| book.tree.is_interior(*root))?;
            let computed = book.total(root, key.basis);
            let series = book.series_of(root, Coverage::Consolidated);
            let stated = series.and_then(|series| Some((series.effective()?, series.effective_revision()?)));
            let mut found = Reconciliation {
                form: Arc::clone(&book.form),
                stated: stated.map(|(_, stored)| (stored.revision, stored.position)),
                cells: Vec::new(),
            };
            let cells = stated
                .map(|(report, _)| (0..book.form.cells().len()).map(|cell| report.stated(book.form.cells(), cell)));
            for (cell, (stated, computed)) in cells.into_iter().flatten().zip(&computed.cells).enumerate() {
                let required = book.form.cells().is_required(cell);
                let stated = stated.or(required.then_some(0));
                found.cells.extend(stated.map(|stated| Difference { cell, stated, computed: *computed }));
            }
            Some(found)
        })
    }

    /// Reports that count in the total of a unit and left some of these cells
    /// blank; at most so many.
    #[must_use]
    pub fn blank_in(&self, key: &TotalKey, cells: &[usize], most: usize) -> Vec<BlankReport> {
        let mut found = Vec::new();
        self.with_book(&key.family, key.year, |book| {
            let (root, table) = (book.tree.find(key.unit.as_str())?, book.form.cells());
            book.walk(root, key.basis, |index, met| {
                let (Some(met), Some(node)) = (met.filter(|met| met.how == How::Counts), book.tree.get(index)) else {
                    return;
                };
                if found.len() < most && met.report.absent_is_zero() {
                    let blank = |cell: &&usize| table.is_required(**cell) && !met.report.row().states(table, **cell);
                    let cells: Vec<usize> = cells.iter().filter(blank).copied().collect();
                    let (unit, name) = (node.code.clone(), Arc::clone(&node.name));
                    found.extend((!cells.is_empty()).then_some(BlankReport { unit, name, cells }));
                }
            });
            Some(())
        });
        found
    }

    /// Units below one, and itself, of which a report that was known at a position
    /// is no longer the effective one.
    #[must_use]
    pub fn changed_since(&self, key: &TotalKey, position: Position) -> Vec<UnitCode> {
        let mut found = Vec::new();
        self.with_book(&key.family, key.year, |book| {
            let root = book.tree.find(key.unit.as_str())?;
            let mut waiting = vec![root];
            while let Some(index) = waiting.pop() {
                let Some(node) = book.tree.get(index) else { continue };
                waiting.extend(node.children.iter().rev());
                let changed = |coverage| {
                    let series = book.series_of(index, coverage)?;
                    let known = series.revisions().first().is_some_and(|first| first.position <= position);
                    let now = series.effective_revision().map(|stored| stored.position);
                    let itself = index == root && coverage == Coverage::Consolidated;
                    Some(known && !itself && now.is_none_or(|now| now > position))
                };
                if [Coverage::Own, Coverage::Consolidated].into_iter().any(|coverage| changed(coverage) == Some(true)) {
                    found.push(node.code.clone());
                }
            }
            Some(())
        });
        found
    }

    /// What each of some units and all below them adds itself to a total.
    #[must_use]
    pub fn own_parts(&self, key: &TotalKey, units: &[UnitCode]) -> BTreeMap<UnitCode, OwnPart> {
        let mut parts: BTreeMap<UnitCode, OwnPart> = BTreeMap::new();
        self.with_book(&key.family, key.year, |book| {
            let (root, table) = (book.tree.find(key.unit.as_str())?, book.form.cells());
            let tops: BTreeSet<usize> = units.iter().filter_map(|unit| book.tree.find(unit.as_str())).collect();
            book.walk(root, key.basis, |index, met| {
                let asked =
                    tops.contains(&index) || index != root && book.tree.above(index).any(|up| tops.contains(&up));
                let Some(node) = book.tree.get(index).filter(|_| asked) else { return };
                let new = || OwnPart { name: Arc::clone(&node.name), filed: false, cells: vec![0; table.len()] };
                let part = parts.entry(node.code.clone()).or_insert_with(new);
                let Some(met) = met else { return };
                part.filed = part.filed || met.how != How::Stated;
                if met.how == How::Counts {
                    for (cell, value) in met.report.row().nonzero(table) {
                        part.cells.get_mut(cell).into_iter().for_each(|sum| *sum = sum.saturating_add(value));
                    }
                }
            });
            Some(())
        });
        parts
    }

    /// Whether a report that a unit owes would count in a total.
    #[must_use]
    pub fn would_count(&self, key: &TotalKey, unit: &UnitCode) -> bool {
        [Coverage::Consolidated, Coverage::Own].into_iter().any(|coverage| {
            let tree = self.tree_for(&key.family, key.year);
            let owed = tree.find(unit.as_str()).is_some_and(|index| tree.is_owed(index, coverage));
            owed && self.replaced_by(key, &key.series(unit.clone(), coverage)).is_some()
        })
    }

    /// What counts now in place of a series: the figures that another report of it
    /// would replace. None if it would not count in that total.
    #[must_use]
    pub fn replaced_by(&self, key: &TotalKey, series: &SeriesKey) -> Option<(Arc<str>, Total)> {
        self.with_book(&key.family, key.year, |book| {
            let (root, index) = (book.tree.find(key.unit.as_str())?, book.tree.find(series.unit.as_str())?);
            let total = book.replaced(root, index, series.coverage, key.basis)?;
            Some((Arc::clone(&book.tree.get(index)?.name), total))
        })
    }
}

impl Book {
    fn replaced(&self, root: usize, index: usize, coverage: Coverage, basis: Basis) -> Option<Total> {
        if !self.tree.is_within(index, root) {
            return None;
        }
        let covers = |above: &usize| basis == Basis::Declared && *above != root && self.declares(*above);
        let below_root = self.tree.above(index).take_while(|above| *above != root).any(|above| covers(&above));
        let effective = |coverage| self.series_of(index, coverage)?.effective();
        let row = |coverage| {
            let table = self.form.cells();
            effective(coverage).map_or_else(|| Total::zero(table), |report| Total::of(table, report.row(), false))
        };
        match (self.tree.is_interior(index), coverage) {
            _ if below_root => None,
            (true, Coverage::Own) => (!covers(&index)).then(|| row(coverage)),
            (true, Coverage::Consolidated) if index == root || basis == Basis::Units => None,
            (true, Coverage::Consolidated) if self.declares(index) => Some(row(coverage)),
            (true, Coverage::Consolidated) => Some(self.total(index, basis)),
            (false, Coverage::Own) if effective(Coverage::Consolidated).is_some() => None,
            (false, _) => Some(self.total(index, basis)),
        }
    }
}
