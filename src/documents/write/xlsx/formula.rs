//! Totals and checks as formulas, from the identities of the form.

use std::collections::{HashMap, HashSet};

use rust_xlsxwriter::utility::row_col_to_cell;

use super::{Cell, Role, Table};
use crate::documents::Publication;
use crate::form::{Form, Identity};

/// Where the figures of one sheet stand: row and column by cell of the form.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<usize, (u32, u16)>);

impl Places {
    /// Those of a table that begins at a row.
    pub(super) fn of(table: &Table, top: u32) -> Self {
        let places = table.cells.iter().filter_map(|cell| {
            let Role::Figure(index) = cell.role else { return None };
            let (row, column, _, _) = super::range(cell, top).ok()?;
            Some((index, (row, column)))
        });
        Self(places.collect())
    }

    pub(super) fn get(&self, cell: usize) -> Option<(u32, u16)> {
        self.0.get(&cell).copied()
    }

    /// The sum of cells as a formula, absent ones as 0; none if one stands elsewhere.
    fn sum(&self, cells: impl Iterator<Item = usize>) -> Option<String> {
        let mut places = cells.map(|cell| self.get(cell)).collect::<Option<Vec<_>>>()?;
        places.sort_unstable();
        Some(format!("SUM({})", ranges(&places).join(",")))
    }

    /// One side of an identity; none if a cell stands elsewhere.
    pub(super) fn side(&self, side: &[(usize, bool)]) -> Option<String> {
        let those = |taken: bool| side.iter().filter(move |(_, subtract)| *subtract == taken).map(|(cell, _)| *cell);
        let added = self.sum(those(false))?;
        match those(true).next() {
            None => Some(added),
            Some(_) => Some(format!("{added}-{}", self.sum(those(true))?)),
        }
    }
}

/// Places, sorted, as ranges: neighbours in a row together, else those in a column.
fn ranges(places: &[(u32, u16)]) -> Vec<String> {
    let one_row = places.iter().all(|(row, _)| places.first().is_some_and(|(first, _)| first == row));
    let follows = |(row, column): (u32, u16), next: (u32, u16)| {
        if one_row { next == (row, column.saturating_add(1)) } else { next == (row.saturating_add(1), column) }
    };
    places
        .chunk_by(|place, next| follows(*place, *next))
        .filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let name = |place: &(u32, u16)| row_col_to_cell(place.0, place.1);
            Some(if first == last { name(first) } else { format!("{}:{}", name(first), name(last)) })
        })
        .collect()
}

/// The identities that say what a total is, one for each total: the first declared.
pub(super) fn totals(form: &Form) -> HashMap<usize, Identity<'_>> {
    let mut totals = HashMap::new();
    for identity in form.identities() {
        if let Some((total, _)) = identity.total() {
            totals.entry(total).or_insert(identity);
        }
    }
    totals
}

/// The identities that no formula of a total makes true.
pub(super) fn checks(form: &Form) -> Vec<Identity<'_>> {
    let mut seen = HashSet::new();
    let is_check = |identity: &Identity<'_>| identity.total().is_none_or(|(total, _)| !seen.insert(total));
    form.identities().into_iter().filter(is_check).collect()
}

/// The formula of a cell that is a total and comes out as stated.
pub(super) fn sum(
    publication: &Publication<'_>,
    totals: &HashMap<usize, Identity<'_>>,
    cell: &Cell,
    places: &Places,
) -> Option<String> {
    let Role::Figure(index) = cell.role else { return None };
    let identity = totals.get(&index)?;
    let (_, addends) = identity.total()?;
    let comes_out = identity.difference(&publication.figures) == Some(0);
    comes_out.then(|| places.side(addends)).flatten().map(|sum| format!("={sum}"))
}
