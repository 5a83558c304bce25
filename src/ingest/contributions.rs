//! A total of one cell, taken apart. Changes nothing.

use std::sync::Arc;

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use super::rollup::below;
use crate::domain::{Contribution, Standing, State, TotalKey};
use crate::form::{Form, Reader};
use crate::words::{Coverage, Position};

/// Which contributions to list, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing {
    /// The largest first, then those that do not count; else in the order of the tree.
    pub by_size: bool,
    /// Also reports that add 0.
    pub zeros: bool,
    /// Entries passed over.
    pub skip: usize,
    /// Entries at most.
    pub most: usize,
}

/// A total of one cell, taken apart.
#[derive(Debug)]
pub struct ExplainAnswer {
    /// Ledger position it speaks of.
    pub position: Position,
    /// The form of that family and year.
    pub form: Arc<Form>,
    /// Name of the unit in that year.
    pub unit_name: Arc<str>,
    /// Index of the cell.
    pub cell: usize,
    /// The total.
    pub total: i64,
    /// Number of reports that count.
    pub counted: usize,
    /// Of these, reports that add 0.
    pub zero: usize,
    /// Number of units and reports that do not count.
    pub excluded: usize,
    /// What was asked for.
    pub contributions: Vec<Contribution>,
}

impl Desk {
    /// Takes the total of a unit in one cell apart.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`]; [`SubmitError::Invalid`] for a cell the form does not have.
    pub fn explain_cell(
        &self,
        key: &TotalKey,
        path: &str,
        listing: Listing,
        at: At,
    ) -> Result<ExplainAnswer, SubmitError> {
        self.at(at, &below(key), |state| {
            let unknown = || SubmitError::UnknownUnit(key.unit.clone(), key.year);
            let rollup = state.rollup(key).ok_or_else(unknown)?;
            let cell = rollup.form.cells().find(path).ok_or_else(|| no_cell(&rollup.form, path))?;
            let mut all = state.contributions(key, cell).ok_or_else(unknown)?;
            let counts = |each: &&Contribution| each.standing == Standing::Counted;
            let is_zero = |each: &Contribution| each.value.unwrap_or(0) == 0;
            let counted = all.iter().filter(counts).count();
            let zero = all.iter().filter(counts).filter(|each| is_zero(each)).count();
            let excluded = all.len().saturating_sub(counted);
            if !listing.zeros {
                all.retain(|each| each.standing != Standing::Counted || !is_zero(each));
            }
            if listing.by_size {
                let size = |each: &Contribution| std::cmp::Reverse(each.value.unwrap_or(0).unsigned_abs());
                all.sort_by_key(|each| (each.standing != Standing::Counted, size(each)));
            }
            let mut contributions: Vec<Contribution> = all.into_iter().skip(listing.skip).take(listing.most).collect();
            if at.tells_attempts() {
                contributions.iter_mut().for_each(|each| self.tell_attempt(state, key, cell, each));
            }
            let total = rollup.total.cells.get(cell).copied().unwrap_or_default();
            let (position, form, unit_name) = (rollup.position, rollup.form, rollup.unit_name);
            Ok(ExplainAnswer { position, form, unit_name, cell, total, counted, zero, excluded, contributions })
        })
    }

    /// Marks a unit without a report as refused, if it tried.
    fn tell_attempt(&self, state: &State, key: &TotalKey, cell: usize, each: &mut Contribution) {
        if !matches!(each.standing, Standing::Missing | Standing::Withdrawn) {
            return;
        }
        for coverage in [Coverage::Consolidated, Coverage::Own] {
            let series = key.series(each.unit.clone(), coverage);
            if let Some((attempt, form)) = self.attempt_since(state, &series) {
                each.standing = Standing::Refused;
                let mut reader = Reader::default();
                // a report above the limit is kept without its bytes
                if !attempt.report.is_empty() && reader.read(&form, &attempt.report).is_ok() {
                    each.value = reader.figures(attempt.statements).get(form.cells(), cell);
                }
                return;
            }
        }
    }
}

/// Says that there is no such cell, and which ones are like it.
pub(super) fn no_cell(form: &Form, path: &str) -> SubmitError {
    const NAMED: usize = 5;
    let last = path.rsplit('.').next().unwrap_or(path);
    let alike = form.cells().iter().filter(|cell| !path.is_empty() && cell.path.contains(path));
    let by_name = form.cells().iter().filter(|cell| !last.is_empty() && cell.path.split('.').any(|part| part == last));
    let mut named: Vec<&str> = alike.chain(by_name).map(|cell| cell.path.as_str()).collect();
    named.dedup();
    named.truncate(NAMED);
    let hint = if named.is_empty() { String::new() } else { format!("; like it are {}", named.join(", ")) };
    SubmitError::Invalid(format!("{} has no cell {path:?}{hint}", form.name()))
}
