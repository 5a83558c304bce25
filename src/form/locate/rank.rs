//! What an explanation costs: how unlikely it is that just this was done, in half
//! bits, twice the negative logarithm to base 2. Only the order matters.
//!
//! Two things are weighed. How errors are made: a typist interchanges 9, adds 7,
//! omits 10 and replaces 74 of 100 wrong digits (Scholtus 2009); every act of its
//! own is one more rare event. And what a right report looks like: most cells
//! are 0, small figures are commoner than large ones, and a total says nothing of
//! its own, for its parts say it. Where sums over other reports are known, they
//! tell where figures usually stand.

use super::{Act, Change, Draft, Hints, Operation, Repair, Sheet, typing};
use crate::form::rules::{Addend, CheckKind, Equation};
use crate::form::{CheckId, Form};

/// One more thing went wrong: one figure in a hundred.
const ACT: i64 = 13;
/// A digit replaced, 74 % over 9 digits, and 1 of as many places as it has digits.
const REPLACED: i64 = 7;
/// Two digits interchanged, 9 %.
const INTERCHANGED: i64 = 7;
/// A digit omitted, 10 %.
const OMITTED: i64 = 7;
/// A digit added, 7 % over 10 digits.
const ADDED: i64 = 14;
/// Every further slip in the same figure.
const FURTHER: i64 = 12;
/// A figure where none belongs: such cells are passed over, not typed.
const OUT_OF_NOTHING: i64 = 30;
/// A total that nobody filled in.
const NOT_FILLED_IN: i64 = 10;
/// A value beside its place, a line slid or left empty: rarer than a wrong digit.
const MISPLACED: i64 = 12;
/// A cell that has a figure at all, one of sixteen.
const NOT_ZERO: i64 = 8;
/// The same in a row that the form's own derived figures watch: one of eight.
const NOT_ZERO_WATCHED: i64 = 6;
/// Agreement with the year before.
const AGREES: i64 = 16;

/// Ranks explanations, the likeliest first.
pub(super) fn rank(form: &Form, sheet: &Sheet, hints: Hints<'_>, drafts: Vec<Draft>) -> Vec<Repair> {
    let scale = Scale::new(form, sheet, hints);
    let mut costed: Vec<(Key, Repair)> = drafts
        .into_iter()
        .map(|draft| {
            let cost = scale.cost(&draft);
            let repair = repair(form, sheet, draft);
            let away = repair.changes.iter().map(|change| scale.off_prior(change)).fold(0, u64::saturating_add);
            ((cost, repair.edit_distance, away), repair)
        })
        .collect();
    costed.sort_by(|(one, a), (two, b)| one.cmp(two).then_with(|| a.changes.cmp(&b.changes)));
    let mut last: Option<(Key, usize)> = None;
    let ranked = (1_usize..).zip(costed).map(|(number, (key, repair))| {
        let rank = last.filter(|(known, _)| *known == key).map_or(number, |(_, rank)| rank);
        last = Some((key, rank));
        Repair { rank, ..repair }
    });
    ranked.collect()
}

/// Cost, edit distance, distance from the year before.
type Key = (i64, usize, u64);

fn repair(form: &Form, sheet: &Sheet, draft: Draft) -> Repair {
    let Draft { values, act } = draft;
    let changes: Vec<Change> = values
        .iter()
        .map(|&(cell, proposed)| {
            let printed = sheet.printed(cell);
            let operation = act.map_or_else(|| single(form, cell, printed, proposed), |act| part_of(act, printed));
            Change { cell, printed, proposed, operation }
        })
        .collect();
    let distance = |change: &Change| match change.printed {
        Some(printed) => typing::distance(printed, change.proposed),
        None => typing::length(change.proposed),
    };
    let touched = changes.iter().filter_map(|change| form.rules.slots_of_cell.get(change.cell)).flatten();
    let unmet = |slot: &usize| !sheet.is_assessable(*slot) || sheet.residual(*slot) != 0;
    let mut mended: Vec<usize> = touched.map(|(slot, _)| *slot).filter(unmet).collect();
    mended.sort_unstable();
    mended.dedup();
    mended.retain(|slot| is_met(form, sheet, *slot, &changes));
    Repair {
        acts: match act {
            None => changes.len(),
            Some(Act::Empty(lines)) => lines,
            Some(Act::Over { .. } | Act::Swap | Act::Slide | Act::Blank) => 1,
        },
        edit_distance: changes.iter().map(distance).fold(0, usize::saturating_add),
        mends: mended.into_iter().filter_map(|slot| form.rules.slots.get(slot).copied()).collect(),
        rank: 0,
        changes,
    }
}

/// Whether an identity holds with the changes made; one with blanks left does not.
fn is_met(form: &Form, sheet: &Sheet, slot: usize, changes: &[Change]) -> bool {
    let figure = |cell: usize| match changes.iter().find(|change| change.cell == cell) {
        Some(change) => Some(change.proposed),
        None => sheet.figure(cell),
    };
    let sum = form.structure.addends(slot).iter().try_fold(0_i128, |sum, &(cell, taken_away)| {
        let figure = i128::from(figure(cell)?);
        if taken_away { sum.checked_sub(figure) } else { sum.checked_add(figure) }
    });
    sum == Some(0)
}

/// What was done to a cell that is wrong by itself.
fn single(form: &Form, cell: usize, printed: Option<i64>, proposed: i64) -> Operation {
    match printed {
        None => Operation::LeftBlank,
        Some(0) if form.structure.is_total(cell) => Operation::LeftAtZero,
        Some(printed) => typing::operation(printed, proposed),
    }
}

/// What was done to a cell that is wrong with others.
fn part_of(act: Act, printed: Option<i64>) -> Operation {
    match act {
        Act::Over { along_row: true } => Operation::ColumnOver,
        Act::Over { along_row: false } => Operation::RowOver,
        Act::Swap => Operation::Swapped,
        Act::Slide => Operation::Slid,
        Act::Empty(_) => Operation::LeftAtZero,
        Act::Blank if printed.is_none() => Operation::LeftBlank,
        // a figure that no cell may hold
        Act::Blank => Operation::Rewritten,
    }
}

/// What explanations are weighed with.
struct Scale<'a> {
    form: &'a Form,
    sheet: &'a Sheet,
    hints: Hints<'a>,
    /// All that others report, totals aside, in half bits.
    all: i64,
}

impl<'a> Scale<'a> {
    fn new(form: &'a Form, sheet: &'a Sheet, hints: Hints<'a>) -> Self {
        let parts = form.rules.slots_of_cell.iter().zip(&form.structure.totals).zip(hints.peers.unwrap_or_default());
        let parts = parts.filter(|((slots, is_total), _)| !slots.is_empty() && !**is_total);
        let all = half_bits(parts.map(|(_, sum)| sum.unsigned_abs()).fold(1, u64::saturating_add));
        Self { form, sheet, hints, all }
    }

    fn cost(&self, draft: &Draft) -> i64 {
        let mut cost = 0_i64;
        for &(cell, proposed) in &draft.values {
            let printed = self.sheet.figure(cell).unwrap_or(0);
            let is_total = self.form.structure.is_total(cell);
            if draft.act.is_none() {
                cost = cost.saturating_add(ACT).saturating_add(slip(printed, proposed, is_total));
            }
            if !is_total {
                cost = cost.saturating_add(self.usual(cell, proposed)).saturating_sub(self.usual(cell, printed));
            }
        }
        let acts = match draft.act {
            None | Some(Act::Blank) => 0,
            Some(Act::Over { .. }) => 1,
            // neighbours that both have a figure are seen side by side
            Some(Act::Swap | Act::Slide) => 2,
            Some(Act::Empty(lines)) => i64::try_from(lines).unwrap_or(i64::MAX),
        };
        let acts = acts.saturating_mul(ACT.saturating_add(MISPLACED));
        cost.saturating_add(acts).saturating_sub(self.agreements(draft).saturating_mul(AGREES))
    }

    /// How unusual a figure is in a cell.
    fn usual(&self, cell: usize, figure: i64) -> i64 {
        if figure == 0 {
            return 0;
        }
        let watched = self.form.structure.watched.get(cell).copied().unwrap_or(false);
        let filled = match self.hints.peers {
            // how small a share of all that others report stands in the cell
            Some(peers) => {
                let here = peers.get(cell).map_or(1, |sum| sum.unsigned_abs().saturating_add(1));
                self.all.saturating_sub(half_bits(here)).max(0)
            }
            None if watched => NOT_ZERO_WATCHED,
            None => NOT_ZERO,
        };
        (half_bits(figure.unsigned_abs()).saturating_mul(3) / 2).saturating_add(filled)
    }

    /// How many more identities with the year before hold once the cells are changed.
    fn agreements(&self, draft: &Draft) -> i64 {
        let Some(prior) = self.hints.prior else { return 0 };
        let proposed = |cell: usize| draft.values.iter().find(|(changed, _)| *changed == cell).map(|(_, value)| *value);
        let holds = |equation: &Equation, changed: bool| {
            let sum = |addends: &[Addend]| {
                addends.iter().try_fold(0_i128, |sum, addend| {
                    let now = || proposed(addend.cell).filter(|_| changed).or_else(|| self.sheet.figure(addend.cell));
                    let figure = if addend.prior_year { prior.get(&self.form.cells, addend.cell) } else { now() };
                    let figure = i128::from(figure?);
                    if addend.subtract { sum.checked_sub(figure) } else { sum.checked_add(figure) }
                })
            };
            i64::from(sum(&equation.left).zip(sum(&equation.right)).is_some_and(|(left, right)| left == right))
        };
        let equations = self.form.rules.carried.iter().filter_map(|check| equation_of(self.form, *check));
        let concerned = equations
            .filter(|equation| equation.addends().any(|addend| !addend.prior_year && proposed(addend.cell).is_some()));
        concerned
            .map(|equation| holds(equation, true).saturating_sub(holds(equation, false)))
            .fold(0, i64::saturating_add)
    }

    fn off_prior(&self, change: &Change) -> u64 {
        let before = self.hints.prior.and_then(|prior| prior.get(&self.form.cells, change.cell));
        before.map_or(0, |before| before.abs_diff(change.proposed))
    }
}

/// How unlikely it is that a figure is typed as another one.
fn slip(printed: i64, proposed: i64, is_total: bool) -> i64 {
    if proposed == 0 {
        return OUT_OF_NOTHING.saturating_add(half_bits(printed.unsigned_abs()));
    }
    let digits = typing::length(proposed);
    let one_of = |places: usize| half_bits(places as u64);
    let typed = match typing::operation(printed, proposed) {
        Operation::DigitReplaced => REPLACED.saturating_add(one_of(digits)),
        Operation::DigitsInterchanged => INTERCHANGED.saturating_add(one_of(digits.saturating_sub(1))),
        Operation::DigitOmitted => OMITTED.saturating_add(one_of(digits)),
        Operation::DigitAdded => ADDED.saturating_add(one_of(digits.saturating_add(1))),
        Operation::Rewritten
        | Operation::ColumnOver
        | Operation::RowOver
        | Operation::Swapped
        | Operation::Slid
        | Operation::LeftAtZero
        | Operation::LeftBlank => {
            let slips = i64::try_from(typing::distance(printed, proposed)).unwrap_or(i64::MAX);
            slips.saturating_mul(FURTHER)
        }
    };
    if is_total && printed == 0 { typed.min(NOT_FILLED_IN) } else { typed }
}

fn equation_of(form: &Form, check: CheckId) -> Option<&Equation> {
    match &form.rules.check(check)?.kind {
        CheckKind::Equation(equation) => Some(equation),
        CheckKind::Missing(_)
        | CheckKind::Negative(_)
        | CheckKind::TooLarge(_)
        | CheckKind::NotNil(_)
        | CheckKind::MakesRules(_)
        | CheckKind::Jump { .. }
        | CheckKind::TextMissing(_) => None,
    }
}

/// Twice the logarithm to base 2, rounded down; 0 of 0.
fn half_bits(number: u64) -> i64 {
    let square = u128::from(number).saturating_mul(u128::from(number));
    square.checked_ilog2().map_or(0, i64::from)
}
