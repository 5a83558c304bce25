//! Random trees and histories, and what they mean by the definitions, written
//! out once more with nothing of the program's own sums.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    reason = "shared by tests, each of which uses a part; a test says what is wrong by failing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use crossfoot::domain::event::{
    Event, EventKind, FormId, FormRegistered, ReportAccepted, ReportReviewed, ReportWithdrawn, Review, RosterApplied,
    SeriesKey, UnitEntry, UnitKind, UnitsApplied,
};
use crossfoot::domain::{Counts, Deadlines, Disposition, State, TotalKey};
use crossfoot::form::{Catalog, Findings, Form, Row};
use crossfoot::words::{Basis, Coverage, Day, Digest, Position, Revision, Timestamp, UnitCode, Year};
use proptest::prelude::*;

pub static FORM: LazyLock<Arc<Form>> =
    LazyLock::new(|| Arc::clone(Catalog::load(None).unwrap().by_name("disclosure.annual.v2021.AnnualReport").unwrap()));

pub const YEARS: [i64; 2] = [2023, 2024];
/// Parent of each unit; the first is the root. Units may move below 0, 1 or 2.
pub const PARENTS: [Option<usize>; 9] = [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), Some(0), Some(3)];

pub fn code(unit: usize) -> UnitCode {
    UnitCode::new(&format!("U{unit}")).unwrap()
}

pub fn year(index: usize) -> Year {
    Year::new(YEARS[index]).unwrap()
}

/// What may happen.
#[derive(Debug, Clone)]
pub enum Step {
    Submit {
        unit: usize,
        year: usize,
        consolidated: bool,
        cell: usize,
        nil: bool,
    },
    Withdraw {
        unit: usize,
        year: usize,
        consolidated: bool,
    },
    /// Of the newest report, if it counts or awaits approval.
    Review {
        unit: usize,
        year: usize,
        consolidated: bool,
        approve: bool,
    },
    /// One unit is excused; every report is late, or none is.
    Roster {
        year: usize,
        approval: bool,
        excused: usize,
        late: bool,
    },
    Move {
        unit: usize,
        below: usize,
        from: usize,
    },
}

pub fn step() -> impl Strategy<Value = Step> {
    let (unit, year) = (0..PARENTS.len(), 0..YEARS.len());
    prop_oneof![
        8 => (unit.clone(), year.clone(), any::<bool>(), 0..FORM.cells().len(), prop::bool::weighted(0.1))
            .prop_map(|(unit, year, consolidated, cell, nil)| Step::Submit { unit, year, consolidated, cell, nil }),
        2 => (unit.clone(), year.clone(), any::<bool>())
            .prop_map(|(unit, year, consolidated)| Step::Withdraw { unit, year, consolidated }),
        3 => (unit.clone(), year.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(unit, year, consolidated, approve)| Step::Review { unit, year, consolidated, approve }),
        1 => (year.clone(), any::<bool>(), unit, any::<bool>())
            .prop_map(|(year, approval, excused, late)| Step::Roster { year, approval, excused, late }),
        1 => (5..PARENTS.len(), 0..3_usize, year).prop_map(|(unit, below, from)| Step::Move { unit, below, from }),
    ]
}

/// A history as it is told, and what it means, kept the plain way.
#[derive(Debug, Default)]
pub struct Told {
    pub events: Vec<EventKind>,
    /// Parent of each unit by year.
    pub parents: BTreeMap<(usize, usize), Option<usize>>,
    /// Effective report: figures, presence of optional cells, nil.
    pub effective: BTreeMap<(usize, usize, bool), (usize, i64, bool)>,
    /// The same of reports that await approval.
    pub pending: BTreeMap<(usize, usize, bool), (usize, i64, bool)>,
    /// Revision in effect.
    pub in_effect: BTreeMap<(usize, usize, bool), u32>,
    /// Newest reports that were returned.
    pub returned: BTreeSet<(usize, usize, bool)>,
    /// What the roster of a year says.
    pub rosters: BTreeMap<usize, (bool, usize, bool)>,
    pub newest: BTreeMap<(usize, usize, bool), u32>,
}

pub fn entry(unit: usize, from: i64, parent: Option<usize>) -> UnitEntry {
    UnitEntry {
        code: code(unit),
        from_year: Year::new(from).unwrap(),
        until_year: None,
        parent: parent.map(code),
        kind: if unit == 0 { UnitKind::Province } else { UnitKind::District },
        name: Arc::from("unit"),
        makes_rules: false,
    }
}

pub fn coverage(consolidated: bool) -> Coverage {
    if consolidated { Coverage::Consolidated } else { Coverage::Own }
}

pub fn key(unit: usize, in_year: usize, consolidated: bool) -> SeriesKey {
    let (family, year) = (FORM.family().clone(), year(in_year));
    SeriesKey { family, year, unit: code(unit), coverage: coverage(consolidated) }
}

pub fn total_key(unit: usize, in_year: usize, basis: Basis) -> TotalKey {
    TotalKey { family: FORM.family().clone(), unit: code(unit), year: year(in_year), basis }
}

/// A row with one figure that tells which event it came from.
pub fn one_hot(cell: usize, value: i64) -> Row {
    let table = FORM.cells();
    let (mut present, mut values) = (table.required().to_vec(), vec![0; table.len()]);
    present[cell / 64] |= 1 << (cell % 64);
    values[cell] = value;
    Row::pack(table, &present, &values)
}

pub fn told(steps: &[Step]) -> Told {
    let mut told = Told::default();
    let units = PARENTS.iter().enumerate().map(|(unit, parent)| entry(unit, 2019, *parent)).collect();
    told.events.push(EventKind::FormRegistered(FormRegistered { id: FormId(1), form: Arc::clone(&FORM) }));
    told.events.push(EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }));
    for (unit, parent) in PARENTS.iter().enumerate() {
        told.parents.extend((0..YEARS.len()).map(|year| ((unit, year), *parent)));
    }
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Submit { unit, year, consolidated, cell, nil } => {
                told.submit(number, (unit, year, consolidated), cell, nil)
            }
            Step::Withdraw { unit, year, consolidated } => told.withdraw((unit, year, consolidated)),
            Step::Review { unit, year, consolidated, approve } => told.review((unit, year, consolidated), approve),
            Step::Roster { year, approval, excused, late } => told.roster(year, (approval, excused, late)),
            Step::Move { unit, below, from } => {
                // units 5 and on never stand above 0, 1 or 2: no cycles
                let before = told.parents[&(unit, 0)];
                let units = vec![entry(unit, 2019, before), entry(unit, YEARS[from], Some(below))];
                let units = if from == 0 { vec![entry(unit, 2019, Some(below))] } else { units };
                told.events.push(EventKind::UnitsApplied(UnitsApplied { units, rejudged: Vec::new() }));
                told.parents.extend((from..YEARS.len()).map(|year| ((unit, year), Some(below))));
            }
        }
    }
    told
}

pub fn events_of(kinds: &[EventKind]) -> Vec<Event> {
    let event = |(position, kind)| Event {
        position,
        time: Timestamp(0),
        principal: Arc::from("test"),
        reason: String::new(),
        kind,
    };
    (1..).map(Position).zip(kinds.iter().cloned()).map(event).collect()
}

pub fn state(kinds: &[EventKind]) -> State {
    let mut state = State::new();
    events_of(kinds).iter().for_each(|event| state.apply(event).unwrap());
    state
}

impl Told {
    pub fn children(&self, unit: usize, year: usize) -> Vec<usize> {
        (0..PARENTS.len()).filter(|child| self.parents[&(*child, year)] == Some(unit)).collect()
    }

    /// U(u) or D(u) as defined: cell → sum.
    pub fn total(&self, unit: usize, year: usize, basis: Basis) -> BTreeMap<usize, i64> {
        let report = |unit, consolidated| {
            self.effective.get(&(unit, year, consolidated)).map(|(cell, value, _)| BTreeMap::from([(*cell, *value)]))
        };
        let children = self.children(unit, year);
        if children.is_empty() {
            return report(unit, true).or(report(unit, false)).unwrap_or_default();
        }
        let mut sum = report(unit, false).unwrap_or_default();
        for child in children {
            let declared = if basis == Basis::Declared { report(child, true) } else { None };
            let part = declared.unwrap_or_else(|| self.total(child, year, basis));
            part.into_iter().for_each(|(cell, value)| *sum.entry(cell).or_default() += value);
        }
        sum
    }

    /// What the units below owe and did, or the unit itself where there are none
    /// below; open queries are not told.
    pub fn counts(&self, unit: usize, year: usize) -> Counts {
        let is_below = |mut at: usize| loop {
            match self.parents[&(at, year)] {
                Some(above) if above == unit => return true,
                Some(above) => at = above,
                None => return false,
            }
        };
        let itself = self.children(unit, year).is_empty();
        let roster = self.rosters.get(&year).copied();
        let mut counts = Counts::default();
        for other in (0..PARENTS.len()).filter(|other| if itself { *other == unit } else { is_below(*other) }) {
            if roster.is_some_and(|(_, excused, _)| excused == other) {
                counts.exempt += 1;
                continue;
            }
            if other == 0 {
                continue; // a province owes nothing
            }
            let leaf = self.children(other, year).is_empty();
            let owed = [(other, year, true), (other, year, false)].into_iter().take(if leaf { 2 } else { 1 });
            let current = |key| self.pending.get(&key).or(self.effective.get(&key));
            let filed = owed.clone().find_map(current);
            counts.due += 1;
            counts.filed += i64::from(filed.is_some());
            counts.nil += i64::from(filed.is_some_and(|(_, _, nil)| *nil));
            counts.late += i64::from(filed.is_some() && roster.is_some_and(|(.., late)| late));
            counts.pending += i64::from(owed.clone().any(|key| self.pending.contains_key(&key)));
            counts.returned += i64::from(filed.is_none() && owed.clone().any(|key| self.returned.contains(&key)));
        }
        counts
    }

    fn submit(&mut self, number: usize, at: (usize, usize, bool), cell: usize, nil: bool) {
        let newest = self.newest.entry(at).or_default();
        *newest += 1;
        let value = if nil { 0 } else { 1 + 1000 * number as i64 };
        let awaits_approval = self.rosters.get(&at.1).is_some_and(|(approval, ..)| *approval);
        let accepted = ReportAccepted {
            series: key(at.0, at.1, at.2),
            form: FormId(1),
            revision: Revision(*newest),
            request_id: None,
            row: one_hot(cell, value),
            digest: Digest::of(&[&number.to_le_bytes()]),
            texts: None,
            blank_means_zero: false,
            nil_report: nil,
            findings: Findings::default(),
            explained: Vec::new(),
            awaits_approval,
            rejudged: Vec::new(),
        };
        self.events.push(EventKind::ReportAccepted(Box::new(accepted)));
        self.returned.remove(&at);
        if awaits_approval {
            self.pending.insert(at, (cell, value, nil));
        } else {
            self.pending.remove(&at);
            self.effective.insert(at, (cell, value, nil));
            self.in_effect.insert(at, *newest);
        }
    }

    /// The revision that awaits approval, else the one in effect.
    pub fn current(&self, at: (usize, usize, bool)) -> Option<u32> {
        if self.pending.contains_key(&at) { self.newest.get(&at).copied() } else { self.in_effect.get(&at).copied() }
    }

    fn drop_current(&mut self, at: (usize, usize, bool)) {
        if self.pending.remove(&at).is_none() {
            self.effective.remove(&at);
            self.in_effect.remove(&at);
        }
    }

    fn withdraw(&mut self, at: (usize, usize, bool)) {
        let Some(revision) = self.current(at).map(Revision) else { return };
        let series = key(at.0, at.1, at.2);
        self.events.push(EventKind::ReportWithdrawn(ReportWithdrawn { series, revision, rejudged: Vec::new() }));
        self.drop_current(at);
    }

    fn review(&mut self, at: (usize, usize, bool), approve: bool) {
        let Some(revision) = self.current(at) else { return };
        let review = if approve { Review::Approved } else { Review::Returned };
        self.events.push(EventKind::ReportReviewed(ReportReviewed {
            series: key(at.0, at.1, at.2),
            revision: Revision(revision),
            review,
            text: None,
            cells: Vec::new(),
            rejudged: Vec::new(),
        }));
        match (approve, self.pending.contains_key(&at)) {
            (true, true) => {
                let report = self.pending.remove(&at).unwrap();
                self.effective.insert(at, report);
                self.in_effect.insert(at, revision);
            }
            (true, false) => {}
            (false, _) => {
                self.drop_current(at);
                self.returned.extend((self.newest[&at] == revision).then_some(at));
            }
        }
    }

    fn roster(&mut self, in_year: usize, (approval, excused, late): (bool, usize, bool)) {
        let day = Day::parse(if late { "1969-01-01" } else { "2100-01-01" }).unwrap();
        let due = Deadlines { submission: Some(day), publication: None };
        self.events.push(EventKind::RosterApplied(RosterApplied {
            family: FORM.family().clone(),
            year: year(in_year),
            requires_approval: approval,
            deadlines: vec![(None, due)],
            dispositions: vec![(code(excused), Disposition::Exempt(Arc::from("test")))],
            rejudged: Vec::new(),
        }));
        self.rosters.insert(in_year, (approval, excused, late));
    }
}
