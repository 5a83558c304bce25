//! The `crossfoot` command.

use std::process::ExitCode;

/// What one thread reads another keeps or frees: with the allocator of the system they
/// wait for each other. It has threads of its own that give back what stays free.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    crossfoot::cli::run()
}
