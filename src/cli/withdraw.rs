//! `withdraw`: takes a report back.

use serde_json::json;

use super::ServerArg;
use super::output::Answer;
use super::submission::{coverage, series};
use crate::client::wire;

/// Take the effective revision of a report back; an older one does not revive
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN")]
    coverage: wire::Coverage,
    /// The effective revision
    #[arg(long)]
    revision: i64,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let request = wire::WithdrawReportRequest {
        series: Some(series(&args.family, &args.unit, args.year, args.coverage)),
        revision: args.revision,
        reason: args.reason.clone(),
    };
    let position = client.withdraw(request).await?.position;
    Ok(if args.json {
        Answer::Json(json!({ "position": position }))
    } else {
        Answer::Text(format!(
            "withdrawn: revision {} of {} {} (position {position})",
            args.revision, args.unit, args.year
        ))
    })
}
