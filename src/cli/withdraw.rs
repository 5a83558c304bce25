//! `withdraw`: takes a report back.

use serde_json::json;

use super::output::Answer;
use super::submission::SeriesArgs;
use crate::client::wire;

/// Take the effective revision of a report back; an older one does not revive
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The effective revision
    #[arg(long)]
    revision: i64,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let client = args.series.server.connect().await?;
    let request = wire::WithdrawReportRequest {
        series: args.series.name(),
        revision: args.revision,
        reason: args.reason.clone(),
    };
    let position = client.withdraw(request).await?.position;
    Ok(if args.series.json {
        Answer::Json(json!({ "position": position }))
    } else {
        Answer::Text(format!(
            "withdrawn: revision {} of {} {} (position {position})",
            args.revision, args.series.unit, args.series.year
        ))
    })
}
