//! Statistics as tables.

use std::fmt::Write as _;

use crate::cli::output::{grouped, table};
use crate::cli::plot::bars;
use crate::cli::rollup::completeness_text;
use crate::cli::units::kind_name;
use crate::client::wire;

/// Characters of the longest bar.
const BAR: u32 = 24;

fn shown(value: Option<&wire::Quantity>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| grouped_text(&value.text))
}

/// Thousands set apart, but for percentages and words.
pub(super) fn grouped_text(text: &str) -> String {
    let sign = if text.starts_with('+') { "+" } else { "" };
    let figure = text.trim_start_matches('+');
    let is_figure = figure.chars().all(|character| character.is_ascii_digit() || "-.".contains(character));
    if is_figure && !figure.is_empty() { format!("{sign}{}", grouped(figure)) } else { text.to_owned() }
}

/// Adds a column of bars.
fn with_bars(rows: &mut [Vec<String>], values: &[Option<&wire::Quantity>]) {
    rows.iter_mut().zip(bars(values, BAR)).for_each(|(row, bar)| row.push(bar));
}

fn name(indicator: &wire::Indicator) -> String {
    let unit = if indicator.derived { String::new() } else { format!("（{}）", indicator.unit_zh) };
    format!("{}{unit}", indicator.label_zh)
}

/// Everything an answer says.
pub(super) fn text(title: &str, found: &wire::GetStatisticsResponse, plot: bool, every_series: bool) -> String {
    let mut text = format!("{title}, position {}\n", found.position);
    for year in &found.years {
        let counts = year.completeness.clone().unwrap_or_default();
        let _ = writeln!(
            text,
            "{}: {}; {} reports",
            year.year,
            completeness_text(&counts, 0, &[]).lines().next().unwrap_or_default(),
            year.reports
        );
    }
    series(&mut text, found, plot, every_series);
    for breakdown in &found.breakdowns {
        parts(&mut text, breakdown, plot);
    }
    ranking(&mut text, found, plot);
    kinds(&mut text, found, plot);
    text
}

/// Indicators over the years; derived ones and the largest cells unless some were named.
fn series(text: &mut String, found: &wire::GetStatisticsResponse, plot: bool, every: bool) {
    const CELLS: usize = 12;
    let is_derived = |series: &&wire::IndicatorSeries| series.indicator.as_ref().is_some_and(|each| each.derived);
    let largest = |series: &&wire::IndicatorSeries| {
        series.points.last().and_then(|point| point.value.as_ref()).map_or(0, |value| value.numerator)
    };
    let mut cells: Vec<&wire::IndicatorSeries> = found.series.iter().filter(|each| !is_derived(each)).collect();
    let hidden = if every { 0 } else { cells.len().saturating_sub(CELLS) };
    if hidden > 0 {
        cells.sort_by_key(|each| std::cmp::Reverse(largest(each)));
        cells.truncate(CELLS);
    }
    let all: Vec<&wire::IndicatorSeries> = found.series.iter().filter(is_derived).chain(cells).collect();
    let many = found.years.len() > 1;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for series in all {
        let label = series.indicator.as_ref().map(name).unwrap_or_default();
        for (index, point) in series.points.iter().enumerate() {
            let value = point.value.as_ref();
            let exact = value.filter(|_| series.indicator.as_ref().is_some_and(|each| each.derived));
            let mut row = vec![
                if index == 0 { label.clone() } else { String::new() },
                point.year.to_string(),
                shown(value),
                exact.map_or_else(String::new, |value| format!("{}/{}", value.numerator, value.denominator)),
            ];
            if many {
                row.push(shown(point.change.as_ref()));
                row.push(point.relative_change.as_ref().map_or_else(String::new, |change| change.text.clone()));
            }
            rows.push(row);
            values.push(value);
        }
        if let Some(sum) = series.over_years.as_ref().filter(|_| many) {
            let exact = series.indicator.as_ref().is_some_and(|each| each.derived);
            let exact = if exact { format!("{}/{}", sum.numerator, sum.denominator) } else { String::new() };
            rows.push(vec![
                String::new(),
                "all 合计".to_owned(),
                shown(Some(sum)),
                exact,
                String::new(),
                String::new(),
            ]);
            values.push(None);
        }
    }
    let mut header = vec!["指标 indicator", "year", "value", "exact"];
    if many {
        header.extend(["change 增减", "relative 增幅"]);
    }
    // bars of different indicators are not to be compared: one scale for one indicator
    if plot && found.series.len() == 1 {
        with_bars(&mut rows, &values);
        header.push("");
    }
    let _ = writeln!(text, "\n{}", table(&header, rows, &[1, 2, 3, 4, 5]));
    if hidden > 0 {
        let _ = writeln!(text, "{hidden} more cells are not 0 (--indicator names one; --json prints all)");
    }
}

fn parts(text: &mut String, breakdown: &wire::PartedTotal, plot: bool) {
    let parts: Vec<&wire::PartOfTotal> = breakdown.parts.iter().filter(|part| part.value != 0).collect();
    let mut rows: Vec<Vec<String>> = parts
        .iter()
        .map(|part| {
            let named = format!("{} {}", part.label_zh, part.label_en);
            vec![named, grouped(&part.value.to_string()), shown(part.share.as_ref())]
        })
        .collect();
    if plot {
        with_bars(&mut rows, &parts.iter().map(|part| part.share.as_ref()).collect::<Vec<_>>());
    }
    let wire::PartedTotal { label_zh, label_en, year, whole, .. } = breakdown;
    let _ = writeln!(text, "\n{label_zh} {label_en} {year}: {}", grouped(&whole.to_string()));
    if !rows.is_empty() {
        let header = if plot { vec!["", "value", "share 占比", ""] } else { vec!["", "value", "share 占比"] };
        let _ = writeln!(text, "{}", table(&header, rows, &[1, 2]));
    }
}

fn ranking(text: &mut String, found: &wire::GetStatisticsResponse, plot: bool) {
    let by = found.ranked_by.clone().unwrap_or_default();
    let year = found.years.last().map(|year| year.year).unwrap_or_default();
    let (placed, apart): (Vec<&wire::RankedUnit>, Vec<&wire::RankedUnit>) =
        found.ranking.iter().partition(|row| row.rank > 0);
    let mut rows: Vec<Vec<String>> = placed
        .iter()
        .map(|row| {
            let own = if row.own { " (own 本机关)" } else { "" };
            let value = row.value.as_ref();
            let exact = value.filter(|_| by.derived);
            vec![
                row.rank.to_string(),
                row.unit.clone(),
                format!("{}{own}", row.unit_name),
                kind_name(row.kind).to_owned(),
                shown(value),
                exact.map_or_else(String::new, |value| format!("{}/{}", value.numerator, value.denominator)),
            ]
        })
        .collect();
    if plot {
        with_bars(&mut rows, &placed.iter().map(|row| row.value.as_ref()).collect::<Vec<_>>());
    }
    let _ = writeln!(text, "\nranking 排名 {year}: {} {}", name(&by), by.label_en);
    let mut header = vec!["", "unit", "名称", "kind", "value", "exact"];
    if plot {
        header.push("");
    }
    let _ = writeln!(text, "{}", table(&header, rows, &[0, 4, 5]));
    for (words, filed) in [("not applicable 不适用 (0/0)", true), ("filed nothing 未报", false)] {
        let named: Vec<&str> =
            apart.iter().filter(|row| row.value.is_some() == filed).map(|row| row.unit_name.as_str()).collect();
        if !named.is_empty() {
            let _ = writeln!(text, "{words}: {}", named.join("、"));
        }
    }
    let told = i32::try_from(found.ranking.len()).unwrap_or(i32::MAX);
    if told < found.ranked {
        let _ = writeln!(text, "{} more rows (--top shows them)", found.ranked.saturating_sub(told));
    }
    if let Some(spread) = found.distribution.as_ref().filter(|spread| spread.units > 0) {
        let wire::Distribution { units, minimum, lower_quartile, median, upper_quartile, maximum } = spread;
        let _ = writeln!(
            text,
            "over {units} 家: min 最小 {}, quartile 下四分位 {}, median 中位 {}, quartile 上四分位 {}, max 最大 {}",
            shown(minimum.as_ref()),
            shown(lower_quartile.as_ref()),
            shown(median.as_ref()),
            shown(upper_quartile.as_ref()),
            shown(maximum.as_ref())
        );
    }
}

fn kinds(text: &mut String, found: &wire::GetStatisticsResponse, plot: bool) {
    let mut rows: Vec<Vec<String>> = found
        .kinds
        .iter()
        .map(|share| {
            let (value, part) = (shown(share.value.as_ref()), share.share.as_ref());
            let part = part.map_or_else(String::new, |part| part.text.clone());
            vec![kind_name(share.kind).to_owned(), share.reports.to_string(), value, part]
        })
        .collect();
    let mut header = vec!["kind 单位类别", "reports", "value", "share 占比"];
    if plot {
        with_bars(&mut rows, &found.kinds.iter().map(|share| share.value.as_ref()).collect::<Vec<_>>());
        header.push("");
    }
    if !rows.is_empty() {
        let _ = writeln!(text, "\n{}", table(&header, rows, &[1, 2, 3]));
    }
}
