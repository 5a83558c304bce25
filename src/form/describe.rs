//! Findings in the words of the form, Chinese and English.

use std::fmt::Write as _;

use super::Form;
use super::figure::{in_printed_unit, signed};
use super::finding::{FindingRecord, Severity, Verdict};
use super::judge::Figures;
use super::options::Claim;
use super::rules::{Addend, Check, CheckKind, Equation};

/// A finding as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Rule id.
    pub rule: String,
    /// Instance of the rule; empty where it has one only.
    pub instance: String,
    /// How it is treated.
    pub severity: Severity,
    /// FAIL or NOT_ASSESSABLE.
    pub verdict: Verdict,
    /// Left side, where it has one.
    pub left: Option<i64>,
    /// Right side, where it has one.
    pub right: Option<i64>,
    /// Every cell involved.
    pub cells: Vec<NamedFigure>,
    /// Chinese.
    pub message_zh: String,
    /// English.
    pub message_en: String,
}

impl Finding {
    /// left − right, where both are known.
    #[must_use]
    pub fn difference(&self) -> Option<i64> {
        Some(self.left?.saturating_sub(self.right?))
    }
}

/// A cell named by a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFigure {
    /// Path of the cell.
    pub path: String,
    /// As the form prints it.
    pub label_zh: String,
    /// English.
    pub label_en: String,
    /// The figure; none: absent.
    pub value: Option<i64>,
    /// The cell of the year before.
    pub prior_year: bool,
}

/// What findings are described from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The report itself.
    pub now: Figures<'a>,
    /// The report of the year before, if known.
    pub prior: Option<Figures<'a>>,
    /// What the prose claims.
    pub claims: &'a [Claim],
}

impl Form {
    /// Puts findings into words, errors first.
    #[must_use]
    pub fn describe(&self, found: &[FindingRecord], evidence: Evidence<'_>) -> Vec<Finding> {
        self.describe_each(found, evidence, |_| false).into_iter().map(|(finding, _)| finding).collect()
    }

    /// Puts findings into words, errors first, each with whether it is explained.
    #[must_use]
    pub fn describe_each(
        &self,
        found: &[FindingRecord],
        evidence: Evidence<'_>,
        explained: impl Fn(&FindingRecord) -> bool,
    ) -> Vec<(Finding, bool)> {
        let in_words = |record: &FindingRecord| Some((self.in_words(record, evidence)?, explained(record)));
        let mut findings: Vec<(Finding, bool)> = found.iter().filter_map(in_words).collect();
        findings.sort_by_key(|(finding, _)| finding.severity);
        findings
    }

    fn in_words(&self, record: &FindingRecord, evidence: Evidence<'_>) -> Option<Finding> {
        match self.rules.check(record.check) {
            Some(check) => self.check_in_words(record, check, evidence),
            None => self.claim_in_words(record, evidence),
        }
    }

    fn check_in_words(&self, record: &FindingRecord, check: &Check, evidence: Evidence<'_>) -> Option<Finding> {
        let rule = self.rules.rules.get(check.rule)?;
        let mut cells = Vec::new();
        let (zh, en) = match &check.kind {
            CheckKind::Equation(equation) => {
                cells.extend(equation.addends().filter_map(|addend| self.named(addend, evidence)));
                (self.equation_zh(equation, record, evidence), self.equation_en(equation, record, evidence))
            }
            CheckKind::Missing(cell)
            | CheckKind::Negative(cell)
            | CheckKind::TooLarge(cell)
            | CheckKind::NotNil(cell)
            | CheckKind::MakesRules(cell) => {
                let now = Addend { cell: *cell, prior_year: false, subtract: false };
                cells.extend(self.named(&now, evidence));
                self.cell_in_words(*cell, record, &check.kind)
            }
            CheckKind::Jump { cell, slip, .. } => {
                let now = Addend { cell: *cell, prior_year: false, subtract: false };
                cells.extend(self.named(&now, evidence));
                cells.extend(self.named(&Addend { prior_year: true, ..now }, evidence));
                self.jump_in_words(*cell, *slip, record)
            }
            CheckKind::TextMissing(text) => {
                let label = &self.texts.get(*text)?.label;
                (format!("「{}」没有文字", label.zh), format!("{:?} has no text", label.en))
            }
        };
        Some(Finding {
            rule: rule.id.clone(),
            instance: check.instance.clone(),
            severity: rule.severity,
            verdict: record.verdict,
            left: record.left,
            right: record.right,
            cells,
            message_zh: format!("{zh}。{}", rule.label_zh),
            message_en: format!("{en}. {}", rule.label_en),
        })
    }

    fn claim_in_words(&self, record: &FindingRecord, evidence: Evidence<'_>) -> Option<Finding> {
        let rule = self.rules.rules.get(self.rules.claims?)?;
        let checks = self.claim_checks(evidence.claims.iter().map(|claim| claim.quote.as_str()));
        let (claim, _) = evidence.claims.iter().zip(checks).find(|(_, check)| *check == record.check)?;
        let unknown: Vec<&str> =
            claim.cells.iter().map(String::as_str).filter(|path| self.cells.find(path).is_none()).collect();
        let addends: Vec<Addend> = claim
            .cells
            .iter()
            .filter_map(|path| self.cells.find(path))
            .map(|cell| Addend { cell, prior_year: false, subtract: false })
            .collect();
        let (zh, en) = match (record.left, record.right) {
            _ if !unknown.is_empty() => (
                format!("文字「{}」所指的 {} 不是本表的指标", claim.quote, unknown.join("、")),
                format!("the words {:?} name {}, no cell of this form", claim.quote, unknown.join(", ")),
            ),
            (Some(left), Some(right)) => (
                format!(
                    "文字「{}」称 {right}，表中{}，相差 {}",
                    claim.quote,
                    self.side(&addends, evidence, true, left),
                    signed(left, right)
                ),
                format!(
                    "the words {:?} say {right}, the table has {}, difference {}",
                    claim.quote,
                    self.side(&addends, evidence, false, left),
                    signed(left, right)
                ),
            ),
            _ => (
                format!("文字「{}」与表格无法核对：缺少数字", claim.quote),
                format!("the words {:?} cannot be checked: a figure is absent", claim.quote),
            ),
        };
        Some(Finding {
            rule: rule.id.clone(),
            instance: claim.quote.clone(),
            severity: rule.severity,
            verdict: record.verdict,
            left: record.left,
            right: record.right,
            cells: addends.iter().filter_map(|addend| self.named(addend, evidence)).collect(),
            message_zh: format!("{zh}。{}", rule.label_zh),
            message_en: format!("{en}. {}", rule.label_en),
        })
    }

    fn named(&self, addend: &Addend, evidence: Evidence<'_>) -> Option<NamedFigure> {
        let cell = self.cells.get(addend.cell)?;
        Some(NamedFigure {
            path: cell.path.clone(),
            label_zh: cell.label_zh.clone(),
            label_en: cell.label_en.clone(),
            value: self.figure_of(addend, evidence),
            prior_year: addend.prior_year,
        })
    }

    fn figure_of(&self, addend: &Addend, evidence: Evidence<'_>) -> Option<i64> {
        let year = if addend.prior_year { evidence.prior? } else { evidence.now };
        year.get(&self.cells, addend.cell)
    }

    /// One side of an equation, e.g. 「一 · 自然人」2 + 「二 · 自然人」1 = 3.
    fn side(&self, addends: &[Addend], evidence: Evidence<'_>, zh: bool, sum: i64) -> String {
        const ALL_SHOWN: usize = 4;
        let mut text = String::new();
        let mut left_out = false;
        for addend in addends {
            let (Some(cell), value) = (self.cells.get(addend.cell), self.figure_of(addend, evidence)) else { continue };
            if addends.len() > ALL_SHOWN && value == Some(0) {
                left_out = true;
                continue;
            }
            let sign = match (text.is_empty(), addend.subtract) {
                (true, false) => "",
                (true, true) => "− ",
                (false, false) => " + ",
                (false, true) => " − ",
            };
            let (year, name) = match (zh, addend.prior_year) {
                (true, true) => ("上年", &cell.short_zh),
                (true, false) => ("", &cell.short_zh),
                (false, true) => ("last year's ", &cell.label_en),
                (false, false) => ("", &cell.label_en),
            };
            let shown = value.map_or_else(|| "—".to_owned(), |value| in_printed_unit(value, cell.scale));
            let _ = if zh {
                write!(text, "{sign}{year}「{name}」{shown}")
            } else {
                write!(text, "{sign}{year}{name} {shown}")
            };
        }
        if text.is_empty() {
            return if zh { "各项均为 0".to_owned() } else { "all 0".to_owned() };
        }
        if left_out {
            text.push_str(if zh { "（其余为 0）" } else { " (the others 0)" });
        }
        if addends.len() > 1 {
            let scale = addends.first().and_then(|addend| self.cells.get(addend.cell)).map_or(0, |cell| cell.scale);
            let _ = write!(text, " = {}", in_printed_unit(sum, scale));
        }
        text
    }

    fn equation_zh(&self, equation: &Equation, record: &FindingRecord, evidence: Evidence<'_>) -> String {
        match (record.left, record.right) {
            (Some(left), Some(right)) => format!(
                "{}，应等于{}，相差 {}",
                self.side(&equation.left, evidence, true, left),
                self.side(&equation.right, evidence, true, right),
                self.difference(equation, left, right),
            ),
            _ => format!("无法核对：{}", self.unknown(equation, evidence, true)),
        }
    }

    fn equation_en(&self, equation: &Equation, record: &FindingRecord, evidence: Evidence<'_>) -> String {
        match (record.left, record.right) {
            (Some(left), Some(right)) => format!(
                "{} should equal {}; difference {}",
                self.side(&equation.left, evidence, false, left),
                self.side(&equation.right, evidence, false, right),
                self.difference(equation, left, right),
            ),
            _ => format!("not assessable: {}", self.unknown(equation, evidence, false)),
        }
    }

    fn difference(&self, equation: &Equation, left: i64, right: i64) -> String {
        let scale = equation.left.first().and_then(|addend| self.cells.get(addend.cell)).map_or(0, |cell| cell.scale);
        in_printed_unit(left.saturating_sub(right), scale)
    }

    /// Why an equation cannot be judged.
    fn unknown(&self, equation: &Equation, evidence: Evidence<'_>, zh: bool) -> String {
        if !equation.is_identity() && evidence.prior.is_none() {
            return if zh {
                "没有上年的报告".to_owned()
            } else {
                "the report of the year before is not known".to_owned()
            };
        }
        let absent: Vec<String> = equation
            .addends()
            .filter(|addend| self.figure_of(addend, evidence).is_none())
            .filter_map(|addend| self.cells.get(addend.cell))
            .map(|cell| if zh { format!("「{}」", cell.short_zh) } else { cell.label_en.clone() })
            .collect();
        if zh { format!("{}空白", absent.join("")) } else { format!("{} blank", absent.join(", ")) }
    }

    fn cell_in_words(&self, cell: usize, record: &FindingRecord, kind: &CheckKind) -> (String, String) {
        let Some(cell) = self.cells.get(cell) else { return (String::new(), String::new()) };
        let show =
            |value: Option<i64>| value.map_or_else(|| "—".to_owned(), |value| in_printed_unit(value, cell.scale));
        let (left, right) = (show(record.left), show(record.right));
        let (zh, en) = (&cell.short_zh, &cell.label_en);
        match kind {
            _ if record.verdict == Verdict::NotAssessable => {
                (format!("「{zh}」{left}，无法判定"), format!("{en} is {left}: not assessable"))
            }
            CheckKind::Missing(_) => (format!("「{zh}」空白"), format!("{en} is blank")),
            CheckKind::Negative(_) => (format!("「{zh}」为负数 {left}"), format!("{en} is negative: {left}")),
            CheckKind::TooLarge(_) => {
                (format!("「{zh}」{left} 超过上限 {right}"), format!("{en} {left} is above the bound {right}"))
            }
            CheckKind::Equation(_)
            | CheckKind::NotNil(_)
            | CheckKind::MakesRules(_)
            | CheckKind::Jump { .. }
            | CheckKind::TextMissing(_) => {
                (format!("「{zh}」{left}，应为 {right}"), format!("{en} is {left}, should be {right}"))
            }
        }
    }

    fn jump_in_words(&self, cell: usize, slip: i64, record: &FindingRecord) -> (String, String) {
        let (Some(cell), Some(now), Some(prior)) = (self.cells.get(cell), record.left, record.right) else {
            return (String::new(), String::new());
        };
        let slipped = slip != 0 && (now.checked_mul(slip) == Some(prior) || prior.checked_mul(slip) == Some(now));
        let (hint_zh, hint_en) = if slipped && now != 0 {
            (format!("，正好 {slip} 倍，请看单位是否填错"), format!(", exactly {slip} times: was the unit mistaken?"))
        } else {
            (String::new(), String::new())
        };
        let (now, prior) = (in_printed_unit(now, cell.scale), in_printed_unit(prior, cell.scale));
        (
            format!("「{}」{now}，上年 {prior}{hint_zh}", cell.short_zh),
            format!("{} {now}, last year {prior}{hint_en}", cell.label_en),
        )
    }

    /// Whether a verdict of this check may be explained.
    #[must_use]
    pub fn is_open_query(&self, record: &FindingRecord) -> bool {
        record.verdict == Verdict::Fail && self.severity(record.check) == Severity::Query
    }
}
