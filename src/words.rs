//! The words everything else is written in: codes, years, coverages, digests.
//!
//! Values here cannot be wrong: each is checked once, where it is made. This
//! module knows nothing of forms, storage or the network.

pub mod clock;
mod code;
mod day;
mod digest;
pub mod limits;
mod number;
mod quantity;

pub use code::{FamilyName, RequestId, UnitCode, WordError};
pub use day::Day;
pub use digest::Digest;
pub use number::{Basis, Coverage, Position, Revision, Timestamp, Year};
pub use quantity::Quantity;
