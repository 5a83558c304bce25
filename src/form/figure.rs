//! Figures as people read them: exact decimals of the printed unit, no floats.

/// A stored figure in its printed unit: with scale 6, 67939400 分… prints as
/// 67.9394 万元. Trailing zeros of the fraction are left out.
#[must_use]
pub fn in_printed_unit(value: i64, scale: u32) -> String {
    let Some(unit) = 10_u64.checked_pow(scale).filter(|&unit| unit > 1) else { return value.to_string() };
    let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let (whole, rest) = (value.checked_div(unit).unwrap_or(0), value.checked_rem(unit).unwrap_or(0));
    let fraction = format!("{rest:0width$}", width = scale as usize);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// Half of a stored figure in its printed unit, exact.
pub(super) fn half_in_printed_unit(value: i64, scale: u32) -> String {
    in_printed_unit(value.saturating_mul(5), scale.saturating_add(1))
}

/// A stored difference in its printed unit, with its sign.
#[must_use]
pub fn signed_in_printed_unit(value: i64, scale: u32) -> String {
    let text = in_printed_unit(value, scale);
    if value > 0 { format!("+{text}") } else { text }
}

/// left − right with its sign.
#[must_use]
pub fn signed(left: i64, right: i64) -> String {
    format!("{:+}", left.saturating_sub(right))
}

/// A ratio in per cent with two decimals, rounded half up; "n/a" for 0 ÷ 0 and
/// for anything ÷ 0.
#[must_use]
pub fn percent(numerator: i64, denominator: i64) -> String {
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    if denominator == 0 {
        return "n/a".to_owned();
    }
    // in hundredths of a per cent, doubled so that halves are whole
    let doubled = numerator.saturating_mul(20_000).checked_div(denominator).unwrap_or(0);
    let hundredths = doubled.saturating_add(doubled.signum()) / 2;
    let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    format!("{sign}{}.{:02}%", size / 100, size % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_print_in_wan_yuan_exactly() {
        assert_eq!(in_printed_unit(6_793_940_000, 6), "6793.94");
        assert_eq!(in_printed_unit(1, 6), "0.000001");
        assert_eq!(in_printed_unit(-1_500_000, 6), "-1.5");
        assert_eq!(in_printed_unit(42, 0), "42");
        assert_eq!(in_printed_unit(i64::MIN, 0), i64::MIN.to_string());
    }

    #[test]
    fn percentages_are_rounded_half_up() {
        assert_eq!(percent(154, 163), "94.48%");
        assert_eq!(percent(3, 7), "42.86%");
        assert_eq!(percent(1, 1), "100.00%");
        assert_eq!(percent(0, 5), "0.00%");
        assert_eq!(percent(0, 0), "n/a");
        assert_eq!(percent(1, 8), "12.50%");
        assert_eq!(percent(1, 20_000), "0.01%");
    }
}
