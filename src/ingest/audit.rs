//! The ledger as a list of acts: who did what, when and why. Figures and texts are
//! left out. Changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::desk::Desk;
use super::outcome::SubmitError;
use crate::domain::State;
use crate::domain::event::{Event, EventKind, Review, SeriesKey};
use crate::words::{Digest, Position, Revision, Timestamp, UnitCode, Year, limits};

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditQuestion {
    /// About this unit and all below it; none: about all.
    pub unit: Option<UnitCode>,
    /// By this principal; none: by all.
    pub principal: Option<Arc<str>>,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// An act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the ledger.
    pub position: Position,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub principal: Arc<str>,
    /// What: a stable word.
    pub kind: &'static str,
    /// What it is about.
    pub about: About,
    /// Why, where it was said.
    pub reason: String,
    /// The chain up to and with it.
    pub chain_hash: Digest,
}

/// What an act is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// A series, or its unit and year alone.
    pub series: Option<SeriesKey>,
    /// A year without a series.
    pub year: Option<Year>,
    /// A revision.
    pub revision: Option<Revision>,
    /// Units, where they are several or stand alone.
    pub units: Vec<UnitCode>,
}

impl Desk {
    /// Acts that fit, in order, after a position. Gives the head, the acts, and
    /// where to go on; so many events are looked at that a page may be empty.
    ///
    /// # Errors
    /// [`SubmitError::Unreadable`].
    pub fn audit(
        &self,
        question: &AuditQuestion,
        after: Position,
        most: usize,
    ) -> Result<(Position, Vec<AuditEntry>, Option<Position>), SubmitError> {
        let head = self.head();
        let last = head.0.min(after.0.saturating_add(limits::AUDIT_READ));
        let mut found = Vec::new();
        let wanted: BTreeSet<Position> = (after.next().0..=last).map(Position).collect();
        let read = self.reader.chained_events(&wanted, &|id| self.state.read().form(id));
        let read = read.map_err(SubmitError::unreadable)?;
        let state = self.state.read();
        for (event, chain_hash) in read {
            if found.len() >= most {
                return Ok((head, found, Some(Position(event.position.0.saturating_sub(1)))));
            }
            let (kind, mut about) = told(&event.kind);
            if question.fits(&state, &event, &about) {
                if let Some(root) = &question.unit {
                    // whoever asks about a unit is told of it and those below it
                    let year = about.year;
                    about.units.retain(|unit| is_within(&state, unit, root, year, event.position));
                }
                let Event { position, time, principal, reason, .. } = event;
                found.push(AuditEntry { position, time, principal, kind, about, reason, chain_hash });
            }
        }
        Ok((head, found, (last < head.0).then_some(Position(last))))
    }
}

impl AuditQuestion {
    fn fits(&self, state: &State, event: &Event, about: &About) -> bool {
        let in_time =
            self.from.is_none_or(|from| event.time >= from) && self.until.is_none_or(|until| event.time < until);
        let by = self.principal.as_ref().is_none_or(|principal| *principal == event.principal);
        in_time && by && self.unit.as_ref().is_none_or(|root| about.concerns(state, root, event.position))
    }
}

impl About {
    /// Whether it is about a unit or one below it, as they stood at that position.
    fn concerns(&self, state: &State, root: &UnitCode, at: Position) -> bool {
        let year = self.series.as_ref().map(|series| series.year).or(self.year);
        let within = |unit: &UnitCode| is_within(state, unit, root, year, at);
        self.series.iter().map(|series| &series.unit).chain(&self.units).any(within)
    }
}

/// Whether a unit is another or stands below it as it was told at a position: in a
/// year, or in any in which something begins.
fn is_within(state: &State, unit: &UnitCode, root: &UnitCode, year: Option<Year>, at: Position) -> bool {
    let units = state.units();
    match year {
        _ if unit == root => true,
        Some(year) => units.is_within_at(unit, root, year, at),
        None => {
            let mut entries = units.history_at(unit.as_str(), at).iter();
            entries.any(|entry| units.is_within_at(unit, root, entry.from_year, at))
        }
    }
}

/// The word for what happened, and what it is about.
fn told(kind: &EventKind) -> (&'static str, About) {
    let series = |series: &SeriesKey, revision| About { series: Some(series.clone()), revision, ..About::default() };
    match kind {
        EventKind::FormRegistered(_) => ("FORM_REGISTERED", About::default()),
        EventKind::UnitsApplied(applied) => {
            let units: BTreeSet<&UnitCode> = applied.units.iter().map(|entry| &entry.code).collect();
            ("UNITS_APPLIED", About { units: units.into_iter().cloned().collect(), ..About::default() })
        }
        EventKind::ReportAccepted(accepted) => ("REPORT_ACCEPTED", series(&accepted.series, Some(accepted.revision))),
        EventKind::ReportWithdrawn(withdrawn) => {
            ("REPORT_WITHDRAWN", series(&withdrawn.series, Some(withdrawn.revision)))
        }
        EventKind::QueryExplained(explained) => ("QUERY_EXPLAINED", series(&explained.series, None)),
        EventKind::RosterApplied(applied) => {
            let units = applied.dispositions.iter().map(|(unit, _)| unit.clone()).collect();
            ("ROSTER_APPLIED", About { year: Some(applied.year), units, ..About::default() })
        }
        EventKind::DeadlineExtended(extended) => {
            let units = vec![extended.unit.clone()];
            ("DEADLINE_EXTENDED", About { year: Some(extended.year), units, ..About::default() })
        }
        EventKind::ReportReviewed(reviewed) => {
            let word = match reviewed.review {
                Review::Approved => "REPORT_APPROVED",
                Review::Returned => "REPORT_RETURNED",
            };
            (word, series(&reviewed.series, Some(reviewed.revision)))
        }
        EventKind::PublicationRecorded(recorded) => ("PUBLICATION_RECORDED", series(&recorded.series, None)),
        EventKind::YearClosed(closed) => {
            let total = &closed.statement.total;
            let units = vec![total.unit.clone()];
            ("YEAR_CLOSED", About { year: Some(total.year), units, ..About::default() })
        }
        EventKind::YearReopened(reopened) => {
            let units = vec![reopened.total.unit.clone()];
            ("YEAR_REOPENED", About { year: Some(reopened.total.year), units, ..About::default() })
        }
        EventKind::TokenIssued(_) => ("TOKEN_ISSUED", About::default()),
        EventKind::TokenRevoked(_) => ("TOKEN_REVOKED", About::default()),
        EventKind::TextRedacted(redacted) => ("TEXT_REDACTED", series(&redacted.series, None)),
    }
}
