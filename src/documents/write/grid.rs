//! Tables as they are drawn: those of the form and plain ones alike.

use super::{Listing, Publication};
use crate::form::outline::{Content, Printed, PrintedTable};

/// A table to draw.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Its cells, by row and column; they cover it without gap and overlap.
    pub(super) cells: Vec<Cell>,
    /// Rows at the top that are repeated on every page.
    pub(super) head_rows: usize,
    /// How wide its columns are, in halves of a Chinese character.
    pub(super) widths: Vec<usize>,
}

/// A cell to draw.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) role: Role,
    pub(super) text: String,
}

/// What a cell is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A line across the table.
    Title,
    /// The heading of columns.
    ColumnHead,
    /// The heading of rows.
    RowHead,
    /// A figure of the form, by its cell.
    Figure(usize),
    /// Another figure.
    Number,
    /// Words.
    Text,
}

impl Cell {
    /// Whether it is set to the right.
    pub(super) fn is_figure(&self) -> bool {
        matches!(self.role, Role::Figure(_) | Role::Number)
    }
}

impl Table {
    /// A table of the form.
    pub(super) fn printed(table: &PrintedTable, publication: &Publication<'_>) -> Self {
        let pieces = table.layout();
        let is_figure = |piece: &&Printed| matches!(piece.content, Content::Figure(_));
        let rows_of_figures: Vec<usize> = pieces.iter().filter(is_figure).map(|piece| piece.row).collect();
        let role_and_text = |piece: &Printed| match &piece.content {
            Content::Title(words) => (Role::Title, publication.language.words(words).to_owned()),
            Content::Heading(words) => {
                let heads_rows = rows_of_figures.binary_search(&piece.row).is_ok();
                let role = if heads_rows { Role::RowHead } else { Role::ColumnHead };
                (role, publication.language.words(words).to_owned())
            }
            Content::Figure(cell) => (Role::Figure(*cell), publication.printed(*cell)),
        };
        let cells = pieces.iter().map(|piece| {
            let (role, text) = role_and_text(piece);
            let Printed { row, column, rows, columns, .. } = *piece;
            Cell { row, column, rows, columns, role, text }
        });
        // below headings of its own, a further band needs none of those above it
        let head_rows = match table.bands.len() {
            1 => rows_of_figures.first().copied().unwrap_or(0),
            _ => 0,
        };
        Self { cells: cells.collect(), head_rows, widths: Vec::new() }.measured()
    }

    /// A plain table.
    pub(super) fn plain(listing: &Listing) -> Self {
        let cell =
            |row, column, role, text: &str| Cell { row, column, rows: 1, columns: 1, role, text: text.to_owned() };
        let heads = listing.header.iter().enumerate().map(|(column, text)| cell(0, column, Role::ColumnHead, text));
        let mut cells: Vec<Cell> = heads.collect();
        for (row, texts) in (1..).zip(&listing.rows) {
            for column in 0..listing.header.len() {
                let role = if listing.figures.contains(&column) { Role::Number } else { Role::Text };
                cells.push(cell(row, column, role, texts.get(column).map_or("", String::as_str)));
            }
        }
        Self { cells, head_rows: 1, widths: Vec::new() }.measured()
    }

    /// Number of rows.
    pub(super) fn height(&self) -> usize {
        self.cells.iter().map(|cell| cell.row.saturating_add(cell.rows)).max().unwrap_or(0)
    }

    /// The cells that touch a row, by column.
    pub(super) fn row(&self, row: usize) -> Vec<&Cell> {
        let touches = |cell: &&Cell| cell.row <= row && row < cell.row.saturating_add(cell.rows);
        let mut cells: Vec<&Cell> = self.cells.iter().filter(touches).collect();
        cells.sort_by_key(|cell| cell.column);
        cells
    }

    /// Splits a width among the columns; the parts add up to it.
    pub(super) fn share(&self, width: usize) -> Vec<usize> {
        let whole = self.widths.iter().sum::<usize>().max(1);
        let (mut before, mut given) = (0_usize, 0_usize);
        let part = |part: &usize| {
            before = before.saturating_add(*part);
            let until = width.saturating_mul(before).checked_div(whole).unwrap_or(0);
            let own = until.saturating_sub(given);
            given = until;
            own
        };
        self.widths.iter().map(part).collect()
    }

    /// Room that the table needs at least in one line, in the unit of `widths`.
    pub(super) fn needed(&self) -> usize {
        // and between what stands in a cell and its border
        self.widths.iter().map(|width| width.saturating_add(1)).sum()
    }

    /// Finds the widths: figures stand in one line, headings of rows in two, those of
    /// columns in up to four.
    fn measured(mut self) -> Self {
        /// No column is wider, in halves of a Chinese character.
        const WIDEST: usize = 36;
        /// The heading of several rows stands in lines of at least four characters.
        const NARROWEST_HEAD: usize = 8;
        let columns = self.cells.iter().map(|cell| cell.column.saturating_add(cell.columns)).max().unwrap_or(0);
        self.widths = vec![5; columns];
        for cell in self.cells.iter().filter(|cell| cell.columns == 1) {
            let length = breadth(&cell.text);
            let lines = match cell.role {
                Role::Title | Role::Figure(_) | Role::Number => 1,
                Role::ColumnHead => 4,
                Role::RowHead => cell.rows.saturating_add(1),
                Role::Text => 2,
            };
            let least = if cell.role == Role::RowHead { NARROWEST_HEAD } else { 0 };
            let wanted = length.div_ceil(lines).min(WIDEST).max(longest_word(&cell.text)).max(least);
            if let Some(width) = self.widths.get_mut(cell.column) {
                *width = (*width).max(wanted);
            }
        }
        self
    }
}

/// Room that a text needs in one line, in halves of a Chinese character.
pub(super) fn breadth(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// Room that its longest piece needs that is not broken over lines.
fn longest_word(text: &str) -> usize {
    /// Longer ones, digests for one, are broken.
    const LONGEST: usize = 24;
    let words = text.split(|c: char| !c.is_ascii() || c == ' ');
    words.map(str::len).max().unwrap_or(0).min(LONGEST)
}
