//! The state as it was: a part of it, at an earlier place of the ledger.
//!
//! What a question needs is small: the units it speaks of and their series. A
//! series that did not change since is taken as it is; of the others the events
//! up to that place are entered again. The part is a [`State`] like any other, so
//! the same code answers then and now; it must be asked only what it was made for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::event::{Event, FormId, FormRegistered, SeriesKey};
use super::series::Series;
use super::state::State;
use super::tree::Tree;
use super::units::Units;
use crate::form::Form;
use crate::words::{Coverage, FamilyName, Position, UnitCode, Year};

/// What a question about the past speaks of.
#[derive(Debug, Clone)]
pub enum Scope {
    /// The units named and all below them, in years of a family; none named: all units.
    Below(FamilyName, Vec<Year>, Vec<UnitCode>),
    /// These series and nothing below their units.
    Series(Vec<SeriesKey>),
}

/// A part of the past that still needs events of the ledger.
#[derive(Debug)]
pub struct Past {
    state: State,
    changed: Vec<SeriesKey>,
    wanted: BTreeMap<Position, Vec<usize>>,
}

impl State {
    /// A part of the state as of an earlier position.
    #[must_use]
    pub fn past(&self, at: Position, scope: &Scope) -> Past {
        let mut state = Self::default();
        state.head = at;
        for (form, (position, _)) in self.forms_at(at).zip(&self.forms) {
            let id = FormId(state.registered().saturating_add(1));
            // registered before, in this order: it is so again
            let _ = state.register(&FormRegistered { id, form: Arc::clone(form) }, *position);
        }
        for (year, told) in &self.rosters {
            let told = told.iter().take_while(|(position, _)| *position <= at).cloned().collect();
            state.rosters.insert(year.clone(), told);
        }
        // what was taken out is gone, whenever one asks
        state.redacted.clone_from(&self.redacted);
        let mut past = Past { state, changed: Vec::new(), wanted: BTreeMap::new() };
        match scope {
            Scope::Below(family, years, roots) => {
                let all = roots.is_empty().then(|| self.units.all_past(at));
                for &year in years {
                    let some = all.is_none().then(|| self.units.past(roots, true, year, at));
                    let Some(units) = all.as_ref().or(some.as_ref()) else { continue };
                    past.plant(year, units, all.is_some());
                    let keys = units.iter().filter(|(_, history)| !history.is_empty()).flat_map(|(unit, _)| {
                        [Coverage::Own, Coverage::Consolidated].map(|coverage| SeriesKey {
                            family: family.clone(),
                            year,
                            unit: unit.clone(),
                            coverage,
                        })
                    });
                    keys.for_each(|key| past.take(self, key));
                }
            }
            Scope::Series(keys) => {
                let by_year = keys.iter().fold(BTreeMap::new(), |mut by_year: BTreeMap<Year, Vec<UnitCode>>, key| {
                    by_year.entry(key.year).or_default().push(key.unit.clone());
                    by_year
                });
                for (year, codes) in by_year {
                    past.plant(year, &self.units.past(&codes, false, year, at), false);
                }
                keys.iter().for_each(|key| past.take(self, key.clone()));
            }
        }
        past
    }
}

impl Past {
    /// Plants the tree of a year; of all units it may be that of an earlier year.
    fn plant(&mut self, year: Year, units: &Units, all: bool) {
        let place = self.state.trees.partition_point(|(known, _)| *known < year);
        let before = place.checked_sub(1).and_then(|before| self.state.trees.get(before));
        let same = before.filter(|(before, _)| all && !units.turns_between(*before, year));
        let tree = same.map_or_else(|| Arc::new(Tree::new(units, year)), |(_, tree)| Arc::clone(tree));
        self.state.trees.insert(place, (year, tree));
        self.state.units.join(units);
    }

    /// Takes a series as it is, or notes the events it needs.
    fn take(&mut self, now: &State, key: SeriesKey) {
        let at = self.state.head;
        let Some(series) = now.series(&key) else { return };
        let changes = series.changes().iter().take_while(|change| **change <= at);
        if series.is_as_of(at) {
            self.enter(&key, series.clone());
        } else if changes.clone().next().is_some() {
            let index = self.changed.len();
            changes.for_each(|change| self.wanted.entry(*change).or_default().push(index));
            self.changed.push(key);
        }
    }

    fn enter(&mut self, key: &SeriesKey, series: Series) {
        // it was counted before: its totals are in range
        let _ = self.state.update(key, |entry| *entry = series);
    }

    /// Places of the events that are needed, in order.
    #[must_use]
    pub fn wanted(&self) -> BTreeSet<Position> {
        self.wanted.keys().copied().collect()
    }

    /// A form registered by then.
    #[must_use]
    pub fn form(&self, id: FormId) -> Option<Arc<Form>> {
        self.state.form(id)
    }

    /// The part of the past, with the events that were needed.
    #[must_use]
    pub fn complete(mut self, events: &[Event]) -> State {
        let mut series: Vec<Series> = self.changed.iter().map(|_| Series::default()).collect();
        for event in events {
            let rejudged = event.kind.rejudged().iter().map(|rejudged| (&rejudged.series, rejudged));
            let rejudged: HashMap<_, _> = rejudged.collect();
            for &index in self.wanted.get(&event.position).into_iter().flatten() {
                if let (Some(key), Some(series)) = (self.changed.get(index), series.get_mut(index)) {
                    series.enter(key, event, rejudged.get(key).copied(), |id| self.state.form(id));
                }
            }
        }
        for (key, series) in std::mem::take(&mut self.changed).into_iter().zip(series) {
            self.enter(&key, series);
        }
        self.state
    }
}
