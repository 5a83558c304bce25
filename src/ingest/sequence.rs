//! The sequencer: what is decided in the order of the ledger.
//!
//! A batch is decided record by record, each against the state plus the records
//! before it in the batch, which are kept in an overlay until they are durable.
//! Nothing here touches the store or the clock.

use std::collections::HashMap;
use std::sync::Arc;

use super::admit::Admitted;
use super::explain;
use super::outcome::{Reason, SubmitError, Unused};
use crate::domain::event::{EventKind, FormId, Rejudged, ReportAccepted, ReportWithdrawn, SeriesKey};
use crate::domain::{Series, State};
use crate::form::{Evidence, Figures, Finding, FindingRecord, Form, Row, UnitFacts, Verdict};
use crate::words::{Position, Revision, Year};

/// The state, and what the batch will change in it.
#[derive(Debug)]
pub(super) struct Overlay<'a> {
    pub(super) state: &'a State,
    series: HashMap<SeriesKey, Series>,
}

/// What becomes of a submission.
#[derive(Debug)]
pub(super) enum Verdicts {
    /// To be appended.
    Accept(Box<ReportAccepted>),
    /// In effect already, at this place.
    Unchanged(Position),
    /// Accepted before under this id, at this place; not in effect now.
    Repeated(Position),
    Refuse(Reason),
}

/// A submission that was judged in sequence.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdicts,
    pub(super) findings: Vec<(Finding, bool)>,
    pub(super) unused: Vec<Unused>,
}

impl<'a> Overlay<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self { state, series: HashMap::new() }
    }

    /// A series as the batch will leave it.
    pub(super) fn series(&self, key: &SeriesKey) -> Option<&Series> {
        self.series.get(key).or_else(|| self.state.series(key))
    }

    fn series_mut(&mut self, key: &SeriesKey) -> &mut Series {
        let state = self.state;
        self.series.entry(key.clone()).or_insert_with(|| state.series(key).cloned().unwrap_or_default())
    }

    /// Enters an event of the batch, so that the next record sees it.
    pub(super) fn enter(&mut self, kind: &EventKind, position: Position) {
        let rejudged: &[Rejudged] = match kind {
            EventKind::ReportAccepted(accepted) => {
                if let Some(form) = self.state.form(accepted.form) {
                    self.series_mut(&accepted.series).accept(accepted, form, position);
                }
                &accepted.rejudged
            }
            EventKind::ReportWithdrawn(withdrawn) => {
                self.series_mut(&withdrawn.series).withdraw(position);
                &withdrawn.rejudged
            }
            EventKind::QueryExplained(explained) => {
                self.series_mut(&explained.series).explain(explained.explained, Some(explained.text), position);
                &[]
            }
            EventKind::UnitsApplied(units) => &units.rejudged,
            EventKind::FormRegistered(_) | EventKind::TokenIssued(_) | EventKind::TokenRevoked(_) => &[],
        };
        for Rejudged { series, findings } in rejudged {
            self.series_mut(series).rejudge(findings.clone(), position);
        }
    }

    /// Decides a submission: the revision table, in its order, then the checks
    /// that need the state.
    pub(super) fn judge(&self, admitted: &Admitted) -> Result<Judged, SubmitError> {
        let key = &admitted.series;
        if !self.state.has_unit(&key.unit, key.year) {
            return Err(SubmitError::UnknownUnit(key.unit.clone(), key.year));
        }
        let nothing = Series::default();
        let series = self.series(key).unwrap_or(&nothing);
        let mut found = admitted.found.clone();
        let now = admitted.reader.figures(admitted.submission.statements);
        let prior = self.prior(key, &admitted.form);
        let facts = self.state.unit_facts(&key.unit, key.year);
        admitted.form.check_beyond(now, prior.as_ref().map(Unpacked::figures), facts, &mut found);
        found.sort_unstable_by_key(|record| record.check);

        let quotes: Vec<String> = admitted.reader.claims().iter().map(|claim| claim.quote.clone()).collect();
        let explanations = &admitted.submission.explanations;
        let (explained, unused) = explain::match_all(&admitted.form, &found, &quotes, explanations);
        let evidence = Evidence { now, prior: prior.as_ref().map(Unpacked::figures), claims: admitted.reader.claims() };
        let same_form = series.effective().is_some_and(|effective| effective.form == admitted.form_id);
        let is_explained = |record: &FindingRecord| {
            let before = same_form && series.is_explained(record);
            admitted.form.is_open_query(record)
                && (before || explained.iter().any(|words| crate::domain::explains(words, record)))
        };
        let findings = admitted.form.describe_each(&found, evidence, is_explained);
        let verdict = self.revision_table(admitted, series, &found).unwrap_or_else(|| {
            let revision = Revision(series.newest().map_or(0, |newest| newest.0).saturating_add(1));
            Verdicts::Accept(Box::new(self.accepted(admitted, revision, found, explained)))
        });
        Ok(Judged { verdict, findings, unused })
    }

    /// The ordered table of revisions, then the checks; none: accept.
    fn revision_table(&self, admitted: &Admitted, series: &Series, found: &[FindingRecord]) -> Option<Verdicts> {
        let submission = &admitted.submission;
        let digest = admitted.content.digest;
        if let Some(first) = submission.request_id.as_ref().and_then(|id| series.by_request_id(id)) {
            let in_effect = series.effective_revision().is_some_and(|effective| effective.digest == digest);
            return Some(match (first.digest == digest, in_effect) {
                (true, true) => Verdicts::Unchanged(first.position),
                (true, false) => Verdicts::Repeated(first.position),
                (false, _) => Verdicts::Refuse(Reason::RequestIdReused),
            });
        }
        if let Some(effective) = series.effective_revision().filter(|effective| effective.digest == digest) {
            return Some(Verdicts::Unchanged(effective.position));
        }
        let (newest, expected) = (series.newest(), submission.expected_revision);
        if newest != expected {
            return Some(Verdicts::Refuse(Reason::StaleRevision { newest, expected }));
        }
        if admitted.form.verdict(found) != Verdict::Pass {
            return Some(Verdicts::Refuse(Reason::ChecksFailed));
        }
        let overflows = self.state.would_overflow(&admitted.series, admitted.form_id, &admitted.content.row);
        overflows.then_some(Verdicts::Refuse(Reason::TotalTooLarge))
    }

    fn accepted(
        &self,
        admitted: &Admitted,
        revision: Revision,
        findings: Vec<FindingRecord>,
        explained: Vec<crate::domain::event::Explained>,
    ) -> ReportAccepted {
        let statements = admitted.submission.statements;
        let texts = &admitted.content.texts;
        let figures = admitted.reader.figures(statements);
        ReportAccepted {
            series: admitted.series.clone(),
            form: admitted.form_id,
            revision,
            request_id: admitted.submission.request_id.clone(),
            row: admitted.content.row.clone(),
            digest: admitted.content.digest,
            texts: (!texts.is_empty()).then(|| crate::words::Digest::of(&[texts])),
            blank_means_zero: statements.blank_means_zero,
            nil_report: statements.nil_report,
            findings,
            explained,
            rejudged: self.rejudge_following(&admitted.series, Some((figures, &admitted.form))),
        }
    }

    /// Judges the report of the year after again, with this as its year before.
    fn rejudge_following(&self, key: &SeriesKey, prior: Option<(Figures<'_>, &Form)>) -> Vec<Rejudged> {
        let Some(year) = key.year.after() else { return Vec::new() };
        let following = SeriesKey { year, ..key.clone() };
        self.rejudge(&following, prior, self.state.unit_facts(&key.unit, year)).into_iter().collect()
    }

    /// Judges an effective report again; none if its findings stay as they are.
    fn rejudge(&self, key: &SeriesKey, prior: Option<(Figures<'_>, &Form)>, unit: UnitFacts) -> Option<Rejudged> {
        let series = self.series(key)?;
        let effective = series.effective()?;
        let form = self.state.form(effective.form)?;
        let now = Unpacked::new(&form, &effective.row, effective.absent_is_zero())?;
        let prior = prior.filter(|(_, prior)| prior.name() == form.name()).map(|(figures, _)| figures);
        let mut beyond = Vec::new();
        form.check_beyond(now.figures(), prior, unit, &mut beyond);
        // what the report alone decides stays as it was recorded
        let alone = series.findings().iter().filter(|record| !form.is_beyond(record.check));
        let mut findings: Vec<FindingRecord> = alone.copied().chain(beyond).collect();
        findings.sort_unstable_by_key(|record| record.check);
        (findings != series.findings()).then(|| Rejudged { series: key.clone(), findings })
    }

    /// A withdrawal of the effective revision.
    pub(super) fn withdrawal(&self, key: &SeriesKey, revision: Revision) -> Result<ReportWithdrawn, SubmitError> {
        let series = self.series(key).ok_or_else(|| not_found(key))?;
        match series.effective_revision().map(|effective| effective.revision) {
            Some(effective) if effective == revision => {
                Ok(ReportWithdrawn { series: key.clone(), revision, rejudged: self.rejudge_following(key, None) })
            }
            Some(effective) => {
                Err(SubmitError::Precondition(format!("revision {revision} is not in effect, {effective} is")))
            }
            None => Err(SubmitError::Precondition("no revision is in effect".to_owned())),
        }
    }

    /// Reports whose findings change when units change; `facts` tells of a unit
    /// as it will be.
    pub(super) fn rejudge_units(&self, facts: &dyn Fn(&SeriesKey) -> UnitFacts) -> Vec<Rejudged> {
        let mut rejudged = Vec::new();
        for (key, series) in self.state.all_series() {
            let changed = facts(&key) != self.state.unit_facts(&key.unit, key.year);
            let Some(form) = series.effective().filter(|_| changed).and_then(|report| self.state.form(report.form))
            else {
                continue;
            };
            let prior = self.prior(&key, &form);
            let prior = prior.as_ref().map(|prior| (prior.figures(), &*form));
            rejudged.extend(self.rejudge(&key, prior, facts(&key)));
        }
        rejudged
    }

    /// The effective report of the year before, if it fills the same form.
    fn prior(&self, key: &SeriesKey, form: &Form) -> Option<Unpacked> {
        prior_of(|key| self.series(key), |id| self.state.form(id), key, form)
    }
}

fn not_found(key: &SeriesKey) -> SubmitError {
    SubmitError::NotFound(format!("no report of {} for {}, {}", key.unit, key.year, key.coverage))
}

/// The effective report of the year before, if it fills the same form.
pub(super) fn prior_of<'a>(
    series: impl Fn(&SeriesKey) -> Option<&'a Series>,
    form_of: impl Fn(FormId) -> Option<Arc<Form>>,
    key: &SeriesKey,
    form: &Form,
) -> Option<Unpacked> {
    let before: Year = key.year.before()?;
    let key = SeriesKey { year: before, ..key.clone() };
    let effective = series(&key)?.effective()?;
    let prior_form = form_of(effective.form)?;
    (prior_form.name() == form.name()).then(|| Unpacked::new(form, &effective.row, effective.absent_is_zero()))?
}

/// A stored row, unpacked for checks.
#[derive(Debug)]
pub(super) struct Unpacked {
    values: Vec<i64>,
    present: Vec<u64>,
    absent_is_zero: bool,
}

impl Unpacked {
    pub(super) fn new(form: &Form, row: &Row, absent_is_zero: bool) -> Option<Self> {
        let (mut present, mut values) = (form.cells().no_cells(), vec![0; form.cells().len()]);
        row.unpack(form.cells(), &mut present, &mut values).ok()?;
        Some(Self { values, present, absent_is_zero })
    }

    pub(super) fn figures(&self) -> Figures<'_> {
        Figures { values: &self.values, present: &self.present, absent_is_zero: self.absent_is_zero }
    }
}
