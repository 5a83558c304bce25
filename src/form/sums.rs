//! Which cells are sums of others: what a sheet computes, and what it checks.

use super::Form;
use super::rules::{Addend, CheckKind};

/// An identity between the cells of one report: left = right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The rule in one sentence, Chinese.
    pub label_zh: &'a str,
    /// English.
    pub label_en: &'a str,
    /// Left side: cell, and whether it is taken away.
    pub left: Vec<(usize, bool)>,
    /// Right side, as the left one.
    pub right: Vec<(usize, bool)>,
}

impl Identity<'_> {
    /// The cell that stands alone on one side, and the side that it is the sum of.
    #[must_use]
    pub fn total(&self) -> Option<(usize, &[(usize, bool)])> {
        match (self.left.as_slice(), self.right.as_slice()) {
            (addends, [(total, false)]) | ([(total, false)], addends) => Some((*total, addends)),
            _ => None,
        }
    }

    /// Left side minus right side, absent figures as 0; none if that leaves i64.
    #[must_use]
    pub fn difference(&self, figures: &[Option<i64>]) -> Option<i64> {
        sum(&self.left, figures)?.checked_sub(sum(&self.right, figures)?)
    }
}

/// The sum of one side, absent figures as 0; none if it leaves i64.
fn sum(side: &[(usize, bool)], figures: &[Option<i64>]) -> Option<i64> {
    side.iter().try_fold(0_i64, |sum, (cell, subtract)| {
        let figure = figures.get(*cell).copied().flatten().unwrap_or(0);
        if *subtract { sum.checked_sub(figure) } else { sum.checked_add(figure) }
    })
}

impl Form {
    /// The identities that hold between required cells of one report, in table order.
    #[must_use]
    pub fn identities(&self) -> Vec<Identity<'_>> {
        let side = |addends: &[Addend]| addends.iter().map(|addend| (addend.cell, addend.subtract)).collect();
        let of_slot = |id| {
            let check = self.rules.check(id)?;
            let CheckKind::Equation(equation) = &check.kind else { return None };
            let rule = self.rules.rules.get(check.rule)?;
            let (label_zh, label_en) = (rule.label_zh.as_str(), rule.label_en.as_str());
            Some(Identity { label_zh, label_en, left: side(&equation.left), right: side(&equation.right) })
        };
        self.rules.slots.iter().filter_map(|id| of_slot(*id)).collect()
    }
}
