//! A document as a line of a submission: what its title says is held against what
//! the caller says, and shown before anything is sent.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use serde_json::json;

use crate::cli::file::{Forms, reading_text};
use crate::cli::output;
use crate::cli::submission::{coverage, coverage_name};
use crate::client::{Client, wire};
use crate::words::Year;

/// Whose report a document is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DocumentArgs {
    /// The file is one document (.docx, .xlsx, .html, …) of this unit
    #[arg(long, requires = "year")]
    unit: Option<String>,
    /// Reporting year of the document
    #[arg(long, requires = "unit")]
    year: Option<i32>,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN", requires = "unit")]
    coverage: wire::Coverage,
    /// Blank cells of the document mean 0
    #[arg(long, requires = "unit")]
    blank_means_zero: bool,
    /// The newest revision, which this one corrects
    #[arg(long, requires = "unit", value_name = "REVISION")]
    expected_revision: Option<i64>,
    /// Send it without asking
    #[arg(long, requires = "unit")]
    yes: bool,
}

/// What becomes of a document.
pub(super) enum Prepared {
    /// A line to send.
    Line(String),
    /// Nothing is sent, and why.
    NotSent(String),
}

impl DocumentArgs {
    /// The line for a document, if it may be sent.
    pub(super) async fn prepare(&self, file: &Path, client: &mut Client, ask: bool) -> anyhow::Result<Prepared> {
        let (Some(unit), Some(year)) = (&self.unit, self.year) else { bail!("a document needs --unit and --year") };
        let form = client.form("", year).await?;
        let reading = Forms::only(Arc::clone(&form), Year::new(year.into())?).read(file)?;
        let name = file.display();
        if let Some(draft) = &reading.draft {
            let shown = reading_text(&reading);
            if !draft.problems.is_empty() {
                let why = "not all of it could be read, nothing was sent 未能全部读取，未报送";
                return Ok(Prepared::NotSent(format!("{name}: {why}\n{shown}")));
            }
            if draft.year.is_some_and(|told| i32::from(told.get()) != year) {
                let why = format!("its title says another year than {year}, nothing was sent 标题年度不符，未报送");
                return Ok(Prepared::NotSent(format!("{name}: {why}\n{shown}")));
            }
            let covers = coverage_name(self.coverage);
            output::note(&format!("{name} as {unit}, {year}, {covers}\n{}", shown.trim_end()));
            if ask && !self.yes && !confirmed()? {
                return Ok(Prepared::NotSent(format!("{name}: nothing was sent 未报送")));
            }
        }
        let report = form.to_json(&reading.report).map_err(|error| anyhow!("{name}: {error}"))?;
        let mut line = json!({
            "unit": unit,
            "year": year,
            "coverage": coverage_name(self.coverage),
            "report": report,
            "blank_means_zero": self.blank_means_zero,
        });
        if let (Some(revision), Some(fields)) = (self.expected_revision, line.as_object_mut()) {
            fields.insert("expected_revision".to_owned(), json!(revision));
        }
        Ok(Prepared::Line(line.to_string()))
    }

    /// Whether the file is a document.
    pub(super) fn is_asked(&self) -> bool {
        self.unit.is_some()
    }
}

/// Asks whoever sits at the terminal; nobody sits there, nobody is asked.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    output::note("send it? 报送？ [y/N]");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "是"))
}
