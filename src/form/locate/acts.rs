//! What people really do, each one mistake however many cells it changes: two
//! neighbours exchanged (one of them 0: a value one column or row over), a row or
//! column slid by one, a row or column left at 0.

use super::structure::{Line, Place};
use super::{Act, Draft, Sheet};
use crate::form::Form;
use crate::words::limits;

/// A cell of a line: what it says, and what it must say for the line alone to
/// mend the block.
#[derive(Debug, Clone, Copy)]
struct Needed {
    cell: usize,
    printed: i64,
    needed: i64,
}

impl Form {
    /// Adds the acts that explain a block, or names them where the same cells and
    /// values were found as single changes.
    pub(super) fn add_acts(&self, block: usize, sheet: &mut Sheet, drafts: &mut Vec<Draft>) {
        let smallest = drafts.first().map_or(usize::MAX, |draft| draft.values.len());
        let mut found = self.exchanges(block, sheet);
        found.extend(self.whole_lines(block, sheet));
        if found.is_empty() && smallest >= limits::LOCATED_CELLS {
            found.extend(self.two_empty_lines(block, sheet));
        }
        for draft in found {
            match drafts.iter_mut().find(|known| known.values == draft.values) {
                Some(known) => known.act = known.act.or(draft.act),
                None => drafts.push(draft),
            }
        }
    }

    /// The violated identity of a block with the fewest cells.
    fn shortest_violated(&self, block: usize, sheet: &Sheet) -> Option<usize> {
        let slots = self.structure.blocks.get(block)?.iter().copied();
        slots.filter(|slot| sheet.is_violated(*slot)).min_by_key(|slot| self.structure.addends(*slot).len())
    }

    /// Neighbours whose exchange explains the block; and the block of the other,
    /// where they stand in two.
    fn exchanges(&self, block: usize, sheet: &mut Sheet) -> Vec<Draft> {
        let mut found = Vec::new();
        let Some(slot) = self.shortest_violated(block, sheet) else { return found };
        for &(cell, _) in self.structure.addends(slot) {
            for &(line, place) in self.structure.lines_of.get(cell).into_iter().flatten() {
                let Some(line) = self.structure.lines.get(line) else { continue };
                for beside in [place.checked_sub(1), place.checked_add(1)].into_iter().flatten() {
                    if let Some(other) = line.places.get(beside) {
                        found.extend(self.exchange(cell, other.cell, line.along_row, sheet));
                    }
                }
            }
        }
        found
    }

    fn exchange(&self, cell: usize, other: usize, along_row: bool, sheet: &mut Sheet) -> Option<Draft> {
        let (one, two) = (sheet.figure(cell)?, sheet.figure(other)?);
        let delta = two.checked_sub(one).filter(|delta| *delta != 0)?;
        let holds = |cell: usize, sheet: &Sheet| {
            let slots = self.rules.slots_of_cell.get(cell).into_iter().flatten();
            slots.take(1).all(|(slot, _)| sheet.violated(self.structure.block_of(*slot)) == 0)
        };
        sheet.change(self, cell, delta);
        sheet.change(self, other, delta.wrapping_neg());
        let explains = holds(cell, sheet) && holds(other, sheet);
        sheet.change(self, other, delta);
        sheet.change(self, cell, delta.wrapping_neg());
        let within = self.cells.is_within(cell, two) && self.cells.is_within(other, one);
        let act = if one == 0 || two == 0 { Act::Over { along_row } } else { Act::Swap };
        let mut values = vec![(cell, two), (other, one)];
        values.sort_unstable();
        (explains && within).then_some(Draft { values, act: Some(act) })
    }

    /// Rows and columns that slid, or were left at 0.
    fn whole_lines(&self, block: usize, sheet: &mut Sheet) -> Vec<Draft> {
        let mut found = Vec::new();
        for line in self.lines_of_violated(block, sheet) {
            let Some(needed) = self.needed(block, line, sheet) else { continue };
            let act = if is_empty(&needed) { Act::Empty(1) } else { Act::Slide };
            if act == Act::Slide && !is_slide(&needed) {
                continue;
            }
            if self.with_line(&needed, sheet, |sheet| sheet.violated(block) == 0) {
                found.push(Draft { values: values(&needed).collect(), act: Some(act) });
            }
        }
        found
    }

    /// Two rows or columns that were both left at 0: the second one follows from
    /// the first.
    fn two_empty_lines(&self, block: usize, sheet: &mut Sheet) -> Vec<Draft> {
        let mut found: Vec<Draft> = Vec::new();
        for first in self.lines_of_violated(block, sheet) {
            let Some(one) = self.needed(block, first, sheet).filter(|needed| is_empty(needed)) else { continue };
            let seconds = self.with_line(&one, sheet, |sheet| {
                let seconds = self.lines_of_violated(block, sheet).into_iter();
                let seconds = seconds.filter(|second| !std::ptr::eq(*second, first));
                let needed: Vec<_> = seconds.filter_map(|second| self.needed(block, second, sheet)).collect();
                let explains = |two: &Vec<Needed>, sheet: &mut Sheet| {
                    self.with_line(two, sheet, |sheet| sheet.violated(block) == 0)
                };
                needed.into_iter().filter(|two| is_empty(two) && explains(two, sheet)).collect::<Vec<_>>()
            });
            for two in seconds {
                let mut values: Vec<_> = values(&one).chain(values(&two)).collect();
                values.sort_unstable();
                let is_twice = values.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0));
                if !is_twice && !found.iter().any(|known| known.values == values) {
                    found.push(Draft { values, act: Some(Act::Empty(2)) });
                }
            }
        }
        found
    }

    /// The lines through the shortest violated identity: an explanation has a
    /// cell in it.
    fn lines_of_violated(&self, block: usize, sheet: &Sheet) -> Vec<&Line> {
        let Some(slot) = self.shortest_violated(block, sheet) else { return Vec::new() };
        let cells = self.structure.addends(slot).iter().map(|(cell, _)| *cell);
        let through = cells.filter_map(|cell| self.structure.lines_of.get(cell)).flatten();
        let mut numbers: Vec<usize> = through.map(|(line, _)| *line).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|line| self.structure.lines.get(line)).collect()
    }

    /// What the cells of a line must say, were they alone to be wrong; none if at
    /// most one of them must change, or one cannot.
    fn needed(&self, block: usize, line: &Line, sheet: &Sheet) -> Option<Vec<Needed>> {
        let violated = |place: &Place| {
            let mut cross = place.cross.iter().copied();
            cross.find(|(slot, _)| sheet.is_violated(*slot) && self.structure.block_of(*slot) == block)
        };
        if line.places.iter().filter(|place| violated(place).is_some()).count() < 2 {
            return None;
        }
        let needed = line.places.iter().map(|place| {
            let (cell, printed) = (place.cell, sheet.figure(place.cell)?);
            let delta = violated(place).map_or(0, |(slot, taken_away)| sheet.forced(slot, taken_away));
            let needed = printed.checked_add(delta)?;
            (delta == 0 || self.cells.is_within(cell, needed)).then_some(Needed { cell, printed, needed })
        });
        needed.collect()
    }

    /// Looks at the sheet as it would be with a line changed.
    fn with_line<T>(&self, needed: &[Needed], sheet: &mut Sheet, look: impl FnOnce(&mut Sheet) -> T) -> T {
        let delta = |place: &Needed| place.needed.wrapping_sub(place.printed);
        needed.iter().for_each(|place| sheet.change(self, place.cell, delta(place)));
        let seen = look(sheet);
        needed.iter().for_each(|place| sheet.change(self, place.cell, delta(place).wrapping_neg()));
        seen
    }
}

/// The cells that must change.
fn values(needed: &[Needed]) -> impl Iterator<Item = (usize, i64)> + '_ {
    needed.iter().filter(|place| place.printed != place.needed).map(|place| (place.cell, place.needed))
}

fn is_empty(needed: &[Needed]) -> bool {
    needed.iter().all(|place| place.printed == 0)
}

/// Whether the values of some stretch stand one place too far, all to the same
/// side: where the stretch begins there is 0 now, and what was pushed out at its
/// end was 0, or fell off the line.
fn is_slide(needed: &[Needed]) -> bool {
    let changed = |place: &Needed| place.printed != place.needed;
    let (Some(first), Some(last)) = (needed.iter().position(changed), needed.iter().rposition(changed)) else {
        return false;
    };
    let Some(stretch) = needed.get(first..=last).filter(|stretch| stretch.len() > 2) else { return false };
    let forward = stretch.windows(2).all(|pair| matches!(pair, [a, b] if a.needed == b.printed));
    let backward = stretch.windows(2).all(|pair| matches!(pair, [a, b] if b.needed == a.printed));
    let ends = |pushed: Option<&Needed>, at_end: bool, gap: Option<&Needed>| {
        gap.is_some_and(|gap| gap.printed == 0) && (at_end || pushed.is_some_and(|pushed| pushed.needed == 0))
    };
    let (front, back) = (stretch.first(), stretch.last());
    forward && ends(back, last.saturating_add(1) == needed.len(), front) || backward && ends(front, first == 0, back)
}
