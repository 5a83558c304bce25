//! Exact fractions: what ratios, means and changes are.

use std::cmp::Ordering;

/// A fraction, as it was summed: not reduced. Over 0 it is not applicable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// Above the line.
    pub numerator: i64,
    /// Below the line.
    pub denominator: i64,
}

impl Quantity {
    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// Whether it is a number: not ÷ 0.
    #[must_use]
    pub fn is_applicable(self) -> bool {
        self.denominator != 0
    }

    /// With a denominator above 0.
    fn parts(self) -> (i128, i128) {
        let (numerator, denominator) = (i128::from(self.numerator), i128::from(self.denominator));
        if denominator < 0 {
            (numerator.saturating_neg(), denominator.saturating_neg())
        } else {
            (numerator, denominator)
        }
    }

    /// The order of two applicable quantities.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        a.saturating_mul(d).cmp(&c.saturating_mul(b))
    }

    /// The difference of two applicable quantities, reduced; none if it does not
    /// fit 64 bits.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.combine(other, -1, 1)
    }

    /// The mean of two applicable quantities, reduced; none if it does not fit 64 bits.
    #[must_use]
    pub fn mean(self, other: Self) -> Option<Self> {
        self.combine(other, 1, 2)
    }

    /// (self + sign × other) ÷ by
    fn combine(self, other: Self, sign: i128, by: i128) -> Option<Self> {
        let ((a, b), (c, d)) = (self.parts(), other.parts());
        let numerator = a.checked_mul(d)?.checked_add(c.checked_mul(b)?.checked_mul(sign)?)?;
        let denominator = b.checked_mul(d)?.checked_mul(by)?;
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok().filter(|divisor| *divisor != 0)?;
        Some(Self {
            numerator: i64::try_from(numerator.checked_div(divisor)?).ok()?,
            denominator: i64::try_from(denominator.checked_div(divisor)?).ok()?,
        })
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(numerator: i64, denominator: i64) -> Quantity {
        Quantity { numerator, denominator }
    }

    #[test]
    fn fractions_are_exact() {
        assert_eq!(q(1, 3).compare(q(2, 6)), Ordering::Equal);
        assert_eq!(q(1, 3).compare(q(33, 100)), Ordering::Greater);
        assert_eq!(q(1, -3).compare(q(0, 5)), Ordering::Less);
        assert_eq!(q(3, 7).minus(q(1, 7)), Some(q(2, 7)));
        assert_eq!(q(1, 2).mean(q(1, 3)), Some(q(5, 12)));
        assert_eq!(q(4, 1).mean(q(6, 1)), Some(q(5, 1)));
        assert_eq!(q(4, 1).mean(q(5, 1)), Some(q(9, 2)));
        assert_eq!(q(0, 5).minus(q(0, 3)), Some(q(0, 1)));
        assert_eq!(q(i64::MAX, 2).mean(q(1, i64::MAX)), None);
    }
}
