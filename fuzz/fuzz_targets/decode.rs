//! Any bytes as a report of the built-in form.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crossfoot::fuzzing::decode(bytes));
