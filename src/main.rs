//! The `crossfoot` command.

use std::process::ExitCode;

/// A report is read in one thread and dropped in another, many thousands a second; the
/// allocator of the system is slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    crossfoot::cli::run()
}
