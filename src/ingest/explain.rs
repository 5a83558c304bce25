//! Whether words explain a query.

use super::outcome::{Unused, UnusedReason};
use crate::domain::event::Explained;
use crate::form::{CheckId, Explanation, FindingRecord, Form};
use crate::words::limits;

/// Words that alone explain nothing.
const BARE: [&str; 6] = ["核实无误", "已核实无误", "经核实无误", "数据核实无误", "数据无误", "情况属实"];

/// Whether words say enough: [`limits::EXPLANATION_CHARS_MIN`] characters,
/// punctuation aside, and more than a bare 核实无误.
pub(super) fn says_enough(text: &str) -> bool {
    let bare: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
    bare.chars().count() >= limits::EXPLANATION_CHARS_MIN && !BARE.contains(&bare.as_str())
}

/// The query that an explanation is bound to: same rule, instance and figures.
pub(super) fn query_of(
    form: &Form,
    found: &[FindingRecord],
    quotes: &[String],
    explanation: &Explanation,
) -> Option<Explained> {
    let claims = form.claim_checks(quotes.iter().map(String::as_str));
    let is_quoted =
        |check| quotes.iter().zip(&claims).any(|(quote, claim)| *quote == explanation.instance && *claim == check);
    let named = |check: CheckId| {
        if form.is_claim(check) {
            form.claims_rule() == Some(explanation.rule.as_str()) && is_quoted(check)
        } else {
            form.check_name(check) == Some((explanation.rule.as_str(), explanation.instance.as_str()))
        }
    };
    let query = found.iter().filter(|record| form.is_open_query(record)).find(|record| {
        record.left == Some(explanation.left) && record.right == Some(explanation.right) && named(record.check)
    })?;
    Some(Explained { check: query.check, left: explanation.left, right: explanation.right })
}

/// Sorts explanations into those that explain a query and those that do not.
pub(super) fn match_all(
    form: &Form,
    found: &[FindingRecord],
    quotes: &[String],
    explanations: &[Explanation],
) -> (Vec<Explained>, Vec<Unused>) {
    let (mut used, mut unused) = (Vec::new(), Vec::new());
    for explanation in explanations {
        let reason = match query_of(form, found, quotes, explanation) {
            None => UnusedReason::NoSuchQuery,
            Some(_) if !says_enough(&explanation.text) => UnusedReason::TooShort,
            Some(explained) => {
                if !used.contains(&explained) {
                    used.push(explained);
                }
                continue;
            }
        };
        unused.push(Unused { explanation: explanation.clone(), reason });
    }
    (used, unused)
}

#[cfg(test)]
mod tests {
    use super::says_enough;

    #[test]
    fn a_bare_assurance_explains_nothing() {
        for words in ["", "无误", "核实无误", "核实，无误。", " 已核实无误！", "。。。。。。"] {
            assert!(!says_enough(words), "{words}");
        }
        for words in ["2件由区政府转来", "核实无误：3件规范性文件到期失效", "transferred"] {
            assert!(says_enough(words), "{words}");
        }
    }
}
