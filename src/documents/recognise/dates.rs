//! Years and days as Chinese texts write them: 2024年, 二〇二四年, 2024年1月1日.

use std::fmt;

/// A day, e.g. 2024-01-31; not checked against the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The first year of a text: where it starts, which, and where the text goes on.
pub(super) fn year(text: &str) -> Option<(usize, i64, usize)> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find('年').and_then(|at| at.checked_add(from)) {
        let before = text.get(..at)?;
        let start = before.trim_end_matches(|c: char| digit(c).is_some()).len();
        let digits: Vec<i64> = before.get(start..)?.chars().filter_map(digit).collect();
        let behind = at.checked_add('年'.len_utf8())?;
        if let [_, _, _, _] = digits.as_slice() {
            let year = digits.iter().fold(0_i64, |year, digit| year.saturating_mul(10).saturating_add(*digit));
            return Some((start, year, behind));
        }
        from = behind;
    }
    None
}

/// Every day of a text; one without a year is in the year told before it.
pub(super) fn days(text: &str) -> Vec<Date> {
    let text: String = text.split_whitespace().collect();
    let mut found = Vec::new();
    let (mut rest, mut known) = (text.as_str(), None);
    while let Some(at) = rest.find('月') {
        let (before, behind) = (rest.get(..at).unwrap_or_default(), rest.get(at..).unwrap_or_default());
        let behind = behind.strip_prefix('月').unwrap_or_default();
        let month = number_at_end(before);
        if let Some((_, year, _)) = last_year(before) {
            known = Some(year);
        }
        let end = behind.find(|c: char| digit(c).is_none()).unwrap_or(behind.len());
        let day = behind
            .get(..end)
            .and_then(number_at_end)
            .filter(|_| behind.get(end..).is_some_and(|b| b.starts_with(['日', '号'])));
        if let (Some(year), Some(month @ 1..=12), Some(day @ 1..=31)) = (known, month, day) {
            found.push(Date { year, month, day });
        }
        rest = behind;
    }
    found
}

fn last_year(text: &str) -> Option<(usize, i64, usize)> {
    let mut found = None;
    let mut from = 0;
    while let Some((start, value, end)) = text.get(from..).and_then(year) {
        found = Some((start, value, end));
        from = from.saturating_add(end);
    }
    found
}

/// The number of one or two digits that a text ends with.
fn number_at_end(text: &str) -> Option<i64> {
    let start = text.trim_end_matches(|c: char| digit(c).is_some()).len();
    let digits: Vec<i64> = text.get(start..)?.chars().filter_map(digit).collect();
    match digits.as_slice() {
        [one] => Some(*one),
        [ten, one] => ten.checked_mul(10)?.checked_add(*one),
        _ => None,
    }
}

/// A digit in any of its forms.
fn digit(c: char) -> Option<i64> {
    const CHINESE: &str = "〇一二三四五六七八九";
    match c {
        '０'..='９' => i64::from(u32::from(c)).checked_sub(i64::from(u32::from('０'))),
        'Ｏ' | '○' | '零' | 'O' => Some(0),
        _ => c.to_digit(10).map(i64::from).or_else(|| {
            let place = CHINESE.chars().position(|known| known == c)?;
            i64::try_from(place).ok()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{days, year};

    #[test]
    fn years_are_read_in_any_digits() {
        assert_eq!(year("威海市2024年政府").map(|(_, year, _)| year), Some(2024));
        assert_eq!(year("二〇二四年度").map(|(start, year, _)| (start, year)), Some((0, 2024)));
        assert_eq!(year("近3年来，２０２３年").map(|(_, year, _)| year), Some(2023));
        assert_eq!(year("年度报告"), None);
    }

    #[test]
    fn days_are_read_and_the_second_may_leave_out_its_year() {
        let told = |text: &str| days(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told("从2024年1月1日到12月31日止"), ["2024-01-01", "2024-12-31"]);
        assert_eq!(told("自 2023 年 3 月 15 日起至 2023 年 12 月 31 日"), ["2023-03-15", "2023-12-31"]);
        assert!(told("截至7月底").is_empty());
    }
}
