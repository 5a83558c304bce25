//! The ledger: events in one total order, chained, on the embedded store.
