//! `rollup`: the total of a unit.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::TotalArgs;
use super::output::{Answer, grouped, table};
use crate::client::wire;
use crate::form::{Form, in_printed_unit};

/// Print the total of a unit and what it covers
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Also print cells that are 0
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    total: TotalArgs,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let mut client = args.total.server.connect().await?;
    let request = wire::GetRollupRequest {
        family: args.total.family.clone(),
        unit: args.unit.clone(),
        year: args.year,
        basis: args.total.basis().into(),
        at_position: args.total.at.at_position,
    };
    let rollup = client.rollup(request).await?;
    if args.json {
        return Ok(Answer::Json(to_json(&rollup)));
    }
    let form = client.form(&rollup.family, rollup.year).await?;
    Ok(Answer::Text(text(&rollup, &form, args.all)))
}

pub(super) fn basis_name(basis: wire::Basis) -> &'static str {
    match basis {
        wire::Basis::Unspecified | wire::Basis::Units => "units",
        wire::Basis::Declared => "declared",
    }
}

/// A roll-up for programs.
fn to_json(rollup: &wire::GetRollupResponse) -> Value {
    let counts = rollup.completeness.clone().unwrap_or_default();
    let cells: Map<String, Value> =
        rollup.cells.iter().map(|cell| (cell.path.clone(), Value::String(cell.value.to_string()))).collect();
    let ratios: Vec<Value> = rollup
        .ratios
        .iter()
        .map(|ratio| {
            let (numerator, denominator) = (ratio.numerator.to_string(), ratio.denominator.to_string());
            json!({ "id": ratio.id, "numerator": numerator, "denominator": denominator, "percent": ratio.percent })
        })
        .collect();
    json!({
        "unit": rollup.unit,
        "unit_name": rollup.unit_name,
        "year": rollup.year,
        "family": rollup.family,
        "form": rollup.form,
        "basis": basis_name(rollup.basis()),
        "position": rollup.position,
        "completeness": {
            "due": counts.due,
            "filed": counts.filed,
            "nil": counts.nil,
            "refused": counts.refused,
            "open_queries": counts.open_queries,
            "missing_count": counts.missing_count,
            "missing": counts.missing,
            "missing_refused": counts.missing_refused,
            "late": counts.late,
            "pending": counts.pending,
            "returned": counts.returned,
            "published": counts.published,
            "exempt": counts.exempt,
        },
        "requires_approval": rollup.requires_approval,
        "closed": rollup.closed,
        "stale": rollup.stale.iter().map(drift_json).collect::<Vec<_>>(),
        "reports": rollup.reports,
        "not_broken_down": rollup.not_broken_down,
        "ratios": ratios,
        "cells": cells,
    })
}

/// A cell that is no longer what was certified, for programs.
pub(super) fn drift_json(drift: &wire::CertifiedDrift) -> Value {
    let wire::CertifiedDrift { path, certified, now } = drift;
    json!({ "path": path, "certified": certified.to_string(), "now": now.to_string() })
}

/// What a total covers, in a few lines.
pub(super) fn coverage_text(rollup: &wire::GetRollupResponse) -> String {
    let counts = rollup.completeness.clone().unwrap_or_default();
    let mut text = completeness_text(&counts, rollup.not_broken_down_count, &rollup.not_broken_down);
    if rollup.requires_approval {
        text.push_str("\n  counts approved reports 只计审核通过的报告");
    }
    match (rollup.closed, rollup.stale.len()) {
        (false, _) => {}
        (true, 0) => text.push_str("\n  closed and certified 本年度已关闭，汇总已签认"),
        (true, cells) => {
            let _ = write!(text, "\n  STALE 已变动: {cells} cells are no longer what was certified");
        }
    }
    text
}

/// The same of any answer that tells completeness.
pub(super) fn completeness_text(counts: &wire::Completeness, not_broken_down: i64, codes: &[String]) -> String {
    let mut text = format!(
        "{} of {} units have filed 应报 {} 已报 {}; {} open queries 待核实",
        counts.filed, counts.due, counts.due, counts.filed, counts.open_queries
    );
    let further = [
        (counts.late, "late 迟报"),
        (counts.pending, "await approval 待审核"),
        (counts.returned, "returned 被退回"),
        (counts.exempt, "exempt 免报"),
        (counts.published, "public 已公开"),
    ];
    for (number, what) in further.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, ", {number} {what}");
    }
    if counts.missing_count > 0 {
        const NAMED: usize = 8;
        let refused = |code: &String| if counts.missing_refused.contains(code) { " (refused 被退回)" } else { "" };
        let named: Vec<String> =
            counts.missing.iter().take(NAMED).map(|code| format!("{code}{}", refused(code))).collect();
        let _ = write!(text, "\n  PARTIAL 未齐: missing {}: {}", counts.missing_count, named.join(", "));
        if counts.missing.len() > NAMED {
            text.push('…');
        }
    }
    if not_broken_down > 0 {
        let _ = write!(text, "\n  not broken down 未分解: {}", codes.join(", "));
    }
    text
}

/// Derived figures, one a line.
pub(super) fn ratios_text(rollup: &wire::GetRollupResponse) -> String {
    rollup.ratios.iter().fold(String::new(), |mut text, ratio| {
        let wire::RatioTotal { label_zh, label_en, numerator, denominator, percent, .. } = ratio;
        let _ = writeln!(text, "  {label_zh} {label_en}: {numerator}/{denominator} = {percent}");
        text
    })
}

/// The innermost two names of a cell: enough beside the printed ordinals.
pub(super) fn row_and_column(label: &str) -> String {
    let mut parts: Vec<&str> = label.rsplit(" · ").take(2).collect();
    parts.reverse();
    parts.join(" · ")
}

fn text(rollup: &wire::GetRollupResponse, form: &Form, all: bool) -> String {
    let mut text = format!(
        "{} {} {}, basis {}, position {}\n{}\n",
        rollup.unit_name,
        rollup.unit,
        rollup.year,
        basis_name(rollup.basis()),
        rollup.position,
        coverage_text(rollup)
    );
    let rows = rollup.cells.iter().filter(|cell| all || cell.value != 0).filter_map(|total| {
        let cell = form.cells().get(form.cells().find(&total.path)?)?;
        let figure = grouped(&in_printed_unit(total.value, cell.scale));
        Some(vec![cell.short_zh.clone(), row_and_column(&cell.label_en), figure, cell.unit_zh.clone()])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let zeros = rollup.cells.len().saturating_sub(rows.len());
    text.push_str(&table(&["指标", "cell", "figure", "单位"], rows, &[2]));
    if zeros > 0 {
        let _ = write!(text, "\n{zeros} more cells are 0 (--all shows them)");
    }
    let _ = write!(text, "\n{}", ratios_text(rollup));
    text
}
