//! What a change of units would do, before it is done.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::State;
use super::event::{SeriesKey, UnitEntry};
use super::state::tree_of;
use super::tree::Tree;
use super::units::{UnitProblem, Units};
use crate::form::UnitFacts;
use crate::words::{Coverage, Position, UnitCode, Year, limits};

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In order of code.
    pub changes: Vec<UnitChange>,
    /// Reporting years with reports whose totals are added up anew.
    pub recomputed_years: Vec<Year>,
    /// Codes whose history stays as it was.
    pub unchanged: usize,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChange {
    /// Code of the unit.
    pub code: UnitCode,
    /// What changes.
    pub change: ChangeKind,
    /// First year that differs.
    pub from_year: Year,
    /// As it was.
    pub before: String,
    /// As it will be.
    pub after: String,
}

/// What changes in a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Another parent.
    Moved,
    /// Another name.
    Renamed,
    /// Another kind.
    KindChanged,
    /// It may, or may no longer, make rules.
    PowersChanged,
    /// It no longer exists.
    Ended,
    /// It exists in years in which it did not.
    YearsChanged,
}

impl ChangeKind {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Moved => "MOVED",
            Self::Renamed => "RENAMED",
            Self::KindChanged => "KIND_CHANGED",
            Self::PowersChanged => "POWERS_CHANGED",
            Self::Ended => "ENDED",
            Self::YearsChanged => "YEARS_CHANGED",
        }
    }
}

/// A change of units that may be made.
#[derive(Debug)]
pub struct Preview {
    /// What it does.
    pub plan: Plan,
    trees: Vec<(Year, Arc<Tree>)>,
}

impl Preview {
    /// What checks would know of the unit of a series.
    #[must_use]
    pub fn facts(&self, state: &State, key: &SeriesKey) -> UnitFacts {
        tree_of(&self.trees, key.year).with_roster(&state.roster(&key.family, key.year)).facts(key.unit.as_str())
    }
}

impl State {
    /// What replacing the histories of the named units would do.
    ///
    /// # Errors
    /// Every [`UnitProblem`] that forbids it.
    pub fn preview_units(&self, entries: &[UnitEntry]) -> Result<Preview, Vec<UnitProblem>> {
        if entries.len() > limits::UNITS_PER_APPLY {
            return Err(vec![UnitProblem::TooMany(entries.len())]);
        }
        let named: BTreeSet<UnitCode> = entries.iter().map(|entry| entry.code.clone()).collect();
        let units = self.units.with(entries, self.head().next());
        let mut problems = units.problems(&named);
        let trees = units.trees();
        if problems.is_empty() {
            problems.extend(trees.iter().flat_map(|(year, tree)| units.tree_problems(*year, tree)));
        }
        problems.extend(self.left_without_unit(&named, &units));
        problems.extend(self.closed_by(&named, &units));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut recomputed_years = Vec::new();
        for (_, year, book) in self.books.iter() {
            let tree = tree_of(&trees, year).with_roster(&book.roster);
            if !tree.adds_up_like(&book.tree) {
                if !book.fits(Arc::clone(&tree)) {
                    problems.push(UnitProblem::TotalTooLarge(year));
                }
                recomputed_years.push(year);
            }
        }
        recomputed_years.sort_unstable();
        recomputed_years.dedup();
        if !problems.is_empty() {
            return Err(problems);
        }
        let changes: Vec<Option<UnitChange>> =
            named.iter().flat_map(|code| changes(&self.units, &units, code)).collect();
        let unchanged = changes.iter().filter(|change| change.is_none()).count();
        let plan = Plan { changes: changes.into_iter().flatten().collect(), recomputed_years, unchanged };
        Ok(Preview { plan, trees })
    }
}

impl State {
    /// Reports that would be left without their unit.
    fn left_without_unit(&self, named: &BTreeSet<UnitCode>, after: &Units) -> Vec<UnitProblem> {
        let mut problems = Vec::new();
        for (_, year, book) in self.books.iter() {
            for code in named.iter().filter(|code| after.in_year(code.as_str(), year).is_none()) {
                let series =
                    [Coverage::Own, Coverage::Consolidated].map(|coverage| book.series(code.as_str(), coverage));
                let reports = series.into_iter().flatten().filter(|series| series.current().is_some());
                problems.extend(reports.map(|_| UnitProblem::HasReports(code.clone(), year)));
            }
        }
        problems
    }

    /// Closed years that units would no longer be in as they were, or would come into.
    fn closed_by(&self, named: &BTreeSet<UnitCode>, after: &Units) -> Vec<UnitProblem> {
        let mut problems = Vec::new();
        for total in self.closed_years().map(|closed| &closed.statement.total) {
            let in_year = |units: &Units, code: &UnitCode| units.in_year(code.as_str(), total.year).cloned();
            let within =
                |units: &Units, code: &UnitCode| units.is_within_at(code, &total.unit, total.year, Position(u64::MAX));
            let moves = |code: &&UnitCode| {
                in_year(&self.units, code) != in_year(after, code) && (within(&self.units, code) || within(after, code))
            };
            let closed = |code: &UnitCode| UnitProblem::Closed(code.clone(), total.year, total.unit.clone());
            problems.extend(named.iter().filter(moves).map(closed));
        }
        problems
    }
}

/// What changes in one unit; one none if nothing does.
fn changes(before: &Units, after: &Units, code: &UnitCode) -> Vec<Option<UnitChange>> {
    let (old, new) = (before.history(code.as_str()), after.history(code.as_str()));
    if old == new {
        return vec![None];
    }
    let change = |change, from_year, before: String, after: String| {
        Some(UnitChange { code: code.clone(), change, from_year, before, after })
    };
    if old.is_empty() {
        let (from_year, name) = new.first().map_or((None, String::new()), |e| (Some(e.from_year), e.name.to_string()));
        return from_year.map(|year| change(ChangeKind::Added, year, String::new(), name)).into_iter().collect();
    }
    let turning = old.iter().chain(new).flat_map(|e| [Some(e.from_year), e.until_year.and_then(Year::after)]);
    let years: BTreeSet<Year> = turning.flatten().collect();
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for year in years {
        let pair = (before.in_year(code.as_str(), year), after.in_year(code.as_str(), year));
        let differences = match pair {
            (Some(old), Some(new)) => differences(old, new),
            (Some(old), None) => vec![(ChangeKind::Ended, old.name.to_string(), String::new())],
            (None, Some(new)) => vec![(ChangeKind::YearsChanged, String::new(), new.name.to_string())],
            (None, None) => Vec::new(),
        };
        for (kind, before, after) in differences {
            // the first year of each difference says it all
            if told.insert((kind.name(), before.clone(), after.clone())) {
                found.push(change(kind, year, before, after));
            }
        }
    }
    if found.is_empty() {
        found.push(None);
    }
    found
}

fn differences(old: &UnitEntry, new: &UnitEntry) -> Vec<(ChangeKind, String, String)> {
    let parent = |entry: &UnitEntry| entry.parent.as_ref().map_or_else(|| "—".to_owned(), ToString::to_string);
    let mut found = Vec::new();
    if old.parent != new.parent {
        found.push((ChangeKind::Moved, parent(old), parent(new)));
    }
    if old.name != new.name {
        found.push((ChangeKind::Renamed, old.name.to_string(), new.name.to_string()));
    }
    if old.kind != new.kind {
        found.push((ChangeKind::KindChanged, old.kind.name().to_owned(), new.kind.name().to_owned()));
    }
    if old.makes_rules != new.makes_rules {
        found.push((ChangeKind::PowersChanged, old.makes_rules.to_string(), new.makes_rules.to_string()));
    }
    found
}
