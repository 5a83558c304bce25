//! Whether a text in a document is a heading of the form: ordinals, brackets,
//! spaces and punctuation aside, and but for a slip of the pen in a long one.

use super::written::{half_width, is_space};

/// A heading, made ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    whole: Vec<char>,
    /// Without what stands in brackets.
    short: Vec<char>,
}

impl Label {
    pub(super) fn new(text: &str) -> Self {
        let text: String = text.chars().map(half_width).collect();
        let text = without_marks(&text);
        let text = without_ordinal(text.trim());
        let whole = bare(text.chars());
        let short = bare(without_brackets(text).into_iter());
        Self { short: if short.is_empty() { whole.clone() } else { short }, whole }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// Number of characters.
    pub(super) fn len(&self) -> usize {
        self.whole.len()
    }

    /// How many slips of the pen lie between two headings; none if they are not the same.
    pub(super) fn slips(&self, other: &Self) -> Option<usize> {
        if self.whole.is_empty() || other.whole.is_empty() {
            return None;
        }
        let pairs = [(&self.whole, &other.whole), (&self.short, &other.short)];
        pairs.into_iter().filter_map(|(a, b)| slips(a, b)).min()
    }

    /// Whether the text of another begins with it.
    pub(super) fn begins(&self, other: &Self) -> bool {
        !self.whole.is_empty() && other.whole.starts_with(&self.whole)
    }

    /// Where it stands in the first characters of another.
    pub(super) fn is_within(&self, other: &Self, first: usize) -> bool {
        let other = other.whole.get(..first).unwrap_or(&other.whole);
        !self.whole.is_empty() && other.windows(self.whole.len()).any(|part| part == self.whole)
    }
}

/// Slips that a heading of that length may have: short ones none, for one
/// character makes another word of them.
fn allowed(length: usize) -> usize {
    match length {
        0..=4 => 0,
        5..=7 => 1,
        8..=15 => 2,
        _ => 3,
    }
}

fn slips(a: &[char], b: &[char]) -> Option<usize> {
    let most = allowed(a.len().min(b.len()));
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    Some(distance(a, b)).filter(|distance| *distance <= most)
}

/// Characters to exchange, add or leave out between two texts.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, x) in a.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (y, cost) in b.iter().zip(row.iter_mut().skip(1)) {
            let here =
                diagonal.saturating_add(usize::from(x != y)).min(left.saturating_add(1)).min(cost.saturating_add(1));
            diagonal = std::mem::replace(cost, here);
            left = here;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Marks that programs leave in texts, e.g. `[bookmark: _GoBack]`.
fn without_marks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[bookmark:") {
        out.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
    }
    out + rest
}

/// The text behind 「一、」, 「（二）」, 「3.」.
fn without_ordinal(text: &str) -> &str {
    let numeral = |c: char| c.is_ascii_digit() || "一二三四五六七八九十〇".contains(c);
    let inner = text.strip_prefix('(').unwrap_or(text);
    let end = inner.find(|c| !numeral(c)).unwrap_or(0);
    let (ordinal, rest) = inner.split_at_checked(end).unwrap_or(("", inner));
    let behind = rest.trim_start().strip_prefix([')', '、', '.', ',', '．', ':']).map(str::trim_start);
    match behind {
        _ if ordinal.is_empty() => text,
        Some(behind) if !behind.is_empty() => without_ordinal_bracket(behind),
        None if ordinal.chars().all(|c| c.is_ascii_digit()) && !rest.is_empty() => rest.trim_start(),
        None if rest.starts_with(is_space) => rest.trim_start(),
        _ => text,
    }
}

/// 「（一）、」 has two ends.
fn without_ordinal_bracket(text: &str) -> &str {
    text.strip_prefix(['、', '.', ')']).unwrap_or(text)
}

fn without_brackets(text: &str) -> Vec<char> {
    let mut depth = 0_usize;
    let mut out = Vec::new();
    for c in text.chars() {
        match c {
            '(' | '[' | '【' => depth = depth.saturating_add(1),
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Letters, digits and characters only.
fn bare(text: impl Iterator<Item = char>) -> Vec<char> {
    text.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::Label;

    fn slips(a: &str, b: &str) -> Option<usize> {
        Label::new(a).slips(&Label::new(b))
    }

    #[test]
    fn headings_are_told_by_their_words() {
        assert_eq!(slips("一、今年收到的书面申请总数量", "今年收到的\n书面申请总数量"), Some(0));
        assert_eq!(slips("[bookmark: _Hlk1]（二）分开的（分开处理的，只算这一种）", "（二）分开的"), Some(0));
        assert_eq!(slips("3.碰到“甲乙一丙”", "3．碰到\"甲乙一丙\""), Some(0));
        assert_eq!(slips("5、 看到的问题和办法", "五、看到的问题和办法"), Some(0));
        assert_eq!(slips("（七）全部", "全 部"), Some(0));
        assert_eq!(slips("先行好用件数", "现行好用件数"), Some(1));
        assert_eq!(slips("今年用纸件数", "今年用止件数"), Some(1));
        assert_eq!(slips("今年的金额（单位：万元）", "今年的金额（万元）"), Some(0));
        assert_eq!(slips("5.属于三类别的事", "属于三类别的事"), Some(0));
    }

    #[test]
    fn headings_that_differ_are_kept_apart() {
        for (a, b) in [
            ("保持原样", "改为新样"),
            ("其他", "其它"),
            ("其他", "其他办法"),
            ("甲种复议", "甲种诉讼"),
            ("甲种处分", "甲种处罚"),
            ("今年写成件数", "今年用完件数"),
            ("一、今年新到的书面申请数量", "二、去年留下的书面申请数量"),
            ("总计", "合计"),
            ("", ""),
        ] {
            assert_eq!(slips(a, b), None, "{a} {b}");
        }
    }
}
