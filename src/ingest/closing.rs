//! Closing a year: a unit's roll-up certified, and what would move a certified one.

use std::sync::Arc;

use super::outcome::SubmitError;
use super::writer::Writer;
use crate::domain::event::YearClosed;
use crate::domain::{Contribution, Contributor, Drift, Rollup, Standing, State, Statement, TotalKey};
use crate::words::UnitCode;

/// A certified roll-up that a change moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertifiedChange {
    /// Which one.
    pub total: TotalKey,
    /// Cell by cell, with what was certified.
    pub cells: Vec<Drift>,
}

/// What keeps a year from being closed.
#[derive(Debug, Default)]
struct Obstacles {
    open_queries: i64,
    unreviewed: Vec<UnitCode>,
}

impl Obstacles {
    fn of(state: &State, rollup: &Rollup, total: &TotalKey, contributions: &[Contribution]) -> Self {
        let asks = state.roster(&total.family, total.year).requires_approval;
        let is_unreviewed = |part: &&Contribution| {
            let series = |coverage| state.series(&total.series(part.unit.clone(), coverage));
            let series = part.report.and_then(|(coverage, ..)| series(coverage));
            let current = series.and_then(|series| Some((series, series.current_revision()?.revision)));
            asks && current.is_some_and(|(series, revision)| series.reviewed(revision).is_none())
        };
        let unreviewed = contributions.iter().filter(is_unreviewed).map(|part| part.unit.clone()).collect();
        Self { open_queries: rollup.counts.open_queries, unreviewed }
    }

    fn is_empty(&self) -> bool {
        self.open_queries == 0 && self.unreviewed.is_empty()
    }

    fn told(&self) -> String {
        const NAMED: usize = 20;
        let named: Vec<&str> = self.unreviewed.iter().take(NAMED).map(UnitCode::as_str).collect();
        format!(
            "{} open queries, {} reports not reviewed{}{}; state an override reason to close it all the same",
            self.open_queries,
            self.unreviewed.len(),
            if named.is_empty() { "" } else { ": " },
            named.join(", ")
        )
    }
}

impl Writer {
    /// Certifies a total as it is applied now.
    pub(super) fn certify(
        &self,
        state: &State,
        total: TotalKey,
        override_reason: Option<Arc<str>>,
        principal: &Arc<str>,
    ) -> Result<YearClosed, SubmitError> {
        let unknown = || SubmitError::UnknownUnit(total.unit.clone(), total.year);
        if state.closed_year(&total).is_some() {
            let problem = format!("{} of {} is closed already; reopen it first", total.year, total.unit);
            return Err(SubmitError::Precondition(problem));
        }
        let rollup = state.rollup(&total).ok_or_else(unknown)?;
        let contributions = state.contributions(&total, 0).ok_or_else(unknown)?;
        let obstacles = Obstacles::of(state, &rollup, &total, &contributions);
        if !obstacles.is_empty() && override_reason.is_none() {
            return Err(SubmitError::Precondition(obstacles.told()));
        }
        let override_reason = override_reason.filter(|_| !obstacles.is_empty());
        let (position, head_hash) = self.ledger.head();
        let counted = contributions.into_iter().filter(|part| part.standing == Standing::Counted);
        let contributors = counted.filter_map(|part| contributor(state, &total, &part)).collect();
        let statement = Statement {
            unit_name: Arc::clone(&rollup.unit_name),
            position,
            head_hash,
            form: Arc::from(rollup.form.name()),
            form_digest: rollup.form.form_digest(),
            rules_digest: rollup.form.rules_digest(),
            cells: rollup.figures(),
            counts: rollup.counts,
            contributors,
            time: state.last_time().max((self.clock)()),
            principal: Arc::clone(principal),
            override_reason,
            total,
        };
        let signed = self.signer.sign(&statement).map_err(|error| SubmitError::Unavailable(error.to_string()))?;
        Ok(YearClosed { statement: Arc::new(statement), signed })
    }
}

fn contributor(state: &State, total: &TotalKey, part: &Contribution) -> Option<Contributor> {
    let (coverage, revision, position) = part.report?;
    let digest = state.series(&total.series(part.unit.clone(), coverage))?.stored(revision)?.digest;
    Some(Contributor { unit: part.unit.clone(), coverage, revision, position, digest })
}
