//! What a folder came to, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::changes::Changes;
use super::{Found, record, stated};
use crate::cli::file::{is_unread, reading_text};
use crate::cli::localisation::localisation_text;
use crate::cli::output::{findings_text, grouped, table};
use crate::form::{Finding, Form, Severity, Verdict, in_printed_unit, signed_in_printed_unit};
use crate::ingest::folder::{Contradiction, FolderTotal, Judged};

/// Cells shown of documents that contradict each other, and of a unit that changed.
const CELLS_SHOWN: usize = 5;

/// The whole answer.
pub(super) fn of(found: &Found) -> String {
    let mut text = String::new();
    for total in &found.totals {
        total_text(&mut text, found, total);
        text.push('\n');
    }
    outside_of_totals(&mut text, found);
    text
}

fn total_text(text: &mut String, found: &Found, total: &FolderTotal) {
    let rollup = &total.rollup.rollup;
    let (form, counts) = (&rollup.form, &rollup.counts);
    let code = if found.with_units { format!(" {}", total.key.unit) } else { String::new() };
    let _ = writeln!(text, "{}{code} {}（{}）", rollup.unit_name, total.key.year, form.title().0);
    let _ = writeln!(
        text,
        "{} of {} units have filed 应报 {} 已报 {}; {} reports count 计入 {} 份; {} open queries 待核实",
        counts.filed,
        counts.due,
        counts.due,
        counts.filed,
        total.counted.len(),
        total.counted.len(),
        counts.open_queries
    );
    let names = |names: Vec<String>| names.join("、");
    if !total.counted.is_empty() {
        let _ =
            writeln!(text, "  counted 计入: {}", names(total.counted.iter().map(|one| one.name.to_string()).collect()));
    }
    if !total.missing.is_empty() {
        let missing = total.missing.iter().map(|(unit, name)| format!("{name} {unit}")).collect();
        let _ = writeln!(text, "  MISSING 未报 {}: {}", total.missing.len(), names(missing));
    }
    let refused = found.refused(total).map(|one| one.filing.unit_name.to_string()).collect::<Vec<_>>();
    if !refused.is_empty() {
        let _ = writeln!(text, "  NOT COUNTED 未采用 {}: {}", refused.len(), names(refused));
    }
    let contradictory = found.contradictions(total).map(|one| one.unit_name.to_string()).collect::<Vec<_>>();
    if !contradictory.is_empty() {
        let _ = writeln!(text, "  CONTRADICTORY 相互矛盾 {}: {}", contradictory.len(), names(contradictory));
    }
    cells_text(text, total);
    if let Some(answer) = &total.stated {
        text.push_str(&stated::text(answer, &rollup.unit_name, form));
    }
    queries_text(text, total);
    found.refused(total).for_each(|one| refused_text(text, one));
    found.contradictions(total).for_each(|one| contradiction_text(text, one, form));
    if let Some(changes) = found.since.as_ref().and_then(|since| since.changes.get(&record::name_of(total))) {
        changes_text(text, changes, form);
    }
}

fn refused_text(text: &mut String, one: &Judged) {
    let (zh, en) = one.fate.sentences().unwrap_or_default();
    let paper = &one.filing.paper;
    let _ = writeln!(
        text,
        "✗ NOT COUNTED 未采用: {} {} — {}\n  {zh} {en}",
        one.filing.unit_name, one.filing.unit, paper.file
    );
    if is_unread(&paper.reading) {
        text.push_str(&reading_text(&paper.reading));
    }
    text.push_str(&findings_text(&wrong(&one.findings)));
    text.push_str(&one.localisation.as_ref().map(localisation_text).unwrap_or_default());
}

/// The findings that keep a report from counting: what failed, else what could not
/// be judged.
fn wrong(findings: &[Finding]) -> Vec<Finding> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let (failed, others): (Vec<&Finding>, Vec<&Finding>) = errors.partition(|one| one.verdict == Verdict::Fail);
    if failed.is_empty() { others } else { failed }.into_iter().cloned().collect()
}

fn contradiction_text(text: &mut String, one: &Contradiction, form: &Form) {
    let files: Vec<&str> = one.papers.iter().map(|paper| paper.file.as_str()).collect();
    let _ = writeln!(text, "≠ CONTRADICTORY 相互矛盾，均未计入: {} {} — {}", one.unit_name, one.unit, files.join(", "));
    let cells = one.cells();
    for (cell, values) in cells.iter().take(CELLS_SHOWN) {
        let Some(cell) = form.cells().get(*cell) else { continue };
        let shown =
            values.iter().map(|value| value.map_or_else(|| "—".to_owned(), |value| in_printed_unit(value, cell.scale)));
        let _ = writeln!(text, "    「{}」 {}", cell.short_zh, shown.collect::<Vec<_>>().join(" ≠ "));
    }
    let more = cells.len().saturating_sub(CELLS_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "    and {more} more cells 另有 {more} 项");
    }
}

/// Open queries by unit: they do not keep a report from counting.
fn queries_text(text: &mut String, total: &FolderTotal) {
    let mut by_unit: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
    for query in &total.queries {
        by_unit.entry(query.series.unit.as_str()).or_default().push(query.finding.clone());
    }
    let own = (total.key.unit.as_str(), &total.rollup.rollup.unit_name);
    let known = total.counted.iter().map(|one| (one.unit.as_str(), &one.name));
    let names: BTreeMap<&str, _> = known.chain([own]).collect();
    for (unit, findings) in by_unit {
        let name = names.get(unit).map_or(unit, |name| name);
        let _ = writeln!(
            text,
            "! OPEN QUERIES 待核实 {}: {name} {unit}\n{}",
            findings.len(),
            findings_text(&findings).trim_end()
        );
    }
}

/// The cells of a total that are not 0, and what is derived from them.
fn cells_text(text: &mut String, total: &FolderTotal) {
    let rollup = &total.rollup.rollup;
    let figures = rollup.total.figures(rollup.form.cells());
    let rows = figures.filter(|(_, value)| *value != 0).map(|(cell, value)| {
        let figure = grouped(&in_printed_unit(value, cell.scale));
        vec![cell.short_zh.clone(), crate::cli::rollup::row_and_column(&cell.label_en), figure, cell.unit_zh.clone()]
    });
    let _ = writeln!(text, "{}", table(&["指标", "cell", "total 汇总", "单位"], rows.collect(), &[2]));
    for ratio in rollup.form.derived() {
        let value = ratio.text(ratio.of_total(&rollup.total.cells));
        let _ = writeln!(text, "  {} {}: {value}", ratio.label_zh, ratio.label_en);
    }
}

fn changes_text(text: &mut String, changes: &Changes, form: &Form) {
    if changes.are_none() {
        text.push_str("\nnothing changed since the last run 与上次相同\n");
        return;
    }
    text.push_str("\nSince the last run 与上次相比:\n");
    for (mark, units) in [("+ new 新增", &changes.new), ("− gone 不再计入", &changes.gone)] {
        units.iter().for_each(|(_, name)| {
            let _ = writeln!(text, "  {mark}: {name}");
        });
    }
    for unit in &changes.changed {
        let _ = writeln!(text, "  ~ changed 更正: {}, {} cells 项", unit.name, unit.cells.len());
    }
    let rows = changes.cells.iter().map(|(path, before, now)| {
        let cell = form.cells().find(path).and_then(|cell| form.cells().get(cell));
        let (name, scale) = cell.map_or((path.as_str(), 0), |cell| (cell.short_zh.as_str(), cell.scale));
        let figure = |value: i64| grouped(&in_printed_unit(value, scale));
        let moved = grouped(&signed_in_printed_unit(now.saturating_sub(*before), scale));
        vec![name.to_owned(), figure(*before), figure(*now), moved]
    });
    let header = ["指标 cell", "before 上次", "now 本次", "moved 变动"];
    let _ = writeln!(text, "{}", table(&header, rows.collect(), &[1, 2, 3]));
}

/// What belongs to no total.
fn outside_of_totals(text: &mut String, found: &Found) {
    for (paper, why) in &found.sorted.unplaced {
        let (zh, en) = why.sentences();
        let _ = writeln!(text, "? WHOSE IS IT 归属不明: {}\n    {zh}\n    {en}", paper.file);
    }
    for one in &found.unreadable {
        let _ = writeln!(text, "✗ NOT READ 无法读取: {}\n    {}\n    {}", one.file, one.reason_zh, one.reason_en);
    }
    for one in &found.judged {
        for (file, same_texts) in &one.filing.also {
            let texts = if *same_texts { "" } else { "; the texts differ 文字不同" };
            let _ = writeln!(text, "= twice, counted once 重复，只计一次: {file} = {}{texts}", one.filing.paper.file);
        }
    }
    if !found.sorted.other_years.is_empty() {
        let _ = writeln!(text, "{} files are of other years 其他年度的文件", found.sorted.other_years.len());
    }
    if let Some(since) = &found.since {
        for (year, name) in &since.lost {
            let _ = writeln!(text, "− no longer in the folder 已无此汇总: {name} {year}");
        }
    }
    if !found.with_units {
        text.push_str(
            "without --units every unit counts for itself: a report that speaks for others too is counted twice, \
             and nobody is asked about 规章\n\
             未指定 --units：每个单位单独计入；若某单位的报告已含下级，将重复计算；不核对规章制定权限\n",
        );
    }
    for (path, _) in &found.written {
        let _ = writeln!(text, "written 已写入: {}", path.display());
    }
}
