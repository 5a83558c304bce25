//! Documents that are written: what stands in them, where, and how exactly.

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

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::sync::Arc;

use crossfoot::documents::{self, Appendix, Format, Language, Listing, Publication, SignOff, WriteError};
use crossfoot::form::outline::{Content, Printed};
use crossfoot::form::{Catalog, Form, in_printed_unit};
use crossfoot::words::{Coverage, Year};
use serde_json::Value;

const FORMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forms");
const FEES: &str = "proactive.administrative_fees_fen";

fn form() -> Arc<Form> {
    named("disclosure.annual.v2021.AnnualReport")
}

fn named(name: &str) -> Arc<Form> {
    Arc::clone(Catalog::load(Some(Path::new(FORMS))).unwrap().by_name(name).unwrap())
}

fn reports() -> Vec<Value> {
    include_str!("data/reports.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_report<'a>(form: &'a Form, report: &Value) -> Publication<'a> {
    let year = Year::new(report["year"].as_i64().unwrap()).unwrap();
    let bytes = form.from_json(&report["report"]).unwrap();
    Publication::new(form, "某区", year, Language::Chinese).with_report(&bytes).unwrap()
}

fn empty(form: &Form, language: Language) -> Publication<'_> {
    Publication::new(form, "Somewhere", Year::new(2024).unwrap(), language)
}

/// A part of a document that is a zip file.
fn part(document: &[u8], name: &str) -> String {
    let mut container = zip::ZipArchive::new(Cursor::new(document)).unwrap();
    let mut text = String::new();
    container.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn word(publication: &Publication<'_>) -> String {
    part(&documents::write(publication, Format::Docx).unwrap(), "word/document.xml")
}

fn page(publication: &Publication<'_>) -> String {
    String::from_utf8(documents::write(publication, Format::Html).unwrap()).unwrap()
}

fn comma(publication: &Publication<'_>) -> String {
    String::from_utf8(documents::write(publication, Format::Csv).unwrap()).unwrap()
}

/// The sheets with the tables of the form, and those after them.
fn sheets(publication: &Publication<'_>) -> Vec<String> {
    let workbook = documents::write(publication, Format::Xlsx).unwrap();
    let tables = publication.form.outline().tables().count() + publication.appendices.len();
    (0..tables).map(|table| part(&workbook, &format!("xl/worksheets/sheet{}.xml", table + 2))).collect()
}

fn sheet(publication: &Publication<'_>, table: usize) -> String {
    sheets(publication).swap_remove(table)
}

/// Figures of the tables in the order they are printed, with their tables.
fn printed(form: &Form) -> Vec<(usize, Printed, usize)> {
    let figures = form.outline().tables().enumerate().flat_map(|(number, table)| {
        let pieces = table.layout().into_iter();
        pieces.filter_map(move |piece| match piece.content {
            Content::Figure(cell) => Some((number, piece.clone(), cell)),
            _ => None,
        })
    });
    figures.collect()
}

fn expected(publication: &Publication<'_>) -> Vec<String> {
    let cells = publication.form.cells();
    let text = |cell: usize| {
        publication.figures[cell]
            .map_or_else(String::new, |figure| in_printed_unit(figure, cells.get(cell).unwrap().scale))
    };
    printed(publication.form).into_iter().map(|(_, _, cell)| text(cell)).collect()
}

/// What stands between two texts, everywhere.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|rest| rest.split_once(to).unwrap().0).collect()
}

/// The texts of the cells of figures in a Word document.
fn figures_of_word(document: &str) -> Vec<String> {
    let cells = between(document, "<w:tc>", "</w:tc>").into_iter().filter(|cell| cell.contains("\"TableFigure\""));
    cells.map(|cell| between(cell, "<w:t xml:space=\"preserve\">", "</w:t>").concat()).collect()
}

/// The value of a cell of a sheet, and its formula.
fn cell_of_sheet(sheet: &str, row: usize, column: usize) -> (Option<String>, Option<String>) {
    let name = format!("{}{}", char::from(b'A' + u8::try_from(column).unwrap()), row + 1);
    let Some((_, cell)) = sheet.split_once(&format!("<c r=\"{name}\"")) else { return (None, None) };
    let head = cell.split_once('>').unwrap().0;
    if head.ends_with('/') {
        return (None, None);
    }
    let cell = cell.split_once("</c>").unwrap().0;
    let within =
        |tag: &str| between(cell, &format!("<{tag}>"), &format!("</{tag}>")).first().map(|&text| text.to_owned());
    (within("v"), within("f"))
}

#[test]
fn every_real_report_prints_its_figures_in_every_format_and_blanks_stay_blank() {
    let form = form();
    let mut blanks = 0;
    for report in reports() {
        let publication = of_report(&form, &report);
        let expected = expected(&publication);
        assert_eq!(expected.len(), 200);
        blanks += expected.iter().filter(|text| text.is_empty()).count();
        assert_eq!(figures_of_word(&word(&publication)), expected, "{}", report["unit"]);
        let page = page(&publication);
        let cells = between(&page, "<td class=\"figure\"", "</td>");
        let cells: Vec<&str> = cells.into_iter().map(|cell| cell.split_once('>').unwrap().1).collect();
        assert_eq!(cells, expected, "{}", report["unit"]);

        let comma = comma(&publication);
        let mut lines = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(comma.as_bytes());
        let lines: Vec<csv::StringRecord> = lines.records().map(Result::unwrap).collect();
        let headings: Vec<usize> = form
            .outline()
            .sections
            .iter()
            .filter(|section| !section.tables.is_empty())
            .map(|section| lines.iter().position(|line| line[0] == section.heading.zh).unwrap())
            .collect();
        let sheets = sheets(&publication);
        for ((table, piece, _), expected) in printed(&form).iter().zip(&expected) {
            assert_eq!(&lines[headings[*table] + 1 + piece.row][piece.column], expected);
            let (value, _) = cell_of_sheet(&sheets[*table], piece.row + 1, piece.column);
            assert_eq!(value.unwrap_or_default(), *expected, "{} {piece:?}", report["unit"]);
        }
    }
    assert!(blanks > 0, "some real reports leave cells blank");
}

#[test]
fn absent_is_not_zero() {
    let form = form();
    let mut publication = empty(&form, Language::Chinese);
    assert!(figures_of_word(&word(&publication)).iter().all(String::is_empty));
    publication.figures = vec![Some(0); publication.figures.len()];
    assert!(figures_of_word(&word(&publication)).iter().all(|text| text == "0"));
}

#[test]
fn fees_are_exact_from_one_fen_to_the_largest() {
    let form = form();
    let fees = form.cells().find(FEES).unwrap();
    let mut publication = empty(&form, Language::Chinese);
    // with more digits than a spreadsheet keeps it is a text
    for (fen, text, is_number) in [
        (1, "0.000001", true),
        (6_793_940_000, "6793.94", true),
        (999_999_999_999_999, "999999999.999999", true),
        (1_000_000_000_000_000, "1000000000", true),
        (1_000_000_000_000_001, "1000000000.000001", false),
        (i64::MAX, "9223372036854.775807", false),
    ] {
        publication.figures[fees] = Some(fen);
        assert_eq!(figures_of_word(&word(&publication)).concat(), text);
        assert!(page(&publication).contains(&format!(">{text}</td>")));
        assert!(comma(&publication).contains(&format!(",{text},")));
        let workbook = documents::write(&publication, Format::Xlsx).unwrap();
        let (value, _) = cell_of_sheet(&part(&workbook, "xl/worksheets/sheet2.xml"), 14, 1);
        assert_eq!(value.as_deref() == Some(text), is_number, "{fen}");
        assert_eq!(part(&workbook, "xl/sharedStrings.xml").contains(&format!("<t>{text}</t>")), !is_number, "{fen}");
    }
}

#[test]
fn totals_are_formulas_where_they_come_out_as_stated() {
    let form = form();
    let report = reports().into_iter().find(|report| report["unit"] == "371002" && report["year"] == 2024).unwrap();
    let mut publication = of_report(&form, &report);
    let formulas = |publication: &Publication<'_>| -> Vec<(String, String)> {
        let sheets = sheets(publication);
        printed(&form)
            .into_iter()
            .filter_map(|(table, piece, _)| {
                let (value, formula) = cell_of_sheet(&sheets[table], piece.row + 1, piece.column);
                Some((formula?, value.unwrap()))
            })
            .collect()
    };
    let found = formulas(&publication);
    // 25 rows, 7 columns less the one that is in a row, 3 groups of disputes
    assert_eq!(found.len(), 25 + 6 + 3);
    assert_eq!(found[0], ("SUM(D5:I5)".to_owned(), "156".to_owned()));
    assert!(found.contains(&("SUM(D7:D27)".to_owned(), "150".to_owned())), "{found:?}");
    assert_eq!(found[31], ("SUM(A5:D5)".to_owned(), "7".to_owned()));
    let total = form.cells().find("applications.received.total").unwrap();
    publication.figures[total] = Some(157);
    assert_eq!(formulas(&publication).len(), found.len() - 1);
    assert!(sheet(&publication, 1).contains("<v>157</v>"), "a stated total stays as stated");
}

#[test]
fn tables_of_word_documents_have_the_merged_heads_of_the_form_and_stay_readable_over_pages() {
    let form = form();
    let document = word(&empty(&form, Language::Chinese));
    let pieces: Vec<Printed> = form.outline().tables().flat_map(|table| table.layout()).collect();
    let across: usize = pieces.iter().filter(|piece| piece.columns > 1).map(|piece| piece.rows).sum();
    assert_eq!(document.matches("<w:gridSpan ").count(), across);
    let down = pieces.iter().filter(|piece| piece.rows > 1);
    assert_eq!(document.matches("<w:vMerge w:val=\"restart\">").count(), down.clone().count());
    let below: usize = down.map(|piece| piece.rows - 1).sum();
    assert_eq!(document.matches("<w:vMerge></w:vMerge>").count(), below);
    let rows: usize = form.outline().tables().map(|table| table.height()).sum();
    assert_eq!(document.matches("<w:cantSplit>").count(), rows);
    // the heads of the tables with one run of rows, three lines each
    assert_eq!(document.matches("<w:tblHeader>").count(), 6);
    assert_eq!(document.matches("w:val=\"Heading1\"").count(), form.outline().sections.len());
    let page = page(&empty(&form, Language::Chinese));
    assert_eq!(page.matches("<thead>").count(), 2);
    assert!(page.contains("<th scope=\"rowgroup\" rowspan=\"22\">三、本年度办理结果</th>"));
    assert!(!page.contains("http"), "nothing is loaded from elsewhere");
}

#[test]
fn texts_come_through_unchanged_and_harm_no_format() {
    let form = form();
    let mut publication = empty(&form, Language::Chinese);
    let text = "<script>alert(\"1 & 2\")</script>\u{1}'";
    publication.texts = vec![
        ("narrative.introduction".to_owned(), "=HYPERLINK(\"x\")".to_owned()),
        ("narrative.disclosure".to_owned(), format!("{text}\n第二段")),
        ("narrative.other_matters[0].title".to_owned(), "收费".to_owned()),
        ("narrative.other_matters[0].text".to_owned(), "+无".to_owned()),
        ("narrative.other_matters[1].text".to_owned(), "另".to_owned()),
        ("cover.period_start".to_owned(), "2024-03-05".to_owned()),
        ("cover.period_end".to_owned(), "2024-12-31".to_owned()),
        ("cover.website".to_owned(), "www.example.cn".to_owned()),
        ("cover.responsible_person".to_owned(), "某某".to_owned()),
    ];
    let escaped = "&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;'";
    for written in [word(&publication), page(&publication)] {
        for text in [
            escaped,
            ">第二段<",
            ">收费<",
            ">另<",
            "报告期：2024年3月5日至2024年12月31日",
            "网址：www.example.cn",
            "：某某<",
        ] {
            assert!(written.contains(text), "{text}: {written}");
        }
        assert!(!written.contains("<script") && !written.contains('\u{1}'));
    }
    let comma = comma(&publication);
    assert!(comma.starts_with('\u{feff}'));
    assert!(comma.contains("\"'=HYPERLINK(\"\"x\"\")\"\n") && comma.contains("\n'+无\n"), "{comma}");
    let workbook = documents::write(&publication, Format::Xlsx).unwrap();
    assert!(part(&workbook, "xl/sharedStrings.xml").contains("<t>=HYPERLINK(\"x\")</t>"), "a text, no formula");
    assert!(!part(&workbook, "xl/worksheets/sheet1.xml").contains("<f>"));
}

#[test]
fn in_english_nothing_is_left_in_chinese_and_what_is_missing_is_to_be_filled_in() {
    let form = form();
    let mut publication = empty(&form, Language::English);
    publication.sign_off = Some(sign_off());
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let style = page(&publication);
    let body = style.split_once("<body>").unwrap().1;
    for written in
        [word(&publication), body.to_owned(), comma(&publication), sheet(&publication, 0), sheet(&publication, 1)]
    {
        assert!(!written.contains(is_chinese), "{written}");
    }
    assert_eq!(word(&publication).matches("(to be filled in)").count(), 9);
    let chinese = word(&empty(&form, Language::Chinese));
    assert_eq!(chinese.matches("（请填写）").count(), 9);
    assert!(chinese.contains("Somewhere2024年政府信息公开工作年度报告"));
}

fn sign_off() -> SignOff {
    SignOff {
        unit: "371002".to_owned(),
        coverage: Coverage::Consolidated,
        revision: 2,
        position: 17,
        content_digest: "c0ffee".repeat(10),
        chain_hash: "beef".repeat(16),
        time: "2025-01-20 10:00:00 UTC+8".to_owned(),
    }
}

#[test]
fn what_follows_the_form_begins_a_page_and_the_receipt_stands_beside_who_signs() {
    let form = form();
    let mut publication = empty(&form, Language::Chinese);
    let table = Listing {
        header: vec!["单位".to_owned(), "相差".to_owned()],
        rows: vec![
            vec!["-甲".to_owned(), "-5".to_owned()],
            vec!["乙".to_owned()],
            vec!["丙".to_owned(), "+7".to_owned()],
        ],
        figures: vec![1],
    };
    let paragraphs = vec!["说明".to_owned()];
    publication.appendices = vec![Appendix { heading: "附1　核对".to_owned(), paragraphs, table: Some(table) }];
    publication.sign_off = Some(sign_off());
    let document = word(&publication);
    assert_eq!(document.matches("<w:pageBreakBefore>").count(), 2);
    assert!(document.contains(&"beef".repeat(16)) && document.contains(&"c0ffee".repeat(10)));
    let signatures = &form.outline().front.signatures;
    assert_eq!(document.matches("（签字）：").count(), signatures.len());
    assert!(document.contains("单位（盖章）："));
    // words that begin with a sign are guarded, figures are not
    assert!(comma(&publication).contains("\n单位,相差\n'-甲,-5\n乙,\n丙,+7\n"), "{}", comma(&publication));
    let appendix = sheet(&publication, 3);
    assert_eq!(cell_of_sheet(&appendix, 3, 1).0.as_deref(), Some("-5"));
    assert_eq!(cell_of_sheet(&appendix, 5, 1).0.as_deref(), Some("7"));
    assert_eq!(publication_bytes(&publication), publication_bytes(&publication.clone()));
}

/// In every format.
fn publication_bytes(publication: &Publication<'_>) -> Vec<Vec<u8>> {
    let formats = [Format::Docx, Format::Xlsx, Format::Html, Format::Csv, Format::Json];
    formats.map(|format| documents::write(publication, format).unwrap()).to_vec()
}

#[test]
fn a_template_takes_what_the_form_allows_and_adds_up_what_is_typed() {
    let form = form();
    let workbook = documents::template(&form, Some(Year::new(2024).unwrap()), Language::Chinese).unwrap();
    let sheets: Vec<String> =
        (1..=4).map(|number| part(&workbook, &format!("xl/worksheets/sheet{number}.xml"))).collect();
    assert!(sheets.iter().all(|sheet| sheet.contains("<sheetProtection ")));
    let (mut typed, mut totals) = (0, 0);
    for (table, piece, _) in printed(&form) {
        match cell_of_sheet(&sheets[table + 1], piece.row + 1, piece.column) {
            (None, None) => typed += 1,
            (value, Some(formula)) => {
                assert!(formula.starts_with("IF(COUNT("), "{formula}");
                assert_eq!(value.as_deref(), Some(""), "a total of nothing is not 0");
                totals += 1;
            }
            (value, None) => panic!("{piece:?} holds {value:?}"),
        }
    }
    assert_eq!((typed, totals), (166, 34));
    let figures = sheets[1..].concat();
    // equal ones are written once for all their cells
    let ranges: Vec<&str> = between(&figures, " sqref=\"", "\"");
    assert!(figures.contains("<formula2>1000000000000</formula2>"), "{ranges:?}");
    assert!(figures.contains("AND(ISNUMBER(B15),B15&gt;=0,B15&lt;=1000000000,ROUND(B15,6)=B15)"));
    // 7 columns that balance, and the total of totals by the other way
    assert_eq!(figures.matches("<conditionalFormatting ").count(), 8);
    assert!(figures.contains("<f>SUM(D5:D6)-(SUM(D28:D29))</f>"), "{figures}");
    assert!(sheets[0].contains("2024"));
}

#[test]
fn a_form_that_says_nothing_of_its_printing_is_written_too() {
    let form = named("demo.visits.v1.Visits");
    let mut publication = empty(&form, Language::Chinese);
    publication.figures = vec![Some(3), Some(1), Some(4)];
    assert_eq!(figures_of_word(&word(&publication)), ["3", "1", "4"]);
    assert!(sheet(&publication, 0).contains("<f>SUM("));
    publication_bytes(&publication);
    documents::template(&form, None, Language::English).unwrap();
}

#[test]
fn the_name_of_a_file_says_its_format() {
    for (name, format) in
        [("a.docx", Format::Docx), ("汇总.XLSX", Format::Xlsx), ("a.b.htm", Format::Html), ("x.csv", Format::Csv)]
    {
        assert_eq!(Format::of(Path::new(name)).unwrap(), format);
    }
    for name in ["docx", "a.doc", "a.pdf", ""] {
        assert!(matches!(Format::of(Path::new(name)), Err(WriteError::UnknownFormat(named)) if named == name));
    }
}
