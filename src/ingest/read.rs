//! Reading: roll-ups, stored reports, lists. Changes nothing.

use std::sync::Arc;

use super::attempts::Attempt;
use super::desk::{Desk, DeskError};
use super::outcome::{Receipt, SubmitError};
use super::sequence::{Unpacked, prior_of};
use crate::domain::event::{EventKind, ReportAccepted, SeriesKey};
use crate::domain::{Rollup, Series, State, Stored, explains};
use crate::form::{Evidence, Explanation, Finding, FindingRecord, Form, Reader, Statements, unpack_texts};
use crate::words::{Basis, Digest, FamilyName, Position, Revision, UnitCode, Year, limits};

/// A roll-up with the lists that go with it.
#[derive(Debug)]
pub struct RollupAnswer {
    /// Figures and counts.
    pub rollup: Rollup,
    /// Units that were refused and have not filed.
    pub refused: i64,
    /// The first units that have not filed.
    pub missing: Vec<UnitCode>,
    /// Those of them that were refused.
    pub missing_refused: Vec<UnitCode>,
    /// Units without children that contributed a CONSOLIDATED report.
    pub not_broken_down: Vec<UnitCode>,
}

/// A revision as it was accepted.
#[derive(Debug)]
pub struct StoredReport {
    /// Its receipt.
    pub receipt: Receipt,
    /// It counts.
    pub effective: bool,
    /// It was taken back.
    pub withdrawn: bool,
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
}

/// A series in a list.
#[derive(Debug)]
pub struct ListedSeries {
    /// The series.
    pub series: SeriesKey,
    /// Newest revision.
    pub newest: Option<Stored>,
    /// Effective revision.
    pub effective: Option<Revision>,
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
    /// It counts.
    pub effective: bool,
    /// It was taken back.
    pub withdrawn: bool,
    /// Who sent it.
    pub principal: Arc<str>,
}

impl Desk {
    /// The total of a unit, with what it covers.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`] if it is not in the tree of that year.
    pub fn rollup(
        &self,
        family: &FamilyName,
        unit: &UnitCode,
        year: Year,
        basis: Basis,
    ) -> Result<RollupAnswer, SubmitError> {
        let state = self.state.read();
        let rollup =
            state.rollup(family, unit, year, basis).ok_or_else(|| SubmitError::UnknownUnit(unit.clone(), year))?;
        let missing = state.missing(family, unit, year, None, limits::LISTED_CODES);
        let missing: Vec<UnitCode> = missing.into_iter().map(|(code, _)| code).collect();
        let attempts = self.attempts.read();
        let was_refused = |code: &&UnitCode| attempts.of_unit(family, year, code);
        Ok(RollupAnswer {
            refused: attempts.refused(&state, family, year, unit),
            missing_refused: missing.iter().filter(was_refused).cloned().collect(),
            not_broken_down: state.not_broken_down(family, unit, year, basis, limits::LISTED_CODES),
            missing,
            rollup,
        })
    }

    /// Units that have not filed, after a given one: code, name, refused.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`] if the unit is not in the tree of that year.
    #[expect(clippy::type_complexity, reason = "a row of a list")]
    pub fn missing(
        &self,
        family: &FamilyName,
        unit: &UnitCode,
        year: Year,
        after: Option<&UnitCode>,
        most: usize,
    ) -> Result<(Position, Vec<(UnitCode, Arc<str>, bool)>), SubmitError> {
        let state = self.state.read();
        if !state.has_unit(unit, year) {
            return Err(SubmitError::UnknownUnit(unit.clone(), year));
        }
        let attempts = self.attempts.read();
        let rows = state.missing(family, unit, year, after, most).into_iter().map(|(code, name)| {
            let refused = attempts.of_unit(family, year, &code);
            (code, name, refused)
        });
        Ok((state.head(), rows.collect()))
    }

    /// Reads the state; for doors that list.
    pub fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read())
    }

    /// One revision of a series; none: the effective one.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`], or [`SubmitError::Unavailable`] if it cannot be read.
    pub fn report(&self, key: &SeriesKey, revision: Option<Revision>) -> Result<StoredReport, SubmitError> {
        let state = self.state.read();
        let series = state.series(key).ok_or_else(|| nothing(key))?;
        let stored = match revision {
            None => series.effective_revision(),
            Some(revision) => series.revisions().iter().find(|stored| stored.revision == revision),
        };
        let stored = stored.ok_or_else(|| nothing(key))?;
        let effective = series.effective_revision().is_some_and(|known| known.revision == stored.revision);
        self.stored(&state, key, series, stored, effective).map_err(|error| SubmitError::Unavailable(error.to_string()))
    }

    fn stored(
        &self,
        state: &State,
        key: &SeriesKey,
        series: &Series,
        stored: &Stored,
        effective: bool,
    ) -> Result<StoredReport, DeskError> {
        let (event, chain_hash) = self.reader.event(stored.position, &|id| state.form(id))?;
        let damaged = |problem: &str| DeskError::Damaged(format!("event {}: {problem}", stored.position));
        let EventKind::ReportAccepted(accepted) = event.kind else { return Err(damaged("is no report")) };
        let form = state.form(accepted.form).ok_or_else(|| damaged("its form is not registered"))?;
        let texts = accepted.texts.map(|digest| self.reader.text(&digest)).transpose()?.unwrap_or_default();
        let (prose, mut explanations) = unpack_texts(&texts).ok_or_else(|| damaged("its texts are damaged"))?;
        let report = form.write(&accepted.row, prose).map_err(|error| damaged(&error.to_string()))?;
        let recorded = if effective { series.findings() } else { &accepted.findings };
        let (findings, later) = describe(state, key, series, &form, &accepted, &report, recorded)
            .ok_or_else(|| damaged("its figures are damaged"))?;
        for (query, digest) in later {
            explanations.push(later_words(&query, &self.reader.text(&digest)?));
        }
        let ReportAccepted { revision, digest, blank_means_zero, nil_report, .. } = *accepted;
        let position = stored.position;
        Ok(StoredReport {
            receipt: Receipt { series: key.clone(), revision, position, digest, chain_hash, time: event.time },
            effective,
            withdrawn: stored.withdrawn,
            form: form.name().to_owned(),
            report,
            statements: Statements { blank_means_zero, nil_report },
            findings,
            explanations,
            principal: event.principal,
        })
    }

    /// The words of every claim of the effective report.
    pub(super) fn quotes(&self, key: &SeriesKey) -> Result<Vec<String>, SubmitError> {
        let stored = self.report(key, None)?;
        let form = self.state.read().current_form(&stored.form).map(|(_, form)| form);
        let mut reader = Reader::default();
        let read = form.is_some_and(|form| reader.read(&form, &stored.report).is_ok());
        if !read {
            return Err(SubmitError::Unavailable("the stored report cannot be read".to_owned()));
        }
        Ok(reader.claims().iter().map(|claim| claim.quote.clone()).collect())
    }

    /// The last refused attempt of a series, if it came after its newest revision,
    /// with its findings in words.
    #[must_use]
    pub fn last_refused(&self, key: &SeriesKey) -> Option<(Attempt, Vec<Finding>)> {
        let attempt = self.attempts.read().get(key)?.clone();
        let state = self.state.read();
        if state.series(key).is_some_and(|series| !self.is_since(&state, series, &attempt)) {
            return None;
        }
        let (_, form) = state.current_form(&attempt.form)?;
        let mut reader = Reader::default();
        // a report above the limit is kept without its bytes: findings without cells
        let _ = reader.read(&form, &attempt.report);
        let now = reader.figures(attempt.statements);
        let findings = form.describe(&attempt.findings, Evidence { now, prior: None, claims: reader.claims() });
        Some((attempt, findings))
    }

    /// Whether an attempt came after the newest revision of its series.
    fn is_since(&self, state: &State, series: &Series, attempt: &Attempt) -> bool {
        let accepted = |newest: &Stored| self.reader.event(newest.position, &|id| state.form(id));
        let newest = series.revisions().last().and_then(|newest| accepted(newest).ok());
        newest.is_none_or(|(event, _)| event.time <= attempt.time)
    }

    /// Series of a unit, a subtree or all, in order of family, year, unit,
    /// coverage, after a given one. Series with only refused attempts are there too.
    #[must_use]
    pub fn list(
        &self,
        wanted: impl Fn(&State, &SeriesKey) -> bool,
        open_queries_only: bool,
        after: Option<&SeriesKey>,
        most: usize,
    ) -> (Position, Vec<ListedSeries>) {
        let state = self.state.read();
        let attempts = self.attempts.read();
        let fits = |key: &SeriesKey| after.is_none_or(|after| key > after) && wanted(&state, key);
        let mut rows: Vec<ListedSeries> = Vec::new();
        for (series, stored) in state.all_series().filter(|(key, _)| fits(key)) {
            if rows.len() >= most {
                break;
            }
            let open_queries = stored.open_queries();
            if open_queries_only && open_queries == 0 {
                continue;
            }
            rows.push(ListedSeries {
                newest: stored.revisions().last().cloned(),
                effective: stored.effective_revision().map(|stored| stored.revision),
                open_queries,
                nil_report: stored.effective().is_some_and(|effective| effective.nil_report),
                refused_since: attempts.get(&series).is_some_and(|attempt| self.is_since(&state, stored, attempt)),
                series,
            });
        }
        if !open_queries_only {
            for series in attempts.series().filter(|key| fits(key) && state.series(key).is_none()).take(most) {
                rows.push(ListedSeries {
                    newest: None,
                    effective: None,
                    open_queries: 0,
                    nil_report: false,
                    refused_since: true,
                    series,
                });
            }
            rows.sort_by(|a, b| a.series.cmp(&b.series));
            rows.truncate(most);
        }
        (state.head(), rows)
    }

    /// Revisions of a series, newest first, below a given one.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`], or [`SubmitError::Unavailable`] if one cannot be read.
    pub fn revisions(
        &self,
        key: &SeriesKey,
        below: Option<Revision>,
        most: usize,
    ) -> Result<(Position, Vec<ListedRevision>), SubmitError> {
        let state = self.state.read();
        let series = state.series(key).ok_or_else(|| nothing(key))?;
        let effective = series.effective_revision().map(|stored| stored.revision);
        let wanted = series.revisions().iter().rev().filter(|stored| below.is_none_or(|below| stored.revision < below));
        let rows = wanted.take(most).map(|stored| {
            let read = self.reader.event(stored.position, &|id| state.form(id));
            let (event, chain_hash) = read.map_err(|error| SubmitError::Unavailable(error.to_string()))?;
            Ok(ListedRevision {
                receipt: Receipt {
                    series: key.clone(),
                    revision: stored.revision,
                    position: stored.position,
                    digest: stored.digest,
                    chain_hash,
                    time: event.time,
                },
                effective: effective == Some(stored.revision),
                withdrawn: stored.withdrawn,
                principal: event.principal,
            })
        });
        Ok((state.head(), rows.collect::<Result<_, SubmitError>>()?))
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
    let now = Unpacked::new(form, &accepted.row, absent_is_zero)?;
    let prior = prior_of(|key| state.series(key), |id| state.form(id), key, form);
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
