//! Web pages, and what Word, Excel and WPS save as one.
//!
//! What a browser shows is read, as far as that can be told without scripts and style
//! sheets: scripts, navigation and what says `display:none` are left out.

use std::borrow::Cow;

use encoding_rs::Encoding;
use scraper::{ElementRef, Html, Node};

use super::build::{Counts, TableBuilder};
use super::{Format, Limit, ReadError, encoding};
use crate::documents::{Block, Document, GridCell};

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let text =
        decode(bytes).ok_or_else(|| ReadError::damaged(Format::Html, "it is neither in UTF-8 nor in GB18030"))?;
    let page = Html::parse_document(&text);
    let mut read = Page::default();
    let (mut line, mut blocks) = (Line::default(), Vec::new());
    read.flow(page.root_element(), &mut line, &mut blocks)?;
    read.end(&mut line, &mut blocks)?;
    Ok(Document { blocks })
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

/// Elements that are not shown, or are no part of the text.
const LEFT_OUT: [&str; 17] = [
    "head", "script", "style", "noscript", "template", "nav", "select", "button", "textarea", "svg", "iframe",
    "object", "audio", "video", "del", "rt", "rp",
];
/// Elements within a line; all others begin and end one.
const WITHIN_LINES: [&str; 30] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font", "i", "img", "ins", "kbd", "label",
    "mark", "nobr", "q", "ruby", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "u", "wbr",
];

/// A page being read.
#[derive(Default)]
struct Page {
    counts: Counts,
    /// Elements around what is being read.
    depth: usize,
    /// Tables around it.
    tables: usize,
}

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

/// The rows of a table while they are read.
#[derive(Default)]
struct Table {
    built: TableBuilder,
    row: usize,
}

impl Page {
    /// Ends a paragraph.
    fn end(&mut self, line: &mut Line, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        let line = std::mem::take(line);
        self.counts.text(&line.text)?;
        self.counts.paragraphs(&line.text, blocks)
    }

    /// What an element holds.
    fn flow(&mut self, element: ElementRef<'_>, line: &mut Line, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        self.depth = self.depth.saturating_add(1);
        Limit::Depth.check(self.depth)?;
        for child in element.children() {
            if let Node::Text(text) = child.value() {
                line.push(text);
            }
            let Some(child) = ElementRef::wrap(child).filter(is_shown) else { continue };
            let name = child.value().name();
            if name == "br" {
                line.text.push('\n');
                line.space = None;
            } else if WITHIN_LINES.contains(&name) || name.contains(':') {
                self.flow(child, line, blocks)?;
            } else {
                self.end(line, blocks)?;
                if name == "table" {
                    self.table(child, blocks)?;
                } else {
                    self.flow(child, line, blocks)?;
                    self.end(line, blocks)?;
                }
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn table(&mut self, element: ElementRef<'_>, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
        self.tables = self.tables.saturating_add(1);
        Limit::TableDepth.check(self.tables)?;
        let mut table = Table::default();
        for child in element.child_elements().filter(is_shown) {
            match child.value().name() {
                "caption" => {
                    let mut line = Line::default();
                    self.flow(child, &mut line, blocks)?;
                    self.end(&mut line, blocks)?;
                }
                "tr" => self.row(child, &mut table)?,
                "thead" | "tbody" | "tfoot" => {
                    for row in child.child_elements().filter(is_shown) {
                        self.row(row, &mut table)?;
                    }
                    table.built.grid.cut(table.row);
                }
                _ => {}
            }
        }
        self.tables = self.tables.saturating_sub(1);
        table.built.finish(table.row, &mut self.counts, blocks)
    }

    fn row(&mut self, element: ElementRef<'_>, table: &mut Table) -> Result<(), ReadError> {
        let mut column = 0;
        let is_cell = |cell: &ElementRef<'_>| matches!(cell.value().name(), "td" | "th") && is_shown(cell);
        for cell in element.child_elements().filter(is_cell) {
            let (mut line, mut blocks) = (Line::default(), Vec::new());
            self.flow(cell, &mut line, &mut blocks)?;
            self.end(&mut line, &mut blocks)?;
            column = table.built.grid.free_from(table.row, column);
            let columns = span(cell, "colspan").max(1);
            let rows = match span(cell, "rowspan") {
                // down to the end of the group of rows
                0 => usize::MAX,
                rows => rows,
            };
            let place = GridCell { row: table.row, column, rows, columns, text: String::new() };
            table.built.place(place, blocks, &mut self.counts)?;
            column = column.saturating_add(columns);
        }
        table.row = table.row.saturating_add(1);
        Ok(())
    }
}

/// How far a cell says it reaches; 1 if it does not say a number.
fn span(cell: ElementRef<'_>, name: &str) -> usize {
    cell.attr(name).and_then(|span| span.trim().parse().ok()).unwrap_or(1)
}

fn is_shown(element: &ElementRef<'_>) -> bool {
    let style = element.attr("style").unwrap_or_default();
    let is_hidden = element.attr("hidden").is_some()
        || style.split(';').any(|rule| {
            let (property, value) = rule.split_once(':').unwrap_or_default();
            property.trim().eq_ignore_ascii_case("display") && value.trim().eq_ignore_ascii_case("none")
        });
    !is_hidden && !LEFT_OUT.contains(&element.value().name())
}
