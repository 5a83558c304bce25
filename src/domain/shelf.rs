//! The series of a book, by index in its tree. A copy shares them: only what is
//! changed afterwards, in either, is copied then, some series at a time.

use std::sync::Arc;

use super::series::Series;
use crate::words::Coverage;

/// The series of a unit in a year.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    own: Option<Box<Series>>,
    consolidated: Option<Box<Series>>,
}

/// Units whose series are copied at once.
const UNITS: usize = 32;

/// Places for the series of the units of a tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf(Vec<Arc<[Pair; UNITS]>>);

impl Pair {
    pub(super) fn get(&self, coverage: Coverage) -> Option<&Series> {
        match coverage {
            Coverage::Own => self.own.as_deref(),
            Coverage::Consolidated => self.consolidated.as_deref(),
        }
    }

    pub(super) fn place(&mut self, coverage: Coverage) -> &mut Option<Box<Series>> {
        match coverage {
            Coverage::Own => &mut self.own,
            Coverage::Consolidated => &mut self.consolidated,
        }
    }

    /// Those that are there, in order of coverage.
    pub(super) fn each(&self) -> impl Iterator<Item = (Coverage, &Series)> {
        let each = |coverage| Some((coverage, self.get(coverage)?));
        [Coverage::Own, Coverage::Consolidated].into_iter().filter_map(each)
    }
}

impl Shelf {
    /// Empty places for at least so many units.
    pub(super) fn of(units: usize) -> Self {
        Self(vec![Arc::default(); units.div_ceil(UNITS)])
    }

    pub(super) fn get(&self, index: usize) -> Option<&Pair> {
        self.0.get(index / UNITS)?.get(index % UNITS)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Pair> {
        Arc::make_mut(self.0.get_mut(index / UNITS)?).get_mut(index % UNITS)
    }

    /// From a unit on, in order of the tree.
    pub(super) fn from(&self, first: usize) -> impl Iterator<Item = &Pair> {
        let boards = self.0.iter().skip(first / UNITS);
        boards.flat_map(|board| board.iter()).skip(first % UNITS)
    }
}
