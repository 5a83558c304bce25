//! Admission: from bytes to a judged, digested report, in the caller's task.
//!
//! Everything here is decided by the submission and the forms alone; what needs
//! the order of the ledger is decided by the sequencer.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::outcome::{ResultView, SeriesChoice, Submission, SubmitError};
use crate::domain::event::{FormId, SeriesKey};
use crate::form::{Claim, Content, FindingRecord, Form, Reader, Verdict};
use crate::words::{Digest, limits};

thread_local! {
    /// Used for one report after the other.
    static READER: RefCell<Reader> = RefCell::default();
}

/// A submission, read and judged as far as it can be alone.
#[derive(Debug)]
pub struct Admitted {
    pub(super) submission: Submission,
    pub(super) series: SeriesKey,
    pub(super) form_id: FormId,
    pub(super) form: Arc<Form>,
    pub(super) content: Content,
    /// Digest of the texts of its content, if it has any.
    pub(super) texts: Option<Digest>,
    /// What its prose states about cells.
    pub(super) claims: Vec<Claim>,
    /// What the report alone decides.
    pub(super) found: Vec<FindingRecord>,
    /// Its place in the queue, once it has one.
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Admitted {
    /// How many findings its answer tells, as far as the report alone decides.
    #[must_use]
    pub fn findings_told(&self) -> usize {
        let all = self.submission.view == ResultView::Full || self.form.verdict(&self.found) != Verdict::Pass;
        if all { self.found.len() } else { 0 }
    }

    /// Whether its answer tells which cells may be wrong.
    #[must_use]
    pub fn is_locatable(&self) -> bool {
        self.form.is_locatable(&self.found)
    }

    /// Roughly the memory it takes, in KiB.
    pub(super) fn kib(&self) -> u32 {
        let bytes = self.submission.report.len().saturating_mul(3).saturating_add(8 << 10);
        u32::try_from(bytes >> 10).unwrap_or(u32::MAX).min(limits::QUEUE_KIB)
    }
}

/// Reads and judges a submission by the registrations in force.
pub(super) fn admit(forms: &[(FormId, Arc<Form>)], submission: Submission) -> Result<Admitted, SubmitError> {
    let known = forms.iter().find(|(_, form)| form.name() == submission.form);
    let (form_id, form) = known.cloned().ok_or_else(|| SubmitError::UnknownForm(submission.form.clone()))?;
    let SeriesChoice { family, unit, year, coverage } = submission.series.clone();
    if !form.covers(year) || family.as_ref().is_some_and(|family| family != form.family()) {
        return Err(SubmitError::WrongForm { form: submission.form, year, family });
    }
    if submission.explanations.len() > limits::EXPLANATIONS_PER_REPORT {
        let most = limits::EXPLANATIONS_PER_REPORT;
        return Err(SubmitError::Invalid(format!("explanations: more than {most} with one report")));
    }
    if let Some(long) = submission.explanations.iter().find(|words| words.text.len() > limits::EXPLANATION_BYTES) {
        let most = limits::EXPLANATION_BYTES;
        return Err(SubmitError::Invalid(format!("explanation of {}: longer than {most} bytes", long.rule)));
    }
    let malformed = |problem| SubmitError::Malformed { form: form.name().to_owned(), problem };
    if submission.report.len() > limits::REPORT_BYTES {
        return Err(malformed(format!("has {} bytes, at most {}", submission.report.len(), limits::REPORT_BYTES)));
    }
    let (found, content, claims) = READER.with_borrow_mut(|reader| {
        reader.read(&form, &submission.report).map_err(|error| malformed(error.to_string()))?;
        let mut found = Vec::new();
        form.check_report(reader, submission.statements, &mut found);
        let content = Content::new(&form, reader, coverage, submission.statements, &submission.explanations);
        Ok((found, content, reader.take_claims()))
    })?;
    let texts = (!content.texts.is_empty()).then(|| Digest::of(&[&content.texts]));
    let series = SeriesKey { family: form.family().clone(), year, unit, coverage };
    Ok(Admitted { submission, series, form_id, form, content, texts, claims, found, room: None })
}
