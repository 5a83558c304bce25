//! Whose report it is and of which year, as a title or the name of a file says it.

use crate::documents::half_width;
use crate::words::Year;

/// What a line says of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The unit by name.
    pub unit: Option<String>,
    /// Words that may be codes of units.
    pub codes: Vec<String>,
    /// The year, if one alone is named.
    pub year: Option<Year>,
}

/// Characters of a printed title that say what it is: 政府信息 at least.
const TITLE_CHARS_MIN: usize = 4;

/// What people write behind a year, the longest first.
const BEHIND_YEAR: [&str; 4] = ["年度报告", "年度", "年报", "年"];

impl Said {
    /// Takes a line apart; `titles` are the printed titles of the forms it may name.
    #[must_use]
    pub(super) fn by(line: &str, titles: &[&str]) -> Self {
        let line: String = line.chars().map(plain).collect();
        let line = without_title(&line, titles);
        let (year, parts) = year_and_rest(&line);
        let words = parts.iter().flat_map(|part| part.split(|c: char| !is_of_code(c)));
        let codes = words.map(|code| code.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
        let codes = codes.filter(|code| !code.is_empty()).map(str::to_owned).collect();
        Self { unit: name(&parts), codes, year }
    }
}

/// The name of a unit as it is compared: spaces left out, one kind of brackets.
#[must_use]
pub(super) fn comparable(name: &str) -> String {
    name.chars().map(plain).filter(|c| !c.is_whitespace()).collect()
}

/// The one name that the parts of a line tell; what is ASCII only beside it, e.g. a
/// number or a code, is no part of it.
fn name(parts: &[&str]) -> Option<String> {
    let named = |part: &&str| {
        let words = part.split(is_separator).map(without_number).filter(|word| !word.is_empty());
        let chinese: String = words.filter(|word| !word.is_ascii()).collect();
        Some(chinese.trim_end_matches("关于").to_owned()).filter(|name| !name.is_empty())
    };
    let mut names = parts.iter().filter_map(named);
    let first = names.next();
    match (first, names.next()) {
        (Some(first), None) => Some(first),
        (Some(_), Some(_)) => None,
        (None, _) => {
            let ascii: Vec<&str> = parts.iter().map(|part| part.trim_matches(is_separator)).collect();
            Some(ascii.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
                .filter(|name| !name.is_empty())
        }
    }
}

/// A word without a number before it, 「1.」, or in brackets behind it, 「(2)」.
fn without_number(word: &str) -> &str {
    let counted = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let word = counted.strip_prefix(['.', ')']).filter(|_| counted.len() < word.len()).unwrap_or(word);
    match word.strip_suffix(')').and_then(|word| word.rsplit_once('(')) {
        Some((word, number)) if number.chars().all(|c| c.is_ascii_digit()) => word,
        _ => word,
    }
}

/// A line without the title of a form in it; a space stands there instead.
fn without_title(line: &str, titles: &[&str]) -> String {
    for title in titles {
        let length = title.chars().count();
        for chars in (TITLE_CHARS_MIN..=length).rev() {
            let start: String = title.chars().take(chars).collect();
            if let Some((before, behind)) = line.split_once(&start) {
                // 「政府信息公开年报」 for the whole title
                let behind = behind.trim_start_matches(|c: char| title.contains(c));
                return format!("{before}\n{behind}");
            }
        }
    }
    line.to_owned()
}

/// The year that a line names, if it is one alone, and the parts around it.
fn year_and_rest(line: &str) -> (Option<Year>, Vec<&str>) {
    let found = years(line);
    let mut distinct: Vec<Year> = found.iter().map(|(_, year)| *year).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let (year, cuts) = match distinct.as_slice() {
        [year] => (Some(*year), found),
        _ => (None, Vec::new()),
    };
    let mut parts = Vec::new();
    let mut rest = line;
    for (at, _) in cuts.iter().rev() {
        let (before, from) = rest.split_at_checked(*at).unwrap_or((rest, ""));
        let behind = from.get(4..).unwrap_or_default();
        let behind = BEHIND_YEAR.iter().find_map(|word| behind.strip_prefix(word)).unwrap_or(behind);
        parts.push(behind);
        rest = before;
    }
    parts.push(rest);
    parts.reverse();
    (year, parts.into_iter().flat_map(|part| part.split('\n')).collect())
}

/// Years of a line and where they stand: four digits by themselves that are no part
/// of a date.
fn years(line: &str) -> Vec<(usize, Year)> {
    let mut found = Vec::new();
    let mut before = None;
    let mut rest = line.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if !c.is_ascii_digit() {
            before = Some(c);
            continue;
        }
        let mut end = at.saturating_add(1);
        while let Some((digit, _)) = rest.next_if(|(_, c)| c.is_ascii_digit()) {
            end = digit.saturating_add(1);
        }
        let behind = line.get(end..).unwrap_or_default();
        let apart = !before.is_some_and(|c: char| c.is_ascii_alphabetic())
            && !behind.starts_with(|c: char| c.is_ascii_alphabetic())
            && !is_date(behind);
        let digits = line.get(at..end).filter(|digits| apart && digits.len() == 4);
        let year = digits.and_then(|digits| Year::new(digits.parse().ok()?).ok());
        found.extend(year.map(|year| (at, year)));
        before = line.get(..end).and_then(|text| text.chars().next_back());
    }
    found
}

/// Whether a month stands behind a year: 2024-01, 2024.1.15, 2024年1月.
fn is_date(behind: &str) -> bool {
    let month = behind.strip_prefix(['-', '.', '/', '年']);
    let digits = month.map_or(0, |month| month.chars().take_while(char::is_ascii_digit).count());
    (1..=2).contains(&digits)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '_' | ',' | '、' | '-' | '–' | '—' | '+' | '·')
}

fn is_of_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Full-width signs as ASCII, and every kind of bracket as a round one.
fn plain(c: char) -> char {
    match c {
        '〔' | '【' | '［' | '[' | '〖' => '(',
        '〕' | '】' | '］' | ']' | '〗' => ')',
        _ => half_width(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "政府信息公开工作年度报告";

    fn said(line: &str) -> (Option<String>, Option<u16>) {
        let said = Said::by(line, &[TITLE]);
        (said.unit, said.year.map(Year::get))
    }

    #[test]
    fn unit_and_year_are_told_apart_in_names_as_people_write_them() {
        for line in [
            "平潭综合实验区财政金融局2023年政府信息公开工作年度报告",
            "平潭综合实验区财政金融局2023年政府信息公开年报",
            "2023年度平潭综合实验区财政金融局政府信息公开工作年度报告",
            "平潭综合实验区财政金融局 ２０２３",
            "01_平潭综合实验区 财政金融局_2023",
            "3.平潭综合实验区财政金融局2023年报(2)",
            "350128-CZJ 平潭综合实验区财政金融局 2023年",
        ] {
            assert_eq!(said(line), (Some("平潭综合实验区财政金融局".to_owned()), Some(2023)), "{line}");
        }
    }

    #[test]
    fn what_is_not_one_name_and_one_year_is_not_taken_for_them() {
        assert_eq!(said("平潭综合实验区 2022 2023").1, None);
        assert_eq!(said("平潭综合实验区20240115"), (Some("平潭综合实验区20240115".to_owned()), None));
        assert_eq!(said("平潭综合实验区2024-01-15").1, None);
        assert_eq!(said("平潭综合实验区2024年1月报送").1, None);
        assert_eq!(said("平潭综合实验区2023年政府信息公开工作年度报告（统计局）"), (None, Some(2023)));
        assert_eq!(said("平潭综合实验区 统计局 2023"), (Some("平潭综合实验区统计局".to_owned()), Some(2023)));
    }

    #[test]
    fn codes_are_told_from_years_and_numbers_stay_whole() {
        let codes = |line: &str| Said::by(line, &[TITLE]).codes;
        assert_eq!(codes("350128-CZJ 2023"), ["350128-CZJ"]);
        assert_eq!(codes("350128-CZJ_2023"), ["350128-CZJ"]);
        assert_eq!(codes("2023-350128-CZJ"), ["350128-CZJ"]);
        assert_eq!(codes("350128-CZJ-财政局-2023"), ["350128-CZJ"]);
        assert_eq!(codes("350128-CZJ_v2 2023"), ["350128-CZJ_v2"]);
    }

    #[test]
    fn names_are_the_same_whatever_their_spaces_and_brackets() {
        assert_eq!(comparable("某　局（ 甲 ）"), comparable("某局【甲】"));
    }
}
