//! A set of units, added up: any units, any kinds, each counted once.

use std::collections::BTreeMap;

use super::book::Book;
use super::completeness::Counts;
use super::contributions::{How, Met};
use super::event::UnitKind;
use super::kinds::KindCounts;
use super::totals::{Total, TotalOverflow};
use crate::words::{Basis, UnitCode};

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

    /// Adds a set of units up, from what is kept.
    pub(super) fn add_up(&self, selection: &Selection, basis: Basis) -> Result<SelectionTotal, TotalOverflow> {
        let tops = self.tops(selection);
        let counts = tops.iter().map(|top| self.counts_of(*top, selection)).fold(Counts::default(), Counts::plus);
        let (total, kinds) = self.sum_of(&tops, selection, basis)?;
        Ok(SelectionTotal { total, counts, kinds })
    }

    /// What some units, none below another, add up to, and by kind.
    pub(super) fn sum_of(
        &self,
        tops: &[usize],
        selection: &Selection,
        basis: Basis,
    ) -> Result<(Total, Vec<(UnitKind, Total)>), TotalOverflow> {
        let mut all = Total::zero(self.form.cells());
        let mut kinds: BTreeMap<UnitKind, Total> = BTreeMap::new();
        for (kind, delta) in tops.iter().flat_map(|top| self.deltas(*top, basis)) {
            if selection.wants(kind) {
                all.add(&delta)?;
                kinds.entry(kind).or_insert_with(|| Total::zero(self.form.cells())).add(&delta)?;
            }
        }
        Ok((all, kinds.into_iter().collect()))
    }

    fn counts_of(&self, top: usize, selection: &Selection) -> Counts {
        let wanted = self.tree.get(top).is_some_and(|node| selection.wants(node.kind));
        match self.kept(top) {
            Some(kept) => kept.counts.of(|kind| selection.wants(kind)),
            None if self.tree.is_interior(top) => {
                KindCounts::of_duties(self.tree.duties_by_kind(top)).of(|kind| selection.wants(kind))
            }
            None if wanted => self.counts(top),
            None => Counts::default(),
        }
    }
}
