//! A series: all revisions of one report, and which of them counts.

use std::sync::Arc;

use super::event::{Event, EventKind, Explained, FormId, Rejudged, ReportAccepted, SeriesKey};
use crate::form::{FindingRecord, Form, Row};
use crate::words::{Digest, Position, RequestId, Revision};

/// All revisions of one report. A stored revision is never changed.
#[derive(Debug, Clone, Default)]
pub struct Series {
    revisions: Vec<Stored>,
    effective: Option<Effective>,
    explained: Vec<Words>,
    /// The registration that explanations are bound to.
    form: Option<FormId>,
    /// Places of all events that changed this, in order.
    changes: Vec<Position>,
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
}

/// The revision that counts.
#[derive(Debug, Clone)]
pub struct Effective {
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
        Self { form, judged_by, row, blank_means_zero: false, nil_report: false, findings: Box::default() }
    }

    /// What it states in a cell; none: nothing.
    #[must_use]
    pub fn stated(&self, cell: usize) -> Option<i64> {
        let table = self.judged_by.cells();
        let value = self.row.nonzero(table).find(|(index, _)| *index == cell).map(|(_, value)| value);
        value.or_else(|| self.row.states(table, cell).then_some(0))
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
    /// Enters a new revision; it takes effect.
    pub fn accept(&mut self, accepted: &ReportAccepted, judged_by: Arc<Form>, position: Position) {
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
        });
        self.effective = Some(Effective {
            form: accepted.form,
            judged_by,
            row: accepted.row.clone(),
            blank_means_zero: accepted.blank_means_zero,
            nil_report: accepted.nil_report,
            findings: accepted.findings.clone().into_boxed_slice(),
        });
        accepted.explained.iter().for_each(|explained| self.explain(*explained, None, position));
        self.changed(position);
    }

    /// Takes the effective revision back; an older one does not revive.
    pub fn withdraw(&mut self, position: Position) {
        self.changed(position);
        if self.effective.take().is_some()
            && let Some(newest) = self.revisions.last_mut()
        {
            newest.withdrawn = true;
        }
    }

    /// Enters an explanation in place of an earlier one of the same query.
    pub fn explain(&mut self, explained: Explained, text: Option<Digest>, position: Position) {
        self.changed(position);
        self.explained.retain(|known| known.explained != explained);
        self.explained.push(Words { explained, text });
    }

    /// Replaces the findings of the effective revision.
    pub fn rejudge(&mut self, findings: Vec<FindingRecord>, position: Position) {
        self.changed(position);
        if let Some(effective) = &mut self.effective {
            effective.findings = findings.into_boxed_slice();
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
                form(accepted.form).into_iter().for_each(|form| self.accept(accepted, form, position));
            }
            EventKind::ReportWithdrawn(withdrawn) if withdrawn.series == *key => self.withdraw(position),
            EventKind::QueryExplained(explained) if explained.series == *key => {
                self.explain(explained.explained, Some(explained.text), position);
            }
            EventKind::ReportAccepted(_)
            | EventKind::ReportWithdrawn(_)
            | EventKind::QueryExplained(_)
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

    /// The revision that counts: the newest, unless it was withdrawn.
    #[must_use]
    pub fn effective_revision(&self) -> Option<&Stored> {
        self.revisions.last().filter(|_| self.effective.is_some())
    }

    /// What counts.
    #[must_use]
    pub fn effective(&self) -> Option<&Effective> {
        self.effective.as_ref()
    }

    /// What is found in the effective revision now.
    #[must_use]
    pub fn findings(&self) -> &[FindingRecord] {
        self.effective.as_ref().map_or(&[], |effective| &effective.findings)
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

    /// Queries of the effective revision that nobody has explained.
    #[must_use]
    pub fn open_queries(&self) -> i64 {
        let Some(effective) = &self.effective else { return 0 };
        let is_open = |record: &&FindingRecord| effective.judged_by.is_open_query(record) && !self.is_explained(record);
        i64::try_from(effective.findings.iter().filter(is_open).count()).unwrap_or(i64::MAX)
    }
}
