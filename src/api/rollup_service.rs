//! `crossfoot.v1.RollupService`.

mod explanation;
mod reconciliation;
mod statistics;
mod total;
mod watch;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert::{
    at_from_pb, basis_from_pb, count, family_from_pb, optional_unit_from_pb, time_from_pb, unit_from_pb, year_from_pb,
};
use super::paging;
use super::status::{from_submit, invalid};
use crate::domain::TotalKey;
use crate::domain::access::Subject;
use crate::ingest::{At, Desk, MissingUnit};
use crate::pb::crossfoot::v1::rollup_service_server::RollupService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{FamilyName, Position, Year};

/// The service.
#[derive(Debug)]
pub(super) struct Rollups {
    pub(super) desk: Arc<Desk>,
    pub(super) stop: CancellationToken,
    pub(super) watches: Arc<Semaphore>,
    /// Events that may be committed while a watching reader takes nothing.
    pub(super) watch_behind: u64,
}

#[tonic::async_trait]
impl RollupService for Rollups {
    async fn get_rollup(
        &self,
        request: Request<pb::GetRollupRequest>,
    ) -> Result<Response<pb::GetRollupResponse>, Status> {
        let (call, pb::GetRollupRequest { family, unit, year, basis, at_position }) = Call::open(request)?;
        let at = at_from_pb(at_position)?;
        let named = self.named(&call, &family, &unit, year, basis, at)?;
        let answer = self.desk.rollup(&named, at);
        let answer = answer.map_err(|error| from_submit(&error))?;
        Ok(Response::new(total::rollup_to_pb(&named, answer)))
    }

    async fn list_missing(
        &self,
        request: Request<pb::ListMissingRequest>,
    ) -> Result<Response<pb::ListMissingResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListMissingRequest { family, unit, year, page_size, page_token, at_position } = request;
        let (at, size) = (at_from_pb(at_position)?, paging::size(page_size)?);
        let named = self.named(&call, &family, &unit, year, 0, at)?;
        let after = optional_unit_from_pb(&page_token)?;
        let listed = self.desk.missing(&named, after.as_ref(), size.saturating_add(1), at);
        let (position, rows) = listed.map_err(|error| from_submit(&error))?;
        let (rows, next_page_token) = paging::split(rows, size, |row| row.unit.to_string());
        let units = rows.into_iter().map(|MissingUnit { unit, name, refused }| pb::MissingUnit {
            unit: unit.to_string(),
            name: name.to_string(),
            refused,
        });
        Ok(Response::new(pb::ListMissingResponse {
            position: count(position.0),
            units: units.collect(),
            next_page_token,
        }))
    }

    async fn list_overdue(
        &self,
        request: Request<pb::ListOverdueRequest>,
    ) -> Result<Response<pb::ListOverdueResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListOverdueRequest { family, unit, year, as_of, page_size, page_token, at_position } = request;
        let (at, size) = (at_from_pb(at_position)?, paging::size(page_size)?);
        let as_of = time_from_pb("as_of", as_of)?.ok_or_else(|| invalid("as_of", "is not set"))?;
        let named = self.named(&call, &family, &unit, year, 0, at)?;
        let after = optional_unit_from_pb(&page_token)?;
        let listed = self.desk.overdue(&named, as_of, after.as_ref(), size.saturating_add(1), at);
        let (position, rows) = listed.map_err(|error| from_submit(&error))?;
        let (rows, next_page_token) = paging::split(rows, size, |row| row.unit.to_string());
        let units = rows.into_iter().map(total::overdue_to_pb).collect();
        Ok(Response::new(pb::ListOverdueResponse { position: count(position.0), units, next_page_token }))
    }

    async fn reconcile_unit(
        &self,
        request: Request<pb::ReconcileUnitRequest>,
    ) -> Result<Response<pb::ReconcileUnitResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ReconcileUnitRequest { family, unit, year, basis, at_position } = request;
        let at = at_from_pb(at_position)?;
        let named = self.named(&call, &family, &unit, year, basis, at)?;
        let answer = self.desk.reconcile(&named, at);
        let answer = answer.map_err(|error| from_submit(&error))?;
        Ok(Response::new(reconciliation::to_pb(&named, answer)))
    }

    async fn explain_cell(
        &self,
        request: Request<pb::ExplainCellRequest>,
    ) -> Result<Response<pb::ExplainCellResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let asked = at_from_pb(request.at_position)?;
        let page = paging::Page::from_pb(request.page_size, &request.page_token, asked)?;
        let named = self.named(&call, &request.family, &request.unit, request.year, request.basis, page.at)?;
        let listing = explanation::listing_from_pb(request.order, request.include_zero, &page)?;
        let answer = self.desk.explain_cell(&named, &request.cell, listing, page.at);
        let answer = answer.map_err(|error| from_submit(&error))?;
        Ok(Response::new(explanation::to_pb(&named, answer, listing.zeros, &page)))
    }

    async fn get_statistics(
        &self,
        request: Request<pb::GetStatisticsRequest>,
    ) -> Result<Response<pb::GetStatisticsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let asked = at_from_pb(request.at_position)?;
        let page = paging::Page::from_pb(request.page_size, &request.page_token, asked)?;
        let (years, last) = statistics::years_from_pb(request.first_year, request.last_year)?;
        let family = self.family(&request.family, last, page.at)?;
        let question = statistics::question_from_pb(request, family, years, &page)?;
        call.may_over(&question.selection.units, &question.years)?;
        let answer = self.desk.statistics(&question, page.at).map_err(|error| from_submit(&error))?;
        Ok(Response::new(statistics::to_pb(&question, answer, &page)))
    }

    type WatchUnitStream = watch::Responses;

    async fn watch_unit(
        &self,
        request: Request<pb::WatchUnitRequest>,
    ) -> Result<Response<Self::WatchUnitStream>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::WatchUnitRequest { family, unit, year, basis, from_position } = request;
        let named = self.named(&call, &family, &unit, year, basis, At::NOW)?;
        let from = from_position
            .map(|from| u64::try_from(from).map(Position).map_err(|_| invalid("from_position", "is below 0")));
        let from = from.transpose()?;
        Ok(Response::new(watch::begin(self, call, named, from)?))
    }
}

impl Rollups {
    fn family(&self, family: &str, year: Year, at: At) -> Result<FamilyName, Status> {
        self.desk.family(family_from_pb(family)?, year, at).map_err(|error| from_submit(&error))
    }

    /// The total that a call speaks of, if its caller may.
    fn named(&self, call: &Call, family: &str, unit: &str, year: i32, basis: i32, at: At) -> Result<TotalKey, Status> {
        let (unit, year, basis) = (unit_from_pb(unit)?, year_from_pb(year)?, basis_from_pb(basis)?);
        call.may(Subject::Below(&unit, Some(year)))?;
        Ok(TotalKey { family: self.family(family, year, at)?, unit, year, basis })
    }
}
