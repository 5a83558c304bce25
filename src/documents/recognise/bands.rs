//! The bands of a printed form, their headings made ready to be compared.

use crate::documents::label::Label;
use crate::form::Form;
use crate::form::outline::{self, Words};

/// All bands of a form.
pub(super) struct Bands(pub(super) Vec<Band>);

/// One band.
pub(super) struct Band {
    pub(super) corner: Label,
    pub(super) columns: Axis,
    pub(super) rows: Axis,
    /// Cells by row, then column.
    pub(super) cells: Vec<Vec<usize>>,
}

/// The rows, or the columns, of a band.
pub(super) struct Axis(pub(super) Vec<Line>);

/// One row or column, by its headings in either language, outermost first.
pub(super) struct Line {
    pub(super) headings: Vec<Heading>,
}

/// One heading; the same number: the same heading over several lines.
#[derive(Clone)]
pub(super) struct Heading {
    pub(super) id: usize,
    /// In either language, and what reports say instead.
    labels: Vec<Label>,
}

impl Bands {
    pub(super) fn new(form: &Form) -> Self {
        Self(form.outline().tables().flat_map(|table| &table.bands).map(Band::new).collect())
    }
}

impl Band {
    fn new(band: &outline::Band) -> Self {
        Self {
            corner: Label::new(&band.corner.zh),
            columns: Axis::new(&band.columns),
            rows: Axis::new(&band.rows),
            cells: band.cells.clone(),
        }
    }

    /// Whether its rows have headings.
    pub(super) fn has_row_headings(&self) -> bool {
        self.rows.0.iter().all(|row| !row.headings.is_empty())
    }
}

impl Axis {
    fn new(lines: &[outline::Line]) -> Self {
        let heading = |heading: &outline::Heading| Heading::new(heading);
        Self(lines.iter().map(|line| Line { headings: line.headings.iter().map(heading).collect() }).collect())
    }

    /// Number of lines.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Number of headings above one another.
    pub(super) fn depth(&self) -> usize {
        self.0.iter().map(|line| line.headings.len()).max().unwrap_or(0)
    }

    /// Whether a text is one of its headings.
    pub(super) fn knows(&self, text: &Label) -> bool {
        self.0.iter().flat_map(|line| &line.headings).any(|heading| heading.slips(text) == Some(0))
    }
}

impl Heading {
    fn new(heading: &outline::Heading) -> Self {
        let outline::Heading { id, words: Words { zh, en }, also } = heading;
        let labels = [zh, en].into_iter().chain(also).map(|text| Label::new(text)).collect();
        Self { id: *id, labels }
    }

    /// How many slips of the pen a text has, if it is this heading.
    pub(super) fn slips(&self, text: &Label) -> Option<usize> {
        self.labels.iter().filter_map(|label| label.slips(text)).min()
    }
}
