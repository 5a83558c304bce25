//! Tokens: issued, revoked and asked for. Each change is an event of the ledger.
//!
//! The secret is made here and told once; what is handed to the writer and to the
//! ledger is its digest.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::batch::{Batch, Reply, Waiting, Work, tell};
use super::desk::{Desk, DeskError};
use super::moment::At;
use super::outcome::{SubmitError, within};
use super::sequence::Overlay;
use super::writer::Writer;
use crate::domain::access::Grant;
use crate::domain::event::{Event, EventKind, TokenId, TokenIssued, TokenRevoked};
use crate::domain::{Secret, State, Token};
use crate::ledger::{Ledger, LedgerError};
use crate::words::clock::Clock;
use crate::words::{Digest, Position, Timestamp, limits};

/// A token to issue.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Who will hold it.
    pub principal: Arc<str>,
    /// What its holder may do.
    pub grants: Arc<[Grant]>,
    /// When it ends by itself; none: after [`limits::TOKEN_LIFE`].
    pub expires: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

impl NewToken {
    /// The event of it, if it makes sense.
    fn event(&self, state: &State, digest: Digest, now: Timestamp) -> Result<TokenIssued, String> {
        let Self { principal, grants, expires, reason } = self;
        let after = |life: std::time::Duration| {
            let micros = i64::try_from(life.as_micros()).unwrap_or(i64::MAX);
            Timestamp(now.0.saturating_add(micros))
        };
        let expires = expires.unwrap_or(after(limits::TOKEN_LIFE));
        if expires <= now || expires > after(limits::TOKEN_LIFE_MAX) {
            return Err("expires: is not within the next ten years".to_owned());
        }
        if reason.len() > limits::REASON_BYTES {
            return Err(format!("reason: longer than {} bytes", limits::REASON_BYTES));
        }
        let (principal, grants, id) = (Arc::clone(principal), Arc::clone(grants), state.tokens().next_id());
        let issued = TokenIssued { id, principal, grants, expires, digest };
        state.tokens().check(&issued)?;
        Ok(issued)
    }
}

/// A new secret of the machine's own randomness.
fn new_secret() -> Result<Secret, getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(Secret::new(&random))
}

/// What a revocation does.
#[derive(Debug)]
pub(super) enum Revocation {
    /// To be appended.
    Now(TokenRevoked),
    /// It was revoked before, at this place.
    Before(Position),
}

fn revocation(state: &State, id: TokenId) -> Result<Revocation, SubmitError> {
    let token = state.tokens().get(id).ok_or_else(|| no_token(id))?;
    Ok(match &token.revoked {
        Some(revoked) => Revocation::Before(revoked.position),
        None => Revocation::Now(TokenRevoked { id }),
    })
}

fn no_token(id: TokenId) -> SubmitError {
    SubmitError::NotFound(format!("no token {}", id.0))
}

impl Desk {
    /// What time it is, for whoever asks whether a token is of use.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Issues a token. The secret is told this once.
    ///
    /// # Errors
    /// [`SubmitError::Invalid`] if it makes no sense.
    pub async fn issue_token(&self, new: NewToken, by: Arc<str>) -> Result<(Secret, Token), SubmitError> {
        let secret = new_secret().map_err(|error| SubmitError::Unavailable(format!("no randomness: {error}")))?;
        let digest = secret.digest();
        let token = self.ask(|reply| Work::IssueToken { new, digest, by, reply }).await?;
        Ok((secret, token))
    }

    /// Ends a token at once. Gives the place of its revocation, also of an earlier one.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`].
    pub async fn revoke_token(&self, id: TokenId, reason: String, by: Arc<str>) -> Result<Position, SubmitError> {
        within("reason", &reason, limits::REASON_BYTES)?;
        self.ask(|reply| Work::RevokeToken { id, reason, by, reply }).await
    }

    /// Tokens after a given one, as of a moment.
    ///
    /// # Errors
    /// [`SubmitError::BeyondHead`].
    pub fn tokens(&self, after: TokenId, most: usize, at: At) -> Result<(Position, Vec<Token>), SubmitError> {
        let state = self.state.read();
        let position = at.within(state.head())?;
        let later = state.tokens().all().iter().filter(|token| token.id > after);
        Ok((position, later.filter_map(|token| token.at(position)).take(most).collect()))
    }

    /// Tells whenever a token was issued or revoked.
    #[must_use]
    pub fn token_changes(&self) -> watch::Receiver<Position> {
        self.token_changes.clone()
    }
}

impl Writer {
    pub(super) fn issue_token(
        &self,
        (new, digest): (NewToken, Digest),
        by: Arc<str>,
        reply: Reply<Token>,
        overlay: &mut Overlay<'_>,
        batch: &mut Batch,
    ) {
        match new.event(overlay.state, digest, (self.clock)()) {
            Ok(issued) => {
                let id = issued.id;
                self.enter(overlay, EventKind::TokenIssued(issued), by, new.reason);
                batch.waiting.push(Waiting::Issued(reply, id));
            }
            Err(problem) => tell(reply, Err(SubmitError::Invalid(problem))),
        }
    }

    pub(super) fn revoke_token(
        &self,
        (id, reason): (TokenId, String),
        by: Arc<str>,
        reply: Reply<Position>,
        overlay: &mut Overlay<'_>,
        batch: &mut Batch,
    ) {
        match revocation(overlay.state, id) {
            Ok(Revocation::Now(revoked)) => {
                self.enter(overlay, EventKind::TokenRevoked(revoked), by, reason);
                batch.waiting.push(Waiting::Revoked(reply));
            }
            Ok(Revocation::Before(position)) => tell(reply, Ok(position)),
            Err(error) => tell(reply, Err(error)),
        }
    }

    /// The token of a number, once its event is applied.
    pub(super) fn issued(&self, id: TokenId) -> Result<Token, SubmitError> {
        self.state.read().tokens().get(id).cloned().ok_or_else(|| no_token(id))
    }
}

/// Who changes tokens where the service is stopped.
const AT_THE_MACHINE: &str = "local";

/// A ledger whose service is stopped, opened to look after its tokens.
#[derive(Debug)]
pub struct OfflineTokens {
    ledger: Ledger,
    state: State,
    clock: Clock,
}

impl OfflineTokens {
    /// Opens the ledger in a folder, or makes one.
    ///
    /// # Errors
    /// [`DeskError`] if it is damaged, or in use by a running service.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, DeskError> {
        let mut state = State::new();
        let ledger = Ledger::resume(dir, &mut state)?;
        Ok(Self { ledger, state, clock })
    }

    /// All tokens, in order of their number.
    #[must_use]
    pub fn all(&self) -> &[Token] {
        self.state.tokens().all()
    }

    /// Issues a token. The secret is told this once.
    ///
    /// # Errors
    /// [`DeskError::Token`] if it makes no sense, or the ledger fails.
    pub fn issue(&mut self, new: NewToken) -> Result<(Secret, Token), DeskError> {
        let secret = new_secret().map_err(|error| DeskError::Token(format!("no randomness: {error}")))?;
        let issued = new.event(&self.state, secret.digest(), (self.clock)()).map_err(DeskError::Token)?;
        let id = issued.id;
        self.append(EventKind::TokenIssued(issued), new.reason)?;
        let token = self.state.tokens().get(id).cloned();
        Ok((secret, token.ok_or_else(|| DeskError::Token(no_token(id).to_string()))?))
    }

    /// Ends a token. Gives the place of its revocation, also of an earlier one.
    ///
    /// # Errors
    /// [`DeskError::Token`] if there is none, or the ledger fails.
    pub fn revoke(&mut self, id: TokenId, reason: String) -> Result<Position, DeskError> {
        match revocation(&self.state, id).map_err(|error| DeskError::Token(error.to_string()))? {
            Revocation::Before(position) => Ok(position),
            Revocation::Now(revoked) => self.append(EventKind::TokenRevoked(revoked), reason),
        }
    }

    fn append(&mut self, kind: EventKind, reason: String) -> Result<Position, DeskError> {
        let position = self.state.head().next();
        let time = self.state.last_time().max((self.clock)());
        let event = Event { position, time, principal: Arc::from(AT_THE_MACHINE), reason, kind };
        self.ledger.append(std::slice::from_ref(&event), &[])?;
        self.state.apply(&event).map_err(LedgerError::from)?;
        Ok(position)
    }
}
