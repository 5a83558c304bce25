//! Streams: each message is looked at, and the stream ends when its credentials do.

use crossfoot::client::wire;
use tonic::Code;
use wire::Outcome;

use crate::city::own;
use crate::world::{World, end};

fn submission(unit: &str, year: i32) -> wire::SubmitReportsRequest {
    wire::SubmitReportsRequest { submission: Some(own(unit, year, 3)) }
}

#[tokio::test]
async fn a_denied_report_is_an_outcome_and_the_stream_goes_on() {
    let world = World::new().await;
    let platform = world.caller("platform", &["submitter:subtree:C-1"]).await;
    let mut stream = platform.submissions().await.unwrap();
    let mut told = Vec::new();
    for unit in ["C-1-A", "C-2", "X-9", "C", "C-1-B"] {
        stream.requests.send(submission(unit, 2023)).await.unwrap();
        let result = stream.results.message().await.unwrap().unwrap().result.unwrap();
        told.push((result.outcome(), result.reason.clone(), result.message_en.clone(), result.message_zh));
    }
    let outcomes: Vec<(Outcome, &str)> = told.iter().map(|(outcome, reason, ..)| (*outcome, reason.as_str())).collect();
    let denied = (Outcome::Refused, "PERMISSION_DENIED");
    let accepted = (Outcome::Accepted, "");
    assert_eq!(outcomes, [accepted, denied, denied, denied, accepted]);
    assert_eq!(told[1], told[2], "a unit that does not exist is denied like one out of reach");
    assert!(!told[1].2.is_empty() && !told[1].3.is_empty());
}

#[tokio::test]
async fn who_may_submit_nothing_has_no_stream() {
    let world = World::new().await;
    let auditor = world.caller("audit", &["auditor"]).await;
    let refused = crate::world::status(auditor.submissions().await);
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_stream_ends_at_once_when_its_token_is_revoked_after_all_earlier_outcomes() {
    let world = World::new().await;
    let platform = world.caller("platform", &["submitter:subtree:C-1"]).await;
    let mut stream = platform.submissions().await.unwrap();
    stream.requests.send(submission("C-1-A", 2023)).await.unwrap();
    let first = stream.results.message().await.unwrap().unwrap().result.unwrap();
    assert_eq!(first.outcome(), Outcome::Accepted);
    world.revoke("platform").await;
    // nothing was sent meanwhile: the stream ends by itself
    let ended = end(&mut stream.results).await;
    assert_eq!(ended.code(), Code::Unauthenticated);
    let _ = stream.requests.send(submission("C-1-B", 2023)).await;
    let auditor = world.caller("audit", &["auditor"]).await;
    let request = wire::ListReportsRequest { unit: "C-1-B".to_owned(), ..Default::default() };
    assert!(auditor.list(request).await.unwrap().reports.is_empty());
}

#[tokio::test]
async fn a_watch_ends_when_its_token_is_revoked_and_others_go_on() {
    let world = World::new().await;
    let watch = || wire::WatchUnitRequest { unit: "C-1".to_owned(), year: 2024, ..Default::default() };
    let office = world.caller("office", &["office:subtree:C-1"]).await;
    let auditor = world.caller("audit", &["auditor"]).await;
    let (mut watched, mut other) = (office.watch(watch()).await.unwrap(), auditor.watch(watch()).await.unwrap());
    watched.message().await.unwrap();
    other.message().await.unwrap();
    world.revoke("office").await;
    assert_eq!(end(&mut watched).await.code(), Code::Unauthenticated);
    // the other is told of the next report
    let platform = world.caller("platform", &["submitter:subtree:C-1"]).await;
    platform.submit(own("C-1-B", 2024, 3)).await.unwrap();
    assert!(!other.message().await.unwrap().unwrap().changes.is_empty());
}

#[tokio::test]
async fn a_watch_ends_when_its_unit_moves_out_of_reach() {
    let world = World::new().await;
    let office = world.caller("office", &["office:subtree:C-1"]).await;
    let city_office = world.caller("city office", &["office:everything"]).await;
    let request = wire::WatchUnitRequest { unit: "C-1-A".to_owned(), year: 2024, ..Default::default() };
    let mut watched = office.watch(request).await.unwrap();
    watched.message().await.unwrap();
    let mut moved = crate::city::unit(&crate::city::units()[2]);
    moved.parent = "C-2".to_owned();
    let request = wire::ApplyUnitsRequest { units: vec![moved], ..Default::default() };
    city_office.apply_units(request).await.unwrap();
    assert_eq!(end(&mut watched).await.code(), Code::PermissionDenied);
}
