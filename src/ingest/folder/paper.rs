//! A document of a folder as it was read: the report, and what it says of itself.

use std::sync::Arc;

use super::said::Said;
use crate::documents::{OpenError, Reading, open};
use crate::form::{Form, Reader, Row};
use crate::words::{Digest, Year};

/// A document that was read.
#[derive(Debug)]
pub struct Paper {
    /// The file, below the folder.
    pub file: String,
    /// The report, and what was found on the way.
    pub reading: Reading,
    /// What its title says.
    pub title: Said,
    /// What the name of the file says.
    pub name: Said,
    /// Its figures.
    pub(super) row: Row,
    /// Digest of its texts.
    pub(super) texts: Digest,
}

impl Paper {
    /// Reads a file. `year` is the reporting year where neither title nor file name
    /// says it.
    ///
    /// # Errors
    /// [`OpenError`] if no report is in it.
    pub fn read(file: &str, bytes: &[u8], forms: &[Arc<Form>], year: Option<Year>) -> Result<Self, OpenError> {
        let titles: Vec<&str> = forms.iter().map(|form| form.title().0).collect();
        let last = file.rsplit('/').next().unwrap_or(file);
        let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
        let name = Said::by(stem, &titles);
        let mut reading = open(file, bytes, forms, name.year.or(year))?;
        let form = Arc::clone(&reading.form);
        let mut reader = Reader::default();
        let read = reader.read(&form, &reading.report);
        read.map_err(|error| OpenError::NotAReport { form: form.name().to_owned(), problem: error.to_string() })?;
        let (row, texts) = (form.row(&reader), Digest::of(&[&form.write_texts(&reader)]));
        let title = match &mut reading.draft {
            Some(draft) => {
                let said = Said { unit: draft.unit_name.clone(), codes: Vec::new(), year: draft.year };
                // the report has them; the papers of a folder are in memory together
                let front = &form.outline().front;
                draft.texts.retain(|(path, _)| [&front.period_start, &front.period_end].contains(&path));
                draft.items.clear();
                said
            }
            None => cover_title(&form, &reading.report).map(|title| Said::by(&title, &titles)).unwrap_or_default(),
        };
        Ok(Self { file: file.to_owned(), reading, title, name, row, texts })
    }

    /// Whether all of the document could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.reading.draft.as_ref().is_none_or(|draft| draft.problems.is_empty())
    }

    /// Whether it states the same figures as another.
    pub(super) fn has_figures_of(&self, other: &Self) -> bool {
        self.reading.form.name() == other.reading.form.name() && self.row == other.row
    }

    /// Its figures by cell; none: not stated.
    #[must_use]
    pub fn figures(&self) -> Vec<Option<i64>> {
        let cells = self.reading.form.cells();
        let (mut present, mut values) = (vec![0; cells.required().len()], vec![0; cells.len()]);
        if self.row.borrowed().unpack(cells, &mut present, &mut values).is_err() {
            return vec![None; cells.len()];
        }
        let stated = |(cell, value)| self.row.borrowed().states(cells, cell).then_some(value);
        values.into_iter().enumerate().map(stated).collect()
    }

    /// Figures that are not 0, by cell.
    pub fn nonzero(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        self.row.borrowed().nonzero(self.reading.form.cells())
    }
}

/// The title on the cover of a report that is no document.
fn cover_title(form: &Form, report: &[u8]) -> Option<String> {
    let path = &form.outline().front.title;
    let texts = form.texts_of(report).ok()?;
    texts.into_iter().find(|(known, _)| known == path).map(|(_, text)| text)
}
