//! The book of one form family and year: its series, and the totals and counts
//! kept over the tree of that year.
//!
//! Kept for units with children only. With OWN(u), C(u) the effective reports:
//! U(u) = OWN(u) + Σ U(c); D(u) = OWN(u) + Σ (C(c), else D(c)); a unit without
//! children contributes C, else OWN, to both. A difference on DECLARED stops
//! below the first unit with an effective CONSOLIDATED.

mod adding;

use std::collections::BTreeMap;
use std::iter;
use std::sync::Arc;

use super::completeness::Counts;
use super::event::UnitKind;
use super::kinds::{KindCounts, Sums};
use super::roster::Roster;
use super::series::{Effective, Series};
use super::totals::{Delta, Total, TotalOverflow};
use super::tree::Tree;
use crate::form::Form;
use crate::words::{Basis, Coverage, UnitCode};

/// The series of a unit in a year, by coverage.
type Pair = [Option<Box<Series>>; 2];

const COVERAGES: [Coverage; 2] = [Coverage::Own, Coverage::Consolidated];

fn opposite(coverage: Coverage) -> Coverage {
    match coverage {
        Coverage::Own => Coverage::Consolidated,
        Coverage::Consolidated => Coverage::Own,
    }
}

/// Series, totals and counts of one family and year.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) form: Arc<Form>,
    /// With the duties that the roster gives.
    pub(super) tree: Arc<Tree>,
    pub(super) roster: Arc<Roster>,
    /// By index in the tree.
    series: Vec<Pair>,
    /// Of units that the tree does not have: nothing of them is in effect.
    apart: BTreeMap<UnitCode, Pair>,
    kept: Vec<Option<Box<Kept>>>,
}

/// What is kept for a unit with children.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) units: Sums,
    pub(super) declared: Sums,
    pub(super) counts: KindCounts,
}

/// A difference of one series, as it shows above its unit: made by the unit
/// itself or, where it ceases or begins to declare, by those below it.
#[derive(Debug, Default)]
struct Change {
    units: Vec<(UnitKind, Delta)>,
    declared: Vec<(UnitKind, Delta)>,
}

fn of_kind(deltas: &mut Vec<(UnitKind, Delta)>, kind: UnitKind) -> Option<&mut Delta> {
    if !deltas.iter().any(|(known, _)| *known == kind) {
        deltas.push((kind, Delta::default()));
    }
    deltas.iter_mut().find(|(known, _)| *known == kind).map(|(_, delta)| delta)
}

fn slot(coverage: Coverage) -> usize {
    match coverage {
        Coverage::Own => 0,
        Coverage::Consolidated => 1,
    }
}

impl Book {
    pub(super) fn new(form: Arc<Form>, tree: Arc<Tree>, roster: Arc<Roster>) -> Self {
        let mut book = Self::empty(form, tree, roster);
        book.clear();
        book
    }

    /// A book of a year in which nothing was filed: to read, not to write in.
    pub(super) fn empty(form: Arc<Form>, tree: Arc<Tree>, roster: Arc<Roster>) -> Self {
        Self { form, tree, roster, series: Vec::new(), apart: BTreeMap::new(), kept: Vec::new() }
    }

    /// Empties series and totals; due counts depend on the tree alone.
    fn clear(&mut self) {
        let kept = |index| self.tree.is_interior(index).then(|| Box::new(self.nothing_filed(index)));
        self.kept = (0..self.tree.nodes().len()).map(kept).collect();
        self.series = iter::repeat_with(Pair::default).take(self.tree.nodes().len()).collect();
        self.apart.clear();
    }

    /// What is kept for a unit below which nothing was filed.
    fn nothing_filed(&self, index: usize) -> Kept {
        let zero = || Sums::zero(self.form.cells());
        Kept { units: zero(), declared: zero(), counts: KindCounts::of_duties(self.tree.duties_by_kind(index)) }
    }

    /// Adds everything up anew over another tree.
    pub(super) fn replant(&mut self, tree: Arc<Tree>) -> Result<(), TotalOverflow> {
        let before = std::mem::replace(&mut self.tree, tree);
        let (series, apart) = (std::mem::take(&mut self.series), std::mem::take(&mut self.apart));
        self.clear();
        let of_the_tree = before.nodes().iter().map(|node| node.code.clone()).zip(series);
        for (code, pair) in of_the_tree.chain(apart).filter(|(_, pair)| pair.iter().any(Option::is_some)) {
            match self.tree.find(code.as_str()).and_then(|index| self.series.get_mut(index)) {
                Some(place) => *place = pair,
                None => drop(self.apart.insert(code, pair)),
            }
        }
        self.sum_up()
    }

    /// Whether everything adds up in range over another tree.
    pub(super) fn fits(&self, tree: Arc<Tree>) -> bool {
        let all = self.keys(None).map(|(code, coverage, series)| (code.clone(), coverage, series.clone()));
        Self::filled(Arc::clone(&self.form), tree, Arc::clone(&self.roster), all).is_ok()
    }

    pub(super) fn series(&self, unit: &str, coverage: Coverage) -> Option<&Series> {
        match self.tree.find(unit) {
            Some(index) => self.series_of(index, coverage),
            None => self.apart.get(unit)?.get(slot(coverage))?.as_deref(),
        }
    }

    pub(super) fn series_of(&self, index: usize, coverage: Coverage) -> Option<&Series> {
        self.series.get(index)?.get(slot(coverage))?.as_deref()
    }

    /// Enters a roster that differs in the extensions of one unit only.
    pub(super) fn extend(&mut self, roster: Arc<Roster>, unit: &UnitCode) {
        let Some(index) = self.tree.find(unit.as_str()) else {
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

    /// All series in order of unit and coverage, from those of a unit on.
    pub(super) fn keys<'a>(
        &'a self,
        from: Option<&UnitCode>,
    ) -> impl Iterator<Item = (&'a UnitCode, Coverage, &'a Series)> + use<'a> {
        let nodes = self.tree.nodes();
        let first = from.map_or(0, |from| nodes.partition_point(|node| node.code < *from));
        let of_the_tree = nodes.iter().map(|node| &node.code).zip(&self.series).skip(first);
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
        in_order.flat_map(|(unit, pair)| {
            COVERAGES
                .into_iter()
                .zip(pair)
                .filter_map(move |(coverage, series)| Some((unit, coverage, series.as_deref()?)))
        })
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
        let Some(index) = self.tree.find(unit.as_str()) else {
            if let Some(series) = self.apart.entry(unit.clone()).or_default().get_mut(slot(coverage)) {
                change(series.get_or_insert_default());
            }
            return Ok(());
        };
        let counts_before = self.own_counts(index);
        let mut difference = Change::default();
        self.contribute(index, coverage, self.effective(index, coverage), -1, &mut difference);
        if let Some(series) = self.series.get_mut(index).and_then(|pair| pair.get_mut(slot(coverage))) {
            change(series.get_or_insert_default());
        }
        self.contribute(index, coverage, self.effective(index, coverage), 1, &mut difference);
        self.carry(index, coverage, &difference)?;
        self.count(index, coverage, self.own_counts(index).minus(counts_before));
        Ok(())
    }

    /// Carries a difference of one series up the tree.
    fn carry(&mut self, index: usize, coverage: Coverage, change: &Change) -> Result<(), TotalOverflow> {
        let Change { units, declared } = change;
        let form = Arc::clone(&self.form);
        let add = |sums: &mut Sums, deltas: &[(UnitKind, Delta)]| {
            deltas.iter().try_for_each(|(kind, delta)| sums.add(*kind, delta, form.cells()))
        };
        if coverage == Coverage::Own
            && let Some(Some(kept)) = self.kept.get_mut(index)
        {
            add(&mut kept.units, units)?;
            add(&mut kept.declared, units)?;
        }
        let tree = Arc::clone(&self.tree);
        let mut reaches = self.reaches_up(index, coverage);
        for above in tree.above(index) {
            if let Some(Some(kept)) = self.kept.get_mut(above) {
                add(&mut kept.units, units)?;
                if reaches {
                    add(&mut kept.declared, declared)?;
                }
            }
            reaches = reaches && !self.declares(above);
        }
        Ok(())
    }

    /// Whether a change of this series shows above the unit on DECLARED.
    fn reaches_up(&self, index: usize, coverage: Coverage) -> bool {
        coverage == Coverage::Consolidated || !self.tree.is_interior(index) || !self.declares(index)
    }

    /// Whether a unit with children has an effective CONSOLIDATED.
    pub(super) fn declares(&self, index: usize) -> bool {
        self.effective(index, Coverage::Consolidated).is_some()
    }

    /// Adds to a difference, or takes away, what a unit shows above it while a
    /// report is the effective one of a series.
    fn contribute(&self, index: usize, coverage: Coverage, report: Option<&Effective>, sign: i64, change: &mut Change) {
        let table = self.form.cells();
        let Some(node) = self.tree.get(index) else { return };
        let add = |deltas: &mut Vec<(UnitKind, Delta)>, report: &Effective, not_broken_down| {
            of_kind(deltas, node.kind).into_iter().for_each(|delta| delta.report(table, report, not_broken_down, sign));
        };
        match (self.kept(index), coverage) {
            (Some(_), Coverage::Own) => {
                report.into_iter().for_each(|report| add(&mut change.units, report, false));
                report.into_iter().for_each(|report| add(&mut change.declared, report, false));
            }
            (Some(kept), Coverage::Consolidated) => match report {
                Some(report) => add(&mut change.declared, report, false),
                None => {
                    for (kind, total) in kept.declared.kinds() {
                        of_kind(&mut change.declared, kind).into_iter().for_each(|delta| delta.total(&total, sign));
                    }
                }
            },
            (None, _) => {
                // without children: CONSOLIDATED if there is one, else OWN
                let other = self.effective(index, opposite(coverage));
                let (own, consolidated) = match coverage {
                    Coverage::Own => (report, other),
                    Coverage::Consolidated => (other, report),
                };
                if let Some(counted) = consolidated.or(own) {
                    add(&mut change.units, counted, consolidated.is_some());
                    add(&mut change.declared, counted, consolidated.is_some());
                }
            }
        }
    }

    /// Carries a change of completeness up the tree.
    fn count(&mut self, index: usize, coverage: Coverage, change: Counts) {
        let tree = Arc::clone(&self.tree);
        let Some(node) = tree.get(index) else { return };
        if coverage == Coverage::Own
            && let Some(Some(kept)) = self.kept.get_mut(index)
        {
            kept.counts.add(node.kind, Counts { open_queries: change.open_queries, ..Counts::default() });
        }
        for above in tree.above(index) {
            if let Some(Some(kept)) = self.kept.get_mut(above) {
                kept.counts.add(node.kind, change);
            }
        }
    }

    /// Whether a new effective report leaves every total within its range.
    pub(super) fn has_room_for(&self, unit: &UnitCode, coverage: Coverage, report: &Effective) -> bool {
        let Some(index) = self.tree.find(unit.as_str()) else { return true };
        let mut change = Change::default();
        self.contribute(index, coverage, self.effective(index, coverage), -1, &mut change);
        self.contribute(index, coverage, Some(report), 1, &mut change);
        let joined = |deltas: &[(UnitKind, Delta)]| {
            let mut sum = Delta::default();
            deltas.iter().for_each(|(_, delta)| sum.join(delta));
            sum
        };
        let (units, declared) = (joined(&change.units), joined(&change.declared));
        let itself = self.kept(index).filter(|_| coverage == Coverage::Own);
        let fits = |kept: &Kept| kept.units.all.has_room_for(&units) && kept.declared.all.has_room_for(&declared);
        itself.is_none_or(fits) && self.tree.above(index).filter_map(|above| self.kept(above)).all(fits)
    }

    /// What the total of a unit would be with another effective report of a unit
    /// within it.
    pub(super) fn total_with(
        &self,
        root: usize,
        basis: Basis,
        (unit, coverage): (&UnitCode, Coverage),
        report: &Effective,
    ) -> Option<Total> {
        let index = self.tree.find(unit.as_str())?;
        let mut change = Change::default();
        self.contribute(index, coverage, self.effective(index, coverage), -1, &mut change);
        self.contribute(index, coverage, Some(report), 1, &mut change);
        let shows = match basis {
            // its own CONSOLIDATED is in no total of a unit with children
            _ if index == root => coverage == Coverage::Own || !self.tree.is_interior(index),
            Basis::Units => true,
            Basis::Declared => {
                let between = self.tree.above(index).take_while(|above| *above != root);
                self.reaches_up(index, coverage) && !between.into_iter().any(|above| self.declares(above))
            }
        };
        let deltas = match basis {
            Basis::Units => change.units,
            Basis::Declared => change.declared,
        };
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
        let mut total = Total::zero(self.form.cells());
        if let Some((report, coverage)) = self.contribution(index) {
            total.count(self.form.cells(), report, coverage == Coverage::Consolidated);
        }
        total
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
                    delta.report(self.form.cells(), report, coverage == Coverage::Consolidated, 1);
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
        let mut by_rank = COVERAGES.into_iter().rev();
        by_rank.find_map(|coverage| Some((self.effective(index, coverage)?, coverage)))
    }

    /// Kept totals, for those who check them.
    pub(super) fn all_kept(&self) -> impl Iterator<Item = (usize, &Kept)> {
        self.kept.iter().enumerate().filter_map(|(index, kept)| Some((index, kept.as_deref()?)))
    }

    /// Falsifies a kept total, so that a test can see it noticed.
    #[cfg(test)]
    pub(super) fn corrupt(&mut self, index: usize, cell: usize) {
        let kept = self.kept[index].as_mut().unwrap();
        kept.units.all.cells[cell] = kept.units.all.cells[cell].wrapping_add(1);
    }
}
