//! From text to sentences of clauses of tokens: taught words, figures, what
//! separates, and what is not known.

use std::ops::Range;

use super::number::{Number, number};
use super::{Sayings, Speaker};
use crate::form::Sense;
use crate::words::limits;

/// Characters of the end of a unit's name that still name it: 环翠区.
const NAME_CHARS: usize = 3;

/// A piece of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it stands in the text, in bytes.
    pub(super) place: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Word(Sense),
    /// A number and what it counts; none if it is no exact number. A 0 may count
    /// nothing.
    Figure(Option<Number>, String),
    /// 、 or ：, between the members of a list and after its head.
    Listing,
    Unknown,
}

/// Clauses between commas and brackets.
pub(super) type Sentence = Vec<Vec<Token>>;

/// Cuts a text into sentences.
pub(super) fn sentences(sayings: &Sayings, speaker: Speaker<'_>, text: &str) -> Vec<Sentence> {
    let (places, chars) = printed(text);
    let unit = Some(speaker.unit).filter(|unit| unit.len() <= limits::UNIT_NAME_BYTES);
    let governed = sayings.governed(unit.unwrap_or_default());
    let lexer = Lexer { sayings, speaker, governed, name: governed.chars().collect(), chars: &chars };
    let (mut sentences, mut sentence, mut clause) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while let (Some(char), Some(start)) = (chars.get(at), places.get(at)) {
        let (kind, length) = lexer.token(at);
        at = at.saturating_add(length.max(1));
        // what was left out after a token is no part of it
        let last = at.saturating_sub(1);
        let end = places.get(last).map_or(text.len(), |place| place.saturating_add(width(text, *place)));
        match (kind, char) {
            (Some(kind), _) => clause.push(Token { kind, place: *start..end }),
            (None, '。' | '！' | '？' | '!' | '?' | '\n' | '\r') => {
                sentence.push(std::mem::take(&mut clause));
                sentences.push(std::mem::take(&mut sentence));
            }
            (None, _) => sentence.push(std::mem::take(&mut clause)),
        }
    }
    sentence.push(clause);
    sentences.push(sentence);
    sentences
}

/// Bytes of the character at a place.
fn width(text: &str, place: usize) -> usize {
    text.get(place..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

/// The characters of a text with their places: blanks are left out, but not
/// between digits, which they keep apart.
fn printed(text: &str) -> (Vec<usize>, Vec<char>) {
    let (mut places, mut chars) = (Vec::new(), Vec::new());
    let mut blank = None;
    for (place, char) in text.char_indices().map(|(place, char)| (place, plain(char))) {
        if is_blank(char) {
            blank = Some(place);
            continue;
        }
        let is_digit = |char: &char| char.is_ascii_digit();
        if let Some(blank) = blank.take().filter(|_| is_digit(&char) && chars.last().is_some_and(is_digit)) {
            places.push(blank);
            chars.push(' ');
        }
        places.push(place);
        chars.push(char);
    }
    (places, chars)
}

/// Full-width digits as Arabic ones.
fn plain(char: char) -> char {
    match char {
        '０'..='９' => char::from_digit(u32::from(char).saturating_sub(u32::from('０')), 10).unwrap_or(char),
        '．' => '.',
        _ => char,
    }
}

fn is_blank(char: char) -> bool {
    char.is_whitespace() && char != '\n' && char != '\r'
}

struct Lexer<'a> {
    sayings: &'a Sayings,
    speaker: Speaker<'a>,
    governed: &'a str,
    name: Vec<char>,
    chars: &'a [char],
}

impl Lexer<'_> {
    /// The token at a place and its length; no token where a clause ends.
    fn token(&self, at: usize) -> (Option<Kind>, usize) {
        let rest = self.chars.get(at..).unwrap_or_default();
        let word = self.sayings.word(rest, self.governed);
        let name = self.name_length(rest);
        match word {
            Some((length, sense)) if length >= name => return (Some(Kind::Word(sense)), length),
            _ if name > 0 => return (Some(Kind::Word(Sense::Scope)), name),
            _ => {}
        }
        if let Some((number, length)) = number(rest) {
            return self.figure(at, number, length);
        }
        let kind = match rest.first() {
            Some('、' | '：' | ':') => Some(Kind::Listing),
            Some('，' | ',' | '；' | ';' | '（' | '）' | '(' | ')' | '.' | '。') => None,
            Some('！' | '？' | '!' | '?' | '\n' | '\r') => None,
            _ => Some(Kind::Unknown),
        };
        (kind, 1)
    }

    /// Length of the end of the unit's name that the text begins with.
    fn name_length(&self, text: &[char]) -> usize {
        let ends = (0..self.name.len()).filter_map(|start| self.name.get(start..));
        ends.take_while(|end| end.len() >= NAME_CHARS).find(|end| text.starts_with(end)).map_or(0, <[char]>::len)
    }

    /// What a number is: a date, a figure with its unit, or nothing known.
    fn figure(&self, at: usize, number: Option<Number>, length: usize) -> (Option<Kind>, usize) {
        let (before, text) = self.chars.split_at_checked(at).unwrap_or_default();
        let after = text.get(length..).unwrap_or_default();
        if let Some((sense, date)) = self.date(before, number, after) {
            return (Some(Kind::Word(sense)), length.saturating_add(date));
        }
        match self.sayings.unit(after) {
            Some(unit) => {
                let name = after.iter().take(unit).collect();
                (Some(Kind::Figure(number, name)), length.saturating_add(unit))
            }
            None if number.and_then(|number| number.at_scale(0)) == Some(0) && ends(after) => {
                (Some(Kind::Figure(number, String::new())), length)
            }
            None => (Some(Kind::Unknown), length),
        }
    }

    /// What a number and what follows say as a date, and the length of what
    /// follows: the reporting year, an end of a span of whole years, or another time.
    fn date(&self, before: &[char], number: Option<Number>, after: &[char]) -> Option<(Sense, usize)> {
        let value = number?.at_scale(0)?;
        match after.first()? {
            '年' if value >= 1_000 => {
                let is_this = self.speaker.year.is_some_and(|year| i64::from(year.get()) == value);
                let length = if after.get(1) == Some(&'度') { 2 } else { 1 };
                Some((if is_this { Sense::ThisYear } else { Sense::OtherPeriod }, length))
            }
            '月' => {
                let (day, length) = super::number::number(after.get(1..)?).unwrap_or((None, 0));
                let day = day.and_then(|day| day.at_scale(0));
                let is_day = after.get(length.saturating_add(1)) == Some(&'日');
                let next = after.get(length.saturating_add(2));
                let is_bound = match (value, day) {
                    (1, Some(1)) => next.is_some_and(|next| SPANS.contains(next)),
                    (12, Some(31)) => without_year(before).last().is_some_and(|last| SPANS.contains(last)),
                    _ => false,
                } && is_day;
                let sense = if is_bound { Sense::Neutral } else { Sense::OtherPeriod };
                Some((sense, if is_day { length.saturating_add(2) } else { 1 }))
            }
            _ => None,
        }
    }
}

/// What stands between the first and the last day of a span.
const SPANS: [char; 6] = ['至', '到', '起', '-', '—', '–'];

/// A text without the year at its end.
fn without_year(text: &[char]) -> &[char] {
    let Some(('年', rest)) = text.split_last() else { return text };
    let is_digit = |char: &char| char.is_ascii_digit() || "〇零一二三四五六七八九".contains(*char);
    let digits = rest.iter().rev().take(4).take_while(|char| is_digit(char)).count();
    rest.get(..rest.len().saturating_sub(digits)).unwrap_or_default()
}

/// Whether nothing of the clause follows.
fn ends(text: &[char]) -> bool {
    text.first().is_none_or(|char| "，,；;。、（）()！!\n\r".contains(*char))
}
