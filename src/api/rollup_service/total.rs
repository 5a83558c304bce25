//! Totals, on the wire.

use crate::api::convert::{basis_to_pb, count, drift_to_pb};
use crate::domain::{Counts, Rollup, Total, TotalKey, UnitDuty};
use crate::form::Form;
use crate::ingest::RollupAnswer;
use crate::pb::crossfoot::v1::{self as pb};
use crate::words::{Day, UnitCode};

pub(super) fn rollup_to_pb(named: &TotalKey, answer: RollupAnswer) -> pb::GetRollupResponse {
    let completeness = completeness_to_pb(&answer);
    let RollupAnswer { rollup, not_broken_down, requires_approval, stale, .. } = answer;
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
        requires_approval,
        closed: stale.is_some(),
        stale: stale.unwrap_or_default().into_iter().map(drift_to_pb).collect(),
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
    let Counts { due, filed, nil, late, pending, returned, published, exempt, open_queries } = counts;
    pb::Completeness {
        due,
        filed,
        nil,
        late,
        pending,
        returned,
        published,
        exempt,
        open_queries,
        missing_count: due.saturating_sub(filed),
        refused: None,
        missing: Vec::new(),
        missing_refused: Vec::new(),
    }
}

/// Every required cell, and others where a counted report states them.
pub(super) fn cells_to_pb(form: &Form, total: &Total) -> Vec<pb::CellTotal> {
    let figures = total.figures(form.cells());
    figures.map(|(cell, value)| pb::CellTotal { path: cell.path.clone(), value }).collect()
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

pub(super) fn overdue_to_pb(duty: UnitDuty) -> pb::OverdueUnit {
    let UnitDuty { unit, name, todo, submission_due, publication_due, days, open_queries } = duty;
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    pb::OverdueUnit {
        unit: unit.to_string(),
        name: name.to_string(),
        todo: todo.into_iter().map(|todo| todo.word().to_owned()).collect(),
        submission_due: day(submission_due),
        publication_due: day(publication_due),
        days,
        open_queries,
    }
}

fn codes(codes: &[UnitCode]) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}
