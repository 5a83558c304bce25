//! What prose states, counted on texts written for the purpose: what is read is
//! right, and how much of what is stated is read.

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

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use crossfoot::documents::prose::{self, Speaker, Stated, Why};
use crossfoot::form::{Catalog, Form, Reader, Statements, Verdict};
use crossfoot::words::{Year, limits};
use proptest::prelude::*;
use serde_json::{Value, json};

const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prose");

/// Figures that are read of the texts: of the 311 stated in those the wordings were
/// made for, of the 78 in those written before, of the 50 in those written after.
const TUNED: usize = 290;
const HELD: usize = 76;
const LATE: usize = 37;

/// A text with what it states: by hand, before it was read.
struct Annotated {
    name: String,
    unit: String,
    year: Year,
    texts: Vec<(String, String)>,
    claims: BTreeSet<(String, i64)>,
    figures: BTreeSet<(String, i64)>,
}

impl Annotated {
    fn load(path: &Path, form: &Form) -> Self {
        let mut texts: Vec<(String, String)> = Vec::new();
        for line in fs::read_to_string(path.with_extension("txt")).unwrap().lines() {
            match line.strip_prefix("# ") {
                Some(path) => texts.push((path.to_owned(), String::new())),
                None => {
                    let (_, text) = texts.last_mut().unwrap();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let expected = |field: &str| {
            let entries = json[field].as_array().unwrap().iter();
            entries.map(|entry| (cells(form, entry[0].as_str().unwrap()), entry[1].as_i64().unwrap())).collect()
        };
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            unit: json["unit"].as_str().unwrap().to_owned(),
            year: Year::new(json["year"].as_i64().unwrap()).unwrap(),
            claims: expected("claims"),
            figures: expected("figures"),
            texts,
        }
    }

    fn read(&self, form: &Form) -> Stated {
        let texts: Vec<(&str, &str)> = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        prose::read(form, Speaker { unit: &self.unit, year: Some(self.year) }, &texts)
    }

    /// Clauses with words in them.
    fn clauses(&self) -> usize {
        let is_end = |char: char| "，。；：、（）！？\n".contains(char);
        self.texts.iter().flat_map(|(_, text)| text.split(is_end)).filter(|clause| !clause.is_empty()).count()
    }
}

/// Paths joined by +, a `*` being every row of a group, as sorted paths.
fn cells(form: &Form, paths: &str) -> String {
    let mut found = BTreeSet::new();
    for path in paths.split('+') {
        let (before, after) = path.split_once('*').unwrap_or((path, ""));
        let is_meant = |known: &str| match path.contains('*') {
            true => known.starts_with(before) && known.ends_with(after),
            false => known == path,
        };
        let those: Vec<&str> =
            form.cells().iter().map(|cell| cell.path.as_str()).filter(|known| is_meant(known)).collect();
        assert!(!those.is_empty(), "{path} names no cell");
        found.extend(those);
    }
    found.into_iter().collect::<Vec<_>>().join("+")
}

fn form() -> Arc<Form> {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(None).unwrap());
    Arc::clone(CATALOG.by_name("disclosure.annual.v2021.AnnualReport").unwrap())
}

/// What was read of texts, against what they state.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    texts: usize,
    clauses: usize,
    stated: usize,
    found: usize,
    wrong: usize,
}

fn count(of: impl Fn(&str) -> bool) -> Count {
    let form = form();
    let mut files: Vec<PathBuf> = fs::read_dir(TEXTS).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut count = Count::default();
    for file in files {
        let text = Annotated::load(&file, &form);
        if !of(&text.name) {
            continue;
        }
        let stated = text.read(&form);
        let path = |cell: &usize| form.cells().get(*cell).unwrap().path.as_str();
        let claims = stated.claims.iter().map(|claim| {
            let paths: Vec<&str> = claim.cells.iter().map(path).collect();
            ((cells(&form, &paths.join("+")), claim.value), &claim.quote)
        });
        let figures =
            stated.figures.iter().map(|figure| ((path(&figure.cell).to_owned(), figure.value), &figure.quote));
        count.texts += 1;
        count.clauses += text.clauses();
        let both = [(claims.collect::<Vec<_>>(), &text.claims), (figures.collect(), &text.figures)];
        for (read, expected) in both {
            count.stated += expected.len();
            for (what, quote) in &read {
                match expected.contains(what) {
                    true => count.found += 1,
                    false => {
                        count.wrong += 1;
                        println!("{}: wrong: {what:?} 「{quote}」", text.name);
                    }
                }
            }
            for missed in expected.iter().filter(|what| !read.iter().any(|(read, _)| read == *what)) {
                println!("{}: missed: {missed:?}", text.name);
            }
        }
        for passed in &stated.passed_over {
            println!("{}: passed over: {:?} 「{}」", text.name, passed.why, passed.quote);
        }
    }
    println!("{count:?}");
    count
}

#[test]
fn what_is_read_of_the_texts_is_right_and_most_of_it_is_read() {
    let count = count(|name| !name.starts_with("held") && !name.starts_with("late"));
    assert!(count.texts >= 12 && count.clauses >= 500, "{count:?}");
    assert_eq!(count.wrong, 0);
    assert!(count.found >= TUNED, "{count:?}");
}

/// Four texts were written before the first wording, three after most of them. No
/// wording was added for what is missed there.
#[test]
fn what_is_read_of_texts_the_wordings_were_not_tuned_on_is_right() {
    let held = count(|name| name.starts_with("held"));
    let late = count(|name| name.starts_with("late"));
    assert_eq!((held.texts, held.wrong, late.texts, late.wrong), (4, 0, 3, 0));
    assert!(held.found >= HELD && late.found >= LATE, "{held:?} {late:?}");
}

fn sample() -> Stated {
    Annotated::load(&Path::new(TEXTS).join("sample-huancui.json"), &form()).read(&form())
}

#[test]
fn the_words_that_state_a_figure_and_whom_they_speak_of_are_kept() {
    let stated = sample();
    let quotes: Vec<(&str, i64, &str)> =
        stated.claims.iter().map(|claim| (claim.quote.as_str(), claim.value, claim.scope.as_str())).collect();
    assert_eq!(
        quotes,
        [
            ("主动公开政府规范性文件4件", 4, ""),
            ("新收政府信息公开申请156件", 156, "全区"),
            ("结转下年度继续办理7件", 7, "全区"),
            ("收到政府信息公开申请方面的行政复议7件", 7, ""),
            ("纠错3件", 3, ""),
            ("行政诉讼案件5件", 5, ""),
            ("未发生行政诉讼败诉案件", 0, ""),
            ("废止8件", 8, ""),
            ("现行有效规范性文件16件", 16, ""),
        ]
    );
    assert!(stated.claims.iter().all(|claim| claim.text_path.starts_with("narrative.")));
}

#[test]
fn a_claim_that_the_table_contradicts_is_found_with_its_words() {
    let form = form();
    let line: Value = serde_json::from_str(include_str!("data/huancui-2024.jsonl").lines().next().unwrap()).unwrap();
    let mut report = line["report"].clone();
    let path = form.claims_path().unwrap();
    let (above, field) = path.split_once('.').unwrap();
    report[above] = json!({ field: sample().claims_json(&form) });
    let mut reader = Reader::default();
    reader.read(&form, &form.from_json(&report).unwrap()).unwrap();
    assert_eq!(reader.claims().len(), 9);
    let mut found = Vec::new();
    form.check_report(&mut reader, Statements::default(), &mut found);
    let claims: Vec<_> = found.iter().filter(|finding| form.is_claim(finding.check)).collect();
    assert_eq!(claims.len(), 1);
    assert_eq!((claims[0].verdict, claims[0].left, claims[0].right), (Verdict::Fail, Some(9), Some(7)));
    let expected = form.claim_checks(reader.claims().iter().map(|claim| claim.quote.as_str()));
    let place = reader.claims().iter().position(|claim| claim.quote == "结转下年度继续办理7件").unwrap();
    assert_eq!(claims[0].check, expected[place]);
}

#[test]
fn supplementary_figures_come_with_their_paths_and_add_up() {
    let (form, stated) = (form(), sample());
    let figures: BTreeMap<&str, i64> =
        stated.figures_of(&form).map(|(cell, value)| (cell.path.as_str(), value)).collect();
    let of = |name: &str| figures[format!("supplement.proposals.{name}").as_str()];
    assert_eq!(of("total"), of("npc_suggestions") + of("cppcc_proposals"));
    assert_eq!((of("superior_npc_suggestions"), of("superior_cppcc_proposals")), (0, 0));
    assert_eq!(figures.len(), stated.figures.len());
}

/// Reads one sentence as the report of a district for 2024.
fn read(text: &str) -> Stated {
    let year = Some(Year::new(2024).unwrap());
    prose::read(&form(), Speaker { unit: "威海市环翠区人民政府", year }, &[("narrative.on_request", text)])
}

#[test]
fn without_a_year_a_clause_that_names_one_is_not_read() {
    let texts = [("narrative.on_request", "2024年全区新收申请156件。全区上年结转申请7件。")];
    let quotes = |speaker| prose::read(&form(), speaker, &texts).claims.into_iter().map(|claim| claim.quote);
    assert_eq!(quotes(Speaker::default()).collect::<Vec<_>>(), ["上年结转申请7件"]);
    let year = Some(Year::new(2024).unwrap());
    assert_eq!(quotes(Speaker { unit: "", year }).count(), 2);
}

#[test]
fn what_is_not_read_says_why() {
    for (text, why) in [
        ("网上收到申请3件。", Why::Words),
        ("2023年收到申请3件。", Why::Elsewhere),
        ("全市收到申请3件。", Why::Elsewhere),
        ("收到申请163件（含上年结转7件）。", Why::Elsewhere),
        ("收到申请156件（不含镇街）。", Why::Elsewhere),
        ("收到申请、行政复议3件。", Why::NoStatement),
        ("行政复议、行政诉讼各1件。", Why::NoStatement),
        ("收到申请1.5件。", Why::Number),
        ("未收到申请3件。", Why::Number),
    ] {
        let stated = read(text);
        assert!(stated.claims.iter().all(|claim| claim.quote.contains("上年结转")), "{text} {stated:?}");
        assert_eq!(stated.passed_over.first().map(|passed| passed.why), Some(why), "{text}");
    }
    let stated = prose::read(&form(), Speaker::default(), &[("narrative.platforms", "关停账号3个。关停账号4个。")]);
    assert!(stated.figures.is_empty() && stated.passed_over.iter().all(|passed| passed.why == Why::Contradicted));
}

#[test]
fn figures_are_limited_in_number_and_long_texts_are_cut() {
    let many: String = (0..1_000).map(|number| format!("收到申请{number}件。")).collect();
    assert_eq!(read(&many).claims.len(), limits::CLAIMS_PER_REPORT);
    let long = format!("{}。收到申请3件。", "件".repeat(limits::PROSE_BYTES));
    assert_eq!(read(&long), Stated::default());
}

/// Pieces that reports are made of, put together in any way.
const PIECES: [&str; 40] = [
    "收到",
    "申请",
    "行政复议",
    "行政诉讼",
    "维持",
    "纠错",
    "败诉",
    "未",
    "没有",
    "均",
    "其中",
    "全区",
    "全市",
    "2024年",
    "2023年",
    "12月31日",
    "上半年",
    "同比",
    "，",
    "。",
    "、",
    "；",
    "（",
    "）",
    "：",
    "3",
    "１２",
    "1,234",
    "十二",
    "1.5万",
    "件",
    "元",
    "次",
    " ",
    "\n",
    "环翠区",
    "结转",
    "含",
    "不含",
    "网上",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn quotes_stand_in_the_text_whatever_it_is(picks in proptest::collection::vec(0..PIECES.len(), 0..60), noise in ".{0,40}") {
        let text: String = picks.iter().map(|pick| PIECES[*pick]).chain([noise.as_str()]).collect();
        let stated = read(&text);
        for quote in stated.claims.iter().map(|claim| &claim.quote).chain(stated.figures.iter().map(|figure| &figure.quote)) {
            prop_assert!(!quote.is_empty() && text.contains(quote.as_str()), "{quote:?} of {text:?}");
        }
        for claim in &stated.claims {
            prop_assert!(text.contains(&claim.scope) && claim.value >= 0);
            // a figure above 0 is a number of the text
            let has_digit = |text: &str| text.chars().any(|char| char.is_numeric() || "十".contains(char));
            prop_assert!(claim.value == 0 || has_digit(&claim.quote), "{claim:?}");
        }
    }
}

const VISITS: &str = include_str!("data/forms/demo/visits/v1/visits.proto");
const SAYINGS: &str = r#"
    saying: { wording: { meaning: "visits" role: ROLE_TOPIC words: ["到馆"] texts: ["remark"] } }
    saying: { statement: { cells: ["counters.total"] of: ["visits"] units: ["人次"] } }
  "#;

/// The small form with sayings, one piece of them exchanged.
fn visits(from: &str, to: &str) -> Result<Catalog, String> {
    assert!(SAYINGS.contains(from), "{from}");
    let folder = tempfile::tempdir().unwrap();
    let text = VISITS.replacen("    derived: {", &format!("{}    derived: {{", SAYINGS.replacen(from, to, 1)), 1);
    fs::write(folder.path().join("visits.proto"), text).unwrap();
    Catalog::load(Some(folder.path())).map_err(|error| error.to_string())
}

#[test]
fn a_form_of_ones_own_teaches_its_prose_and_its_rules_stay_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("visits.proto"), VISITS).unwrap();
    let plain = Catalog::load(Some(folder.path())).unwrap();
    let taught = visits("到馆", "到馆").unwrap();
    let name = "demo.visits.v1.Visits";
    let (plain, taught) = (plain.by_name(name).unwrap(), taught.by_name(name).unwrap());
    assert_eq!(plain.rules_digest(), taught.rules_digest());
    let stated = |form| prose::read(form, Speaker::default(), &[("remark", "到馆1.2万人次。")]).claims;
    assert_eq!(stated(plain), []);
    assert_eq!((stated(taught)[0].value, stated(taught)[0].quote.as_str()), (12_000, "到馆1.2万人次"));
}

#[test]
fn sayings_that_cannot_be_meant_are_refused_naming_file_and_line() {
    let line = VISITS.lines().position(|line| line.contains("form.v1.form)")).unwrap() + 1;
    for (from, to, problem) in [
        ("counters.total", "counters.sum", "names no cell"),
        ("[\"counters.total\"]", "[]", "needs cells"),
        ("[\"counters.total\"]", "[\"counters.total\", \"counters.total\"]", "twice"),
        ("[\"到馆\"]", "[\"\"]", "no words"),
        ("[\"到馆\"]", "[]", "no words"),
        ("[\"到馆\"]", "[\"到馆\", \"到馆\"]", "taught twice"),
        ("meaning: \"visits\"", "", "have a meaning"),
        ("role: ROLE_TOPIC", "", "role"),
        ("[\"remark\"]", "[\"remarks\"]", "no text"),
        ("[\"visits\"]", "[\"guests\"]", "no word means"),
        ("[\"人次\"]", "[]", "units"),
        (
            "saying: { statement: { cells: [\"counters.total\"] of: [\"visits\"] units: [\"人次\"] } }",
            "saying: {}",
            "says nothing",
        ),
    ] {
        let error = visits(from, to).unwrap_err();
        assert!(error.contains(problem) && error.contains(&format!("visits.proto:{line}:")), "{to:?}: {error}");
    }
}

/// What was noted by hand of the prose of real reports, beside their tables.
#[test]
fn what_the_prose_of_real_reports_says_otherwise_than_their_tables_is_found() {
    let (form, mut agreed, mut differing) = (form(), 0, Vec::new());
    for line in include_str!("data/reports.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let texts = [("narrative.on_request", line["narrative_figures"].as_str().unwrap())];
        let year = Some(Year::new(line["year"].as_i64().unwrap()).unwrap());
        let stated = prose::read(&form, Speaker { unit: line["unit_name"].as_str().unwrap(), year }, &texts);
        let mut reader = Reader::default();
        reader.read(&form, &form.from_json(&line["report"]).unwrap()).unwrap();
        for claim in &stated.claims {
            let sum: i64 = claim.cells.iter().map(|cell| reader.values()[*cell]).sum();
            match sum == claim.value {
                true => agreed += 1,
                false => differing.push(format!("{} {} {} {sum}", line["unit"], line["year"], claim.quote)),
            }
        }
    }
    assert_eq!(
        differing,
        [
            "\"371002\" 2024 结转下年度继续办理7件 9",
            "\"350128\" 2022 收到政府信息公开申请75件 74",
            "\"350128\" 2022 自然人72件 71",
            "\"350128\" 2023 现行有效行政规范性文件393件 470",
            "\"350128-GWH\" 2022 现行有效件数424件 89",
            "\"350128-JJF\" 2023 收到政府信息公开申请0条 3",
        ]
    );
    assert_eq!(agreed, 21);
}
