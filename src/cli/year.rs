//! `year`: closing a year, and statements.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::output::{Answer, response_json, table};
use super::rollup::drift_json;
use super::{BasisArg, ServerArg};
use crate::client::{ClientError, SignedStatement, wire};

/// Full name of the message in a statement's file.
pub(super) const SIGNED: &str = "crossfoot.ledger.v1.SignedStatement";

/// Close a year: certify a roll-up in a signed statement (年度关闭)
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Certify a unit's roll-up of a year
    Close(CloseArgs),
    /// Open a closed year again
    Reopen(ReopenArgs),
    /// The statement of a closed year, and whether its figures still stand
    Statement(StatementArgs),
    /// Closed years of a unit and all below it
    List(ListArgs),
}

/// Names a total.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct YearArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    #[command(flatten)]
    basis: BasisArg,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    family: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct CloseArgs {
    #[command(flatten)]
    year: YearArgs,
    /// Why to close it although queries are open or reports unreviewed
    #[arg(long = "override", value_name = "REASON", default_value = "")]
    override_reason: String,
    /// Write the signed statement to this file; it must not exist
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReopenArgs {
    #[command(flatten)]
    year: YearArgs,
    /// Why; kept in the ledger
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct StatementArgs {
    #[command(flatten)]
    year: YearArgs,
    /// Write the signed statement to this file; it must not exist
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Code of the unit
    unit: String,
    /// Only this reporting year
    #[arg(long, default_value_t = 0)]
    year: i32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

/// Runs the command.
pub(super) async fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Close(args) => close(args).await,
        Command::Reopen(args) => reopen(args).await,
        Command::Statement(args) => statement(args).await,
        Command::List(args) => list(args).await,
    }
}

/// Writes a statement as JSON: canonical proto3 JSON of its message.
fn write(path: Option<&Path>, signed: Option<&SignedStatement>) -> anyhow::Result<()> {
    let (Some(path), Some(signed)) = (path, signed) else { return Ok(()) };
    let name = || path.display().to_string();
    let file = std::fs::File::create_new(path).with_context(name)?;
    serde_json::to_writer_pretty(&file, &response_json(SIGNED, signed)?).with_context(name)?;
    file.sync_all().with_context(name)
}

async fn close(args: &CloseArgs) -> anyhow::Result<Answer> {
    let CloseArgs { year, override_reason, out } = args;
    let request = wire::CloseYearRequest {
        family: year.family.clone(),
        unit: year.unit.clone(),
        year: year.year,
        basis: year.basis.wire().into(),
        override_reason: override_reason.clone(),
    };
    let client = year.server.connect().await?;
    let done = client.review_service().close_year(request).await.map_err(ClientError::from)?.into_inner();
    write(out.as_deref(), done.statement.as_ref())?;
    Ok(if year.json {
        Answer::Json(response_json("CloseYearResponse", &done)?)
    } else {
        let written = out.as_ref().map(|out| format!("\nthe statement is in {} 签认单", out.display()));
        let written = written.unwrap_or_default();
        Answer::Text(format!("{} {} is closed (position {}) 已关闭{written}", year.unit, year.year, done.position))
    })
}

async fn reopen(args: &ReopenArgs) -> anyhow::Result<Answer> {
    let ReopenArgs { year, reason } = args;
    let request = wire::ReopenYearRequest {
        family: year.family.clone(),
        unit: year.unit.clone(),
        year: year.year,
        basis: year.basis.wire().into(),
        reason: reason.clone(),
    };
    let client = year.server.connect().await?;
    let done = client.review_service().reopen_year(request).await.map_err(ClientError::from)?.into_inner();
    Ok(if year.json {
        Answer::Json(response_json("ReopenYearResponse", &done)?)
    } else {
        Answer::Text(format!("{} {} is open again (position {}) 已重开", year.unit, year.year, done.position))
    })
}

async fn statement(args: &StatementArgs) -> anyhow::Result<Answer> {
    let StatementArgs { year, out } = args;
    let request = wire::GetStatementRequest {
        family: year.family.clone(),
        unit: year.unit.clone(),
        year: year.year,
        basis: year.basis.wire().into(),
    };
    let client = year.server.connect().await?;
    let found = client.review_service().get_statement(request).await.map_err(ClientError::from)?.into_inner();
    write(out.as_deref(), found.statement.as_ref())?;
    let stale = !found.stale.is_empty();
    if year.json {
        return Ok(Answer::Json(response_json("GetStatementResponse", &found)?).no_if(stale));
    }
    let mut text = format!("{} {}: closed at position {}", year.unit, year.year, found.position);
    if stale {
        let rows = found.stale.iter().map(|drift| {
            let difference = drift.now.saturating_sub(drift.certified);
            vec![drift.path.clone(), drift.certified.to_string(), drift.now.to_string(), format!("{difference:+}")]
        });
        let header = ["cell", "certified 签认", "now 现为", "difference 相差"];
        text =
            format!("{text}\nSTALE at position {} 已变动\n{}", found.head, table(&header, rows.collect(), &[1, 2, 3]));
    } else {
        text = format!("{text}\nit stands at position {} 与签认一致", found.head);
    }
    Ok(Answer::Text(text).no_if(stale))
}

async fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let request = wire::ListClosedYearsRequest { unit: args.unit.clone(), year: args.year };
    let found = client.review_service().list_closed_years(request).await.map_err(ClientError::from)?.into_inner();
    if args.json {
        return Ok(Answer::Json(response_json("ListClosedYearsResponse", &found)?));
    }
    let rows = found.years.into_iter().map(|closed| {
        let stands = if closed.stale_cells == 0 {
            "stands 一致".to_owned()
        } else {
            format!("STALE 已变动 ({} cells)", closed.stale_cells)
        };
        vec![
            closed.unit,
            closed.year.to_string(),
            closed.position.to_string(),
            closed.time.map(|time| time.to_string()).unwrap_or_default(),
            closed.principal,
            stands,
            closed.override_reason,
        ]
    });
    let header = ["unit", "year", "position", "time", "closed by", "", "override 例外理由"];
    Ok(Answer::Text(table(&header, rows.collect(), &[2])))
}

/// Certified roll-ups that a report moves, for programs.
pub(super) fn certified_json(changes: &[wire::CertifiedChange]) -> serde_json::Value {
    let one = |change: &wire::CertifiedChange| {
        let cells: Vec<_> = change.cells.iter().map(drift_json).collect();
        json!({ "unit": change.unit, "year": change.year, "basis": change.basis, "cells": cells })
    };
    changes.iter().map(one).collect()
}
