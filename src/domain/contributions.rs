//! A total taken apart: the reports that count in it, and what does not and why.

use std::sync::Arc;

use super::book::Book;
use super::effective::Effective;
use super::series::{Series, Standing as RevisionStanding};
use super::state::State;
use super::totals::TotalKey;
use crate::words::{Basis, Coverage, Position, Revision, UnitCode};

/// A report, or a unit without one, and what it adds to a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// How it counts.
    pub standing: Standing,
    /// The report, if there is one.
    pub report: Option<(Coverage, Revision, Position)>,
    /// What it states in the cell; none: nothing.
    pub value: Option<i64>,
}

/// Whether a report counts, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Counted,
    /// The unit owes a report and has filed none.
    Missing,
    /// The unit's report was refused; told by those who know of attempts.
    Refused,
    /// The unit took its report back.
    Withdrawn,
    /// A reviewer returned the unit's report.
    Returned,
    /// The unit's report counts once a reviewer approves it.
    Pending,
    /// The CONSOLIDATED of that unit speaks for it.
    Covered(UnitCode),
    /// It is what a unit states of those below it, who count themselves.
    Stated,
}

/// A report on the walk through a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met<'a> {
    pub(super) index: usize,
    pub(super) coverage: Coverage,
    pub(super) report: &'a Effective,
    pub(super) how: How,
}

/// How a report that was met counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Counts,
    /// By the unit with that index.
    CoveredBy(usize),
    Stated,
}

impl Book {
    /// Every effective report of a unit and all below it, in the order of the
    /// tree, with how it counts in the unit's total. Units without a report that
    /// counts are met too, without one.
    pub(super) fn walk<'a>(&'a self, root: usize, basis: Basis, mut met: impl FnMut(usize, Option<Met<'a>>)) {
        let mut waiting = vec![(root, None)];
        while let Some((index, covered_by)) = waiting.pop() {
            let Some(node) = self.tree.get(index) else { continue };
            let report = |coverage| Some((coverage, self.series_of(index, coverage)?.effective()?));
            let (own, consolidated) = (report(Coverage::Own), report(Coverage::Consolidated));
            let is_leaf = node.children.is_empty();
            let covering = match basis {
                Basis::Declared if index != root && !is_leaf && consolidated.is_some() => covered_by.or(Some(index)),
                Basis::Units | Basis::Declared => covered_by,
            };
            let how_consolidated = match covered_by {
                Some(above) => How::CoveredBy(above),
                None if is_leaf || covering == Some(index) => How::Counts,
                None => How::Stated,
            };
            let how_own = match covering {
                Some(above) => How::CoveredBy(above),
                None if is_leaf && consolidated.is_some() => How::CoveredBy(index),
                None => How::Counts,
            };
            let mut any = false;
            for (report, how) in [(consolidated, how_consolidated), (own, how_own)] {
                if let Some((coverage, report)) = report {
                    any = any || coverage == Coverage::Consolidated || is_leaf;
                    met(index, Some(Met { index, coverage, report, how }));
                }
            }
            if !any {
                met(index, None);
            }
            waiting.extend(node.children.iter().rev().map(|child| (*child, covering)));
        }
    }
}

impl State {
    /// The total of a unit in one cell, taken apart: every report of the unit and
    /// all below it and every unit that owes one, in the order of the tree.
    #[must_use]
    pub fn contributions(&self, key: &TotalKey, cell: usize) -> Option<Vec<Contribution>> {
        self.with_book(&key.family, key.year, |book| {
            let root = book.tree.find(key.unit.as_str())?;
            let mut found = Vec::new();
            book.walk(root, key.basis, |index, met| found.extend(contribution(book, root, index, met, cell)));
            Some(found)
        })
    }
}

/// Why the newest revision of a series does not count.
fn not_counted(series: Option<&Series>) -> Standing {
    let newest = series.and_then(|series| Some(series.standing(series.revisions().last()?)));
    match newest {
        Some(RevisionStanding::Pending) => Standing::Pending,
        Some(RevisionStanding::Returned) => Standing::Returned,
        Some(RevisionStanding::Effective | RevisionStanding::Superseded | RevisionStanding::Withdrawn) | None => {
            Standing::Withdrawn
        }
    }
}

fn contribution(book: &Book, root: usize, index: usize, met: Option<Met<'_>>, cell: usize) -> Option<Contribution> {
    let node = book.tree.get(index)?;
    let code_of = |index| book.tree.get(index).map(|node| node.code.clone());
    let newest = |coverage| book.series_of(index, coverage)?.revisions().last();
    let (standing, coverage, value) = match met {
        Some(Met { coverage, report, how, .. }) => {
            let standing = match how {
                How::Counts => Standing::Counted,
                How::CoveredBy(above) => Standing::Covered(code_of(above)?),
                How::Stated => Standing::Stated,
            };
            (standing, Some(coverage), report.stated(book.form.cells(), cell))
        }
        // the unit asked for owes its CONSOLIDATED to no total of its own
        None if index == root && book.tree.is_interior(root) => return None,
        None if !book.tree.owes(index) => return None,
        None => {
            let owed = [Coverage::Consolidated, Coverage::Own];
            let mut owed = owed.into_iter().filter(|coverage| book.tree.is_owed(index, *coverage));
            match owed.find(|coverage| newest(*coverage).is_some()) {
                Some(coverage) => (not_counted(book.series_of(index, coverage)), Some(coverage), None),
                None => (Standing::Missing, None, None),
            }
        }
    };
    let named = |coverage| match met {
        Some(_) => book.series_of(index, coverage)?.effective_revision(),
        None => newest(coverage),
    };
    let report =
        coverage.and_then(|coverage| named(coverage).map(|stored| (coverage, stored.revision, stored.position)));
    Some(Contribution { unit: node.code.clone(), name: Arc::clone(&node.name), standing, report, value })
}
