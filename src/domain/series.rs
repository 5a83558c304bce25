//! A series: all revisions of one report, and which of them counts.

mod parts;

use std::sync::Arc;

pub use parts::{EffectiveParts, SeriesParts};

use super::event::{
    Event, EventKind, Explained, FormId, PublicationRecorded, Rejudged, ReportAccepted, ReportReviewed, Review,
    SeriesKey,
};
use crate::form::{FindingRecord, Form, Row};
use crate::words::{Day, Digest, Position, RequestId, Revision, Timestamp};

/// All revisions of one report. A stored revision is never changed.
#[derive(Debug, Clone, Default)]
pub struct Series {
    revisions: Vec<Stored>,
    effective: Option<Effective>,
    /// The newest revision, while it awaits approval.
    pending: Option<Box<Effective>>,
    /// When the first revision was accepted: that decides whether it was in time.
    first_accepted: Option<Timestamp>,
    published: Option<Publication>,
    explained: Vec<Words>,
    /// The registration that explanations are bound to.
    form: Option<FormId>,
    /// Places of all events that changed this, in order.
    changes: Vec<Position>,
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
    /// The id its sender gave.
    pub request_id: Option<RequestId>,
    /// Taken back by its sender.
    pub withdrawn: bool,
    /// What a reviewer decided, and where that stands in the ledger.
    pub review: Option<(Review, Position)>,
}

/// The revision that counts, or will once it is approved.
#[derive(Debug, Clone)]
pub struct Effective {
    /// Its number.
    pub revision: Revision,
    /// The form it was judged by.
    pub form: FormId,
    /// The same, whose severities decide what is a query.
    judged_by: Arc<Form>,
    /// Presence and figures.
    pub row: Row,
    /// As stated by the sender.
    pub blank_means_zero: bool,
    /// As stated by the sender.
    pub nil_report: bool,
    findings: Box<[FindingRecord]>,
}

impl Effective {
    /// Figures without statements and findings, to try what they add up to.
    pub(super) fn figures_only(form: FormId, judged_by: Arc<Form>, row: Row) -> Self {
        let (revision, findings) = (Revision(0), Box::default());
        Self { revision, form, judged_by, row, blank_means_zero: false, nil_report: false, findings }
    }

    /// What it states in a cell; none: nothing.
    #[must_use]
    pub fn stated(&self, cell: usize) -> Option<i64> {
        let table = self.judged_by.cells();
        let value = self.row.nonzero(table).find(|(index, _)| *index == cell).map(|(_, value)| value);
        value.or_else(|| self.row.states(table, cell).then_some(0))
    }

    /// What is found in it.
    #[must_use]
    pub fn findings(&self) -> &[FindingRecord] {
        &self.findings
    }

    /// Whether an absent required cell counts as 0.
    #[must_use]
    pub fn absent_is_zero(&self) -> bool {
        self.blank_means_zero || self.nil_report
    }
}

/// Whether an explanation is bound to a finding.
#[must_use]
pub fn explains(explained: &Explained, record: &FindingRecord) -> bool {
    let Explained { check, left, right } = *explained;
    record.check == check && record.left == Some(left) && record.right == Some(right)
}

impl Series {
    /// Enters a new revision; it takes effect, unless it awaits approval. One that
    /// awaited it before is superseded.
    pub fn accept(&mut self, accepted: &ReportAccepted, judged_by: Arc<Form>, (position, time): (Position, Timestamp)) {
        if self.form.replace(accepted.form) != Some(accepted.form) {
            // bound to the checks of another registration
            self.explained.clear();
        }
        self.revisions.push(Stored {
            revision: accepted.revision,
            position,
            digest: accepted.digest,
            request_id: accepted.request_id.clone(),
            withdrawn: false,
            review: None,
        });
        self.first_accepted.get_or_insert(time);
        let current = Effective {
            revision: accepted.revision,
            form: accepted.form,
            judged_by,
            row: accepted.row.clone(),
            blank_means_zero: accepted.blank_means_zero,
            nil_report: accepted.nil_report,
            findings: accepted.findings.clone().into_boxed_slice(),
        };
        if accepted.awaits_approval {
            self.pending = Some(Box::new(current));
        } else {
            (self.effective, self.pending) = (Some(current), None);
        }
        accepted.explained.iter().for_each(|explained| self.explain(*explained, None, position));
        self.changed(position);
    }

    /// Takes a revision back; an older one does not revive.
    pub fn withdraw(&mut self, revision: Revision, position: Position) {
        self.changed(position);
        self.drop_live(revision);
        if let Some(stored) = self.stored_mut(revision) {
            stored.withdrawn = true;
        }
    }

    /// Enters what a reviewer decided: an approved revision takes effect, a
    /// returned one no longer counts, nor will.
    pub fn review(&mut self, reviewed: &ReportReviewed, position: Position) {
        self.changed(position);
        match reviewed.review {
            Review::Approved => {
                if let Some(pending) = self.pending.take_if(|pending| pending.revision == reviewed.revision) {
                    self.effective = Some(*pending);
                }
            }
            Review::Returned => self.drop_live(reviewed.revision),
        }
        if let Some(stored) = self.stored_mut(reviewed.revision) {
            stored.review = Some((reviewed.review, position));
        }
    }

    /// Enters where the report is public.
    pub fn publish(&mut self, recorded: &PublicationRecorded, position: Position) {
        self.changed(position);
        self.published = Some(Publication { position, date: recorded.date });
    }

    fn drop_live(&mut self, revision: Revision) {
        self.pending.take_if(|pending| pending.revision == revision);
        self.effective.take_if(|effective| effective.revision == revision);
    }

    fn stored_mut(&mut self, revision: Revision) -> Option<&mut Stored> {
        self.revisions.iter_mut().find(|stored| stored.revision == revision)
    }

    /// Enters an explanation in place of an earlier one of the same query.
    pub fn explain(&mut self, explained: Explained, text: Option<Digest>, position: Position) {
        self.changed(position);
        self.explained.retain(|known| known.explained != explained);
        self.explained.push(Words { explained, text });
    }

    /// Replaces the findings of the current revision.
    pub fn rejudge(&mut self, findings: Vec<FindingRecord>, position: Position) {
        self.changed(position);
        let current = self.pending.as_deref_mut().or(self.effective.as_mut());
        if let Some(current) = current {
            current.findings = findings.into_boxed_slice();
        }
    }

    fn changed(&mut self, position: Position) {
        if self.changes.last() != Some(&position) {
            self.changes.push(position);
        }
    }

    /// Places of all events that changed this series, in order.
    #[must_use]
    pub fn changes(&self) -> &[Position] {
        &self.changes
    }

    /// Whether it is now as it was at a position.
    pub(super) fn is_as_of(&self, position: Position) -> bool {
        self.changes.last().is_none_or(|last| *last <= position)
    }

    /// Enters what an event says of the series of that key.
    pub(super) fn enter(
        &mut self,
        key: &SeriesKey,
        event: &Event,
        rejudged: Option<&Rejudged>,
        form: impl FnOnce(FormId) -> Option<Arc<Form>>,
    ) {
        let position = event.position;
        match &event.kind {
            EventKind::ReportAccepted(accepted) if accepted.series == *key => {
                let at = (position, event.time);
                form(accepted.form).into_iter().for_each(|form| self.accept(accepted, form, at));
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
            self.rejudge(found.findings.clone(), position);
        }
    }

    /// All revisions, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[Stored] {
        &self.revisions
    }

    /// Number of the newest revision, whatever its state.
    #[must_use]
    pub fn newest(&self) -> Option<Revision> {
        self.revisions.last().map(|stored| stored.revision)
    }

    /// The accepted revision that claimed an id.
    #[must_use]
    pub fn by_request_id(&self, id: &RequestId) -> Option<&Stored> {
        self.revisions.iter().find(|stored| stored.request_id.as_ref() == Some(id))
    }

    /// A revision.
    #[must_use]
    pub fn stored(&self, revision: Revision) -> Option<&Stored> {
        self.revisions.iter().find(|stored| stored.revision == revision)
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
        match stored.review {
            _ if stored.withdrawn => Standing::Withdrawn,
            Some((Review::Returned, _)) => Standing::Returned,
            _ if is(self.effective.as_ref()) => Standing::Effective,
            _ if is(self.pending.as_deref()) => Standing::Pending,
            _ => Standing::Superseded,
        }
    }

    /// Whether the newest revision was returned.
    #[must_use]
    pub fn is_returned(&self) -> bool {
        self.revisions.last().is_some_and(|newest| self.standing(newest) == Standing::Returned)
    }

    /// What awaits approval.
    #[must_use]
    pub fn pending(&self) -> Option<&Effective> {
        self.pending.as_deref()
    }

    /// What is looked at: see [`Series::current_revision`].
    #[must_use]
    pub fn current(&self) -> Option<&Effective> {
        self.pending.as_deref().or(self.effective.as_ref())
    }

    /// When the first revision was accepted.
    #[must_use]
    pub fn first_accepted(&self) -> Option<Timestamp> {
        self.first_accepted
    }

    /// The last record of its publication.
    #[must_use]
    pub fn published(&self) -> Option<Publication> {
        self.published
    }

    /// What counts.
    #[must_use]
    pub fn effective(&self) -> Option<&Effective> {
        self.effective.as_ref()
    }

    /// What is found in the current revision now.
    #[must_use]
    pub fn findings(&self) -> &[FindingRecord] {
        self.current().map_or(&[], |current| &current.findings)
    }

    /// Queries explained so far, in force or lapsed.
    #[must_use]
    pub fn explained(&self) -> &[Words] {
        &self.explained
    }

    /// Whether a finding is explained.
    #[must_use]
    pub fn is_explained(&self, record: &FindingRecord) -> bool {
        self.explained.iter().any(|words| explains(&words.explained, record))
    }

    /// Queries of the current revision that nobody has explained.
    #[must_use]
    pub fn open_queries(&self) -> i64 {
        let Some(current) = self.current() else { return 0 };
        let is_open = |record: &&FindingRecord| current.judged_by.is_open_query(record) && !self.is_explained(record);
        i64::try_from(current.findings.iter().filter(is_open).count()).unwrap_or(i64::MAX)
    }
}
