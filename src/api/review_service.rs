//! `crossfoot.v1.ReviewService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert::{
    at_from_pb, basis_from_pb, basis_to_pb, count, day_from_pb, drift_to_pb, finding_to_pb, optional_year_from_pb,
    revision_from_pb, series_from_pb, series_to_pb, time_to_pb, unit_from_pb, year_from_pb,
};
use super::paging;
use super::roster::family_of;
use super::status::{from_submit, invalid};
use crate::domain::access::Subject;
use crate::domain::event::{Review, SeriesKey};
use crate::domain::{Closed, Signed, State, TotalKey};
use crate::ingest::{Act, At, Desk, ListedQuery, Wanted};
use crate::pb::crossfoot::ledger::v1::SignedStatement;
use crate::pb::crossfoot::v1::review_service_server::ReviewService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::Digest;

/// The service.
#[derive(Debug)]
pub(super) struct Reviews {
    pub(super) desk: Arc<Desk>,
}

#[tonic::async_trait]
impl ReviewService for Reviews {
    async fn approve_report(
        &self,
        request: Request<pb::ApproveReportRequest>,
    ) -> Result<Response<pb::ApproveReportResponse>, Status> {
        let (call, pb::ApproveReportRequest { series, revision, reason }) = Call::open(request)?;
        let (series, revision) = (self.series(&call, series)?, revision_from_pb(revision)?);
        let act = Act::Review { series, revision, review: Review::Approved, words: reason, cells: Vec::new() };
        Ok(Response::new(pb::ApproveReportResponse { position: self.act(&call, act, String::new()).await? }))
    }

    async fn return_report(
        &self,
        request: Request<pb::ReturnReportRequest>,
    ) -> Result<Response<pb::ReturnReportResponse>, Status> {
        let (call, pb::ReturnReportRequest { series, revision, reason, cells }) = Call::open(request)?;
        let (series, revision) = (self.series(&call, series)?, revision_from_pb(revision)?);
        let cells = cells.into_iter().map(Arc::from).collect();
        let act = Act::Review { series, revision, review: Review::Returned, words: reason, cells };
        Ok(Response::new(pb::ReturnReportResponse { position: self.act(&call, act, String::new()).await? }))
    }

    async fn list_queries(
        &self,
        request: Request<pb::ListQueriesRequest>,
    ) -> Result<Response<pb::ListQueriesResponse>, Status> {
        let (call, pb::ListQueriesRequest { unit, year, explained, page_size, page_token, at_position }) =
            Call::open(request)?;
        let (at, size) = (at_from_pb(at_position)?, paging::size(page_size)?);
        let year = optional_year_from_pb(year)?;
        let after = paging::series(&page_token)?;
        let unit = unit_from_pb(&unit)?;
        call.may(Subject::Below(&unit, year))?;
        let sight = Some(call.sight()?);
        let wanted = Wanted { unit: Some(unit), below: true, year, open_queries: false, sight };
        let listed = self.desk.queries(&wanted, explained, after.as_ref(), size, at);
        let (position, rows, last) = listed.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::ListQueriesResponse {
            position: count(position.0),
            queries: rows.into_iter().map(query_to_pb).collect(),
            next_page_token: last.as_ref().map(paging::token_of_series).unwrap_or_default(),
        }))
    }

    async fn record_publication(
        &self,
        request: Request<pb::RecordPublicationRequest>,
    ) -> Result<Response<pb::RecordPublicationResponse>, Status> {
        let (call, pb::RecordPublicationRequest { series, address, date }) = Call::open(request)?;
        let (series, date) = (self.series(&call, series)?, day_from_pb("date", &date)?);
        let act = Act::Publish { series, address: address.into(), date };
        Ok(Response::new(pb::RecordPublicationResponse { position: self.act(&call, act, String::new()).await? }))
    }

    async fn redact_text(
        &self,
        request: Request<pb::RedactTextRequest>,
    ) -> Result<Response<pb::RedactTextResponse>, Status> {
        let (call, pb::RedactTextRequest { series, text_digest, reason }) = Call::open(request)?;
        let text = Digest::from_hex(&text_digest).ok_or_else(|| invalid("text_digest", "is no SHA-256"))?;
        let act = Act::Redact { series: self.series(&call, series)?, text };
        Ok(Response::new(pb::RedactTextResponse { position: self.act(&call, act, reason).await? }))
    }

    async fn close_year(
        &self,
        request: Request<pb::CloseYearRequest>,
    ) -> Result<Response<pb::CloseYearResponse>, Status> {
        let (call, pb::CloseYearRequest { family, unit, year, basis, override_reason }) = Call::open(request)?;
        let total = self.total(&call, &family, &unit, year, basis)?;
        let override_reason = (!override_reason.trim().is_empty()).then(|| Arc::from(override_reason));
        let closed = self.desk.close_year(total, override_reason, call.principal()).await;
        let (position, signed) = closed.map_err(|error| from_submit(&error))?;
        let (position, statement) = (count(position.0), Some(signed_to_pb(signed)));
        Ok(Response::new(pb::CloseYearResponse { position, statement }))
    }

    async fn reopen_year(
        &self,
        request: Request<pb::ReopenYearRequest>,
    ) -> Result<Response<pb::ReopenYearResponse>, Status> {
        let (call, pb::ReopenYearRequest { family, unit, year, basis, reason }) = Call::open(request)?;
        let act = Act::Reopen(self.total(&call, &family, &unit, year, basis)?);
        Ok(Response::new(pb::ReopenYearResponse { position: self.act(&call, act, reason).await? }))
    }

    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Result<Response<pb::GetStatementResponse>, Status> {
        let (call, pb::GetStatementRequest { family, unit, year, basis }) = Call::open(request)?;
        let total = self.total(&call, &family, &unit, year, basis)?;
        let (position, signed) = self.desk.statement(&total).map_err(|error| from_submit(&error))?;
        let (head, stale) = self.desk.with_state(|state| {
            let stale = state.closed_year(&total).map(|closed| state.drift(&closed.statement));
            (state.head(), stale.unwrap_or_default())
        });
        Ok(Response::new(pb::GetStatementResponse {
            position: count(position.0),
            statement: Some(signed_to_pb(signed)),
            head: count(head.0),
            stale: stale.into_iter().map(drift_to_pb).collect(),
        }))
    }

    async fn list_closed_years(
        &self,
        request: Request<pb::ListClosedYearsRequest>,
    ) -> Result<Response<pb::ListClosedYearsResponse>, Status> {
        let (call, pb::ListClosedYearsRequest { unit, year }) = Call::open(request)?;
        let unit = unit_from_pb(&unit)?;
        let year = optional_year_from_pb(year)?;
        call.may(Subject::Below(&unit, year))?;
        let sight = call.sight()?;
        let (position, years) = self.desk.with_state(|state| {
            let fits = |total: &TotalKey| {
                let within = state.units().is_within_at(&total.unit, &unit, total.year, state.head());
                let seen = sight.sees(&total.unit, total.year, state.units());
                seen && within && year.is_none_or(|year| year == total.year)
            };
            let closed = state.closed_years().filter(|closed| fits(&closed.statement.total));
            (state.head(), closed.map(|closed| closed_to_pb(state, closed)).collect())
        });
        Ok(Response::new(pb::ListClosedYearsResponse { position: count(position.0), years }))
    }
}

impl Reviews {
    fn series(&self, call: &Call, series: Option<pb::SeriesName>) -> Result<SeriesKey, Status> {
        let choice = series_from_pb(series)?;
        call.may(Subject::Unit(&choice.unit, Some(choice.year)))?;
        self.desk.series(choice, At::NOW).map_err(|error| from_submit(&error))
    }

    fn total(&self, call: &Call, family: &str, unit: &str, year: i32, basis: i32) -> Result<TotalKey, Status> {
        let (unit, year, basis) = (unit_from_pb(unit)?, year_from_pb(year)?, basis_from_pb(basis)?);
        call.may(Subject::Below(&unit, Some(year)))?;
        Ok(TotalKey { family: family_of(&self.desk, family, year)?, unit, year, basis })
    }

    async fn act(&self, call: &Call, act: Act, reason: String) -> Result<i64, Status> {
        let done = self.desk.act(act, reason, call.principal()).await;
        done.map(|position| count(position.0)).map_err(|error| from_submit(&error))
    }
}

fn signed_to_pb(signed: Signed) -> SignedStatement {
    let Signed { statement, signature, public_key } = signed;
    SignedStatement { statement, signature, public_key }
}

fn query_to_pb(query: ListedQuery) -> pb::Query {
    let ListedQuery { series, revision, finding, explanation } = query;
    pb::Query {
        series: Some(series_to_pb(&series)),
        revision: revision.0.into(),
        finding: Some(finding_to_pb(finding, explanation.is_some())),
        explanation: explanation.unwrap_or_default(),
    }
}

fn closed_to_pb(state: &State, closed: &Closed) -> pb::ClosedYear {
    let Closed { statement, position } = closed;
    let TotalKey { family, unit, year, basis } = &statement.total;
    pb::ClosedYear {
        family: family.to_string(),
        unit: unit.to_string(),
        year: year.get().into(),
        basis: basis_to_pb(*basis),
        position: count(position.0),
        time: Some(time_to_pb(statement.time)),
        principal: statement.principal.to_string(),
        override_reason: statement.override_reason.as_deref().unwrap_or_default().to_owned(),
        stale_cells: i32::try_from(state.drift(statement).len()).unwrap_or(i32::MAX),
    }
}
