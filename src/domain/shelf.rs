//! The series of a book, by index in its tree. A copy shares them: only what is
//! changed afterwards, in either, is copied then, some series at a time.

use std::sync::Arc;

use super::series::Series;
use crate::words::{Coverage, Position};

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
pub(super) struct Shelf(Vec<Arc<Board>>);

#[derive(Debug, Clone, Default)]
struct Board {
    pairs: [Pair; UNITS],
    /// Nothing on it changed after that.
    latest: Position,
}

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
        self.0.get(index / UNITS)?.pairs.get(index % UNITS)
    }

    /// Changes what a unit has in its place; nothing if it has no place.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Pair)) {
        let Some(board) = self.0.get_mut(index / UNITS).map(Arc::make_mut) else { return };
        let Some(pair) = board.pairs.get_mut(index % UNITS) else { return };
        change(pair);
        let latest = pair.each().filter_map(|(_, series)| series.changes().last()).max();
        board.latest = board.latest.max(latest.copied().unwrap_or_default());
    }

    /// Where something may have changed after a position, with the index of the unit.
    pub(super) fn changed_after(&self, position: Position) -> impl Iterator<Item = (usize, &Pair)> {
        let boards = (0_usize..).step_by(UNITS).zip(&self.0).filter(move |(_, board)| board.latest > position);
        boards.flat_map(|(first, board)| (first..).zip(&board.pairs))
    }

    /// From a unit on, in order of the tree.
    pub(super) fn from(&self, first: usize) -> impl Iterator<Item = &Pair> {
        let boards = self.0.iter().skip(first / UNITS);
        boards.flat_map(|board| board.pairs.iter()).skip(first % UNITS)
    }
}
