//! The sequencer: what is decided in the order of the ledger.
//!
//! A batch is decided record by record, each against the state plus the records
//! before it in the batch, which are kept in an overlay until they are durable.
//! Nothing here touches the store or the clock.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use smallvec::SmallVec;

use super::admit::Admitted;
use super::closing::CertifiedChange;
use super::explain;
use super::located::localise;
use super::outcome::{Reason, ResultView, SubmitError, Unused};
use super::prior::{Unpacked, prior};
use crate::domain::event::{Event, EventKind, Explained, Rejudged, ReportAccepted, SeriesKey};
use crate::domain::{Effective, Roster, Series, State};
use crate::form::{Evidence, Figures, Finding, FindingRecord, Findings, Form, Localisation, UnitFacts, Verdict};
use crate::words::{Position, Revision, Timestamp};

/// The state, and the events that the batch will append to it.
#[derive(Debug)]
pub(super) struct Overlay<'a> {
    pub(super) state: &'a State,
    events: Vec<Event>,
    touched: HashMap<SeriesKey, Touched>,
    /// Figures of the report that is judged, used for one after the other.
    figures: RefCell<Unpacked>,
}

/// A series that the batch changes. What it will be is found out once it is asked for.
#[derive(Debug, Default)]
struct Touched {
    /// Which events of the batch change it.
    by: SmallVec<[usize; 2]>,
    series: OnceCell<Box<Series>>,
}

/// What becomes of a submission.
#[derive(Debug)]
pub(super) enum Verdicts {
    /// To be appended.
    Accept(Acceptance),
    /// In effect already, at this place.
    Unchanged(Position),
    /// Accepted before under this id, at this place; not in effect now.
    Repeated(Position),
    Refuse(Reason),
}

/// What is decided on a report that is accepted, beside what it says itself.
#[derive(Debug)]
pub(super) struct Acceptance {
    revision: Revision,
    findings: Findings,
    explained: Vec<Explained>,
    pub(super) awaits_approval: bool,
    rejudged: Vec<Rejudged>,
}

/// A submission that was judged in sequence.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdicts,
    pub(super) findings: Vec<(Finding, bool)>,
    pub(super) finding_count: usize,
    pub(super) localisation: Option<Localisation>,
    pub(super) unused: Vec<Unused>,
    pub(super) certified: Vec<CertifiedChange>,
}

impl<'a> Overlay<'a> {
    /// Of a batch of about so many events.
    pub(super) fn new(state: &'a State, events: usize) -> Self {
        Self {
            state,
            events: Vec::with_capacity(events),
            touched: HashMap::with_capacity(events),
            figures: RefCell::default(),
        }
    }

    /// A series as the batch will leave it.
    pub(super) fn series(&self, key: &SeriesKey) -> Option<&Series> {
        match self.touched.get(key) {
            Some(touched) => Some(touched.series.get_or_init(|| self.changed(key, &touched.by))),
            None => self.state.series(key),
        }
    }

    fn changed(&self, key: &SeriesKey, by: &[usize]) -> Box<Series> {
        let mut series = self.state.series(key).cloned().unwrap_or_default();
        for event in by.iter().filter_map(|index| self.events.get(*index)) {
            let rejudged = event.kind.rejudged().iter().find(|rejudged| rejudged.series == *key);
            series.enter(key, event, rejudged);
        }
        Box::new(series)
    }

    /// Adds an event to the batch; the next record sees it.
    pub(super) fn enter(&mut self, kind: EventKind, principal: Arc<str>, reason: String, now: Timestamp) {
        let last = self.events.last();
        let before = last.map_or(self.state.last_time(), |event| event.time);
        let position = last.map_or(self.state.head(), |event| event.position).next();
        let index = self.events.len();
        let changed = kind.series().into_iter().chain(kind.rejudged().iter().map(|rejudged| &rejudged.series));
        for key in changed {
            let touched = self.touched.entry(key.clone()).or_default();
            touched.by.push(index);
            touched.series.take();
        }
        self.events.push(Event { position, time: before.max(now), principal, reason, kind });
    }

    /// What the batch appends.
    pub(super) fn into_events(self) -> Vec<Event> {
        self.events
    }

    /// Decides a submission: the revision table, in its order, then the checks
    /// that need the state.
    pub(super) fn judge(&self, admitted: &Admitted) -> Result<Judged, SubmitError> {
        let key = &admitted.series;
        let tree = self.state.tree_for(&key.family, key.year);
        let unit = tree.find(key.unit.as_str());
        if unit.is_none() {
            return Err(SubmitError::UnknownUnit(key.unit.clone(), key.year));
        }
        let nothing = Series::default();
        let series = self.series(key).unwrap_or(&nothing);
        let absent_is_zero = admitted.submission.statements.absent_is_zero();
        let mut figures = self.figures.borrow_mut();
        // it was packed when it was admitted, so it is sound
        figures.unpack(&admitted.form, admitted.content.row.borrowed(), absent_is_zero);
        let now = figures.figures();
        let mut found = admitted.found.clone();
        let prior = self.prior(key, &admitted.form, Then::default());
        let facts = tree.facts_of(unit);
        admitted.form.check_beyond(now, prior.as_ref().map(Unpacked::figures), facts, &mut found);
        found.sort_unstable_by_key(|record| record.check);

        let quotes: Vec<String> = admitted.claims.iter().map(|claim| claim.quote.clone()).collect();
        let explanations = &admitted.submission.explanations;
        let (explained, unused) = explain::match_all(&admitted.form, &found, &quotes, explanations);
        let evidence = Evidence { now, prior: prior.as_ref().map(Unpacked::figures), claims: &admitted.claims };
        let decided = self.revision_table(admitted, series, &found);
        let same_form = series.current().is_some_and(|current| current.form == admitted.form_id);
        let is_explained = |record: &FindingRecord| {
            let before = same_form && series.is_explained(record);
            admitted.form.is_open_query(record)
                && (before || explained.iter().any(|words| crate::domain::explains(words, record)))
        };
        let is_told = admitted.submission.view == ResultView::Full || matches!(decided, Some(Verdicts::Refuse(_)));
        let findings = if is_told { admitted.form.describe_each(&found, evidence, is_explained) } else { Vec::new() };
        let finding_count = found.len();
        let localisation = localise(self, key, &admitted.form, &found, now);
        let verdict = decided.unwrap_or_else(|| {
            let revision = Revision(series.newest().map_or(0, |newest| newest.0).saturating_add(1));
            let awaits_approval = self.state.roster(&key.family, key.year).requires_approval;
            let takes_effect = (!awaits_approval).then_some((now, &*admitted.form));
            let rejudged = takes_effect.map(|now| self.rejudge_following(key, Some(now))).unwrap_or_default();
            let findings = found.into_iter().collect();
            Verdicts::Accept(Acceptance { revision, findings, explained, awaits_approval, rejudged })
        });
        let certified = match verdict {
            Verdicts::Accept(_) => self.state.moved_by(key, admitted.form_id, &admitted.content.row),
            Verdicts::Unchanged(_) | Verdicts::Repeated(_) | Verdicts::Refuse(_) => Vec::new(),
        };
        let certified = certified.into_iter().map(|(total, cells)| CertifiedChange { total, cells }).collect();
        Ok(Judged { verdict, findings, finding_count, localisation, unused, certified })
    }

    /// The ordered table of revisions, then the checks; none: accept.
    fn revision_table(&self, admitted: &Admitted, series: &Series, found: &[FindingRecord]) -> Option<Verdicts> {
        let submission = &admitted.submission;
        let digest = admitted.content.digest;
        if let Some(first) = submission.request_id.as_ref().and_then(|id| series.by_request_id(id)) {
            let in_effect = series.current_revision().is_some_and(|current| current.digest == digest);
            return Some(match (first.digest == digest, in_effect) {
                (true, true) => Verdicts::Unchanged(first.position),
                (true, false) => Verdicts::Repeated(first.position),
                (false, _) => Verdicts::Refuse(Reason::RequestIdReused),
            });
        }
        let known = [series.current_revision(), series.effective_revision()].into_iter().flatten();
        if let Some(same) = known.into_iter().find(|stored| stored.digest == digest) {
            return Some(Verdicts::Unchanged(same.position));
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

    /// Judges the reports of the year after again that carry in what this one
    /// carried out: its own unit's, and those of units it was merged into. `now` is
    /// what will be in effect in this series.
    pub(super) fn rejudge_following(&self, key: &SeriesKey, now: Option<(Figures<'_>, &Form)>) -> Vec<Rejudged> {
        let Some(year) = key.year.after() else { return Vec::new() };
        let roster = self.state.roster(&key.family, year);
        let merged = roster.merger_of(&key.unit).cloned();
        let following =
            [key.unit.clone()].into_iter().chain(merged).map(|unit| SeriesKey { year, unit, ..key.clone() });
        let then = Then { changed: Some((key, now)), ..Then::default() };
        following.filter_map(|following| self.rejudge(&following, then)).collect()
    }

    /// The same, with what a series as it will be has in effect.
    pub(super) fn rejudge_following_effective(&self, key: &SeriesKey, after: &Series) -> Vec<Rejudged> {
        let form = after.effective().and_then(|report| self.state.form(report.form));
        let now = form
            .zip(after.effective())
            .and_then(|(form, report)| Some((Unpacked::new(&form, report.row(), report.absent_is_zero())?, form)));
        self.rejudge_following(key, now.as_ref().map(|(now, form)| (now.figures(), &**form)))
    }

    /// Judges the current report of a series again; none if its findings stay as
    /// they are.
    pub(super) fn rejudge(&self, key: &SeriesKey, then: Then<'_>) -> Option<Rejudged> {
        self.judged_again(key, self.series(key)?.current()?, then)
    }

    /// The same of a report of a series; what the report alone decides stays as it was
    /// recorded.
    pub(super) fn judged_again(&self, key: &SeriesKey, report: &Effective, then: Then<'_>) -> Option<Rejudged> {
        let form = self.state.form(report.form)?;
        let now = Unpacked::new(&form, report.row(), report.absent_is_zero())?;
        let prior = self.prior(key, &form, then);
        let facts = then.facts.unwrap_or_else(|| self.state.unit_facts(key));
        let mut beyond = Vec::new();
        form.check_beyond(now.figures(), prior.as_ref().map(Unpacked::figures), facts, &mut beyond);
        let alone = report.findings().filter(|record| !form.is_beyond(record.check));
        let mut findings: Vec<FindingRecord> = alone.chain(beyond).collect();
        findings.sort_unstable_by_key(|record| record.check);
        let changed = report.findings().ne(findings.iter().copied());
        changed.then(|| Rejudged { series: key.clone(), findings: findings.into_iter().collect() })
    }

    /// Reports whose findings change when units change; `facts` tells of a unit
    /// as it will be.
    pub(super) fn rejudge_units(&self, facts: &dyn Fn(&SeriesKey) -> UnitFacts) -> Vec<Rejudged> {
        let all = self.state.all_series().map(|(key, _)| (facts(&key), key));
        let changed = all.filter(|(facts, key)| *facts != self.state.unit_facts(key));
        changed.filter_map(|(facts, key)| self.rejudge(&key, Then { facts: Some(facts), ..Then::default() })).collect()
    }

    /// The figures of the year before, if they are of the same form.
    pub(super) fn prior(&self, key: &SeriesKey, form: &Form, then: Then<'_>) -> Option<Unpacked> {
        let roster = self.state.roster(&key.family, key.year);
        let figures_of = |before: &SeriesKey| match then.changed {
            Some((changed, figures)) if changed == before => {
                figures.and_then(|(now, filled)| Unpacked::followed(form, filled, now))
            }
            _ => Unpacked::effective(self.state, form, self.series(before)?),
        };
        let existed = |before: &SeriesKey| self.state.has_unit(&before.unit, before.year);
        prior(key, form, then.roster.unwrap_or(&roster), existed, figures_of)
    }
}

impl Acceptance {
    /// The event, and the texts that stand beside it.
    pub(super) fn of(self, admitted: Admitted) -> (Box<ReportAccepted>, Vec<u8>) {
        let Self { revision, findings, explained, awaits_approval, rejudged } = self;
        let Admitted { submission, series, form_id, content, texts, .. } = admitted;
        let accepted = ReportAccepted {
            series,
            form: form_id,
            revision,
            request_id: submission.request_id,
            row: content.row,
            digest: content.digest,
            texts,
            blank_means_zero: submission.statements.blank_means_zero,
            nil_report: submission.statements.nil_report,
            findings,
            explained,
            awaits_approval,
            rejudged,
        };
        (Box::new(accepted), content.texts)
    }
}

/// What will be otherwise when what is decided is applied.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Then<'a> {
    /// A series of the year before, with what will be in effect in it.
    pub(super) changed: Option<(&'a SeriesKey, Option<(Figures<'a>, &'a Form)>)>,
    /// The unit.
    pub(super) facts: Option<UnitFacts>,
    /// The roster of the year.
    pub(super) roster: Option<&'a Roster>,
}
