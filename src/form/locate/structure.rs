//! How identities and cells hang together, and which cells are neighbours: what
//! localisation needs of a form, worked out once when it is compiled.
//!
//! A row is a message of cells, a column the same field of one message wherever
//! the form repeats it; no form is known here by name.

use crate::form::rules::{CheckKind, Rules};
use crate::form::schema::{Group, Kind};
use crate::form::table::CellTable;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::form) struct Structure {
    /// By slot: its cells, each with whether it is taken away.
    pub(super) addends: Vec<Vec<(usize, bool)>>,
    /// By block: its slots. No cell stands in slots of two blocks.
    pub(super) blocks: Vec<Vec<usize>>,
    /// By slot: its block.
    pub(super) block_of: Vec<usize>,
    pub(super) lines: Vec<Line>,
    /// By cell: its lines, and its place in each.
    pub(super) lines_of: Vec<Vec<(usize, usize)>>,
    /// By cell: whether it is alone on its side of an identity.
    pub(super) totals: Vec<bool>,
    /// By cell: whether its row has a cell that a derived figure of the form singles
    /// out, as one of few addends: rows that are watched are rows that are used.
    pub(super) watched: Vec<bool>,
    /// Identities that one cell stands in, at most.
    pub(super) degree: usize,
    /// Required cells in no identity.
    pub(super) uncovered: Vec<usize>,
}

/// A row or a column.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) along_row: bool,
    pub(super) places: Vec<Place>,
}

/// A cell of a line, and the slots that no other cell of the line stands in.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) cell: usize,
    pub(super) cross: Vec<(usize, bool)>,
}

impl Structure {
    pub(in crate::form) fn new(root: &Group, rules: &Rules, cells: &CellTable) -> Self {
        let mut addends = vec![Vec::new(); rules.slots.len()];
        for (cell, slots) in rules.slots_of_cell.iter().enumerate() {
            for &(slot, taken_away) in slots {
                addends.get_mut(slot).into_iter().for_each(|list: &mut Vec<_>| list.push((cell, taken_away)));
            }
        }
        let mut totals = vec![false; cells.len()];
        for check in rules.slots.iter().filter_map(|id| rules.check(*id)) {
            if let CheckKind::Equation(equation) = &check.kind {
                for side in [&equation.left, &equation.right] {
                    if let ([alone], true) = (side.as_slice(), equation.addends().count() > 2) {
                        totals.get_mut(alone.cell).into_iter().for_each(|total| *total = true);
                    }
                }
            }
        }
        let block_of = blocks(rules, &addends);
        let count = block_of.iter().max().map_or(0, |last| last.saturating_add(1));
        let of_block = |block| (0..block_of.len()).filter(|slot| block_of.get(*slot) == Some(&block)).collect();
        let is_free = |cell: &usize| rules.slots_of_cell.get(*cell).is_none_or(Vec::is_empty);
        let mut structure = Self {
            blocks: (0..count).map(of_block).collect(),
            lines: lines(root, rules),
            lines_of: vec![Vec::new(); cells.len()],
            degree: rules.slots_of_cell.iter().map(Vec::len).max().unwrap_or(0),
            uncovered: (0..cells.len()).filter(|&cell| cells.is_required(cell)).filter(is_free).collect(),
            watched: vec![false; cells.len()],
            addends,
            block_of,
            totals,
        };
        structure.watch(rules);
        for (number, line) in structure.lines.iter().enumerate() {
            for (place, at) in line.places.iter().enumerate() {
                structure.lines_of.get_mut(at.cell).into_iter().for_each(|lines| lines.push((number, place)));
            }
        }
        structure
    }

    fn watch(&mut self, rules: &Rules) {
        const FEW: usize = 2;
        let sides = rules.ratios.iter().flat_map(|ratio| [&ratio.numerator, &ratio.denominator]);
        let few = sides.filter(|addends| addends.len() <= FEW);
        let named: Vec<usize> = few.flatten().map(|addend| addend.cell).collect();
        for line in self.lines.iter().filter(|line| line.along_row) {
            if line.places.iter().any(|place| named.contains(&place.cell)) {
                for place in &line.places {
                    self.watched.get_mut(place.cell).into_iter().for_each(|watched| *watched = true);
                }
            }
        }
    }

    pub(super) fn is_total(&self, cell: usize) -> bool {
        self.totals.get(cell).copied().unwrap_or(false)
    }

    pub(super) fn addends(&self, slot: usize) -> &[(usize, bool)] {
        self.addends.get(slot).map_or(&[], Vec::as_slice)
    }

    pub(super) fn block_of(&self, slot: usize) -> usize {
        self.block_of.get(slot).copied().unwrap_or(0)
    }
}

/// By slot, the number of its block; blocks count in order of their first slots.
fn blocks(rules: &Rules, addends: &[Vec<(usize, bool)>]) -> Vec<usize> {
    let mut block_of: Vec<Option<usize>> = vec![None; addends.len()];
    let mut count = 0_usize;
    for first in 0..addends.len() {
        if block_of.get(first).is_none_or(Option::is_some) {
            continue;
        }
        let mut reached = vec![first];
        while let Some(slot) = reached.pop() {
            let Some(block @ None) = block_of.get_mut(slot) else { continue };
            *block = Some(count);
            let cells = addends.get(slot).into_iter().flatten();
            let slots = cells.filter_map(|(cell, _)| rules.slots_of_cell.get(*cell)).flatten();
            reached.extend(slots.map(|(slot, _)| *slot));
        }
        count = count.saturating_add(1);
    }
    block_of.into_iter().map(Option::unwrap_or_default).collect()
}

/// Every row and column whose cells stand in identities.
fn lines(root: &Group, rules: &Rules) -> Vec<Line> {
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    collect(root, &mut rows, &mut columns);
    let columns = columns.into_iter().map(|(_, _, cells)| (false, cells));
    let both = rows.into_iter().map(|cells| (true, cells)).chain(columns);
    let slots_of = |cell: usize| rules.slots_of_cell.get(cell).map_or(&[][..], Vec::as_slice);
    let covered = both.filter(|(_, cells)| cells.len() > 1 && cells.iter().all(|cell| !slots_of(*cell).is_empty()));
    covered
        .map(|(along_row, cells)| {
            let shared = |slot: usize| {
                cells.iter().filter(|cell| slots_of(**cell).iter().any(|(known, _)| *known == slot)).count() > 1
            };
            let cross = |cell: usize| slots_of(cell).iter().copied().filter(|(slot, _)| !shared(*slot)).collect();
            let places = cells.iter().map(|&cell| Place { cell, cross: cross(cell) }).collect();
            Line { along_row, places }
        })
        .collect()
}

type Columns<'a> = Vec<(&'a str, &'a str, Vec<usize>)>;

fn collect<'a>(group: &'a Group, rows: &mut Vec<Vec<usize>>, columns: &mut Columns<'a>) {
    let mut row = Vec::new();
    for field in &group.fields {
        match &field.kind {
            Kind::Cell(cell) => {
                row.push(*cell);
                let known = columns
                    .iter_mut()
                    .find(|(message, name, _)| *message == group.message.as_str() && *name == field.name.as_str());
                match known {
                    Some((.., cells)) => cells.push(*cell),
                    None => columns.push((&group.message, &field.name, vec![*cell])),
                }
            }
            Kind::Group(below) => collect(below, rows, columns),
            Kind::Prose(_) => {}
        }
    }
    rows.push(row);
}
