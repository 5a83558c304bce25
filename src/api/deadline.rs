//! How long a call may take until it is answered: as long as its caller says, and
//! at most as long as the service allows.
//!
//! tonic has a timer for `grpc-timeout` too, around this one, but it answers
//! CANCELLED. It takes its time after this one did and asks this one first, so
//! [`Deadline::passed`] has only to go by the clock and not by its own wake-up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tonic::codegen::http::HeaderMap;

use crate::words::clock;

/// The moment by which a call is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    /// How long that was.
    pub(super) allowed: Duration,
    /// Whose it is.
    pub(super) whose: Whose,
}

/// Who set a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Caller,
    Service,
}

impl Deadline {
    /// The deadline of a call that begins now.
    pub(super) fn of(headers: &HeaderMap, service: Duration) -> Self {
        let (allowed, whose) = match stated(headers) {
            Some(caller) if caller <= service => (caller, Whose::Caller),
            Some(_) | None => (service, Whose::Service),
        };
        let now = clock::instant();
        Self { at: now.checked_add(allowed).unwrap_or(now), allowed, whose }
    }

    /// Waits until it has passed.
    pub(super) async fn passed(&self) {
        let mut sleep = pin!(tokio::time::sleep_until(self.at.into()));
        poll_fn(|context| match clock::instant() >= self.at {
            true => Poll::Ready(()),
            false => sleep.as_mut().poll(context),
        })
        .await;
    }
}

/// What `grpc-timeout` says: at most eight digits and a unit. What it says
/// otherwise is as good as nothing, as tonic has it too.
fn stated(headers: &HeaderMap) -> Option<Duration> {
    const DIGITS: usize = 8;
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let many: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(many.saturating_mul(3_600))),
        "M" => Some(Duration::from_secs(many.saturating_mul(60))),
        "S" => Some(Duration::from_secs(many)),
        "m" => Some(Duration::from_millis(many)),
        "u" => Some(Duration::from_micros(many)),
        "n" => Some(Duration::from_nanos(many)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        stated(&headers)
    }

    #[test]
    fn a_timeout_is_at_most_eight_digits_and_a_unit() {
        assert_eq!(of("3H"), Some(Duration::from_secs(10_800)));
        assert_eq!(of("2M"), Some(Duration::from_secs(120)));
        assert_eq!(of("42S"), Some(Duration::from_secs(42)));
        assert_eq!(of("13m"), Some(Duration::from_millis(13)));
        assert_eq!(of("2u"), Some(Duration::from_micros(2)));
        assert_eq!(of("82n"), Some(Duration::from_nanos(82)));
        for nonsense in ["", "S", "5", "+5S", "-5S", "123456789S", "5s", "5 S", "999999999999H"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_shorter_deadline_holds_and_says_whose_it_is() {
        let mut headers = HeaderMap::new();
        let own = Duration::from_secs(60);
        assert_eq!(Deadline::of(&headers, own).whose, Whose::Service);
        headers.insert("grpc-timeout", "2M".parse().unwrap());
        assert_eq!(Deadline::of(&headers, own).allowed, own);
        headers.insert("grpc-timeout", "5m".parse().unwrap());
        let short = Deadline::of(&headers, own);
        assert_eq!((short.allowed, short.whose), (Duration::from_millis(5), Whose::Caller));
    }
}
