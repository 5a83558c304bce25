//! `watch`: changes of a unit and all below it as they come.

use super::TotalArgs;
use super::output::{Answer, line, response_json};
use super::rollup::completeness_text;
use super::submission::coverage_name;
use crate::client::{ClientError, wire};

/// Print changes of a unit and all below it as they come, until interrupted
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// Tell every change after this position; 0: from the beginning; else from now on
    #[arg(long)]
    from: Option<i64>,
    /// End once every change has been told
    #[arg(long)]
    once: bool,
    /// Print one JSON object per response
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    total: TotalArgs,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let client = args.total.server.connect().await?;
    let request = wire::WatchUnitRequest {
        family: args.total.family.clone(),
        unit: args.unit.clone(),
        year: args.year,
        basis: args.total.basis().into(),
        from_position: args.from,
    };
    let mut changes = client.watch(request).await?;
    while let Some(response) = changes.message().await.map_err(ClientError::from)? {
        if args.json {
            line(&response_json("WatchUnitResponse", &response)?.to_string())?;
        } else {
            print(&response)?;
        }
        if args.once && response.up_to_date {
            break;
        }
    }
    Ok(Answer::Silent)
}

fn print(response: &wire::WatchUnitResponse) -> anyhow::Result<()> {
    for change in &response.changes {
        line(&change_text(change))?;
    }
    if response.up_to_date {
        let counts = response.completeness.clone().unwrap_or_default();
        let ratios = response
            .ratios
            .iter()
            .map(|ratio| format!("{} {}/{} = {}", ratio.label_zh, ratio.numerator, ratio.denominator, ratio.percent));
        line(&format!(
            "position {}: {} reports; {}; {}",
            response.position,
            response.reports,
            completeness_text(&counts, 0, &[]).lines().next().unwrap_or_default(),
            ratios.collect::<Vec<_>>().join(", ")
        ))?;
    }
    Ok(())
}

fn change_text(change: &wire::WatchedChange) -> String {
    let what = match change.kind() {
        wire::ChangeKind::Unspecified => "",
        wire::ChangeKind::ReportAccepted => "accepted 已受理",
        wire::ChangeKind::ReportWithdrawn => "withdrawn 已撤回",
        wire::ChangeKind::QueryExplained => "query explained 已说明",
        wire::ChangeKind::ReportApproved => "approved 审核通过",
        wire::ChangeKind::ReportReturned => "returned 已退回",
        wire::ChangeKind::PublicationRecorded => "published 已公开",
        wire::ChangeKind::RosterChanged => "roster changed 名册变动",
        wire::ChangeKind::YearClosed => "year closed 年度关闭",
        wire::ChangeKind::YearReopened => "year reopened 年度重开",
        wire::ChangeKind::Rejudged => "judged again 重新核对",
        wire::ChangeKind::UnitsApplied => "units changed 单位变动",
        wire::ChangeKind::FormRegistered => "form registered 报表启用",
    };
    let series = change.series.as_ref().map_or_else(String::new, |series| {
        format!(" {} {} {}", series.unit, series.year, coverage_name(series.coverage()))
    });
    let revision = if change.revision == 0 { String::new() } else { format!(" revision {}", change.revision) };
    let time = change.time.map(|time| time.to_string()).unwrap_or_default();
    format!("{} {time} {what}{series}{revision}", change.position)
}
