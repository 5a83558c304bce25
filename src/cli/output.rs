//! Everything that is printed: text for people, JSON for programs. Logs go to
//! stderr, answers to stdout.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde_json::{Value, json};

use crate::form::{Finding, Severity, Verdict};

/// What a command answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// For people.
    Text(String),
    /// For programs.
    Json(Value),
    /// One JSON value a line.
    Lines(Vec<Value>),
    /// The answer is no: printed like the other, exit code 1.
    No(Box<Self>),
    /// All was printed already.
    Silent,
}

impl Answer {
    /// The same answer, as a no where the condition holds.
    pub(super) fn no_if(self, no: bool) -> Self {
        if no { Self::No(Box::new(self)) } else { self }
    }

    /// Prints it and gives the exit code.
    pub(super) fn print(&self) -> io::Result<u8> {
        let mut out = io::stdout().lock();
        match self {
            Self::Text(text) => writeln!(out, "{}", text.trim_end())?,
            Self::Json(value) => writeln!(out, "{value:#}")?,
            Self::Lines(lines) => lines.iter().try_for_each(|line| writeln!(out, "{line}"))?,
            Self::No(answer) => {
                drop(out);
                answer.print()?;
                return Ok(1);
            }
            Self::Silent => {}
        }
        Ok(0)
    }
}

/// A response for programs: canonical proto3 JSON.
pub(super) fn response_json(name: &str, response: &impl prost::Message) -> anyhow::Result<Value> {
    crate::client::json(name, response).map_err(|problem| anyhow::anyhow!("{name}: {problem}"))
}

/// Prints one line at once, for answers that come bit by bit.
pub(super) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Tells the user something beside the answer.
#[expect(clippy::print_stderr, reason = "notes go beside the answer")]
pub(super) fn note(text: &str) {
    eprintln!("crossfoot: {text}");
}

/// A finding for programs.
pub(super) fn finding_json(finding: &Finding) -> Value {
    let figure = |value: Option<i64>| value.map_or(Value::Null, |value| Value::String(value.to_string()));
    let cells: Vec<Value> = finding
        .cells
        .iter()
        .map(|cell| {
            let mut named = json!({
                "path": cell.path,
                "label_zh": cell.label_zh,
                "label_en": cell.label_en,
                "value": figure(cell.value),
            });
            if let (true, Some(fields)) = (cell.prior_year, named.as_object_mut()) {
                fields.insert("prior_year".to_owned(), Value::Bool(true));
            }
            named
        })
        .collect();
    json!({
        "rule": finding.rule,
        "instance": finding.instance,
        "severity": finding.severity.name(),
        "verdict": finding.verdict.name(),
        "left": figure(finding.left),
        "right": figure(finding.right),
        "difference": figure(finding.difference()),
        "cells": cells,
        "message_zh": finding.message_zh,
        "message_en": finding.message_en,
    })
}

/// Findings for people: errors and queries one by one, blanks and notices gathered.
pub(super) fn findings_text(findings: &[Finding]) -> String {
    const SHOWN_OF_A_RULE: usize = 3;
    let mut text = String::new();
    let mut rules: Vec<(&str, Severity, Verdict)> = Vec::new();
    for finding in findings {
        let group = (finding.rule.as_str(), finding.severity, finding.verdict);
        if !rules.contains(&group) {
            rules.push(group);
        }
    }
    for (rule, severity, verdict) in rules {
        let of_rule: Vec<&Finding> =
            findings.iter().filter(|finding| finding.rule == rule && finding.verdict == verdict).collect();
        let (mark, word) = match (severity, verdict) {
            (_, Verdict::NotAssessable) => ("?", "not assessable 无法核对"),
            (Severity::Error, _) => ("✗", "error 错误"),
            (Severity::Query, _) => ("!", "query 核实"),
            (Severity::Notice, _) => ("·", "notice 提示"),
        };
        let _ = writeln!(text, "  {mark} {rule} — {word}, {}×", of_rule.len());
        let shown = if verdict == Verdict::NotAssessable || severity == Severity::Notice { 1 } else { SHOWN_OF_A_RULE };
        for finding in of_rule.iter().take(shown) {
            let _ = writeln!(text, "      {}\n      {}", finding.message_zh, finding.message_en);
        }
        let rest: Vec<&str> = of_rule.iter().skip(shown).map(|finding| finding.instance.as_str()).collect();
        if !rest.is_empty() {
            let named = rest.iter().take(4).copied().collect::<Vec<_>>().join(", ");
            let more = rest.len().saturating_sub(4);
            let more = if more > 0 { format!(" and {more} more 等") } else { String::new() };
            let _ = writeln!(text, "      also 另有: {named}{more}");
        }
    }
    text
}

/// A table whose columns are as wide as Chinese needs; `right` names columns of figures.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(header.iter().copied());
    table.add_rows(rows);
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// A figure with thousands separators.
pub(super) fn grouped(figure: &str) -> String {
    let (sign, digits) = figure.split_at(usize::from(figure.starts_with(['-', '+'])));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len().saturating_sub(index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped("0"), "0");
        assert_eq!(grouped("1808595"), "1,808,595");
        assert_eq!(grouped("-123456.78"), "-123,456.78");
        assert_eq!(grouped("+162"), "+162");
    }
}
