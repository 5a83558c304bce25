//! The one place where errors become gRPC statuses, each with a stable reason.

use std::collections::HashMap;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fuzzing::can_be_received;

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
