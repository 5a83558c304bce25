//! crossfoot: statutory reports go in over gRPC, exact roll-ups come out.
//!
//! The layers, lowest first; a module names only its own or lower ones (a test
//! walks this): [`words`], [`form`], [`domain`], [`ledger`] and [`documents`], [`ingest`],
//! `api`, `client` and `certificates`, `cli`. `ARCHITECTURE.md` tells why.
//!
//! The checks work without a service:
//!
//! ```
//! use crossfoot::form::{Catalog, Reader, Statements, Verdict};
//!
//! let catalog = Catalog::load(None)?;
//! let form = catalog.iter().next_back().ok_or("no form is built in")?;
//! let report = serde_json::json!({ "proactive": { "licensingDecisions": "-1" } });
//! let mut reader = Reader::default();
//! reader.read(form, &form.from_json(&report)?)?;
//! let mut found = Vec::new();
//! form.check_report(&mut reader, Statements { blank_means_zero: true, nil_report: false }, &mut found);
//! assert_eq!(form.verdict(&found), Verdict::Fail); // a count is not below 0
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod api;
pub mod certificates;
pub mod cli;
pub mod client;
pub mod documents;
pub mod domain;
pub mod form;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod ingest;
pub mod ledger;
pub mod pb;
pub mod words;
