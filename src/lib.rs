//! crossfoot: statutory reports go in over gRPC, exact roll-ups come out.
//!
//! The layers, lowest first; a module names only its own or lower ones (a test
//! walks this): [`words`], [`form`], [`domain`], [`ledger`], [`ingest`],
//! `api` and `client`, `cli`. `ARCHITECTURE.md` tells why.

pub mod api;
pub mod cli;
pub mod client;
pub mod domain;
pub mod form;
pub mod ingest;
pub mod ledger;
pub mod pb;
pub mod words;
