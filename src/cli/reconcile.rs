//! `reconcile`: what a unit states against what is below it.

use std::fmt::Write as _;

use super::TotalArgs;
use super::output::{Answer, grouped, response_json, table};
use super::rollup::{basis_name, completeness_text, row_and_column};
use crate::client::wire;
use crate::form::{Form, in_printed_unit, signed_in_printed_unit};

/// Set what a unit states (its CONSOLIDATED) against what the units below it add up to
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    total: TotalArgs,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let mut client = args.total.server.connect().await?;
    let request = wire::ReconcileUnitRequest {
        family: args.total.family.clone(),
        unit: args.unit.clone(),
        year: args.year,
        basis: args.total.basis().into(),
        at_position: args.total.at.at_position,
    };
    let found = client.reconcile(request).await?;
    if args.json {
        return Ok(Answer::Json(response_json("ReconcileUnitResponse", &found)?));
    }
    let form = client.form(&found.family, found.year).await?;
    Ok(Answer::Text(text(&found, &form)))
}

fn text(found: &wire::ReconcileUnitResponse, form: &Form) -> String {
    let mut text = format!(
        "{} {} {}, basis {}, position {}\n{}\n",
        found.unit_name,
        found.unit,
        found.year,
        basis_name(found.basis()),
        found.position,
        completeness_text(&found.completeness.clone().unwrap_or_default(), 0, &[])
    );
    if found.stated_revision == 0 {
        text.push_str("it states nothing: no CONSOLIDATED is in effect 本级未报送汇总报告，无可核对\n");
        return text;
    }
    let _ = writeln!(
        text,
        "stated in revision {} (position {}): {} cells agree 一致, {} differ 不一致",
        found.stated_revision,
        found.stated_position,
        found.agreeing,
        found.cells.len()
    );
    if found.cells.is_empty() {
        return text;
    }
    let rows = found.cells.iter().filter_map(|cell| {
        let known = form.cells().get(form.cells().find(&cell.path)?)?;
        let figure = |value: i64| grouped(&in_printed_unit(value, known.scale));
        let signed = |value: i64| grouped(&signed_in_printed_unit(value, known.scale));
        Some(vec![
            known.short_zh.clone(),
            row_and_column(&known.label_en),
            figure(cell.stated),
            figure(cell.computed),
            signed(cell.difference),
            cell.refused.map_or_else(String::new, figure),
            signed(cell.unexplained),
        ])
    });
    let header = ["指标", "cell", "stated 填报", "computed 合计", "difference 相差", "refused 被退回", "left 未明"];
    text.push_str(&table(&header, rows.collect(), &[2, 3, 4, 5, 6]));
    text.push('\n');
    for cell in &found.cells {
        let _ = write!(text, "\n{}\n  {}\n", cell.message_zh, cell.message_en);
    }
    if found.causes_cut {
        text.push_str("\nmore units could be behind the differences than are listed 可能原因较多，仅列部分\n");
    }
    text
}
