//! Statistics as a picture: SVG, drawn without fonts; the viewer brings them.

use svg::Document;
use svg::node::element::{Group, Line, Rectangle, Text};

use super::tables::grouped_text;
use crate::cli::plot::lengths;
use crate::client::wire;

const WIDTH: u32 = 960;
const MARGIN: u32 = 24;
const ROW: u32 = 26;
/// Where bars begin, and how long the longest is.
const BARS_AT: u32 = 330;
const LONGEST: u32 = 470;
const FONTS: &str = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','SimHei',sans-serif";

/// A bar with its name before it and its figure after it.
struct Bar<'a> {
    name: String,
    value: Option<&'a wire::Quantity>,
}

/// A picture that grows downwards.
struct Page {
    drawn: Group,
    y: u32,
}

/// Draws an answer: the years of what is ranked by, its ranking, and what totals
/// are made of.
pub(super) fn draw(title: &str, found: &wire::GetStatisticsResponse) -> String {
    let by = found.ranked_by.clone().unwrap_or_default();
    let mut page = Page { drawn: Group::new(), y: MARGIN };
    page.text(title, 20, "#111");
    let unit = if by.unit_zh.is_empty() || by.derived { String::new() } else { format!("（{}）", by.unit_zh) };
    let name = format!("{}{unit} {}", by.label_zh, by.label_en);
    let of_years = found.series.iter().find(|series| series.indicator.as_ref().is_some_and(|each| each.id == by.id));
    if let Some(series) = of_years.filter(|series| series.points.len() > 1) {
        let bars = series.points.iter().map(|point| Bar { name: point.year.to_string(), value: point.value.as_ref() });
        page.bars(&name, bars.collect(), "#2f6f9f");
    }
    let year = found.years.last().map(|year| year.year).unwrap_or_default();
    let ranked = found.ranking.iter().map(|row| {
        let place = if row.rank > 0 { format!("{}. ", row.rank) } else { String::new() };
        let own = if row.own { "（本机关）" } else { "" };
        Bar { name: format!("{place}{}{own}", row.unit_name), value: row.value.as_ref() }
    });
    page.bars(&format!("{name} · {year}"), ranked.collect(), "#3a7d44");
    for breakdown in &found.breakdowns {
        let parts = breakdown.parts.iter().filter(|part| part.value != 0);
        let bars = parts.map(|part| Bar { name: part.label_zh.clone(), value: part.share.as_ref() });
        let heading = format!("{} {} · {}", breakdown.label_zh, breakdown.label_en, breakdown.year);
        page.bars(&heading, bars.collect(), "#a5682a");
    }
    page.text(&format!("position {}", found.position), 11, "#777");
    let height = page.y.saturating_add(MARGIN);
    let background = Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#fff");
    let document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("font-family", FONTS)
        .add(background)
        .add(page.drawn);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}\n")
}

impl Page {
    fn add(&mut self, element: impl Into<Box<dyn svg::Node>>) {
        let drawn = std::mem::take(&mut self.drawn);
        self.drawn = drawn.add(element);
    }

    fn text(&mut self, words: &str, size: u32, colour: &str) {
        self.y = self.y.saturating_add(size);
        let text = Text::new(words).set("x", MARGIN).set("y", self.y).set("font-size", size).set("fill", colour);
        self.add(text);
        self.y = self.y.saturating_add(size / 2);
    }

    fn bars(&mut self, heading: &str, bars: Vec<Bar<'_>>, colour: &str) {
        if bars.is_empty() {
            return;
        }
        self.y = self.y.saturating_add(12);
        self.text(heading, 15, "#333");
        let top = self.y;
        let long = lengths(&bars.iter().map(|bar| bar.value).collect::<Vec<_>>(), LONGEST);
        for (bar, length) in bars.iter().zip(long) {
            let line = self.y.saturating_add(17);
            let shown = bar.value.map_or_else(|| "未报".to_owned(), |value| grouped_text(&value.text));
            let name = Text::new(&bar.name).set("x", BARS_AT.saturating_sub(10)).set("y", line);
            self.add(name.set("text-anchor", "end").set("font-size", 13).set("fill", "#222"));
            let drawn = Rectangle::new().set("x", BARS_AT).set("y", self.y.saturating_add(4));
            self.add(drawn.set("width", length).set("height", ROW.saturating_sub(8)).set("fill", colour));
            let figure = Text::new(shown).set("x", BARS_AT.saturating_add(length).saturating_add(8)).set("y", line);
            self.add(figure.set("font-size", 13).set("fill", "#444"));
            self.y = self.y.saturating_add(ROW);
        }
        let axis = Line::new().set("x1", BARS_AT).set("x2", BARS_AT).set("y1", top).set("y2", self.y);
        self.add(axis.set("stroke", "#999"));
    }
}
