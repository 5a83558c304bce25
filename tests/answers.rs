//! Answers over real gRPC: why a total is what it is, what it says, and what it
//! said before.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

mod city;

use std::collections::BTreeMap;

use city::{City, RECEIVED, balanced, request};
use crossfoot::api::Capacity;
use crossfoot::client::{ClientError, wire};
use serde_json::{Value, json};
use tonic::Code;
use tonic_types::StatusExt as _;

/// The zone of the real reports.
const ZONE: &str = "350128";

fn real_lines() -> Vec<Value> {
    include_str!("data/reports.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All real reports, those refused again with blanks stated to be zeros.
async fn zone() -> City {
    let city = City::bare(None).await;
    let units: Value = serde_json::from_str(include_str!("data/units.json")).unwrap();
    city.apply(&units).await.unwrap();
    for line in real_lines() {
        let mut request = city::request_of_line(&line);
        let first = city.submit(request.clone()).await;
        if first.outcome() == wire::Outcome::Refused {
            request.blank_means_zero = true;
            city.submit(request).await;
        }
    }
    city
}

fn code(error: &ClientError) -> Code {
    match error {
        ClientError::Refused(status) | ClientError::Failed(status) => status.code(),
        other => panic!("{other}"),
    }
}

fn reconcile(unit: &str, year: i32) -> wire::ReconcileUnitRequest {
    wire::ReconcileUnitRequest { unit: unit.to_owned(), year, ..Default::default() }
}

fn explain(unit: &str, year: i32, cell: &str) -> wire::ExplainCellRequest {
    wire::ExplainCellRequest { unit: unit.to_owned(), year, cell: cell.to_owned(), ..Default::default() }
}

fn statistics(units: &[&str], first_year: i32, last_year: i32) -> wire::GetStatisticsRequest {
    let units = units.iter().map(ToString::to_string).collect();
    wire::GetStatisticsRequest { units, first_year, last_year, ..Default::default() }
}

fn watch(from_position: Option<i64>) -> wire::WatchUnitRequest {
    wire::WatchUnitRequest { unit: "C".to_owned(), year: 2024, from_position, ..Default::default() }
}

#[tokio::test]
async fn the_differences_of_the_real_zone_come_out_cell_for_cell() {
    let city = zone().await;
    let expected: Value = serde_json::from_str(include_str!("data/rollups.json")).unwrap();
    for year in [2021, 2022, 2023] {
        let found = city.client.reconcile(reconcile(ZONE, year)).await.unwrap();
        let cells: BTreeMap<&str, &wire::CellReconciliation> =
            found.cells.iter().map(|cell| (cell.path.as_str(), cell)).collect();
        let mut differing = 0;
        for (path, known) in expected[year.to_string()]["cells"].as_object().unwrap() {
            let (sum, declared) = (known["sum"].as_i64().unwrap(), known["declared"].as_i64().unwrap());
            // what was sent, refused or not, adds up to what the pages print
            match cells.get(path.as_str()) {
                Some(cell) => {
                    assert_eq!(cell.stated, declared, "{year} {path}");
                    assert_eq!(cell.computed + cell.refused.unwrap_or(0), sum, "{year} {path}");
                    assert_eq!(cell.difference, cell.stated - cell.computed);
                }
                None => assert_eq!(sum, declared, "{year} {path} is not told"),
            }
            differing += usize::from(sum != declared);
        }
        assert!(differing > 5 && found.cells.len() >= differing);
        let all = found.cells.len() + found.agreeing as usize;
        assert!(all >= 200, "every required cell is compared: {all}");
    }
}

#[tokio::test]
async fn the_received_of_2023_are_explained_in_words() {
    let city = zone().await;
    let found = city.client.reconcile(reconcile(ZONE, 2023)).await.unwrap();
    let cell = found.cells.iter().find(|cell| cell.path == "applications.received.total").unwrap();
    assert_eq!((cell.stated, cell.computed, cell.refused, cell.unexplained), (81, 47, Some(22), 5));
    let of = |kind: wire::CauseKind| {
        let causes = cell.causes.iter().filter(move |cause| cause.kind() == kind);
        causes.map(|cause| (cause.unit.as_str(), cause.amount)).collect::<Vec<_>>()
    };
    assert_eq!(of(wire::CauseKind::PrintedTotal), [("350128-NYN", Some(7))]);
    let mut refused = of(wire::CauseKind::Refused);
    refused.sort_unstable();
    assert_eq!(refused, [("350128-JJF", Some(3)), ("350128-NYN", Some(0)), ("350128-ZRZ", Some(19))]);
    assert_eq!(of(wire::CauseKind::Missing), [("350128-GAJ", None)]);
    for words in ["填报 81", "为 69", "为 76", "农业农村局 +7", "公安局"] {
        assert!(cell.message_zh.contains(words), "{words}: {}", cell.message_zh);
    }
    for words in ["states 81", "it is 69", "it is 76", "+5 is left"] {
        assert!(cell.message_en.contains(words), "{words}: {}", cell.message_en);
    }
    // a cell whose whole difference is one refused report
    let enterprise = "applications.received.commercial_enterprise";
    let cell = found.cells.iter().find(|cell| cell.path == enterprise).unwrap();
    assert!(cell.causes.iter().any(|cause| cause.exact && cause.unit == "350128-NYN"));
    assert_eq!(cell.unexplained, 0);
    // and one whose blank was counted as 0
    let issued = "proactive.normative_documents.issued";
    let cell = found.cells.iter().find(|cell| cell.path == issued).unwrap();
    let blank = cell.causes.iter().filter(|cause| cause.kind() == wire::CauseKind::Blank);
    assert_eq!(blank.map(|cause| cause.unit.as_str()).collect::<Vec<_>>(), ["350128-SCJ"]);
}

#[tokio::test]
async fn a_report_corrected_after_its_superior_stated_is_told_with_its_amount() {
    let city = City::new().await;
    city.submit(request("C-1-A", 2024, wire::Coverage::Own, &balanced(40))).await;
    city.submit(request("C-1-B", 2024, wire::Coverage::Own, &balanced(2))).await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(42))).await;
    let agrees = city.client.reconcile(reconcile("C-1", 2024)).await.unwrap();
    assert_eq!((agrees.stated_revision, agrees.cells.len()), (1, 0));
    let mut correction = request("C-1-A", 2024, wire::Coverage::Own, &balanced(39));
    correction.expected_revision = Some(1);
    assert_eq!(city.submit(correction).await.outcome(), wire::Outcome::Accepted);
    let found = city.client.reconcile(reconcile("C-1", 2024)).await.unwrap();
    let cell = found.cells.iter().find(|cell| cell.path == RECEIVED).unwrap();
    assert_eq!((cell.stated, cell.computed, cell.difference, cell.unexplained), (42, 41, 1, 0));
    let causes: Vec<_> = cell.causes.iter().map(|cause| (cause.unit.as_str(), cause.kind(), cause.exact)).collect();
    assert_eq!(causes, [("C-1-A", wire::CauseKind::Corrected, true)]);
    // the unit itself, and a unit with nothing below it
    let nothing = city.client.reconcile(reconcile("C", 2024)).await.unwrap();
    assert_eq!((nothing.stated_revision, nothing.cells.len()), (0, 0));
    let leaf = city.client.reconcile(reconcile("C-1-A", 2024)).await.unwrap_err();
    assert_eq!(code(&leaf), Code::FailedPrecondition);
}

/// What is behind the difference in applications received: unit, kind, amount;
/// and what is left.
async fn causes(
    city: &City,
    unit: &str,
    basis: wire::Basis,
) -> (Vec<(String, wire::CauseKind, Option<i64>)>, Option<i64>, i64) {
    let mut request = reconcile(unit, 2024);
    request.basis = basis.into();
    let found = city.client.reconcile(request).await.unwrap();
    let cell = found.cells.iter().find(|cell| cell.path == RECEIVED).unwrap();
    let causes = cell.causes.iter().map(|cause| (cause.unit.clone(), cause.kind(), cause.amount));
    (causes.collect(), cell.refused, cell.unexplained)
}

/// A report that does not balance, so that it is refused.
fn broken(unit: &str, coverage: wire::Coverage, received: i64) -> wire::SubmitReportRequest {
    request(unit, 2024, coverage, &[&balanced(received)[..], &[("applications.carried_in.total", 1)]].concat())
}

#[tokio::test]
async fn a_unit_refused_in_both_coverages_is_behind_a_difference_once() {
    let city = City::new().await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    city.submit(broken("C-1-A", wire::Coverage::Own, 7)).await;
    city.submit(broken("C-1-A", wire::Coverage::Consolidated, 7)).await;
    let (causes, refused, left) = causes(&city, "C-1", wire::Basis::Units).await;
    assert_eq!((refused, left), (Some(7), 0));
    assert_eq!(causes[0], ("C-1-A".to_owned(), wire::CauseKind::Refused, Some(7)));
    // on DECLARED, a district's own attempt speaks for those below it
    city.submit(request("C", 2024, wire::Coverage::Consolidated, &balanced(9))).await;
    city.submit(broken("C-2", wire::Coverage::Consolidated, 9)).await;
    let (_, refused, left) = self::causes(&city, "C", wire::Basis::Declared).await;
    assert_eq!((refused, left), (Some(9), -7), "C-1 states 7 and counts on DECLARED");
}

#[tokio::test]
async fn what_was_corrected_is_what_counted_then_less_what_counts_now() {
    let city = City::new().await;
    let own = wire::Coverage::Own;
    city.submit(request("C-1-A", 2024, own, &balanced(5))).await;
    city.submit(request("C-1-A", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    // its CONSOLIDATED, which counted, is taken back, and its OWN corrected
    let series = city::series("C-1-A", 2024, wire::Coverage::Consolidated);
    let withdraw = wire::WithdrawReportRequest { series, revision: 1, reason: String::new() };
    city.client.withdraw(withdraw).await.unwrap();
    let mut correction = request("C-1-A", 2024, own, &balanced(6));
    correction.expected_revision = Some(1);
    city.submit(correction).await;
    let (told, _, left) = causes(&city, "C-1", wire::Basis::Units).await;
    assert_eq!((told[0].clone(), left), (("C-1-A".to_owned(), wire::CauseKind::Corrected, Some(1)), 0));
    // on DECLARED the city counted what C-1 declared; now it counts those below it
    city.submit(request("C", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    let series = city::series("C-1", 2024, wire::Coverage::Consolidated);
    let withdraw = wire::WithdrawReportRequest { series, revision: 1, reason: String::new() };
    city.client.withdraw(withdraw).await.unwrap();
    let (told, _, left) = causes(&city, "C", wire::Basis::Declared).await;
    assert_eq!(left, 0, "{told:?}");
}

#[tokio::test]
async fn a_refused_correction_is_told_as_refused_and_not_as_corrected_too() {
    let city = City::new().await;
    let own = wire::Coverage::Own;
    city.submit(request("C-1-A", 2024, own, &balanced(7))).await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    let mut correction = request("C-1-A", 2024, own, &balanced(5));
    correction.expected_revision = Some(1);
    city.submit(correction).await;
    let mut again = broken("C-1-A", own, 7);
    again.expected_revision = Some(2);
    city.submit(again).await;
    let (told, refused, left) = causes(&city, "C-1", wire::Basis::Units).await;
    assert_eq!((refused, left), (Some(2), 0));
    assert!(told.iter().all(|(_, kind, _)| *kind != wire::CauseKind::Corrected), "{told:?}");
}

#[tokio::test]
async fn a_refused_report_too_large_to_keep_is_not_taken_for_zeros() {
    let city = City::new().await;
    city.submit(request("C-1-A", 2024, wire::Coverage::Own, &balanced(5))).await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(9))).await;
    let figures = [&balanced(9)[..], &[("applications.carried_in.total", 1)]].concat();
    let mut large = city::changed_request("C-1-A", &figures, |report| {
        report["narrative"] = json!({ "introduction": "长".repeat(30_000) });
    });
    large.expected_revision = Some(1);
    assert_eq!(city.submit(large).await.outcome(), wire::Outcome::Refused);
    let (told, refused, left) = causes(&city, "C-1", wire::Basis::Units).await;
    assert_eq!((refused, left), (None, 4));
    assert!(told.contains(&("C-1-A".to_owned(), wire::CauseKind::Refused, None)), "{told:?}");
}

#[tokio::test]
async fn what_was_not_filed_is_not_0_in_statistics() {
    let city = City::new().await;
    city.submit(request("C-2", 2024, wire::Coverage::Own, &balanced(3))).await;
    let mut request = statistics(&["C-2", "C-2"], 2023, 2024);
    request.indicators = vec![RECEIVED.to_owned()];
    let found = city.client.statistics(request.clone()).await.unwrap();
    let points = &found.series[0].points;
    assert_eq!((points[0].value.as_ref(), points[1].change.as_ref()), (None, None));
    assert_eq!(points[1].value.as_ref().unwrap().numerator, 3);
    assert_eq!(found.ranking.len(), 1, "a unit named twice is one unit");
    // a cell that need not be stated has no figure where it is not
    request.indicators = vec!["supplement.proposals.satisfied".to_owned()];
    let found = city.client.statistics(request).await.unwrap();
    assert_eq!((found.ranking[0].rank, found.distribution.unwrap().units), (0, 0));
    // of one kind, units of others are not said to have filed nothing
    let mut departments = statistics(&["C"], 2024, 0);
    departments.kinds = vec![wire::UnitKind::Department.into()];
    let found = city.client.statistics(departments).await.unwrap();
    let ranked: Vec<&str> = found.ranking.iter().map(|row| row.unit.as_str()).collect();
    assert_eq!(ranked, ["C-1"], "C-2 is a district without departments");
}

#[tokio::test]
async fn a_watch_tells_the_totals_after_the_last_full_response() {
    let city = City::new().await;
    let head = city.rollup("C", 2024, wire::Basis::Units).await.position;
    for revision in 0..1_000 {
        let mut request = request("C-2", 2024, wire::Coverage::Own, &balanced(40 + i64::from(revision)));
        request.expected_revision = (revision > 0).then_some(revision.into());
        assert_eq!(city.submit(request).await.outcome(), wire::Outcome::Accepted);
    }
    let mut stream = city.client.watch(watch(Some(head))).await.unwrap();
    let mut told = 0;
    loop {
        let response = stream.message().await.unwrap().unwrap();
        assert!(response.changes.len() <= 1_000);
        told += response.changes.len();
        if response.up_to_date {
            break;
        }
    }
    assert_eq!(told, 1_000);
}

#[tokio::test]
async fn a_total_taken_apart_page_by_page_sums_to_the_total() {
    let city = zone().await;
    let cell = "proactive.licensing_decisions";
    let whole = city.client.explain_cell(explain(ZONE, 2023, cell)).await.unwrap();
    let sum = |parts: &[wire::Contribution]| -> i64 {
        let counted = parts.iter().filter(|part| part.state() == wire::ContributionState::Counted);
        counted.map(|part| part.value.unwrap_or(0)).sum()
    };
    assert_eq!((whole.total, sum(&whole.contributions)), (1532, 1532));
    assert_eq!(whole.total, city.total(ZONE, 2023, cell).await);
    let mut request = explain(ZONE, 2023, cell);
    (request.page_size, request.include_zero) = (4, true);
    request.order = wire::ContributionOrder::Size.into();
    let mut parts = Vec::new();
    loop {
        let page = city.client.explain_cell(request.clone()).await.unwrap();
        parts.extend(page.contributions);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(parts.len() as i64, whole.counted + whole.excluded);
    assert_eq!(sum(&parts), 1532);
    let counted: Vec<i64> = parts[..whole.counted as usize].iter().map(|part| part.value.unwrap()).collect();
    assert!(counted.windows(2).all(|pair| pair[0] >= pair[1]), "{counted:?}");
    let state = |unit: &str| parts.iter().filter(|part| part.unit == unit).map(|part| part.state()).collect::<Vec<_>>();
    assert_eq!(state("350128-GAJ"), [wire::ContributionState::Missing]);
    assert_eq!(state("350128-NYN"), [wire::ContributionState::Refused]);
    assert_eq!(state(ZONE), [wire::ContributionState::Stated]);
    // what a refused report prints is told, and not counted
    let refused = parts.iter().find(|part| part.unit == "350128-NYN").unwrap();
    assert_eq!(refused.value, Some(782));
    // careless questions
    let unknown = city.client.explain_cell(explain(ZONE, 2023, "received.total")).await.unwrap_err();
    assert_eq!(code(&unknown), Code::InvalidArgument);
    assert!(unknown.to_string().contains("applications.received.total"), "{unknown}");
    let mut token = explain(ZONE, 2023, cell);
    token.page_token = "7".to_owned();
    assert_eq!(code(&city.client.explain_cell(token).await.unwrap_err()), Code::InvalidArgument);
}

#[tokio::test]
async fn on_declared_what_a_report_covers_is_named() {
    let city = City::new().await;
    city.submit(request("C-1-A", 2024, wire::Coverage::Own, &balanced(40))).await;
    city.submit(request("C-1", 2024, wire::Coverage::Consolidated, &balanced(45))).await;
    let mut request = explain("C", 2024, RECEIVED);
    request.basis = wire::Basis::Declared.into();
    let found = city.client.explain_cell(request).await.unwrap();
    let told: Vec<_> = found.contributions.iter().map(|part| (part.unit.as_str(), part.state(), part.value)).collect();
    let expected = [
        ("C-1", wire::ContributionState::Counted, Some(45)),
        ("C-1-A", wire::ContributionState::Covered, Some(40)),
        ("C-1-B", wire::ContributionState::Missing, None),
        ("C-2", wire::ContributionState::Missing, None),
    ];
    assert_eq!((found.total, told.as_slice()), (45, &expected[..]));
    assert_eq!(found.contributions[1].covered_by, "C-1");
}

#[tokio::test]
async fn the_sample_gives_its_rates_and_years_are_set_beside_each_other() {
    let city = zone().await;
    let found = city.client.statistics(statistics(&["371002"], 2024, 0)).await.unwrap();
    let rate = |id: &str| {
        let series = found.series.iter().find(|series| series.indicator.as_ref().unwrap().id == id).unwrap();
        let value = series.points[0].value.clone().unwrap();
        (value.numerator, value.denominator, value.text)
    };
    assert_eq!(rate("reconsideration_correction_rate"), (3, 7, "42.86%".to_owned()));
    assert_eq!(rate("litigation_correction_rate"), (0, 5, "0.00%".to_owned()));
    assert_eq!(rate("settlement_rate"), (154, 163, "94.48%".to_owned()));
    let outcomes = found.breakdowns.iter().find(|breakdown| breakdown.id == "outcomes").unwrap();
    assert_eq!(outcomes.whole, outcomes.parts.iter().map(|part| part.value).sum::<i64>());
    assert!(outcomes.parts.windows(2).all(|pair| pair[0].value >= pair[1].value));

    let found = city.client.statistics(statistics(&[ZONE], 2021, 2023)).await.unwrap();
    let series = |id: &str| found.series.iter().find(|series| series.indicator.as_ref().unwrap().id == id).unwrap();
    let licences = series("proactive.licensing_decisions");
    let figures: Vec<i64> = licences.points.iter().map(|point| point.value.as_ref().unwrap().numerator).collect();
    for (year, figure) in [2021, 2022, 2023].into_iter().zip(&figures) {
        assert_eq!(*figure, city.total(ZONE, year, "proactive.licensing_decisions").await);
    }
    let change = licences.points[1].change.clone().unwrap();
    assert_eq!(change.numerator, figures[1] - figures[0]);
    let relative = licences.points[1].relative_change.clone().unwrap();
    assert_eq!((relative.numerator, relative.denominator), (figures[1] - figures[0], figures[0]));
    assert_eq!(licences.over_years.as_ref().unwrap().numerator, figures.iter().sum::<i64>());
    let stock = series("proactive.normative_documents.in_force");
    assert_eq!((stock.indicator.as_ref().unwrap().stock, stock.over_years.as_ref()), (true, None));
}

#[tokio::test]
async fn rankings_share_places_and_set_apart_who_filed_nothing() {
    let city = zone().await;
    let mut request = statistics(&[ZONE], 2023, 0);
    request.rank_by = "proactive.licensing_decisions".to_owned();
    let found = city.client.statistics(request.clone()).await.unwrap();
    let told: BTreeMap<&str, i32> = found.ranking.iter().map(|row| (row.unit.as_str(), row.rank)).collect();
    assert_eq!(found.ranked as usize, found.ranking.len());
    assert_eq!(told["350128-GAJ"], 0);
    let silent = found.ranking.iter().filter(|row| row.value.is_none()).count();
    assert_eq!(silent, 4, "the police and the three that were refused");
    let figures: Vec<(i32, i64)> =
        found.ranking.iter().filter_map(|row| Some((row.rank, row.value.as_ref()?.numerator))).collect();
    for (place, (rank, figure)) in figures.iter().enumerate() {
        let larger = figures.iter().filter(|(_, other)| other > figure).count();
        assert_eq!(*rank as usize, larger + 1, "place {place}");
    }
    assert_eq!(figures.iter().map(|(_, figure)| figure).sum::<i64>(), 1532);
    let shares: i64 = found.kinds.iter().map(|kind| kind.value.as_ref().unwrap().numerator).sum();
    assert_eq!(shares, 1532);
    let spread = found.distribution.clone().unwrap();
    assert_eq!(spread.units as usize, figures.len());
    assert_eq!(spread.maximum.unwrap().numerator, figures[0].1);
    // pages of the same ranking
    request.page_size = 5;
    let mut rows = Vec::new();
    loop {
        let page = city.client.statistics(request.clone()).await.unwrap();
        rows.extend(page.ranking);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(rows, found.ranking);
}

#[tokio::test]
async fn any_set_of_units_is_one_call_each_unit_once() {
    let city = zone().await;
    let total = |found: &wire::GetStatisticsResponse, id: &str| {
        let series = found.series.iter().find(|series| series.indicator.as_ref().unwrap().id == id).unwrap();
        series.points.last().unwrap().value.as_ref().unwrap().numerator
    };
    let cell = "proactive.penalty_decisions";
    let mut request = statistics(&["350128-SCJ", "350128-JTJ", "350128-SCJ"], 2023, 0);
    request.indicators = vec![cell.to_owned()];
    let some = city.client.statistics(request.clone()).await.unwrap();
    let alone = city.total("350128-SCJ", 2023, cell).await + city.total("350128-JTJ", 2023, cell).await;
    assert_eq!(total(&some, cell), alone);
    // a unit and what stands above it: once
    request.units = vec![ZONE.to_owned(), "350128-SCJ".to_owned()];
    let nested = city.client.statistics(request.clone()).await.unwrap();
    assert_eq!(total(&nested, cell), city.total(ZONE, 2023, cell).await);
    // kinds add up to all
    request.units = vec![ZONE.to_owned()];
    let mut sum = 0;
    for kind in [wire::UnitKind::Department, wire::UnitKind::Office, wire::UnitKind::Subdistrict] {
        request.kinds = vec![kind.into()];
        sum += total(&city.client.statistics(request.clone()).await.unwrap(), cell);
    }
    assert_eq!(sum, city.total(ZONE, 2023, cell).await);
    // careless questions
    let refused = |request: wire::GetStatisticsRequest| {
        let client = city.client.clone();
        async move { code(&client.statistics(request).await.unwrap_err()) }
    };
    assert_eq!(refused(statistics(&["350128-NONE"], 2023, 0)).await, Code::NotFound);
    assert_eq!(refused(statistics(&[ZONE], 2023, 2021)).await, Code::InvalidArgument);
    assert_eq!(refused(statistics(&[ZONE], 2023, 2100)).await, Code::InvalidArgument);
    assert_eq!(refused(statistics(&[ZONE], 2018, 2023)).await, Code::InvalidArgument);
    let mut unknown = statistics(&[ZONE], 2023, 0);
    unknown.indicators = vec!["rate_of_everything".to_owned()];
    assert_eq!(refused(unknown).await, Code::InvalidArgument);
}

#[tokio::test]
async fn an_answer_about_a_position_is_the_same_for_ever() {
    let mut city = City::new().await;
    city.submit(request("C-1-A", 2023, wire::Coverage::Own, &balanced(9))).await;
    city.submit(request("C-1-A", 2024, wire::Coverage::Own, &balanced(40))).await;
    city.submit(request("C-2", 2024, wire::Coverage::Consolidated, &balanced(7))).await;
    let at = city.rollup("C", 2024, wire::Basis::Units).await.position;
    let then = everything(&city, at).await;
    // then much happens: a correction, a withdrawal, another prior year, a refusal, a move, a new unit
    let mut correction = request("C-1-A", 2024, wire::Coverage::Own, &balanced(41));
    correction.expected_revision = Some(1);
    city.submit(correction).await;
    city.submit(request("C-1-B", 2024, wire::Coverage::Own, &[(RECEIVED, 3)])).await;
    let mut prior = request("C-1-A", 2023, wire::Coverage::Own, &balanced(12));
    prior.expected_revision = Some(1);
    city.submit(prior).await;
    let series = city::series("C-2", 2024, wire::Coverage::Consolidated);
    let withdraw = wire::WithdrawReportRequest { series, revision: 1, reason: String::new() };
    city.client.withdraw(withdraw).await.unwrap();
    let moved = json!([
        { "code": "C-1-A", "parent": "C-2", "kind": "office", "name": "moved", "from_year": 2019, "makes_rules": false },
        { "code": "C-3", "parent": "C", "kind": "district", "name": "new", "from_year": 2019, "makes_rules": false },
    ]);
    city.apply(&moved).await.unwrap();
    assert_ne!(everything(&city, 0).await, then);
    assert_eq!(everything(&city, at).await, then);
    city = city.restart().await;
    assert_eq!(everything(&city, at).await, then);
    // beyond the head, and before the beginning
    let head = city.rollup("C", 2024, wire::Basis::Units).await.position;
    let mut request = city::rollup_request("C", 2024, wire::Basis::Units);
    request.at_position = head + 1;
    assert_eq!(code(&city.client.rollup(request.clone()).await.unwrap_err()), Code::OutOfRange);
    request.at_position = -1;
    assert_eq!(code(&city.client.rollup(request.clone()).await.unwrap_err()), Code::InvalidArgument);
    // before there were units, and before there was a form of that year
    request.at_position = 2;
    assert_eq!(code(&city.client.rollup(request.clone()).await.unwrap_err()), Code::NotFound);
    request.at_position = 1;
    assert_eq!(code(&city.client.rollup(request).await.unwrap_err()), Code::InvalidArgument);
}

/// Every read of a city as of a position, as bytes.
async fn everything(city: &City, at_position: i64) -> Vec<Vec<u8>> {
    use prost::Message as _;
    let mut answers = Vec::new();
    let client = &city.client;
    for basis in [wire::Basis::Units, wire::Basis::Declared] {
        for unit in ["C", "C-1", "C-1-A", "C-2"] {
            let mut request = city::rollup_request(unit, 2024, basis);
            request.at_position = at_position;
            answers.push(client.rollup(request).await.unwrap().encode_to_vec());
            let mut request = explain(unit, 2024, RECEIVED);
            (request.at_position, request.basis, request.include_zero) = (at_position, basis.into(), true);
            answers.push(client.explain_cell(request).await.unwrap().encode_to_vec());
        }
        let mut request = reconcile("C-1", 2024);
        (request.at_position, request.basis) = (at_position, basis.into());
        answers.push(client.reconcile(request).await.unwrap().encode_to_vec());
        let mut request = statistics(&["C"], 2023, 2024);
        (request.at_position, request.basis) = (at_position, basis.into());
        answers.push(client.statistics(request).await.unwrap().encode_to_vec());
    }
    let unit = "C".to_owned();
    let request = wire::ListMissingRequest { unit: unit.clone(), year: 2024, at_position, ..Default::default() };
    answers.push(client.missing(request).await.unwrap().encode_to_vec());
    let request = wire::ListReportsRequest { unit, subtree: true, at_position, ..Default::default() };
    answers.push(client.list(request).await.unwrap().encode_to_vec());
    for (unit, year, coverage) in [
        ("C-1-A", 2024, wire::Coverage::Own),
        ("C-1-A", 2023, wire::Coverage::Own),
        ("C-2", 2024, wire::Coverage::Consolidated),
    ] {
        let series = city::series(unit, year, coverage);
        let request = wire::GetReportRequest { series: series.clone(), revision: 1, at_position };
        answers.push(client.report(request).await.unwrap().encode_to_vec());
        let request = wire::ListReportRevisionsRequest { series, at_position, ..Default::default() };
        answers.push(client.revisions(request).await.unwrap().encode_to_vec());
    }
    let units = client.units(2024, "", at_position).await.unwrap();
    answers.extend(units.iter().map(prost::Message::encode_to_vec));
    answers
}

#[tokio::test]
async fn two_revisions_are_told_apart_cell_by_cell_and_text_by_text() {
    let city = City::new().await;
    let claim = |quote: &str, value: &str| json!({ "quote": quote, "value": value, "cells": [RECEIVED] });
    let mut first = city::changed_request("C-2", &balanced(40), |report| {
        report["narrative"] = json!({ "problems": "人手不足", "claims": [claim("新收40件", "40")] });
    });
    first.blank_means_zero = false;
    assert_eq!(city.submit(first).await.outcome(), wire::Outcome::Accepted);
    let mut second = city::changed_request("C-2", &balanced(41), |report| {
        report["narrative"] = json!({ "problems": "人手仍不足", "claims": [claim("新收41件", "41")] });
    });
    (second.blank_means_zero, second.expected_revision) = (true, Some(1));
    assert_eq!(city.submit(second).await.outcome(), wire::Outcome::Accepted);
    let series = city::series("C-2", 2024, wire::Coverage::Own);
    let request = |from_revision, to_revision| wire::CompareRevisionsRequest {
        series: series.clone(),
        from_revision,
        to_revision,
        at_position: 0,
    };
    let found = city.client.compare(request(1, 2)).await.unwrap();
    let received = found.cells.iter().find(|cell| cell.path == RECEIVED).unwrap();
    assert_eq!((received.before, received.after), (Some(40), Some(41)));
    assert!(found.cells.iter().all(|cell| cell.before != cell.after));
    let texts: Vec<_> =
        found.texts.iter().map(|text| (text.path.as_str(), text.before.as_deref(), text.after.as_deref())).collect();
    let expected = [
        ("narrative.problems", Some("人手不足"), Some("人手仍不足")),
        ("narrative.claims[0].value", Some("40"), Some("41")),
        ("narrative.claims[0].quote", Some("新收40件"), Some("新收41件")),
    ];
    for each in expected {
        assert!(texts.contains(&each), "{each:?} in {texts:?}");
    }
    assert_eq!(texts.len(), 3);
    assert_eq!(found.statements.iter().map(|text| text.path.as_str()).collect::<Vec<_>>(), ["blank_means_zero"]);
    let same = city.client.compare(request(2, 2)).await.unwrap();
    assert!(same.cells.is_empty() && same.texts.is_empty() && same.statements.is_empty());
    assert_eq!(code(&city.client.compare(request(1, 3)).await.unwrap_err()), Code::NotFound);
}

#[tokio::test]
async fn a_watch_that_is_killed_and_resumed_sees_each_change_once() {
    let city = City::new().await;
    let mut told: Vec<(i64, wire::ChangeKind, String)> = Vec::new();
    let mut stream = city.client.watch(watch(None)).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert!(first.up_to_date && first.changes.is_empty());
    let mut position = first.position;
    let units = ["C-1-A", "C-1-B", "C-2"];
    for round in 0..6 {
        // changes while watching, and while nobody watches
        for unit in units {
            let mut request = request(unit, 2024, wire::Coverage::Own, &balanced(40 + round));
            request.expected_revision = (round > 0).then_some(round);
            assert_eq!(city.submit(request).await.outcome(), wire::Outcome::Accepted);
            city.submit(city::request(unit, 2022, wire::Coverage::Own, &balanced(round))).await;
        }
        let seen = |told: &[(i64, wire::ChangeKind, String)]| told.len() == 3 * (round as usize + 1);
        while !seen(&told) {
            let response = stream.message().await.unwrap().unwrap();
            position = response.position;
            let change = |change: &wire::WatchedChange| {
                (change.position, change.kind(), change.series.clone().map(|series| series.unit).unwrap_or_default())
            };
            told.extend(response.changes.iter().map(change));
            if response.up_to_date {
                let total = response.cells.iter().find(|cell| cell.path == RECEIVED).unwrap().value;
                let mut at = city::rollup_request("C", 2024, wire::Basis::Units);
                at.at_position = response.position;
                assert_eq!(total, city::figure(&city.client.rollup(at).await.unwrap(), RECEIVED));
            }
        }
        if round % 2 == 0 {
            // killed: the next one begins where this one was told
            stream = city.client.watch(watch(Some(position))).await.unwrap();
            let resumed = stream.message().await.unwrap().unwrap();
            assert!(resumed.changes.is_empty(), "told twice: {:?}", resumed.changes);
        }
    }
    assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, none twice");
    assert!(told.iter().all(|(_, kind, _)| *kind == wire::ChangeKind::ReportAccepted));
    let by_unit = |unit: &str| told.iter().filter(|(.., known)| known == unit).count();
    assert_eq!(units.map(by_unit), [6, 6, 6]);
    // from the beginning, another time: the same changes, and those of units and forms
    let mut again = Vec::new();
    let mut stream = city.client.watch(watch(Some(0))).await.unwrap();
    loop {
        let response = stream.message().await.unwrap().unwrap();
        again.extend(response.changes.iter().map(|change| (change.position, change.kind())));
        if response.up_to_date {
            break;
        }
    }
    let kinds: Vec<wire::ChangeKind> = again.iter().map(|(_, kind)| *kind).take(2).collect();
    assert_eq!(kinds, [wire::ChangeKind::FormRegistered, wire::ChangeKind::UnitsApplied]);
    assert_eq!(again.len(), told.len() + 2);
    let beyond = city.client.watch(watch(Some(10_000))).await.unwrap_err();
    assert_eq!(code(&beyond), Code::OutOfRange);
}

#[tokio::test]
async fn a_watching_reader_that_takes_nothing_is_dropped_and_told_where_to_resume() {
    let city = City::with(|server| server.with_capacity(Capacity { watch_behind: 20, ..Capacity::default() })).await;
    city.apply(&city::units()).await.unwrap();
    let mut stream = city.client.watch(watch(Some(0))).await.unwrap();
    // it takes nothing while changes come
    for revision in 0..200 {
        let mut request = request("C-2", 2024, wire::Coverage::Own, &balanced(40 + i64::from(revision)));
        request.expected_revision = (revision > 0).then_some(revision.into());
        assert_eq!(city.submit(request).await.outcome(), wire::Outcome::Accepted);
    }
    let mut seen = Vec::new();
    let mut position = 0;
    let end = loop {
        match stream.message().await {
            Ok(Some(response)) => {
                position = response.position;
                seen.extend(response.changes.iter().map(|change| change.position));
            }
            Ok(None) => panic!("it ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::ResourceExhausted, "{end}");
    assert!(end.message().contains(&format!("resume from position {position}")), "{end}");
    let details = end.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["resume_position"], position.to_string());
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    // resumed, nothing is missing and nothing comes twice
    let mut stream = city.client.watch(watch(Some(position))).await.unwrap();
    loop {
        let response = stream.message().await.unwrap().unwrap();
        seen.extend(response.changes.iter().map(|change| change.position));
        if response.up_to_date {
            break;
        }
    }
    // the form of other years is none of its business
    assert_eq!(seen, (2..=203).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_watch_ends_with_a_word_when_the_service_stops() {
    let city = City::new().await;
    let mut stream = city.client.watch(watch(None)).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    city.stop().await;
    let end = stream.message().await.unwrap_err();
    assert_eq!(end.code(), Code::Unavailable);
    assert!(end.message().contains(&format!("resume from position {}", first.position)), "{end}");
}
