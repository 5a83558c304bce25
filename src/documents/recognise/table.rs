//! One table of a document: which of its cells are cells of the form.
//!
//! A row is found by its heading, a column by the headings nearest above. Where a
//! format does not say how far cells reach, the headings must stand in the order
//! of the form instead ([`super::by_order`]).

use super::bands::{Band, Bands};
use super::by_order;
use super::draft::Problem;
use super::lines::Meaning;
use crate::documents::document::{Grid, GridCell};
use crate::documents::label::Label;
use crate::documents::write::LEFT_OF_CHECKS;
use crate::documents::written;
use crate::words::limits;

/// A cell of the form, where it stands.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cell: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) text: String,
    /// The unit that its headings give.
    pub(super) unit: Option<String>,
}

/// What was made of a table.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) found: Vec<Found>,
    pub(super) problems: Vec<Problem>,
}

impl Reading {
    /// Whether anything in it belongs to the form.
    pub(super) fn is_of_form(&self) -> bool {
        !self.found.is_empty() || !self.problems.is_empty()
    }

    /// Whether a row was looked at.
    fn has(&self, row: usize) -> bool {
        let number = row.saturating_add(1);
        self.found.iter().any(|found| found.row == row) || self.problems.iter().any(|problem| problem.row == number)
    }
}

/// Reads a table, as it lies or turned. One that is far too long is none of a form.
pub(super) fn read(bands: &Bands, grid: &Grid) -> Reading {
    let places = grid.cells.iter().map(|cell| cell.rows.max(1)).fold(0, usize::saturating_add);
    if grid.height().max(grid.width()) > limits::FORM_TABLE_ROWS || places > limits::FORM_TABLE_PLACES {
        return Reading::default();
    }
    let reading = read_as_it_lies(bands, grid);
    if reading.is_of_form() || !grid.spans_known {
        return reading;
    }
    let turned = read_as_it_lies(bands, &turned(grid));
    let back = |found: Found| Found { row: found.column, column: found.row, ..found };
    let problem = |problem: Problem| Problem { row: problem.column, column: problem.row, ..problem };
    Reading {
        found: turned.found.into_iter().map(back).collect(),
        problems: turned.problems.into_iter().map(problem).collect(),
    }
}

fn turned(grid: &Grid) -> Grid {
    let cells = grid.cells.iter().cloned();
    let cells = cells.map(|cell| GridCell {
        row: cell.column,
        column: cell.row,
        rows: cell.columns,
        columns: cell.rows,
        text: cell.text,
    });
    let mut cells: Vec<GridCell> = cells.collect();
    cells.sort_by_key(|cell| (cell.row, cell.column));
    Grid { cells, spans_known: grid.spans_known }
}

fn read_as_it_lies(bands: &Bands, grid: &Grid) -> Reading {
    let table = Table::new(grid);
    let is_even = table.is_even();
    let reading = match grid.spans_known {
        true => Reading::default(),
        // in even rows a heading stands above its column, if it is above one column only
        false => by_order::read(bands, &table, |band| !is_even || !band.has_row_headings()),
    };
    if grid.spans_known || is_even { by_headings(bands, &table, reading) } else { reading }
}

/// A table with its texts looked at once.
pub(super) struct Table<'a> {
    pub(super) rows: Vec<Vec<Piece<'a>>>,
}

/// A cell of a table.
#[derive(Clone)]
pub(super) struct Piece<'a> {
    pub(super) cell: &'a GridCell,
    pub(super) label: Label,
    /// A figure or a blank.
    pub(super) is_value: bool,
    /// A figure.
    pub(super) is_figure: bool,
}

impl<'a> Table<'a> {
    fn new(grid: &'a Grid) -> Self {
        let mut rows: Vec<Vec<Piece<'a>>> = Vec::new();
        for cell in &grid.cells {
            let piece = Piece {
                cell,
                label: Label::new(&cell.text),
                is_value: written::is_value(&cell.text),
                is_figure: written::is_figure(&cell.text),
            };
            // a cell stands in every row that it reaches over
            let last = cell.row.saturating_add(cell.rows.max(1));
            if rows.len() < last {
                rows.resize_with(last, Vec::new);
            }
            for row in rows.iter_mut().take(last).skip(cell.row) {
                row.push(piece.clone());
            }
        }
        rows.iter_mut().for_each(|row| row.sort_by_key(|piece| piece.cell.column));
        Self { rows }
    }

    /// Whether all its rows have as many cells.
    fn is_even(&self) -> bool {
        self.rows.windows(2).all(|pair| matches!(pair, [a, b] if a.len() == b.len()))
    }

    /// Headings nearest above a place: those of the rows right above it that hold no figures.
    fn headings_above(&self, row: usize, place: &GridCell, has_data: &[bool]) -> Vec<&Piece<'a>> {
        let above = self.rows.iter().zip(has_data).take(row).rev();
        let block = above.skip_while(|(_, has_data)| **has_data).take_while(|(_, has_data)| !**has_data);
        let mut found: Vec<&Piece<'a>> = Vec::new();
        for (pieces, _) in block {
            let over = pieces.iter().filter(|piece| !piece.is_value && is_over(piece.cell, place));
            // a cell over several rows is one heading
            found.extend(
                over.filter(|piece| !found.iter().any(|known| std::ptr::eq(known.cell, piece.cell)))
                    .collect::<Vec<_>>(),
            );
        }
        found
    }
}

/// Whether a heading stands over a place: over its first column, or over no other
/// place. What reaches a little into the next column is the work of programs that
/// draw borders, not of whoever made the table.
fn is_over(heading: &GridCell, place: &GridCell) -> bool {
    let end = |cell: &GridCell| cell.column.saturating_add(cell.columns);
    let over_first = (heading.column..end(heading)).contains(&place.column);
    over_first || place.column <= heading.column && end(heading) <= end(place)
}

/// A row of the table that is a row of the form.
struct Row {
    band: usize,
    line: usize,
    /// The first column behind its heading.
    behind: usize,
}

/// Adds what is found by the headings beside and above figures.
fn by_headings(bands: &Bands, table: &Table<'_>, mut reading: Reading) -> Reading {
    let rows: Vec<Option<Row>> = (0..table.rows.len()).map(|row| row_meant(bands, table, row)).collect();
    let figures = |pieces: &[Piece<'_>]| pieces.iter().any(|piece| piece.is_figure);
    let has_data: Vec<bool> = table.rows.iter().zip(&rows).map(|(p, row)| row.is_some() || figures(p)).collect();
    let mut strangers = Vec::new();
    let unread: Vec<usize> = (0..table.rows.len()).filter(|row| !reading.has(*row)).collect();
    for index in unread {
        let pieces = table.rows.get(index).map_or(&[][..], Vec::as_slice);
        let meant = rows.get(index).and_then(Option::as_ref);
        match meant.and_then(|row| Some((bands.0.get(row.band)?, row))) {
            Some((band, row)) => {
                read_row(table, band, (index, row.line), row.behind, &has_data, &mut reading);
            }
            // what our own template leaves of its checks, below the table
            None if pieces.iter().any(|piece| is_left_of_checks(&piece.cell.text)) => break,
            None if figures(pieces) && !read_unnamed(bands, table, index, &has_data, &mut reading) => {
                strangers.push(index);
            }
            None => {}
        }
    }
    if reading.found.is_empty() && reading.problems.is_empty() {
        read_blank(bands, table, &has_data, &mut reading);
    }
    if reading.is_of_form() {
        reading.problems.extend(strangers.into_iter().filter_map(|row| stranger(table, row)));
    }
    reading
}

fn is_left_of_checks(text: &str) -> bool {
    LEFT_OF_CHECKS.iter().any(|words| text.starts_with(words))
}

/// The row of the form that a row of the table is, by its headings.
fn row_meant(bands: &Bands, table: &Table<'_>, index: usize) -> Option<Row> {
    let pieces = table.rows.get(index)?;
    let mut meant = None;
    for (number, band) in bands.0.iter().enumerate().filter(|(_, band)| band.has_row_headings()) {
        let labels: Vec<&Label> = pieces.iter().filter(|piece| !piece.is_value).map(|piece| &piece.label).collect();
        let Meaning::One(line) = band.rows.meaning(&labels) else { continue };
        let own = band.rows.0.get(line)?.headings.last()?;
        let is_column =
            |label: &Label| own.slips(label).is_none() && bands.0.iter().any(|band| band.columns.knows(label));
        let is_heading_row = labels.iter().any(|label| is_column(label));
        let behind = pieces.iter().rfind(|piece| own.slips(&piece.label).is_some())?.cell;
        let behind = behind.column.saturating_add(behind.columns);
        if is_heading_row || !pieces.iter().any(|piece| piece.cell.column >= behind) {
            continue;
        }
        if meant.is_some() {
            return None;
        }
        meant = Some(Row { band: number, line, behind });
    }
    meant
}

/// Reads the figures of a row that was found by its heading.
fn read_row(
    table: &Table<'_>,
    band: &Band,
    (row, line): (usize, usize),
    behind: usize,
    has_data: &[bool],
    reading: &mut Reading,
) {
    let Some(pieces) = table.rows.get(row) else { return };
    let mut places: Vec<Option<(&GridCell, Option<String>)>> = vec![None; band.columns.len()];
    let (mut unsure, mut spare) = (None, None);
    for piece in pieces.iter().filter(|piece| piece.cell.column >= behind && piece.cell.row == row) {
        let above = table.headings_above(row, piece.cell, has_data);
        let labels: Vec<&Label> = above.iter().map(|piece| &piece.label).collect();
        match band.columns.meaning(&labels) {
            Meaning::One(column) => match places.get_mut(column) {
                Some(place @ None) => *place = Some((piece.cell, unit(&above))),
                _ => unsure = Some(piece.cell),
            },
            Meaning::Unsure => unsure = Some(piece.cell),
            Meaning::None if piece.is_figure => spare = Some(piece.cell),
            Meaning::None => {}
        }
    }
    let known = places.iter().flatten().count();
    let first = pieces.iter().map(|piece| piece.cell).find(|cell| cell.column >= behind);
    if let Some(cell) = unsure.or(spare).or(first.filter(|_| known < places.len())) {
        reading.problems.push(not_placed(cell, row, known, places.len()));
        return;
    }
    let cells = band.cells.get(line).into_iter().flatten();
    for (cell, place) in cells.zip(places) {
        if let Some((at, unit)) = place {
            reading.found.push(found(*cell, at, unit));
        }
    }
}

fn found(cell: usize, at: &GridCell, unit: Option<String>) -> Found {
    Found { cell, row: at.row, column: at.column, text: at.text.clone(), unit }
}

/// Reads a row of figures without a heading, if a band has such rows and every
/// column of it stands above.
fn read_unnamed(bands: &Bands, table: &Table<'_>, row: usize, has_data: &[bool], reading: &mut Reading) -> bool {
    for band in bands.0.iter().filter(|band| !band.has_row_headings()) {
        let mut attempt = Reading::default();
        read_row(table, band, (row, 0), 0, has_data, &mut attempt);
        let known = attempt.found.len();
        if known == band.columns.len() {
            reading.found.extend(attempt.found);
            return true;
        }
        if columns_known(table, band, row, has_data) >= band.columns.len().div_ceil(2) {
            reading.problems.extend(attempt.problems);
            return true;
        }
    }
    false
}

fn columns_known(table: &Table<'_>, band: &Band, row: usize, has_data: &[bool]) -> usize {
    let pieces = table.rows.get(row).map_or(&[][..], Vec::as_slice);
    let above = |piece: &&Piece<'_>| {
        let above = table.headings_above(row, piece.cell, has_data);
        let labels: Vec<&Label> = above.iter().map(|piece| &piece.label).collect();
        band.columns.meaning(&labels) != Meaning::None
    };
    pieces.iter().filter(above).count()
}

/// A table that was left blank: the row under all headings of a band without
/// headings of rows.
fn read_blank(bands: &Bands, table: &Table<'_>, has_data: &[bool], reading: &mut Reading) {
    let Some(last) = table.rows.len().checked_sub(1) else { return };
    let is_blank = |row: usize| table.rows.get(row).is_some_and(|row| row.iter().all(|piece| piece.is_value));
    if is_blank(last) {
        read_unnamed(bands, table, last, has_data, reading);
    }
}

/// The unit that headings give, e.g. 元 of 「（单位：元）」.
pub(super) fn unit(headings: &[&Piece<'_>]) -> Option<String> {
    headings.iter().find_map(|piece| {
        let text = written::compact(&piece.cell.text);
        let (_, behind) = text.split_once("单位")?;
        let unit = behind.trim_start_matches([':', '：']);
        let end = unit.find([')', ']', ',', '，']).unwrap_or(unit.len());
        unit.get(..end).map(str::to_owned)
    })
}

fn not_placed(cell: &GridCell, row: usize, known: usize, due: usize) -> Problem {
    Problem {
        table: 0,
        row: row.saturating_add(1),
        column: cell.column.saturating_add(1),
        text: cell.text.trim().to_owned(),
        message_zh: format!("此行应有 {due} 列，能确定的有 {known} 列；整行未读取"),
        message_en: format!("this row should have {due} columns, {known} are certain; none of it was read"),
    }
}

/// A row of figures in a table of the form that is no row of the form.
fn stranger(table: &Table<'_>, row: usize) -> Option<Problem> {
    let pieces = table.rows.get(row)?;
    let text = pieces.iter().rfind(|piece| !piece.is_value).or(pieces.first())?;
    Some(Problem {
        table: 0,
        row: row.saturating_add(1),
        column: text.cell.column.saturating_add(1),
        text: text.cell.text.trim().to_owned(),
        message_zh: "本表中没有这一行，未读取".to_owned(),
        message_en: "the form has no such row; it was not read".to_owned(),
    })
}
