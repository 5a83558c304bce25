//! A document as its reader leaves it: paragraphs and tables in their order.

/// What was read of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Paragraphs and tables, in reading order. A table nested in another comes
    /// after it.
    pub blocks: Vec<Block>,
}

/// One piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The text of a paragraph, without its line ends; never empty.
    Paragraph(String),
    /// A table.
    Table(Grid),
}

/// A table: cells by row and column, each with how far it reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    /// Cells in order of row, then column. None lies where another reaches.
    pub cells: Vec<GridCell>,
    /// Whether the format says how far cells reach. Where it does not (plain
    /// text, CSV) every cell is one by one, and what was merged shows as blanks
    /// or as a shorter row.
    pub spans_known: bool,
}

/// One cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GridCell {
    /// Row, counted from 0.
    pub row: usize,
    /// Column, counted from 0.
    pub column: usize,
    /// Rows it reaches over, at least 1.
    pub rows: usize,
    /// Columns it reaches over, at least 1.
    pub columns: usize,
    /// Its text as written; line ends within it are kept.
    pub text: String,
}

impl Grid {
    /// Number of rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.cells.iter().map(|cell| cell.row.saturating_add(cell.rows)).max().unwrap_or(0)
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.column.saturating_add(cell.columns)).max().unwrap_or(0)
    }
}
