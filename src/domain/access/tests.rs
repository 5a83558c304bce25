//! The policy on a small tree that changes over the years.

use std::sync::Arc;

use super::*;
use crate::domain::event::{UnitEntry, UnitKind};
use crate::words::Position;

fn code(text: &str) -> UnitCode {
    UnitCode::new(text).unwrap()
}

fn year(number: i64) -> Year {
    Year::new(number).unwrap()
}

fn entry(unit: &str, parent: Option<&str>, from: i64, until: Option<i64>) -> UnitEntry {
    UnitEntry {
        code: code(unit),
        from_year: year(from),
        until_year: until.map(year),
        parent: parent.map(code),
        kind: UnitKind::District,
        name: Arc::from(unit),
        makes_rules: false,
    }
}

/// A city with two districts. A-1 was below B until 2021.
fn units() -> Units {
    let entries = [
        entry("C", None, 2019, None),
        entry("A", Some("C"), 2019, None),
        entry("B", Some("C"), 2019, None),
        entry("A-1", Some("B"), 2019, Some(2021)),
        entry("A-1", Some("A"), 2022, None),
        entry("A-2", Some("A"), 2022, None),
    ];
    Units::default().with(&entries, Position(1))
}

fn grants(texts: &[&str]) -> Vec<Grant> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn may(grant: &str, permission: Permission, unit: &str, in_year: Option<i64>) -> bool {
    let unit = code(unit);
    decide(&grants(&[grant]), permission, Subject::Unit(&unit, in_year.map(year)), &units()).is_ok()
}

#[test]
fn the_tree_of_the_year_decides_who_is_below_and_else_the_units_as_told_now() {
    for (district, in_year, allowed) in [
        ("A", Some(2020), false),
        ("B", Some(2020), true),
        ("A", Some(2022), true),
        ("B", Some(2022), false),
        ("A", None, true),
        ("B", None, false),
        ("C", Some(2020), true),
        ("A", Some(2018), false),
    ] {
        let grant = format!("office:subtree:{district}");
        assert_eq!(may(&grant, Permission::ReadReports, "A-1", in_year), allowed, "{grant} {in_year:?}");
    }
}

#[test]
fn a_unit_that_does_not_exist_is_denied_like_one_out_of_reach() {
    let (unknown, beside) = (code("nobody"), code("B"));
    let office = grants(&["office:subtree:A"]);
    let decided = |unit| decide(&office, Permission::ReadRollups, Subject::Below(unit, None), &units());
    assert_eq!(decided(&unknown), Err(Denial::Denied));
    assert_eq!(decided(&beside), decided(&unknown));
    assert!(may("auditor", Permission::ReadRollups, "nobody", Some(2024)));
}

#[test]
fn who_is_granted_one_unit_does_not_see_what_is_below_it() {
    let (district, department) = (code("A"), code("A-1"));
    let below = |grant: &str, unit, in_year| {
        decide(&grants(&[grant]), Permission::ReadRollups, Subject::Below(unit, in_year), &units()).is_ok()
    };
    assert!(!below("submitter:unit:A", &district, Some(year(2022))));
    assert!(below("submitter:unit:A", &district, Some(year(2020))), "nothing was below it then");
    assert!(!below("submitter:unit:A", &district, None));
    assert!(below("submitter:subtree:A", &district, Some(year(2022))));
    assert!(below("submitter:unit:A-1", &department, Some(year(2022))));
    assert!(may("submitter:unit:A", Permission::SubmitReports, "A", Some(2022)));
    assert!(!may("submitter:unit:A", Permission::SubmitReports, "A-1", Some(2022)));
}

#[test]
fn nobody_reviews_his_own_report() {
    assert!(may("reviewer:subtree:A", Permission::ReviewReports, "A-1", Some(2022)));
    assert!(!may("reviewer:subtree:A", Permission::ReviewReports, "A", Some(2022)));
    assert!(may("reviewer:subtree:C", Permission::ReviewReports, "A", Some(2022)));
    assert!(may("reviewer:subtree:A", Permission::ReadReports, "A", Some(2022)));
}

#[test]
fn all_units_are_only_for_whom_may_see_everything_and_others_are_told_to_name_one() {
    let all = |texts: &[&str]| decide(&grants(texts), Permission::ReadReports, Subject::AllUnits, &units());
    assert_eq!(all(&["auditor"]), Ok(()));
    assert_eq!(all(&["office:everything"]), Ok(()));
    assert_eq!(all(&["office:subtree:C"]), Err(Denial::NameAUnit));
    assert_eq!(all(&["operator"]), Err(Denial::Denied));
    assert_eq!(all(&["operator", "submitter:unit:A-1"]), Err(Denial::NameAUnit));
    assert_eq!(all(&[]), Err(Denial::Denied));
}

#[test]
fn over_years_a_unit_must_be_in_reach_whenever_it_exists() {
    let (moved, unit) = (code("A-1"), code("A-2"));
    let over = |grant: &str, unit, years: &[i64]| {
        let years: Vec<Year> = years.iter().map(|number| year(*number)).collect();
        decide_over(&grants(&[grant]), Permission::ReadRollups, unit, &years, &units()).is_ok()
    };
    assert!(over("office:subtree:A", &unit, &[2020, 2021, 2022, 2023]));
    assert!(!over("office:subtree:A", &unit, &[2020, 2021]), "it did not exist");
    assert!(over("auditor", &unit, &[2020, 2021]));
    assert!(!over("office:subtree:A", &moved, &[2021, 2022]));
    assert!(over("office:subtree:C", &moved, &[2021, 2022]));
}

#[test]
fn an_office_changes_units_within_its_reach_before_and_after() {
    let changed = |grant: &str, entries: &[UnitEntry]| {
        let before = units();
        let named: Vec<UnitCode> = entries.iter().map(|entry| entry.code.clone()).collect();
        let after = before.with(entries, Position(2));
        decide_change(&grants(&[grant]), &named, &before, &after).is_ok()
    };
    let founded = [entry("A-3", Some("A"), 2024, None)];
    let taken = [entry("B", Some("A"), 2024, None)];
    let given = [entry("A-2", Some("B"), 2022, None)];
    let renamed = [entry("A", Some("C"), 2018, None)];
    let moved = [entry("A", None, 2019, None)];
    let foreign = [entry("B-1", Some("B"), 2024, None)];
    let stranger = [entry("A-4", Some("nobody"), 2024, None)];
    let same_place = [entry("A", Some("C"), 2019, None)];
    for (entries, allowed, why) in [
        (&founded[..], true, "a new unit below its own"),
        (&taken, false, "a unit of another"),
        (&given, false, "its unit to another"),
        (&renamed, false, "its own unit in another year"),
        (&same_place, true, "its own unit, in its place"),
        (&moved, false, "its own unit elsewhere"),
        (&foreign, false, "a new unit below another"),
        (&stranger, false, "a new unit below none"),
        (&[], false, "nothing named"),
    ] {
        assert_eq!(changed("office:subtree:A", entries), allowed, "{why}");
        assert!(changed("office:everything", entries), "{why}");
        assert!(!changed("submitter:everything", entries), "{why}");
    }
    assert!(changed("office:subtree:C", &given) && changed("office:subtree:C", &taken));
    // A-1 was below B in 2020: its history is not A's alone
    assert!(!changed("office:subtree:A", &[entry("A-1", Some("A"), 2022, None)]));
}

#[test]
fn grants_are_read_as_they_are_written() {
    for text in
        ["submitter:unit:A-1", "submitter:everything", "reviewer:subtree:A", "office:subtree:A", "auditor:everything"]
    {
        assert_eq!(text.parse::<Grant>().unwrap().to_string(), text);
    }
    assert_eq!("operator".parse::<Grant>().unwrap().to_string(), "operator:everything");
    for text in [
        "",
        "king",
        "office",
        "office:",
        "office:unit:A",
        "operator:subtree:A",
        "submitter:unit:../A",
        "submitter:unit:",
        "submitter:all",
    ] {
        assert!(text.parse::<Grant>().is_err(), "{text}");
    }
}
