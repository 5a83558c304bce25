//! What is tried on submissions and on kept attempts: the way a report goes in,
//! but for the store. Not part of the program; see [`crate::fuzzing`].

use std::sync::Arc;

use parking_lot::RwLock;

use super::admit::{Admitted, admit};
use super::attempts::{Attempt, Attempts, stored_key};
use super::outcome::{Decision, Outcome, Submission, SubmitError};
use super::sequence::{Judged, Overlay, Verdicts};
use crate::domain::State;
use crate::domain::event::{Event, EventKind};
use crate::form::{Content, Form, Reader, unpack_texts};
use crate::ledger::fuzzing::comes_back;

/// Admits a submission and decides it as the next of a ledger. What would be stored
/// is read as it was written; what it contains is given back whole.
pub(crate) fn decide(state: &RwLock<State>, submission: Submission) -> Result<Decision, SubmitError> {
    let admitted = admit(&state.read().current_registrations(), submission)?;
    let state = state.read();
    let mut overlay = Overlay::new(&state, 1);
    let Judged { verdict, findings, finding_count, localisation, unused, certified } = overlay.judge(&admitted)?;
    given_back(&admitted);
    let awaits_approval = matches!(&verdict, Verdicts::Accept(accepted) if accepted.awaits_approval);
    let series = admitted.series.clone();
    let outcome = match verdict {
        Verdicts::Accept(acceptance) => {
            let principal = Arc::clone(&admitted.submission.principal);
            let kind = EventKind::ReportAccepted(acceptance.of(admitted).0);
            let (position, time) = (state.head().next(), state.last_time());
            let event = Event { position, time, principal, reason: String::new(), kind };
            comes_back(&event, &state);
            overlay.enter(event.kind, event.principal, event.reason, time);
            Outcome::Accepted(None)
        }
        Verdicts::Unchanged(_) => Outcome::Unchanged(None),
        Verdicts::Repeated(_) => Outcome::Repeated(None),
        Verdicts::Refuse(reason) => {
            kept(&admitted, reason.word());
            Outcome::Refused(reason)
        }
    };
    Ok(Decision { series, outcome, findings, finding_count, localisation, unused, certified, awaits_approval })
}

/// What was sent is given back from its content, and is the same content.
fn given_back(admitted: &Admitted) {
    let Admitted { submission, form, content, .. } = admitted;
    let (prose, explanations) = unpack_texts(&content.texts).expect("what was packed can be read");
    assert_eq!(explanations, submission.explanations);
    let written = form.write(&content.row, prose).expect("what was read can be written");
    let mut reader = Reader::default();
    reader.read(form, &written).expect("what was written can be read");
    let again = Content::new(form, &reader, submission.series.coverage, submission.statements, &explanations);
    assert_eq!(again.digest, content.digest);
}

/// A refused attempt is read as it is kept.
fn kept(admitted: &Admitted, reason: &str) {
    let Admitted { submission, series, form, found, .. } = admitted;
    let attempt = Attempt {
        time: crate::words::Timestamp(0),
        reason: reason.to_owned(),
        form: form.name().to_owned(),
        statements: submission.statements,
        findings: found.iter().copied().collect(),
        report: submission.report.clone(),
    };
    let (key, value) = (stored_key(series), attempt.encode());
    let loaded = Attempts::load(vec![(key.into_bytes(), value.clone())]);
    assert_eq!(loaded.get(series).map(Attempt::encode), Some(value));
}

/// Loads an attempt from anywhere; if it is one, it is kept as it was.
pub(crate) fn attempt(key: &str, value: &[u8], form: &Form) {
    let loaded = Attempts::load(vec![(key.as_bytes().to_vec(), value.to_vec())]);
    for series in loaded.series() {
        let attempt = loaded.get(&series).expect("it is there");
        let mut reader = Reader::default();
        let _ = reader.read(form, &attempt.report);
        let (key, value) = (stored_key(&series), attempt.encode());
        let again = Attempts::load(vec![(key.into_bytes(), value.clone())]);
        assert_eq!(again.get(&series).map(Attempt::encode), Some(value));
    }
}
