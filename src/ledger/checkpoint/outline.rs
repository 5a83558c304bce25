//! What a checkpoint says of itself.

use super::bytes::{Bytes, put_digest, put_list};
use crate::domain::event::FormId;
use crate::domain::{FiledYear, State};
use crate::form::{put_part, put_varint, unzigzag, zigzag};
use crate::words::{Digest, FamilyName, Position, Timestamp, Year};

/// Counts how often it changed what the same events fold to, or how series are written
/// here. Raise it with every such change: checkpoints of before are left aside then.
const FOLD: u32 = 2;

/// The program that folds.
fn folded_by() -> String {
    format!("crossfoot {}, fold {FOLD}", env!("CARGO_PKG_VERSION"))
}

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// Position of the last event that was folded, and the chain up to it.
    pub(super) head: (Position, Digest),
    /// Time of that event.
    pub(super) time: Timestamp,
    /// Places of the events that say something beside the series.
    pub(super) apart: Vec<Position>,
    /// What the series that follow belong to.
    pub(super) years: Vec<FiledYear>,
}

impl Outline {
    pub(super) fn of(state: &State, chain: Digest) -> Self {
        let (head, time) = ((state.head(), chain), state.last_time());
        Self { head, time, apart: state.apart().to_vec(), years: state.filed_years() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let Self { head: (position, chain), time, apart, years } = self;
        let mut out = Vec::new();
        put_part(&mut out, folded_by().as_bytes());
        put_varint(&mut out, position.0);
        put_digest(&mut out, chain);
        put_varint(&mut out, zigzag(time.0));
        put_list(&mut out, apart, |out, position| put_varint(out, position.0));
        put_list(&mut out, years, |out, FiledYear { family, year, form, series }| {
            put_part(out, family.as_str().as_bytes());
            put_varint(out, year.get().into());
            put_varint(out, form.0.into());
            put_varint(out, *series as u64);
        });
        out
    }

    /// Reads it, if this very program wrote it.
    pub(super) fn decode(payload: &[u8]) -> Result<Self, String> {
        let mut bytes = Bytes(payload);
        let by = bytes.text().ok_or("it does not say what wrote it")?;
        if by != folded_by() {
            return Err(format!("it was written by {by}, and this is {}", folded_by()));
        }
        Self::take(&mut bytes).filter(|_| bytes.is_empty()).ok_or_else(|| "its beginning cannot be read".to_owned())
    }

    fn take(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            head: (Position(bytes.varint()?), bytes.digest()?),
            time: Timestamp(unzigzag(bytes.varint()?)),
            apart: bytes.list(|bytes| bytes.varint().map(Position))?,
            years: bytes.list(|bytes| {
                Some(FiledYear {
                    family: FamilyName::new(bytes.text()?).ok()?,
                    year: Year::new(bytes.number()?).ok()?,
                    form: FormId(bytes.number()?),
                    series: bytes.number()?,
                })
            })?,
        })
    }
}
