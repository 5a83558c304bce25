//! The desk: the one place where reports are handed in and asked for. Every
//! door calls it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;

use parking_lot::RwLock;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::admit::{Admitted, admit};
use super::attempts::Attempts;
use super::batch::{Reply, Work};
use super::counters::Counters;
use super::durable::Problem;
use super::moment::At;
use super::outcome::{Decision, SeriesChoice, Submission, SubmitError, within};
use super::writer::Writer;
use crate::domain::event::{Event, EventKind, FormId, FormRegistered, SeriesKey, UnitEntry};
use crate::domain::{Plan, State};
use crate::form::{Catalog, Explanation, Form};
use crate::ledger::{AppendError, KEY_FILE, Ledger, LedgerError, LedgerReader, MirrorStatus, Mirroring, Signer};
use crate::words::clock::Clock;
use crate::words::{Digest, FamilyName, Position, Year, limits};

/// Why the desk cannot open, or a stored report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The ledger is damaged or in use.
    #[error("{0}{way}", way = .0.way_out())]
    Ledger(#[from] LedgerError),
    /// A form or a token could not be registered.
    #[error("nothing could be appended: {0}")]
    Register(#[from] AppendError),
    /// The cells of a form are not those registered before.
    #[error("cells of {0} differ from those in the ledger; a changed form needs another name and year")]
    FrozenCells(String),
    /// A form of the ledger that is no longer offered covers a year of another.
    #[error("{0} and {1}, which the ledger knows, both cover {2}; offer {1} again with a last_year before")]
    Overlap(String, String, Year),
    /// Something stored does not fit together.
    #[error("{0}")]
    Damaged(String),
    /// A token makes no sense, or is not there.
    #[error("{0}")]
    Token(String),
    /// The writer's thread could not be started.
    #[error("no thread for the writer: {0}")]
    Thread(std::io::Error),
}

/// How the ledger is kept.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// A mirror of every commit.
    pub mirroring: Option<Mirroring>,
    /// The key that statements are signed with; none: one in the ledger's folder.
    pub signing_key: Option<PathBuf>,
    /// Free bytes of the disk below which nothing more is written.
    pub disk_reserve: u64,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { mirroring: None, signing_key: None, disk_reserve: limits::DISK_RESERVE_BYTES }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Desk {
    queue: Option<mpsc::Sender<Work>>,
    writer: Option<JoinHandle<()>>,
    pub(super) state: Arc<RwLock<State>>,
    /// The registrations in force: what is registered is so from the start.
    forms: Vec<(FormId, Arc<Form>)>,
    pub(super) attempts: Arc<RwLock<Attempts>>,
    pub(super) reader: LedgerReader,
    /// Position of the last event that readers see, for those who wait.
    pub(super) heads: watch::Receiver<Position>,
    /// Place of the last change of a token, for those whose token may have ended.
    pub(super) token_changes: watch::Receiver<Position>,
    pub(super) clock: Clock,
    mirror: Option<Arc<RwLock<MirrorStatus>>>,
    counters: Counters,
    problem: Problem,
    /// Room for what waits for the writer.
    room: Arc<Semaphore>,
    /// Questions about the past that are put together now.
    pub(super) past_reads: AtomicUsize,
}

impl Desk {
    /// Opens the ledger in a folder, registers forms it does not know, and
    /// starts the writer.
    ///
    /// # Errors
    /// [`DeskError`] if the ledger is damaged, in use, or knows other cells.
    pub fn open(dir: &Path, catalog: &Catalog, clock: Clock) -> Result<Self, DeskError> {
        Self::open_with(dir, Keeping::default(), catalog, clock)
    }

    /// The same, with how the ledger is kept.
    ///
    /// # Errors
    /// [`DeskError`]; also if the mirror is of another ledger, or ahead of this one.
    pub fn open_with(dir: &Path, keeping: Keeping, catalog: &Catalog, clock: Clock) -> Result<Self, DeskError> {
        let Keeping { mirroring, signing_key, disk_reserve } = keeping;
        let mut state = State::new();
        let mut ledger = Ledger::resume(dir, &mut state)?;
        let mirror = mirroring.map(|mirroring| ledger.mirror(mirroring)).transpose()?;
        ledger.keep_free(disk_reserve);
        register(&mut ledger, &mut state, catalog, clock)?;
        let attempts = Attempts::load(ledger.attempts()?);
        let (state, attempts) = (Arc::new(RwLock::new(state)), Arc::new(RwLock::new(attempts)));
        let (queue, work) = mpsc::channel(limits::QUEUE_SUBMISSIONS);
        let reader = ledger.reader();
        let (counters, problem) = (Counters::default(), Problem::default());
        let room = Arc::new(Semaphore::new(limits::QUEUE_KIB as usize));
        let forms = state.read().current_registrations();
        let (published, heads) = watch::channel(state.read().head());
        let (tokens_published, token_changes) = watch::channel(state.read().tokens().changed());
        let writer = Writer {
            ledger,
            reader: reader.clone(),
            state: Arc::clone(&state),
            attempts: Arc::clone(&attempts),
            clock,
            signer: Signer::new(signing_key.unwrap_or_else(|| dir.join(KEY_FILE))),
            published,
            token_changes: tokens_published,
            counters: counters.clone(),
            problem: problem.clone(),
            tried: false,
        };
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run(work));
        let writer = Some(thread.map_err(DeskError::Thread)?);
        Ok(Self {
            queue: Some(queue),
            writer,
            state,
            forms,
            attempts,
            reader,
            heads,
            token_changes,
            clock,
            mirror,
            past_reads: AtomicUsize::new(0),
            room,
            counters,
            problem,
        })
    }

    /// Position of the last event that readers see.
    #[must_use]
    pub fn head(&self) -> Position {
        self.state.read().head()
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Why nothing can be written now, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let gone = self.queue.as_ref().is_none_or(mpsc::Sender::is_closed);
        let problem = if gone { Some(stopped()) } else { self.problem.now() };
        problem.map(|problem| problem.to_string())
    }

    /// How the mirror does, if there is one.
    #[must_use]
    pub fn mirror(&self) -> Option<MirrorStatus> {
        self.mirror.as_ref().map(|status| status.read().clone())
    }

    /// Has it looked whether something can be written, and what failed tried again;
    /// does not wait.
    pub fn tend(&self) {
        if let Some(queue) = &self.queue {
            // a full queue is worked off, which tells as much
            let _ = queue.try_send(Work::Tend);
        }
    }

    /// Waits until all that was handed in so far is decided and committed, or failed.
    pub async fn settle(&self) {
        if let Err(error) = self.ask(Work::Settle).await {
            tracing::error!(error = %error, "the writer is gone");
        }
    }

    /// Writes a copy of the whole ledger as it is now; gives its head.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn back_up(&self, out: impl std::io::Write) -> Result<(Position, Digest), LedgerError> {
        self.reader.back_up(self.head(), out)
    }

    /// Hands something to the writer and waits for its answer.
    pub(super) async fn ask<T>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Result<T, SubmitError> {
        self.hand_in(work).await?.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Hands something to the writer; the answer comes when it is durable.
    async fn hand_in<T>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Result<Answer<T>, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(work(reply)).await.map_err(|_| stopped())?;
        Ok(answer)
    }

    /// Submits a report and waits until it is durable.
    ///
    /// # Errors
    /// [`SubmitError`] if it was not judged.
    pub async fn submit(&self, submission: Submission) -> Result<Decision, SubmitError> {
        let decided = self.begin(self.admit(submission)?).await?.await;
        decided.unwrap_or_else(|_| Err(stopped())).map(|decision| *decision)
    }

    /// Reads a report and checks what it says alone.
    ///
    /// # Errors
    /// [`SubmitError`] if it cannot be judged at all.
    pub fn admit(&self, submission: Submission) -> Result<Box<Admitted>, SubmitError> {
        admit(&self.forms, submission).map(Box::new)
    }

    /// Hands a report in; what became of it is told by the answer. Reports are
    /// decided in the order in which they were handed in.
    ///
    /// # Errors
    /// [`SubmitError`] if the service stops.
    pub async fn begin(&self, mut admitted: Box<Admitted>) -> Result<Answer<Box<Decision>>, SubmitError> {
        let room = Arc::clone(&self.room).acquire_many_owned(admitted.kib()).await;
        admitted.room = Some(room.map_err(|_| stopped())?);
        self.hand_in(|reply| Work::Submit(admitted, reply)).await
    }

    /// Explains an open query of an accepted report. Gives the place in the
    /// ledger and the open queries left.
    ///
    /// # Errors
    /// [`SubmitError`] if there is no such query or the words say too little.
    pub async fn explain(
        &self,
        series: SeriesKey,
        explanation: Explanation,
        principal: Arc<str>,
    ) -> Result<(Position, i64), SubmitError> {
        within("explanation.text", &explanation.text, limits::EXPLANATION_BYTES)?;
        let quotes = self.quotes(&series)?;
        self.ask(|reply| Work::Explain { series, explanation, quotes, principal, reply }).await
    }

    /// Replaces the histories of the units named, or only says what that would do.
    ///
    /// # Errors
    /// [`SubmitError::Invalid`] with everything that is wrong.
    pub async fn apply_units(
        &self,
        units: Vec<UnitEntry>,
        validate_only: bool,
        reason: String,
        principal: Arc<str>,
    ) -> Result<(Position, Plan), SubmitError> {
        within("reason", &reason, limits::REASON_BYTES)?;
        self.ask(|reply| Work::Units { units, validate_only, reason, principal, reply }).await
    }

    /// The family a caller means: named, or the only one that covers the year.
    ///
    /// # Errors
    /// [`SubmitError::NoFamily`] if none or several fit.
    pub fn family(&self, family: Option<FamilyName>, year: Year, at: At) -> Result<FamilyName, SubmitError> {
        let (_, forms) = self.forms(at)?;
        let fits =
            |form: &&Arc<Form>| form.covers(year) && family.as_ref().is_none_or(|family| family == form.family());
        let fitting: Vec<&Arc<Form>> = forms.iter().filter(fits).collect();
        match fitting.as_slice() {
            [form] => Ok(form.family().clone()),
            [] => Err(SubmitError::NoFamily(format!("no form{} covers {year}", named(family.as_ref())))),
            many => {
                let names: Vec<&str> = many.iter().map(|form| form.family().as_str()).collect();
                Err(SubmitError::NoFamily(format!("several families cover {year}, name one: {}", names.join(", "))))
            }
        }
    }

    /// The forms in force, in order of family and year.
    ///
    /// # Errors
    /// [`SubmitError::BeyondHead`].
    pub fn forms(&self, at: At) -> Result<(Position, Vec<Arc<Form>>), SubmitError> {
        let state = self.state.read();
        let position = at.within(state.head())?;
        Ok((position, state.forms_in_force(position)))
    }

    /// The series a caller means.
    ///
    /// # Errors
    /// [`SubmitError::NoFamily`] if the family is not clear.
    pub fn series(&self, choice: SeriesChoice, at: At) -> Result<SeriesKey, SubmitError> {
        let SeriesChoice { family, unit, year, coverage } = choice;
        Ok(SeriesKey { family: self.family(family, year, at)?, year, unit, coverage })
    }
}

fn named(family: Option<&FamilyName>) -> String {
    family.map(|family| format!(" of family {family}")).unwrap_or_default()
}

/// An answer on its way.
pub type Answer<T> = oneshot::Receiver<Result<T, SubmitError>>;

/// What is said when the writer is gone.
fn stopped() -> SubmitError {
    SubmitError::Unavailable("the service is stopping".to_owned())
}

impl Drop for Desk {
    fn drop(&mut self) {
        // the writer ends when nothing more can come, after finishing what waits
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer ended with a panic");
        }
    }
}

/// Appends forms that the ledger does not know, or knows with other rules.
fn register(ledger: &mut Ledger, state: &mut State, catalog: &Catalog, clock: Clock) -> Result<(), DeskError> {
    for form in catalog.iter() {
        let known = state.current_form(form.name()).map(|(_, known)| known);
        if known.as_ref().is_some_and(|known| known.form_digest() == form.form_digest()) {
            continue;
        }
        let gone = state.current_forms().into_iter().filter(|other| catalog.by_name(other.name()).is_none());
        if let Some((other, year)) = gone.filter_map(|other| other.overlaps(form).map(|year| (other, year))).next() {
            return Err(DeskError::Overlap(form.name().to_owned(), other.name().to_owned(), year));
        }
        let position = state.head().next();
        let id = FormId(state.registered().saturating_add(1));
        // compiled from the descriptors the event carries, as every later start will
        let stored = Form::from_descriptors(form.descriptor_set(), form.name()).map_err(DeskError::Damaged)?;
        let event = Event {
            position,
            time: state.last_time().max(clock()),
            principal: Arc::from("crossfoot"),
            reason: String::new(),
            kind: EventKind::FormRegistered(FormRegistered { id, form: Arc::new(stored) }),
        };
        if known.is_some_and(|known| !known.has_cells_of(form)) {
            return Err(DeskError::FrozenCells(form.name().to_owned()));
        }
        ledger.append(std::slice::from_ref(&event), &[])?;
        state.apply(&event).map_err(LedgerError::from)?;
    }
    Ok(())
}
