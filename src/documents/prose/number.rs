//! Numbers as prose writes them: Arabic, full-width and Chinese digits,
//! thousands separators, decimals, 万 and 亿. Exact.

/// A decimal number not below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// All its digits.
    digits: i64,
    /// How many of them are decimals.
    decimals: u32,
}

impl Number {
    /// The number as a count of units 10^-`scale`; none if it is not whole.
    pub(super) fn at_scale(self, scale: u32) -> Option<i64> {
        match scale.checked_sub(self.decimals) {
            Some(up) => self.digits.checked_mul(10_i64.checked_pow(up)?),
            None => {
                let down = 10_i64.checked_pow(self.decimals.checked_sub(scale)?)?;
                (self.digits.checked_rem(down)? == 0).then(|| self.digits.checked_div(down)).flatten()
            }
        }
    }

    fn times(self, zeros: u32) -> Option<Self> {
        let up = zeros.saturating_sub(self.decimals);
        let digits = self.digits.checked_mul(10_i64.checked_pow(up)?)?;
        Some(Self { digits, decimals: self.decimals.saturating_sub(zeros) })
    }
}

/// The number that the text begins with, and its length in characters; full-width
/// digits are Arabic ones here.
pub(super) fn number(text: &[char]) -> Option<(Option<Number>, usize)> {
    let (number, length) = arabic(text).or_else(|| chinese(text))?;
    let zeros = match text.get(length) {
        Some('万') => 4,
        Some('亿') => 8,
        _ => return Some((number, length)),
    };
    Some((number.and_then(|number| number.times(zeros)), length.saturating_add(1)))
}

/// Digits in groups of three or in one, then decimals.
fn arabic(text: &[char]) -> Option<(Option<Number>, usize)> {
    let run = |from: usize| text.iter().skip(from).take_while(|char| char.is_ascii_digit()).count();
    let mut length = run(0);
    if length == 0 {
        return None;
    }
    let mut grouped = length <= 3;
    while grouped && text.get(length) == Some(&',') && run(length.saturating_add(1)) == 3 {
        length = length.saturating_add(4);
    }
    let mut decimals = 0;
    if text.get(length) == Some(&'.') {
        decimals = run(length.saturating_add(1));
        length = length.saturating_add(if decimals == 0 { 0 } else { decimals.saturating_add(1) });
        grouped = false;
    }
    // a comma that does not group by three, or a second point
    let is_broken = |char: &char| (grouped && *char == ',' || *char == '.') && run(length.saturating_add(1)) > 0;
    let broken = text.get(length).is_some_and(is_broken);
    let digits: String = text.iter().take(length).filter(|char| char.is_ascii_digit()).collect();
    let number = digits.parse().ok().zip(u32::try_from(decimals).ok());
    Some((number.filter(|_| !broken).map(|(digits, decimals)| Number { digits, decimals }), length))
}

/// Chinese numerals below 10,000, written out, or digit by digit as years are.
fn chinese(text: &[char]) -> Option<(Option<Number>, usize)> {
    let length = text.iter().take_while(|char| digit(**char).is_some() || rank(**char).is_some()).count();
    let numerals = text.get(..length).filter(|numerals| !numerals.is_empty())?;
    let is_year = length == 4 && text.get(length) == Some(&'年');
    let digits = if is_year { digit_by_digit(numerals) } else { written_out(numerals) };
    Some((digits.map(|digits| Number { digits, decimals: 0 }), length))
}

fn digit_by_digit(numerals: &[char]) -> Option<i64> {
    numerals.iter().try_fold(0_i64, |sum, numeral| sum.checked_mul(10)?.checked_add(digit(*numeral)?))
}

/// 一千二百零三: ranks fall, a digit stands before each (十 may stand alone), and
/// one below 十 follows a missing rank only after 零.
fn written_out(numerals: &[char]) -> Option<i64> {
    let (mut sum, mut waiting, mut last, mut zero) = (0_i64, None, 10_000_i64, false);
    for numeral in numerals {
        match (digit(*numeral), rank(*numeral)) {
            (Some(0), _) if waiting.is_none() && numerals.len() > 1 => zero = true,
            (Some(value), _) if waiting.is_none() => waiting = Some(value),
            (None, Some(rank)) if rank < last => {
                let times = waiting.take().or((rank == 10 && sum == 0).then_some(1))?;
                sum = sum.checked_add(times.checked_mul(rank)?)?;
                (last, zero) = (rank, false);
            }
            _ => return None,
        }
    }
    let expected = last == 10 || sum == 0 || zero;
    match waiting {
        Some(value) => expected.then(|| sum.checked_add(value)).flatten(),
        None => (!zero).then_some(sum),
    }
}

fn digit(numeral: char) -> Option<i64> {
    let place = "〇一二三四五六七八九".chars().position(|known| known == numeral);
    let place = place.or(match numeral {
        '零' => Some(0),
        '两' => Some(2),
        _ => None,
    })?;
    i64::try_from(place).ok()
}

fn rank(numeral: char) -> Option<i64> {
    match numeral {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, scale: u32) -> Option<i64> {
        number(&text.chars().collect::<Vec<_>>()).and_then(|(number, _)| number)?.at_scale(scale)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("156件", 156),
            ("1,284件", 1284),
            ("1,234,567件", 1_234_567),
            ("1.2万件", 12_000),
            ("3万", 30_000),
            ("五件", 5),
            ("十件", 10),
            ("十二件", 12),
            ("二十件", 20),
            ("两次", 2),
            ("〇件", 0),
            ("零件", 0),
            ("一百零五件", 105),
            ("一百一十件", 110),
            ("三千二百件", 3200),
            ("一千零三件", 1003),
            ("二〇二四年", 2024),
        ] {
            assert_eq!(whole(text, 0), Some(value), "{text}");
        }
        assert_eq!(whole("0.35万元", 2), Some(350_000));
        assert_eq!(whole("120.5元", 2), Some(12_050));
    }

    #[test]
    fn what_is_no_exact_number_is_none() {
        for text in [
            "1.5件",
            "0.00001万件",
            "12,34件",
            "1.2.3",
            "一百五件",
            "三五件",
            "两三件",
            "二十三十",
            "百件",
            "十零",
            "99999999999999999999",
        ] {
            assert_eq!(whole(text, 0), None, "{text}");
        }
        assert_eq!(whole("0.001元", 2), None);
    }
}
