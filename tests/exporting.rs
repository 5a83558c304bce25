//! `export`: documents from a real server, and files written whole or not at all.

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

mod server;

use std::fs;

use server::{Server, data, json as parsed, run, text};

fn fixture(name: &str) -> String {
    data(name).to_str().unwrap().to_owned()
}

const NOBODY: &str = "http://127.0.0.1:9";

#[test]
fn reports_and_totals_are_exported_as_documents() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    server.run(&["units", "apply", &fixture("units.json")]);
    server.run(&["submit", &fixture("huancui-2024.jsonl")]);
    server.run(&["submit", &fixture("reports.jsonl")]);
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let export = |args: &[&str], to: &str| {
        let said = server.run(&[&["export"], args, &["--to", &at(to)]].concat());
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
        fs::read_to_string(at(to)).unwrap()
    };
    let report = ["report", "371002", "--year", "2024", "--coverage", "CONSOLIDATED"];
    let page = export(&[&report[..], &["--sign-off"]].concat(), "report.html");
    let shown =
        parsed(&server.run(&["reports", "show", "371002", "--year", "2024", "--coverage", "CONSOLIDATED", "--json"]));
    let receipt = &shown["report"]["receipt"];
    for text in [
        receipt["digest"].as_str().unwrap(),
        receipt["chain_hash"].as_str().unwrap(),
        "行政许可",
        ">43540<",
        "结转下年度继续办理7件",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&export(&report, "report.json")).unwrap();
    assert_eq!(json, shown["report"]["report"]);
    let without_texts = ["report", "350128-GWH", "--year", "2023"];
    assert!(export(&without_texts, "named.html").contains(&format!("<title>{}", name_of("350128-GWH"))));

    let rollup = ["rollup", "350128", "--year", "2023"];
    let page = export(&rollup, "total.html");
    for text in ["附1", "未报送单位", "350128-NYN", "报送未受理", "与本级第 1 版汇总报告核对", "+36"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    let json: serde_json::Value = serde_json::from_str(&export(&rollup, "total.json")).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), 200);
    let english = export(&[&rollup[..], &["--lang", "en", "--basis", "declared"]].concat(), "total.csv");
    assert!(english.contains("Annex 2 Missing units") && english.contains("what each child declares"), "{english}");
    // none below it: a total, nothing to compare it with
    assert!(export(&["rollup", "350128-GWH", "--year", "2023"], "leaf.html").contains("没有下级单位"));

    let again = server.run(&["export", "rollup", "350128", "--year", "2023", "--at", "1", "--to", &at("past.html")]);
    assert_ne!(again.status.code(), Some(0), "at position 1 there was no such unit");
    assert!(!fs::exists(at("past.html")).unwrap());
}

/// The name of a unit in the fixtures.
fn name_of(code: &str) -> String {
    let units: serde_json::Value = serde_json::from_str(&fs::read_to_string(data("units.json")).unwrap()).unwrap();
    let unit = units.as_array().unwrap().iter().find(|unit| unit["code"] == code).unwrap();
    unit["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_template_needs_no_server_and_a_file_is_replaced_only_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.xlsx");
    let to = file.to_str().unwrap();
    let export = |more: &[&str]| run(&[&["export", "template", "--to"], more].concat(), NOBODY);
    assert_eq!(export(&[to]).status.code(), Some(0));
    let written = fs::read(&file).unwrap();
    let refused = export(&[to]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(fs::read(&file).unwrap(), written);
    assert_eq!(export(&[to, "--force", "--lang", "en", "--year", "2024"]).status.code(), Some(0));
    assert_ne!(fs::read(&file).unwrap(), written);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    for (more, problem) in
        [(vec!["a.docx"], ".xlsx"), (vec!["b.xlsx", "--year", "1999"], "1999"), (vec!["c.xlsx", "--lang", "fr"], "fr")]
    {
        let refused = export(&more);
        assert_eq!(refused.status.code(), Some(2), "{more:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(problem), "{}", text(&refused));
    }
    let nothing = run(&["export"], NOBODY);
    assert_eq!(nothing.status.code(), Some(2));
}
