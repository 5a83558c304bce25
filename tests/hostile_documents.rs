//! Documents made to do harm: each is refused at once, and says which limit it is
//! beyond. What is refused is refused before it takes the memory it asks for.

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

use std::io::{Cursor, Write as _};

use crossfoot::documents::{ReadError, read};
use zip::write::SimpleFileOptions;

const WORD: &str = r#"<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;

fn word(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    file.start_file("_rels/.rels", SimpleFileOptions::default()).unwrap();
    file.write_all(RELATIONS.as_bytes()).unwrap();
    file.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    file.write_all(WORD.as_bytes()).unwrap();
    pieces.for_each(|piece| file.write_all(&piece).unwrap());
    file.finish().unwrap().into_inner()
}

fn workbook(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        file.start_file(name, SimpleFileOptions::default()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    part("_rels/.rels", &RELATIONS.replace("word/document.xml", "xl/workbook.xml"));
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook {main} xmlns:r="{relations}"><sheets><sheet name="a" sheetId="1" r:id="r"/></sheets></workbook>"#
        ),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &RELATIONS
            .replace("word/document.xml", "worksheets/sheet1.xml")
            .replace("officeDocument\" Target", "worksheet\" Target"),
    );
    part("xl/worksheets/sheet1.xml", SHEET);
    pieces.for_each(|piece| file.write_all(&piece).unwrap());
    file.write_all(b"</sheetData></worksheet>").unwrap();
    file.finish().unwrap().into_inner()
}

fn refused(name: &str, bytes: &[u8]) -> String {
    let error = read(name, bytes).map(|document| document.blocks.len()).unwrap_err();
    assert!(!error.zh().is_empty());
    error.to_string()
}

#[test]
fn a_small_file_that_unpacks_to_a_large_one_is_refused() {
    let spaces = || std::iter::repeat_n(vec![b' '; 1 << 20], 100);
    let bomb = word(spaces());
    assert!(bomb.len() < 1 << 20);
    let said = refused("bomb.docx", &bomb);
    assert!(said.contains("67108864") || said.contains("unpacked"), "{said}");
    let said = refused("bomb.xlsx", &workbook(spaces()));
    assert!(said.contains("67108864") || said.contains("unpacked"), "{said}");
}

#[test]
fn a_sheet_of_a_million_rows_is_refused() {
    let row = |number: usize| format!("<row r=\"{number}\"><c r=\"A{number}\"><v>1</v></c></row>").into_bytes();
    let said = refused("long.xlsx", &workbook((1..=1_000_000).map(row)));
    assert!(said.contains("rows") || said.contains("cells"), "{said}");
    // the same far away: one cell at the end of the sheet
    let far = workbook(std::iter::once(b"<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>".to_vec()));
    let read_far = read("far.xlsx", &far).map(|document| document.blocks.len());
    assert!(read_far.as_ref().is_ok_and(|blocks| *blocks <= 1) || read_far.is_err(), "{read_far:?}");
    let rows: String = (0..1_000_000).map(|row| format!("{row},1\n")).collect();
    let said = refused("long.csv", rows.as_bytes());
    assert!(said.contains("rows") || said.contains("cells"), "{said}");
}

#[test]
fn entities_are_not_expanded_and_no_file_outside_is_read() {
    let entities = r#"<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>"#;
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    file.start_file("_rels/.rels", SimpleFileOptions::default()).unwrap();
    file.write_all(RELATIONS.as_bytes()).unwrap();
    file.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    file.write_all(format!("{entities}{WORD}<w:p><w:r><w:t>&b;&f;</w:t></w:r></w:p></w:body></w:document>").as_bytes())
        .unwrap();
    let said = refused("entities.docx", &file.finish().unwrap().into_inner());
    assert!(!said.contains("root:"), "{said}");
}

#[test]
fn what_is_nested_without_end_is_refused() {
    let tables = std::iter::repeat_n(b"<w:tbl><w:tr><w:tc>".to_vec(), 100_000);
    let said = refused("deep.docx", &word(tables));
    assert!(said.contains("deep") || said.contains("within"), "{said}");
    let page = format!("<html><body>{}", "<table><tr><td>".repeat(100_000));
    let said = refused("deep.html", page.as_bytes());
    assert!(said.contains("deep") || said.contains("within"), "{said}");
}

#[test]
fn cells_that_reach_over_everything_take_no_more_memory_than_a_table_may() {
    let page = "<table><tr><td rowspan=65534 colspan=1000>1</td></tr><tr><td>2</td></tr></table>".repeat(200);
    // read or refused, but at once
    let read_all = read("wide.html", page.as_bytes());
    assert!(!matches!(read_all, Err(ReadError::Empty)), "{read_all:?}");
}
