//! The way in: a submission is admitted, judged in sequence, committed and
//! acknowledged, in this order and no other.
//!
//! [`Desk`] is what every door calls: gRPC, the demo and, later, the import of
//! documents. Reading and in-report checks run in the caller's task, many at a
//! time; one writer thread does the rest, so what it decides is decided in one
//! order. Nothing is acknowledged that is not durable.

mod admit;
mod attempts;
mod batch;
mod desk;
mod explain;
mod outcome;
mod read;
mod sequence;
mod writer;

pub use attempts::Attempt;
pub use desk::{Answer, Desk, DeskError};
pub use outcome::{Decision, Outcome, Reason, Receipt, SeriesChoice, Submission, SubmitError, Unused, UnusedReason};
pub use read::{ListedRevision, ListedSeries, RollupAnswer, StoredReport};
