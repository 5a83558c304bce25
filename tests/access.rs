//! Who may do what: the whole table, credentials good and bad, streams that outlive
//! them, what is told and what is kept. Each over a real server and a real store.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

#[path = "access/certificates.rs"]
mod certificates;
#[path = "access/command.rs"]
mod command;
#[path = "access/credentials.rs"]
mod credentials;
#[path = "access/declared.rs"]
mod declared;
#[path = "access/limits.rs"]
mod limits;
#[path = "access/streams.rs"]
mod streams;
#[path = "access/table.rs"]
mod table;
#[path = "access/units.rs"]
mod units;
#[path = "access/wire.rs"]
mod wire;
#[path = "access/world.rs"]
mod world;

mod city;
#[path = "certificates/mod.rs"]
mod keys;
mod server;
