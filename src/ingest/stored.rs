//! Stored reports: one, a list, the revisions of one. Changes nothing.

use std::sync::Arc;

use super::attempts::Attempt;
use super::desk::{Desk, DeskError};
use super::located::localise;
use super::moment::At;
use super::outcome::{Receipt, SubmitError};
use super::prior::{Unpacked, carried_in, prior};
use super::reviewed::{PublicationRecord, ReviewRecord};
use super::sequence::Overlay;
use crate::domain::access::Sight;
use crate::domain::event::{EventKind, ReportAccepted, SeriesKey};
use crate::domain::{RevisionStanding, Scope, Series, State, Stored, explains};
use crate::form::{
    Evidence, Explanation, Finding, FindingRecord, Form, Localisation, Reader, Statements, unpack_texts,
};
use crate::words::{Digest, Position, Revision, UnitCode, Year};

/// A revision as it was accepted.
#[derive(Debug)]
pub struct StoredReport {
    /// Its receipt.
    pub receipt: Receipt,
    /// What it is now.
    pub standing: RevisionStanding,
    /// Full name of the form's message.
    pub form: String,
    /// The form, encoded from the stored content.
    pub report: Vec<u8>,
    /// As stated by the sender.
    pub statements: Statements,
    /// As judged now if it counts, else as recorded; and whether explained.
    pub findings: Vec<(Finding, bool)>,
    /// Explanations sent with it; of the report that counts, later ones too.
    pub explanations: Vec<Explanation>,
    /// Who sent it.
    pub principal: Arc<str>,
    /// What a reviewer decided on it.
    pub review: Option<ReviewRecord>,
    /// Where the report of its series is public.
    pub publication: Option<PublicationRecord>,
    /// Digest of its texts; none: it has none.
    pub texts: Option<Digest>,
    /// Its texts were taken out.
    pub redacted: bool,
}

/// Which series to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this unit; none: of all.
    pub unit: Option<UnitCode>,
    /// And of all units below it.
    pub below: bool,
    /// Of this year; none: of all.
    pub year: Option<Year>,
    /// With open queries only.
    pub open_queries: bool,
    /// Only what somebody may see; none: all of it.
    pub sight: Option<Sight>,
}

/// Series looked at together when they are listed.
const CANDIDATES: usize = 1_024;

/// A series in a list.
#[derive(Debug)]
pub struct ListedSeries {
    /// The series.
    pub series: SeriesKey,
    /// Newest revision.
    pub newest: Option<Stored>,
    /// What the newest revision is now.
    pub newest_standing: Option<RevisionStanding>,
    /// Effective revision.
    pub effective: Option<Revision>,
    /// The revision that is looked at: it awaits approval, or counts.
    pub current: Option<Revision>,
    /// What a reviewer decided on the newest revision.
    pub review: Option<ReviewRecord>,
    /// Where the report is public.
    pub publication: Option<PublicationRecord>,
    /// Open queries.
    pub open_queries: i64,
    /// A nil report is in effect.
    pub nil_report: bool,
    /// The last attempt was refused.
    pub refused_since: bool,
}

/// A revision in a list.
#[derive(Debug)]
pub struct ListedRevision {
    /// Its receipt.
    pub receipt: Receipt,
    /// What it is now.
    pub standing: RevisionStanding,
    /// Who sent it.
    pub principal: Arc<str>,
    /// What a reviewer decided.
    pub review: Option<ReviewRecord>,
}

impl Desk {
    /// Reads the state; for doors that list.
    pub fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read())
    }

    /// One revision of a series; none: the one that awaits approval, else the
    /// effective one.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`], or [`SubmitError::Unreadable`].
    pub fn report(
        &self,
        key: &SeriesKey,
        revision: Option<Revision>,
        at: At,
    ) -> Result<(Position, StoredReport), SubmitError> {
        let before = {
            let state = self.state.read();
            carried_in(key, &state.roster_at(&key.family, key.year, at.within(state.head())?))
        };
        let scope = Scope::Series([key.clone()].into_iter().chain(before).collect());
        self.at(at, &scope, |state| {
            let series = state.series(key).ok_or_else(|| nothing(key))?;
            let stored = match revision {
                None => series.current_revision(),
                Some(revision) => series.revisions().iter().find(|stored| stored.revision == revision),
            };
            let stored = stored.ok_or_else(|| nothing(key))?;
            let report = self.stored(state, key, series, stored);
            let report = report.map_err(SubmitError::unreadable)?;
            let (review, publication) =
                (self.review_of(state, series, stored.revision)?, self.publication_of(state, series)?);
            Ok((state.head(), StoredReport { review, publication, ..report }))
        })
    }

    fn stored(
        &self,
        state: &State,
        key: &SeriesKey,
        series: &Series,
        stored: &Stored,
    ) -> Result<StoredReport, DeskError> {
        let (event, chain_hash) = self.reader.event(stored.position, &|id| state.form(id))?;
        let damaged = |problem: &str| DeskError::Damaged(format!("event {}: {problem}", stored.position));
        let EventKind::ReportAccepted(accepted) = event.kind else { return Err(damaged("is no report")) };
        let form = state.form(accepted.form).ok_or_else(|| damaged("its form is not registered"))?;
        let redacted = accepted.texts.is_some_and(|digest| state.is_redacted(&digest));
        let texts = accepted.texts.filter(|_| !redacted).map(|digest| self.reader.text(&digest)).transpose()?;
        let texts = texts.unwrap_or_default();
        let (prose, mut explanations) = unpack_texts(&texts).ok_or_else(|| damaged("its texts are damaged"))?;
        let report = form.write(&accepted.row, prose).map_err(|error| damaged(&error.to_string()))?;
        let current = series.current_revision().is_some_and(|known| known.revision == stored.revision);
        let recorded: Vec<FindingRecord> =
            if current { series.findings().collect() } else { accepted.findings.iter().collect() };
        let (findings, later) = describe(state, key, series, &form, &accepted, &report, &recorded)
            .ok_or_else(|| damaged("its figures are damaged"))?;
        for (query, digest) in later {
            if !state.is_redacted(&digest) {
                explanations.push(later_words(&query, &self.reader.text(&digest)?));
            }
        }
        let ReportAccepted { revision, digest, blank_means_zero, nil_report, .. } = *accepted;
        let position = stored.position;
        Ok(StoredReport {
            receipt: Receipt { series: key.clone(), revision, position, digest, chain_hash, time: event.time },
            standing: series.standing(stored),
            form: form.name().to_owned(),
            report,
            statements: Statements { blank_means_zero, nil_report },
            findings,
            explanations,
            principal: event.principal,
            review: None,
            publication: None,
            texts: accepted.texts,
            redacted,
        })
    }

    /// The words of every claim of the effective report.
    pub(super) fn quotes(&self, key: &SeriesKey) -> Result<Vec<String>, SubmitError> {
        let (_, stored) = self.report(key, None, At::NOW)?;
        let form = self.state.read().current_form(&stored.form).map(|(_, form)| form);
        let mut reader = Reader::default();
        let read = form.is_some_and(|form| reader.read(&form, &stored.report).is_ok());
        if !read {
            return Err(SubmitError::Unreadable("the stored report is damaged".to_owned()));
        }
        Ok(reader.claims().iter().map(|claim| claim.quote.clone()).collect())
    }

    /// The last refused attempt of a series, if it came after its newest revision,
    /// with its findings in words and which cells may be wrong.
    #[must_use]
    pub fn last_refused(&self, key: &SeriesKey) -> Option<(Attempt, Vec<Finding>, Option<Localisation>)> {
        let state = self.state.read();
        let (attempt, form) = self.attempt_since(&state, key)?;
        let mut reader = Reader::default();
        // a report above the limit is kept without its bytes: findings without cells
        let _ = reader.read(&form, &attempt.report);
        let now = reader.figures(attempt.statements);
        let found: Vec<FindingRecord> = attempt.findings.iter().collect();
        let findings = form.describe(&found, Evidence { now, prior: None, claims: reader.claims() });
        let kept = !attempt.report.is_empty();
        let localisation = kept.then(|| localise(&Overlay::new(&state, 0), key, &form, &found, now)).flatten();
        Some((attempt, findings, localisation))
    }

    /// The last refused attempt of a series, if it came after its newest revision,
    /// and its form.
    pub(super) fn attempt_since(&self, state: &State, key: &SeriesKey) -> Option<(Attempt, Arc<Form>)> {
        let attempt = self.attempts.read().get(key)?.clone();
        if state.series(key).is_some_and(|series| !self.is_since(state, series, &attempt)) {
            return None;
        }
        let (_, form) = state.current_form(&attempt.form)?;
        Some((attempt, form))
    }

    /// Whether an attempt came after the newest revision of its series.
    fn is_since(&self, state: &State, series: &Series, attempt: &Attempt) -> bool {
        let accepted = |newest: &Stored| self.reader.event(newest.position, &|id| state.form(id));
        let newest = series.revisions().last().and_then(|newest| accepted(newest).ok());
        newest.is_none_or(|(event, _)| event.time <= attempt.time)
    }

    /// Series that fit, in order of family, year, unit, coverage, after a given
    /// one. Series with only refused attempts are there too, if asked for now.
    ///
    /// # Errors
    /// [`SubmitError::BeyondHead`] or [`SubmitError::Unreadable`].
    pub fn list(
        &self,
        wanted: &Wanted,
        after: Option<&SeriesKey>,
        most: usize,
        at: At,
    ) -> Result<(Position, Vec<ListedSeries>), SubmitError> {
        let mut rows: Vec<ListedSeries> = Vec::new();
        let mut after = after.cloned();
        let position = at.within(self.head())?;
        let tried = if at.tells_attempts() { self.only_tried(wanted, after.as_ref(), most) } else { Vec::new() };
        while rows.len() < most {
            let keys = self.candidates(wanted, after.as_ref(), position);
            let Some(last) = keys.last().cloned() else { break };
            let all = keys.len() < CANDIDATES;
            after = Some(last);
            self.at(At::page(position), &Scope::Series(keys.clone()), |state| {
                let listed = keys.into_iter().filter_map(|key| self.listed(state, key, wanted, at).transpose());
                let listed: Result<Vec<ListedSeries>, SubmitError> = listed.collect();
                rows.extend(listed?);
                Ok(())
            })?;
            if all {
                break;
            }
        }
        rows.extend(tried);
        rows.sort_by(|a, b| a.series.cmp(&b.series));
        rows.truncate(most);
        Ok((position, rows))
    }

    /// The next series that may be listed, as of a position.
    fn candidates(&self, wanted: &Wanted, after: Option<&SeriesKey>, at: Position) -> Vec<SeriesKey> {
        let state = self.state.read();
        let known = state.series_after(after).filter(|(key, series)| {
            let open = !wanted.open_queries || at < state.head() || state.open_queries(series) > 0;
            open && series.changes().first().is_some_and(|first| *first <= at) && wanted.fits(&state, key, at)
        });
        known.map(|(key, _)| key).take(CANDIDATES).collect()
    }

    fn listed(
        &self,
        state: &State,
        key: SeriesKey,
        wanted: &Wanted,
        at: At,
    ) -> Result<Option<ListedSeries>, SubmitError> {
        let Some(series) = state.series(&key) else { return Ok(None) };
        let open_queries = state.open_queries(series);
        if wanted.open_queries && open_queries == 0 {
            return Ok(None);
        }
        let attempts = self.attempts.read();
        let attempt = attempts.get(&key).filter(|_| at.tells_attempts());
        let newest = series.revisions().last();
        Ok(Some(ListedSeries {
            newest: newest.cloned(),
            newest_standing: newest.map(|newest| series.standing(newest)),
            effective: series.effective_revision().map(|stored| stored.revision),
            current: series.current_revision().map(|stored| stored.revision),
            review: newest.map(|newest| self.review_of(state, series, newest.revision)).transpose()?.flatten(),
            publication: self.publication_of(state, series)?,
            open_queries,
            nil_report: series.current().is_some_and(|current| current.nil_report),
            refused_since: attempt.is_some_and(|attempt| self.is_since(state, series, attempt)),
            series: key,
        }))
    }

    /// Series of which nothing was ever accepted.
    fn only_tried(&self, wanted: &Wanted, after: Option<&SeriesKey>, most: usize) -> Vec<ListedSeries> {
        if wanted.open_queries {
            return Vec::new();
        }
        let (state, attempts) = (self.state.read(), self.attempts.read());
        let later = attempts.series().filter(|key| after.is_none_or(|after| key > after));
        let tried = later.filter(|key| state.series(key).is_none() && wanted.fits(&state, key, state.head()));
        let row = |series| ListedSeries {
            newest: None,
            newest_standing: None,
            effective: None,
            current: None,
            review: None,
            publication: None,
            open_queries: 0,
            nil_report: false,
            refused_since: true,
            series,
        };
        tried.take(most).map(row).collect()
    }

    /// Revisions of a series, newest first, below a given one.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`], or [`SubmitError::Unreadable`].
    pub fn revisions(
        &self,
        key: &SeriesKey,
        below: Option<Revision>,
        most: usize,
        at: At,
    ) -> Result<(Position, Vec<ListedRevision>), SubmitError> {
        self.at(at, &Scope::Series(vec![key.clone()]), |state| {
            let series = state.series(key).ok_or_else(|| nothing(key))?;
            let older = |stored: &&Stored| below.is_none_or(|below| stored.revision < below);
            let rows = series.revisions().iter().rev().filter(older).take(most).map(|stored| {
                let read = self.reader.event(stored.position, &|id| state.form(id));
                let (event, chain_hash) = read.map_err(SubmitError::unreadable)?;
                Ok(ListedRevision {
                    receipt: Receipt {
                        series: key.clone(),
                        revision: stored.revision,
                        position: stored.position,
                        digest: stored.digest,
                        chain_hash,
                        time: event.time,
                    },
                    standing: series.standing(stored),
                    principal: event.principal,
                    review: self.review_of(state, series, stored.revision)?,
                })
            });
            Ok((state.head(), rows.collect::<Result<_, SubmitError>>()?))
        })
    }
}

impl Wanted {
    /// Whether a series is among those asked for; a subtree is that of its year.
    fn fits(&self, state: &State, key: &SeriesKey, at: Position) -> bool {
        let in_year = self.year.is_none_or(|year| year == key.year);
        let of_unit = self.unit.as_ref().is_none_or(|unit| {
            *unit == key.unit || self.below && state.units().is_within_at(&key.unit, unit, key.year, at)
        });
        let is_seen = || self.sight.as_ref().is_none_or(|sight| sight.sees(&key.unit, key.year, state.units()));
        in_year && of_unit && is_seen()
    }
}

fn nothing(key: &SeriesKey) -> SubmitError {
    SubmitError::NotFound(format!("no such report of {} for {}, {}", key.unit, key.year, key.coverage))
}

/// An explanation that came after the report.
fn later_words(finding: &Finding, text: &[u8]) -> Explanation {
    Explanation {
        rule: finding.rule.clone(),
        instance: finding.instance.clone(),
        left: finding.left.unwrap_or_default(),
        right: finding.right.unwrap_or_default(),
        text: String::from_utf8_lossy(text).into_owned(),
    }
}

/// Findings in words with whether they are explained, and the queries explained
/// after the report with the digest of the explanation.
type Described = (Vec<(Finding, bool)>, Vec<(Finding, Digest)>);

/// Puts the findings of a stored report into words.
fn describe(
    state: &State,
    key: &SeriesKey,
    series: &Series,
    form: &Form,
    accepted: &ReportAccepted,
    report: &[u8],
    findings: &[FindingRecord],
) -> Option<Described> {
    let absent_is_zero = accepted.blank_means_zero || accepted.nil_report;
    let now = Unpacked::new(form, accepted.row.borrowed(), absent_is_zero)?;
    let roster = state.roster(&key.family, key.year);
    let existed = |before: &SeriesKey| state.has_unit(&before.unit, before.year);
    let figures_of = |before: &SeriesKey| Unpacked::effective(state, form, state.series(before)?);
    let prior = prior(key, form, &roster, existed, figures_of);
    let mut reader = Reader::default();
    reader.read(form, report).ok()?;
    let evidence =
        Evidence { now: now.figures(), prior: prior.as_ref().map(Unpacked::figures), claims: reader.claims() };
    let explained = |record: &FindingRecord| form.is_open_query(record) && series.is_explained(record);
    let later = series.explained().iter().filter_map(|words| {
        let record = findings.iter().find(|record| explains(&words.explained, record))?;
        Some((form.describe(std::slice::from_ref(record), evidence).pop()?, words.text?))
    });
    Some((form.describe_each(findings, evidence, explained), later.collect()))
}
