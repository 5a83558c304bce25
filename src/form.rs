//! Forms: cells, labels, what must hold between cells, and the reports that
//! fill them. A form is compiled from its annotated descriptor.
//!
//! Knows nothing of storage, network or time, and names no cell and no label of
//! any form: those stand in the .proto.

mod finding;
mod row;
mod table;

pub use finding::{CheckId, FindingRecord, Severity, Verdict};
pub use row::{Row, RowError};
pub use table::{Cell, CellTable};
use crate::words::{Digest, FamilyName, Year};

/// A form, compiled.
#[derive(Debug)]
pub struct Form {
    pub(crate) name: String,
    pub(crate) family: FamilyName,
    pub(crate) first_year: Year,
    pub(crate) last_year: Option<Year>,
    pub(crate) cells: CellTable,
    pub(crate) severities: Vec<Severity>,
    pub(crate) form_digest: Digest,
    pub(crate) rules_digest: Digest,
    pub(crate) descriptor_set: Vec<u8>,
}

impl Form {
    /// Full name of its message.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its family.
    #[must_use]
    pub fn family(&self) -> &FamilyName {
        &self.family
    }

    /// Whether it judges reports of a year.
    #[must_use]
    pub fn covers(&self, year: Year) -> bool {
        self.first_year <= year && self.last_year.is_none_or(|last| year <= last)
    }

    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> &CellTable {
        &self.cells
    }

    /// How a failure of a check is treated.
    #[must_use]
    pub fn severity(&self, check: CheckId) -> Severity {
        // claims are numbered on from the end of the table and are queries
        self.severities.get(check.0 as usize).copied().unwrap_or(Severity::Query)
    }

    /// SHA-256 of its descriptor set.
    #[must_use]
    pub fn form_digest(&self) -> Digest {
        self.form_digest
    }

    /// SHA-256 of its rules.
    #[must_use]
    pub fn rules_digest(&self) -> Digest {
        self.rules_digest
    }

    /// `google.protobuf.FileDescriptorSet` with the form and all it imports.
    #[must_use]
    pub fn descriptor_set(&self) -> &[u8] {
        &self.descriptor_set
    }
}
