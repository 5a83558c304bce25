//! Days as deadlines name them: the calendar of Asia/Shanghai.
//!
//! A deadline holds until the end of its day there. The zone has had one offset
//! since 1991, before any reporting year, so no table of zones is needed.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::{self, Offset};

use super::{Timestamp, WordError};

/// A day of the calendar in Asia/Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// Of Asia/Shanghai.
const OFFSET: Offset = tz::offset(8);

impl Day {
    /// Reads a day written as `2024-01-31`.
    ///
    /// # Errors
    /// [`WordError`] for anything else, and for days that are none.
    pub fn parse(text: &str) -> Result<Self, WordError> {
        let wrong = || WordError::new("day", text, "is not a day like 2024-01-31");
        let day: Date = text.parse().map_err(|_| wrong())?;
        // years of five digits and times of day are read too, and are not meant
        if day.to_string() == text { Ok(Self(day)) } else { Err(wrong()) }
    }

    /// The day on which an instant falls.
    ///
    /// # Errors
    /// [`WordError`] for an instant outside the calendar.
    pub fn of(instant: Timestamp) -> Result<Self, WordError> {
        let outside = |_| WordError::new("time", &instant.0.to_string(), "is outside the calendar");
        let moment = jiff::Timestamp::from_microsecond(instant.0).map_err(outside)?;
        Ok(Self(OFFSET.to_datetime(moment).date()))
    }

    /// Its last microsecond.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let next = self.0.tomorrow().and_then(|next| OFFSET.to_timestamp(next.at(0, 0, 0, 0)));
        // the last day of the calendar has no morrow
        Timestamp(next.map_or(i64::MAX, |next| next.as_microsecond().saturating_sub(1)))
    }
}

impl Timestamp {
    /// The instant as people in Shanghai read it, to the second; its number if it is
    /// outside the calendar.
    #[must_use]
    pub fn in_shanghai(self) -> String {
        let moment = jiff::Timestamp::from_microsecond(self.0).map(|moment| OFFSET.to_datetime(moment));
        moment.map_or_else(|_| self.0.to_string(), |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC+8").to_string())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_shanghai() {
        let day = Day::parse("2024-01-31").unwrap();
        // 2024-01-31T15:59:59.999999Z
        assert_eq!(day.end(), Timestamp(1_706_716_799_999_999));
        assert_eq!(Day::of(day.end()).unwrap(), day);
        assert_eq!(Day::of(Timestamp(day.end().0 + 1)).unwrap().to_string(), "2024-02-01");
    }

    #[test]
    fn an_instant_is_read_by_the_clocks_of_shanghai() {
        assert_eq!(Timestamp(1_706_716_799_999_999).in_shanghai(), "2024-01-31 23:59:59 UTC+8");
        assert_eq!(Timestamp(1_706_716_800_000_000).in_shanghai(), "2024-02-01 00:00:00 UTC+8");
        assert_eq!(Timestamp(i64::MAX).in_shanghai(), i64::MAX.to_string());
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2024", "2024-02-30", "2024-1-31", "31.01.2024", "2024-01-31T00:00", "2024-01-31 ", "二〇二四"]
        {
            assert!(Day::parse(text).is_err(), "{text}");
        }
    }
}
