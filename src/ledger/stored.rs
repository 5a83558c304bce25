//! The stored events, generated from `crossfoot/ledger/v1/event.proto`.

#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "generated"
)]

tonic::include_proto!("crossfoot.ledger.v1");
