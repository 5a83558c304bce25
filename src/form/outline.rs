//! How a form is printed: sections in order, with their texts and tables.
//!
//! Documents are written by it, and recognised by it. A form that says nothing
//! of its printing is printed as one list of its cells.
//!
//! Every required cell is printed exactly once; a form that does otherwise is
//! refused when it is loaded.

mod compile;
mod grid;

pub(super) use compile::compile;
pub use grid::{Content, Printed};

/// A text in both languages; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// How a form is printed.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// What stands before the first section.
    pub front: Front,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// What stands before the first section. Paths; empty where the form has none.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// The title.
    pub title: String,
    /// The text before the first section.
    pub introduction: String,
    /// First day reported on.
    pub period_start: String,
    /// Last day reported on.
    pub period_end: String,
    /// What readers are told: addresses, telephone numbers.
    pub contacts: Vec<Passage>,
    /// Who signs: path and label, in order.
    pub signatures: Vec<(String, Words)>,
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its heading, with its ordinal.
    pub heading: Words,
    /// Its texts.
    pub passages: Vec<Passage>,
    /// Its tables.
    pub tables: Vec<PrintedTable>,
}

/// A text, and how it is told from those around it.
#[derive(Debug, Clone)]
pub struct Passage {
    /// Path of the field.
    pub path: String,
    /// The heading above it; empty where it has the section's only.
    pub heading: Words,
    /// Words that its beginning has in reports, the surest first.
    pub words: Vec<String>,
    /// For repeated texts, the names of their title and their text.
    pub items: Option<(String, String)>,
}

/// A printed table: bands below each other.
#[derive(Debug, Clone)]
pub struct PrintedTable {
    /// The bands.
    pub bands: Vec<Band>,
}

/// A run of rows below the same headings of columns.
#[derive(Debug, Clone)]
pub struct Band {
    /// A line across the table above it; empty: no such line.
    pub title: Words,
    /// Above the headings of the rows.
    pub corner: Words,
    /// Columns of figures, left to right.
    pub columns: Vec<Line>,
    /// Rows of figures, top to bottom; one without headings where rows have none.
    pub rows: Vec<Line>,
    /// Cells by row, then column; as long as `rows`, each as long as `columns`.
    pub cells: Vec<Vec<usize>>,
}

/// A row or a column, by the headings over it, outermost first.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Its headings.
    pub headings: Vec<Heading>,
}

/// A heading; neighbours under the same one have the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Number of the heading in its band.
    pub id: usize,
    /// As printed.
    pub words: Words,
    /// What reports say instead, Chinese.
    pub also: Vec<String>,
}

impl Outline {
    /// All tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &PrintedTable> {
        self.sections.iter().flat_map(|section| &section.tables)
    }
}
