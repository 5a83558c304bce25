//! Documents: what a form asks for is found by its labels, wherever it stands.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

use std::sync::Arc;

use crossfoot::documents::{Block, Document, Draft, Grid, GridCell, recognise};
use crossfoot::form::outline::Content;
use crossfoot::form::{Catalog, Form, Reader, in_printed_unit};
use serde_json::Value;

fn form() -> Arc<Form> {
    Arc::clone(Catalog::load(None).unwrap().by_name("disclosure.annual.v2021.AnnualReport").unwrap())
}

type Figures = Vec<Option<i64>>;

fn figures(form: &Form, report: &Value) -> Figures {
    let mut reader = Reader::default();
    reader.read(form, &form.from_json(report).unwrap()).unwrap();
    let stated = |cell: usize| reader.present()[cell / 64] >> (cell % 64) & 1 == 1;
    (0..form.cells().len()).map(|cell| stated(cell).then(|| reader.values()[cell])).collect()
}

/// Real reports, with where each is from.
fn real(form: &Form) -> Vec<(String, Figures)> {
    let lines = include_str!("data/reports.jsonl").lines();
    let reports = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    reports.map(|line| (format!("{} {}", line["unit"], line["year"]), figures(form, &line["report"]))).collect()
}

/// A report whose cells are all different.
fn distinct(form: &Form) -> Figures {
    let required = |cell: usize| form.cells().get(cell).unwrap().required;
    (0..form.cells().len()).map(|cell| required(cell).then_some(1_000 + cell as i64)).collect()
}

/// The printed tables, filled.
fn printed(form: &Form, figures: &Figures) -> Vec<Grid> {
    let text = |content: &Content| match content {
        Content::Title(words) | Content::Heading(words) => words.zh.clone(),
        Content::Figure(cell) => {
            figures[*cell].map_or_else(String::new, |f| in_printed_unit(f, form.cells().get(*cell).unwrap().scale))
        }
    };
    let grid = |table: &crossfoot::form::outline::PrintedTable| {
        let cells = table.layout().into_iter().map(|piece| GridCell {
            row: piece.row,
            column: piece.column,
            rows: piece.rows,
            columns: piece.columns,
            text: text(&piece.content),
        });
        Grid { cells: cells.collect(), spans_known: true }
    };
    form.outline().tables().map(grid).collect()
}

fn document(grids: impl IntoIterator<Item = Grid>) -> Document {
    Document { blocks: grids.into_iter().map(Block::Table).collect() }
}

/// As a spreadsheet writes it to CSV: merged cells leave blanks.
fn with_blanks(grid: &Grid) -> Grid {
    let mut cells = Vec::new();
    for (row, column) in (0..grid.height()).flat_map(|row| (0..grid.width()).map(move |column| (row, column))) {
        let known = grid.cells.iter().find(|cell| (cell.row, cell.column) == (row, column));
        let text = known.map(|cell| cell.text.clone()).unwrap_or_default();
        cells.push(GridCell { row, column, rows: 1, columns: 1, text });
    }
    Grid { cells, spans_known: false }
}

/// As plain text keeps it: what is merged to the right is gone, what is merged
/// downwards leaves blanks.
fn ragged(grid: &Grid) -> Grid {
    let mut cells = Vec::new();
    for row in 0..grid.height() {
        let mut here: Vec<&GridCell> =
            grid.cells.iter().filter(|cell| (cell.row..cell.row + cell.rows).contains(&row)).collect();
        here.sort_by_key(|cell| cell.column);
        for (column, cell) in here.into_iter().enumerate() {
            let text = if cell.row == row { cell.text.clone() } else { String::new() };
            cells.push(GridCell { row, column, rows: 1, columns: 1, text });
        }
    }
    Grid { cells, spans_known: false }
}

#[track_caller]
fn assert_read(form: &Arc<Form>, grids: Vec<Grid>, expected: &Figures, what: &str) {
    let draft = recognise(&document(grids), form);
    assert_eq!(draft.problems, [], "{what}");
    for (cell, (read, expected)) in form.cells().iter().zip(draft.figures.iter().zip(expected)) {
        assert_eq!(read, expected, "{what}: {}", cell.path);
    }
    let required = form.cells().iter().filter(|cell| cell.required).count();
    assert_eq!(draft.found(), required, "{what}");
}

fn problems(draft: &Draft) -> Vec<String> {
    draft.problems.iter().map(|p| format!("{}:{}:{} {} {}", p.table, p.row, p.column, p.text, p.message_en)).collect()
}

#[test]
fn every_real_report_is_read_from_its_tables_whether_or_not_a_format_tells_how_far_cells_reach() {
    let form = form();
    let mut reports = real(&form);
    reports.push(("distinct".to_owned(), distinct(&form)));
    reports.push(("blank".to_owned(), vec![None; form.cells().len()]));
    for (name, figures) in reports {
        let figures: Figures =
            (0..).zip(&figures).map(|(i, f)| f.filter(|_| form.cells().get(i).unwrap().required)).collect();
        let grids = printed(&form, &figures);
        assert_read(&form, grids.clone(), &figures, &format!("{name} with spans"));
        assert_read(&form, grids.iter().map(with_blanks).collect(), &figures, &format!("{name} with blanks"));
        assert_read(&form, grids.iter().map(ragged).collect(), &figures, &format!("{name} ragged"));
    }
}
