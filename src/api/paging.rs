//! Pages: a size within bounds and a token that says where the next one begins.

use std::str::FromStr;

use tonic::Status;

use super::convert::{coverage_from_pb, coverage_to_pb, family_from_pb, unit_from_pb, year_from_pb};
use super::status::invalid;
use crate::domain::event::SeriesKey;
use crate::ingest::At;
use crate::words::{Position, limits};

/// The size of a page that was asked for.
pub(super) fn size(asked: i32) -> Result<usize, Status> {
    match usize::try_from(asked) {
        Ok(0) => Ok(limits::PAGE_SIZE),
        Ok(size) => Ok(size.min(limits::PAGE_SIZE_MAX)),
        Err(_) => Err(invalid("page_size", "is below 0")),
    }
}

/// Splits one entry more than a page into the page and the token of the next.
pub(super) fn split<T>(mut entries: Vec<T>, size: usize, token: impl Fn(&T) -> String) -> (Vec<T>, String) {
    let next =
        if entries.len() > size { size.checked_sub(1).and_then(|last| entries.get(last)).map(token) } else { None };
    entries.truncate(size);
    (entries, next.unwrap_or_default())
}

fn wrong() -> Status {
    invalid("page_token", "is not from this list")
}

/// The number that a token is; none at the beginning.
pub(super) fn number<T: FromStr>(token: &str) -> Result<Option<T>, Status> {
    (!token.is_empty()).then(|| token.parse().map_err(|_| wrong())).transpose()
}

/// The series that a token names; none at the beginning.
pub(super) fn series(token: &str) -> Result<Option<SeriesKey>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = token.split('/').collect();
    let [family, year, unit, coverage] = parts.as_slice() else { return Err(wrong()) };
    Ok(Some(SeriesKey {
        family: family_from_pb(family)?.ok_or_else(wrong)?,
        year: year_from_pb(year.parse().map_err(|_| wrong())?)?,
        unit: unit_from_pb(unit)?,
        coverage: coverage_from_pb(coverage.parse().map_err(|_| wrong())?)?,
    }))
}

pub(super) fn token_of_series(series: &SeriesKey) -> String {
    let SeriesKey { family, year, unit, coverage } = series;
    format!("{family}/{year}/{unit}/{}", coverage_to_pb(*coverage))
}

/// A page of an answer that speaks of one position: every page of the same one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// Entries at most.
    pub(super) size: usize,
    /// Entries on the pages before.
    pub(super) skip: usize,
    /// What the answer speaks of.
    pub(super) at: At,
}

impl Page {
    /// The page asked for: its token says the position, whether attempts are
    /// told, and where it begins.
    pub(super) fn from_pb(asked: i32, token: &str, at: At) -> Result<Self, Status> {
        let size = size(asked)?;
        if token.is_empty() {
            return Ok(Self { size, skip: 0, at });
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [kind, position, skip] = parts.as_slice() else { return Err(wrong()) };
        let position = Position(position.parse().map_err(|_| wrong())?);
        let at = match *kind {
            "now" => At::page(position),
            "at" => At::position(position),
            _ => return Err(wrong()),
        };
        Ok(Self { size, skip: skip.parse().map_err(|_| wrong())?, at })
    }

    /// The token of the next page, of an answer with so many entries in all.
    pub(super) fn next(&self, told: usize, all: usize, position: Position) -> String {
        let skip = self.skip.saturating_add(told);
        let kind = if self.at.tells_attempts() { "now" } else { "at" };
        if told > 0 && skip < all { format!("{kind}.{position}.{skip}") } else { String::new() }
    }
}
