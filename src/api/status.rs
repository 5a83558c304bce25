//! The one place where errors become gRPC statuses, each with a stable reason.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::ingest::SubmitError;
use crate::words::{Position, WordError, limits};

/// Where the reasons are at home.
const DOMAIN: &str = "crossfoot";

/// The code and the stable reason of an error.
pub(super) fn code_and_reason(error: &SubmitError) -> (Code, &'static str) {
    match error {
        SubmitError::Malformed { .. } => (Code::InvalidArgument, "MALFORMED_REPORT"),
        SubmitError::UnknownUnit(..) => (Code::NotFound, "UNKNOWN_UNIT"),
        SubmitError::UnknownForm(_) => (Code::NotFound, "UNKNOWN_FORM"),
        SubmitError::WrongForm { .. } => (Code::InvalidArgument, "WRONG_FORM"),
        SubmitError::NoFamily(_) => (Code::InvalidArgument, "NO_FAMILY"),
        SubmitError::NotFound(_) => (Code::NotFound, "NOT_FOUND"),
        SubmitError::Precondition(_) => (Code::FailedPrecondition, "FAILED_PRECONDITION"),
        SubmitError::Invalid(_) => (Code::InvalidArgument, "INVALID"),
        SubmitError::BeyondHead { .. } => (Code::OutOfRange, "POSITION_BEYOND_HEAD"),
        SubmitError::FellBehind(_) => (Code::ResourceExhausted, "FELL_BEHIND"),
        SubmitError::TooManyPastReads => (Code::ResourceExhausted, "TOO_MANY_PAST_READS"),
        SubmitError::Unreadable(_) => (Code::Unavailable, "LEDGER_UNREADABLE"),
        SubmitError::DiskFull => (Code::ResourceExhausted, "DISK_FULL"),
        SubmitError::Unavailable(_) => (Code::Unavailable, "LEDGER_UNAVAILABLE"),
    }
}

fn status(code: Code, reason: &str, message: String) -> Status {
    status_with(code, reason, message, HashMap::new())
}

fn status_with(code: Code, reason: &str, message: String, more: HashMap<String, String>) -> Status {
    let details = ErrorDetails::with_error_info(reason, DOMAIN, more);
    Status::with_error_details(code, shortened(message), details)
}

/// So many of this are under way; the details say when to ask again.
pub(super) fn full(what: &str) -> Status {
    let mut details = ErrorDetails::with_error_info("TOO_MANY", DOMAIN, HashMap::new());
    details.set_retry_info(Some(limits::RETRY_AFTER));
    let message = format!("{what} are under way as many as there may be; ask again");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// The caller asks too fast; the details say when to ask again.
pub(super) fn too_fast(what: &str, wait: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info("TOO_FAST", DOMAIN, HashMap::new());
    // in whole milliseconds, so that the answer to many does not tell clocks apart
    let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1));
    details.set_retry_info(Some(wait));
    Status::with_error_details(Code::ResourceExhausted, format!("too many {what} at once; ask again later"), details)
}

/// The caller is not known. It says what to do, and not what was wrong.
pub(super) fn unauthenticated() -> Status {
    let message = "show a valid token (authorization: Bearer …) or a valid client certificate; ask the operator of the \
                   service for one";
    status(Code::Unauthenticated, "UNAUTHENTICATED", message.to_owned())
}

/// The caller may not. The same whether there is such a unit or not.
pub(super) fn denied() -> Status {
    status(Code::PermissionDenied, "PERMISSION_DENIED", DENIED.to_owned())
}

/// What is said to whoever may not, in English and in Chinese.
pub(super) const DENIED: &str = "your credentials do not permit this, or there is no such unit";
/// See [`DENIED`].
pub(super) const DENIED_ZH: &str = "无权进行此操作，或无此单位";

/// The caller may see some units and asked for all.
pub(super) fn name_a_unit() -> Status {
    let message = "name a unit: only who may see everything may ask for all units at once";
    status(Code::PermissionDenied, "NAME_A_UNIT", message.to_owned())
}

/// The end of a watch; its details say where to resume.
pub(super) fn resumable(error: &SubmitError, told: Position) -> Status {
    let (code, reason) = code_and_reason(error);
    let more = HashMap::from([("resume_position".to_owned(), told.to_string())]);
    status_with(code, reason, format!("{error}; resume from position {told}"), more)
}

/// Messages travel in a header, which must stay below 8 KB.
fn shortened(message: String) -> String {
    const MOST: usize = 1_500;
    if message.chars().count() <= MOST { message } else { message.chars().take(MOST).chain("…".chars()).collect() }
}

/// A submission or read that was not judged.
pub(super) fn from_submit(error: &SubmitError) -> Status {
    let (code, reason) = code_and_reason(error);
    status(code, reason, error.to_string())
}

/// An argument that is not what it should be.
pub(super) fn invalid(field: &str, problem: impl std::fmt::Display) -> Status {
    status(Code::InvalidArgument, "INVALID", format!("{field}: {problem}"))
}

/// A word that is not what it should be.
pub(super) fn from_word(field: &'static str) -> impl Fn(WordError) -> Status {
    move |error| invalid(field, error)
}
