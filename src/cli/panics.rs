//! A panic is a bug; what comes of it is decided here, for the service.
//!
//! A call that panics fails alone: tokio catches it, and no report can take the
//! service down by being sent again and again. Any other thread is one of those that
//! everything waits for, the writer's or sled's: the process would live on and
//! acknowledge nothing, so it ends, with what is durable on disk, and is started again
//! by whoever watches it. One panic is expected, and caught: see [`is_letting_go`].

use std::panic::PanicHookInfo;
use std::thread;

use tokio::runtime::Handle;

use super::SERVICE;
use crate::ledger::is_letting_go;

/// Logs panics from now on, and ends the process with those that are not a call's.
pub(super) fn end_the_process() {
    std::panic::set_hook(Box::new(|panic| {
        if is_letting_go() {
            return;
        }
        let thread = thread::current();
        let name = thread.name().unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = said(panic);
        if is_call(name) {
            tracing::error!(panic.thread = name, panic.place = place, "a call panicked and failed: {said}");
        } else {
            tracing::error!(panic.thread = name, panic.place = place, "a panic; the process ends: {said}");
            std::process::exit(SERVICE.into());
        }
    }));
}

/// Whether the thread answers calls: tokio's, and not the one that holds it all.
fn is_call(thread: &str) -> bool {
    Handle::try_current().is_ok() && thread != "main"
}

/// What a panic says if it always says so; a text put together may tell figures.
fn said<'panic>(panic: &'panic PanicHookInfo<'_>) -> &'panic str {
    panic.payload().downcast_ref::<&str>().copied().unwrap_or("its words may tell figures and are left out")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const ROLE: &str = "CROSSFOOT_TEST_PANICS";

    /// Runs this test again in a process of its own, which panics.
    fn panicking(role: &str) -> (Option<i32>, String) {
        let test = "cli::panics::tests::a_panic_outside_of_a_call_ends_the_process_and_one_in_a_call_does_not";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(ROLE, role)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    #[test]
    fn a_panic_outside_of_a_call_ends_the_process_and_one_in_a_call_does_not() {
        let Ok(role) = std::env::var(ROLE) else {
            for role in ["ledger", "sled-io-0"] {
                let (code, log) = panicking(role);
                assert_eq!(code, Some(SERVICE.into()), "{log}");
                assert!(log.contains("the process ends: as it was to be") && log.contains(role), "{log}");
                assert!(log.contains("src/cli/panics.rs"), "no place is named: {log}");
            }
            let (code, log) = panicking("call");
            assert_eq!(code, Some(0), "{log}");
            assert!(log.contains("a call panicked and failed: its words may"), "{log}");
            assert!(!log.contains("1234567"), "{log}");
            return;
        };
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
        end_the_process();
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        if role == "call" {
            let figure = 1_234_567;
            let call = runtime.spawn(async move { panic!("{figure}") });
            assert!(runtime.block_on(call).unwrap_err().is_panic());
            return;
        }
        thread::Builder::new().name(role).spawn(|| panic!("as it was to be")).unwrap();
        // the test would hang here if the process did not end
        loop {
            thread::park();
        }
    }
}
