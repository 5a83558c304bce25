//! Any bytes as a page of the ledger, as events, as a copy, as a witness.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crossfoot::fuzzing::page(bytes));
