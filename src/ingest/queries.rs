//! Queries (核实) of the reports of many units: what is open, and what was said.
//! Changes nothing.

use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use super::stored::Wanted;
use crate::domain::event::SeriesKey;
use crate::form::{Finding, Severity, Verdict};
use crate::words::{Position, Revision};

/// A query.
#[derive(Debug)]
pub struct ListedQuery {
    /// The series.
    pub series: SeriesKey,
    /// The revision that is looked at.
    pub revision: Revision,
    /// What was found.
    pub finding: Finding,
    /// The explanation; none: it is open.
    pub explanation: Option<String>,
}

/// Queries, and the last series that was looked at.
pub type QueryPage = (Position, Vec<ListedQuery>, Option<SeriesKey>);

impl Desk {
    /// Queries of the series that fit, in order of series and check, after a given
    /// series; so many series are looked at.
    ///
    /// # Errors
    /// As for [`Desk::list`].
    pub fn queries(
        &self,
        wanted: &Wanted,
        explained: bool,
        after: Option<&SeriesKey>,
        most: usize,
        at: At,
    ) -> Result<QueryPage, SubmitError> {
        let wanted = Wanted { open_queries: !explained, ..wanted.clone() };
        let (position, rows) = self.list(&wanted, after, most, at)?;
        let last = (rows.len() == most).then(|| rows.last().map(|row| row.series.clone())).flatten();
        let mut found = Vec::new();
        for series in rows.into_iter().filter(|row| row.current.is_some()).map(|row| row.series) {
            let (_, report) = self.report(&series, None, At::page(position))?;
            let revision = report.receipt.revision;
            for (finding, is_explained) in report.findings {
                let is_query = finding.severity == Severity::Query && finding.verdict == Verdict::Fail;
                if !is_query || is_explained && !explained {
                    continue;
                }
                let words = report.explanations.iter().rev().find(|words| {
                    (&words.rule, &words.instance) == (&finding.rule, &finding.instance)
                        && (Some(words.left), Some(words.right)) == (finding.left, finding.right)
                });
                let explanation = words.filter(|_| is_explained).map(|words| words.text.clone());
                found.push(ListedQuery { series: series.clone(), revision, finding, explanation });
            }
        }
        Ok((position, found, last))
    }
}
