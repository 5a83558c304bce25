//! What offices and senders ask the desk to do with reports and years. Each waits
//! until it is durable.

use std::sync::Arc;

use super::act::Act;
use super::batch::Work;
use super::desk::Desk;
use super::moment::At;
use super::outcome::{SubmitError, within};
use super::roster::RosterPlan;
use crate::domain::event::{EventKind, RosterApplied, SeriesKey};
use crate::domain::{Signed, TotalKey};
use crate::words::{Digest, Position, limits};

/// That a reason is stated.
fn stated(reason: &str) -> Result<(), SubmitError> {
    if reason.trim().is_empty() {
        return Err(SubmitError::Invalid("reason: is not stated".to_owned()));
    }
    Ok(())
}

impl Desk {
    /// Decides something about a stored report or a year.
    ///
    /// # Errors
    /// [`SubmitError::Precondition`] or [`SubmitError::Invalid`], which say why not.
    pub async fn act(&self, act: Act, reason: String, principal: Arc<str>) -> Result<Position, SubmitError> {
        within("reason", &reason, limits::REASON_BYTES)?;
        match &act {
            Act::Review { words, cells, .. } => {
                within("reason", words, limits::EXPLANATION_BYTES)?;
                if cells.len() > limits::REVIEW_CELLS {
                    return Err(SubmitError::Invalid(format!("cells: more than {}", limits::REVIEW_CELLS)));
                }
            }
            Act::Publish { address, .. } => {
                within("address", address, limits::ADDRESS_BYTES)?;
                if !address.starts_with("https://") && !address.starts_with("http://") {
                    return Err(SubmitError::Invalid("address: begins with https:// or http://".to_owned()));
                }
            }
            Act::Redact { series, text } => {
                self.expect_text(series, text)?;
                stated(&reason)?;
            }
            Act::Extend { .. } | Act::Reopen(_) => stated(&reason)?,
            Act::Withdraw { .. } => {}
        }
        self.ask(|reply| Work::Act { act, reason, principal, reply }).await
    }

    /// Replaces the roster of a year, or only says what that would change.
    ///
    /// # Errors
    /// [`SubmitError::Invalid`] with everything that is wrong;
    /// [`SubmitError::Precondition`] where a closed year would move.
    pub async fn apply_roster(
        &self,
        applied: RosterApplied,
        validate_only: bool,
        reason: String,
        principal: Arc<str>,
    ) -> Result<(Position, RosterPlan), SubmitError> {
        within("reason", &reason, limits::REASON_BYTES)?;
        if applied.dispositions.len() > limits::UNITS_PER_APPLY {
            return Err(SubmitError::Invalid(format!("dispositions: more than {}", limits::UNITS_PER_APPLY)));
        }
        self.family(Some(applied.family.clone()), applied.year, At::NOW)?;
        self.ask(|reply| Work::Roster { applied, validate_only, reason, principal, reply }).await
    }

    /// Certifies a total. Queries that are open and reports that are not reviewed
    /// need a reason to do it all the same.
    ///
    /// # Errors
    /// [`SubmitError::Precondition`] names what is in the way.
    pub async fn close_year(
        &self,
        total: TotalKey,
        override_reason: Option<Arc<str>>,
        principal: Arc<str>,
    ) -> Result<(Position, Signed), SubmitError> {
        within("override_reason", override_reason.as_deref().unwrap_or_default(), limits::REASON_BYTES)?;
        self.ask(|reply| Work::Close { total, override_reason, principal, reply }).await
    }

    /// The signed statement of a closed year.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`] if it is not closed, or [`SubmitError::Unreadable`].
    pub fn statement(&self, total: &TotalKey) -> Result<(Position, Signed), SubmitError> {
        let state = self.state.read();
        let closed = state.closed_year(total).map(|closed| closed.position);
        let position =
            closed.ok_or_else(|| SubmitError::NotFound(format!("{} of {} is not closed", total.year, total.unit)))?;
        let read = self.reader.event(position, &|id| state.form(id));
        let (event, _) = read.map_err(SubmitError::unreadable)?;
        let EventKind::YearClosed(closed) = event.kind else {
            return Err(SubmitError::Unreadable(format!("event {position} closes no year")));
        };
        Ok((position, closed.signed))
    }

    /// That a text stands beside a series.
    fn expect_text(&self, series: &SeriesKey, text: &Digest) -> Result<(), SubmitError> {
        if self.texts_of(series)?.contains(text) {
            return Ok(());
        }
        Err(SubmitError::NotFound(format!("no text {text} stands beside this series")))
    }

    /// Digests of all texts that stand beside a series.
    fn texts_of(&self, key: &SeriesKey) -> Result<Vec<Digest>, SubmitError> {
        let changes = self.with_state(|state| state.series(key).map(|series| series.changes().to_vec()));
        let positions = changes.unwrap_or_default().into_iter().collect();
        let read = self.reader.events(&positions, &|id| self.state.read().form(id));
        let events = read.map_err(SubmitError::unreadable)?;
        let text = |kind: &EventKind| match kind {
            EventKind::ReportAccepted(accepted) if accepted.series == *key => accepted.texts,
            EventKind::QueryExplained(explained) if explained.series == *key => Some(explained.text),
            EventKind::ReportReviewed(reviewed) if reviewed.series == *key => reviewed.text,
            EventKind::ReportAccepted(_)
            | EventKind::QueryExplained(_)
            | EventKind::ReportReviewed(_)
            | EventKind::FormRegistered(_)
            | EventKind::UnitsApplied(_)
            | EventKind::ReportWithdrawn(_)
            | EventKind::TokenIssued(_)
            | EventKind::TokenRevoked(_)
            | EventKind::RosterApplied(_)
            | EventKind::DeadlineExtended(_)
            | EventKind::PublicationRecorded(_)
            | EventKind::YearClosed(_)
            | EventKind::YearReopened(_)
            | EventKind::TextRedacted(_) => None,
        };
        Ok(events.iter().filter_map(|event| text(&event.kind)).collect())
    }
}
