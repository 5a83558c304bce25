//! What a unit itself states, beside what the documents add up to.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::output::{grouped, table};
use crate::domain::{Cause, CauseKind};
use crate::form::{Form, in_printed_unit, signed_in_printed_unit};
use crate::ingest::{ReconcileAnswer, Reconciled};

/// Causes named beside a difference.
const NAMED: usize = 2;

/// For programs.
pub(super) fn json(answer: &ReconcileAnswer, form: &Form) -> Value {
    let cells = answer.cells.iter().filter_map(|cell| cell_json(cell, form));
    json!({
        "agreeing": answer.agreeing,
        "cells": cells.collect::<Vec<Value>>(),
        "causes_cut": answer.causes_cut,
    })
}

fn cell_json(cell: &Reconciled, form: &Form) -> Option<Value> {
    let causes = cell.causes.iter().map(|cause| {
        let amount = cause.amount.map(|amount| amount.to_string());
        let (kind, _) = words(cause.kind);
        json!({ "unit": cause.unit.as_str(), "name": &*cause.name, "kind": kind, "amount": amount })
    });
    Some(json!({
        "path": form.cells().get(cell.difference.cell)?.path,
        "stated": cell.difference.stated.to_string(),
        "computed": cell.difference.computed.to_string(),
        "difference": cell.difference.size().to_string(),
        "refused": cell.refused.map(|value| value.to_string()),
        "unexplained": cell.unexplained.to_string(),
        "causes": causes.collect::<Vec<Value>>(),
        "message_zh": cell.message_zh,
        "message_en": cell.message_en,
    }))
}

/// For people.
pub(super) fn text(answer: &ReconcileAnswer, unit_name: &str, form: &Form) -> String {
    let (agree, differ) = (answer.agreeing, answer.cells.len());
    let mut text = format!(
        "\n{unit_name} states its own figures: {agree} cells agree, {differ} differ \
         本级自报：{agree} 项一致，{differ} 项不一致\n"
    );
    if answer.cells.is_empty() {
        return text;
    }
    let rows = answer.cells.iter().filter_map(|cell| {
        let known = form.cells().get(cell.difference.cell)?;
        let figure = |value: i64| grouped(&in_printed_unit(value, known.scale));
        let signed = |value: i64| grouped(&signed_in_printed_unit(value, known.scale));
        // a unit that is missing can be behind every difference
        let named = cell.causes.iter().filter(|cause| cause.amount.is_some_and(|amount| amount != 0)).take(NAMED);
        let behind: Vec<String> = named.map(|cause| behind(cause, &signed)).collect();
        Some(vec![
            known.short_zh.clone(),
            figure(cell.difference.stated),
            figure(cell.difference.computed),
            signed(cell.difference.size()),
            behind.join("; "),
        ])
    });
    let header = ["指标 cell", "stated 自报", "added up 汇总", "difference 相差", "who can be behind it 可能原因"];
    let _ = writeln!(text, "{}", table(&header, rows.collect(), &[1, 2, 3]));
    text
}

fn behind(cause: &Cause, signed: &dyn Fn(i64) -> String) -> String {
    let amount = cause.amount.map(signed).unwrap_or_default();
    format!("{} {} {amount}", cause.name, words(cause.kind).1)
}

/// The stable word of a cause, and what people read.
fn words(kind: CauseKind) -> (&'static str, &'static str) {
    match kind {
        CauseKind::Refused => ("REFUSED", "refused 未采用"),
        CauseKind::PrintedTotal => ("PRINTED_TOTAL", "printed total 合计栏"),
        CauseKind::Corrected => ("CORRECTED", "corrected 已更正"),
        CauseKind::Blank => ("BLANK", "blank 空白"),
        CauseKind::Missing => ("MISSING", "missing 未报"),
    }
}
