//! Units over time, and what may be changed in them.
//!
//! A unit is known by its code; everything else about it holds from a year on,
//! until the next entry or its own last year.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::event::UnitEntry;
use super::tree::Tree;
use crate::words::{UnitCode, Year, limits};

/// Histories of all units.
#[derive(Debug, Clone, Default)]
pub struct Units {
    histories: BTreeMap<UnitCode, Vec<UnitEntry>>,
}

/// Something wrong with a change of units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitProblem {
    /// Too many entries at once.
    #[error("{0} entries, at most {max} at once", max = limits::UNITS_PER_APPLY)]
    TooMany(usize),
    /// Two entries of a unit begin in one year.
    #[error("unit {0}: two entries from {1}")]
    SameYear(UnitCode, Year),
    /// An entry ends before it begins.
    #[error("unit {0}: the entry from {1} ends before it begins")]
    EndsBeforeItBegins(UnitCode, Year),
    /// An entry reaches into the next.
    #[error("unit {0}: the entry from {1} reaches into the one from {2}")]
    Overlap(UnitCode, Year, Year),
    /// A name is empty or too long.
    #[error("unit {0}: the name from {1} is empty or longer than {max} bytes", max = limits::UNIT_NAME_BYTES)]
    Name(UnitCode, Year),
    /// The parent is not there.
    #[error("unit {0}: its parent {1} does not exist in {2}")]
    Orphan(UnitCode, UnitCode, Year),
    /// A unit is above itself.
    #[error("unit {0} is above itself in {1}: a cycle")]
    Cycle(UnitCode, Year),
    /// Too many levels.
    #[error("unit {0} stands deeper than {max} levels in {1}", max = limits::TREE_DEPTH)]
    TooDeep(UnitCode, Year),
    /// Reports would be left without a unit.
    #[error("unit {0} has reports for {1} and must exist in that year")]
    HasReports(UnitCode, Year),
    /// A total would leave the range of figures.
    #[error("with this change a total of {0} leaves the range of figures")]
    TotalTooLarge(Year),
}

impl Units {
    /// The entries of a unit, oldest first; empty if it is not known.
    #[must_use]
    pub fn history(&self, code: &str) -> &[UnitEntry] {
        self.histories.get(code).map_or(&[], Vec::as_slice)
    }

    /// All histories, in order of code.
    pub fn iter(&self) -> impl Iterator<Item = (&UnitCode, &[UnitEntry])> {
        self.histories.iter().map(|(code, history)| (code, history.as_slice()))
    }

    /// What a unit is in a year.
    #[must_use]
    pub fn in_year(&self, code: &str, year: Year) -> Option<&UnitEntry> {
        in_year(self.history(code), year)
    }

    /// The same units with the histories of the named codes replaced.
    #[must_use]
    pub fn with(&self, entries: &[UnitEntry]) -> Self {
        let mut histories = self.histories.clone();
        let named: BTreeSet<&UnitCode> = entries.iter().map(|entry| &entry.code).collect();
        for code in &named {
            histories.insert((*code).clone(), Vec::new());
        }
        for entry in entries {
            histories.entry(entry.code.clone()).or_default().push(entry.clone());
        }
        for code in named {
            histories.entry(code.clone()).or_default().sort();
        }
        Self { histories }
    }

    /// Years in which something begins, or has just ended.
    #[must_use]
    pub fn turning_years(&self) -> BTreeSet<Year> {
        let entries = self.histories.values().flatten();
        entries.flat_map(|entry| [Some(entry.from_year), entry.until_year.and_then(Year::after)]).flatten().collect()
    }

    /// The tree of every turning year; it holds until the next.
    #[must_use]
    pub fn trees(&self) -> Vec<(Year, Arc<Tree>)> {
        self.turning_years().into_iter().map(|year| (year, Arc::new(Tree::new(self, year)))).collect()
    }

    /// Everything wrong with these units, as far as units alone can tell.
    #[must_use]
    pub fn problems(&self, named: &BTreeSet<UnitCode>) -> Vec<UnitProblem> {
        let mut problems = Vec::new();
        for code in named {
            let history = self.history(code.as_str());
            for entry in history {
                if entry.until_year.is_some_and(|until| until < entry.from_year) {
                    problems.push(UnitProblem::EndsBeforeItBegins(code.clone(), entry.from_year));
                }
                if entry.name.trim().is_empty() || entry.name.len() > limits::UNIT_NAME_BYTES {
                    problems.push(UnitProblem::Name(code.clone(), entry.from_year));
                }
            }
            for (entry, next) in history.iter().zip(history.iter().skip(1)) {
                if entry.from_year == next.from_year {
                    problems.push(UnitProblem::SameYear(code.clone(), entry.from_year));
                } else if entry.until_year.is_some_and(|until| until >= next.from_year) {
                    problems.push(UnitProblem::Overlap(code.clone(), entry.from_year, next.from_year));
                }
            }
        }
        if problems.is_empty() {
            self.turning_years().into_iter().for_each(|year| self.tree_problems(year, &mut problems));
        }
        problems
    }

    /// Orphans, cycles and depth in one year. The way up is walked no further
    /// than the tree may be deep, so a ring of any size ends it.
    fn tree_problems(&self, year: Year, problems: &mut Vec<UnitProblem>) {
        for (code, history) in &self.histories {
            let mut way: Vec<&UnitCode> = vec![code];
            let mut above = in_year(history, year).and_then(|entry| entry.parent.as_ref());
            while let Some(parent) = above {
                let Some(entry) = self.in_year(parent.as_str(), year) else {
                    if way.len() == 1 {
                        problems.push(UnitProblem::Orphan(code.clone(), parent.clone(), year));
                    }
                    break;
                };
                if parent == code {
                    problems.push(UnitProblem::Cycle(code.clone(), year));
                    break;
                }
                if way.contains(&parent) {
                    // below a cycle, which is told by the units on it
                    break;
                }
                way.push(parent);
                if way.len() > limits::TREE_DEPTH {
                    problems.push(UnitProblem::TooDeep(code.clone(), year));
                    break;
                }
                above = entry.parent.as_ref();
            }
        }
    }
}

/// The entry that holds in a year.
fn in_year(history: &[UnitEntry], year: Year) -> Option<&UnitEntry> {
    let entry = history.iter().rev().find(|entry| entry.from_year <= year)?;
    entry.until_year.is_none_or(|until| year <= until).then_some(entry)
}
