//! What is kept and why it changes: the tree of units, series and revisions,
//! events, and the state that is folded from them.
//!
//! Knows nothing of storage or of the network. No clock, no randomness, no
//! input or output: the same events give the same state, always.

mod book;
mod completeness;
pub mod event;
mod naive;
mod plan;
mod series;
mod state;
mod totals;
mod tree;
mod units;

pub use completeness::Counts;
pub use plan::{ChangeKind, Plan, Preview, UnitChange};
pub use series::{Effective, Series, Stored, Words, explains};
pub use state::{ApplyError, Rollup, State};
pub use totals::{Total, TotalOverflow};
pub use tree::{Node, Tree};
pub use units::{UnitProblem, Units};
