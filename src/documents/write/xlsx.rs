//! Workbooks: the texts on the first sheet, every table of the form on one of its
//! own, then what follows the form, a sheet each.
//!
//! Figures are numbers, where a spreadsheet holds them exactly. Totals are formulas
//! with their results, where they come out as stated; a stated total that does not is
//! left as it was stated.

mod formats;
mod formula;
mod page;
mod template;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Formula, Workbook, Worksheet};

use super::grid::{self, Cell, Role, Table};
use super::piece::{self, Piece};
use super::{Publication, WriteError};
use formats::Formats;
use formula::Places;
use page::Page;

pub use template::template;

/// Digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;
/// Characters across a page, in the unit of column widths.
const PAGE_WIDTH: usize = 96;
/// Columns that texts reach over: the labels of a template and what is typed beside.
const TEXT_COLUMNS: [usize; 2] = [26, 70];
/// Characters of one cell at most; a spreadsheet takes 32,767.
const CELL_CHARACTERS: usize = 30_000;

/// Writes a publication.
pub(super) fn write(publication: &Publication<'_>) -> Result<Vec<u8>, WriteError> {
    let mut workbook = new_workbook(publication)?;
    let formats = Formats::default();
    let totals = formula::totals(publication.form);
    for page in page::pages(piece::pieces(publication), publication) {
        let sheet = add_sheet(&mut workbook, &page)?;
        let mut row = 0;
        for piece in &page.pieces {
            row = if let Piece::Table(table) = piece {
                let places = Places::of(table, row);
                draw(sheet, row, table, &formats, |sheet, at, cell| {
                    let sum = formula::sum(publication, &totals, cell, &places);
                    figure(sheet, at, cell, sum, &formats)
                })?
            } else {
                put(sheet, &page, row, piece, &formats)?
            };
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn new_workbook(publication: &Publication<'_>) -> Result<Workbook, WriteError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(publication.year.get(), 12, 31)?;
    workbook.set_properties(&DocProperties::new().set_title(piece::title(publication)).set_creation_datetime(&made));
    Ok(workbook)
}

/// A sheet that prints on A4, as wide as a page.
fn add_sheet<'a>(workbook: &'a mut Workbook, page: &Page) -> Result<&'a mut Worksheet, WriteError> {
    const A4: u8 = 9;
    let sheet = workbook.add_worksheet();
    sheet.set_name(&page.name)?;
    sheet.set_paper_size(A4).set_print_fit_to_pages(1, 0).set_print_center_horizontally(true);
    sheet.set_margins(0.7, 0.7, 0.8, 0.8, 0.3, 0.4).set_footer("&C— &P —").set_screen_gridlines(false);
    let widths = page.widths.iter().filter_map(|width| u32::try_from(*width).ok());
    for (column, width) in (0..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    Ok(sheet)
}

/// Puts a piece that is no table below what stands there; gives the row after it.
fn put(sheet: &mut Worksheet, page: &Page, row: u32, piece: &Piece, formats: &Formats) -> Result<u32, WriteError> {
    let format = match piece {
        Piece::Title(_) => &formats.title,
        Piece::Heading(..) => &formats.heading,
        Piece::Centred(_) => &formats.centred,
        Piece::Paragraph(_) | Piece::ToFill(_) | Piece::Signature(_) => &formats.paragraph,
        Piece::NewPage | Piece::Table(_) => return Ok(row),
    };
    put_lines(sheet, page, row, text_of(piece), format)
}

fn text_of(piece: &Piece) -> &str {
    match piece {
        Piece::Title(text)
        | Piece::Heading(_, text)
        | Piece::Centred(text)
        | Piece::Paragraph(text)
        | Piece::Signature(text) => text,
        Piece::ToFill(text) => text,
        Piece::NewPage | Piece::Table(_) => "",
    }
}

/// Puts a text, over several rows where one cell cannot hold it.
fn put_lines(
    sheet: &mut Worksheet,
    page: &Page,
    mut row: u32,
    text: &str,
    format: &rust_xlsxwriter::Format,
) -> Result<u32, WriteError> {
    let letters: Vec<char> = text.chars().collect();
    // columns are measured in letters of 11 points, texts have 12 and more
    let width = page.widths.iter().sum::<usize>().saturating_mul(5) / 6;
    for part in letters.chunks(CELL_CHARACTERS) {
        let part: String = part.iter().collect();
        put_across(sheet, page, row, &part, format)?;
        set_height(sheet, row, grid::breadth(&part).div_ceil(width.max(1)), 18)?;
        row = row.saturating_add(1);
    }
    Ok(row)
}

/// Puts a text across a sheet.
fn put_across(
    sheet: &mut Worksheet,
    page: &Page,
    row: u32,
    text: &str,
    format: &rust_xlsxwriter::Format,
) -> Result<(), WriteError> {
    match page.last_column() {
        0 => sheet.write_string_with_format(row, 0, text, format)?,
        last => sheet.merge_range(row, 0, row, last, text, format)?,
    };
    Ok(())
}

/// Makes a row as high as lines of so many points need.
fn set_height(sheet: &mut Worksheet, row: u32, lines: usize, points: u32) -> Result<(), WriteError> {
    /// A spreadsheet has no higher rows, in points.
    const HIGHEST: u32 = 409;
    let lines = u32::try_from(lines).unwrap_or(HIGHEST);
    let height = lines.saturating_mul(points).saturating_add(4).min(HIGHEST);
    sheet.set_row_height(row, height)?;
    Ok(())
}

/// Where a cell of a table that begins at a row stands on its sheet: first row and
/// column, last row and column.
fn range(cell: &Cell, top: u32) -> Result<(u32, u16, u32, u16), WriteError> {
    let out_of_range = |_| rust_xlsxwriter::XlsxError::RowColumnLimitError;
    let row = u32::try_from(cell.row).map_err(out_of_range)?.saturating_add(top);
    let column = u16::try_from(cell.column).map_err(out_of_range)?;
    let rows = u32::try_from(cell.rows).map_err(out_of_range)?;
    let columns = u16::try_from(cell.columns).map_err(out_of_range)?;
    Ok((row, column, row.saturating_add(rows).saturating_sub(1), column.saturating_add(columns).saturating_sub(1)))
}

/// Draws a table; `figure` fills the cells of figures, after they are merged. Gives the
/// row after it.
fn draw(
    sheet: &mut Worksheet,
    top: u32,
    table: &Table,
    formats: &Formats,
    mut figure: impl FnMut(&mut Worksheet, (u32, u16), &Cell) -> Result<(), WriteError>,
) -> Result<u32, WriteError> {
    let widths = page::widths(table);
    for cell in &table.cells {
        let (row, column, last_row, last_column) = range(cell, top)?;
        let format = formats.of(cell.role);
        if (row, column) == (last_row, last_column) {
            sheet.write_string_with_format(row, column, &cell.text, format)?;
        } else {
            sheet.merge_range(row, column, last_row, last_column, &cell.text, format)?;
        }
        if cell.is_figure() {
            figure(sheet, (row, column), cell)?;
        }
    }
    for row in 0..table.height() {
        let lines = table.row(row).into_iter().filter(|cell| cell.rows == 1).map(|cell| {
            let width: usize = widths.iter().skip(cell.column).take(cell.columns).sum();
            grid::breadth(&cell.text).div_ceil(width.saturating_sub(1).max(1))
        });
        let lines = lines.max().unwrap_or(1).max(1);
        set_height(sheet, top.saturating_add(u32::try_from(row).unwrap_or(u32::MAX)), lines, 14)?;
    }
    if table.head_rows > 0 {
        let heads = u32::try_from(table.head_rows).unwrap_or(1);
        sheet.set_repeat_rows(top, top.saturating_add(heads).saturating_sub(1))?;
    }
    Ok(top.saturating_add(u32::try_from(table.height()).unwrap_or(u32::MAX)))
}

/// Fills a cell with its figure: a formula, a number, or a text where neither is exact.
fn figure(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    sum: Option<String>,
    formats: &Formats,
) -> Result<(), WriteError> {
    let Some(number) = exact(&cell.text) else { return Ok(()) };
    let format = formats.number(&cell.text);
    match sum {
        Some(sum) => {
            sheet.write_formula_with_format(row, column, Formula::new(sum).set_result(&cell.text), &format)?;
        }
        None => {
            sheet.write_number_with_format(row, column, number, &format)?;
        }
    }
    Ok(())
}

/// A printed figure as a spreadsheet's number, if it holds it exactly.
fn exact(text: &str) -> Option<f64> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    (is_number && (1..=DIGITS).contains(&digits)).then(|| text.parse().ok()).flatten()
}
