//! Refused attempts: the last one of each series, so that the office sees who
//! tried. Kept outside the ledger, bounded, overwritten, counted nowhere.

use std::collections::BTreeMap;

use prost::bytes::Bytes;

use crate::domain::State;
use crate::domain::event::SeriesKey;
use crate::form::{Findings, Statements, put_part, take_part};
use crate::ledger::StoredAttempt;
use crate::words::{Coverage, FamilyName, Timestamp, UnitCode, Year, limits};

/// An attempt that was refused.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When.
    pub time: Timestamp,
    /// Why: the stable word.
    pub reason: String,
    /// Full name of the form's message.
    pub form: String,
    /// As stated by the sender.
    pub statements: Statements,
    /// What was found, at most [`limits::REFUSED_FINDINGS`].
    pub findings: Findings,
    /// What was sent; empty if it was above [`limits::REFUSED_BYTES`].
    pub report: Bytes,
}

/// The last refused attempt of each series.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    by_series: BTreeMap<(FamilyName, Year, UnitCode, Coverage), Attempt>,
}

type Key = (FamilyName, Year, UnitCode, Coverage);

fn key(series: &SeriesKey) -> Key {
    (series.family.clone(), series.year, series.unit.clone(), series.coverage)
}

impl Attempts {
    /// Keeps an attempt; gives the series that had to give way, if any.
    pub(super) fn put(&mut self, series: &SeriesKey, attempt: Attempt) -> Option<SeriesKey> {
        self.by_series.insert(key(series), attempt);
        if self.by_series.len() <= limits::REFUSED_ATTEMPTS {
            return None;
        }
        let oldest = self.by_series.iter().min_by_key(|(_, attempt)| attempt.time).map(|(key, _)| key.clone())?;
        self.by_series.remove(&oldest);
        let (family, year, unit, coverage) = oldest;
        Some(SeriesKey { family, year, unit, coverage })
    }

    pub(super) fn get(&self, series: &SeriesKey) -> Option<&Attempt> {
        self.by_series.get(&key(series))
    }

    /// All series with an attempt, in order.
    pub(super) fn series(&self) -> impl Iterator<Item = SeriesKey> + '_ {
        self.by_series.keys().map(|(family, year, unit, coverage)| SeriesKey {
            family: family.clone(),
            year: *year,
            unit: unit.clone(),
            coverage: *coverage,
        })
    }

    /// Series of a family and year with an attempt, in order.
    pub(super) fn of_year(&self, family: &FamilyName, year: Year) -> impl Iterator<Item = SeriesKey> {
        self.series().filter(move |key| key.family == *family && key.year == year)
    }

    /// Whether a unit was refused in a family and year, in either coverage.
    pub(super) fn of_unit(&self, family: &FamilyName, year: Year, unit: &UnitCode) -> bool {
        [Coverage::Own, Coverage::Consolidated]
            .into_iter()
            .any(|coverage| self.by_series.contains_key(&(family.clone(), year, unit.clone(), coverage)))
    }

    /// Units below one, or itself where it has none, that were refused and have
    /// not filed.
    pub(super) fn refused(&self, state: &State, family: &FamilyName, year: Year, root: &UnitCode) -> i64 {
        let tree = state.tree_for(family, year);
        let Some(root) = tree.find(root.as_str()) else { return 0 };
        let units = self.by_series.keys().filter(|(known, known_year, ..)| known == family && *known_year == year);
        let mut units: Vec<&UnitCode> = units.map(|(_, _, unit, _)| unit).collect();
        units.dedup();
        let below = |unit: &&UnitCode| {
            tree.find(unit.as_str()).is_some_and(|index| {
                let counted = index != root || !tree.is_interior(root);
                counted && tree.owes(index) && tree.is_within(index, root) && !state.has_filed(family, year, unit)
            })
        };
        i64::try_from(units.into_iter().filter(below).count()).unwrap_or(i64::MAX)
    }
}

/// The key of an attempt in the store.
pub(super) fn stored_key(series: &SeriesKey) -> String {
    format!("{} {} {} {}", series.family, series.year, series.unit, series.coverage)
}

fn series_of(key: &str) -> Option<SeriesKey> {
    let mut parts = key.split(' ');
    let (family, year, unit) = (parts.next()?, parts.next()?, parts.next()?);
    let coverage = match parts.next()? {
        "OWN" => Coverage::Own,
        "CONSOLIDATED" => Coverage::Consolidated,
        _ => return None,
    };
    Some(SeriesKey {
        family: FamilyName::new(family).ok()?,
        year: Year::new(year.parse().ok()?).ok()?,
        unit: UnitCode::new(unit).ok()?,
        coverage,
    })
}

impl Attempt {
    /// As it lies in the store. Format 1.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Self { time, reason, form, statements, findings, report } = self;
        let mut out = vec![1, u8::from(statements.blank_means_zero) | u8::from(statements.nil_report) << 1];
        out.extend_from_slice(&time.0.to_be_bytes());
        for part in [reason.as_bytes(), form.as_bytes(), findings.as_bytes(), report] {
            put_part(&mut out, part);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[1, flags], rest) = bytes.split_first_chunk::<2>()? else { return None };
        let (time, mut rest) = rest.split_first_chunk::<8>()?;
        let mut part = || -> Option<&[u8]> {
            let (part, after) = take_part(rest)?;
            rest = after;
            Some(part)
        };
        Some(Self {
            reason: String::from_utf8(part()?.to_vec()).ok()?,
            form: String::from_utf8(part()?.to_vec()).ok()?,
            findings: Findings::of_packed(part()?.to_vec())?,
            report: Bytes::copy_from_slice(part()?),
            time: Timestamp(i64::from_be_bytes(*time)),
            statements: Statements { blank_means_zero: flags & 1 != 0, nil_report: flags & 2 != 0 },
        })
    }
}

impl Attempts {
    /// Reads stored attempts; damaged ones are left out, they promise nothing.
    pub(super) fn load(stored: Vec<StoredAttempt>) -> Self {
        let mut attempts = Self::default();
        for (key, value) in stored {
            let series = std::str::from_utf8(&key).ok().and_then(series_of);
            if let (Some(series), Some(attempt)) = (series, Attempt::decode(&value)) {
                attempts.put(&series, attempt);
            }
        }
        attempts
    }
}
