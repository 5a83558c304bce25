//! Localisation: which cell is wrong, and what value would mend it.
//!
//! The identities of a form are parity checks of a code. Where some of them are
//! violated, this finds all the smallest explanations: the smallest sets of cells
//! whose changes make every identity hold again, and beside them what people
//! really do: swap two neighbours, enter a value one column or row over, slide a
//! whole row or column, leave it at 0. Exact integers; nothing is applied, and
//! three wrong cells can look exactly like one.
//!
//! Blocks of identities that share no cell are told apart and answered one by
//! one. An identity over an absent cell is not assessable and constrains nothing;
//! absent cells are proposed themselves where the identities leave one value.
//! Which error was made is not known here: all explanations compete, and are
//! ranked by how likely they are. Edit distance ranks, it never generates.

mod acts;
mod blank;
mod rank;
mod search;
mod sheet;
mod structure;
mod typing;
mod words;

use self::search::Search;
use self::sheet::Sheet;
pub(super) use self::structure::Structure;
pub use self::words::{Fault, Localisation, NamedChange, NamedRepair};
use super::Form;
use super::finding::{CheckId, FindingRecord};
use super::judge::Figures;
use crate::words::limits;

/// What was found about one block of identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// How much is known.
    pub answer: Answer,
    /// The identities that do not hold, or cannot be judged for absent cells.
    pub identities: Vec<CheckId>,
    /// The explanations, the likeliest first.
    pub repairs: Vec<Repair>,
}

/// How much is known of what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// One explanation.
    Unique,
    /// So many, all as small.
    Tied(usize),
    /// None of up to so many cells.
    Beyond(usize),
    /// Cells are absent, or beyond any bound, and the identities leave them more than
    /// one value.
    NotLocatable,
}

/// One explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The cells to change, in order of the form.
    pub changes: Vec<Change>,
    /// How many mistakes it takes: a slide is one, whatever it moved.
    pub acts: usize,
    /// The identities that hold again.
    pub mends: Vec<CheckId>,
    /// Digits to add, omit, replace or interchange, all cells together.
    pub edit_distance: usize,
    /// Counts from 1; explanations as likely as each other share it.
    pub rank: usize,
}

/// A cell and what it should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Index of the cell.
    pub cell: usize,
    /// What is printed; none: blank.
    pub printed: Option<i64>,
    /// What would mend it.
    pub proposed: i64,
    /// What may have been done.
    pub operation: Operation,
}

/// What may have been done to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Two digits side by side were interchanged.
    DigitsInterchanged,
    /// A digit too many.
    DigitAdded,
    /// A digit too few.
    DigitOmitted,
    /// One digit is another.
    DigitReplaced,
    /// Another figure altogether.
    Rewritten,
    /// The value stands one column over.
    ColumnOver,
    /// The value stands one row over.
    RowOver,
    /// Exchanged with its neighbour.
    Swapped,
    /// Part of a row or column that slid by one.
    Slid,
    /// A total, or a whole row or column, was left at 0.
    LeftAtZero,
    /// Left blank.
    LeftBlank,
}

/// What else is known, for ranking only.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The same unit's report of the year before.
    pub prior: Option<Figures<'a>>,
    /// Sums over reports of others, by cell: where figures usually stand.
    pub peers: Option<&'a [i64]>,
}

/// Room to work in, used again and again.
#[derive(Debug, Default)]
pub struct Locator {
    sheet: Sheet,
    search: search::Scratch,
}

/// An explanation while it is looked for: cells and proposed values in order of
/// the form, and the one act that made it, if one did.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    values: Vec<(usize, i64)>,
    act: Option<Act>,
}

/// One mistake that changes more than one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Over {
        along_row: bool,
    },
    Swap,
    Slide,
    /// Lines left at 0, so many.
    Empty(usize),
    Blank,
}

impl Form {
    /// Whether anything found in a report is for [`Form::locate`]: an identity
    /// that does not hold or cannot be judged.
    #[must_use]
    pub fn is_locatable(&self, found: &[FindingRecord]) -> bool {
        // both are in order of check
        let mut slots = self.rules.slots.iter().peekable();
        found.iter().any(|finding| {
            while slots.next_if(|slot| **slot < finding.check).is_some() {}
            slots.peek() == Some(&&finding.check)
        })
    }

    /// Required cells that no identity covers: what is wrong there cannot be told.
    #[must_use]
    pub fn uncovered(&self) -> &[usize] {
        &self.structure.uncovered
    }

    /// All the smallest explanations of what does not hold, block by block.
    #[must_use]
    pub fn locate(&self, figures: Figures<'_>, hints: Hints<'_>, locator: &mut Locator) -> Vec<Located> {
        locator.sheet.load(self, figures);
        let blocks = 0..self.structure.blocks.len();
        blocks.filter_map(|block| self.locate_in(block, hints, locator)).collect()
    }

    fn locate_in(&self, block: usize, hints: Hints<'_>, locator: &mut Locator) -> Option<Located> {
        let Locator { sheet, search } = locator;
        let violated = sheet.violated(block);
        let unknown = sheet.unknown(self, block);
        if violated == 0 && !unknown {
            return None;
        }
        let slots = self.structure.blocks.get(block)?.iter();
        let open =
            |slot: &&usize| if violated == 0 { !sheet.is_assessable(**slot) } else { sheet.residual(**slot) != 0 };
        let identities = slots.filter(open).filter_map(|slot| self.rules.slots.get(*slot).copied()).collect();
        if violated == 0 {
            let drafts: Vec<Draft> = self.blanks(block, sheet).into_iter().collect();
            let answer = if drafts.is_empty() { Answer::NotLocatable } else { Answer::Unique };
            let repairs = rank::rank(self, sheet, hints, drafts);
            return Some(Located { answer, identities, repairs });
        }
        let mut drafts = Search::new(self, sheet, search, block).smallest();
        self.add_acts(block, sheet, &mut drafts);
        let answer = match drafts.len() {
            0 => Answer::Beyond(limits::LOCATED_CELLS),
            1 => Answer::Unique,
            many => Answer::Tied(many),
        };
        Some(Located { answer, identities, repairs: rank::rank(self, sheet, hints, drafts) })
    }
}
