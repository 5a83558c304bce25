//! A new roster: what is wrong with it, what it changes, and the reports that are
//! judged anew with it.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::SubmitError;
use super::sequence::{Overlay, Then};
use crate::domain::event::{Rejudged, RosterApplied, SeriesKey, UnitKind};
use crate::domain::{Deadlines, Disposition, Roster};
use crate::words::{UnitCode, limits};

/// What a roster changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterPlan(pub Vec<RosterChange>);

/// One change of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterChange {
    /// A unit, a kind of unit, or what else: e.g. `350128-GAJ`, `department`, `approval`.
    pub subject: String,
    /// As it was.
    pub before: String,
    /// As it will be.
    pub after: String,
}

impl RosterPlan {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Overlay<'_> {
    /// Decides on a roster: complete with what is found anew, and what it changes.
    pub(super) fn roster(&self, mut applied: RosterApplied) -> Result<(RosterApplied, RosterPlan), SubmitError> {
        let before = self.state.roster(&applied.family, applied.year);
        let after = before.replaced_by(&applied);
        let problems = self.problems(&applied);
        if !problems.is_empty() {
            return Err(SubmitError::Invalid(problems.join("\n")));
        }
        let changed = units(&before, &after);
        let plan = plan(&before, &after, &changed);
        if let Some((unit, closed)) = changed.iter().find_map(|unit| Some((unit, self.closed_over(&applied, unit)?))) {
            let problem = format!("{} of {closed} is closed and {unit} counts in it; reopen it first", applied.year);
            return Err(SubmitError::Precondition(problem));
        }
        applied.rejudged = self.rejudged_with(&applied, &before, &after, &changed);
        Ok((applied, plan))
    }

    /// Everything wrong with a roster.
    fn problems(&self, applied: &RosterApplied) -> Vec<String> {
        let mut problems = Vec::new();
        let exists = |unit: &UnitCode| self.state.has_unit(unit, applied.year);
        let named: BTreeMap<&UnitCode, &Disposition> =
            applied.dispositions.iter().rev().map(|(unit, disposition)| (unit, disposition)).collect();
        if named.len() != applied.dispositions.len() {
            problems.push("dispositions: a unit is named twice".to_owned());
        }
        let kinds: BTreeSet<Option<UnitKind>> = applied.deadlines.iter().map(|(kind, _)| *kind).collect();
        if kinds.len() != applied.deadlines.len() {
            problems.push("deadlines: a kind is named twice".to_owned());
        }
        for (unit, disposition) in &applied.dispositions {
            if !exists(unit) {
                problems.push(format!("{unit}: is not in the tree of {}", applied.year));
            }
            match disposition {
                Disposition::MergedInto(into) if into == unit => {
                    problems.push(format!("{unit}: is merged into itself"))
                }
                Disposition::MergedInto(into) if !exists(into) => {
                    problems
                        .push(format!("{unit}: is merged into {into}, which is not in the tree of {}", applied.year));
                }
                Disposition::MergedInto(into) if matches!(named.get(into), Some(Disposition::MergedInto(_))) => {
                    problems.push(format!("{unit}: is merged into {into}, which is merged itself"));
                }
                Disposition::Exempt(reason) if reason.trim().is_empty() => {
                    problems.push(format!("{unit}: is exempt without a reason"));
                }
                Disposition::Exempt(reason) if reason.len() > limits::REASON_BYTES => {
                    problems.push(format!("{unit}: a reason longer than {} bytes", limits::REASON_BYTES));
                }
                Disposition::Due
                | Disposition::Exempt(_)
                | Disposition::MergedInto(_)
                | Disposition::NewlyFounded
                | Disposition::Abolished => {}
            }
        }
        problems
    }

    /// The unit whose closed year a unit counts in.
    fn closed_over(&self, applied: &RosterApplied, unit: &UnitCode) -> Option<UnitCode> {
        self.state
            .closed_over(&applied.family, applied.year, unit)
            .next()
            .map(|closed| closed.statement.total.unit.clone())
    }

    /// Reports of the year whose cross-year checks say otherwise with another roster.
    fn rejudged_with(
        &self,
        applied: &RosterApplied,
        before: &Roster,
        after: &Roster,
        changed: &BTreeSet<UnitCode>,
    ) -> Vec<Rejudged> {
        let tree = self.state.tree(applied.year).with_roster(after);
        // units that others are, or were, merged into
        let merged: BTreeSet<&UnitCode> =
            changed.iter().flat_map(|unit| [before.merger_of(unit), after.merger_of(unit)]).flatten().collect();
        let ours = |key: &SeriesKey| key.family == applied.family && key.year == applied.year;
        let keys = self.state.all_series().map(|(key, _)| key).filter(ours);
        let rejudged = keys.filter_map(|key| {
            let facts = tree.facts(key.unit.as_str());
            let same = facts == self.state.unit_facts(&key) && !merged.contains(&key.unit);
            let then = Then { facts: Some(facts), roster: Some(after), changed: None };
            if same { None } else { self.rejudge(&key, then) }
        });
        rejudged.collect()
    }
}

/// Units that two rosters treat otherwise.
fn units(before: &Roster, after: &Roster) -> BTreeSet<UnitCode> {
    let all = before.dispositions.keys().chain(after.dispositions.keys());
    all.filter(|unit| before.dispositions.get(*unit) != after.dispositions.get(*unit)).cloned().collect()
}

fn plan(before: &Roster, after: &Roster, changed: &BTreeSet<UnitCode>) -> RosterPlan {
    let change = |subject: String, before: String, after: String| RosterChange { subject, before, after };
    let mut changes = Vec::new();
    let approval = |roster: &Roster| if roster.requires_approval { "required" } else { "not required" }.to_owned();
    if before.requires_approval != after.requires_approval {
        changes.push(change("approval".to_owned(), approval(before), approval(after)));
    }
    let kinds: BTreeSet<_> = before.deadlines.keys().chain(after.deadlines.keys()).copied().collect();
    for kind in kinds {
        let told = |roster: &Roster| roster.deadlines.get(&kind).map(|due| deadlines(*due)).unwrap_or_default();
        if told(before) != told(after) {
            let subject = kind.map_or("every other kind", UnitKind::name).to_owned();
            changes.push(change(subject, told(before), told(after)));
        }
    }
    for unit in changed {
        let told = |roster: &Roster| roster.dispositions.get(unit).map_or_else(|| "by kind".to_owned(), disposition);
        changes.push(change(unit.to_string(), told(before), told(after)));
    }
    RosterPlan(changes)
}

fn deadlines(Deadlines { submission, publication }: Deadlines) -> String {
    let day = |name: &str, day: Option<_>| day.map(|day| format!("{name} until {day}"));
    let all = [day("submission", submission), day("publication", publication)];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A disposition in a few words.
fn disposition(disposition: &Disposition) -> String {
    match disposition {
        Disposition::Due => "due".to_owned(),
        Disposition::Exempt(reason) => format!("exempt: {reason}"),
        Disposition::MergedInto(into) => format!("merged into {into}"),
        Disposition::NewlyFounded => "newly founded".to_owned(),
        Disposition::Abolished => "abolished".to_owned(),
    }
}
