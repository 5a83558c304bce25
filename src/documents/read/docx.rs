//! Word documents (.docx, Office Open XML).
//!
//! What a reader of the printed page sees is read: tracked insertions count,
//! deletions and hidden text do not. Numbers that Word puts before paragraphs by
//! itself are not in the text, and are not made up. Footnotes, headers, comments
//! and pictures are left out.

use super::archive::Archive;
use super::build::{Counts, TableBuilder};
use super::xml::{Element, Piece, Space, Xml};
use super::{Format, Limit, ReadError};
use crate::documents::{Block, Document, GridCell};

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let mut archive = Archive::open(bytes, Format::Docx)?;
    let main = archive.main_part()?.unwrap_or_else(|| MAIN.to_owned());
    let text = archive.part(&main)?.ok_or_else(|| ReadError::damaged(Format::Docx, format!("it has no {main}")))?;
    let mut blocks = Vec::new();
    let xml = Xml::new(&text, Format::Docx);
    let mut word = Word { xml, counts: Counts::default(), tables: 0, cell: CellProperties::default() };
    loop {
        match word.xml.next()? {
            Piece::Open(element) if element.space == Space::Word && element.name() == "body" => {
                word.flow(&mut blocks)?
            }
            Piece::Open(_) | Piece::Close | Piece::Text(_) => {}
            Piece::End => return Ok(Document { blocks }),
        }
    }
}

/// Where the document stands unless the relations say otherwise.
pub(super) const MAIN: &str = "word/document.xml";

struct Word<'i> {
    xml: Xml<'i>,
    counts: Counts,
    /// Tables around what is being read.
    tables: usize,
    /// What the innermost cell says of itself.
    cell: CellProperties,
}

/// A paragraph being read.
#[derive(Default)]
struct Line {
    text: String,
    /// What its text boxes hold.
    boxed: Vec<Block>,
}

/// A table being read.
#[derive(Default)]
struct Table {
    built: TableBuilder,
    row: usize,
}

/// What a cell says of itself.
#[derive(Default)]
struct CellProperties {
    columns: usize,
    /// It goes on with the cell above.
    goes_on: bool,
    deleted: bool,
}

/// What surrounds paragraphs, rows or text without changing them.
fn is_wrapper(element: &Element<'_>) -> bool {
    const WRAPPERS: [&str; 7] = ["sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "hyperlink"];
    element.space == Space::Word && WRAPPERS.contains(&element.name())
}

impl Word<'_> {
    /// Paragraphs and tables up to the end of the element around them.
    fn flow(&mut self, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::Word, "p") => {
                        let mut line = Line::default();
                        self.runs(&mut line)?;
                        self.counts.text(&line.text)?;
                        self.counts.paragraphs(&line.text, blocks)?;
                        blocks.append(&mut line.boxed);
                    }
                    (Space::Word, "tbl") => self.table(blocks)?,
                    (Space::Word, "tcPr") => self.cell = self.cell_properties()?,
                    (Space::Compatibility, "AlternateContent") => self.branch(|word| word.flow(blocks))?,
                    _ if is_wrapper(&element) => self.flow(blocks)?,
                    _ => self.xml.skip()?,
                },
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// The first branch of those that say the same for different programs.
    fn branch(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let mut taken = false;
        loop {
            match self.xml.next()? {
                Piece::Open(element) if element.space == Space::Compatibility && !taken => {
                    taken = true;
                    read(self)?;
                }
                Piece::Open(_) => self.xml.skip()?,
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// Text up to the end of the element around it.
    fn runs(&mut self, line: &mut Line) -> Result<(), ReadError> {
        let (before, mut hidden) = (line.text.len(), false);
        loop {
            match self.xml.next()? {
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::Word, "t") => {
                        self.text(&mut line.text)?;
                        continue;
                    }
                    (Space::Word, "tab" | "ptab") => line.text.push('\t'),
                    (Space::Word, "br" | "cr") => line.text.push('\n'),
                    (Space::Word, "noBreakHyphen") => line.text.push('-'),
                    (Space::Word, "rPr") => {
                        hidden = self.is_hidden()?;
                        continue;
                    }
                    (Space::Word, "r" | "fldSimple" | "ruby" | "rubyBase" | "dir" | "bdo") => {
                        self.runs(line)?;
                        continue;
                    }
                    (Space::Word, "drawing" | "pict" | "object") => {
                        self.boxes(&mut line.boxed)?;
                        continue;
                    }
                    (Space::Compatibility, "AlternateContent") => {
                        self.branch(|word| word.runs(line))?;
                        continue;
                    }
                    _ if is_wrapper(&element) => {
                        self.runs(line)?;
                        continue;
                    }
                    _ => {}
                },
                Piece::Text(_) => continue,
                Piece::Close | Piece::End => {
                    if hidden {
                        line.text.truncate(before);
                    }
                    return Ok(());
                }
            }
            self.xml.skip()?;
        }
    }

    fn text(&mut self, text: &mut String) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Open(_) => self.xml.skip()?,
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    fn is_hidden(&mut self) -> Result<bool, ReadError> {
        let mut hidden = false;
        self.properties(|element| hidden |= element.name() == "vanish" && element.is_on())?;
        Ok(hidden)
    }

    /// The elements of a list of properties.
    fn properties(&mut self, mut see: impl FnMut(&Element<'_>)) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) => {
                    see(&element);
                    self.xml.skip()?;
                }
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// What the text boxes of a drawing hold.
    fn boxes(&mut self, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) => match (element.space, element.name()) {
                    (Space::Word, "txbxContent") => self.flow(blocks)?,
                    (Space::Compatibility, "AlternateContent") => self.branch(|word| word.boxes(blocks))?,
                    _ => self.boxes(blocks)?,
                },
                Piece::Text(_) => {}
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
        table.built.finish(table.row, &mut self.counts, blocks)
    }

    fn rows(&mut self, table: &mut Table) -> Result<(), ReadError> {
        loop {
            match self.xml.next()? {
                Piece::Open(element) if element.space == Space::Word && element.name() == "tr" => {
                    let mut column = 0;
                    if self.cells(table, &mut column)? {
                        table.row = table.row.saturating_add(1);
                    }
                }
                Piece::Open(element) if is_wrapper(&element) => self.rows(table)?,
                Piece::Open(_) => self.xml.skip()?,
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(()),
            }
        }
    }

    /// The cells of a row from a column on; says whether the row stands.
    fn cells(&mut self, table: &mut Table, column: &mut usize) -> Result<bool, ReadError> {
        let mut deleted = false;
        loop {
            match self.xml.next()? {
                Piece::Open(element) if element.space == Space::Word && element.name() == "tc" => {
                    let (cell, blocks) = self.cell()?;
                    if !deleted && !cell.deleted {
                        self.place(table, column, &cell, blocks)?;
                    }
                }
                Piece::Open(element) if element.space == Space::Word && element.name() == "trPr" => {
                    self.properties(|element| match element.name() {
                        "gridBefore" => *column = column.saturating_add(element.count("val").unwrap_or(0)),
                        "del" => deleted = true,
                        _ => {}
                    })?;
                }
                Piece::Open(element) if is_wrapper(&element) => {
                    self.cells(table, column)?;
                }
                Piece::Open(_) => self.xml.skip()?,
                Piece::Text(_) => {}
                Piece::Close | Piece::End => return Ok(!deleted),
            }
        }
    }

    fn place(
        &mut self,
        table: &mut Table,
        column: &mut usize,
        cell: &CellProperties,
        blocks: Vec<Block>,
    ) -> Result<(), ReadError> {
        let columns = cell.columns.max(1);
        if !(cell.goes_on && table.built.grid.extend_down(table.row, *column, columns)) {
            let cell = GridCell { row: table.row, column: *column, rows: 1, columns, text: String::new() };
            table.built.place(cell, blocks, &mut self.counts)?;
        }
        *column = column.saturating_add(columns);
        Ok(())
    }

    fn cell(&mut self) -> Result<(CellProperties, Vec<Block>), ReadError> {
        let outer = std::mem::take(&mut self.cell);
        let mut blocks = Vec::new();
        self.flow(&mut blocks)?;
        Ok((std::mem::replace(&mut self.cell, outer), blocks))
    }

    fn cell_properties(&mut self) -> Result<CellProperties, ReadError> {
        let mut properties = CellProperties::default();
        self.properties(|element| match element.name() {
            "gridSpan" => properties.columns = element.count("val").unwrap_or(1),
            "vMerge" => properties.goes_on = element.attribute("val").is_none_or(|merge| merge != "restart"),
            "cellDel" => properties.deleted = true,
            _ => {}
        })?;
        Ok(properties)
    }
}
