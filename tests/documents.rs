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

use crossfoot::documents::prose::Stated;
use crossfoot::documents::{
    Block, Document, Draft, Format, Grid, GridCell, Language, Publication, open, recognise, write,
};
use crossfoot::form::outline::Content;
use crossfoot::form::{Catalog, Form, Reader, in_printed_unit};
use crossfoot::words::Year;
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

/// Moves rows of a grid; all rows of a merged cell must move together.
fn reordered(grid: &Grid, row_of: impl Fn(usize) -> usize, column_of: impl Fn(usize) -> usize) -> Grid {
    let cells = grid.cells.iter().map(|cell| GridCell {
        row: (cell.row..cell.row + cell.rows).map(&row_of).min().unwrap(),
        column: (cell.column..cell.column + cell.columns).map(&column_of).min().unwrap(),
        ..cell.clone()
    });
    let mut cells: Vec<GridCell> = cells.collect();
    cells.sort_by_key(|cell| (cell.row, cell.column));
    Grid { cells, spans_known: true }
}

fn text_mut<'a>(grid: &'a mut Grid, text: &str) -> &'a mut GridCell {
    grid.cells.iter_mut().find(|cell| cell.text.contains(text)).unwrap()
}

/// Leaves out a row of a grid; merged cells over it become shorter.
fn without_row(grid: &Grid, row: usize) -> Grid {
    let cells = grid.cells.iter().filter(|cell| !(cell.row == row && cell.rows == 1)).map(|cell| GridCell {
        row: if cell.row > row { cell.row - 1 } else { cell.row },
        rows: if (cell.row..cell.row + cell.rows).contains(&row) { cell.rows - 1 } else { cell.rows },
        ..cell.clone()
    });
    Grid { cells: cells.collect(), spans_known: true }
}

fn paths(form: &Form, draft: &Draft, figures: &Figures) -> Vec<String> {
    let differs = (0..).zip(draft.figures.iter().zip(figures)).filter(|(_, (a, b))| a != b);
    differs.map(|(cell, _)| form.cells().get(cell).unwrap().path.clone()).collect()
}

#[test]
fn rows_and_columns_may_stand_in_any_order_and_tables_may_lie_on_their_side() {
    let form = form();
    let figures = distinct(&form);
    let [first, matrix, disputes] = printed(&form, &figures).try_into().unwrap();
    // 不予公开 has rows 7 to 14: the first and the last change places; 自然人 and 总计 too
    let swap = |a: usize, b: usize| {
        move |i: usize| {
            if i == a {
                b
            } else if i == b {
                a
            } else {
                i
            }
        }
    };
    let moved = reordered(&matrix, swap(7, 14), swap(3, 9));
    let turned = Grid {
        cells: disputes
            .cells
            .iter()
            .map(|c| GridCell { row: c.column, column: c.row, rows: c.columns, columns: c.rows, text: c.text.clone() })
            .collect(),
        spans_known: true,
    };
    assert_read(&form, vec![turned, first, moved], &figures, "moved");
}

#[test]
fn slips_of_the_pen_in_headings_do_not_matter_and_tables_of_others_are_passed_over() {
    let form = form();
    let figures = distinct(&form);
    let mut grids = printed(&form, &figures);
    text_mut(&mut grids[0], "现行有效").text = "先行有效件数".to_owned();
    text_mut(&mut grids[0], "本年废止").text = "本年废纸件数".to_owned();
    text_mut(&mut grids[0], "行政规范性文件").text = "规范性文件".to_owned();
    text_mut(&mut grids[1], "勾稽关系").text =
        "（本列数据的钩稽关系为：第一项加第二项之和，等于第三项加第四项之和）".to_owned();
    text_mut(&mut grids[1], "（二）部分公开").text = "（二）部分公开".to_owned();
    let other = |texts: &[&str]| Grid {
        cells: (0..)
            .zip(texts)
            .map(|(i, t)| GridCell { row: i / 2, column: i % 2, rows: 1, columns: 1, text: (*t).to_owned() })
            .collect(),
        spans_known: true,
    };
    grids.insert(1, other(&["电话", "0631-5208761", "公众号粉丝", "12000"]));
    let draft = recognise(&document(grids), &form);
    assert_eq!(draft.tables_passed_over, 1);
    assert_eq!(paths(&form, &draft, &figures), ["proactive.normative_documents.issued"; 0], "{:?}", problems(&draft));
}

#[test]
fn what_cannot_be_placed_for_sure_is_told_with_its_place_and_nothing_of_its_row_is_read() {
    let form = form();
    let figures = distinct(&form);
    let grids = printed(&form, &figures);
    // six cells where seven belong
    let mut six = grids.clone();
    six[1].cells.retain(|cell| (cell.row, cell.column) != (5, 9));
    let draft = recognise(&document(six.clone()), &form);
    assert_eq!(problems(&draft), ["2:6:4 1024 this row should have 7 columns, 6 are certain; none of it was read"]);
    let missing = paths(&form, &draft, &figures);
    assert_eq!(missing.len(), 7);
    assert!(missing.iter().all(|path| path.starts_with("applications.outcomes.granted.")));
    // the same in a format without borders
    let draft = recognise(&document(six.iter().map(ragged)), &form);
    assert_eq!(draft.problems.len(), 1, "{:?}", problems(&draft));
    assert_eq!((draft.problems[0].table, draft.problems[0].row), (2, 6));
    assert_eq!(paths(&form, &draft, &figures), missing);
    // 其他处理 as one row, as the form before had it
    let mut one = grids.clone();
    one[1] = without_row(&without_row(&one[1], 25), 24);
    text_mut(&mut one[1], "1.申请人无正当理由").text = "（六）其他处理".to_owned();
    let draft = recognise(&document(one), &form);
    assert!(problems(&draft)[0].contains("the form has no such row"), "{:?}", problems(&draft));
    assert!(paths(&form, &draft, &figures).iter().all(|path| path.starts_with("applications.outcomes.closed.")));
    // a row that is not there is simply not there
    let mut without = grids.clone();
    without[0] = without_row(&without[0], 2);
    let draft = recognise(&document(without), &form);
    assert_eq!(draft.problems, []);
    assert_eq!(paths(&form, &draft, &figures).len(), 3);
    // columns without headings
    let mut headless = grids.clone();
    for row in [2, 1, 0] {
        headless[2] = without_row(&headless[2], row);
    }
    let draft = recognise(&document(headless), &form);
    assert_eq!(paths(&form, &draft, &figures).len(), 15);
    // the same table twice, once with another figure
    let mut twice = grids.clone();
    twice.push(grids[2].clone());
    assert_eq!(recognise(&document(twice.clone()), &form).problems, []);
    twice[3].cells.last_mut().unwrap().text = "7".to_owned();
    let draft = recognise(&document(twice), &form);
    assert!(problems(&draft)[0].contains("twice, with different figures"), "{:?}", problems(&draft));
}

#[test]
fn cells_as_people_write_them_are_read_exactly_or_named() {
    let form = form();
    let figures = distinct(&form);
    let grids = printed(&form, &figures);
    let fees = form.cells().find("proactive.administrative_fees_fen").unwrap();
    let with = |path: &str, text: &str| {
        let cell = form.cells().find(path).unwrap();
        let shown = in_printed_unit(figures[cell].unwrap(), form.cells().get(cell).unwrap().scale);
        let mut grids = grids.clone();
        let found = grids.iter_mut().flat_map(|grid| &mut grid.cells).find(|c| c.text == shown).unwrap();
        found.text = text.to_owned();
        let draft = recognise(&document(grids), &form);
        (draft.figures[cell], draft)
    };
    let received = "applications.received.total";
    assert_eq!(with(received, "２，１５６").0, Some(2_156));
    assert_eq!(with(received, "—").0, None);
    let (figure, draft) = with("proactive.normative_documents.issued", "22（其中修订16件）");
    assert_eq!((figure, draft.notes[0].text.as_str()), (Some(22), "(其中修订16件)"));
    let (figure, draft) = with("proactive.administrative_fees_fen", "67939400元");
    assert_eq!((figure, draft.problems.len()), (Some(6_793_940_000), 0));
    let (figure, draft) = with("proactive.administrative_fees_fen", "0.0000001");
    assert_eq!(figure, None);
    assert!(problems(&draft)[0].contains("has more than 6 decimals"), "{:?}", problems(&draft));
    assert!(draft.problems[0].message_zh.contains("小数超过 6 位"));
    let (figure, draft) = with(received, "约20");
    assert_eq!(figure, None);
    assert!(problems(&draft)[0].starts_with("2:4:10 约20 "), "{:?}", problems(&draft));
    let mut in_yuan = grids.clone();
    text_mut(&mut in_yuan[0], "单位：万元").text = "本年收费金额（单位：元）".to_owned();
    let cell = in_yuan[0].cells.last_mut().unwrap();
    cell.text = "67939400".to_owned();
    assert_eq!(recognise(&document(in_yuan), &form).figures[fees], Some(6_793_940_000));
}

fn paragraphs(text: &str) -> Document {
    Document {
        blocks: text.lines().filter(|l| !l.trim().is_empty()).map(|l| Block::Paragraph(l.trim().to_owned())).collect(),
    }
}

#[test]
fn unit_year_period_and_texts_are_read_from_the_prose() {
    let form = form();
    let document = paragraphs(
        "首页 > 政府信息公开年报
        威海市环翠区人民政府
        2024年政府信息公开工作年度报告
        本报告中所列数据统计期限从2024年1月1日到12月31日止。网址：http://www.huancui.gov.cn/col.html）。请与威海市环翠区人民政府办公室联系（地址：威海市新威路75号，电话：0631-5208761）。
        一、总体情况
        2024年，成效明显。
        1.主动公开方面。公开文件4件。
        又召开发布会。
        （二）依申请公开
        新收156件。
        二、主动公开政府信息情况
        三、收到和处理政府信息公开申请情况
        七、附件
        与本表无关。
        5、 存在的主要问题及改进情况
        存在问题：力度不够。
        下步打算：继续努力。
        六、其他需要报告的事项
        1.政府信息公开收费方面：未收费。
        2.其他：无。",
    );
    let draft = recognise(&document, &form);
    assert_eq!((draft.unit_name.as_deref(), draft.year.map(|y| y.get())), (Some("威海市环翠区人民政府"), Some(2024)));
    assert_eq!(draft.text("cover.title"), "威海市环翠区人民政府2024年政府信息公开工作年度报告");
    assert_eq!((draft.text("cover.period_start"), draft.text("cover.period_end")), ("2024-01-01", "2024-12-31"));
    assert_eq!(draft.text("cover.website"), "http://www.huancui.gov.cn/col.html");
    assert_eq!(draft.text("cover.office"), "威海市环翠区人民政府办公室");
    assert_eq!((draft.text("cover.address"), draft.text("cover.phone")), ("威海市新威路75号", "0631-5208761"));
    assert_eq!(draft.text("narrative.disclosure"), "2024年，成效明显。\n1.主动公开方面。公开文件4件。\n又召开发布会。");
    assert_eq!(draft.text("narrative.on_request"), "新收156件。");
    assert_eq!(draft.text("narrative.problems"), "存在问题：力度不够。");
    assert_eq!(draft.text("narrative.improvements"), "下步打算：继续努力。");
    let report = draft.report(&Stated::default());
    assert_eq!(report["narrative"]["otherMatters"], Value::Null, "JSON has proto names, read as well");
    assert_eq!(report["narrative"]["other_matters"][0]["title"], "1.政府信息公开收费方面");
    assert_eq!(report["narrative"]["other_matters"][1]["text"], "无。");
    let mut reader = Reader::default();
    reader.read(&form, &form.from_json(&report).unwrap()).unwrap();
}

#[test]
fn tables_far_too_long_are_passed_over_at_once() {
    let form = form();
    let cell = |row: usize, rows: usize| GridCell { row, column: 0, rows, columns: 1, text: "总计".to_owned() };
    let long = Grid { cells: (0..1_000_000).map(|row| cell(row, 1)).collect(), spans_known: true };
    let far = Grid { cells: vec![cell(0, usize::MAX)], spans_known: true };
    let draft = recognise(&document([long, far]), &form);
    assert_eq!((draft.tables_passed_over, draft.found()), (2, 0));
}

/// The report of the sample, as it was typed from its tables.
fn sample(form: &Form) -> Figures {
    let line: Value = serde_json::from_str(include_str!("data/huancui-2024.jsonl")).unwrap();
    let required = |cell: usize| form.cells().get(cell).unwrap().required;
    let figures = figures(form, &line["report"]);
    (0..).zip(figures).map(|(cell, figure)| figure.filter(|_| required(cell))).collect()
}

#[test]
fn the_same_report_is_read_from_every_format_and_from_the_files_of_every_producer() {
    let form = form();
    let expected = sample(&form);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| !["md", "doc"].contains(&file.extension().unwrap().to_str().unwrap()));
    files.push(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/huancui-2024.txt"));
    assert!(files.len() >= 13);
    let forms: Vec<Arc<Form>> = Catalog::load(None).unwrap().iter().cloned().collect();
    for file in files {
        let name = file.display().to_string();
        let reading = open(&name, &std::fs::read(&file).unwrap(), &forms, None).unwrap();
        let draft = reading.draft.unwrap();
        assert_eq!(draft.problems, [], "{name}");
        assert_eq!(reading.form.name(), form.name(), "{name}");
        assert_eq!(paths(&form, &draft, &expected), [""; 0], "{name}");
        assert_eq!(draft.unit_name.as_deref(), Some("威海市环翠区人民政府"), "{name}");
        assert_eq!(draft.year.map(|year| year.get()), Some(2024), "{name}");
        assert_eq!(draft.text("cover.period_end"), "2024-12-31", "{name}");
        let claims: Vec<&str> = reading.stated.claims.iter().map(|claim| claim.quote.as_str()).collect();
        assert!(claims.iter().any(|quote| quote.contains("结转下年度继续办理7件")), "{name}: {claims:?}");
        assert_eq!(reading.stated.figures.len(), 15, "{name}: {:?}", reading.stated.figures);
    }
}

/// The printed tables as plain text keeps them: a cell a line, behind a tab; rows
/// parted by blank lines.
fn plain_text(form: &Form, figures: &Figures) -> String {
    let mut text = "某市某局\n2023年政府信息公开工作年度报告\n\n".to_owned();
    for (section, grid) in form.outline().sections.iter().filter(|s| !s.tables.is_empty()).zip(printed(form, figures)) {
        text.push_str(&format!("{}\n", section.heading.zh));
        let grid = ragged(&grid);
        for row in 0..grid.height() {
            let cells = grid.cells.iter().filter(|cell| cell.row == row);
            cells.for_each(|cell| text.push_str(&format!("\t{}\n", cell.text)));
            text.push('\n');
        }
    }
    text
}

#[test]
fn every_real_report_is_written_in_every_format_and_read_back_the_same() {
    let form = form();
    let forms: Vec<Arc<Form>> = Catalog::load(None).unwrap().iter().cloned().collect();
    for (number, line) in include_str!("data/reports.jsonl").lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        // one in English is as good as fifty
        let languages = if number == 0 { vec![Language::Chinese, Language::English] } else { vec![Language::Chinese] };
        let (unit, year) = (line["unit_name"].as_str().unwrap(), Year::new(line["year"].as_i64().unwrap()).unwrap());
        let report = form.from_json(&line["report"]).unwrap();
        let expected = figures(&form, &line["report"]);
        let formats = [Format::Docx, Format::Xlsx, Format::Html, Format::Csv];
        for (language, format) in languages.into_iter().flat_map(|l| formats.map(|f| (l, f))) {
            let publication = Publication::new(&form, unit, year, language).with_report(&report).unwrap();
            let bytes = write(&publication, format).unwrap();
            let what = format!("{unit} {year} {language:?} {format:?}");
            let reading = open(&format!("written.{format:?}"), &bytes, &forms, None);
            let draft = reading.unwrap_or_else(|error| panic!("{what}: {error}")).draft.unwrap();
            assert_eq!(problems(&draft), [""; 0], "{what}");
            assert_eq!(paths(&form, &draft, &expected), [""; 0], "{what}");
            if language == Language::Chinese {
                assert_eq!((draft.unit_name.as_deref(), draft.year), (Some(unit), Some(year)), "{what}");
            }
        }
        let draft = open("a.txt", plain_text(&form, &expected).as_bytes(), &forms, None).unwrap().draft.unwrap();
        assert_eq!(draft.problems, [], "{unit} {year} as text");
        assert_eq!(paths(&form, &draft, &expected), [""; 0], "{unit} {year} as text");
    }
}
