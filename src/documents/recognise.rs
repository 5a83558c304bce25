//! What a document says, found by the labels of a form: never by position, and
//! never guessed. What cannot be placed for sure is a problem with its place.

mod bands;
mod by_order;
mod dates;
mod draft;
mod front;
mod lines;
mod sections;
mod table;

use std::sync::Arc;

pub use draft::{Draft, Note, Place, Problem};

use super::document::{Block, Document};
use super::written::{self, Unreadable, Written};
use crate::form::Form;
use bands::Bands;
use table::Found;

/// Finds in a document what a form asks for.
#[must_use]
pub fn recognise(document: &Document, form: &Arc<Form>) -> Draft {
    let mut draft = Draft::new(Arc::clone(form));
    let bands = Bands::new(form);
    let grids = document.blocks.iter().filter_map(|block| match block {
        Block::Table(grid) => Some(grid),
        Block::Paragraph(_) => None,
    });
    for (number, grid) in (1..).zip(grids) {
        let reading = table::read(&bands, grid);
        draft.tables_passed_over = draft.tables_passed_over.saturating_add(usize::from(!reading.is_of_form()));
        for problem in reading.problems {
            draft.problems.push(Problem { table: number, ..problem });
        }
        for found in reading.found {
            place(&mut draft, number, &found);
        }
    }
    sections::read(&mut draft, document);
    front::read(&mut draft, document);
    draft
}

/// Puts what stands in one cell of a document into the draft.
fn place(draft: &mut Draft, table: usize, found: &Found) {
    let form = Arc::clone(&draft.form);
    let Some(cell) = form.cells().get(found.cell) else { return };
    let place = Place { table, row: found.row, column: found.column };
    let problem = |zh: String, en: String| Problem {
        table,
        row: found.row.saturating_add(1),
        column: found.column.saturating_add(1),
        text: found.text.clone(),
        message_zh: format!("「{}」{zh}", cell.short_zh),
        message_en: format!("{}: {en}", cell.label_en),
    };
    match written::read(&found.text, cell, found.unit.as_deref()) {
        Written::Blank => draft.set(found.cell, None, place).unwrap_or_else(|()| {
            draft
                .problems
                .push(problem("在文件中出现两次，一处空白".to_owned(), "is there twice, once blank".to_owned()));
        }),
        Written::Figure { value, note } => match draft.set(found.cell, Some(value), place) {
            Ok(()) if !note.is_empty() => draft.notes.push(Note { cell: found.cell, text: note }),
            Ok(()) => {}
            Err(()) => draft.problems.push(problem(
                "在文件中出现两次，数字不同".to_owned(),
                "is there twice, with different figures".to_owned(),
            )),
        },
        Written::Unreadable(why) => {
            draft.problems.push(problem(format!("「{}」{}", found.text.trim(), why.zh()), explained(&found.text, why)));
        }
    }
}

fn explained(text: &str, why: Unreadable) -> String {
    format!("{:?} {}", text.trim(), why.en())
}
