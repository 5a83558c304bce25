//! A series: all revisions of one report, and which of them counts.

use std::slice;

use super::effective::Effective;
use super::event::{
    Event, EventKind, Explained, FormId, PublicationRecorded, Rejudged, ReportAccepted, ReportReviewed, Review,
    SeriesKey,
};
use super::forms::Forms;
use crate::form::{FindingRecord, Findings};
use crate::words::{Day, Digest, Position, RequestId, Revision, Timestamp};

/// All revisions of one report. A stored revision is never changed.
#[derive(Debug, Clone, Default)]
pub struct Series {
    effective: Option<Effective>,
    told: Told,
}

/// What happened to a series.
#[derive(Debug, Clone, Default)]
pub enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// Its first revision was accepted then, and is in effect; nothing else. So it
    /// is with nearly all series: that makes them small.
    Once(Stored, Timestamp),
    /// More than that.
    More(Box<History>),
}

/// All that happened to a series.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Oldest first.
    pub revisions: Vec<Stored>,
    /// When the first revision was accepted: that decides whether it was in time.
    pub first_accepted: Option<Timestamp>,
    /// The newest revision, while it awaits approval.
    pub pending: Option<Effective>,
    /// What reviewers decided last, and where that stands in the ledger.
    pub reviews: Vec<(Revision, Review, Position)>,
    /// The last record of its publication.
    pub published: Option<Publication>,
    /// Queries explained so far, in force or lapsed.
    pub explained: Vec<Words>,
    /// The registration that explanations are bound to.
    pub form: Option<FormId>,
    /// Places of all events that changed this, in order.
    pub changes: Vec<Position>,
}

/// Where the last record of its publication stands, and the day it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// Place of the record in the ledger.
    pub position: Position,
    /// Public since.
    pub date: Day,
}

/// What a revision is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Effective,
    /// It counts once a reviewer approves it.
    Pending,
    /// Another took its place.
    Superseded,
    /// Its sender took it back.
    Withdrawn,
    /// A reviewer returned it.
    Returned,
}

/// A query that was explained, and where the words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The query.
    pub explained: Explained,
    /// Digest of words that came after the report; none: they came with it.
    pub text: Option<Digest>,
}

/// One revision.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its number.
    pub revision: Revision,
    /// Its place in the ledger.
    pub position: Position,
    /// Digest of its content.
    pub digest: Digest,
    /// Of the id its sender gave.
    pub request: Option<RequestMark>,
    /// Taken back by its sender.
    pub withdrawn: bool,
}

/// The first 8 bytes of the digest of a request id: enough to know it again among the
/// revisions of one series. The id itself stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestMark(pub [u8; 8]);

impl RequestMark {
    fn of(id: &RequestId) -> Self {
        let digest = Digest::of(&[id.as_str().as_bytes()]);
        Self(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// Whether an explanation is bound to a finding.
#[must_use]
pub fn explains(explained: &Explained, record: &FindingRecord) -> bool {
    let Explained { check, left, right } = *explained;
    record.check == check && record.left == Some(left) && record.right == Some(right)
}

impl Stored {
    fn new(accepted: &ReportAccepted, position: Position) -> Self {
        Self {
            revision: accepted.revision,
            position,
            digest: accepted.digest,
            request: accepted.request_id.as_ref().map(RequestMark::of),
            withdrawn: false,
        }
    }
}

impl History {
    /// Enters an explanation in place of an earlier one of the same query.
    fn explain(&mut self, explained: Explained, text: Option<Digest>) {
        self.explained.retain(|known| known.explained != explained);
        self.explained.push(Words { explained, text });
    }
}

impl Series {
    /// A series as it was kept.
    #[must_use]
    pub fn kept(effective: Option<Effective>, told: Told) -> Self {
        Self { effective, told }
    }

    /// What happened to it.
    #[must_use]
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Enters a new revision; it takes effect, unless it awaits approval. One that
    /// awaited it before is superseded.
    pub fn accept(&mut self, accepted: &ReportAccepted, (position, time): (Position, Timestamp)) {
        let (stored, current) = (Stored::new(accepted, position), Effective::new(accepted));
        let is_plain = accepted.explained.is_empty() && !accepted.awaits_approval;
        if is_plain && matches!(self.told, Told::Nothing) {
            *self = Self { effective: Some(current), told: Told::Once(stored, time) };
            return;
        }
        self.change(position, |history, effective| {
            if history.form.replace(accepted.form) != Some(accepted.form) {
                // bound to the checks of another registration
                history.explained.clear();
            }
            history.revisions.push(stored);
            history.first_accepted.get_or_insert(time);
            if accepted.awaits_approval {
                history.pending = Some(current);
            } else {
                (*effective, history.pending) = (Some(current), None);
            }
            accepted.explained.iter().for_each(|explained| history.explain(*explained, None));
        });
    }

    /// Takes a revision back; an older one does not revive.
    pub fn withdraw(&mut self, revision: Revision, position: Position) {
        self.change(position, |history, effective| {
            drop_live(history, effective, revision);
            let stored = history.revisions.iter_mut().find(|stored| stored.revision == revision);
            stored.into_iter().for_each(|stored| stored.withdrawn = true);
        });
    }

    /// Enters what a reviewer decided: an approved revision takes effect, a
    /// returned one no longer counts, nor will.
    pub fn review(&mut self, reviewed: &ReportReviewed, position: Position) {
        let ReportReviewed { revision, review, .. } = *reviewed;
        self.change(position, |history, effective| {
            match review {
                Review::Approved => {
                    if let Some(pending) = history.pending.take_if(|pending| pending.revision == revision) {
                        *effective = Some(pending);
                    }
                }
                Review::Returned => drop_live(history, effective, revision),
            }
            history.reviews.retain(|(known, ..)| *known != revision);
            history.reviews.push((revision, review, position));
        });
    }

    /// Enters where the report is public.
    pub fn publish(&mut self, recorded: &PublicationRecorded, position: Position) {
        self.change(position, |history, _| history.published = Some(Publication { position, date: recorded.date }));
    }

    /// Enters an explanation in place of an earlier one of the same query.
    pub fn explain(&mut self, explained: Explained, text: Option<Digest>, position: Position) {
        self.change(position, |history, _| history.explain(explained, text));
    }

    /// Replaces the findings of the current revision.
    pub fn rejudge(&mut self, findings: &Findings, position: Position) {
        self.change(position, |history, effective| {
            let current = history.pending.as_mut().or(effective.as_mut());
            current.into_iter().for_each(|current| current.rejudge(findings));
        });
    }

    /// Changes what happened to it, and what is in effect.
    fn change(&mut self, position: Position, change: impl FnOnce(&mut History, &mut Option<Effective>)) {
        let mut history = match std::mem::take(&mut self.told) {
            Told::Nothing => Box::default(),
            Told::Once(first, time) => Box::new(History {
                first_accepted: Some(time),
                form: self.effective.as_ref().map(|report| report.form),
                changes: vec![first.position],
                revisions: vec![first],
                ..History::default()
            }),
            Told::More(history) => history,
        };
        change(&mut history, &mut self.effective);
        if history.changes.last() != Some(&position) {
            history.changes.push(position);
        }
        self.told = Told::More(history);
    }

    fn history(&self) -> Option<&History> {
        match &self.told {
            Told::Nothing | Told::Once(..) => None,
            Told::More(history) => Some(history),
        }
    }

    /// Places of all events that changed this series, in order.
    #[must_use]
    pub fn changes(&self) -> &[Position] {
        match &self.told {
            Told::Nothing => &[],
            Told::Once(first, _) => slice::from_ref(&first.position),
            Told::More(history) => &history.changes,
        }
    }

    /// Whether it is now as it was at a position.
    pub(super) fn is_as_of(&self, position: Position) -> bool {
        self.changes().last().is_none_or(|last| *last <= position)
    }

    /// Enters what an event says of the series of that key.
    pub fn enter(&mut self, key: &SeriesKey, event: &Event, rejudged: Option<&Rejudged>) {
        let position = event.position;
        match &event.kind {
            EventKind::ReportAccepted(accepted) if accepted.series == *key => {
                self.accept(accepted, (position, event.time));
            }
            EventKind::ReportWithdrawn(withdrawn) if withdrawn.series == *key => {
                self.withdraw(withdrawn.revision, position);
            }
            EventKind::ReportReviewed(reviewed) if reviewed.series == *key => self.review(reviewed, position),
            EventKind::PublicationRecorded(recorded) if recorded.series == *key => self.publish(recorded, position),
            EventKind::QueryExplained(explained) if explained.series == *key => {
                self.explain(explained.explained, Some(explained.text), position);
            }
            EventKind::ReportAccepted(_)
            | EventKind::ReportWithdrawn(_)
            | EventKind::QueryExplained(_)
            | EventKind::ReportReviewed(_)
            | EventKind::PublicationRecorded(_)
            | EventKind::RosterApplied(_)
            | EventKind::DeadlineExtended(_)
            | EventKind::YearClosed(_)
            | EventKind::YearReopened(_)
            | EventKind::TextRedacted(_)
            | EventKind::UnitsApplied(_)
            | EventKind::FormRegistered(_)
            | EventKind::TokenIssued(_)
            | EventKind::TokenRevoked(_) => {}
        }
        if let Some(found) = rejudged {
            self.rejudge(&found.findings, position);
        }
    }

    /// All revisions, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[Stored] {
        match &self.told {
            Told::Nothing => &[],
            Told::Once(first, _) => slice::from_ref(first),
            Told::More(history) => &history.revisions,
        }
    }

    /// Number of the newest revision, whatever its state.
    #[must_use]
    pub fn newest(&self) -> Option<Revision> {
        self.revisions().last().map(|stored| stored.revision)
    }

    /// The accepted revision that claimed an id.
    #[must_use]
    pub fn by_request_id(&self, id: &RequestId) -> Option<&Stored> {
        let mark = (!self.revisions().is_empty()).then(|| RequestMark::of(id))?;
        self.revisions().iter().find(|stored| stored.request == Some(mark))
    }

    /// A revision.
    #[must_use]
    pub fn stored(&self, revision: Revision) -> Option<&Stored> {
        self.revisions().iter().find(|stored| stored.revision == revision)
    }

    /// The revision that counts.
    #[must_use]
    pub fn effective_revision(&self) -> Option<&Stored> {
        self.stored(self.effective.as_ref()?.revision)
    }

    /// The revision that is looked at: the one that awaits approval, else the one
    /// that counts.
    #[must_use]
    pub fn current_revision(&self) -> Option<&Stored> {
        self.stored(self.current()?.revision)
    }

    /// A revision, if it counts or awaits approval.
    #[must_use]
    pub fn live(&self, revision: Revision) -> Option<&Stored> {
        let is_live = |stored: &&Stored| matches!(self.standing(stored), Standing::Effective | Standing::Pending);
        self.stored(revision).filter(is_live)
    }

    /// What a revision is now.
    #[must_use]
    pub fn standing(&self, stored: &Stored) -> Standing {
        let is = |report: Option<&Effective>| report.is_some_and(|report| report.revision == stored.revision);
        match self.reviewed(stored.revision) {
            _ if stored.withdrawn => Standing::Withdrawn,
            Some((Review::Returned, _)) => Standing::Returned,
            _ if is(self.effective()) => Standing::Effective,
            _ if is(self.pending()) => Standing::Pending,
            _ => Standing::Superseded,
        }
    }

    /// What a reviewer decided on a revision, and where that stands in the ledger.
    #[must_use]
    pub fn reviewed(&self, revision: Revision) -> Option<(Review, Position)> {
        let known = self.history()?.reviews.iter().find(|(known, ..)| *known == revision);
        known.map(|(_, review, position)| (*review, *position))
    }

    /// Whether the newest revision was returned.
    #[must_use]
    pub fn is_returned(&self) -> bool {
        self.revisions().last().is_some_and(|newest| self.standing(newest) == Standing::Returned)
    }

    /// What awaits approval.
    #[must_use]
    pub fn pending(&self) -> Option<&Effective> {
        self.history()?.pending.as_ref()
    }

    /// What is looked at: see [`Series::current_revision`].
    #[must_use]
    pub fn current(&self) -> Option<&Effective> {
        self.pending().or(self.effective())
    }

    /// When the first revision was accepted.
    #[must_use]
    pub fn first_accepted(&self) -> Option<Timestamp> {
        match &self.told {
            Told::Nothing => None,
            Told::Once(_, time) => Some(*time),
            Told::More(history) => history.first_accepted,
        }
    }

    /// The last record of its publication.
    #[must_use]
    pub fn published(&self) -> Option<Publication> {
        self.history()?.published
    }

    /// What counts.
    #[must_use]
    pub fn effective(&self) -> Option<&Effective> {
        self.effective.as_ref()
    }

    /// What is found in the current revision now.
    pub fn findings(&self) -> impl Iterator<Item = FindingRecord> {
        self.current().into_iter().flat_map(Effective::findings)
    }

    /// Queries explained so far, in force or lapsed.
    #[must_use]
    pub fn explained(&self) -> &[Words] {
        self.history().map_or(&[], |history| &history.explained)
    }

    /// Whether a finding is explained.
    #[must_use]
    pub fn is_explained(&self, record: &FindingRecord) -> bool {
        self.explained().iter().any(|words| explains(&words.explained, record))
    }

    /// Queries of the current revision that nobody has explained, by the severities
    /// of the form that judged it.
    #[must_use]
    pub(super) fn open_queries(&self, forms: &Forms) -> i64 {
        let form = self.current().and_then(|current| forms.get(current.form));
        let Some(form) = form else { return 0 };
        let is_open = |record: &FindingRecord| form.is_open_query(record) && !self.is_explained(record);
        i64::try_from(self.findings().filter(is_open).count()).unwrap_or(i64::MAX)
    }
}

fn drop_live(history: &mut History, effective: &mut Option<Effective>, revision: Revision) {
    history.pending.take_if(|pending| pending.revision == revision);
    effective.take_if(|effective| effective.revision == revision);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_of_one_report_is_small() {
        // there are millions: allocators have places of 96 bytes, and none between that and 112
        assert_eq!((size_of::<Series>(), size_of::<Option<Box<Series>>>()), (96, 8));
    }
}
