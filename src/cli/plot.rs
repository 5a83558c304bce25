//! Bars, in the terminal: exact integers to lengths, lengths to blocks.

use crate::client::wire;

/// How long each figure is drawn, of a length for the largest; nothing for those
/// that are not applicable, or below 0.
pub(super) fn lengths(values: &[Option<&wire::Quantity>], longest: u32) -> Vec<u32> {
    let parts = |value: Option<&wire::Quantity>| {
        let value = value.filter(|value| value.denominator > 0 && value.numerator > 0)?;
        Some((i128::from(value.numerator), i128::from(value.denominator)))
    };
    let larger =
        |a: (i128, i128), b: (i128, i128)| if a.0.saturating_mul(b.1) >= b.0.saturating_mul(a.1) { a } else { b };
    let Some((most, of)) = values.iter().filter_map(|value| parts(*value)).reduce(larger) else {
        return vec![0; values.len()];
    };
    let length = |(numerator, denominator): (i128, i128)| {
        let scaled =
            numerator.checked_mul(of)?.checked_mul(longest.into())?.checked_div(denominator.checked_mul(most)?)?;
        u32::try_from(scaled).ok()
    };
    // what is not 0 is seen
    values.iter().map(|value| parts(*value).map_or(0, |value| length(value).unwrap_or(longest).max(1))).collect()
}

/// A bar of so many eighths of a character.
pub(super) fn bar(eighths: u32) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let whole = "█".repeat(usize::try_from(eighths / 8).unwrap_or_default());
    let rest = PARTS.get(usize::try_from(eighths % 8).unwrap_or_default()).copied().unwrap_or_default();
    format!("{whole}{rest}")
}

/// Bars beside each other, the largest `width` characters long.
pub(super) fn bars(values: &[Option<&wire::Quantity>], width: u32) -> Vec<String> {
    lengths(values, width.saturating_mul(8)).into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures() {
        let quantity = |numerator, denominator| wire::Quantity { numerator, denominator, text: String::new() };
        let values =
            [quantity(8, 1), quantity(4, 1), quantity(0, 1), quantity(3, 0), quantity(1, 1_000), quantity(1, 2)];
        let values: Vec<Option<&wire::Quantity>> = values.iter().map(Some).chain([None]).collect();
        assert_eq!(lengths(&values, 16), [16, 8, 0, 0, 1, 1, 0]);
        assert_eq!(bars(&values, 2), ["██", "█", "", "", "▏", "▏", ""]);
        assert_eq!(lengths(&[], 16), Vec::<u32>::new());
    }
}
