//! What a unit states against what is below it, and who can be behind it.
//! Changes nothing.

mod sentence;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use super::rollup::{RollupAnswer, below};
use crate::domain::event::SeriesKey;
use crate::domain::{BlankReport, Cause, CauseKind, Difference, OwnPart, Reconciliation, Scope, State, TotalKey};
use crate::form::{Figures, Form, Reader};
use crate::words::{Coverage, Position, Revision, UnitCode, limits};

/// Both sides, and who can be behind the differences.
#[derive(Debug)]
pub struct ReconcileAnswer {
    /// The computed side.
    pub computed: RollupAnswer,
    /// The unit's CONSOLIDATED; none: it states nothing.
    pub stated: Option<(Revision, Position)>,
    /// Number of cells that agree.
    pub agreeing: usize,
    /// Cells that differ, or would with what was refused, in the order of the form.
    pub cells: Vec<Reconciled>,
    /// More units could be behind the differences than are listed.
    pub causes_cut: bool,
}

/// A cell whose two sides differ.
#[derive(Debug)]
pub struct Reconciled {
    /// Both sides.
    pub difference: Difference,
    /// What refused reports would add; none: there are no such reports.
    pub refused: Option<i64>,
    /// What is left after every cause of known size.
    pub unexplained: i64,
    /// Who can be behind it: causes of known size first, the largest first.
    pub causes: Vec<Cause>,
    /// In words, Chinese.
    pub message_zh: String,
    /// In words, English.
    pub message_en: String,
}

/// A unit as it would count, or did, beside how it counts.
#[derive(Debug)]
struct Beside {
    unit: UnitCode,
    name: Arc<str>,
    /// By cell, how much more it says than what counts; none: not known.
    more: Option<Vec<i64>>,
    /// By cell, how much more its cells add up to than the figure printed.
    not_printed: Vec<(usize, i64)>,
}

/// Everything a difference may come from. What the causes add is summed over all
/// of them; only so many are listed.
#[derive(Debug, Default)]
struct Suspects {
    refused: Vec<Beside>,
    corrected: Vec<Beside>,
    blank: Vec<BlankReport>,
    missing: Vec<(UnitCode, Arc<str>)>,
    /// By cell, what refused reports would add; empty: there are none.
    refused_sum: Vec<i64>,
    /// By cell, what their cells add to the figures they print.
    printed_sum: Vec<i64>,
    /// By cell, what was corrected since.
    corrected_sum: Vec<i64>,
    cut: bool,
}

fn add(sums: &mut Vec<i64>, more: impl Iterator<Item = (usize, i64)>) {
    for (cell, value) in more {
        if sums.len() <= cell {
            sums.resize(cell.saturating_add(1), 0);
        }
        sums.get_mut(cell).into_iter().for_each(|sum| *sum = sum.saturating_add(value));
    }
}

fn at_cell(sums: &[i64], cell: usize) -> i64 {
    sums.get(cell).copied().unwrap_or(0)
}

/// Units listed of one kind of cause.
const MOST: usize = limits::LISTED_CODES;

impl Suspects {
    /// What refused reports would add to a cell; none: there are no such reports.
    fn refused_in(&self, cell: usize) -> Option<i64> {
        self.refused_sum.get(cell).copied()
    }

    /// Whether the sides of a cell differ, or would with what was refused.
    fn differ(&self, cell: &Difference) -> bool {
        cell.size() != 0 || self.refused_in(cell.cell).is_some_and(|refused| refused != 0)
    }

    fn refuse(&mut self, beside: Beside) {
        let more = beside.more.iter().flatten().copied().enumerate();
        add(&mut self.refused_sum, more);
        add(&mut self.printed_sum, beside.not_printed.iter().copied());
        if self.refused.len() < MOST {
            self.refused.push(beside);
        } else {
            self.cut = true;
        }
    }
}

impl Desk {
    /// Sets what a unit states against what is below it.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`]; [`SubmitError::Precondition`] if nothing is below it.
    pub fn reconcile(&self, key: &TotalKey, at: At) -> Result<ReconcileAnswer, SubmitError> {
        let computed = self.rollup(key, at)?;
        // all of it speaks of one position
        let at = if at.tells_attempts() { At::page(computed.rollup.position) } else { at };
        let (found, mut suspects) = self.at(at, &below(key), |state| {
            let found = state.reconcile(key);
            let TotalKey { unit, year, .. } = key;
            let nothing = || SubmitError::Precondition(format!("no unit stands below {unit} in {year}"));
            let found = found.ok_or_else(nothing)?;
            let suspects = self.suspects(state, key, &found, at);
            Ok((found, suspects))
        })?;
        let Reconciliation { form, stated, cells } = found;
        let all = cells.len();
        let differing: Vec<Difference> = cells.into_iter().filter(|cell| suspects.differ(cell)).collect();
        if let Some((_, stated_at)) = stated.filter(|_| !differing.is_empty()) {
            self.corrected(&mut suspects, key, stated_at, at)?;
        }
        let agreeing = all.saturating_sub(differing.len());
        let cells = differing.into_iter().map(|difference| reconciled(&form, difference, &mut suspects)).collect();
        Ok(ReconcileAnswer { computed, stated, agreeing, cells, causes_cut: suspects.cut })
    }

    /// Units that were refused, left cells blank, or filed nothing.
    fn suspects(&self, state: &State, key: &TotalKey, found: &Reconciliation, at: At) -> Suspects {
        let mut suspects = Suspects::default();
        if found.stated.is_none() {
            return suspects;
        }
        if at.tells_attempts() {
            for series in self.counting_attempts(state, key) {
                self.tried(state, key, &series).into_iter().for_each(|beside| suspects.refuse(beside));
            }
        }
        let differing = found.cells.iter().filter(|cell| suspects.differ(cell));
        let cells: Vec<usize> = differing.map(|difference| difference.cell).collect();
        let one_more = MOST.saturating_add(1);
        suspects.blank = state.blank_in(key, &cells, one_more);
        suspects.missing = state.missing(&key.family, &key.unit, key.year, None, one_more);
        suspects.cut = suspects.cut || suspects.blank.len() > MOST || suspects.missing.len() > MOST;
        suspects.blank.truncate(MOST);
        let refused: BTreeSet<&UnitCode> = suspects.refused.iter().map(|beside| &beside.unit).collect();
        suspects.missing.retain(|(unit, _)| !refused.contains(unit) && state.would_count(key, unit));
        suspects.missing.truncate(MOST);
        suspects
    }

    /// Attempts that would count: of a unit without children its CONSOLIDATED
    /// before its OWN; on DECLARED none below a unit whose CONSOLIDATED was tried.
    fn counting_attempts(&self, state: &State, key: &TotalKey) -> Vec<SeriesKey> {
        let tree = state.tree(key.year);
        let tried: Vec<SeriesKey> = self.attempts.read().of_year(&key.family, key.year).collect();
        let would: Vec<SeriesKey> = tried.into_iter().filter(|tried| state.replaced_by(key, tried).is_some()).collect();
        let consolidated: BTreeSet<usize> = would
            .iter()
            .filter(|tried| tried.coverage == Coverage::Consolidated)
            .filter_map(|tried| tree.find(tried.unit.as_str()))
            .collect();
        let stands = |tried: &SeriesKey| {
            let Some(index) = tree.find(tried.unit.as_str()) else { return false };
            let by_itself = tried.coverage == Coverage::Own && consolidated.contains(&index);
            !by_itself && !tree.above(index).any(|above| consolidated.contains(&above))
        };
        would.iter().filter(|tried| stands(tried)).cloned().collect()
    }

    /// A refused report that would count, beside what counts now.
    fn tried(&self, state: &State, key: &TotalKey, series: &SeriesKey) -> Option<Beside> {
        let (attempt, form) = self.attempt_since(state, series)?;
        let (name, counts) = state.replaced_by(key, series)?;
        let unit = series.unit.clone();
        let mut reader = Reader::default();
        // a report above the limit is kept without its bytes
        if attempt.report.is_empty() || reader.read(&form, &attempt.report).is_err() {
            return Some(Beside { unit, name, more: None, not_printed: Vec::new() });
        }
        let figures = reader.figures(attempt.statements);
        let all = vec![u64::MAX; form.cells().required().len()];
        let sums = Figures { values: figures.values, present: &all, absent_is_zero: true };
        let not_printed = (0..form.cells().len()).filter_map(|cell| {
            let sum = form.recomputed(cell, sums)?;
            Some((cell, sum.saturating_sub(figures.values.get(cell).copied()?)))
        });
        let not_printed = not_printed.collect();
        let more = figures.values.iter().zip(&counts.cells).map(|(tried, now)| tried.saturating_sub(*now)).collect();
        Some(Beside { unit, name, more: Some(more), not_printed })
    }

    /// Units that counted otherwise when the unit stated its figures.
    fn corrected(
        &self,
        suspects: &mut Suspects,
        key: &TotalKey,
        stated_at: Position,
        at: At,
    ) -> Result<(), SubmitError> {
        let (changed, now) = self.at(at, &below(key), |state| {
            let changed = state.changed_since(key, stated_at);
            let parts = state.own_parts(key, &changed);
            Ok((changed, parts))
        })?;
        if changed.is_empty() {
            return Ok(());
        }
        let scope = Scope::Below(key.family.clone(), vec![key.year], changed.clone());
        let then = self.at(At::position(stated_at), &scope, |then| Ok(then.own_parts(key, &changed)))?;
        let refused: BTreeSet<UnitCode> = suspects.refused.iter().map(|beside| beside.unit.clone()).collect();
        for (unit, OwnPart { name, filed, cells }) in then {
            // what came only later is no change of what was known; what was refused is told as refused
            let Some(now) = now.get(&unit).filter(|_| filed && !refused.contains(&unit)) else { continue };
            let more: Vec<i64> = cells.iter().zip(&now.cells).map(|(then, now)| then.saturating_sub(*now)).collect();
            add(&mut suspects.corrected_sum, more.iter().copied().enumerate());
            if suspects.corrected.len() < MOST {
                suspects.corrected.push(Beside { unit, name, more: Some(more), not_printed: Vec::new() });
            } else {
                suspects.cut = true;
            }
        }
        Ok(())
    }
}

/// Finds who can be behind the difference of one cell, and says it in words.
fn reconciled(form: &Form, difference: Difference, suspects: &mut Suspects) -> Reconciled {
    let cell = difference.cell;
    let mut causes = Vec::new();
    let mut add = |unit: &UnitCode, name: &Arc<str>, kind, amount| {
        causes.push(Cause { unit: unit.clone(), name: Arc::clone(name), kind, amount });
    };
    for Beside { unit, name, more, not_printed } in &suspects.refused {
        add(unit, name, CauseKind::Refused, more.as_ref().and_then(|more| more.get(cell).copied()));
        if let Some((_, amount)) = not_printed.iter().find(|(known, _)| *known == cell) {
            add(unit, name, CauseKind::PrintedTotal, Some(*amount));
        }
    }
    for Beside { unit, name, more, .. } in &suspects.corrected {
        if let Some(amount) = more.as_ref().map(|more| at_cell(more, cell)).filter(|amount| *amount != 0) {
            add(unit, name, CauseKind::Corrected, Some(amount));
        }
    }
    for BlankReport { unit, name, cells } in &suspects.blank {
        if cells.contains(&cell) {
            add(unit, name, CauseKind::Blank, None);
        }
    }
    suspects.missing.iter().for_each(|(unit, name)| add(unit, name, CauseKind::Missing, None));
    let refused = suspects.refused_in(cell);
    let sums = [&suspects.refused_sum, &suspects.printed_sum, &suspects.corrected_sum];
    let [refused_sum, printed, corrected] = sums.map(|sums| at_cell(sums, cell));
    let known = refused_sum.saturating_add(printed).saturating_add(corrected);
    let unexplained = difference.size().saturating_sub(known);
    let size = |cause: &Cause| std::cmp::Reverse(cause.amount.map(i64::unsigned_abs));
    causes.sort_by_key(|cause| (size(cause), cause.kind));
    let (message_zh, message_en) = sentence::of(form, difference, [refused_sum, printed, corrected], &causes);
    suspects.cut |= causes.len() > limits::CAUSES_PER_CELL;
    causes.truncate(limits::CAUSES_PER_CELL);
    Reconciled { difference, refused, unexplained, causes, message_zh, message_en }
}
