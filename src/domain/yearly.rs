//! One thing for each form family and year.

use std::collections::BTreeMap;

use crate::words::{FamilyName, Year};

/// Things in order of family and year. Looking one up takes no copy of a name.
#[derive(Debug)]
pub(super) struct Yearly<T>(BTreeMap<FamilyName, BTreeMap<Year, T>>);

impl<T> Default for Yearly<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Yearly<T> {
    pub(super) fn get(&self, family: &FamilyName, year: Year) -> Option<&T> {
        self.0.get(family)?.get(&year)
    }

    pub(super) fn get_mut(&mut self, family: &FamilyName, year: Year) -> Option<&mut T> {
        self.0.get_mut(family)?.get_mut(&year)
    }

    /// Puts one in its place.
    pub(super) fn insert(&mut self, family: &FamilyName, year: Year, thing: T) {
        self.0.entry(family.clone()).or_default().insert(year, thing);
    }

    pub(super) fn or_insert_with(&mut self, family: &FamilyName, year: Year, new: impl FnOnce() -> T) -> &mut T {
        self.0.entry(family.clone()).or_default().entry(year).or_insert_with(new)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&FamilyName, Year, &T)> {
        self.0.iter().flat_map(|(family, years)| years.iter().map(move |(year, thing)| (family, *year, thing)))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&FamilyName, Year, &mut T)> {
        self.0.iter_mut().flat_map(|(family, years)| years.iter_mut().map(move |(year, thing)| (family, *year, thing)))
    }
}
