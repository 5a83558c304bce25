//! A set of units, added up: any units, any kinds, each counted once.

use super::book::Book;
use super::completeness::Counts;
use super::contributions::{How, Met};
use super::event::UnitKind;
use super::totals::{Delta, Total};
use crate::words::{Basis, Coverage, UnitCode};

/// Which units of a tree.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Units, each with all below it; none named: all.
    pub units: Vec<UnitCode>,
    /// Reports of units of these kinds; none named: of all.
    pub kinds: Vec<UnitKind>,
}

/// What a set of units adds up to.
#[derive(Debug, Clone)]
pub struct SelectionTotal {
    /// The sum.
    pub total: Total,
    /// Who has filed.
    pub counts: Counts,
    /// The sum by kind of the unit that reports, where there is any.
    pub kinds: Vec<(UnitKind, Total)>,
}

impl Selection {
    pub(super) fn wants(&self, kind: UnitKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl Book {
    /// The units named that the tree has, but for those below another one.
    pub(super) fn tops(&self, selection: &Selection) -> Vec<usize> {
        if selection.units.is_empty() {
            let roots = self.tree.nodes().iter().enumerate().filter(|(_, node)| node.parent.is_none());
            return roots.map(|(index, _)| index).collect();
        }
        let mut named: Vec<usize> = selection.units.iter().filter_map(|unit| self.tree.find(unit.as_str())).collect();
        named.sort_unstable();
        named.dedup();
        let is_top = |index: &usize| !self.tree.above(*index).any(|above| named.binary_search(&above).is_ok());
        named.iter().copied().filter(is_top).collect()
    }

    /// Every report that counts in the totals of some units, each once.
    pub(super) fn counting<'a>(
        &'a self,
        tops: &[usize],
        basis: Basis,
        selection: &Selection,
        mut met: impl FnMut(Met<'a>, UnitKind),
    ) {
        for &top in tops {
            self.walk(top, basis, |index, report| {
                if let (Some(report), Some(node)) =
                    (report.filter(|report| report.how == How::Counts), self.tree.get(index))
                    && selection.wants(node.kind)
                {
                    met(report, node.kind);
                }
            });
        }
    }

    /// Adds a set of units up.
    pub(super) fn add_up(&self, selection: &Selection, basis: Basis) -> SelectionTotal {
        let tops = self.tops(selection);
        let table = self.form.cells();
        let mut kinds: Vec<(UnitKind, Total)> = Vec::new();
        self.counting(&tops, basis, selection, |Met { index, coverage, report, .. }, kind| {
            let place = kinds.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
                kinds.push((kind, Total::zero(table)));
                kinds.len().saturating_sub(1)
            });
            if let Some((_, total)) = kinds.get_mut(place) {
                let not_broken_down = coverage == Coverage::Consolidated && !self.tree.is_interior(index);
                total.count(table, report, not_broken_down);
            }
        });
        kinds.sort_by_key(|(kind, _)| *kind);
        let mut sum = Delta::default();
        kinds.iter().for_each(|(_, total)| sum.total(total, 1));
        let mut total = Total::zero(table);
        // each report is counted in a kept total too, and those are in range
        let _ = total.add(&sum);
        SelectionTotal { total, counts: self.counts_of(selection, &tops), kinds }
    }

    fn counts_of(&self, selection: &Selection, tops: &[usize]) -> Counts {
        let sum = |counts: &mut dyn Iterator<Item = Counts>| counts.fold(Counts::default(), Counts::plus);
        if selection.kinds.is_empty() {
            return sum(&mut tops.iter().map(|top| self.counts(*top)));
        }
        let mut waiting = tops.to_vec();
        let mut counts = Counts::default();
        while let Some(index) = waiting.pop() {
            let Some(node) = self.tree.get(index) else { continue };
            waiting.extend(&node.children);
            let itself = tops.contains(&index) && self.tree.is_interior(index);
            if selection.wants(node.kind) && !itself {
                let due = i64::from(self.tree.owes(index));
                counts = counts.plus(Counts { due, ..self.own_counts(index) });
            }
        }
        counts
    }
}
