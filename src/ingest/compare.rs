//! Two revisions of one series beside each other. Changes nothing.

use std::collections::BTreeMap;

use super::desk::Desk;
use super::moment::At;
use super::outcome::{Receipt, SubmitError};
use super::stored::StoredReport;
use crate::domain::event::SeriesKey;
use crate::form::{CellTable, Form, Reader};
use crate::words::{Position, Revision};

/// What differs between two revisions.
#[derive(Debug)]
pub struct Comparison {
    /// Ledger position it speaks of.
    pub position: Position,
    /// Receipt of the revision before.
    pub from: Receipt,
    /// Receipt of the revision after.
    pub to: Receipt,
    /// Cells that differ: path, labels, before, after.
    pub cells: Vec<CellDifference>,
    /// Texts that differ: path, before, after.
    pub texts: Vec<TextDifference>,
    /// Statements that differ: name, before, after.
    pub statements: Vec<TextDifference>,
}

/// A cell that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct CellDifference {
    /// Path of the cell.
    pub path: String,
    /// As the form prints it.
    pub label_zh: String,
    /// English.
    pub label_en: String,
    /// As it was; none: absent.
    pub before: Option<i64>,
    /// As it is; none: absent.
    pub after: Option<i64>,
}

/// A text or a statement that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct TextDifference {
    /// Path of the text, or name of the statement.
    pub path: String,
    /// As it was; none: not there.
    pub before: Option<String>,
    /// As it is; none: not there.
    pub after: Option<String>,
}

impl Desk {
    /// Compares two revisions of a series.
    ///
    /// # Errors
    /// [`SubmitError::NotFound`]; [`SubmitError::Precondition`] if they fill different forms.
    pub fn compare(
        &self,
        key: &SeriesKey,
        (from, to): (Revision, Revision),
        at: At,
    ) -> Result<Comparison, SubmitError> {
        let (position, before) = self.report(key, Some(from), at)?;
        let (_, after) = self.report(key, Some(to), At::position(position))?;
        let (_, forms) = self.forms(At::position(position))?;
        let form = forms.into_iter().find(|form| form.name() == after.form).filter(|_| before.form == after.form);
        let other = || SubmitError::Precondition(format!("one fills {}, the other {}", before.form, after.form));
        let form = form.ok_or_else(other)?;
        let statements = |stored: &StoredReport| {
            let stated = |name: &str, stated: bool| (name.to_owned(), stated.to_string());
            let statements = stored.statements;
            vec![stated("blank_means_zero", statements.blank_means_zero), stated("nil_report", statements.nil_report)]
        };
        let texts = |stored: &StoredReport| form.texts_of(&stored.report).map_err(SubmitError::Unreadable);
        Ok(Comparison {
            position,
            cells: cells(&form, &before, &after)?,
            texts: differing(texts(&before)?, texts(&after)?),
            statements: differing(statements(&before), statements(&after)),
            from: before.receipt,
            to: after.receipt,
        })
    }
}

fn cells(form: &Form, before: &StoredReport, after: &StoredReport) -> Result<Vec<CellDifference>, SubmitError> {
    let figures = |stored: &StoredReport| {
        let mut reader = Reader::default();
        let read = reader.read(form, &stored.report).map_err(SubmitError::unreadable);
        read.map(|()| {
            let figures = reader.figures(stored.statements);
            let stated = |(cell, value): (usize, &i64)| CellTable::is_set(figures.present, cell).then_some(*value);
            figures.values.iter().enumerate().map(stated).collect::<Vec<Option<i64>>>()
        })
    };
    let pairs = figures(before)?.into_iter().zip(figures(after)?);
    let differing = form.cells().iter().zip(pairs).filter(|(_, (before, after))| before != after);
    Ok(differing
        .map(|(cell, (before, after))| CellDifference {
            path: cell.path.clone(),
            label_zh: cell.label_zh.clone(),
            label_en: cell.label_en.clone(),
            before,
            after,
        })
        .collect())
}

/// Named texts that are not the same, in their order; what is gone comes last.
fn differing(before: Vec<(String, String)>, after: Vec<(String, String)>) -> Vec<TextDifference> {
    let mut old: BTreeMap<String, String> = before.iter().cloned().collect();
    let mut found = Vec::new();
    for (path, after) in after {
        let before = old.remove(&path);
        if before.as_ref() != Some(&after) {
            found.push(TextDifference { path, before, after: Some(after) });
        }
    }
    let gone = before.into_iter().filter(|(path, _)| old.contains_key(path));
    found.extend(gone.map(|(path, before)| TextDifference { path, before: Some(before), after: None }));
    found
}
