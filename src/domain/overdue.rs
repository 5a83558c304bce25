//! What units still have to do in a year, by the deadlines of its roster.

use std::sync::Arc;

use super::book::Book;
use super::completeness::BY_RANK;
use super::roster::Obligation;
use super::series::Series;
use super::state::State;
use crate::words::{Day, FamilyName, Timestamp, UnitCode, Year};

/// Something a unit has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Todo {
    /// Hand its report in.
    Submit,
    /// Correct the report that was returned, and hand it in again.
    Resubmit,
    /// Explain the open queries of its report.
    Explain,
    /// Make its report public, and say where.
    Publish,
}

impl Todo {
    /// The stable word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Submit => "SUBMIT",
            Self::Resubmit => "RESUBMIT",
            Self::Explain => "EXPLAIN",
            Self::Publish => "PUBLISH",
        }
    }
}

/// A unit that is overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDuty {
    /// Its code.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// What it has to do.
    pub todo: Vec<Todo>,
    /// By the end of that day it had to hand in.
    pub submission_due: Option<Day>,
    /// By the end of that day its report had to be public.
    pub publication_due: Option<Day>,
    /// Whole days since the earlier of the deadlines that are over.
    pub days: i64,
    /// Open queries in its reports.
    pub open_queries: i64,
}

const DAY_MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;

impl Book {
    /// What a unit should have done before an instant; none: nothing.
    fn overdue(&self, index: usize, as_of: Timestamp) -> Option<UnitDuty> {
        let node = self.tree.get(index).filter(|_| self.tree.owes(index))?;
        let is_over = |day: &Day| day.end() < as_of;
        let submission_due = self.deadline(index, Obligation::Submission);
        let publication_due = self.deadline(index, Obligation::Publication);
        let counts = self.own_counts(index);
        let mut todo = Vec::new();
        let mut since: Vec<Day> = Vec::new();
        if let Some(due) = submission_due.filter(is_over) {
            let owed = BY_RANK.into_iter().filter(|coverage| self.tree.is_owed(index, *coverage));
            let mut owed = owed.filter_map(|coverage| self.series_of(index, coverage));
            match counts.filed {
                0 if owed.any(Series::is_returned) => todo.push(Todo::Resubmit),
                0 => todo.push(Todo::Submit),
                _ if counts.open_queries > 0 => todo.push(Todo::Explain),
                _ => {}
            }
            since.extend((!todo.is_empty()).then_some(due));
        }
        if let Some(due) = publication_due.filter(|due| is_over(due) && counts.published == 0) {
            todo.push(Todo::Publish);
            since.push(due);
        }
        let first = since.into_iter().min()?;
        let days = as_of.0.saturating_sub(first.end().0).checked_div(DAY_MICROSECONDS).unwrap_or_default();
        let (unit, name, open_queries) = (node.code.clone(), Arc::clone(&node.name), counts.open_queries);
        Some(UnitDuty { unit, name, todo, submission_due, publication_due, days, open_queries })
    }
}

impl State {
    /// Units below one, and itself, that are overdue at an instant: in order of
    /// code, after a given one. None if the unit is not in the tree of that year.
    #[must_use]
    pub fn overdue(
        &self,
        family: &FamilyName,
        unit: &UnitCode,
        year: Year,
        as_of: Timestamp,
        after: Option<&UnitCode>,
        most: usize,
    ) -> Option<Vec<UnitDuty>> {
        self.with_book(family, year, |book| {
            let root = book.tree.find(unit.as_str())?;
            let nodes = book.tree.nodes();
            let first = after.map_or(0, |after| nodes.partition_point(|node| node.code <= *after));
            let within = (first..nodes.len()).filter(|index| book.tree.is_within(*index, root));
            Some(within.filter_map(|index| book.overdue(index, as_of)).take(most).collect())
        })
    }
}
