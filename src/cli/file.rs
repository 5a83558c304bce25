//! Files that hold a report, in whatever format, and what was read of them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use crate::documents::prose::Stated;
use crate::documents::{Draft, Problem, Reading, open};
use crate::form::{Catalog, Form, in_printed_unit};
use crate::words::{Year, limits};

/// Which form a file may fill.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct FormArgs {
    /// Reporting year; else the title of a document says it
    #[arg(long)]
    pub(super) year: Option<i64>,
    /// Full name of the form's message, where the year does not decide
    #[arg(long)]
    form: Option<String>,
    /// Further forms: a folder of .proto files
    #[arg(long)]
    forms: Option<std::path::PathBuf>,
}

/// The forms that files may fill.
#[derive(Debug)]
pub(super) struct Forms {
    forms: Vec<Arc<Form>>,
    pub(super) year: Option<Year>,
}

impl FormArgs {
    /// Loads the forms.
    pub(super) fn load(&self) -> anyhow::Result<Forms> {
        let catalog = Catalog::load(self.forms.as_deref())?;
        let forms = match &self.form {
            Some(name) => vec![Arc::clone(catalog.by_name(name).ok_or_else(|| anyhow!("no form {name}"))?)],
            None => catalog.iter().cloned().collect(),
        };
        Ok(Forms { forms, year: self.year.map(Year::new).transpose()? })
    }
}

impl Forms {
    /// The same forms, for another year.
    pub(super) fn of_year(&self, year: Option<Year>) -> Self {
        Self { forms: self.forms.clone(), year }
    }

    /// Only this form.
    pub(super) fn only(form: Arc<Form>, year: Year) -> Self {
        Self { forms: vec![form], year: Some(year) }
    }

    /// Reads a report from a file.
    pub(super) fn read(&self, file: &Path) -> anyhow::Result<Reading> {
        let name = file.display().to_string();
        let size = std::fs::metadata(file).with_context(|| name.clone())?.len();
        if size > limits::DOCUMENT_BYTES as u64 {
            bail!("{name}: has {size} bytes, a document has at most {}", limits::DOCUMENT_BYTES);
        }
        let bytes = std::fs::read(file).with_context(|| name.clone())?;
        open(&name, &bytes, &self.forms, self.year).with_context(|| name)
    }
}

/// What was read of a document, for people: whose it is, how much of it, what its
/// prose states, notes, and what could not be placed. Nothing for what is a report
/// already.
pub(super) fn reading_text(reading: &Reading) -> String {
    let Some(draft) = &reading.draft else { return String::new() };
    let mut text = draft_text(draft);
    let Stated { claims, figures, .. } = &reading.stated;
    if !claims.is_empty() || !figures.is_empty() {
        let (claims, figures) = (claims.len(), figures.len());
        let _ = writeln!(
            text,
            "  the text states 文字所述: {claims} figures of the tables 处表内数字, {figures} others 个补充数字"
        );
    }
    for (cell, value) in reading.stated.figures_of(&reading.form) {
        let _ = writeln!(text, "    {} {} ({})", cell.label_zh, in_printed_unit(value, cell.scale), cell.label_en);
    }
    problems_text(&mut text, &draft.problems);
    text
}

/// Whether some of a document could not be placed or read.
pub(super) fn is_unread(reading: &Reading) -> bool {
    reading.draft.as_ref().is_some_and(|draft| !draft.problems.is_empty())
}

fn draft_text(draft: &Draft) -> String {
    let mut text = String::new();
    let required = draft.form.cells().iter().filter(|cell| cell.required).count();
    let unit = draft.unit_name.as_deref().unwrap_or("unit not named 未见单位名称");
    let year = draft.year.map_or_else(|| "year not told 未见年度".to_owned(), |year| year.to_string());
    let front = &draft.form.outline().front;
    let period = match (draft.text(&front.period_start), draft.text(&front.period_end)) {
        ("", _) | (_, "") => String::new(),
        (start, end) => format!(", {start} – {end}"),
    };
    let _ = writeln!(
        text,
        "  read 读取: {unit}, {year}{period}; {} of {required} cells found 个指标, {} figures 个数字, {} blank 空白",
        draft.found(),
        draft.stated(),
        draft.found().saturating_sub(draft.stated()),
    );
    for note in &draft.notes {
        if let Some(cell) = draft.form.cells().get(note.cell) {
            let _ = writeln!(text, "    note 附注: 「{}」{}", cell.short_zh, note.text);
        }
    }
    text
}

fn problems_text(text: &mut String, problems: &[Problem]) {
    for Problem { table, row, column, text: written, message_zh, message_en } in problems {
        let _ = writeln!(
            text,
            "  ✗ table {table}, row {row}, column {column} 第{table}表第{row}行第{column}列「{written}」\n      \
             {message_zh}\n      {message_en}"
        );
    }
}

/// What was read of a document, for programs; null for what is a report already.
pub(super) fn reading_json(reading: &Reading) -> Value {
    let Some(draft) = &reading.draft else { return Value::Null };
    let problem = |problem: &Problem| {
        let Problem { table, row, column, text, message_zh, message_en } = problem;
        json!({
            "table": table, "row": row, "column": column, "text": text,
            "message_zh": message_zh, "message_en": message_en,
        })
    };
    let notes = draft.notes.iter().filter_map(|note| {
        let path = &draft.form.cells().get(note.cell)?.path;
        Some(json!({ "path": path, "text": note.text }))
    });
    json!({
        "unit_name": draft.unit_name,
        "year": draft.year.map(Year::get),
        "cells_found": draft.found(),
        "figures": draft.stated(),
        "notes": notes.collect::<Vec<Value>>(),
        "claims": reading.stated.claims_json(&reading.form),
        "supplement": reading
            .stated
            .figures_of(&reading.form)
            .map(|(cell, value)| (cell.path.clone(), Value::String(value.to_string())))
            .collect::<serde_json::Map<String, Value>>(),
        "problems": draft.problems.iter().map(problem).collect::<Vec<Value>>(),
        "tables_passed_over": draft.tables_passed_over,
    })
}
