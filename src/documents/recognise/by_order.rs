//! Tables of formats that do not say how far cells reach: what was merged is a
//! blank or is gone, so what stands above what cannot be told. Their columns are
//! taken to be those of the form only if all their headings stand there, line by
//! line in the order of the form.

use super::bands::{Axis, Band, Bands, Heading};
use super::draft::Problem;
use super::lines::Meaning;
use super::table::{Found, Piece, Reading, Table, unit};
use crate::documents::label::Label;

/// What is found by the order of the headings of some bands.
pub(super) fn read(bands: &Bands, table: &Table<'_>, is_meant: impl Fn(&Band) -> bool) -> Reading {
    let mut reading = Reading::default();
    let bands: Vec<&Band> = bands.0.iter().filter(|band| is_meant(band)).collect();
    for start in 0..table.rows.len() {
        // bands with the same columns are told apart by their rows
        let here: Vec<(&Band, Head)> =
            bands.iter().filter_map(|band| Some((*band, head(band, table, start)?))).collect();
        let Some((band, first)) = here.first() else { continue };
        let rows = table.rows.iter().enumerate().skip(first.end);
        for (row, pieces) in rows.take_while(|(_, pieces)| is_body(pieces, band)) {
            let fit = here.iter().find_map(|(band, head)| Some((*band, line(band, pieces)?, head)));
            match fit {
                Some((band, line, head)) => read_row(band, line, pieces, head, &mut reading),
                None => reading.problems.extend(problem(band, row, pieces)),
            }
        }
    }
    reading
}

/// The headings of a band's columns in a table.
struct Head {
    /// The row behind them.
    end: usize,
    unit: Option<String>,
}

/// The headings of a band's columns, if they all stand in order from a row on.
fn head(band: &Band, table: &Table<'_>, start: usize) -> Option<Head> {
    let depth = band.columns.depth();
    let end = start.checked_add(depth).filter(|end| *end > start)?;
    let rows = table.rows.get(start..end)?;
    let is_level =
        |(level, row): (usize, &Vec<Piece<'_>>)| is_level(row, &level_of(&band.columns, level), &band.corner);
    let headings: Vec<&Piece<'_>> = rows.iter().flatten().collect();
    rows.iter().enumerate().all(is_level).then(|| Head { end, unit: unit(&headings) })
}

/// The headings that begin at a level, each once.
fn level_of(columns: &Axis, level: usize) -> Vec<&Heading> {
    let mut found: Vec<&Heading> = Vec::new();
    for heading in columns.0.iter().filter_map(|line| line.headings.get(level)) {
        if found.last().is_none_or(|last| last.id != heading.id) {
            found.push(heading);
        }
    }
    found
}

/// Whether the texts of a row are these headings in order; what stands above the
/// headings of rows may come first.
fn is_level(row: &[Piece<'_>], printed: &[&Heading], corner: &Label) -> bool {
    let texts: Vec<&Label> = row.iter().map(|piece| &piece.label).filter(|label| !label.is_empty()).collect();
    let texts = match texts.split_first() {
        Some((first, rest)) if rest.len() == printed.len() && corner.slips(first).is_some() => rest,
        _ => texts.as_slice(),
    };
    texts.len() == printed.len() && texts.iter().zip(printed).all(|(text, printed)| printed.slips(text).is_some())
}

/// Whether a row is one of figures: with as many values at its end as the band has
/// columns, or with any figure at all.
fn is_body(row: &[Piece<'_>], band: &Band) -> bool {
    let (heads, values) = split(row, band);
    let blank = values.iter().all(|piece| piece.is_value) && (!heads.is_empty() || !band.has_row_headings());
    row.iter().any(|piece| piece.is_figure) || blank && values.len() == band.columns.len()
}

/// A row, parted into what stands before and in the columns of the band.
fn split<'a, 'b>(row: &'a [Piece<'b>], band: &Band) -> (&'a [Piece<'b>], &'a [Piece<'b>]) {
    row.split_at_checked(row.len().saturating_sub(band.columns.len())).unwrap_or((&[], row))
}

/// The row of the band that a row of the table is, if it has a value for every column.
fn line(band: &Band, pieces: &[Piece<'_>]) -> Option<usize> {
    let (heads, values) = split(pieces, band);
    let labels: Vec<&Label> = heads.iter().map(|piece| &piece.label).filter(|label| !label.is_empty()).collect();
    let complete = values.len() == band.columns.len() && !values.iter().any(|piece| is_heading(piece, band));
    match (band.has_row_headings(), labels.as_slice()) {
        _ if !complete => None,
        (true, labels) => match band.rows.meaning(labels) {
            Meaning::One(line) => Some(line),
            Meaning::None | Meaning::Unsure => None,
        },
        (false, labels) => labels.is_empty().then_some(0),
    }
}

fn read_row(band: &Band, line: usize, pieces: &[Piece<'_>], head: &Head, reading: &mut Reading) {
    let (_, values) = split(pieces, band);
    for (cell, piece) in band.cells.get(line).into_iter().flatten().zip(values) {
        let (row, column, text) = (piece.cell.row, piece.cell.column, piece.cell.text.clone());
        reading.found.push(Found { cell: *cell, row, column, text, unit: head.unit.clone() });
    }
}

fn is_heading(piece: &Piece<'_>, band: &Band) -> bool {
    !piece.is_value && (band.rows.meaning(&[&piece.label]) != Meaning::None || band.columns.knows(&piece.label))
}

fn problem(band: &Band, row: usize, pieces: &[Piece<'_>]) -> Option<Problem> {
    let text = pieces.iter().rfind(|piece| !piece.is_value).or(pieces.first())?;
    let due = band.columns.len();
    let values = pieces.iter().rev().take_while(|piece| piece.is_value).count();
    Some(Problem {
        table: 0,
        row: row.saturating_add(1),
        column: text.cell.column.saturating_add(1),
        text: text.cell.text.trim().to_owned(),
        message_zh: format!("此行无法与本表对应：应有 {due} 个数，有 {values} 个；整行未读取"),
        message_en: format!(
            "this row is none of the form's: {due} figures are due, {values} stand there; it was not read"
        ),
    })
}
