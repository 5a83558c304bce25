//! Tokens to stored bytes and back. Numbers are those of `crossfoot.v1`.

use super::super::stored;
use super::digest_from;
use crate::domain::access::{Grant, Reach, Role};
use crate::domain::event::{TokenId, TokenIssued};
use crate::words::{Timestamp, UnitCode};

const EVERYTHING: u32 = 1;
const UNIT: u32 = 2;
const SUBTREE: u32 = 3;

pub(super) fn issued_to(issued: &TokenIssued) -> stored::TokenIssued {
    let TokenIssued { id, principal, grants, expires, digest } = issued;
    stored::TokenIssued {
        token: id.0,
        principal: principal.to_string(),
        grants: grants.iter().map(grant_to).collect(),
        expires_us: expires.0,
        digest: digest.as_bytes().to_vec(),
    }
}

pub(super) fn issued_from(issued: stored::TokenIssued) -> Result<TokenIssued, String> {
    let stored::TokenIssued { token, principal, grants, expires_us, digest } = issued;
    Ok(TokenIssued {
        id: TokenId(token),
        principal: principal.into(),
        grants: grants.into_iter().map(grant_from).collect::<Result<_, String>>()?,
        expires: Timestamp(expires_us),
        digest: digest_from(&digest)?,
    })
}

fn role_to(role: Role) -> u32 {
    match role {
        Role::Submitter => 1,
        Role::Reviewer => 2,
        Role::Office => 3,
        Role::Auditor => 4,
        Role::Operator => 5,
    }
}

fn grant_to(grant: &Grant) -> stored::Grant {
    let (reach, unit) = match grant.reach() {
        Reach::Everything => (EVERYTHING, String::new()),
        Reach::Unit(unit) => (UNIT, unit.to_string()),
        Reach::Subtree(root) => (SUBTREE, root.to_string()),
    };
    stored::Grant { role: role_to(grant.role()), reach, unit }
}

fn grant_from(grant: stored::Grant) -> Result<Grant, String> {
    let stored::Grant { role, reach, unit } = grant;
    let known = Role::ALL.into_iter().map(|(role, _)| role).find(|known| role_to(*known) == role);
    let role = known.ok_or_else(|| format!("role {role} is not known"))?;
    let code = |unit: &str| UnitCode::new(unit).map_err(|error| error.to_string());
    let reach = match reach {
        EVERYTHING => Reach::Everything,
        UNIT => Reach::Unit(code(&unit)?),
        SUBTREE => Reach::Subtree(code(&unit)?),
        other => return Err(format!("reach {other} is not known")),
    };
    Grant::new(role, reach).map_err(|error| error.to_string())
}
