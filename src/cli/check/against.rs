//! `check --against`: a document beside the report that was accepted, cell by cell.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Value, json};

use crate::cli::connect::ServerArg;
use crate::cli::file::{FormArgs, Forms, is_unread, reading_json, reading_text};
use crate::cli::output::{Answer, grouped, table};
use crate::cli::submission::{coverage, series};
use crate::client::wire;
use crate::form::{Cell, Form, Reader, Statements, in_printed_unit};
use crate::words::Year;

/// With which accepted report a file is compared.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AgainstArgs {
    /// Compare with what this unit's accepted report says (needs the service and --year)
    #[arg(long, value_name = "UNIT", requires = "year")]
    against: Option<String>,
    /// Which of its reports: OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN", requires = "against")]
    coverage: wire::Coverage,
    #[command(flatten)]
    server: ServerArg,
}

impl AgainstArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.against.is_some()
    }
}

/// A cell that differs: as the document has it, as it was accepted.
struct Difference<'a> {
    cell: &'a Cell,
    document: Option<i64>,
    accepted: Option<i64>,
}

/// Runs the comparison.
pub(super) async fn run(args: &AgainstArgs, form: &FormArgs, file: &Path, as_json: bool) -> anyhow::Result<Answer> {
    let unit = args.against.clone().unwrap_or_default();
    let year = form.load()?.year.ok_or_else(|| anyhow!("--against needs --year"))?;
    let mut client = args.server.connect().await?;
    let request = wire::GetReportRequest {
        series: Some(series("", &unit, year.get().into(), args.coverage)),
        ..wire::GetReportRequest::default()
    };
    let stored = client.report(request).await?;
    let form = client.form("", year.get().into()).await?;
    let reading = Forms::only(Arc::clone(&form), year).read(file)?;
    let accepted = stored.report.unwrap_or_default();
    let statements = Statements { blank_means_zero: accepted.blank_means_zero, nil_report: accepted.nil_report };
    let accepted = accepted.report.map(|report| report.value.to_vec()).unwrap_or_default();
    let (document, accepted) = (figures(&form, &reading.report, statements)?, figures(&form, &accepted, statements)?);
    let differences: Vec<Difference<'_>> = form
        .cells()
        .iter()
        .zip(document.into_iter().zip(accepted))
        .filter(|(cell, (document, accepted))| cell.required && document != accepted)
        .map(|(cell, (document, accepted))| Difference { cell, document, accepted })
        .collect();
    let answer = if as_json {
        Answer::Json(json!({
            "file": file.display().to_string(),
            "unit": unit,
            "year": year.get(),
            "position": stored.position.to_string(),
            "read": reading_json(&reading),
            "differences": differences.iter().map(Difference::json).collect::<Vec<Value>>(),
        }))
    } else {
        let read = reading_text(&reading);
        Answer::Text(format!("{}\n{read}{}", file.display(), text(&differences, &unit, year)))
    };
    Ok(answer.no_if(is_unread(&reading) || !differences.is_empty()))
}

/// Figures by cell; none: absent.
fn figures(form: &Form, report: &[u8], statements: Statements) -> anyhow::Result<Vec<Option<i64>>> {
    let mut reader = Reader::default();
    reader.read(form, report)?;
    let figures = reader.figures(statements);
    Ok((0..form.cells().len()).map(|cell| figures.get(form.cells(), cell)).collect())
}

impl Difference<'_> {
    fn json(&self) -> Value {
        let figure = |value: Option<i64>| value.map(|value| value.to_string());
        json!({
            "path": self.cell.path,
            "label_zh": self.cell.label_zh,
            "document": figure(self.document),
            "accepted": figure(self.accepted),
        })
    }
}

fn text(differences: &[Difference<'_>], unit: &str, year: Year) -> String {
    if differences.is_empty() {
        return format!("every figure is that of the accepted report of {unit}, {year} 与已受理的报告逐格一致\n");
    }
    let row = |difference: &Difference<'_>| {
        let Difference { cell, document, accepted } = difference;
        let figure = |value: &Option<i64>| {
            value.map_or_else(|| "—".to_owned(), |value| grouped(&in_printed_unit(value, cell.scale)))
        };
        vec![cell.short_zh.clone(), cell.path.clone(), figure(document), figure(accepted)]
    };
    let rows = differences.iter().map(row).collect();
    let count = differences.len();
    let header = ["指标", "cell", "document 文件", "accepted 已受理"];
    format!(
        "{count} cells differ from the accepted report of {unit}, {year} 个指标与已受理的报告不一致\n{}\n",
        table(&header, rows, &[2, 3])
    )
}
