//! Documents: what offices keep their reports in, read and written.
//!
//! Reading has two steps. A reader turns the bytes of any format into a
//! [`Document`]: paragraphs and tables in their order, nothing understood. What
//! the tables and the prose mean is found out from the labels of a form, the
//! same way for every format.
//!
//! Writing goes the other way: a [`Publication`] says what is to be published, and
//! is laid out by its form, the same way for every format.
//!
//! Knows nothing of the network and of the ledger.

mod document;
mod label;
pub mod prose;
mod read;
mod reading;
mod recognise;
mod write;
mod written;

pub use document::{Block, Document, Grid, GridCell};
pub use read::{Format as FileFormat, Limit, ReadError, Unsupported, read};
pub use reading::{OpenError, Reading, open};
pub use recognise::{Draft, Note, Place, Problem, recognise};
pub use write::{Appendix, Format, Language, Listing, Publication, SignOff, WriteError, template, write};
pub use written::half_width;
