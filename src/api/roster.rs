//! Rosters, on the wire.

use std::sync::Arc;

use tonic::Status;

use super::convert::{count, day_from_pb, unit_from_pb, year_from_pb};
use super::status::{from_submit, invalid};
use crate::domain::event::{RosterApplied, UnitKind};
use crate::domain::{Deadlines, Disposition, Obligation, Roster};
use crate::ingest::{Act, At, Desk, RosterChange};
use crate::pb::crossfoot::v1 as pb;
use crate::words::{Day, FamilyName, Position, UnitCode, Year};

/// A roster as it is sent, of a family that is clear.
pub(super) fn roster_from_pb(desk: &Desk, roster: Option<pb::Roster>) -> Result<RosterApplied, Status> {
    let roster = roster.ok_or_else(|| invalid("roster", "is not there"))?;
    let pb::Roster { family, year, requires_approval, deadlines, dispositions, extensions } = roster;
    if !extensions.is_empty() {
        return Err(invalid("roster.extensions", "are made by ExtendDeadline, one by one and with a reason"));
    }
    let year = year_from_pb(year)?;
    Ok(RosterApplied {
        family: family_of(desk, &family, year)?,
        year,
        requires_approval,
        deadlines: deadlines.iter().map(deadlines_from_pb).collect::<Result<_, Status>>()?,
        dispositions: dispositions.into_iter().map(disposition_from_pb).collect::<Result<_, Status>>()?,
        rejudged: Vec::new(),
    })
}

/// The family that is named, or the only one that covers the year.
pub(super) fn family_of(desk: &Desk, family: &str, year: Year) -> Result<FamilyName, Status> {
    let family = super::convert::family_from_pb(family)?;
    desk.family(family, year, At::NOW).map_err(|error| from_submit(&error))
}

fn optional_day(field: &'static str, day: &str) -> Result<Option<Day>, Status> {
    (!day.is_empty()).then(|| day_from_pb(field, day)).transpose()
}

fn deadlines_from_pb(deadlines: &pb::KindDeadlines) -> Result<(Option<UnitKind>, Deadlines), Status> {
    let pb::KindDeadlines { kind, submission_due, publication_due } = deadlines;
    let known =
        || UnitKind::from_name(kind).ok_or_else(|| invalid("deadlines.kind", format!("{kind:?} is no kind of unit")));
    let kind = (!kind.is_empty()).then(known).transpose()?;
    let submission = optional_day("deadlines.submission_due", submission_due)?;
    let publication = optional_day("deadlines.publication_due", publication_due)?;
    Ok((kind, Deadlines { submission, publication }))
}

fn disposition_from_pb(disposition: pb::UnitDisposition) -> Result<(UnitCode, Disposition), Status> {
    let kind = disposition.disposition();
    let pb::UnitDisposition { unit, disposition: _, reason, into } = disposition;
    let wrong = |problem: &str| invalid("dispositions", format!("{unit}: {problem}"));
    let disposition = match kind {
        pb::Disposition::Unspecified => return Err(wrong("say what becomes of it")),
        pb::Disposition::Due => Disposition::Due,
        pb::Disposition::Exempt => Disposition::Exempt(Arc::from(reason.as_str())),
        pb::Disposition::Merged => {
            Disposition::MergedInto(unit_from_pb(&into).map_err(|_| wrong("merged into what?"))?)
        }
        pb::Disposition::NewlyFounded => Disposition::NewlyFounded,
        pb::Disposition::Abolished => Disposition::Abolished,
    };
    if kind != pb::Disposition::Exempt && !reason.is_empty() {
        return Err(wrong("a reason is kept of exempt units only"));
    }
    if kind != pb::Disposition::Merged && !into.is_empty() {
        return Err(wrong("`into` is for merged units only"));
    }
    Ok((unit_from_pb(&unit)?, disposition))
}

/// An extension as it is sent.
pub(super) fn extension_from_pb(
    desk: &Desk,
    family: &str,
    year: i32,
    extension: Option<pb::Extension>,
) -> Result<Act, Status> {
    let extension = extension.ok_or_else(|| invalid("extension", "is not there"))?;
    let obligation = match extension.obligation() {
        pb::Obligation::Submission => Obligation::Submission,
        pb::Obligation::Publication => Obligation::Publication,
        pb::Obligation::Unspecified => {
            return Err(invalid("extension.obligation", "say OBLIGATION_SUBMISSION or OBLIGATION_PUBLICATION"));
        }
    };
    let year = year_from_pb(year)?;
    let unit = unit_from_pb(&extension.unit)?;
    let until = day_from_pb("extension.until", &extension.until)?;
    Ok(Act::Extend { family: family_of(desk, family, year)?, year, unit, obligation, until })
}

/// A roster as it is answered; of a unit and all below it, if one is named.
pub(super) fn roster_to_pb(
    family: &FamilyName,
    year: Year,
    roster: &Roster,
    wanted: impl Fn(&UnitCode) -> bool,
) -> pb::Roster {
    let Roster { requires_approval, deadlines, dispositions, extensions, .. } = roster;
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let deadlines = deadlines.iter().map(|(kind, Deadlines { submission, publication })| pb::KindDeadlines {
        kind: kind.map_or("", UnitKind::name).to_owned(),
        submission_due: day(*submission),
        publication_due: day(*publication),
    });
    let extensions = extensions.iter().filter(|((unit, _), _)| wanted(unit));
    let extensions = extensions.map(|((unit, obligation), until)| pb::Extension {
        unit: unit.to_string(),
        obligation: match obligation {
            Obligation::Submission => pb::Obligation::Submission.into(),
            Obligation::Publication => pb::Obligation::Publication.into(),
        },
        until: until.to_string(),
    });
    pb::Roster {
        family: family.to_string(),
        year: year.get().into(),
        requires_approval: *requires_approval,
        deadlines: deadlines.collect(),
        dispositions: dispositions.iter().filter(|(unit, _)| wanted(unit)).map(disposition_to_pb).collect(),
        extensions: extensions.collect(),
    }
}

fn disposition_to_pb((unit, disposition): (&UnitCode, &Disposition)) -> pb::UnitDisposition {
    let (kind, reason, into) = match disposition {
        Disposition::Due => (pb::Disposition::Due, String::new(), String::new()),
        Disposition::Exempt(reason) => (pb::Disposition::Exempt, reason.to_string(), String::new()),
        Disposition::MergedInto(into) => (pb::Disposition::Merged, String::new(), into.to_string()),
        Disposition::NewlyFounded => (pb::Disposition::NewlyFounded, String::new(), String::new()),
        Disposition::Abolished => (pb::Disposition::Abolished, String::new(), String::new()),
    };
    pb::UnitDisposition { unit: unit.to_string(), disposition: kind.into(), reason, into }
}

/// What a roster changes.
pub(super) fn plan_to_pb(position: Position, changes: Vec<RosterChange>) -> pb::ApplyRosterResponse {
    let change = |RosterChange { subject, before, after }| pb::RosterChange { subject, before, after };
    pb::ApplyRosterResponse { position: count(position.0), changes: changes.into_iter().map(change).collect() }
}
