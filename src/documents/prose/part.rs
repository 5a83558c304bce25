//! The parts of a clause: each with at most one figure and the words that tell
//! what it counts.

use std::ops::Range;

use super::lexer::{Kind, Token};
use super::number::Number;
use crate::form::{Meanings, Sense};

/// Words around one figure, or around none.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub(super) topics: Meanings,
    pub(super) stages: Meanings,
    pub(super) details: Meanings,
    /// The number and its unit.
    pub(super) figure: Option<(Option<Number>, String)>,
    /// It says that there are none.
    pub(super) nothing: bool,
    /// It says something of each of several.
    pub(super) each: bool,
    /// Some of its words are not known.
    pub(super) unknown: bool,
    /// Where the words that state it stand.
    pub(super) quote: Range<usize>,
}

impl Part {
    /// Whether it tells anything but the figure.
    pub(super) fn tells(&self) -> bool {
        !(self.topics.is_empty() && self.stages.is_empty() && self.details.is_empty())
    }

    fn of(tokens: &[Token]) -> Self {
        let mut part = Self { quote: quote(tokens), ..Self::default() };
        for token in tokens {
            match &token.kind {
                Kind::Figure(number, unit) => {
                    part.unknown |= part.figure.is_some();
                    part.figure = Some((*number, unit.clone()));
                }
                Kind::Unknown => part.unknown = true,
                Kind::Listing => {}
                Kind::Word(sense) => part.word(*sense),
            }
        }
        part
    }

    fn word(&mut self, sense: Sense) {
        match sense {
            Sense::Topic(topic) => self.topics = self.topics.and(topic),
            Sense::Stage(stage) | Sense::Earlier(stage) => self.stages = self.stages.and(stage),
            Sense::Detail(detail) => self.details = self.details.and(detail),
            // twice: there are not none
            Sense::Nothing if self.nothing => self.unknown = true,
            Sense::Nothing => self.nothing = true,
            Sense::Each => self.each = true,
            Sense::Neutral | Sense::Scope | Sense::ThisYear | Sense::Parts => {}
            Sense::OtherPeriod | Sense::OtherBody | Sense::Compared | Sense::Except => self.unknown = true,
        }
    }
}

/// Cuts a clause into its parts. A list is cut after each member that has a
/// figure or says that there are none; members without go with the next that has
/// one, or with the last.
pub(super) fn parts(clause: &[Token]) -> Vec<Part> {
    let mut groups: Vec<Vec<Token>> = Vec::new();
    let mut open: Vec<Token> = Vec::new();
    for member in clause.split_inclusive(|token| token.kind == Kind::Listing) {
        let figures = member.iter().filter(|token| is_figure(token)).count();
        open.extend_from_slice(member);
        if figures == 1 {
            groups.push(std::mem::take(&mut open));
        } else if figures > 1 {
            groups.extend(after_each_figure(&std::mem::take(&mut open)));
        }
    }
    let is_nothing = |token: &Token| token.kind == Kind::Word(Sense::Nothing);
    match groups.last_mut().filter(|_| !open.iter().any(is_nothing)) {
        Some(last) => last.append(&mut open),
        None if !open.is_empty() => groups.push(open),
        None => {}
    }
    groups.iter().map(|tokens| Part::of(tokens)).collect()
}

fn is_figure(token: &Token) -> bool {
    matches!(token.kind, Kind::Figure(..))
}

/// 维持3件纠正1件 is cut after each figure. Words after the last may belong to any
/// of them, and 上年结转7件办结7件 speaks of those alone: kept whole, it is not read.
fn after_each_figure(member: &[Token]) -> Vec<Vec<Token>> {
    let mut groups: Vec<Vec<Token>> = member.split_inclusive(is_figure).map(<[Token]>::to_vec).collect();
    let rest = groups.pop_if(|last| !last.iter().any(is_figure)).unwrap_or_default();
    let is_earlier = |token: &Token| matches!(token.kind, Kind::Word(Sense::Earlier(_)));
    if member.iter().any(is_earlier) || rest.iter().any(|token| token.kind != Kind::Listing) {
        return vec![member.to_vec()];
    }
    groups
}

/// From the first word that tells something to the figure or the last such word;
/// to the end where there are none.
fn quote(tokens: &[Token]) -> Range<usize> {
    let tells = |token: &Token| match &token.kind {
        Kind::Figure(..) | Kind::Unknown => true,
        Kind::Listing => false,
        Kind::Word(sense) => match sense {
            Sense::Topic(_) | Sense::Stage(_) | Sense::Earlier(_) | Sense::Detail(_) | Sense::Nothing | Sense::Each => {
                true
            }
            Sense::OtherPeriod | Sense::OtherBody | Sense::Compared | Sense::Except => true,
            Sense::Neutral | Sense::Scope | Sense::ThisYear | Sense::Parts => false,
        },
    };
    let start = tokens.iter().find(|token| tells(token)).map_or(0, |token| token.place.start);
    let has_figure = tokens.iter().any(is_figure);
    let last = tokens.iter().rfind(|token| if has_figure { tells(token) } else { token.kind != Kind::Listing });
    start..last.map_or(start, |token| token.place.end.max(start))
}
