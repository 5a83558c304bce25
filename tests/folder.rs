//! A folder of documents and no server: what it comes to, and what is wrong in it.

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

mod city;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use city::{City, balanced, form, json_report, put};
use crossfoot::client::wire;
use crossfoot::documents::{Format, Language, Publication, write};
use crossfoot::words::Year;
use serde_json::{Value, json};
use server::{data, file, json as parsed, run, text};

const NOBODY: &str = "http://127.0.0.1:9";
const ZONE: &str = "350128";
const FEES: &str = "proactive.administrative_fees_fen";

/// Real reports of the zone and its units for a year.
fn zone(year: i64) -> Vec<Value> {
    let lines = fs::read_to_string(data("reports.jsonl")).unwrap();
    let reports = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    reports.filter(|line| line["unit"].as_str().unwrap().starts_with(ZONE) && line["year"] == year).collect()
}

fn line_of(unit: &str, year: i64) -> Value {
    zone(year).into_iter().find(|line| line["unit"] == unit).unwrap()
}

/// Puts reports into a folder, each as a file named by code and year.
fn put_into(folder: &Path, lines: &[Value]) {
    for line in lines {
        let name = format!("{} {}.json", line["unit"].as_str().unwrap(), line["year"]);
        file(folder, &name, line["report"].to_string().as_bytes());
    }
}

/// Runs the command on a folder with the real units.
fn total(folder: &Path, more: &[&str]) -> Output {
    let units = data("units.json");
    let args = ["total", folder.to_str().unwrap(), "--units", units.to_str().unwrap()];
    run(&[&args, more].concat(), NOBODY)
}

/// The same in JSON, without a record; and the exit code.
fn total_json(folder: &Path, more: &[&str]) -> (Value, Option<i32>) {
    let output = total(folder, &[more, &["--json", "--no-record"]].concat());
    (parsed(&output), output.status.code())
}

fn names<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect()
}

/// A server with the real units and these reports, in the order of years.
async fn served(lines: &[Value], blank_means_zero: bool) -> City {
    let city = City::bare(None).await;
    city.apply(&serde_json::from_str(&fs::read_to_string(data("units.json")).unwrap()).unwrap()).await.unwrap();
    for line in lines {
        let mut request = city::request_of_line(line);
        request.blank_means_zero = blank_means_zero;
        city.submit(request).await;
    }
    city
}

/// Holds a total of a folder against what the server answers.
async fn is_what_the_server_says(total: &Value, city: &City, basis: wire::Basis) {
    let year = total["year"].as_i64().unwrap() as i32;
    let rollup = city.rollup(ZONE, year, basis).await;
    let cells: BTreeMap<&str, String> =
        rollup.cells.iter().map(|cell| (cell.path.as_str(), cell.value.to_string())).collect();
    let own: BTreeMap<&str, String> = total["cells"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, value)| (path.as_str(), value.as_str().unwrap().to_owned()))
        .collect();
    assert!(own.len() >= 200);
    assert_eq!(own, cells, "{year}");
    let counts = rollup.completeness.unwrap();
    let completeness = &total["completeness"];
    assert_eq!(completeness["due"], counts.due);
    assert_eq!(completeness["filed"], counts.filed);
    assert_eq!(completeness["open_queries"], counts.open_queries);
    assert_eq!(completeness["refused"], counts.refused.unwrap());
    assert_eq!(total["counted"].as_array().unwrap().len() as i64, rollup.reports);
    // what is asked about the zone's own statement is listed too, but is no query of the units
    let of_units = total["open_queries"].as_array().unwrap().iter().filter(|query| query["unit"] != ZONE);
    assert_eq!(of_units.count() as i64, counts.open_queries);
    let mut missing = [names(&total["missing"], "unit"), names(&total["refused"], "unit")].concat();
    missing.sort_unstable();
    assert_eq!(missing, counts.missing);
    for ratio in &rollup.ratios {
        let own = total["ratios"].as_array().unwrap().iter().find(|own| own["id"] == ratio.id.as_str()).unwrap();
        assert_eq!(own["value"], ratio.percent.as_str(), "{}", ratio.id);
    }
    let request = wire::ReconcileUnitRequest { unit: ZONE.to_owned(), year, basis: basis.into(), ..Default::default() };
    let stated = city.client.reconcile(request).await.unwrap();
    assert_eq!(total["reconciliation"]["agreeing"], stated.agreeing);
    let own = total["reconciliation"]["cells"].as_array().unwrap();
    assert_eq!(own.len(), stated.cells.len());
    for (own, cell) in own.iter().zip(&stated.cells) {
        assert_eq!(own["path"], cell.path.as_str());
        assert_eq!(own["stated"], cell.stated.to_string());
        assert_eq!(own["computed"], cell.computed.to_string());
        assert_eq!(own["unexplained"], cell.unexplained.to_string(), "{}", cell.path);
        assert_eq!(own["message_en"], cell.message_en.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_a_zone_come_to_what_the_server_says_of_the_same_reports() {
    let folder = tempfile::tempdir().unwrap();
    let lines = zone(2023);
    assert_eq!(lines.len(), 17);
    put_into(folder.path(), &lines);
    for blank_means_zero in [false, true] {
        let city = served(&lines, blank_means_zero).await;
        for (basis, name) in [(wire::Basis::Units, "units"), (wire::Basis::Declared, "declared")] {
            let blank: &[&str] = if blank_means_zero { &["--blank-means-zero"] } else { &[] };
            let (answer, code) = total_json(folder.path(), &[blank, &["--basis", name]].concat());
            assert_eq!(code, Some(1), "some are refused");
            let totals = answer["totals"].as_array().unwrap();
            assert_eq!(totals.len(), 1);
            assert_eq!((&totals[0]["unit"], &totals[0]["unit_name"]), (&json!(ZONE), &json!("平潭综合实验区")));
            assert_eq!(names(&totals[0]["missing"], "name"), ["平潭综合实验区公安局"]);
            is_what_the_server_says(&totals[0], &city, basis).await;
            for nothing in ["unplaced", "unreadable", "twice", "other_years", "written"] {
                assert_eq!(answer[nothing], json!([]), "{nothing}");
            }
        }
        city.stop().await;
    }
    // counted once by hand: what the reports that are refused for figures alone leave
    let (answer, _) = total_json(folder.path(), &["--blank-means-zero"]);
    assert_eq!(names(&answer["totals"][0]["refused"], "unit"), ["350128-JJF", "350128-NYN", "350128-ZRZ"]);
    assert_eq!(answer["totals"][0]["completeness"]["filed"], 13);
    let rollups: Value = serde_json::from_str(&fs::read_to_string(data("rollups.json")).unwrap()).unwrap();
    let sum = |path: &str| rollups["2023"]["cells"][path]["sum"].as_i64().unwrap();
    let refused = |path: &str| -> i64 {
        let value = |unit: &str| {
            let pointer: String = path.split('.').map(|name| format!("/{}", camel(name))).collect();
            let line = line_of(unit, 2023);
            line["report"].pointer(&pointer).map_or(0, |value| value.as_str().unwrap().parse().unwrap())
        };
        value("350128-JJF") + value("350128-NYN") + value("350128-ZRZ")
    };
    for path in ["proactive.licensing_decisions", "applications.received.natural_person", FEES] {
        let own: i64 = answer["totals"][0]["cells"][path].as_str().unwrap().parse().unwrap();
        assert_eq!(own, sum(path) - refused(path), "{path}");
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
}

/// A report as a document of its unit.
fn document(line: &Value, format: Format) -> Vec<u8> {
    let form = form();
    let year = Year::new(line["year"].as_i64().unwrap()).unwrap();
    let report = form.from_json(&line["report"]).unwrap();
    let publication = Publication::new(&form, line["unit_name"].as_str().unwrap(), year, Language::Chinese);
    write(&publication.with_report(&report).unwrap(), format).unwrap()
}

#[test]
fn word_excel_pages_and_tables_come_to_the_same_whatever_the_files_are_called() {
    let folder = tempfile::tempdir().unwrap();
    put_into(folder.path(), &zone(2023));
    let (expected, _) = total_json(folder.path(), &[]);
    let formats = [("docx", Format::Docx), ("xlsx", Format::Xlsx), ("html", Format::Html), ("csv", Format::Csv)];
    let mixed = tempfile::tempdir().unwrap();
    for (number, line) in zone(2023).iter().enumerate() {
        let (extension, format) = formats[number % formats.len()];
        file(mixed.path(), &format!("{number}.{extension}"), &document(line, format));
    }
    let (answer, code) = total_json(mixed.path(), &[]);
    assert_eq!((code, &answer["unplaced"], &answer["unreadable"]), (Some(1), &json!([]), &json!([])));
    let (own, expected) = (&answer["totals"][0], &expected["totals"][0]);
    for refused in own["refused"].as_array().unwrap() {
        assert_eq!(refused["read"]["problems"], json!([]), "{}", refused["file"]);
    }
    for what in ["cells", "completeness", "missing", "reconciliation", "ratios", "unit", "year"] {
        assert_eq!(own[what], expected[what], "{what}");
    }
    assert_eq!(names(&own["counted"], "unit"), names(&expected["counted"], "unit"));
    assert_eq!(names(&own["refused"], "unit"), names(&expected["refused"], "unit"));

    // the same report in two formats counts once
    let line = line_of("350128-JTJ", 2023);
    file(mixed.path(), "again.html", &document(&line, Format::Html));
    file(mixed.path(), "again.docx", &document(&line, Format::Docx));
    let (answer, _) = total_json(mixed.path(), &[]);
    assert_eq!(answer["totals"][0]["cells"], expected["cells"]);
    assert_eq!(answer["twice"].as_array().unwrap().len(), 2);
    assert_eq!(answer["totals"][0]["contradictory"], json!([]));

    // a cell that is no figure keeps the whole document from counting, and is named
    let page = String::from_utf8(document(&line, Format::Html)).unwrap();
    let fees = crossfoot::form::in_printed_unit(
        line["report"]["proactive"]["administrativeFeesFen"].as_str().unwrap().parse().unwrap(),
        6,
    );
    let broken = page.replacen(&format!(">{fees}<"), ">约20<", 1);
    assert_ne!(broken, page);
    let alone = tempfile::tempdir().unwrap();
    file(alone.path(), "a.html", broken.as_bytes());
    let (answer, code) = total_json(alone.path(), &[]);
    assert_eq!(code, Some(1));
    let refused = &answer["totals"][0]["refused"][0];
    assert_eq!((&refused["unit"], &refused["reason"]), (&json!("350128-JTJ"), &json!("NOT_ALL_READ")));
    let problem = &refused["read"]["problems"][0];
    assert_eq!((&problem["table"], &problem["text"]), (&json!(1), &json!("约20")));
    assert!(problem["row"].as_u64().unwrap() > 1 && problem["column"].as_u64().unwrap() > 1);
    assert_eq!(answer["totals"][0]["completeness"]["filed"], 0);
    assert_eq!(answer["totals"][0]["completeness"]["missing"], 16, "it is there, so it is not missing");
    let shown = text(&total_text(alone.path()));
    assert!(shown.contains("未能全部读取") && shown.contains("约20"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_years_in_one_folder_are_told_apart_and_judged_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [zone(2021), zone(2022), zone(2023)].concat();
    for year in ["2021", "2022", "2023"] {
        fs::create_dir_all(folder.path().join(year)).unwrap();
    }
    for line in &lines {
        put_into(&folder.path().join(line["year"].to_string()), std::slice::from_ref(line));
    }
    let city = served(&lines, true).await;
    let (answer, _) = total_json(folder.path(), &["--blank-means-zero"]);
    let totals = answer["totals"].as_array().unwrap();
    assert_eq!(totals.iter().map(|total| total["year"].as_i64().unwrap()).collect::<Vec<_>>(), [2021, 2022, 2023]);
    for total in totals {
        is_what_the_server_says(total, &city, wire::Basis::Units).await;
    }
    assert!(totals[2]["completeness"]["open_queries"].as_i64().unwrap() > 0, "years are held against each other");
    let query = &totals[2]["open_queries"][0]["finding"];
    assert!(!query["message_zh"].as_str().unwrap().is_empty());
    assert_eq!(totals[0]["counted"][0]["file"], "2021/350128-CZJ 2021.json");
    // one year alone
    let (answer, _) = total_json(folder.path(), &["--year", "2022"]);
    assert_eq!(answer["totals"].as_array().unwrap().len(), 1);
    assert_eq!(answer["totals"][0]["year"], 2022);
    assert_eq!(answer["other_years"].as_array().unwrap().len(), zone(2021).len() + zone(2023).len());
    city.stop().await;
}

#[test]
fn what_contradicts_itself_counts_nowhere_and_what_is_there_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    put_into(folder.path(), &zone(2023));
    let transport = line_of("350128-JTJ", 2023)["report"].clone();
    file(folder.path(), "350128-JTJ 2023 (copy).json", transport.to_string().as_bytes());
    let (answer, _) = total_json(folder.path(), &[]);
    assert_eq!(
        answer["twice"],
        json!([{ "file": "350128-JTJ 2023.json", "same_as": "350128-JTJ 2023 (copy).json", "same_texts": true }])
    );
    assert!(names(&answer["totals"][0]["counted"], "unit").contains(&"350128-JTJ"));
    let fees = |answer: &Value| answer["totals"][0]["cells"][FEES].as_str().unwrap().parse::<i64>().unwrap();
    let (with, own) = (fees(&answer), transport["proactive"]["administrativeFeesFen"].as_str().unwrap());
    let own: i64 = own.parse().unwrap();

    let mut other = transport;
    put(&mut other, FEES, json!("7"));
    file(folder.path(), "350128-JTJ 2023 (copy).json", other.to_string().as_bytes());
    let (answer, code) = total_json(folder.path(), &[]);
    assert_eq!((code, &answer["twice"]), (Some(1), &json!([])));
    let total = &answer["totals"][0];
    assert_eq!(
        total["contradictory"],
        json!([{
            "unit": "350128-JTJ",
            "name": "平潭综合实验区交通与建设局",
            "files": ["350128-JTJ 2023 (copy).json", "350128-JTJ 2023.json"],
            "cells": [{ "path": FEES, "values": ["7", own.to_string()] }],
        }])
    );
    assert!(!names(&total["counted"], "unit").contains(&"350128-JTJ"));
    assert_eq!(names(&total["missing"], "unit"), ["350128-GAJ"], "it is there, so it is not missing");
    assert_eq!(fees(&answer), with - own);
    let shown = text(&total_text(folder.path()));
    assert!(shown.contains("相互矛盾，均未计入: 平潭综合实验区交通与建设局 350128-JTJ"), "{shown}");
}

fn total_text(folder: &Path) -> Output {
    total(folder, &["--no-record"])
}

#[test]
fn what_cannot_be_read_is_listed_and_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    put_into(folder.path(), &[line_of("350128-JTJ", 2023)]);
    let (answer, code) = total_json(folder.path(), &[]);
    assert_eq!(code, Some(0), "{answer:#}");
    assert_eq!(answer["totals"][0]["unit"], ZONE, "the total is that of the unit above");
    assert_eq!(answer["totals"][0]["completeness"]["missing"], 16);

    for left in ["~$0128-JTJ 2023.docx", ".hidden.json", "Thumbs.db"] {
        file(folder.path(), left, b"left by a program");
    }
    assert_eq!(total_json(folder.path(), &[]), (answer, code));
    file(folder.path(), "350128-GAJ 2023.json", b"{\"proactive\": ");
    file(folder.path(), "350128-LYY 2023.json", &[0xff; 100]);
    let deep = (0..10).fold(folder.path().to_owned(), |path, _| path.join("in"));
    fs::create_dir_all(&deep).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("ring")).unwrap();
    let (answer, code) = total_json(folder.path(), &[]);
    assert_eq!(code, Some(1));
    assert_eq!(names(&answer["totals"][0]["counted"], "unit"), ["350128-JTJ"]);
    let unreadable = names(&answer["unreadable"], "file");
    assert_eq!(unreadable.len(), 4, "{unreadable:?}");
    for file in ["350128-GAJ 2023.json", "350128-LYY 2023.json", "ring"] {
        assert!(unreadable.contains(&file), "{unreadable:?}");
    }
    assert!(unreadable.iter().any(|file| file.ends_with("in/in/in/")), "{unreadable:?}");
    assert!(answer["unreadable"].as_array().unwrap().iter().all(|one| !one["reason_en"].as_str().unwrap().is_empty()));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(total_text(empty.path()).status.code(), Some(2));
    assert_eq!(total_text(&empty.path().join("nothing")).status.code(), Some(2));
}

#[test]
fn a_second_run_says_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    put_into(folder.path(), &zone(2023));
    let again = |more: &[&str]| parsed(&total(folder.path(), &[more, &["--json"]].concat()));
    let first = again(&[]);
    assert_eq!((&first["compared"], &first["totals"][0]["changes"]), (&json!(false), &Value::Null));
    let nothing = json!({ "new": [], "gone": [], "changed": [], "cells": [] });
    assert_eq!(again(&[])["totals"][0]["changes"], nothing);

    // a total that slid a row is put right, a figure is corrected, a report is taken away
    let mut rural = line_of("350128-NYN", 2023)["report"].clone();
    put(&mut rural, "applications.received.total", json!("7"));
    put(&mut rural, "applications.carried_in.total", json!("0"));
    file(folder.path(), "350128-NYN 2023.json", rural.to_string().as_bytes());
    let mut transport = line_of("350128-JTJ", 2023)["report"].clone();
    let fees: i64 = transport["proactive"]["administrativeFeesFen"].as_str().unwrap().parse().unwrap();
    put(&mut transport, FEES, json!((fees + 25).to_string()));
    file(folder.path(), "350128-JTJ 2023.json", transport.to_string().as_bytes());
    fs::remove_file(folder.path().join("350128-LYY 2023.json")).unwrap();
    let told = total(folder.path(), &["--no-record"]);
    assert!(!text(&told).contains("与上次相比"), "switched off");

    let second = again(&[]);
    let changes = &second["totals"][0]["changes"];
    assert_eq!(names(&changes["new"], "unit"), ["350128-NYN"]);
    assert_eq!(names(&changes["gone"], "unit"), ["350128-LYY"]);
    let moved = json!([{ "path": FEES, "before": fees.to_string(), "now": (fees + 25).to_string() }]);
    let changed = json!([{ "unit": "350128-JTJ", "name": "平潭综合实验区交通与建设局", "cells": moved }]);
    assert_eq!(changes["changed"], changed);
    // every cell of the total that moved, from what it was to what it is
    let figure = |answer: &Value, path: &str| answer["totals"][0]["cells"][path].as_str().unwrap().to_owned();
    let told: BTreeMap<&str, (String, String)> = changes["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            let side = |side: &str| cell[side].as_str().unwrap().to_owned();
            (cell["path"].as_str().unwrap(), (side("before"), side("now")))
        })
        .collect();
    let moved: BTreeMap<&str, (String, String)> = first["totals"][0]["cells"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| (path.as_str(), (figure(&first, path), figure(&second, path))))
        .filter(|(_, (before, now))| before != now)
        .collect();
    assert!(told.contains_key("applications.received.total") && told.len() > 10);
    assert_eq!(told, moved);

    // a year that was not looked at stays as it was
    put_into(folder.path(), &[line_of("350128-JTJ", 2022)]);
    assert_eq!(again(&["--year", "2022"])["lost_totals"], json!([]));
    let both = again(&[]);
    assert_eq!(both["totals"].as_array().unwrap().len(), 2);
    assert!(both["totals"].as_array().unwrap().iter().all(|total| total["changes"] == nothing));
    fs::remove_file(folder.path().join("350128-JTJ 2022.json")).unwrap();
    assert_eq!(again(&[])["lost_totals"], json!([{ "year": 2022, "unit_name": "平潭综合实验区" }]));

    // a record that is not understood is left alone
    let record = folder.path().join(".crossfoot-total.json");
    fs::write(&record, "{\"version\": 2}").unwrap();
    let output = total(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another version"));
    assert_eq!(fs::read_to_string(&record).unwrap(), "{\"version\": 2}");
    assert_eq!(total_text(folder.path()).status.code(), Some(1));
}

/// Units of which two have the same name, and one another name later.
fn namesakes() -> Value {
    let unit = |code: &str, parent: Option<&str>, name: &str, from: i64| json!({ "code": code, "parent": parent, "kind": "district", "name": name, "from_year": from });
    json!([
        unit("C", None, "甲市", 2019),
        unit("C-1", Some("C"), "东区财政局", 2019),
        unit("C-2", Some("C"), "财政局", 2019),
        unit("C-3", Some("C"), "财政局", 2019),
        unit("C-4", Some("C"), "招商局（口岸办）", 2019),
        unit("C-4", Some("C"), "投资促进局", 2024),
    ])
}

fn titled(title: &str, count: i64) -> Vec<u8> {
    let mut report = json_report(&form(), &balanced(count));
    put(&mut report, "cover.title", json!(title));
    report.to_string().into_bytes()
}

#[test]
fn whose_a_document_is_is_known_for_sure_or_asked() {
    let folder = tempfile::tempdir().unwrap();
    let units = file(folder.path(), ".units", namesakes().to_string().as_bytes());
    let mut number = 0;
    let mut whose = |name: &str, title: &str, more: &[&str]| -> Value {
        number += 1;
        let below = folder.path().join(number.to_string());
        fs::create_dir(&below).unwrap();
        file(&below, name, &titled(title, 1));
        let args = ["total", below.to_str().unwrap(), "--units", &units, "--json", "--no-record"];
        let answer = parsed(&run(&[&args, more].concat(), NOBODY));
        match answer["totals"].get(0) {
            Some(total) => json!([total["counted"][0]["unit"], total["year"]]),
            None => answer["unplaced"][0]["message_en"].clone(),
        }
    };
    let long = |unit: &str| format!("{unit}2023年政府信息公开工作年度报告");
    assert_eq!(whose("a.json", &long("东区财政局"), &[]), json!(["C-1", 2023]));
    assert_eq!(whose("东区 财政局2023年.json", "", &[]), json!(["C-1", 2023]));
    assert_eq!(whose("C-1 2023.json", "", &[]), json!(["C-1", 2023]));
    assert_eq!(whose("C-1.json", "", &["--year", "2023"]), json!(["C-1", 2023]));
    assert_eq!(whose("a.json", &long("招商局(口岸办)"), &[]), json!(["C-4", 2023]));
    assert_eq!(whose("C-3.json", &long("财政局"), &[]), json!(["C-3", 2023]), "the code tells namesakes apart");
    assert_eq!(whose("C-3 2023.json", &long("市财政局"), &[]), json!(["C-3", 2023]), "a code is meant");
    assert_eq!(whose("C-1 2024.json", &long("东区财政局"), &["--year", "2023"]), json!(["C-1", 2023]));

    let asked = |answer: Value, words: &str| {
        let answer = answer.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        assert!(answer.contains(words), "{answer}");
    };
    asked(whose("a.json", &long("财政局"), &[]), "several units are named \"财政局\": C-2, C-3");
    asked(whose("a.json", &long("投资促进局"), &[]), "no unit of 2023 is named");
    asked(whose("a.json", &long("东区财政"), &[]), "no unit of 2023 is named");
    asked(whose("东区财政局2023.json", &long("西区财政局"), &[]), "no unit of 2023 is named \"西区财政局\"");
    asked(whose("C-2 2023.json", &long("东区财政局"), &[]), "mean different units: C-1, C-2");
    asked(whose("招商局（口岸办）2023.json", &long("东区财政局"), &[]), "mean different units: C-1, C-4");
    asked(whose("C-1 2024.json", &long("东区财政局"), &[]), "the title says 2023, the file name 2024");
    asked(whose("C-1.json", "", &[]), "neither title nor file name says one year");
    asked(whose("报告 2023.json", "", &[]), "no unit of 2023 is named");
    asked(whose("2023.json", "", &[]), "neither title nor file name says a unit");
    asked(whose("甲市 东区 2023.json", "", &[]), "no unit of 2023 is named");
}

#[test]
fn without_a_tree_every_name_is_a_unit_and_all_are_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("甲区");
    fs::create_dir(&below).unwrap();
    file(&below, "1.json", &titled("财政局2023年政府信息公开工作年度报告", 3));
    file(&below, "公安局 2023.json", &titled("", 4));
    file(&below, "2.json", &titled("财政局2022年政府信息公开工作年度报告", 5));
    let plain = |more: &[&str]| run(&[&["total", below.to_str().unwrap()], more].concat(), NOBODY);
    let output = plain(&["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let answer = parsed(&output);
    let totals = answer["totals"].as_array().unwrap();
    assert_eq!(totals.iter().map(|total| total["year"].as_i64().unwrap()).collect::<Vec<_>>(), [2022, 2023]);
    assert_eq!((&totals[1]["unit_name"], &totals[1]["cells"][city::RECEIVED]), (&json!("甲区"), &json!("7")));
    assert_eq!(names(&totals[0]["missing"], "name"), ["公安局"], "it is there in the other year");
    assert_eq!(totals[1]["reconciliation"], Value::Null);
    file(&below, "1.json", &titled("财政局2023年政府信息公开工作年度报告", 6));
    let shown = text(&plain(&[]));
    assert!(shown.contains("更正: 财政局, 6 cells"), "codes are made alike each time: {shown}");
    assert!(shown.contains("+3"), "{shown}");
}

/// Cells of a total that are not 0, as a report in JSON has them.
fn cells_of_report(report: &Value) -> BTreeMap<String, i64> {
    let form = form();
    let bytes = form.from_json(report).unwrap();
    let mut reader = crossfoot::form::Reader::default();
    reader.read(&form, &bytes).unwrap();
    let cells = form.cells().iter().zip(reader.values()).filter(|(_, value)| **value != 0);
    cells.map(|(cell, value)| (cell.path.clone(), *value)).collect()
}

fn cells_of_total(total: &Value) -> BTreeMap<String, i64> {
    let cells = total["cells"].as_object().unwrap().iter();
    let cells = cells.map(|(path, value)| (path.clone(), value.as_str().unwrap().parse().unwrap()));
    cells.filter(|(_, value)| *value != 0).collect()
}

#[test]
fn a_total_is_written_as_a_document_which_is_no_document_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    put_into(folder.path(), &zone(2023));
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let total_to = |name: &str, more: &[&str]| total(folder.path(), &[more, &["--json", "--out", &out(name)]].concat());
    let first = parsed(&total_to("汇总.json", &[]));
    assert_eq!(first["written"], json!([out("汇总.json")]));
    let report: Value = serde_json::from_slice(&fs::read(out("汇总.json")).unwrap()).unwrap();
    assert_eq!(cells_of_report(&report), cells_of_total(&first["totals"][0]));

    // again, in another format, and beside what the last run wrote: nothing of it is read
    for name in ["汇总.json", "汇总.docx", "汇总.xlsx", "汇总.html", "汇总.csv", "汇总.xlsx"] {
        let answer = parsed(&total_to(name, &[]));
        assert_eq!(answer["written"], json!([out(name)]));
        assert_eq!(answer["totals"][0]["cells"], first["totals"][0]["cells"], "{name}");
        for nothing in ["unplaced", "unreadable", "twice"] {
            assert_eq!(answer[nothing], json!([]), "{name}: {nothing}");
        }
        assert_eq!(answer["totals"][0]["contradictory"], json!([]), "{name}");
    }
    let page = fs::read_to_string(out("汇总.html")).unwrap();
    for words in ["平潭综合实验区", "2023年政府信息公开工作年度报告", "350128-NYN", "与本级自报核对"]
    {
        assert!(page.contains(words), "{words}");
    }
    let english = parsed(&total_to("total.html", &["--lang", "en"]));
    let page = fs::read_to_string(out("total.html")).unwrap();
    assert!(page.contains("What the total covers") && page.contains("missing"), "{english}");

    // what somebody changed since is not written over, and is still no document
    fs::write(out("汇总.html"), "signed").unwrap();
    let output = total_to("汇总.html", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--force writes over it"));
    assert_eq!(fs::read_to_string(out("汇总.html")).unwrap(), "signed");
    assert_eq!(parsed(&total_to("汇总.html", &["--force"]))["written"], json!([out("汇总.html")]));
    assert_eq!(total_to("350128-JTJ 2023.json", &[]).status.code(), Some(2), "a document of the folder");
    assert_eq!(total_to("汇总.odt", &[]).status.code(), Some(2));

    // several totals
    put_into(folder.path(), &zone(2022));
    let answer = parsed(&total_to("汇总.csv", &[]));
    assert_eq!(answer["written"], json!([out("汇总-2022-350128.csv"), out("汇总-2023-350128.csv")]));
    let answer = parsed(&total_to("汇总.csv", &[]));
    assert_eq!((&answer["unreadable"], &answer["unplaced"]), (&json!([]), &json!([])));
    assert_eq!(answer["totals"][1]["contradictory"], json!([]));
}
