//! Sums and counts that can be told by kind of the unit that reports.

use super::completeness::Counts;
use super::event::UnitKind;
use super::totals::{Delta, Total, TotalOverflow};
use super::tree::Duties;
use crate::form::{CellTable, RowRef};

/// A total, and what units of each kind add to it. The kind that was met first
/// has what is left by the others, so units of one kind take no more room.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    pub(super) all: Total,
    first: Option<UnitKind>,
    others: Vec<(UnitKind, Total)>,
}

impl Sums {
    /// The sums of no reports.
    pub(super) fn zero(table: &CellTable) -> Self {
        Self { all: Total::zero(table), first: None, others: Vec::new() }
    }

    /// Adds a difference made by units of one kind.
    pub(super) fn add(&mut self, kind: UnitKind, delta: &Delta, table: &CellTable) -> Result<(), TotalOverflow> {
        self.all.add(delta)?;
        self.other(kind, table).map_or(Ok(()), |total| total.add(delta))
    }

    /// Counts one report more of a unit of a kind.
    pub(super) fn count(
        &mut self,
        kind: UnitKind,
        (table, row): (&CellTable, RowRef<'_>),
        not_broken_down: bool,
    ) -> Result<(), TotalOverflow> {
        self.all.count(table, row, not_broken_down)?;
        self.other(kind, table).map_or(Ok(()), |total| total.count(table, row, not_broken_down))
    }

    /// What a kind adds, if it is not the one that was met first.
    fn other(&mut self, kind: UnitKind, table: &CellTable) -> Option<&mut Total> {
        if *self.first.get_or_insert(kind) == kind {
            return None;
        }
        if !self.others.iter().any(|(known, _)| *known == kind) {
            self.others.push((kind, Total::zero(table)));
        }
        self.others.iter_mut().find(|(known, _)| *known == kind).map(|(_, total)| total)
    }

    /// What units of each kind add, kinds that count a report only.
    pub(super) fn kinds(&self) -> Vec<(UnitKind, Total)> {
        let first = self.first.map(|kind| {
            let mut delta = Delta::default();
            self.others.iter().for_each(|(_, total)| delta.total(total, -1));
            let mut total = self.all.clone();
            // a part of what is kept is in range
            let _ = total.add(&delta);
            (kind, total)
        });
        first.into_iter().chain(self.others.iter().cloned()).filter(|(_, total)| total.reports > 0).collect()
    }
}

/// Completeness, and that of units of each kind.
#[derive(Debug, Clone, Default)]
pub(super) struct KindCounts {
    pub(super) all: Counts,
    kinds: Vec<(UnitKind, Counts)>,
}

impl KindCounts {
    /// The counts of a year in which nothing was filed.
    pub(super) fn of_duties(by_kind: &[Duties]) -> Self {
        let mut counts = Self::default();
        for &Duties { kind, due, excused } in by_kind {
            counts.add(kind, Counts { due, exempt: excused, ..Counts::default() });
        }
        counts
    }

    /// Adds a change made by a unit of one kind.
    pub(super) fn add(&mut self, kind: UnitKind, change: Counts) {
        self.all = self.all.plus(change);
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, counts)) => *counts = counts.plus(change),
            None => self.kinds.push((kind, change)),
        }
    }

    /// The counts of units of some kinds.
    pub(super) fn of(&self, wants: impl Fn(UnitKind) -> bool) -> Counts {
        let wanted = self.kinds.iter().filter(|(kind, _)| wants(*kind)).map(|(_, counts)| *counts);
        wanted.fold(Counts::default(), Counts::plus)
    }
}
