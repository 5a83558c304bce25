//! The doors: gRPC services that translate, and nothing else. The core decides.
//!
//! `pb` types end here and in [`crate::client`]. One file, `status`, chooses
//! gRPC codes.

mod admin_service;
mod convert;
mod form_service;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod guard;
mod observe;
mod paging;
mod report_service;
mod rollup_service;
mod server;
mod status;
mod unit_service;

pub(crate) use convert::finding_from_pb;
pub use observe::observe;
pub use server::{Capacity, Server, ServerError};
