//! Absent cells that the identities leave one value only. Absent is not 0: what is
//! proposed is what the printed figures say, taken as right.

use super::{Act, Draft, Sheet};
use crate::form::Form;

impl Form {
    /// The blanks of a block that are determined; none if there are none, or what
    /// follows from them contradicts itself.
    pub(super) fn blanks(&self, block: usize, sheet: &Sheet) -> Option<Draft> {
        let slots = self.structure.blocks.get(block)?;
        let mut values: Vec<(usize, i64)> = Vec::new();
        loop {
            let before = values.len();
            for slot in slots.iter().filter(|slot| !sheet.is_assessable(**slot)) {
                self.follow(*slot, sheet, &mut values)?;
            }
            if values.len() == before {
                break;
            }
        }
        values.sort_unstable();
        (!values.is_empty()).then_some(Draft { values, act: Some(Act::Blank) })
    }

    /// What one identity says of its blanks; none if it cannot hold.
    fn follow(&self, slot: usize, sheet: &Sheet, values: &mut Vec<(usize, i64)>) -> Option<()> {
        let mut rest = i128::from(sheet.residual(slot));
        let mut unknown = Vec::new();
        for &(cell, taken_away) in self.structure.addends(slot).iter().filter(|(cell, _)| sheet.figure(*cell).is_none())
        {
            match values.iter().find(|(known, _)| *known == cell) {
                Some((_, value)) if taken_away => rest = rest.checked_sub(i128::from(*value))?,
                Some((_, value)) => rest = rest.checked_add(i128::from(*value))?,
                None => unknown.push((cell, taken_away)),
            }
        }
        match unknown.as_slice() {
            [] => return (rest == 0).then_some(()),
            [(cell, taken_away)] => {
                let value = if *taken_away { rest } else { rest.checked_neg()? };
                let value = i64::try_from(value).ok().filter(|value| self.cells.is_within(*cell, *value))?;
                values.push((*cell, value));
            }
            // no figure is below 0: several of one sign that add up to 0 are all 0
            [(_, sign), others @ ..] if rest == 0 && others.iter().all(|(_, other)| other == sign) => {
                values.extend(unknown.iter().map(|(cell, _)| (*cell, 0)));
            }
            _ => {}
        }
        Some(())
    }
}
