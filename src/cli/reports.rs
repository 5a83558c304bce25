//! `reports`: what is stored.

mod diff;

use serde_json::{Value, json};

use super::localisation::{localisation_text, wire_json};
use super::output::{Answer, findings_text, table};
use super::submission::{coverage, coverage_name, findings_json, receipt_json, series};
use super::{AtArg, ServerArg};
use crate::client::{self, ClientError, PAGE, every_page, wire};

/// List and show stored reports
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List series
    List(ListArgs),
    /// Show one report with its findings
    Show(ShowArgs),
    /// Show which cells and texts changed between two revisions
    Diff(diff::DiffArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only this unit
    unit: Option<String>,
    /// And all units below it
    #[arg(long)]
    subtree: bool,
    /// Only this reporting year
    #[arg(long, default_value_t = 0)]
    year: i32,
    /// Only series with open queries
    #[arg(long)]
    open_queries: bool,
    /// Print one JSON object per series
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN")]
    coverage: wire::Coverage,
    /// A revision; else the one that awaits approval, or the effective one
    #[arg(long, default_value_t = 0)]
    revision: i64,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

/// Runs the command.
pub(super) async fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
        Command::Diff(args) => diff::run(args).await,
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let found = every_page(async |page_token| {
        let request = wire::ListReportsRequest {
            unit: args.unit.clone().unwrap_or_default(),
            subtree: args.subtree,
            year: args.year,
            open_queries_only: args.open_queries,
            page_size: PAGE,
            page_token,
            at_position: args.at.at_position,
        };
        let page = client.list(request).await?;
        Ok::<_, ClientError>((page.reports, page.next_page_token))
    })
    .await?;
    let (rows, lines): (Vec<Vec<String>>, Vec<Value>) = found.into_iter().map(row_and_line).unzip();
    Ok(if args.json {
        Answer::Lines(lines)
    } else {
        let header = ["unit", "year", "coverage", "effective", "newest", "open queries", "state", ""];
        Answer::Text(table(&header, rows, &[3, 4, 5]))
    })
}

fn row_and_line(report: wire::ReportSummary) -> (Vec<String>, Value) {
    let state = state_name(report.newest_state());
    let wire::ReportSummary {
        series,
        newest_revision,
        effective_revision,
        position,
        open_queries,
        nil_report,
        refused_since,
        newest_state: _,
        review,
        publication,
    } = report;
    let series = series.unwrap_or_default();
    let covers = coverage_name(series.coverage());
    let or_dash = |number: i64| if number == 0 { "—".to_owned() } else { number.to_string() };
    let mut remarks = Vec::new();
    remarks.extend(refused_since.then(|| "last attempt refused 未受理".to_owned()));
    remarks.extend(nil_report.then(|| "nil report 零报告".to_owned()));
    remarks.extend(review.as_ref().map(review_text));
    remarks.extend(publication.as_ref().map(|public| format!("public since {} 已公开", public.date)));
    let row = vec![
        series.unit.clone(),
        series.year.to_string(),
        covers.to_owned(),
        or_dash(effective_revision),
        or_dash(newest_revision),
        open_queries.to_string(),
        state.to_owned(),
        remarks.join("; "),
    ];
    let line = json!({
        "family": series.family,
        "unit": series.unit,
        "year": series.year,
        "coverage": covers,
        "newest_revision": newest_revision,
        "effective_revision": effective_revision,
        "position": position,
        "open_queries": open_queries,
        "nil_report": nil_report,
        "refused_since": refused_since,
        "newest_state": state,
        "review": review.as_ref().map(review_json),
        "publication": publication.as_ref().map(publication_json),
    });
    (row, line)
}

fn state_name(state: wire::RevisionState) -> &'static str {
    match state {
        wire::RevisionState::Effective => "EFFECTIVE",
        wire::RevisionState::Pending => "PENDING",
        wire::RevisionState::Superseded => "SUPERSEDED",
        wire::RevisionState::Withdrawn => "WITHDRAWN",
        wire::RevisionState::Returned => "RETURNED",
        wire::RevisionState::Unspecified => "",
    }
}

/// What a reviewer decided, for people.
fn review_text(review: &wire::Review) -> String {
    let what = if review.approved { "approved 已通过" } else { "returned 已退回" };
    let reason = if review.reason.is_empty() { String::new() } else { format!(": {}", review.reason) };
    let cells = if review.cells.is_empty() { String::new() } else { format!(" [{}]", review.cells.join(", ")) };
    format!("{what} by {}{reason}{cells}", review.principal)
}

fn review_json(review: &wire::Review) -> Value {
    json!({
        "approved": review.approved,
        "principal": review.principal,
        "time": review.time.map(|time| time.to_string()),
        "reason": review.reason,
        "cells": review.cells,
        "position": review.position,
    })
}

fn publication_json(public: &wire::Publication) -> Value {
    let wire::Publication { address, date, principal, position } = public;
    json!({ "address": address, "date": date, "principal": principal, "position": position })
}

async fn show(args: &ShowArgs) -> anyhow::Result<Answer> {
    let mut client = args.server.connect().await?;
    let name = series(&args.family, &args.unit, args.year, args.coverage);
    let at_position = args.at.at_position;
    let request = wire::GetReportRequest { series: Some(name), revision: args.revision, at_position };
    let wire::GetReportResponse { position, report, last_refused } = client.report(request).await?;
    let form = client.form(&args.family, args.year).await?;
    let to_json = |report: Option<client::Any>| -> Value {
        report.filter(|any| !any.value.is_empty()).and_then(|any| form.to_json(&any.value).ok()).unwrap_or(Value::Null)
    };
    let mut text = String::new();
    let mut answer = serde_json::Map::from_iter([("position".to_owned(), json!(position))]);
    if let Some(stored) = report {
        let state = state_name(stored.state());
        let review = stored.review.as_ref().map(review_json);
        let publication = stored.publication.as_ref().map(publication_json);
        let reviewed = stored.review.as_ref().map(|review| format!("{}\n", review_text(review))).unwrap_or_default();
        let redacted = if stored.redacted { "its texts were taken out 文字部分已删除\n" } else { "" };
        let receipt = receipt_json(stored.receipt.unwrap_or_default());
        let findings: Vec<_> = stored.findings.iter().cloned().map(|finding| client::finding(finding).0).collect();
        let report = to_json(stored.report);
        text.push_str(&format!(
            "{state}, receipt {receipt:#}\n{reviewed}{redacted}{}{report:#}\n",
            findings_text(&findings)
        ));
        let value = json!({
            "state": state,
            "receipt": receipt,
            "principal": stored.principal,
            "blank_means_zero": stored.blank_means_zero,
            "nil_report": stored.nil_report,
            "review": review,
            "publication": publication,
            "texts_digest": stored.texts_digest,
            "redacted": stored.redacted,
            "findings": findings_json(stored.findings),
            "report": report,
        });
        answer.insert("report".to_owned(), value);
    }
    if let Some(refused) = last_refused {
        let findings: Vec<_> = refused.findings.iter().cloned().map(|finding| client::finding(finding).0).collect();
        let time = refused.time.map(|time| time.to_string()).unwrap_or_default();
        text.push_str(&format!("last attempt refused at {time}: {}\n{}", refused.reason, findings_text(&findings)));
        let located = refused.localisation.clone().map(client::localisation);
        text.push_str(&located.as_ref().map(localisation_text).unwrap_or_default());
        let value = json!({
            "time": time,
            "reason": refused.reason,
            "findings": findings_json(refused.findings),
            "localisation": wire_json(refused.localisation.as_ref()),
            "report": to_json(refused.report),
        });
        answer.insert("last_refused".to_owned(), value);
    }
    Ok(if args.json { Answer::Json(Value::Object(answer)) } else { Answer::Text(text) })
}
