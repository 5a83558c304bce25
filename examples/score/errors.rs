//! Errors put into valid reports, and for each report with an error every way in
//! which the same kind of error could have made it, with its likelihood.

use super::reports::{COLUMNS, FIGURES, Identity, MATRIX, ROWS, Random, Sheet, World};

/// The rows of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// So many typing errors in the matrix.
    Typos(usize),
    /// So many arbitrary values in the matrix.
    Arbitrary(usize),
    TypoInDisputes,
    TypoAnywhere,
    ColumnOver,
    RowOver,
}

pub const KINDS: [(Kind, &str); 8] = [
    (Kind::Typos(1), "1 typo, matrix"),
    (Kind::Typos(2), "2 typos, matrix"),
    (Kind::Arbitrary(2), "2 arbitrary values, matrix"),
    (Kind::Typos(3), "3 typos, matrix"),
    (Kind::TypoInDisputes, "1 typo, dispute block"),
    (Kind::TypoAnywhere, "1 typo, any non-zero cell"),
    (Kind::ColumnOver, "value one column over"),
    (Kind::RowOver, "value one row over"),
];

/// What a figure may be typed as, and how likely: 9 % interchanged, 7 % added,
/// 10 % omitted, 74 % replaced digits, of those that change the figure.
pub fn typed(figure: i64) -> Vec<(i64, f64)> {
    let digits = figure.to_string().into_bytes();
    let mut kinds: [Vec<Vec<u8>>; 4] = std::array::from_fn(|_| Vec::new());
    for place in 0..digits.len() {
        if place + 1 < digits.len() && digits[place] != digits[place + 1] {
            let mut other = digits.clone();
            other.swap(place, place + 1);
            kinds[0].push(other);
        }
        if digits.len() > 1 {
            let mut other = digits.clone();
            other.remove(place);
            kinds[2].push(other);
        }
        for digit in b'0'..=b'9' {
            let mut other = digits.clone();
            other[place] = digit;
            kinds[3].push(other);
        }
    }
    for place in 0..=digits.len() {
        for digit in b'0'..=b'9' {
            let mut other = digits.clone();
            other.insert(place, digit);
            kinds[1].push(other);
        }
    }
    let mut typed: Vec<(i64, f64)> = Vec::new();
    let mut whole = 0.0;
    for (others, share) in kinds.iter().zip([0.09, 0.07, 0.10, 0.74]) {
        let figures: Vec<i64> = others.iter().map(|other| String::from_utf8_lossy(other).parse().unwrap()).collect();
        let changed: Vec<i64> = figures.into_iter().filter(|other| *other != figure).collect();
        if changed.is_empty() {
            continue;
        }
        whole += share;
        typed.extend(changed.iter().map(|other| (*other, share / changed.len() as f64)));
    }
    typed.iter_mut().for_each(|(_, share)| *share /= whole);
    typed
}

fn arbitrary(figure: i64) -> i64 {
    (2 * figure).max(9)
}

fn typing_error(figure: i64, random: &mut Random) -> i64 {
    let mut rest = random.unit();
    let typed = typed(figure);
    for (other, share) in &typed {
        rest -= share;
        if rest < 0.0 {
            return *other;
        }
    }
    typed[0].0
}

/// Cells an error of the kind may be in.
fn candidates(kind: Kind, sheet: &Sheet) -> Vec<usize> {
    let within = match kind {
        Kind::TypoInDisputes => MATRIX..FIGURES,
        Kind::TypoAnywhere => 0..FIGURES,
        Kind::Typos(_) | Kind::Arbitrary(_) | Kind::ColumnOver | Kind::RowOver => 0..MATRIX,
    };
    within.filter(|cell| sheet[*cell] != 0).collect()
}

/// Neighbours along a row or a column: (with a value, empty).
pub fn moves(kind: Kind, sheet: &Sheet) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for cell in (0..MATRIX).filter(|cell| sheet[*cell] != 0) {
        let (row, column) = (cell / COLUMNS, cell % COLUMNS);
        let beside: Vec<usize> = match kind {
            Kind::ColumnOver => [(column > 0).then(|| cell - 1), (column + 1 < COLUMNS).then_some(cell + 1)],
            _ => [(row > 0).then(|| cell - COLUMNS), (row + 1 < ROWS).then_some(cell + COLUMNS)],
        }
        .into_iter()
        .flatten()
        .collect();
        found.extend(beside.into_iter().filter(|other| sheet[*other] == 0).map(|other| (cell, other)));
    }
    found
}

fn errors(kind: Kind) -> usize {
    match kind {
        Kind::Typos(count) | Kind::Arbitrary(count) => count,
        Kind::TypoInDisputes | Kind::TypoAnywhere => 1,
        Kind::ColumnOver | Kind::RowOver => 0,
    }
}

/// A report with errors; none if this one has no room for them.
pub fn inject(kind: Kind, sheet: &Sheet, random: &mut Random) -> Option<Sheet> {
    let mut printed = *sheet;
    if matches!(kind, Kind::ColumnOver | Kind::RowOver) {
        let moves = moves(kind, sheet);
        let (from, to) = *moves.get(random.below(moves.len().max(1)))?;
        printed.swap(from, to);
        return Some(printed);
    }
    let mut cells = candidates(kind, sheet);
    if cells.len() < errors(kind) {
        return None;
    }
    for _ in 0..errors(kind) {
        let cell = cells.swap_remove(random.below(cells.len()));
        printed[cell] = match kind {
            Kind::Arbitrary(_) => loop {
                let other = random.below(arbitrary(sheet[cell]) as usize + 1) as i64;
                if other != sheet[cell] {
                    break other;
                }
            },
            _ => typing_error(sheet[cell], random),
        };
    }
    Some(printed)
}

/// Every right report from which this kind of error could have made what is
/// printed, with the logarithm of its likelihood.
pub fn origins(kind: Kind, world: &World, identities: &[Identity], printed: &Sheet) -> Vec<(Sheet, f64)> {
    let holds = |sheet: &Sheet| {
        identities.iter().all(|identity| identity.iter().map(|(cell, sign)| sign * sheet[*cell]).sum::<i64>() == 0)
    };
    let mut found = Vec::new();
    if matches!(kind, Kind::ColumnOver | Kind::RowOver) {
        for (from, to) in moves(kind, printed) {
            let mut sheet = *printed;
            sheet.swap(from, to);
            if holds(&sheet) {
                let log = world.log_likelihood(&sheet) - (moves(kind, &sheet).len() as f64).ln();
                found.push((sheet, log));
            }
        }
        return found;
    }
    for set in super::baselines::sets(identities, printed, errors(kind)) {
        let mut sheet = *printed;
        set.iter().for_each(|(cell, value)| sheet[*cell] = *value);
        let cells = candidates(kind, &sheet);
        if set.iter().any(|(cell, _)| !cells.contains(cell)) || sheet.iter().any(|figure| *figure < 0) {
            continue;
        }
        let choices: f64 = (0..errors(kind)).map(|n| (cells.len() - n) as f64).product();
        let slip = |(cell, value): &(usize, i64)| match kind {
            Kind::Arbitrary(_) if printed[*cell] > arbitrary(*value) => f64::NEG_INFINITY,
            Kind::Arbitrary(_) => -(arbitrary(*value) as f64).ln(),
            _ => {
                let typed = typed(*value);
                let same = typed.iter().filter(|(other, _)| *other == printed[*cell]).map(|(_, share)| share);
                same.sum::<f64>().ln()
            }
        };
        let log = world.log_likelihood(&sheet) - choices.ln() + set.iter().map(slip).sum::<f64>();
        if log > f64::NEG_INFINITY {
            found.push((sheet, log));
        }
    }
    found
}
