//! Web pages, and what Word, Excel and WPS save as one.
//!
//! What a browser shows is read, as far as that can be told without scripts and style
//! sheets: scripts, navigation and what says `display:none` are left out.
//!
//! From tokens, without a tree: a browser's tree repeats what is left open, so that a
//! page of some MB can become one of many GB.

use std::borrow::Cow;

use encoding_rs::Encoding;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::build::{Counts, TableBuilder};
use super::{Format, Limit, ReadError, encoding};
use crate::documents::{Block, Document, GridCell};

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let text =
        decode(bytes).ok_or_else(|| ReadError::damaged(Format::Html, "it is neither in UTF-8 nor in GB18030"))?;
    let mut emitter = DefaultEmitter::<()>::default();
    // what stands in scripts and styles is no markup
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    for token in Tokenizer::new_with_emitter(&*text, emitter).flatten() {
        match token {
            Token::StartTag(tag) => page.start(&tag)?,
            Token::EndTag(tag) => page.end(&name(&tag.name))?,
            Token::String(text) if page.left_out.is_none() => page.line.push(&String::from_utf8_lossy(&text)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
        Limit::TextBytes.check(page.line.text.len())?;
    }
    page.finish()
}

fn name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Bytes at the beginning of a page in which it says its encoding.
const SAID_WITHIN_BYTES: usize = 4 << 10;

/// The text of a page: its own word on its encoding counts, unless a mark says otherwise.
/// Single bytes that do not fit do not make a page unreadable, as in a browser.
fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let beginning = bytes.get(..bytes.len().min(SAID_WITHIN_BYTES)).unwrap_or_default();
    let beginning = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    let (_, said) = beginning.split_once("charset=").unwrap_or_default();
    let said = said.trim_start_matches(['"', '\'', ' ']);
    let label = said.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next().unwrap_or_default();
    let said = Encoding::for_label(label.as_bytes());
    encoding::decode(bytes, said).or_else(|| said.map(|said| said.decode(bytes).0))
}

/// Columns that a cell reaches over at most, in a browser and here.
const SPAN_COLUMNS: usize = 1_000;

/// Elements that are not shown, or are no part of the text.
const LEFT_OUT: [&str; 17] = [
    "title", "script", "style", "noscript", "template", "nav", "select", "button", "textarea", "svg", "iframe",
    "object", "audio", "video", "del", "rt", "rp",
];
/// Elements that are left out where they say that they are not shown; all have an end.
const MAY_BE_HIDDEN: [&str; 7] = ["div", "section", "span", "p", "table", "tr", "td"];
/// Elements within a line; all others begin and end one.
const WITHIN_LINES: [&str; 30] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font", "i", "img", "ins", "kbd", "label",
    "mark", "nobr", "q", "ruby", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "u", "wbr",
];

/// Text up to the next end of a line or a paragraph.
#[derive(Default)]
struct Line {
    text: String,
    /// White space to be written before more text: none, a space or a line end of the source.
    space: Option<char>,
}

impl Line {
    /// Adds text as a browser shows it: white space is one space, and none where the
    /// source goes on in a new line between two Chinese characters.
    fn push(&mut self, text: &str) {
        for character in text.chars() {
            if matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                let is_end = character == '\n' || self.space == Some('\n');
                self.space = Some(if is_end { '\n' } else { ' ' });
                continue;
            }
            let last = self.text.chars().next_back();
            if let (Some(space), Some(last)) = (self.space.take(), last) {
                let joins = space == '\n' && !last.is_ascii() && !character.is_ascii();
                if !joins && last != '\n' {
                    self.text.push(' ');
                }
            }
            self.text.push(character);
        }
    }
}

/// A page being read.
#[derive(Default)]
struct Page {
    counts: Counts,
    line: Line,
    /// What was read outside of tables.
    blocks: Vec<Block>,
    /// The tables that are open, the innermost last.
    tables: Vec<Table>,
    /// The element that is being left out, and how many of its name are open.
    left_out: Option<(String, usize)>,
}

/// A table being read.
#[derive(Default)]
struct Table {
    built: TableBuilder,
    row: usize,
    column: usize,
    is_in_row: bool,
    cell: Option<Cell>,
}

/// A cell being read.
struct Cell {
    rows: usize,
    columns: usize,
    blocks: Vec<Block>,
}

impl Page {
    fn start(&mut self, tag: &StartTag<()>) -> Result<(), ReadError> {
        let name = &*name(&tag.name);
        let begins = self.left_out.is_none() && !tag.self_closing && is_left_out(name, tag);
        if begins {
            self.left_out = Some((name.to_owned(), 0));
        }
        if self.passes_over(name, true) {
            return Ok(());
        }
        if name == "br" {
            self.line.text.push('\n');
            self.line.space = None;
        } else if !is_within_lines(name) {
            self.end_line()?;
        }
        match name {
            "table" => {
                // a table in a table, but in none of its cells, is the next one
                if self.tables.last().is_some_and(|table| table.cell.is_none()) {
                    self.end_table()?;
                }
                self.tables.push(Table::default());
                Limit::TableDepth.check(self.tables.len())?;
            }
            "tr" => self.end_row()?,
            "thead" | "tbody" | "tfoot" => self.end_rows()?,
            "td" | "th" => {
                self.end_cell()?;
                if let Some(table) = self.tables.last_mut() {
                    let columns = span(tag, "colspan").clamp(1, SPAN_COLUMNS);
                    // 0 is down to the end of the group of rows
                    let rows = Some(span(tag, "rowspan")).filter(|rows| *rows > 0).unwrap_or(usize::MAX);
                    table.cell = Some(Cell { rows, columns, blocks: Vec::new() });
                }
            }
            _ => {}
        }
        if let Some(table) = self.tables.last_mut().filter(|_| matches!(name, "tr" | "td" | "th")) {
            table.is_in_row = true;
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), ReadError> {
        if self.passes_over(name, false) {
            return Ok(());
        }
        if !is_within_lines(name) {
            self.end_line()?;
        }
        match name {
            "table" => self.end_table(),
            "tr" => self.end_row(),
            "thead" | "tbody" | "tfoot" => self.end_rows(),
            "td" | "th" => self.end_cell(),
            _ => Ok(()),
        }
    }

    /// Whether a tag belongs to what is left out. What is never closed within a line
    /// ends with the cell around it.
    fn passes_over(&mut self, tag: &str, is_start: bool) -> bool {
        let Some((name, open)) = &mut self.left_out else { return false };
        let is_within_cell = matches!(&**name, "del" | "rt" | "rp" | "span" | "p");
        if *name == tag {
            *open = if is_start { open.saturating_add(1) } else { open.saturating_sub(1) };
            if *open == 0 {
                self.left_out = None;
            }
        } else if is_within_cell && matches!(tag, "table" | "tr" | "td" | "th") {
            self.left_out = None;
            return false;
        }
        true
    }

    /// Ends a paragraph.
    fn end_line(&mut self) -> Result<(), ReadError> {
        let line = std::mem::take(&mut self.line);
        self.counts.text(&line.text)?;
        // what stands in a table and in no cell is shown before it
        let cell = self.tables.iter_mut().rev().find_map(|table| table.cell.as_mut());
        self.counts.paragraphs(&line.text, cell.map_or(&mut self.blocks, |cell| &mut cell.blocks))
    }

    fn end_cell(&mut self) -> Result<(), ReadError> {
        self.end_line()?;
        let Some(table) = self.tables.last_mut() else { return Ok(()) };
        let Some(Cell { rows, columns, blocks }) = table.cell.take() else { return Ok(()) };
        let column = table.built.grid.free_from(table.row, table.column);
        let cell = GridCell { row: table.row, column, rows, columns, text: String::new() };
        table.column = column.saturating_add(columns);
        table.built.place(cell, blocks, &mut self.counts)
    }

    fn end_row(&mut self) -> Result<(), ReadError> {
        self.end_cell()?;
        if let Some(table) = self.tables.last_mut().filter(|table| table.is_in_row) {
            table.is_in_row = false;
            table.row = table.row.saturating_add(1);
            table.column = 0;
            Limit::Rows.check(table.row)?;
        }
        Ok(())
    }

    fn end_rows(&mut self) -> Result<(), ReadError> {
        self.end_row()?;
        if let Some(table) = self.tables.last_mut() {
            table.built.grid.cut(table.row);
        }
        Ok(())
    }

    fn end_table(&mut self) -> Result<(), ReadError> {
        self.end_row()?;
        let Some(Table { built, row, .. }) = self.tables.pop() else { return Ok(()) };
        let cell = self.tables.iter_mut().rev().find_map(|table| table.cell.as_mut());
        built.finish(row, &mut self.counts, cell.map_or(&mut self.blocks, |cell| &mut cell.blocks))
    }

    /// The page as read, with what is still open ended.
    fn finish(mut self) -> Result<Document, ReadError> {
        while !self.tables.is_empty() {
            self.end_table()?;
        }
        self.end_line()?;
        Ok(Document { blocks: self.blocks })
    }
}

fn attribute<'t>(tag: &'t StartTag<()>, name: &str) -> Option<Cow<'t, str>> {
    tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value))
}

/// How far a cell says it reaches; 1 if it does not say a number.
fn span(tag: &StartTag<()>, name: &str) -> usize {
    attribute(tag, name).and_then(|span| span.trim().parse().ok()).unwrap_or(1)
}

fn is_within_lines(name: &str) -> bool {
    WITHIN_LINES.contains(&name) || name.contains(':')
}

fn is_left_out(name: &str, tag: &StartTag<()>) -> bool {
    let style = attribute(tag, "style").unwrap_or_default();
    let mut is_hidden =
        style.split(';').map(|rule| rule.split_once(':').unwrap_or_default()).any(|(property, value)| {
            property.trim().eq_ignore_ascii_case("display") && value.trim().eq_ignore_ascii_case("none")
        });
    is_hidden |= attribute(tag, "hidden").is_some();
    LEFT_OUT.contains(&name) || is_hidden && MAY_BE_HIDDEN.contains(&name)
}
