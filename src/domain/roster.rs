//! The roster of a year: who owes a report, until when, and whether a reviewer
//! must approve it before it counts.
//!
//! Without a roster everybody owes by kind, nothing is ever late, and a report
//! counts once it is accepted. An old year is loaded without deadlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::{DeadlineExtended, RosterApplied, UnitKind};
use super::tree::Duty;
use crate::words::{Day, UnitCode};

/// What becomes of a unit in a year (名册).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// It owes a report, whatever its kind.
    Due,
    /// It owes none, for this reason.
    Exempt(Arc<str>),
    /// It is part of another unit, which reports for both; that unit's year before
    /// is the sum of both.
    MergedInto(UnitCode),
    /// It is new: it owes a report, and carried nothing in.
    NewlyFounded,
    /// It is gone: it owes none, and what it filed counts.
    Abolished,
}

impl Disposition {
    /// What it says of the unit's duty to report.
    #[must_use]
    pub fn duty(&self) -> Duty {
        match self {
            Self::Due => Duty::Due,
            Self::NewlyFounded => Duty::NewlyFounded,
            Self::Exempt(_) | Self::MergedInto(_) | Self::Abolished => Duty::Excused,
        }
    }
}

/// What a unit must do in time (条例 49).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obligation {
    /// Hand its report in.
    Submission,
    /// Make it public.
    Publication,
}

/// Until when, to the end of the day in Asia/Shanghai; none: no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadlines {
    /// To hand the report in.
    pub submission: Option<Day>,
    /// To make it public.
    pub publication: Option<Day>,
}

impl Deadlines {
    fn of(self, obligation: Obligation) -> Option<Day> {
        match obligation {
            Obligation::Submission => self.submission,
            Obligation::Publication => self.publication,
        }
    }
}

/// The roster of a family and year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// A report accepted from now on counts once a reviewer has approved it.
    pub requires_approval: bool,
    /// By kind of unit; none: every kind that is not named.
    pub deadlines: BTreeMap<Option<UnitKind>, Deadlines>,
    /// Units that are not named owe by kind.
    pub dispositions: BTreeMap<UnitCode, Disposition>,
    /// The same mergers, by the unit that reports.
    merged: BTreeMap<UnitCode, Vec<UnitCode>>,
    /// Of single units; they outlive a new roster.
    pub extensions: BTreeMap<(UnitCode, Obligation), Day>,
}

impl Roster {
    /// The roster that follows this one.
    #[must_use]
    pub fn replaced_by(&self, applied: &RosterApplied) -> Self {
        let RosterApplied { family: _, year: _, requires_approval, deadlines, dispositions, rejudged: _ } = applied;
        let dispositions: BTreeMap<UnitCode, Disposition> = dispositions.iter().cloned().collect();
        let mut merged: BTreeMap<UnitCode, Vec<UnitCode>> = BTreeMap::new();
        for (unit, disposition) in &dispositions {
            if let Disposition::MergedInto(into) = disposition {
                merged.entry(into.clone()).or_default().push(unit.clone());
            }
        }
        Self {
            requires_approval: *requires_approval,
            deadlines: deadlines.iter().copied().collect(),
            dispositions,
            merged,
            extensions: self.extensions.clone(),
        }
    }

    /// The same with a deadline extended.
    #[must_use]
    pub fn extended_by(&self, extended: &DeadlineExtended) -> Self {
        let mut roster = self.clone();
        roster.extensions.insert((extended.unit.clone(), extended.obligation), extended.until);
        roster
    }

    /// Until when a unit of a kind must do something; none: no deadline.
    #[must_use]
    pub fn deadline(&self, unit: &UnitCode, kind: UnitKind, obligation: Obligation) -> Option<Day> {
        let own = self.deadlines.get(&Some(kind)).and_then(|deadlines| deadlines.of(obligation));
        let of_all = || self.deadlines.get(&None).and_then(|deadlines| deadlines.of(obligation));
        let extended = self.extensions.get(&(unit.clone(), obligation)).copied();
        // an extension never shortens what holds for everybody
        extended.max(own.or_else(of_all))
    }

    /// The unit that one is part of from that year on.
    #[must_use]
    pub fn merger_of(&self, unit: &UnitCode) -> Option<&UnitCode> {
        match self.dispositions.get(unit)? {
            Disposition::MergedInto(into) => Some(into),
            Disposition::Due | Disposition::Exempt(_) | Disposition::NewlyFounded | Disposition::Abolished => None,
        }
    }

    /// Units that are part of this one from that year on, in order.
    #[must_use]
    pub fn merged_into(&self, unit: &UnitCode) -> &[UnitCode] {
        self.merged.get(unit).map_or(&[], Vec::as_slice)
    }
}
