//! What checks say, and how that is packed where it is kept.

use super::row::{put_varint, take_varint, unzigzag, zigzag};

/// Number of a check in the table of its form.
///
/// Claims of the prose have numbers beyond the table, made of their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(pub u32);

/// How a failed check is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The report is refused.
    Error,
    /// Accepted and counted, to be explained (核实).
    Query,
    /// Shown, nothing more.
    Notice,
}

impl Severity {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Query => "query",
            Self::Notice => "notice",
        }
    }
}

/// What a check, or all error checks of a report, said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// A figure it needs is not there.
    NotAssessable,
}

impl Verdict {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NotAssessable => "NOT_ASSESSABLE",
        }
    }
}

/// A finding as it is kept: numbers only. Words are added when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FindingRecord {
    /// Which check.
    pub check: CheckId,
    /// [`Verdict::Fail`] or [`Verdict::NotAssessable`].
    pub verdict: Verdict,
    /// Left side, where it has one.
    pub left: Option<i64>,
    /// Right side, where it has one.
    pub right: Option<i64>,
}

const FAILED: u8 = 1;
const HAS_LEFT: u8 = 2;
const HAS_RIGHT: u8 = 4;

/// Findings, packed: of each the gap to the check before, what there is, the sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings(Vec<u8>);

impl Findings {
    /// What was packed before; none if it is damaged.
    #[must_use]
    pub fn of_packed(bytes: Vec<u8>) -> Option<Self> {
        let sound = packed_findings(&bytes).all(|finding| finding.is_some());
        sound.then_some(Self(bytes))
    }

    /// Packed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = FindingRecord> {
        packed_findings(&self.0).flatten()
    }
}

impl FromIterator<FindingRecord> for Findings {
    fn from_iter<T: IntoIterator<Item = FindingRecord>>(findings: T) -> Self {
        const MOSTLY: usize = 8;
        let findings = findings.into_iter();
        let mut out = Vec::with_capacity(findings.size_hint().0.saturating_mul(MOSTLY));
        let mut before = 0_u32;
        for FindingRecord { check, verdict, left, right } in findings {
            put_varint(&mut out, u64::from(check.0.wrapping_sub(before)));
            before = check.0;
            let failed = if verdict == Verdict::Fail { FAILED } else { 0 };
            let sides = [left.map_or(0, |_| HAS_LEFT), right.map_or(0, |_| HAS_RIGHT)];
            out.push(failed | sides.iter().fold(0, |all, one| all | one));
            [left, right].into_iter().flatten().for_each(|side| put_varint(&mut out, zigzag(side)));
        }
        Self(out)
    }
}

/// Packed findings, one after the other; a none where they are damaged is the last.
pub fn packed_findings(bytes: &[u8]) -> impl Iterator<Item = Option<FindingRecord>> {
    let (mut rest, mut before) = (bytes, 0);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let taken = take_finding(rest, before);
        rest = taken.map_or(&[], |(_, after)| after);
        before = taken.map_or(0, |(finding, _)| finding.check.0);
        Some(taken.map(|(finding, _)| finding))
    })
}

fn take_finding(bytes: &[u8], before: u32) -> Option<(FindingRecord, &[u8])> {
    let (gap, rest) = take_varint(bytes)?;
    let (&flags, mut rest) = rest.split_first()?;
    let mut side = |has: u8| -> Option<Option<i64>> {
        if flags & has == 0 {
            return Some(None);
        }
        let (raw, after) = take_varint(rest)?;
        rest = after;
        Some(Some(unzigzag(raw)))
    };
    let (left, right) = (side(HAS_LEFT)?, side(HAS_RIGHT)?);
    let verdict = if flags & FAILED == 0 { Verdict::NotAssessable } else { Verdict::Fail };
    let check = CheckId(before.wrapping_add(u32::try_from(gap).ok()?));
    Some((FindingRecord { check, verdict, left, right }, rest))
}
