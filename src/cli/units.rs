//! `units`: the tree of units.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde_json::{Value, json};

use super::output::{Answer, table};
use super::{AtArg, ServerArg};
use crate::client::wire;
use crate::domain::event::{UnitEntry, UnitKind};
use crate::words::{UnitCode, Year};

/// Show or change the tree of units
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Replace the histories of the units a file names; others stay as they are
    Apply(ApplyArgs),
    /// List units
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    /// Array of {"code","parent","kind","name","from_year","until_year","makes_rules"}
    file: PathBuf,
    /// Show the plan, change nothing
    #[arg(long)]
    validate_only: bool,
    /// Why; kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArg,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// The tree of this year; else the latest entry of each unit
    #[arg(long)]
    year: Option<i32>,
    /// Only this unit and all below it; needs a year
    #[arg(long, requires = "year")]
    root: Option<String>,
    /// Print JSON, in the format of `units apply`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    server: ServerArg,
}

/// A unit in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitLine {
    code: String,
    #[serde(default)]
    parent: Option<String>,
    kind: String,
    name: String,
    from_year: i32,
    #[serde(default)]
    until_year: Option<i32>,
    #[serde(default)]
    makes_rules: bool,
}

/// Runs the command.
pub(super) async fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Apply(args) => apply(args).await,
        Command::List(args) => list(args).await,
    }
}

/// Reads units from a file's text.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<wire::Unit>> {
    let lines: Vec<UnitLine> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    lines.into_iter().map(unit_from_line).collect()
}

fn unit_from_line(line: UnitLine) -> anyhow::Result<wire::Unit> {
    let UnitLine { code, parent, kind, name, from_year, until_year, makes_rules } = line;
    let kind = kind_number(&kind).map_err(|problem| anyhow!("unit {code}: {problem}"))?;
    let (parent, until_year) = (parent.unwrap_or_default(), until_year.unwrap_or_default());
    Ok(wire::Unit { code, parent, kind, name, from_year, until_year, makes_rules })
}

/// Reads units from a file's text, for work without a server.
pub(super) fn entries(text: &str) -> anyhow::Result<Vec<UnitEntry>> {
    let lines: Vec<UnitLine> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    lines.into_iter().map(|line| entry(&line).with_context(|| format!("unit {}", line.code))).collect()
}

fn entry(line: &UnitLine) -> anyhow::Result<UnitEntry> {
    let kind = UnitKind::from_name(&line.kind).ok_or_else(|| anyhow!(unknown_kind(&line.kind)))?;
    Ok(UnitEntry {
        code: UnitCode::new(&line.code)?,
        from_year: Year::new(line.from_year.into())?,
        until_year: line.until_year.map(|year| Year::new(year.into())).transpose()?,
        parent: line.parent.as_deref().map(UnitCode::new).transpose()?,
        kind,
        name: Arc::from(line.name.as_str()),
        makes_rules: line.makes_rules,
    })
}

fn unknown_kind(name: &str) -> String {
    let known = UnitKind::ALL.map(|(_, name)| name).join(", ");
    format!("kind {name:?} is not known; known: {known}")
}

/// The number of a kind on the wire: from 1 in the order of all kinds.
pub(super) fn kind_number(name: &str) -> Result<i32, String> {
    let number = UnitKind::ALL.iter().position(|(_, known)| *known == name).map(|index| index.saturating_add(1));
    number.and_then(|number| i32::try_from(number).ok()).ok_or_else(|| unknown_kind(name))
}

/// The name of a kind on the wire.
pub(super) fn kind_name(number: i32) -> &'static str {
    let index = usize::try_from(number).unwrap_or_default().checked_sub(1);
    index.and_then(|index| UnitKind::ALL.get(index)).map_or("other", |(_, name)| name)
}

async fn apply(args: &ApplyArgs) -> anyhow::Result<Answer> {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file).with_context(|| name.to_string())?;
    let units = parse(&text).with_context(|| name.to_string())?;
    let client = args.server.connect().await?;
    let request = wire::ApplyUnitsRequest { units, validate_only: args.validate_only, reason: args.reason.clone() };
    let plan = client.apply_units(request).await?;
    let wire::ApplyUnitsResponse { position, changes, recomputed_years, unchanged } = plan;
    if args.json {
        let changes: Vec<Value> = changes
            .into_iter()
            .map(|wire::UnitChange { code, change, from_year, before, after }| {
                json!({ "code": code, "change": change, "from_year": from_year, "before": before, "after": after })
            })
            .collect();
        return Ok(Answer::Json(json!({
            "position": position,
            "changes": changes,
            "recomputed_years": recomputed_years,
            "unchanged": unchanged,
        })));
    }
    let rows: Vec<Vec<String>> = changes
        .into_iter()
        .map(|change| vec![change.code, change.change, change.from_year.to_string(), change.before, change.after])
        .collect();
    let years: Vec<String> = recomputed_years.iter().map(ToString::to_string).collect();
    let done = match (args.validate_only, position) {
        (true, _) => "plan only, nothing changed 仅为预览".to_owned(),
        (false, 0) => "nothing to change 无变化".to_owned(),
        (false, position) => format!("applied at position {position} 已生效"),
    };
    let years = if years.is_empty() { "none".to_owned() } else { years.join(", ") };
    let summary = format!("{unchanged} units unchanged; years with reports added up anew: {years}\n{done}");
    Ok(Answer::Text(format!("{}\n{summary}", table(&["code", "change", "from", "before", "after"], rows, &[]))))
}

async fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    let client = args.server.connect().await?;
    let units = client
        .units(args.year.unwrap_or_default(), args.root.as_deref().unwrap_or_default(), args.at.at_position)
        .await?;
    let until = |unit: &wire::Unit| (unit.until_year != 0).then_some(unit.until_year);
    if args.json {
        let units = units.iter().map(|unit| {
            let parent = (!unit.parent.is_empty()).then_some(&unit.parent);
            json!({
                "code": unit.code,
                "parent": parent,
                "kind": kind_name(unit.kind),
                "name": unit.name,
                "from_year": unit.from_year,
                "until_year": until(unit),
                "makes_rules": unit.makes_rules,
            })
        });
        return Ok(Answer::Json(units.collect()));
    }
    let rows = units.iter().map(|unit| {
        let years = format!("{}–{}", unit.from_year, until(unit).map_or_else(String::new, |year| year.to_string()));
        vec![unit.code.clone(), unit.name.clone(), kind_name(unit.kind).to_owned(), unit.parent.clone(), years]
    });
    Ok(Answer::Text(table(&["code", "名称", "kind", "parent", "years"], rows.collect(), &[])))
}
