//! Grants and tokens, on the wire and back.

use tonic::Status;

use super::convert::{count, time_to_pb, unit_from_pb};
use super::status::invalid;
use crate::domain::access::{Grant, Reach, Role};
use crate::domain::{Token, TokenMark};
use crate::pb::crossfoot::v1 as pb;

fn role_to_pb(role: Role) -> pb::Role {
    match role {
        Role::Submitter => pb::Role::Submitter,
        Role::Reviewer => pb::Role::Reviewer,
        Role::Office => pb::Role::Office,
        Role::Auditor => pb::Role::Auditor,
        Role::Operator => pb::Role::Operator,
    }
}

fn grant_to_pb(grant: &Grant) -> pb::Grant {
    let (reach, unit) = match grant.reach() {
        Reach::Everything => (pb::Reach::Everything, String::new()),
        Reach::Unit(unit) => (pb::Reach::Unit, unit.to_string()),
        Reach::Subtree(root) => (pb::Reach::Subtree, root.to_string()),
    };
    pb::Grant { role: role_to_pb(grant.role()).into(), reach: reach.into(), unit }
}

pub(super) fn grant_from_pb(grant: pb::Grant) -> Result<Grant, Status> {
    let known = |role: &Role| i32::from(role_to_pb(*role)) == grant.role;
    let role = Role::ALL.into_iter().map(|(role, _)| role).find(known);
    let role = role.ok_or_else(|| invalid("grants.role", "is not known"))?;
    let reach = match pb::Reach::try_from(grant.reach) {
        Ok(pb::Reach::Everything) if grant.unit.is_empty() => Reach::Everything,
        Ok(pb::Reach::Everything) => return Err(invalid("grants.unit", "is left out with everything")),
        Ok(pb::Reach::Unit) => Reach::Unit(unit_from_pb(&grant.unit)?),
        Ok(pb::Reach::Subtree) => Reach::Subtree(unit_from_pb(&grant.unit)?),
        Ok(pb::Reach::Unspecified) | Err(_) => return Err(invalid("grants.reach", "is not known")),
    };
    Grant::new(role, reach).map_err(|error| invalid("grants", error))
}

/// A token as it may be shown: without its digest, of which nobody has any use.
pub(crate) fn token_to_pb(token: &Token) -> pb::Token {
    pb::Token {
        id: i32::try_from(token.id.0).unwrap_or(i32::MAX),
        principal: token.principal.to_string(),
        grants: token.grants.iter().map(grant_to_pb).collect(),
        expires: Some(time_to_pb(token.expires)),
        issued: Some(mark_to_pb(&token.issued)),
        revoked: token.revoked.as_ref().map(mark_to_pb),
    }
}

fn mark_to_pb(mark: &TokenMark) -> pb::TokenEvent {
    let TokenMark { position, time, principal, reason } = mark;
    pb::TokenEvent {
        time: Some(time_to_pb(*time)),
        principal: principal.to_string(),
        reason: reason.clone(),
        position: count(position.0),
    }
}
