//! Reconciliations, on the wire.

use super::total;
use crate::api::convert::{basis_to_pb, count};
use crate::domain::{Cause, CauseKind, Difference, TotalKey};
use crate::form::Form;
use crate::ingest::{ReconcileAnswer, Reconciled};
use crate::pb::crossfoot::v1::{self as pb};

pub(super) fn to_pb(named: &TotalKey, answer: ReconcileAnswer) -> pb::ReconcileUnitResponse {
    let completeness = total::completeness_to_pb(&answer.computed);
    let ReconcileAnswer { computed, stated, agreeing, cells, causes_cut } = answer;
    let TotalKey { family, unit, year, basis } = named;
    let form = computed.rollup.form;
    pb::ReconcileUnitResponse {
        position: count(computed.rollup.position.0),
        family: family.to_string(),
        form: form.name().to_owned(),
        unit: unit.to_string(),
        unit_name: computed.rollup.unit_name.to_string(),
        year: year.get().into(),
        basis: basis_to_pb(*basis),
        completeness: Some(completeness),
        stated_revision: stated.map_or(0, |(revision, _)| revision.0.into()),
        stated_position: stated.map_or(0, |(_, position)| count(position.0)),
        agreeing: i32::try_from(agreeing).unwrap_or(i32::MAX),
        cells: cells.into_iter().filter_map(|cell| cell_to_pb(&form, cell)).collect(),
        causes_cut,
    }
}

fn cell_to_pb(form: &Form, cell: Reconciled) -> Option<pb::CellReconciliation> {
    let Reconciled { difference, refused, unexplained, causes, message_zh, message_en } = cell;
    let Difference { cell, stated, computed } = difference;
    let cell = form.cells().get(cell)?;
    Some(pb::CellReconciliation {
        path: cell.path.clone(),
        label_zh: cell.label_zh.clone(),
        label_en: cell.label_en.clone(),
        stated,
        computed,
        difference: difference.size(),
        refused,
        unexplained,
        causes: causes.into_iter().map(|cause| cause_to_pb(cause, difference)).collect(),
        message_zh,
        message_en,
    })
}

fn cause_to_pb(cause: Cause, difference: Difference) -> pb::Cause {
    let exact = cause.is_all_of(difference);
    let Cause { unit, name, kind, amount } = cause;
    let kind = match kind {
        CauseKind::Missing => pb::CauseKind::Missing,
        CauseKind::Refused => pb::CauseKind::Refused,
        CauseKind::PrintedTotal => pb::CauseKind::PrintedTotal,
        CauseKind::Corrected => pb::CauseKind::Corrected,
        CauseKind::Blank => pb::CauseKind::Blank,
    };
    pb::Cause { unit: unit.to_string(), unit_name: name.to_string(), kind: kind.into(), amount, exact }
}
