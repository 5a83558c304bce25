//! Tokens: who was given one, what for, until when. The secrets are not here: of
//! each the ledger knows the digest alone.
//!
//! A token is found by a part of its digest and compared with the whole of it in
//! constant time. What time it is, is told.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use super::access::Grant;
use super::event::{Event, TokenId, TokenIssued, TokenRevoked};
use crate::words::{Digest, Position, Timestamp, limits};

/// What every token begins with, so that a leaked one is recognised as what it is.
const PREFIX: &str = "crossfoot_";
/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;

/// A token as its holder has it. It is shown once, and never by `Debug`.
pub struct Secret(String);

impl Secret {
    /// A token of random bytes.
    #[must_use]
    pub fn new(random: &[u8; RANDOM_BYTES]) -> Self {
        let mut text = String::with_capacity(PREFIX.len().saturating_add(RANDOM_BYTES.saturating_mul(2)));
        text.push_str(PREFIX);
        for byte in random {
            for nibble in [byte >> 4, byte & 0xf] {
                text.extend(char::from_digit(nibble.into(), 16));
            }
        }
        Self(text)
    }

    /// What is sent as a token, if it has the shape of one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX.as_bytes())?;
        let whole = digits.len() == RANDOM_BYTES.saturating_mul(2);
        let fits = whole && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| String::from_utf8(text.to_vec()).ok().map(Self))?
    }

    /// SHA-256 of the token as it is written.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[self.0.as_bytes()])
    }

    /// The token, for its holder.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A token that was issued.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Who holds it.
    pub principal: Arc<str>,
    /// What its holder may do.
    pub grants: Arc<[Grant]>,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// How it came about.
    pub issued: TokenMark,
    /// How it ended before its time.
    pub revoked: Option<TokenMark>,
    digest: Digest,
}

/// What was done to a token.
#[derive(Debug, Clone)]
pub struct TokenMark {
    /// Its place in the ledger.
    pub position: Position,
    /// When.
    pub time: Timestamp,
    /// By whom.
    pub principal: Arc<str>,
    /// Why, as it was said.
    pub reason: String,
}

impl TokenMark {
    fn of(event: &Event) -> Self {
        let Event { position, time, principal, reason, kind: _ } = event;
        Self { position: *position, time: *time, principal: Arc::clone(principal), reason: reason.clone() }
    }
}

impl Token {
    /// Whether it is of use at a time.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.expires
    }

    /// The token as it was at a position; none: it was not issued yet.
    #[must_use]
    pub fn at(&self, position: Position) -> Option<Self> {
        let mut then = self.clone();
        then.revoked = then.revoked.filter(|revoked| revoked.position <= position);
        (self.issued.position <= position).then_some(then)
    }
}

/// All tokens that were ever issued.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: Vec<Token>,
    by_digest: HashMap<[u8; 8], usize>,
    changed: Position,
}

/// A part of a digest: enough to find a token by.
fn part(digest: &Digest) -> [u8; 8] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl Tokens {
    /// The token that the holder of a secret has, if it is of use at a time.
    #[must_use]
    pub fn holder(&self, secret: &Secret, now: Timestamp) -> Option<&Token> {
        let digest = secret.digest();
        let found = self.by_digest.get(&part(&digest)).and_then(|index| self.issued.get(*index));
        // compared also where none was found, so that either takes as long
        let known = found.map_or(Digest::ZERO, |token| token.digest);
        let same = bool::from(known.as_bytes().ct_eq(digest.as_bytes()));
        found.filter(|token| same && token.is_live(now))
    }

    /// The token of a number.
    #[must_use]
    pub fn get(&self, id: TokenId) -> Option<&Token> {
        self.issued.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    /// All of them, in order of their number.
    #[must_use]
    pub fn all(&self) -> &[Token] {
        &self.issued
    }

    /// The number that the next one gets.
    #[must_use]
    pub fn next_id(&self) -> TokenId {
        TokenId(u32::try_from(self.issued.len()).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Where the last one was issued or revoked.
    #[must_use]
    pub fn changed(&self) -> Position {
        self.changed
    }

    /// What is wrong with issuing one, in a sentence.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self, issued: &TokenIssued) -> Result<(), String> {
        let TokenIssued { id, principal: name, grants, expires: _, digest } = issued;
        principal(name)?;
        if grants.is_empty() || grants.len() > limits::GRANTS_PER_TOKEN {
            return Err(format!("grants: needs 1 to {}", limits::GRANTS_PER_TOKEN));
        }
        if self.issued.len() >= limits::TOKENS {
            return Err(format!("{} tokens were issued, which is as many as there may be", limits::TOKENS));
        }
        if *id != self.next_id() || self.by_digest.contains_key(&part(digest)) {
            return Err(format!("token {} does not follow those before it", id.0));
        }
        Ok(())
    }

    pub(super) fn issue(&mut self, issued: &TokenIssued, event: &Event) -> Result<(), String> {
        self.check(issued)?;
        let TokenIssued { id, principal, grants, expires, digest } = issued;
        self.by_digest.insert(part(digest), self.issued.len());
        self.issued.push(Token {
            id: *id,
            principal: Arc::clone(principal),
            grants: Arc::clone(grants),
            expires: *expires,
            issued: TokenMark::of(event),
            revoked: None,
            digest: *digest,
        });
        self.changed = event.position;
        Ok(())
    }

    pub(super) fn revoke(&mut self, revoked: &TokenRevoked, event: &Event) -> Result<(), String> {
        let TokenRevoked { id } = revoked;
        let index = usize::try_from(id.0).ok().and_then(|id| id.checked_sub(1));
        let token = index.and_then(|index| self.issued.get_mut(index)).filter(|token| token.revoked.is_none());
        token.ok_or_else(|| format!("token {} cannot be revoked", id.0))?.revoked = Some(TokenMark::of(event));
        self.changed = event.position;
        Ok(())
    }
}

/// Checks the name of whoever holds a credential: printable, and nobody of the
/// service's own.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn principal(name: &str) -> Result<Arc<str>, String> {
    const OWN: [&str; 2] = ["local", "crossfoot"];
    let fits = |letter: char| letter.is_alphanumeric() || "-_.:@/ ()（）·".contains(letter);
    if name.is_empty() || name.len() > limits::PRINCIPAL_BYTES {
        return Err(format!("principal: needs 1 to {} bytes", limits::PRINCIPAL_BYTES));
    }
    if !name.chars().all(fits) || name.trim() != name {
        return Err("principal: has a character that names do not have".to_owned());
    }
    if OWN.contains(&name) {
        return Err(format!("principal: {name} is a name of the service itself"));
    }
    Ok(Arc::from(name))
}

#[cfg(test)]
mod tests {
    use super::super::event::EventKind;
    use super::super::state::State;
    use super::*;

    fn secret(byte: u8) -> Secret {
        Secret::new(&[byte; RANDOM_BYTES])
    }

    fn issued(id: u32, byte: u8, name: &str) -> EventKind {
        EventKind::TokenIssued(TokenIssued {
            id: TokenId(id),
            principal: Arc::from(name),
            grants: Arc::from(["auditor".parse::<Grant>().unwrap()]),
            expires: Timestamp(100),
            digest: secret(byte).digest(),
        })
    }

    fn apply(state: &mut State, kind: EventKind) -> Result<(), String> {
        let (position, time) = (state.head().next(), Timestamp(1));
        let event = Event { position, time, principal: Arc::from("op"), reason: "why".to_owned(), kind };
        state.apply(&event).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_is_of_use_until_it_expires_or_is_revoked() {
        let mut state = State::new();
        apply(&mut state, issued(1, 7, "audit")).unwrap();
        apply(&mut state, issued(2, 8, "other")).unwrap();
        let holder = |state: &State, byte, now| {
            state.tokens().holder(&secret(byte), Timestamp(now)).map(|token| token.principal.to_string())
        };
        assert_eq!(holder(&state, 7, 99), Some("audit".to_owned()));
        assert_eq!(holder(&state, 7, 100), None);
        assert_eq!(holder(&state, 9, 99), None);
        apply(&mut state, EventKind::TokenRevoked(TokenRevoked { id: TokenId(1) })).unwrap();
        assert_eq!((holder(&state, 7, 99), holder(&state, 8, 99)), (None, Some("other".to_owned())));
        let token = state.tokens().get(TokenId(1)).unwrap();
        assert!(token.at(Position(2)).unwrap().is_live(Timestamp(99)) && token.at(Position(0)).is_none());
        assert_eq!(state.tokens().changed(), Position(3));
    }

    #[test]
    fn what_cannot_follow_is_refused() {
        let mut state = State::new();
        for kind in [
            issued(2, 7, "audit"),
            issued(1, 7, "local"),
            issued(1, 7, "line\nbreak"),
            issued(1, 7, " padded"),
            issued(1, 7, ""),
            EventKind::TokenRevoked(TokenRevoked { id: TokenId(1) }),
            EventKind::TokenRevoked(TokenRevoked { id: TokenId(0) }),
        ] {
            assert!(apply(&mut state, kind.clone()).is_err(), "{kind:?}");
        }
        apply(&mut state, issued(1, 7, "威海市政务公开办（平台）")).unwrap();
        assert!(apply(&mut state, issued(2, 7, "the same secret")).is_err());
        apply(&mut state, EventKind::TokenRevoked(TokenRevoked { id: TokenId(1) })).unwrap();
        assert!(apply(&mut state, EventKind::TokenRevoked(TokenRevoked { id: TokenId(1) })).is_err());
    }

    #[test]
    fn a_secret_is_read_as_it_is_written_and_is_not_shown() {
        let secret = secret(0xa5);
        assert_eq!(secret.reveal().len(), 74);
        assert_eq!(Secret::parse(secret.reveal().as_bytes()).unwrap().digest(), secret.digest());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let text = secret.reveal();
        for wrong in [&text[..73], &text.to_uppercase(), &format!("{text}0"), "", "crossfoot_", &text[10..]] {
            assert!(Secret::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
