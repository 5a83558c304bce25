//! What localisation says, in the words of the form, Chinese and English.

use super::{Answer, Change, Hints, Located, Locator, Operation, Repair};
use crate::form::figure::in_printed_unit;
use crate::form::judge::Figures;
use crate::form::{CheckId, FindingRecord, Form};
use crate::words::limits;

/// Which cells may be wrong in a report that fails identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localisation {
    /// One for each block of identities that do not all hold.
    pub faults: Vec<Fault>,
    /// Paths of required cells that no identity covers: nothing can be told of them.
    pub uncovered: Vec<String>,
}

/// A block of identities that do not all hold, and what may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How much is known.
    pub answer: Answer,
    /// The identities that do not hold: rule and instance.
    pub identities: Vec<(String, String)>,
    /// The likeliest explanations, at most [`limits::REPAIRS_SHOWN`].
    pub repairs: Vec<NamedRepair>,
    /// The answer as a sentence, Chinese.
    pub message_zh: String,
    /// English.
    pub message_en: String,
}

/// One explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRepair {
    /// Counts from 1; explanations as likely as each other share it.
    pub rank: usize,
    /// How many mistakes it takes.
    pub acts: usize,
    /// Digits to change, all cells together.
    pub edit_distance: usize,
    /// The cells.
    pub changes: Vec<NamedChange>,
    /// The identities that hold again: rule and instance.
    pub mends: Vec<(String, String)>,
    /// As a sentence, Chinese.
    pub message_zh: String,
    /// English.
    pub message_en: String,
}

/// A cell and what it should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedChange {
    /// Path of the cell.
    pub path: String,
    /// As the form prints it.
    pub label_zh: String,
    /// English.
    pub label_en: String,
    /// What is printed, in the stored unit; none: blank.
    pub printed: Option<i64>,
    /// What would mend it, in the stored unit.
    pub proposed: i64,
    /// What may have been done.
    pub operation: Operation,
}

impl Operation {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DigitsInterchanged => "DIGITS_INTERCHANGED",
            Self::DigitAdded => "DIGIT_ADDED",
            Self::DigitOmitted => "DIGIT_OMITTED",
            Self::DigitReplaced => "DIGIT_REPLACED",
            Self::Rewritten => "REWRITTEN",
            Self::ColumnOver => "COLUMN_OVER",
            Self::RowOver => "ROW_OVER",
            Self::Swapped => "SWAPPED",
            Self::Slid => "SLID",
            Self::LeftAtZero => "LEFT_AT_ZERO",
            Self::LeftBlank => "LEFT_BLANK",
        }
    }

    /// As people say it, Chinese and English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::DigitsInterchanged => ("相邻两位数字颠倒", "two digits interchanged"),
            Self::DigitAdded => ("多写一位数字", "a digit added"),
            Self::DigitOmitted => ("漏写一位数字", "a digit omitted"),
            Self::DigitReplaced => ("写错一位数字", "a digit replaced"),
            Self::Rewritten => ("数字有误", "another figure"),
            Self::ColumnOver => ("错填一列", "one column over"),
            Self::RowOver => ("错填一行", "one row over"),
            Self::Swapped => ("相邻两格互换", "neighbours swapped"),
            Self::Slid => ("整行或整列错位", "the row or column slid"),
            Self::LeftAtZero => ("未填，留为 0", "left at 0"),
            Self::LeftBlank => ("空白未填", "left blank"),
        }
    }
}

impl Answer {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unique => "UNIQUE",
            Self::Tied(_) => "TIED",
            Self::Beyond(_) => "BEYOND",
            Self::NotLocatable => "NOT_LOCATABLE",
        }
    }

    fn sentences(self) -> (String, String) {
        match self {
            Self::Unique => ("只有一种解释".into(), "one explanation".into()),
            Self::Tied(many) => (
                format!("有 {many} 种解释，仅凭本表无法区分，可能性大的在前"),
                format!("{many} explanations that the form cannot tell apart, the likeliest first"),
            ),
            Self::Beyond(cells) => (
                format!("改动不超过 {cells} 个单元格都无法解释"),
                format!("no change of up to {cells} cells explains it"),
            ),
            Self::NotLocatable => (
                "有单元格空白或超出范围，其数值无法由勾稽关系确定".into(),
                "cells are blank or out of range, and the identities do not determine them".into(),
            ),
        }
    }
}

impl Form {
    /// Which cells may be wrong, in words; none if no identity fails. A report
    /// that is right costs nothing.
    #[must_use]
    pub fn localise(&self, found: &[FindingRecord], now: Figures<'_>, hints: Hints<'_>) -> Option<Localisation> {
        if !self.is_locatable(found) {
            return None;
        }
        let located = self.locate(now, hints, &mut Locator::default());
        let faults: Vec<Fault> = located.into_iter().map(|located| self.fault(located)).collect();
        let path = |cell: &usize| self.cells.get(*cell).map(|cell| cell.path.clone());
        (!faults.is_empty())
            .then(|| Localisation { faults, uncovered: self.uncovered().iter().filter_map(path).collect() })
    }

    fn fault(&self, located: Located) -> Fault {
        let Located { answer, identities, repairs } = located;
        let (message_zh, message_en) = answer.sentences();
        let repairs = repairs.into_iter().take(limits::REPAIRS_SHOWN).map(|repair| self.named_repair(repair)).collect();
        Fault { answer, identities: self.names(&identities), repairs, message_zh, message_en }
    }

    fn names(&self, checks: &[CheckId]) -> Vec<(String, String)> {
        let names = checks.iter().filter_map(|check| self.check_name(*check));
        names.map(|(rule, instance)| (rule.to_owned(), instance.to_owned())).collect()
    }

    fn named_repair(&self, repair: Repair) -> NamedRepair {
        let Repair { changes, acts, mends, edit_distance, rank } = repair;
        let mended = mends.len();
        let one = if mended == 1 { "identity" } else { "identities" };
        NamedRepair {
            rank,
            acts,
            edit_distance,
            mends: self.names(&mends),
            message_zh: format!("{}；可使 {mended} 条勾稽关系成立", self.changes_in_words(&changes, true)),
            message_en: format!("{}; mends {mended} {one}", self.changes_in_words(&changes, false)),
            changes: changes.iter().filter_map(|change| self.named_change(change)).collect(),
        }
    }

    fn named_change(&self, change: &Change) -> Option<NamedChange> {
        let Change { cell, printed, proposed, operation } = *change;
        let cell = self.cells.get(cell)?;
        let (label_zh, label_en) = (cell.label_zh.clone(), cell.label_en.clone());
        Some(NamedChange { path: cell.path.clone(), label_zh, label_en, printed, proposed, operation })
    }

    /// E.g. 「三、（七） · 总计」154 → 156（写错一位数字）; what was done is said once
    /// for cells side by side.
    fn changes_in_words(&self, changes: &[Change], zh: bool) -> String {
        const SHOWN: usize = 6;
        const SHOWN_OF_MANY: usize = 2;
        let most = if changes.len() > SHOWN { SHOWN_OF_MANY } else { SHOWN };
        let mut text = String::new();
        let mut shown = changes.iter().take(most).peekable();
        while let Some(change) = shown.next() {
            let Some(cell) = self.cells.get(change.cell) else { continue };
            let blank = if zh { "空白" } else { "blank" };
            let printed = change.printed.map(|printed| in_printed_unit(printed, cell.scale));
            let (printed, proposed) =
                (printed.as_deref().unwrap_or(blank), in_printed_unit(change.proposed, cell.scale));
            let name = if zh { format!("「{}」", cell.short_zh) } else { format!("{} ", cell.label_en) };
            text.push_str(&format!("{name}{printed} → {proposed}"));
            let said_later = shown.peek().is_some_and(|next| next.operation == change.operation);
            let (words_zh, words_en) = change.operation.words();
            match (said_later, zh) {
                (true, _) => {}
                (false, true) => text.push_str(&format!("（{words_zh}）")),
                (false, false) => text.push_str(&format!(" ({words_en})")),
            }
            if shown.peek().is_some() {
                text.push_str(if zh { "，" } else { ", " });
            }
        }
        let more = changes.len().saturating_sub(most);
        match (more, zh) {
            (0, _) => {}
            (more, true) => text.push_str(&format!("，另 {more} 格")),
            (more, false) => text.push_str(&format!(" and {more} more cells")),
        }
        text
    }
}
