//! A report as it was found in a document, before anyone has confirmed it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::documents::prose::Stated;
use crate::form::Form;
use crate::words::Year;

/// What was found of one report.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The form that it fills.
    pub form: Arc<Form>,
    /// The unit as the title names it.
    pub unit_name: Option<String>,
    /// The year as the title says it.
    pub year: Option<Year>,
    /// Figures by cell, in the stored unit; none: blank or not there.
    pub figures: Vec<Option<i64>>,
    /// Where each cell stands in the document; none: it was not found.
    pub places: Vec<Option<Place>>,
    /// Notes beside figures.
    pub notes: Vec<Note>,
    /// What could not be placed or read. A draft with problems is not a report.
    pub problems: Vec<Problem>,
    /// Tables that have nothing of the form.
    pub tables_passed_over: usize,
    /// Singular texts: path and text.
    pub texts: Vec<(String, String)>,
    /// Repeated texts: path of the list, the fields of an element by name.
    pub items: Vec<(String, Vec<(String, String)>)>,
}

/// Where a figure stands: the table counted from 1, row and column from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which table of the document.
    pub table: usize,
    /// Row.
    pub row: usize,
    /// Column.
    pub column: usize,
}

/// A note beside a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The cell.
    pub cell: usize,
    /// As written.
    pub text: String,
}

/// Something that could not be placed or read. Places count from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// Which table of the document.
    pub table: usize,
    /// Row of the table.
    pub row: usize,
    /// Column of the table.
    pub column: usize,
    /// What stands there.
    pub text: String,
    /// Chinese.
    pub message_zh: String,
    /// English.
    pub message_en: String,
}

impl Draft {
    pub(super) fn new(form: Arc<Form>) -> Self {
        let cells = form.cells().len();
        Self {
            form,
            unit_name: None,
            year: None,
            figures: vec![None; cells],
            places: vec![None; cells],
            notes: Vec::new(),
            problems: Vec::new(),
            tables_passed_over: 0,
            texts: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Sets a cell that was found; an error if it was found before with another figure.
    pub(super) fn set(&mut self, cell: usize, figure: Option<i64>, place: Place) -> Result<(), ()> {
        match (self.places.get_mut(cell), self.figures.get_mut(cell)) {
            (Some(known @ None), Some(known_figure)) => {
                (*known, *known_figure) = (Some(place), figure);
                Ok(())
            }
            (Some(Some(_)), Some(known)) if *known == figure => Ok(()),
            _ => Err(()),
        }
    }

    /// Number of cells that were found, blank ones with them.
    #[must_use]
    pub fn found(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Number of figures.
    #[must_use]
    pub fn stated(&self) -> usize {
        self.figures.iter().flatten().count()
    }

    /// The text at a path; empty if there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        self.texts.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text)
    }

    pub(super) fn set_text(&mut self, path: &str, text: String) {
        if !path.is_empty() && !text.is_empty() {
            self.texts.push((path.to_owned(), text));
        }
    }

    /// All texts with their paths, for whoever reads what they state.
    #[must_use]
    pub fn prose(&self) -> Vec<(&str, &str)> {
        let singular = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let items =
            self.items.iter().flat_map(|(path, fields)| fields.iter().map(|(_, text)| (path.as_str(), text.as_str())));
        singular.chain(items).collect()
    }

    /// The report in proto3 JSON, with what its prose states.
    #[must_use]
    pub fn report(&self, stated: &Stated) -> Value {
        let mut report = Map::new();
        for (cell, figure) in self.form.cells().iter().zip(&self.figures) {
            if let Some(figure) = figure {
                put(&mut report, &cell.path, Value::String(figure.to_string()));
            }
        }
        for (path, text) in &self.texts {
            put(&mut report, path, Value::String(text.clone()));
        }
        for (path, fields) in &self.items {
            let mut item = Map::new();
            fields.iter().for_each(|(name, text)| put(&mut item, name, Value::String(text.clone())));
            add(&mut report, path, Value::Object(item));
        }
        for (cell, figure) in stated.figures_of(&self.form) {
            put(&mut report, &cell.path, Value::String(figure.to_string()));
        }
        if let Some(path) = self.form.claims_path() {
            stated.claims_json(&self.form).into_iter().for_each(|claim| add(&mut report, &path, claim));
        }
        Value::Object(report)
    }
}

/// Puts a value at a path, in messages within messages.
pub(super) fn put(message: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            message.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = message.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// Adds an element to the list at a path.
pub(super) fn add(message: &mut Map<String, Value>, path: &str, element: Value) {
    match path.split_once('.') {
        None => {
            if let Value::Array(list) = message.entry(path).or_insert_with(|| Value::Array(Vec::new())) {
                list.push(element);
            }
        }
        Some((first, rest)) => {
            if let Value::Object(below) = message.entry(first).or_insert_with(|| Value::Object(Map::new())) {
                add(below, rest, element);
            }
        }
    }
}
