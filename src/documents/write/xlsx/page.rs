//! Which piece stands on which sheet.

use super::{PAGE_WIDTH, Piece, TEXT_COLUMNS, Table};
use crate::documents::Publication;

/// A sheet: its name and what stands on it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) pieces: Vec<Piece>,
    /// Widths of its columns in characters.
    pub(super) widths: Vec<usize>,
}

impl Page {
    fn new(name: &str, pieces: Vec<Piece>, others: &[Self]) -> Self {
        let widths = pieces.iter().find_map(|piece| {
            let Piece::Table(table) = piece else { return None };
            Some(widths(table))
        });
        let widths = widths.unwrap_or_else(|| TEXT_COLUMNS.to_vec());
        Self { name: unused_name(name, others), pieces, widths }
    }

    /// The last of its columns: texts reach over all.
    pub(super) fn last_column(&self) -> u16 {
        u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }
}

/// Widths of the columns of a table in characters: those of a page, more where its
/// figures need more.
pub(super) fn widths(table: &Table) -> Vec<usize> {
    table.share(table.needed().max(PAGE_WIDTH))
}

/// Sorts pieces to sheets.
pub(super) fn pages(pieces: Vec<Piece>, publication: &Publication<'_>) -> Vec<Page> {
    let (zh, en, _) = publication.form.title();
    let mut pages = vec![Page::new(publication.language.pick(zh, en), Vec::new(), &[])];
    let mut prose = Vec::new();
    let mut heading = String::new();
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        if let Piece::NewPage = piece {
            let mut own = Vec::new();
            while let Some(piece) = pieces.next_if(|piece| !matches!(piece, Piece::NewPage)) {
                own.push(piece);
            }
            let name = own.first().map_or("", super::text_of).to_owned();
            pages.push(Page::new(&name, own, &pages));
        } else if let Piece::Table(table) = piece {
            // a heading with nothing but a table below goes with it
            if matches!(prose.last(), Some(Piece::Heading(1, _))) {
                prose.pop();
            }
            let own = vec![Piece::Heading(1, heading.clone()), Piece::Table(table)];
            pages.push(Page::new(&heading, own, &pages));
        } else {
            if let Piece::Heading(1, text) = &piece {
                heading.clone_from(text);
            }
            prose.push(piece);
        }
    }
    if let Some(first) = pages.first_mut() {
        first.pieces = prose;
    }
    pages
}

/// A name for a sheet that a spreadsheet takes and no other has.
fn unused_name(wanted: &str, others: &[Page]) -> String {
    /// Characters of the name of a sheet.
    const LONGEST: usize = 31;
    let fit = |name: &str, longest: usize| -> String {
        let is_allowed = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'');
        name.chars().filter(is_allowed).take(longest).collect::<String>().trim().to_owned()
    };
    let plain = fit(wanted, LONGEST);
    let is_free =
        |name: &String| !name.is_empty() && others.iter().all(|page| page.name.to_lowercase() != name.to_lowercase());
    let numbered = (1..).map(|number| {
        let number = number.to_string();
        format!("{}{number}", fit(wanted, LONGEST.saturating_sub(number.len())))
    });
    std::iter::once(plain).chain(numbered).find(is_free).unwrap_or_default()
}
