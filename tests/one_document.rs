//! One document on its way through the commands: checked, converted, submitted,
//! compared with what was accepted.

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

use serde_json::json;
use server::{Server, data, file, json as parsed, run, text};

const NOBODY: &str = "http://127.0.0.1:9";

#[test]
fn check_says_what_was_read_of_a_document_and_what_its_prose_states() {
    let sample = data("documents/huancui-2024.docx").display().to_string();
    let output = run(&["check", &sample], NOBODY);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output);
    for expected in [
        "威海市环翠区人民政府, 2024, 2024-01-01 – 2024-12-31; 200 of 200 cells found",
        "42 of 42 identities hold",
        "文字「结转下年度继续办理7件」称 7，表中「四 · 总计」9",
        "人大代表建议和政协提案 · 总计 136",
        "人大代表建议和政协提案 · 人大代表建议 41",
        "人大代表建议和政协提案 · 政协提案 95",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
    let checked = parsed(&run(&["check", &sample, "--json"], NOBODY));
    assert_eq!(checked["verdict"], "PASS");
    assert_eq!(checked["identities"], json!({ "held": 42, "of": 42 }));
    assert_eq!((&checked["read"]["year"], &checked["read"]["figures"]), (&json!(2024), &json!(200)));
    assert_eq!(checked["read"]["claims"].as_array().unwrap().len(), 9);
    assert_eq!(checked["read"]["supplement"]["supplement.proposals.total"], "136");
}

#[test]
fn a_document_is_converted_to_every_format_and_none_is_written_of_what_could_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let sample = data("documents/huancui-2024.html").display().to_string();
    let as_json = parsed(&run(&["convert", &sample, "--to", "-"], NOBODY));
    for name in ["a.docx", "a.xlsx", "a.html", "a.csv", "a.json", "a.pb"] {
        assert_eq!(run(&["convert", &sample, "--to", &at(name)], NOBODY).status.code(), Some(0), "{name}");
        let again = parsed(&run(&["convert", &at(name), "--to", "-"], NOBODY));
        for section in ["proactive", "applications", "disputes"] {
            assert_eq!(again[section], as_json[section], "{name}");
        }
    }
    assert_eq!(run(&["convert", &sample, "--to", &at("a.json")], NOBODY).status.code(), Some(2), "it exists");
    let broken = fs::read_to_string(&sample).unwrap().replacen("2289", "约2289", 1);
    let broken = file(folder.path(), "broken.html", broken.as_bytes());
    let output = run(&["convert", &broken, "--to", &at("b.json")], NOBODY);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("「约2289」不是数字"), "{}", text(&output));
    assert!(!fs::exists(at("b.json")).unwrap());
    // a program of old, a picture, nothing at all
    let doc = data("documents/huancui-2024.doc").display().to_string();
    let picture = file(folder.path(), "scan.docx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\0");
    let empty = file(folder.path(), "empty.docx", b"");
    for (name, said) in [(&doc, ".docx"), (&picture, "picture"), (&empty, "empty")] {
        let output = run(&["check", name], NOBODY);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(name) && told.contains(said), "{told}");
    }
    // among others it is told in its place, and the others are checked all the same
    let output = run(&["check", &doc, &sample], NOBODY);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output);
    assert!(shown.contains("NOT READ 无法读取") && shown.contains("另存为") && shown.contains("PASS 通过"), "{shown}");
}

#[test]
fn a_document_is_submitted_and_later_compared_cell_by_cell_with_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&folder.path().join("ledger"));
    assert_eq!(server.run(&["units", "apply", data("units.json").to_str().unwrap()]).status.code(), Some(0));
    let sample = data("documents/huancui-2024.xlsx").display().to_string();
    let submit =
        |year: &'static str| ["submit", &sample, "--unit", "371002", "--year", year, "--coverage", "CONSOLIDATED"];
    // the title says another year than the caller
    let output = server.run(&submit("2023"));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("another year than 2023"), "{}", text(&output));
    let output = server.run(&submit("2024"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("ACCEPTED 371002 2024 CONSOLIDATED: revision 1"), "{}", text(&output));
    assert!(text(&output).contains("结转下年度继续办理7件"), "its claims are judged: {}", text(&output));
    let against = |file: &str| {
        let args = ["check", file, "--against", "371002", "--year", "2024", "--coverage", "CONSOLIDATED"];
        server.run(&args)
    };
    let page = data("documents/huancui-2024-gb18030.html");
    let output = against(page.to_str().unwrap());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let page = fs::read_to_string(data("documents/huancui-2024.html")).unwrap().replacen("2289", "2298", 1);
    let page = file(folder.path(), "public.html", page.as_bytes());
    let output = against(&page);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output);
    assert!(shown.contains("1 cells differ") && shown.contains("2,298") && shown.contains("2,289"), "{shown}");
    assert_eq!(server.terminate(), Some(0));
}
