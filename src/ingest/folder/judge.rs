//! Documents on their way through the desk: checked like every report, and stored
//! if they pass.

use std::sync::Arc;

use prost::bytes::Bytes;

use super::sort::{Filing, Sorted};
use crate::domain::Tree;
use crate::form::{Finding, Localisation, Statements};
use crate::ingest::{Answer, Decision, Desk, Outcome, Reason, ResultView, SeriesChoice, Submission, SubmitError};
use crate::words::{Coverage, UnitCode, Year, limits};

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It counts, or is what its unit states.
    Accepted,
    /// It fails its checks.
    Refused(Reason),
    /// Not all of it could be read, so it was only checked.
    NotWhole,
    /// It could not be judged at all.
    NotJudged(SubmitError),
}

impl Fate {
    /// Why it does not count, Chinese and English; none: it does.
    #[must_use]
    pub fn sentences(&self) -> Option<(String, String)> {
        match self {
            Self::Accepted => None,
            Self::Refused(reason) => Some(reason.sentences()),
            Self::NotWhole => Some(("文件未能全部读取".to_owned(), "not all of the document could be read".to_owned())),
            Self::NotJudged(error) => Some((format!("无法判定：{error}"), error.to_string())),
        }
    }

    /// The stable word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Refused(reason) => reason.word(),
            Self::NotWhole => "NOT_ALL_READ",
            Self::NotJudged(_) => "NOT_JUDGED",
        }
    }
}

/// A document that was judged.
#[derive(Debug)]
pub struct Judged {
    /// The document.
    pub filing: Filing,
    /// Whom it speaks for.
    pub coverage: Coverage,
    /// What became of it.
    pub fate: Fate,
    /// Everything found, errors first.
    pub findings: Vec<Finding>,
    /// Which of its cells may be wrong, where an identity does not hold.
    pub localisation: Option<Localisation>,
}

impl Judged {
    /// Whether it is in the ledger of the folder.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.fate == Fate::Accepted
    }
}

/// Whom a report of a unit speaks for: with units below it all of them, else itself.
#[must_use]
pub(super) fn coverage(tree: &Tree, unit: &UnitCode) -> Coverage {
    let is_interior = tree.find(unit.as_str()).is_some_and(|index| tree.is_interior(index));
    if is_interior { Coverage::Consolidated } else { Coverage::Own }
}

/// Hands every filing in, the years one after the other.
///
/// # Errors
/// [`SubmitError`] only if the desk fails; what is wrong with a document is its fate.
pub async fn judge(desk: &Desk, sorted: &mut Sorted, blank_means_zero: bool) -> Result<Vec<Judged>, SubmitError> {
    let statements = Statements { blank_means_zero, nil_report: false };
    let mut filings = std::mem::take(&mut sorted.filings).into_iter().peekable();
    let mut judged = Vec::new();
    while filings.peek().is_some() {
        // the desk looks at all of a batch before it waits for the disk
        let mut waiting = Vec::new();
        for filing in filings.by_ref().take(limits::STREAM_IN_FLIGHT) {
            let begun = begin(desk, &filing, statements).await;
            waiting.push((filing, begun));
        }
        for (filing, begun) in waiting {
            let decided = match begun {
                Ok(answer) => answer.await.unwrap_or_else(|_| Err(SubmitError::Unavailable("the desk is gone".into()))),
                Err(error) => Err(error),
            };
            judged.push(one(desk, filing, decided.map(|decision| *decision))?);
        }
    }
    Ok(judged)
}

async fn begin(desk: &Desk, filing: &Filing, statements: Statements) -> Result<Answer<Box<Decision>>, SubmitError> {
    let Filing { year, unit, paper, .. } = filing;
    let form = &paper.reading.form;
    let tree = tree(desk, *year);
    let series = SeriesChoice {
        family: Some(form.family().clone()),
        unit: unit.clone(),
        year: *year,
        coverage: coverage(&tree, unit),
    };
    let submission = Submission {
        series,
        form: form.name().to_owned(),
        report: Bytes::copy_from_slice(&paper.reading.report),
        statements,
        explanations: Vec::new(),
        expected_revision: None,
        request_id: None,
        validate_only: !paper.is_whole(),
        view: ResultView::Full,
        principal: Arc::from("folder"),
    };
    desk.begin(desk.admit(submission)?).await
}

pub(super) fn tree(desk: &Desk, year: Year) -> Arc<Tree> {
    desk.with_state(|state| state.tree(year))
}

fn one(desk: &Desk, filing: Filing, decided: Result<Decision, SubmitError>) -> Result<Judged, SubmitError> {
    let tree = tree(desk, filing.year);
    let coverage = coverage(&tree, &filing.unit);
    let (fate, findings, localisation) = match decided {
        Ok(decision) => {
            let findings = decision.findings.into_iter().map(|(finding, _)| finding).collect();
            let fate = match decision.outcome {
                Outcome::Accepted(_) | Outcome::Unchanged(_) | Outcome::Repeated(_) => Fate::Accepted,
                Outcome::Refused(reason) => Fate::Refused(reason),
            };
            let fate = if filing.paper.is_whole() { fate } else { Fate::NotWhole };
            (fate, findings, decision.localisation)
        }
        Err(error) if error.is_ours() => return Err(error),
        Err(error) => (Fate::NotJudged(error), Vec::new(), None),
    };
    Ok(Judged { filing, coverage, fate, findings, localisation })
}
