//! What offices do, to stored bytes and back: rosters, deadlines, reviews,
//! publications, closed years.

use std::sync::Arc;

use super::{
    coverage_from, coverage_to, digest_from, kind_from, kind_to, rejudged_from, rejudged_to, series_from, series_to,
    year_from,
};
use crate::domain::event::{
    DeadlineExtended, PublicationRecorded, ReportReviewed, Review, RosterApplied, UnitKind, YearClosed, YearReopened,
};
use crate::domain::{Contributor, Counts, Deadlines, Disposition, Obligation, Signed, Statement, TotalKey};
use crate::ledger::stored;
use crate::words::{Basis, Day, FamilyName, Position, Revision, Timestamp, UnitCode};

fn day_to(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn day_from(text: &str) -> Result<Day, String> {
    Day::parse(text).map_err(|error| error.to_string())
}

fn optional_day_from(text: &str) -> Result<Option<Day>, String> {
    (!text.is_empty()).then(|| day_from(text)).transpose()
}

fn unit_from(code: &str) -> Result<UnitCode, String> {
    UnitCode::new(code).map_err(|error| error.to_string())
}

fn family_from(name: &str) -> Result<FamilyName, String> {
    FamilyName::new(name).map_err(|error| error.to_string())
}

pub(super) fn roster_to(applied: &RosterApplied) -> stored::RosterApplied {
    let RosterApplied { family, year, requires_approval, deadlines, dispositions, rejudged } = applied;
    stored::RosterApplied {
        family: family.to_string(),
        year: year.get().into(),
        requires_approval: *requires_approval,
        deadlines: deadlines.iter().map(deadlines_to).collect(),
        dispositions: dispositions.iter().map(disposition_to).collect(),
        rejudged: rejudged.iter().map(rejudged_to).collect(),
    }
}

fn deadlines_to((kind, deadlines): &(Option<UnitKind>, Deadlines)) -> stored::Deadlines {
    let Deadlines { submission, publication } = *deadlines;
    stored::Deadlines {
        kind: kind.map_or(0, kind_to),
        submission_due: day_to(submission),
        publication_due: day_to(publication),
    }
}

fn disposition_to((unit, disposition): &(UnitCode, Disposition)) -> stored::Disposition {
    let (number, reason, into) = match disposition {
        Disposition::Due => (1, String::new(), String::new()),
        Disposition::Exempt(reason) => (2, reason.to_string(), String::new()),
        Disposition::MergedInto(into) => (3, String::new(), into.to_string()),
        Disposition::NewlyFounded => (4, String::new(), String::new()),
        Disposition::Abolished => (5, String::new(), String::new()),
    };
    stored::Disposition { unit: unit.to_string(), disposition: number, reason, into }
}

pub(super) fn roster_from(applied: stored::RosterApplied) -> Result<RosterApplied, String> {
    let stored::RosterApplied { family, year, requires_approval, deadlines, dispositions, rejudged } = applied;
    Ok(RosterApplied {
        family: family_from(&family)?,
        year: year_from(year)?,
        requires_approval,
        deadlines: deadlines.iter().map(deadlines_from).collect::<Result<_, String>>()?,
        dispositions: dispositions.iter().map(disposition_from).collect::<Result<_, String>>()?,
        rejudged: rejudged_from(rejudged)?,
    })
}

fn deadlines_from(deadlines: &stored::Deadlines) -> Result<(Option<UnitKind>, Deadlines), String> {
    let stored::Deadlines { kind, submission_due, publication_due } = deadlines;
    let kind = (*kind != 0).then(|| kind_from(*kind)).transpose()?;
    let submission = optional_day_from(submission_due)?;
    let publication = optional_day_from(publication_due)?;
    Ok((kind, Deadlines { submission, publication }))
}

fn disposition_from(disposition: &stored::Disposition) -> Result<(UnitCode, Disposition), String> {
    let stored::Disposition { unit, disposition, reason, into } = disposition;
    let disposition = match disposition {
        1 => Disposition::Due,
        2 => Disposition::Exempt(Arc::from(reason.as_str())),
        3 => Disposition::MergedInto(unit_from(into)?),
        4 => Disposition::NewlyFounded,
        5 => Disposition::Abolished,
        other => return Err(format!("disposition {other} is not known")),
    };
    Ok((unit_from(unit)?, disposition))
}

pub(super) fn extended_to(extended: &DeadlineExtended) -> stored::DeadlineExtended {
    let DeadlineExtended { family, year, unit, obligation, until } = extended;
    stored::DeadlineExtended {
        family: family.to_string(),
        year: year.get().into(),
        unit: unit.to_string(),
        obligation: match obligation {
            Obligation::Submission => 1,
            Obligation::Publication => 2,
        },
        until: until.to_string(),
    }
}

pub(super) fn extended_from(extended: stored::DeadlineExtended) -> Result<DeadlineExtended, String> {
    let stored::DeadlineExtended { family, year, unit, obligation, until } = extended;
    let obligation = match obligation {
        1 => Obligation::Submission,
        2 => Obligation::Publication,
        other => return Err(format!("obligation {other} is not known")),
    };
    Ok(DeadlineExtended {
        family: family_from(&family)?,
        year: year_from(year)?,
        unit: unit_from(&unit)?,
        obligation,
        until: day_from(&until)?,
    })
}

pub(in crate::ledger) fn review_to(review: Review) -> u32 {
    match review {
        Review::Approved => 1,
        Review::Returned => 2,
    }
}

pub(in crate::ledger) fn review_from(review: u32) -> Result<Review, String> {
    match review {
        1 => Ok(Review::Approved),
        2 => Ok(Review::Returned),
        other => Err(format!("review {other} is not known")),
    }
}

pub(super) fn reviewed_to(reviewed: &ReportReviewed) -> stored::ReportReviewed {
    let ReportReviewed { series, revision, review, text, cells, rejudged } = reviewed;
    stored::ReportReviewed {
        series: Some(series_to(series)),
        revision: revision.0,
        review: review_to(*review),
        text_digest: text.map(|text| text.as_bytes().to_vec()).unwrap_or_default(),
        cells: cells.iter().map(ToString::to_string).collect(),
        rejudged: rejudged.iter().map(rejudged_to).collect(),
    }
}

pub(super) fn reviewed_from(reviewed: stored::ReportReviewed) -> Result<ReportReviewed, String> {
    let stored::ReportReviewed { series, revision, review, text_digest, cells, rejudged } = reviewed;
    Ok(ReportReviewed {
        series: series_from(series)?,
        revision: Revision(revision),
        review: review_from(review)?,
        text: (!text_digest.is_empty()).then(|| digest_from(&text_digest)).transpose()?,
        cells: cells.into_iter().map(Arc::from).collect(),
        rejudged: rejudged_from(rejudged)?,
    })
}

pub(super) fn publication_to(recorded: &PublicationRecorded) -> stored::PublicationRecorded {
    let PublicationRecorded { series, address, date } = recorded;
    let (series, address, date) = (Some(series_to(series)), address.to_string(), date.to_string());
    stored::PublicationRecorded { series, address, date }
}

pub(super) fn publication_from(recorded: stored::PublicationRecorded) -> Result<PublicationRecorded, String> {
    let stored::PublicationRecorded { series, address, date } = recorded;
    Ok(PublicationRecorded { series: series_from(series)?, address: address.into(), date: day_from(&date)? })
}

fn basis_to(basis: Basis) -> u32 {
    match basis {
        Basis::Units => 1,
        Basis::Declared => 2,
    }
}

fn basis_from(basis: u32) -> Result<Basis, String> {
    match basis {
        1 => Ok(Basis::Units),
        2 => Ok(Basis::Declared),
        other => Err(format!("basis {other} is not known")),
    }
}

pub(super) fn reopened_to(reopened: &YearReopened) -> stored::YearReopened {
    let YearReopened { total: TotalKey { family, unit, year, basis } } = reopened;
    stored::YearReopened {
        family: family.to_string(),
        year: year.get().into(),
        unit: unit.to_string(),
        basis: basis_to(*basis),
    }
}

pub(super) fn reopened_from(reopened: stored::YearReopened) -> Result<YearReopened, String> {
    let stored::YearReopened { family, year, unit, basis } = reopened;
    let (family, unit) = (family_from(&family)?, unit_from(&unit)?);
    Ok(YearReopened { total: TotalKey { family, unit, year: year_from(year)?, basis: basis_from(basis)? } })
}

pub(super) fn closed_to(closed: &YearClosed) -> stored::YearClosed {
    let YearClosed { statement: _, signed: Signed { statement, signature, public_key } } = closed;
    let (statement, signature, public_key) = (statement.clone(), signature.clone(), public_key.clone());
    stored::YearClosed { signed: Some(stored::SignedStatement { statement, signature, public_key }) }
}

pub(super) fn closed_from(closed: stored::YearClosed) -> Result<YearClosed, String> {
    let signed = closed.signed.ok_or("its statement is missing")?;
    let stored::SignedStatement { statement, signature, public_key } = signed;
    let said = statement_from(&statement)?;
    Ok(YearClosed { statement: Arc::new(said), signed: Signed { statement, signature, public_key } })
}

/// A statement as it is signed.
pub(in crate::ledger) fn statement_to(statement: &Statement) -> stored::Statement {
    let Statement {
        total: TotalKey { family, unit, year, basis },
        unit_name,
        position,
        head_hash,
        form,
        form_digest,
        rules_digest,
        cells,
        counts,
        contributors,
        time,
        principal,
        override_reason,
    } = statement;
    let cell = |(path, value): &(Arc<str>, i64)| stored::CertifiedCell { path: path.to_string(), value: *value };
    stored::Statement {
        family: family.to_string(),
        unit: unit.to_string(),
        unit_name: unit_name.to_string(),
        year: year.get().into(),
        basis: basis_to(*basis),
        position: position.0,
        head_hash: head_hash.as_bytes().to_vec(),
        form: form.to_string(),
        form_digest: form_digest.as_bytes().to_vec(),
        rules_digest: rules_digest.as_bytes().to_vec(),
        cells: cells.iter().map(cell).collect(),
        completeness: Some(counts_to(*counts)),
        contributors: contributors.iter().map(contributor_to).collect(),
        time_us: time.0,
        principal: principal.to_string(),
        override_reason: override_reason.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn counts_to(counts: Counts) -> stored::CertifiedCompleteness {
    let Counts { due, filed, nil, late, pending, returned, published, exempt, open_queries } = counts;
    stored::CertifiedCompleteness { due, filed, nil, late, pending, returned, published, exempt, open_queries }
}

fn counts_from(counts: stored::CertifiedCompleteness) -> Counts {
    let stored::CertifiedCompleteness { due, filed, nil, late, pending, returned, published, exempt, open_queries } =
        counts;
    Counts { due, filed, nil, late, pending, returned, published, exempt, open_queries }
}

fn contributor_to(contributor: &Contributor) -> stored::Contributor {
    let Contributor { unit, coverage, revision, position, digest } = contributor;
    stored::Contributor {
        unit: unit.to_string(),
        coverage: coverage_to(*coverage),
        revision: revision.0,
        position: position.0,
        digest: digest.as_bytes().to_vec(),
    }
}

fn contributor_from(contributor: stored::Contributor) -> Result<Contributor, String> {
    let stored::Contributor { unit, coverage, revision, position, digest } = contributor;
    Ok(Contributor {
        unit: unit_from(&unit)?,
        coverage: coverage_from(coverage)?,
        revision: Revision(revision),
        position: Position(position),
        digest: digest_from(&digest)?,
    })
}

/// Reads a statement.
pub(in crate::ledger) fn statement_from(bytes: &[u8]) -> Result<Statement, String> {
    let statement = <stored::Statement as prost::Message>::decode(bytes);
    let stored::Statement {
        family,
        unit,
        unit_name,
        year,
        basis,
        position,
        head_hash,
        form,
        form_digest,
        rules_digest,
        cells,
        completeness,
        contributors,
        time_us,
        principal,
        override_reason,
    } = statement.map_err(|error| format!("no statement: {error}"))?;
    let (family, unit, year) = (family_from(&family)?, unit_from(&unit)?, year_from(year)?);
    Ok(Statement {
        total: TotalKey { family, unit, year, basis: basis_from(basis)? },
        unit_name: unit_name.into(),
        position: Position(position),
        head_hash: digest_from(&head_hash)?,
        form: form.into(),
        form_digest: digest_from(&form_digest)?,
        rules_digest: digest_from(&rules_digest)?,
        cells: cells.into_iter().map(|cell| (Arc::from(cell.path), cell.value)).collect(),
        counts: counts_from(completeness.ok_or("it does not say who had filed")?),
        contributors: contributors.into_iter().map(contributor_from).collect::<Result<_, String>>()?,
        time: Timestamp(time_us),
        principal: principal.into(),
        override_reason: (!override_reason.is_empty()).then(|| Arc::from(override_reason)),
    })
}
