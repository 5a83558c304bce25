//! The way in: a submission is admitted, judged in sequence, committed and
//! acknowledged, in this order and no other.
//!
//! [`Desk`] is what every door calls: gRPC, the demo, and a [`folder`] of
//! documents. Reading and in-report checks run in the caller's task, many at a
//! time; one writer thread does the rest, so what it decides is decided in one
//! order. Nothing is acknowledged that is not durable.

mod act;
mod admit;
mod attempts;
mod audit;
mod batch;
mod closing;
mod compare;
mod contributions;
mod counters;
mod desk;
mod durable;
mod explain;
pub mod folder;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod located;
mod moment;
mod office;
mod outcome;
mod overdue;
mod prior;
mod queries;
mod reconcile;
mod reviewed;
mod rollup;
mod roster;
mod sequence;
mod statistics;
mod stored;
mod tokens;
mod watch;
mod writer;

pub use act::Act;
pub use admit::Admitted;
pub use attempts::Attempt;
pub use audit::{About, AuditEntry, AuditQuestion};
pub use closing::CertifiedChange;
pub use compare::{CellDifference, Comparison, TextDifference};
pub use contributions::{ExplainAnswer, Listing};
pub use counters::Counters;
pub use desk::{Answer, Desk, DeskError, Keeping};
pub use moment::At;
pub use outcome::{
    Decision, Outcome, Reason, Receipt, ResultView, SeriesChoice, Submission, SubmitError, Unused, UnusedReason,
};
pub use prior::Unpacked;
pub use queries::{ListedQuery, QueryPage};
pub use reconcile::{ReconcileAnswer, Reconciled};
pub use reviewed::{PublicationRecord, ReviewRecord};
pub use rollup::{MissingUnit, RollupAnswer};
pub use roster::{RosterChange, RosterPlan};
pub use statistics::{IndicatorPoint, IndicatorSeries, StatisticsAnswer, StatisticsQuestion};
pub use stored::{ListedRevision, ListedSeries, StoredReport, Wanted};
pub use tokens::{NewToken, OfflineTokens};
pub use watch::{Change, Changed, Watch, Watched};
