//! What stands before the first section: the title with unit and year, the
//! period, whom to ask.

use super::dates::{self, Date};
use super::draft::Draft;
use super::sections::{paragraphs, section_of};
use crate::documents::document::Document;
use crate::form::outline::Passage;

/// Characters of a title at most.
const TITLE_CHARS: usize = 80;
/// Characters of an address or a number at most.
const CONTACT_CHARS: usize = 200;

/// Reads the front of a document into the draft.
pub(super) fn read(draft: &mut Draft, document: &Document) {
    let form = std::sync::Arc::clone(&draft.form);
    let outline = form.outline();
    let before: Vec<&str> = paragraphs(document).take_while(|text| section_of(outline, text).is_none()).collect();
    let (printed, ..) = form.title();
    let title = title(&before, printed);
    let behind_title = title.as_ref().map_or(0, |title| title.end);
    if let Some(Title { text, unit, year, .. }) = title {
        draft.unit_name = Some(unit).filter(|unit| !unit.is_empty());
        draft.year = year;
        draft.set_text(&outline.front.title, text);
    }
    let introduction = before.get(behind_title..).unwrap_or_default().join("\n");
    if let Some((start, end)) = period(&introduction) {
        draft.set_text(&outline.front.period_start, start.to_string());
        draft.set_text(&outline.front.period_end, end.to_string());
    }
    for contact in &outline.front.contacts {
        if let Some(found) = told(&introduction, contact) {
            draft.set_text(&contact.path, found.to_owned());
        }
    }
    draft.set_text(&outline.front.introduction, introduction);
}

/// A title that was found.
struct Title {
    text: String,
    unit: String,
    year: Option<crate::words::Year>,
    /// The paragraph behind it.
    end: usize,
}

/// The title nearest to the text: it has the words that the form's title ends
/// with. If it begins with the year, the unit stands in the paragraph before.
fn title(before: &[&str], printed: &str) -> Option<Title> {
    let is_title = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        text.chars().count() <= TITLE_CHARS && !text.contains(['。', '，']) && ends_alike(&text, printed)
    };
    let index = before.iter().rposition(|text| is_title(text))?;
    let line = *before.get(index)?;
    let above = index.checked_sub(1).and_then(|index| before.get(index)).copied();
    let starts_with_year = dates::year(line).is_some_and(|(start, ..)| start == 0);
    let is_name = |text: &&str| text.chars().count() <= TITLE_CHARS / 2 && !text.contains(['。', '，', '：', ':', '>']);
    let text = match above.filter(is_name).filter(|_| starts_with_year || dates::year(line).is_none()) {
        Some(above) => format!("{above}{line}"),
        None => line.to_owned(),
    };
    let text: String = text.split_whitespace().collect();
    let found = dates::year(&text);
    let words = (4..=printed.chars().count()).rev().find_map(|length| {
        let start: String = printed.chars().take(length).collect();
        text.find(&start)
    });
    let end = match (&found, words) {
        (Some((year, ..)), Some(words)) => (*year).min(words),
        (Some((year, ..)), None) => *year,
        (None, words) => words.unwrap_or(0),
    };
    let unit = text.get(..end).unwrap_or_default().trim_end_matches("关于").trim_matches(['《', '（', '(']).to_owned();
    let year = found.and_then(|(_, year, _)| crate::words::Year::new(year).ok());
    Some(Title { text, unit, year, end: index.saturating_add(1) })
}

/// Whether a text has what a title ends with: its last four characters.
fn ends_alike(text: &str, printed: &str) -> bool {
    let skipped = printed.chars().count().saturating_sub(4);
    let end: String = printed.chars().skip(skipped).collect();
    !end.is_empty() && text.contains(&end)
}

/// The first two days that are told one after the other.
fn period(text: &str) -> Option<(Date, Date)> {
    let days = dates::days(text);
    days.windows(2).find_map(|pair| match pair {
        [start, end] if start < end => Some((*start, *end)),
        _ => None,
    })
}

/// What is told behind the words of a contact.
fn told<'a>(text: &'a str, contact: &Passage) -> Option<&'a str> {
    contact.words.iter().find_map(|words| {
        let (_, behind) = text.split_once(words.as_str())?;
        let behind = behind.trim_start_matches(['：', ':', '为', '是', ' ', '\u{3000}']);
        let end = behind.find(['，', '；', '。', '）', ')', '\n', ',', ';']).unwrap_or(behind.len());
        let end = behind.find("联系").map_or(end, |other| other.min(end));
        let found = behind.get(..end)?.trim();
        (!found.is_empty() && found.chars().count() <= CONTACT_CHARS).then_some(found)
    })
}
