//! The commands as people and programs use them: answers, shapes, exit codes.

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

use serde_json::{Value, json};
use server::{Server, data, file, json as parsed, lines, run, text};

const NOBODY: &str = "http://127.0.0.1:9";

fn reports() -> Vec<Value> {
    fs::read_to_string(data("reports.jsonl")).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn report_of(unit: &str, year: i64) -> Value {
    reports().into_iter().find(|report| report["unit"] == unit && report["year"] == year).unwrap()
}

#[test]
fn check_judges_files_offline_and_says_it_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let broken = report_of("350128-NYN", 2023);
    let broken = file(folder.path(), "broken.json", broken["report"].to_string().as_bytes());
    let output = run(&["check", &broken, "--year", "2023", "--unit-kind", "department", "--json"], NOBODY);
    assert_eq!(output.status.code(), Some(1));
    let checked = parsed(&output);
    assert_eq!(checked["file"], json!(broken));
    assert_eq!(checked["form"], "disclosure.annual.v2021.AnnualReport");
    assert_eq!(checked["verdict"], "FAIL");
    let finding = &checked["findings"][0];
    assert_eq!(finding["rule"], "applications.row_total");
    assert_eq!(finding["instance"], "applications.received");
    assert_eq!((&finding["severity"], &finding["verdict"]), (&json!("error"), &json!("FAIL")));
    assert_eq!((&finding["left"], &finding["right"], &finding["difference"]), (&json!("7"), &json!("0"), &json!("7")));
    assert_eq!(finding["cells"].as_array().unwrap().len(), 7);
    assert_eq!(finding["cells"][0]["path"], "applications.received.natural_person");

    let fine = file(folder.path(), "fine.json", report_of("371002", 2024)["report"].to_string().as_bytes());
    let output = run(&["check", &fine, &broken, "--json"], NOBODY);
    let verdicts: Vec<Value> = lines(&output).iter().map(|one| one["verdict"].clone()).collect();
    assert_eq!((output.status.code(), verdicts), (Some(1), vec![json!("PASS"), json!("FAIL")]));
    let form = crossfoot::form::Catalog::load(None).unwrap();
    let form = form.iter().next_back().unwrap();
    let bytes = form.from_json(&report_of("371002", 2024)["report"]).unwrap();
    let binary = file(folder.path(), "fine.binpb", &bytes);
    assert_eq!(parsed(&run(&["check", &binary, "--json"], NOBODY))["verdict"], "PASS");
    let output = run(&["check", &fine], NOBODY);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("PASS 通过"));
}

#[test]
fn check_knows_the_year_before_blanks_and_who_may_make_rules() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, unit: &str, year: i64| {
        file(folder.path(), name, report_of(unit, year)["report"].to_string().as_bytes())
    };
    let (now, prior) = (write("2023.json", "350128", 2023), write("2022.json", "350128", 2022));
    let of_rule = |output: &std::process::Output, rule: &str| -> Vec<Value> {
        parsed(output)["findings"].as_array().unwrap().iter().filter(|found| found["rule"] == rule).cloned().collect()
    };
    let alone = run(&["check", &now, "--json"], NOBODY);
    assert!(of_rule(&alone, "applications.carry_over").iter().all(|found| found["verdict"] == "NOT_ASSESSABLE"));
    assert_eq!(of_rule(&alone, "applications.carry_over").len(), 7);
    let with_prior = run(&["check", &now, "--prior", &prior, "--json"], NOBODY);
    assert!(of_rule(&with_prior, "applications.carry_over").iter().all(|found| found["verdict"] == "FAIL"));
    let failed = of_rule(&with_prior, "documents.roll_forward");
    assert!(failed.iter().any(|found| found["instance"] == "normative_documents" && found["verdict"] == "FAIL"));

    let rules = write("rules.json", "350128-GYZ", 2021);
    let output = run(&["check", &rules, "--unit-kind", "department", "--json"], NOBODY);
    assert_eq!(of_rule(&output, "government_rules.competence").len(), 2);
    let output = run(&["check", &rules, "--unit-kind", "prefecture_city", "--json"], NOBODY);
    assert_eq!(of_rule(&output, "government_rules.competence").len(), 0);

    let blank = write("blank.json", "350128-SCJ", 2021);
    assert_eq!(run(&["check", &blank], NOBODY).status.code(), Some(1));
    assert_eq!(run(&["check", &blank, "--blank-means-zero"], NOBODY).status.code(), Some(0));
}

#[test]
fn careless_files_get_an_error_that_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, named) in [
        ("typo.json", &br#"{"applications":{"recieved":{}}}"#[..], "recieved"),
        ("decimal.json", br#"{"applications":{"received":{"total":"1.5"}}}"#, "applications.received.total"),
        ("text.json", br#"{"applications":{"received":{"total":"many"}}}"#, "applications.received.total"),
        ("not.json", b"{\"applications\"", "not.json"),
        ("noise.bin", b"\xff\xff\xff", "noise.bin"),
    ] {
        let path = file(folder.path(), name, content);
        let output = run(&["check", &path], NOBODY);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(named) && said.contains(name), "{said}");
    }
    assert_eq!(run(&["check", "/no/such/file"], NOBODY).status.code(), Some(2));
    assert_eq!(run(&["rollup", "C", "--year", "2024"], NOBODY).status.code(), Some(3));
    assert_eq!(run(&["rollup"], NOBODY).status.code(), Some(2));
}

#[test]
fn a_year_goes_through_the_command_line_from_units_to_totals() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("ledger");
    let mut server = Server::start(&store);
    let units = data("units.json");
    let plan = parsed(&server.run(&["units", "apply", units.to_str().unwrap(), "--validate-only", "--json"]));
    assert_eq!(plan["position"], 0);
    assert_eq!(server.run(&["units", "apply", units.to_str().unwrap()]).status.code(), Some(0));
    let listed = parsed(&server.run(&["units", "list", "--json"]));
    let again = file(folder.path(), "units.json", listed.to_string().as_bytes());
    // the latest entries alone are another history: one unit had an earlier name
    let plan = parsed(&server.run(&["units", "apply", &again, "--validate-only", "--json"]));
    assert_eq!(plan["changes"].as_array().unwrap().len(), 1, "{plan}");

    let output = server.run(&["submit", data("reports.jsonl").to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answers = lines(&output);
    assert_eq!(answers.len(), 53);
    for (answer, report) in answers.iter().zip(reports()) {
        assert_eq!(
            (&answer["unit"], &answer["year"], &answer["coverage"]),
            (&report["unit"], &report["year"], &report["coverage"])
        );
        let clean = report["violations"] == json!([]) && report["blank_cells"] == json!([]);
        assert_eq!(answer["outcome"], if clean { "ACCEPTED" } else { "REFUSED" });
        assert_eq!(answer["receipt"].is_object(), clean);
    }
    // sending the file again is safe
    let again = lines(&server.run(&["submit", data("reports.jsonl").to_str().unwrap(), "--json"]));
    for (first, second) in answers.iter().zip(&again) {
        assert_eq!(first["receipt"], second["receipt"]);
        assert_eq!(second["outcome"] == "UNCHANGED", first["outcome"] == "ACCEPTED");
    }

    let rollup = parsed(&server.run(&["rollup", "350128", "--year", "2022", "--basis", "units", "--json"]));
    assert_eq!((&rollup["unit"], &rollup["year"], &rollup["basis"]), (&json!("350128"), &json!(2022), &json!("units")));
    assert_eq!((&rollup["completeness"]["due"], &rollup["completeness"]["filed"]), (&json!(17), &json!(13)));
    assert_eq!(rollup["cells"]["applications.received.total"], "71");
    let table = text(&server.run(&["rollup", "350128", "--year", "2022"]));
    assert!(table.contains("平潭综合实验区") && table.contains("PARTIAL"), "{table}");

    let listed = lines(&server.run(&["reports", "list", "350128", "--subtree", "--year", "2023", "--json"]));
    assert!(listed.iter().any(|row| row["unit"] == "350128-NYN" && row["refused_since"] == true));
    let shown =
        parsed(&server.run(&["reports", "show", "371002", "--year", "2024", "--coverage", "CONSOLIDATED", "--json"]));
    assert_eq!(shown["report"]["report"], report_of("371002", 2024)["report"]);

    let withdraw = ["withdraw", "371002", "--year", "2024", "--coverage", "CONSOLIDATED", "--revision", "1"];
    assert_eq!(server.run(&withdraw).status.code(), Some(0));
    assert_eq!(server.run(&withdraw).status.code(), Some(1));
    assert_eq!(server.run(&["rollup", "nowhere", "--year", "2022"]).status.code(), Some(1));

    // one ledger, one process
    let second = run(&["verify", "--data", store.to_str().unwrap()], NOBODY);
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8(second.stderr).unwrap().contains("in use"));
    assert_eq!(server.terminate(), Some(0));
    let verified = run(&["verify", "--data", store.to_str().unwrap()], NOBODY);
    assert_eq!(verified.status.code(), Some(0));
    assert!(text(&verified).contains("verified: 38 events"), "{}", text(&verified));
}

#[test]
fn a_line_may_carry_statements_explanations_and_the_revision_it_corrects() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("ledger"));
    server.run(&["units", "apply", data("units.json").to_str().unwrap()]);
    let blank = report_of("350128-SCJ", 2021);
    let line = |more: Value| {
        let mut line = json!({ "unit": "350128-SCJ", "year": 2021, "coverage": "OWN", "report": blank["report"] });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let submit = |text: String| {
        let path = file(folder.path(), "lines.jsonl", text.as_bytes());
        lines(&server.run(&["submit", &path, "--json"]))
    };
    let told = submit(format!("{}\n\n{}\nnonsense\n", line(json!({})), line(json!({ "blank_means_zero": true }))));
    let outcomes: Vec<_> =
        told.iter().map(|one| (one["outcome"].as_str().unwrap(), one["reason"].as_str().unwrap())).collect();
    assert_eq!(outcomes, [("REFUSED", "CHECKS_FAILED"), ("ACCEPTED", ""), ("REFUSED", "MALFORMED_LINE")]);
    let nil = line(json!({ "nil_report": true, "expected_revision": "1" }));
    let told = submit(nil.to_string());
    assert_eq!(told[0]["outcome"], "REFUSED");
    assert!(told[0]["findings"].as_array().unwrap().iter().any(|found| found["rule"] == "nil_report.not_nil"));

    let claimed = fs::read_to_string(data("huancui-2024.jsonl")).unwrap();
    let mut claimed: Value = serde_json::from_str(&claimed).unwrap();
    claimed["explanations"] = json!([
        { "rule": "narrative.claim", "instance": "结转下年度继续办理7件", "left": 9, "right": "7", "text": "文字部分漏计两件" },
        { "rule": "narrative.claim", "instance": "结转下年度继续办理7件", "left": 8, "right": 7, "text": "文字部分漏计两件" },
    ]);
    let told = submit(claimed.to_string());
    assert_eq!(told[0]["outcome"], "ACCEPTED");
    let claim =
        told[0]["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "narrative.claim").unwrap();
    assert_eq!((&claim["explained"], &claim["left"], &claim["right"]), (&json!(true), &json!("9"), &json!("7")));
    assert_eq!(told[0]["unused_explanations"].as_array().unwrap().len(), 1);
}

#[test]
fn serve_listens_on_loopback_only_and_says_what_is_wrong_before_it_touches_anything() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("ledger");
    let serve = |more: &[&str]| {
        let args = [&["serve", "--data", store.to_str().unwrap()], more].concat();
        run(&args, NOBODY)
    };
    let output = serve(&["--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("loopback"));
    let output = serve(&["--listen", "127.0.0.1:0", "--forms", "/no/such/folder"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!store.exists());
}

#[test]
fn the_demo_shows_the_whole_way() {
    let output = run(&["demo"], NOBODY);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output);
    for expected in [
        "结转下年度继续办理7件",
        "154/163 = 94.48%",
        "3/7 = 42.86%",
        "0/5 = 0.00%",
        "文登区",
        "45 of 53 accepted",
        "MADE-UP",
        "crossfoot serve",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
}

#[test]
fn proto_writes_files_that_compile_again() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["proto", folder.path().to_str().unwrap()], NOBODY).status.code(), Some(0));
    let file = "crossfoot/v1/report_service.proto";
    assert!(protox::compile([file], [folder.path()]).is_ok());
}

#[test]
fn answers_are_printed_for_people_and_as_canonical_json() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("ledger"));
    let path = |name: &str| data(name).to_str().unwrap().to_owned();
    server.run(&["units", "apply", &path("units.json")]);
    server.run(&["submit", &path("reports.jsonl")]);

    let zone = ["350128", "--year", "2023"];
    let with = |command: &str, more: &[&str]| server.run(&[&[command], &zone[..], more].concat());
    let said = text(&with("reconcile", &[]));
    for words in ["填报 81", "为 76", "which agrees", "+189"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let found = parsed(&with("reconcile", &["--json"]));
    assert_eq!((&found["unit"], &found["basis"]), (&json!("350128"), &json!("BASIS_UNITS")));
    let cells = found["cells"].as_array().unwrap();
    let received = cells.iter().find(|cell| cell["path"] == "applications.received.total").unwrap();
    assert_eq!((&received["stated"], &received["causes"][0]["kind"]), (&json!("81"), &json!("CAUSE_KIND_REFUSED")));

    let cell = ["--cell", "proactive.licensing_decisions"];
    let found = parsed(&with("explain", &[&cell[..], &["--order", "size", "--all", "--json"]].concat()));
    let listed = found["contributions"].as_array().unwrap();
    let counted = listed.iter().filter(|part| part["state"] == "CONTRIBUTION_STATE_COUNTED");
    let sum: i64 = counted.map(|part| part["value"].as_str().map_or(0, |value| value.parse().unwrap())).sum();
    assert_eq!(found["total"], sum.to_string());
    let said = text(&with("explain", &cell));
    assert!(said.contains("not counted: refused 被退回") && said.contains("filed nothing 未报"), "{said}");
    assert_eq!(with("explain", &["--cell", "licensing"]).status.code(), Some(1));

    let svg = folder.path().join("zone.svg");
    let years = ["statistics", "350128", "--year", "2021..2023", "--plot", "--svg", svg.to_str().unwrap()];
    let said = text(&server.run(&years));
    for words in ["平潭综合实验区 350128", "办结率", "all 合计", "filed nothing 未报", "median 中位", "█"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let picture = fs::read_to_string(&svg).unwrap();
    assert!(picture.starts_with("<?xml") && picture.contains("<rect") && picture.contains("平潭综合实验区"));
    let sample = ["statistics", "371002", "--year", "2024", "--json", "--indicator", "litigation_correction_rate"];
    let found = parsed(&server.run(&sample));
    let value = &found["series"][0]["points"][0]["value"];
    assert_eq!(value, &json!({ "denominator": "5", "text": "0.00%" }), "0 is left out, as canonical JSON has it");
    assert_eq!(server.run(&["statistics", "--year", "2023..2021"]).status.code(), Some(1));
    assert_eq!(server.run(&["statistics", "--year", "soon"]).status.code(), Some(2));

    let told = lines(&server.run(&["watch", "350128", "--year", "2023", "--from", "0", "--once", "--json"]));
    let changes = told.iter().flat_map(|response| response["changes"].as_array().cloned().unwrap_or_default());
    let accepted = changes.filter(|change| change["kind"] == "CHANGE_KIND_REPORT_ACCEPTED").count();
    assert_eq!(accepted, 10, "nine units and the zone itself");

    // the past, and what changed since
    let then = parsed(&with("rollup", &["--at", "3", "--json"]));
    assert_eq!((&then["position"], &then["completeness"]["filed"]), (&json!(3), &json!(0)));
    assert_eq!(then["completeness"]["refused"], Value::Null);
    assert_eq!(with("rollup", &["--at", "9999"]).status.code(), Some(1));
    let mut report = report_of("371002", 2024);
    report["report"]["proactive"]["licensingDecisions"] = json!("43541");
    report["expected_revision"] = json!(1);
    let corrected = file(folder.path(), "corrected.jsonl", format!("{report}\n").as_bytes());
    assert_eq!(server.run(&["submit", &corrected]).status.code(), Some(0));
    let diff = ["reports", "diff", "371002", "--year", "2024", "--coverage", "CONSOLIDATED", "--revisions", "1..2"];
    let said = text(&server.run(&diff));
    assert!(said.contains("43,540") && said.contains("43,541"), "{said}");
    let found = parsed(&server.run(&[&diff[..], &["--json"]].concat()));
    assert_eq!(found["cells"].as_array().unwrap().len(), 1);
}
