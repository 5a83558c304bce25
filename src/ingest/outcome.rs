//! What goes in and what comes out: submissions, decisions, receipts.

use std::sync::Arc;

use prost::bytes::Bytes;

use super::closing::CertifiedChange;
use crate::domain::event::SeriesKey;
use crate::form::{Explanation, Finding, Localisation, Statements};
use crate::words::{Coverage, Digest, FamilyName, Position, RequestId, Revision, Timestamp, UnitCode, Year, limits};

/// A series as a caller names it: the family may be left out while one covers
/// the year.
#[derive(Debug, Clone)]
pub struct SeriesChoice {
    /// Form family.
    pub family: Option<FamilyName>,
    /// Unit.
    pub unit: UnitCode,
    /// Reporting year.
    pub year: Year,
    /// Whom the report speaks for.
    pub coverage: Coverage,
}

/// One report on its way in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The series it is for.
    pub series: SeriesChoice,
    /// Full name of the form's message.
    pub form: String,
    /// The form on the wire.
    pub report: Bytes,
    /// What the sender states about the whole.
    pub statements: Statements,
    /// Words on queries.
    pub explanations: Vec<Explanation>,
    /// The newest revision the sender knows.
    pub expected_revision: Option<Revision>,
    /// The sender's id for this submission.
    pub request_id: Option<RequestId>,
    /// Judge only.
    pub validate_only: bool,
    /// How much of what was found is told.
    pub view: ResultView,
    /// Who sends it.
    pub principal: Arc<str>,
}

/// How much of what was found is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultView {
    /// Everything, in words.
    #[default]
    Full,
    /// Everything if the report is refused; else how many findings there are.
    Receipt,
}

/// A promise: this report is in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The series.
    pub series: SeriesKey,
    /// Its revision.
    pub revision: Revision,
    /// Its place in the ledger.
    pub position: Position,
    /// Digest of its content.
    pub digest: Digest,
    /// The chain up to and with it.
    pub chain_hash: Digest,
    /// When it was accepted.
    pub time: Timestamp,
}

/// What became of a submission that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored; no receipt for a dry run.
    Accepted(Option<Receipt>),
    /// The same content is already in effect.
    Unchanged(Option<Receipt>),
    /// Accepted before under this very id, and no longer in effect: withdrawn, or
    /// another took effect. The first receipt again; nothing counts anew.
    Repeated(Option<Receipt>),
    /// Not stored.
    Refused(Reason),
}

/// Why a submission that was judged is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An error check failed, or could not be judged.
    ChecksFailed,
    /// The id was used for other content.
    RequestIdReused,
    /// Another revision came in between; the newest one is named.
    StaleRevision {
        /// The newest revision of the series; none: there is none.
        newest: Option<Revision>,
        /// The one the sender expected.
        expected: Option<Revision>,
    },
    /// A total would leave the range of figures.
    TotalTooLarge,
}

impl Reason {
    /// The stable word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::ChecksFailed => "CHECKS_FAILED",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::StaleRevision { .. } => "STALE_REVISION",
            Self::TotalTooLarge => "TOTAL_TOO_LARGE",
        }
    }

    /// A sentence, Chinese and English.
    #[must_use]
    pub fn sentences(&self) -> (String, String) {
        match self {
            Self::ChecksFailed => {
                ("报告不符合本表的勾稽关系或填报要求".into(), "the report fails checks of its form".into())
            }
            Self::RequestIdReused => (
                "该请求编号已用于另一份内容".into(),
                "this request id was used for other content in this series".into(),
            ),
            Self::StaleRevision { newest: None, .. } => (
                "该报告尚无任何版本，不应填写 expected_revision".into(),
                "there is no revision yet: leave expected_revision out".into(),
            ),
            Self::StaleRevision { newest: Some(newest), expected } => {
                let (zh, en) = expected.map_or_else(
                    || ("未填写".to_owned(), "none was given".to_owned()),
                    |expected| (format!("填写的是 {expected}"), format!("{expected} was given")),
                );
                (
                    format!("最新版本为 {newest}，expected_revision {zh}；请核对后按最新版本更正"),
                    format!("the newest revision is {newest}, {en} as expected_revision; look at it, then correct it"),
                )
            }
            Self::TotalTooLarge => {
                ("计入后汇总数将超出可表示的范围".into(), "a total would leave the range of figures".into())
            }
        }
    }
}

/// What was decided on a submission, with everything found.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The series.
    pub series: SeriesKey,
    /// The outcome.
    pub outcome: Outcome,
    /// Every finding, errors first, and whether it is an explained query; see [`ResultView`].
    pub findings: Vec<(Finding, bool)>,
    /// How many findings there are, told or not.
    pub finding_count: usize,
    /// Which cells may be wrong, where identities do not hold.
    pub localisation: Option<Localisation>,
    /// Explanations that were not used.
    pub unused: Vec<Unused>,
    /// Certified roll-ups that the report moves, or would.
    pub certified: Vec<CertifiedChange>,
    /// It is accepted, and counts once a reviewer approves it.
    pub awaits_approval: bool,
}

/// An explanation that was not used.
#[derive(Debug, Clone)]
pub struct Unused {
    /// As sent.
    pub explanation: Explanation,
    /// Why not.
    pub reason: UnusedReason,
}

/// Why an explanation was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusedReason {
    /// No query of the report has that rule, instance and figures.
    NoSuchQuery,
    /// It says too little.
    TooShort,
}

impl UnusedReason {
    /// The stable word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoSuchQuery => "NO_SUCH_QUERY",
            Self::TooShort => "TOO_SHORT",
        }
    }
}

/// Why a submission was not judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The bytes are no report of the form.
    #[error("not a report of {form}: {problem}")]
    Malformed {
        /// The form.
        form: String,
        /// Where and what.
        problem: String,
    },
    /// The unit is not in the tree of that year.
    #[error("unit {0} is not in the tree of units of {1}")]
    UnknownUnit(UnitCode, Year),
    /// No such form.
    #[error("no form {0} is registered")]
    UnknownForm(String),
    /// The form does not judge that year, or is of another family.
    #[error("form {form} does not judge {year}{}", family.as_ref().map(|family| format!(" in family {family}")).unwrap_or_default())]
    WrongForm {
        /// The form.
        form: String,
        /// The year.
        year: Year,
        /// The family asked for.
        family: Option<FamilyName>,
    },
    /// No form, or more than one, covers the year.
    #[error("{0}")]
    NoFamily(String),
    /// The series or revision is not there.
    #[error("{0}")]
    NotFound(String),
    /// The state does not allow it.
    #[error("{0}")]
    Precondition(String),
    /// An argument is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A position that the ledger has not reached.
    #[error("position {asked} is beyond the head of the ledger, {head}")]
    BeyondHead {
        /// What was asked for.
        asked: Position,
        /// Where the ledger ends.
        head: Position,
    },
    /// A watching reader took nothing while so many events were committed.
    #[error("the reader took nothing while {0} events were committed")]
    FellBehind(u64),
    /// Questions about the past take memory; so many are answered at once.
    #[error("{max} questions about the past are being answered; ask again", max = limits::PAST_READS)]
    TooManyPastReads,
    /// What is stored cannot be read now.
    #[error("the ledger cannot be read now: {0}")]
    Unreadable(String),
    /// The disk is full but for the reserve.
    #[error("the disk is full: nothing more is written; reads go on")]
    DiskFull,
    /// The ledger cannot be written now; what became of the submission is not known.
    #[error("the ledger cannot be written now; submit again with the same request id: {0}")]
    Unavailable(String),
}

/// That a text is not too long.
pub(super) fn within(field: &str, text: &str, most: usize) -> Result<(), SubmitError> {
    if text.len() > most {
        return Err(SubmitError::Invalid(format!("{field}: longer than {most} bytes")));
    }
    Ok(())
}

impl SubmitError {
    /// What the ledger cannot give back.
    pub(crate) fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl SubmitError {
    /// Whether the failure is ours: the submission is as good as it was, and may
    /// be sent again.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Unavailable(_) | Self::Unreadable(_))
    }
}
