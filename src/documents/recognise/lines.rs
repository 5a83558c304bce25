//! Which row or column of a band the headings around a figure mean.

use super::bands::{Axis, Line};
use crate::documents::label::Label;

/// What headings mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// No line of the band.
    None,
    /// One, by its index.
    One(usize),
    /// More than one would fit, or they contradict each other.
    Unsure,
}

impl Axis {
    /// The line that headings mean: the one whose innermost heading is among them
    /// with the fewest slips. Of several, the headings further out must tell.
    pub(super) fn meaning(&self, texts: &[&Label]) -> Meaning {
        let innermost = |line: &Line| {
            let last = line.headings.last()?;
            texts.iter().filter_map(|text| last.slips(text)).min()
        };
        let slips: Vec<Option<usize>> = self.0.iter().map(innermost).collect();
        let Some(fewest) = slips.iter().flatten().min() else { return Meaning::None };
        let fit: Vec<usize> = (0..).zip(&slips).filter(|(_, slips)| *slips == &Some(*fewest)).map(|(i, _)| i).collect();
        let mut sure = fit.iter().copied().filter(|line| self.agrees(*line, texts, fit.len() > 1));
        match (sure.next(), sure.next()) {
            (Some(line), None) => Meaning::One(line),
            _ => Meaning::Unsure,
        }
    }

    /// Whether the headings further out are those of the line: none of another
    /// line's, and where several lines compete at least one of its own.
    fn agrees(&self, index: usize, texts: &[&Label], must_tell: bool) -> bool {
        let Some((own, inner)) = self.0.get(index).and_then(|line| line.headings.split_last()).map(|(i, o)| (o, i))
        else {
            return false;
        };
        let said = |slips: Option<usize>| slips == Some(0);
        let others = self.0.iter().filter_map(|line| line.headings.split_last()).flat_map(|(_, outer)| outer);
        let contradicts = others
            .filter(|other| other.id != inner.id && own.iter().all(|own| own.id != other.id))
            .any(|other| texts.iter().any(|text| said(other.slips(text)) && !said(inner.slips(text))));
        let tells = own.iter().any(|own| texts.iter().any(|text| own.slips(text).is_some()));
        !contradicts && (tells || !must_tell)
    }
}
