//! The same totals, added up the plain way: straight from the definitions, with
//! nothing of the code that keeps them. Slow, and obviously right.

use std::collections::BTreeMap;

use super::State;
use super::book::Book;
use super::completeness::Counts;
use super::event::UnitKind;
use super::roster::{Disposition, Obligation};
use super::series::Series;
use super::totals::Total;
use super::tree::Tree;
use crate::form::CellTable;
use crate::words::{Basis, Coverage};

/// Cells by index, and statements of cells that need not be stated.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Sum {
    cells: BTreeMap<usize, i128>,
    stated: BTreeMap<usize, i128>,
    reports: i128,
    not_broken_down: i128,
}

impl Sum {
    fn plus(mut self, other: Self) -> Self {
        for (to, from) in [(&mut self.cells, other.cells), (&mut self.stated, other.stated)] {
            for (cell, value) in from {
                let sum = to.entry(cell).or_default();
                *sum = sum.saturating_add(value);
            }
        }
        self.reports = self.reports.saturating_add(other.reports);
        self.not_broken_down = self.not_broken_down.saturating_add(other.not_broken_down);
        self
    }

    /// Zeros say nothing: sums are compared without them.
    fn without_zeros(mut self) -> Self {
        self.cells.retain(|_, value| *value != 0);
        self.stated.retain(|_, value| *value != 0);
        self
    }
}

/// What a series counts, if it has an effective revision.
fn report(book: &Book, tree: &Tree, index: usize, coverage: Coverage) -> Option<Sum> {
    let node = tree.get(index)?;
    let effective = book.series(node.code.as_str(), coverage)?.effective()?;
    let table = book.form.cells();
    let (mut present, mut values) = (table.no_cells(), vec![0; table.len()]);
    effective.row().unpack(table, &mut present, &mut values).ok()?;
    let cells = values.into_iter().enumerate().map(|(cell, value)| (cell, i128::from(value))).collect();
    let stated = table.optional().iter().filter(|cell| CellTable::is_set(&present, **cell));
    let not_broken_down = i128::from(node.children.is_empty() && coverage == Coverage::Consolidated);
    Some(Sum { cells, stated: stated.map(|cell| (*cell, 1)).collect(), reports: 1, not_broken_down })
}

/// By kind of the unit that reports.
type Kinds = BTreeMap<UnitKind, Sum>;

fn plus(mut kinds: Kinds, more: Kinds) -> Kinds {
    for (kind, sum) in more {
        let before = kinds.remove(&kind).unwrap_or_default();
        kinds.insert(kind, before.plus(sum));
    }
    kinds
}

/// U(u) or D(u), as defined.
fn total(book: &Book, tree: &Tree, index: usize, basis: Basis) -> Kinds {
    let of_kind = |index: usize, coverage| {
        let sum = report(book, tree, index, coverage)?;
        Some(Kinds::from([(tree.get(index)?.kind, sum)]))
    };
    let (own, consolidated) = (of_kind(index, Coverage::Own), of_kind(index, Coverage::Consolidated));
    let children = tree.get(index).map_or(&[][..], |node| &node.children);
    if children.is_empty() {
        return consolidated.or(own).unwrap_or_default();
    }
    children.iter().fold(own.unwrap_or_default(), |sum, &child| {
        let stated = match basis {
            Basis::Units => None,
            Basis::Declared => of_kind(child, Coverage::Consolidated),
        };
        plus(sum, stated.unwrap_or_else(|| total(book, tree, child, basis)))
    })
}

/// A kept total as a naive sum.
fn kept_sum(book: &Book, total: &Total) -> Sum {
    let cells = total.cells.iter().enumerate().map(|(cell, value)| (cell, i128::from(*value)));
    let stated = book.form.cells().optional().iter().zip(&total.stated);
    let stated = stated.map(|(cell, value)| (*cell, i128::from(*value)));
    let (reports, not_broken_down) = (total.reports.into(), total.not_broken_down.into());
    Sum { cells: cells.collect(), stated: stated.collect(), reports, not_broken_down }.without_zeros()
}

/// Who has filed, of the units below one; and the open queries of its own OWN.
fn counts(book: &Book, index: usize) -> Counts {
    let tree = &book.tree;
    let mut sums = Counts::default();
    let open = |index: usize, coverage| {
        let code = tree.get(index).map(|node| node.code.as_str());
        let series = code.and_then(|code| book.series(code, coverage));
        series.map_or(0, |series| series.open_queries(&book.forms))
    };
    for below in (0..tree.nodes().len()).filter(|&below| below != index && tree.is_within(below, index)) {
        let Some(node) = tree.get(below) else { continue };
        let series = |coverage| book.series(node.code.as_str(), coverage);
        let owes = match book.roster.dispositions.get(&node.code) {
            None => node.kind != UnitKind::Province,
            Some(Disposition::Due | Disposition::NewlyFounded) => true,
            Some(Disposition::Exempt(_) | Disposition::MergedInto(_) | Disposition::Abolished) => {
                sums.exempt = sums.exempt.saturating_add(1);
                false
            }
        };
        sums.open_queries = sums.open_queries.saturating_add(open(below, Coverage::Own));
        sums.open_queries = sums.open_queries.saturating_add(open(below, Coverage::Consolidated));
        if !owes {
            continue;
        }
        // CONSOLIDATED, else OWN of a unit without children
        let own = series(Coverage::Own).filter(|_| node.children.is_empty());
        let looked_at: Vec<&Series> = series(Coverage::Consolidated).into_iter().chain(own).collect();
        let filed = looked_at.iter().find_map(|series| series.pending().or(series.effective()));
        let first = looked_at.iter().filter_map(|series| series.first_accepted()).min();
        let deadline = book.roster.deadline(&node.code, node.kind, Obligation::Submission);
        let late = filed.is_some() && first.zip(deadline).is_some_and(|(first, deadline)| first > deadline.end());
        let mut count = |sum: fn(&mut Counts) -> &mut i64, holds: bool| {
            let sum = sum(&mut sums);
            *sum = sum.saturating_add(i64::from(holds));
        };
        count(|sums| &mut sums.due, true);
        count(|sums| &mut sums.filed, filed.is_some());
        count(|sums| &mut sums.nil, filed.is_some_and(|report| report.nil_report));
        count(|sums| &mut sums.late, late);
        count(|sums| &mut sums.pending, looked_at.iter().any(|series| series.pending().is_some()));
        count(|sums| &mut sums.returned, filed.is_none() && looked_at.iter().any(|series| series.is_returned()));
        count(|sums| &mut sums.published, looked_at.iter().any(|series| series.published().is_some()));
    }
    sums.open_queries = sums.open_queries.saturating_add(open(index, Coverage::Own));
    sums
}

impl State {
    /// Compares every kept total and count with its naive sum; says what differs.
    #[must_use]
    pub fn differences_from_naive(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (family, year, book) in self.books.iter() {
            for (index, kept) in book.all_kept() {
                let Some(node) = book.tree.get(index) else { continue };
                let at = format!("{family} {year} {}", node.code);
                for (basis, kept) in [(Basis::Units, &kept.units), (Basis::Declared, &kept.declared)] {
                    let naive = total(book, &book.tree, index, basis);
                    let kinds = kept.kinds();
                    let kinds: Kinds = kinds.iter().map(|(kind, total)| (*kind, kept_sum(book, total))).collect();
                    let all = naive.values().cloned().fold(Sum::default(), Sum::plus).without_zeros();
                    let naive: Kinds = naive.into_iter().map(|(kind, sum)| (kind, sum.without_zeros())).collect();
                    if kinds != naive || kept_sum(book, &kept.all) != all {
                        found.push(format!("{at}: the kept total on basis {basis} is not the sum of its reports"));
                    }
                }
                let kept = kept.counts.all;
                if kept != counts(book, index) {
                    found.push(format!("{at}: the kept completeness is not what its units have filed"));
                }
            }
        }
        found
    }

    /// Number of totals that are kept, for those who check them.
    #[must_use]
    pub fn kept_totals(&self) -> usize {
        self.books.iter().map(|(_, _, book)| book.all_kept().count().saturating_mul(2)).sum()
    }
}
