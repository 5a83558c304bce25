//! Who calls: a principal, what he is granted, and how long that holds.

use std::sync::Arc;

use crate::domain::access::{Grant, Role};
use crate::domain::event::TokenId;
use crate::domain::{Token, Tokens};
use crate::words::Timestamp;

/// A caller that proved who he is.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// As recorded with everything he does.
    pub(super) principal: Arc<str>,
    /// What he may do.
    pub(super) grants: Arc<[Grant]>,
    /// What he proved it with.
    pub(super) credential: Credential,
}

/// What a caller proved who he is with, and when that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// He sits at the machine, and nobody asks.
    Local,
    /// A token; it ends when it is revoked.
    Token(TokenId, Timestamp),
    /// A certificate.
    Certificate(Timestamp),
}

impl Caller {
    /// The one caller of a service that asks nobody who he is.
    pub(super) fn local() -> Self {
        Self { principal: Arc::from("local"), grants: Grant::all().into(), credential: Credential::Local }
    }

    /// The holder of a token.
    pub(super) fn holder(token: &Token) -> Self {
        Self {
            principal: Arc::clone(&token.principal),
            grants: Arc::clone(&token.grants),
            credential: Credential::Token(token.id, token.expires),
        }
    }

    /// Whether he is still who he proved to be.
    pub(super) fn is_live(&self, tokens: &Tokens, now: Timestamp) -> bool {
        match self.credential {
            Credential::Local => true,
            Credential::Token(id, _) => tokens.get(id).is_some_and(|token| token.is_live(now)),
            Credential::Certificate(until) => now < until,
        }
    }

    /// When his credential ends by itself.
    pub(super) fn ends(&self) -> Option<Timestamp> {
        match self.credential {
            Credential::Local => None,
            Credential::Token(_, until) | Credential::Certificate(until) => Some(until),
        }
    }

    /// Whether how much he asks is limited.
    pub(super) fn is_limited(&self) -> bool {
        self.credential != Credential::Local
    }

    /// Whether what he reads is kept in the access log.
    pub(super) fn is_logged(&self) -> bool {
        self.is_limited() && self.grants.iter().map(Grant::role).any(Role::is_logged)
    }
}
