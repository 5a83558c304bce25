//! What waits for the writer, and what waits for a batch to be durable.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::act::Act;
use super::admit::Admitted;
use super::outcome::{Decision, SubmitError};
use super::roster::RosterPlan;
use super::tokens::NewToken;
use crate::domain::event::{Event, RosterApplied, SeriesKey, TokenId, UnitEntry};
use crate::domain::{Plan, Signed, Token, TotalKey};
use crate::form::Explanation;
use crate::words::{Digest, Position};

/// Something to be decided in order.
#[derive(Debug)]
pub(super) enum Work {
    Submit(Box<Admitted>, Reply<Box<Decision>>),
    Act {
        act: Act,
        reason: String,
        principal: Arc<str>,
        reply: Reply<Position>,
    },
    Explain {
        series: SeriesKey,
        explanation: Explanation,
        quotes: Vec<String>,
        principal: Arc<str>,
        reply: Reply<(Position, i64)>,
    },
    Units {
        units: Vec<UnitEntry>,
        validate_only: bool,
        reason: String,
        principal: Arc<str>,
        reply: Reply<(Position, Plan)>,
    },
    Roster {
        applied: RosterApplied,
        validate_only: bool,
        reason: String,
        principal: Arc<str>,
        reply: Reply<(Position, RosterPlan)>,
    },
    Close {
        total: TotalKey,
        override_reason: Option<Arc<str>>,
        principal: Arc<str>,
        reply: Reply<(Position, Signed)>,
    },
    IssueToken {
        new: NewToken,
        digest: Digest,
        by: Arc<str>,
        reply: Reply<Token>,
    },
    RevokeToken {
        id: TokenId,
        reason: String,
        by: Arc<str>,
        reply: Reply<Position>,
    },
    /// It is looked whether something can be written; nobody waits.
    Tend,
    /// Told once everything before it was decided and committed, or failed.
    Settle(Reply<()>),
}

impl Work {
    /// Whether it is decided against what is applied, without the rest of a batch.
    pub(super) fn is_alone(&self) -> bool {
        match self {
            Self::Units { .. }
            | Self::Roster { .. }
            | Self::Close { .. }
            | Self::IssueToken { .. }
            | Self::RevokeToken { .. } => true,
            Self::Act { act, .. } => act.is_alone(),
            Self::Submit(..) | Self::Explain { .. } | Self::Settle(_) | Self::Tend => false,
        }
    }
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, SubmitError>>;

/// An answer that waits for its batch to be durable.
#[derive(Debug)]
pub(super) enum Waiting {
    Submitted(Box<Decision>, Reply<Box<Decision>>, Digest),
    Done(Reply<Position>),
    Explained(Reply<(Position, i64)>, SeriesKey),
    Units(Reply<(Position, Plan)>, Plan),
    Roster(Reply<(Position, RosterPlan)>, RosterPlan),
    Closed(Reply<(Position, Signed)>, Box<Signed>),
    Issued(Reply<Token>, TokenId),
    Revoked(Reply<Position>),
}

/// What will be appended.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Event>,
    pub(super) texts: Vec<(Digest, Vec<u8>)>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) bytes: usize,
    /// What needs no event, told once what came before it is durable.
    pub(super) told: Vec<Told>,
    pub(super) settled: Vec<Reply<()>>,
}

/// A decision that appends nothing: a refusal, a dry run, or UNCHANGED with the
/// place of the report whose receipt is given again.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) reply: Reply<Box<Decision>>,
    pub(super) decision: Box<Decision>,
    pub(super) receipt_of: Option<Position>,
}

impl Waiting {
    pub(super) fn fail(self, error: &SubmitError) {
        match self {
            Self::Submitted(_, reply, _) => tell(reply, Err(error.clone())),
            Self::Done(reply) => tell(reply, Err(error.clone())),
            Self::Roster(reply, _) => tell(reply, Err(error.clone())),
            Self::Closed(reply, _) => tell(reply, Err(error.clone())),
            Self::Explained(reply, _) => tell(reply, Err(error.clone())),
            Self::Units(reply, _) => tell(reply, Err(error.clone())),
            Self::Issued(reply, _) => tell(reply, Err(error.clone())),
            Self::Revoked(reply) => tell(reply, Err(error.clone())),
        }
    }
}

/// Answers; a caller who has gone away does not hinder.
pub(super) fn tell<T>(reply: Reply<T>, answer: Result<T, SubmitError>) {
    let _ = reply.send(answer);
}
