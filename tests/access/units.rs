//! What is told of units, and who changes them.

use crossfoot::client::wire;
use tonic::Code;

use crate::city::{self, own, rollup_request};
use crate::world::{World, status};

fn unit(code: &str, parent: &str, from_year: i32, until_year: i32) -> wire::Unit {
    let (code, parent) = (code.to_owned(), parent.to_owned());
    wire::Unit { name: code.clone(), code, parent, kind: 8, from_year, until_year, makes_rules: false }
}

fn change(units: Vec<wire::Unit>) -> wire::ApplyUnitsRequest {
    wire::ApplyUnitsRequest { units, ..Default::default() }
}

#[tokio::test]
async fn an_office_changes_what_is_below_it_before_and_after() {
    let world = World::new().await;
    let office = world.caller("office", &["office:subtree:C-1"]).await;
    let everything = world.caller("everything", &["office:everything"]).await;
    office.apply_units(change(vec![unit("C-1-D", "C-1", 2024, 0)])).await.unwrap();
    let mut denials = std::collections::BTreeSet::new();
    for (units, why) in [
        (vec![unit("C-2", "C-1", 2019, 0)], "a unit of another"),
        (vec![unit("C-1-A", "C-2", 2019, 0)], "its own unit to another"),
        (vec![unit("C-1", "", 2019, 0)], "its own place"),
        (vec![unit("N", "C-2", 2024, 0)], "a new unit elsewhere"),
        (vec![unit("N", "nobody", 2024, 0)], "a new unit below none"),
        (vec![unit("N", "", 2024, 0)], "a new root"),
        (vec![unit("N", "C-1", 2024, 0), unit("C-2", "C", 2019, 0)], "one good, one not"),
        (vec![], "nothing"),
    ] {
        for validate_only in [true, false] {
            let request = wire::ApplyUnitsRequest { validate_only, ..change(units.clone()) };
            let refused = status(office.apply_units(request).await);
            assert_eq!(refused.code(), Code::PermissionDenied, "{why}");
            denials.insert((refused.message().to_owned(), refused.details().to_vec()));
        }
    }
    assert_eq!(denials.len(), 1, "{denials:?}");
    everything.apply_units(change(vec![unit("C-1-D", "C-2", 2024, 0)])).await.unwrap();
    let refused = status(office.apply_units(change(vec![unit("C-1-D", "C-1", 2024, 0)])).await);
    assert_eq!(refused.code(), Code::PermissionDenied, "it is another's now");
}

#[tokio::test]
async fn a_list_over_years_tells_of_each_year_what_was_in_reach_then() {
    let world = World::new().await;
    let everything = world.caller("everything", &["office:everything", "submitter:everything"]).await;
    // M was below C-2 until 2022 and is below C-1 since
    let moved = vec![unit("M", "C-2", 2019, 2022), unit("M", "C-1", 2023, 0)];
    everything.apply_units(change(moved)).await.unwrap();
    for year in [2022, 2023] {
        everything.submit(own("M", year, 1)).await.unwrap();
    }
    let years = async |grant: &str, subtree: bool| {
        let client = world.caller(grant, &[grant]).await;
        let unit = if subtree { "C-1" } else { "M" };
        let request = wire::ListReportsRequest { unit: unit.to_owned(), subtree, ..Default::default() };
        let listed = client.list(request).await.unwrap().reports;
        let series = listed.into_iter().filter_map(|row| row.series).filter(|series| series.unit == "M");
        series.map(|series| series.year).collect::<Vec<_>>()
    };
    assert_eq!(years("office:subtree:C-1", false).await, [2023]);
    assert_eq!(years("office:subtree:C-1", true).await, [2023]);
    assert_eq!(years("submitter:unit:M", false).await, [2022, 2023]);
    assert_eq!(years("office:subtree:C", false).await, [2022, 2023]);
    assert_eq!(years("auditor", false).await, [2022, 2023]);
    // and so do totals: of 2022 it is the other district's
    let office = world.caller("office", &["office:subtree:C-1"]).await;
    let rollup = |year| office.rollup(rollup_request("M", year, wire::Basis::Units));
    rollup(2023).await.unwrap();
    assert_eq!(status(rollup(2022).await).code(), Code::PermissionDenied);
    let statistics = |first_year, last_year| {
        let (units, family) = (vec!["M".to_owned()], String::new());
        office.statistics(wire::GetStatisticsRequest { units, family, first_year, last_year, ..Default::default() })
    };
    statistics(2023, 2024).await.unwrap();
    assert_eq!(status(statistics(2022, 2024).await).code(), Code::PermissionDenied);
}

#[tokio::test]
async fn who_is_granted_one_unit_sees_no_total_of_what_is_below_it_even_as_of_before() {
    let world = World::new().await;
    let district = world.caller("district", &["submitter:unit:C-1"]).await;
    district.report(crate::world::report("C-1")).await.unwrap();
    let refused = status(district.rollup(rollup_request("C-1", 2024, wire::Basis::Units)).await);
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut before = rollup_request("C-1", 2024, wire::Basis::Units);
    before.at_position = 2;
    assert_eq!(status(district.rollup(before).await).code(), Code::PermissionDenied);
    let department = world.caller("department", &["submitter:unit:C-1-A"]).await;
    let rollup = department.rollup(rollup_request("C-1-A", 2024, wire::Basis::Units)).await.unwrap();
    assert_eq!(city::figure(&rollup, city::RECEIVED), 5);
}

#[tokio::test]
async fn all_units_at_once_are_for_whom_may_see_everything_and_others_are_told_to_name_one() {
    let world = World::new().await;
    let office = world.caller("office", &["office:subtree:C"]).await;
    let told = status(office.list(wire::ListReportsRequest::default()).await);
    assert_eq!(told.code(), Code::PermissionDenied);
    assert!(told.message().starts_with("name a unit"), "{}", told.message());
    assert!(status(office.units(2024, "", 0).await).message().starts_with("name a unit"));
    let statistics = wire::GetStatisticsRequest { first_year: 2024, kinds: vec![5], ..Default::default() };
    assert!(status(office.statistics(statistics).await).message().starts_with("name a unit"));
    assert_eq!(office.units(2024, "C", 0).await.unwrap().len(), 5);
}
