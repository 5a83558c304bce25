//! Which cells may be wrong, to the wire and back.

use crate::form::{Answer, Fault, Localisation, NamedChange, NamedRepair, Operation};
use crate::pb::crossfoot::v1 as pb;

pub(in crate::api) fn localisation_to_pb(localisation: Localisation) -> pb::Localisation {
    let Localisation { faults, uncovered } = localisation;
    pb::Localisation { faults: faults.into_iter().map(fault_to_pb).collect(), uncovered_cells: uncovered }
}

fn fault_to_pb(fault: Fault) -> pb::Fault {
    let Fault { answer, identities, repairs, message_zh, message_en } = fault;
    let (verdict, count, tried) = match answer {
        Answer::Unique => (pb::LocalisationVerdict::Unique, 1, 0),
        Answer::Tied(many) => (pb::LocalisationVerdict::Tied, many, 0),
        Answer::Beyond(tried) => (pb::LocalisationVerdict::Beyond, 0, tried),
        Answer::NotLocatable => (pb::LocalisationVerdict::NotLocatable, 0, 0),
    };
    pb::Fault {
        verdict: verdict.into(),
        count: small(count),
        cells_tried: small(tried),
        identities: identities.into_iter().map(name_to_pb).collect(),
        repairs: repairs.into_iter().map(repair_to_pb).collect(),
        message_zh,
        message_en,
    }
}

fn repair_to_pb(repair: NamedRepair) -> pb::Repair {
    let NamedRepair { rank, acts, edit_distance, changes, mends, message_zh, message_en } = repair;
    pb::Repair {
        rank: small(rank),
        mistakes: small(acts),
        edit_distance: small(edit_distance),
        changes: changes.into_iter().map(change_to_pb).collect(),
        mends: mends.into_iter().map(name_to_pb).collect(),
        message_zh,
        message_en,
    }
}

fn change_to_pb(change: NamedChange) -> pb::ProposedChange {
    let NamedChange { path, label_zh, label_en, printed, proposed, operation } = change;
    let mistake = match operation {
        Operation::DigitsInterchanged => pb::Mistake::DigitsInterchanged,
        Operation::DigitAdded => pb::Mistake::DigitAdded,
        Operation::DigitOmitted => pb::Mistake::DigitOmitted,
        Operation::DigitReplaced => pb::Mistake::DigitReplaced,
        Operation::Rewritten => pb::Mistake::Rewritten,
        Operation::ColumnOver => pb::Mistake::ColumnOver,
        Operation::RowOver => pb::Mistake::RowOver,
        Operation::Swapped => pb::Mistake::Swapped,
        Operation::Slid => pb::Mistake::Slid,
        Operation::LeftAtZero => pb::Mistake::LeftAtZero,
        Operation::LeftBlank => pb::Mistake::LeftBlank,
    };
    pb::ProposedChange { path, label_zh, label_en, printed, proposed, mistake: mistake.into() }
}

fn name_to_pb((rule, instance): (String, String)) -> pb::CheckName {
    pb::CheckName { rule, instance }
}

/// Counts of cells of one form.
fn small(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// As a client received it.
pub(crate) fn localisation_from_pb(localisation: pb::Localisation) -> Localisation {
    let pb::Localisation { faults, uncovered_cells } = localisation;
    Localisation { faults: faults.into_iter().map(fault_from_pb).collect(), uncovered: uncovered_cells }
}

fn fault_from_pb(fault: pb::Fault) -> Fault {
    let answer = match fault.verdict() {
        pb::LocalisationVerdict::Unique => Answer::Unique,
        pb::LocalisationVerdict::Tied => Answer::Tied(large(fault.count)),
        pb::LocalisationVerdict::Beyond => Answer::Beyond(large(fault.cells_tried)),
        pb::LocalisationVerdict::NotLocatable | pb::LocalisationVerdict::Unspecified => Answer::NotLocatable,
    };
    let pb::Fault { identities, repairs, message_zh, message_en, .. } = fault;
    Fault {
        answer,
        identities: identities.into_iter().map(name_from_pb).collect(),
        repairs: repairs.into_iter().map(repair_from_pb).collect(),
        message_zh,
        message_en,
    }
}

fn repair_from_pb(repair: pb::Repair) -> NamedRepair {
    let pb::Repair { rank, mistakes, edit_distance, changes, mends, message_zh, message_en } = repair;
    NamedRepair {
        rank: large(rank),
        acts: large(mistakes),
        edit_distance: large(edit_distance),
        changes: changes.into_iter().map(change_from_pb).collect(),
        mends: mends.into_iter().map(name_from_pb).collect(),
        message_zh,
        message_en,
    }
}

fn change_from_pb(change: pb::ProposedChange) -> NamedChange {
    let operation = match change.mistake() {
        pb::Mistake::DigitsInterchanged => Operation::DigitsInterchanged,
        pb::Mistake::DigitAdded => Operation::DigitAdded,
        pb::Mistake::DigitOmitted => Operation::DigitOmitted,
        pb::Mistake::DigitReplaced => Operation::DigitReplaced,
        pb::Mistake::Rewritten | pb::Mistake::Unspecified => Operation::Rewritten,
        pb::Mistake::ColumnOver => Operation::ColumnOver,
        pb::Mistake::RowOver => Operation::RowOver,
        pb::Mistake::Swapped => Operation::Swapped,
        pb::Mistake::Slid => Operation::Slid,
        pb::Mistake::LeftAtZero => Operation::LeftAtZero,
        pb::Mistake::LeftBlank => Operation::LeftBlank,
    };
    let pb::ProposedChange { path, label_zh, label_en, printed, proposed, .. } = change;
    NamedChange { path, label_zh, label_en, printed, proposed, operation }
}

fn name_from_pb(name: pb::CheckName) -> (String, String) {
    let pb::CheckName { rule, instance } = name;
    (rule, instance)
}

fn large(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}
