//! Statistics of a set of units over years. Changes nothing.

use std::sync::Arc;

use super::contributions::no_cell;
use super::desk::Desk;
use super::moment::At;
use super::outcome::SubmitError;
use crate::domain::event::UnitKind;
use crate::domain::{Distribution, RankBy, Ranked, Rows, Scope, Selection, State, YearTotal, distribution};
use crate::form::Indicator;
use crate::words::{Basis, FamilyName, Position, Quantity, Year};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct StatisticsQuestion {
    /// Form family.
    pub family: FamilyName,
    /// Which units.
    pub selection: Selection,
    /// Which years, in order; at least one.
    pub years: Vec<Year>,
    /// What is added up.
    pub basis: Basis,
    /// Cell paths and ids; none: every derived figure and every cell that is not 0.
    pub indicators: Vec<String>,
    /// What is ranked by; none: the first indicator.
    pub rank_by: Option<String>,
    /// What is ranked; none: what suits the units named.
    pub rows: Option<Rows>,
    /// The smallest first.
    pub ascending: bool,
    /// Rows of the ranking passed over.
    pub skip: usize,
    /// Rows of the ranking at most.
    pub most: usize,
}

/// What the totals say.
#[derive(Debug)]
pub struct StatisticsAnswer {
    /// Ledger position it speaks of.
    pub position: Position,
    /// Name of the unit in the last year, if one was named.
    pub unit_name: Option<Arc<str>>,
    /// Each year.
    pub years: Vec<YearTotal>,
    /// Indicators over the years.
    pub series: Vec<IndicatorSeries>,
    /// What the ranking is by.
    pub ranked_by: Indicator,
    /// One page of the ranking, with the derived figures of each.
    pub ranking: Vec<(Ranked, Vec<Quantity>)>,
    /// Rows of the whole ranking.
    pub ranked: usize,
    /// How the figure is spread.
    pub distribution: Distribution,
    /// By kind of unit: reports, figure, share of the total.
    pub kinds: Vec<(UnitKind, i64, Quantity, Option<Quantity>)>,
}

/// An indicator over the years.
#[derive(Debug)]
pub struct IndicatorSeries {
    /// Which.
    pub indicator: Indicator,
    /// One for each year whose form has it.
    pub points: Vec<IndicatorPoint>,
    /// The years added up; none for stocks and for one year.
    pub over_years: Option<Quantity>,
}

/// An indicator in one year.
#[derive(Debug)]
pub struct IndicatorPoint {
    /// The year.
    pub year: Year,
    /// The figure; none: nothing was filed.
    pub value: Option<Quantity>,
    /// Against the point before.
    pub change: Option<Quantity>,
    /// The change against the figure before; of cells only.
    pub relative_change: Option<Quantity>,
}

impl Desk {
    /// Answers a question about totals.
    ///
    /// # Errors
    /// [`SubmitError::UnknownUnit`], [`SubmitError::NoFamily`], [`SubmitError::Invalid`] for an
    /// indicator no form has.
    pub fn statistics(&self, question: &StatisticsQuestion, at: At) -> Result<StatisticsAnswer, SubmitError> {
        let StatisticsQuestion { family, selection, years, .. } = question;
        let scope = Scope::Below(family.clone(), years.clone(), selection.units.clone());
        self.at(at, &scope, |state| answer(state, question))
    }
}

fn answer(state: &State, question: &StatisticsQuestion) -> Result<StatisticsAnswer, SubmitError> {
    let StatisticsQuestion { family, selection, years, basis, .. } = question;
    let trees: Vec<_> = years.iter().map(|year| state.tree(*year)).collect();
    for unit in &selection.units {
        let known = trees.iter().any(|tree| tree.find(unit.as_str()).is_some());
        if let (false, Some(year)) = (known, years.last()) {
            return Err(SubmitError::UnknownUnit(unit.clone(), *year));
        }
    }
    let no_form = |year: Year| SubmitError::NoFamily(format!("no form of family {family} covers {year}"));
    let add_up = |year: &Year| {
        let sum = state.add_up(family, *year, selection, *basis);
        sum.map_err(|error| SubmitError::Precondition(error.to_string()))?.ok_or_else(|| no_form(*year))
    };
    let years = years.iter().map(add_up).collect::<Result<Vec<YearTotal>, SubmitError>>()?;
    let Some(last) = years.last() else { return Err(SubmitError::Invalid("years: none is named".to_owned())) };
    let series = indicators(question, &years)?;
    let rank_by = match (&question.rank_by, question.indicators.first()) {
        (Some(id), _) | (None, Some(id)) => last.form.indicator(id).ok_or_else(|| no_cell(&last.form, id))?,
        (None, None) => {
            let first = last.form.derived().first().cloned().or_else(|| last.form.cell_indicator(0));
            first.ok_or_else(|| SubmitError::Invalid("rank_by: the form has no figure".to_owned()))?
        }
    };
    let rows = question.rows.unwrap_or(match selection.units.as_slice() {
        [_] => Rows::Children,
        _ => Rows::Named,
    });
    let by = RankBy { selection, basis: *basis, rows, indicator: &rank_by, ascending: question.ascending };
    let ranking = state.ranking(family, last.year, by);
    let ranked = ranking.len();
    let distribution = distribution(&ranking);
    let derived = |row: Ranked| {
        let cells = state.cells_of(family, last.year, by, &row).filter(|_| row.value.is_some());
        let of_cells = |cells: Box<[i64]>| last.form.derived().iter().map(|each| each.of_total(&cells)).collect();
        (row, cells.map(of_cells).unwrap_or_default())
    };
    let ranking = ranking.into_iter().skip(question.skip).take(question.most).map(derived).collect();
    let whole = rank_by.of_total(&last.sum.total.cells).numerator;
    let kinds = last.sum.kinds.iter().map(|(kind, total)| {
        let value = rank_by.of_total(&total.cells);
        let share = Quantity { numerator: value.numerator, denominator: whole };
        (*kind, total.reports, value, (!rank_by.derived).then_some(share))
    });
    let kinds = kinds.collect();
    let unit_name = match selection.units.as_slice() {
        [unit] => trees.last().and_then(|tree| Some(Arc::clone(&tree.get(tree.find(unit.as_str())?)?.name))),
        _ => None,
    };
    Ok(StatisticsAnswer {
        position: state.head(),
        unit_name,
        series,
        ranked_by: rank_by,
        ranking,
        ranked,
        distribution,
        kinds,
        years,
    })
}

/// The indicators asked for over the years: those named, or every derived figure
/// and every cell that is not 0 in one of the years.
fn indicators(question: &StatisticsQuestion, years: &[YearTotal]) -> Result<Vec<IndicatorSeries>, SubmitError> {
    let newest_first = || years.iter().rev();
    let find = |id: &str| newest_first().find_map(|year| year.form.indicator(id));
    let mut wanted: Vec<Indicator> = Vec::new();
    for id in &question.indicators {
        let newest = years.last().map(|year| &year.form);
        wanted.push(find(id).ok_or_else(|| match newest {
            Some(form) => no_cell(form, id),
            None => SubmitError::Invalid(format!("indicators: {id}")),
        })?);
    }
    if question.indicators.is_empty() {
        for year in newest_first() {
            let known = |wanted: &[Indicator], id: &str| wanted.iter().any(|indicator| indicator.id == id);
            for derived in year.form.derived() {
                if !known(&wanted, &derived.id) {
                    wanted.push(derived.clone());
                }
            }
            for (index, _) in year.sum.total.cells.iter().enumerate().filter(|(_, value)| **value != 0) {
                wanted.extend(year.form.cell_indicator(index).filter(|indicator| !known(&wanted, &indicator.id)));
            }
        }
    }
    Ok(wanted.into_iter().map(|indicator| over_years(indicator, years)).collect())
}

fn over_years(indicator: Indicator, years: &[YearTotal]) -> IndicatorSeries {
    let mut points: Vec<IndicatorPoint> = Vec::new();
    for year in years {
        let Some(of_year) = year.form.indicator(&indicator.id) else { continue };
        let total = &year.sum.total;
        let filed = total.reports > 0;
        let value = filed.then(|| of_year.of_sum(&year.form, &total.cells, &total.stated));
        let before = points.last().and_then(|point| point.value);
        let applicable = |value: Option<Quantity>| value.filter(|value| value.is_applicable());
        let both = applicable(before).zip(applicable(value));
        let change = both.and_then(|(before, value)| value.minus(before));
        let relative = |(before, value): (Quantity, Quantity)| {
            let numerator = value.numerator.checked_sub(before.numerator)?;
            Some(Quantity { numerator, denominator: before.numerator })
        };
        let relative_change = if indicator.derived { None } else { both.and_then(relative) };
        points.push(IndicatorPoint { year: year.year, value, change, relative_change });
    }
    let whole = points.len() == years.len() && years.len() > 1 && !indicator.stock;
    let filed = || points.iter().filter_map(|point| point.value);
    let sum = |part: fn(Quantity) -> i64| filed().map(part).try_fold(0_i64, i64::checked_add);
    let denominator = if indicator.derived { sum(|value| value.denominator) } else { Some(1) };
    let over_years = sum(|value| value.numerator)
        .zip(denominator)
        .filter(|_| whole)
        .map(|(numerator, denominator)| Quantity { numerator, denominator });
    IndicatorSeries { indicator, points, over_years }
}
