//! Units over time, and what may be changed in them.
//!
//! A unit is known by its code; everything else about it holds from a year on,
//! until the next entry or its own last year.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::event::UnitEntry;
use super::tree::{Node, Tree};
use crate::words::{Position, UnitCode, Year, limits};

/// Histories of all units, as they are told now and as they were told before.
#[derive(Debug, Clone, Default)]
pub struct Units {
    told: BTreeMap<UnitCode, Arc<[Told]>>,
    /// Units that were ever said to stand right below another.
    children: HashMap<UnitCode, Arc<BTreeSet<UnitCode>>>,
}

/// The history of a unit as it was told at some place of the ledger.
#[derive(Debug, Clone)]
struct Told {
    at: Position,
    entries: Vec<UnitEntry>,
}

/// Histories of units as they were before others took their place.
#[derive(Debug)]
pub(super) struct Replaced(Vec<(UnitCode, Option<Arc<[Told]>>)>);

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
    /// A certified roll-up would move without a report having changed.
    #[error("unit {0}: {1} of {2} is closed and certified with it as it is; reopen it first")]
    Closed(UnitCode, Year, UnitCode),
    /// A total would leave the range of figures.
    #[error("with this change a total of {0} leaves the range of figures")]
    TotalTooLarge(Year),
}

impl Units {
    /// The entries of a unit, oldest first; empty if it is not known.
    #[must_use]
    pub fn history(&self, code: &str) -> &[UnitEntry] {
        self.history_at(code, Position(u64::MAX))
    }

    /// The entries of a unit as they were told at a position.
    #[must_use]
    pub fn history_at(&self, code: &str, position: Position) -> &[UnitEntry] {
        self.told.get(code).map_or(&[], |told| as_told_at(told, position))
    }

    /// All histories as they were told at a position, in order of code, after a given one.
    pub fn iter_at(
        &self,
        position: Position,
        after: Option<&UnitCode>,
    ) -> impl Iterator<Item = (&UnitCode, &[UnitEntry])> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let told = self.told.range::<UnitCode, _>((from, Bound::Unbounded));
        told.map(move |(code, told)| (code, as_told_at(told, position))).filter(|(_, history)| !history.is_empty())
    }

    /// All histories, in order of code.
    pub fn iter(&self) -> impl Iterator<Item = (&UnitCode, &[UnitEntry])> {
        self.iter_at(Position(u64::MAX), None)
    }

    /// What a unit is in a year.
    #[must_use]
    pub fn in_year(&self, code: &str, year: Year) -> Option<&UnitEntry> {
        in_year(self.history(code), year)
    }

    /// What a unit is in a year, as it was told at a position.
    #[must_use]
    pub fn in_year_at(&self, code: &str, year: Year, position: Position) -> Option<&UnitEntry> {
        in_year(self.history_at(code, position), year)
    }

    /// A unit and those above it in a year, as told at a position, nearest first.
    fn up(&self, code: &UnitCode, year: Year, position: Position) -> impl Iterator<Item = UnitCode> {
        let above = move |code: &UnitCode| self.in_year_at(code.as_str(), year, position)?.parent.clone();
        std::iter::successors(Some(code.clone()), above).take(limits::TREE_DEPTH.saturating_add(1))
    }

    /// Whether a unit is another or stands below it in a year, as told at a position.
    #[must_use]
    pub fn is_within_at(&self, code: &UnitCode, root: &UnitCode, year: Year, position: Position) -> bool {
        self.in_year_at(code.as_str(), year, position).is_some()
            && self.up(code, year, position).any(|above| above == *root)
    }

    /// Whether a unit is another or stands below it: in a year, or else by the
    /// latest entry of each.
    #[must_use]
    pub(super) fn is_within(&self, code: &UnitCode, root: &UnitCode, year: Option<Year>) -> bool {
        let Some(year) = year else {
            let above = |code: &UnitCode| self.history(code.as_str()).last()?.parent.clone();
            let known = !self.history(code.as_str()).is_empty();
            let mut up = std::iter::successors(Some(code.clone()), above).take(limits::TREE_DEPTH.saturating_add(1));
            return known && up.any(|above| above == *root);
        };
        self.is_within_at(code, root, year, Position(u64::MAX))
    }

    /// Whether units stand below one: in a year, or else in any.
    #[must_use]
    pub(super) fn has_below(&self, code: &UnitCode, year: Option<Year>) -> bool {
        let mut children = self.children.get(code).into_iter().flat_map(|children| children.iter());
        children.any(|child| match year {
            Some(year) => self.in_year(child.as_str(), year).is_some_and(|entry| entry.parent.as_ref() == Some(code)),
            None => self.history(child.as_str()).iter().any(|entry| entry.parent.as_ref() == Some(code)),
        })
    }

    /// The units as they were told at a position: of the tree of a year those
    /// named, those above them and, if wanted, those below.
    pub(super) fn past(&self, codes: &[UnitCode], below: bool, year: Year, position: Position) -> Self {
        let mut wanted: BTreeSet<UnitCode> = codes.iter().cloned().collect();
        let mut waiting: Vec<UnitCode> = if below { wanted.iter().cloned().collect() } else { Vec::new() };
        while let Some(code) = waiting.pop() {
            for child in self.children.get(&code).into_iter().flat_map(|children| children.iter()) {
                let entry = self.in_year_at(child.as_str(), year, position);
                // what was named itself is waiting, or was walked
                if entry.is_some_and(|entry| entry.parent.as_ref() == Some(&code)) && wanted.insert(child.clone()) {
                    waiting.push(child.clone());
                }
            }
        }
        wanted.extend(codes.iter().flat_map(|code| self.up(code, year, position)));
        let told = wanted.into_iter().filter_map(|code| Some((code.clone(), self.told_at(&code, position)?)));
        Self { told: told.collect(), children: HashMap::new() }
    }

    /// Takes in other units.
    pub(super) fn join(&mut self, other: &Self) {
        self.told.extend(other.told.iter().map(|(code, told)| (code.clone(), Arc::clone(told))));
    }

    /// All units as they were told at a position.
    pub(super) fn all_past(&self, position: Position) -> Self {
        let told = self.told.keys().filter_map(|code| Some((code.clone(), self.told_at(code, position)?)));
        Self { told: told.collect(), children: HashMap::new() }
    }

    fn told_at(&self, code: &UnitCode, position: Position) -> Option<Arc<[Told]>> {
        let told = self.told.get(code)?;
        match told.last() {
            Some(last) if last.at <= position => Some(Arc::clone(told)),
            _ => Some(told.iter().take_while(|told| told.at <= position).cloned().collect::<Vec<_>>())
                .filter(|told| !told.is_empty())
                .map(Arc::from),
        }
    }

    /// The same units with the histories of the named codes replaced, as told at a position.
    #[must_use]
    pub fn with(&self, entries: &[UnitEntry], at: Position) -> Self {
        let mut after = self.clone();
        after.enter(entries, at);
        after
    }

    /// Replaces the histories of the named codes, as told at a position; gives what takes
    /// it back.
    pub(super) fn enter(&mut self, entries: &[UnitEntry], at: Position) -> Replaced {
        let mut named: Vec<&UnitEntry> = entries.iter().collect();
        named.sort();
        let mut replaced = Vec::new();
        for entries in named.chunk_by(|a, b| a.code == b.code) {
            let Some(code) = entries.first().map(|entry| &entry.code) else { continue };
            for parent in entries.iter().filter_map(|entry| entry.parent.clone()) {
                Arc::make_mut(self.children.entry(parent).or_default()).insert(code.clone());
            }
            let told = Told { at, entries: entries.iter().copied().cloned().collect() };
            let before = self.told.get(code).cloned();
            let after = before.iter().flat_map(|before| before.iter().cloned()).chain([told]).collect();
            self.told.insert(code.clone(), after);
            replaced.push((code.clone(), before));
        }
        Replaced(replaced)
    }

    /// Takes back what was entered last; who was ever said to stand below whom may say more
    /// than is so.
    pub(super) fn take_back(&mut self, Replaced(replaced): Replaced) {
        for (code, before) in replaced {
            match before {
                Some(before) => self.told.insert(code, before),
                None => self.told.remove(&code),
            };
        }
    }

    /// Years in which something begins, or has just ended.
    #[must_use]
    pub fn turning_years(&self) -> BTreeSet<Year> {
        let entries = self.iter().flat_map(|(_, history)| history);
        entries.flat_map(|entry| [Some(entry.from_year), entry.until_year.and_then(Year::after)]).flatten().collect()
    }

    /// Whether anything begins or ends after one year and up to another.
    pub(super) fn turns_between(&self, after: Year, until: Year) -> bool {
        self.turning_years().range(after..=until).any(|year| *year > after)
    }

    /// The tree of every turning year; it holds until the next.
    #[must_use]
    pub fn trees(&self) -> Vec<(Year, Arc<Tree>)> {
        self.turning_years().into_iter().map(|year| (year, Arc::new(Tree::new(self, year)))).collect()
    }

    /// Everything wrong with the histories of the named units.
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
        problems
    }

    /// Orphans, cycles and depth in the tree of a year. The way up is walked no further
    /// than the tree may be deep, so a ring of any size ends it.
    pub(super) fn tree_problems(&self, year: Year, tree: &Tree) -> Vec<UnitProblem> {
        let mut problems = Vec::new();
        for (index, Node { code, parent, .. }) in tree.nodes().iter().enumerate() {
            if parent.is_none() {
                let told = self.in_year(code.as_str(), year).and_then(|entry| entry.parent.clone());
                problems.extend(told.map(|parent| UnitProblem::Orphan(code.clone(), parent, year)));
            }
            let mut way = vec![index];
            for above in tree.above(index) {
                if above == index {
                    problems.push(UnitProblem::Cycle(code.clone(), year));
                }
                if way.contains(&above) {
                    // or below a cycle, which is told by the units on it
                    break;
                }
                way.push(above);
                if way.len() > limits::TREE_DEPTH {
                    problems.push(UnitProblem::TooDeep(code.clone(), year));
                }
            }
        }
        problems
    }
}

/// The history of a unit as it was told at a position; empty if it was not told yet.
fn as_told_at(told: &[Told], position: Position) -> &[UnitEntry] {
    told.iter().rev().find(|told| told.at <= position).map_or(&[], |told| &told.entries)
}

/// The entry that holds in a year.
pub(super) fn in_year(history: &[UnitEntry], year: Year) -> Option<&UnitEntry> {
    let entry = history.iter().rev().find(|entry| entry.from_year <= year)?;
    entry.until_year.is_none_or(|until| year <= until).then_some(entry)
}
