//! `statistics`: what totals say, as tables, bars and pictures.

mod picture;
mod tables;

use std::path::PathBuf;

use anyhow::Context as _;

use super::TotalArgs;
use super::output::{Answer, response_json};
use super::units::kind_number;
use crate::client::wire;

/// Derived figures, years beside each other, rankings, shares and distributions of any set of units
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Codes of units, each with all below it; none: all units
    units: Vec<String>,
    /// A reporting year, or several: 2021..2023
    #[arg(long, value_parser = years)]
    year: (i32, i32),
    /// Cell path or id of a derived figure; may be repeated; else all derived figures and all cells that are not 0
    #[arg(long = "indicator", value_name = "PATH")]
    indicators: Vec<String>,
    /// What is ranked by; else the first indicator
    #[arg(long, value_name = "PATH", default_value = "")]
    by: String,
    /// children: the units right below; named: those named; units: every unit that reports
    #[arg(long, value_parser = ["children", "named", "units"])]
    rows: Option<String>,
    /// Only reports of units of this kind, e.g. department; may be repeated
    #[arg(long = "kind", value_parser = kind_number)]
    kinds: Vec<i32>,
    /// The smallest first
    #[arg(long)]
    ascending: bool,
    /// Rows of the ranking at most
    #[arg(long, default_value_t = 20)]
    top: i32,
    /// Draw bars
    #[arg(long)]
    plot: bool,
    /// Write a picture too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    total: TotalArgs,
}

/// A year, or the first and last of several.
fn years(text: &str) -> Result<(i32, i32), String> {
    let number = |text: &str| text.parse::<i32>().map_err(|_| format!("{text:?} is not a year"));
    match text.split_once("..") {
        Some((first, last)) => Ok((number(first)?, number(last)?)),
        None => number(text).map(|year| (year, year)),
    }
}

/// Runs the command.
pub(super) async fn run(args: &Args) -> anyhow::Result<Answer> {
    let client = args.total.server.connect().await?;
    let rows = match args.rows.as_deref() {
        Some("children") => wire::StatisticsRows::Children,
        Some("named") => wire::StatisticsRows::Named,
        Some("units") => wire::StatisticsRows::Units,
        _ => wire::StatisticsRows::Unspecified,
    };
    let request = wire::GetStatisticsRequest {
        family: args.total.family.clone(),
        units: args.units.clone(),
        kinds: args.kinds.clone(),
        first_year: args.year.0,
        last_year: args.year.1,
        basis: args.total.basis().into(),
        indicators: args.indicators.clone(),
        rank_by: args.by.clone(),
        rows: rows.into(),
        ascending: args.ascending,
        page_size: args.top.max(1),
        page_token: String::new(),
        at_position: args.total.at.at_position,
    };
    let found = client.statistics(request).await?;
    let title = title(args, &found.unit_name);
    if let Some(file) = &args.svg {
        std::fs::write(file, picture::draw(&title, &found)).with_context(|| file.display().to_string())?;
    }
    if args.json {
        return Ok(Answer::Json(response_json("GetStatisticsResponse", &found)?));
    }
    Ok(Answer::Text(tables::text(&title, &found, args.plot, !args.indicators.is_empty())))
}

fn title(args: &Args, name: &str) -> String {
    let units = match args.units.as_slice() {
        [] => "all units 全部单位".to_owned(),
        [unit] => format!("{name} {unit}"),
        many => format!("{} units 家单位", many.len()),
    };
    let (first, last) = args.year;
    let years = if first == last { first.to_string() } else { format!("{first}–{last}") };
    format!("{units} {years}, basis {}", args.total.basis.basis)
}
