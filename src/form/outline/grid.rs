//! A printed table laid out: which heading or figure stands where and how far
//! it reaches.

use super::{Band, Heading, Line, PrintedTable, Words};

/// A piece of a printed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// Row, counted from 0.
    pub row: usize,
    /// Column, counted from 0.
    pub column: usize,
    /// Rows it reaches over.
    pub rows: usize,
    /// Columns it reaches over.
    pub columns: usize,
    /// What stands there.
    pub content: Content,
}

/// What stands in a piece of a printed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A line across the table.
    Title(Words),
    /// The heading of rows or columns, or what stands above the headings of rows.
    Heading(Words),
    /// A figure, by its cell.
    Figure(usize),
}

impl PrintedTable {
    /// Number of columns, headings of rows with them.
    #[must_use]
    pub fn width(&self) -> usize {
        self.heads().saturating_add(self.bands.iter().map(|band| band.columns.len()).max().unwrap_or(0))
    }

    /// Number of rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.bands.iter().map(Band::height).fold(0, usize::saturating_add)
    }

    /// Columns that the headings of rows take.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.bands.iter().flat_map(|band| &band.rows).map(|row| row.headings.len()).max().unwrap_or(0)
    }

    /// Its pieces, by row and column. They cover it without gap and overlap.
    #[must_use]
    pub fn layout(&self) -> Vec<Printed> {
        let mut pieces = Vec::new();
        let mut top = 0_usize;
        for band in &self.bands {
            band.lay_out(top, self.heads(), self.width(), &mut pieces);
            top = top.saturating_add(band.height());
        }
        pieces.sort_by_key(|piece| (piece.row, piece.column));
        pieces
    }
}

impl Band {
    /// Rows of headings above the figures.
    fn head_height(&self) -> usize {
        self.columns.iter().map(|column| column.headings.len()).max().unwrap_or(0)
    }

    fn has_title(&self) -> bool {
        !self.title.zh.is_empty()
    }

    fn height(&self) -> usize {
        usize::from(self.has_title()).saturating_add(self.head_height()).saturating_add(self.rows.len())
    }

    fn lay_out(&self, mut top: usize, heads: usize, width: usize, pieces: &mut Vec<Printed>) {
        let mut put = |row, column, rows, columns, content| {
            if rows > 0 && columns > 0 {
                pieces.push(Printed { row, column, rows, columns, content });
            }
        };
        if self.has_title() {
            put(top, 0, 1, width, Content::Title(self.title.clone()));
            top = top.saturating_add(1);
        }
        let head_height = self.head_height();
        put(top, 0, head_height, heads, Content::Heading(self.corner.clone()));
        let reach = shares(width.saturating_sub(heads), self.columns.len());
        for run in runs(&self.columns, head_height) {
            let before: usize = reach.iter().take(run.first).sum();
            let columns: usize = reach.iter().skip(run.first).take(run.length).sum();
            let heading = Content::Heading(run.words);
            put(top.saturating_add(run.level), heads.saturating_add(before), run.levels, columns, heading);
        }
        top = top.saturating_add(head_height);
        for run in runs(&self.rows, heads) {
            put(top.saturating_add(run.first), run.level, run.length, run.levels, Content::Heading(run.words));
        }
        for (row, cells) in self.cells.iter().enumerate() {
            let mut column = heads;
            for (cell, reach) in cells.iter().zip(&reach) {
                put(top.saturating_add(row), column, 1, *reach, Content::Figure(*cell));
                column = column.saturating_add(*reach);
            }
        }
    }
}

/// A heading over neighbouring lines.
struct Run {
    first: usize,
    length: usize,
    level: usize,
    levels: usize,
    words: Words,
}

/// The headings of lines; the innermost of each reaches down to the figures.
fn runs(lines: &[Line], depth: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for level in 0..depth {
        let mut open: Option<(usize, Run)> = None;
        for (index, line) in lines.iter().enumerate() {
            let heading = line.headings.get(level);
            match (&mut open, heading) {
                (Some((id, run)), Some(heading)) if *id == heading.id => run.length = run.length.saturating_add(1),
                (_, heading) => {
                    runs.extend(open.take().map(|(_, run)| run));
                    open = heading.map(|heading| (heading.id, started(index, level, depth, line, heading)));
                }
            }
        }
        runs.extend(open.map(|(_, run)| run));
    }
    runs
}

fn started(first: usize, level: usize, depth: usize, line: &Line, heading: &Heading) -> Run {
    let is_innermost = level.saturating_add(1) == line.headings.len();
    let levels = if is_innermost { depth.saturating_sub(level) } else { 1 };
    Run { first, length: 1, level, levels, words: heading.words.clone() }
}

/// How many columns of the table each of `count` columns takes: the last ones more.
fn shares(width: usize, count: usize) -> Vec<usize> {
    let (each, more) = (width.checked_div(count).unwrap_or(0), width.checked_rem(count).unwrap_or(0));
    let first_of_more = count.saturating_sub(more);
    (0..count).map(|column| each.saturating_add(usize::from(column >= first_of_more))).collect()
}
