//! Values separated by commas, semicolons or tabs.

use std::collections::BTreeMap;

use super::build::Counts;
use super::rows::{self, SheetCell};
use super::{Format, Limit, ReadError, encoding};
use crate::documents::Document;

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let text = encoding::decode(bytes, None);
    let text = text.ok_or_else(|| ReadError::damaged(Format::Csv, "it is neither in UTF-8 nor in GB18030"))?;
    let mut counts = Counts::default();
    counts.text(&text)?;
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator(&text));
    let mut reader = reader.from_reader(text.as_bytes());
    let mut sheet = rows::Sheet::default();
    // what the reader leaves out are blank lines: they count as rows
    for record in reader.records() {
        let record = record.map_err(|error| ReadError::damaged(Format::Csv, error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let after_last = sheet.last_key_value().map_or(0, |(row, _)| row.saturating_add(1));
        // the line before, where lines end in two characters
        let row = usize::try_from(line).unwrap_or(usize::MAX).max(after_last);
        Limit::Rows.check(row)?;
        Limit::Columns.check(record.len())?;
        let cell = |text: &str| SheetCell { text: text.trim().to_owned(), rows: 1, columns: 1 };
        let cells: BTreeMap<usize, SheetCell> = record.iter().map(cell).enumerate().collect();
        sheet.insert(row, cells);
    }
    let mut blocks = Vec::new();
    rows::blocks(sheet, false, &mut counts, &mut blocks)?;
    Ok(Document { blocks })
}

/// The character that separates values: of the three, the one that the most lines have.
fn separator(text: &str) -> u8 {
    let lines = |separator: char| text.lines().filter(|line| line.contains(separator)).count();
    // of equals the last is the greatest
    [';', '\t', ','].into_iter().max_by_key(|separator| lines(*separator)).map_or(b',', |separator| match separator {
        ';' => b';',
        '\t' => b'\t',
        _ => b',',
    })
}
