//! Which cells may be wrong, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::{self, wire};
use crate::form::{Answer, Fault, Localisation, NamedChange, NamedRepair};

/// What a service answered, for programs; null where nothing failed.
pub(super) fn wire_json(localisation: Option<&wire::Localisation>) -> Value {
    localisation.map_or(Value::Null, |wire| localisation_json(&client::localisation(wire.clone())))
}

/// For programs; figures are strings, as in proto3 JSON.
pub(super) fn localisation_json(localisation: &Localisation) -> Value {
    let Localisation { faults, uncovered } = localisation;
    json!({ "faults": faults.iter().map(fault_json).collect::<Vec<_>>(), "uncovered_cells": uncovered })
}

fn fault_json(fault: &Fault) -> Value {
    let Fault { answer, identities, repairs, message_zh, message_en } = fault;
    let (count, tried) = match answer {
        Answer::Unique => (1, 0),
        Answer::Tied(many) => (*many, 0),
        Answer::Beyond(tried) => (0, *tried),
        Answer::NotLocatable => (0, 0),
    };
    json!({
        "verdict": answer.name(),
        "count": count,
        "cells_tried": tried,
        "identities": names_json(identities),
        "repairs": repairs.iter().map(repair_json).collect::<Vec<_>>(),
        "message_zh": message_zh,
        "message_en": message_en,
    })
}

fn repair_json(repair: &NamedRepair) -> Value {
    let NamedRepair { rank, acts, edit_distance, changes, mends, message_zh, message_en } = repair;
    let change = |change: &NamedChange| {
        let NamedChange { path, label_zh, label_en, printed, proposed, operation } = change;
        json!({
            "path": path,
            "label_zh": label_zh,
            "label_en": label_en,
            "printed": printed.map(|printed| printed.to_string()),
            "proposed": proposed.to_string(),
            "mistake": operation.name(),
        })
    };
    json!({
        "rank": rank,
        "mistakes": acts,
        "edit_distance": edit_distance,
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
        "mends": names_json(mends),
        "message_zh": message_zh,
        "message_en": message_en,
    })
}

fn names_json(names: &[(String, String)]) -> Vec<Value> {
    names.iter().map(|(rule, instance)| json!({ "rule": rule, "instance": instance })).collect()
}

/// For people: every block with its likeliest explanations.
pub(super) fn localisation_text(localisation: &Localisation) -> String {
    const SHOWN: usize = 5;
    let mut text = String::new();
    for fault in &localisation.faults {
        let Fault { answer, identities, repairs, message_zh, message_en } = fault;
        let one = if identities.len() == 1 { "identity" } else { "identities" };
        let of = format!("{} {one} 条勾稽关系", identities.len());
        let _ = writeln!(text, "  → {} — {of}: {message_en} {message_zh}", answer.name());
        for repair in repairs.iter().take(SHOWN) {
            let NamedRepair { rank, message_zh, message_en, .. } = repair;
            let _ = writeln!(text, "      {rank}. {message_zh}\n         {message_en}");
        }
        let more = repairs.len().saturating_sub(SHOWN);
        if more > 0 {
            let _ = writeln!(text, "      {more} more 另有 {more} 种");
        }
    }
    text
}
