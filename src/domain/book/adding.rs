//! A book added up as a whole, where many series come at once.
//!
//! From below: every report is added to the unit right above it, every unit with
//! children to the one above. What is kept is the same as if the series had come one by
//! one, for a fraction of the work.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Book, Kept};
use crate::domain::completeness::{BY_RANK, Counts};
use crate::domain::forms::Forms;
use crate::domain::roster::Roster;
use crate::domain::series::Series;
use crate::domain::totals::TotalOverflow;
use crate::domain::tree::Tree;
use crate::form::Form;
use crate::words::{Basis, Coverage, UnitCode};

impl Book {
    /// A book of series that come in order of unit, not added up yet.
    pub(in crate::domain) fn filled(
        (form, forms): (Arc<Form>, Forms),
        tree: Arc<Tree>,
        roster: Arc<Roster>,
        series: impl Iterator<Item = (UnitCode, Coverage, Series)>,
    ) -> Self {
        let mut book = Self::new(form, forms, Arc::clone(&tree), roster);
        book.put_off = true;
        let mut nodes = (0_usize..).zip(tree.nodes()).peekable();
        for (unit, coverage, series) in series {
            while nodes.next_if(|(_, node)| node.code < unit).is_some() {}
            let index = nodes.peek().filter(|(_, node)| node.code == unit).map(|(index, _)| *index);
            book.put(index, unit, coverage, series);
        }
        book
    }

    /// Adds up every total and count anew, and keeps them from now on.
    pub(in crate::domain) fn sum_up(&mut self) -> Result<(), TotalOverflow> {
        self.put_off = false;
        let tree = Arc::clone(&self.tree);
        let mut interior: Vec<usize> = (0..tree.nodes().len()).filter(|index| tree.is_interior(*index)).collect();
        interior.sort_by_cached_key(|index| Reverse(tree.above(*index).count()));
        for index in interior {
            let sums = self.sums_of_children(index)?;
            if let Some(kept) = self.kept.get_mut(index) {
                *kept = Some(Arc::new(sums));
            }
        }
        self.reach = 0;
        for (index, node) in tree.nodes().iter().enumerate() {
            if self.series_at(index).is_none() {
                continue;
            }
            let reach = BY_RANK.map(|coverage| self.reach_of(index, coverage));
            self.reach = reach.into_iter().fold(self.reach, u64::saturating_add);
            let own = self.series_of(index, Coverage::Own).map_or(0, |series| series.open_queries(&self.forms));
            if let Some(kept) = self.kept_mut(index) {
                kept.counts.add(node.kind, Counts { open_queries: own, ..Counts::default() });
            }
            self.count(index, Coverage::Consolidated, self.own_counts(index));
        }
        Ok(())
    }

    /// The totals of a unit by those of the units right below it; no counts yet.
    fn sums_of_children(&self, index: usize) -> Result<Kept, TotalOverflow> {
        let table = self.form.cells();
        let mut kept = self.nothing_filed(index);
        let Some(node) = self.tree.get(index) else { return Ok(kept) };
        if let Some(row) = self.row(index, Coverage::Own) {
            kept.units.count(node.kind, (table, row), false)?;
        }
        let below = || node.children.iter().filter_map(|child| Some((*child, self.tree.get(*child)?.kind)));
        for (child, kind) in below().filter(|(child, _)| !self.tree.is_interior(*child)) {
            if let Some((report, coverage)) = self.contribution(child) {
                kept.units.count(kind, (table, report.row()), coverage == Coverage::Consolidated)?;
            }
        }
        // so far it is the same on both
        kept.declared = kept.units.clone();
        for (child, kind) in below().filter(|(child, _)| self.tree.is_interior(*child)) {
            for (kind, delta) in self.deltas(child, Basis::Units) {
                kept.units.add(kind, &delta, table)?;
            }
            if let Some(row) = self.row(child, Coverage::Consolidated) {
                kept.declared.count(kind, (table, row), false)?;
                continue;
            }
            for (kind, delta) in self.deltas(child, Basis::Declared) {
                kept.declared.add(kind, &delta, table)?;
            }
        }
        Ok(kept)
    }
}
