//! The book of one form family and year: its series, and the totals and counts
//! kept over the tree of that year.
//!
//! Kept for units with children only. With OWN(u), C(u) the effective reports:
//! U(u) = OWN(u) + Σ U(c); D(u) = OWN(u) + Σ (C(c), else D(c)); a unit without
//! children contributes C, else OWN, to both. A difference on DECLARED stops
//! below the first unit with an effective CONSOLIDATED.

mod adding;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use super::completeness::{BY_RANK, Counts};
use super::effective::Effective;
use super::event::UnitKind;
use super::forms::Forms;
use super::kinds::{KindCounts, Sums};
use super::roster::Roster;
use super::selection::Selection;
use super::series::Series;
use super::shelf::{Pair, Shelf};
use super::totals::{Delta, Total, TotalOverflow};
use super::tree::Tree;
use crate::form::{Form, RowRef};
use crate::words::{Basis, Coverage, Position, UnitCode, limits};

fn opposite(coverage: Coverage) -> Coverage {
    match coverage {
        Coverage::Own => Coverage::Consolidated,
        Coverage::Consolidated => Coverage::Own,
    }
}

/// Series, totals and counts of one family and year. A copy shares nearly all of it.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) form: Arc<Form>,
    /// What reports were judged by.
    pub(super) forms: Forms,
    /// With the duties that the roster gives.
    pub(super) tree: Arc<Tree>,
    pub(super) roster: Arc<Roster>,
    /// By index in the tree.
    series: Shelf,
    /// Of units that the tree does not have: nothing of them is in effect.
    apart: BTreeMap<UnitCode, Pair>,
    kept: Vec<Option<Arc<Kept>>>,
    /// No figure of a total is further from 0: it is a sum of reports in effect, each
    /// counted once. It may be less far, since what is taken out is not taken off.
    reach: u64,
    /// Nothing is kept up to date until all is summed up at once.
    pub(super) put_off: bool,
}

/// What is kept for a unit with children.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) units: Sums,
    pub(super) declared: Sums,
    pub(super) counts: KindCounts,
}

/// A difference that one series makes above its unit, by kind of the unit that
/// reports: the unit itself or, where it ceases or begins to declare, those below it.
type Change = Vec<(UnitKind, Delta)>;

fn of_kind(deltas: &mut Change, kind: UnitKind) -> Option<&mut Delta> {
    if !deltas.iter().any(|(known, _)| *known == kind) {
        deltas.push((kind, Delta::default()));
    }
    deltas.iter_mut().find(|(known, _)| *known == kind).map(|(_, delta)| delta)
}

/// Every series of units.
fn each<'a>(
    units: impl Iterator<Item = (&'a UnitCode, &'a Pair)>,
) -> impl Iterator<Item = (&'a UnitCode, Coverage, &'a Series)> {
    units.flat_map(|(unit, pair)| pair.each().map(move |(coverage, series)| (unit, coverage, series)))
}

impl Book {
    pub(super) fn new(form: Arc<Form>, forms: Forms, tree: Arc<Tree>, roster: Arc<Roster>) -> Self {
        let mut book = Self::empty(form, forms, tree, roster);
        book.clear();
        book
    }

    /// A book of a year in which nothing was filed: to read, not to write in.
    pub(super) fn empty(form: Arc<Form>, forms: Forms, tree: Arc<Tree>, roster: Arc<Roster>) -> Self {
        Self {
            form,
            forms,
            tree,
            roster,
            series: Shelf::default(),
            apart: BTreeMap::new(),
            kept: Vec::new(),
            reach: 0,
            put_off: false,
        }
    }

    /// Empties series and totals; due counts depend on the tree alone.
    fn clear(&mut self) {
        let kept = |index| self.tree.is_interior(index).then(|| Arc::new(self.nothing_filed(index)));
        self.kept = (0..self.tree.nodes().len()).map(kept).collect();
        self.series = Shelf::of(self.tree.nodes().len());
        self.apart.clear();
    }

    /// What is kept for a unit below which nothing was filed.
    fn nothing_filed(&self, index: usize) -> Kept {
        let zero = || Sums::zero(self.form.cells());
        Kept { units: zero(), declared: zero(), counts: KindCounts::of_duties(self.tree.duties_by_kind(index)) }
    }

    /// Adds everything up anew over another tree.
    pub(super) fn replant(&mut self, tree: Arc<Tree>) -> Result<(), TotalOverflow> {
        let before = self.clone();
        self.tree = tree;
        self.clear();
        for (code, coverage, series) in before.keys(None) {
            self.put(self.tree.find(code.as_str()), code.clone(), coverage, series.clone());
        }
        if self.put_off { Ok(()) } else { self.sum_up() }
    }

    /// Puts a series in its place, and adds nothing up: that of a unit with an index in
    /// the tree, or of one that is not in it.
    fn put(&mut self, index: Option<usize>, unit: UnitCode, coverage: Coverage, series: Series) {
        let put = |pair: &mut Pair| *pair.place(coverage) = Some(Box::new(series));
        match index {
            Some(index) => self.series.change(index, put),
            None => put(self.apart.entry(unit).or_default()),
        }
    }

    /// Whether everything adds up in range over another tree.
    pub(super) fn fits(&self, tree: Arc<Tree>) -> bool {
        self.clone().replant(tree).is_ok()
    }

    pub(super) fn series(&self, unit: &str, coverage: Coverage) -> Option<&Series> {
        match self.tree.find(unit) {
            Some(index) => self.series_of(index, coverage),
            None => self.apart.get(unit)?.get(coverage),
        }
    }

    /// What a unit of the tree has in this book, if it has anything.
    pub(super) fn series_at(&self, index: usize) -> Option<&Pair> {
        self.series.get(index).filter(|pair| pair.each().next().is_some())
    }

    pub(super) fn series_of(&self, index: usize, coverage: Coverage) -> Option<&Series> {
        self.series.get(index)?.get(coverage)
    }

    /// Enters a roster that differs in the extensions of one unit only.
    pub(super) fn extend(&mut self, roster: Arc<Roster>, unit: &UnitCode) {
        let Some(index) = self.tree.find(unit.as_str()).filter(|_| !self.put_off) else {
            self.roster = roster;
            return;
        };
        let before = self.own_counts(index);
        self.roster = roster;
        self.count(index, Coverage::Consolidated, self.own_counts(index).minus(before));
    }

    fn effective(&self, index: usize, coverage: Coverage) -> Option<&Effective> {
        self.series_of(index, coverage)?.effective()
    }

    /// Of some units those below no other of them, and all above these; none named: the
    /// roots.
    fn tops_and_above(&self, units: &[UnitCode]) -> (Vec<usize>, BTreeSet<usize>) {
        let tops = self.tops(&Selection { units: units.to_vec(), kinds: Vec::new() });
        let above = tops.iter().flat_map(|top| self.tree.above(*top)).collect();
        (tops, above)
    }

    /// The series of some units and all below them, and of those above; none named:
    /// of all.
    pub(super) fn around(&self, units: &[UnitCode]) -> impl Iterator<Item = (&UnitCode, Coverage, &Series)> {
        let (mut waiting, above) = self.tops_and_above(units);
        let within = iter::from_fn(move || {
            let index = waiting.pop()?;
            waiting.extend(self.tree.get(index).into_iter().flat_map(|node| &node.children));
            Some(index)
        });
        let indices = above.into_iter().chain(within);
        let pairs = indices.filter_map(|index| Some((&self.tree.get(index)?.code, self.series.get(index)?)));
        each(pairs.chain(&self.apart))
    }

    /// Those of them that changed after a position.
    pub(super) fn changed_around(
        &self,
        units: &[UnitCode],
        position: Position,
    ) -> impl Iterator<Item = (&UnitCode, Coverage, &Series)> {
        let (tops, above) = self.tops_and_above(units);
        let is_around =
            move |index: usize| above.contains(&index) || tops.iter().any(|top| self.tree.is_within(index, *top));
        let pairs = self.series.changed_after(position).filter(move |(index, _)| is_around(*index));
        let pairs = pairs.filter_map(|(index, pair)| Some((&self.tree.get(index)?.code, pair)));
        each(pairs.chain(&self.apart)).filter(move |(_, _, series)| !series.is_as_of(position))
    }

    /// All series in order of unit and coverage, from those of a unit on.
    pub(super) fn keys<'a>(
        &'a self,
        from: Option<&UnitCode>,
    ) -> impl Iterator<Item = (&'a UnitCode, Coverage, &'a Series)> + use<'a> {
        let nodes = self.tree.nodes();
        let first = from.map_or(0, |from| nodes.partition_point(|node| node.code < *from));
        let of_the_tree = nodes.iter().skip(first).map(|node| &node.code).zip(self.series.from(first));
        let mut of_the_tree = of_the_tree.peekable();
        let mut apart = match from {
            Some(from) => self.apart.range(from.clone()..),
            None => self.apart.range::<UnitCode, _>(..),
        }
        .peekable();
        let in_order = iter::from_fn(move || match (of_the_tree.peek(), apart.peek()) {
            (Some((a, _)), Some((b, _))) if *b < *a => apart.next(),
            (Some(_), _) => of_the_tree.next(),
            (None, _) => apart.next(),
        });
        each(in_order)
    }

    pub(super) fn kept(&self, index: usize) -> Option<&Kept> {
        self.kept.get(index)?.as_deref()
    }

    /// Changes one series and every total and count that depends on it.
    pub(super) fn update(
        &mut self,
        unit: &UnitCode,
        coverage: Coverage,
        change: impl FnOnce(&mut Series),
    ) -> Result<(), TotalOverflow> {
        self.change(unit, coverage, |place| change(place.get_or_insert_default()))
    }

    /// The same, of the unit with that index.
    pub(super) fn update_at(
        &mut self,
        index: usize,
        coverage: Coverage,
        change: impl FnOnce(&mut Series),
    ) -> Result<(), TotalOverflow> {
        self.change_at(index, coverage, |place| change(place.get_or_insert_default()))
    }

    /// Puts another series in the place of one, or takes it out.
    pub(super) fn replace(
        &mut self,
        unit: &UnitCode,
        coverage: Coverage,
        series: Option<Series>,
    ) -> Result<(), TotalOverflow> {
        self.change(unit, coverage, |place| *place = series.map(Box::new))
    }

    fn change(
        &mut self,
        unit: &UnitCode,
        coverage: Coverage,
        change: impl FnOnce(&mut Option<Box<Series>>),
    ) -> Result<(), TotalOverflow> {
        match self.tree.find(unit.as_str()) {
            Some(index) => self.change_at(index, coverage, change),
            None => {
                change(self.apart.entry(unit.clone()).or_default().place(coverage));
                Ok(())
            }
        }
    }

    fn change_at(
        &mut self,
        index: usize,
        coverage: Coverage,
        change: impl FnOnce(&mut Option<Box<Series>>),
    ) -> Result<(), TotalOverflow> {
        if self.put_off {
            self.series.change(index, |pair| change(pair.place(coverage)));
            return Ok(());
        }
        let counts_before = self.own_counts(index);
        let mut difference = Change::new();
        self.contribute(index, coverage, self.row(index, coverage), -1, &mut difference);
        self.series.change(index, |pair| change(pair.place(coverage)));
        self.contribute(index, coverage, self.row(index, coverage), 1, &mut difference);
        self.reach = self.reach.saturating_add(self.reach_of(index, coverage));
        self.carry(index, coverage, &difference)?;
        self.count(index, coverage, self.own_counts(index).minus(counts_before));
        Ok(())
    }

    /// Carries a difference of one series up the tree.
    fn carry(&mut self, index: usize, coverage: Coverage, change: &Change) -> Result<(), TotalOverflow> {
        let form = Arc::clone(&self.form);
        let add = |sums: &mut Sums| change.iter().try_for_each(|(kind, delta)| sums.add(*kind, delta, form.cells()));
        if coverage == Coverage::Own
            && let Some(kept) = self.kept_mut(index)
        {
            add(&mut kept.units)?;
            add(&mut kept.declared)?;
        }
        let tree = Arc::clone(&self.tree);
        let on_units = self.shows_on_units(index, coverage);
        let mut reaches = self.reaches_up(index, coverage);
        for above in tree.above(index) {
            if let Some(kept) = self.kept_mut(above) {
                if on_units {
                    add(&mut kept.units)?;
                }
                if reaches {
                    add(&mut kept.declared)?;
                }
            }
            reaches = reaches && !self.declares(above);
        }
        Ok(())
    }

    fn kept_mut(&mut self, index: usize) -> Option<&mut Kept> {
        self.kept.get_mut(index)?.as_mut().map(Arc::make_mut)
    }

    /// Whether a change of this series shows above the unit on UNITS: what a unit
    /// states of those below it does not.
    fn shows_on_units(&self, index: usize, coverage: Coverage) -> bool {
        coverage == Coverage::Own || !self.tree.is_interior(index)
    }

    /// Whether a change of this series shows above the unit on DECLARED.
    fn reaches_up(&self, index: usize, coverage: Coverage) -> bool {
        coverage == Coverage::Consolidated || !self.tree.is_interior(index) || !self.declares(index)
    }

    /// Whether a unit with children has an effective CONSOLIDATED.
    pub(super) fn declares(&self, index: usize) -> bool {
        self.effective(index, Coverage::Consolidated).is_some()
    }

    fn row(&self, index: usize, coverage: Coverage) -> Option<RowRef<'_>> {
        self.effective(index, coverage).map(Effective::row)
    }

    /// Adds to a difference, or takes away, what a unit shows above it while these
    /// figures are the effective ones of a series.
    fn contribute(&self, index: usize, coverage: Coverage, row: Option<RowRef<'_>>, sign: i64, change: &mut Change) {
        let table = self.form.cells();
        let Some(node) = self.tree.get(index) else { return };
        let mut add = |row, not_broken_down| {
            of_kind(change, node.kind).into_iter().for_each(|delta| delta.report(table, row, not_broken_down, sign));
        };
        match (self.kept(index), coverage, row) {
            (Some(_), Coverage::Own, None) => {}
            (Some(_), _, Some(row)) => add(row, false),
            (Some(kept), Coverage::Consolidated, None) => {
                for (kind, total) in kept.declared.kinds() {
                    of_kind(change, kind).into_iter().for_each(|delta| delta.total(&total, sign));
                }
            }
            (None, ..) => {
                // without children: CONSOLIDATED if there is one, else OWN
                let other = self.row(index, opposite(coverage));
                let (own, consolidated) = match coverage {
                    Coverage::Own => (row, other),
                    Coverage::Consolidated => (other, row),
                };
                if let Some(counted) = consolidated.or(own) {
                    add(counted, consolidated.is_some());
                }
            }
        }
    }

    /// The difference that other figures of a series would make.
    fn difference(&self, index: usize, coverage: Coverage, row: RowRef<'_>) -> Change {
        let mut change = Change::new();
        self.contribute(index, coverage, self.row(index, coverage), -1, &mut change);
        self.contribute(index, coverage, Some(row), 1, &mut change);
        change
    }

    /// Carries a change of completeness up the tree.
    fn count(&mut self, index: usize, coverage: Coverage, change: Counts) {
        let tree = Arc::clone(&self.tree);
        let Some(node) = tree.get(index) else { return };
        if coverage == Coverage::Own
            && let Some(kept) = self.kept_mut(index)
        {
            kept.counts.add(node.kind, Counts { open_queries: change.open_queries, ..Counts::default() });
        }
        for above in tree.above(index) {
            if let Some(kept) = self.kept_mut(above) {
                kept.counts.add(node.kind, change);
            }
        }
    }

    /// How far what is in effect is from 0.
    fn reach_of(&self, index: usize, coverage: Coverage) -> u64 {
        self.row(index, coverage).map_or(0, |row| row.reach(self.form.cells()))
    }

    /// Whether figures that are so far from 0 leave every total within its range,
    /// wherever they are counted.
    pub(super) fn has_surely_room_for(&self, reach: u64) -> bool {
        self.reach.saturating_add(reach) <= limits::TOTAL_MAX
    }

    /// Whether new effective figures leave every total within its range.
    pub(super) fn has_room_for(&self, unit: &UnitCode, coverage: Coverage, row: RowRef<'_>) -> bool {
        let Some(index) = self.tree.find(unit.as_str()) else { return true };
        let mut sum = Delta::default();
        self.difference(index, coverage, row).iter().for_each(|(_, delta)| sum.join(delta));
        let on_units = self.shows_on_units(index, coverage);
        let itself = self.kept(index).filter(|_| coverage == Coverage::Own);
        let fits =
            |kept: &Kept| (!on_units || kept.units.all.has_room_for(&sum)) && kept.declared.all.has_room_for(&sum);
        itself.is_none_or(fits) && self.tree.above(index).filter_map(|above| self.kept(above)).all(fits)
    }

    /// What the total of a unit would be with other effective figures of a unit
    /// within it.
    pub(super) fn total_with(
        &self,
        root: usize,
        basis: Basis,
        (unit, coverage): (&UnitCode, Coverage),
        row: RowRef<'_>,
    ) -> Option<Total> {
        let index = self.tree.find(unit.as_str())?;
        let shows = match basis {
            // its own CONSOLIDATED is in no total of a unit with children
            _ if index == root => coverage == Coverage::Own || !self.tree.is_interior(index),
            Basis::Units => self.shows_on_units(index, coverage),
            Basis::Declared => {
                let between = self.tree.above(index).take_while(|above| *above != root);
                self.reaches_up(index, coverage) && !between.into_iter().any(|above| self.declares(above))
            }
        };
        let deltas = self.difference(index, coverage, row);
        let mut total = self.total(root, basis);
        deltas.iter().filter(|_| shows).try_for_each(|(_, delta)| total.add(delta)).ok()?;
        Some(total)
    }

    /// The total of a unit: kept, or what a unit without children contributes.
    pub(super) fn total(&self, index: usize, basis: Basis) -> Total {
        if let Some(kept) = self.kept(index) {
            return match basis {
                Basis::Units => kept.units.all.clone(),
                Basis::Declared => kept.declared.all.clone(),
            };
        }
        let table = self.form.cells();
        let of =
            |(report, coverage): (&Effective, _)| Total::of(table, report.row(), coverage == Coverage::Consolidated);
        self.contribution(index).map_or_else(|| Total::zero(table), of)
    }

    /// What a unit with all below it adds to a sum, by kind of the units that report.
    pub(super) fn deltas(&self, index: usize, basis: Basis) -> Vec<(UnitKind, Delta)> {
        let kinds = match (self.kept(index), basis) {
            (Some(kept), Basis::Units) => kept.units.kinds(),
            (Some(kept), Basis::Declared) => kept.declared.kinds(),
            (None, _) => {
                let (counted, node) = (self.contribution(index), self.tree.get(index));
                let delta = counted.zip(node).map(|((report, coverage), node)| {
                    let mut delta = Delta::default();
                    delta.report(self.form.cells(), report.row(), coverage == Coverage::Consolidated, 1);
                    (node.kind, delta)
                });
                return delta.into_iter().collect();
            }
        };
        let delta = |total: &Total| {
            let mut delta = Delta::default();
            delta.total(total, 1);
            delta
        };
        kinds.iter().map(|(kind, total)| (*kind, delta(total))).collect()
    }

    /// What a unit without children contributes.
    pub(super) fn contribution(&self, index: usize) -> Option<(&Effective, Coverage)> {
        BY_RANK.into_iter().find_map(|coverage| Some((self.effective(index, coverage)?, coverage)))
    }

    /// Kept totals, for those who check them.
    pub(super) fn all_kept(&self) -> impl Iterator<Item = (usize, &Kept)> {
        self.kept.iter().enumerate().filter_map(|(index, kept)| Some((index, kept.as_deref()?)))
    }

    /// Falsifies a kept total, so that a test can see it noticed.
    #[cfg(test)]
    pub(super) fn corrupt(&mut self, index: usize, cell: usize) {
        let kept = self.kept_mut(index).unwrap();
        kept.units.all.cells[cell] = kept.units.all.cells[cell].wrapping_add(1);
    }
}
