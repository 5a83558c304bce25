//! `reports diff`: what changed between two revisions.

use std::fmt::Write as _;

use crate::cli::output::{Answer, grouped, response_json, table};
use crate::cli::submission::{coverage, series};
use crate::cli::{AtArg, ServerArg};
use crate::client::wire;
use crate::form::{Form, in_printed_unit};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DiffArgs {
    /// Code of the unit
    unit: String,
    /// Reporting year
    #[arg(long)]
    year: i32,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN")]
    coverage: wire::Coverage,
    /// Two revisions, e.g. 1..2
    #[arg(long, value_parser = revisions, value_name = "A..B")]
    revisions: (i64, i64),
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

fn revisions(text: &str) -> Result<(i64, i64), String> {
    let pair = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    pair.ok_or_else(|| format!("{text:?} is not two revisions like 1..2"))
}

/// Runs the command.
pub(super) async fn run(args: &DiffArgs) -> anyhow::Result<Answer> {
    let mut client = args.server.connect().await?;
    let request = wire::CompareRevisionsRequest {
        series: Some(series(&args.family, &args.unit, args.year, args.coverage)),
        from_revision: args.revisions.0,
        to_revision: args.revisions.1,
        at_position: args.at.at_position,
    };
    let found = client.compare(request).await?;
    if args.json {
        return Ok(Answer::Json(response_json("CompareRevisionsResponse", &found)?));
    }
    let form = client.form(&args.family, args.year).await?;
    Ok(Answer::Text(text(&found, &form)))
}

fn text(found: &wire::CompareRevisionsResponse, form: &Form) -> String {
    let of = |receipt: &Option<wire::Receipt>| {
        let receipt = receipt.clone().unwrap_or_default();
        let time = receipt.time.map(|time| time.to_string()).unwrap_or_default();
        format!("revision {} (position {}, {time})", receipt.revision, receipt.position)
    };
    let mut text = format!("{} → {}\n", of(&found.from), of(&found.to));
    if found.cells.is_empty() && found.texts.is_empty() && found.statements.is_empty() {
        text.push_str("nothing differs 无差异\n");
        return text;
    }
    let rows = found.cells.iter().filter_map(|change| {
        let cell = form.cells().get(form.cells().find(&change.path)?)?;
        let figure = |value: Option<i64>| {
            value.map_or_else(|| "—".to_owned(), |value| grouped(&in_printed_unit(value, cell.scale)))
        };
        Some(vec![cell.short_zh.clone(), change.path.clone(), figure(change.before), figure(change.after)])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        let _ = writeln!(text, "{}", table(&["指标", "cell", "before 原", "after 现"], rows, &[2, 3]));
    }
    for change in found.texts.iter().chain(&found.statements) {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".to_owned());
        let _ = writeln!(text, "{}\n  - {}\n  + {}", change.path, shown(&change.before), shown(&change.after));
    }
    text
}
