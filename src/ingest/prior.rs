//! The figures of the year before, as cross-year checks want them: the unit's own,
//! with those of the units that the roster says were merged into it.

use crate::domain::event::SeriesKey;
use crate::domain::{Roster, Series, State};
use crate::form::{Figures, Form, RowRef};

/// Figures of a report, unpacked for checks.
#[derive(Debug, Clone, Default)]
pub struct Unpacked {
    values: Vec<i64>,
    present: Vec<u64>,
    absent_is_zero: bool,
}

impl Unpacked {
    pub(super) fn new(form: &Form, row: RowRef<'_>, absent_is_zero: bool) -> Option<Self> {
        let mut unpacked = Self::default();
        unpacked.unpack(form, row, absent_is_zero).then_some(unpacked)
    }

    /// Takes other figures in place of these; false if the row is damaged.
    pub(super) fn unpack(&mut self, form: &Form, row: RowRef<'_>, absent_is_zero: bool) -> bool {
        let Self { values, present, .. } = self;
        values.clear();
        values.resize(form.cells().len(), 0);
        present.clear();
        present.resize(form.cells().required().len(), 0);
        self.absent_is_zero = absent_is_zero;
        row.unpack(form.cells(), present, values).is_ok()
    }

    /// A copy of figures that lie elsewhere.
    fn copied(figures: Figures<'_>) -> Self {
        let Figures { values, present, absent_is_zero } = figures;
        Self { values: values.to_vec(), present: present.to_vec(), absent_is_zero }
    }

    /// Figures of a report that fills another form, as this form's; none unless
    /// this form says what both have in common.
    #[must_use]
    pub fn followed(form: &Form, filled: &Form, figures: Figures<'_>) -> Option<Self> {
        if filled.name() == form.name() {
            return Some(Self::copied(figures));
        }
        let (values, present) = form.from_prior(filled, figures)?;
        Some(Self { values, present, absent_is_zero: false })
    }

    /// What a series has in effect, as far as that form can tell.
    pub(super) fn effective(state: &State, form: &Form, series: &Series) -> Option<Self> {
        let effective = series.effective()?;
        let filled = state.form(effective.form)?;
        let figures = Self::new(&filled, effective.row(), effective.absent_is_zero())?;
        if filled.name() == form.name() { Some(figures) } else { Self::followed(form, &filled, figures.figures()) }
    }

    /// The figures, as checks see them.
    #[must_use]
    pub fn figures(&self) -> Figures<'_> {
        Figures { values: &self.values, present: &self.present, absent_is_zero: self.absent_is_zero }
    }

    /// Adds another unit's figures; a cell is stated where both state it.
    fn plus(mut self, other: &Self, form: &Form) -> Self {
        let stated = |figures: &Self| {
            let required = if figures.absent_is_zero { form.cells().required() } else { &[] };
            let required = required.iter().copied().chain(std::iter::repeat(0));
            figures.present.iter().zip(required).map(|(present, required)| present | required).collect::<Vec<u64>>()
        };
        self.present = stated(&self).iter().zip(stated(other)).map(|(a, b)| a & b).collect();
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum = sum.saturating_add(*value);
        }
        self.absent_is_zero = false;
        self
    }
}

/// Series of the year before whose figures a report of that series carries in,
/// the unit's own first.
pub(super) fn carried_in(key: &SeriesKey, roster: &Roster) -> Vec<SeriesKey> {
    let Some(year) = key.year.before() else { return Vec::new() };
    let units = std::iter::once(&key.unit).chain(roster.merged_into(&key.unit));
    units.map(|unit| SeriesKey { year, unit: unit.clone(), ..key.clone() }).collect()
}

/// The figures of the year before; none where one of them is not known. `existed`
/// tells whether a unit was there in a year: a unit that came of a merger was not.
pub(super) fn prior(
    key: &SeriesKey,
    form: &Form,
    roster: &Roster,
    existed: impl Fn(&SeriesKey) -> bool,
    figures_of: impl Fn(&SeriesKey) -> Option<Unpacked>,
) -> Option<Unpacked> {
    let all = carried_in(key, roster);
    let merged = all.len() > 1;
    let known = all.iter().filter(|before| !merged || before.unit != key.unit || existed(before));
    let mut sum: Option<Unpacked> = None;
    for before in known {
        let figures = figures_of(before)?;
        sum = Some(match sum {
            Some(sum) => sum.plus(&figures, form),
            None => figures,
        });
    }
    sum
}
