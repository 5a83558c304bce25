//! Reports in over real gRPC, totals out.

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

use std::collections::BTreeMap;

use city::{City, balanced, consolidated, figure, form, json_report, own, put, request_json, series};
use crossfoot::client::{ClientError, wire};
use serde_json::{Value, json};
use wire::{Basis, Coverage, Outcome};

const RECEIVED: &str = "applications.received.total";

fn expecting(mut request: wire::SubmitReportRequest, revision: i64) -> wire::SubmitReportRequest {
    request.expected_revision = Some(revision);
    request
}

fn named(mut request: wire::SubmitReportRequest, id: &str) -> wire::SubmitReportRequest {
    request.request_id = id.to_owned();
    request
}

fn receipt(result: &wire::SubmissionResult) -> &wire::Receipt {
    result.receipt.as_ref().unwrap()
}

#[tokio::test]
async fn a_report_becomes_the_totals_of_its_district_and_its_city() {
    let city = City::new().await;
    let accepted = city.submit(own("C-1-A", 2024, 5)).await;
    assert_eq!(accepted.outcome(), Outcome::Accepted);
    assert_eq!(receipt(&accepted).revision, 1);
    city.submit(own("C-1-B", 2024, 7)).await;
    city.submit(consolidated("C-2", 2024, 100)).await;
    assert_eq!(city.total("C-1", 2024, RECEIVED).await, 12);
    let total = city.rollup("C", 2024, Basis::Units).await;
    assert_eq!(figure(&total, RECEIVED), 112);
    let counts = total.completeness.unwrap();
    assert_eq!((counts.due, counts.filed, counts.missing), (4, 3, vec!["C-1".to_owned()]));
    assert_eq!(total.not_broken_down, ["C-2"]);
    assert_eq!((total.position, total.reports), (6, 3));

    // what the district declares takes the place of its units on DECLARED only
    city.submit(consolidated("C-1", 2024, 20)).await;
    assert_eq!(figure(&city.rollup("C", 2024, Basis::Units).await, RECEIVED), 112);
    assert_eq!(figure(&city.rollup("C", 2024, Basis::Declared).await, RECEIVED), 120);
    assert_eq!(figure(&city.rollup("C-1", 2024, Basis::Declared).await, RECEIVED), 12);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let city = City::new().await;
    let first = city.submit(named(own("C-1-A", 2024, 5), "one")).await;
    city.submit(own("C-1-B", 2024, 1)).await;
    let before = city.rollup("C", 2024, Basis::Units).await;
    let city = city.restart().await;
    assert_eq!(city.rollup("C", 2024, Basis::Units).await, before);
    let again = city.submit(named(own("C-1-A", 2024, 5), "one")).await;
    assert_eq!(again.outcome(), Outcome::Unchanged);
    assert_eq!(again.receipt, first.receipt);
}

// The revision table, row by row.

#[tokio::test]
async fn row_1_a_request_id_seen_before_gives_the_first_receipt_for_the_same_content() {
    let city = City::new().await;
    let first = city.submit(named(own("C-2", 2024, 5), "a")).await;
    city.submit(expecting(named(own("C-2", 2024, 6), "b"), 1)).await;
    let again = city.submit(named(own("C-2", 2024, 5), "a")).await;
    assert_eq!(again.outcome(), Outcome::Unchanged);
    assert_eq!(again.receipt, first.receipt);
}

#[tokio::test]
async fn row_1_a_repeat_says_so_when_its_revision_no_longer_counts() {
    let city = City::new().await;
    let first = city.submit(named(own("C-2", 2024, 5), "a")).await;
    let withdraw =
        wire::WithdrawReportRequest { series: series("C-2", 2024, Coverage::Own), revision: 1, reason: String::new() };
    city.client.withdraw(withdraw).await.unwrap();
    let again = city.submit(named(own("C-2", 2024, 5), "a")).await;
    assert_eq!((again.outcome(), again.reason.as_str()), (Outcome::Unchanged, "NOT_IN_EFFECT"));
    assert_eq!(again.receipt, first.receipt);
    assert_eq!(city.total("C-2", 2024, RECEIVED).await, 0);
    let filed = city.submit(expecting(named(own("C-2", 2024, 5), "b"), 1)).await;
    assert_eq!((filed.outcome(), filed.reason.as_str()), (Outcome::Accepted, ""));
}

#[tokio::test]
async fn a_refused_attempt_is_shown_until_a_report_is_accepted_after_it() {
    let city = City::new().await;
    let refused_since = async || {
        let request = wire::ListReportsRequest { unit: "C-2".to_owned(), ..Default::default() };
        city.client.list(request).await.unwrap().reports[0].refused_since
    };
    let mut broken = balanced(3);
    broken.push(("disputes.reconsideration.total", 1));
    city.submit(city::request("C-2", 2024, Coverage::Own, &broken)).await;
    assert!(refused_since().await);
    city.submit(own("C-2", 2024, 3)).await;
    assert!(!refused_since().await);
    city.submit(expecting(city::request("C-2", 2024, Coverage::Own, &broken), 1)).await;
    assert!(refused_since().await);
}

#[tokio::test]
async fn row_1_a_request_id_is_refused_for_other_content_in_its_series_only() {
    let city = City::new().await;
    city.submit(named(own("C-2", 2024, 5), "a")).await;
    let other = city.submit(expecting(named(own("C-2", 2024, 6), "a"), 1)).await;
    assert_eq!((other.outcome(), other.reason.as_str()), (Outcome::Refused, "REQUEST_ID_REUSED"));
    let elsewhere = city.submit(named(own("C-1-A", 2024, 6), "a")).await;
    assert_eq!(elsewhere.outcome(), Outcome::Accepted);
}

#[tokio::test]
async fn row_1_only_accepted_submissions_claim_an_id() {
    let city = City::new().await;
    let refused = city.submit(named(expecting(own("C-2", 2024, 5), 9), "a")).await;
    assert_eq!(refused.reason, "STALE_REVISION");
    let mut dry = named(own("C-2", 2024, 5), "a");
    dry.validate_only = true;
    assert_eq!(city.submit(dry).await.outcome(), Outcome::Accepted);
    assert_eq!(city.submit(named(own("C-2", 2024, 6), "a")).await.outcome(), Outcome::Accepted);
}

#[tokio::test]
async fn row_2_the_same_content_is_unchanged_whatever_revision_is_expected() {
    let city = City::new().await;
    let first = city.submit(own("C-2", 2024, 5)).await;
    for again in [own("C-2", 2024, 5), expecting(own("C-2", 2024, 5), 77), named(own("C-2", 2024, 5), "new")] {
        let again = city.submit(again).await;
        assert_eq!(again.outcome(), Outcome::Unchanged);
        assert_eq!(again.receipt, first.receipt);
    }
}

#[tokio::test]
async fn row_3_the_newest_revision_must_be_named() {
    let city = City::new().await;
    assert_eq!(city.submit(expecting(own("C-2", 2024, 5), 1)).await.reason, "STALE_REVISION");
    city.submit(own("C-2", 2024, 5)).await;
    assert_eq!(city.submit(own("C-2", 2024, 6)).await.reason, "STALE_REVISION");
    assert_eq!(city.submit(expecting(own("C-2", 2024, 6), 2)).await.reason, "STALE_REVISION");
    let second = city.submit(expecting(own("C-2", 2024, 6), 1)).await;
    assert_eq!(receipt(&second).revision, 2);
    assert_eq!(city.total("C-2", 2024, RECEIVED).await, 6);
}

#[tokio::test]
async fn row_4_then_the_checks_decide_with_every_finding_at_once() {
    let city = City::new().await;
    let mut figures = balanced(5);
    figures.push(("disputes.reconsideration.total", 3));
    figures.push(("applications.carried_in.other_organization", -1));
    let broken = city.submit(city::request("C-2", 2024, Coverage::Own, &figures)).await;
    assert_eq!((broken.outcome(), broken.reason.as_str()), (Outcome::Refused, "CHECKS_FAILED"));
    let errors: Vec<(&str, &str)> = broken
        .findings
        .iter()
        .filter(|found| found.severity() == wire::Severity::Error)
        .map(|found| (found.rule.as_str(), found.instance.as_str()))
        .collect();
    for expected in [
        ("disputes.total", "reconsideration"),
        ("cell.negative", "applications.carried_in.other_organization"),
        ("applications.row_total", "applications.carried_in"),
        ("applications.balance", "other_organization"),
    ] {
        assert!(errors.contains(&expected), "{expected:?} in {errors:?}");
    }
    let kept = city
        .client
        .report(wire::GetReportRequest { series: series("C-2", 2024, Coverage::Own), revision: 0, at_position: 0 })
        .await
        .unwrap();
    assert!(kept.report.is_none());
    assert_eq!(kept.last_refused.unwrap().reason, "CHECKS_FAILED");
    let counts = city.rollup("C", 2024, Basis::Units).await.completeness.unwrap();
    assert_eq!((counts.refused, counts.missing_refused), (Some(1), vec!["C-2".to_owned()]));
}

#[tokio::test]
async fn a_withdrawn_report_does_not_count_and_the_older_one_does_not_revive() {
    let city = City::new().await;
    city.submit(own("C-2", 2024, 5)).await;
    city.submit(expecting(own("C-2", 2024, 6), 1)).await;
    let withdraw = |revision| wire::WithdrawReportRequest {
        series: series("C-2", 2024, Coverage::Own),
        revision,
        reason: "sent by mistake".to_owned(),
    };
    assert!(matches!(city.client.withdraw(withdraw(1)).await, Err(ClientError::Refused(_))));
    city.client.withdraw(withdraw(2)).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 0);
    assert!(matches!(city.client.withdraw(withdraw(2)).await, Err(ClientError::Refused(_))));
    // the same content later is a new revision, and the newest must be named
    assert_eq!(city.submit(own("C-2", 2024, 6)).await.reason, "STALE_REVISION");
    let third = city.submit(expecting(own("C-2", 2024, 6), 2)).await;
    assert_eq!((third.outcome(), receipt(&third).revision), (Outcome::Accepted, 3));
    let listed = city
        .client
        .revisions(wire::ListReportRevisionsRequest {
            series: series("C-2", 2024, Coverage::Own),
            page_size: 2,
            ..Default::default()
        })
        .await
        .unwrap();
    let states: Vec<_> = listed.revisions.iter().map(wire::RevisionSummary::state).collect();
    assert_eq!(states, [wire::RevisionState::Effective, wire::RevisionState::Withdrawn]);
    let rest = city
        .client
        .revisions(wire::ListReportRevisionsRequest {
            series: series("C-2", 2024, Coverage::Own),
            page_size: 2,
            page_token: listed.next_page_token,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(rest.revisions[0].state(), wire::RevisionState::Superseded);
    assert!(rest.next_page_token.is_empty());
}

#[tokio::test]
async fn a_dry_run_goes_the_same_way_and_leaves_nothing() {
    let city = City::new().await;
    let mut dry = own("C-2", 2024, 5);
    dry.validate_only = true;
    let told = city.submit(dry.clone()).await;
    assert_eq!((told.outcome(), told.receipt.clone()), (Outcome::Accepted, None));
    assert_eq!(city.rollup("C-2", 2024, Basis::Units).await.completeness.unwrap().filed, 0);
    city.submit(own("C-2", 2024, 5)).await;
    let told = city.submit(dry).await;
    assert_eq!((told.outcome(), told.receipt), (Outcome::Unchanged, None));
}

#[tokio::test]
async fn an_open_query_is_counted_until_it_is_explained_and_lapses_with_its_figures() {
    let city = City::new().await;
    let with_claim = |count: i64, claimed: i64| {
        let form = form();
        let mut report = json_report(&form, &balanced(count));
        let claim = json!({ "cells": [RECEIVED], "value": claimed.to_string(), "quote": "新收申请", "scope": "" });
        put(&mut report, "narrative.claims", json!([claim]));
        request_json(&form, "C-2", 2024, Coverage::Own, &report)
    };
    city.submit(with_claim(5, 4)).await;
    let open = async |city: &City| city.rollup("C", 2024, Basis::Units).await.completeness.unwrap().open_queries;
    assert_eq!(open(&city).await, 1);
    let explain = |left, text: &str| wire::ExplainQueryRequest {
        series: series("C-2", 2024, Coverage::Own),
        explanation: Some(wire::Explanation {
            rule: "narrative.claim".to_owned(),
            instance: "新收申请".to_owned(),
            left,
            right: 4,
            text: text.to_owned(),
        }),
    };
    assert!(city.client.explain(explain(5, "核实无误")).await.is_err());
    assert!(city.client.explain(explain(6, "另有一件年末收到")).await.is_err());
    let explained = city.client.explain(explain(5, "另有一件年末收到")).await.unwrap();
    assert_eq!(explained.open_queries, 0);
    assert_eq!(open(&city).await, 0);
    let city = city.restart().await;
    assert_eq!(open(&city).await, 0);
    let request = wire::GetReportRequest { series: series("C-2", 2024, Coverage::Own), revision: 0, at_position: 0 };
    let stored = city.client.report(request).await.unwrap().report.unwrap();
    assert_eq!(stored.explanations, [explain(5, "另有一件年末收到").explanation.unwrap()]);
    let corrected = city.submit(expecting(with_claim(6, 4), 1)).await;
    assert_eq!(corrected.outcome(), Outcome::Accepted);
    assert_eq!(open(&city).await, 1);

    // an explanation may come with the report; one that matches nothing refuses nothing
    let mut third = expecting(with_claim(7, 4), 2);
    let words = |left, text: &str| explain(left, text).explanation.unwrap();
    third.explanations = vec![words(7, "另有三件年末收到"), words(70, "另有三件年末收到")];
    let third = city.submit(third).await;
    assert_eq!(third.outcome(), Outcome::Accepted);
    assert_eq!(third.unused_explanations.len(), 1);
    assert!(third.findings.iter().any(|found| found.rule == "narrative.claim" && found.explained));
    assert_eq!(open(&city).await, 0);

    // it holds over a correction of something else, for it is bound to rule, words and figures
    let form = form();
    let mut report = json_report(&form, &balanced(7));
    put(&mut report, "proactive.penalty_decisions", json!(3));
    let claim = |value: &str, quote: &str| json!({ "cells": [RECEIVED], "value": value, "quote": quote });
    put(&mut report, "narrative.claims", json!([claim("7", "共收到"), claim("4", "新收申请")]));
    let fourth = city.submit(expecting(request_json(&form, "C-2", 2024, Coverage::Own, &report), 3)).await;
    assert_eq!(fourth.outcome(), Outcome::Accepted);
    assert_eq!(open(&city).await, 0);
}

#[tokio::test]
async fn cross_year_checks_are_judged_again_when_the_year_before_changes() {
    let city = City::new().await;
    let this_year = city.submit(own("C-2", 2024, 5)).await;
    let carry_over: Vec<_> =
        this_year.findings.iter().filter(|found| found.rule == "applications.carry_over").collect();
    assert_eq!(carry_over.len(), 7);
    assert!(carry_over.iter().all(|found| found.verdict() == wire::Verdict::NotAssessable));
    let open = async || city.rollup("C-2", 2024, Basis::Units).await.completeness.unwrap().open_queries;
    assert_eq!(open().await, 0);
    // the year before arrives late, and carries two applications out
    let mut figures = balanced(5);
    for path in ["applications.received", "applications.carried_out"] {
        let add = if path.ends_with("received") { 7 } else { 2 };
        for column in ["natural_person", "total"] {
            let whole: &'static str = Box::leak(format!("{path}.{column}").into_boxed_str());
            figures.retain(|(known, _)| *known != whole);
            figures.push((whole, add));
        }
    }
    let prior = city.submit(city::request("C-2", 2023, Coverage::Own, &figures)).await;
    assert_eq!(prior.outcome(), Outcome::Accepted, "{:?}", prior.findings);
    assert_eq!(open().await, 2, "natural_person and total do not carry over");
    let stored = city
        .client
        .report(wire::GetReportRequest { series: series("C-2", 2024, Coverage::Own), revision: 0, at_position: 0 })
        .await
        .unwrap();
    let found = stored.report.unwrap().findings;
    let failed: Vec<_> = found
        .iter()
        .filter(|found| found.rule == "applications.carry_over" && found.verdict() == wire::Verdict::Fail)
        .map(|found| (found.instance.as_str(), found.left, found.right))
        .collect();
    assert_eq!(failed, [("natural_person", Some(0), Some(2)), ("total", Some(0), Some(2))]);
}

#[tokio::test]
async fn fields_in_another_order_are_the_same_content() {
    let city = City::new().await;
    let request = own("C-2", 2024, 5);
    let first = city.submit(request.clone()).await;
    let mut reordered = request;
    let any = reordered.report.as_mut().unwrap();
    any.value = reverse_fields(&any.value).into();
    let again = city.submit(reordered).await;
    assert_eq!(again.outcome(), Outcome::Unchanged);
    assert_eq!(again.receipt, first.receipt);
}

/// The top-level fields of a message, last first.
fn reverse_fields(message: &[u8]) -> Vec<u8> {
    let mut fields = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let mut after = &rest[1..];
        let length = prost::decode_length_delimiter(&mut after).unwrap();
        let (field, next) = rest.split_at(rest.len() - after.len() + length);
        fields.push(field);
        rest = next;
    }
    fields.reverse();
    fields.concat()
}

#[tokio::test]
async fn a_stream_answers_every_message_in_order_and_a_bad_report_does_not_stop_it() {
    let city = City::new().await;
    let mut stream = city.client.submissions().await.unwrap();
    let mut malformed = own("C-2", 2024, 1);
    malformed.report.as_mut().unwrap().value = vec![0xff; 9].into();
    let unknown = own("nowhere", 2024, 1);
    let mut broken = balanced(3);
    broken.push(("disputes.reconsideration.total", 1));
    let broken = city::request("C-1-B", 2024, Coverage::Own, &broken);
    for request in [own("C-1-A", 2024, 1), malformed, unknown, broken, own("C-2", 2024, 2)] {
        stream.requests.send(wire::SubmitReportsRequest { submission: Some(request) }).await.unwrap();
    }
    stream.requests.send(wire::SubmitReportsRequest { submission: None }).await.unwrap();
    drop(stream.requests);
    let mut told = Vec::new();
    while let Some(response) = stream.results.message().await.unwrap() {
        let result = response.result.unwrap();
        told.push((result.series.clone().unwrap_or_default().unit, result.outcome(), result.reason));
    }
    let told: Vec<_> = told.iter().map(|(unit, outcome, reason)| (unit.as_str(), *outcome, reason.as_str())).collect();
    assert_eq!(
        told,
        [
            ("C-1-A", Outcome::Accepted, ""),
            ("C-2", Outcome::Refused, "MALFORMED_REPORT"),
            ("nowhere", Outcome::Refused, "UNKNOWN_UNIT"),
            ("C-1-B", Outcome::Refused, "CHECKS_FAILED"),
            ("C-2", Outcome::Accepted, ""),
            ("", Outcome::Refused, "INVALID"),
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_judged_is_a_clear_error_that_names_the_place() {
    let city = City::new().await;
    let message = async |request: wire::SubmitReportRequest| city.client.submit(request).await.unwrap_err().to_string();
    let mut unknown_field = own("C-2", 2024, 1);
    unknown_field.report.as_mut().unwrap().value = vec![0x1a, 3, 0xfa, 0x3f, 0].into();
    assert!(message(unknown_field).await.contains("applications: field"));
    assert!(message(own("nowhere", 2024, 1)).await.contains("nowhere"));
    assert!(message(own("C-2", 1024, 1)).await.contains("year"));
    assert!(message(own("../C", 2024, 1)).await.contains("unit"));
    assert!(message(own("C-2", 2020, 1)).await.contains("2020"));
    let mut other_form = own("C-2", 2024, 1);
    other_form.report.as_mut().unwrap().type_url = "type.googleapis.com/no.such.Form".to_owned();
    assert!(message(other_form).await.contains("no.such.Form"));
    let mut unsaid = own("C-2", 2024, 1);
    unsaid.series.as_mut().unwrap().coverage = 0;
    assert!(message(unsaid).await.contains("coverage"));
    assert!(message(named(own("C-2", 2024, 1), "with a space")).await.contains("request id"));
    assert_eq!(city.rollup("C", 2024, Basis::Units).await.completeness.unwrap().filed, 0);
}

#[tokio::test]
async fn units_that_make_no_tree_are_refused_with_everything_that_is_wrong() {
    let city = City::new().await;
    let unit = |code: &str, parent: &str| json!({ "code": code, "parent": parent, "kind": "district", "name": code, "from_year": 2020 });
    let error = city.apply(&json!([unit("X", "Y"), unit("Y", "X"), unit("Z", "gone")])).await.unwrap_err().to_string();
    assert!(error.contains("cycle") && error.contains("gone"), "{error}");
    // a ring of any size is no tree
    for size in [1, 2, 16, 17, 40] {
        let ring = (0..size).map(|at| unit(&format!("X{at}"), &format!("X{}", (at + 1) % size))).collect::<Value>();
        assert!(city.apply(&ring).await.is_err(), "a ring of {size}");
    }
    let mut unknown = city::unit(&unit("X", "C"));
    unknown.kind = 99;
    let request = wire::ApplyUnitsRequest { units: vec![unknown], ..Default::default() };
    assert!(city.client.apply_units(request).await.unwrap_err().to_string().contains("kind 99"));
    assert_eq!(city.client.units(2024, "", 0).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_move_changes_totals_of_its_year_and_later_and_never_earlier_ones() {
    let city = City::new().await;
    for year in [2022, 2023, 2024] {
        city.submit(own("C-1-A", year, 5)).await;
        city.submit(own("C-1-B", year, 1)).await;
    }
    let moved = json!([
        { "code": "C-1-A", "parent": "C-1", "kind": "department", "name": "A", "from_year": 2019 },
        { "code": "C-1-A", "parent": "C-2", "kind": "department", "name": "A", "from_year": 2023 },
    ]);
    let plan = city.apply(&moved).await.unwrap();
    assert_eq!(plan.recomputed_years, [2023, 2024]);
    assert!(plan.changes.iter().any(|change| change.change == "MOVED" && change.from_year == 2023));
    for (unit, expected) in [("C-1", [6, 1, 1]), ("C-2", [0, 5, 5]), ("C", [6, 6, 6])] {
        for (year, expected) in [2022, 2023, 2024].into_iter().zip(expected) {
            assert_eq!(city.total(unit, year, RECEIVED).await, expected, "{unit} {year}");
        }
    }
    // applying the same again changes nothing and writes nothing
    assert_eq!(city.apply(&moved).await.unwrap().position, 0);
}

#[tokio::test]
async fn a_stored_report_is_given_back_whole() {
    let city = City::bare(None).await;
    city.apply(&serde_json::from_str(include_str!("data/units.json")).unwrap()).await.unwrap();
    let line: Value = serde_json::from_str(include_str!("data/huancui-2024.jsonl")).unwrap();
    let form = form();
    let sent = city.submit(request_json(&form, "371002", 2024, Coverage::Consolidated, &line["report"])).await;
    assert_eq!(sent.outcome(), Outcome::Accepted);
    let open: Vec<_> = sent
        .findings
        .iter()
        .filter(|found| found.severity() == wire::Severity::Query && found.verdict() == wire::Verdict::Fail)
        .map(|found| (found.rule.as_str(), found.instance.as_str(), found.left, found.right))
        .collect();
    assert_eq!(open, [("narrative.claim", "结转下年度继续办理7件", Some(9), Some(7))]);
    let request =
        wire::GetReportRequest { series: series("371002", 2024, Coverage::Consolidated), revision: 0, at_position: 0 };
    let stored = city.client.report(request).await.unwrap().report.unwrap().report.unwrap();
    assert_eq!(form.to_json(&stored.value).unwrap(), line["report"]);
    let total = city.rollup("371000", 2024, Basis::Units).await;
    let ratio = |id: &str| {
        let ratio = total.ratios.iter().find(|ratio| ratio.id == id).unwrap();
        (ratio.numerator, ratio.denominator)
    };
    assert_eq!(ratio("settlement_rate"), (154, 163));
    assert_eq!(ratio("reconsideration_correction_rate"), (3, 7));
    assert_eq!(ratio("litigation_correction_rate"), (0, 5));
    // figures that need not be stated are listed because a counted report states them
    assert_eq!(figure(&total, "supplement.proposals.total"), 136);
    assert!(!total.cells.iter().any(|cell| cell.path.starts_with("supplement.processing_fees")));
    assert_eq!(total.completeness.unwrap().missing, ["371003", "371082", "371083"]);
}

#[tokio::test]
async fn the_real_zone_adds_up_cell_by_cell_to_what_its_accepted_children_reported() {
    let city = City::bare(None).await;
    city.apply(&serde_json::from_str(include_str!("data/units.json")).unwrap()).await.unwrap();
    let form = form();
    let mut accepted = 0;
    let mut refused: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut counted: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
    for line in include_str!("data/reports.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (unit, year) = (line["unit"].as_str().unwrap(), line["year"].as_i64().unwrap());
        let own = line["coverage"] == "OWN";
        let coverage = if own { Coverage::Own } else { Coverage::Consolidated };
        let mut request = request_json(&form, unit, year as i32, coverage, &line["report"]);
        let blank = !line["blank_cells"].as_array().unwrap().is_empty();
        let broken = !line["violations"].as_array().unwrap().is_empty();
        assert_eq!(
            city.submit(request.clone()).await.outcome() == Outcome::Accepted,
            !blank && !broken,
            "{unit} {year}"
        );
        request.blank_means_zero = true;
        let as_zero = city.submit(expecting_if(request, !blank && !broken)).await;
        assert_eq!(as_zero.outcome() == Outcome::Accepted, !broken, "{unit} {year}: {:?}", as_zero.findings);
        if as_zero.outcome() == Outcome::Accepted {
            accepted += 1;
            if own {
                let cells = counted.entry(year).or_default();
                add(cells, &line["report"], "");
            }
        } else if own {
            refused.entry(year).or_default().push(unit.to_owned());
        }
    }
    assert_eq!(accepted, 45);
    for (year, cells) in counted {
        let total = city.rollup("350128", year as i32, Basis::Units).await;
        for cell in &total.cells {
            assert_eq!(cell.value, cells.get(&cell.path).copied().unwrap_or(0), "{year} {}", cell.path);
        }
        let missing = total.completeness.unwrap();
        assert_eq!(missing.due, 17);
        for unit in &refused[&year] {
            assert!(missing.missing.contains(unit) && missing.missing_refused.contains(unit), "{unit}");
        }
    }
}

fn expecting_if(mut request: wire::SubmitReportRequest, accepted: bool) -> wire::SubmitReportRequest {
    request.expected_revision = accepted.then_some(1);
    request
}

/// Adds the figures of a JSON report by path.
fn add(cells: &mut BTreeMap<String, i64>, report: &Value, path: &str) {
    match report {
        Value::Object(fields) => {
            for (name, value) in fields {
                let snake: String = name
                    .chars()
                    .flat_map(|c| if c.is_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
                    .collect();
                let path = if path.is_empty() { snake } else { format!("{path}.{snake}") };
                add(cells, value, &path);
            }
        }
        Value::String(figure) => *cells.entry(path.to_owned()).or_default() += figure.parse::<i64>().unwrap(),
        _ => {}
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_miss_nothing() {
    let city = City::new().await;
    for unit in ["C-1-A", "C-1-B", "C-2"] {
        city.submit(own(unit, 2024, 1)).await;
    }
    let mut refused = balanced(1);
    refused.push(("disputes.reconsideration.total", 1));
    city.submit(city::request("C-1", 2024, Coverage::Consolidated, &refused)).await;
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListReportsRequest {
            unit: "C".to_owned(),
            subtree: true,
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let page = city.client.list(request).await.unwrap();
        assert!(page.reports.len() <= 1);
        found.extend(page.reports.into_iter().map(|report| report.series.unwrap().unit));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, ["C-1", "C-1-A", "C-1-B", "C-2"]);
    let mut missing = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListMissingRequest {
            unit: "C".to_owned(),
            year: 2023,
            page_size: 3,
            page_token,
            ..Default::default()
        };
        let page = city.client.missing(request).await.unwrap();
        missing.extend(page.units.into_iter().map(|unit| unit.unit));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(missing, ["C-1", "C-1-A", "C-1-B", "C-2"]);
}

#[tokio::test]
async fn stopping_ends_an_open_stream_after_its_answers() {
    let city = City::new().await;
    let mut stream = city.client.submissions().await.unwrap();
    stream.requests.send(wire::SubmitReportsRequest { submission: Some(own("C-2", 2024, 5)) }).await.unwrap();
    let told = stream.results.message().await.unwrap().unwrap().result.unwrap();
    assert_eq!(told.outcome(), Outcome::Accepted);
    let stopping = tokio::spawn(city.stop());
    let ended = stream.results.message().await;
    assert!(ended.is_err_and(|status| status.code() == tonic::Code::Unavailable));
    drop(stream);
    drop(stopping.await.unwrap());
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused_and_the_service_goes_on() {
    let city = City::new().await;
    let mut huge = own("C-2", 2024, 1);
    huge.report.as_mut().unwrap().value = vec![0x0a; 5 << 20].into();
    assert!(city.client.submit(huge).await.is_err());
    let mut large = own("C-2", 2024, 1);
    large.report.as_mut().unwrap().value = vec![0x0a; (1 << 20) + 1].into();
    assert!(city.client.submit(large).await.unwrap_err().to_string().contains("1048576"));
    assert_eq!(city.submit(own("C-2", 2024, 1)).await.outcome(), Outcome::Accepted);
}
