//! Reads sentences one after the other: what is spoken of carries over from part
//! to part, and so does what makes a figure speak of something else.

use std::ops::Range;

use super::lexer::{Kind, Sentence, Token};
use super::part::{Part, parts};
use super::{PassedOver, Stated, StatedClaim, StatedFigure, Why};
use crate::form::{Form, Meanings, Sense, Statement};
use crate::words::limits;

/// A text being read.
pub(super) struct Reading<'a> {
    form: &'a Form,
    path: &'a str,
    text: &'a str,
    context: Context,
    /// What was told since a sentence began anew: what follows may take it back.
    told: Vec<Told<'a>>,
}

/// A statement that was told.
struct Told<'a> {
    topics: Meanings,
    statement: &'a Statement,
    value: i64,
    quote: Range<usize>,
    scope: Range<usize>,
}

/// What is spoken of.
#[derive(Debug, Default)]
struct Context {
    topics: Meanings,
    stages: Meanings,
    /// What a part without a figure said is counted: 自然人申请中，予以公开58件.
    details: Meanings,
    /// Another period is spoken of.
    other_period: bool,
    /// A part of the unit, or another, is spoken of.
    other_body: bool,
    /// The words for the whole unit.
    scope: Range<usize>,
}

impl Context {
    /// Takes in a clause as a whole; whether its figures may be read.
    fn hears(&mut self, clause: &[Token]) -> bool {
        let says = |sense: Sense| clause.iter().any(|token| token.kind == Kind::Word(sense));
        if says(Sense::Compared) {
            return false;
        }
        if says(Sense::ThisYear) {
            self.other_period = false;
        }
        if let Some(scope) = scope(clause) {
            self.scope = scope;
            self.other_body = false;
        }
        self.other_period |= says(Sense::OtherPeriod);
        self.other_body |= says(Sense::OtherBody);
        if self.other_period || self.other_body {
            self.forgets();
        }
        !(self.other_period || self.other_body)
    }

    fn forgets(&mut self) {
        (self.topics, self.stages) = (Meanings::default(), Meanings::default());
    }

    /// Takes in what a part speaks of.
    fn follows(&mut self, part: &Part) {
        self.topics = part.topics.or(self.topics);
        self.stages = part.stages.or(self.stages);
        if part.figure.is_none() && !part.nothing {
            self.details = part.details;
        }
    }
}

/// The first words for the whole unit, as far as they stand together.
fn scope(clause: &[Token]) -> Option<Range<usize>> {
    let is_scope = |token: &&Token| token.kind == Kind::Word(Sense::Scope);
    let mut together = clause.iter().skip_while(|token| !is_scope(token)).take_while(is_scope);
    let first = together.next()?;
    Some(first.place.start..together.last().unwrap_or(first).place.end)
}

impl<'a> Reading<'a> {
    pub(super) fn new(form: &'a Form, path: &'a str, text: &'a str) -> Self {
        Self { form, path, text, context: Context::default(), told: Vec::new() }
    }

    /// Reads a sentence. One that begins with the parts of what was told goes on
    /// with what the sentence before spoke of.
    pub(super) fn sentence(&mut self, sentence: &Sentence, stated: &mut Stated) {
        let first = sentence.iter().flatten().next().map(|token| &token.kind);
        if first != Some(&Kind::Word(Sense::Parts)) {
            self.settle(stated);
            self.context = Context::default();
            for sense in self.form.sayings().in_mind(self.path) {
                if let Sense::Topic(topic) = sense {
                    self.context.topics = topic;
                } else {
                    self.context.other_period = true;
                }
            }
        }
        self.context.details = Meanings::default();
        let clauses: Vec<Vec<Part>> = sentence.iter().map(|clause| parts(clause)).collect();
        let mut coming = clauses.iter().flatten().skip(1);
        for (clause, parts) in sentence.iter().zip(&clauses) {
            self.take_back(clause, stated);
            let is_heard = self.context.hears(clause);
            for part in parts {
                let next = coming.next();
                if is_heard {
                    self.part(part, next, stated);
                } else {
                    self.pass_over(part, Why::Elsewhere, stated);
                }
            }
        }
    }

    /// Gives what was told: nothing takes it back any more.
    pub(super) fn settle(&mut self, stated: &mut Stated) {
        for Told { statement, value, quote, scope, .. } in std::mem::take(&mut self.told) {
            let (quote, scope, text_path) = (self.words(&quote), self.words(&scope), self.path.to_owned());
            if statement.required {
                stated.claim(StatedClaim { cells: statement.cells.clone(), value, quote, scope, text_path });
                continue;
            }
            for &cell in &statement.cells {
                let (quote, scope, text_path) = (quote.clone(), scope.clone(), text_path.clone());
                stated.figure(StatedFigure { cell, value, quote, scope, text_path });
            }
        }
    }

    /// 收到163件，其中上年结转7件 and 收到156件（不含乡镇）: what was told of the topic
    /// holds what began before the year, or not all, so it is not what its words say.
    fn take_back(&mut self, clause: &[Token], stated: &mut Stated) {
        let says = |sense: Sense| clause.iter().any(|token| token.kind == Kind::Word(sense));
        let is_earlier = clause.iter().any(|token| matches!(token.kind, Kind::Word(Sense::Earlier(_))));
        if !(says(Sense::Except) || says(Sense::Parts) && is_earlier) {
            return;
        }
        let topics = self.context.topics;
        let (taken, kept) = std::mem::take(&mut self.told)
            .into_iter()
            .partition::<Vec<_>, _>(|told| topics.is_empty() || told.topics == topics);
        self.told = kept;
        for told in taken {
            let (quote, text_path) = (self.words(&told.quote), self.path.to_owned());
            stated.pass_over(PassedOver { quote, text_path, why: Why::Elsewhere });
        }
    }

    fn part(&mut self, part: &Part, next: Option<&Part>, stated: &mut Stated) {
        if part.unknown {
            self.context.forgets();
            return self.pass_over(part, Why::Words, stated);
        }
        let topics = part.topics.or(self.context.topics);
        let beside = part.stages.or(self.context.stages).and(part.details).and(self.context.details);
        self.context.follows(part);
        if part.tells() && (part.figure.is_some() || part.nothing) {
            let statement = if topics.is_empty() {
                // 废止8件，现行有效规范性文件16件: what is spoken of is told after it
                let ahead = next.filter(|next| !next.unknown && next.figure.is_some());
                let told = ahead.map_or(Meanings::default(), |next| next.topics).and(beside);
                self.statement(part, told).filter(|statement| statement.is_no_more_than(told))
            } else {
                self.statement(part, topics.and(beside))
            };
            let value =
                statement.ok_or(Why::NoStatement).and_then(|statement| Ok((statement, self.value(part, statement)?)));
            match value {
                Ok(_) if self.told.len() >= limits::CLAIMS_PER_REPORT => {}
                // 办结150件，其中当年办结148件: a part of it
                Ok((statement, value)) if self.has_told_otherwise(statement, value) => {
                    self.pass_over(part, Why::NoStatement, stated);
                }
                Ok((statement, value)) => {
                    let (quote, scope) = (part.quote.clone(), self.context.scope.clone());
                    self.told.push(Told { topics, statement, value, quote, scope });
                }
                Err(why) => self.pass_over(part, why, stated),
            }
        }
    }

    /// Whether a claim of the same was told with another figure since a sentence
    /// began anew. (Figures that contradict each other are all passed over.)
    fn has_told_otherwise(&self, statement: &Statement, value: i64) -> bool {
        let is_other = |told: &Told<'_>| told.statement.cells == statement.cells && told.value != value;
        statement.required && self.told.iter().any(is_other)
    }

    /// The one statement that is told.
    fn statement(&self, part: &Part, told: Meanings) -> Option<&'a Statement> {
        let unit = part.figure.as_ref().map_or("", |(_, unit)| unit);
        let counts = |statement: &&Statement| unit.is_empty() || statement.is_counted_in(unit);
        let told_by = self.form.sayings().statements().iter().filter(|statement| statement.is_told_by(told));
        let mut all = told_by.filter(counts);
        all.next().filter(|_| all.next().is_none())
    }

    /// The figure, in the unit that is stored. Of each of several, and of several
    /// cells that need not be stated, only 0 is sure.
    fn value(&self, part: &Part, statement: &Statement) -> Result<i64, Why> {
        let value = match &part.figure {
            Some((number, _)) if !part.nothing => number.and_then(|number| number.at_scale(statement.scale)),
            Some(_) => None,
            None => Some(0),
        };
        let most = statement.cells.iter().filter_map(|cell| self.form.cells().get(*cell)).map(|cell| cell.max).min();
        let value = value.filter(|value| Some(*value) <= most).ok_or(Why::Number)?;
        let is_one = !part.each && (statement.required || statement.cells.len() == 1);
        (value == 0 || is_one).then_some(value).ok_or(Why::NoStatement)
    }

    fn pass_over(&self, part: &Part, why: Why, stated: &mut Stated) {
        if part.tells() && part.figure.is_some() {
            stated.pass_over(PassedOver { quote: self.words(&part.quote), text_path: self.path.to_owned(), why });
        }
    }

    fn words(&self, place: &Range<usize>) -> String {
        self.text.get(place.clone()).unwrap_or_default().to_owned()
    }
}
