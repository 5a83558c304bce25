//! Credentials: good ones, and every kind of bad one.

use crossfoot::client::{self, Client, wire};
use crossfoot::words::{Timestamp, clock};
use prost::Message as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::city::{own, rollup_request};
use crate::wire::{call, call_with, connect};
use crate::world::{World, end, report, status};

const FORMS: &str = "/crossfoot.v1.FormService/ListForms";
const GET: &str = "/crossfoot.v1.ReportService/GetReport";

#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let world = World::new().await;
    let token = world.token("office", &["office:subtree:C"]).await;
    let lost = world.token("lost", &["office:subtree:C"]).await;
    let channel = connect(&world.city.address).await;
    let good = format!("Bearer {token}");
    call_with(&channel, FORMS, &[&good], Vec::new()).await.unwrap();
    call_with(&channel, FORMS, &[&format!("bEARER {token}")], Vec::new()).await.unwrap();
    call_with(&channel, FORMS, &[&format!("Bearer {lost}")], Vec::new()).await.unwrap();
    world.revoke("lost").await;

    let other = token.replace(|letter: char| letter.is_ascii_digit(), "0");
    let wrong: Vec<Vec<String>> = vec![
        vec![],
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec![token.clone()],
        vec![format!("Basic {token}")],
        vec![format!("Bearer  {token}")],
        vec![format!("Bearer {token}0")],
        vec![format!("Bearer {}", &token[..token.len() - 1])],
        vec![format!("Bearer {}", token.to_uppercase())],
        vec![format!("Bearer {other}")],
        vec![format!("Bearer {lost}")],
        vec![format!("Bearer {token}, Bearer {token}")],
        // two headers, one of them good
        vec![good.clone(), format!("Bearer {lost}")],
        vec![format!("Bearer {lost}"), good.clone()],
        vec![format!("Bearer {}", "a".repeat(2_000))],
    ];
    let mut answers = Vec::new();
    for shown in &wrong {
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let refused = call_with(&channel, FORMS, &shown, Vec::new()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{shown:?}");
        answers.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].0.contains("authorization: Bearer"), "it says what to do: {answers:?}");
}

#[tokio::test]
async fn a_token_ends_by_itself() {
    let world = World::new().await;
    let operator = world.with_token(&world.operator).await;
    let after = |seconds: f64| client::time(Timestamp(clock::system().0 + (seconds * 1e6) as i64));
    let request = |expires| wire::IssueTokenRequest {
        principal: "passing".to_owned(),
        grants: vec![crate::world::grant("auditor")],
        expires: Some(expires),
        ..Default::default()
    };
    let issued = operator.issue_token(request(after(0.5))).await.unwrap();
    let passing = world.with_token(&issued.secret).await;
    let mut watch =
        passing.watch(wire::WatchUnitRequest { unit: "C".to_owned(), year: 2024, ..Default::default() }).await.unwrap();
    watch.message().await.unwrap();
    // the watch waits for the end, and tells it
    let ended = end(&mut watch).await;
    assert_eq!(ended.code(), Code::Unauthenticated);
    assert_eq!(status(passing.report(report("C-2")).await).code(), Code::Unauthenticated);
    // what has passed, or is too far away, is no time for a token to end
    for expires in [after(-0.5), after(3_654.0 * 24.0 * 3_600.0)] {
        assert_eq!(status(operator.issue_token(request(expires)).await).code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_revoked_token_is_of_no_use_from_the_next_call_on_and_after_a_restart() {
    let world = World::new().await;
    let token = world.token("office", &["office:subtree:C"]).await;
    let office = world.with_token(&token).await;
    office.report(report("C-2")).await.unwrap();
    world.revoke("office").await;
    // the same connection, and a replay of what it sent
    assert_eq!(status(office.report(report("C-2")).await).code(), Code::Unauthenticated);
    let operator = world.operator.clone();
    let settings = crate::world::tokens();
    let access = crossfoot::api::Access::new(&settings).unwrap();
    let city = world.city.restart_set_up(|server| server.with_access(access)).await;
    let channel = connect(&city.address).await;
    let replayed = call(&channel, GET, Some(&token), report("C-2").encode_to_vec()).await.unwrap_err();
    assert_eq!(replayed.code(), Code::Unauthenticated);
    // its operator sees who revoked it, and why
    let credentials = crossfoot::client::Credentials::new().with_token(&operator).unwrap();
    let operator = Client::connect_with(&city.address, &credentials).await.unwrap();
    let tokens = operator.tokens().await.unwrap();
    let told = |token: &wire::Token| {
        let event = |event: &wire::TokenEvent| format!("{} {}", event.principal, event.reason);
        (token.principal.clone(), token.issued.as_ref().map(event), token.revoked.as_ref().map(event))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        tokens.iter().map(told).collect::<Vec<_>>(),
        [
            ("operator".to_owned(), some("local "), None),
            ("office".to_owned(), some("operator "), some("operator lost")),
        ]
    );
}

#[tokio::test]
async fn tokens_are_listed_as_of_a_position_for_ever() {
    let world = World::new().await;
    world.token("office", &["office:subtree:C"]).await;
    let channel = connect(&world.city.address).await;
    let list = async |at_position: i64, page_token: &str| {
        let page_token = page_token.to_owned();
        let request = wire::ListTokensRequest { page_size: 1, page_token, at_position };
        let path = "/crossfoot.v1.AdminService/ListTokens";
        let listed = call(&channel, path, Some(&world.operator), request.encode_to_vec()).await;
        listed.map(|bytes| wire::ListTokensResponse::decode(bytes.as_slice()).unwrap())
    };
    let issued = list(0, "1").await.unwrap();
    world.revoke("office").await;
    let now = list(0, "1").await.unwrap();
    assert_eq!((now.tokens[0].principal.as_str(), now.tokens[0].revoked.is_some()), ("office", true));
    assert_eq!(list(issued.position, "1").await.unwrap(), issued);
    let before = list(issued.position - 1, "").await.unwrap();
    assert_eq!((before.tokens[0].principal.as_str(), before.next_page_token.as_str()), ("operator", ""));
    assert_eq!(list(now.position + 1, "").await.unwrap_err().code(), Code::OutOfRange);
    assert_eq!(list(0, "none").await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn health_is_open_to_everyone_and_reflection_needs_a_known_caller() {
    let world = World::new().await;
    let channel = connect(&world.city.address).await;
    call(&channel, "/grpc.health.v1.Health/Check", None, Vec::new()).await.unwrap();
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        // field 7, list_services, an empty string
        let list = || vec![0x3a, 0x00];
        assert_eq!(call(&channel, &path, None, list()).await.unwrap_err().code(), Code::Unauthenticated);
        let token = world.token("operator 2", &["operator"]).await;
        let listed = call(&channel, &path, Some(&token), list()).await.unwrap();
        let service = b"crossfoot.v1.ReportService";
        assert!(listed.windows(service.len()).any(|part| part == service));
    }
    // what does not exist is not told to strangers
    let nothing = call(&channel, "/crossfoot.v1.ReportService/Nothing", None, Vec::new()).await.unwrap_err();
    assert_eq!(nothing.code(), Code::Unauthenticated);
    let nothing = call(&channel, "/crossfoot.v1.ReportService/Nothing", Some(&world.operator), Vec::new()).await;
    assert_eq!(nothing.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn huge_headers_are_refused_and_the_service_goes_on() {
    let world = World::new().await;
    for bytes in [8 << 10, 15 << 10, 200 << 10] {
        let channel = connect(&world.city.address).await;
        let header = format!("Bearer {}", "a".repeat(bytes));
        assert!(call_with(&channel, FORMS, &[&header], Vec::new()).await.is_err(), "{bytes}");
    }
    let channel = connect(&world.city.address).await;
    call(&channel, FORMS, Some(&world.operator), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn tricks_with_unit_codes_are_refused_before_anything_is_looked_up() {
    let world = World::new().await;
    let auditor = world.caller("audit", &["auditor"]).await;
    let office = world.caller("office", &["office:subtree:C-1"]).await;
    let long = "C".repeat(65);
    for code in [
        "../C",
        "C-1/../C-2",
        "%2e%2e/C",
        "C%00",
        "C\0",
        "C-1 ",
        "Ｃ-1",
        "C*",
        "",
        "-",
        ".",
        &long,
        &"A".repeat(100_000),
    ] {
        for client in [&auditor, &office] {
            let refused = status(client.rollup(rollup_request(code, 2024, wire::Basis::Units)).await);
            assert_eq!(refused.code(), Code::InvalidArgument, "{code:?}");
            assert!(refused.message().len() < 1_000, "{code:?}");
        }
    }
    // a code that could be one is like any other
    let refused = status(office.rollup(rollup_request("C-1..", 2024, wire::Basis::Units)).await);
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "PERMISSION_DENIED");
}

#[tokio::test]
async fn the_principal_is_recorded_apart_from_the_unit() {
    let world = World::new().await;
    let platform = world.caller("city platform", &["submitter:subtree:C-1"]).await;
    let mut corrected = own("C-1-A", 2024, 6);
    corrected.expected_revision = Some(1);
    assert_eq!(platform.submit(corrected).await.unwrap().outcome(), wire::Outcome::Accepted);
    let stored = platform.report(report("C-1-A")).await.unwrap().report.unwrap();
    assert_eq!(stored.principal, "city platform");
    let request = wire::ListReportRevisionsRequest { series: report("C-1-A").series, ..Default::default() };
    let revisions = platform.revisions(request).await.unwrap().revisions;
    let names: Vec<&str> = revisions.iter().map(|revision| revision.principal.as_str()).collect();
    assert_eq!(names, ["city platform", "local"]);
}

#[tokio::test]
async fn grants_and_names_that_make_no_sense_are_refused() {
    let world = World::new().await;
    let operator = world.with_token(&world.operator).await;
    let all =
        wire::Grant { role: wire::Role::Auditor.into(), reach: wire::Reach::Everything.into(), unit: String::new() };
    let of = |role: wire::Role, reach: wire::Reach, unit: &str| wire::Grant {
        role: role.into(),
        reach: reach.into(),
        unit: unit.to_owned(),
    };
    for (principal, grants) in [
        ("someone", vec![]),
        ("", vec![all.clone()]),
        ("local", vec![all.clone()]),
        ("crossfoot", vec![all.clone()]),
        ("two\nlines", vec![all.clone()]),
        (&"x".repeat(101), vec![all.clone()]),
        ("someone", vec![wire::Grant { role: 77, ..all.clone() }]),
        ("someone", vec![wire::Grant { reach: 0, ..all.clone() }]),
        ("someone", vec![of(wire::Role::Auditor, wire::Reach::Everything, "C")]),
        ("someone", vec![of(wire::Role::Office, wire::Reach::Unit, "C")]),
        ("someone", vec![of(wire::Role::Operator, wire::Reach::Subtree, "C")]),
        ("someone", vec![of(wire::Role::Submitter, wire::Reach::Unit, "../C")]),
        ("someone", vec![all.clone(); 101]),
    ] {
        let request = wire::IssueTokenRequest { principal: principal.to_owned(), grants, ..Default::default() };
        assert_eq!(status(operator.issue_token(request.clone()).await).code(), Code::InvalidArgument, "{request:?}");
    }
    let unknown = wire::RevokeTokenRequest { id: 99, reason: String::new() };
    assert_eq!(status(operator.revoke_token(unknown).await).code(), Code::NotFound);
}
