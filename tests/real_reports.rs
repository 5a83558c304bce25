//! The 53 real reports of `tests/data`: what is found in them is what an
//! independent reading of the form found.

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

use std::collections::BTreeSet;
use std::sync::Arc;

use crossfoot::form::{Catalog, Evidence, Finding, Form, Reader, Severity, Statements, Verdict};
use serde_json::Value;

fn reports() -> Vec<Value> {
    include_str!("data/reports.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn form() -> Arc<Form> {
    Arc::clone(Catalog::load(None).unwrap().by_name("disclosure.annual.v2021.AnnualReport").unwrap())
}

fn findings(form: &Form, report: &Value, statements: Statements) -> Vec<Finding> {
    let bytes = form.from_json(&report["report"]).unwrap();
    let mut reader = Reader::default();
    reader.read(form, &bytes).unwrap();
    let mut found = Vec::new();
    form.check_report(&mut reader, statements, &mut found);
    let now = reader.figures(statements);
    form.describe(&found, Evidence { now, prior: None, claims: reader.claims() })
}

type Failure = (String, String, i64, i64);

fn failures(findings: &[Finding]) -> BTreeSet<Failure> {
    let failed =
        findings.iter().filter(|finding| finding.verdict == Verdict::Fail && finding.severity == Severity::Error);
    let identities = failed.filter(|finding| finding.left.is_some());
    identities.map(|f| (f.rule.clone(), f.instance.clone(), f.left.unwrap(), f.right.unwrap())).collect()
}

fn expected(list: &Value) -> BTreeSet<Failure> {
    let entry = |v: &Value| (text(&v[0]), text(&v[1]), v[2].as_i64().unwrap(), v[3].as_i64().unwrap());
    list.as_array().unwrap().iter().map(entry).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn real_reports_break_exactly_the_identities_an_independent_reading_found() {
    let form = form();
    let reports = reports();
    assert_eq!(reports.len(), 53);
    for report in &reports {
        let at = format!("{} {}", report["unit"], report["year"]);
        let found = findings(&form, report, Statements::default());
        assert_eq!(failures(&found), expected(&report["violations"]), "{at}");

        let undetermined: BTreeSet<(String, String)> = found
            .iter()
            .filter(|finding| finding.verdict == Verdict::NotAssessable)
            .map(|finding| (finding.rule.clone(), finding.instance.clone()))
            .collect();
        let pair = |v: &Value| (text(&v[0]), text(&v[1]));
        let expected_undetermined: BTreeSet<_> = report["undetermined"].as_array().unwrap().iter().map(pair).collect();
        assert_eq!(undetermined, expected_undetermined, "{at}");

        let missing: BTreeSet<String> =
            found.iter().filter(|f| f.rule == "cell.missing").map(|f| f.instance.clone()).collect();
        let blank: BTreeSet<String> = report["blank_cells"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(missing, blank, "{at}");

        let as_zero = Statements { blank_means_zero: true, nil_report: false };
        let found = findings(&form, report, as_zero);
        assert_eq!(failures(&found), expected(&report["violations_if_blank_is_zero"]), "{at}");
        assert!(!found.iter().any(|f| f.rule == "cell.missing" || f.verdict == Verdict::NotAssessable), "{at}");
    }
}

#[test]
fn a_finding_names_every_cell_in_the_words_of_the_form() {
    let form = form();
    let report = reports().into_iter().find(|r| r["unit"] == "350128-NYN" && r["year"] == 2023).unwrap();
    let found = findings(&form, &report, Statements::default());
    let slid = found.iter().find(|f| f.instance == "applications.received").unwrap();
    assert_eq!((slid.left, slid.right, slid.difference()), (Some(7), Some(0), Some(7)));
    assert_eq!(slid.cells.len(), 7);
    assert_eq!(slid.cells[0].label_zh, "一、本年新收政府信息公开申请数量 · 自然人");
    assert_eq!(
        slid.message_zh,
        "「一 · 自然人」6 + 「一 · 商业企业」1（其余为 0） = 7，应等于「一 · 总计」0，相差 7。总计等于自然人与法人或其他组织各列之和"
    );
}

#[test]
fn the_form_has_200_required_figures_and_42_identities() {
    let form = form();
    assert_eq!(form.cells().iter().filter(|cell| cell.required).count(), 200);
    assert_eq!(form.cells().get(0).unwrap().path, "proactive.government_rules.issued");
    let identities =
        ["applications.balance", "applications.outcomes_total", "applications.row_total", "disputes.total"];
    let of_rule = |rule: &str| form.check_names().iter().filter(|name| name.split(' ').next() == Some(rule)).count();
    assert_eq!(identities.map(of_rule), [7, 7, 25, 3]);
    assert_eq!(["applications.carry_over", "documents.roll_forward"].map(of_rule), [7, 2]);
    let cell = form.cells().find("applications.outcomes.unable.not_held.natural_person").unwrap();
    let cell = form.cells().get(cell).unwrap();
    assert_eq!(cell.short_zh, "三、（四）1 · 自然人");
    assert_eq!(cell.label_zh, "三、（四）1.本机关不掌握相关政府信息 · 自然人");
}
