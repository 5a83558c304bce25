//! The protocol of the scoring program, for tests.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    reason = "a program of its own"
)]

#[path = "../../examples/score/baselines.rs"]
pub mod baselines;
#[path = "../../examples/score/errors.rs"]
pub mod errors;
#[path = "../../examples/score/ours.rs"]
pub mod ours;
#[path = "../../examples/score/reports.rs"]
pub mod reports;
