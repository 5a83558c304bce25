//! What senders and offices decide about stored reports and years, one by one:
//! withdraw, approve, return, publish, extend, reopen, redact.
//!
//! Each becomes one event, or an error that says why not.

use std::sync::Arc;

use super::outcome::SubmitError;
use super::sequence::{Overlay, Then};
use crate::domain::event::{
    DeadlineExtended, EventKind, PublicationRecorded, Rejudged, ReportReviewed, ReportWithdrawn, Review, SeriesKey,
    TextRedacted, YearReopened,
};
use crate::domain::{Obligation, Series, TotalKey};
use crate::words::{Day, Digest, FamilyName, Position, Revision, UnitCode, Year};

/// Something to be decided.
#[derive(Debug, Clone)]
pub enum Act {
    /// Take a revision back.
    Withdraw {
        /// The series.
        series: SeriesKey,
        /// The revision.
        revision: Revision,
    },
    /// Approve or return a revision.
    Review {
        /// The series.
        series: SeriesKey,
        /// The revision.
        revision: Revision,
        /// What was decided.
        review: Review,
        /// The reviewer's words; empty: none.
        words: String,
        /// Paths of the cells that are meant.
        cells: Vec<Arc<str>>,
    },
    /// Record where a report is public.
    Publish {
        /// The series.
        series: SeriesKey,
        /// Where.
        address: Arc<str>,
        /// Since when.
        date: Day,
    },
    /// Give a unit more time.
    Extend {
        /// Form family.
        family: FamilyName,
        /// Reporting year.
        year: Year,
        /// The unit.
        unit: UnitCode,
        /// For what.
        obligation: Obligation,
        /// To the end of that day.
        until: Day,
    },
    /// Open a closed year again.
    Reopen(TotalKey),
    /// Take out a text that stands beside the chain.
    Redact {
        /// The series it stands beside.
        series: SeriesKey,
        /// Its digest.
        text: Digest,
    },
}

impl Act {
    /// Whether it changes more than one series.
    pub(super) fn is_alone(&self) -> bool {
        match self {
            Self::Extend { .. } | Self::Reopen(_) | Self::Redact { .. } => true,
            Self::Withdraw { .. } | Self::Review { .. } | Self::Publish { .. } => false,
        }
    }
}

/// An event, and the text that stands beside it.
type Decided = (EventKind, Option<(Digest, Vec<u8>)>);

impl Overlay<'_> {
    /// Decides.
    pub(super) fn act(&self, act: Act) -> Result<Decided, SubmitError> {
        match act {
            Act::Withdraw { series, revision } => self.withdraw(series, revision),
            Act::Review { series, revision, review, words, cells } => {
                self.review((series, revision), review, words, cells)
            }
            Act::Publish { series, address, date } => {
                let known = self.series(&series).filter(|known| known.effective().is_some());
                known.ok_or_else(|| not_found(&series))?;
                Ok((EventKind::PublicationRecorded(PublicationRecorded { series, address, date }), None))
            }
            Act::Extend { family, year, unit, obligation, until } => {
                let roster = self.state.roster(&family, year);
                let kind = self.state.units().in_year(unit.as_str(), year).map(|entry| entry.kind);
                let kind = kind.ok_or_else(|| SubmitError::UnknownUnit(unit.clone(), year))?;
                match roster.deadline(&unit, kind, obligation) {
                    None => Err(SubmitError::Precondition(format!("{unit} has no such deadline in {year}"))),
                    Some(now) if until <= now => {
                        Err(SubmitError::Precondition(format!("{unit} has time until {now} already")))
                    }
                    Some(_) => {
                        let extended = DeadlineExtended { family, year, unit, obligation, until };
                        Ok((EventKind::DeadlineExtended(extended), None))
                    }
                }
            }
            Act::Reopen(total) => match self.state.closed_year(&total) {
                Some(_) => Ok((EventKind::YearReopened(YearReopened { total }), None)),
                None => Err(SubmitError::Precondition(format!("{} of {} is not closed", total.year, total.unit))),
            },
            Act::Redact { text, .. } if self.state.is_redacted(&text) => {
                Err(SubmitError::Precondition(format!("the text {text} was taken out already")))
            }
            Act::Redact { series, text } => Ok((EventKind::TextRedacted(TextRedacted { series, text }), None)),
        }
    }

    fn withdraw(&self, key: SeriesKey, revision: Revision) -> Result<Decided, SubmitError> {
        let mut after = self.live(&key, revision)?;
        after.withdraw(revision, Position(0));
        let rejudged = self.rejudged_by(&key, &after);
        Ok((EventKind::ReportWithdrawn(ReportWithdrawn { series: key, revision, rejudged }), None))
    }

    fn review(
        &self,
        (series, revision): (SeriesKey, Revision),
        review: Review,
        words: String,
        cells: Vec<Arc<str>>,
    ) -> Result<Decided, SubmitError> {
        let mut after = self.live(&series, revision)?;
        if review == Review::Approved && matches!(after.reviewed(revision), Some((Review::Approved, _))) {
            return Err(SubmitError::Precondition(format!("revision {revision} is approved already")));
        }
        let form = after.current().and_then(|current| self.state.form(current.form));
        let unknown = cells.iter().find(|path| form.as_ref().is_none_or(|form| form.cells().find(path).is_none()));
        if let Some(path) = unknown {
            return Err(SubmitError::Invalid(format!("cells: the form has no cell {path}")));
        }
        if review == Review::Returned && words.trim().is_empty() {
            return Err(SubmitError::Invalid("reason: say why the report is returned".to_owned()));
        }
        let text = (!words.is_empty()).then(|| (Digest::of(&[words.as_bytes()]), words.into_bytes()));
        let digest = text.as_ref().map(|(digest, _)| *digest);
        let mut reviewed = ReportReviewed { series, revision, review, text: digest, cells, rejudged: Vec::new() };
        after.review(&reviewed, Position(0));
        reviewed.rejudged = self.rejudged_by(&reviewed.series, &after);
        Ok((EventKind::ReportReviewed(reviewed), text))
    }

    /// A series to be changed, in which a revision counts or awaits approval.
    fn live(&self, key: &SeriesKey, revision: Revision) -> Result<Series, SubmitError> {
        let series = self.series(key).ok_or_else(|| not_found(key))?;
        match series.live(revision) {
            Some(_) => Ok(series.clone()),
            None => Err(SubmitError::Precondition(match series.current_revision() {
                Some(current) => format!("revision {revision} is not in effect, {} is", current.revision),
                None => "no revision is in effect".to_owned(),
            })),
        }
    }

    /// What is found anew when a series is as it will be: in itself, where another
    /// revision is looked at, and in the year after, where another one counts.
    fn rejudged_by(&self, key: &SeriesKey, after: &Series) -> Vec<Rejudged> {
        let revision = |series: &Series| series.effective_revision().map(|stored| stored.revision);
        let current = |series: &Series| series.current_revision().map(|stored| stored.revision);
        let Some(before) = self.series(key) else { return Vec::new() };
        let mut rejudged = Vec::new();
        if current(before) != current(after)
            && let Some(report) = after.current()
        {
            rejudged.extend(self.judged_again(key, report, Then::default()));
        }
        if revision(before) != revision(after) {
            rejudged.extend(self.rejudge_following_effective(key, after));
        }
        rejudged
    }
}

fn not_found(key: &SeriesKey) -> SubmitError {
    SubmitError::NotFound(format!("no report of {} for {}, {}", key.unit, key.year, key.coverage))
}
