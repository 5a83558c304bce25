//! A book added up as a whole, where many series come at once.
//!
//! From below: every report is added to the unit right above it, every unit with
//! children to the one above. What is kept is the same as if the series had come one by
//! one, and costs less than a tenth.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Book, Kept, slot};
use crate::domain::completeness::Counts;
use crate::domain::roster::Roster;
use crate::domain::series::Series;
use crate::domain::totals::{Delta, TotalOverflow};
use crate::domain::tree::Tree;
use crate::form::Form;
use crate::words::{Basis, Coverage, UnitCode};

impl Book {
    /// A book of series that come in order of unit.
    pub(in crate::domain) fn filled(
        form: Arc<Form>,
        tree: Arc<Tree>,
        roster: Arc<Roster>,
        series: impl Iterator<Item = (UnitCode, Coverage, Series)>,
    ) -> Result<Self, TotalOverflow> {
        let mut book = Self::new(form, Arc::clone(&tree), roster);
        let mut nodes = (0_usize..).zip(tree.nodes()).peekable();
        for (unit, coverage, series) in series {
            while nodes.next_if(|(_, node)| node.code < unit).is_some() {}
            let index = nodes.peek().filter(|(_, node)| node.code == unit).map(|(index, _)| *index);
            let pair = match index.and_then(|index| book.series.get_mut(index)) {
                Some(pair) => pair,
                None => book.apart.entry(unit).or_default(),
            };
            if let Some(place) = pair.get_mut(slot(coverage)) {
                *place = Some(Box::new(series));
            }
        }
        book.sum_up()?;
        Ok(book)
    }

    /// Adds up every total and count anew.
    pub(super) fn sum_up(&mut self) -> Result<(), TotalOverflow> {
        let tree = Arc::clone(&self.tree);
        let mut interior: Vec<usize> = (0..tree.nodes().len()).filter(|index| tree.is_interior(*index)).collect();
        interior.sort_by_cached_key(|index| Reverse(tree.above(*index).count()));
        for index in interior {
            let sums = self.sums_of_children(index)?;
            if let Some(kept) = self.kept.get_mut(index) {
                *kept = Some(Box::new(sums));
            }
        }
        for (index, node) in tree.nodes().iter().enumerate() {
            if self.series.get(index).is_none_or(|pair| pair.iter().all(Option::is_none)) {
                continue;
            }
            let open_queries = self.series_of(index, Coverage::Own).map_or(0, Series::open_queries);
            if let Some(Some(kept)) = self.kept.get_mut(index) {
                kept.counts.add(node.kind, Counts { open_queries, ..Counts::default() });
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
        if let Some(own) = self.effective(index, Coverage::Own) {
            let mut delta = Delta::default();
            delta.report(table, own, false, 1);
            kept.units.add(node.kind, &delta, table)?;
            kept.declared.add(node.kind, &delta, table)?;
        }
        for &child in &node.children {
            let units = self.deltas(child, Basis::Units);
            units.iter().try_for_each(|(kind, delta)| kept.units.add(*kind, delta, table))?;
            let declared = match (self.kept(child), self.effective(child, Coverage::Consolidated)) {
                (None, _) => units,
                (Some(_), None) => self.deltas(child, Basis::Declared),
                (Some(_), Some(report)) => {
                    let mut delta = Delta::default();
                    delta.report(table, report, false, 1);
                    self.tree.get(child).map(|node| (node.kind, delta)).into_iter().collect()
                }
            };
            declared.iter().try_for_each(|(kind, delta)| kept.declared.add(*kind, delta, table))?;
        }
        Ok(kept)
    }
}
