//! `explain`: a total of one cell, taken apart.

use super::TotalArgs;
use super::output::{Answer, grouped, response_json, table};
use super::rollup::basis_name;
use super::submission::coverage_name;
use crate::client::{PAGE, wire};
use crate::form::{Form, in_printed_unit};

/// Take a figure of a roll-up apart: who adds what to it, and who does not count and why
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Path of the cell, e.g. as `rollup --json` names it
    #[arg(long)]
    cell: String,
    /// tree: a unit before those below it; size: the largest first
    #[arg(long, value_parser = ["tree", "size"], default_value = "tree")]
    order: String,
    /// Also list reports that add 0
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
    let by_size = args.order == "size";
    let order = if by_size { wire::ContributionOrder::Size } else { wire::ContributionOrder::Tree };
    let mut request = wire::ExplainCellRequest {
        family: args.total.family.clone(),
        unit: args.unit.clone(),
        year: args.year,
        basis: args.total.basis().into(),
        cell: args.cell.clone(),
        order: order.into(),
        include_zero: args.all,
        page_size: PAGE,
        page_token: String::new(),
        at_position: args.total.at.at_position,
    };
    let mut found = client.explain_cell(request.clone()).await?;
    while !found.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut found.next_page_token);
        let page = client.explain_cell(request.clone()).await?;
        found.contributions.extend(page.contributions);
        found.next_page_token = page.next_page_token;
    }
    if args.json {
        return Ok(Answer::Json(response_json("ExplainCellResponse", &found)?));
    }
    let form = client.form(&found.family, found.year).await?;
    Ok(Answer::Text(text(&found, &form)))
}

fn state_text(contribution: &wire::Contribution) -> String {
    match contribution.state() {
        wire::ContributionState::Unspecified | wire::ContributionState::Counted => String::new(),
        wire::ContributionState::Missing => "not counted: filed nothing 未报".to_owned(),
        wire::ContributionState::Refused => "not counted: refused 被退回".to_owned(),
        wire::ContributionState::Withdrawn => "not counted: withdrawn 已撤回".to_owned(),
        wire::ContributionState::Returned => "not counted: returned 已退回".to_owned(),
        wire::ContributionState::Pending => "not counted: awaits approval 待审核".to_owned(),
        wire::ContributionState::Covered => {
            format!("not counted: in the report of {} 已含于其报告", contribution.covered_by)
        }
        wire::ContributionState::Stated => "not counted: states those below it 下级另计".to_owned(),
    }
}

fn text(found: &wire::ExplainCellResponse, form: &Form) -> String {
    let cell = form.cells().find(&found.cell).and_then(|index| form.cells().get(index));
    let (scale, unit_zh) = cell.map_or((0, ""), |cell| (cell.scale, cell.unit_zh.as_str()));
    let figure = |value: i64| grouped(&in_printed_unit(value, scale));
    let rows = found.contributions.iter().map(|each| {
        let or_dash = |number: i64| if number == 0 { "—".to_owned() } else { number.to_string() };
        vec![
            each.unit.clone(),
            each.unit_name.clone(),
            coverage_name(each.coverage()).to_owned(),
            or_dash(each.revision),
            or_dash(each.position),
            each.value.map_or_else(|| "—".to_owned(), figure),
            state_text(each),
        ]
    });
    let header = ["unit", "名称", "coverage", "revision", "position", "value", ""];
    format!(
        "{} {} {}, basis {}, position {}\n{} · {}\n  {}\n{}\ntotal 合计 {} {unit_zh}: {} reports count 计入 \
         ({} add 0 为零), {} do not 不计入\n",
        found.unit_name,
        found.unit,
        found.year,
        basis_name(found.basis()),
        found.position,
        found.label_zh,
        found.label_en,
        found.cell,
        table(&header, rows.collect(), &[3, 4, 5]),
        figure(found.total),
        found.counted,
        found.zero,
        found.excluded
    )
}
