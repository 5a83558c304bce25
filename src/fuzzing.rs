//! What `cargo fuzz` calls, one function for each target in `fuzz/`: bytes from
//! anywhere are tried as what the name says, and what must hold is asserted.
//!
//! No part of the program: compiled for `cargo fuzz` (`cfg(fuzzing)`) and for tests,
//! which run the same functions over `fuzz/seeds` and thousands of changes of them.
//! What needs the inside of a layer stands in that layer.

mod decode;
mod document;
#[cfg(test)]
mod seeds;

pub use crate::api::fuzzing::submit;
pub use crate::cli::fuzzing::import;
pub use crate::ledger::fuzzing::page;
pub use decode::decode;
pub use document::document;
