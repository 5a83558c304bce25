//! The doors: gRPC services that translate, and nothing else. The core decides.
//!
//! `pb` types end here and in [`crate::client`]. One file, `status`, chooses
//! gRPC codes.

mod admin_service;
mod connection;
mod convert;
mod exposure;
mod form_service;
mod guard;
mod handshake;
mod observe;
mod paging;
mod report_service;
mod rollup_service;
mod server;
mod status;
mod tls;
mod unit_service;

pub use connection::{ClientCertificate, Connection};
pub(crate) use convert::finding_from_pb;
pub use exposure::{Exposure, Protection, may_listen};
pub use observe::observe;
pub use server::{Capacity, Server, ServerError, Transport};
pub use tls::{ClientCertificates, Tls, TlsFiles};
