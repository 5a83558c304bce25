//! Completeness: who owes a report and who has filed, by one rule.
//!
//! Counts of a unit cover the units below it; its own CONSOLIDATED is what it
//! states of them. A unit without children is counted itself.

use super::book::Book;
use crate::words::{Basis, Coverage, UnitCode};

/// Counts over the units below one. Refused attempts stand outside the ledger
/// and are counted elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Units that owe a report.
    pub due: i64,
    /// Of these, units that have filed.
    pub filed: i64,
    /// Of those filed, attested nil reports.
    pub nil: i64,
    /// Queries nobody has explained, in the reports of these units and in the
    /// unit's own OWN.
    pub open_queries: i64,
}

impl Counts {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            due: self.due.saturating_add(other.due),
            filed: self.filed.saturating_add(other.filed),
            nil: self.nil.saturating_add(other.nil),
            open_queries: self.open_queries.saturating_add(other.open_queries),
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            due: self.due.saturating_sub(other.due),
            filed: self.filed.saturating_sub(other.filed),
            nil: self.nil.saturating_sub(other.nil),
            open_queries: self.open_queries.saturating_sub(other.open_queries),
        }
    }
}

impl Book {
    /// What a unit itself adds to the counts of those above, but for `due`.
    pub(super) fn own_counts(&self, index: usize) -> Counts {
        let series = |coverage| self.series_of(index, coverage);
        let open = |coverage| series(coverage).map_or(0, super::Series::open_queries);
        let counted = [Coverage::Consolidated, Coverage::Own]
            .into_iter()
            .find_map(|coverage| series(coverage).filter(|_| self.tree.is_owed(index, coverage))?.effective());
        Counts {
            due: 0,
            filed: i64::from(counted.is_some()),
            nil: i64::from(counted.is_some_and(|report| report.nil_report)),
            open_queries: open(Coverage::Own).saturating_add(open(Coverage::Consolidated)),
        }
    }

    /// Counts of a unit: kept, or its own where it has no children.
    pub(super) fn counts(&self, index: usize) -> Counts {
        match self.kept(index) {
            Some(kept) => kept.counts.all,
            None => Counts { due: self.tree.due(index), ..self.own_counts(index) },
        }
    }

    /// Units below one, or itself where it has none, that owe a report and have
    /// not filed: in the order of the tree, after a given one, at most so many.
    pub(super) fn missing(&self, root: usize, after: Option<&UnitCode>, most: usize) -> Vec<usize> {
        let is_missing = |index| self.tree.owes(index) && self.own_counts(index).filed == 0;
        self.select(root, after, most, is_missing, |book, index| {
            book.kept(index).is_some_and(|kept| kept.counts.all.due == kept.counts.all.filed)
        })
    }

    /// Units without children below one, or itself, whose CONSOLIDATED report is
    /// counted: on DECLARED not those below a unit that declares for them.
    pub(super) fn not_broken_down(&self, root: usize, basis: Basis, most: usize) -> Vec<usize> {
        let counts = |index| {
            !self.tree.is_interior(index)
                && self.contribution(index).is_some_and(|(_, coverage)| coverage == Coverage::Consolidated)
        };
        self.select(root, None, most, counts, |book, index| {
            let Some(kept) = book.kept(index) else { return false };
            match basis {
                Basis::Units => kept.units.all.not_broken_down == 0,
                Basis::Declared => kept.declared.all.not_broken_down == 0 || book.declares(index),
            }
        })
    }

    /// Walks the units below one, or itself where it has none, in the order of
    /// the tree, leaving out subtrees in which nothing can be found.
    fn select(
        &self,
        root: usize,
        after: Option<&UnitCode>,
        most: usize,
        wanted: impl Fn(usize) -> bool,
        nothing_below: impl Fn(&Self, usize) -> bool,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        let mut skipping = after.is_some();
        let mut waiting: Vec<usize> = match self.tree.get(root) {
            Some(node) if !node.children.is_empty() => node.children.iter().rev().copied().collect(),
            Some(_) => vec![root],
            None => Vec::new(),
        };
        while let Some(index) = waiting.pop() {
            if found.len() >= most {
                break;
            }
            if !skipping && wanted(index) {
                found.push(index);
            }
            let Some(node) = self.tree.get(index) else { continue };
            skipping = skipping && after != Some(&node.code);
            if !nothing_below(self, index) || skipping {
                waiting.extend(node.children.iter().rev());
            }
        }
        found
    }
}
