//! A difference in words: both sides, then one cause after the other and what it
//! leaves.

use std::fmt::Write as _;

use crate::domain::{Cause, CauseKind, Difference};
use crate::form::{Form, in_printed_unit, signed_in_printed_unit};

/// The names of some units, and how many more there are.
const NAMED: usize = 6;

/// Both languages of a sentence that grows.
#[derive(Default)]
struct Words {
    zh: String,
    en: String,
}

/// The sentence on a cell, Chinese and English; `sums` is what refused reports,
/// their printed totals and corrections add, listed or not.
pub(super) fn of(form: &Form, difference: Difference, sums: [i64; 3], causes: &[Cause]) -> (String, String) {
    let Some(cell) = form.cells().get(difference.cell) else { return Default::default() };
    let figure = |value: i64| in_printed_unit(value, cell.scale);
    let signed = |value: i64| signed_in_printed_unit(value, cell.scale);
    let mut words = Words::default();
    let Difference { stated, computed, .. } = difference;
    let _ = write!(
        words.zh,
        "「{}」：本级填报 {}，下级已受理的报告合计 {}，",
        cell.short_zh,
        figure(stated),
        figure(computed),
    );
    let _ = write!(
        words.en,
        "{}: states {}, the accepted reports below add up to {}, ",
        cell.label_en,
        figure(stated),
        figure(computed),
    );
    match difference.size() {
        0 => words.add("相符", "which agrees"),
        size => words.add(&format!("相差 {}", signed(size)), &format!("difference {}", signed(size))),
    }
    let mut sum = computed;
    for (kind, amount) in [CauseKind::Refused, CauseKind::PrintedTotal, CauseKind::Corrected].into_iter().zip(sums) {
        let of_kind: Vec<&Cause> = causes
            .iter()
            .filter(|cause| cause.kind == kind && cause.amount.is_some_and(|amount| amount != 0))
            .collect();
        if of_kind.is_empty() {
            continue;
        }
        sum = sum.saturating_add(amount);
        let named = |each: &Cause| format!("{} {}", each.name, signed(each.amount.unwrap_or_default()));
        let (zh, en) = match kind {
            CauseKind::Refused => ("计入被退回的报告", "with what refused reports print"),
            CauseKind::PrintedTotal => {
                ("其中所填总计与各项之和不符的，按各项之和计", "with printed totals replaced by the sum of their cells")
            }
            CauseKind::Corrected | CauseKind::Blank | CauseKind::Missing => {
                ("本级填报后下级又更正的，按更正前计", "with reports as they were before they were corrected")
            }
        };
        let left = stated.saturating_sub(sum);
        let _ = write!(words.zh, "；{zh}（{}）为 {}，", list(&of_kind, named, "、", "等"), figure(sum));
        let _ = write!(words.en, "; {en} ({}) it is {}, ", list(&of_kind, named, ", ", "and more"), figure(sum));
        match left {
            0 => words.add("与填报相符", "which agrees"),
            left => words.add(&format!("仍差 {}", signed(left)), &format!("{} is left", signed(left))),
        }
    }
    let alone = causes.iter().find(|cause| cause.is_all_of(difference) && cause.kind != CauseKind::PrintedTotal);
    if let Some(cause) = alone {
        let unit = &cause.name;
        words.add(&format!("；{unit} 一家正是这个差额"), &format!("; {unit} alone is the very difference"));
    }
    unknown(&mut words, causes, stated != sum);
    (words.zh, words.en)
}

/// Causes of which the size is not known.
fn unknown(words: &mut Words, causes: &[Cause], is_left: bool) {
    let unknown: Vec<&Cause> =
        causes.iter().filter(|cause| cause.kind == CauseKind::Refused && cause.amount.is_none()).collect();
    if !unknown.is_empty() {
        let named = |each: &Cause| each.name.to_string();
        words.add(
            &format!("；被退回、所填数未留存：{}", list(&unknown, named, "、", "等")),
            &format!("; refused, and what it printed was not kept: {}", list(&unknown, named, ", ", "and more")),
        );
    }
    for (kind, zh, en) in [
        (CauseKind::Blank, "空白按 0 计", "left it blank, counted as 0"),
        (CauseKind::Missing, "未报", "filed nothing"),
    ] {
        let of_kind: Vec<&Cause> = causes.iter().filter(|cause| cause.kind == kind).collect();
        if !of_kind.is_empty() && is_left {
            let named = |each: &Cause| each.name.to_string();
            words.add(
                &format!("；{zh}：{}", list(&of_kind, named, "、", "等")),
                &format!("; {en}: {}", list(&of_kind, named, ", ", "and more")),
            );
        }
    }
}

impl Words {
    fn add(&mut self, zh: &str, en: &str) {
        self.zh.push_str(zh);
        self.en.push_str(en);
    }
}

fn list(causes: &[&Cause], named: impl Fn(&Cause) -> String, between: &str, more: &str) -> String {
    let names: Vec<String> = causes.iter().take(NAMED).map(|cause| named(cause)).collect();
    let mut text = names.join(between);
    if causes.len() > NAMED {
        let _ = write!(text, " {more} {}", causes.len());
    }
    text
}
