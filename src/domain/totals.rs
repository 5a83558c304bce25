//! Totals: what many reports add up to. Sums form a group, so a correction adds
//! new − old and nothing is ever added up twice.

use super::event::SeriesKey;
use crate::form::{Cell, CellTable, RowRef};
use crate::words::{Basis, Coverage, FamilyName, UnitCode, Year, limits};

/// Names a total: of a unit and all below it, in a year, on a basis.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalKey {
    /// Form family.
    pub family: FamilyName,
    /// The unit.
    pub unit: UnitCode,
    /// Reporting year.
    pub year: Year,
    /// What is added up.
    pub basis: Basis,
}

impl TotalKey {
    /// The series of a unit that can count in it.
    #[must_use]
    pub fn series(&self, unit: UnitCode, coverage: Coverage) -> SeriesKey {
        SeriesKey { family: self.family.clone(), year: self.year, unit, coverage }
    }
}

/// A sum of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// By cell.
    pub cells: Box<[i64]>,
    /// For each cell that need not be stated: how many counted reports state it.
    pub stated: Box<[i64]>,
    /// Number of reports counted.
    pub reports: i64,
    /// Of these, CONSOLIDATED reports of units without children.
    pub not_broken_down: i64,
}

/// A total left the range of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a total leaves the range of figures")]
pub struct TotalOverflow;

/// A difference of sums: what changes, and by how much. Wider than a sum, so that
/// it is exact whatever it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Delta {
    /// By cell, in order.
    cells: Vec<(usize, i128)>,
    /// By place among the cells that need not be stated, in order.
    stated: Vec<(usize, i128)>,
    reports: i64,
    not_broken_down: i64,
}

impl Delta {
    /// Adds a report to the difference, or takes it away.
    pub(super) fn report(&mut self, table: &CellTable, row: RowRef<'_>, not_broken_down: bool, sign: i64) {
        let signed = |value: i64| i128::from(value.saturating_mul(sign));
        // a figure takes two bytes or more
        self.cells.reserve(row.as_bytes().len() / 2);
        join_all(&mut self.cells, row.nonzero(table).map(|(cell, value)| (cell, signed(value))));
        join_all(&mut self.stated, row.stated_optional(table).map(|place| (place, signed(1))));
        self.reports = self.reports.saturating_add(sign);
        self.not_broken_down = self.not_broken_down.saturating_add(if not_broken_down { sign } else { 0 });
    }

    /// Adds another difference.
    pub(super) fn join(&mut self, other: &Self) {
        join_all(&mut self.cells, other.cells.iter().copied());
        join_all(&mut self.stated, other.stated.iter().copied());
        self.reports = self.reports.saturating_add(other.reports);
        self.not_broken_down = self.not_broken_down.saturating_add(other.not_broken_down);
    }

    /// Adds a total to the difference, or takes it away.
    pub(super) fn total(&mut self, total: &Total, sign: i64) {
        let signed =
            |(index, value): (usize, &i64)| (*value != 0).then(|| (index, i128::from(value.saturating_mul(sign))));
        join_all(&mut self.cells, total.cells.iter().enumerate().filter_map(signed));
        join_all(&mut self.stated, total.stated.iter().enumerate().filter_map(signed));
        self.reports = self.reports.saturating_add(total.reports.saturating_mul(sign));
        self.not_broken_down = self.not_broken_down.saturating_add(total.not_broken_down.saturating_mul(sign));
    }
}

/// Adds changes to others; both are in order.
fn join_all(changes: &mut Vec<(usize, i128)>, more: impl Iterator<Item = (usize, i128)>) {
    for (index, change) in more {
        if changes.last().is_none_or(|(last, _)| *last < index) {
            changes.push((index, change));
            continue;
        }
        match changes.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(place) => changes.get_mut(place).into_iter().for_each(|(_, sum)| *sum = sum.saturating_add(change)),
            Err(place) => changes.insert(place, (index, change)),
        }
    }
}

impl Total {
    /// The sum of no reports.
    #[must_use]
    pub fn zero(table: &CellTable) -> Self {
        Self {
            cells: vec![0; table.len()].into(),
            stated: vec![0; table.optional().len()].into(),
            reports: 0,
            not_broken_down: 0,
        }
    }

    /// The sum of one report.
    pub(super) fn of(table: &CellTable, row: RowRef<'_>, not_broken_down: bool) -> Self {
        let mut total = Self::zero(table);
        // one alone is in range
        let _ = total.count(table, row, not_broken_down);
        total
    }

    /// Counts one report more.
    pub(super) fn count(
        &mut self,
        table: &CellTable,
        row: RowRef<'_>,
        not_broken_down: bool,
    ) -> Result<(), TotalOverflow> {
        add_all(&mut self.cells, row.nonzero(table).map(|(cell, value)| (cell, value.into())))?;
        add_all(&mut self.stated, row.stated_optional(table).map(|place| (place, 1)))?;
        self.reports = self.reports.checked_add(1).ok_or(TotalOverflow)?;
        let not_broken_down = self.not_broken_down.checked_add(not_broken_down.into());
        self.not_broken_down = not_broken_down.ok_or(TotalOverflow)?;
        Ok(())
    }

    /// Every required cell, and others where a counted report states them, in
    /// the order of the form.
    pub fn figures<'a>(&'a self, table: &'a CellTable) -> impl Iterator<Item = (&'a Cell, i64)> {
        let mut stated = self.stated.iter();
        table.iter().zip(&self.cells).filter_map(move |(cell, value)| {
            let listed = cell.required || stated.next().is_some_and(|reports| *reports > 0);
            listed.then_some((cell, *value))
        })
    }

    /// Adds a difference.
    pub(super) fn add(&mut self, delta: &Delta) -> Result<(), TotalOverflow> {
        add_all(&mut self.cells, delta.cells.iter().copied())?;
        add_all(&mut self.stated, delta.stated.iter().copied())?;
        self.reports = self.reports.checked_add(delta.reports).ok_or(TotalOverflow)?;
        self.not_broken_down = self.not_broken_down.checked_add(delta.not_broken_down).ok_or(TotalOverflow)?;
        Ok(())
    }

    /// Whether every cell that a difference changes stays within [`limits::TOTAL_MAX`].
    pub(super) fn has_room_for(&self, delta: &Delta) -> bool {
        let after = |&(cell, change): &(usize, i128)| Some(i128::from(*self.cells.get(cell)?).saturating_add(change));
        let fits = |after: i128| after.unsigned_abs() <= limits::TOTAL_MAX.into();
        delta.cells.iter().map(after).all(|after| after.is_some_and(fits))
    }
}

fn add_all(sums: &mut [i64], changes: impl Iterator<Item = (usize, i128)>) -> Result<(), TotalOverflow> {
    for (index, change) in changes {
        let sum = sums.get_mut(index).ok_or(TotalOverflow)?;
        *sum = i64::try_from(i128::from(*sum).saturating_add(change)).map_err(|_| TotalOverflow)?;
    }
    Ok(())
}
