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

/// A submission or read that was not judged; the details say when to ask again, if
/// that helps.
pub(super) fn from_submit(error: &SubmitError) -> Status {
    let (code, reason) = code_and_reason(error);
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(retry_after(error));
    Status::with_error_details(code, shortened(error.to_string()), details)
}

/// When the same call may be answered.
fn retry_after(error: &SubmitError) -> Option<Duration> {
    match error {
        SubmitError::DiskFull => Some(limits::RETRY_WHEN_FULL),
        SubmitError::TooManyPastReads | SubmitError::Unreadable(_) | SubmitError::Unavailable(_) => {
            Some(limits::RETRY_AFTER)
        }
        SubmitError::Malformed { .. }
        | SubmitError::UnknownUnit(..)
        | SubmitError::UnknownForm(_)
        | SubmitError::WrongForm { .. }
        | SubmitError::NoFamily(_)
        | SubmitError::NotFound(_)
        | SubmitError::Precondition(_)
        | SubmitError::Invalid(_)
        | SubmitError::BeyondHead { .. }
        | SubmitError::FellBehind(_) => None,
    }
}

/// An argument that is not what it should be.
pub(super) fn invalid(field: &str, problem: impl std::fmt::Display) -> Status {
    status(Code::InvalidArgument, "INVALID", format!("{field}: {problem}"))
}

/// A word that is not what it should be.
pub(super) fn from_word(field: &'static str) -> impl Fn(WordError) -> Status {
    move |error| invalid(field, error)
}
