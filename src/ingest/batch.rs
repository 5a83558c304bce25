//! What waits for the writer, and what waits for a batch to be durable.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::admit::Admitted;
use super::outcome::{Decision, SubmitError};
use crate::domain::Plan;
use crate::domain::event::{Event, SeriesKey, UnitEntry};
use crate::form::Explanation;
use crate::words::{Digest, Position, Revision};

/// Something to be decided in order.
#[derive(Debug)]
pub(super) enum Work {
    Submit(Box<Admitted>, Reply<Decision>),
    Withdraw {
        series: SeriesKey,
        revision: Revision,
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
    /// It is looked whether something can be written; nobody waits.
    Tend,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, SubmitError>>;

/// An answer that waits for its batch to be durable.
#[derive(Debug)]
pub(super) enum Waiting {
    Submitted(Box<Decision>, Reply<Decision>, Digest),
    Withdrawn(Reply<Position>),
    Explained(Reply<(Position, i64)>, SeriesKey),
    Units(Reply<(Position, Plan)>, Plan),
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
}

/// A decision that appends nothing: a refusal, a dry run, or UNCHANGED with the
/// place of the report whose receipt is given again.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) reply: Reply<Decision>,
    pub(super) decision: Decision,
    pub(super) receipt_of: Option<Position>,
}

impl Waiting {
    pub(super) fn fail(self, error: &SubmitError) {
        match self {
            Self::Submitted(_, reply, _) => tell(reply, Err(error.clone())),
            Self::Withdrawn(reply) => tell(reply, Err(error.clone())),
            Self::Explained(reply, _) => tell(reply, Err(error.clone())),
            Self::Units(reply, _) => tell(reply, Err(error.clone())),
        }
    }
}

/// Answers; a caller who has gone away does not hinder.
pub(super) fn tell<T>(reply: Reply<T>, answer: Result<T, SubmitError>) {
    let _ = reply.send(answer);
}
