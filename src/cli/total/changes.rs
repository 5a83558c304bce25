//! What changed since the last run: who counts now, and which cells moved.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Record, RecordedTotal, RecordedUnit};

/// What changed in one total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Units that count now, code and name.
    pub(super) new: Vec<(String, String)>,
    /// Units that count no more.
    pub(super) gone: Vec<(String, String)>,
    /// Units whose figures are others, and in which cells.
    pub(super) changed: Vec<ChangedUnit>,
    /// Cells of the total: path, before, now.
    pub(super) cells: Vec<(String, i64, i64)>,
}

/// A unit whose figures are others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangedUnit {
    /// Its code.
    pub(super) unit: String,
    /// Its name.
    pub(super) name: String,
    /// Path, before, now.
    pub(super) cells: Vec<(String, i64, i64)>,
}

impl Changes {
    /// Whether nothing changed.
    pub(super) fn are_none(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.changed.is_empty() && self.cells.is_empty()
    }
}

/// What changed from one run to the next in a total.
pub(super) fn between(before: &RecordedTotal, now: &RecordedTotal) -> Changes {
    let only_in = |a: &RecordedTotal, b: &RecordedTotal| -> Vec<(String, String)> {
        let only = a.units.iter().filter(|(code, _)| !b.units.contains_key(*code));
        only.map(|(code, unit)| (code.clone(), unit.name.clone())).collect()
    };
    let changed = now.units.iter().filter_map(|(code, unit)| {
        let cells = moved(&paths(before.units.get(code)?), &paths(unit));
        (!cells.is_empty()).then(|| ChangedUnit { unit: code.clone(), name: unit.name.clone(), cells })
    });
    Changes {
        new: only_in(now, before),
        gone: only_in(before, now),
        changed: changed.collect(),
        cells: moved(&before.sums(), &now.sums()),
    }
}

/// Totals of the last run that are no more: year and name.
pub(super) fn lost<'a>(before: &'a Record, now: &'a Record) -> impl Iterator<Item = &'a RecordedTotal> {
    before.totals.iter().filter(|(name, _)| !now.totals.contains_key(*name)).map(|(_, total)| total)
}

fn paths(unit: &RecordedUnit) -> BTreeMap<&str, i64> {
    unit.cells.iter().map(|(path, value)| (path.as_str(), *value)).collect()
}

fn moved(before: &BTreeMap<&str, i64>, now: &BTreeMap<&str, i64>) -> Vec<(String, i64, i64)> {
    let paths: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
    let at = |figures: &BTreeMap<&str, i64>, path: &str| figures.get(path).copied().unwrap_or(0);
    let both = paths.into_iter().map(|path| (path.to_owned(), at(before, path), at(now, path)));
    both.filter(|(_, before, now)| before != now).collect()
}
