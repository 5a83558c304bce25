//! What is kept and why it changes: the tree of units, series and revisions,
//! events, and the state that is folded from them; and who may do what.
//!
//! Knows nothing of storage or of the network. No clock, no randomness, no
//! input or output: the same events give the same state, always.

pub mod access;
mod book;
mod completeness;
mod contributions;
pub mod event;
mod kinds;
mod naive;
mod past;
mod plan;
mod reconcile;
mod selection;
mod series;
mod state;
mod statistics;
mod tokens;
mod totals;
mod tree;
mod units;

pub use completeness::Counts;
pub use contributions::{Contribution, Standing};
pub use past::{Past, Scope};
pub use plan::{ChangeKind, Plan, Preview, UnitChange};
pub use reconcile::{BlankReport, Cause, CauseKind, Difference, OwnPart, Reconciliation};
pub use selection::{Selection, SelectionTotal};
pub use series::{Effective, Series, Stored, Words, explains};
pub use state::{ApplyError, Rollup, State};
pub use statistics::{Distribution, RankBy, Ranked, Rows, YearTotal, distribution};
pub use tokens::{Secret, Token, TokenMark, Tokens, principal};
pub use totals::{Total, TotalKey, TotalOverflow};
pub use tree::{Node, Tree};
pub use units::{UnitProblem, Units};
