//! What follows the total in its document: what it covers, who is missing, how it
//! compares with what the unit states, and figures the form has no place for.

use crate::cli::rollup::row_and_column;
use crate::client::wire;
use crate::documents::{Appendix, Language, Listing, Publication};
use crate::form::outline::Content;
use crate::form::{Cell, Form, in_printed_unit, signed_in_printed_unit};

fn listing(header: &[&str], rows: Vec<Vec<String>>, figures: &[usize]) -> Option<Listing> {
    let header = header.iter().map(|&heading| heading.to_owned()).collect();
    Some(Listing { header, rows, figures: figures.to_vec() })
}

/// What the total covers, and as of when.
pub(super) fn completeness(rollup: &wire::GetRollupResponse, language: Language) -> Appendix {
    let counts = rollup.completeness.clone().unwrap_or_default();
    let (basis_zh, basis_en) = match rollup.basis() {
        wire::Basis::Unspecified | wire::Basis::Units => ("各单位本机关数据之和", "what each unit reported for itself"),
        wire::Basis::Declared => ("各下级单位申报的汇总数据之和", "what each child declares for all below it"),
    };
    let position = rollup.position;
    let mut paragraphs = vec![
        language.pick(&format!("汇总口径：{basis_zh}。"), &format!("Basis: {basis_en}.")).to_owned(),
        language.pick(&format!("账本位置：{position}。"), &format!("Ledger position: {position}.")).to_owned(),
        language
            .pick(&format!("计入报告 {} 份。", rollup.reports), &format!("Reports counted: {}.", rollup.reports))
            .to_owned(),
    ];
    if counts.missing_count > 0 {
        let (zh, en) = (
            format!("本汇总未齐：尚缺 {} 个单位的报告。", counts.missing_count),
            format!("This total is partial: {} units are missing.", counts.missing_count),
        );
        paragraphs.push(language.pick(&zh, &en).to_owned());
    }
    if rollup.not_broken_down_count > 0 {
        let (zh, en) = ("未分解的单位", "Not broken down");
        let codes = rollup.not_broken_down.join(language.pick("、", ", "));
        let listed = i64::try_from(rollup.not_broken_down.len()).unwrap_or(i64::MAX);
        let more = if rollup.not_broken_down_count > listed { "…" } else { "" };
        paragraphs.push(format!("{}{codes}{more}", language.pick(&format!("{zh}："), &format!("{en}: "))));
    }
    if rollup.requires_approval {
        paragraphs.push(language.pick("只计审核通过的报告。", "Counts approved reports only.").to_owned());
    }
    if rollup.closed {
        let stale = rollup.stale.len();
        let (zh, en) = if stale == 0 {
            ("本年度已关闭，汇总已签认。".to_owned(), "The year is closed and the total certified.".to_owned())
        } else {
            (
                format!("本年度已关闭，但有 {stale} 项与签认数不同。"),
                format!("STALE: {stale} cells are no longer what was certified."),
            )
        };
        paragraphs.push(language.pick(&zh, &en).to_owned());
    }
    let rows = [
        ("应报", "due", Some(counts.due)),
        ("已报", "filed", Some(counts.filed)),
        ("零报告", "nil", Some(counts.nil)),
        ("免报", "exempt", Some(counts.exempt)),
        ("迟报", "late", Some(counts.late)),
        ("未受理", "refused", counts.refused),
        ("未报", "missing", Some(counts.missing_count)),
        ("待审核", "awaiting approval", Some(counts.pending)),
        ("被退回", "returned", Some(counts.returned)),
        ("已公开", "public", Some(counts.published)),
        ("待核实问题", "open queries", Some(counts.open_queries)),
    ];
    // what the answer does not tell is a dash, not 0
    let number = |number: Option<i64>| number.map_or_else(|| "—".to_owned(), |number| number.to_string());
    let rows = rows.iter().map(|(zh, en, count)| vec![language.pick(zh, en).to_owned(), number(*count)]);
    Appendix {
        heading: language.pick("附1　汇总范围与完整性", "Annex 1 Coverage and completeness").to_owned(),
        paragraphs,
        table: listing(&[language.pick("项目", "Item"), language.pick("数量", "Number")], rows.collect(), &[1]),
    }
}

/// Who is missing.
pub(super) fn missing(units: &[wire::MissingUnit], language: Language) -> Appendix {
    let heading = language.pick("附2　未报送单位", "Annex 2 Missing units").to_owned();
    if units.is_empty() {
        let none = language.pick("应报单位均已报送。", "Every unit that is due has filed.").to_owned();
        return Appendix { heading, paragraphs: vec![none], table: None };
    }
    let rows = units.iter().map(|unit| {
        let state = if unit.refused {
            language.pick("报送未受理", "refused")
        } else {
            language.pick("未报送", "missing")
        };
        vec![unit.unit.clone(), unit.name.clone(), state.to_owned()]
    });
    let header = [language.pick("单位代码", "Code"), language.pick("单位名称", "Name"), language.pick("状态", "State")];
    Appendix { heading, paragraphs: Vec::new(), table: listing(&header, rows.collect(), &[]) }
}

/// What the unit states against what is below it.
pub(super) fn reconciliation(found: Option<&wire::ReconcileUnitResponse>, form: &Form, language: Language) -> Appendix {
    let heading = language.pick("附3　填报数与汇总数核对", "Annex 3 Stated and computed figures").to_owned();
    let only = |zh: &str, en: &str| Appendix {
        heading: heading.clone(),
        paragraphs: vec![language.pick(zh, en).to_owned()],
        table: None,
    };
    let Some(found) = found else {
        return only("没有下级单位，无可核对。", "No unit is below it: nothing to compare.");
    };
    if found.stated_revision == 0 {
        return only("本级未报送汇总报告，无可核对。", "It states nothing: no consolidated report is in effect.");
    }
    let (agree, differ) = (found.agreeing, found.cells.len());
    let zh = format!("与本级第 {} 版汇总报告核对：{agree} 项一致，{differ} 项不一致。", found.stated_revision);
    let en = format!("Against revision {} of its own: {agree} cells agree, {differ} differ.", found.stated_revision);
    let rows = found.cells.iter().filter_map(|cell| {
        let known = form.cells().get(form.cells().find(&cell.path)?)?;
        let figure = |value: i64| in_printed_unit(value, known.scale);
        Some(vec![
            name(known, language),
            figure(cell.stated),
            figure(cell.computed),
            signed_in_printed_unit(cell.difference, known.scale),
        ])
    });
    let header = [
        language.pick("指标", "Cell"),
        language.pick("填报数", "Stated"),
        language.pick("汇总数", "Computed"),
        language.pick("相差", "Difference"),
    ];
    let rows: Vec<Vec<String>> = rows.collect();
    let table = if rows.is_empty() { None } else { listing(&header, rows, &[1, 2, 3]) };
    Appendix { heading, paragraphs: vec![language.pick(&zh, &en).to_owned()], table }
}

/// A cell beside its figures: as the form prints it, with its unit where that is not a count.
fn name(cell: &Cell, language: Language) -> String {
    let unit =
        if cell.scale > 0 { format!(" ({})", language.pick(&cell.unit_zh, &cell.unit_en)) } else { String::new() };
    let name = language.pick(&cell.short_zh, &row_and_column(&cell.label_en)).to_owned();
    format!("{name}{unit}")
}

/// Figures that are stated and that the form prints nowhere; none if there are none.
pub(super) fn further_figures(publication: &Publication<'_>) -> Option<Appendix> {
    let (form, language) = (publication.form, publication.language);
    let pieces: Vec<_> = form.outline().tables().flat_map(|table| table.layout()).collect();
    let is_printed = |cell: usize| pieces.iter().any(|piece| piece.content == Content::Figure(cell));
    let rows = publication.figures.iter().enumerate().filter_map(|(index, figure)| {
        let cell = form.cells().get(index).filter(|_| !is_printed(index))?;
        let figure = in_printed_unit((*figure)?, cell.scale);
        let (label, unit) =
            (language.pick(&cell.label_zh, &cell.label_en), language.pick(&cell.unit_zh, &cell.unit_en));
        Some(vec![label.to_owned(), figure, unit.to_owned()])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return None;
    }
    let header = [language.pick("指标", "Item"), language.pick("数量", "Figure"), language.pick("单位", "Unit")];
    Some(Appendix {
        heading: language.pick("附4　文字部分所列数据合计", "Annex 4 Totals of figures stated in the texts").to_owned(),
        paragraphs: Vec::new(),
        table: listing(&header, rows, &[1]),
    })
}
