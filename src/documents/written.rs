//! Figures as people write them in a cell: 「1,234」, 「２２（其中修订16件）」, 「/」, 「67939400元」.
//!
//! Exact: a figure is read in whole stored units or not at all. Blank is blank,
//! however it is marked; it never becomes 0 here.

use crate::form::Cell;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing, or a mark that says so: `/`, `-`, `—`.
    Blank,
    /// A figure in the stored unit, and the note beside it; empty: none.
    Figure {
        /// In the stored unit.
        value: i64,
        /// As written, brackets included.
        note: String,
    },
    /// Something else.
    Unreadable(Unreadable),
}

/// Why a text is no figure of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// No number, or more than one.
    NoNumber,
    /// A fraction of what is counted in wholes.
    Fraction,
    /// More decimal places than the stored unit has.
    Decimals(u32),
    /// More digits than any figure has.
    TooLong,
}

impl Unreadable {
    /// In a sentence, Chinese.
    pub(super) fn zh(self) -> String {
        match self {
            Self::NoNumber => "不是数字".to_owned(),
            Self::Fraction => "件数不能带小数".to_owned(),
            Self::Decimals(places) => format!("小数超过 {places} 位"),
            Self::TooLong => "位数过多".to_owned(),
        }
    }

    /// English.
    pub(super) fn en(self) -> String {
        match self {
            Self::NoNumber => "is not a number".to_owned(),
            Self::Fraction => "counts have no decimals".to_owned(),
            Self::Decimals(places) => format!("has more than {places} decimals"),
            Self::TooLong => "has too many digits".to_owned(),
        }
    }
}

/// Reads the text of a cell. `unit` is the unit that the headings give, if it is
/// not the printed one.
pub(super) fn read(text: &str, cell: &Cell, unit: Option<&str>) -> Written {
    let text = compact(text);
    if is_blank(&text) {
        return Written::Blank;
    }
    let Some(Number { negative, whole, fraction, rest }) = number(&text) else {
        return Written::Unreadable(Unreadable::NoNumber);
    };
    let (note, own_unit) = match (rest.strip_prefix(cell.unit_zh.as_str()), other_unit(rest, cell)) {
        (Some(note), _) if !cell.unit_zh.is_empty() => (note, Some(cell.scale)),
        (_, Some((note, scale))) => (note, Some(scale)),
        (_, None) => (rest, None),
    };
    if !note.is_empty() && !is_bracketed(note) {
        return Written::Unreadable(Unreadable::NoNumber);
    }
    let of_heading = unit.and_then(|unit| cell.other_units.iter().find(|(zh, _)| zh == unit)).map(|(_, scale)| *scale);
    let scale = own_unit.or(of_heading).unwrap_or(cell.scale);
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let Some(missing) = scale.checked_sub(places) else {
        let why = if scale == 0 { Unreadable::Fraction } else { Unreadable::Decimals(scale) };
        return Written::Unreadable(why);
    };
    let digits = format!("{whole}{fraction}");
    let value = digits.parse::<i64>().ok().zip(10_i64.checked_pow(missing));
    match value.and_then(|(digits, unit)| digits.checked_mul(unit)) {
        Some(value) => {
            Written::Figure { value: if negative { value.saturating_neg() } else { value }, note: note.to_owned() }
        }
        None => Written::Unreadable(Unreadable::TooLong),
    }
}

/// Whether a text can only be a figure or a blank: what headings are not.
pub(super) fn is_value(text: &str) -> bool {
    let text = compact(text);
    is_blank(&text) || number(&text).is_some_and(|number| number.rest.is_empty() || is_bracketed(number.rest))
}

/// Whether a text holds a figure.
pub(in crate::documents) fn is_figure(text: &str) -> bool {
    is_value(text) && !is_blank(&compact(text))
}

/// Half-width, without any space.
pub(super) fn compact(text: &str) -> String {
    text.chars().map(half_width).filter(|c| !is_space(*c)).collect()
}

/// The half-width form of a full-width letter, digit or sign.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        _ => c,
    }
}

/// White space, and what shows as nothing.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '/' | '\\' | '-' | '—' | '–' | '―' | '－' | '_' | '─'))
}

fn is_bracketed(text: &str) -> bool {
    let ends = [('(', ')'), ('[', ']'), ('【', '】'), ('〔', '〕')];
    ends.iter().any(|(open, close)| text.starts_with(*open) && text.ends_with(*close) && text.chars().count() > 2)
}

fn other_unit<'a>(rest: &'a str, cell: &Cell) -> Option<(&'a str, u32)> {
    cell.other_units.iter().find_map(|(zh, scale)| Some((rest.strip_prefix(zh.as_str())?, *scale)))
}

/// A decimal number at the beginning of a text, without its separators.
struct Number<'a> {
    negative: bool,
    whole: String,
    fraction: &'a str,
    rest: &'a str,
}

fn number(text: &str) -> Option<Number<'_>> {
    let (negative, unsigned) = match text.strip_prefix(['-', '−', '－']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(unsigned.len());
    let (printed, rest) = unsigned.split_at_checked(end)?;
    let whole = without_separators(printed)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            after.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?
        }
    };
    Some(Number { negative, whole, fraction, rest })
}

/// Digits, in groups of three if they are grouped at all.
fn without_separators(printed: &str) -> Option<String> {
    let mut groups = printed.split(',');
    let first = groups.next().filter(|first| !first.is_empty())?;
    let mut rest = groups.clone();
    let grouped = groups.next().is_some();
    let sound = !grouped || first.len() <= 3 && rest.all(|group| group.len() == 3);
    sound.then(|| printed.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Catalog;

    fn cell(unit: &str) -> Cell {
        let catalog = Catalog::load(None).unwrap();
        let form = catalog.iter().find(|form| form.years().1.is_none()).unwrap();
        form.cells().iter().find(|cell| cell.unit == unit).unwrap().clone()
    }

    fn figure(value: i64, note: &str) -> Written {
        Written::Figure { value, note: note.to_owned() }
    }

    #[test]
    fn counts_are_read_as_people_write_them() {
        let read = |text: &str| read(text, &cell("item"), None);
        for (text, value) in [
            ("22", 22),
            (" ２２ ", 22),
            ("1,234", 1_234),
            ("1，234，567", 1_234_567),
            ("1 234", 1_234),
            ("22件", 22),
            ("3.00", 3),
            ("-5", -5),
            ("007", 7),
            ("0", 0),
        ] {
            assert_eq!(read(text), figure(value, ""), "{text}");
        }
        assert_eq!(read("22（其中修订16件）"), figure(22, "(其中修订16件)"));
        assert_eq!(read("22件（其中修订16件）"), figure(22, "(其中修订16件)"));
        for blank in ["", " ", "/", "／", "-", "—", "——", "\u{3000}", "\u{200b}"] {
            assert_eq!(read(blank), Written::Blank, "{blank:?}");
        }
        for (text, why) in [
            ("约22", Unreadable::NoNumber),
            ("22.5", Unreadable::Fraction),
            ("12,34", Unreadable::NoNumber),
            ("22 其中16", Unreadable::NoNumber),
            ("22。", Unreadable::NoNumber),
            ("3+4", Unreadable::NoNumber),
            ("99999999999999999999", Unreadable::TooLong),
            ("无", Unreadable::NoNumber),
        ] {
            assert_eq!(read(text), Written::Unreadable(why), "{text}");
        }
    }

    #[test]
    fn money_is_exact_to_the_smallest_unit_in_whatever_unit_it_is_written() {
        let cell = cell("fen");
        let printed = |text: &str| read(text, &cell, None);
        assert_eq!(printed("6793.94"), figure(6_793_940_000, ""));
        assert_eq!(printed("6,793.94万元"), figure(6_793_940_000, ""));
        assert_eq!(printed("0.000001"), figure(1, ""));
        assert_eq!(printed("0.0000010"), figure(1, ""));
        assert_eq!(printed("0.0000001"), Written::Unreadable(Unreadable::Decimals(6)));
        assert_eq!(printed("67939400元"), figure(6_793_940_000, ""));
        assert_eq!(printed("0.01元"), figure(1, ""));
        assert_eq!(printed("0.001元"), Written::Unreadable(Unreadable::Decimals(2)));
        assert_eq!(read("67939400", &cell, Some("元")), figure(6_793_940_000, ""));
        assert_eq!(read("6793.94万元", &cell, Some("元")), figure(6_793_940_000, ""));
    }

    #[test]
    fn headings_are_no_values() {
        for text in ["总计", "1.属于国家秘密", "2023年", "（一）", "第二十条"] {
            assert!(!is_value(text), "{text}");
        }
        assert!(is_value("") && is_value("/") && is_value("12（注）") && is_figure("0") && !is_figure("—"));
    }
}
