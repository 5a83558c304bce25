//! Years, positions, revisions, and the two choices: coverage and basis.

use std::fmt;

use super::WordError;
use super::limits;

/// A reporting year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Year(u16);

impl Year {
    /// Takes a year between [`limits::FIRST_YEAR`] and [`limits::LAST_YEAR`].
    ///
    /// # Errors
    /// [`WordError`] for any other.
    pub fn new(year: i64) -> Result<Self, WordError> {
        u16::try_from(year)
            .ok()
            .filter(|year| (limits::FIRST_YEAR..=limits::LAST_YEAR).contains(year))
            .map(Self)
            .ok_or_else(|| WordError::new("year", &year.to_string(), "is not a reporting year"))
    }

    /// The year as a number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    /// The year before, if it is one.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Self::new(i64::from(self.0).saturating_sub(1)).ok()
    }

    /// The year after, if it is one.
    #[must_use]
    pub fn after(self) -> Option<Self> {
        Self::new(i64::from(self.0).saturating_add(1)).ok()
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whom a report speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// The unit itself (本机关).
    Own,
    /// The unit and all below it.
    Consolidated,
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "OWN",
            Self::Consolidated => "CONSOLIDATED",
        })
    }
}

/// What a roll-up adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// What each unit reported for itself.
    Units,
    /// What each child declares for all below it, where it does.
    Declared,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Units => "units",
            Self::Declared => "declared",
        })
    }
}

/// Place of an event in the ledger, from 1; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl Position {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a revision in its series, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u32);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An instant, in microseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);
