//! What is kept and why it changes: the tree of units, series and revisions,
//! events, and the state that is folded from them.
//!
//! Knows nothing of storage or of the network. No clock, no randomness, no
//! input or output: the same events give the same state, always.

pub mod event;
