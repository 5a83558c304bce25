//! `crossfoot.v1.AuditService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert::{count, optional_unit_from_pb, series_to_pb, time_from_pb, time_to_pb};
use super::paging;
use super::status::from_submit;
use crate::domain::access::Subject;
use crate::ingest::{About, AuditEntry, AuditQuestion, Desk};
use crate::pb::crossfoot::v1::audit_service_server::AuditService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::Position;

/// Units named of one event.
const UNITS: usize = 100;

/// The service.
#[derive(Debug)]
pub(super) struct Audits {
    pub(super) desk: Arc<Desk>,
}

#[tonic::async_trait]
impl AuditService for Audits {
    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListEventsRequest { unit, principal, from, until, page_size, page_token } = request;
        let unit = optional_unit_from_pb(&unit)?;
        call.may(Subject::below(unit.as_ref(), None))?;
        let question = AuditQuestion {
            unit,
            principal: (!principal.is_empty()).then(|| Arc::from(principal)),
            from: time_from_pb("from", from)?,
            until: time_from_pb("until", until)?,
        };
        let after = Position(paging::number(&page_token)?.unwrap_or(0));
        let listed = self.desk.audit(&question, after, paging::size(page_size)?);
        let (head, events, next) = listed.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::ListEventsResponse {
            position: count(head.0),
            events: events.into_iter().map(event_to_pb).collect(),
            next_page_token: next.map(|next| next.to_string()).unwrap_or_default(),
        }))
    }
}

fn event_to_pb(entry: AuditEntry) -> pb::AuditEvent {
    let AuditEntry { position, time, principal, kind, about, reason, chain_hash } = entry;
    let About { series, year, revision, units } = about;
    let of_year = || year.map(|year| pb::SeriesName { year: year.get().into(), ..pb::SeriesName::default() });
    pb::AuditEvent {
        position: count(position.0),
        time: Some(time_to_pb(time)),
        principal: principal.to_string(),
        kind: kind.to_owned(),
        series: series.as_ref().map(series_to_pb).or_else(of_year),
        revision: revision.map_or(0, |revision| revision.0.into()),
        units: units.iter().take(UNITS).map(ToString::to_string).collect(),
        reason,
        chain_hash: chain_hash.to_string(),
    }
}
