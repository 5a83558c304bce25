//! What reviewers and publishers recorded of a report, read back from the ledger.

use std::sync::Arc;

use super::desk::Desk;
use super::outcome::SubmitError;
use crate::domain::event::{Event, EventKind, Review};
use crate::domain::{Series, State};
use crate::words::{Day, Position, Revision, Timestamp};

/// What a reviewer decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRecord {
    /// Approved or returned.
    pub review: Review,
    /// Who.
    pub principal: Arc<str>,
    /// When.
    pub time: Timestamp,
    /// The reviewer's words; empty: none, or they were taken out.
    pub words: String,
    /// Paths of the cells that are meant.
    pub cells: Vec<Arc<str>>,
    /// Its place in the ledger.
    pub position: Position,
}

/// Where a report is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRecord {
    /// Where.
    pub address: Arc<str>,
    /// Since when.
    pub date: Day,
    /// Who recorded it.
    pub principal: Arc<str>,
    /// Its place in the ledger.
    pub position: Position,
}

impl Desk {
    /// What a reviewer decided on a revision.
    pub(super) fn review_of(
        &self,
        state: &State,
        series: &Series,
        revision: Revision,
    ) -> Result<Option<ReviewRecord>, SubmitError> {
        let Some((_, position)) = series.reviewed(revision) else { return Ok(None) };
        let Event { principal, time, kind, .. } = self.event_at(state, position)?;
        let EventKind::ReportReviewed(reviewed) = kind else { return Err(misplaced(position)) };
        let text = reviewed.text.filter(|text| !state.is_redacted(text));
        let text = text.map(|text| self.reader.text(&text)).transpose();
        let text = text.map_err(SubmitError::unreadable)?;
        let words = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
        Ok(Some(ReviewRecord { review: reviewed.review, principal, time, words, cells: reviewed.cells, position }))
    }

    /// Where the report of a series is public.
    pub(super) fn publication_of(
        &self,
        state: &State,
        series: &Series,
    ) -> Result<Option<PublicationRecord>, SubmitError> {
        let Some(published) = series.published() else { return Ok(None) };
        let position = published.position;
        let Event { principal, kind, .. } = self.event_at(state, position)?;
        let EventKind::PublicationRecorded(recorded) = kind else { return Err(misplaced(position)) };
        Ok(Some(PublicationRecord { address: recorded.address, date: recorded.date, principal, position }))
    }

    fn event_at(&self, state: &State, position: Position) -> Result<Event, SubmitError> {
        let read = self.reader.event(position, &|id| state.form(id));
        read.map(|(event, _)| event).map_err(SubmitError::unreadable)
    }
}

fn misplaced(position: Position) -> SubmitError {
    SubmitError::Unreadable(format!("event {position} is not what its series says"))
}
