//! `overdue`: whom to remind, and of what; `audit`: who did what.

use anyhow::Context as _;
use serde_json::Value;

use super::output::{Answer, response_json, table};
use super::{AtArg, ServerArg};
use crate::client::{ClientError, PAGE, every_page, wire};
use crate::words::clock;

/// Whom to remind, and of what (催报)
#[derive(Debug, clap::Args)]
pub(super) struct OverdueArgs {
    /// Code of the unit; with all below it
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Deadlines before this instant are over, e.g. 2024-02-01T00:00:00+08:00; else now
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print one JSON object per unit
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

/// Who did what: the ledger as a list of acts, without figures
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// Only what concerns this unit and all below it
    unit: Option<String>,
    /// Only by this principal
    #[arg(long, default_value = "")]
    principal: String,
    /// Not before this instant, e.g. 2024-02-01T00:00:00+08:00
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this instant
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Print one JSON object per act
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

fn time(text: &str) -> anyhow::Result<prost_types::Timestamp> {
    text.parse().with_context(|| format!("{text:?} is not a time like 2024-02-01T00:00:00+08:00"))
}

/// Runs `overdue`.
pub(super) async fn overdue(args: &OverdueArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let as_of = match &args.as_of {
        Some(text) => time(text)?,
        None => crate::client::time(clock::system()),
    };
    let found = every_page(async |page_token| {
        let request = wire::ListOverdueRequest {
            family: args.family.clone(),
            unit: args.unit.clone(),
            year: args.year,
            as_of: Some(as_of),
            page_size: PAGE,
            page_token,
            at_position: args.at.at_position,
        };
        let page = client.rollup_service().list_overdue(request).await.map_err(ClientError::from)?.into_inner();
        Ok::<_, ClientError>((page.units, page.next_page_token))
    })
    .await?;
    if args.json {
        let lines: anyhow::Result<Vec<Value>> = found.iter().map(|unit| response_json("OverdueUnit", unit)).collect();
        return Ok(Answer::Lines(lines?));
    }
    let count = found.len();
    let rows = found.into_iter().map(|unit| {
        let todo: Vec<&str> = unit.todo.iter().map(|todo| todo_text(todo)).collect();
        vec![unit.unit, unit.name, todo.join(", "), unit.submission_due, unit.publication_due, unit.days.to_string()]
    });
    let header = ["unit", "名称", "to do 待办", "submission due 报送时限", "publication due 公开时限", "days 逾期天数"];
    Ok(Answer::Text(format!("{}\n{count} units to remind as of {as_of} 需催办", table(&header, rows.collect(), &[5]))))
}

fn todo_text(todo: &str) -> &str {
    match todo {
        "SUBMIT" => "submit 报送",
        "RESUBMIT" => "correct and submit again 更正重报",
        "EXPLAIN" => "explain queries 说明核实事项",
        "PUBLISH" => "publish 公开",
        other => other,
    }
}

/// Runs `audit`.
pub(super) async fn audit(args: &AuditArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let (from, until) = (args.from.as_deref().map(time).transpose()?, args.until.as_deref().map(time).transpose()?);
    let found = every_page(async |page_token| {
        let request = wire::ListEventsRequest {
            unit: args.unit.clone().unwrap_or_default(),
            principal: args.principal.clone(),
            from,
            until,
            page_size: PAGE,
            page_token,
        };
        let page = client.audit_service().list_events(request).await.map_err(ClientError::from)?.into_inner();
        Ok::<_, ClientError>((page.events, page.next_page_token))
    })
    .await?;
    if args.json {
        let lines: anyhow::Result<Vec<Value>> = found.iter().map(|event| response_json("AuditEvent", event)).collect();
        return Ok(Answer::Lines(lines?));
    }
    let rows = found.into_iter().map(|event| {
        let series = event.series.unwrap_or_default();
        let number = |number: i64| if number == 0 { String::new() } else { number.to_string() };
        let units = if series.unit.is_empty() { event.units.join(", ") } else { series.unit };
        vec![
            event.position.to_string(),
            event.time.map(|time| time.to_string()).unwrap_or_default(),
            event.principal,
            event.kind,
            units,
            number(series.year.into()),
            number(event.revision),
            event.reason,
        ]
    });
    let header = ["position", "time", "principal", "act", "units", "year", "revision", "reason"];
    Ok(Answer::Text(table(&header, rows.collect(), &[0, 6])))
}
