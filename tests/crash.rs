//! SIGKILL in the middle of a stream: every acknowledged report is there after a
//! restart, none is there twice, and the totals are those of the reports.

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
#[path = "server/mod.rs"]
mod server;

use std::collections::BTreeMap;

use city::{balanced, own};
use crossfoot::client::{Client, wire};
use serde_json::{Value, json};
use server::Server;
use wire::{Basis, Coverage, Outcome};

const UNITS: usize = 400;
const ROUNDS: usize = 3;
/// The server is killed once so many are acknowledged, with the rest under way.
const ACKNOWLEDGED_BEFORE_KILL: usize = 900;

fn units() -> Value {
    let root = json!({ "code": "R", "parent": null, "kind": "district", "name": "R", "from_year": 2019 });
    let unit = |n: usize| json!({ "code": format!("R-{n}"), "parent": "R", "kind": "department", "name": "U", "from_year": 2019 });
    std::iter::once(root).chain((0..UNITS).map(unit)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_report_survives_a_kill_in_the_middle_of_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let client = Client::connect(&server.address).await.unwrap();
    let applied = units().as_array().unwrap().iter().map(city::unit).collect();
    client.apply_units(wire::ApplyUnitsRequest { units: applied, ..Default::default() }).await.unwrap();

    // (unit, year) → digest of what was acknowledged
    let mut acknowledged: BTreeMap<(String, i32), String> = BTreeMap::new();
    for round in 0..ROUNDS {
        let client = Client::connect(&server.address).await.unwrap();
        let stream = client.submissions().await.unwrap();
        let (requests, mut results) = (stream.requests, stream.results);
        let sender = tokio::spawn(async move {
            for year in 0..10 {
                for unit in 0..UNITS {
                    let year = 2021 + year + 10 * round as i32;
                    let request = own(&format!("R-{unit}"), year, (unit % 7) as i64);
                    if requests.send(wire::SubmitReportsRequest { submission: Some(request) }).await.is_err() {
                        return;
                    }
                }
            }
        });
        let mut this_round = 0;
        while let Ok(Some(response)) = results.message().await {
            let receipt = response.result.unwrap().receipt.unwrap();
            let series = receipt.series.unwrap();
            let twice = acknowledged.insert((series.unit, series.year), receipt.digest);
            assert_eq!(twice, None);
            this_round += 1;
            if this_round == ACKNOWLEDGED_BEFORE_KILL {
                server.kill();
            }
        }
        sender.await.unwrap();
        assert!(this_round >= ACKNOWLEDGED_BEFORE_KILL);
        println!("round {round}: {this_round} acknowledged, {} sent in all", UNITS * 10);

        let verified = server::run(&["verify", "--data", folder.path().to_str().unwrap(), "--json"], "");
        assert_eq!(server::json(&verified)["verified"], true);
        server = Server::start(folder.path());
        let client = Client::connect(&server.address).await.unwrap();
        for ((unit, year), digest) in &acknowledged {
            let series = wire::SeriesName {
                family: String::new(),
                unit: unit.clone(),
                year: *year,
                coverage: Coverage::Own.into(),
            };
            let stored = client
                .report(wire::GetReportRequest { series: Some(series), revision: 0, at_position: 0 })
                .await
                .unwrap();
            let receipt = stored.report.unwrap().receipt.unwrap();
            assert_eq!((&receipt.digest, receipt.revision), (digest, 1));
        }
    }
    // a retry with the same content is the same report
    let client = Client::connect(&server.address).await.unwrap();
    let again = client.submit(own("R-3", 2021, 3)).await.unwrap();
    assert_eq!(again.outcome(), Outcome::Unchanged);
    let request = wire::GetRollupRequest {
        family: String::new(),
        unit: "R".to_owned(),
        year: 2021,
        basis: Basis::Units.into(),
        at_position: 0,
    };
    let total = client.rollup(request).await.unwrap();
    let filed = total.completeness.clone().unwrap().filed;
    assert_eq!(filed, UNITS as i64, "the first year of the first round was acknowledged whole");
    let path = balanced(1)[1].0;
    assert_eq!(city::figure(&total, path), (0..UNITS as i64).map(|unit| unit % 7).sum::<i64>());
    drop(client);
    assert_eq!(server.terminate(), Some(0));
}
