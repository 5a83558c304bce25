//! What must hold: rules, their instances, and where a reader finds them.

use std::fmt::Write as _;

use super::finding::{CheckId, Severity};
use super::table::CellTable;

/// A rule as it is declared.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable identifier.
    pub id: String,
    /// How a failure is treated.
    pub severity: Severity,
    /// In one sentence, Chinese.
    pub label_zh: String,
    /// In one sentence, English.
    pub label_en: String,
    /// Article or printed note behind it.
    pub basis: String,
}

/// One instance of a rule.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) rule: usize,
    pub(super) instance: String,
    pub(super) kind: CheckKind,
}

#[derive(Debug)]
pub(super) enum CheckKind {
    Equation(Equation),
    Missing(usize),
    Negative(usize),
    TooLarge(usize),
    NotNil(usize),
    /// 0 unless the unit may make rules.
    MakesRules(usize),
    Jump {
        cell: usize,
        ratio: i64,
        floor: i64,
        slip: i64,
    },
    TextMissing(usize),
}

/// left = right.
#[derive(Debug)]
pub(super) struct Equation {
    pub(super) left: Vec<Addend>,
    pub(super) right: Vec<Addend>,
    pub(super) where_stated: bool,
}

impl Equation {
    pub(super) fn addends(&self) -> impl Iterator<Item = &Addend> {
        self.left.iter().chain(&self.right)
    }

    /// Whether all its figures stand in one report.
    pub(super) fn is_identity(&self) -> bool {
        self.addends().all(|addend| !addend.prior_year)
    }
}

/// One cell of an equation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addend {
    pub(super) cell: usize,
    pub(super) prior_year: bool,
    pub(super) subtract: bool,
}

/// A derived figure.
#[derive(Debug, Clone)]
pub(super) struct Ratio {
    pub(super) id: String,
    pub(super) label_zh: String,
    pub(super) label_en: String,
    pub(super) numerator: Vec<Addend>,
    pub(super) denominator: Vec<Addend>,
}

/// A total taken apart.
#[derive(Debug, Clone)]
pub struct Breakdown {
    /// Stable identifier.
    pub id: String,
    /// Name, Chinese.
    pub label_zh: String,
    /// Name, English.
    pub label_en: String,
    pub(super) whole: Vec<Addend>,
    pub(super) parts: Vec<Part>,
}

/// A part of a total.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name, Chinese.
    pub label_zh: String,
    /// Name, English.
    pub label_en: String,
    pub(super) terms: Vec<Addend>,
}

/// All rules of a form.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) checks: Vec<Check>,
    /// The rule for claims of the prose.
    pub(super) claims: Option<usize>,
    pub(super) ratios: Vec<Ratio>,
    pub(super) breakdowns: Vec<Breakdown>,
    /// For each cell, the identities it stands in: (slot, taken away).
    pub(super) slots_of_cell: Vec<Vec<(usize, bool)>>,
    /// For each slot, its check.
    pub(super) slots: Vec<CheckId>,
    /// Checks that compare a cell with itself a year before, each with its cell.
    pub(super) jumps: Vec<(usize, CheckId)>,
    /// Other checks that need the report of the year before, or the unit.
    pub(super) carried: Vec<CheckId>,
    /// Identities over cells that need not be stated.
    pub(super) where_stated: Vec<CheckId>,
    pub(super) texts: Vec<CheckId>,
    pub(super) missing: Vec<Option<CheckId>>,
    pub(super) negative: Vec<Option<CheckId>>,
    pub(super) too_large: Vec<Option<CheckId>>,
    pub(super) not_nil: Vec<Option<CheckId>>,
}

impl Rules {
    pub(super) fn check(&self, id: CheckId) -> Option<&Check> {
        self.checks.get(id.0 as usize)
    }

    /// Everything that decides a verdict, as text.
    pub(super) fn fingerprint(&self) -> String {
        let mut text = String::new();
        for rule in &self.rules {
            let _ = writeln!(text, "{} {}", rule.id, rule.severity.name());
        }
        for check in &self.checks {
            let _ = writeln!(text, "{} {} {:?}", check.rule, check.instance, check.kind);
        }
        let _ = writeln!(text, "{:?} {:?}", self.claims, self.ratios);
        text
    }
}

/// Sorts checks to where they are looked for.
pub(super) fn index(rules: &mut Rules, cells: &CellTable) {
    rules.slots_of_cell = vec![Vec::new(); cells.len()];
    for list in [&mut rules.missing, &mut rules.negative, &mut rules.too_large, &mut rules.not_nil] {
        list.resize(cells.len(), None);
    }
    for (number, check) in rules.checks.iter().enumerate() {
        let id = CheckId(u32::try_from(number).unwrap_or(u32::MAX));
        let by_cell = match &check.kind {
            CheckKind::Equation(equation) => {
                if !equation.is_identity() {
                    rules.carried.push(id);
                } else if equation.where_stated {
                    rules.where_stated.push(id);
                } else {
                    let sides = [(&equation.left, false), (&equation.right, true)];
                    for (addends, is_right) in sides {
                        for addend in addends {
                            if let Some(slots) = rules.slots_of_cell.get_mut(addend.cell) {
                                slots.push((rules.slots.len(), addend.subtract != is_right));
                            }
                        }
                    }
                    rules.slots.push(id);
                }
                continue;
            }
            CheckKind::MakesRules(_) => {
                rules.carried.push(id);
                continue;
            }
            CheckKind::Jump { cell, .. } => {
                rules.jumps.push((*cell, id));
                continue;
            }
            CheckKind::TextMissing(_) => {
                rules.texts.push(id);
                continue;
            }
            CheckKind::Missing(cell) => rules.missing.get_mut(*cell),
            CheckKind::Negative(cell) => rules.negative.get_mut(*cell),
            CheckKind::TooLarge(cell) => rules.too_large.get_mut(*cell),
            CheckKind::NotNil(cell) => rules.not_nil.get_mut(*cell),
        };
        if let Some(place) = by_cell {
            *place = Some(id);
        }
    }
}
