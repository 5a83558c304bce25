//! The state as it was: a part of it, at an earlier place of the ledger.
//!
//! What a question needs is small: the units it speaks of and their series. A
//! series that did not change since is taken as it is; of the others the events
//! up to that place are entered again. The part is a [`State`] like any other, so
//! the same code answers then and now; it must be asked only what it was made for.
//!
//! As a rule neither units nor roster changed since: then the whole book is taken as
//! it is now, totals and all, and only what changed is put back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::completeness::BY_RANK;
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
    /// Series that are not as they were then.
    changed: Vec<SeriesKey>,
    wanted: BTreeMap<Position, Vec<usize>>,
}

impl State {
    /// A part of the state as of an earlier position.
    #[must_use]
    pub fn past(&self, at: Position, scope: &Scope) -> Past {
        let mut past = Past { state: self.forms_and_rosters(at), changed: Vec::new(), wanted: BTreeMap::new() };
        let same_units = self.units_at <= at;
        if same_units {
            past.state.units = Arc::clone(&self.units);
            past.state.trees.clone_from(&self.trees);
        }
        match scope {
            Scope::Below(family, years, roots) if same_units => {
                years.iter().for_each(|year| past.share(self, family, *year, roots));
            }
            Scope::Below(family, years, roots) => {
                let all = roots.is_empty().then(|| self.units.all_past(at));
                for &year in years {
                    let some = all.is_none().then(|| self.units.past(roots, true, year, at));
                    let Some(units) = all.as_ref().or(some.as_ref()) else { continue };
                    past.plant(year, units, all.is_some());
                    let told = units.iter().filter(|(_, history)| !history.is_empty());
                    let keys = told.flat_map(|(unit, _)| BY_RANK.map(|coverage| key(family, year, unit, coverage)));
                    keys.for_each(|key| past.take(self, key));
                }
            }
            Scope::Series(keys) => {
                if !same_units {
                    past.plant_all(self, keys);
                }
                keys.iter().for_each(|key| past.take(self, key.clone()));
            }
        }
        past
    }

    /// What was told by then of forms and rosters, and nothing else.
    fn forms_and_rosters(&self, at: Position) -> Self {
        let mut state = Self::default();
        state.head = at;
        for (position, form) in self.forms.iter().take_while(|(position, _)| *position <= at) {
            let id = FormId(state.registered().saturating_add(1));
            // registered before, in this order: it is so again
            let _ = state.register(&FormRegistered { id, form: Arc::clone(form) }, *position);
        }
        for (family, year, told) in self.rosters.iter() {
            let told = told.iter().take_while(|(position, _)| *position <= at).cloned().collect();
            state.rosters.insert(family, year, told);
        }
        // what was taken out is gone, whenever one asks
        state.redacted.clone_from(&self.redacted);
        state
    }
}

impl Past {
    /// Takes a book as it is, and notes what changed since in units, in all below them
    /// and in those above. With another roster then, its series are entered anew.
    fn share(&mut self, now: &State, family: &FamilyName, year: Year, roots: &[UnitCode]) {
        let (Some(book), Some((_, form))) = (now.book(family, year), self.state.form_for(family, year)) else { return };
        let is_same = Arc::ptr_eq(&book.roster, &self.state.roster(family, year)) && form.name() == book.form.name();
        if !is_same {
            book.around(roots).for_each(|(unit, coverage, _)| self.take(now, key(family, year, unit, coverage)));
            return;
        }
        let at = self.state.head;
        for (unit, coverage, series) in book.changed_around(roots, at) {
            self.note(key(family, year, unit, coverage), series);
        }
        let mut book = book.clone();
        (book.form, book.forms) = (form, self.state.forms.clone());
        self.state.books.insert(family, year, book);
    }

    /// Plants the trees that some series stand in.
    fn plant_all(&mut self, now: &State, keys: &[SeriesKey]) {
        let by_year = keys.iter().fold(BTreeMap::new(), |mut by_year: BTreeMap<Year, Vec<UnitCode>>, key| {
            by_year.entry(key.year).or_default().push(key.unit.clone());
            by_year
        });
        for (year, codes) in by_year {
            self.plant(year, &now.units.past(&codes, false, year, self.state.head), false);
        }
    }

    /// Plants the tree of a year; of all units it may be that of an earlier year.
    fn plant(&mut self, year: Year, units: &Units, all: bool) {
        let place = self.state.trees.partition_point(|(known, _)| *known < year);
        let before = place.checked_sub(1).and_then(|before| self.state.trees.get(before));
        let same = before.filter(|(before, _)| all && !units.turns_between(*before, year));
        let tree = same.map_or_else(|| Arc::new(Tree::new(units, year)), |(_, tree)| Arc::clone(tree));
        self.state.trees.insert(place, (year, tree));
        Arc::make_mut(&mut self.state.units).join(units);
    }

    /// Takes a series as it is, or notes that it changed.
    fn take(&mut self, now: &State, key: SeriesKey) {
        let Some(series) = now.series(&key) else { return };
        if series.is_as_of(self.state.head) {
            self.enter(&key, Some(series.clone()));
        } else if series.changes().first().is_some_and(|first| *first <= self.state.head) {
            self.note(key, series);
        }
    }

    /// Notes a series that changed, and the events it needs.
    fn note(&mut self, key: SeriesKey, series: &Series) {
        let index = self.changed.len();
        let changes = series.changes().iter().take_while(|change| **change <= self.state.head);
        changes.for_each(|change| self.wanted.entry(*change).or_default().push(index));
        self.changed.push(key);
    }

    fn enter(&mut self, key: &SeriesKey, series: Option<Series>) {
        // it was counted before: its totals are in range
        let _ = self.state.book_mut(&key.family, key.year).map(|book| book.replace(&key.unit, key.coverage, series));
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
        let mut series: Vec<Option<Series>> = self.changed.iter().map(|_| None).collect();
        for event in events {
            let rejudged = event.kind.rejudged().iter().map(|rejudged| (&rejudged.series, rejudged));
            let rejudged: HashMap<_, _> = rejudged.collect();
            for &index in self.wanted.get(&event.position).into_iter().flatten() {
                if let (Some(key), Some(series)) = (self.changed.get(index), series.get_mut(index)) {
                    series.get_or_insert_default().enter(key, event, rejudged.get(key).copied());
                }
            }
        }
        for (key, series) in std::mem::take(&mut self.changed).into_iter().zip(series) {
            self.enter(&key, series);
        }
        self.state
    }
}

fn key(family: &FamilyName, year: Year, unit: &UnitCode, coverage: Coverage) -> SeriesKey {
    SeriesKey { family: family.clone(), year, unit: unit.clone(), coverage }
}
