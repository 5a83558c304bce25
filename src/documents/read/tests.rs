//! Documents small enough to be read here, and files of several programs.

#![allow(clippy::arithmetic_side_effects, reason = "a test says what is wrong by failing")]

use std::io::{Cursor, Write as _};

use proptest::prelude::*;

use super::super::{Block, Document, Grid, read};
use super::{Format, Limit, ReadError, Unsupported};

const FILES: [(&str, &[u8]); 14] = [
    ("huancui-2024.txt", include_bytes!("../../../tests/data/huancui-2024.txt")),
    ("huancui-2024.docx", include_bytes!("../../../tests/data/documents/huancui-2024.docx")),
    ("libreoffice.docx", include_bytes!("../../../tests/data/documents/huancui-2024-libreoffice.docx")),
    ("huancui-2024.odt", include_bytes!("../../../tests/data/documents/huancui-2024.odt")),
    ("huancui-2024.xlsx", include_bytes!("../../../tests/data/documents/huancui-2024.xlsx")),
    ("libreoffice.xlsx", include_bytes!("../../../tests/data/documents/huancui-2024-libreoffice.xlsx")),
    ("huancui-2024.xls", include_bytes!("../../../tests/data/documents/huancui-2024.xls")),
    ("huancui-2024.ods", include_bytes!("../../../tests/data/documents/huancui-2024.ods")),
    ("huancui-2024.html", include_bytes!("../../../tests/data/documents/huancui-2024.html")),
    ("gb18030.html", include_bytes!("../../../tests/data/documents/huancui-2024-gb18030.html")),
    ("libreoffice.html", include_bytes!("../../../tests/data/documents/huancui-2024-libreoffice.html")),
    ("huancui-2024.csv", include_bytes!("../../../tests/data/documents/huancui-2024.csv")),
    ("gb18030.csv", include_bytes!("../../../tests/data/documents/huancui-2024-gb18030.csv")),
    ("huancui-2024.doc", include_bytes!("../../../tests/data/documents/huancui-2024.doc")),
];

fn tables(document: &Document) -> Vec<&Grid> {
    fn table(block: &Block) -> Option<&Grid> {
        match block {
            Block::Table(grid) => Some(grid),
            Block::Paragraph(_) => None,
        }
    }
    document.blocks.iter().filter_map(table).collect()
}

/// The texts of a table that are not blank, without white space.
fn texts(grid: &Grid) -> Vec<String> {
    let text = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    grid.cells.iter().map(|cell| text(&cell.text)).filter(|text| !text.is_empty()).collect()
}

fn paragraphs(document: &Document) -> Vec<String> {
    let paragraph = |block: &Block| match block {
        Block::Paragraph(text) => Some(text.chars().filter(|character| !character.is_whitespace()).collect()),
        Block::Table(_) => None,
    };
    document.blocks.iter().filter_map(paragraph).collect()
}

fn cells(grid: &Grid) -> Vec<(usize, usize, usize, usize, &str)> {
    grid.cells.iter().map(|cell| (cell.row, cell.column, cell.rows, cell.columns, cell.text.as_str())).collect()
}

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn docx(body: &str) -> Vec<u8> {
    let text = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
         xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"><w:body>{body}</w:body></w:document>"
    );
    packed(&[("word/document.xml", &text)])
}

fn read_docx(body: &str) -> Document {
    read("a.docx", &docx(body)).unwrap()
}

#[test]
fn every_file_holds_the_three_tables_and_the_text_of_the_report() {
    let sample = read(FILES[0].0, FILES[0].1).unwrap();
    let expected: Vec<Vec<String>> = tables(&sample).into_iter().map(texts).collect();
    assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [30, 215, 34]);
    for (name, bytes) in &FILES[..13] {
        let document = read(name, bytes).unwrap();
        assert_eq!(tables(&document).into_iter().map(texts).collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(paragraphs(&document), paragraphs(&sample), "{name}");
        let spans_known = !(name.ends_with("csv") || name.ends_with("txt"));
        assert!(tables(&document).iter().all(|grid| grid.spans_known == spans_known), "{name}");
    }
}

#[test]
fn merged_headers_reach_as_far_as_they_are_merged() {
    for (name, bytes) in FILES.iter().filter(|(name, _)| !name.ends_with("csv") && !name.ends_with("txt")) {
        let Ok(document) = read(name, bytes) else { continue };
        let cells = cells(tables(&document)[1]);
        let reach = |text: &str| {
            cells.iter().find(|cell| cell.4.starts_with(text)).map(|cell| (cell.0, cell.1, cell.2, cell.3))
        };
        assert_eq!(reach("（本列"), Some((0, 0, 3, 3)), "{name}");
        assert_eq!(reach("法人"), Some((1, 4, 1, 5)), "{name}");
        assert_eq!(reach("三、"), Some((5, 0, 22, 1)), "{name}");
        assert_eq!(reach("（三）"), Some((7, 1, 8, 1)), "{name}");
    }
}

#[test]
fn no_cell_lies_where_another_reaches() {
    for (name, bytes) in &FILES[..13] {
        for grid in tables(&read(name, bytes).unwrap()) {
            let mut taken = std::collections::BTreeSet::new();
            for cell in &grid.cells {
                for row in cell.row..cell.row + cell.rows {
                    for column in cell.column..cell.column + cell.columns {
                        assert!(taken.insert((row, column)), "{name}: {row}, {column}");
                    }
                }
            }
        }
    }
}

#[test]
fn tracked_changes_hidden_text_and_second_branches_are_read_as_they_are_shown() {
    let read = read_docx(
        "<w:p><w:ins><w:r><w:t>新收</w:t></w:r></w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del>\
         <w:moveFrom><w:r><w:t>移</w:t></w:r></w:moveFrom><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r>\
         <w:sdt><w:sdtContent><w:r><w:t>5</w:t><w:noBreakHyphen/><w:t>6&amp;</w:t></w:r></w:sdtContent></w:sdt></w:p>\
         <w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p>\
         </w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r>\
         </w:p></w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent><w:t>上</w:t><w:br/><w:t>下</w:t></w:r></w:p>",
    );
    assert_eq!(paragraphs(&read), ["新收5-6&", "上", "下", "框"]);
}

#[test]
fn word_tables_have_gaps_deleted_rows_and_tables_within() {
    let cell = |properties: &str, text: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    let inner = format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell("", "内"), cell("", "7"));
    let read = read_docx(&format!(
        "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr><w:tr><w:trPr><w:del/></w:trPr>{}</w:tr>\
         <w:tr><w:trPr><w:gridBefore w:val=\"1\"/></w:trPr>{}<w:tc><w:p/>{inner}</w:tc></w:tr></w:tbl>",
        cell("<w:vMerge w:val=\"restart\"/>", "甲"),
        cell("<w:gridSpan w:val=\"2\"/>", "乙"),
        cell("<w:vMerge/>", ""),
        cell("", "1"),
        cell("", "删"),
        cell("", "2"),
    ));
    let tables = tables(&read);
    assert_eq!(
        cells(tables[0]),
        [(0, 0, 2, 1, "甲"), (0, 1, 1, 2, "乙"), (1, 1, 1, 1, "1"), (2, 1, 1, 1, "2"), (2, 2, 1, 1, "")]
    );
    assert_eq!(cells(tables[1]), [(0, 0, 1, 1, "内"), (0, 1, 1, 1, "7")]);
}

#[test]
fn web_pages_are_read_as_a_browser_shows_them() {
    let page = "<html><head><title>x</title><script>if (a<b) '<table>'</script></head><body><nav>首页</nav>\
        <p>一、总体<b>情况</b>&nbsp;A<p>第二\n段<div style='display: none'>隐</div>\
        <table><caption>表</caption><tr><th rowspan=0>甲<td colspan=2>a<br>b<tr><td>1<td>&lt;2</table>\
        <table><tr><td colspan=99999999999>x</td><td rowspan=70000>y</table>";
    let read = read("a.html", page.as_bytes()).unwrap();
    assert_eq!(paragraphs(&read), ["一、总体情况A", "第二段", "表"]);
    let tables = tables(&read);
    assert_eq!(cells(tables[0]), [(0, 0, 2, 1, "甲"), (0, 1, 1, 2, "a\nb"), (1, 1, 1, 1, "1"), (1, 2, 1, 1, "<2")]);
    assert_eq!(cells(tables[1]), [(0, 0, 1, 1_000, "x"), (0, 1_000, 1, 1, "y")]);
}

#[test]
fn a_table_that_only_arranges_a_page_gives_what_it_holds() {
    let page =
        "<table><tr><td>菜单</td><td><p>二、情况</p><table><tr><td>甲</td><td>1</td><td>2</td></tr></table></table>";
    let read = read("a.htm", page.as_bytes()).unwrap();
    assert_eq!(paragraphs(&read), ["菜单", "二、情况"]);
    assert_eq!(tables(&read).len(), 1);
}

#[test]
fn text_and_values_are_cut_into_rows_by_tabs_bars_commas_and_semicolons() {
    for (name, text) in [
        ("a.txt", "标题\n\n甲\t乙\n1\t\n"),
        ("a.txt", "标题\n| 甲 | 乙 |\n|---|:-:|\n| 1 |  |\n"),
        ("a.csv", "标题,\n甲,乙\n1,\n"),
        ("a.csv", "标题\n\"甲\";乙\n1;\n"),
        ("a.xls", "标题\n甲\t乙\n1\t\n"),
    ] {
        let read = read(name, text.as_bytes()).unwrap();
        assert_eq!(paragraphs(&read), ["标题"], "{text}");
        assert_eq!(texts(tables(&read)[0]), ["甲", "乙", "1"], "{text}");
    }
    let utf_16: Vec<u8> = "\u{feff}年度\t报告".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(texts(tables(&read("a.txt", &utf_16).unwrap())[0]), ["年度", "报告"]);
}

#[test]
fn a_file_is_what_its_bytes_are() {
    let of = |name: &str, bytes: &[u8]| Format::of(name, bytes);
    let refused = |kind| Err(ReadError::Unsupported { kind });
    assert_eq!(of("a.docx", FILES[8].1), Ok(Format::Html));
    assert_eq!(of("a.txt", FILES[1].1), Ok(Format::Docx));
    assert_eq!(of("a.xls", FILES[4].1), Ok(Format::Xlsx));
    assert_eq!(of("a", b" {\"a\": 1}"), Ok(Format::Json));
    assert_eq!(of("a.binpb", b"\x0a\x02ab"), Ok(Format::Binary));
    assert_eq!(of("a", b"\x0a\xff\x00\xfe"), Ok(Format::Binary));
    assert_eq!(of("a.docx", b"\x0a\xff\x00\xfe"), Err(ReadError::Unknown));
    assert_eq!(of("a.doc", FILES[13].1), refused(Unsupported::Doc));
    assert_eq!(of("a.docx", b"%PDF-1.7"), refused(Unsupported::Pdf));
    assert_eq!(of("a.zip", &packed(&[("x.txt", "x")])), refused(Unsupported::Archive));
    assert_eq!(of("a.txt", b""), Err(ReadError::Empty));
    let error = read("a.doc", FILES[13].1).unwrap_err();
    assert!(error.to_string().contains("save it as .docx") && error.zh().contains("另存为 .docx"), "{error}");
}

#[test]
fn what_is_beyond_a_limit_is_refused_by_its_name() {
    let too_large = |limit| Err(ReadError::TooLarge { limit });
    let bomb = packed(&[("word/document.xml", &" ".repeat(Limit::PartBytes.most() + 1))]);
    assert!(bomb.len() < 100_000);
    assert_eq!(read("a.docx", &bomb), too_large(Limit::PartBytes));
    assert_eq!(read("a.docx", &docx(&"<w:sdt>".repeat(300))), too_large(Limit::Depth));
    let nested = "<w:tbl><w:tr><w:tc>".repeat(Limit::TableDepth.most() + 1);
    assert_eq!(read("a.docx", &docx(&nested)), too_large(Limit::TableDepth));
    assert_eq!(read("a.html", "<table><td>".repeat(40).as_bytes()), too_large(Limit::TableDepth));
    assert_eq!(read("a.csv", "1,2\n".repeat(Limit::Rows.most() + 1).as_bytes()), too_large(Limit::Rows));
    assert_eq!(read("a.csv", ",".repeat(2_000).as_bytes()), too_large(Limit::Columns));
    assert_eq!(read("a.txt", &vec![b'x'; Limit::Bytes.most() + 1]), too_large(Limit::Bytes));
    let entities = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    assert_eq!(
        read("a.docx", &packed(&[("word/document.xml", entities)])),
        Err(ReadError::Entities { format: Format::Docx })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        file in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        keep in any::<prop::sample::Index>(),
    ) {
        let (name, bytes) = FILES[file];
        let mut bytes = bytes.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(keep.index(bytes.len()) + bytes.len() / 2);
        let _ = read(name, &bytes);
    }

    #[test]
    fn no_change_within_the_xml_makes_a_reader_panic(
        at in any::<prop::sample::Index>(),
        piece in "[<>/&;:a-z0-9=\" \u{4e00}]{0,12}",
        sheet in "[<>/&;:a-zA-Z0-9=\" ]{0,40}",
    ) {
        let mut text = "<w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>".to_owned();
        let at = at.index(text.len());
        text.insert_str(at, &piece);
        let _ = read("a.docx", &docx(&text));
        let _ = read("a.html", text.as_bytes());
        let _ = read("a.csv", sheet.as_bytes());
        let _ = read("a.txt", sheet.as_bytes());
    }
}

#[test]
fn a_workbook_whose_columns_run_backwards_is_damaged() {
    let (_, sound) = FILES.into_iter().find(|(name, _)| name.ends_with(".xls")).unwrap();
    // numbers from column 2 on: record, its length, row, first column, …, last column
    let at = (0..sound.len()).find(|at| {
        let Some(&[0xbd, 0, length, 0, _, 0, first, 0, ..]) = sound.get(*at..) else { return false };
        let last = sound.get(at + 2 + usize::from(length)..).and_then(<[u8]>::first_chunk::<2>);
        last.is_some_and(|last| {
            first > 0 && last[1] == 0 && usize::from(length) == 6 + 6 * usize::from(last[0] - first + 1)
        })
    });
    let at = at.unwrap();
    let mut backwards = sound.to_vec();
    backwards[at + 2 + usize::from(sound[at + 2])] = 0;
    let error = read("a.xls", &backwards).unwrap_err();
    assert!(error.to_string().contains("run backwards"), "{error}");
}
