//! The doors: gRPC services that translate, and nothing else. The core decides.
//!
//! `pb` types end here and in [`crate::client`]. One file, `status`, chooses
//! gRPC codes.

mod admin_service;
mod call;
mod calls;
mod capacity;
mod convert;
mod deadline;
mod form_service;
mod guard;
mod observe;
mod paging;
mod report_service;
mod rollup_service;
mod server;
mod status;
mod trace;
mod traffic;
mod unit_service;

pub use capacity::Capacity;
pub(crate) use convert::finding_from_pb;
pub use observe::observe;
pub use server::{Server, ServerError, Stopped, may_listen};
pub use trace::Join;
