//! The option messages of `crossfoot/form/v1/options.proto`, generated.

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

tonic::include_proto!("crossfoot.form.v1");
