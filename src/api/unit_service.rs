//! `crossfoot.v1.UnitService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert::{
    at_from_pb, count, kind_from_pb, kind_to_pb, optional_unit_from_pb, optional_year_from_pb, unit_from_pb,
    year_from_pb,
};
use super::paging;
use super::roster::{extension_from_pb, family_of, plan_to_pb, roster_from_pb, roster_to_pb};
use super::status::{from_submit, invalid};
use crate::domain::access::Subject;
use crate::domain::event::UnitEntry;
use crate::domain::{State, UnitChange};
use crate::ingest::{Desk, SubmitError};
use crate::pb::crossfoot::v1::unit_service_server::UnitService;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{Position, UnitCode, Year};

/// The service.
#[derive(Debug)]
pub(super) struct UnitsDoor {
    pub(super) desk: Arc<Desk>,
}

#[tonic::async_trait]
impl UnitService for UnitsDoor {
    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Result<Response<pb::GetUnitResponse>, Status> {
        let (call, pb::GetUnitRequest { code, at_position }) = Call::open(request)?;
        let (code, at) = (unit_from_pb(&code)?, at_from_pb(at_position)?);
        call.may(Subject::Unit(&code, None))?;
        let found = self.desk.with_state(|state| {
            let at = at.within(state.head())?;
            let history = state.units().history_at(code.as_str(), at).iter().map(unit_to_pb);
            Ok((at, history.collect::<Vec<_>>()))
        });
        let (position, history) = found.map_err(|error| from_submit(&error))?;
        if history.is_empty() {
            return Err(from_submit(&SubmitError::NotFound(format!("no unit {code}"))));
        }
        Ok(Response::new(pb::GetUnitResponse { position: count(position.0), history }))
    }

    async fn list_units(
        &self,
        request: Request<pb::ListUnitsRequest>,
    ) -> Result<Response<pb::ListUnitsResponse>, Status> {
        let (call, request) = Call::open(request)?;
        let pb::ListUnitsRequest { year, root, page_size, page_token, at_position } = request;
        let at = at_from_pb(at_position)?;
        let year = optional_year_from_pb(year)?;
        let root = optional_unit_from_pb(&root)?;
        if root.is_some() && year.is_none() {
            return Err(invalid("root", "needs a year"));
        }
        call.may(Subject::below(root.as_ref(), year))?;
        let after = optional_unit_from_pb(&page_token)?;
        let size = paging::size(page_size)?;
        let found = self.desk.with_state(|state| {
            let at = at.within(state.head())?;
            Ok((at, listed(state, year, root.as_ref(), after.as_ref(), size.saturating_add(1), at)))
        });
        let (position, rows) = found.map_err(|error| from_submit(&error))?;
        let (units, next_page_token) = paging::split(rows, size, |unit| unit.code.clone());
        Ok(Response::new(pb::ListUnitsResponse { position: count(position.0), units, next_page_token }))
    }

    async fn apply_units(
        &self,
        request: Request<pb::ApplyUnitsRequest>,
    ) -> Result<Response<pb::ApplyUnitsResponse>, Status> {
        let (call, pb::ApplyUnitsRequest { units, validate_only, reason }) = Call::open(request)?;
        let units = units.into_iter().map(unit_entry_from_pb).collect::<Result<Vec<_>, Status>>()?;
        call.may_change(&units)?;
        let applied = self.desk.apply_units(units, validate_only, reason, call.principal()).await;
        let (position, plan) = applied.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::ApplyUnitsResponse {
            position: count(position.0),
            changes: plan.changes.into_iter().map(change_to_pb).collect(),
            recomputed_years: plan.recomputed_years.iter().map(|year| year.get().into()).collect(),
            unchanged: i32::try_from(plan.unchanged).unwrap_or(i32::MAX),
        }))
    }

    async fn get_roster(
        &self,
        request: Request<pb::GetRosterRequest>,
    ) -> Result<Response<pb::GetRosterResponse>, Status> {
        let (call, pb::GetRosterRequest { family, year, unit, at_position }) = Call::open(request)?;
        let (year, at) = (year_from_pb(year)?, at_from_pb(at_position)?);
        let root = optional_unit_from_pb(&unit)?;
        call.may(Subject::below(root.as_ref(), Some(year)))?;
        let family = family_of(&self.desk, &family, year)?;
        let found = self.desk.with_state(|state| {
            let at = at.within(state.head())?;
            let below = |root| move |unit: &UnitCode| state.units().is_within_at(unit, root, year, at);
            let roster = state.roster_at(&family, year, at);
            Ok((
                at,
                match &root {
                    Some(root) => roster_to_pb(&family, year, &roster, below(root)),
                    None => roster_to_pb(&family, year, &roster, |_| true),
                },
            ))
        });
        let (position, roster) = found.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::GetRosterResponse { position: count(position.0), roster: Some(roster) }))
    }

    async fn apply_roster(
        &self,
        request: Request<pb::ApplyRosterRequest>,
    ) -> Result<Response<pb::ApplyRosterResponse>, Status> {
        let (call, pb::ApplyRosterRequest { roster, validate_only, reason }) = Call::open(request)?;
        let year = year_from_pb(roster.as_ref().map_or(0, |roster| roster.year))?;
        // a roster is for everybody: whoever has every root below him has everybody
        let roots = self.desk.with_state(|state| state.tree(year).roots());
        call.may_over(&roots, &[year])?;
        let applied = roster_from_pb(&self.desk, roster)?;
        let applied = self.desk.apply_roster(applied, validate_only, reason, call.principal()).await;
        let (position, plan) = applied.map_err(|error| from_submit(&error))?;
        Ok(Response::new(plan_to_pb(position, plan.0)))
    }

    async fn extend_deadline(
        &self,
        request: Request<pb::ExtendDeadlineRequest>,
    ) -> Result<Response<pb::ExtendDeadlineResponse>, Status> {
        let (call, pb::ExtendDeadlineRequest { family, year, extension, reason }) = Call::open(request)?;
        let unit = unit_from_pb(extension.as_ref().map_or("", |extension| &extension.unit))?;
        call.may(Subject::Unit(&unit, Some(year_from_pb(year)?)))?;
        let act = extension_from_pb(&self.desk, &family, year, extension)?;
        let position = self.desk.act(act, reason, call.principal()).await.map_err(|error| from_submit(&error))?;
        Ok(Response::new(pb::ExtendDeadlineResponse { position: count(position.0) }))
    }
}

fn listed(
    state: &State,
    year: Option<Year>,
    root: Option<&UnitCode>,
    after: Option<&UnitCode>,
    most: usize,
    at: Position,
) -> Vec<pb::Unit> {
    let units = state.units();
    let within = |code: &UnitCode| match (year, root) {
        (Some(year), Some(root)) => units.is_within_at(code, root, year, at),
        _ => true,
    };
    let entries = units.iter_at(at, after).filter(|(code, _)| within(code)).filter_map(|(code, history)| match year {
        Some(year) => units.in_year_at(code.as_str(), year, at),
        None => history.last(),
    });
    entries.take(most).map(unit_to_pb).collect()
}

pub(super) fn unit_to_pb(entry: &UnitEntry) -> pb::Unit {
    let UnitEntry { code, from_year, until_year, parent, kind, name, makes_rules } = entry;
    pb::Unit {
        code: code.to_string(),
        parent: parent.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: kind_to_pb(*kind).into(),
        name: name.to_string(),
        from_year: from_year.get().into(),
        until_year: until_year.map_or(0, |year| year.get().into()),
        makes_rules: *makes_rules,
    }
}

fn unit_entry_from_pb(unit: pb::Unit) -> Result<UnitEntry, Status> {
    let pb::Unit { code, parent, kind, name, from_year, until_year, makes_rules } = unit;
    let kind =
        kind_from_pb(kind).ok_or_else(|| invalid("units.kind", format!("unit {code}: kind {kind} is not known")))?;
    Ok(UnitEntry {
        from_year: year_from_pb(from_year).map_err(|status| of_unit(&code, &status))?,
        until_year: optional_year_from_pb(until_year).map_err(|s| of_unit(&code, &s))?,
        parent: optional_unit_from_pb(&parent)?,
        code: unit_from_pb(&code)?,
        kind,
        name: name.into(),
        makes_rules,
    })
}

fn of_unit(code: &str, status: &Status) -> Status {
    invalid("units", format!("unit {code}: {}", status.message()))
}

fn change_to_pb(change: UnitChange) -> pb::UnitChange {
    let UnitChange { code, change, from_year, before, after } = change;
    pb::UnitChange {
        code: code.to_string(),
        change: change.name().to_owned(),
        from_year: from_year.get().into(),
        before,
        after,
    }
}
