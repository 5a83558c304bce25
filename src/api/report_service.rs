//! `crossfoot.v1.ReportService`.

use std::pin::{Pin, pin};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::call::{Call, Refusal};
use super::convert::{
    at_from_pb, count, decision_to_pb, denied_to_pb, explanation_from_pb, explanation_to_pb, finding_to_pb,
    localisation_to_pb, optional_unit_from_pb, optional_year_from_pb, publication_to_pb, receipt_to_pb, refused_to_pb,
    review_to_pb, revision_from_pb, series_from_pb, series_to_pb, standing_to_pb, submission_from_pb, time_to_pb,
    unjudged_to_pb,
};
use super::paging;
use super::status::{from_submit, full, invalid, stopping};
use super::traffic::Traffic;
use crate::domain::access::Subject;
use crate::domain::event::SeriesKey;
use crate::ingest::{
    Act, Admitted, Answer, At, CellDifference, Comparison, Decision, Desk, ListedRevision, ListedSeries, Outcome,
    StoredReport, TextDifference, Wanted,
};
use crate::pb::Any;
use crate::pb::crossfoot::v1::report_service_server::ReportService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{Revision, limits};

/// The service.
#[derive(Debug)]
pub(super) struct Reports {
    pub(super) desk: Arc<Desk>,
    pub(super) stop: CancellationToken,
    /// Places for streams of submissions.
    pub(super) streams: Arc<Semaphore>,
    pub(super) traffic: Arc<Traffic>,
}

/// A place in the answers of a stream.
enum Place {
    Told(Box<pb::SubmissionResult>),
    /// With its share of what the stream may have under way.
    Coming(Option<pb::SeriesName>, Answer<Box<Decision>>, OwnedSemaphorePermit),
}

type Results = Pin<Box<dyn Stream<Item = Result<pb::SubmitReportsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ReportService for Reports {
    async fn submit_report(
        &self,
        request: Request<pb::SubmitReportRequest>,
    ) -> Result<Response<pb::SubmitReportResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let submission = submission_from_pb(request, call.principal())?;
        call.may(Subject::Unit(&submission.series.unit, Some(submission.series.year)))?;
        call.take_turn()?;
        // a commit once begun is finished, and told, when the caller goes away
        let desk = Arc::clone(&self.desk);
        let decision = tokio::spawn(async move { desk.submit(submission).await }).await;
        let decision = decision.map_err(|_| Status::internal("the submission was dropped"))?;
        let decision = decision.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::SubmitReportResponse { result: Some(told(decision, &self.traffic)) }))
    }

    type SubmitReportsStream = Results;

    async fn submit_reports(
        &self,
        request: Request<Streaming<pb::SubmitReportsRequest>>,
    ) -> Result<Response<Self::SubmitReportsStream>, Status> {
        let (call, requests) = Call::open(request)?;
        call.may_somewhere()?;
        let place = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| full("streams of submissions"))?;
        let (places, waiting) = mpsc::channel(limits::STREAM_IN_FLIGHT);
        let desk = Arc::clone(&self.desk);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            take_stream(desk, call, stop, requests, places).await;
            drop(place);
        });
        let traffic = Arc::clone(&self.traffic);
        let results = ReceiverStream::new(waiting).then(move |place: Result<Place, Status>| {
            let traffic = Arc::clone(&traffic);
            async move { answered(place?, &traffic).await }
        });
        Ok(Response::new(Box::pin(results)))
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        let (call, pb::GetReportRequest { series, revision, at_position }) = Call::open(request)?;
        let at = at_from_pb(at_position)?;
        let series = self.series(&call, series, at)?;
        let revision = (revision != 0).then(|| revision_from_pb(revision)).transpose()?;
        let head = self.desk.head();
        let report = self.desk.report(&series, revision, at);
        let attempt = if at.tells_attempts() { self.desk.last_refused(&series) } else { None };
        let last_refused = attempt.map(|(attempt, findings, localisation)| pb::RefusedAttempt {
            time: Some(time_to_pb(attempt.time)),
            reason: attempt.reason,
            findings: findings.into_iter().map(|finding| finding_to_pb(finding, false)).collect(),
            report: Some(any(&attempt.form, attempt.report.to_vec())),
            localisation: localisation.map(localisation_to_pb),
        });
        let (position, report) = match report {
            Ok((position, report)) => (position, Some(stored_to_pb(report))),
            // an attempt that was refused is an answer too
            Err(_) if last_refused.is_some() && revision.is_none() => (head, None),
            Err(error) => return Err(from_submit(&error)),
        };
        Ok(Response::new(pb::GetReportResponse { position: count(position.0), report, last_refused }))
    }

    async fn list_reports(
        &self,
        request: Request<pb::ListReportsRequest>,
    ) -> Result<Response<pb::ListReportsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListReportsRequest { unit, subtree, year, open_queries_only, page_size, page_token, at_position } =
            request;
        let at = at_from_pb(at_position)?;
        let unit = optional_unit_from_pb(&unit)?;
        let year = optional_year_from_pb(year)?;
        call.may(match &unit {
            None => Subject::AllUnits,
            Some(unit) if subtree => Subject::Below(unit, year),
            Some(unit) => Subject::Unit(unit, year),
        })?;
        let after = paging::series(&page_token)?;
        let size = paging::size(page_size)?;
        let sight = Some(call.sight()?);
        let wanted = Wanted { unit, below: subtree, year, open_queries: open_queries_only, sight };
        let listed = self.desk.list(&wanted, after.as_ref(), size.saturating_add(1), at);
        let (position, rows) = listed.map_err(|error| from_submit(&error))?;
        let (rows, next_page_token) = paging::split(rows, size, |row| paging::token_of_series(&row.series));
        Ok(Response::new(pb::ListReportsResponse {
            position: count(position.0),
            reports: rows.into_iter().map(summary_to_pb).collect(),
            next_page_token,
        }))
    }

    async fn compare_revisions(
        &self,
        request: Request<pb::CompareRevisionsRequest>,
    ) -> Result<Response<pb::CompareRevisionsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::CompareRevisionsRequest { series, from_revision, to_revision, at_position } = request;
        let at = at_from_pb(at_position)?;
        let series = self.series(&call, series, at)?;
        let revisions = (revision_from_pb(from_revision)?, revision_from_pb(to_revision)?);
        let comparison = self.desk.compare(&series, revisions, at).map_err(|error| from_submit(&error))?;
        Ok(Response::new(comparison_to_pb(comparison)))
    }

    async fn list_report_revisions(
        &self,
        request: Request<pb::ListReportRevisionsRequest>,
    ) -> Result<Response<pb::ListReportRevisionsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListReportRevisionsRequest { series, page_size, page_token, at_position } = request;
        let at = at_from_pb(at_position)?;
        let series = self.series(&call, series, at)?;
        let below = paging::number(&page_token)?.map(Revision);
        let size = paging::size(page_size)?;
        let listed = self.desk.revisions(&series, below, size.saturating_add(1), at);
        let (position, rows) = listed.map_err(|error| from_submit(&error))?;
        let (rows, next_page_token) = paging::split(rows, size, |row| row.receipt.revision.to_string());
        Ok(Response::new(pb::ListReportRevisionsResponse {
            position: count(position.0),
            revisions: rows.into_iter().map(revision_to_pb).collect(),
            next_page_token,
        }))
    }

    async fn explain_query(
        &self,
        request: Request<pb::ExplainQueryRequest>,
    ) -> Result<Response<pb::ExplainQueryResponse>, Status> {
        let (call, pb::ExplainQueryRequest { series, explanation }) = Call::open(request)?;
        let series = self.series(&call, series, At::NOW)?;
        let explanation = explanation.ok_or_else(|| invalid("explanation", "is not there"))?;
        let explained = self.desk.explain(series, explanation_from_pb(explanation), call.principal()).await;
        let (position, open) = explained.map_err(|error| from_submit(&error))?;
        let open_queries = i32::try_from(open).unwrap_or(i32::MAX);
        Ok(Response::new(pb::ExplainQueryResponse { position: count(position.0), open_queries }))
    }

    async fn withdraw_report(
        &self,
        request: Request<pb::WithdrawReportRequest>,
    ) -> Result<Response<pb::WithdrawReportResponse>, Status> {
        let (call, pb::WithdrawReportRequest { series, revision, reason }) = Call::open(request)?;
        let (series, revision) = (self.series(&call, series, At::NOW)?, revision_from_pb(revision)?);
        let position = self.desk.act(Act::Withdraw { series, revision }, reason, call.principal()).await;
        let position = position.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::WithdrawReportResponse { position: count(position.0) }))
    }
}

impl Reports {
    /// The series that a call speaks of, if its caller may.
    fn series(&self, call: &Call, series: Option<pb::SeriesName>, at: At) -> Result<SeriesKey, Status> {
        let choice = series_from_pb(series)?;
        call.may(Subject::Unit(&choice.unit, Some(choice.year)))?;
        self.desk.series(choice, at).map_err(|error| from_submit(&error))
    }
}

/// Takes reports from a stream, in order. A bad one does not stop it; a broken
/// frame, the end of the caller's credentials or that of the service ends it after
/// all earlier answers.
async fn take_stream(
    desk: Arc<Desk>,
    call: Arc<Call>,
    stop: CancellationToken,
    mut requests: Streaming<pb::SubmitReportsRequest>,
    places: mpsc::Sender<Result<Place, Status>>,
) {
    let shares = Arc::new(Semaphore::new(limits::STREAM_BYTES));
    let (mut ended, mut stopped) = (pin!(call.ended()), pin!(stop.cancelled()));
    loop {
        let next = async {
            let next = requests.next().await;
            call.turn().await;
            next
        };
        let next = tokio::select! {
            biased;
            () = &mut ended => Some(Err(Refusal::Unauthenticated.into())),
            () = &mut stopped => Some(Err(stopping())),
            next = next => next,
        };
        let place = match next {
            None => return,
            Some(Err(status)) => Err(status),
            Some(Ok(request)) => begin(&desk, &call, request, &shares).await,
        };
        let broken = place.is_err();
        if places.send(place).await.is_err() || broken {
            return;
        }
    }
}

async fn begin(
    desk: &Desk,
    call: &Call,
    request: pb::SubmitReportsRequest,
    shares: &Arc<Semaphore>,
) -> Result<Place, Status> {
    let told = |result| Ok(Place::Told(Box::new(result)));
    let Some(submission) = request.submission else {
        return told(refused_to_pb(None, "INVALID", "submission: is not there".to_owned()));
    };
    let series = submission.series.clone();
    let bytes = submission.report.as_ref().map_or(0, |report| report.value.len());
    let submission = match submission_from_pb(submission, call.principal()) {
        Ok(submission) => submission,
        Err(status) => return told(refused_to_pb(series, "INVALID", status.message().to_owned())),
    };
    match call.may(Subject::Unit(&submission.series.unit, Some(submission.series.year))) {
        Ok(()) => {}
        Err(Refusal::Denied | Refusal::NameAUnit) => return told(denied_to_pb(series)),
        Err(ended @ Refusal::Unauthenticated) => return Err(ended.into()),
    }
    let begun = match desk.admit(submission) {
        Ok(admitted) => {
            let share = Arc::clone(shares).acquire_many_owned(share(bytes, &admitted)).await;
            let share = share.map_err(|_| Status::internal("the stream has ended"))?;
            desk.begin(admitted).await.map(|answer| (answer, share))
        }
        Err(error) => Err(error),
    };
    match begun {
        Ok((answer, share)) => Ok(Place::Coming(series, answer, share)),
        Err(error) if error.is_ours() => Err(from_submit(&error)),
        Err(error) => told(unjudged_to_pb(series, &error)),
    }
}

/// What a submission takes of what its stream may have under way: its own bytes,
/// and room for its answer with what was found.
fn share(bytes: usize, admitted: &Admitted) -> u32 {
    const ANSWER_BYTES: usize = 1 << 10;
    const FINDING_BYTES: usize = 2 << 10;
    const LOCALISATION_BYTES: usize = 16 << 10;
    let located = if admitted.is_locatable() { LOCALISATION_BYTES } else { 0 };
    let answer =
        admitted.findings_told().saturating_mul(FINDING_BYTES).saturating_add(ANSWER_BYTES).saturating_add(located);
    u32::try_from(bytes.saturating_add(answer).min(limits::STREAM_BYTES)).unwrap_or(u32::MAX)
}

/// The answer in a place of a stream, once it is there.
async fn answered(place: Place, traffic: &Traffic) -> Result<pb::SubmitReportsResponse, Status> {
    let result = match place {
        Place::Told(result) => *result,
        Place::Coming(series, answer, _share) => match answer.await {
            Ok(Ok(decision)) => told(*decision, traffic),
            // a refusal says something of the report; a failure of ours does not
            Ok(Err(error)) if error.is_ours() => return Err(from_submit(&error)),
            Ok(Err(error)) => unjudged_to_pb(series, &error),
            Err(_) => return Err(stopping()),
        },
    };
    Ok(pb::SubmitReportsResponse { result: Some(result) })
}

/// What its sender is told of a decision; counts receipts and logs refusals.
fn told(decision: Decision, traffic: &Traffic) -> pb::SubmissionResult {
    if matches!(decision.outcome, Outcome::Accepted(Some(_))) {
        traffic.receipt();
    }
    if let Outcome::Refused(reason) = &decision.outcome {
        tracing::info!(
            report.unit = %decision.series.unit, report.year = %decision.series.year,
            report.coverage = %decision.series.coverage, report.reason = reason.word(),
            report.findings = decision.findings.len(), "report refused"
        );
    }
    decision_to_pb(decision)
}

fn any(form: &str, value: Vec<u8>) -> Any {
    Any { type_url: format!("type.googleapis.com/{form}"), value: value.into() }
}

fn stored_to_pb(stored: StoredReport) -> pb::StoredReport {
    let StoredReport {
        receipt,
        standing,
        form,
        report,
        statements,
        findings,
        explanations,
        principal,
        review,
        publication,
        texts,
        redacted,
    } = stored;
    pb::StoredReport {
        receipt: Some(receipt_to_pb(&receipt)),
        state: standing_to_pb(standing).into(),
        report: Some(any(&form, report)),
        blank_means_zero: statements.blank_means_zero,
        nil_report: statements.nil_report,
        findings: findings.into_iter().map(|(finding, explained)| finding_to_pb(finding, explained)).collect(),
        principal: principal.to_string(),
        explanations: explanations.into_iter().map(explanation_to_pb).collect(),
        review: review.map(review_to_pb),
        publication: publication.map(publication_to_pb),
        texts_digest: texts.map(|texts| texts.to_string()).unwrap_or_default(),
        redacted,
    }
}

fn summary_to_pb(row: ListedSeries) -> pb::ReportSummary {
    let ListedSeries {
        series,
        newest,
        newest_standing,
        effective,
        current: _,
        review,
        publication,
        open_queries,
        nil_report,
        refused_since,
    } = row;
    pb::ReportSummary {
        series: Some(series_to_pb(&series)),
        newest_revision: newest.as_ref().map_or(0, |stored| stored.revision.0.into()),
        effective_revision: effective.map_or(0, |revision| revision.0.into()),
        position: newest.map_or(0, |stored| count(stored.position.0)),
        open_queries: i32::try_from(open_queries).unwrap_or(i32::MAX),
        nil_report,
        refused_since,
        newest_state: newest_standing.map_or(0, |standing| standing_to_pb(standing).into()),
        review: review.map(review_to_pb),
        publication: publication.map(publication_to_pb),
    }
}

fn revision_to_pb(row: ListedRevision) -> pb::RevisionSummary {
    let ListedRevision { receipt, standing, principal, review } = row;
    pb::RevisionSummary {
        receipt: Some(receipt_to_pb(&receipt)),
        state: standing_to_pb(standing).into(),
        principal: principal.to_string(),
        review: review.map(review_to_pb),
    }
}

fn comparison_to_pb(comparison: Comparison) -> pb::CompareRevisionsResponse {
    let Comparison { position, from, to, cells, texts, statements } = comparison;
    let cell = |CellDifference { path, label_zh, label_en, before, after }| pb::CellChange {
        path,
        label_zh,
        label_en,
        before,
        after,
    };
    let text = |TextDifference { path, before, after }| pb::TextChange { path, before, after };
    pb::CompareRevisionsResponse {
        position: count(position.0),
        from: Some(receipt_to_pb(&from)),
        to: Some(receipt_to_pb(&to)),
        cells: cells.into_iter().map(cell).collect(),
        texts: texts.into_iter().map(text).collect(),
        statements: statements.into_iter().map(text).collect(),
    }
}
