//! Years of one family that different forms judge: the report of 2020 is on the
//! form of 2019, that of 2021 on the form of 2021.

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

use std::fs;
use std::sync::Arc;

use city::City;
use crossfoot::client::wire;
use crossfoot::form::{Catalog, Form};
use serde_json::Value;
use wire::{Basis, Coverage, Outcome, Verdict};

const V2019: &str = "disclosure.annual.v2019.AnnualReport";

fn form_of(year: i64) -> Arc<Form> {
    let year = crossfoot::words::Year::new(year).unwrap();
    Arc::clone(Catalog::load(None).unwrap().for_year(None, year)[0])
}

/// A report with these figures and 0 in every other required cell.
fn report(form: &Form, figures: &[(&str, i64)]) -> Value {
    let known = |path: &str| form.cells().find(path).is_some();
    assert!(figures.iter().all(|(path, _)| known(path)), "{figures:?}");
    city::json_report(form, figures)
}

/// Three applications came in, one was closed otherwise, two were carried out.
fn of_2020() -> Value {
    report(
        &form_of(2020),
        &[
            ("applications.received.natural_person", 3),
            ("applications.received.total", 3),
            ("applications.outcomes.closed.natural_person", 1),
            ("applications.outcomes.closed.total", 1),
            ("applications.outcomes.total.natural_person", 1),
            ("applications.outcomes.total.total", 1),
            ("applications.carried_out.natural_person", 2),
            ("applications.carried_out.total", 2),
            ("proactive.licensing.last_year_items", 40),
            ("proactive.licensing.change", -6),
            ("proactive.licensing.decisions", 5_000),
            ("proactive.normative_documents.public_total", 31),
        ],
    )
}

/// So many applications were carried in, and are still.
fn of_2021(carried_in: i64) -> Value {
    report(
        &form_of(2021),
        &[
            ("applications.carried_in.natural_person", carried_in),
            ("applications.carried_in.total", carried_in),
            ("applications.carried_out.natural_person", carried_in),
            ("applications.carried_out.total", carried_in),
            ("proactive.licensing_decisions", 40),
            ("proactive.normative_documents.in_force", 31),
        ],
    )
}

fn request(form: &Form, unit: &str, year: i32, report: &Value) -> wire::SubmitReportRequest {
    city::request_json(form, unit, year, Coverage::Own, report)
}

fn of_rule<'a>(result: &'a wire::SubmissionResult, rule: &str) -> Vec<&'a wire::Finding> {
    result.findings.iter().filter(|found| found.rule == rule).collect()
}

#[tokio::test]
async fn what_one_form_carried_out_is_what_the_next_carries_in() {
    let city = City::new().await;
    let (v2019, v2021) = (form_of(2020), form_of(2021));
    for unit in ["C-1-A", "C-1-B"] {
        let accepted = city.submit(request(&v2019, unit, 2020, &of_2020())).await;
        assert_eq!(accepted.outcome(), Outcome::Accepted, "{:?}", accepted.findings);
    }
    // a decrease may be added up
    assert_eq!(city.total("C-1", 2020, "proactive.licensing.change").await, -12);
    assert_eq!(city.total("C-1", 2020, "applications.outcomes.closed.total").await, 2);

    let same = city.submit(request(&v2021, "C-1-A", 2021, &of_2021(2))).await;
    assert_eq!(same.outcome(), Outcome::Accepted);
    assert!(of_rule(&same, "applications.carry_over").is_empty(), "{:?}", same.findings);
    // in force is not what was public in all: the form of 2019 does not tell
    let stocks = of_rule(&same, "documents.roll_forward");
    assert_eq!(stocks.len(), 2);
    assert!(stocks.iter().all(|found| found.verdict() == Verdict::NotAssessable));
    let jumps: Vec<&str> = of_rule(&same, "figure.jump").iter().map(|found| found.instance.as_str()).collect();
    assert_eq!(jumps, ["proactive.licensing_decisions"]);

    let other = city.submit(request(&v2021, "C-1-B", 2021, &of_2021(5))).await;
    assert_eq!(other.outcome(), Outcome::Accepted);
    let asked = of_rule(&other, "applications.carry_over");
    let sides: Vec<_> = asked.iter().map(|found| (found.instance.as_str(), found.left, found.right)).collect();
    assert_eq!(sides, [("natural_person", Some(5), Some(2)), ("total", Some(5), Some(2))]);
    assert!(asked.iter().all(|found| found.verdict() == Verdict::Fail));
    assert_eq!(city.rollup("C-1", 2021, Basis::Units).await.completeness.unwrap().open_queries, 2);
}

#[tokio::test]
async fn a_report_on_the_form_of_another_year_is_not_taken() {
    let city = City::new().await;
    let (v2019, v2021) = (form_of(2020), form_of(2021));
    for (form, year, report) in [(&v2019, 2021, of_2020()), (&v2021, 2020, of_2021(0))] {
        let error = city.client.submit(request(form, "C-1-A", year, &report)).await.unwrap_err().to_string();
        assert!(error.contains("disclosure.annual"), "{error}");
    }
}

#[test]
fn what_a_form_wrongly_says_of_one_before_it_is_refused_naming_the_file() {
    let visits = fs::read_to_string("tests/data/forms/demo/visits/v1/visits.proto").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ended = visits.replace("first_year: 2020", "first_year: 2020\n    last_year: 2022");
    fs::write(folder.path().join("v1.proto"), ended).unwrap();
    let load = |follows: &str| {
        let second = visits.replace("demo.visits.v1", "demo.visits.v2");
        let second = second.replace("first_year: 2020", &format!("first_year: 2023\n    follows: {{ {follows} }}"));
        fs::write(folder.path().join("v2.proto"), second).unwrap();
        Catalog::load(Some(folder.path())).map_err(|error| error.to_string())
    };
    let earlier = "form: \"demo.visits.v1.Visits\"";
    assert_eq!(load(&format!("{earlier} same: {{ path: \"counters\" }}")).unwrap().iter().count(), 4);
    for (follows, problem) in [
        (format!("{earlier} same: {{ path: \"dogs\" }}"), "path \"dogs\" names no cell"),
        (format!("{earlier} same: {{ path: \"counters.adults\" earlier: \"dogs\" }}"), "\"dogs\" names no cell there"),
        (format!("{earlier} same: {{ path: \"counters\" }} same: {{ path: \"counters.adults\" }}"), "named twice"),
        (format!("form: {V2019:?}"), "no earlier form of its family"),
        ("form: \"demo.visits.v0.Visits\"".to_owned(), "no earlier form of its family"),
    ] {
        let error = load(&follows).unwrap_err();
        assert!(error.contains("v2.proto:") && error.contains(problem), "{follows}: {error}");
    }
}
