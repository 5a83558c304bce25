//! The seeds in `fuzz/seeds`: where they come from, and that what must hold does
//! for them and for thousands of changes of them.
//!
//! `FUZZ_SEED` makes the same changes again, `FUZZ_CHANGES` more of them.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;

use super::decode::FORM;
use crate::api::fuzzing::explained;
use crate::client::{Any, wire};
use crate::form::DESCRIPTORS;
use crate::ledger::fuzzing::seeds::{items, seeds as page_seeds, small_form_item};

type Seeds = BTreeMap<String, Vec<u8>>;

/// A function that asserts what must hold of an input, and the seeds it begins with.
struct Target {
    name: &'static str,
    holds: fn(&[u8]),
    made: fn() -> Seeds,
}

const TARGETS: [Target; 4] = [
    Target { name: "decode", holds: super::decode, made: decode_seeds },
    Target { name: "submit", holds: super::submit, made: submit_seeds },
    Target { name: "page", holds: super::page, made: || page_seeds().into_iter().collect() },
    Target { name: "import", holds: super::import, made: import_seeds },
];

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

/// The real reports, as a submission file says them.
fn reports() -> Vec<Value> {
    let with_claims = include_str!("../../tests/data/huancui-2024.jsonl").lines();
    let text = include_str!("../../tests/data/reports.jsonl");
    with_claims.chain(text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn named((number, report): (usize, &Value)) -> String {
    let text = |field: &str| report[field].as_str().unwrap_or_default().to_lowercase();
    format!("{number:02}-{}-{}-{}", text("unit"), report["year"], text("coverage"))
}

fn decode_seeds() -> Seeds {
    let bytes = |report: &Value| FORM.from_json(&report["report"]).unwrap();
    reports().iter().enumerate().step_by(2).map(|report| (named(report), bytes(report.1))).collect()
}

/// Requests for real reports; some explain their queries, some are corrections.
fn submit_seeds() -> Seeds {
    let request = |(number, report): (usize, &Value)| {
        let coverage = if report["coverage"] == "OWN" { wire::Coverage::Own } else { wire::Coverage::Consolidated };
        let report_bytes = FORM.from_json(&report["report"]).unwrap();
        let mut request = wire::SubmitReportRequest {
            series: Some(wire::SeriesName {
                family: String::new(),
                unit: report["unit"].as_str().unwrap().to_owned(),
                year: i32::try_from(report["year"].as_i64().unwrap()).unwrap(),
                coverage: coverage.into(),
            }),
            report: Some(Any { type_url: format!("type.googleapis.com/{}", FORM.name()), value: report_bytes.into() }),
            blank_means_zero: number.is_multiple_of(2),
            nil_report: number.is_multiple_of(7),
            explanations: Vec::new(),
            expected_revision: (!number.is_multiple_of(3)).then_some(1),
            request_id: format!("seed-{number}"),
            result_view: 0,
            validate_only: number.is_multiple_of(5),
        };
        request.explanations = explained(&request);
        (named((number, report)), request.encode_to_vec())
    };
    reports().iter().enumerate().step_by(2).map(request).collect()
}

/// Lines of submissions, items of an export as lines of JSON, and items preceded by
/// their length.
fn import_seeds() -> Seeds {
    let mut seeds = Seeds::new();
    for (number, report) in reports().iter().enumerate().step_by(3) {
        let mut line = report.clone();
        // what a submission does not use makes it long, and so does a whole report
        line.as_object_mut().unwrap().retain(|key, _| number == 0 || USED.contains(&key.as_str()));
        let sections = line["report"].as_object_mut().unwrap();
        let kept = sections.keys().cycle().nth(number).unwrap().clone();
        sections.retain(|section, _| number.is_multiple_of(4) || *section == kept);
        seeds.insert(format!("line-{}", named((number, report))), line.to_string().into_bytes());
    }
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let message = pool.get_message_by_name("crossfoot.ledger.v1.Exported").unwrap();
    let json = |item: &[u8]| {
        let item = DynamicMessage::decode(message.clone(), item).unwrap();
        serde_json::to_string(&item).unwrap()
    };
    // the first is the form, of many KB
    let items = items().split_off(1);
    for (number, items) in items.chunks(3).enumerate().step_by(3) {
        let lines: Vec<String> = items.iter().map(|item| json(item)).collect();
        seeds.insert(format!("items-{number}"), lines.join("\n").into_bytes());
    }
    for (number, items) in items.chunks(4).enumerate().skip(1).step_by(4) {
        let with_length = items.iter().flat_map(|item| {
            let mut bytes = Vec::new();
            prost::encoding::encode_varint(item.len() as u64, &mut bytes);
            [&bytes[..], item].concat()
        });
        seeds.insert(format!("delimited-{number}"), with_length.collect());
    }
    seeds.insert("items-form".to_owned(), json(&small_form_item()).into_bytes());
    seeds
}

const USED: [&str; 4] = ["unit", "year", "coverage", "report"];

#[test]
fn the_seeds_are_made_of_the_real_reports() {
    for Target { name: target, made, .. } in TARGETS {
        let (folder, made) = (folder(target), made());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            made.iter().for_each(|(name, seed)| fs::write(folder.join(name), seed).unwrap());
        }
        let name = |seed: &String| seed.clone();
        assert!(made.keys().map(name).eq(kept(target).keys().map(name)), "{target}: set UPDATE_GOLDEN=1");
        let differs = made.iter().zip(kept(target)).find(|((_, made), (_, kept))| *made != kept);
        assert!(differs.is_none(), "{target}: {differs:?} differs; set UPDATE_GOLDEN=1 if it was meant to");
    }
}

/// The committed seeds of a target.
fn kept(target: &str) -> Seeds {
    let files = fs::read_dir(folder(target)).unwrap().map(Result::unwrap);
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

/// A number that the environment sets.
pub(super) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Numbers that look random and come again with the seed (splitmix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// A seed that nothing else has.
    pub(super) fn new_seed() -> u64 {
        std::hash::RandomState::new().build_hasher().finish()
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)).checked_rem(bound as u64).unwrap_or(0)).unwrap()
    }

    fn byte(&mut self) -> u8 {
        const TELLING: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
        if self.below(2) == 0 { TELLING[self.below(6)] } else { u8::try_from(self.below(256)).unwrap() }
    }

    /// Changes an input in one place, or joins it with another.
    pub(super) fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len().saturating_add(1));
        let until = at.saturating_add(self.below(9)).min(input.len());
        match self.below(7) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 => drop(input.drain(at..until)),
            3 => input.insert(at, self.byte()),
            4 => input.truncate(at),
            5 => {
                let again = input[at..until].to_vec();
                input.splice(at..at, again);
            }
            _ => {
                let from = self.below(other.len().saturating_add(1));
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}

#[test]
fn what_must_hold_of_inputs_holds_for_the_seeds_and_for_thousands_of_changes_of_them() {
    let seed = setting("FUZZ_SEED").unwrap_or_else(Chance::new_seed);
    let changes = setting("FUZZ_CHANGES").unwrap_or(1_000);
    for Target { name: target, holds, .. } in TARGETS {
        let seeds: Vec<Vec<u8>> = kept(target).into_values().collect();
        assert!(seeds.len() > 20, "{target} has {} seeds", seeds.len());
        seeds.iter().for_each(|seed| holds(seed));
        let mut chance = Chance(seed);
        for change in 0..changes {
            let mut input = seeds[chance.below(seeds.len())].clone();
            for _ in 0..=chance.below(3) {
                let other = chance.below(seeds.len());
                chance.change(&mut input, &seeds[other]);
            }
            let held = catch_unwind(|| holds(&input));
            assert!(held.is_ok(), "FUZZ_SEED={seed} FUZZ_CHANGES={changes}: {target}, change {change}: {input:02x?}");
        }
    }
}
