//! What is known: Fellegi–Holt's smallest set, drawn at random among equals; the
//! same without negative figures; Scholtus' search for typing errors; the smallest
//! set where a moved value counts as one change. Each tells how likely it is to
//! answer right, ties broken at random.

use super::errors::{Kind, moves};
use super::reports::{Identity, Sheet};

type Set = Vec<(usize, i64)>;

fn residuals(identities: &[Identity], sheet: &Sheet) -> Vec<i64> {
    identities.iter().map(|identity| identity.iter().map(|(cell, sign)| sign * sheet[*cell]).sum()).collect()
}

/// All sets of so many cells whose changes make every identity hold, whatever the
/// figures become.
pub fn sets(identities: &[Identity], sheet: &Sheet, size: usize) -> Vec<Set> {
    let mut of_cell = vec![Vec::new(); sheet.len()];
    for (number, identity) in identities.iter().enumerate() {
        identity.iter().for_each(|(cell, sign)| of_cell[*cell].push((number, *sign)));
    }
    let mut found = Vec::new();
    let mut residuals = residuals(identities, sheet);
    extend(identities, &of_cell, &mut residuals, &mut Vec::new(), size, &mut found);
    let mut found: Vec<Set> = found
        .into_iter()
        .map(|set| {
            let mut set: Set = set.into_iter().map(|(cell, delta)| (cell, sheet[cell] + delta)).collect();
            set.sort_unstable();
            set
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn extend(
    identities: &[Identity],
    of_cell: &[Vec<(usize, i64)>],
    residuals: &mut [i64],
    chosen: &mut Set,
    left: usize,
    found: &mut Vec<Set>,
) {
    let violated: Vec<usize> = (0..identities.len()).filter(|number| residuals[*number] != 0).collect();
    if violated.is_empty() && left == 0 {
        found.push(chosen.clone());
    }
    if violated.is_empty() || left == 0 || violated.len() > 3 * left {
        return;
    }
    for number in violated {
        for &(cell, sign) in &identities[number] {
            if chosen.iter().any(|(known, _)| *known == cell) {
                continue;
            }
            let delta = -residuals[number] * sign;
            of_cell[cell].iter().for_each(|(number, sign)| residuals[*number] += sign * delta);
            chosen.push((cell, delta));
            extend(identities, of_cell, residuals, chosen, left - 1, found);
            chosen.pop();
            of_cell[cell].iter().for_each(|(number, sign)| residuals[*number] -= sign * delta);
        }
    }
}

fn smallest(identities: &[Identity], printed: &Sheet, allowed: impl Fn(&Set) -> bool) -> Vec<Set> {
    let of_size = |size| sets(identities, printed, size).into_iter().filter(&allowed).collect::<Vec<_>>();
    (1..=3).map(of_size).find(|sets| !sets.is_empty()).unwrap_or_default()
}

fn drawn(sets: &[Set], printed: &Sheet, right: &Sheet) -> f64 {
    let hits = sets.iter().filter(|set| applied(set, printed) == *right).count();
    if hits == 0 { 0.0 } else { hits as f64 / sets.len() as f64 }
}

pub fn applied(set: &[(usize, i64)], printed: &Sheet) -> Sheet {
    let mut sheet = *printed;
    set.iter().for_each(|(cell, value)| sheet[*cell] = *value);
    sheet
}

pub fn fellegi_holt(identities: &[Identity], printed: &Sheet, right: &Sheet) -> f64 {
    drawn(&smallest(identities, printed, |_| true), printed, right)
}

pub fn non_negative(identities: &[Identity], printed: &Sheet, right: &Sheet) -> f64 {
    drawn(&smallest(identities, printed, |set| set.iter().all(|(_, value)| *value >= 0)), printed, right)
}

/// One change is a value that moves to an empty neighbour, too.
pub fn with_moves(identities: &[Identity], printed: &Sheet, right: &Sheet) -> f64 {
    let mut one: Vec<Set> = sets(identities, printed, 1).into_iter().filter(|set| set[0].1 >= 0).collect();
    for kind in [Kind::ColumnOver, Kind::RowOver] {
        for (from, to) in moves(kind, printed) {
            let set = vec![(from, 0), (to, printed[from])];
            if residuals(identities, &applied(&set, printed)).iter().all(|residual| *residual == 0) {
                one.push(set);
            }
        }
    }
    if one.is_empty() { non_negative(identities, printed, right) } else { drawn(&one, printed, right) }
}

/// Scholtus 2009: in cells that stand in violated identities only, every figure
/// one slip away that satisfies one of them; then as many identities as possible
/// are satisfied by figures of which no two stand in one identity.
pub fn typing_errors(identities: &[Identity], printed: &Sheet, right: &Sheet) -> f64 {
    let residuals = residuals(identities, printed);
    let mut slips: Vec<(usize, i64, Vec<usize>)> = Vec::new();
    for (number, identity) in identities.iter().enumerate().filter(|(number, _)| residuals[*number] != 0) {
        for &(cell, sign) in identity {
            let of_cell: Vec<(usize, i64)> = identities
                .iter()
                .enumerate()
                .filter_map(|(number, identity)| {
                    identity.iter().find(|(other, _)| *other == cell).map(|(_, sign)| (number, *sign))
                })
                .collect();
            let value = printed[cell] - residuals[number] * sign;
            let known = slips.iter().any(|(other, figure, _)| (*other, *figure) == (cell, value));
            if known || of_cell.iter().any(|(number, _)| residuals[*number] == 0) || !one_slip(printed[cell], value) {
                continue;
            }
            let delta = value - printed[cell];
            let satisfied = of_cell.iter().filter(|(number, sign)| residuals[*number] + sign * delta == 0);
            slips.push((cell, value, satisfied.map(|(number, _)| *number).collect()));
        }
    }
    let stands_in = |cell: usize| -> u64 {
        let of_cell =
            (0..identities.len()).filter(|number| identities[*number].iter().any(|(other, _)| *other == cell));
        of_cell.fold(0, |mask, number| mask | 1 << number)
    };
    let slips: Vec<(usize, i64, usize, u64)> =
        slips.iter().map(|(cell, value, satisfied)| (*cell, *value, satisfied.len(), stands_in(*cell))).collect();
    let mut best = (0, Vec::new());
    choose(&slips, 0, 0, &mut Vec::new(), &mut best);
    drawn(&best.1, printed, right)
}

fn choose(slips: &[(usize, i64, usize, u64)], used: u64, gain: usize, chosen: &mut Set, best: &mut (usize, Vec<Set>)) {
    if gain > best.0 {
        *best = (gain, Vec::new());
    }
    if gain == best.0 && gain > 0 {
        best.1.push(chosen.clone());
    }
    for (number, &(cell, value, satisfied, mask)) in slips.iter().enumerate() {
        if used & mask == 0 {
            chosen.push((cell, value));
            choose(&slips[number + 1..], used | mask, gain + satisfied, chosen, best);
            chosen.pop();
        }
    }
}

/// Whether one figure is the other with one digit interchanged, added, omitted or
/// replaced.
fn one_slip(printed: i64, value: i64) -> bool {
    if value < 0 || value == printed {
        return false;
    }
    let (from, to) = (printed.to_string().into_bytes(), value.to_string().into_bytes());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let (rest, other) = (&from[same..], &to[same..]);
    match rest.len() as i64 - other.len() as i64 {
        0 => {
            rest[1..] == other[1..]
                || rest.len() > 1 && rest[0] == other[1] && rest[1] == other[0] && rest[2..] == other[2..]
        }
        1 => rest[1..] == *other,
        -1 => *rest == other[1..],
        _ => false,
    }
}
