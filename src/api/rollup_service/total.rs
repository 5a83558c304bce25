//! Totals, on the wire.

use crate::api::convert::{basis_to_pb, count};
use crate::domain::{Counts, Rollup, Total, TotalKey};
use crate::form::Form;
use crate::ingest::RollupAnswer;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::UnitCode;

pub(super) fn rollup_to_pb(named: &TotalKey, answer: RollupAnswer) -> pb::GetRollupResponse {
    let completeness = completeness_to_pb(&answer);
    let RollupAnswer { rollup, not_broken_down, .. } = answer;
    let Rollup { position, form, unit_name, total, .. } = rollup;
    let TotalKey { family, unit, year, basis } = named;
    pb::GetRollupResponse {
        position: count(position.0),
        family: family.to_string(),
        form: form.name().to_owned(),
        unit: unit.to_string(),
        unit_name: unit_name.to_string(),
        year: year.get().into(),
        basis: basis_to_pb(*basis),
        completeness: Some(completeness),
        cells: cells_to_pb(&form, &total),
        ratios: ratios_to_pb(&form, &total),
        reports: total.reports,
        not_broken_down: codes(&not_broken_down),
        not_broken_down_count: total.not_broken_down,
    }
}

/// Completeness with its lists.
pub(super) fn completeness_to_pb(answer: &RollupAnswer) -> pb::Completeness {
    let RollupAnswer { rollup, refused, missing, missing_refused, .. } = answer;
    pb::Completeness {
        refused: *refused,
        missing: codes(missing),
        missing_refused: codes(missing_refused),
        ..counts_to_pb(rollup.counts)
    }
}

/// Completeness without its lists.
pub(super) fn counts_to_pb(counts: Counts) -> pb::Completeness {
    let Counts { due, filed, nil, open_queries } = counts;
    let missing_count = due.saturating_sub(filed);
    pb::Completeness { due, filed, nil, open_queries, missing_count, ..pb::Completeness::default() }
}

/// Every required cell, and others where a counted report states them.
pub(super) fn cells_to_pb(form: &Form, total: &Total) -> Vec<pb::CellTotal> {
    let mut stated = total.stated.iter();
    let cells = form.cells().iter().zip(&total.cells).filter_map(|(cell, value)| {
        let listed = cell.required || stated.next().is_some_and(|reports| *reports > 0);
        listed.then(|| pb::CellTotal { path: cell.path.clone(), value: *value })
    });
    cells.collect()
}

pub(super) fn ratios_to_pb(form: &Form, total: &Total) -> Vec<pb::RatioTotal> {
    let ratios = form.derived().iter().map(|derived| {
        let value = derived.of_total(&total.cells);
        pb::RatioTotal {
            id: derived.id.clone(),
            label_zh: derived.label_zh.clone(),
            label_en: derived.label_en.clone(),
            numerator: value.numerator,
            denominator: value.denominator,
            percent: derived.text(value),
        }
    });
    ratios.collect()
}

fn codes(codes: &[UnitCode]) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}
