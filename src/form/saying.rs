//! How prose speaks of a form: words, and what they state together, as the
//! form declares them.
//!
//! Judges nothing: a form with other sayings has the same rules. What reads
//! prose with them is no part of forms.

use std::collections::HashMap;

use super::compile::Text;
use super::options::{self, Role, saying::Kind};
use super::table::CellTable;

/// The language of the prose of a form.
#[derive(Debug, Default)]
pub struct Sayings {
    /// By first character; of each the longest first.
    words: HashMap<char, Vec<Word>>,
    units: Vec<Vec<char>>,
    statements: Vec<Statement>,
    /// Texts with what their sentences begin with in mind.
    texts: Vec<(String, Sense)>,
    governments: Vec<String>,
    meanings: Vec<String>,
}

/// A word that is taught.
#[derive(Debug)]
struct Word {
    chars: Vec<char>,
    sense: Sense,
    /// How the name of what the unit governs must end; any if empty.
    names: Vec<String>,
}

/// A set of meanings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meanings(u128);

impl Meanings {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set, or another if it is empty.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_empty() { other } else { self }
    }

    /// Whether every one of another set is in it.
    #[must_use]
    pub fn hold(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a word does in a clause; see `crossfoot.form.v1.Role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Says what is spoken of.
    Topic(Meanings),
    /// Says what is done with it.
    Stage(Meanings),
    /// Says what is counted of it.
    Detail(Meanings),
    /// Means nothing for the figure.
    Neutral,
    /// The whole unit.
    Scope,
    /// The year of the report.
    ThisYear,
    /// There are none.
    Nothing,
    /// Of each of several.
    Each,
    /// The parts of what was told before follow.
    Parts,
    /// Another period.
    OtherPeriod,
    /// A part of the unit, or another.
    OtherBody,
    /// A comparison.
    Compared,
    /// Something is left out of what was told.
    Except,
    /// A stage of what began before the year.
    Earlier(Meanings),
}

/// What words state together.
#[derive(Debug)]
pub struct Statement {
    /// The cells whose sum it is, at least one, without repeats.
    pub cells: Vec<usize>,
    /// Whether a report must state them: then it is a claim, else a figure.
    pub required: bool,
    /// Decimal places between the unit counted and the one stored.
    pub scale: u32,
    of: Meanings,
    also: Meanings,
    units: Vec<String>,
}

impl Statement {
    /// Whether it is what a set of meanings states.
    #[must_use]
    pub fn is_told_by(&self, told: Meanings) -> bool {
        told.hold(self.of) && self.of.and(self.also).hold(told)
    }

    /// Whether a set of meanings holds nothing that may be left out.
    #[must_use]
    pub fn is_no_more_than(&self, told: Meanings) -> bool {
        self.of == told
    }

    /// Whether a unit counts it.
    #[must_use]
    pub fn is_counted_in(&self, unit: &str) -> bool {
        self.units.iter().any(|known| known == unit)
    }
}

impl Sayings {
    /// The longest word that the text begins with: its length in characters and
    /// its sense for a unit that governs what has this name. An empty name is not
    /// known: then every word is its own.
    #[must_use]
    pub fn word(&self, text: &[char], governed: &str) -> Option<(usize, Sense)> {
        let word = self.words.get(text.first()?)?.iter().find(|word| text.starts_with(&word.chars))?;
        let names = &word.names;
        let is_own = names.is_empty() || governed.is_empty() || names.iter().any(|name| governed.ends_with(name));
        Some((word.chars.len(), if is_own { word.sense } else { Sense::OtherBody }))
    }

    /// The longest unit that the text begins with, in characters.
    #[must_use]
    pub fn unit(&self, text: &[char]) -> Option<usize> {
        self.units.iter().find(|unit| text.starts_with(unit)).map(Vec::len)
    }

    /// What prose may state.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What the sentences of a text begin with in mind.
    pub fn in_mind<'a>(&'a self, path: &'a str) -> impl Iterator<Item = Sense> {
        self.texts.iter().filter(move |(known, _)| known == path).map(|(_, sense)| *sense)
    }

    /// The name of what a unit governs, without the word for its government; the
    /// whole name of any other unit.
    #[must_use]
    pub fn governed<'a>(&self, unit: &'a str) -> &'a str {
        self.governments.iter().find_map(|word| unit.strip_suffix(word.as_str())).unwrap_or(unit)
    }
}

/// Compiles what a form declares; each problem is a sentence.
pub(super) fn compile(
    declared: &[options::Saying],
    cells: &CellTable,
    texts: &[Text],
    mut wrong: impl FnMut(String),
) -> Sayings {
    let mut sayings = Sayings::default();
    for saying in declared {
        if let Some(Kind::Wording(wording)) = &saying.kind {
            sayings.wording(wording, texts, &mut wrong);
        }
    }
    for saying in declared {
        match &saying.kind {
            Some(Kind::Statement(statement)) => sayings.statement(statement, cells, &mut wrong),
            Some(Kind::Wording(_)) => {}
            None => wrong("a saying says nothing".to_owned()),
        }
    }
    for words in sayings.words.values_mut() {
        words.sort_by_key(|word| std::cmp::Reverse(word.chars.len()));
    }
    sayings.units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    sayings.units.dedup();
    sayings.governments.sort_by_key(|word| std::cmp::Reverse(word.len()));
    sayings
}

impl Sayings {
    fn wording(&mut self, wording: &options::Wording, texts: &[Text], wrong: &mut impl FnMut(String)) {
        let means = matches!(wording.role(), Role::Topic | Role::Stage | Role::Earlier | Role::Detail);
        if means == wording.meaning.is_empty() {
            wrong(format!("wording {:?}: topics, stages and details have a meaning, others none", wording.words));
        }
        if wording.words.is_empty() || wording.words.iter().any(String::is_empty) {
            wrong(format!("wording {:?} has no words", wording.meaning));
        }
        let meaning = if means { self.meaning(&wording.meaning, wrong) } else { Meanings::default() };
        let sense = match wording.role() {
            Role::Unspecified => return wrong(format!("wording {:?} has no role", wording.words)),
            Role::Government => return self.governments.extend(wording.words.iter().cloned()),
            Role::Topic => Sense::Topic(meaning),
            Role::Stage => Sense::Stage(meaning),
            Role::Detail => Sense::Detail(meaning),
            Role::Neutral => Sense::Neutral,
            Role::Scope => Sense::Scope,
            Role::ThisYear => Sense::ThisYear,
            Role::None => Sense::Nothing,
            Role::Each => Sense::Each,
            Role::Parts => Sense::Parts,
            Role::OtherPeriod => Sense::OtherPeriod,
            Role::OtherBody => Sense::OtherBody,
            Role::Except => Sense::Except,
            Role::Compared => Sense::Compared,
            Role::Earlier => Sense::Earlier(meaning),
        };
        for path in &wording.texts {
            if !matches!(sense, Sense::Topic(_) | Sense::OtherPeriod) || !texts.iter().any(|text| text.path == *path) {
                wrong(format!("wording {:?}: path {path:?} is no text that has this in mind", wording.words));
            }
            self.texts.push((path.clone(), sense));
        }
        for word in &wording.words {
            let chars: Vec<char> = word.chars().collect();
            let Some(first) = chars.first() else { continue };
            let known = self.words.entry(*first).or_default();
            if known.iter().any(|known| known.chars == chars) {
                wrong(format!("word {word:?} is taught twice"));
            }
            known.push(Word { chars, sense, names: wording.names.clone() });
        }
    }

    fn statement(&mut self, declared: &options::Statement, cells: &CellTable, wrong: &mut impl FnMut(String)) {
        let mut found = Vec::new();
        for path in &declared.cells {
            match cells.find(path) {
                Some(cell) if found.contains(&cell) => wrong(format!("statement counts cell {path:?} twice")),
                Some(cell) => found.push(cell),
                None => wrong(format!("statement: path {path:?} names no cell")),
            }
        }
        let required = found.first().is_some_and(|cell| cells.is_required(*cell));
        let unit = |cell: &usize| cells.get(*cell).map(|cell| (cell.unit.as_str(), cell.required));
        if found.iter().any(|cell| unit(cell) != found.first().and_then(unit)) {
            wrong(format!("statement of {:?} joins cells of different kinds", declared.cells));
        }
        if declared.cells.is_empty() || declared.of.is_empty() || declared.units.is_empty() {
            wrong(format!("statement of {:?} needs cells, meanings and units", declared.cells));
        }
        if declared.scale > 9 {
            wrong(format!("statement of {:?}: scale is above 9", declared.cells));
        }
        let mut all = |names: &[String]| {
            names.iter().fold(Meanings::default(), |all, name| {
                let place = self.meanings.iter().position(|known| known == name);
                let bit = place.and_then(|place| 1_u128.checked_shl(u32::try_from(place).ok()?));
                if bit.is_none() {
                    wrong(format!("statement of {:?}: no word means {name:?}", declared.cells));
                }
                all.and(Meanings(bit.unwrap_or_default()))
            })
        };
        let (of, also) = (all(&declared.of), all(&declared.also));
        self.units.extend(declared.units.iter().map(|unit| unit.chars().collect()));
        let (units, scale) = (declared.units.clone(), declared.scale);
        self.statements.push(Statement { cells: found, required, scale, of, also, units });
    }

    /// The meaning of that name, a new one if it is not known.
    fn meaning(&mut self, name: &str, wrong: &mut impl FnMut(String)) -> Meanings {
        let place = self.meanings.iter().position(|known| known == name).unwrap_or_else(|| {
            self.meanings.push(name.to_owned());
            self.meanings.len().saturating_sub(1)
        });
        let bit = u32::try_from(place).ok().and_then(|place| 1_u128.checked_shl(place));
        if bit.is_none() {
            wrong(format!("more than {} meanings", u128::BITS));
        }
        Meanings(bit.unwrap_or_default())
    }
}
