//! The texts of a document: which section and passage a paragraph belongs to.
//!
//! A section begins with its heading; a passage with words that the form knows
//! it by. What stands before the first passage of a section belongs to that.

use super::draft::Draft;
use crate::documents::document::{Block, Document};
use crate::documents::label::Label;
use crate::documents::write::TO_FILL_IN;
use crate::form::outline::{Outline, Passage, Section};

/// Characters that a paragraph which is only a heading has at most.
const HEADING_CHARS: usize = 40;
/// Characters that may stand before the words of a passage, behind its ordinal.
const BEFORE_WORDS: usize = 6;

/// Reads the texts into the draft.
pub(super) fn read(draft: &mut Draft, document: &Document) {
    let form = std::sync::Arc::clone(&draft.form);
    let mut section: Option<&Section> = None;
    let mut passage: Option<&Passage> = None;
    let mut texts: Vec<(&Passage, Vec<&str>)> = Vec::new();
    for text in paragraphs(document).filter(|text| !TO_FILL_IN.contains(text)) {
        if let Some(begun) = section_of(form.outline(), text) {
            (section, passage) = (Some(begun), None);
            continue;
        }
        let Some(here) = section else { continue };
        let begun = here.passages.iter().find(|passage| begins(passage, text));
        if begun.is_none() && is_other_section(text) {
            section = None;
            continue;
        }
        passage = begun.or(passage).or(here.passages.first());
        let Some(passage) = passage.filter(|_| begun.is_none() || !is_heading(text)) else { continue };
        match texts.iter_mut().find(|(known, _)| known.path == passage.path) {
            Some((_, known)) => known.push(text),
            None => texts.push((passage, vec![text])),
        }
    }
    for (passage, paragraphs) in texts {
        match &passage.items {
            None => draft.set_text(&passage.path, paragraphs.join("\n")),
            Some((title, text)) => items(draft, passage, (title, text), &paragraphs),
        }
    }
}

/// The paragraphs of a document, marks of programs left out.
pub(super) fn paragraphs(document: &Document) -> impl Iterator<Item = &str> {
    document.blocks.iter().filter_map(|block| match block {
        Block::Paragraph(text) => Some(without_mark(text.trim())).filter(|text| !text.is_empty()),
        Block::Table(_) => None,
    })
}

fn without_mark(text: &str) -> &str {
    let mut text = text;
    while let Some((_, behind)) = text.strip_prefix("[bookmark:").and_then(|rest| rest.split_once(']')) {
        text = behind.trim_start();
    }
    text
}

/// The section whose heading a paragraph is.
pub(super) fn section_of<'a>(outline: &'a Outline, text: &str) -> Option<&'a Section> {
    let label = Label::new(text);
    if text.chars().count() > HEADING_CHARS || label.is_empty() {
        return None;
    }
    outline.sections.iter().find(|section| {
        [&section.heading.zh, &section.heading.en].into_iter().any(|heading| {
            let heading = Label::new(heading);
            heading.slips(&label).is_some()
                || heading.len() >= 4 && heading.is_within(&label, HEADING_CHARS) && is_heading(text)
        })
    })
}

/// Whether a paragraph is no sentence.
fn is_heading(text: &str) -> bool {
    text.chars().count() <= HEADING_CHARS && !text.contains(['。', '；', '，', ','])
}

/// Whether a paragraph is the heading of a section the form does not have.
fn is_other_section(text: &str) -> bool {
    let behind = text.trim_start_matches(|c| "一二三四五六七八九十".contains(c));
    is_heading(text) && behind.len() < text.len() && behind.starts_with('、')
}

/// Whether a passage begins with a paragraph.
fn begins(passage: &Passage, text: &str) -> bool {
    let label = Label::new(text);
    let has_ordinal = text.starts_with(|c: char| c.is_ascii_digit() || "（(一二三四五六七八九十".contains(c));
    passage.words.iter().any(|words| {
        let words = Label::new(words);
        let first = words.len().saturating_add(BEFORE_WORDS);
        words.begins(&label)
            || has_ordinal && words.is_within(&label, first)
            || is_heading(text) && words.is_within(&label, HEADING_CHARS)
    })
}

/// Parts paragraphs into matters: one begins with each ordinal.
fn items(draft: &mut Draft, passage: &Passage, (title, text): (&str, &str), paragraphs: &[&str]) {
    let mut matters: Vec<(String, String)> = Vec::new();
    for paragraph in paragraphs {
        let (heading, rest) = parted(paragraph);
        match matters.last_mut() {
            Some((_, known)) if heading.is_none() => {
                if !known.is_empty() {
                    known.push('\n');
                }
                known.push_str(rest);
            }
            _ => matters.push((heading.unwrap_or_default().to_owned(), rest.to_owned())),
        }
    }
    for (heading, body) in matters {
        let fields = [(title, heading), (text, body)].into_iter().filter(|(_, text)| !text.is_empty());
        draft.items.push((passage.path.clone(), fields.map(|(name, text)| (name.to_owned(), text)).collect()));
    }
}

/// The heading of a matter and its text; none: it goes on.
fn parted(paragraph: &str) -> (Option<&str>, &str) {
    let ordinal = |c: char| c.is_ascii_digit() || "（(一二三四五六七八九十".contains(c);
    if !paragraph.starts_with(ordinal) {
        return (None, paragraph);
    }
    match paragraph.split_once(['：', ':', '。']) {
        Some((heading, rest)) if heading.chars().count() <= HEADING_CHARS && !rest.trim().is_empty() => {
            (Some(heading), rest.trim())
        }
        _ if is_heading(paragraph) => (Some(paragraph.trim_end_matches(['：', ':', '。'])), ""),
        _ => (Some(""), paragraph),
    }
}
