//! A report that counts, or will once it is approved, packed: there are millions.

use super::event::{FormId, ReportAccepted};
use crate::form::{CellTable, FindingRecord, Findings, RowRef, packed_findings};
use crate::words::Revision;

/// The revision that counts, or will once it is approved.
#[derive(Debug, Clone)]
pub struct Effective {
    /// Its number.
    pub revision: Revision,
    /// The form it was judged by.
    pub form: FormId,
    /// As stated by the sender.
    pub blank_means_zero: bool,
    /// As stated by the sender.
    pub nil_report: bool,
    /// The row, then the findings: one allocation holds both.
    packed: Box<[u8]>,
    row_bytes: u32,
}

impl Effective {
    /// What was accepted.
    pub(super) fn new(accepted: &ReportAccepted) -> Self {
        let ReportAccepted { revision, form, blank_means_zero, nil_report, ref row, ref findings, .. } = *accepted;
        let packed = Self::packed(revision, form, (row.as_bytes(), findings.as_bytes()));
        Self { blank_means_zero, nil_report, ..packed }
    }

    /// What was packed before: the row and the findings; without statements.
    #[must_use]
    pub fn packed(revision: Revision, form: FormId, (row, findings): (&[u8], &[u8])) -> Self {
        let packed = [row, findings].concat().into_boxed_slice();
        // a row is some bytes for each cell of its form
        let row_bytes = u32::try_from(row.len()).unwrap_or(u32::MAX);
        Self { revision, form, blank_means_zero: false, nil_report: false, packed, row_bytes }
    }

    /// The row and the findings, packed.
    #[must_use]
    pub fn parts(&self) -> (&[u8], &[u8]) {
        let row_bytes = usize::try_from(self.row_bytes).unwrap_or(usize::MAX);
        self.packed.split_at_checked(row_bytes).unwrap_or((&self.packed, &[]))
    }

    /// Presence and figures.
    #[must_use]
    pub fn row(&self) -> RowRef<'_> {
        RowRef::of_packed(self.parts().0)
    }

    /// What is found in it.
    pub fn findings(&self) -> impl Iterator<Item = FindingRecord> {
        packed_findings(self.parts().1).flatten()
    }

    /// Replaces what is found in it.
    pub(super) fn rejudge(&mut self, findings: &Findings) {
        self.packed = [self.parts().0, findings.as_bytes()].concat().into_boxed_slice();
    }

    /// What it states in a cell; none: nothing.
    #[must_use]
    pub fn stated(&self, table: &CellTable, cell: usize) -> Option<i64> {
        let value = self.row().nonzero(table).find(|(index, _)| *index == cell).map(|(_, value)| value);
        value.or_else(|| self.row().states(table, cell).then_some(0))
    }

    /// Whether an absent required cell counts as 0.
    #[must_use]
    pub fn absent_is_zero(&self) -> bool {
        self.blank_means_zero || self.nil_report
    }
}
