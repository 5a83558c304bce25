//! The whole table: every RPC × every role × own, below, above, beside, unknown.
//!
//! A new RPC needs one row in [`rows`]; what is expected of it follows from the
//! permission it declares, in [`EXPECTED`], which shares nothing with the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crossfoot::client::wire;
use prost::Message;
use prost_reflect::{DescriptorPool, Value};
use tonic::Code;
use wire::Coverage;

use crate::city::{self, own, series};
use crate::wire::{call, connect};
use crate::world::{World, grant};

/// The units of the columns, as seen from the reach C-1: a district with departments.
const COLUMNS: [(&str, &str); 5] =
    [("own", "C-1"), ("below", "C-1-A"), ("above", "C"), ("beside", "C-2"), ("unknown", "X-9")];

/// What a request speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// A unit alone.
    Unit,
    /// A unit and all below it.
    Below,
    /// All units.
    All,
    /// No unit.
    Nothing,
}

/// A role with what it may: of a unit alone, of a unit with all below it (in the order
/// of the columns), of all units, of no unit. Y: yes, n: denied. A permission that is not
/// named is denied.
type Expected = (&'static str, &'static [(&'static str, &'static str, &'static str, &'static str, &'static str)]);

const EXPECTED: [Expected; 9] = [
    (
        "submitter:unit:C-1",
        &[
            ("SUBMIT_REPORTS", "Ynnnn", "nnnnn", "n", "Y"),
            ("READ_REPORTS", "Ynnnn", "nnnnn", "n", "Y"),
            ("READ_ROLLUPS", "Ynnnn", "nnnnn", "n", "Y"),
            ("READ_UNITS", "Ynnnn", "nnnnn", "n", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
        ],
    ),
    (
        "submitter:unit:C-1-A",
        &[
            ("SUBMIT_REPORTS", "nYnnn", "nYnnn", "n", "Y"),
            ("READ_REPORTS", "nYnnn", "nYnnn", "n", "Y"),
            ("READ_ROLLUPS", "nYnnn", "nYnnn", "n", "Y"),
            ("READ_UNITS", "nYnnn", "nYnnn", "n", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
        ],
    ),
    (
        "submitter:subtree:C-1",
        &[
            ("SUBMIT_REPORTS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_REPORTS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_ROLLUPS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_UNITS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
        ],
    ),
    (
        "submitter:everything",
        &[
            ("SUBMIT_REPORTS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_REPORTS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_ROLLUPS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_UNITS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
        ],
    ),
    (
        "reviewer:subtree:C-1",
        &[
            ("READ_REPORTS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_ROLLUPS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_UNITS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
            ("REVIEW_REPORTS", "nYnnn", "nYnnn", "n", "Y"),
        ],
    ),
    (
        "office:subtree:C-1",
        &[
            ("READ_REPORTS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_ROLLUPS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_UNITS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
            ("MANAGE_UNITS", "YYnnn", "YYnnn", "n", "Y"),
            ("MANAGE_YEARS", "YYnnn", "YYnnn", "n", "Y"),
            ("READ_AUDIT", "YYnnn", "YYnnn", "n", "Y"),
        ],
    ),
    (
        "office:everything",
        &[
            ("READ_REPORTS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_ROLLUPS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_UNITS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
            ("MANAGE_UNITS", "YYYYY", "YYYYY", "Y", "Y"),
            ("MANAGE_YEARS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_AUDIT", "YYYYY", "YYYYY", "Y", "Y"),
        ],
    ),
    (
        "auditor:everything",
        &[
            ("READ_REPORTS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_ROLLUPS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_UNITS", "YYYYY", "YYYYY", "Y", "Y"),
            ("READ_FORMS", "", "", "", "Y"),
            ("READ_AUDIT", "YYYYY", "YYYYY", "Y", "Y"),
        ],
    ),
    ("operator:everything", &[("READ_FORMS", "", "", "", "Y"), ("OPERATE", "", "", "", "Y")]),
];

/// A request that speaks of a unit, encoded.
type Request = Box<dyn Fn(&str) -> Vec<u8>>;

/// How a call is made.
struct Row {
    rpc: &'static str,
    speaks: Speaks,
    request: Request,
}

fn row<M: Message>(rpc: &'static str, speaks: Speaks, request: impl Fn(&str) -> M + 'static) -> Row {
    Row { rpc, speaks, request: Box::new(move |unit| request(unit).encode_to_vec()) }
}

/// One or more rows for every RPC.
fn rows() -> Vec<Row> {
    let own_of = |unit: &str| series(unit, 2024, Coverage::Own);
    let year = 2024;
    let mut rows = vec![
        row("ReportService/SubmitReport", Speaks::Unit, |unit| own(unit, 2024, 5)),
        row("ReportService/SubmitReports", Speaks::Unit, |unit| wire::SubmitReportsRequest {
            submission: Some(own(unit, 2024, 5)),
        }),
        row("ReportService/GetReport", Speaks::Unit, move |unit| wire::GetReportRequest {
            series: own_of(unit),
            ..Default::default()
        }),
        row("ReportService/ListReports", Speaks::Unit, |unit| wire::ListReportsRequest {
            unit: unit.to_owned(),
            ..Default::default()
        }),
        row("ReportService/ListReports", Speaks::Below, move |unit| wire::ListReportsRequest {
            unit: unit.to_owned(),
            subtree: true,
            year,
            ..Default::default()
        }),
        row("ReportService/ListReports", Speaks::All, |_| wire::ListReportsRequest::default()),
        row("ReportService/CompareRevisions", Speaks::Unit, move |unit| wire::CompareRevisionsRequest {
            series: own_of(unit),
            from_revision: 1,
            to_revision: 1,
            ..Default::default()
        }),
        row("ReportService/ListReportRevisions", Speaks::Unit, move |unit| wire::ListReportRevisionsRequest {
            series: own_of(unit),
            ..Default::default()
        }),
        row("ReportService/ExplainQuery", Speaks::Unit, move |unit| wire::ExplainQueryRequest {
            series: own_of(unit),
            explanation: Some(wire::Explanation { text: "as printed".to_owned(), ..Default::default() }),
        }),
        row("ReportService/WithdrawReport", Speaks::Unit, move |unit| wire::WithdrawReportRequest {
            series: own_of(unit),
            revision: 99,
            reason: String::new(),
        }),
        row("RollupService/GetRollup", Speaks::Below, move |unit| wire::GetRollupRequest {
            unit: unit.to_owned(),
            year,
            ..Default::default()
        }),
        row("RollupService/ListMissing", Speaks::Below, move |unit| wire::ListMissingRequest {
            unit: unit.to_owned(),
            year,
            ..Default::default()
        }),
        row("RollupService/ReconcileUnit", Speaks::Below, move |unit| wire::ReconcileUnitRequest {
            unit: unit.to_owned(),
            year,
            ..Default::default()
        }),
        row("RollupService/ExplainCell", Speaks::Below, move |unit| wire::ExplainCellRequest {
            unit: unit.to_owned(),
            year,
            cell: city::RECEIVED.to_owned(),
            include_zero: true,
            ..Default::default()
        }),
        row("RollupService/GetStatistics", Speaks::Below, move |unit| wire::GetStatisticsRequest {
            units: vec![unit.to_owned()],
            first_year: year,
            ..Default::default()
        }),
        row("RollupService/GetStatistics", Speaks::All, move |_| wire::GetStatisticsRequest {
            first_year: year,
            ..Default::default()
        }),
        row("RollupService/WatchUnit", Speaks::Below, move |unit| wire::WatchUnitRequest {
            unit: unit.to_owned(),
            year,
            from_position: Some(0),
            ..Default::default()
        }),
        row("UnitService/GetUnit", Speaks::Unit, |unit| wire::GetUnitRequest {
            code: unit.to_owned(),
            ..Default::default()
        }),
        row("UnitService/ListUnits", Speaks::Below, move |unit| wire::ListUnitsRequest {
            year,
            root: unit.to_owned(),
            ..Default::default()
        }),
        row("UnitService/ListUnits", Speaks::All, |_| wire::ListUnitsRequest::default()),
        row("UnitService/ApplyUnits", Speaks::Unit, |unit| wire::ApplyUnitsRequest {
            units: city::units()
                .as_array()
                .unwrap()
                .iter()
                .map(city::unit)
                .find(|known| known.code == unit)
                .or_else(|| {
                    Some(wire::Unit {
                        code: unit.to_owned(),
                        kind: 11,
                        name: "X".to_owned(),
                        from_year: 2019,
                        ..Default::default()
                    })
                })
                .into_iter()
                .collect(),
            validate_only: true,
            ..Default::default()
        }),
        row("RollupService/ListOverdue", Speaks::Below, move |unit| wire::ListOverdueRequest {
            unit: unit.to_owned(),
            year,
            as_of: Some(prost_types::Timestamp { seconds: 1_800_000_000, nanos: 0 }),
            ..Default::default()
        }),
        row("UnitService/GetRoster", Speaks::Below, move |unit| wire::GetRosterRequest {
            year,
            unit: unit.to_owned(),
            ..Default::default()
        }),
        row("UnitService/GetRoster", Speaks::All, move |_| wire::GetRosterRequest { year, ..Default::default() }),
        row("UnitService/ApplyRoster", Speaks::All, move |_| wire::ApplyRosterRequest {
            roster: Some(wire::Roster { year, ..Default::default() }),
            validate_only: true,
            ..Default::default()
        }),
        row("UnitService/ExtendDeadline", Speaks::Unit, move |unit| wire::ExtendDeadlineRequest {
            year,
            extension: Some(wire::Extension {
                unit: unit.to_owned(),
                obligation: wire::Obligation::Submission.into(),
                until: "2025-02-15".to_owned(),
            }),
            reason: "flood".to_owned(),
            ..Default::default()
        }),
        row("AuditService/ListEvents", Speaks::Below, |unit| wire::ListEventsRequest {
            unit: unit.to_owned(),
            ..Default::default()
        }),
        row("AuditService/ListEvents", Speaks::All, |_| wire::ListEventsRequest::default()),
        row("FormService/ListForms", Speaks::Nothing, |_| wire::ListFormsRequest::default()),
        row("FormService/GetForm", Speaks::Nothing, move |_| wire::GetFormRequest { year, ..Default::default() }),
        row("AdminService/BackUp", Speaks::Nothing, |_| wire::BackUpRequest {}),
        row("AdminService/GetStatus", Speaks::Nothing, |_| wire::GetStatusRequest {}),
        row("AdminService/IssueToken", Speaks::Nothing, |_| wire::IssueTokenRequest {
            principal: "of the table".to_owned(),
            grants: vec![grant("auditor")],
            ..Default::default()
        }),
        row("AdminService/ListTokens", Speaks::Nothing, |_| wire::ListTokensRequest::default()),
        // the spare one: no caller of the table holds it
        row("AdminService/RevokeToken", Speaks::Nothing, |_| wire::RevokeTokenRequest { id: 2, reason: String::new() }),
    ];
    rows.extend(review_rows());
    rows
}

/// What reviewers and offices do with reports and years; last, for a closed year
/// refuses what came before.
fn review_rows() -> Vec<Row> {
    let own_of = |unit: &str| series(unit, 2024, Coverage::Own);
    let year = 2024;
    vec![
        row("ReviewService/ApproveReport", Speaks::Unit, move |unit| wire::ApproveReportRequest {
            series: own_of(unit),
            revision: 99,
            ..Default::default()
        }),
        row("ReviewService/ReturnReport", Speaks::Unit, move |unit| wire::ReturnReportRequest {
            series: own_of(unit),
            revision: 99,
            reason: "look again".to_owned(),
            ..Default::default()
        }),
        row("ReviewService/ListQueries", Speaks::Below, move |unit| wire::ListQueriesRequest {
            unit: unit.to_owned(),
            year,
            explained: true,
            ..Default::default()
        }),
        row("ReviewService/RecordPublication", Speaks::Unit, move |unit| wire::RecordPublicationRequest {
            series: own_of(unit),
            address: "https://example/2024".to_owned(),
            date: "2025-01-31".to_owned(),
        }),
        row("ReviewService/RedactText", Speaks::Unit, move |unit| wire::RedactTextRequest {
            series: own_of(unit),
            text_digest: "0".repeat(64),
            reason: "names a person".to_owned(),
        }),
        row("ReviewService/CloseYear", Speaks::Below, move |unit| wire::CloseYearRequest {
            unit: unit.to_owned(),
            year,
            override_reason: "the table".to_owned(),
            ..Default::default()
        }),
        row("ReviewService/GetStatement", Speaks::Below, move |unit| wire::GetStatementRequest {
            unit: unit.to_owned(),
            year,
            ..Default::default()
        }),
        row("ReviewService/ListClosedYears", Speaks::Below, move |unit| wire::ListClosedYearsRequest {
            unit: unit.to_owned(),
            year,
        }),
        row("ReviewService/ReopenYear", Speaks::Below, move |unit| wire::ReopenYearRequest {
            unit: unit.to_owned(),
            year,
            reason: "the table".to_owned(),
            ..Default::default()
        }),
    ]
}

/// The permissions that the RPCs declare.
fn declared() -> BTreeMap<String, String> {
    let pool = DescriptorPool::decode(crossfoot::form::DESCRIPTORS).unwrap();
    let option = pool.get_extension_by_name("crossfoot.v1.permission").unwrap();
    let names = pool.get_enum_by_name("crossfoot.v1.Permission").unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .map(|method| {
            let Value::EnumNumber(number) = *method.options().get_extension(&option) else { panic!() };
            let name = names.get_value(number).unwrap().name().trim_start_matches("PERMISSION_").to_owned();
            (format!("{}/{}", method.parent_service().name(), method.name()), name)
        })
        .collect()
}

/// Y or n.
fn expected(role: &str, permission: &str, speaks: Speaks, column: usize) -> char {
    let (_, permissions) = EXPECTED.iter().find(|(known, _)| *known == role).unwrap();
    let Some((_, unit, below, all, nothing)) = permissions.iter().find(|(known, ..)| *known == permission) else {
        return 'n';
    };
    let text = match speaks {
        Speaks::Unit => unit,
        Speaks::Below => below,
        Speaks::All => all,
        Speaks::Nothing => nothing,
    };
    text.chars().nth(column).unwrap_or('n')
}

/// What is told apart of an answer.
fn word(answer: &Result<Vec<u8>, tonic::Status>, rpc: &str) -> &'static str {
    match answer {
        Ok(bytes) if rpc == "ReportService/SubmitReports" => {
            let result = wire::SubmitReportsResponse::decode(bytes.as_slice()).unwrap().result.unwrap();
            match result.reason.as_str() {
                "PERMISSION_DENIED" => "denied",
                "UNKNOWN_UNIT" => "not found",
                _ => "yes",
            }
        }
        Ok(_) => "yes",
        Err(status) => match status.code() {
            Code::PermissionDenied => "denied",
            Code::Unauthenticated => "unauthenticated",
            // no such text, and the year is not closed: the unit was found
            Code::NotFound if ["ReviewService/RedactText", "ReviewService/GetStatement"].contains(&rpc) => "yes",
            Code::NotFound => "not found",
            // judged, and not for want of authority
            Code::FailedPrecondition => "yes",
            other => panic!("{rpc}: {other:?} {}", status.message()),
        },
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_it_should_be() {
    let world = World::new().await;
    world.token("spare", &["auditor"]).await;
    let channel = connect(&world.city.address).await;
    let (rows, declared) = (rows(), declared());
    let known: BTreeSet<&str> = rows.iter().map(|row| row.rpc).collect();
    let all: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
    assert_eq!(known, all, "every RPC has a row, and every row an RPC");

    let mut callers: Vec<(&str, Option<String>)> = Vec::new();
    for (role, _) in EXPECTED {
        callers.push((role, Some(world.token(role, &[role]).await)));
    }
    callers.push(("nobody", None));
    let mut text = String::new();
    let (mut denials, mut cells) = (BTreeSet::new(), 0);
    for Row { rpc, speaks, request } in &rows {
        let permission = &declared[*rpc];
        let _ = writeln!(text, "\n{rpc} · {permission} · {speaks:?}");
        for (role, token) in &callers {
            let columns = if matches!(speaks, Speaks::Unit | Speaks::Below) { COLUMNS.len() } else { 1 };
            let mut line = format!("  {role:<24}");
            for (column, (name, unit)) in COLUMNS.iter().enumerate().take(columns) {
                let answer = call(&channel, &format!("/crossfoot.v1.{rpc}"), token.as_deref(), request(unit)).await;
                let word = word(&answer, rpc);
                let allowed = ["yes", "not found"].contains(&word);
                let should = if token.is_none() { 'U' } else { expected(role, permission, *speaks, column) };
                let fine = match should {
                    'Y' => word == "yes" || (*name == "unknown" && allowed),
                    'U' => word == "unauthenticated",
                    _ => word == "denied",
                };
                assert!(fine, "{rpc} {speaks:?} by {role} of {name}: {word}, should be {should}: {answer:?}\n{text}");
                if let (Err(status), "denied") = (&answer, word)
                    && *speaks != Speaks::All
                {
                    denials.insert((status.message().to_owned(), status.details().to_vec(), other_metadata(status)));
                }
                // what somebody is told speaks of nothing beyond his reach
                if let Ok(bytes) = &answer
                    && role.contains("C-1")
                {
                    let names_other = bytes.windows(3).any(|part| part == b"C-2");
                    assert!(!names_other || rpc.starts_with("ReportService/Submit"), "{rpc} tells {role} of C-2");
                }
                cells += 1;
                let _ = write!(line, " {name}: {word:<15}");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    println!("{text}\n{cells} cells");
    assert_eq!(denials.len(), 1, "one denial for everything, whatever is unknown: {denials:?}");
}

/// What comes with a refusal beside its message, but for the time.
fn other_metadata(status: &tonic::Status) -> BTreeMap<String, Vec<u8>> {
    let headers = status.metadata().clone().into_headers();
    let kept = headers.iter().filter(|(name, _)| *name != "date");
    kept.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}
