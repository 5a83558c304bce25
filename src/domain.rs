//! What is kept and why it changes: the tree of units, series and revisions,
//! events, and the state that is folded from them; and who may do what.
//!
//! Knows nothing of storage or of the network. No clock, no randomness, no
//! input or output: the same events give the same state, always.

pub mod access;
mod book;
mod completeness;
mod contributions;
mod effective;
pub mod event;
mod forms;
mod kinds;
mod naive;
mod overdue;
mod parts;
mod past;
mod plan;
mod reconcile;
mod roster;
mod selection;
mod series;
mod shelf;
mod state;
mod statement;
mod statistics;
mod tokens;
mod totals;
mod tree;
mod units;
mod yearly;

pub use completeness::Counts;
pub use contributions::{Contribution, Standing};
pub use effective::Effective;
pub use overdue::{Todo, UnitDuty};
pub use parts::FiledYear;
pub use past::{Past, Scope};
pub use plan::{ChangeKind, Plan, Preview, UnitChange};
pub use reconcile::{BlankReport, Cause, CauseKind, Difference, OwnPart, Reconciliation};
pub use roster::{Deadlines, Disposition, Obligation, Roster};
pub use selection::{Selection, SelectionTotal};
pub use series::{
    History, Publication, RequestMark, Series, Standing as RevisionStanding, Stored, Told, Words, explains,
};
pub use state::{ApplyError, Rollup, State};
pub use statement::{Closed, Contributor, Drift, Signed, Statement};
pub use statistics::{Distribution, RankBy, Ranked, Rows, YearTotal, distribution};
pub use tokens::{Secret, Token, TokenMark, Tokens, principal};
pub use totals::{Total, TotalKey, TotalOverflow};
pub use tree::{Duty, Node, Tree};
pub use units::{UnitProblem, Units};
