//! What totals say: years beside each other, rankings, distributions.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::book::Book;
use super::contributions::Met;
use super::event::UnitKind;
use super::selection::{Selection, SelectionTotal};
use super::state::State;
use super::totals::{Total, TotalOverflow};
use crate::form::{Form, Indicator};
use crate::words::{Basis, Coverage, FamilyName, Quantity, UnitCode, Year};

/// A set of units in one year.
#[derive(Debug, Clone)]
pub struct YearTotal {
    /// The year.
    pub year: Year,
    /// The form that judges it.
    pub form: Arc<Form>,
    /// What the units add up to.
    pub sum: SelectionTotal,
}

/// What is ranked, and by what.
#[derive(Debug, Clone, Copy)]
pub struct RankBy<'a> {
    /// Which units.
    pub selection: &'a Selection,
    /// What is added up.
    pub basis: Basis,
    /// Which of them are ranked.
    pub rows: Rows,
    /// By what.
    pub indicator: &'a Indicator,
    /// The smallest first.
    pub ascending: bool,
}

/// Which units are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// The units right below each one named, with all below them.
    Children,
    /// The units named, with all below them.
    Named,
    /// Every unit that reports, for itself.
    Units,
}

/// A unit in a ranking.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Its place, from 1; equal figures share one. None: it has no figure.
    pub rank: Option<usize>,
    /// Its code.
    pub unit: UnitCode,
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: UnitKind,
    /// Only its own report, not those below it.
    pub own: bool,
    /// The figure; none: nothing was filed.
    pub value: Option<Quantity>,
    /// Number of reports counted.
    pub reports: i64,
    row: Row,
}

/// What a row of a ranking adds up.
#[derive(Debug, Clone, Copy)]
enum Row {
    /// A unit with all below it; seen from above, or by itself.
    Unit { index: usize, from_above: bool },
    /// One report.
    Report { index: usize, coverage: Coverage },
}

/// How a figure is spread over units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distribution {
    /// Units that have a figure.
    pub units: usize,
    /// Minimum, lower quartile, median, upper quartile, maximum; none where the
    /// mean of two figures does not fit 64 bits.
    pub points: [Option<Quantity>; 5],
}

impl State {
    /// A set of units added up in one year; none if no form of the family covers it.
    ///
    /// # Errors
    /// [`TotalOverflow`].
    pub fn add_up(
        &self,
        family: &FamilyName,
        year: Year,
        selection: &Selection,
        basis: Basis,
    ) -> Result<Option<YearTotal>, TotalOverflow> {
        let sum = self.with_book(family, year, |book| Some((Arc::clone(&book.form), book.add_up(selection, basis))));
        sum.map(|(form, sum)| Ok(YearTotal { year, form, sum: sum? })).transpose()
    }

    /// Ranks units by an indicator: the largest first, or the smallest; after
    /// them units whose figure is not applicable, then units that filed nothing.
    #[must_use]
    pub fn ranking(&self, family: &FamilyName, year: Year, by: RankBy<'_>) -> Vec<Ranked> {
        let ranked = self.with_book(family, year, |book| {
            let mut ranked = book.rows(by);
            place(&mut ranked, by.ascending);
            Some(ranked)
        });
        ranked.unwrap_or_default()
    }

    /// The cells a row of a ranking adds up to.
    #[must_use]
    pub fn cells_of(&self, family: &FamilyName, year: Year, by: RankBy<'_>, ranked: &Ranked) -> Option<Box<[i64]>> {
        self.with_book(family, year, |book| Some(book.row_total(ranked.row, by.selection, by.basis)?.cells))
    }
}

impl Book {
    fn rows(&self, by: RankBy<'_>) -> Vec<Ranked> {
        let RankBy { selection, basis, rows, indicator, .. } = by;
        let tops = self.tops(selection);
        let mut found = Vec::new();
        let unit = |index, from_above| {
            let row = Row::Unit { index, from_above };
            let alone =
                self.contribution(index).filter(|_| !self.tree.is_interior(index) && selection.kinds.is_empty());
            if let Some((report, _)) = alone {
                return self.ranked(row, 1, Some(indicator.of_row(&self.form, report.row())));
            }
            let total = self.row_total(row, selection, basis)?;
            // with kinds, a unit with nothing of them in it is not in the set
            let wanted = selection.kinds.is_empty() || total.reports > 0 || self.owes_of(index, selection);
            let value = (total.reports > 0).then(|| indicator.of_sum(&self.form, &total.cells, &total.stated));
            self.ranked(row, total.reports, value).filter(|_| wanted)
        };
        match rows {
            Rows::Named if selection.units.is_empty() => found.extend(tops.iter().filter_map(|top| unit(*top, false))),
            Rows::Named => {
                let mut seen = BTreeSet::new();
                let named = selection.units.iter().filter_map(|unit| self.tree.find(unit.as_str()));
                found.extend(named.filter(|index| seen.insert(*index)).filter_map(|index| unit(index, false)));
            }
            Rows::Children => {
                for &top in &tops {
                    let Some(node) = self.tree.get(top) else { continue };
                    if node.children.is_empty() {
                        found.extend(unit(top, false));
                    }
                    found.extend(node.children.iter().filter_map(|child| unit(*child, true)));
                    let own = Row::Report { index: top, coverage: Coverage::Own };
                    let total = self.row_total(own, selection, basis).filter(|_| !node.children.is_empty());
                    found.extend(total.and_then(|total| {
                        self.ranked(own, 1, Some(indicator.of_sum(&self.form, &total.cells, &total.stated)))
                    }));
                }
            }
            Rows::Units => {
                self.counting(&tops, basis, selection, |Met { index, coverage, report, .. }, _| {
                    let value = indicator.of_row(&self.form, report.row());
                    found.extend(self.ranked(Row::Report { index, coverage }, 1, Some(value)));
                });
                let silent = tops.iter().flat_map(|top| self.missing(*top, None, usize::MAX));
                found.extend(silent.filter_map(|index| {
                    let wanted = self.tree.get(index).is_some_and(|node| selection.wants(node.kind));
                    let row = Row::Unit { index, from_above: true };
                    self.ranked(row, 0, None).filter(|_| wanted && !self.tree.is_interior(index))
                }));
            }
        }
        found
    }

    /// Whether a unit, or one below it, owes a report and is of a kind wanted.
    fn owes_of(&self, index: usize, selection: &Selection) -> bool {
        if self.tree.is_interior(index) {
            return self.tree.duties_by_kind(index).iter().any(|duties| duties.due > 0 && selection.wants(duties.kind));
        }
        self.tree.owes(index) && self.tree.get(index).is_some_and(|node| selection.wants(node.kind))
    }

    fn ranked(&self, row: Row, reports: i64, value: Option<Quantity>) -> Option<Ranked> {
        let (index, own) = match row {
            Row::Unit { index, .. } => (index, false),
            Row::Report { index, coverage } => (index, coverage == Coverage::Own && self.tree.is_interior(index)),
        };
        let node = self.tree.get(index)?;
        let (unit, name) = (node.code.clone(), Arc::clone(&node.name));
        Some(Ranked { rank: None, unit, name, kind: node.kind, own, value, reports, row })
    }

    /// What a row adds up to: kept, unless only some kinds are wanted.
    fn row_total(&self, row: Row, selection: &Selection, basis: Basis) -> Option<Total> {
        match row {
            Row::Report { index, coverage } => {
                let node = self.tree.get(index).filter(|node| selection.wants(node.kind))?;
                let report = self.series(node.code.as_str(), coverage)?.effective()?;
                Some(Total::of(self.form.cells(), report.row(), false))
            }
            Row::Unit { index, from_above } => {
                let stands_for_all = from_above && basis == Basis::Declared && self.tree.is_interior(index);
                let declared = self.declares(index) && stands_for_all;
                if declared {
                    return self
                        .row_total(Row::Report { index, coverage: Coverage::Consolidated }, selection, basis)
                        .or_else(|| Some(Total::zero(self.form.cells())));
                }
                if selection.kinds.is_empty() {
                    return Some(self.total(index, basis));
                }
                Some(self.sum_of(&[index], selection, basis).ok()?.0)
            }
        }
    }
}

/// Sorts rows and gives them their places.
fn place(rows: &mut [Ranked], ascending: bool) {
    let group = |row: &Ranked| match row.value {
        Some(value) if value.is_applicable() => 0,
        Some(_) => 1,
        None => 2,
    };
    rows.sort_by(|a, b| {
        let by_figure = match (a.value, b.value) {
            (Some(a), Some(b)) if a.is_applicable() && b.is_applicable() => {
                if ascending {
                    a.compare(b)
                } else {
                    b.compare(a)
                }
            }
            _ => Ordering::Equal,
        };
        group(a).cmp(&group(b)).then(by_figure).then_with(|| (&a.unit, a.own).cmp(&(&b.unit, b.own)))
    });
    let mut before: Option<(usize, Quantity)> = None;
    for (index, row) in rows.iter_mut().enumerate() {
        let Some(value) = row.value.filter(|value| value.is_applicable()) else { break };
        let rank = match before {
            Some((rank, before)) if before.compare(value) == Ordering::Equal => rank,
            _ => index.saturating_add(1),
        };
        row.rank = Some(rank);
        before = Some((rank, value));
    }
}

/// How the figures of a ranking are spread.
#[must_use]
pub fn distribution(ranking: &[Ranked]) -> Distribution {
    let mut values: Vec<Quantity> =
        ranking.iter().filter_map(|row| row.value).filter(|value| value.is_applicable()).collect();
    values.sort_by(|a, b| a.compare(*b));
    let quartile = |quarter: usize| -> Option<Quantity> {
        let reach = values.len().saturating_mul(quarter);
        let at = |place: usize| values.get(place.saturating_sub(1)).copied();
        match (quarter, reach % 4) {
            (0, _) => at(1),
            (4, _) => at(values.len()),
            (_, 0) => at(reach / 4)?.mean(at((reach / 4).saturating_add(1))?),
            _ => at(reach.div_ceil(4)),
        }
    };
    Distribution { units: values.len(), points: [0, 1, 2, 3, 4].map(quartile) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: &str, value: Option<(i64, i64)>) -> Ranked {
        Ranked {
            rank: None,
            unit: UnitCode::new(unit).unwrap(),
            name: Arc::from(unit),
            kind: UnitKind::Town,
            own: false,
            value: value.map(|(numerator, denominator)| Quantity { numerator, denominator }),
            reports: 1,
            row: Row::Unit { index: 0, from_above: true },
        }
    }

    #[test]
    fn equal_figures_share_a_place_and_those_without_one_stand_apart() {
        let mut rows = vec![
            row("silent", None),
            row("a", Some((1, 2))),
            row("none", Some((0, 0))),
            row("b", Some((3, 4))),
            row("c", Some((2, 4))),
            row("d", Some((1, 3))),
        ];
        place(&mut rows, false);
        let told: Vec<(&str, Option<usize>)> = rows.iter().map(|row| (row.unit.as_str(), row.rank)).collect();
        let expected =
            [("b", Some(1)), ("a", Some(2)), ("c", Some(2)), ("d", Some(4)), ("none", None), ("silent", None)];
        assert_eq!(told, expected);
        place(&mut rows, true);
        assert_eq!(rows.first().map(|row| row.unit.as_str()), Some("d"));
    }

    #[test]
    fn quartiles_are_figures_of_units_or_the_mean_of_two() {
        let whole = |values: &[i64]| values.iter().map(|value| row("u", Some((*value, 1)))).collect::<Vec<_>>();
        let points = |values: &[i64]| {
            distribution(&whole(values)).points.map(|point| point.map(|q| (q.numerator, q.denominator)))
        };
        assert_eq!(points(&[7, 1, 3, 5, 9]), [Some((1, 1)), Some((3, 1)), Some((5, 1)), Some((7, 1)), Some((9, 1))]);
        assert_eq!(points(&[1, 2, 4, 8]), [Some((1, 1)), Some((3, 2)), Some((3, 1)), Some((6, 1)), Some((8, 1))]);
        assert_eq!(points(&[5]), [Some((5, 1)); 5]);
        assert_eq!(points(&[]), [None; 5]);
    }
}
