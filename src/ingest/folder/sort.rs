//! Documents by unit and year: what is there twice counts once, what contradicts
//! itself does not count.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::paper::Paper;
use super::whose::{Unplaced, Whose};
use crate::words::{UnitCode, Year};

/// The one report of a unit for a year.
#[derive(Debug)]
pub struct Filing {
    /// Reporting year.
    pub year: Year,
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub unit_name: Arc<str>,
    /// The document.
    pub paper: Paper,
    /// Other files with the same figures, and whether their texts are the same too.
    pub also: Vec<(String, bool)>,
}

/// Documents of one unit and year that state different figures.
#[derive(Debug)]
pub struct Contradiction {
    /// Reporting year.
    pub year: Year,
    /// The unit.
    pub unit: UnitCode,
    /// Its name in that year.
    pub unit_name: Arc<str>,
    /// The documents.
    pub papers: Vec<Paper>,
}

impl Contradiction {
    /// Cells in which they differ, each with what every document states; none where
    /// they fill different forms.
    #[must_use]
    pub fn cells(&self) -> Vec<(usize, Vec<Option<i64>>)> {
        let Some((first, others)) = self.papers.split_first() else { return Vec::new() };
        if others.iter().any(|other| other.reading.form.name() != first.reading.form.name()) {
            return Vec::new();
        }
        let figures: Vec<Vec<Option<i64>>> = self.papers.iter().map(Paper::figures).collect();
        let at = |cell: usize| -> Vec<Option<i64>> {
            figures.iter().map(|figures| figures.get(cell).copied().flatten()).collect()
        };
        let all = (0..first.reading.form.cells().len()).map(|cell| (cell, at(cell)));
        all.filter(|(_, values)| values.iter().any(|value| values.first() != Some(value))).collect()
    }
}

/// Documents by what can be said of them.
#[derive(Debug, Default)]
pub struct Sorted {
    /// One for each unit and year, in order of year and unit.
    pub filings: Vec<Filing>,
    /// More than one.
    pub contradictions: Vec<Contradiction>,
    /// Files that are nobody's for sure.
    pub unplaced: Vec<(Paper, Unplaced)>,
    /// Files of other years than the one asked for.
    pub other_years: Vec<(String, Year)>,
}

/// Sorts documents; `only` is the year asked for.
#[must_use]
pub fn sort(papers: Vec<Paper>, whose: &mut Whose, only: Option<Year>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut series: BTreeMap<(Year, UnitCode), Vec<Paper>> = BTreeMap::new();
    for paper in papers {
        match whose.find(&paper) {
            Ok((year, _)) if only.is_some_and(|only| only != year) => sorted.other_years.push((paper.file, year)),
            Ok(key) => series.entry(key).or_default().push(paper),
            Err(why) => sorted.unplaced.push((paper, why)),
        }
    }
    for ((year, unit), mut papers) in series {
        let same = papers.split_first().is_none_or(|(first, others)| others.iter().all(|o| o.has_figures_of(first)));
        let unit_name = whose.name(year, &unit);
        if !same {
            sorted.contradictions.push(Contradiction { year, unit, unit_name, papers });
            continue;
        }
        // of the same figures, the document that was read in full and says most beside them
        papers.sort_by_key(|paper| (!paper.is_whole(), std::cmp::Reverse(paper.reading.report.len())));
        let mut papers = papers.into_iter();
        if let Some(paper) = papers.next() {
            let also = papers.map(|other| (other.file, other.texts == paper.texts)).collect();
            sorted.filings.push(Filing { year, unit, unit_name, paper, also });
        }
    }
    sorted
}
