//! `review`, `queries`, `publish`, `redact`: what happens to a report after it was
//! accepted.

use serde_json::Value;

use super::output::{Answer, response_json, table};
use super::submission::{SeriesArgs, coverage_name};
use super::{AtArg, ServerArg};
use crate::client::{Client, ClientError, PAGE, every_page, wire};

impl SeriesArgs {
    async fn client(&self) -> Result<Client, ClientError> {
        self.server.connect().await
    }

    /// What was done, and where it stands.
    fn done(&self, message: &str, response: &impl prost::Message, position: i64, what: &str) -> anyhow::Result<Answer> {
        Ok(if self.json {
            Answer::Json(response_json(message, response)?)
        } else {
            let coverage = coverage_name(self.coverage);
            Answer::Text(format!("{what}: {} {} {coverage} (position {position})", self.unit, self.year))
        })
    }
}

/// Approve a report, or return it (审核、退回)
#[derive(Debug, clap::Subcommand)]
pub(super) enum ReviewCommand {
    /// Approve a revision: it counts
    Approve(ApproveArgs),
    /// Return a revision to its unit: it does not count
    Return(ReturnArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    /// The revision that was looked at
    #[arg(long)]
    revision: i64,
    /// Words for the unit
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    series: SeriesArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReturnArgs {
    /// The revision that was looked at
    #[arg(long)]
    revision: i64,
    /// Why
    #[arg(long)]
    reason: String,
    /// A cell that is meant, by its path; may be repeated
    #[arg(long = "cell", value_name = "PATH")]
    cells: Vec<String>,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Queries (核实) of the reports of a unit and all below it
#[derive(Debug, clap::Subcommand)]
pub(super) enum QueriesCommand {
    /// List open queries
    List(QueriesArgs),
    /// Explain one, without a new revision
    Explain(ExplainArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct QueriesArgs {
    /// Code of the unit
    unit: String,
    /// Only this reporting year
    #[arg(long, default_value_t = 0)]
    year: i32,
    /// Explained ones too
    #[arg(long)]
    all: bool,
    /// Print JSON, one query a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// Rule of the query
    #[arg(long)]
    rule: String,
    /// Instance of the rule
    #[arg(long, default_value = "")]
    instance: String,
    /// Left side, as the query has it
    #[arg(long, allow_negative_numbers = true)]
    left: i64,
    /// Right side, as the query has it
    #[arg(long, allow_negative_numbers = true)]
    right: i64,
    /// The explanation: at least 4 characters, and more than a bare 核实无误
    #[arg(long)]
    text: String,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Record where a report is public (公开)
#[derive(Debug, clap::Args)]
pub(super) struct PublishArgs {
    /// Address of the published report
    #[arg(long)]
    address: String,
    /// Day of publication, e.g. 2024-01-31
    #[arg(long)]
    date: String,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Take out a text that stands beside the ledger; digest and figures stay
#[derive(Debug, clap::Args)]
pub(super) struct RedactArgs {
    /// SHA-256 of the text: `texts_digest` of `reports show --json`
    #[arg(long)]
    text: String,
    /// Why; kept in the ledger
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    series: SeriesArgs,
}

/// Runs `review`.
pub(super) async fn review(command: &ReviewCommand) -> anyhow::Result<Answer> {
    match command {
        ReviewCommand::Approve(ApproveArgs { revision, reason, series }) => {
            let request =
                wire::ApproveReportRequest { series: series.name(), revision: *revision, reason: reason.clone() };
            let done = series.client().await?.review_service().approve_report(request).await;
            let done = done.map_err(ClientError::from)?.into_inner();
            series.done("ApproveReportResponse", &done, done.position, "approved 已通过")
        }
        ReviewCommand::Return(ReturnArgs { revision, reason, cells, series }) => {
            let request = wire::ReturnReportRequest {
                series: series.name(),
                revision: *revision,
                reason: reason.clone(),
                cells: cells.clone(),
            };
            let done = series.client().await?.review_service().return_report(request).await;
            let done = done.map_err(ClientError::from)?.into_inner();
            series.done("ReturnReportResponse", &done, done.position, "returned 已退回")
        }
    }
}

/// Runs `publish`.
pub(super) async fn publish(args: &PublishArgs) -> anyhow::Result<Answer> {
    let PublishArgs { address, date, series } = args;
    let (address, date) = (address.clone(), date.clone());
    let request = wire::RecordPublicationRequest { series: series.name(), address, date };
    let done = series.client().await?.review_service().record_publication(request).await;
    let done = done.map_err(ClientError::from)?.into_inner();
    series.done("RecordPublicationResponse", &done, done.position, "recorded as public 已登记公开")
}

/// Runs `redact`.
pub(super) async fn redact(args: &RedactArgs) -> anyhow::Result<Answer> {
    let RedactArgs { text, reason, series } = args;
    let (text_digest, reason) = (text.clone(), reason.clone());
    let request = wire::RedactTextRequest { series: series.name(), text_digest, reason };
    let done = series.client().await?.review_service().redact_text(request).await;
    let done = done.map_err(ClientError::from)?.into_inner();
    series.done("RedactTextResponse", &done, done.position, "taken out 已删除文字")
}

/// Runs `queries`.
pub(super) async fn queries(command: &QueriesCommand) -> anyhow::Result<Answer> {
    match command {
        QueriesCommand::List(args) => list(args).await,
        QueriesCommand::Explain(ExplainArgs { rule, instance, left, right, text, series }) => {
            let explanation = wire::Explanation {
                rule: rule.clone(),
                instance: instance.clone(),
                left: *left,
                right: *right,
                text: text.clone(),
            };
            let request = wire::ExplainQueryRequest { series: series.name(), explanation: Some(explanation) };
            let done = series.client().await?.explain(request).await?;
            let what = format!("explained 已说明, {} open queries left", done.open_queries);
            series.done("ExplainQueryResponse", &done, done.position, &what)
        }
    }
}

async fn list(args: &QueriesArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let found = every_page(async |page_token| {
        let request = wire::ListQueriesRequest {
            unit: args.unit.clone(),
            year: args.year,
            explained: args.all,
            page_size: PAGE,
            page_token,
            at_position: args.at.at_position,
        };
        let page = client.review_service().list_queries(request).await.map_err(ClientError::from)?.into_inner();
        Ok::<_, ClientError>((page.queries, page.next_page_token))
    })
    .await?;
    if args.json {
        let lines: anyhow::Result<Vec<Value>> = found.iter().map(|query| response_json("Query", query)).collect();
        return Ok(Answer::Lines(lines?));
    }
    let rows = found.into_iter().map(|wire::Query { series, revision, finding, explanation }| {
        let (series, finding) = (series.unwrap_or_default(), finding.unwrap_or_default());
        vec![
            format!("{} {} {}", series.unit, series.year, coverage_name(series.coverage())),
            revision.to_string(),
            finding.rule,
            finding.instance,
            finding.left.map(|left| left.to_string()).unwrap_or_default(),
            finding.right.map(|right| right.to_string()).unwrap_or_default(),
            if explanation.is_empty() { "open 待核实".to_owned() } else { explanation },
        ]
    });
    let header = ["report", "revision", "rule", "instance", "left", "right", "explanation 说明"];
    Ok(Answer::Text(table(&header, rows.collect(), &[1, 4, 5])))
}
