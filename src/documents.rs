//! Documents: what offices keep their reports in, read and written.
//!
//! Reading has two steps. A reader turns the bytes of any format into a
//! [`Document`]: paragraphs and tables in their order, nothing understood. What
//! the tables and the prose mean is found out from the labels of a form, the
//! same way for every format.
//!
//! Knows nothing of the network and of the ledger.

mod document;
mod read;

pub use document::{Block, Document, Grid, GridCell};
pub use read::{Format, Limit, ReadError, Unsupported, read};
