//! Any bytes as a document.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crossfoot::fuzzing::document(bytes));
