//! The totals of a folder: one for every year and every tree of units that its
//! documents are of, as the desk answers it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::judge::{Judged, tree};
use super::paper::Paper;
use super::sort::Contradiction;
use crate::domain::{Contribution, Standing, TotalKey, Tree};
use crate::ingest::{At, Desk, ListedQuery, ReconcileAnswer, RollupAnswer, SubmitError, Wanted};
use crate::words::{Basis, Coverage, FamilyName, UnitCode, Year, limits};

/// A unit that counts in a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributor {
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub name: Arc<str>,
    /// Whom its report speaks for.
    pub coverage: Coverage,
    /// The document.
    pub file: String,
    /// Its figures that are not 0, by cell.
    pub figures: Vec<(usize, i64)>,
}

/// A total of a folder.
#[derive(Debug)]
pub struct FolderTotal {
    /// Which.
    pub key: TotalKey,
    /// The figures, and who has filed.
    pub rollup: RollupAnswer,
    /// Who counts, in the order of the tree.
    pub counted: Vec<Contributor>,
    /// Units that owe a report and have no document in the folder, by name.
    pub missing: Vec<(UnitCode, Arc<str>)>,
    /// Units that have a document in the folder, among this one and those below it.
    present: BTreeSet<UnitCode>,
    /// What the unit itself states against that; none: its document is not there.
    pub stated: Option<ReconcileAnswer>,
    /// Queries that nobody has explained.
    pub queries: Vec<ListedQuery>,
}

impl FolderTotal {
    /// Whether a document is of this total, counted or not.
    #[must_use]
    pub fn is_about(&self, year: Year, unit: &UnitCode, paper: &Paper) -> bool {
        self.key.year == year && self.key.family == *paper.reading.form.family() && self.present.contains(unit)
    }
}

/// The totals of a folder, in order of year.
///
/// # Errors
/// [`SubmitError`] only if the desk fails.
pub fn totals(
    desk: &Desk,
    judged: &[Judged],
    contradictions: &[Contradiction],
    basis: Basis,
) -> Result<Vec<FolderTotal>, SubmitError> {
    let mut units: BTreeMap<(Year, FamilyName), BTreeSet<UnitCode>> = BTreeMap::new();
    let of_judged = judged.iter().map(|one| (one.filing.year, &one.filing.paper, &one.filing.unit));
    let of_others = contradictions.iter().flat_map(|one| one.papers.iter().map(move |p| (one.year, p, &one.unit)));
    for (year, paper, unit) in of_judged.chain(of_others) {
        units.entry((year, paper.reading.form.family().clone())).or_default().insert(unit.clone());
    }
    let mut found = Vec::new();
    for ((year, family), units) in units {
        for unit in tops(&tree(desk, year), &units) {
            let key = TotalKey { family: family.clone(), unit, year, basis };
            found.push(total(desk, key, judged, &units)?);
        }
    }
    Ok(found)
}

/// For every tree, the lowest unit that is above all of these which stand in it; a
/// unit without any below it gives way to the one above.
fn tops(tree: &Tree, units: &BTreeSet<UnitCode>) -> Vec<UnitCode> {
    let mut ways: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in units.iter().filter_map(|unit| tree.find(unit.as_str())) {
        let mut way: Vec<usize> = std::iter::once(index).chain(tree.above(index)).collect();
        if !tree.is_interior(index) && way.len() > 1 {
            way.remove(0);
        }
        way.reverse();
        let Some(root) = way.first().copied() else { continue };
        let common = ways.entry(root).or_insert_with(|| way.clone());
        let shared = common.iter().zip(&way).take_while(|(a, b)| a == b).count();
        common.truncate(shared);
    }
    let lowest = ways.into_values().filter_map(|way| tree.get(*way.last()?));
    lowest.map(|node| node.code.clone()).collect()
}

fn total(
    desk: &Desk,
    key: TotalKey,
    judged: &[Judged],
    present: &BTreeSet<UnitCode>,
) -> Result<FolderTotal, SubmitError> {
    let rollup = desk.rollup(&key, At::NOW)?;
    let tree = tree(desk, key.year);
    let root = tree.find(key.unit.as_str());
    let is_within =
        |unit: &&UnitCode| root.zip(tree.find(unit.as_str())).is_some_and(|(root, index)| tree.is_within(index, root));
    let present: BTreeSet<UnitCode> = present.iter().filter(is_within).cloned().collect();
    let is_interior = root.is_some_and(|index| tree.is_interior(index));
    let stated = is_interior.then(|| desk.reconcile(&key, At::NOW)).transpose()?;
    let documents: BTreeMap<(&UnitCode, Coverage), &Judged> = judged
        .iter()
        .filter(|one| one.filing.year == key.year && one.filing.paper.reading.form.family() == &key.family)
        .map(|one| ((&one.filing.unit, one.coverage), one))
        .collect();
    let parts = desk.with_state(|state| state.contributions(&key, 0)).unwrap_or_default();
    let contributor = |part: Contribution| {
        let (coverage, ..) = part.report.filter(|_| part.standing == Standing::Counted)?;
        let document = documents.get(&(&part.unit, coverage))?;
        let paper = &document.filing.paper;
        let (file, figures) = (paper.file.clone(), paper.nonzero().collect());
        Some(Contributor { unit: part.unit, name: part.name, coverage, file, figures })
    };
    Ok(FolderTotal {
        counted: parts.into_iter().filter_map(contributor).collect(),
        missing: missing(desk, &key, &present)?,
        stated: stated.filter(|answer| answer.stated.is_some()),
        queries: queries(desk, &key)?,
        present,
        rollup,
        key,
    })
}

/// Units that have not filed and are not in the folder.
fn missing(
    desk: &Desk,
    key: &TotalKey,
    present: &BTreeSet<UnitCode>,
) -> Result<Vec<(UnitCode, Arc<str>)>, SubmitError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let (_, page) = desk.missing(key, after.as_ref(), limits::LISTED_CODES, At::NOW)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.unit.clone());
        let absent = page.into_iter().filter(|unit| !present.contains(&unit.unit));
        found.extend(absent.map(|unit| (unit.unit, unit.name)));
    }
}

/// Every open query of the reports of a unit and all below it.
fn queries(desk: &Desk, key: &TotalKey) -> Result<Vec<ListedQuery>, SubmitError> {
    let wanted =
        Wanted { unit: Some(key.unit.clone()), below: true, year: Some(key.year), open_queries: true, sight: None };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let (_, page, last) = desk.queries(&wanted, false, after.as_ref(), limits::PAGE_SIZE_MAX, At::NOW)?;
        found.extend(page.into_iter().filter(|query| query.series.family == key.family));
        match last {
            Some(last) => after = Some(last),
            None => return Ok(found),
        }
    }
}
