//! A simulation: submit, correct, withdraw, move, restart and lost
//! acknowledgements in any order against a real server, compared after each step
//! with what the definitions say. Each report carries a value of its own, so what
//! is counted twice, or not at all, is seen.
//!
//! `SIMULATION_SEED` plays a history again, `SIMULATION_STEPS` a longer one.
//! Histories in `AGAIN` are played each time; one that fails is added by name.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod city;
mod history;

use std::hash::{BuildHasher as _, Hasher as _};

use city::{City, RECEIVED, balanced, request};
use crossfoot::client::wire;
use crossfoot::words::Basis;
use history::{PARENTS, Step, YEARS, told};
use serde_json::{Value, json};

/// Name and seed.
const AGAIN: [(&str, u64); 1] = [("the first that was played", 1)];

/// Numbers that look random and come again with the seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

fn coverage(consolidated: bool) -> wire::Coverage {
    if consolidated { wire::Coverage::Consolidated } else { wire::Coverage::Own }
}

fn unit(number: usize, parent: Option<usize>, from_year: i64) -> Value {
    let kind = if number == 0 { "province" } else { "district" };
    let parent = parent.map(|parent| format!("U{parent}"));
    json!({ "code": format!("U{number}"), "parent": parent, "kind": kind, "name": "unit", "from_year": from_year })
}

/// A random step.
fn step(chance: &mut Chance) -> Step {
    let (unit, year) = (chance.below(PARENTS.len()), chance.below(YEARS.len()));
    let consolidated = chance.below(2) == 0;
    match chance.below(10) {
        0..7 => Step::Submit { unit, year, consolidated, cell: 0, nil: false },
        7 => Step::Withdraw { unit, year, consolidated },
        8 if chance.below(4) == 0 => {
            Step::Roster { year, approval: chance.below(2) == 0, excused: unit, late: chance.below(2) == 0 }
        }
        8 => Step::Review { unit, year, consolidated, approve: chance.below(2) == 0 },
        _ => Step::Move { unit: 5 + chance.below(PARENTS.len() - 5), below: chance.below(3), from: year },
    }
}

async fn review(city: &City, series: Option<wire::SeriesName>, revision: i64, approve: bool) {
    let mut reviews = city.client.review_service();
    if approve {
        // one that is approved already stays so
        let _ = reviews.approve_report(wire::ApproveReportRequest { series, revision, ..Default::default() }).await;
    } else {
        let reason = "simulation".to_owned();
        let returned = wire::ReturnReportRequest { series, revision, reason, ..Default::default() };
        reviews.return_report(returned).await.unwrap();
    }
}

/// Does a step on the server; `steps` is everything before it and itself.
async fn play(city: &City, steps: &[Step], chance: &mut Chance) {
    let (before, number) = (told(&steps[..steps.len() - 1]), steps.len() - 1);
    match steps[number] {
        Step::Submit { unit, year, consolidated, .. } => {
            let value = 1 + 1000 * number as i64;
            let (code, year_of) = (format!("U{unit}"), YEARS[year] as i32);
            let mut report = request(&code, year_of, coverage(consolidated), &balanced(value));
            report.expected_revision = before.newest.get(&(unit, year, consolidated)).map(|newest| i64::from(*newest));
            report.request_id = format!("step-{number}");
            let revision = report.expected_revision.unwrap_or(0) + 1;
            if chance.below(3) == 0 {
                // the answer is lost: the caller goes away, now or a moment later
                let (client, sent) = (city.client.clone(), report.clone());
                let sending = tokio::spawn(async move { client.submit(sent).await });
                for _ in 0..chance.below(40) {
                    tokio::task::yield_now().await;
                }
                sending.abort();
            }
            let sent = city.submit(report).await;
            assert_ne!(sent.outcome(), wire::Outcome::Refused, "{sent:?}");
            assert_eq!(sent.receipt.unwrap().revision, revision);
        }
        Step::Withdraw { unit, year, consolidated } => {
            if let Some(revision) = before.current((unit, year, consolidated)) {
                let series = city::series(&format!("U{unit}"), YEARS[year] as i32, coverage(consolidated));
                let revision = revision.into();
                let withdraw = wire::WithdrawReportRequest { series, revision, reason: "simulation".to_owned() };
                city.client.withdraw(withdraw).await.unwrap();
            }
        }
        Step::Review { unit, year, consolidated, approve } => {
            let Some(revision) = before.current((unit, year, consolidated)).map(i64::from) else { return };
            let series = city::series(&format!("U{unit}"), YEARS[year] as i32, coverage(consolidated));
            review(city, series, revision, approve).await;
        }
        Step::Roster { year, approval, excused, late } => {
            let day = if late { "1969-01-01" } else { "2100-01-01" }.to_owned();
            let roster = wire::Roster {
                year: YEARS[year] as i32,
                requires_approval: approval,
                deadlines: vec![wire::KindDeadlines { submission_due: day, ..Default::default() }],
                dispositions: vec![wire::UnitDisposition {
                    unit: format!("U{excused}"),
                    disposition: wire::Disposition::Exempt.into(),
                    reason: "simulation".to_owned(),
                    ..Default::default()
                }],
                ..Default::default()
            };
            let apply = wire::ApplyRosterRequest { roster: Some(roster), ..Default::default() };
            city.client.unit_service().apply_roster(apply).await.unwrap();
        }
        Step::Move { unit: moved, below, from } => {
            let (first, later) = (before.parents[&(moved, 0)], unit(moved, Some(below), YEARS[from]));
            let units = if from == 0 {
                json!([unit(moved, Some(below), 2019)])
            } else {
                json!([unit(moved, first, 2019), later])
            };
            city.apply(&units).await.unwrap();
        }
    }
}

/// Every total is what the definitions say.
async fn compare(city: &City, steps: &[Step], seed: u64) {
    let meant = told(steps);
    for (unit, year) in (0..PARENTS.len()).flat_map(|unit| (0..YEARS.len()).map(move |year| (unit, year))) {
        for (basis, wire_basis) in [(Basis::Units, wire::Basis::Units), (Basis::Declared, wire::Basis::Declared)] {
            let rollup = city.rollup(&format!("U{unit}"), YEARS[year] as i32, wire_basis).await;
            let expected: i64 = meant.total(unit, year, basis).values().sum();
            assert_eq!(
                city::figure(&rollup, RECEIVED),
                expected,
                "SIMULATION_SEED={seed}, after {} steps: unit {unit} in {} on {basis}",
                steps.len(),
                YEARS[year]
            );
            let counts = meant.counts(unit, year);
            let told = rollup.completeness.unwrap();
            assert_eq!(
                [told.due, told.filed, told.late, told.pending, told.returned, told.exempt],
                [counts.due, counts.filed, counts.late, counts.pending, counts.returned, counts.exempt],
                "SIMULATION_SEED={seed}, after {} steps: who has filed below unit {unit} in {}",
                steps.len(),
                YEARS[year]
            );
        }
    }
}

async fn simulate(seed: u64, steps: usize) {
    let mut chance = Chance(seed);
    let mut city = City::bare(None).await;
    let units: Value = PARENTS.iter().enumerate().map(|(number, parent)| unit(number, *parent, 2019)).collect();
    city.apply(&units).await.unwrap();
    let mut history = Vec::new();
    for number in 0..steps {
        if number > 0 && chance.below(15) == 0 {
            city = city.restart().await;
        } else {
            history.push(step(&mut chance));
            play(&city, &history, &mut chance).await;
        }
        compare(&city, &history, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_totals_are_what_the_definitions_say() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    for (name, seed) in AGAIN {
        println!("{name}: SIMULATION_SEED={seed}");
        simulate(seed, 40).await;
    }
    let seed = setting("SIMULATION_SEED");
    let seed = seed.unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
    let steps = setting("SIMULATION_STEPS").unwrap_or(120) as usize;
    println!("SIMULATION_SEED={seed} SIMULATION_STEPS={steps}");
    simulate(seed, steps).await;
}
