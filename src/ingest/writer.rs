//! The writer: takes what waits, decides it in order, makes it durable, applies
//! it, then acknowledges. It is the only one that appends.
//!
//! While the disk works the next batch gathers. What happens when the disk fails
//! stands in `durable`.

use std::mem;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::{mpsc, watch};

use super::admit::Admitted;
use super::attempts::{Attempt, Attempts, stored_key};
use super::batch::{Batch, Reply, Told, Waiting, Work, tell};
use super::counters::Counters;
use super::durable::{Durable, Problem};
use super::explain;
use super::outcome::{Decision, Outcome, Receipt, SubmitError};
use super::sequence::{Judged, Overlay, Verdicts};
use crate::domain::State;
use crate::domain::event::{Event, EventKind, QueryExplained, SeriesKey, UnitsApplied};
use crate::form::{Explanation, FindingRecord};
use crate::ledger::{Ledger, LedgerError, LedgerReader, Signer};
use crate::words::clock::Clock;
use crate::words::{Digest, Position, limits};

/// See the module.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) ledger: Ledger,
    pub(super) reader: LedgerReader,
    pub(super) state: Arc<RwLock<State>>,
    pub(super) attempts: Arc<RwLock<Attempts>>,
    pub(super) clock: Clock,
    pub(super) signer: Signer,
    /// Tells those who wait how far the ledger goes.
    pub(super) published: watch::Sender<Position>,
    /// Tells those whose token may have ended.
    pub(super) token_changes: watch::Sender<Position>,
    pub(super) counters: Counters,
    pub(super) problem: Problem,
    /// Whether it was tried to open the store again since it was tended.
    pub(super) tried: bool,
}

impl Writer {
    /// Works until every sender is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut work = Vec::new();
        while queue.blocking_recv_many(&mut work, limits::EVENTS_PER_COMMIT) > 0 {
            if work.iter().any(|work| matches!(work, Work::Tend)) {
                self.tend();
            }
            if matches!(work[..], [Work::Tend]) {
                self.ledger.keep_checkpoint(&self.state.read(), limits::CHECKPOINT_EVENTS);
            }
            self.work(mem::take(&mut work));
        }
        self.ledger.keep_checkpoint(&self.state.read(), limits::CHECKPOINT_EVENTS_AT_END);
        self.ledger.close();
    }

    /// Decides and commits what was taken from the queue.
    fn work(&mut self, work: Vec<Work>) {
        let mut waiting = work.into_iter().peekable();
        while waiting.peek().is_some() {
            // what is decided must be decided on what is in the store
            if !self.reader.is_sound() {
                self.look();
            }
            let state = Arc::clone(&self.state);
            let batch = {
                let state = state.read();
                let mut overlay = Overlay::new(&state, waiting.len());
                let mut batch = Batch::default();
                while let Some(next) = waiting.next() {
                    let alone = next.is_alone();
                    self.decide(next, &mut overlay, &mut batch);
                    // what is decided against what is applied is applied at once
                    let alone_next = waiting.peek().is_some_and(Work::is_alone);
                    if alone || alone_next || batch.bytes >= limits::COMMIT_BYTES {
                        break;
                    }
                }
                batch.events = overlay.into_events();
                batch
            };
            self.commit(batch);
        }
    }

    fn decide(&mut self, work: Work, overlay: &mut Overlay<'_>, batch: &mut Batch) {
        match work {
            Work::IssueToken { new, digest, by, reply } => self.issue_token((new, digest), by, reply, overlay, batch),
            Work::RevokeToken { id, reason, by, reply } => self.revoke_token((id, reason), by, reply, overlay, batch),
            Work::Tend => {}
            Work::Settle(reply) => batch.settled.push(reply),
            Work::Submit(admitted, reply) => match overlay.judge(&admitted) {
                Ok(judged) => self.judged(admitted, judged, reply, overlay, batch),
                Err(error) => tell(reply, Err(error)),
            },
            Work::Act { act, reason, principal, reply } => match overlay.act(act) {
                Ok((kind, text)) => {
                    batch.texts.extend(text);
                    self.enter(overlay, kind, principal, reason);
                    batch.waiting.push(Waiting::Done(reply));
                }
                Err(error) => tell(reply, Err(error)),
            },
            Work::Roster { applied, validate_only, reason, principal, reply } => match overlay.roster(applied) {
                Err(error) => tell(reply, Err(error)),
                Ok((_, plan)) if validate_only || plan.is_empty() => tell(reply, Ok((Position(0), plan))),
                Ok((applied, plan)) => {
                    self.enter(overlay, EventKind::RosterApplied(applied), principal, reason);
                    batch.waiting.push(Waiting::Roster(reply, plan));
                }
            },
            Work::Close { total, override_reason, principal, reply } => {
                match self.certify(overlay.state, total, override_reason, &principal) {
                    Err(error) => tell(reply, Err(error)),
                    Ok(closed) => {
                        let signed = Box::new(closed.signed.clone());
                        let reason = closed.statement.override_reason.as_deref().unwrap_or_default().to_owned();
                        self.enter(overlay, EventKind::YearClosed(closed), principal, reason);
                        batch.waiting.push(Waiting::Closed(reply, signed));
                    }
                }
            }
            Work::Explain { series, explanation, quotes, principal, reply } => {
                match self.explained(&series, &explanation, &quotes, overlay) {
                    Ok(explained) => {
                        let text = explanation.text.into_bytes();
                        batch.texts.push((explained.text, text));
                        self.enter(overlay, EventKind::QueryExplained(explained), principal, String::new());
                        batch.waiting.push(Waiting::Explained(reply, series));
                    }
                    Err(error) => tell(reply, Err(error)),
                }
            }
            Work::Units { units, validate_only, reason, principal, reply } => {
                match overlay.state.preview_units(&units) {
                    Err(problems) => {
                        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                        tell(reply, Err(SubmitError::Invalid(problems.join("\n"))));
                    }
                    Ok(preview) if validate_only || preview.plan.changes.is_empty() => {
                        tell(reply, Ok((Position(0), preview.plan)));
                    }
                    Ok(preview) => {
                        let rejudged = overlay.rejudge_units(&|key| preview.facts(overlay.state, key));
                        let kind = EventKind::UnitsApplied(UnitsApplied { units, rejudged });
                        self.enter(overlay, kind, principal, reason);
                        batch.waiting.push(Waiting::Units(reply, preview.plan));
                    }
                }
            }
        }
    }

    fn judged(
        &mut self,
        admitted: Box<Admitted>,
        judged: Judged,
        reply: Reply<Box<Decision>>,
        overlay: &mut Overlay<'_>,
        batch: &mut Batch,
    ) {
        let Judged { verdict, findings, finding_count, localisation, unused, certified } = judged;
        let dry = admitted.submission.validate_only;
        let series = admitted.series.clone();
        let awaits_approval = matches!(&verdict, Verdicts::Accept(accepted) if accepted.awaits_approval);
        let decision = |outcome| {
            let decision =
                Decision { series, outcome, findings, finding_count, localisation, unused, certified, awaits_approval };
            Box::new(decision)
        };
        let mut told = |reply, decision, receipt_of| batch.told.push(Told { reply, decision, receipt_of });
        match verdict {
            Verdicts::Accept(_) if dry => told(reply, decision(Outcome::Accepted(None)), None),
            Verdicts::Unchanged(position) => {
                told(reply, decision(Outcome::Unchanged(None)), Some(position).filter(|_| !dry));
            }
            Verdicts::Repeated(position) => {
                told(reply, decision(Outcome::Repeated(None)), Some(position).filter(|_| !dry));
            }
            Verdicts::Refuse(reason) => {
                if !dry {
                    self.keep_attempt(&admitted, reason.word());
                }
                told(reply, decision(Outcome::Refused(reason)), None);
            }
            Verdicts::Accept(acceptance) => {
                let principal = Arc::clone(&admitted.submission.principal);
                let (accepted, texts) = acceptance.of(*admitted);
                let digest = accepted.digest;
                if let Some(texts_digest) = accepted.texts {
                    batch.bytes = batch.bytes.saturating_add(texts.len());
                    if !overlay.state.is_redacted(&texts_digest) {
                        batch.texts.push((texts_digest, texts));
                    }
                }
                batch.bytes = batch.bytes.saturating_add(limits::PAGE_BYTES / 16);
                self.enter(overlay, EventKind::ReportAccepted(accepted), principal, String::new());
                let waits = Waiting::Submitted(decision(Outcome::Accepted(None)), reply, digest);
                batch.waiting.push(waits);
            }
        }
    }

    fn explained(
        &self,
        series: &SeriesKey,
        explanation: &Explanation,
        quotes: &[String],
        overlay: &Overlay<'_>,
    ) -> Result<QueryExplained, SubmitError> {
        if !explain::says_enough(&explanation.text) {
            let problem = "explanation.text: needs 4 characters and more than a bare 核实无误";
            return Err(SubmitError::Invalid(problem.to_owned()));
        }
        let stored = overlay.series(series).filter(|stored| stored.current().is_some());
        let stored = stored.ok_or_else(|| SubmitError::NotFound("no report is in effect in this series".to_owned()))?;
        let form = stored.current().and_then(|current| overlay.state.form(current.form));
        let findings: Vec<FindingRecord> = stored.findings().collect();
        let query = form.and_then(|form| explain::query_of(&form, &findings, quotes, explanation));
        let explained = query.ok_or_else(|| {
            let Explanation { rule, instance, left, right, .. } = explanation;
            SubmitError::Precondition(format!("no open query {rule} {instance} with left {left} and right {right}"))
        })?;
        let text = Digest::of(&[explanation.text.as_bytes()]);
        Ok(QueryExplained { series: series.clone(), explained, text })
    }

    /// Adds an event to the batch.
    pub(super) fn enter(&self, overlay: &mut Overlay<'_>, kind: EventKind, principal: Arc<str>, reason: String) {
        overlay.enter(kind, principal, reason, (self.clock)());
    }

    /// Keeps what was refused, outside the ledger.
    fn keep_attempt(&mut self, admitted: &Admitted, reason: &str) {
        let report = &admitted.submission.report;
        let attempt = Attempt {
            time: (self.clock)(),
            reason: reason.to_owned(),
            form: admitted.form.name().to_owned(),
            statements: admitted.submission.statements,
            findings: admitted.found.iter().take(limits::REFUSED_FINDINGS).copied().collect(),
            report: if report.len() <= limits::REFUSED_BYTES { report.clone() } else { prost::bytes::Bytes::new() },
        };
        let stored = self.ledger.put_attempt(&stored_key(&admitted.series), &attempt.encode());
        let gave_way = self.attempts.write().put(&admitted.series, attempt);
        let ledger = &mut self.ledger;
        let removed = gave_way.map_or(Ok(()), |series| ledger.remove_attempt(&stored_key(&series)));
        match stored.and(removed) {
            // why is told elsewhere, and once
            Err(LedgerError::Closed) => {}
            Err(error) if error.is_disk_full() => {}
            Err(error) => tracing::warn!(error = %error, "a refused attempt could not be kept"),
            Ok(()) => {}
        }
    }

    /// Makes a batch durable, applies it, acknowledges it.
    fn commit(&mut self, mut batch: Batch) {
        let told = mem::take(&mut batch.told);
        let settled = mem::take(&mut batch.settled);
        let done = if batch.events.is_empty() { self.mirrored(&told) } else { self.append(&batch) };
        let done = done.and_then(|Durable { hashes, withheld }| {
            self.apply(&batch.events);
            self.publish();
            // it is in the store; a retry gets its receipt once it is in the mirror too
            withheld.map_or(Ok(hashes), Err)
        });
        match done {
            Ok(hashes) => {
                self.acknowledge(batch, &hashes);
                told.into_iter().for_each(|told| self.tell(told));
            }
            Err(error) => {
                self.counters.failed();
                batch.waiting.into_iter().for_each(|waiting| waiting.fail(&error));
                // what was decided on top of a lost batch is void
                told.into_iter().for_each(|told| tell(told.reply, Err(error.clone())));
            }
        }
        settled.into_iter().for_each(|reply| tell(reply, Ok(())));
    }

    /// Applies durable events; readers get in between.
    fn apply(&self, events: &[Event]) {
        const AT_ONCE: usize = 64;
        for events in events.chunks(AT_ONCE) {
            let mut state = self.state.write();
            for event in events {
                if let Err(error) = state.apply(event) {
                    // decided against this very state: it cannot happen, and must not go on if it does
                    tracing::error!(error = %error, "a durable event does not apply; stopping");
                    std::process::abort();
                }
            }
        }
    }

    /// Tells a decision that appended nothing, with the first receipt if it has one.
    fn tell(&self, Told { reply, mut decision, receipt_of }: Told) {
        if let Some(position) = receipt_of {
            match receipt(&self.reader, &self.state.read(), position) {
                Ok(first) => {
                    decision.outcome = match decision.outcome {
                        Outcome::Repeated(_) => Outcome::Repeated(Some(first)),
                        Outcome::Accepted(_) | Outcome::Unchanged(_) | Outcome::Refused(_) => {
                            Outcome::Unchanged(Some(first))
                        }
                    }
                }
                Err(error) => return tell(reply, Err(error)),
            }
        }
        self.counters.decided(&decision.outcome);
        tell(reply, Ok(decision));
    }

    fn acknowledge(&self, batch: Batch, hashes: &[Digest]) {
        for ((event, chain_hash), waiting) in batch.events.iter().zip(hashes).zip(batch.waiting) {
            match waiting {
                Waiting::Submitted(mut decision, reply, digest) => {
                    let Some(revision) = event.kind.accepted().map(|accepted| accepted.revision) else { continue };
                    tracing::info!(
                        report.unit = %decision.series.unit, report.year = %decision.series.year,
                        report.coverage = %decision.series.coverage, report.revision = %revision,
                        ledger.position = %event.position, "report accepted"
                    );
                    decision.outcome = Outcome::Accepted(Some(Receipt {
                        series: decision.series.clone(),
                        revision,
                        position: event.position,
                        digest,
                        chain_hash: *chain_hash,
                        time: event.time,
                    }));
                    self.counters.decided(&decision.outcome);
                    tell(reply, Ok(decision));
                }
                Waiting::Done(reply) => tell(reply, Ok(event.position)),
                Waiting::Explained(reply, series) => {
                    let state = self.state.read();
                    let open = state.series(&series).map_or(0, |series| state.open_queries(series));
                    tell(reply, Ok((event.position, open)));
                }
                Waiting::Units(reply, plan) => tell(reply, Ok((event.position, plan))),
                Waiting::Roster(reply, plan) => tell(reply, Ok((event.position, plan))),
                Waiting::Closed(reply, signed) => tell(reply, Ok((event.position, *signed))),
                Waiting::Issued(reply, id) => tell(reply, self.issued(id)),
                Waiting::Revoked(reply) => tell(reply, Ok(event.position)),
            }
        }
    }
}

/// The receipt of a report in the ledger.
pub(super) fn receipt(reader: &LedgerReader, state: &State, position: Position) -> Result<Receipt, SubmitError> {
    let read = reader.event(position, &|id| state.form(id));
    let (event, chain_hash) = read.map_err(|error| SubmitError::Unavailable(error.to_string()))?;
    let accepted = event.kind.accepted();
    let accepted = accepted.ok_or_else(|| SubmitError::Unavailable(format!("event {position} is no report")))?;
    Ok(Receipt {
        series: accepted.series.clone(),
        revision: accepted.revision,
        position,
        digest: accepted.digest,
        chain_hash,
        time: event.time,
    })
}
