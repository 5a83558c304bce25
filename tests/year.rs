//! The life of a year: rosters and deadlines, review, publication, closing, audit,
//! redaction. A real server over a real store.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod server;

use city::{City, RECEIVED, balanced, own, request, series};
use crossfoot::client::{ClientError, wire};
use serde_json::{Value, json};
use tonic::{Code, Status};
use wire::{Basis, Coverage, Outcome, RevisionState};

const PAST: &str = "2020-01-31";
const FUTURE: &str = "2190-01-31";

/// Everybody must hand in and publish by these days.
fn roster(submission: &str, publication: &str) -> wire::Roster {
    let (submission_due, publication_due) = (submission.to_owned(), publication.to_owned());
    let deadlines = vec![wire::KindDeadlines { kind: String::new(), submission_due, publication_due }];
    wire::Roster { year: 2024, deadlines, ..Default::default() }
}

fn named(unit: &str, disposition: wire::Disposition) -> wire::UnitDisposition {
    let reason = if disposition == wire::Disposition::Exempt { "merges next year" } else { "" };
    let (unit, reason) = (unit.to_owned(), reason.to_owned());
    wire::UnitDisposition { unit, disposition: disposition.into(), reason, into: String::new() }
}

async fn apply(city: &City, roster: wire::Roster) -> Result<wire::ApplyRosterResponse, Status> {
    let apply = wire::ApplyRosterRequest { roster: Some(roster), ..Default::default() };
    city.client.unit_service().apply_roster(apply).await.map(tonic::Response::into_inner)
}

async fn completeness(city: &City, unit: &str) -> wire::Completeness {
    city.rollup(unit, 2024, Basis::Units).await.completeness.unwrap()
}

/// Unit and what it has to do, as of an instant after every past deadline.
async fn overdue(city: &City, unit: &str) -> Vec<(String, Vec<String>)> {
    let request = wire::ListOverdueRequest {
        unit: unit.to_owned(),
        year: 2024,
        as_of: Some("2025-06-01T00:00:00Z".parse().unwrap()),
        ..Default::default()
    };
    let found = city.client.rollup_service().list_overdue(request).await.unwrap().into_inner();
    found.units.into_iter().map(|unit| (unit.unit, unit.todo)).collect()
}

async fn review(city: &City, unit: &str, revision: i64, approve: bool) -> Result<i64, Status> {
    let mut reviews = city.client.review_service();
    let series = series(unit, 2024, Coverage::Own);
    if approve {
        let request = wire::ApproveReportRequest { series, revision, ..Default::default() };
        return reviews.approve_report(request).await.map(|done| done.into_inner().position);
    }
    let (reason, cells) = ("the total column is a row off".to_owned(), vec![RECEIVED.to_owned()]);
    let request = wire::ReturnReportRequest { series, revision, reason, cells };
    reviews.return_report(request).await.map(|done| done.into_inner().position)
}

async fn summary(city: &City, unit: &str) -> wire::ReportSummary {
    let request = wire::ListReportsRequest { unit: unit.to_owned(), year: 2024, ..Default::default() };
    city.client.list(request).await.unwrap().reports.remove(0)
}

fn total(unit: &str) -> wire::GetStatementRequest {
    wire::GetStatementRequest { unit: unit.to_owned(), year: 2024, ..Default::default() }
}

async fn close(city: &City, unit: &str, why: &str) -> Result<wire::CloseYearResponse, Status> {
    let (unit, override_reason) = (unit.to_owned(), why.to_owned());
    let request = wire::CloseYearRequest { unit, year: 2024, override_reason, ..Default::default() };
    city.client.review_service().close_year(request).await.map(tonic::Response::into_inner)
}

async fn reopen(city: &City, unit: &str, why: &str) -> Result<i64, Status> {
    let (unit, reason) = (unit.to_owned(), why.to_owned());
    let request = wire::ReopenYearRequest { unit, year: 2024, reason, ..Default::default() };
    city.client.review_service().reopen_year(request).await.map(|done| done.into_inner().position)
}

#[tokio::test]
async fn the_roster_decides_who_owes_a_report_and_numerator_and_denominator_follow_it() {
    let city = City::new().await;
    let before = completeness(&city, "C").await;
    assert_eq!((before.due, before.filed, before.exempt), (4, 0, 0));
    let exempt = vec![named("C-1-A", wire::Disposition::Exempt), named("C-1", wire::Disposition::Abolished)];
    let told = apply(&city, wire::Roster { dispositions: exempt, ..roster(FUTURE, "") }).await.unwrap();
    assert_eq!(told.changes.len(), 3, "{told:?}");
    city.submit(own("C-1-A", 2024, 1)).await;
    city.submit(own("C-1-B", 2024, 2)).await;
    let after = completeness(&city, "C").await;
    // who owes nothing is in neither; what it filed counts in the sum
    assert_eq!((after.due, after.filed, after.exempt, after.missing_count), (2, 1, 2, 1));
    assert_eq!(after.missing, ["C-2"]);
    assert_eq!(city.total("C", 2024, RECEIVED).await, 3);
    // the same roster again changes nothing
    let dispositions = vec![named("C-1-A", wire::Disposition::Exempt), named("C-1", wire::Disposition::Abolished)];
    let again = apply(&city, wire::Roster { dispositions, ..roster(FUTURE, "") }).await.unwrap();
    assert_eq!((again.position, again.changes.len()), (0, 0));
    // it is there after a restart, and as of a position before it is not
    let city = city.restart().await;
    assert_eq!(completeness(&city, "C").await, after);
    let then = wire::GetRollupRequest { at_position: 3, ..city::rollup_request("C", 2024, Basis::Units) };
    assert_eq!(city.client.rollup(then).await.unwrap().completeness.unwrap().due, 4);
}

#[tokio::test]
async fn a_roster_with_anything_wrong_is_refused_with_everything_that_is_wrong() {
    let city = City::new().await;
    let merged = |unit: &str, into: &str| wire::UnitDisposition {
        into: into.to_owned(),
        ..named(unit, wire::Disposition::Merged)
    };
    let exempt = wire::UnitDisposition { reason: " ".to_owned(), ..named("C-2", wire::Disposition::Exempt) };
    let dispositions = vec![merged("C-1-A", "C-1-A"), merged("C-1-B", "nowhere"), merged("X", "C-2"), exempt];
    let refused = apply(&city, wire::Roster { dispositions, ..roster(FUTURE, "") }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    for part in [
        "C-1-A: is merged into itself",
        "nowhere, which is not in the tree",
        "X: is not in the tree",
        "C-2: is exempt without",
    ] {
        assert!(refused.message().contains(part), "{part} in {refused}");
    }
    for day in ["2024-02-30", "31.01.2024", "2024-01-31T12:00:00"] {
        let refused = apply(&city, roster(day, "")).await.unwrap_err();
        assert!(refused.message().contains("submission_due"), "{refused}");
    }
    let kind = wire::KindDeadlines { kind: "ministry".to_owned(), ..Default::default() };
    let unknown = wire::Roster { year: 2024, deadlines: vec![kind], ..Default::default() };
    assert!(apply(&city, unknown).await.unwrap_err().message().contains("ministry"));
    assert_eq!(city.client.status().await.unwrap().position, 3, "nothing was written");
}

#[tokio::test]
async fn in_time_is_decided_by_the_first_accepted_revision_and_an_extension_needs_a_reason() {
    let city = City::new().await;
    city.submit(own("C-2", 2024, 1)).await;
    assert_eq!(completeness(&city, "C").await.late, 0, "a year without deadlines knows no late");
    apply(&city, roster(PAST, PAST)).await.unwrap();
    assert_eq!(completeness(&city, "C").await.late, 1);
    let extend = |until: &str, reason: &str| wire::ExtendDeadlineRequest {
        year: 2024,
        extension: Some(wire::Extension {
            unit: "C-2".to_owned(),
            obligation: wire::Obligation::Submission.into(),
            until: until.to_owned(),
        }),
        reason: reason.to_owned(),
        ..Default::default()
    };
    let mut units = city.client.unit_service();
    assert_eq!(units.extend_deadline(extend(FUTURE, "")).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(units.extend_deadline(extend(PAST, "flood")).await.unwrap_err().code(), Code::FailedPrecondition);
    units.extend_deadline(extend(FUTURE, "flood")).await.unwrap();
    assert_eq!(completeness(&city, "C").await.late, 0);
    // a correction after the deadline is no late report, and a new roster leaves the extension
    let mut correction = own("C-2", 2024, 2);
    correction.expected_revision = Some(1);
    city.submit(correction).await;
    apply(&city, roster(PAST, "")).await.unwrap();
    assert_eq!(completeness(&city, "C").await.late, 0);
    let shown = units.get_roster(wire::GetRosterRequest { year: 2024, ..Default::default() }).await.unwrap();
    assert_eq!(shown.into_inner().roster.unwrap().extensions.len(), 1);
}

#[tokio::test]
async fn the_overdue_list_says_whom_to_remind_and_of_what() {
    let city = City::new().await;
    assert!(overdue(&city, "C").await.is_empty(), "a year without deadlines reminds nobody");
    apply(&city, roster(PAST, PAST)).await.unwrap();
    city.submit(own("C-1-A", 2024, 1)).await;
    // 规章 of a department is a query
    let rules = city::changed_request("C-1-B", &balanced(2), |report| {
        city::put(report, "proactive.government_rules.issued", json!(1));
    });
    city.submit(rules).await;
    city.submit(own("C-2", 2024, 3)).await;
    review(&city, "C-2", 1, false).await.unwrap();
    let publish = |address: &str, date: &str| wire::RecordPublicationRequest {
        series: series("C-1-A", 2024, Coverage::Own),
        address: address.to_owned(),
        date: date.to_owned(),
    };
    let mut reviews = city.client.review_service();
    assert!(reviews.record_publication(publish("ftp://example", "2025-01-20")).await.is_err());
    assert!(reviews.record_publication(publish("https://example/2024", "2025-01-32")).await.is_err());
    reviews.record_publication(publish("https://example/2024", "2025-01-20")).await.unwrap();
    let todo = |unit: &str, todo: &[&str]| (unit.to_owned(), todo.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = [
        todo("C", &["SUBMIT", "PUBLISH"]),
        todo("C-1", &["SUBMIT", "PUBLISH"]),
        todo("C-1-B", &["EXPLAIN", "PUBLISH"]),
        todo("C-2", &["RESUBMIT", "PUBLISH"]),
    ];
    assert_eq!(overdue(&city, "C").await, expected);
    assert_eq!(completeness(&city, "C").await.published, 1);
    let shown = summary(&city, "C-1-A").await.publication.unwrap();
    assert_eq!((shown.address.as_str(), shown.date.as_str()), ("https://example/2024", "2025-01-20"));
    // before the deadline nobody is reminded
    let early = wire::ListOverdueRequest {
        unit: "C".to_owned(),
        year: 2024,
        as_of: Some("2020-01-31T15:59:59Z".parse().unwrap()),
        ..Default::default()
    };
    let mut rollups = city.client.rollup_service();
    assert!(rollups.list_overdue(early.clone()).await.unwrap().into_inner().units.is_empty());
    let refused = rollups.list_overdue(wire::ListOverdueRequest { as_of: None, ..early }).await.unwrap_err();
    assert!(refused.message().contains("as_of"));
}

#[tokio::test]
async fn a_unit_newly_founded_carried_nothing_in_and_one_merged_into_another_is_carried_in_there() {
    let city = City::new().await;
    let carried = |unit: &str, year: i32, carried_in: i64, carried_out: i64| {
        let cells = [("received", carried_out), ("carried_in", carried_in), ("outcomes.granted", carried_in)];
        let more = [("outcomes.total", carried_in), ("carried_out", carried_out)];
        let figures = cells.into_iter().chain(more).flat_map(|(row, value)| {
            ["natural_person", "total"].map(|column| (format!("applications.{row}.{column}"), value))
        });
        let figures: Vec<(String, i64)> = figures.collect();
        let figures: Vec<(&str, i64)> = figures.iter().map(|(path, value)| (path.as_str(), *value)).collect();
        request(unit, year, Coverage::Own, &figures)
    };
    let findings = |result: wire::SubmissionResult| {
        let found = result.findings.into_iter().filter(|found| found.rule == "applications.carry_over");
        let found = found.filter(|found| found.instance.ends_with("total"));
        found.map(|found| (found.verdict(), found.left, found.right)).collect::<Vec<_>>()
    };
    city.submit(carried("C-1-A", 2023, 0, 7)).await;
    city.submit(carried("C-1-B", 2023, 0, 5)).await;
    // without a roster the year before of C-2 is not known, and 12 is not what C-1-A carried out
    let unknown = findings(city.submit(carried("C-2", 2024, 3, 1)).await);
    assert_eq!(unknown, [(wire::Verdict::NotAssessable, Some(3), None)]);
    let wrong = findings(city.submit(carried("C-1-A", 2024, 12, 1)).await);
    assert_eq!(wrong, [(wire::Verdict::Fail, Some(12), Some(7))]);
    let merged = wire::UnitDisposition { into: "C-1-A".to_owned(), ..named("C-1-B", wire::Disposition::Merged) };
    let dispositions = vec![merged, named("C-2", wire::Disposition::NewlyFounded)];
    apply(&city, wire::Roster { dispositions, ..roster(FUTURE, "") }).await.unwrap();
    // both are judged again with the roster
    let shown = |unit: &str| {
        let (client, series) = (city.client.clone(), series(unit, 2024, Coverage::Own));
        async move {
            let request = wire::GetReportRequest { series, ..Default::default() };
            let found = client.report(request).await.unwrap().report.unwrap().findings;
            findings(wire::SubmissionResult { findings: found, ..Default::default() })
        }
    };
    assert_eq!(shown("C-1-A").await, [], "7 and 5 are 12");
    assert_eq!(shown("C-2").await, [(wire::Verdict::Fail, Some(3), Some(0))]);
    // what C-1-B corrects is carried in by C-1-A
    let mut correction = carried("C-1-B", 2023, 0, 6);
    correction.expected_revision = Some(1);
    city.submit(correction).await;
    assert_eq!(shown("C-1-A").await, [(wire::Verdict::Fail, Some(12), Some(13))]);
}

#[tokio::test]
async fn where_the_year_asks_for_approval_the_effective_revision_counts_until_another_is_approved() {
    let city = City::new().await;
    apply(&city, wire::Roster { requires_approval: true, ..roster(FUTURE, "") }).await.unwrap();
    let sent = city.submit(own("C-2", 2024, 5)).await;
    assert_eq!((sent.outcome(), sent.awaits_approval), (Outcome::Accepted, true));
    assert_eq!(city.total("C", 2024, RECEIVED).await, 0, "it does not count yet");
    let told = completeness(&city, "C").await;
    assert_eq!((told.filed, told.pending), (1, 1), "it has filed");
    assert_eq!(summary(&city, "C-2").await.newest_state(), RevisionState::Pending);
    // the same again is the same report
    assert_eq!(city.submit(own("C-2", 2024, 5)).await.outcome(), Outcome::Unchanged);
    review(&city, "C-2", 1, true).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 5);
    assert_eq!(review(&city, "C-2", 1, true).await.unwrap_err().code(), Code::FailedPrecondition);

    let correct = |revision: i64, count: i64| {
        let mut correction = own("C-2", 2024, count);
        correction.expected_revision = Some(revision);
        correction
    };
    city.submit(correct(1, 8)).await;
    assert_eq!(city.total("C", 2024, RECEIVED).await, 5, "the approved one counts");
    review(&city, "C-2", 2, false).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 5, "and goes on to count");
    let status = summary(&city, "C-2").await;
    assert_eq!((status.newest_state(), status.effective_revision), (RevisionState::Returned, 1));
    let why = status.review.unwrap();
    assert_eq!((why.approved, why.principal.as_str()), (false, "local"));
    assert_eq!(
        (why.reason.as_str(), why.cells.as_slice()),
        ("the total column is a row off", &[RECEIVED.to_owned()][..])
    );
    // sent again after it was returned, it is a new revision
    city.submit(correct(2, 8)).await;
    review(&city, "C-2", 3, true).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 8);
    assert!(city.rollup("C", 2024, Basis::Units).await.requires_approval);
    let withdraw =
        wire::WithdrawReportRequest { series: series("C-2", 2024, Coverage::Own), revision: 3, ..Default::default() };
    city.client.withdraw(withdraw).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 0, "an older one does not revive");
    let city = city.restart().await;
    assert_eq!(city.total("C", 2024, RECEIVED).await, 0);
}

#[tokio::test]
async fn a_returned_report_does_not_count_and_a_superior_cannot_name_cells_that_are_none() {
    let city = City::new().await;
    city.submit(own("C-2", 2024, 5)).await;
    let cells = vec!["applications.recieved.total".to_owned()];
    let (series, reason) = (series("C-2", 2024, Coverage::Own), "look again".to_owned());
    let request = wire::ReturnReportRequest { series, revision: 1, reason, cells };
    let mut reviews = city.client.review_service();
    let refused = reviews.return_report(request.clone()).await.unwrap_err();
    assert!(refused.message().contains("applications.recieved.total"), "{refused}");
    let silent = wire::ReturnReportRequest { reason: " ".to_owned(), cells: Vec::new(), ..request };
    assert_eq!(reviews.return_report(silent).await.unwrap_err().code(), Code::InvalidArgument);
    review(&city, "C-2", 1, false).await.unwrap();
    assert_eq!(city.total("C", 2024, RECEIVED).await, 0);
    let told = completeness(&city, "C").await;
    assert_eq!((told.filed, told.returned), (0, 1));
    let explain =
        wire::ExplainCellRequest { unit: "C".to_owned(), year: 2024, cell: RECEIVED.to_owned(), ..Default::default() };
    let parts = city.client.explain_cell(explain).await.unwrap().contributions;
    let part = parts.iter().find(|part| part.unit == "C-2").unwrap();
    assert_eq!(part.state(), wire::ContributionState::Returned);
    assert_eq!(review(&city, "C-2", 1, true).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(review(&city, "C-2", 2, true).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn queries_are_listed_over_units_with_what_was_said() {
    let city = City::new().await;
    let with_rules = |unit: &str| {
        city::changed_request(unit, &balanced(2), |report| {
            city::put(report, "proactive.government_rules.issued", json!(1))
        })
    };
    city.submit(with_rules("C-1-A")).await;
    city.submit(with_rules("C-1-B")).await;
    let list = |explained: bool| {
        let mut reviews = city.client.review_service();
        async move {
            let request = wire::ListQueriesRequest {
                unit: "C".to_owned(),
                year: 2024,
                explained,
                page_size: 1,
                ..Default::default()
            };
            let (mut found, mut page_token) = (Vec::new(), String::new());
            loop {
                let page = reviews
                    .list_queries(wire::ListQueriesRequest { page_token, ..request.clone() })
                    .await
                    .unwrap()
                    .into_inner();
                found.extend(page.queries);
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    return found;
                }
            }
        }
    };
    let open = list(false).await;
    assert_eq!(open.len(), 2);
    let query = open[0].finding.clone().unwrap();
    let explanation = wire::Explanation {
        rule: query.rule,
        instance: query.instance,
        left: query.left.unwrap(),
        right: query.right.unwrap(),
        text: "由市政府授权制定".to_owned(),
    };
    let explain = wire::ExplainQueryRequest { series: open[0].series.clone(), explanation: Some(explanation) };
    city.client.explain(explain).await.unwrap();
    assert_eq!(list(false).await.len(), 1);
    let all = list(true).await;
    assert_eq!((all.len(), all[0].explanation.as_str(), all[1].explanation.as_str()), (2, "由市政府授权制定", ""));
}

/// The signed statement as the command line writes it.
fn statement_file(folder: &std::path::Path, signed: &crossfoot::client::SignedStatement) -> String {
    let json = crossfoot::client::json("crossfoot.ledger.v1.SignedStatement", signed).unwrap();
    server::file(folder, "statement.json", json.to_string().as_bytes())
}

#[tokio::test]
async fn a_closed_year_is_certified_and_does_not_move_silently() {
    let city = City::new().await;
    city.submit(own("C-1-A", 2024, 5)).await;
    let rules = city::changed_request("C-2", &balanced(3), |report| {
        city::put(report, "proactive.government_rules.issued", json!(1));
    });
    city.submit(rules).await;
    let refused = close(&city, "C", "").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("1 open queries"), "{refused}");
    let closed = close(&city, "C", "the council meets tomorrow").await.unwrap();
    assert_eq!(close(&city, "C", "again").await.unwrap_err().code(), Code::FailedPrecondition);
    assert!(city.rollup("C", 2024, Basis::Units).await.closed);

    // the statement holds without the service; changed in one byte it does not
    let folder = tempfile::tempdir().unwrap();
    let signed = closed.statement.unwrap();
    let file = statement_file(folder.path(), &signed);
    let verified = server::json(&server::run(&["verify", "--statement", &file, "--json"], ""));
    assert_eq!((&verified["verified"], &verified["cells"][RECEIVED]), (&true.into(), &"8".into()));
    assert_eq!(verified["override_reason"], "the council meets tomorrow");
    let key = verified["public_key"].as_str().unwrap().to_owned();
    let mut forged = signed.clone();
    let at = forged.statement.len() / 2;
    forged.statement[at] ^= 1;
    let file = statement_file(folder.path(), &forged);
    assert_eq!(server::run(&["verify", "--statement", &file], "").status.code(), Some(1));
    let file = statement_file(folder.path(), &signed);
    assert_eq!(server::run(&["verify", "--statement", &file, "--public-key", &key], "").status.code(), Some(0));
    let other = format!("00{}", &key[2..]);
    assert_eq!(server::run(&["verify", "--statement", &file, "--public-key", &other], "").status.code(), Some(1));

    // a late correction: told before it is accepted, accepted, and the statement is stale by so much
    let mut correction = own("C-1-A", 2024, 6);
    correction.expected_revision = Some(1);
    let dry = city.submit(wire::SubmitReportRequest { validate_only: true, ..correction.clone() }).await;
    let moved = |result: &wire::SubmissionResult| {
        let change = &result.certified_changes[0];
        let drift = change.cells.iter().find(|drift| drift.path == RECEIVED).unwrap();
        (change.unit.clone(), drift.certified, drift.now)
    };
    assert_eq!((dry.certified_changes.len(), moved(&dry)), (1, ("C".to_owned(), 8, 9)));
    assert_eq!(city.total("C", 2024, RECEIVED).await, 8, "a dry run keeps nothing");
    let sent = city.submit(correction).await;
    assert_eq!((sent.outcome(), moved(&sent)), (Outcome::Accepted, ("C".to_owned(), 8, 9)));
    let stale = city.client.review_service().get_statement(total("C")).await.unwrap().into_inner().stale;
    let stale = stale.iter().find(|drift| drift.path == RECEIVED).unwrap();
    assert_eq!((stale.certified, stale.now), (8, 9));

    // units and rosters of a closed year stay as they are
    let exempt = vec![named("C-2", wire::Disposition::Exempt)];
    let refused = apply(&city, wire::Roster { dispositions: exempt, ..roster(FUTURE, "") }).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    let moved = json!([{ "code": "C-2", "kind": "district", "name": "C-2", "from_year": 2019 }]);
    match city.apply(&moved).await.unwrap_err() {
        ClientError::Refused(status) => assert!(status.message().contains("closed"), "{status}"),
        other => panic!("{other}"),
    }

    assert_eq!(reopen(&city, "C", " ").await.unwrap_err().code(), Code::InvalidArgument);
    reopen(&city, "C", "a correction came late").await.unwrap();
    assert!(!city.rollup("C", 2024, Basis::Units).await.closed);
    let again = close(&city, "C", "the same").await.unwrap();
    assert!(again.position > closed.position);
    let city = city.restart().await;
    let stands = city.client.review_service().get_statement(total("C")).await.unwrap().into_inner();
    assert_eq!((stands.stale.len(), stands.statement), (0, again.statement.clone()));
    let list = wire::ListClosedYearsRequest { unit: "C".to_owned(), year: 0 };
    let listed = city.client.review_service().list_closed_years(list).await.unwrap().into_inner().years;
    assert_eq!((listed.len(), listed[0].override_reason.as_str()), (1, "the same"));

    // and the ledger says the same
    let file = statement_file(folder.path(), &again.statement.unwrap());
    let store = city.stop().await;
    let verify = ["verify", "--statement", &file, "--data", store.path().to_str().unwrap(), "--json"];
    assert_eq!(server::json(&server::run(&verify, ""))["verified"], true);
}

#[tokio::test]
async fn a_year_that_asks_for_approval_is_not_closed_over_reports_nobody_reviewed() {
    let city = City::new().await;
    city.submit(own("C-1-A", 2024, 5)).await;
    apply(&city, wire::Roster { requires_approval: true, ..roster(FUTURE, "") }).await.unwrap();
    city.submit(own("C-2", 2024, 3)).await;
    let refused = close(&city, "C", "").await.unwrap_err();
    assert!(refused.message().contains("2 reports not reviewed: C-1-A, C-2"), "{refused}");
    review(&city, "C-1-A", 1, true).await.unwrap();
    review(&city, "C-2", 1, true).await.unwrap();
    close(&city, "C", "").await.unwrap();
}

#[tokio::test]
async fn the_audit_list_says_who_did_what_by_unit_principal_and_time() {
    let city = City::new().await;
    city.submit(own("C-1-A", 2024, 5)).await;
    city.submit(own("C-2", 2024, 3)).await;
    review(&city, "C-1-A", 1, true).await.unwrap();
    close(&city, "C", "").await.unwrap();
    reopen(&city, "C", "a mistake").await.unwrap();
    let list = |request: wire::ListEventsRequest| {
        let mut audits = city.client.audit_service();
        async move {
            let found = audits.list_events(request).await.unwrap().into_inner().events;
            found.into_iter().map(|event| event.kind).collect::<Vec<_>>()
        }
    };
    let all = list(wire::ListEventsRequest::default()).await;
    let expected = [
        "FORM_REGISTERED",
        "FORM_REGISTERED",
        "UNITS_APPLIED",
        "REPORT_ACCEPTED",
        "REPORT_ACCEPTED",
        "REPORT_APPROVED",
        "YEAR_CLOSED",
        "YEAR_REOPENED",
    ];
    assert_eq!(all, expected);
    let of_unit = list(wire::ListEventsRequest { unit: "C-1".to_owned(), ..Default::default() }).await;
    assert_eq!(of_unit, ["UNITS_APPLIED", "REPORT_ACCEPTED", "REPORT_APPROVED"]);
    let by = |principal: &str| wire::ListEventsRequest { principal: principal.to_owned(), ..Default::default() };
    assert_eq!(list(by("crossfoot")).await, ["FORM_REGISTERED", "FORM_REGISTERED"]);
    assert!(list(by("nobody")).await.is_empty());
    let until = Some("2001-01-01T00:00:00Z".parse().unwrap());
    assert!(list(wire::ListEventsRequest { until, ..Default::default() }).await.is_empty());
    // page by page it is the same list
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListEventsRequest { page_size: 2, page_token, ..Default::default() };
        let page = city.client.audit_service().list_events(request).await.unwrap().into_inner();
        paged.extend(page.events.into_iter().map(|event| event.kind));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
}

/// Whether bytes stand anywhere in the files of a folder.
fn holds(folder: &std::path::Path, wanted: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|file| std::fs::read(file).unwrap()).any(|bytes| bytes.windows(wanted.len()).any(|part| part == wanted))
}

#[tokio::test]
async fn a_text_taken_out_is_gone_from_answers_mirror_and_backup_and_the_ledger_still_verifies() {
    const NAME: &str = "a person named in the prose, which is long enough not to be found by chance";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, mirror) = (folder.path().join("store"), folder.path().join("mirror"));
    let mut serving = server::Server::start_with(&store, &["--mirror", mirror.to_str().unwrap()]);
    let client = crossfoot::client::Client::connect(&serving.address).await.unwrap();
    let units = city::units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units, ..Default::default() }).await.unwrap();
    let report = city::changed_request("C-2", &balanced(3), |report| {
        report["narrative"] = json!({ "introduction": NAME });
    });
    client.submit(report.clone()).await.unwrap();
    let get =
        || client.report(wire::GetReportRequest { series: series("C-2", 2024, Coverage::Own), ..Default::default() });
    let before = get().await.unwrap().report.unwrap();
    assert!(holds(&mirror, NAME.as_bytes()) && !before.redacted);
    let redact = |digest: &str, reason: &str| {
        let (mut reviews, series) = (client.review_service(), series("C-2", 2024, Coverage::Own));
        let (text_digest, reason) = (digest.to_owned(), reason.to_owned());
        async move { reviews.redact_text(wire::RedactTextRequest { series, text_digest, reason }).await }
    };
    assert_eq!(redact(&"0".repeat(64), "names a person").await.unwrap_err().code(), Code::NotFound);
    assert_eq!(redact("no digest", "names a person").await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(redact(&before.texts_digest, "").await.unwrap_err().code(), Code::InvalidArgument);
    redact(&before.texts_digest, "names a person").await.unwrap();
    assert_eq!(redact(&before.texts_digest, "again").await.unwrap_err().code(), Code::FailedPrecondition);
    let after = get().await.unwrap().report.unwrap();
    assert!(after.redacted && after.receipt == before.receipt && after.texts_digest == before.texts_digest);
    assert_eq!(client.rollup(city::rollup_request("C", 2024, Basis::Units)).await.unwrap().reports, 1);
    assert!(!holds(&mirror, NAME.as_bytes()), "the mirror was made anew");
    // sent again with the same prose, the text does not come back
    let mut again = report;
    again.expected_revision = Some(1);
    again.blank_means_zero = true;
    client.submit(again).await.unwrap();
    assert!(get().await.unwrap().report.unwrap().redacted && !holds(&mirror, NAME.as_bytes()));
    let backup = serving.run(&["backup", "--to", &path("copy")]);
    assert_eq!(backup.status.code(), Some(0));
    assert_eq!(serving.terminate(), Some(0));
    let head = server::json(&server::run(&["verify", "--data", &path("store"), "--json"], ""));
    assert_eq!(head["verified"], true, "{head}");
    let copy = folder.path().join("copy");
    assert!(!std::fs::read(&copy).unwrap().windows(NAME.len()).any(|part| part == NAME.as_bytes()));
    for (make, from) in [("export", "store"), ("import", "export")] {
        let args: Vec<String> = match make {
            "export" => vec!["export".into(), "--data".into(), path(from), "--to".into(), path("export")],
            _ => vec!["import".into(), "--from".into(), path(from), "--data".into(), path("imported")],
        };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let done = server::run(&args, "");
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    }
    for (from, to) in [("copy", "restored"), ("mirror/ledger.copy", "from-mirror")] {
        let done = server::run(&["restore", "--from", &path(from), "--data", &path(to)], "");
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    }
    for made in ["imported", "restored", "from-mirror"] {
        assert_eq!(server::json(&server::run(&["verify", "--data", &path(made), "--json"], "")), head, "{made}");
    }
}

#[tokio::test]
async fn the_office_does_all_of_it_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let serving = server::Server::start(&folder.path().join("store"));
    let run = |args: &[&str]| {
        let done = serving.run(args);
        let said = server::text(&done);
        assert_eq!(done.status.code(), Some(0), "{args:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
        said
    };
    let units = server::file(folder.path(), "units.json", city::units().to_string().as_bytes());
    let roster = json!({ "year": 2024, "requires_approval": true,
        "deadlines": [{ "submission_due": PAST, "publication_due": PAST }],
        "dispositions": [{ "unit": "C-1-A", "disposition": "exempt", "reason": "no staff" }] });
    let roster = server::file(folder.path(), "roster.json", roster.to_string().as_bytes());
    let report = city::json_report(&city::form(), &balanced(3));
    let line = json!({ "unit": "C-2", "year": 2024, "coverage": "OWN", "report": report });
    let reports = server::file(folder.path(), "reports.jsonl", line.to_string().as_bytes());
    run(&["units", "apply", &units]);
    assert!(run(&["roster", "apply", &roster, "--validate-only"]).contains("exempt: no staff"));
    run(&["roster", "apply", &roster, "--reason", "notice of the year"]);
    assert!(run(&["roster", "show", "--year", "2024"]).contains("免报"));
    run(&["roster", "extend", "C-1-B", "--year", "2024", "--until", FUTURE, "--reason", "flood"]);
    let said = run(&["submit", &reports]);
    assert!(said.contains("counts once a reviewer approves it"), "{said}");
    let reminded = run(&["overdue", "C", "--year", "2024"]);
    assert!(reminded.contains("催办") && reminded.contains("C-2") && !reminded.contains("C-1-A"), "{reminded}");
    run(&["review", "approve", "C-2", "--year", "2024", "--revision", "1"]);
    run(&["publish", "C-2", "--year", "2024", "--address", "https://example/2024", "--date", "2025-01-20"]);
    assert!(run(&["reports", "list", "C-2"]).contains("approved 已通过 by local"));
    let rollup = run(&["rollup", "C", "--year", "2024"]);
    assert!(rollup.contains("1 late 迟报") && rollup.contains("1 exempt 免报"), "{rollup}");
    assert!(run(&["queries", "list", "C"]).contains("explanation"));
    let statement = folder.path().join("statement.json");
    run(&["year", "close", "C", "--year", "2024", "--out", statement.to_str().unwrap()]);
    assert!(run(&["verify", "--statement", statement.to_str().unwrap()]).contains("the signature holds"));
    assert!(run(&["year", "list", "C"]).contains("stands"));
    run(&[
        "review",
        "return",
        "C-2",
        "--year",
        "2024",
        "--revision",
        "1",
        "--reason",
        "look at 收费",
        "--cell",
        RECEIVED,
    ]);
    let stale = serving.run(&["year", "statement", "C", "--year", "2024"]);
    assert_eq!(stale.status.code(), Some(1), "a statement that no longer stands is a no");
    assert!(server::text(&stale).contains("STALE"));
    run(&["year", "reopen", "C", "--year", "2024", "--reason", "returned late"]);
    let acts = run(&["audit", "C-2"]);
    for act in ["REPORT_ACCEPTED", "REPORT_APPROVED", "PUBLICATION_RECORDED", "REPORT_RETURNED"] {
        assert!(acts.contains(act), "{acts}");
    }
    let told: Value =
        serde_json::from_str(run(&["audit", "--principal", "local", "--json"]).lines().next().unwrap()).unwrap();
    assert_eq!(told["kind"], "UNITS_APPLIED");
}
