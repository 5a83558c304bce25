//! Any bytes as a submission on the wire.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crossfoot::fuzzing::submit(bytes));
