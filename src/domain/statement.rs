//! A statement: what a unit's roll-up of a year was when the year was closed, in
//! full, so that it can be checked without the service and without the ledger.

use std::collections::HashMap;
use std::sync::Arc;

use super::completeness::Counts;
use super::event::{FormId, SeriesKey};
use super::state::{Rollup, State};
use super::totals::{Total, TotalKey};
use crate::form::{CellTable, Row};
use crate::words::{Coverage, Digest, FamilyName, Position, Revision, Timestamp, UnitCode, Year};

/// What is certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which total.
    pub total: TotalKey,
    /// Name of the unit in that year.
    pub unit_name: Arc<str>,
    /// Every event up to here counts in it.
    pub position: Position,
    /// The chain up to there.
    pub head_hash: Digest,
    /// Full name of the form's message.
    pub form: Arc<str>,
    /// Digest of the form's descriptors.
    pub form_digest: Digest,
    /// Digest of its rules.
    pub rules_digest: Digest,
    /// Figures by path, in the order of the form.
    pub cells: Vec<(Arc<str>, i64)>,
    /// Who had filed.
    pub counts: Counts,
    /// The reports that count, in the order of the tree.
    pub contributors: Vec<Contributor>,
    /// When it was closed.
    pub time: Timestamp,
    /// Who closed it.
    pub principal: Arc<str>,
    /// Why it was closed although queries were open or reports unreviewed; none: there were none.
    pub override_reason: Option<Arc<str>>,
}

/// A report that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributor {
    /// The unit.
    pub unit: UnitCode,
    /// Whom it speaks for.
    pub coverage: Coverage,
    /// Its revision.
    pub revision: Revision,
    /// Its place in the ledger.
    pub position: Position,
    /// Digest of its content.
    pub digest: Digest,
}

/// A statement as it is handed out: its bytes and the signature over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The statement, encoded.
    pub statement: Vec<u8>,
    /// Ed25519 over these bytes.
    pub signature: Vec<u8>,
    /// The key it is checked with.
    pub public_key: Vec<u8>,
}

/// A cell of a certified roll-up that is no longer what was certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its path.
    pub path: Arc<str>,
    /// What was certified.
    pub certified: i64,
    /// What it is now.
    pub now: i64,
}

/// A closed year of a unit.
#[derive(Debug, Clone)]
pub struct Closed {
    /// What was certified.
    pub statement: Arc<Statement>,
    /// Where the closing stands in the ledger.
    pub position: Position,
}

impl State {
    /// The closed years of units, in order of family, year, unit and basis.
    pub fn closed_years(&self) -> impl Iterator<Item = &Closed> {
        self.closed.values()
    }

    /// The certificate of a total, if its year is closed.
    #[must_use]
    pub fn closed_year(&self, key: &TotalKey) -> Option<&Closed> {
        self.closed.get(key)
    }

    /// Closed years that a unit counts in: its own, and those of units above it.
    pub fn closed_over<'a>(
        &'a self,
        family: &'a FamilyName,
        year: Year,
        unit: &UnitCode,
    ) -> impl Iterator<Item = &'a Closed> + use<'a> {
        let tree = self.tree(year);
        let index = tree.find(unit.as_str());
        self.closed.values().filter(move |closed| {
            let total = &closed.statement.total;
            let root = tree.find(total.unit.as_str());
            let within = index.zip(root).is_some_and(|(index, root)| tree.is_within(index, root));
            total.family == *family && total.year == year && within
        })
    }

    /// Which certified roll-ups another report of a series moves, and how far they
    /// would then be from what was certified.
    #[must_use]
    pub fn moved_by(&self, key: &SeriesKey, form: FormId, row: &Row) -> Vec<(TotalKey, Vec<Drift>)> {
        if self.closed.is_empty() || self.forms.get(form).is_none() {
            return Vec::new();
        }
        let Some(book) = self.book(&key.family, key.year) else { return Vec::new() };
        let moved = self.closed_over(&key.family, key.year, &key.unit).filter_map(|closed| {
            let statement = &closed.statement;
            let root = book.tree.find(statement.total.unit.as_str())?;
            let total = book.total_with(root, statement.total.basis, (&key.unit, key.coverage), row.borrowed())?;
            let cells = drift(statement, &figures(&total, book.form.cells()));
            (!cells.is_empty()).then(|| (statement.total.clone(), cells))
        });
        moved.collect()
    }

    /// How far a certified roll-up has moved, cell by cell; empty: it stands.
    #[must_use]
    pub fn drift(&self, statement: &Statement) -> Vec<Drift> {
        let Some(now) = self.rollup(&statement.total) else { return Vec::new() };
        drift(statement, &now.figures())
    }
}

impl Rollup {
    /// The figures by path: every required cell, and others where a counted report
    /// states them, in the order of the form.
    #[must_use]
    pub fn figures(&self) -> Vec<(Arc<str>, i64)> {
        figures(&self.total, self.form.cells())
    }
}

fn figures(total: &Total, table: &CellTable) -> Vec<(Arc<str>, i64)> {
    total.figures(table).map(|(cell, value)| (Arc::from(cell.path.as_str()), value)).collect()
}

/// Differences between certified figures and others of the same form.
fn drift(statement: &Statement, now: &[(Arc<str>, i64)]) -> Vec<Drift> {
    fn by_path(figures: &[(Arc<str>, i64)]) -> HashMap<&str, i64> {
        figures.iter().map(|(path, value)| (&**path, *value)).collect()
    }
    let (before, after) = (by_path(&statement.cells), by_path(now));
    let certified = statement.cells.iter().map(|(path, certified)| Drift {
        path: Arc::clone(path),
        certified: *certified,
        now: after.get(&**path).copied().unwrap_or(0),
    });
    let further = now.iter().filter(|(path, _)| !before.contains_key(&**path));
    let further = further.map(|(path, now)| Drift { path: Arc::clone(path), certified: 0, now: *now });
    certified.chain(further).filter(|drift| drift.certified != drift.now).collect()
}
