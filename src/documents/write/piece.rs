//! What a document is made of, in order, whatever the format.

use super::grid::Table;
use super::{Listing, Publication, SignOff, TO_FILL_IN};
use crate::form::outline::{Passage, Section, Words};
use crate::words::Coverage;

/// A part of a document.
#[derive(Debug)]
pub(super) enum Piece {
    /// The title of the document.
    Title(String),
    /// A line in the middle.
    Centred(String),
    /// A heading, 1 for sections.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// Where a paragraph is to be put; what stands there until then.
    ToFill(&'static str),
    /// A line to sign on.
    Signature(String),
    /// A table.
    Table(Table),
    /// What follows begins a page.
    NewPage,
}

/// The title of a publication: its own, else made of unit, year and form.
pub(super) fn title(publication: &Publication<'_>) -> String {
    let own = publication.text(&publication.form.outline().front.title);
    own.map_or_else(
        || {
            let (zh, en, _) = publication.form.title();
            let (unit, year) = (&publication.unit_name, publication.year);
            let zh = format!("{unit}{year}年{zh}");
            let en = format!("{unit}: {en} {year}");
            publication.language.pick(&zh, &en).to_owned()
        },
        clean,
    )
}

/// Lays out a publication.
pub(super) fn pieces(publication: &Publication<'_>) -> Vec<Piece> {
    let mut pieces = vec![Piece::Title(title(publication))];
    front(publication, &mut pieces);
    for section in &publication.form.outline().sections {
        put_section(publication, section, &mut pieces);
    }
    let signed = publication.form.outline().front.signatures.iter().filter_map(|(path, label)| {
        let name = publication.text(path)?;
        Some(Piece::Paragraph(publication.language.labelled(publication.language.words(label), &clean(name))))
    });
    pieces.extend(signed);
    for appendix in &publication.appendices {
        pieces.extend([Piece::NewPage, Piece::Heading(1, clean(&appendix.heading))]);
        pieces.extend(appendix.paragraphs.iter().map(|text| Piece::Paragraph(clean(text))));
        pieces.extend(appendix.table.as_ref().map(|listing| Piece::Table(Table::plain(listing))));
    }
    if let Some(sign_off) = &publication.sign_off {
        put_sign_off(publication, sign_off, &mut pieces);
    }
    pieces
}

/// Words beside a heading that is to be filled in.
fn to_fill_in(publication: &Publication<'_>) -> Piece {
    Piece::ToFill(publication.language.of(TO_FILL_IN))
}

/// The period, as far as it is stated.
pub(super) fn period(publication: &Publication<'_>) -> Option<String> {
    let front = &publication.form.outline().front;
    let (start, end) = (publication.text(&front.period_start)?, publication.text(&front.period_end)?);
    let language = publication.language;
    let days = format!("{}{}{}", date(publication, start), language.pick("至", " to "), date(publication, end));
    Some(language.labelled(language.pick("报告期", "Period"), &days))
}

/// A day as it is printed: 2024-01-01 is 2024年1月1日. Other texts stay as they are.
fn date(publication: &Publication<'_>, text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year, month, day] => {
            let zh = format!("{year}年{}月{}日", month.trim_start_matches('0'), day.trim_start_matches('0'));
            publication.language.pick(&zh, text).to_owned()
        }
        _ => clean(text),
    }
}

fn front(publication: &Publication<'_>, pieces: &mut Vec<Piece>) {
    let front = &publication.form.outline().front;
    pieces.extend(period(publication).map(Piece::Centred));
    let introduction = publication.text(&front.introduction);
    match introduction {
        Some(text) => pieces.extend(paragraphs(text)),
        None if front.introduction.is_empty() => {}
        None => pieces.push(to_fill_in(publication)),
    }
    let contacts = front.contacts.iter().filter_map(|contact| {
        let text = publication.text(&contact.path)?;
        // most introductions end with them
        let is_said = introduction.is_some_and(|introduction| introduction.contains(text));
        (!is_said).then(|| Piece::Paragraph(publication.language.labelled(&label(publication, contact), &clean(text))))
    });
    pieces.extend(contacts);
}

/// What a contact is called: its heading, else the surest word for it.
fn label(publication: &Publication<'_>, contact: &Passage) -> String {
    let Words { zh, en } = &contact.heading;
    let zh = if zh.is_empty() { contact.words.first().unwrap_or(zh) } else { zh };
    let name = contact.path.rsplit('.').next().unwrap_or_default().replace('_', " ");
    let en = if en.is_empty() { &name } else { en };
    publication.language.pick(zh, en).to_owned()
}

fn put_section(publication: &Publication<'_>, section: &Section, pieces: &mut Vec<Piece>) {
    let words = |words| publication.language.words(words).to_owned();
    if !section.heading.zh.is_empty() {
        pieces.push(Piece::Heading(1, words(&section.heading)));
    }
    for passage in &section.passages {
        if !passage.heading.zh.is_empty() {
            pieces.push(Piece::Heading(2, words(&passage.heading)));
        }
        let before = pieces.len();
        match &passage.items {
            Some((title, text)) => put_items(publication, &passage.path, (title, text), pieces),
            None => pieces.extend(publication.text(&passage.path).into_iter().flat_map(paragraphs)),
        }
        if pieces.len() == before {
            pieces.push(to_fill_in(publication));
        }
    }
    pieces.extend(section.tables.iter().map(|table| Piece::Table(Table::printed(table, publication))));
}

/// A repeated text: title and text of each, as far as they are stated.
fn put_items(publication: &Publication<'_>, path: &str, (title, text): (&str, &str), pieces: &mut Vec<Piece>) {
    for index in 0..publication.texts.len() {
        let at = |name: &str| publication.text(&format!("{path}[{index}].{name}"));
        let (title, text) = (at(title), at(text));
        if title.is_none() && text.is_none() {
            return;
        }
        pieces.extend(title.map(|title| Piece::Heading(2, clean(title))));
        pieces.extend(text.into_iter().flat_map(paragraphs));
    }
}

fn put_sign_off(publication: &Publication<'_>, sign_off: &SignOff, pieces: &mut Vec<Piece>) {
    let language = publication.language;
    let say = |zh, en| language.pick(zh, en).to_owned();
    pieces.extend([Piece::NewPage, Piece::Heading(1, say("签字盖章页", "Sign-off sheet"))]);
    let attested = "本单位确认：本报告各项数据与下列回执所载内容一致。";
    pieces.push(Piece::Paragraph(say(
        attested,
        "We confirm that this report states what the receipt below was given for.",
    )));
    let coverage = match sign_off.coverage {
        Coverage::Own => say("本机关", "the unit itself"),
        Coverage::Consolidated => say("本机关及所属各单位", "the unit and all below it"),
    };
    let row = |zh, en, value: &str| vec![say(zh, en), clean(value)];
    let rows = vec![
        row("单位", "Unit", &format!("{} {}", publication.unit_name, sign_off.unit)),
        row("报告年度", "Reporting year", &publication.year.to_string()),
        row("报告范围", "Coverage", &coverage),
        row("版本", "Revision", &sign_off.revision.to_string()),
        row("受理时间", "Accepted at", &sign_off.time),
        row("账本位置", "Ledger position", &sign_off.position.to_string()),
        row("内容摘要（SHA-256）", "Content digest (SHA-256)", &sign_off.content_digest),
        row("链哈希", "Chain hash", &sign_off.chain_hash),
    ];
    let header = vec![say("回执", "Receipt"), say("内容", "Value")];
    pieces.push(Piece::Table(Table::plain(&Listing { header, rows, figures: Vec::new() })));
    let front = &publication.form.outline().front;
    let sign = |label: &str| Piece::Signature(language.labelled(label, ""));
    pieces.extend(front.signatures.iter().map(|(_, label)| {
        let by_hand = language.pick("（签字）", " (signature)");
        sign(&format!("{}{by_hand}", language.words(label)))
    }));
    pieces.push(sign(language.pick("单位（盖章）", "Unit (seal)")));
    pieces.push(sign(language.pick("日期", "Date")));
}

/// The paragraphs of a text.
fn paragraphs(text: &str) -> impl Iterator<Item = Piece> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| Piece::Paragraph(clean(line)))
}

/// A text without the characters that no XML may hold.
fn clean(text: &str) -> String {
    let is_fit = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}') || *c == '\t';
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(is_fit).collect()
}
