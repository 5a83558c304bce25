//! How much one caller may ask, and that nobody is locked out by others.

use std::num::NonZeroU32;
use std::time::Duration;

use crossfoot::api::{AccessSettings, Rates};
use crossfoot::client::wire;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::city::own;
use crate::wire::{call, connect};
use crate::world::{World, report, status, tokens, unhurried};

fn only(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[tokio::test]
async fn calls_beyond_the_rate_are_refused_with_the_time_to_wait_and_others_go_on() {
    let rates = Rates { calls_per_second: only(3), ..unhurried() };
    let world = World::with(AccessSettings { rates, ..tokens() }).await;
    let (busy, other) = (world.caller("busy", &["auditor"]).await, world.caller("other", &["auditor"]).await);
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(busy.report(report("C-2")).await);
    }
    let refused: Vec<_> =
        answers.into_iter().filter_map(Result::err).map(|error| status(Err::<(), _>(error))).collect();
    assert!(!refused.is_empty());
    for status in refused {
        assert_eq!(status.code(), Code::ResourceExhausted);
        let wait = status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    }
    other.report(report("C-2")).await.unwrap();
}

#[tokio::test]
async fn reports_beyond_the_rate_are_refused_one_by_one_and_slowed_down_in_a_stream() {
    let rates = Rates { reports_per_second: only(20), ..unhurried() };
    let world = World::with(AccessSettings { rates, ..tokens() }).await;
    let platform = world.caller("platform", &["submitter:subtree:C"]).await;
    // all of them get their outcome, whatever the rate
    let mut stream = platform.submissions().await.unwrap();
    for _ in 0..25 {
        stream.requests.send(wire::SubmitReportsRequest { submission: Some(own("C-2", 2023, 1)) }).await.unwrap();
    }
    for number in 0..25 {
        let result = stream.results.message().await.unwrap().unwrap().result.unwrap();
        let expected = if number == 0 { wire::Outcome::Accepted } else { wire::Outcome::Unchanged };
        assert_eq!(result.outcome(), expected, "{number}");
    }
    let mut refused = 0;
    for _ in 0..25 {
        match platform.submit(own("C-2", 2023, 1)).await {
            Ok(result) => assert_eq!(result.outcome(), wire::Outcome::Unchanged),
            Err(error) => {
                assert_eq!(status(Err::<(), _>(error)).code(), Code::ResourceExhausted);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn failed_attempts_lock_nobody_out() {
    let rates = Rates { failures_per_second: only(2), ..unhurried() };
    let world = World::with(AccessSettings { rates, ..tokens() }).await;
    let channel = connect(&world.city.address).await;
    const FORMS: &str = "/crossfoot.v1.FormService/ListForms";
    let mut codes = std::collections::BTreeSet::new();
    for attempt in 0..50 {
        let guess = format!("crossfoot_{attempt:064x}");
        codes.insert(format!("{:?}", call(&channel, FORMS, Some(&guess), Vec::new()).await.unwrap_err().code()));
        // the same address, with a good token
        call(&channel, FORMS, Some(&world.operator), Vec::new()).await.unwrap();
    }
    assert!(codes.contains("Unauthenticated") && codes.contains("ResourceExhausted"), "{codes:?}");
}
