//! Roll-ups with what goes with them. Changes nothing.

use std::sync::Arc;

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use crate::domain::{Drift, Rollup, Scope, TotalKey};
use crate::words::{Position, UnitCode, limits};

/// A roll-up with the lists that go with it.
#[derive(Debug)]
pub struct RollupAnswer {
    /// Figures and counts.
    pub rollup: Rollup,
    /// Units that were refused and have not filed; not told of an earlier position.
    pub refused: Option<i64>,
    /// The first units that have not filed.
    pub missing: Vec<UnitCode>,
    /// Those of them that were refused.
    pub missing_refused: Vec<UnitCode>,
    /// Units without children that contributed a CONSOLIDATED report.
    pub not_broken_down: Vec<UnitCode>,
    /// Reports of the year count once approved.
    pub requires_approval: bool,
    /// Where it is certified: cells that are no longer what was certified. Not told
    /// of an earlier position.
    pub stale: Option<Vec<Drift>>,
}

/// A unit that has not filed.
#[derive(Debug)]
pub struct MissingUnit {
    /// Its code.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// It tried and was refused; never so of an earlier position.
    pub refused: bool,
}

impl Desk {
    /// The total of a unit, with what it covers.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`] if it is not in the tree of that year.
    pub fn rollup(&self, key: &TotalKey, at: At) -> Result<RollupAnswer, SubmitError> {
        let TotalKey { family, unit, year, .. } = key;
        self.at(at, &below(key), |state| {
            let rollup = state.rollup(key).ok_or_else(|| SubmitError::UnknownUnit(unit.clone(), *year))?;
            let missing = state.missing(family, unit, *year, None, limits::LISTED_CODES);
            let missing: Vec<UnitCode> = missing.into_iter().map(|(code, _)| code).collect();
            let attempts = self.attempts.read();
            let was_refused = |code: &&UnitCode| at.tells_attempts() && attempts.of_unit(family, *year, code);
            Ok(RollupAnswer {
                refused: at.tells_attempts().then(|| attempts.refused(state, family, *year, unit)),
                missing_refused: missing.iter().filter(was_refused).cloned().collect(),
                requires_approval: state.roster(family, *year).requires_approval,
                stale: state.closed_year(key).map(|closed| state.drift(&closed.statement)),
                not_broken_down: state.not_broken_down(key, limits::LISTED_CODES),
                missing,
                rollup,
            })
        })
    }

    /// Units that have not filed, after a given one.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`] if the unit is not in the tree of that year.
    pub fn missing(
        &self,
        key: &TotalKey,
        after: Option<&UnitCode>,
        most: usize,
        at: At,
    ) -> Result<(Position, Vec<MissingUnit>), SubmitError> {
        let TotalKey { family, unit, year, .. } = key;
        self.at(at, &below(key), |state| {
            if !state.has_unit(unit, *year) {
                return Err(SubmitError::UnknownUnit(unit.clone(), *year));
            }
            let attempts = self.attempts.read();
            let rows = state.missing(family, unit, *year, after, most).into_iter().map(|(unit, name)| {
                let refused = at.tells_attempts() && attempts.of_unit(family, *year, &unit);
                MissingUnit { unit, name, refused }
            });
            Ok((state.head(), rows.collect()))
        })
    }
}

/// What a question about a total speaks of.
pub(super) fn below(key: &TotalKey) -> Scope {
    Scope::Below(key.family.clone(), vec![key.year], vec![key.unit.clone()])
}
