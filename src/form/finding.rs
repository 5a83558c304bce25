//! What checks say.

/// Number of a check in the table of its form.
///
/// Claims of the prose have numbers beyond the table, made of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(pub u32);

/// How a failed check is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The report is refused.
    Error,
    /// Accepted and counted, to be explained (核实).
    Query,
    /// Shown, nothing more.
    Notice,
}

impl Severity {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Query => "query",
            Self::Notice => "notice",
        }
    }
}

/// What a check, or all error checks of a report, said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// A figure it needs is not there.
    NotAssessable,
}

impl Verdict {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NotAssessable => "NOT_ASSESSABLE",
        }
    }
}

/// A finding as it is kept: numbers only. Words are added when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FindingRecord {
    /// Which check.
    pub check: CheckId,
    /// [`Verdict::Fail`] or [`Verdict::NotAssessable`].
    pub verdict: Verdict,
    /// Left side, where it has one.
    pub left: Option<i64>,
    /// Right side, where it has one.
    pub right: Option<i64>,
}
