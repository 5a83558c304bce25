//! Completeness: who owes a report and who has filed, by one rule.
//!
//! Counts of a unit cover the units below it; its own CONSOLIDATED is what it
//! states of them. A unit without children is counted itself.

use super::book::Book;
use super::kinds::KindCounts;
use super::roster::Obligation;
use super::series::Series;
use crate::words::{Basis, Coverage, Day, UnitCode};

/// Counts over the units below one. Refused attempts stand outside the ledger
/// and are counted elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Units that owe a report.
    pub due: i64,
    /// Of these, units that have filed: a report counts, or awaits approval.
    pub filed: i64,
    /// Of those filed, attested nil reports.
    pub nil: i64,
    /// Of those filed, units whose first report was accepted after its deadline.
    pub late: i64,
    /// Of those filed, units whose newest report awaits approval.
    pub pending: i64,
    /// Of those that have not filed, units whose newest report was returned.
    pub returned: i64,
    /// Of those due, units whose report is known to be public.
    pub published: i64,
    /// Units that the roster excuses: they owe nothing.
    pub exempt: i64,
    /// Queries nobody has explained, in the reports of these units and in the
    /// unit's own OWN.
    pub open_queries: i64,
}

impl Counts {
    fn combined(self, other: Self, combine: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            due: combine(self.due, other.due),
            filed: combine(self.filed, other.filed),
            nil: combine(self.nil, other.nil),
            late: combine(self.late, other.late),
            pending: combine(self.pending, other.pending),
            returned: combine(self.returned, other.returned),
            published: combine(self.published, other.published),
            exempt: combine(self.exempt, other.exempt),
            open_queries: combine(self.open_queries, other.open_queries),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.combined(other, i64::saturating_add)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.combined(other, i64::saturating_sub)
    }
}

/// Coverages in the order in which a unit's report is looked for.
pub(super) const BY_RANK: [Coverage; 2] = [Coverage::Consolidated, Coverage::Own];

impl Book {
    /// What a unit itself adds to the counts of those above, but for what does not
    /// depend on reports: `due` and `exempt`.
    pub(super) fn own_counts(&self, index: usize) -> Counts {
        let Some(pair) = self.series_at(index) else { return Counts::default() };
        let open = pair.each().map(|(_, series)| series.open_queries(&self.forms));
        let owed = || self.owed_of(index);
        let filed = owed().find_map(Series::current);
        let is = |holds: bool| i64::from(holds);
        Counts {
            filed: is(filed.is_some()),
            nil: is(filed.is_some_and(|report| report.nil_report)),
            late: is(filed.is_some() && self.is_late(index)),
            pending: is(owed().any(|series| series.pending().is_some())),
            returned: is(filed.is_none() && owed().any(Series::is_returned)),
            published: is(owed().any(|series| series.published().is_some())),
            open_queries: open.fold(0, i64::saturating_add),
            due: 0,
            exempt: 0,
        }
    }

    /// Series of a unit whose reports are those it owes.
    fn owed_of(&self, index: usize) -> impl Iterator<Item = &Series> {
        let owed = BY_RANK.into_iter().filter(move |coverage| self.tree.is_owed(index, *coverage));
        owed.filter_map(move |coverage| self.series_of(index, coverage))
    }

    /// Whether a unit has filed what it owes: it counts, or awaits approval.
    pub(super) fn has_filed(&self, index: usize) -> bool {
        self.owed_of(index).any(|series| series.current().is_some())
    }

    /// Whether the first report of a unit was accepted after its deadline.
    pub(super) fn is_late(&self, index: usize) -> bool {
        let first = self.owed_of(index).filter_map(Series::first_accepted).min();
        let deadline = self.deadline(index, Obligation::Submission);
        first.zip(deadline).is_some_and(|(first, deadline)| first > deadline.end())
    }

    /// Until when a unit must do something.
    pub(super) fn deadline(&self, index: usize, obligation: Obligation) -> Option<Day> {
        let node = self.tree.get(index)?;
        self.roster.deadline(&node.code, node.kind, obligation)
    }

    /// Counts of a unit: kept, or its own where it has no children.
    pub(super) fn counts(&self, index: usize) -> Counts {
        match self.kept(index) {
            Some(kept) => kept.counts.all,
            None if self.tree.is_interior(index) => KindCounts::of_duties(self.tree.duties_by_kind(index)).all,
            None => {
                let exempt = i64::from(self.tree.is_excused(index));
                Counts { due: self.tree.due(index), exempt, ..self.own_counts(index) }
            }
        }
    }

    /// Units below one, or itself where it has none, that owe a report and have
    /// not filed: in the order of the tree, after a given one, at most so many.
    pub(super) fn missing(&self, root: usize, after: Option<&UnitCode>, most: usize) -> Vec<usize> {
        if self.kept(root).is_some_and(|kept| kept.counts.all.due == kept.counts.all.filed) {
            return Vec::new();
        }
        let is_missing = |index| self.tree.owes(index) && !self.has_filed(index);
        self.select(root, after, most, is_missing, |book, index| {
            book.kept(index).is_some_and(|kept| kept.counts.all.due == kept.counts.all.filed)
        })
    }

    /// Units without children below one, or itself, whose CONSOLIDATED report is
    /// counted: on DECLARED not those below a unit that declares for them.
    pub(super) fn not_broken_down(&self, root: usize, basis: Basis, most: usize) -> Vec<usize> {
        let counted = self.kept(root).map(|kept| match basis {
            Basis::Units => kept.units.all.not_broken_down,
            Basis::Declared => kept.declared.all.not_broken_down,
        });
        if counted == Some(0) {
            return Vec::new();
        }
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
