//! Wire types to exact ones and back. Structs are taken apart whole, so that a
//! new field breaks the build until it is dealt with.

mod localisation;

use std::sync::Arc;

use prost_types::Timestamp as WireTime;
use tonic::Status;

pub(crate) use self::localisation::localisation_from_pb;
pub(super) use self::localisation::localisation_to_pb;
use super::status::{DENIED, DENIED_ZH, code_and_reason, from_word, invalid};
use crate::domain::event::{Review, SeriesKey, UnitKind};
use crate::domain::{Drift, RevisionStanding};
use crate::form::{Explanation, Finding, NamedFigure, Severity, Statements, Verdict};
use crate::ingest::{
    At, CertifiedChange, Decision, Outcome, PublicationRecord, Receipt, ResultView, ReviewRecord, SeriesChoice,
    Submission, SubmitError,
};
use crate::pb::crossfoot::v1 as pb;
use crate::words::{Basis, Coverage, Day, FamilyName, Position, RequestId, Revision, Timestamp, UnitCode, Year};

pub(super) fn coverage_from_pb(coverage: i32) -> Result<Coverage, Status> {
    match pb::Coverage::try_from(coverage) {
        Ok(pb::Coverage::Own) => Ok(Coverage::Own),
        Ok(pb::Coverage::Consolidated) => Ok(Coverage::Consolidated),
        Ok(pb::Coverage::Unspecified) | Err(_) => {
            Err(invalid("series.coverage", "say COVERAGE_OWN or COVERAGE_CONSOLIDATED"))
        }
    }
}

pub(super) fn coverage_to_pb(coverage: Coverage) -> i32 {
    match coverage {
        Coverage::Own => pb::Coverage::Own.into(),
        Coverage::Consolidated => pb::Coverage::Consolidated.into(),
    }
}

pub(super) fn basis_from_pb(basis: i32) -> Result<Basis, Status> {
    match pb::Basis::try_from(basis) {
        Ok(pb::Basis::Unspecified | pb::Basis::Units) => Ok(Basis::Units),
        Ok(pb::Basis::Declared) => Ok(Basis::Declared),
        Err(_) => Err(invalid("basis", "say BASIS_UNITS or BASIS_DECLARED")),
    }
}

pub(super) fn basis_to_pb(basis: Basis) -> i32 {
    match basis {
        Basis::Units => pb::Basis::Units.into(),
        Basis::Declared => pb::Basis::Declared.into(),
    }
}

/// The moment asked for: 0 is now.
pub(super) fn at_from_pb(position: i64) -> Result<At, Status> {
    match u64::try_from(position) {
        Ok(0) => Ok(At::NOW),
        Ok(position) => Ok(At::position(Position(position))),
        Err(_) => Err(invalid("at_position", "is below 0")),
    }
}

pub(super) fn kind_to_pb(kind: UnitKind) -> pb::UnitKind {
    match kind {
        UnitKind::Province => pb::UnitKind::Province,
        UnitKind::PrefectureCity => pb::UnitKind::PrefectureCity,
        UnitKind::CountyCity => pb::UnitKind::CountyCity,
        UnitKind::County => pb::UnitKind::County,
        UnitKind::District => pb::UnitKind::District,
        UnitKind::FunctionalZone => pb::UnitKind::FunctionalZone,
        UnitKind::Office => pb::UnitKind::Office,
        UnitKind::Department => pb::UnitKind::Department,
        UnitKind::Subdistrict => pb::UnitKind::Subdistrict,
        UnitKind::Town => pb::UnitKind::Town,
        UnitKind::Other => pb::UnitKind::Other,
    }
}

pub(super) fn kind_from_pb(kind: i32) -> Option<UnitKind> {
    UnitKind::ALL.into_iter().map(|(kind, _)| kind).find(|known| i32::from(kind_to_pb(*known)) == kind)
}

pub(super) fn unit_from_pb(code: &str) -> Result<UnitCode, Status> {
    UnitCode::new(code).map_err(from_word("unit"))
}

pub(super) fn year_from_pb(year: i32) -> Result<Year, Status> {
    Year::new(year.into()).map_err(from_word("year"))
}

/// None where it is left out.
pub(super) fn optional_unit_from_pb(code: &str) -> Result<Option<UnitCode>, Status> {
    (!code.is_empty()).then(|| unit_from_pb(code)).transpose()
}

/// None where it is left out.
pub(super) fn optional_year_from_pb(year: i32) -> Result<Option<Year>, Status> {
    (year != 0).then(|| year_from_pb(year)).transpose()
}

pub(super) fn family_from_pb(family: &str) -> Result<Option<FamilyName>, Status> {
    (!family.is_empty()).then(|| FamilyName::new(family)).transpose().map_err(from_word("family"))
}

pub(super) fn series_from_pb(series: Option<pb::SeriesName>) -> Result<SeriesChoice, Status> {
    let pb::SeriesName { family, unit, year, coverage } =
        series.ok_or_else(|| invalid("series", "say unit, year and coverage"))?;
    Ok(SeriesChoice {
        family: family_from_pb(&family)?,
        unit: unit_from_pb(&unit)?,
        year: year_from_pb(year)?,
        coverage: coverage_from_pb(coverage)?,
    })
}

pub(super) fn series_to_pb(series: &SeriesKey) -> pb::SeriesName {
    let SeriesKey { family, year, unit, coverage } = series;
    pb::SeriesName {
        family: family.to_string(),
        unit: unit.to_string(),
        year: year.get().into(),
        coverage: coverage_to_pb(*coverage),
    }
}

pub(super) fn revision_from_pb(revision: i64) -> Result<Revision, Status> {
    u32::try_from(revision)
        .ok()
        .filter(|revision| *revision > 0)
        .map(Revision)
        .ok_or_else(|| invalid("revision", "revisions count from 1"))
}

pub(crate) fn time_to_pb(time: Timestamp) -> WireTime {
    const MICROS: i64 = 1_000_000;
    let nanos = time.0.rem_euclid(MICROS).saturating_mul(1_000);
    WireTime { seconds: time.0.div_euclid(MICROS), nanos: i32::try_from(nanos).unwrap_or(0) }
}

/// A position as it travels.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn receipt_to_pb(receipt: &Receipt) -> pb::Receipt {
    let Receipt { series, revision, position, digest, chain_hash, time } = receipt;
    pb::Receipt {
        series: Some(series_to_pb(series)),
        revision: revision.0.into(),
        position: count(position.0),
        digest: digest.to_string(),
        chain_hash: chain_hash.to_string(),
        time: Some(time_to_pb(*time)),
    }
}

pub(super) fn explanation_from_pb(explanation: pb::Explanation) -> Explanation {
    let pb::Explanation { rule, instance, left, right, text } = explanation;
    Explanation { rule, instance, left, right, text }
}

pub(super) fn explanation_to_pb(explanation: Explanation) -> pb::Explanation {
    let Explanation { rule, instance, left, right, text } = explanation;
    pb::Explanation { rule, instance, left, right, text }
}

pub(super) fn submission_from_pb(request: pb::SubmitReportRequest, principal: Arc<str>) -> Result<Submission, Status> {
    let pb::SubmitReportRequest {
        series,
        report,
        blank_means_zero,
        nil_report,
        explanations,
        expected_revision,
        request_id,
        validate_only,
        result_view,
    } = request;
    let report = report.ok_or_else(|| invalid("report", "is not there"))?;
    let form = report.type_url.rsplit('/').next().unwrap_or_default().to_owned();
    if form.is_empty() {
        return Err(invalid("report.type_url", "says no form, e.g. type.googleapis.com/disclosure…"));
    }
    let request_id = (!request_id.is_empty()).then(|| RequestId::new(&request_id)).transpose();
    Ok(Submission {
        series: series_from_pb(series)?,
        form,
        report: report.value,
        statements: Statements { blank_means_zero, nil_report },
        explanations: explanations.into_iter().map(explanation_from_pb).collect(),
        expected_revision: expected_revision.map(revision_from_pb).transpose()?,
        request_id: request_id.map_err(from_word("request_id"))?,
        validate_only,
        view: view_from_pb(result_view)?,
        principal,
    })
}

fn view_from_pb(view: i32) -> Result<ResultView, Status> {
    match pb::ResultView::try_from(view) {
        Ok(pb::ResultView::Unspecified | pb::ResultView::Full) => Ok(ResultView::Full),
        Ok(pb::ResultView::Receipt) => Ok(ResultView::Receipt),
        Err(_) => Err(invalid("result_view", "say RESULT_VIEW_FULL or RESULT_VIEW_RECEIPT")),
    }
}

pub(super) fn decision_to_pb(decision: Decision) -> pb::SubmissionResult {
    let Decision { series, outcome, findings, finding_count, localisation, unused, certified, awaits_approval } =
        decision;
    let mut result = pb::SubmissionResult {
        series: Some(series_to_pb(&series)),
        findings: findings.into_iter().map(|(finding, explained)| finding_to_pb(finding, explained)).collect(),
        finding_count: i32::try_from(finding_count).unwrap_or(i32::MAX),
        localisation: localisation.map(localisation_to_pb),
        unused_explanations: unused
            .into_iter()
            .map(|unused| pb::UnusedExplanation {
                explanation: Some(explanation_to_pb(unused.explanation)),
                reason: unused.reason.word().to_owned(),
            })
            .collect(),
        certified_changes: certified.into_iter().map(certified_to_pb).collect(),
        awaits_approval,
        ..pb::SubmissionResult::default()
    };
    match outcome {
        Outcome::Accepted(receipt) => {
            result.outcome = pb::Outcome::Accepted.into();
            result.receipt = receipt.as_ref().map(receipt_to_pb);
        }
        Outcome::Unchanged(receipt) => {
            result.outcome = pb::Outcome::Unchanged.into();
            result.receipt = receipt.as_ref().map(receipt_to_pb);
        }
        Outcome::Repeated(receipt) => {
            result.outcome = pb::Outcome::Unchanged.into();
            result.receipt = receipt.as_ref().map(receipt_to_pb);
            "NOT_IN_EFFECT".clone_into(&mut result.reason);
            "该请求此前已受理，但那一版现已撤回或被更正，不计入汇总；要重新报送，请在 expected_revision 填最新版本号"
                .clone_into(&mut result.message_zh);
            "this request was accepted before, and that revision no longer counts; to file it again name the newest \
             revision as expected_revision"
                .clone_into(&mut result.message_en);
        }
        Outcome::Refused(reason) => {
            result.outcome = pb::Outcome::Refused.into();
            reason.word().clone_into(&mut result.reason);
            (result.message_zh, result.message_en) = reason.sentences();
        }
    }
    result
}

fn certified_to_pb(change: CertifiedChange) -> pb::CertifiedChange {
    let CertifiedChange { total, cells } = change;
    pb::CertifiedChange {
        family: total.family.to_string(),
        unit: total.unit.to_string(),
        year: total.year.get().into(),
        basis: total.basis.to_string(),
        cells: cells.into_iter().map(drift_to_pb).collect(),
    }
}

pub(super) fn drift_to_pb(drift: Drift) -> pb::CertifiedDrift {
    let Drift { path, certified, now } = drift;
    pb::CertifiedDrift { path: path.to_string(), certified, now }
}

pub(super) fn standing_to_pb(standing: RevisionStanding) -> pb::RevisionState {
    match standing {
        RevisionStanding::Effective => pb::RevisionState::Effective,
        RevisionStanding::Pending => pb::RevisionState::Pending,
        RevisionStanding::Superseded => pb::RevisionState::Superseded,
        RevisionStanding::Withdrawn => pb::RevisionState::Withdrawn,
        RevisionStanding::Returned => pb::RevisionState::Returned,
    }
}

pub(super) fn review_to_pb(record: ReviewRecord) -> pb::Review {
    let ReviewRecord { review, principal, time, words, cells, position } = record;
    pb::Review {
        approved: review == Review::Approved,
        principal: principal.to_string(),
        time: Some(time_to_pb(time)),
        reason: words,
        cells: cells.iter().map(ToString::to_string).collect(),
        position: count(position.0),
    }
}

pub(super) fn publication_to_pb(record: PublicationRecord) -> pb::Publication {
    let PublicationRecord { address, date, principal, position } = record;
    pb::Publication {
        address: address.to_string(),
        date: date.to_string(),
        principal: principal.to_string(),
        position: count(position.0),
    }
}

/// A day of the calendar in Asia/Shanghai, e.g. 2024-01-31.
pub(super) fn day_from_pb(field: &'static str, day: &str) -> Result<Day, Status> {
    Day::parse(day).map_err(from_word(field))
}

/// An instant; none where it is not set.
pub(super) fn time_from_pb(field: &'static str, time: Option<WireTime>) -> Result<Option<Timestamp>, Status> {
    let micros = |time: WireTime| {
        let seconds = time.seconds.checked_mul(1_000_000)?;
        seconds.checked_add(i64::from(time.nanos).checked_div(1_000)?)
    };
    time.map(|time| micros(time).map(Timestamp).ok_or_else(|| invalid(field, "is outside the calendar"))).transpose()
}

/// In a stream, what could not be judged is refused with its reason.
pub(super) fn unjudged_to_pb(series: Option<pb::SeriesName>, error: &SubmitError) -> pb::SubmissionResult {
    let (_, reason) = code_and_reason(error);
    refused_to_pb(series, reason, error.to_string())
}

/// A refusal before anything was judged.
pub(super) fn refused_to_pb(series: Option<pb::SeriesName>, reason: &str, message: String) -> pb::SubmissionResult {
    pb::SubmissionResult {
        series,
        outcome: pb::Outcome::Refused.into(),
        reason: reason.to_owned(),
        message_zh: format!("未能受理：{message}"),
        message_en: message,
        ..pb::SubmissionResult::default()
    }
}

/// In a stream, a report that its caller may not submit.
pub(super) fn denied_to_pb(series: Option<pb::SeriesName>) -> pb::SubmissionResult {
    let refused = refused_to_pb(series, "PERMISSION_DENIED", DENIED.to_owned());
    pb::SubmissionResult { message_zh: DENIED_ZH.to_owned(), ..refused }
}

pub(super) fn finding_to_pb(finding: Finding, explained: bool) -> pb::Finding {
    let difference = finding.difference();
    let Finding { rule, instance, severity, verdict, left, right, cells, message_zh, message_en } = finding;
    pb::Finding {
        rule,
        instance,
        severity: match severity {
            Severity::Error => pb::Severity::Error.into(),
            Severity::Query => pb::Severity::Query.into(),
            Severity::Notice => pb::Severity::Notice.into(),
        },
        verdict: match verdict {
            Verdict::Pass => pb::Verdict::Pass.into(),
            Verdict::Fail => pb::Verdict::Fail.into(),
            Verdict::NotAssessable => pb::Verdict::NotAssessable.into(),
        },
        left,
        right,
        difference,
        cells: cells
            .into_iter()
            .map(|NamedFigure { path, label_zh, label_en, value, prior_year }| pb::FindingCell {
                path,
                label_zh,
                label_en,
                value,
                prior_year,
            })
            .collect(),
        message_zh,
        message_en,
        explained,
    }
}

/// A finding as a client received it, and whether it is explained.
pub(crate) fn finding_from_pb(finding: pb::Finding) -> (Finding, bool) {
    let severity = match finding.severity() {
        pb::Severity::Error | pb::Severity::Unspecified => Severity::Error,
        pb::Severity::Query => Severity::Query,
        pb::Severity::Notice => Severity::Notice,
    };
    let verdict = match finding.verdict() {
        pb::Verdict::NotAssessable => Verdict::NotAssessable,
        pb::Verdict::Pass => Verdict::Pass,
        pb::Verdict::Fail | pb::Verdict::Unspecified => Verdict::Fail,
    };
    let pb::Finding { rule, instance, left, right, cells, message_zh, message_en, explained, .. } = finding;
    let cells = cells
        .into_iter()
        .map(|pb::FindingCell { path, label_zh, label_en, value, prior_year }| NamedFigure {
            path,
            label_zh,
            label_en,
            value,
            prior_year,
        })
        .collect();
    (Finding { rule, instance, severity, verdict, left, right, cells, message_zh, message_en }, explained)
}
