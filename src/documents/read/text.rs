//! Plain text, as office programs write it when they are asked for text.
//!
//! Three ways of writing tables are known. A line for each cell, indented by a tab,
//! rows apart by a blank line: then what is merged shows as blank cells or as
//! shorter rows, and a cell's text may go on in lines without a tab. A line for each
//! row, cells apart by tabs. A line for each row, cells apart by `|`.

use super::build::{Counts, GridBuilder};
use super::{Format, ReadError, encoding};
use crate::documents::{Block, Document, GridCell};

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let text = encoding::decode(bytes, None);
    let text = text.ok_or_else(|| ReadError::damaged(Format::Text, "it is neither in UTF-8 nor in GB18030"))?;
    let mut counts = Counts::default();
    counts.text(&text)?;
    let text = without_bookmarks(&text);
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        match way(line) {
            Way::Prose => counts.paragraphs(line, &mut blocks)?,
            way @ (Way::Tabs | Way::Bars) => {
                let mut rows = vec![row(line, way)];
                while let Some(line) = lines.next_if(|line| self::way(line) == way) {
                    rows.push(row(line, way));
                }
                rows.retain(|row| !is_rule(row));
                table(rows, &mut counts, &mut blocks)?;
            }
            Way::Cell => {
                let mut rows = vec![vec![line.trim().to_owned()]];
                let mut is_apart = false;
                loop {
                    if let Some(line) = lines.next_if(|line| self::way(line) == Way::Cell) {
                        if std::mem::take(&mut is_apart) {
                            rows.push(Vec::new());
                        }
                        rows.last_mut().into_iter().for_each(|row| row.push(line.trim().to_owned()));
                    } else if !is_apart && let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
                        let cell = rows.last_mut().and_then(|row| row.last_mut());
                        cell.into_iter().for_each(|cell| *cell = format!("{cell}\n{}", line.trim()));
                    } else if !is_apart && lines.next_if(|line| line.trim().is_empty()).is_some() {
                        is_apart = true;
                    } else {
                        break;
                    }
                }
                if rows.iter().any(|row| row.len() > 1) {
                    table(rows, &mut counts, &mut blocks)?;
                } else {
                    // paragraphs that begin with a tab
                    rows.iter().flatten().try_for_each(|line| counts.paragraphs(line, &mut blocks))?;
                }
            }
        }
    }
    Ok(Document { blocks })
}

/// How a line is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// No part of a table.
    Prose,
    /// One cell.
    Cell,
    /// A row, cells apart by tabs.
    Tabs,
    /// A row, cells apart by bars.
    Bars,
}

fn way(line: &str) -> Way {
    let inner = line.trim();
    if line.trim_start().contains('\t') {
        Way::Tabs
    } else if line.starts_with('\t') {
        Way::Cell
    } else if inner.starts_with('|') && inner.ends_with('|') && inner.len() > 2 {
        Way::Bars
    } else {
        Way::Prose
    }
}

fn row(line: &str, way: Way) -> Vec<String> {
    let (line, separator) = match way {
        Way::Bars => (line.trim().trim_start_matches('|').trim_end_matches('|'), '|'),
        Way::Prose | Way::Cell | Way::Tabs => (line, '\t'),
    };
    line.split(separator).map(|cell| cell.trim().to_owned()).collect()
}

/// Whether a row only draws the line below a heading.
fn is_rule(row: &[String]) -> bool {
    row.iter().all(|cell| cell.contains('-') && cell.chars().all(|character| matches!(character, '-' | ':')))
}

fn table(rows: Vec<Vec<String>>, counts: &mut Counts, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
    let mut grid = GridBuilder::default();
    let height = rows.len();
    for (row, cells) in rows.into_iter().enumerate() {
        for (column, text) in cells.into_iter().enumerate() {
            grid.place(GridCell { row, column, rows: 1, columns: 1, text }, counts)?;
        }
    }
    counts.table(grid.finish(height, false), blocks)
}

/// The text without the marks that stand for bookmarks.
fn without_bookmarks(text: &str) -> String {
    let mut pieces = text.split("[bookmark:");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once(']').map_or(piece, |(_, after)| after));
    }
    kept
}
