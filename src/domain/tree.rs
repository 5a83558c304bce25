//! The tree of units of one year.
//!
//! Nodes stand in order of code, so children do too. A node's index means
//! something only in its own tree.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::event::UnitKind;
use super::roster::Roster;
use super::units::{Units, in_year};
use crate::form::UnitFacts;
use crate::words::{Coverage, UnitCode, Year, limits};

/// A unit's duty to report in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duty {
    /// By kind: all owe a report but provinces.
    #[default]
    ByKind,
    /// It owes one by the roster.
    Due,
    /// It owes one, and carried nothing in.
    NewlyFounded,
    /// It owes none by the roster.
    Excused,
}

/// A unit in the tree of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its code.
    pub code: UnitCode,
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: UnitKind,
    /// May make government rules.
    pub makes_rules: bool,
    /// What the roster says of it.
    pub duty: Duty,
    /// The unit above.
    pub parent: Option<usize>,
    /// The units right below, in order of code.
    pub children: Vec<usize>,
}

/// The tree of one year.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    by_code: ByCode,
    /// For each node, the duties of the units below it.
    duties_below: Vec<Vec<Duties>>,
}

/// Nodes by code. It holds no code itself, for there are many: that stands in the node.
#[derive(Debug, Clone, Default)]
struct ByCode {
    hasher: RandomState,
    places: HashTable<u32>,
}

impl ByCode {
    fn of(nodes: &[Node]) -> Self {
        let mut by_code = Self { hasher: RandomState::default(), places: HashTable::with_capacity(nodes.len()) };
        let Self { hasher, places } = &mut by_code;
        for (place, node) in (0..).zip(nodes) {
            // there is room: no hash is asked for again
            places.insert_unique(hasher.hash_one(node.code.as_str()), place, |_| 0);
        }
        by_code
    }

    fn find(&self, nodes: &[Node], code: &str) -> Option<usize> {
        let node = |place: u32| nodes.get(usize::try_from(place).ok()?);
        let is_it = |place: &u32| node(*place).is_some_and(|node| node.code.as_str() == code);
        self.places.find(self.hasher.hash_one(code), is_it).and_then(|place| usize::try_from(*place).ok())
    }
}

/// How many units of a kind owe a report, and how many the roster excuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// The kind.
    pub kind: UnitKind,
    /// Units that owe a report.
    pub due: i64,
    /// Units that the roster excuses.
    pub excused: i64,
}

impl Tree {
    /// The tree of a year. Units whose parent is missing become roots; changes
    /// that would make orphans are refused before.
    #[must_use]
    pub fn new(units: &Units, year: Year) -> Self {
        let mut tree = Self::default();
        let mut parents = Vec::new();
        for (code, history) in units.iter() {
            if let Some(entry) = in_year(history, year) {
                parents.push(entry.parent.as_ref());
                tree.nodes.push(Node {
                    code: code.clone(),
                    name: Arc::clone(&entry.name),
                    kind: entry.kind,
                    makes_rules: entry.makes_rules,
                    duty: Duty::ByKind,
                    parent: None,
                    children: Vec::new(),
                });
            }
        }
        tree.by_code = ByCode::of(&tree.nodes);
        for (index, parent) in parents.into_iter().enumerate() {
            let parent = parent.and_then(|parent| tree.find(parent.as_str()));
            if let Some(node) = tree.nodes.get_mut(index) {
                node.parent = parent;
            }
            if let Some(above) = parent.and_then(|parent| tree.nodes.get_mut(parent)) {
                above.children.push(index);
            }
        }
        tree.duties_below = tree.count_duties();
        tree
    }

    /// The same tree, with the duties that a roster gives.
    #[must_use]
    pub fn with_roster(self: &Arc<Self>, roster: &Roster) -> Arc<Self> {
        if roster.dispositions.is_empty() {
            return Arc::clone(self);
        }
        let mut tree = Self::clone(self);
        for (code, disposition) in &roster.dispositions {
            if let Some(node) = tree.find(code.as_str()).and_then(|index| tree.nodes.get_mut(index)) {
                node.duty = disposition.duty();
            }
        }
        tree.duties_below = tree.count_duties();
        Arc::new(tree)
    }

    fn count_duties(&self) -> Vec<Vec<Duties>> {
        let mut below: Vec<Vec<Duties>> = vec![Vec::new(); self.nodes.len()];
        for (index, Node { kind, .. }) in self.nodes.iter().enumerate() {
            let own =
                Duties { kind: *kind, due: i64::from(self.owes(index)), excused: i64::from(self.is_excused(index)) };
            if own.due == 0 && own.excused == 0 {
                continue;
            }
            for above in self.above(index) {
                let Some(duties) = below.get_mut(above) else { continue };
                match duties.iter_mut().find(|known| known.kind == own.kind) {
                    Some(known) => {
                        known.due = known.due.saturating_add(own.due);
                        known.excused = known.excused.saturating_add(own.excused);
                    }
                    None => duties.push(own),
                }
            }
        }
        below
    }

    /// Units below one, or itself where it has none, that owe a report.
    #[must_use]
    pub fn due(&self, index: usize) -> i64 {
        if self.is_interior(index) {
            self.duties_by_kind(index).iter().map(|duties| duties.due).fold(0, i64::saturating_add)
        } else {
            i64::from(self.owes(index))
        }
    }

    /// Duties of the units below one, by kind.
    #[must_use]
    pub fn duties_by_kind(&self, index: usize) -> &[Duties] {
        self.duties_below.get(index).map_or(&[], Vec::as_slice)
    }

    /// Index of a unit.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<usize> {
        self.by_code.find(&self.nodes, code)
    }

    /// A node.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// All nodes, in order of code.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Codes of the units that stand below no other.
    #[must_use]
    pub fn roots(&self) -> Vec<UnitCode> {
        self.nodes.iter().filter(|node| node.parent.is_none()).map(|node| node.code.clone()).collect()
    }

    /// Whether a unit has units below it.
    #[must_use]
    pub fn is_interior(&self, index: usize) -> bool {
        self.get(index).is_some_and(|node| !node.children.is_empty())
    }

    /// The units above one, nearest first; no more than a tree may have levels, so
    /// that a ring ends.
    pub fn above(&self, index: usize) -> impl Iterator<Item = usize> {
        let above = |&index: &usize| self.get(index)?.parent;
        std::iter::successors(above(&index), above).take(limits::TREE_DEPTH)
    }

    /// A unit with more levels above it than a tree may have, or on a ring. Such a
    /// change is refused before; no walk may meet it.
    #[must_use]
    pub fn too_deep(&self) -> Option<&UnitCode> {
        let is_too_deep = |index: &usize| self.above(*index).count() >= limits::TREE_DEPTH;
        (0..self.nodes.len()).find(is_too_deep).and_then(|index| self.get(index)).map(|node| &node.code)
    }

    /// Whether a unit is another or stands below it.
    #[must_use]
    pub fn is_within(&self, index: usize, root: usize) -> bool {
        index == root || self.above(index).any(|above| above == root)
    }

    /// Whether a unit owes a report; without a roster all do but provinces.
    #[must_use]
    pub fn owes(&self, index: usize) -> bool {
        self.get(index).is_some_and(|node| match node.duty {
            Duty::ByKind => node.kind != UnitKind::Province,
            Duty::Due | Duty::NewlyFounded => true,
            Duty::Excused => false,
        })
    }

    /// Whether the roster excuses a unit from reporting.
    #[must_use]
    pub fn is_excused(&self, index: usize) -> bool {
        self.get(index).is_some_and(|node| node.duty == Duty::Excused)
    }

    /// Whether a report of that coverage is one the unit owes: CONSOLIDATED of a
    /// unit with children, either of one without.
    #[must_use]
    pub fn is_owed(&self, index: usize, coverage: Coverage) -> bool {
        self.owes(index) && (coverage == Coverage::Consolidated || !self.is_interior(index))
    }

    /// What checks need to know of a unit: an office has the powers of its parent.
    #[must_use]
    pub fn facts(&self, code: &str) -> UnitFacts {
        self.facts_of(self.find(code))
    }

    /// The same of the unit with that index, if there is one.
    #[must_use]
    pub fn facts_of(&self, index: Option<usize>) -> UnitFacts {
        let node = index.and_then(|index| self.get(index));
        let makes_rules = node.map(|node| {
            let parent = node.parent.and_then(|parent| self.get(parent));
            let of_parent = node.kind == UnitKind::Office && parent.is_some_and(|parent| parent.makes_rules);
            node.makes_rules || of_parent
        });
        UnitFacts { makes_rules, newly_founded: node.is_some_and(|node| node.duty == Duty::NewlyFounded) }
    }

    /// Whether totals over the two trees are added up alike, kind by kind.
    #[must_use]
    pub fn adds_up_like(&self, other: &Self) -> bool {
        let same = |a: &Node, b: &Node| (&a.code, a.parent, a.kind, a.duty) == (&b.code, b.parent, b.kind, b.duty);
        self.nodes.len() == other.nodes.len() && self.nodes.iter().zip(&other.nodes).all(|(a, b)| same(a, b))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::State;
    use crate::domain::event::{Event, EventKind, UnitEntry, UnitKind, UnitsApplied};
    use crate::words::{Position, Timestamp, UnitCode, Year, limits};

    /// Units, each with the one above it.
    fn applied(units: &[(String, Option<String>)]) -> Event {
        let code = |code: &String| UnitCode::new(code).unwrap();
        let entry = |(unit, parent): &(String, Option<String>)| UnitEntry {
            code: code(unit),
            from_year: Year::new(2020).unwrap(),
            until_year: None,
            parent: parent.as_ref().map(code),
            kind: UnitKind::Town,
            name: Arc::from("镇"),
            makes_rules: false,
        };
        Event {
            position: Position(1),
            time: Timestamp(0),
            principal: Arc::from("test"),
            reason: String::new(),
            kind: EventKind::UnitsApplied(UnitsApplied {
                units: units.iter().map(entry).collect(),
                rejudged: Vec::new(),
            }),
        }
    }

    #[test]
    fn an_event_that_puts_units_on_a_ring_or_too_deep_is_refused_and_changes_nothing() {
        let chain = |length: usize| -> Vec<(String, Option<String>)> {
            (0..length)
                .map(|level| (format!("U{level}"), level.checked_sub(1).map(|above| format!("U{above}"))))
                .collect()
        };
        let ring = |length: usize| {
            let mut units = chain(length);
            units[0].1 = Some(format!("U{}", length - 1));
            units
        };
        for wrong in [ring(1), ring(2), ring(40), chain(limits::TREE_DEPTH + 1), chain(10_000)] {
            let mut state = State::new();
            let error = state.apply(&applied(&wrong)).unwrap_err().to_string();
            assert!(error.contains("above itself in 2020, or deeper than 16 levels"), "{error}");
            assert_eq!((state.head(), state.units().iter().count()), (Position(0), 0));
        }
        State::new().apply(&applied(&chain(limits::TREE_DEPTH))).unwrap();
    }
}
