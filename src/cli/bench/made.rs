//! Units and reports to measure with: agencies below districts, cities and one
//! province, and for each agency and year a complete report with the figures of a
//! real one, and one figure of its own that makes it different from every other.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use crate::cli::submission::{Line, series};
use crate::client::{Any, wire};
use crate::form::{Catalog, Form, Reader, Row, Severity, Statements, UnitFacts};

/// Figures of real reports.
const REAL: &str = include_str!("../../../tests/data/reports.jsonl");
const FORM: &str = "disclosure.annual.v2021.AnnualReport";
const PROVINCE: &str = "P";
const CITIES: usize = 30;
const DISTRICTS: usize = 450;
/// The first year that is measured; every unit was there the year before.
pub(super) const FIRST_YEAR: i32 = 2022;

/// Makes them.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) form: Arc<Form>,
    /// Real figures that pass, each with the cell that is changed to tell reports apart.
    real: Vec<(Vec<i64>, usize)>,
}

impl Maker {
    pub(super) fn new() -> anyhow::Result<Self> {
        let catalog = Catalog::load(None)?;
        let form = catalog.by_name(FORM).context("the form is not built in")?;
        let mut maker = Self { form: Arc::clone(form), real: Vec::new() };
        let free = maker.free_cells()?;
        for line in REAL.lines() {
            let bytes = maker.form.from_json(&Line::parse(line)?.report).map_err(|error| anyhow!(error))?;
            let mut reader = Reader::default();
            reader.read(&maker.form, &bytes)?;
            let mut figures = reader.values().to_vec();
            let stated = free.iter().find(|cell| figures.get(**cell).is_some_and(|figure| *figure != 0));
            let Some(cell) = stated.or(free.first()).copied() else { continue };
            if let Some(figure) = figures.get_mut(cell) {
                *figure = 0;
            }
            if !maker.real.contains(&(figures.clone(), cell)) && maker.passes(&figures)? {
                maker.real.push((figures, cell));
            }
        }
        anyhow::ensure!(!maker.real.is_empty(), "no real report passes");
        Ok(maker)
    }

    /// Cells that may have any figure: no check binds them to others.
    fn free_cells(&self) -> anyhow::Result<Vec<usize>> {
        const ANY: i64 = 123;
        let mut free = Vec::new();
        for cell in 0..self.form.cells().len() {
            let mut figures = vec![0; self.form.cells().len()];
            figures.iter_mut().skip(cell).take(1).for_each(|figure| *figure = ANY);
            if self.form.cells().is_required(cell) && self.passes(&figures)? {
                free.push(cell);
            }
        }
        Ok(free)
    }

    /// Whether an agency's figures pass without a query, after a year of the same figures.
    fn passes(&self, figures: &[i64]) -> anyhow::Result<bool> {
        let mut reader = Reader::default();
        reader.read(&self.form, &self.encoded(figures)?)?;
        let mut found = Vec::new();
        self.form.check_report(&mut reader, Statements::default(), &mut found);
        let now = reader.figures(Statements::default());
        let agency = UnitFacts { makes_rules: Some(false), newly_founded: false };
        self.form.check_beyond(now, Some(now), agency, &mut found);
        Ok(found.iter().all(|record| self.form.severity(record.check) == Severity::Notice))
    }

    /// The wire of a report that states those figures and every other required one as 0.
    fn encoded(&self, figures: &[i64]) -> anyhow::Result<Vec<u8>> {
        let cells = self.form.cells();
        Ok(self.form.write(&Row::pack(cells, cells.required(), figures), &[])?)
    }

    /// Figures of an agency's report of a year.
    pub(super) fn figures(&self, agency: usize, year: i32) -> Vec<i64> {
        let Some((figures, cell)) = self.real.get(agency.checked_rem(self.real.len()).unwrap_or(0)) else {
            return Vec::new();
        };
        let mut figures = figures.clone();
        let round = i64::try_from(agency.checked_div(self.real.len()).unwrap_or(0)).unwrap_or(0);
        let years = i64::from(year.saturating_sub(FIRST_YEAR));
        if let Some(figure) = figures.get_mut(*cell) {
            // years of one agency lie close together, as they do in fact
            *figure = round.saturating_mul(8).saturating_add(years).saturating_add(1);
        }
        figures
    }

    /// The submission of an agency's report of a year.
    pub(super) fn submission(&self, agency: usize, year: i32) -> anyhow::Result<wire::SubmitReportRequest> {
        let value = self.encoded(&self.figures(agency, year))?;
        Ok(wire::SubmitReportRequest {
            series: Some(series("", &code(agency), year, wire::Coverage::Own)),
            report: Some(Any { type_url: format!("type.googleapis.com/{FORM}"), value: value.into() }),
            // as long as a UUID, and as seldom the same
            result_view: wire::ResultView::Receipt.into(),
            request_id: format!("{year:08}-{agency:027}"),
            ..wire::SubmitReportRequest::default()
        })
    }
}

/// Code of an agency.
pub(super) fn code(agency: usize) -> String {
    format!("{}-{agency:07}", district(agency))
}

/// Code of the district an agency stands in.
fn district(agency: usize) -> String {
    format!("P{:04}", agency.checked_rem(DISTRICTS).unwrap_or(0))
}

/// Codes of the districts.
pub(super) fn districts() -> impl Iterator<Item = String> {
    (0..DISTRICTS).map(district)
}

/// The province, its cities and districts, then so many agencies.
pub(super) fn units(agencies: usize) -> impl Iterator<Item = wire::Unit> {
    let unit = |code: String, parent: &str, kind: wire::UnitKind| wire::Unit {
        name: format!("单位 {code}"),
        parent: parent.to_owned(),
        kind: kind.into(),
        from_year: FIRST_YEAR.saturating_sub(1),
        makes_rules: kind == wire::UnitKind::Province || kind == wire::UnitKind::PrefectureCity,
        code,
        ..wire::Unit::default()
    };
    let city = |number: usize| format!("P{:02}", number.checked_rem(CITIES).unwrap_or(0));
    let province = std::iter::once(unit(PROVINCE.to_owned(), "", wire::UnitKind::Province));
    let cities = (0..CITIES).map(move |number| unit(city(number), PROVINCE, wire::UnitKind::PrefectureCity));
    let districts = (0..DISTRICTS).map(move |number| unit(district(number), &city(number), wire::UnitKind::District));
    let agencies = (0..agencies).map(move |agency| unit(code(agency), &district(agency), wire::UnitKind::Department));
    province.chain(cities).chain(districts).chain(agencies)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_report_is_complete_passes_and_is_different_from_the_others() {
        let maker = Maker::new().unwrap();
        let mut seen = HashSet::new();
        for (agency, year) in (0..2_000).flat_map(|agency| [(agency, FIRST_YEAR), (agency, FIRST_YEAR + 1)]) {
            let figures = maker.figures(agency, year);
            assert!(maker.passes(&figures).unwrap(), "{agency} {year}");
            let mut reader = Reader::default();
            reader.read(&maker.form, &maker.encoded(&figures).unwrap()).unwrap();
            assert_eq!(reader.present(), maker.form.cells().required());
            assert!(seen.insert(figures));
        }
    }
}
