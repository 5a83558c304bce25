//! A total as the document that is published: the form filled with the sums, then
//! what they cover and what they leave out.

use anyhow::anyhow;

use super::Found;
use crate::documents::{Appendix, Language, Listing, Publication};
use crate::form::{Row, in_printed_unit, signed_in_printed_unit};
use crate::ingest::ReconcileAnswer;
use crate::ingest::folder::FolderTotal;

/// The document of a total.
pub(super) fn of<'a>(found: &Found, total: &'a FolderTotal, language: Language) -> anyhow::Result<Publication<'a>> {
    let rollup = &total.rollup.rollup;
    let publication = Publication::new(&rollup.form, &rollup.unit_name, total.key.year, language);
    let mut publication = publication.with_report(&report(total)?)?;
    publication.appendices.push(coverage(found, total, language));
    if let Some(answer) = &total.stated {
        publication.appendices.push(stated(answer, total, language));
    }
    Ok(publication)
}

/// The sums as a report of the form: every required cell, and others where a counted
/// report states them.
fn report(total: &FolderTotal) -> anyhow::Result<Vec<u8>> {
    let rollup = &total.rollup.rollup;
    let cells = rollup.form.cells();
    let mut present = cells.required().to_vec();
    for (cell, _) in cells.optional().iter().zip(&rollup.total.stated).filter(|(_, reports)| **reports > 0) {
        present.get_mut(cell / 64).into_iter().for_each(|word| *word |= 1 << (cell % 64));
    }
    let row = Row::pack(cells, &present, &rollup.total.cells);
    rollup.form.write(&row, &[]).map_err(|error| anyhow!("{}: {error}", rollup.form.name()))
}

/// Which units count, and which do not and why.
fn coverage(found: &Found, total: &FolderTotal, language: Language) -> Appendix {
    let counts = &total.rollup.rollup.counts;
    let [counted, missing, contradictory] = [
        language.pick("计入", "counted"),
        language.pick("未报", "missing"),
        language.pick("相互矛盾，未计入", "contradictory, not counted"),
    ];
    let row = |unit: &str, name: &str, what: &str| vec![unit.to_owned(), name.to_owned(), what.to_owned()];
    let mut rows: Vec<Vec<String>> = Vec::new();
    rows.extend(total.counted.iter().map(|one| row(one.unit.as_str(), &one.name, counted)));
    rows.extend(found.refused(total).map(|one| {
        let (zh, en) = one.fate.sentences().unwrap_or_default();
        let why = language.pick(&zh, &en);
        let what = format!("{}{why}", language.pick("未采用：", "not counted: "));
        row(one.filing.unit.as_str(), &one.filing.unit_name, &what)
    }));
    rows.extend(found.contradictions(total).map(|one| row(one.unit.as_str(), &one.unit_name, contradictory)));
    rows.extend(total.missing.iter().map(|(unit, name)| row(unit.as_str(), name, missing)));
    let (due, filed, open) = (counts.due, counts.filed, counts.open_queries);
    let zh = format!("应报 {due} 个单位，已报 {filed} 个，计入报告 {} 份；待核实事项 {open} 项。", total.counted.len());
    let en = format!(
        "{filed} of {due} units have filed, {} reports are counted; {open} queries are open.",
        total.counted.len()
    );
    let header = [("代码", "code"), ("单位", "unit"), ("情况", "standing")];
    Appendix {
        heading: language.pick("附1　汇总范围", "Annex 1 What the total covers").to_owned(),
        paragraphs: vec![language.pick(&zh, &en).to_owned()],
        table: Some(listing(&header, rows, &[], language)),
    }
}

/// What the unit itself states, where it is something else.
fn stated(answer: &ReconcileAnswer, total: &FolderTotal, language: Language) -> Appendix {
    let form = &total.rollup.rollup.form;
    let rows = answer.cells.iter().filter_map(|cell| {
        let known = form.cells().get(cell.difference.cell)?;
        let figure = |value: i64| in_printed_unit(value, known.scale);
        let label = language.pick(&known.short_zh, &known.label_en);
        let unit = language.pick(&known.unit_zh, &known.unit_en);
        let label = if known.scale > 0 { format!("{label} ({unit})") } else { label.to_owned() };
        let (stated, computed) = (figure(cell.difference.stated), figure(cell.difference.computed));
        Some(vec![label, stated, computed, signed_in_printed_unit(cell.difference.size(), known.scale)])
    });
    let (agree, differ) = (answer.agreeing, answer.cells.len());
    let zh = format!("本级自报与汇总相比：{agree} 项一致，{differ} 项不一致。");
    let en = format!("What the unit states against the total: {agree} cells agree, {differ} differ.");
    let header = [("指标", "cell"), ("自报", "stated"), ("汇总", "added up"), ("相差", "difference")];
    let table = (differ > 0).then(|| listing(&header, rows.collect(), &[1, 2, 3], language));
    Appendix {
        heading: language.pick("附2　与本级自报核对", "Annex 2 Stated and computed figures").to_owned(),
        paragraphs: vec![language.pick(&zh, &en).to_owned()],
        table,
    }
}

fn listing(header: &[(&str, &str)], rows: Vec<Vec<String>>, figures: &[usize], language: Language) -> Listing {
    let header = header.iter().map(|(zh, en)| language.pick(zh, en).to_owned()).collect();
    Listing { header, rows, figures: figures.to_vec() }
}
