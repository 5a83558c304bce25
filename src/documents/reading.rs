//! From a file to a report: whatever its format, with what was found on the way.

use std::sync::Arc;

use super::document::Document;
use super::prose::{self, Speaker, Stated};
use super::read::{Format, ReadError, read};
use super::recognise::{Draft, recognise};
use crate::form::Form;
use crate::words::{Year, limits};

/// A report that was read from a file.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The form that it fills.
    pub form: Arc<Form>,
    /// The report on the wire.
    pub report: Vec<u8>,
    /// What was found in a document; none where the file is a report already.
    pub draft: Option<Draft>,
    /// What the prose of a document states.
    pub stated: Stated,
}

/// A file that no report can be read from.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A document that cannot be read.
    #[error(transparent)]
    Document(#[from] ReadError),
    /// Too large for a report of that format.
    #[error("has {0} bytes, a report has at most {max}", max = limits::REPORT_BYTES)]
    TooLarge(usize),
    /// JSON that is not a report.
    #[error("not a {form}: {problem}")]
    NotAReport {
        /// The form it was read as.
        form: String,
        /// What is wrong.
        problem: String,
    },
    /// No form to read it by.
    #[error("no form covers {}", .0.map_or_else(|| "the present".to_owned(), |year| year.to_string()))]
    NoForm(Option<Year>),
    /// Several forms would do.
    #[error("several forms fit: {0}")]
    SeveralForms(String),
    /// A document without a single cell of a form.
    #[error("no table of {0} was found in it")]
    NothingFound(String),
}

impl OpenError {
    /// In a sentence, Chinese; English is its [`Display`](std::fmt::Display).
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Document(error) => error.zh(),
            Self::TooLarge(bytes) => format!("有 {bytes} 字节，报告最多 {} 字节", limits::REPORT_BYTES),
            Self::NotAReport { form, problem } => format!("不是 {form} 的报告：{problem}"),
            Self::NoForm(Some(year)) => format!("没有适用于 {year} 年的报表"),
            Self::NoForm(None) => "没有现行的报表".to_owned(),
            Self::SeveralForms(forms) => format!("有几种报表适用：{forms}"),
            Self::NothingFound(title) => format!("文件中没有找到《{title}》的表格"),
        }
    }
}

/// Reads a file as a report. `forms` are those it may fill; `year` is the
/// reporting year where it is known, else the title says it.
///
/// # Errors
/// [`OpenError`] if it is no report, or nothing of one is in it.
pub fn open(name: &str, bytes: &[u8], forms: &[Arc<Form>], year: Option<Year>) -> Result<Reading, OpenError> {
    match Format::of(name, bytes)? {
        Format::Json | Format::Binary => from_message(bytes, forms, year),
        Format::Csv
        | Format::Docx
        | Format::Html
        | Format::Ods
        | Format::Odt
        | Format::Text
        | Format::Xls
        | Format::Xlsx => from_document(&read(name, bytes)?, forms, year),
    }
}

/// The one form of these that covers the year, or is in force.
fn form_of(forms: &[Arc<Form>], year: Option<Year>) -> Result<&Arc<Form>, OpenError> {
    let fit: Vec<&Arc<Form>> = forms
        .iter()
        .filter(|form| forms.len() == 1 || year.map_or(form.years().1.is_none(), |year| form.covers(year)))
        .collect();
    match fit.as_slice() {
        [form] => Ok(form),
        [] => Err(OpenError::NoForm(year)),
        many => Err(OpenError::SeveralForms(many.iter().map(|form| form.name()).collect::<Vec<_>>().join(", "))),
    }
}

/// A report in proto3 JSON or on the wire.
fn from_message(bytes: &[u8], forms: &[Arc<Form>], year: Option<Year>) -> Result<Reading, OpenError> {
    if bytes.len() > limits::REPORT_BYTES {
        return Err(OpenError::TooLarge(bytes.len()));
    }
    let form = form_of(forms, year)?;
    let not = |problem: String| OpenError::NotAReport { form: form.name().to_owned(), problem };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // no field of a form begins with an opening brace and a quote or a space
    let report = if text.first() == Some(&b'{') && std::str::from_utf8(text).is_ok() {
        let json = serde_json::from_slice(text).map_err(|error| not(format!("not JSON: {error}")))?;
        form.from_json(&json).map_err(not)?
    } else {
        bytes.to_vec()
    };
    crate::form::Reader::default().read(form, &report).map_err(|error| not(error.to_string()))?;
    Ok(Reading { form: Arc::clone(form), report, draft: None, stated: Stated::default() })
}

/// A report out of a document: by the form of its year, or else the one that most
/// of it is found by.
fn from_document(document: &Document, forms: &[Arc<Form>], year: Option<Year>) -> Result<Reading, OpenError> {
    let is_of = |form: &Form, year: Option<Year>| forms.len() == 1 || year.is_none_or(|year| form.covers(year));
    let drafts = forms.iter().filter(|form| is_of(form, year)).map(|form| recognise(document, form));
    let best = drafts.filter(|draft| is_of(&draft.form, year.or(draft.year))).max_by_key(Draft::found);
    let draft = best.filter(|draft| draft.found() > 0).ok_or_else(|| {
        let mut titles: Vec<&str> = forms.iter().map(|form| form.title().0).collect();
        titles.dedup();
        OpenError::NothingFound(titles.join(", "))
    })?;
    let form = Arc::clone(&draft.form);
    let not = |problem: String| OpenError::NotAReport { form: form.name().to_owned(), problem };
    let speaker = Speaker { unit: draft.unit_name.as_deref().unwrap_or_default(), year: year.or(draft.year) };
    let stated = prose::read(&form, speaker, &draft.prose());
    let report = form.from_json(&draft.report(&stated)).map_err(not)?;
    crate::form::Reader::default().read(&form, &report).map_err(|error| not(error.to_string()))?;
    Ok(Reading { form, report, draft: Some(draft), stated })
}
