//! From text to sentences of clauses of tokens: taught words, figures, what
//! separates, and what is not known.

use std::ops::Range;

use super::number::{Number, number};
use super::{Sayings, Speaker};
use crate::form::Sense;

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
    let (places, chars): (Vec<usize>, Vec<char>) =
        text.char_indices().map(|(place, char)| (place, plain(char))).unzip();
    let name = sayings.governed(speaker.unit).chars().collect();
    let lexer = Lexer { sayings, speaker, name, chars: &chars };
    let (mut sentences, mut sentence, mut clause) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(char) = chars.get(at) {
        let place = |index: usize| places.get(index).copied().unwrap_or(text.len());
        let (kind, length) = lexer.token(at);
        let next = at.saturating_add(length.max(1));
        match (kind, char) {
            (Some(kind), _) => clause.push(Token { kind, place: place(at)..place(next) }),
            (None, '。' | '！' | '？' | '!' | '?' | '\n' | '\r') => {
                sentence.push(std::mem::take(&mut clause));
                sentences.push(std::mem::take(&mut sentence));
            }
            (None, _) => sentence.push(std::mem::take(&mut clause)),
        }
        at = next;
        at = chars
            .iter()
            .skip(at)
            .position(|char| !is_blank(*char))
            .map_or(chars.len(), |blank| at.saturating_add(blank));
    }
    sentence.push(clause);
    sentences.push(sentence);
    sentences
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
    name: Vec<char>,
    chars: &'a [char],
}

impl Lexer<'_> {
    /// The token at a place and its length; no token where a clause ends.
    fn token(&self, at: usize) -> (Option<Kind>, usize) {
        let rest = self.chars.get(at..).unwrap_or_default();
        let word = self.sayings.word(rest);
        let name = self.name_length(rest);
        match word {
            Some((length, sense)) if length >= name => return (Some(Kind::Word(sense)), length),
            _ if name > 0 => return (Some(Kind::Word(Sense::Scope)), name),
            _ => {}
        }
        if let Some((number, length)) = number(rest) {
            return self.figure(rest, number, length);
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
    fn figure(&self, text: &[char], number: Option<Number>, length: usize) -> (Option<Kind>, usize) {
        let after = text.get(length..).unwrap_or_default();
        if let Some((is_this_year, date)) = self.date(number, after) {
            let sense = if is_this_year { Sense::ThisYear } else { Sense::OtherPeriod };
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

    /// Whether a number and what follows are a date of the reporting year as a
    /// whole, and the length of what follows; none for what is no date.
    fn date(&self, number: Option<Number>, after: &[char]) -> Option<(bool, usize)> {
        let value = number?.at_scale(0)?;
        match after.first()? {
            '年' if value >= 1_000 => {
                let of_the_year = self.speaker.year.is_some_and(|year| i64::from(year.get()) == value);
                Some((of_the_year, if after.get(1) == Some(&'度') { 2 } else { 1 }))
            }
            '月' => {
                let (day, length) = super::number::number(after.get(1..)?).unwrap_or((None, 0));
                let day = day.and_then(|day| day.at_scale(0));
                let is_day = after.get(length.saturating_add(1)) == Some(&'日');
                let is_whole = is_day && matches!((value, day), (1, Some(1)) | (12, Some(31)));
                Some((is_whole, if is_day { length.saturating_add(2) } else { 1 }))
            }
            _ => None,
        }
    }
}

/// Whether nothing of the clause follows.
fn ends(text: &[char]) -> bool {
    text.first().is_none_or(|char| "，,；;。、（）()！!\n\r".contains(*char))
}
