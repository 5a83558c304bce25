//! What a unit states against what is below it, and who can be behind it.
//! Changes nothing.

mod sentence;

use std::sync::Arc;

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use super::rollup::{RollupAnswer, below};
use crate::domain::event::SeriesKey;
use crate::domain::{BlankReport, Cause, CauseKind, Difference, Reconciliation, Scope, State, Total, TotalKey};
use crate::form::{Figures, Form, Reader};
use crate::words::{Position, Revision, UnitCode, limits};

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

/// A report of a unit beside the one that counts.
#[derive(Debug)]
struct Beside {
    unit: UnitCode,
    name: Arc<str>,
    /// By cell, how much more it says than what counts.
    more: Vec<i64>,
    /// By cell, how much more its cells add up to than the figure printed.
    not_printed: Vec<(usize, i64)>,
}

/// Everything a difference may come from.
#[derive(Debug, Default)]
struct Suspects {
    refused: Vec<Beside>,
    corrected: Vec<Beside>,
    blank: Vec<BlankReport>,
    missing: Vec<(UnitCode, Arc<str>)>,
    cut: bool,
}

impl Suspects {
    /// What refused reports would add to a cell; none: there are no such reports.
    fn refused_in(&self, cell: usize) -> Option<i64> {
        let more = self.refused.iter().filter_map(|beside| beside.more.get(cell).copied());
        more.reduce(i64::saturating_add)
    }

    /// Whether the sides of a cell differ, or would with what was refused.
    fn differ(&self, cell: &Difference) -> bool {
        cell.size() != 0 || self.refused_in(cell.cell).is_some_and(|refused| refused != 0)
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
        const MOST: usize = limits::LISTED_CODES;
        let mut suspects = Suspects::default();
        if found.stated.is_none() {
            return suspects;
        }
        if at.tells_attempts() {
            let tried: Vec<SeriesKey> = self.attempts.read().of_year(&key.family, key.year).collect();
            suspects.refused = tried.iter().filter_map(|series| self.tried(state, key, series)).take(MOST).collect();
        }
        let differing = found.cells.iter().filter(|cell| suspects.differ(cell));
        let cells: Vec<usize> = differing.map(|difference| difference.cell).collect();
        suspects.blank = state.blank_in(key, &cells, MOST.saturating_add(1));
        suspects.missing = state.missing(&key.family, &key.unit, key.year, None, MOST.saturating_add(1));
        suspects.cut = suspects.blank.len() > MOST || suspects.missing.len() > MOST || suspects.refused.len() >= MOST;
        suspects.blank.truncate(MOST);
        let refused = |code: &UnitCode| suspects.refused.iter().any(|beside| beside.unit == *code);
        suspects.missing.retain(|(code, _)| !refused(code));
        suspects.missing.truncate(MOST);
        suspects
    }

    /// A refused report that would count, beside what counts now.
    fn tried(&self, state: &State, key: &TotalKey, series: &SeriesKey) -> Option<Beside> {
        let (attempt, form) = self.attempt_since(state, series)?;
        let (name, counts) = state.replaced_by(key, series)?;
        let mut reader = Reader::default();
        reader.read(&form, &attempt.report).ok()?;
        let figures = reader.figures(attempt.statements);
        let all = vec![u64::MAX; form.cells().required().len()];
        let sums = Figures { values: figures.values, present: &all, absent_is_zero: true };
        let not_printed = (0..form.cells().len()).filter_map(|cell| {
            let sum = form.recomputed(cell, sums)?;
            Some((cell, sum.saturating_sub(figures.values.get(cell).copied()?)))
        });
        let not_printed = not_printed.collect();
        let more = figures.values.iter().zip(&counts.cells).map(|(tried, now)| tried.saturating_sub(*now)).collect();
        Some(Beside { unit: series.unit.clone(), name, more, not_printed })
    }

    /// Reports that were other ones when the unit stated its figures.
    fn corrected(
        &self,
        suspects: &mut Suspects,
        key: &TotalKey,
        stated_at: Position,
        at: At,
    ) -> Result<(), SubmitError> {
        const MOST: usize = limits::LISTED_CODES;
        let now = self.at(at, &below(key), |state| {
            let changed = state.changed_since(key, stated_at, MOST.saturating_add(1));
            let beside = |series: SeriesKey| state.replaced_by(key, &series).map(|(name, now)| (series, name, now));
            Ok(changed.into_iter().filter_map(beside).collect::<Vec<_>>())
        })?;
        suspects.cut |= now.len() > MOST;
        let series = now.iter().map(|(series, ..)| series.clone()).collect();
        suspects.corrected = self.at(At::position(stated_at), &Scope::Series(series), |then| {
            let beside = |(series, name, now): &(SeriesKey, Arc<str>, Total)| {
                let before = then.series(series)?.effective()?;
                let form = then.form(before.form)?;
                let figure = |(cell, now): (usize, &i64)| before.stated(cell).unwrap_or(0).saturating_sub(*now);
                let same_cells = form.cells().len() == now.cells.len();
                let more = now.cells.iter().enumerate().map(figure).collect();
                let (unit, name) = (series.unit.clone(), Arc::clone(name));
                same_cells.then_some(Beside { unit, name, more, not_printed: Vec::new() })
            };
            Ok(now.iter().take(MOST).filter_map(beside).collect())
        })?;
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
        add(unit, name, CauseKind::Refused, more.get(cell).copied());
        if let Some((_, amount)) = not_printed.iter().find(|(known, _)| *known == cell) {
            add(unit, name, CauseKind::PrintedTotal, Some(*amount));
        }
    }
    for Beside { unit, name, more, .. } in &suspects.corrected {
        if let Some(amount) = more.get(cell).copied().filter(|amount| *amount != 0) {
            add(unit, name, CauseKind::Corrected, Some(amount));
        }
    }
    for BlankReport { unit, name, cells } in &suspects.blank {
        if cells.contains(&cell) {
            add(unit, name, CauseKind::Blank, None);
        }
    }
    suspects.missing.iter().for_each(|(unit, name)| add(unit, name, CauseKind::Missing, None));
    let known = causes.iter().filter_map(|cause| cause.amount).fold(0_i64, i64::saturating_add);
    let refused = suspects.refused_in(cell);
    let unexplained = difference.size().saturating_sub(known);
    let size = |cause: &Cause| std::cmp::Reverse(cause.amount.map(i64::unsigned_abs));
    causes.sort_by_key(|cause| (size(cause), cause.kind));
    let (message_zh, message_en) = sentence::of(form, difference, &causes);
    suspects.cut |= causes.len() > limits::CAUSES_PER_CELL;
    causes.truncate(limits::CAUSES_PER_CELL);
    Reconciled { difference, refused, unexplained, causes, message_zh, message_en }
}
