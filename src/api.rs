//! The doors: gRPC services that translate, and nothing else. The core decides.
//!
//! `pb` types end here and in [`crate::client`]. One file, `status`, chooses
//! gRPC codes.

mod access;
mod access_log;
mod admin_service;
mod call;
mod caller;
mod certificates;
mod connection;
mod convert;
mod exposure;
mod form_service;
mod gate;
mod grants;
mod guard;
mod handshake;
mod observe;
mod paging;
mod permissions;
mod rates;
mod report_service;
mod rollup_service;
mod server;
mod status;
mod tls;
mod unit_service;

pub use access::{Access, AccessError, AccessSettings, CertificateSettings, Rates};
pub use access_log::AccessLog;
pub use connection::{ClientCertificate, Connection};
pub(crate) use convert::{finding_from_pb, time_to_pb};
pub use exposure::{Exposure, Protection, may_listen};
pub(crate) use grants::token_to_pb;
pub use observe::observe;
pub use server::{Capacity, Server, ServerError, Transport};
pub use tls::{ClientCertificates, Tls, TlsFiles};
