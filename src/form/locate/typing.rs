//! What a typist may have done to a figure: the distance of Damerau and
//! Levenshtein between two figures as they are written.

use super::Operation;

/// Digits of the longest figure, and a sign.
const LONGEST: usize = 20;

/// A figure as it is written; room for the longest.
struct Written {
    digits: [u8; LONGEST],
    length: usize,
}

impl Written {
    fn new(figure: i64) -> Self {
        let mut written = Self { digits: [0; LONGEST], length: 0 };
        let mut rest = figure.unsigned_abs();
        // from the last digit to the first: distances are the same both ways
        loop {
            written.push((rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if figure < 0 {
            written.push(b'-');
        }
        written
    }

    fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.length) {
            *place = digit;
            self.length = self.length.saturating_add(1);
        }
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

/// How many digits a figure is written with.
pub(super) fn length(figure: i64) -> usize {
    Written::new(figure).length
}

/// Digits to add, omit, replace or interchange with their neighbours.
pub(super) fn distance(printed: i64, proposed: i64) -> usize {
    let (from, to) = (Written::new(printed), Written::new(proposed));
    let (from, to) = (from.digits(), to.digits());
    let (mut before_last, mut last) = ([0_usize; LONGEST + 1], [0_usize; LONGEST + 1]);
    (0..).zip(&mut last).for_each(|(column, cost)| *cost = column);
    for (row, digit) in (1_usize..).zip(from) {
        let mut now = [row; LONGEST + 1];
        for (column, wanted) in (1_usize..).zip(to) {
            let at = |costs: &[usize], column: usize| costs.get(column).copied().unwrap_or(usize::MAX);
            let left = column.saturating_sub(1);
            let replaced = at(&last, left).saturating_add(usize::from(digit != wanted));
            let moved = at(&last, column).min(at(&now, left)).saturating_add(1);
            let mut least = replaced.min(moved);
            let crosses = row > 1 && column > 1 && from.get(row.wrapping_sub(2)) == Some(wanted);
            if crosses && to.get(column.wrapping_sub(2)) == Some(digit) {
                least = least.min(at(&before_last, column.saturating_sub(2)).saturating_add(1));
            }
            now.get_mut(column).into_iter().for_each(|cost| *cost = least);
        }
        before_last = last;
        last = now;
    }
    last.get(to.len()).copied().unwrap_or(usize::MAX)
}

/// What one slip may have been; more than one is another figure altogether.
pub(super) fn operation(printed: i64, proposed: i64) -> Operation {
    let (from, to) = (Written::new(printed), Written::new(proposed));
    if distance(printed, proposed) != 1 {
        return Operation::Rewritten;
    }
    let differ = from.digits().iter().zip(to.digits()).filter(|(from, to)| from != to).count();
    match from.length.cmp(&to.length) {
        std::cmp::Ordering::Greater => Operation::DigitAdded,
        std::cmp::Ordering::Less => Operation::DigitOmitted,
        std::cmp::Ordering::Equal if differ == 2 => Operation::DigitsInterchanged,
        std::cmp::Ordering::Equal => Operation::DigitReplaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_named() {
        assert_eq!(operation(154, 156), Operation::DigitReplaced);
        assert_eq!(operation(514, 154), Operation::DigitsInterchanged);
        assert_eq!(operation(1540, 154), Operation::DigitAdded);
        assert_eq!(operation(14, 154), Operation::DigitOmitted);
        assert_eq!(operation(0, 154), Operation::Rewritten);
        assert_eq!(operation(21, 12), Operation::DigitsInterchanged);
        assert_eq!(operation(-3, 3), Operation::DigitAdded);
    }

    #[test]
    fn the_distance_counts_digits_to_change() {
        let known = [(0, 0, 0), (154, 156, 1), (154, 145, 1), (0, 154, 3), (12345, 54321, 4), (100, 1, 2), (9, -9, 1)];
        for (printed, proposed, expected) in known {
            assert_eq!(distance(printed, proposed), expected, "{printed} {proposed}");
            assert_eq!(distance(proposed, printed), expected, "{proposed} {printed}");
        }
        // 19 digits, one of them a 0, and a sign
        assert_eq!(distance(i64::MIN, 0), 19);
    }
}
