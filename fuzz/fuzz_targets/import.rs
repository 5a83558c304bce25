//! Any bytes as a file of submissions or of an export.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crossfoot::fuzzing::import(bytes));
