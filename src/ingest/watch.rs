//! Watching: changes of a unit and all below it, in the order of the ledger.
//!
//! A watch reads the ledger at its own pace, so nothing waits in memory for a
//! slow reader, and each change is told once wherever it was resumed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch::Receiver;

use super::desk::Desk;
use super::outcome::SubmitError;
use crate::domain::event::{Event, EventKind, Review, SeriesKey, UnitEntry};
use crate::domain::{Rollup, State, TotalKey};
use crate::words::{Position, Revision, Timestamp, UnitCode, limits};

/// A watch under way.
#[derive(Debug)]
pub struct Watch {
    desk: Arc<Desk>,
    heads: Receiver<Position>,
    watching: TotalKey,
    told: Position,
    /// The totals at that position were told, or nothing yet.
    totalled: Option<bool>,
}

/// Changes, and what they come to.
#[derive(Debug)]
pub struct Watched {
    /// Every change up to here has been told.
    pub position: Position,
    /// In order.
    pub changes: Vec<Change>,
    /// The total after them, if nothing more is waiting.
    pub rollup: Option<Rollup>,
}

/// One change.
#[derive(Debug)]
pub struct Change {
    /// Its place.
    pub position: Position,
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: Changed,
}

/// What happened.
#[derive(Debug)]
pub enum Changed {
    /// A report was accepted.
    Accepted(SeriesKey, Revision),
    /// A report was taken back.
    Withdrawn(SeriesKey, Revision),
    /// A query was explained.
    Explained(SeriesKey),
    /// Findings of a report changed with its year before or its unit; and of so
    /// many further ones that are not told one by one.
    Rejudged(SeriesKey, usize),
    /// A report was approved.
    Approved(SeriesKey, Revision),
    /// A report was returned.
    Returned(SeriesKey, Revision),
    /// A report was made public.
    Published(SeriesKey),
    /// The roster of the year, or a deadline, changed.
    Roster,
    /// A roll-up was certified.
    Closed,
    /// A certified roll-up was opened again.
    Reopened,
    /// Units of the tree changed.
    Units,
    /// A form, or new rules for one, came into force.
    Form,
}

impl Desk {
    /// Watches a unit: from a position on, or from now.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`], [`SubmitError::BeyondHead`].
    pub fn watch(self: Arc<Self>, watching: TotalKey, from: Option<Position>) -> Result<Watch, SubmitError> {
        let heads = self.heads.clone();
        let told = {
            let state = self.state.read();
            if !state.has_unit(&watching.unit, watching.year) {
                return Err(SubmitError::UnknownUnit(watching.unit, watching.year));
            }
            match from {
                Some(asked) if asked > state.head() => {
                    return Err(SubmitError::BeyondHead { asked, head: state.head() });
                }
                Some(asked) => asked,
                None => state.head(),
            }
        };
        Ok(Watch { desk: self, heads, watching, told, totalled: None })
    }
}

impl Watch {
    /// Every change up to here has been told.
    #[must_use]
    pub fn position(&self) -> Position {
        self.told
    }

    /// Waits until so many events were committed beyond what was told.
    pub async fn falls_behind(&self, events: u64) {
        let limit = self.told.0.saturating_add(events);
        let mut heads = self.heads.clone();
        if heads.wait_for(|head| head.0 > limit).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The next changes; the first time also if there are none yet.
    ///
    /// # Errors
    /// [`SubmitError::Unreadable`], or [`SubmitError::Unavailable`] when the service stops.
    pub async fn next(&mut self) -> Result<Watched, SubmitError> {
        let mut changes = Vec::new();
        loop {
            self.heads.borrow_and_update();
            let rollup = loop {
                if let Some(rollup) = self.read(&mut changes)? {
                    break Some(rollup);
                }
                if changes.len() >= limits::WATCHED_CHANGES {
                    break None;
                }
                tokio::task::yield_now().await;
            };
            if !changes.is_empty() || self.totalled != Some(true) {
                self.totalled = Some(rollup.is_some());
                return Ok(Watched { position: self.told, changes, rollup });
            }
            let stopped = |_| SubmitError::Unavailable("the service is stopping".to_owned());
            self.heads.changed().await.map_err(stopped)?;
        }
    }

    /// Reads on in the ledger; gives the total once nothing more is waiting.
    fn read(&mut self, changes: &mut Vec<Change>) -> Result<Option<Rollup>, SubmitError> {
        let head = {
            let state = self.desk.state.read();
            if state.head() == self.told {
                let unknown = || SubmitError::UnknownUnit(self.watching.unit.clone(), self.watching.year);
                return state.rollup(&self.watching).ok_or_else(unknown).map(Some);
            }
            state.head()
        };
        let last = head.0.min(self.told.0.saturating_add(limits::WATCH_READ));
        let wanted: BTreeSet<Position> = (self.told.next().0..=last).map(Position).collect();
        let events = self.desk.reader.events(&wanted, &|id| self.desk.state.read().form(id));
        let events = events.map_err(SubmitError::unreadable)?;
        let state = self.desk.state.read();
        for event in events {
            if changes.len() >= limits::WATCHED_CHANGES {
                break;
            }
            self.told = event.position;
            changes.extend(changed(&self.watching, &state, &event));
        }
        Ok(None)
    }
}

/// What an event changes in the units watched, as they stood at that event.
fn changed(watching: &TotalKey, state: &State, event: &Event) -> Vec<Change> {
    let (position, time) = (event.position, event.time);
    let within = |code: &UnitCode, at| state.units().is_within_at(code, &watching.unit, watching.year, at);
    let is_ours = |series: &SeriesKey| {
        series.family == watching.family && series.year == watching.year && within(&series.unit, position)
    };
    let is_total = |total: &TotalKey| {
        total.family == watching.family && total.year == watching.year && within(&total.unit, position)
    };
    let first = match &event.kind {
        EventKind::ReportAccepted(accepted) => {
            is_ours(&accepted.series).then(|| Changed::Accepted(accepted.series.clone(), accepted.revision))
        }
        EventKind::ReportWithdrawn(withdrawn) => {
            is_ours(&withdrawn.series).then(|| Changed::Withdrawn(withdrawn.series.clone(), withdrawn.revision))
        }
        EventKind::QueryExplained(explained) => {
            is_ours(&explained.series).then(|| Changed::Explained(explained.series.clone()))
        }
        EventKind::UnitsApplied(applied) => {
            let before = Position(position.0.saturating_sub(1));
            let differs = |entry: &UnitEntry| {
                let of = |at| state.units().in_year_at(entry.code.as_str(), watching.year, at);
                of(before) != of(position) && (within(&entry.code, before) || within(&entry.code, position))
            };
            applied.units.iter().any(differs).then_some(Changed::Units)
        }
        EventKind::ReportReviewed(reviewed) => {
            let (series, revision) = (reviewed.series.clone(), reviewed.revision);
            is_ours(&reviewed.series).then_some(match reviewed.review {
                Review::Approved => Changed::Approved(series, revision),
                Review::Returned => Changed::Returned(series, revision),
            })
        }
        EventKind::PublicationRecorded(recorded) => {
            is_ours(&recorded.series).then(|| Changed::Published(recorded.series.clone()))
        }
        EventKind::RosterApplied(applied) => {
            let ours = applied.family == watching.family && applied.year == watching.year;
            ours.then_some(Changed::Roster)
        }
        EventKind::DeadlineExtended(extended) => {
            let ours = extended.family == watching.family && extended.year == watching.year;
            (ours && within(&extended.unit, position)).then_some(Changed::Roster)
        }
        EventKind::YearClosed(closed) => is_total(&closed.statement.total).then_some(Changed::Closed),
        EventKind::YearReopened(reopened) => is_total(&reopened.total).then_some(Changed::Reopened),
        // a text is no figure
        EventKind::TextRedacted(_) => None,
        EventKind::FormRegistered(registered) => {
            let form = &registered.form;
            (*form.family() == watching.family && form.covers(watching.year)).then_some(Changed::Form)
        }
        EventKind::TokenIssued(_) | EventKind::TokenRevoked(_) => None,
    };
    let mut ours =
        event.kind.rejudged().iter().filter(|rejudged| is_ours(&rejudged.series)).map(|rejudged| &rejudged.series);
    let mut rejudged: Vec<Changed> =
        ours.by_ref().take(limits::WATCHED_REJUDGED).map(|series| Changed::Rejudged(series.clone(), 0)).collect();
    let further = ours.count();
    if let Some(Changed::Rejudged(_, more)) = rejudged.last_mut() {
        *more = further;
    }
    first.into_iter().chain(rejudged).map(|kind| Change { position, time, kind }).collect()
}
