//! OpenDocument: text (.odt) and spreadsheets (.ods).
//!
//! A cell of a spreadsheet is read as the exact decimal it holds, not as it is shown.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::build::{Counts, TableBuilder};
use super::rows::{self, Sheet, SheetCell};
use super::xml::{Element, Piece, Space, Xml};
use super::{Format, Limit, ReadError};
use crate::documents::{Block, Document, GridCell};

pub(super) fn read(bytes: &[u8], format: Format) -> Result<Document, ReadError> {
    let text = Archive::open(bytes, format)?.part("content.xml")?;
    let text = text.ok_or_else(|| ReadError::damaged(format, "it has no content.xml"))?;
    let is_sheets = format == Format::Ods;
    let mut open = Open { xml: Xml::new(&text, format), counts: Counts::default(), tables: 0, is_sheets };
    let mut blocks = Vec::new();
    loop {
        match open.xml.next()? {
            Piece::Open(element) if element.space == Space::OpenOffice && element.name() == "body" => {
                open.flow(&mut blocks)?;
            }
            Piece::Open(_) | Piece::Close | Piece::Text(_) => {}
            Piece::End => return Ok(Document { blocks }),
        }
    }
}

struct Open<'i> {
    xml: Xml<'i>,
    counts: Counts,
    /// Tables around what is being read.
    tables: usize,
    /// Whether the outermost tables are sheets.
    is_sheets: bool,
}

/// What is being read of a table.
#[derive(Default)]
struct Table {
    rows: Vec<(usize, Row)>,
    row: usize,
}

/// The cells of a row that hold something or reach further.
type Row = BTreeMap<usize, Cell>;

#[derive(Clone)]
struct Cell {
    rows: usize,
    columns: usize,
    value: Option<String>,
    blocks: Vec<Block>,
}

impl Open<'_> {
    /// Paragraphs and tables up to the end of the element around them.
    fn flow(&mut self, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::OpenText, "p" | "h") => {
                        let (mut line, mut boxed) = (String::new(), Vec::new());
                        self.line(&mut line, &mut boxed)?;
                        self.counts.text(&line)?;
                        self.counts.paragraphs(&line, blocks)?;
                        blocks.append(&mut boxed);
                    }
                    (Space::OpenTable, "table") => self.table(blocks)?,
                    (Space::OpenText, "tracked-changes" | "sequence-decls")
                    | (Space::OpenOffice, "forms" | "annotation")
                    | (Space::OpenTable, "shapes" | "content-validations" | "named-expressions") => self.xml.skip()?,
                    _ => self.flow(blocks)?,
                },
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// Text up to the end of the element around it, and what its frames hold.
    fn line(&mut self, line: &mut String, boxed: &mut Vec<Block>) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Text(text) => {
                    // white space of the source is one space
                    for piece in text.split_inclusive(|c: char| c.is_ascii_whitespace()) {
                        let word = piece.trim_end_matches(|c: char| c.is_ascii_whitespace());
                        line.push_str(word);
                        if word.len() < piece.len() && !line.ends_with(' ') {
                            line.push(' ');
                        }
                    }
                }
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::OpenText, "s") => {
                        line.push(' ');
                        self.xml.skip()?;
                    }
                    (Space::OpenText, "tab") => {
                        line.push('\t');
                        self.xml.skip()?;
                    }
                    (Space::OpenText, "line-break") => {
                        line.push('\n');
                        self.xml.skip()?;
                    }
                    (Space::OpenText, "note" | "ruby-text" | "number") | (Space::OpenOffice, "annotation") => {
                        self.xml.skip()?;
                    }
                    (Space::OpenText, _) => self.line(line, boxed)?,
                    _ => self.flow(boxed)?,
                },
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    fn table(&mut self, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        self.tables = self.tables.saturating_add(1);
        Limit::TableDepth.check(self.tables)?;
        let mut table = Table::default();
        self.rows(&mut table)?;
        self.tables = self.tables.saturating_sub(1);
        if self.is_sheets && self.tables == 0 {
            let sheet: Sheet = table.rows.into_iter().map(|(row, cells)| (row, sheet_row(cells))).collect();
            return rows::blocks(sheet, true, &mut self.counts, blocks);
        }
        let mut built = TableBuilder::default();
        for (row, cells) in table.rows {
            for (column, cell) in cells {
                let place = GridCell { row, column, rows: cell.rows, columns: cell.columns, text: String::new() };
                built.place(place, cell.blocks, &mut self.counts)?;
            }
        }
        built.finish(table.row, &mut self.counts, blocks)
    }

    fn rows(&mut self, table: &mut Table) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::OpenTable, "table-row") => {
                        let again = element.count("number-rows-repeated").unwrap_or(1).max(1);
                        let mut cells = Row::new();
                        self.cells(&mut cells)?;
                        self.add(table, cells, again)?;
                    }
                    (Space::OpenTable, "table-header-rows" | "table-rows" | "table-row-group") => self.rows(table)?,
                    _ => self.xml.skip()?,
                },
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// Adds a row as often as it stands there; blank ones only count.
    fn add(&mut self, table: &mut Table, cells: Row, again: usize) -> Result<(), ReadError> {
        let is_blank = cells.values().all(|cell| cell.value.is_none() && cell.blocks.is_empty());
        let end = table.row.saturating_add(again);
        if is_blank && self.is_sheets {
            table.row = end;
            return Ok(());
        }
        Limit::Rows.check(end)?;
        while table.row < end {
            self.counts.cells(cells.len())?;
            table.rows.push((table.row, cells.clone()));
            table.row = table.row.saturating_add(1);
        }
        Ok(())
    }

    fn cells(&mut self, cells: &mut Row) -> Result<(), ReadError> {
        let mut column = 0_usize;
        loop {
            match self.xml.next()? {
                Piece::Open(element) if element.space == Space::OpenTable => {
                    let again = element.count("number-columns-repeated").unwrap_or(1).max(1);
                    let end = column.saturating_add(again);
                    if element.name() == "table-cell" {
                        let cell = self.cell(&element)?;
                        let is_blank = cell.value.is_none() && cell.blocks.is_empty();
                        if !is_blank || !self.is_sheets || cell.rows > 1 || cell.columns > 1 {
                            Limit::Columns.check(end)?;
                            (column..end).for_each(|column| drop(cells.insert(column, cell.clone())));
                        }
                    } else {
                        self.xml.skip()?;
                    }
                    column = end;
                }
                Piece::Open(_) => self.xml.skip()?,
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    fn cell(&mut self, element: &Element<'_>) -> Result<Cell, ReadError> {
        let span = |name, most: usize| element.count(name).unwrap_or(1).clamp(1, most);
        let rows = span("number-rows-spanned", Limit::Rows.most());
        let columns = span("number-columns-spanned", Limit::Columns.most());
        let is_number = matches!(element.attribute("value-type").as_deref(), Some("float" | "currency"));
        let value = element.attribute("value").filter(|_| is_number && self.is_sheets);
        let mut blocks = Vec::new();
        self.flow(&mut blocks)?;
        Ok(Cell { rows, columns, value, blocks })
    }
}

/// A row of a sheet: the value of a cell, or its text.
fn sheet_row(cells: Row) -> BTreeMap<usize, SheetCell> {
    let text = |cell: Cell| {
        let lines = cell.blocks.into_iter().filter_map(|block| match block {
            Block::Paragraph(line) => Some(line),
            Block::Table(_) => None,
        });
        let text = cell.value.unwrap_or_else(|| lines.collect::<Vec<_>>().join("\n"));
        SheetCell { text, rows: cell.rows, columns: cell.columns }
    };
    cells.into_iter().map(|(column, cell)| (column, text(cell))).collect()
}
