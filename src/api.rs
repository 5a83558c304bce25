//! The doors: gRPC services that translate, and nothing else. The core decides.
//!
//! `pb` types end here and in [`crate::client`]. One file, `status`, chooses
//! gRPC codes.

mod access;
mod access_log;
mod admin_service;
mod audit_service;
mod call;
mod caller;
mod calls;
mod capacity;
mod certificates;
mod connection;
mod convert;
mod deadline;
mod exposure;
mod form_service;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod gate;
mod grants;
mod guard;
mod handshake;
mod observe;
mod paging;
mod passage;
mod permissions;
mod rates;
mod report_service;
mod review_service;
mod rollup_service;
mod roster;
mod server;
mod status;
mod tls;
mod trace;
mod traffic;
mod unit_service;

pub use access::{Access, AccessError, AccessSettings, CertificateSettings, Rates};
pub use access_log::AccessLog;
pub use capacity::Capacity;
pub use connection::{ClientCertificate, Connection};
pub(crate) use convert::{finding_from_pb, localisation_from_pb, time_to_pb};
pub use exposure::{Exposure, Protection, may_listen};
pub(crate) use grants::token_to_pb;
pub use observe::observe;
pub use server::{Server, ServerError, Stopped, Transport};
pub use tls::{ClientCertificates, Tls, TlsFiles};
pub use trace::Join;
