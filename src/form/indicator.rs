//! Indicators (指标): what can be asked of a total, a cell or a derived figure.

use super::figure::{half_in_printed_unit, in_printed_unit, percent};
use super::rules::{Addend, Breakdown, CheckKind, Part, Ratio};
use super::{Figures, Form, RowRef};
use crate::words::Quantity;

/// A cell, or a figure derived from cells.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// Path of the cell, or identifier.
    pub id: String,
    /// Name, Chinese.
    pub label_zh: String,
    /// Name, English.
    pub label_en: String,
    /// Printed unit, Chinese.
    pub unit_zh: String,
    /// Printed unit, English.
    pub unit_en: String,
    /// Decimal places between the stored and the printed unit of a cell.
    pub scale: u32,
    /// A ratio of sums of cells.
    pub derived: bool,
    /// One of its cells is a stock: never added over years.
    pub stock: bool,
    numerator: Weights,
    /// None: a cell, over 1.
    denominator: Option<Weights>,
    /// A cell that need not be stated.
    optional: bool,
}

/// A few cells, each with its weight, in the order of the form.
type Weights = Vec<(usize, i64)>;

const NOT_APPLICABLE: Quantity = Quantity { numerator: 0, denominator: 0 };

/// A weighted sum; none if it does not fit 64 bits.
fn weighted(products: impl Iterator<Item = (i64, i64)>) -> Option<i64> {
    let product = |(value, weight): (i64, i64)| i128::from(value).saturating_mul(weight.into());
    i64::try_from(products.map(product).fold(0_i128, i128::saturating_add)).ok()
}

fn over_total(weights: &Weights, cells: &[i64]) -> Option<i64> {
    weighted(weights.iter().map(|(cell, weight)| (cells.get(*cell).copied().unwrap_or(0), *weight)))
}

fn over_row(weights: &Weights, form: &Form, row: RowRef<'_>) -> Option<i64> {
    let weight = |cell: usize| weights.iter().find(|(known, _)| *known == cell).map_or(0, |(_, weight)| *weight);
    weighted(row.nonzero(form.cells()).map(|(cell, value)| (value, weight(cell))))
}

impl Indicator {
    /// Not applicable where a sum does not fit 64 bits.
    fn of(&self, sum: impl Fn(&Weights) -> Option<i64>) -> Quantity {
        match (sum(&self.numerator), self.denominator.as_ref().map_or(Some(1), &sum)) {
            (Some(numerator), Some(denominator)) => Quantity { numerator, denominator },
            _ => NOT_APPLICABLE,
        }
    }

    /// Its value for the cells of a total.
    #[must_use]
    pub fn of_total(&self, cells: &[i64]) -> Quantity {
        self.of(|weights| over_total(weights, cells))
    }

    /// The same, not applicable for a cell that none of the reports state;
    /// `stated` says for each cell that need not be stated how many do.
    #[must_use]
    pub fn of_sum(&self, form: &Form, cells: &[i64], stated: &[i64]) -> Quantity {
        let cell = self.numerator.first().map(|(cell, _)| *cell).filter(|_| self.optional);
        let place = cell.and_then(|cell| form.cells().optional().iter().position(|known| *known == cell));
        match place.and_then(|place| stated.get(place)) {
            Some(0) => NOT_APPLICABLE,
            _ => self.of_total(cells),
        }
    }

    /// Its value for one report; not applicable for a cell it does not state and need not.
    #[must_use]
    pub fn of_row(&self, form: &Form, row: RowRef<'_>) -> Quantity {
        let cell = self.numerator.first().map(|(cell, _)| *cell).filter(|_| self.optional);
        match cell {
            Some(cell) if !row.states(form.cells(), cell) => NOT_APPLICABLE,
            _ => self.of(|weights| over_row(weights, form, row)),
        }
    }

    /// A value of it in the printed unit, rounded for people.
    #[must_use]
    pub fn text(&self, value: Quantity) -> String {
        match (self.derived, value.denominator) {
            (_, 0) => "n/a".to_owned(),
            (true, _) => percent(value.numerator, value.denominator),
            (false, 2) => half_in_printed_unit(value.numerator, self.scale),
            (false, _) => in_printed_unit(value.numerator, self.scale),
        }
    }

    /// A difference of two values of it, with its sign.
    #[must_use]
    pub fn change_text(&self, change: Quantity) -> String {
        let text = self.text(change);
        let signed = if change.numerator > 0 { format!("+{text}") } else { text };
        match signed.strip_suffix('%').filter(|_| self.derived) {
            Some(points) => format!("{points} pp"),
            None => signed,
        }
    }
}

fn weights(addends: &[Addend]) -> Weights {
    addends.iter().map(|addend| (addend.cell, if addend.subtract { -1 } else { 1 })).collect()
}

impl Form {
    /// The indicator of that name: a cell's path, or the id of a derived figure.
    #[must_use]
    pub fn indicator(&self, id: &str) -> Option<Indicator> {
        match self.cells.find(id) {
            Some(cell) => self.cell_indicator(cell),
            None => self.derived.iter().find(|indicator| indicator.id == id).cloned(),
        }
    }

    /// Every derived figure, in the order of the form.
    #[must_use]
    pub fn derived(&self) -> &[Indicator] {
        &self.derived
    }

    /// Makes the derived figures of a compiled form.
    pub(super) fn derive(&mut self) {
        self.derived = self.rules.ratios.iter().map(|ratio| self.ratio_indicator(ratio)).collect();
    }

    /// A cell as an indicator.
    #[must_use]
    pub fn cell_indicator(&self, index: usize) -> Option<Indicator> {
        let cell = self.cells.get(index)?;
        Some(Indicator {
            id: cell.path.clone(),
            label_zh: cell.label_zh.clone(),
            label_en: cell.label_en.clone(),
            unit_zh: cell.unit_zh.clone(),
            unit_en: cell.unit_en.clone(),
            scale: cell.scale,
            derived: false,
            stock: cell.stock,
            numerator: vec![(index, 1)],
            denominator: None,
            optional: !cell.required,
        })
    }

    fn ratio_indicator(&self, ratio: &Ratio) -> Indicator {
        let all = || ratio.numerator.iter().chain(&ratio.denominator);
        Indicator {
            id: ratio.id.clone(),
            label_zh: ratio.label_zh.clone(),
            label_en: ratio.label_en.clone(),
            unit_zh: "%".to_owned(),
            unit_en: "%".to_owned(),
            scale: 0,
            derived: true,
            stock: all().any(|addend| self.cells.get(addend.cell).is_some_and(|cell| cell.stock)),
            numerator: weights(&ratio.numerator),
            denominator: Some(weights(&ratio.denominator)),
            optional: false,
        }
    }

    /// The breakdowns of a total: each with its whole, and its parts with what
    /// they come to, the largest first.
    pub fn breakdowns<'a>(
        &'a self,
        cells: &'a [i64],
    ) -> impl Iterator<Item = (&'a Breakdown, i64, Vec<(&'a Part, i64)>)> {
        let come_to = |addends: &[Addend]| over_total(&weights(addends), cells).unwrap_or_default();
        self.rules.breakdowns.iter().map(move |breakdown| {
            let mut parts: Vec<(&Part, i64)> =
                breakdown.parts.iter().map(|part| (part, come_to(&part.terms))).collect();
            parts.sort_by_key(|(_, value)| std::cmp::Reverse(*value));
            (breakdown, come_to(&breakdown.whole), parts)
        })
    }

    /// What a cell would be by the identities that say what it is the sum of:
    /// the first that says otherwise than the cell itself.
    #[must_use]
    pub fn recomputed(&self, cell: usize, figures: Figures<'_>) -> Option<i64> {
        let stated = figures.get(&self.cells, cell)?;
        let mut sums = self.rules.checks.iter().filter_map(|check| {
            let CheckKind::Equation(equation) = &check.kind else { return None };
            let is_it = |side: &[Addend]| matches!(side, [only] if only.cell == cell && !only.subtract);
            let sum = match (is_it(&equation.left), is_it(&equation.right)) {
                _ if !equation.is_identity() => None,
                (_, true) => self.sum(&equation.left, figures, None),
                (true, _) => self.sum(&equation.right, figures, None),
                (false, false) => None,
            };
            i64::try_from(sum?).ok()
        });
        sums.find(|sum| *sum != stated)
    }
}
