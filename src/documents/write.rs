//! Writing: a report, or the total of many, as the document that is published.
//!
//! A [`Publication`] says what is to be written, whatever the format. It is laid
//! out once, by the outline of its form; the writers of the formats only draw
//! what was laid out. A figure that is absent is printed as nothing, never as 0,
//! and fees are exact decimals: no figure passes through a float that it does not
//! come out of unchanged.
//!
//! The same publication gives the same bytes: nothing here asks for the time.

mod comma;
mod docx;
mod grid;
mod html;
mod language;
mod piece;
mod xlsx;

use std::path::Path;

use serde_json::Value;

pub use language::Language;
pub use xlsx::template;

use crate::form::{CellTable, Form, Reader, in_printed_unit};
use crate::words::{Coverage, Year};

/// Where a text is to be filled in, in either language; no text of anyone's.
pub(super) const TO_FILL_IN: [&str; 2] = ["（请填写）", "(to be filled in)"];
/// Above what is left of the checks, below the tables of a template; no rows of the form.
pub(super) const LEFT_OF_CHECKS: [&str; 2] = ["勾稽差（应为 0）", "left of the check, must be 0"];

/// What a document says.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// The form it fills.
    pub form: &'a Form,
    /// The language of headings and labels; texts are as they were sent.
    pub language: Language,
    /// Who publishes it.
    pub unit_name: String,
    /// Reporting year.
    pub year: Year,
    /// Figures by cell, in the stored unit; absent is not 0.
    pub figures: Vec<Option<i64>>,
    /// Path and text of everything else, as [`Form::texts_of`] gives it.
    pub texts: Vec<(String, String)>,
    /// What follows the form.
    pub appendices: Vec<Appendix>,
    /// The sheet to sign, if there is to be one.
    pub sign_off: Option<SignOff>,
    /// The same for programs: a report, or the answer it was made from.
    pub json: Value,
}

/// Something that follows the form.
#[derive(Debug, Clone, Default)]
pub struct Appendix {
    /// Its heading.
    pub heading: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
    /// Its table.
    pub table: Option<Listing>,
}

/// A plain table: a line of headings, and rows as long as it.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Headings of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Columns of figures, counted from 0.
    pub figures: Vec<usize>,
}

/// What a sheet for signature and seal attests: one accepted revision.
#[derive(Debug, Clone)]
pub struct SignOff {
    /// Code of the unit.
    pub unit: String,
    /// Whom the report speaks for.
    pub coverage: Coverage,
    /// Number of the revision.
    pub revision: i64,
    /// Its place in the ledger.
    pub position: i64,
    /// Digest of its content, in hexadecimal.
    pub content_digest: String,
    /// Hash of the chain at its place, in hexadecimal.
    pub chain_hash: String,
    /// When it was accepted, as people read it.
    pub time: String,
}

/// A format that documents are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Word.
    Docx,
    /// Excel.
    Xlsx,
    /// A web page in one file.
    Html,
    /// Comma-separated values, UTF-8 with a byte order mark.
    Csv,
    /// Canonical proto3 JSON.
    Json,
}

/// Why a document cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name of the file says no format.
    #[error("{0:?} does not end in .docx, .xlsx, .html, .csv or .json")]
    UnknownFormat(String),
    /// The report is not one of the form.
    #[error("the report cannot be read: {0}")]
    Report(String),
    /// A workbook cannot be made.
    #[error("cannot make the workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A container cannot be made.
    #[error("cannot make the container: {0}")]
    Container(#[from] zip::result::ZipError),
    /// Something cannot be put into the document.
    #[error("cannot make the document: {0}")]
    Output(#[from] std::io::Error),
    /// A table cannot be made.
    #[error("cannot make the table: {0}")]
    Table(#[from] csv::Error),
    /// A value cannot be encoded.
    #[error("cannot encode: {0}")]
    Json(#[from] serde_json::Error),
}

impl Format {
    /// The format that the name of a file asks for.
    ///
    /// # Errors
    /// [`WriteError::UnknownFormat`] naming the file.
    pub fn of(path: &Path) -> Result<Self, WriteError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("docx") => Ok(Self::Docx),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("html" | "htm") => Ok(Self::Html),
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            _ => Err(WriteError::UnknownFormat(path.display().to_string())),
        }
    }
}

impl<'a> Publication<'a> {
    /// A publication that states nothing yet.
    #[must_use]
    pub fn new(form: &'a Form, unit_name: &str, year: Year, language: Language) -> Self {
        Self {
            form,
            language,
            unit_name: unit_name.to_owned(),
            year,
            figures: vec![None; form.cells().len()],
            texts: Vec::new(),
            appendices: Vec::new(),
            sign_off: None,
            json: Value::Null,
        }
    }

    /// The same with what a report states; `report` is its wire encoding.
    ///
    /// # Errors
    /// [`WriteError::Report`] if the bytes are no report of the form.
    pub fn with_report(mut self, report: &[u8]) -> Result<Self, WriteError> {
        let mut reader = Reader::default();
        reader.read(self.form, report).map_err(|error| WriteError::Report(error.to_string()))?;
        let stated = |(index, figure): (usize, &i64)| CellTable::is_set(reader.present(), index).then_some(*figure);
        self.figures = reader.values().iter().enumerate().map(stated).collect();
        self.texts = self.form.texts_of(report).map_err(WriteError::Report)?;
        self.json = self.form.to_json(report).map_err(WriteError::Report)?;
        Ok(self)
    }

    /// A figure as it is printed; nothing where it is absent.
    fn printed(&self, cell: usize) -> String {
        let scale = self.form.cells().get(cell).map_or(0, |cell| cell.scale);
        let figure = self.figures.get(cell).copied().flatten();
        figure.map_or_else(String::new, |figure| in_printed_unit(figure, scale))
    }

    /// The text at a path; nothing if it is empty.
    fn text(&self, path: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(known, text)| known == path && !text.trim().is_empty());
        found.map(|(_, text)| text.as_str())
    }
}

/// Writes a document.
///
/// # Errors
/// [`WriteError`] if it does not fit the format.
pub fn write(publication: &Publication<'_>, format: Format) -> Result<Vec<u8>, WriteError> {
    match format {
        Format::Docx => docx::write(publication),
        Format::Xlsx => xlsx::write(publication),
        Format::Html => Ok(html::write(publication)),
        Format::Csv => comma::write(publication),
        Format::Json => {
            let mut text = serde_json::to_vec_pretty(&publication.json)?;
            text.push(b'\n');
            Ok(text)
        }
    }
}
