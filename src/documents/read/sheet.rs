//! Excel workbooks (.xlsx, .xls).
//!
//! Sheets that are hidden are not read: whoever looks at the workbook does not see
//! them. A number is given as its shortest decimal, with the 15 digits that a
//! spreadsheet has; how it is formatted is not looked at, so 12% is 0.12.

use std::io::{Cursor, Read as _};

use calamine::{Data, DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xls, Xlsx};

use super::archive::Archive;
use super::build::Counts;
use super::rows::{self, Sheet, SheetCell};
use super::{Format, Limit, ReadError};
use crate::documents::Document;

pub(super) fn xlsx(bytes: &[u8]) -> Result<Document, ReadError> {
    Archive::open(bytes, Format::Xlsx)?.check()?;
    let damaged = |error| ReadError::damaged(Format::Xlsx, error);
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut counts, mut blocks) = (Counts::default(), Vec::new());
    for name in shown(book.sheets_metadata()) {
        let mut sheet = Sheet::default();
        let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            add(&mut sheet, row, column, value(cell.get_value()), &mut counts)?;
        }
        drop(cells);
        let merged = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
        merge(&mut sheet, &merged);
        rows::blocks(sheet, true, &mut counts, &mut blocks)?;
    }
    Ok(Document { blocks })
}

pub(super) fn xls(bytes: &[u8]) -> Result<Document, ReadError> {
    let stream = workbook_stream(bytes).map_err(|error| ReadError::damaged(Format::Xls, error))?;
    check_records(&stream)?;
    let alone = compound_file(&stream).map_err(|error| ReadError::damaged(Format::Xls, error))?;
    let mut book = Xls::new(Cursor::new(alone)).map_err(|error| ReadError::damaged(Format::Xls, error))?;
    let (mut counts, mut blocks) = (Counts::default(), Vec::new());
    for name in shown(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(|error| ReadError::damaged(Format::Xls, error))?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        let mut sheet = Sheet::default();
        for (row, column, data) in range.used_cells() {
            let place = |first: u32, offset| first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
            let (row, column) = (place(first_row, row), place(first_column, column));
            add(&mut sheet, row, column, value(&borrowed(data)), &mut counts)?;
        }
        merge(&mut sheet, &book.merge_cells_by_sheet_name(&name).unwrap_or_default());
        rows::blocks(sheet, true, &mut counts, &mut blocks)?;
    }
    Ok(Document { blocks })
}

/// The names of the sheets that are read.
fn shown(sheets: &[calamine::Sheet]) -> Vec<String> {
    let is_shown =
        |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet;
    sheets.iter().filter(is_shown).map(|sheet| sheet.name.clone()).collect()
}

/// Adds a cell that holds something.
fn add(sheet: &mut Sheet, row: u32, column: u32, text: String, counts: &mut Counts) -> Result<(), ReadError> {
    if text.trim().is_empty() {
        return Ok(());
    }
    let (row, column) = (at(row), at(column));
    Limit::Rows.check(row.saturating_add(1))?;
    Limit::Columns.check(column.saturating_add(1))?;
    counts.text(&text)?;
    let cell = SheetCell { text: text.trim().to_owned(), rows: 1, columns: 1 };
    sheet.entry(row).or_default().insert(column, cell);
    Ok(())
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Lets cells reach as far as they are merged, within the rows and columns that are read.
fn merge(sheet: &mut Sheet, merged: &[Dimensions]) {
    for Dimensions { start, end } in merged {
        let (row, column) = (at(start.0), at(start.1));
        let reach = |first: u32, last: u32, most: usize| at(last.saturating_sub(first)).saturating_add(1).min(most);
        if let Some(cells) = sheet.get_mut(&row) {
            let cell = cells.entry(column).or_default();
            cell.rows = reach(start.0, end.0, Limit::Rows.most());
            cell.columns =
                reach(start.1, end.1, Limit::Columns.most().saturating_sub(column.min(Limit::Columns.most())));
        }
    }
}

fn borrowed(data: &Data) -> DataRef<'_> {
    match data {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(is) => DataRef::Bool(*is),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(moment) => DataRef::DateTimeIso(moment.clone()),
        Data::DurationIso(duration) => DataRef::DurationIso(duration.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn value(data: &DataRef<'_>) -> String {
    match data {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => decimal(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string().to_uppercase(),
        DataRef::DateTime(moment) => date(*moment),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// Digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;

/// A number as its shortest decimal: 6793.94, and 0.3 where 0.30000000000000004 was
/// summed up.
fn decimal(number: f64) -> String {
    let shortest = number.to_string();
    let digits = shortest.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
    if digits <= DIGITS {
        return shortest;
    }
    let rounded = format!("{number:.*e}", DIGITS.saturating_sub(1));
    rounded.parse().map_or(shortest, |rounded: f64| rounded.to_string())
}

fn date(moment: ExcelDateTime) -> String {
    if !moment.is_datetime() {
        return decimal(moment.as_f64());
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    format!("{year}-{month:02}-{day:02}")
}

/// The stream of a compound file that holds the workbook.
fn workbook_stream(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes))?;
    let name = if file.exists("/Workbook") { "/Workbook" } else { "/Book" };
    let mut stream = Vec::new();
    // no stream is longer than the file around it
    file.open_stream(name)?.take(bytes.len() as u64).read_to_end(&mut stream)?;
    Ok(stream)
}

/// A compound file of nothing but a workbook: pictures, macros and what is wrong with
/// the rest of the file do not get further.
fn compound_file(stream: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))?;
    std::io::Write::write_all(&mut file.create_stream("/Workbook")?, stream)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

/// Records of a workbook that hold cells: their first bytes are row and column.
const CELL_RECORDS: [u16; 12] = [0x06, 0xbd, 0xbe, 0xd6, 0xfd, 0x201, 0x203, 0x204, 0x205, 0x27e, 0x0206, 0x0406];
/// The record that begins a sheet.
const BEGINS: u16 = 0x809;

/// Records of several cells of a row; they end with the last column.
const MANY_CELLS: [u16; 2] = [0xbd, 0xbe];

/// Refuses a workbook whose sheets would need more room than the cells that are read:
/// the reader makes room for all between the first and the last. Columns that run
/// backwards are refused too: the reader subtracts one from the other.
fn check_records(stream: &[u8]) -> Result<(), ReadError> {
    let (mut before, mut height, mut width) = (0_usize, 0_usize, 0_usize);
    let mut rest = stream;
    while let Some(([kind_0, kind_1, length_0, length_1], after)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_le_bytes([*length_0, *length_1]));
        let kind = u16::from_le_bytes([*kind_0, *kind_1]);
        let Some((record, after)) = after.split_at_checked(length) else { break };
        rest = after;
        if kind == BEGINS {
            before = before.saturating_add(height.saturating_mul(width));
            (height, width) = (0, 0);
        }
        let Some([row_0, row_1, column_0, column_1]) = record.first_chunk::<4>() else { continue };
        if CELL_RECORDS.contains(&kind) {
            let row = usize::from(u16::from_le_bytes([*row_0, *row_1]));
            let column = usize::from(u16::from_le_bytes([*column_0, *column_1]));
            height = height.max(row.saturating_add(1));
            let mut cells = 1;
            if MANY_CELLS.contains(&kind) {
                // at least 2 bytes for each
                cells = length.div_euclid(2);
                let last = record.last_chunk().map_or(0, |last| usize::from(u16::from_le_bytes(*last)));
                if last < column {
                    return Err(ReadError::damaged(Format::Xls, "the columns of a row run backwards"));
                }
            }
            width = width.max(column.saturating_add(cells));
            Limit::Area.check(before.saturating_add(height.saturating_mul(width)))?;
        }
    }
    Ok(())
}
