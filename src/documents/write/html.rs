//! A web page in one file, with nothing to load from elsewhere; prints on A4.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Publication;
use super::grid::{Cell, Role, Table};
use super::piece::{self, Piece};

/// How it looks. Fonts are those of official papers, then those of any system.
const STYLE: &str = include_str!("html/style.css");

/// Writes a publication.
pub(super) fn write(publication: &Publication<'_>) -> Vec<u8> {
    let title = piece::title(publication);
    let pieces = piece::pieces(publication);
    let page = html! {
        (DOCTYPE)
        html lang=(publication.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @for piece in &pieces { (block(piece)) }
            }
        }
    };
    page.into_string().into_bytes()
}

fn block(piece: &Piece) -> Markup {
    match piece {
        Piece::Title(text) => html! { h1 { (text) } },
        Piece::Centred(text) => html! { p.centred { (text) } },
        Piece::Heading(1, text) => html! { h2 { (text) } },
        Piece::Heading(_, text) => html! { h3 { (text) } },
        Piece::Paragraph(text) => html! { p { (text) } },
        Piece::ToFill(text) => html! { p { (text) } },
        Piece::Signature(text) => html! { p.signature { (text) } },
        Piece::Table(table) => draw(table),
        Piece::NewPage => html! { hr; },
    }
}

fn draw(table: &Table) -> Markup {
    // hundredths of a per cent
    let widths = table.share(10_000);
    let rows = |from: usize, to: usize| {
        html! {
            @for row in from..to {
                tr {
                    @for part in table.row(row) {
                        @if part.row == row { (cell(part)) }
                    }
                }
            }
        }
    };
    html! {
        table {
            colgroup {
                @for width in &widths { col style={ "width:" (width / 100) "." (format!("{:02}", width % 100)) "%" }; }
            }
            @if table.head_rows > 0 { thead { (rows(0, table.head_rows)) } }
            tbody { (rows(table.head_rows, table.height())) }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    let reach = |reach: usize| (reach > 1).then_some(reach);
    let (rows, columns) = (reach(cell.rows), reach(cell.columns));
    let scope = match (cell.role, rows, columns) {
        (Role::Title | Role::ColumnHead, _, Some(_)) => Some("colgroup"),
        (Role::Title | Role::ColumnHead, _, None) => Some("col"),
        (Role::RowHead, Some(_), _) => Some("rowgroup"),
        (Role::RowHead, None, _) => Some("row"),
        (Role::Figure(_) | Role::Number | Role::Text, _, _) => None,
    };
    let class = cell.is_figure().then_some("figure");
    html! {
        @if scope.is_some() && !cell.text.is_empty() {
            th scope=[scope] rowspan=[rows] colspan=[columns] { (cell.text) }
        } @else {
            td class=[class] rowspan=[rows] colspan=[columns] { (cell.text) }
        }
    }
}
