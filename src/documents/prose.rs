//! Figures that prose states: claims about cells of the tables, and figures the
//! tables have no cell for.
//!
//! Precision before recall: a figure is only read where every word of its part of
//! the clause is one the form teaches ([`Sayings`]), where those words together
//! are exactly one statement, and where neither another year nor a part of the
//! unit is spoken of. Anything else is passed over. No word of any form stands
//! here. The work grows with the length of the text and no faster.

mod json;
mod lexer;
mod number;
mod part;
mod sentence;

use crate::form::{Form, Sayings};
use crate::words::{Year, limits};

/// Whose prose it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Speaker<'a> {
    /// Name of the unit as the report prints it; empty if it is not known.
    pub unit: &'a str,
    /// The reporting year. Where it is not known, a clause that names a year is
    /// not read.
    pub year: Option<Year>,
}

/// A figure stated about cells that a report must state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedClaim {
    /// Indexes of the cells whose sum it is.
    pub cells: Vec<usize>,
    /// The figure, in the unit the cells are stored in.
    pub value: i64,
    /// The words that state it.
    pub quote: String,
    /// Whom they speak of, e.g. "全区"; empty where they do not say.
    pub scope: String,
    /// Path of the text they stand in.
    pub text_path: String,
}

/// A figure of a cell that a report need not state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedFigure {
    /// Index of the cell.
    pub cell: usize,
    /// The figure, in the unit the cell is stored in.
    pub value: i64,
    /// The words that state it.
    pub quote: String,
    /// Whom they speak of; empty where they do not say.
    pub scope: String,
    /// Path of the text they stand in.
    pub text_path: String,
}

/// A number with a unit beside words the form knows, that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The part of the clause.
    pub quote: String,
    /// Path of the text it stands in.
    pub text_path: String,
    /// Why it was not read.
    pub why: Why,
}

/// Why a number was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Some words around it are not taught.
    Words,
    /// It speaks of another period, of a part of the unit, or compares.
    Elsewhere,
    /// The words are no statement, or more than one.
    NoStatement,
    /// It is no whole number of the stored unit, too large, or beside a word
    /// that there are none.
    Number,
    /// The same cell is told another figure elsewhere.
    Contradicted,
}

/// What prose states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stated {
    /// Claims, in the order of the texts; the same figure of the same cells once.
    pub claims: Vec<StatedClaim>,
    /// Figures, in the order of the texts, each cell at most once.
    pub figures: Vec<StatedFigure>,
    /// What was not read.
    pub passed_over: Vec<PassedOver>,
}

/// Reads what texts state, each given with its path. A text is cut off at
/// [`limits::PROSE_BYTES`]; no more claims are taken than a report may carry.
#[must_use]
pub fn read(form: &Form, speaker: Speaker<'_>, texts: &[(&str, &str)]) -> Stated {
    let mut stated = Stated::default();
    for (path, text) in texts {
        let text = text.get(..text.floor_char_boundary(limits::PROSE_BYTES)).unwrap_or(text);
        let mut reading = sentence::Reading::new(form, path, text);
        for sentence in lexer::sentences(form.sayings(), speaker, text) {
            reading.sentence(&sentence, &mut stated);
        }
        reading.settle(&mut stated);
    }
    stated.settle();
    stated
}

impl Stated {
    fn claim(&mut self, claim: StatedClaim) {
        let known = self.claims.iter().any(|known| known.cells == claim.cells && known.value == claim.value);
        if !known && self.claims.len() < limits::CLAIMS_PER_REPORT {
            self.claims.push(claim);
        }
    }

    fn figure(&mut self, figure: StatedFigure) {
        let known = self.figures.iter().any(|known| known.cell == figure.cell && known.value == figure.value);
        if !known && self.figures.len() < limits::CLAIMS_PER_REPORT {
            self.figures.push(figure);
        }
    }

    fn pass_over(&mut self, passed: PassedOver) {
        if self.passed_over.len() < limits::CLAIMS_PER_REPORT {
            self.passed_over.push(passed);
        }
    }

    /// Takes out the figures of a cell that is told two of them: none is sure.
    fn settle(&mut self) {
        let told = std::mem::take(&mut self.figures);
        let is_told_twice = |cell| told.iter().filter(|figure| figure.cell == cell).count() > 1;
        let (twice, once) = told.iter().cloned().partition::<Vec<_>, _>(|figure| is_told_twice(figure.cell));
        self.figures = once;
        for StatedFigure { quote, text_path, .. } in twice {
            self.pass_over(PassedOver { quote, text_path, why: Why::Contradicted });
        }
    }
}
