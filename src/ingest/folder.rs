//! A folder of documents: whose each is, what they add up to, and what is wrong.
//!
//! Whatever is not known for sure is told and not counted: a document whose unit or
//! year is not clear, two that say different things of one unit and year, one that
//! could not be read in full. What is left goes through a [`super::Desk`] like every
//! report, so checks and totals are those of the service.
//!
//! Reads no files and prints nothing.

mod judge;
mod paper;
mod said;
mod sort;
mod total;
mod whose;

pub use judge::{Fate, Judged, judge};
pub use paper::Paper;
pub use said::Said;
pub use sort::{Contradiction, Filing, Sorted, sort};
pub use total::{Contributor, FolderTotal, totals};
pub use whose::{Unplaced, Whose, made_units};
