//! The book of one form family and year: its series, and the totals and counts
//! kept over the tree of that year.
//!
//! Kept for units with children only. With OWN(u), C(u) the effective reports:
//! U(u) = OWN(u) + Σ U(c); D(u) = OWN(u) + Σ (C(c), else D(c)); a unit without
//! children contributes C, else OWN, to both. A difference on DECLARED stops
//! below the first unit with an effective CONSOLIDATED.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::completeness::Counts;
use super::series::{Effective, Series};
use super::totals::{Delta, Total, TotalOverflow};
use super::tree::Tree;
use crate::form::Form;
use crate::words::{Basis, Coverage, UnitCode};

/// The series of a unit in a year, by coverage.
pub(super) type Pair = [Option<Box<Series>>; 2];

fn opposite(coverage: Coverage) -> Coverage {
    match coverage {
        Coverage::Own => Coverage::Consolidated,
        Coverage::Consolidated => Coverage::Own,
    }
}

/// Series, totals and counts of one family and year.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) form: Arc<Form>,
    pub(super) tree: Arc<Tree>,
    pub(super) series: BTreeMap<UnitCode, Pair>,
    kept: Vec<Option<Box<Kept>>>,
}

/// What is kept for a unit with children.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) units: Total,
    pub(super) declared: Total,
    pub(super) counts: Counts,
}

pub(super) fn slot(coverage: Coverage) -> usize {
    match coverage {
        Coverage::Own => 0,
        Coverage::Consolidated => 1,
    }
}

impl Book {
    pub(super) fn new(form: Arc<Form>, tree: Arc<Tree>) -> Self {
        let mut book = Self::empty(form, tree);
        book.clear();
        book
    }

    /// A book of a year in which nothing was filed: to read, not to write in.
    pub(super) fn empty(form: Arc<Form>, tree: Arc<Tree>) -> Self {
        Self { form, tree, series: BTreeMap::new(), kept: Vec::new() }
    }

    /// Empties totals; due counts depend on the tree alone.
    fn clear(&mut self) {
        let zero = Total::zero(self.form.cells());
        let kept = |index| {
            let counts = Counts { due: self.tree.due(index), ..Counts::default() };
            let (units, declared) = (zero.clone(), zero.clone());
            self.tree.is_interior(index).then(|| Box::new(Kept { units, declared, counts }))
        };
        self.kept = (0..self.tree.nodes().len()).map(kept).collect();
    }

    /// Adds everything up anew over another tree.
    pub(super) fn replant(&mut self, tree: Arc<Tree>) -> Result<(), TotalOverflow> {
        self.tree = tree;
        self.clear();
        for (code, pair) in std::mem::take(&mut self.series) {
            for (coverage, series) in [Coverage::Own, Coverage::Consolidated].into_iter().zip(pair) {
                if let Some(series) = series {
                    self.update(&code, coverage, |entry| *entry = *series)?;
                }
            }
        }
        Ok(())
    }

    /// Whether everything adds up in range over another tree.
    pub(super) fn fits(&self, tree: Arc<Tree>) -> bool {
        let mut trial = Self { form: Arc::clone(&self.form), tree, series: self.series.clone(), kept: Vec::new() };
        let tree = Arc::clone(&trial.tree);
        trial.replant(tree).is_ok()
    }

    pub(super) fn series(&self, unit: &str, coverage: Coverage) -> Option<&Series> {
        self.series.get(unit)?.get(slot(coverage))?.as_deref()
    }

    pub(super) fn kept(&self, index: usize) -> Option<&Kept> {
        self.kept.get(index)?.as_deref()
    }

    /// Changes one series and every total and count that depends on it.
    pub(super) fn update(
        &mut self,
        unit: &UnitCode,
        coverage: Coverage,
        change: impl FnOnce(&mut Series),
    ) -> Result<(), TotalOverflow> {
        let place = self.tree.find(unit.as_str());
        let counts_before = place.map(|index| self.own_counts(index)).unwrap_or_default();
        let before = self.effective(unit, coverage).cloned();
        let pair = self.series.entry(unit.clone()).or_default();
        if let Some(series) = pair.get_mut(slot(coverage)) {
            change(series.get_or_insert_default());
        }
        let Some(index) = place else { return Ok(()) };
        let counts = self.own_counts(index).minus(counts_before);
        let (after, other) = (self.effective(unit, coverage), self.effective(unit, opposite(coverage)));
        let (units, declared) = self.deltas(index, coverage, before.as_ref(), after, other);
        self.carry(index, coverage, &units, &declared)?;
        self.count(index, coverage, counts);
        Ok(())
    }

    fn effective(&self, unit: &UnitCode, coverage: Coverage) -> Option<&Effective> {
        self.series(unit.as_str(), coverage)?.effective()
    }

    /// Carries a difference of one series up the tree.
    fn carry(
        &mut self,
        index: usize,
        coverage: Coverage,
        units: &Delta,
        declared: &Delta,
    ) -> Result<(), TotalOverflow> {
        if coverage == Coverage::Own
            && let Some(Some(kept)) = self.kept.get_mut(index)
        {
            kept.units.add(units)?;
            kept.declared.add(units)?;
        }
        let tree = Arc::clone(&self.tree);
        let mut reaches = self.reaches_up(index, coverage);
        for above in tree.above(index) {
            if let Some(Some(kept)) = self.kept.get_mut(above) {
                kept.units.add(units)?;
                if reaches {
                    kept.declared.add(declared)?;
                }
            }
            reaches = reaches && !self.declares(above);
        }
        Ok(())
    }

    /// Whether a change of this series shows above the unit on DECLARED.
    fn reaches_up(&self, index: usize, coverage: Coverage) -> bool {
        coverage == Coverage::Consolidated || !self.tree.is_interior(index) || !self.declares(index)
    }

    /// Whether a unit with children has an effective CONSOLIDATED.
    pub(super) fn declares(&self, index: usize) -> bool {
        let code = self.tree.get(index).map(|node| &node.code);
        let series = code.and_then(|code| self.series(code.as_str(), Coverage::Consolidated));
        series.is_some_and(|series| series.effective().is_some())
    }

    /// What a change of one series adds above the unit, on UNITS and DECLARED.
    fn deltas(
        &self,
        index: usize,
        coverage: Coverage,
        before: Option<&Effective>,
        after: Option<&Effective>,
        other: Option<&Effective>,
    ) -> (Delta, Delta) {
        let table = self.form.cells();
        let (mut units, mut declared) = (Delta::default(), Delta::default());
        if self.tree.is_interior(index) {
            let delta = if coverage == Coverage::Own { &mut units } else { &mut declared };
            before.into_iter().for_each(|report| delta.report(table, report, false, -1));
            after.into_iter().for_each(|report| delta.report(table, report, false, 1));
            if coverage == Coverage::Own {
                declared = units.clone();
            } else if let Some(kept) = self.kept(index) {
                match (before, after) {
                    (None, Some(_)) => declared.total(&kept.declared, -1),
                    (Some(_), None) => declared.total(&kept.declared, 1),
                    (None, None) | (Some(_), Some(_)) => {}
                }
            }
            return (units, declared);
        }
        // without children: CONSOLIDATED if there is one, else OWN
        let is_consolidated = coverage == Coverage::Consolidated;
        let counted = |own_series: Option<&Effective>| -> Option<(Effective, bool)> {
            match (is_consolidated, own_series, other) {
                (true, Some(report), _) => Some((report.clone(), true)),
                (true, None, Some(own)) => Some((own.clone(), false)),
                (false, _, Some(consolidated)) => Some((consolidated.clone(), true)),
                (false, Some(report), None) => Some((report.clone(), false)),
                (_, None, None) => None,
            }
        };
        for (report, sign) in [(counted(before), -1), (counted(after), 1)] {
            if let Some((report, not_broken_down)) = report {
                units.report(table, &report, not_broken_down, sign);
            }
        }
        (units.clone(), units)
    }

    /// Carries a change of completeness up the tree.
    fn count(&mut self, index: usize, coverage: Coverage, change: Counts) {
        if coverage == Coverage::Own
            && let Some(Some(kept)) = self.kept.get_mut(index)
        {
            kept.counts.open_queries = kept.counts.open_queries.saturating_add(change.open_queries);
        }
        let tree = Arc::clone(&self.tree);
        for above in tree.above(index) {
            if let Some(Some(kept)) = self.kept.get_mut(above) {
                kept.counts = kept.counts.plus(change);
            }
        }
    }

    /// Whether a new effective report leaves every total within its range.
    pub(super) fn has_room_for(&self, unit: &UnitCode, coverage: Coverage, report: &Effective) -> bool {
        let Some(index) = self.tree.find(unit.as_str()) else { return true };
        let (before, other) = (self.effective(unit, coverage), self.effective(unit, opposite(coverage)));
        let (units, declared) = self.deltas(index, coverage, before, Some(report), other);
        let itself = self.kept(index).filter(|_| coverage == Coverage::Own);
        let fits = |kept: &Kept| kept.units.has_room_for(&units) && kept.declared.has_room_for(&declared);
        itself.is_none_or(fits) && self.tree.above(index).filter_map(|above| self.kept(above)).all(fits)
    }

    /// The total of a unit: kept, or what a unit without children contributes.
    pub(super) fn total(&self, index: usize, basis: Basis) -> Total {
        if let Some(kept) = self.kept(index) {
            return match basis {
                Basis::Units => kept.units.clone(),
                Basis::Declared => kept.declared.clone(),
            };
        }
        let mut total = Total::zero(self.form.cells());
        if let Some((report, coverage)) = self.contribution(index) {
            let mut delta = Delta::default();
            delta.report(self.form.cells(), report, coverage == Coverage::Consolidated, 1);
            // one report added to nothing stays in range
            let _ = total.add(&delta);
        }
        total
    }

    /// What a unit without children contributes.
    pub(super) fn contribution(&self, index: usize) -> Option<(&Effective, Coverage)> {
        let code = self.tree.get(index)?.code.as_str();
        [Coverage::Consolidated, Coverage::Own]
            .into_iter()
            .find_map(|coverage| Some((self.series(code, coverage)?.effective()?, coverage)))
    }

    /// Kept totals, for those who check them.
    pub(super) fn all_kept(&self) -> impl Iterator<Item = (usize, &Kept)> {
        self.kept.iter().enumerate().filter_map(|(index, kept)| Some((index, kept.as_deref()?)))
    }

    /// Falsifies a kept total, so that a test can see it noticed.
    #[cfg(test)]
    pub(super) fn corrupt(&mut self, index: usize, cell: usize) {
        let kept = self.kept[index].as_mut().unwrap();
        kept.units.cells[cell] = kept.units.cells[cell].wrapping_add(1);
    }
}
