//! The one place where errors become gRPC statuses, each with a stable reason.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::deadline::{Deadline, Whose};
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

/// When the same call may be answered, where it was refused for want of room or of
/// a disk.
fn retry_after(error: &SubmitError) -> Option<Duration> {
    match error {
        SubmitError::FellBehind(_)
        | SubmitError::TooManyPastReads
        | SubmitError::Unreadable(_)
        | SubmitError::Unavailable(_) => Some(limits::RETRY_AFTER),
        SubmitError::DiskFull => Some(limits::RETRY_WHEN_FULL),
        SubmitError::Malformed { .. }
        | SubmitError::UnknownUnit(..)
        | SubmitError::UnknownForm(_)
        | SubmitError::WrongForm { .. }
        | SubmitError::NoFamily(_)
        | SubmitError::NotFound(_)
        | SubmitError::Precondition(_)
        | SubmitError::Invalid(_)
        | SubmitError::BeyondHead { .. } => None,
    }
}

fn status(code: Code, reason: &str, message: String) -> Status {
    with_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}

fn with_details(code: Code, message: String, details: ErrorDetails) -> Status {
    Status::with_error_details(code, shortened(message), details)
}

/// So many of this are under way; the details say when to ask again.
pub(super) fn full(what: &str) -> Status {
    let mut details = ErrorDetails::with_error_info("TOO_MANY", DOMAIN, HashMap::new());
    details.set_retry_info(Some(limits::RETRY_AFTER));
    with_details(Code::ResourceExhausted, format!("{what} are under way as many as there may be; ask again"), details)
}

/// The answer of a call that was not answered in time. What it had begun to commit
/// is finished all the same.
pub(super) fn deadline_passed(deadline: &Deadline) -> Status {
    let (whose, owner) = match deadline.whose {
        Whose::Caller => ("the caller allows", "caller"),
        Whose::Service => ("the service allows", "service"),
    };
    let milliseconds = deadline.allowed.as_millis().to_string();
    let message = format!(
        "no answer within the {milliseconds} ms that {whose}; what was handed in may be committed: ask again with the same request id"
    );
    let more = HashMap::from([("deadline_of".to_owned(), owner.to_owned()), ("milliseconds".to_owned(), milliseconds)]);
    let details = ErrorDetails::with_error_info("DEADLINE_EXCEEDED", DOMAIN, more);
    with_details(Code::DeadlineExceeded, message, details)
}

/// The end of a stream that has no last word of its own.
pub(super) fn stopping() -> Status {
    status(Code::Unavailable, "STOPPING", "the service is stopping".to_owned())
}

/// A code as the documents of gRPC write it.
pub(super) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Whether a call that ended so is for whoever runs the service to know of, and
/// not for its caller alone.
pub(super) fn is_failure(code: Code) -> bool {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => false,
    }
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
    let more = HashMap::from([("resume_position".to_owned(), told.to_string())]);
    failed(error, format!("{error}; resume from position {told}"), more)
}

/// Messages travel in headers, of which clients take 8 KiB: percent-encoded, and once
/// more in the details, in base64.
fn shortened(mut message: String) -> String {
    const MOST: usize = 7_500;
    let mut bytes = 0_usize;
    let cut = message.char_indices().find(|(_, letter)| {
        // three for each byte that is encoded, and not quite two for it in base64
        let each = if letter.is_ascii_alphanumeric() { 3 } else { 5 };
        bytes = bytes.saturating_add(letter.len_utf8().saturating_mul(each));
        bytes > MOST
    });
    if let Some((at, _)) = cut {
        message.truncate(at);
        message.push('…');
    }
    message
}

/// A submission or read that was not judged; the details say when to ask again, if
/// that helps.
pub(super) fn from_submit(error: &SubmitError) -> Status {
    failed(error, error.to_string(), HashMap::new())
}

fn failed(error: &SubmitError, message: String, more: HashMap<String, String>) -> Status {
    let (code, reason) = code_and_reason(error);
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, more);
    if let Some(delay) = retry_after(error) {
        details.set_retry_info(Some(delay));
    }
    with_details(code, message, details)
}

/// An argument that is not what it should be.
pub(super) fn invalid(field: &str, problem: impl std::fmt::Display) -> Status {
    status(Code::InvalidArgument, "INVALID", format!("{field}: {problem}"))
}

/// A word that is not what it should be.
pub(super) fn from_word(field: &'static str) -> impl Fn(WordError) -> Status {
    move |error| invalid(field, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fuzzing::can_be_received;
    use crate::words::{UnitCode, Year};

    #[test]
    fn whoever_is_refused_for_want_of_room_or_of_a_disk_and_nobody_else_is_told_when_to_ask_again() {
        let text = String::new;
        let errors = [
            SubmitError::Malformed { form: text(), problem: text() },
            SubmitError::UnknownUnit(UnitCode::new("C").unwrap(), Year::new(2024).unwrap()),
            SubmitError::UnknownForm(text()),
            SubmitError::WrongForm { form: text(), year: Year::new(2024).unwrap(), family: None },
            SubmitError::NoFamily(text()),
            SubmitError::NotFound(text()),
            SubmitError::Precondition(text()),
            SubmitError::Invalid(text()),
            SubmitError::BeyondHead { asked: Position(2), head: Position(1) },
            SubmitError::FellBehind(9),
            SubmitError::TooManyPastReads,
            SubmitError::Unreadable(text()),
            SubmitError::DiskFull,
            SubmitError::Unavailable(text()),
        ];
        for error in &errors {
            let passing = matches!(code_and_reason(error).0, Code::ResourceExhausted | Code::Unavailable);
            for status in [from_submit(error), resumable(error, Position(1))] {
                let told = status.get_details_retry_info().map(|retry| retry.retry_delay.is_some());
                assert_eq!(told, passing.then_some(true), "{error:?}");
                assert!(status.get_details_error_info().is_some());
            }
        }
        assert!(full("watches").get_details_retry_info().is_some());
    }

    #[test]
    fn an_error_that_names_long_words_still_fits_into_headers() {
        for word in ["表", "a", "\u{1}", "é", " ", "😀"] {
            let long = SubmitError::UnknownForm(word.repeat(100_000));
            can_be_received(&from_submit(&long));
            can_be_received(&resumable(&long, Position(u64::MAX)));
        }
        assert_eq!(from_submit(&SubmitError::UnknownForm("表".to_owned())).message(), "no form 表 is registered");
    }
}
