//! Which cell is wrong: the explanations of real and of made reports.

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
mod score;
mod server;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use city::City;
use crossfoot::client::wire;
use crossfoot::form::{
    Answer, Catalog, Figures, Form, Hints, Localisation, Located, Locator, Operation, Reader, Statements, Verdict,
};
use proptest::prelude::*;
use score::reports::{BEFORE, MATRIX, World};
use serde_json::Value;
use wire::{Coverage, Outcome};

fn reports() -> Vec<Value> {
    include_str!("data/reports.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

static WORLD: LazyLock<World> = LazyLock::new(|| World::new(&score::reports::real(&form())));

fn form() -> Arc<Form> {
    static FORM: LazyLock<Arc<Form>> =
        LazyLock::new(|| Arc::clone(Catalog::load(None).unwrap().by_name(city::FORM).unwrap()));
    Arc::clone(&FORM)
}

fn report(unit: &str, year: i64) -> Value {
    reports().into_iter().find(|report| report["unit"] == unit && report["year"] == year).unwrap()
}

fn localised(form: &Form, report: &Value) -> Option<Localisation> {
    let bytes = form.from_json(&report["report"]).unwrap();
    let mut reader = Reader::default();
    reader.read(form, &bytes).unwrap();
    let statements = Statements::default();
    let mut found = Vec::new();
    form.check_report(&mut reader, statements, &mut found);
    form.localise(&found, reader.figures(statements), Hints::default())
}

/// The explanations of a real report, block by block: verdict, then what each
/// would change, "row.column printed → proposed", and how.
fn explanations(unit: &str, year: i64) -> Vec<(Answer, Vec<(usize, String)>)> {
    let Localisation { faults, .. } = localised(&form(), &report(unit, year)).unwrap();
    let told = faults.into_iter().map(|fault| {
        let repairs = fault.repairs.into_iter().map(|repair| {
            let changes = repair.changes.iter().map(|change| {
                let names: Vec<&str> = change.path.rsplitn(3, '.').collect();
                let printed = change.printed.map_or_else(|| "blank".to_owned(), |printed| printed.to_string());
                format!("{}.{} {printed} → {} {}", names[1], names[0], change.proposed, change.operation.name())
            });
            (repair.rank, changes.collect::<Vec<_>>().join(", "))
        });
        (fault.answer, repairs.collect())
    });
    told.collect()
}

fn one(answer: Answer, repairs: &[(usize, &str)]) -> (Answer, Vec<(usize, String)>) {
    (answer, repairs.iter().map(|(rank, text)| (*rank, (*text).to_owned())).collect())
}

#[test]
fn the_total_of_the_bureau_of_agriculture_slid_one_row() {
    let slid = "received.total 0 → 7 ROW_OVER, carried_in.total 7 → 0 ROW_OVER";
    assert_eq!(explanations("350128-NYN", 2023), [one(Answer::Unique, &[(1, slid)])]);
}

#[test]
fn the_totals_of_disputes_of_hongze_were_left_at_0() {
    let told = explanations("320813", 2023);
    assert_eq!(told.len(), 3);
    // （六）is blank, and every blank can only be 0
    assert_eq!(told[0].0, Answer::Unique);
    assert_eq!(told[0].1[0].1.matches("blank → 0 LEFT_BLANK").count(), 21);
    // 10 and 1 are both less than 11
    assert_eq!(told[1], one(Answer::Unique, &[(1, "reconsideration.total 0 → 11 LEFT_AT_ZERO")]));
    let two = [
        (1, "litigation_after_reconsideration.total 0 → 5 LEFT_AT_ZERO"),
        (2, "litigation_after_reconsideration.upheld 5 → 0 DIGIT_REPLACED"),
    ];
    assert_eq!(told[2], one(Answer::Tied(2), &two));
}

#[test]
fn the_other_real_reports_have_their_explanations() {
    let carried = [
        (1, "carried_in.natural_person 0 → 1 LEFT_AT_ZERO, carried_in.total 0 → 1 LEFT_AT_ZERO"),
        (2, "received.natural_person 1 → 2 DIGIT_REPLACED, received.total 1 → 2 DIGIT_REPLACED"),
        (3, "carried_out.natural_person 1 → 0 DIGIT_REPLACED, carried_out.total 1 → 0 DIGIT_REPLACED"),
    ];
    assert_eq!(explanations("350128-GAJ", 2021), [one(Answer::Tied(3), &carried)]);
    let wrong = "total.natural_person 3 → 2 DIGIT_REPLACED, total.other_organization 0 → 1 LEFT_AT_ZERO";
    assert_eq!(explanations("350128-NYN", 2021), [one(Answer::Unique, &[(1, wrong)])]);
    let unfinished = [
        (1, "carried_out.natural_person 0 → 3 LEFT_AT_ZERO, carried_out.total 0 → 3 LEFT_AT_ZERO"),
        (2, "received.natural_person 3 → 0 DIGIT_REPLACED, received.total 3 → 0 DIGIT_REPLACED"),
    ];
    assert_eq!(explanations("350128-JJF", 2023), [one(Answer::Tied(2), &unfinished)]);
    let wrong = "total.natural_person 18 → 16 DIGIT_REPLACED, total.public_welfare_organization 0 → 2 LEFT_AT_ZERO";
    assert_eq!(explanations("350128-ZRZ", 2021), [one(Answer::Unique, &[(1, wrong)])]);
    let wrong = "partially_granted.commercial_enterprise 1 → 0 DIGIT_REPLACED, \
                 total.commercial_enterprise 1 → 0 DIGIT_REPLACED";
    assert_eq!(explanations("350128-ZRZ", 2023), [one(Answer::Unique, &[(1, wrong)])]);
    // two rows left at 0, or one filled in that should be 0
    let told = explanations("350128-JSP", 2022);
    assert_eq!(told[0].0, Answer::Tied(3));
    let received = "received.natural_person 0 → 3 LEFT_AT_ZERO, received.other_organization 0 → 2 LEFT_AT_ZERO, \
                    received.total 0 → 5 LEFT_AT_ZERO, total.natural_person 0 → 3 LEFT_AT_ZERO, \
                    total.other_organization 0 → 2 LEFT_AT_ZERO, total.total 0 → 5 LEFT_AT_ZERO";
    assert_eq!(told[0].1[0], (1, received.to_owned()));
    assert!(told[0].1[2].1.starts_with("not_held.natural_person 3 → 0"), "{told:?}");
}

#[test]
fn every_faulty_real_report_is_explained_and_no_valid_one_is_looked_at() {
    let form = form();
    let mut faulty = 0;
    for report in reports() {
        let localised = localised(&form, &report);
        let none = |list: &str| report[list].as_array().unwrap().is_empty();
        assert_eq!(localised.is_none(), none("violations") && none("undetermined"), "{}", report["unit"]);
        faulty += usize::from(!none("violations"));
        for fault in localised.into_iter().flat_map(|localisation| localisation.faults) {
            assert!(!fault.repairs.is_empty(), "{} {}", report["unit"], report["year"]);
        }
    }
    assert_eq!(faulty, 8);
}

#[test]
fn the_ten_cells_of_section_two_are_in_no_identity() {
    let form = form();
    let paths: Vec<&str> = form.uncovered().iter().map(|cell| form.cells().get(*cell).unwrap().path.as_str()).collect();
    assert_eq!(paths.len(), 10);
    assert!(paths.iter().all(|path| path.starts_with("proactive.")), "{paths:?}");
}

#[test]
fn an_explanation_is_told_in_the_words_of_the_form() {
    let form = form();
    let mut report = report("371002", 2024);
    report["report"]["applications"]["outcomes"]["total"]["total"] = "156".into();
    let localisation = localised(&form, &report).unwrap();
    let [fault] = localisation.faults.as_slice() else { panic!("{localisation:?}") };
    assert_eq!((fault.answer, fault.message_en.as_str()), (Answer::Unique, "one explanation"));
    let [repair] = fault.repairs.as_slice() else { panic!("{fault:?}") };
    assert_eq!(repair.message_zh, "「三、（七） · 总计」156 → 154（写错一位数字）；可使 3 条勾稽关系成立");
    assert_eq!(
        repair.message_en,
        "outcomes of the year · total of outcomes · total 156 → 154 (a digit replaced); mends 3 identities"
    );
    assert_eq!((repair.acts, repair.edit_distance, repair.mends.len()), (1, 1, 3));
}

fn figures<'a>(form: &'a Form, values: &'a [i64]) -> Figures<'a> {
    Figures { values, present: form.cells().required(), absent_is_zero: false }
}

fn located(form: &Form, values: &[i64]) -> Vec<Located> {
    form.locate(figures(form, values), Hints::default(), &mut Locator::default())
}

fn real(form: &Form, unit: &str, year: i64) -> Vec<i64> {
    let mut reader = Reader::default();
    reader.read(form, &form.from_json(&report(unit, year)["report"]).unwrap()).unwrap();
    reader.figures(Statements::default()).values.to_vec()
}

/// Whether all identities hold.
fn holds(form: &Form, values: &[i64]) -> bool {
    located(form, values).is_empty()
}

#[test]
fn every_single_wrong_cell_of_the_matrix_is_found_with_its_exact_value() {
    let form = form();
    for (unit, year) in [("371002", 2024), ("321300", 2023), ("350128-SPP", 2022)] {
        let right = real(&form, unit, year);
        assert!(holds(&form, &right), "{unit}");
        for cell in BEFORE..BEFORE + MATRIX {
            for wrong in [0, 1, right[cell] + 1, right[cell] - 1, right[cell] * 10, right[cell] + 1_000_003] {
                let mut values = right.clone();
                values[cell] = wrong;
                let found = located(&form, &values);
                if wrong == right[cell] {
                    assert!(found.is_empty());
                    continue;
                }
                let [only] = found.as_slice() else { panic!("{unit} {cell} {wrong}: {found:?}") };
                assert_eq!(only.answer, Answer::Unique, "{unit} {cell} {wrong}");
                let [change] = only.repairs[0].changes.as_slice() else { panic!("{unit} {cell} {wrong}: {only:?}") };
                assert_eq!((change.cell, change.printed, change.proposed), (cell, Some(wrong), right[cell]));
            }
        }
    }
}

#[test]
fn a_wrong_cell_of_a_dispute_block_is_always_a_tie() {
    let form = form();
    let mut values = vec![0; form.cells().len()];
    let first = form.cells().find("disputes.reconsideration.upheld").unwrap();
    values[first..first + 5].copy_from_slice(&[30, 20, 10, 5, 68]);
    let [only] = &located(&form, &values)[..] else { panic!() };
    assert_eq!(only.answer, Answer::Tied(5));
    let told: Vec<(usize, i64, Operation)> = only
        .repairs
        .iter()
        .map(|repair| &repair.changes[0])
        .map(|c| (c.cell - first, c.proposed, c.operation))
        .collect();
    assert_eq!(told.len(), 5);
    let all: BTreeSet<(usize, i64)> = told.iter().map(|(cell, proposed, _)| (*cell, *proposed)).collect();
    assert_eq!(all, BTreeSet::from([(0, 33), (1, 23), (2, 13), (3, 8), (4, 65)]));
    assert_eq!(only.repairs[0].rank, 1);
}

#[test]
fn a_total_column_left_at_0_is_one_mistake_though_it_is_more_than_three_cells() {
    let form = form();
    let right = real(&form, "371002", 2024);
    let mut values = right.clone();
    (0..25).for_each(|row| values[BEFORE + row * 7 + 6] = 0);
    let [only] = &located(&form, &values)[..] else { panic!() };
    assert_eq!((only.answer, only.repairs[0].acts), (Answer::Unique, 1));
    assert!(only.repairs[0].changes.iter().all(|change| change.operation == Operation::LeftAtZero));
    assert_eq!(applied(&values, only, 0), right);
}

#[test]
fn a_blank_total_column_is_proposed_from_its_parts() {
    let form = form();
    let mut report = report("371002", 2024);
    fn blank(value: &mut Value) {
        if let Some(fields) = value.as_object_mut() {
            if fields.contains_key("naturalPerson") {
                fields.remove("total");
            }
            fields.values_mut().for_each(blank);
        }
    }
    blank(&mut report["report"]["applications"]);
    let localisation = localised(&form, &report).unwrap();
    let [fault] = localisation.faults.as_slice() else { panic!("{localisation:?}") };
    let [repair] = fault.repairs.as_slice() else { panic!("{fault:?}") };
    assert_eq!((fault.answer, repair.changes.len(), repair.mends.len()), (Answer::Unique, 25, 27));
    assert!(repair.changes.iter().all(|change| change.printed.is_none() && change.path.ends_with(".total")));
}

#[test]
fn a_row_that_slid_by_one_column_is_one_mistake() {
    let form = form();
    let right = real(&form, "321300", 2023);
    let first = form.cells().find("applications.outcomes.granted.natural_person").unwrap();
    // 1175, 12, 0, 3, 1, 0: all one column to the right
    let mut values = right.clone();
    values[first] = 0;
    values[first + 1..first + 6].copy_from_slice(&right[first..first + 5]);
    let [only] = &located(&form, &values)[..] else { panic!() };
    assert_eq!(applied(&values, only, 0), right);
    assert_eq!(only.repairs[0].acts, 1);
    assert!(only.repairs[0].changes.iter().all(|change| change.operation == Operation::Slid));
}

#[test]
fn neighbours_that_were_swapped_are_told_as_that() {
    let form = form();
    let right = real(&form, "371002", 2024);
    let first = form.cells().find("applications.received.natural_person").unwrap();
    let mut values = right.clone();
    values.swap(first, first + 1);
    let [only] = &located(&form, &values)[..] else { panic!() };
    assert_eq!(applied(&values, only, 0), right);
    let how: Vec<Operation> = only.repairs[0].changes.iter().map(|change| change.operation).collect();
    let over = if values[first] == 0 { Operation::ColumnOver } else { Operation::Swapped };
    assert_eq!((only.repairs[0].acts, how), (1, vec![over; 2]));
}

#[test]
fn four_unlike_errors_are_beyond_and_nothing_is_made_up() {
    let form = form();
    let mut values = real(&form, "371002", 2024);
    let cell = |path: &str| form.cells().find(path).unwrap();
    values[cell("applications.received.natural_person")] += 1_000;
    values[cell("applications.outcomes.granted.commercial_enterprise")] += 2_003;
    values[cell("applications.outcomes.unable.not_held.other_organization")] += 40_009;
    values[cell("applications.carried_out.legal_service_institution")] += 700_001;
    let [only] = &located(&form, &values)[..] else { panic!() };
    assert_eq!((only.answer, only.repairs.len()), (Answer::Beyond(3), 0));
}

#[test]
fn the_year_before_decides_between_explanations_as_likely() {
    let form = form();
    let now = real(&form, "350128-JJF", 2023);
    let mut prior = vec![0; form.cells().len()];
    prior[form.cells().find("applications.carried_out.natural_person").unwrap()] = 0;
    let faulty = real(&form, "350128-GAJ", 2021);
    let first = |prior: &[i64]| {
        let hints = Hints { prior: Some(figures(&form, prior)), peers: None };
        let found = form.locate(figures(&form, &faulty), hints, &mut Locator::default());
        form.cells().get(found[0].repairs[0].changes[0].cell).unwrap().path.clone()
    };
    // nothing was carried out the year before: something was received, or nothing carried out now
    assert_eq!(first(&prior), "applications.received.natural_person");
    for column in ["natural_person", "total"] {
        prior[form.cells().find(&format!("applications.carried_out.{column}")).unwrap()] = 1;
    }
    assert_eq!(first(&prior), "applications.carried_in.natural_person");
    assert!(!holds(&form, &now));
}

fn applied(values: &[i64], located: &Located, repair: usize) -> Vec<i64> {
    let mut values = values.to_vec();
    located.repairs[repair].changes.iter().for_each(|change| values[change.cell] = change.proposed);
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_explanation_makes_its_identities_hold(
        errors in proptest::collection::vec((0..MATRIX + 15, 0_i64..50), 1..5),
        seed in 0_u64..1_000,
    ) {
        let form = form();
        let mut values = vec![0; form.cells().len()];
        values[BEFORE..BEFORE + MATRIX + 15].copy_from_slice(&WORLD.draw(&mut score::reports::Random(seed)));
        errors.iter().for_each(|(cell, value)| values[BEFORE + cell] = *value);
        let found = located(&form, &values);
        for (index, fault) in found.iter().enumerate() {
            for (number, repair) in fault.repairs.iter().enumerate() {
                prop_assert!(repair.changes.iter().all(|change| change.proposed >= 0
                    && Some(change.proposed) != change.printed));
                let mended = located(&form, &applied(&values, fault, number));
                prop_assert!(mended.len() < found.len());
                prop_assert!(mended.iter().all(|left| left.identities.iter().all(|id| !fault.identities.contains(id))));
                prop_assert!(fault.identities.iter().all(|id| repair.mends.contains(id)), "{index}");
            }
        }
        // a locator that was used before, and hints that say nothing, change nothing
        let mut locator = Locator::default();
        let _ = form.locate(figures(&form, &real(&form, "350128-ZRZ", 2023)), Hints::default(), &mut locator);
        prop_assert_eq!(&form.locate(figures(&form, &values), Hints::default(), &mut locator), &found);
    }

    #[test]
    fn the_order_of_columns_does_not_matter_to_what_is_possible(
        errors in proptest::collection::vec((0..MATRIX, 1_i64..20), 1..4),
        order in Just(vec![0_usize, 1, 2, 3, 4, 5]).prop_shuffle(),
    ) {
        let form = form();
        let mut values = real(&form, "371002", 2024);
        errors.iter().for_each(|(cell, more)| values[BEFORE + cell] += more);
        let moved = |cell: usize| {
            let (row, column) = ((cell - BEFORE) / 7, (cell - BEFORE) % 7);
            BEFORE + row * 7 + order.get(column).copied().unwrap_or(column)
        };
        let mut permuted = values.clone();
        (BEFORE..BEFORE + MATRIX).for_each(|cell| permuted[moved(cell)] = values[cell]);
        // acts are about neighbours: only what is a set of single changes is compared
        let sets = |values: &[i64], moved: &dyn Fn(usize) -> usize| -> BTreeSet<Vec<(usize, i64)>> {
            let repairs = located(&form, values).into_iter().flat_map(|fault| fault.repairs);
            let few = repairs.filter(|repair| repair.changes.len() <= 3);
            few.map(|repair| {
                let mut set: Vec<_> = repair.changes.iter().map(|c| (moved(c.cell), c.proposed)).collect();
                set.sort_unstable();
                set
            }).collect()
        };
        prop_assert_eq!(sets(&values, &moved), sets(&permuted, &|cell| cell));
    }
}

const GRID: &str = r#"
syntax = "proto3";
package demo.grid.v1;
import "crossfoot/form/v1/options.proto";
message Grid {
  option (crossfoot.form.v1.form) = { family: "demo.grid" first_year: 2020 title_zh: "表" title_en: "grid" };
  option (crossfoot.form.v1.check) = {
    id: "column" severity: SEVERITY_ERROR instance: INSTANCE_COLUMN
    equation: { left: { path: "first" } left: { path: "second" } right: { path: "whole" } }
  };
  Line first = 1;
  Line second = 2;
  Line whole = 3;
}
message Line {
  option (crossfoot.form.v1.check) = {
    id: "row" severity: SEVERITY_ERROR instance: INSTANCE_PATH
    equation: { left: { path: "a" } left: { path: "b" } right: { path: "whole" } }
  };
  optional int64 a = 1 [(crossfoot.form.v1.figure) = { unit: "item", max: 6, measure: MEASURE_FLOW, required: true }];
  optional int64 b = 2 [(crossfoot.form.v1.figure) = { unit: "item", max: 6, measure: MEASURE_FLOW, required: true }];
  optional int64 whole = 3 [(crossfoot.form.v1.figure) = { unit: "item", max: 6, measure: MEASURE_FLOW, required: true }];
}
"#;

fn grid() -> Arc<Form> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("grid.proto"), GRID).unwrap();
    Arc::clone(Catalog::load(Some(folder.path())).unwrap().by_name("demo.grid.v1.Grid").unwrap())
}

/// Every change of so many cells that makes all identities hold, tried out.
fn tried_out(form: &Form, values: &[i64], size: usize) -> BTreeSet<Vec<(usize, i64)>> {
    let mut found = BTreeSet::new();
    let mut sets: Vec<Vec<(usize, i64)>> = vec![Vec::new()];
    for _ in 0..size {
        let longer = sets.iter().flat_map(|set| {
            let next = set.last().map_or(0, |(cell, _)| cell + 1);
            (next..values.len()).flat_map(move |cell| {
                (0..=6).filter(move |value| *value != values[cell]).map(move |value| {
                    let mut set = set.clone();
                    set.push((cell, value));
                    set
                })
            })
        });
        sets = longer.collect();
    }
    for set in sets {
        let mut values = values.to_vec();
        set.iter().for_each(|(cell, value)| values[*cell] = *value);
        let sum = |cells: [usize; 3]| values[cells[0]] + values[cells[1]] - values[cells[2]];
        let rows = (0..3).all(|row| sum([row * 3, row * 3 + 1, row * 3 + 2]) == 0);
        let columns = (0..3).all(|column| sum([column, column + 3, column + 6]) == 0);
        if rows && columns {
            found.insert(set);
        }
    }
    assert!(form.cells().len() == 9);
    found
}

#[test]
fn the_list_is_what_trying_everything_out_finds() {
    let form = grid();
    let mut random = score::reports::Random(7);
    let mut sizes = [0; 4];
    for _ in 0..200 {
        let mut values = vec![0; 9];
        (0..2).for_each(|row| (0..2).for_each(|column| values[row * 3 + column] = random.below(4) as i64));
        (0..2).for_each(|row| values[row * 3 + 2] = values[row * 3] + values[row * 3 + 1]);
        (0..3).for_each(|column| values[6 + column] = values[column] + values[3 + column]);
        for _ in 0..=random.below(2) {
            values[random.below(9)] = random.below(7) as i64;
        }
        if values.iter().any(|value| *value > 6) {
            continue;
        }
        let found = located(&form, &values);
        let smallest = (1..=2).map(|size| (size, tried_out(&form, &values, size))).find(|(_, sets)| !sets.is_empty());
        let Some((size, expected)) = smallest else { continue };
        if tried_out(&form, &values, 0).len() == 1 {
            assert!(found.is_empty());
            continue;
        }
        sizes[size] += 1;
        let [only] = found.as_slice() else { panic!("{values:?}: {found:?}") };
        let sets = only.repairs.iter().filter(|repair| repair.changes.len() == size);
        let sets: BTreeSet<Vec<(usize, i64)>> =
            sets.map(|repair| repair.changes.iter().map(|change| (change.cell, change.proposed)).collect()).collect();
        assert_eq!(sets, expected, "{values:?}");
        assert!(only.repairs.iter().all(|repair| repair.changes.len() == size || repair.acts <= size));
    }
    assert!(sizes[1] > 20 && sizes[2] > 20, "{sizes:?}");
}

#[test]
fn a_sample_of_the_score_table_is_as_good_as_it_should_be() {
    use score::errors::Kind;
    let bench = score::ours::Bench::new();
    let row = |kind: Kind, cases: usize| bench.score(kind, cases, 5);
    let one = row(Kind::Typos(1), 60);
    assert!((one.ours - 1.0).abs() < 1e-9 && (one.fellegi_holt - 1.0).abs() < 1e-9);
    let two = row(Kind::Typos(2), 60);
    assert!(two.ours >= two.non_negative && two.ours >= 0.97, "{}", two.ours);
    let disputes = row(Kind::TypoInDisputes, 100);
    assert!((disputes.fellegi_holt - 0.2).abs() < 1e-9, "{}", disputes.fellegi_holt);
    assert!(disputes.ours > disputes.non_negative + 0.1, "{} {}", disputes.ours, disputes.non_negative);
    let column = row(Kind::ColumnOver, 60);
    assert!(column.ours >= column.with_moves && column.ours > column.non_negative, "{}", column.ours);
    let rows = row(Kind::RowOver, 100);
    assert!(rows.ours > rows.with_moves && rows.ours_with_peers > rows.ours, "{} {}", rows.ours, rows.ours_with_peers);
    for scores in [&one, &two, &disputes, &column, &rows] {
        // a bound computed from the cases themselves, up to the luck of the draw
        assert!(scores.ours <= scores.bound + 0.1, "{} {}", scores.ours, scores.bound);
    }
}

#[tokio::test]
async fn the_service_tells_which_cell_is_wrong_in_dry_runs_in_refusals_and_of_kept_attempts() {
    let city = City::new().await;
    let slid = report("350128-NYN", 2023);
    let mut request = city::request_json(&form(), "C-2", 2023, Coverage::Own, &slid["report"]);
    request.validate_only = true;
    let told = |localisation: Option<&wire::Localisation>| {
        let localisation = localisation.unwrap();
        assert_eq!(localisation.uncovered_cells.len(), 10);
        let [fault] = localisation.faults.as_slice() else { panic!("{localisation:?}") };
        assert_eq!((fault.verdict(), fault.count), (wire::LocalisationVerdict::Unique, 1));
        assert_eq!((fault.identities.len(), fault.repairs.len()), (2, 1));
        let repair = &fault.repairs[0];
        assert_eq!(repair.message_zh, "「一 · 总计」0 → 7，「二 · 总计」7 → 0（错填一行）；可使 2 条勾稽关系成立");
        assert_eq!((repair.rank, repair.mistakes, repair.mends.len()), (1, 1, 2));
        let change = &repair.changes[0];
        assert_eq!(
            (change.path.as_str(), change.printed, change.proposed),
            ("applications.received.total", Some(0), 7)
        );
        assert_eq!(change.mistake(), wire::Mistake::RowOver);
    };
    let dry = city.submit(request.clone()).await;
    assert_eq!(dry.outcome(), Outcome::Refused);
    told(dry.localisation.as_ref());
    request.validate_only = false;
    told(city.submit(request.clone()).await.localisation.as_ref());
    let asked = wire::GetReportRequest { series: request.series.clone(), revision: 0, at_position: 0 };
    let kept = city.client.report(asked).await.unwrap().last_refused.unwrap();
    told(kept.localisation.as_ref());
    // one that is right has nothing to tell
    let right = city.submit(city::own("C-2", 2023, 5)).await;
    assert_eq!((right.outcome(), right.localisation), (Outcome::Accepted, None));
}

#[tokio::test]
async fn the_service_ranks_by_where_the_figures_of_the_units_around_stand() {
    const ROWS: [&str; 2] = ["state_secret", "prohibited_by_law"];
    let path = |row: &str, column: &str| format!("applications.outcomes.withheld.{row}.{column}");
    let report = |cells: [String; 2], count: i64| {
        let mut report = city::json_report(&form(), &city::balanced(count));
        for column in ["natural_person", "total"] {
            city::put(&mut report, &format!("applications.outcomes.granted.{column}"), 0.into());
        }
        cells.iter().for_each(|cell| city::put(&mut report, cell, count.into()));
        report
    };
    // the part says one row, the total the other: which one slid?
    let torn = report([path(ROWS[0], "natural_person"), path(ROWS[1], "total")], 4);
    for (usual, slid) in [(ROWS[1], "natural_person"), (ROWS[0], "total")] {
        let city = City::new().await;
        let request = |unit: &str, report: &Value| city::request_json(&form(), unit, 2024, Coverage::Own, report);
        let alone = city.submit(request("C-2", &torn)).await.localisation.unwrap();
        assert_eq!(alone.faults[0].repairs.iter().map(|repair| repair.rank).collect::<Vec<_>>(), [1, 1]);
        let peer = report([path(usual, "natural_person"), path(usual, "total")], 30);
        assert_eq!(city.submit(request("C-1-A", &peer)).await.outcome(), Outcome::Accepted);
        let told = city.submit(request("C-2", &torn)).await.localisation.unwrap();
        let repairs = &told.faults[0].repairs;
        assert_eq!((told.faults[0].count, repairs[0].rank, repairs[1].rank), (2, 1, 2));
        assert!(repairs[0].changes.iter().all(|change| change.path.ends_with(slid)), "{repairs:?}");
    }
}

#[test]
fn check_prints_which_cell_is_wrong_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    std::fs::write(&file, report("350128-NYN", 2023)["report"].to_string()).unwrap();
    let check = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_crossfoot"));
        let output = command.arg("check").arg(&file).args(["--year", "2023"]).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = check(&[]);
    assert!(text.contains("UNIQUE — 2 identities 条勾稽关系: one explanation 只有一种解释"), "{text}");
    assert!(text.contains("1. 「一 · 总计」0 → 7，「二 · 总计」7 → 0（错填一行）；可使 2 条勾稽关系成立"), "{text}");
    let value: Value = serde_json::from_str(&check(&["--json"])).unwrap();
    let change = value.pointer("/localisation/faults/0/repairs/0/changes/0").unwrap();
    assert_eq!(
        (&change["printed"], &change["proposed"], &change["mistake"]),
        (&"0".into(), &"7".into(), &"ROW_OVER".into())
    );
    assert_eq!(value["verdict"], Verdict::Fail.name());
}

#[test]
fn submit_and_show_tell_which_cell_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let server = server::Server::start(&folder.path().join("ledger"));
    let units = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/units.json");
    assert_eq!(server.run(&["units", "apply", units]).status.code(), Some(0));
    let file = folder.path().join("lines.jsonl");
    std::fs::write(&file, report("350128-NYN", 2023).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let words = "「一 · 总计」0 → 7，「二 · 总计」7 → 0（错填一行）；可使 2 条勾稽关系成立";
    let dry = server::text(&server.run(&["submit", file, "--validate-only"]));
    assert!(dry.contains(words) && dry.contains("0 accepted, 0 unchanged, 1 refused (dry run"), "{dry}");
    let told = server::lines(&server.run(&["submit", file, "--json"]));
    assert_eq!(told[0].pointer("/localisation/faults/0/verdict"), Some(&"UNIQUE".into()));
    let show = ["reports", "show", "350128-NYN", "--year", "2023"];
    let shown = server::text(&server.run(&show));
    assert!(shown.contains(words), "{shown}");
    let shown = server::json(&server.run(&[&show[..], &["--json"]].concat()));
    let message = shown.pointer("/last_refused/localisation/faults/0/repairs/0/message_zh");
    assert_eq!(message, Some(&words.into()), "{shown}");
}
