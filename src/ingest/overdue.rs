//! Whom to remind, and of what (催报). Changes nothing.

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use super::rollup::below;
use crate::domain::{TotalKey, UnitDuty};
use crate::words::{Position, Timestamp, UnitCode};

impl Desk {
    /// Units below one, and itself, with something to do whose deadline is over at
    /// an instant: in order of code, after a given one.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`] if the unit is not in the tree of that year.
    pub fn overdue(
        &self,
        key: &TotalKey,
        as_of: Timestamp,
        after: Option<&UnitCode>,
        most: usize,
        at: At,
    ) -> Result<(Position, Vec<UnitDuty>), SubmitError> {
        self.at(at, &below(key), |state| {
            let rows = state.overdue(&key.family, &key.unit, key.year, as_of, after, most);
            let rows = rows.ok_or_else(|| SubmitError::UnknownUnit(key.unit.clone(), key.year))?;
            Ok((state.head(), rows))
        })
    }
}
