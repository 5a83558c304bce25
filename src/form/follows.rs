//! What a form has in common with earlier forms of its family: the cells that
//! mean the same in both.
//!
//! Only declared pairs are carried over. A cell without a pair is absent in what
//! comes out, never 0.

use prost_reflect::MessageDescriptor;

use super::Form;
use super::compile::{FormError, Problems};
use super::judge::Figures;
use super::options;
use super::table::CellTable;

/// Cells of an earlier form that mean the same as cells of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Follows {
    /// Full name of the earlier form's message.
    form: String,
    /// Cell here, and the path of the cell in the earlier form.
    same: Vec<(usize, String)>,
}

/// Lays out what a form declares; the earlier forms need not be known yet.
pub(super) fn compile(
    message: &MessageDescriptor,
    cells: &CellTable,
    declared: &[options::Follows],
    problems: &mut Problems,
) -> Vec<Follows> {
    let mut found: Vec<Follows> = Vec::new();
    for follows in declared {
        if follows.form.is_empty() || found.iter().any(|known| known.form == follows.form) {
            problems.message(message, format!("follows {:?}: names each earlier form once", follows.form));
        }
        let mut same: Vec<(usize, String)> = Vec::new();
        for pair in &follows.same {
            let earlier = if pair.earlier.is_empty() { &pair.path } else { &pair.earlier };
            let named: Vec<(usize, String)> = cells
                .iter()
                .enumerate()
                .filter_map(|(cell, here)| Some((cell, format!("{earlier}{}", below(&here.path, &pair.path)?))))
                .collect();
            if named.is_empty() {
                problems.message(message, format!("follows {:?}: path {:?} names no cell", follows.form, pair.path));
            }
            for (cell, there) in named {
                if same.iter().any(|(known, known_there)| *known == cell || *known_there == there) {
                    problems.message(message, format!("follows {:?}: {there:?} is named twice", follows.form));
                }
                same.push((cell, there));
            }
        }
        found.push(Follows { form: follows.form.clone(), same });
    }
    found
}

/// What a path has after one that is above it or the same.
fn below<'a>(path: &'a str, above: &str) -> Option<&'a str> {
    path.strip_prefix(above).filter(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Form {
    /// The figures of a report of another form as this one's: a value and
    /// presence for every cell here. None unless this form says what it has in
    /// common with the other; a cell that is not named is absent.
    #[must_use]
    pub fn from_prior(&self, other: &Self, figures: Figures<'_>) -> Option<(Vec<i64>, Vec<u64>)> {
        let follows = self.follows.iter().find(|follows| follows.form == other.name)?;
        let (mut values, mut present) = (vec![0; self.cells.len()], self.cells.no_cells());
        for (cell, there) in &follows.same {
            let figure = other.cells.find(there).and_then(|found| figures.get(&other.cells, found));
            if let (Some(figure), Some(value), Some(word)) = (figure, values.get_mut(*cell), present.get_mut(cell / 64))
            {
                *value = figure;
                *word |= 1 << (cell % 64);
            }
        }
        Some((values, present))
    }

    /// What is wrong between this form and the earlier ones it names.
    pub(super) fn wrong_follows<'a>(&self, by_name: impl Fn(&str) -> Option<&'a Self>) -> Vec<FormError> {
        let mut problems = Problems::default();
        for follows in &self.follows {
            let Some(earlier) = by_name(&follows.form).filter(|earlier| earlier.precedes(self)) else {
                let name = &follows.form;
                problems.message(&self.message, format!("follows {name:?}, which is no earlier form of its family"));
                continue;
            };
            for (cell, there) in &follows.same {
                let (here, found) = (self.cells.get(*cell), earlier.cells.iter().find(|cell| cell.path == *there));
                let problem = match (here, found) {
                    (Some(here), Some(found)) if (&here.unit, here.stock) == (&found.unit, found.stock) => continue,
                    (_, Some(_)) => "is of another unit or measure",
                    (_, None) => "names no cell there",
                };
                problems.message(&self.message, format!("follows {:?}: path {there:?} {problem}", follows.form));
            }
        }
        problems.0
    }

    fn precedes(&self, later: &Self) -> bool {
        self.family == later.family && self.last_year.is_some_and(|last| last < later.first_year)
    }
}
