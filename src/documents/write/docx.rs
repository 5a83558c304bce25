//! Word documents, as official papers are set (GB/T 9704): A4, the margins of an
//! official paper, headings that are headings, tables whose heading is repeated on
//! every page and whose rows stay whole.
//!
//! Written as WordprocessingML: the known library for it cannot repeat the heading
//! of a table.

mod styles;

use std::io::{Cursor, Write as _};

use maud::{Markup, PreEscaped, html};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::grid::{Cell, Role, Table};
use super::piece::{self, Piece};
use super::{Publication, WriteError};

/// Width of the text on the page, in twentieths of a point: 156 mm.
const TEXT_WIDTH: usize = 8_845;
/// Letters that a line of that width holds in tables; with more, they are smaller.
const LETTERS: usize = 98;
/// The smaller size, in half points.
const SMALL: u32 = 15;
/// A table of so many rows stays on one page.
const ROWS_TOGETHER: usize = 30;
/// What begins every part.
const DECLARATION: PreEscaped<&str> = PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Writes a publication.
pub(super) fn write(publication: &Publication<'_>) -> Result<Vec<u8>, WriteError> {
    let mut container = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let parts = [
        ("[Content_Types].xml", styles::content_types()),
        ("_rels/.rels", styles::package_relationships()),
        ("docProps/core.xml", styles::properties(&piece::title(publication), publication.language.tag())),
        ("word/_rels/document.xml.rels", styles::document_relationships()),
        ("word/styles.xml", styles::styles(publication.language.tag())),
        ("word/fontTable.xml", styles::font_table()),
        ("word/footer1.xml", styles::footer()),
        ("word/document.xml", document(publication)),
    ];
    for (name, part) in parts {
        container.start_file(name, options)?;
        container.write_all(html! { (DECLARATION) (part) }.into_string().as_bytes())?;
    }
    Ok(container.finish()?.into_inner())
}

fn document(publication: &Publication<'_>) -> Markup {
    let pieces = piece::pieces(publication);
    let mut begins_page = false;
    html! {
        w:document xmlns:w=(WORD) xmlns:r=(RELATIONSHIPS) {
            w:body {
                @for piece in &pieces {
                    @if let Piece::NewPage = piece {
                        ({ begins_page = true; "" })
                    } @else {
                        (block(piece, std::mem::take(&mut begins_page)))
                    }
                }
                w:sectPr {
                    w:footerReference w:type="default" r:id="rIdFooter" {}
                    w:pgSz w:w="11906" w:h="16838" {}
                    // 37, 26, 35 and 28 mm
                    w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587" w:header="851" w:footer="1418" w:gutter="0" {}
                }
            }
        }
    }
}

fn block(piece: &Piece, begins_page: bool) -> Markup {
    let line = |style: &str, text: &str| paragraph(style, text, begins_page);
    match piece {
        Piece::Title(text) => line("Title", text),
        Piece::Centred(text) => line("Centred", text),
        Piece::Heading(1, text) => line("Heading1", text),
        Piece::Heading(_, text) => line("Heading2", text),
        Piece::Paragraph(text) => line("Normal", text),
        Piece::ToFill(text) => line("Normal", text),
        Piece::Signature(text) => line("Signature", text),
        Piece::Table(table) => draw(table),
        Piece::NewPage => html! {},
    }
}

fn paragraph(style: &str, text: &str, begins_page: bool) -> Markup {
    html! {
        w:p {
            w:pPr {
                w:pStyle w:val=(style) {}
                @if begins_page { w:pageBreakBefore {} }
            }
            @if !text.is_empty() {
                w:r { w:t xml:space="preserve" { (text) } }
            }
        }
    }
}

fn draw(table: &Table) -> Markup {
    let widths = table.share(TEXT_WIDTH);
    let small = table.needed() > LETTERS;
    let last = table.height().saturating_sub(1);
    let keep = |row: usize| row < table.head_rows || (row < last && last < ROWS_TOGETHER);
    html! {
        w:tbl {
            w:tblPr {
                w:tblStyle w:val="Grid" {}
                w:tblW w:w=(TEXT_WIDTH) w:type="dxa" {}
                w:jc w:val="center" {}
                w:tblLayout w:type="fixed" {}
            }
            w:tblGrid {
                @for width in &widths { w:gridCol w:w=(width) {} }
            }
            @for row in 0..table.height() {
                w:tr {
                    w:trPr {
                        w:cantSplit {}
                        @if row < table.head_rows { w:tblHeader {} }
                    }
                    @for part in table.row(row) { (cell(part, row, &widths, keep(row), small)) }
                }
            }
        }
        // two tables with nothing between them are one
        (paragraph("TableEnd", "", false))
    }
}

/// What of a cell lies in a row: the cell itself in its first, its going on below.
/// `keep` holds the row on the page of the next one.
fn cell(cell: &Cell, row: usize, widths: &[usize], keep: bool, small: bool) -> Markup {
    let width: usize = widths.iter().skip(cell.column).take(cell.columns).sum();
    let begins = cell.row == row;
    let style = match cell.role {
        Role::Title | Role::ColumnHead => "TableHead",
        Role::RowHead | Role::Text => "TableText",
        Role::Figure(_) | Role::Number => "TableFigure",
    };
    html! {
        w:tc {
            w:tcPr {
                w:tcW w:w=(width) w:type="dxa" {}
                @if cell.columns > 1 { w:gridSpan w:val=(cell.columns) {} }
                @if cell.rows > 1 && begins { w:vMerge w:val="restart" {} }
                @if cell.rows > 1 && !begins { w:vMerge {} }
                w:vAlign w:val="center" {}
            }
            w:p {
                w:pPr {
                    w:pStyle w:val=(style) {}
                    @if keep { w:keepNext {} }
                }
                @if begins && !cell.text.is_empty() {
                    w:r {
                        @if small { w:rPr { w:sz w:val=(SMALL) {} w:szCs w:val=(SMALL) {} } }
                        w:t xml:space="preserve" { (cell.text) }
                    }
                }
            }
        }
    }
}
