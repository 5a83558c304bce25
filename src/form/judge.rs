//! Judging a report: every check, all findings at once.
//!
//! Two steps: what the report alone decides, and what needs the report of the
//! year before or the unit. Neither allocates for a report that is right.

use super::Form;
use super::finding::{CheckId, FindingRecord, Verdict};
use super::read::Reader;
use super::rules::{Addend, CheckKind, Equation};
use super::table::CellTable;

/// What the sender states about the whole report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statements {
    /// Blank cells mean 0.
    pub blank_means_zero: bool,
    /// There was nothing to report: every flow is 0.
    pub nil_report: bool,
}

impl Statements {
    /// Whether an absent required cell counts as 0.
    #[must_use]
    pub fn absent_is_zero(self) -> bool {
        self.blank_means_zero || self.nil_report
    }
}

/// Figures of one report as checks see them.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// By cell; 0 where absent.
    pub values: &'a [i64],
    /// Presence words.
    pub present: &'a [u64],
    /// Absent required cells count as 0.
    pub absent_is_zero: bool,
}

impl Figures<'_> {
    /// The figure of a cell, if there is one.
    #[must_use]
    pub fn get(&self, cells: &CellTable, cell: usize) -> Option<i64> {
        let stated = CellTable::is_set(self.present, cell) || self.absent_is_zero && cells.is_required(cell);
        stated.then(|| self.values.get(cell).copied()).flatten()
    }
}

/// What checks need to know of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitFacts {
    /// May make government rules, itself or as the office of a parent that may;
    /// none: not known.
    pub makes_rules: Option<bool>,
    /// It did not exist in the year before, so it carried nothing in: its figures
    /// of that year are 0, where those of others would be unknown.
    pub newly_founded: bool,
}

impl Reader {
    /// The figures that were read, as checks see them.
    #[must_use]
    pub fn figures(&self, statements: Statements) -> Figures<'_> {
        Figures { values: &self.values, present: &self.present, absent_is_zero: statements.absent_is_zero() }
    }
}

impl Form {
    /// Checks what the report alone decides; appends findings in order of check.
    pub fn check_report(&self, reader: &mut Reader, statements: Statements, found: &mut Vec<FindingRecord>) {
        let first = found.len();
        if !self.balances(reader) {
            self.check_cells(reader, statements, found);
        }
        if statements.nil_report {
            for &cell in &reader.nonzero {
                if let (Some(check), value) = (at(&self.rules.not_nil, cell), reader.values.get(cell).copied()) {
                    found.push(FindingRecord { check, verdict: Verdict::Fail, left: value, right: Some(0) });
                }
            }
        }
        let figures = reader.figures(statements);
        for &check in &self.rules.where_stated {
            if let Some(CheckKind::Equation(equation)) = self.rules.check(check).map(|check| &check.kind) {
                found.extend(self.where_stated(check, equation, figures));
            }
        }
        for &check in &self.rules.texts {
            if let Some(CheckKind::TextMissing(text)) = self.rules.check(check).map(|check| &check.kind)
                && !CellTable::is_set(&reader.texts_stated, *text)
            {
                found.push(FindingRecord { check, verdict: Verdict::Fail, left: None, right: None });
            }
        }
        self.check_claims(reader, figures, found);
        found.get_mut(first..).unwrap_or_default().sort_unstable_by_key(|finding| finding.check);
    }

    /// Whether every required cell is stated, every figure is within its bounds
    /// and every identity holds. Only figures that are not 0 are looked at.
    fn balances(&self, reader: &mut Reader) -> bool {
        let complete = self.cells.required().iter().zip(&reader.present).all(|(due, stated)| due & stated == *due);
        reader.residuals.clear();
        reader.residuals.resize(self.rules.slots.len(), 0);
        let mut within = true;
        for &cell in &reader.nonzero {
            let value = reader.values.get(cell).copied().unwrap_or(0);
            within &= self.cells.is_within(cell, value);
            for &(slot, taken_away) in self.rules.slots_of_cell.get(cell).into_iter().flatten() {
                if let Some(residual) = reader.residuals.get_mut(slot) {
                    // exact while figures are within bounds: limits::FIGURE_MAX × limits::CELLS_PER_FORM fits
                    *residual = residual.wrapping_add(if taken_away { value.wrapping_neg() } else { value });
                }
            }
        }
        complete && within && reader.residuals.iter().all(|&residual| residual == 0)
    }

    /// The long way, for a report with something wrong.
    fn check_cells(&self, reader: &Reader, statements: Statements, found: &mut Vec<FindingRecord>) {
        let figures = reader.figures(statements);
        let fail = |check, left, right| FindingRecord { check, verdict: Verdict::Fail, left, right };
        for cell in 0..self.cells.len() {
            match figures.get(&self.cells, cell) {
                None => found.extend(at(&self.rules.missing, cell).map(|check| fail(check, None, None))),
                Some(value) if value < 0 => {
                    let min = self.cells.get(cell).map_or(0, |cell| cell.min);
                    let list = if min < 0 { &self.rules.too_large } else { &self.rules.negative };
                    let below = at(list, cell).filter(|_| value < min);
                    found.extend(below.map(|check| fail(check, Some(value), Some(min))));
                }
                Some(value) => {
                    let max = self.cells.get(cell).map_or(i64::MAX, |cell| cell.max);
                    let above = at(&self.rules.too_large, cell).filter(|_| value > max);
                    found.extend(above.map(|check| fail(check, Some(value), Some(max))));
                }
            }
        }
        for &check in &self.rules.slots {
            if let Some(CheckKind::Equation(equation)) = self.rules.check(check).map(|check| &check.kind) {
                found.extend(self.equation(check, equation, figures, None));
            }
        }
    }

    /// Judges an equation; nothing if it holds.
    fn equation(
        &self,
        check: CheckId,
        equation: &Equation,
        now: Figures<'_>,
        prior: Option<Figures<'_>>,
    ) -> Option<FindingRecord> {
        let left = self.sum(&equation.left, now, prior);
        let right = self.sum(&equation.right, now, prior);
        let verdict = match (left, right) {
            (Some(left), Some(right)) if left == right => return None,
            (Some(_), Some(_)) => Verdict::Fail,
            _ => Verdict::NotAssessable,
        };
        Some(FindingRecord { check, verdict, left: left.map(clamp), right: right.map(clamp) })
    }

    /// Judges an equation over cells that need not be stated. With some addends
    /// not stated, those stated must not exceed the total.
    fn where_stated(&self, check: CheckId, equation: &Equation, now: Figures<'_>) -> Option<FindingRecord> {
        let right = self.sum(&equation.right, now, None)?;
        let whole = self.sum(&equation.left, now, None);
        let left = whole.or_else(|| {
            let stated: Vec<Addend> =
                equation.left.iter().filter(|addend| now.get(&self.cells, addend.cell).is_some()).cloned().collect();
            self.sum(&stated, now, None)
        })?;
        let holds = if whole.is_some() { left == right } else { left <= right };
        (!holds).then(|| FindingRecord {
            check,
            verdict: Verdict::Fail,
            left: Some(clamp(left)),
            right: Some(clamp(right)),
        })
    }

    /// The sum of addends; none where one of them has no figure.
    pub(super) fn sum(&self, addends: &[Addend], now: Figures<'_>, prior: Option<Figures<'_>>) -> Option<i128> {
        addends.iter().try_fold(0_i128, |sum, addend| {
            let year = if addend.prior_year { prior? } else { now };
            let value = i128::from(year.get(&self.cells, addend.cell)?);
            if addend.subtract { sum.checked_sub(value) } else { sum.checked_add(value) }
        })
    }

    /// What the prose states about cells.
    fn check_claims(&self, reader: &Reader, figures: Figures<'_>, found: &mut Vec<FindingRecord>) {
        if self.rules.claims.is_none() {
            return;
        }
        let checks = self.claim_checks(reader.claims.iter().map(|claim| claim.quote.as_str()));
        for (claim, check) in reader.claims.iter().zip(checks) {
            let sum = claim.cells.iter().try_fold(0_i128, |sum, path| {
                let value = figures.get(&self.cells, self.cells.find(path)?)?;
                sum.checked_add(i128::from(value))
            });
            let sum = sum.filter(|_| !claim.cells.is_empty()).map(clamp);
            let verdict = match (sum, claim.value) {
                (Some(sum), Some(value)) if sum == value => continue,
                (Some(_), Some(_)) => Verdict::Fail,
                _ => Verdict::NotAssessable,
            };
            found.push(FindingRecord { check, verdict, left: sum, right: claim.value });
        }
    }

    /// Checks what needs the year before or the unit; appends findings in order
    /// of check. An unknown year before is not a year of zeros.
    pub fn check_beyond(
        &self,
        now: Figures<'_>,
        prior: Option<Figures<'_>>,
        unit: UnitFacts,
        found: &mut Vec<FindingRecord>,
    ) {
        let (values, present) = (vec![0; if unit.newly_founded { self.cells.len() } else { 0 }], self.cells.required());
        let nothing = Figures { values: &values, present, absent_is_zero: true };
        let carried_in = prior.or(unit.newly_founded.then_some(nothing));
        let first = found.len();
        for &check in &self.rules.carried {
            let finding = match self.rules.check(check).map(|check| &check.kind) {
                Some(CheckKind::Equation(equation)) => self.equation(check, equation, now, carried_in),
                Some(CheckKind::MakesRules(cell)) => self.makes_rules(check, *cell, now, unit),
                _ => None,
            };
            found.extend(finding);
        }
        if let Some(prior) = prior {
            let is_some = |year: Figures<'_>, cell| year.values.get(cell).is_some_and(|value| *value != 0);
            for &(cell, check) in &self.rules.jumps {
                // from 0 to 0 nothing jumps
                if (is_some(now, cell) || is_some(prior, cell))
                    && let Some(CheckKind::Jump { ratio, floor, .. }) = self.rules.check(check).map(|check| &check.kind)
                {
                    found.extend(self.jump(check, cell, (*ratio, *floor), now, prior));
                }
            }
        }
        found.get_mut(first..).unwrap_or_default().sort_unstable_by_key(|finding| finding.check);
    }

    fn makes_rules(&self, check: CheckId, cell: usize, now: Figures<'_>, unit: UnitFacts) -> Option<FindingRecord> {
        let value = now.get(&self.cells, cell);
        let verdict = match (value, unit.makes_rules) {
            (Some(0), _) | (_, Some(true)) => return None,
            (Some(_), Some(false)) => Verdict::Fail,
            (None, _) | (_, None) => Verdict::NotAssessable,
        };
        Some(FindingRecord { check, verdict, left: value, right: Some(0) })
    }

    fn jump(
        &self,
        check: CheckId,
        cell: usize,
        (ratio, floor): (i64, i64),
        now: Figures<'_>,
        prior: Figures<'_>,
    ) -> Option<FindingRecord> {
        let (left, right) = (now.get(&self.cells, cell)?, prior.get(&self.cells, cell)?);
        let far = |large: i64, small: i64| i128::from(large) > i128::from(small).saturating_mul(ratio.into());
        let jumps = left.max(right) >= floor && (far(left, right) || far(right, left));
        jumps.then_some(FindingRecord { check, verdict: Verdict::Fail, left: Some(left), right: Some(right) })
    }

    /// How many identities of the report hold, of how many.
    #[must_use]
    pub fn identities_held(&self, found: &[FindingRecord]) -> (usize, usize) {
        let all = &self.rules.slots;
        let failed = found.iter().filter(|finding| all.binary_search(&finding.check).is_ok()).count();
        (all.len().saturating_sub(failed), all.len())
    }

    /// The verdict on a report: errors decide, queries and notices never do.
    #[must_use]
    pub fn verdict(&self, found: &[FindingRecord]) -> Verdict {
        let errors = found.iter().filter(|finding| self.severity(finding.check) == super::Severity::Error);
        errors.map(|finding| finding.verdict).fold(Verdict::Pass, |worst, verdict| match (worst, verdict) {
            (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
            (Verdict::NotAssessable, _) | (_, Verdict::NotAssessable) => Verdict::NotAssessable,
            (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
        })
    }
}

fn at(list: &[Option<CheckId>], cell: usize) -> Option<CheckId> {
    list.get(cell).copied().flatten()
}

/// A side as it is shown: sums beyond i64 only arise from figures far above
/// their bound, which are findings of their own.
fn clamp(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
