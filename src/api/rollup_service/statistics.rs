//! Statistics, on the wire.

use tonic::Status;

use super::total::counts_to_pb;
use crate::api::convert::{basis_from_pb, basis_to_pb, count, kind_from_pb, kind_to_pb, unit_from_pb, year_from_pb};
use crate::api::paging::Page;
use crate::api::status::invalid;
use crate::domain::{Distribution, Ranked, Rows, Selection, YearTotal};
use crate::form::Indicator;
use crate::ingest::{IndicatorPoint, IndicatorSeries, StatisticsAnswer, StatisticsQuestion};
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{FamilyName, Quantity, Year, limits};

/// The years asked for, and the last of them.
pub(super) fn years_from_pb(first: i32, last: i32) -> Result<(Vec<Year>, Year), Status> {
    let last = year_from_pb(if last == 0 { first } else { last })?;
    let first = year_from_pb(first)?;
    let years: Vec<Year> =
        std::iter::successors(Some(first), |year| year.after().filter(|next| *next <= last)).collect();
    if last < first || years.len() > limits::STATISTICS_YEARS {
        let most = limits::STATISTICS_YEARS;
        return Err(invalid("last_year", format!("is not before first_year, and at most {most} years are asked for")));
    }
    Ok((years, last))
}

pub(super) fn question_from_pb(
    request: pb::GetStatisticsRequest,
    family: FamilyName,
    years: Vec<Year>,
    page: &Page,
) -> Result<StatisticsQuestion, Status> {
    let pb::GetStatisticsRequest { units, kinds, basis, indicators, rank_by, rows, ascending, .. } = request;
    if units.len() > limits::STATISTICS_UNITS {
        return Err(invalid("units", format!("at most {} are named at once", limits::STATISTICS_UNITS)));
    }
    if indicators.len() > limits::CELLS_PER_FORM {
        return Err(invalid("indicators", format!("at most {} are named at once", limits::CELLS_PER_FORM)));
    }
    let rows = match pb::StatisticsRows::try_from(rows) {
        Ok(pb::StatisticsRows::Unspecified) => None,
        Ok(pb::StatisticsRows::Children) => Some(Rows::Children),
        Ok(pb::StatisticsRows::Named) => Some(Rows::Named),
        Ok(pb::StatisticsRows::Units) => Some(Rows::Units),
        Err(_) => return Err(invalid("rows", "is not known")),
    };
    let kind = |kind: &i32| kind_from_pb(*kind).ok_or_else(|| invalid("kinds", format!("kind {kind} is not known")));
    Ok(StatisticsQuestion {
        family,
        selection: Selection {
            units: units.iter().map(|unit| unit_from_pb(unit)).collect::<Result<_, _>>()?,
            kinds: kinds.iter().map(kind).collect::<Result<_, _>>()?,
        },
        years,
        basis: basis_from_pb(basis)?,
        indicators,
        rank_by: (!rank_by.is_empty()).then_some(rank_by),
        rows,
        ascending,
        skip: page.skip,
        most: page.size,
    })
}

pub(super) fn to_pb(question: &StatisticsQuestion, answer: StatisticsAnswer, page: &Page) -> pb::GetStatisticsResponse {
    let StatisticsAnswer { position, unit_name, years, series, ranked_by, ranking, ranked, distribution, kinds } =
        answer;
    let quantity = |value: Quantity| quantity_to_pb(value, ranked_by.text(value));
    let kinds = kinds.into_iter().map(|(kind, reports, value, share)| pb::KindShare {
        kind: kind_to_pb(kind).into(),
        reports,
        value: Some(quantity(value)),
        share: share.map(share_to_pb),
    });
    let kinds = kinds.collect();
    let breakdowns = years.last().map(breakdowns_to_pb).unwrap_or_default();
    let derived = years.last().map(|year| year.form.derived().to_vec()).unwrap_or_default();
    let next_page_token = page.next(ranking.len(), ranked, position);
    pb::GetStatisticsResponse {
        position: count(position.0),
        family: question.family.to_string(),
        basis: basis_to_pb(question.basis),
        years: years.iter().map(year_to_pb).collect(),
        series: series.into_iter().map(series_to_pb).collect(),
        breakdowns,
        ranking: ranking.into_iter().map(|row| ranked_to_pb(row, &ranked_by, &derived)).collect(),
        ranked: i32::try_from(ranked).unwrap_or(i32::MAX),
        distribution: Some(distribution_to_pb(distribution, &quantity)),
        kinds,
        next_page_token,
        unit_name: unit_name.map(|name| name.to_string()).unwrap_or_default(),
        ranked_by: Some(indicator_to_pb(ranked_by)),
    }
}

fn quantity_to_pb(value: Quantity, text: String) -> pb::Quantity {
    let Quantity { numerator, denominator } = value;
    pb::Quantity { numerator, denominator, text }
}

/// A share, or a change as a part of what was before.
fn share_to_pb(share: Quantity) -> pb::Quantity {
    let text = crate::form::percent(share.numerator, share.denominator);
    quantity_to_pb(share, text)
}

fn year_to_pb(year: &YearTotal) -> pb::YearCoverage {
    let YearTotal { year, form, sum } = year;
    pb::YearCoverage {
        year: year.get().into(),
        form: form.name().to_owned(),
        completeness: Some(counts_to_pb(sum.counts)),
        reports: sum.total.reports,
    }
}

fn indicator_to_pb(indicator: Indicator) -> pb::Indicator {
    pb::Indicator {
        scale: i32::try_from(indicator.scale).unwrap_or_default(),
        id: indicator.id,
        label_zh: indicator.label_zh,
        label_en: indicator.label_en,
        unit_zh: indicator.unit_zh,
        unit_en: indicator.unit_en,
        derived: indicator.derived,
        stock: indicator.stock,
    }
}

fn series_to_pb(series: IndicatorSeries) -> pb::IndicatorSeries {
    let IndicatorSeries { indicator, points, over_years } = series;
    let points = points.into_iter().map(|point| {
        let IndicatorPoint { year, value, change, relative_change } = point;
        pb::IndicatorPoint {
            year: year.get().into(),
            value: value.map(|value| quantity_to_pb(value, indicator.text(value))),
            change: change.map(|change| quantity_to_pb(change, indicator.change_text(change))),
            relative_change: relative_change.map(share_to_pb),
        }
    });
    let points = points.collect();
    let over_years = over_years.map(|value| quantity_to_pb(value, indicator.text(value)));
    pb::IndicatorSeries { indicator: Some(indicator_to_pb(indicator)), points, over_years }
}

fn breakdowns_to_pb(year: &YearTotal) -> Vec<pb::PartedTotal> {
    let breakdowns = year.form.breakdowns(&year.sum.total.cells).map(|(breakdown, whole, parts)| pb::PartedTotal {
        id: breakdown.id.clone(),
        label_zh: breakdown.label_zh.clone(),
        label_en: breakdown.label_en.clone(),
        year: year.year.get().into(),
        whole,
        parts: parts
            .into_iter()
            .map(|(part, value)| pb::PartOfTotal {
                label_zh: part.label_zh.clone(),
                label_en: part.label_en.clone(),
                value,
                share: Some(share_to_pb(Quantity { numerator: value, denominator: whole })),
            })
            .collect(),
    });
    breakdowns.collect()
}

fn ranked_to_pb(
    (row, of_row): (Ranked, Vec<Quantity>),
    ranked_by: &Indicator,
    derived: &[Indicator],
) -> pb::RankedUnit {
    let of_row = derived.iter().zip(of_row).map(|(each, value)| quantity_to_pb(value, each.text(value)));
    pb::RankedUnit {
        rank: row.rank.map_or(0, |rank| i32::try_from(rank).unwrap_or(i32::MAX)),
        unit: row.unit.to_string(),
        unit_name: row.name.to_string(),
        kind: kind_to_pb(row.kind).into(),
        own: row.own,
        value: row.value.map(|value| quantity_to_pb(value, ranked_by.text(value))),
        derived: of_row.collect(),
        reports: row.reports,
    }
}

fn distribution_to_pb(distribution: Distribution, quantity: &dyn Fn(Quantity) -> pb::Quantity) -> pb::Distribution {
    let Distribution { units, points } = distribution;
    let [minimum, lower_quartile, median, upper_quartile, maximum] = points.map(|point| point.map(quantity));
    let units = i32::try_from(units).unwrap_or(i32::MAX);
    pb::Distribution { units, minimum, lower_quartile, median, upper_quartile, maximum }
}
