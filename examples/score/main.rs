//! Scores localisation against what is known, on the same synthetic reports, and
//! prints the table:
//!
//! `cargo run --release --example score [CASES [SEED]]`
//!
//! The bound is that of Bayes: what somebody would score on these cases who knew
//! which kind of error was made, how errors are made and how the reports were
//! made. No method scores more but by luck. `crossfoot` is told none of it.

#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a measurement, not an interface"
)]

mod baselines;
mod errors;
mod ours;
mod reports;

use ours::Scores;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let (cases, seed) = (arguments.next().unwrap_or(4_000) as usize, arguments.next().unwrap_or(2_026));
    println!("{cases} cases a row, seed {seed}; % answered right, ties broken at random");
    print!("{:<28}", "error");
    Scores::NAMES.iter().for_each(|name| print!("{name:>16}"));
    println!();
    let bench = ours::Bench::new();
    for (kind, name) in errors::KINDS {
        let scores = bench.score(kind, cases, seed);
        print!("{name:<28}");
        scores.each().iter().for_each(|score| print!("{:>16.2}", 100.0 * score));
        println!();
    }
}
