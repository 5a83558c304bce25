//! Events to stored bytes and back. Structs are taken apart whole, so that a
//! new field breaks the build until it is stored.

mod office;
mod tokens;

pub(super) use office::{review_from, review_to, statement_from, statement_to};

use std::sync::Arc;

use prost::Message as _;

use super::stored::{self, event::Kind};
use crate::domain::event::{
    Event, EventKind, Explained, FormId, FormRegistered, QueryExplained, Rejudged, ReportAccepted, ReportWithdrawn,
    SeriesKey, TextRedacted, TokenId, TokenRevoked, UnitEntry, UnitKind, UnitsApplied,
};
use crate::form::{CheckId, Findings, Form, Row};
use crate::words::{Coverage, Digest, FamilyName, Position, RequestId, Revision, Timestamp, UnitCode, Year};

/// A stored event that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("event {position} cannot be read: {problem}")]
pub struct CodecError {
    /// Where.
    pub position: Position,
    /// What is wrong.
    pub problem: String,
}

/// An event as it is stored, not looked at.
pub(super) fn stored(bytes: &[u8], position: Position) -> Result<stored::Event, CodecError> {
    stored::Event::decode(bytes).map_err(|error| CodecError { position, problem: error.to_string() })
}

/// Digests of the texts that stand beside a stored event.
pub(super) fn text_digests(bytes: &[u8]) -> Vec<Digest> {
    let digest = match stored::Event::decode(bytes).ok().and_then(|event| event.kind) {
        Some(Kind::ReportAccepted(accepted)) => Digest::from_bytes(&accepted.texts_digest),
        Some(Kind::QueryExplained(explained)) => Digest::from_bytes(&explained.text_digest),
        Some(Kind::ReportReviewed(reviewed)) => Digest::from_bytes(&reviewed.text_digest),
        Some(
            Kind::FormRegistered(_)
            | Kind::UnitsApplied(_)
            | Kind::ReportWithdrawn(_)
            | Kind::RosterApplied(_)
            | Kind::DeadlineExtended(_)
            | Kind::PublicationRecorded(_)
            | Kind::YearClosed(_)
            | Kind::YearReopened(_)
            | Kind::TextRedacted(_)
            | Kind::TokenIssued(_)
            | Kind::TokenRevoked(_),
        )
        | None => None,
    };
    digest.into_iter().collect()
}

/// Encodes an event.
pub(super) fn encode(event: &Event) -> Vec<u8> {
    let Event { position, time, principal, reason, kind } = event;
    let kind = match kind {
        EventKind::FormRegistered(registered) => Kind::FormRegistered(form_to(registered)),
        EventKind::UnitsApplied(UnitsApplied { units, rejudged }) => Kind::UnitsApplied(stored::UnitsApplied {
            units: units.iter().map(unit_to).collect(),
            rejudged: rejudged.iter().map(rejudged_to).collect(),
        }),
        EventKind::ReportAccepted(accepted) => Kind::ReportAccepted(accepted_to(accepted)),
        EventKind::ReportWithdrawn(ReportWithdrawn { series, revision, rejudged }) => {
            Kind::ReportWithdrawn(stored::ReportWithdrawn {
                series: Some(series_to(series)),
                revision: revision.0,
                rejudged: rejudged.iter().map(rejudged_to).collect(),
            })
        }
        EventKind::QueryExplained(QueryExplained { series, explained, text }) => {
            Kind::QueryExplained(stored::QueryExplained {
                series: Some(series_to(series)),
                explained: Some(explained_to(*explained)),
                text_digest: text.as_bytes().to_vec(),
            })
        }
        EventKind::RosterApplied(applied) => Kind::RosterApplied(office::roster_to(applied)),
        EventKind::DeadlineExtended(extended) => Kind::DeadlineExtended(office::extended_to(extended)),
        EventKind::ReportReviewed(reviewed) => Kind::ReportReviewed(office::reviewed_to(reviewed)),
        EventKind::PublicationRecorded(recorded) => Kind::PublicationRecorded(office::publication_to(recorded)),
        EventKind::YearClosed(closed) => Kind::YearClosed(office::closed_to(closed)),
        EventKind::YearReopened(reopened) => Kind::YearReopened(office::reopened_to(reopened)),
        EventKind::TextRedacted(TextRedacted { series, text }) => Kind::TextRedacted(stored::TextRedacted {
            series: Some(series_to(series)),
            text_digest: text.as_bytes().to_vec(),
        }),
        EventKind::TokenIssued(issued) => Kind::TokenIssued(tokens::issued_to(issued)),
        EventKind::TokenRevoked(TokenRevoked { id }) => Kind::TokenRevoked(stored::TokenRevoked { token: id.0 }),
    };
    let event = stored::Event {
        position: position.0,
        time_us: time.0,
        principal: principal.to_string(),
        reason: reason.clone(),
        kind: Some(kind),
    };
    event.encode_to_vec()
}

fn form_to(registered: &FormRegistered) -> stored::FormRegistered {
    let FormRegistered { id, form } = registered;
    stored::FormRegistered {
        form: id.0,
        name: form.name().to_owned(),
        form_digest: form.form_digest().as_bytes().to_vec(),
        rules_digest: form.rules_digest().as_bytes().to_vec(),
        descriptor_set: form.descriptor_set().to_vec(),
        cells: cell_names(form),
        checks: form.check_names(),
    }
}

/// What stored rows rely on: "path numbers unit", in table order.
fn cell_names(form: &Form) -> Vec<String> {
    let numbers = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    form.cells().iter().map(|cell| format!("{} {} {}", cell.path, numbers(&cell.numbers), cell.unit)).collect()
}

fn unit_to(unit: &UnitEntry) -> stored::Unit {
    let UnitEntry { code, from_year, until_year, parent, kind, name, makes_rules } = unit;
    stored::Unit {
        code: code.to_string(),
        parent: parent.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: kind_to(*kind),
        name: name.to_string(),
        from_year: from_year.get().into(),
        until_year: until_year.map_or(0, |year| year.get().into()),
        makes_rules: *makes_rules,
    }
}

fn kind_to(kind: UnitKind) -> u32 {
    let number = UnitKind::ALL.iter().position(|(known, _)| *known == kind).unwrap_or_default();
    u32::try_from(number).unwrap_or_default().saturating_add(1)
}

fn kind_from(kind: u32) -> Result<UnitKind, String> {
    let known = usize::try_from(kind).ok().and_then(|kind| UnitKind::ALL.get(kind.checked_sub(1)?));
    known.map(|(kind, _)| *kind).ok_or_else(|| "the kind of a unit is not known".to_owned())
}

fn accepted_to(accepted: &ReportAccepted) -> stored::ReportAccepted {
    let ReportAccepted {
        series,
        form,
        revision,
        request_id,
        row,
        digest,
        texts,
        blank_means_zero,
        nil_report,
        findings,
        explained,
        awaits_approval,
        rejudged,
    } = accepted;
    stored::ReportAccepted {
        form: form.0,
        unit: series.unit.to_string(),
        year: series.year.get().into(),
        coverage: coverage_to(series.coverage),
        revision: revision.0,
        request_id: request_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        row: row.as_bytes().to_vec(),
        digest: digest.as_bytes().to_vec(),
        texts_digest: texts.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default(),
        blank_means_zero: *blank_means_zero,
        nil_report: *nil_report,
        findings: findings.as_bytes().to_vec(),
        explained: explained.iter().copied().map(explained_to).collect(),
        rejudged: rejudged.iter().map(rejudged_to).collect(),
        awaits_approval: *awaits_approval,
    }
}

pub(super) fn coverage_to(coverage: Coverage) -> u32 {
    match coverage {
        Coverage::Own => 1,
        Coverage::Consolidated => 2,
    }
}

fn series_to(series: &SeriesKey) -> stored::Series {
    let SeriesKey { family, year, unit, coverage } = series;
    stored::Series {
        family: family.to_string(),
        unit: unit.to_string(),
        year: year.get().into(),
        coverage: coverage_to(*coverage),
    }
}

fn rejudged_to(rejudged: &Rejudged) -> stored::Rejudged {
    let Rejudged { series, findings } = rejudged;
    stored::Rejudged { series: Some(series_to(series)), findings: findings.as_bytes().to_vec() }
}

fn explained_to(explained: Explained) -> stored::Explained {
    let Explained { check, left, right } = explained;
    stored::Explained { check: check.0, left, right }
}

/// Registered forms by number.
pub type Forms<'a> = &'a dyn Fn(FormId) -> Option<Arc<Form>>;

/// Decodes an event.
pub(super) fn decode(bytes: &[u8], position: Position, forms: Forms<'_>) -> Result<Event, CodecError> {
    event_from(bytes, forms)
        .map_err(|problem| CodecError { position, problem })
        .and_then(|event| if event.position == position { Ok(event) } else { Err(misplaced(position, event.position)) })
}

fn misplaced(position: Position, says: Position) -> CodecError {
    CodecError { position, problem: format!("it says it is event {says}") }
}

fn event_from(bytes: &[u8], forms: Forms<'_>) -> Result<Event, String> {
    let stored::Event { position, time_us, principal, reason, kind } =
        stored::Event::decode(bytes).map_err(|error| error.to_string())?;
    let kind = match kind.ok_or("its kind is not known")? {
        Kind::FormRegistered(registered) => EventKind::FormRegistered(form_from(registered)?),
        Kind::UnitsApplied(stored::UnitsApplied { units, rejudged }) => EventKind::UnitsApplied(UnitsApplied {
            units: units.into_iter().map(unit_from).collect::<Result<_, String>>()?,
            rejudged: rejudged_from(rejudged)?,
        }),
        Kind::ReportAccepted(accepted) => EventKind::ReportAccepted(Box::new(accepted_from(accepted, forms)?)),
        Kind::ReportWithdrawn(stored::ReportWithdrawn { series, revision, rejudged }) => {
            EventKind::ReportWithdrawn(ReportWithdrawn {
                series: series_from(series)?,
                revision: Revision(revision),
                rejudged: rejudged_from(rejudged)?,
            })
        }
        Kind::QueryExplained(stored::QueryExplained { series, explained, text_digest }) => {
            EventKind::QueryExplained(QueryExplained {
                series: series_from(series)?,
                explained: explained_from(explained.ok_or("it explains nothing")?),
                text: digest_from(&text_digest)?,
            })
        }
        Kind::RosterApplied(applied) => EventKind::RosterApplied(office::roster_from(applied)?),
        Kind::DeadlineExtended(extended) => EventKind::DeadlineExtended(office::extended_from(extended)?),
        Kind::ReportReviewed(reviewed) => EventKind::ReportReviewed(office::reviewed_from(reviewed)?),
        Kind::PublicationRecorded(recorded) => EventKind::PublicationRecorded(office::publication_from(recorded)?),
        Kind::YearClosed(closed) => EventKind::YearClosed(office::closed_from(closed)?),
        Kind::YearReopened(reopened) => EventKind::YearReopened(office::reopened_from(reopened)?),
        Kind::TextRedacted(stored::TextRedacted { series, text_digest }) => {
            EventKind::TextRedacted(TextRedacted { series: series_from(series)?, text: digest_from(&text_digest)? })
        }
        Kind::TokenIssued(issued) => EventKind::TokenIssued(tokens::issued_from(issued)?),
        Kind::TokenRevoked(stored::TokenRevoked { token }) => {
            EventKind::TokenRevoked(TokenRevoked { id: TokenId(token) })
        }
    };
    Ok(Event { position: Position(position), time: Timestamp(time_us), principal: principal.into(), reason, kind })
}

fn form_from(registered: stored::FormRegistered) -> Result<FormRegistered, String> {
    let stored::FormRegistered { form: id, name, form_digest, rules_digest, descriptor_set, cells, checks } =
        registered;
    if digest_from(&form_digest)? != Digest::of(&[&descriptor_set]) {
        return Err(format!("the descriptors of {name} are not those of its digest"));
    }
    let form = Form::from_descriptors(&descriptor_set, &name)?;
    if cells != cell_names(&form) || checks != form.check_names() || digest_from(&rules_digest)? != form.rules_digest()
    {
        return Err(format!("this program lays {name} out otherwise than the one that wrote the ledger"));
    }
    Ok(FormRegistered { id: FormId(id), form: Arc::new(form) })
}

fn unit_from(unit: stored::Unit) -> Result<UnitEntry, String> {
    let stored::Unit { code, parent, kind, name, from_year, until_year, makes_rules } = unit;
    Ok(UnitEntry {
        code: UnitCode::new(&code).map_err(|error| error.to_string())?,
        from_year: year_from(from_year)?,
        until_year: (until_year != 0).then(|| year_from(until_year)).transpose()?,
        parent: (!parent.is_empty()).then(|| UnitCode::new(&parent)).transpose().map_err(|error| error.to_string())?,
        kind: kind_from(kind)?,
        name: name.into(),
        makes_rules,
    })
}

fn year_from(year: i32) -> Result<Year, String> {
    Year::new(year.into()).map_err(|error| error.to_string())
}

fn digest_from(bytes: &[u8]) -> Result<Digest, String> {
    Digest::from_bytes(bytes).ok_or_else(|| "a digest is cut short".to_owned())
}

pub(super) fn coverage_from(coverage: u32) -> Result<Coverage, String> {
    match coverage {
        1 => Ok(Coverage::Own),
        2 => Ok(Coverage::Consolidated),
        other => Err(format!("coverage {other} is not known")),
    }
}

fn series_from(series: Option<stored::Series>) -> Result<SeriesKey, String> {
    let stored::Series { family, unit, year, coverage } = series.ok_or("its series is missing")?;
    Ok(SeriesKey {
        family: FamilyName::new(&family).map_err(|error| error.to_string())?,
        year: year_from(year)?,
        unit: UnitCode::new(&unit).map_err(|error| error.to_string())?,
        coverage: coverage_from(coverage)?,
    })
}

fn rejudged_from(rejudged: Vec<stored::Rejudged>) -> Result<Vec<Rejudged>, String> {
    let one = |stored::Rejudged { series, findings }| {
        let findings = Findings::of_packed(findings).ok_or("findings are damaged")?;
        Ok(Rejudged { series: series_from(series)?, findings })
    };
    rejudged.into_iter().map(one).collect()
}

fn explained_from(explained: stored::Explained) -> Explained {
    let stored::Explained { check, left, right } = explained;
    Explained { check: CheckId(check), left, right }
}

fn accepted_from(accepted: stored::ReportAccepted, forms: Forms<'_>) -> Result<ReportAccepted, String> {
    let stored::ReportAccepted {
        form: id,
        unit,
        year,
        coverage,
        revision,
        request_id,
        row,
        digest,
        texts_digest,
        blank_means_zero,
        nil_report,
        findings,
        explained,
        rejudged,
        awaits_approval,
    } = accepted;
    let form = forms(FormId(id)).ok_or_else(|| format!("form {id} is not registered"))?;
    let series = SeriesKey {
        family: form.family().clone(),
        year: year_from(year)?,
        unit: UnitCode::new(&unit).map_err(|error| error.to_string())?,
        coverage: coverage_from(coverage)?,
    };
    let request_id = (!request_id.is_empty()).then(|| RequestId::new(&request_id)).transpose();
    Ok(ReportAccepted {
        series,
        form: FormId(id),
        revision: Revision(revision),
        request_id: request_id.map_err(|error| error.to_string())?,
        row: Row::from_bytes(form.cells(), &row).map_err(|error| error.to_string())?,
        digest: digest_from(&digest)?,
        texts: (!texts_digest.is_empty()).then(|| digest_from(&texts_digest)).transpose()?,
        blank_means_zero,
        nil_report,
        findings: Findings::of_packed(findings).ok_or("its findings are damaged")?,
        explained: explained.into_iter().map(explained_from).collect(),
        awaits_approval,
        rejudged: rejudged_from(rejudged)?,
    })
}
