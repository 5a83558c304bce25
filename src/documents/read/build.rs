//! Documents and grids as they grow: within limits, and never with one cell where
//! another reaches.

use super::{Limit, ReadError};
use crate::documents::{Block, Grid, GridCell};

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    blocks: usize,
    cells: usize,
    text: usize,
}

impl Counts {
    fn block(&mut self) -> Result<(), ReadError> {
        self.blocks = self.blocks.saturating_add(1);
        Limit::Blocks.check(self.blocks)
    }

    /// Counts cells that are kept.
    pub(super) fn cells(&mut self, cells: usize) -> Result<(), ReadError> {
        self.cells = self.cells.saturating_add(cells);
        Limit::Cells.check(self.cells)
    }

    /// Counts text that is kept.
    pub(super) fn text(&mut self, text: &str) -> Result<(), ReadError> {
        self.text = self.text.saturating_add(text.len());
        Limit::TextBytes.check(self.text)
    }

    /// Adds a paragraph for each line that is not blank.
    pub(super) fn paragraphs(&mut self, text: &str, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.block()?;
            blocks.push(Block::Paragraph(line.to_owned()));
        }
        Ok(())
    }

    /// Adds a table that has cells.
    pub(super) fn table(&mut self, grid: Grid, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        if !grid.cells.is_empty() {
            self.block()?;
            blocks.push(Block::Table(grid));
        }
        Ok(())
    }
}

/// A grid that is filled from its first row to its last, each from left to right.
#[derive(Debug, Default)]
pub(super) struct GridBuilder {
    cells: Vec<GridCell>,
    /// For each column, the first row that no cell reaches yet.
    free: Vec<usize>,
    /// For each column, the last cell that begins in it.
    begun: Vec<Option<usize>>,
    /// How many cells are known to reach no further down than the rows there were.
    cut: usize,
}

impl GridBuilder {
    /// The first column from this one on that is free in a row.
    pub(super) fn free_from(&self, row: usize, column: usize) -> usize {
        (column..self.free.len()).find(|column| self.is_free(row, *column)).unwrap_or(column.max(self.free.len()))
    }

    fn is_free(&self, row: usize, column: usize) -> bool {
        self.free.get(column).is_none_or(|free| *free <= row)
    }

    /// Places a cell, unless another reaches there; it reaches no further to the right
    /// than to the next.
    pub(super) fn place(&mut self, cell: GridCell, counts: &mut Counts) -> Result<(), ReadError> {
        let GridCell { row, column, rows, columns, text } = cell;
        if !self.is_free(row, column) {
            return Ok(());
        }
        Limit::Rows.check(row.saturating_add(1))?;
        Limit::Columns.check(column.saturating_add(columns))?;
        let end = column.saturating_add(columns.max(1));
        let end = (column..end).find(|column| !self.is_free(row, *column)).unwrap_or(end);
        counts.cells(1)?;
        let below = row.saturating_add(rows.max(1));
        if self.free.len() < end {
            self.free.resize(end, 0);
            self.begun.resize(end, None);
        }
        self.free.iter_mut().take(end).skip(column).for_each(|free| *free = below);
        if let Some(begun) = self.begun.get_mut(column) {
            *begun = Some(self.cells.len());
        }
        let (rows, columns) = (below.saturating_sub(row), end.saturating_sub(column));
        self.cells.push(GridCell { row, column, rows, columns, text });
        Ok(())
    }

    /// Lets the cell that begins in a column, and ends just above a row, reach into the
    /// row. Says whether there is one, of this width.
    pub(super) fn extend_down(&mut self, row: usize, column: usize, columns: usize) -> bool {
        let above = self.begun.get(column).copied().flatten().and_then(|above| self.cells.get_mut(above));
        let Some(above) = above.filter(|cell| cell.columns == columns && cell.row.saturating_add(cell.rows) == row)
        else {
            return false;
        };
        above.rows = above.rows.saturating_add(1);
        let below = row.saturating_add(1);
        self.free.iter_mut().take(column.saturating_add(columns)).skip(column).for_each(|free| *free = below);
        true
    }

    /// Lets no cell reach further down than a row, exclusive.
    pub(super) fn cut(&mut self, row: usize) {
        for cell in self.cells.iter_mut().skip(self.cut) {
            cell.rows = cell.rows.min(row.saturating_sub(cell.row)).max(1);
        }
        self.cut = self.cells.len();
        self.free.iter_mut().for_each(|free| *free = row.min(*free));
    }

    /// The grid, of that many rows: no cell reaches further down.
    pub(super) fn finish(mut self, height: usize, spans_known: bool) -> Grid {
        self.cut(height);
        Grid { cells: self.cells, spans_known }
    }
}

/// A table whose cells hold paragraphs, and tables again.
#[derive(Debug, Default)]
pub(super) struct TableBuilder {
    pub(super) grid: GridBuilder,
    /// What all cells hold.
    contents: Vec<Block>,
}

impl TableBuilder {
    /// Places a cell, given what it holds and with no text.
    pub(super) fn place(
        &mut self,
        mut cell: GridCell,
        mut blocks: Vec<Block>,
        counts: &mut Counts,
    ) -> Result<(), ReadError> {
        let lines = blocks.iter().filter_map(|block| match block {
            Block::Paragraph(line) => Some(line.as_str()),
            Block::Table(_) => None,
        });
        cell.text = lines.collect::<Vec<_>>().join("\n");
        self.contents.append(&mut blocks);
        self.grid.place(cell, counts)
    }

    /// Adds the table of that many rows, and after it those within its cells. A table
    /// of one cell, and one that is smaller than those in it, only arranges what it
    /// holds: that is added instead.
    pub(super) fn finish(self, height: usize, counts: &mut Counts, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        let grid = self.grid.finish(height, true);
        let inner = self.contents.iter().map(|block| match block {
            Block::Paragraph(_) => 0,
            Block::Table(grid) => grid.cells.len(),
        });
        let only_arranges = grid.cells.len() <= inner.sum::<usize>().max(1);
        if !only_arranges {
            counts.table(grid, blocks)?;
        }
        let is_kept = |block: &Block| match block {
            Block::Paragraph(_) => only_arranges,
            Block::Table(_) => true,
        };
        blocks.extend(self.contents.into_iter().filter(is_kept));
        Ok(())
    }
}
