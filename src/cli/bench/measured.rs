//! What was measured: every round of it, its median and quartiles, and what it
//! should be. Whole numbers; a ratio is in thousandths.

use serde_json::{Value, json};

use crate::cli::output::{grouped, table};

/// The unit of a ratio.
const RATIO: &str = "×";

/// See the module.
#[derive(Debug)]
pub(super) struct Measured {
    name: &'static str,
    what: String,
    unit: &'static str,
    rounds: Vec<u64>,
    target: Target,
}

/// What a median should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    None,
    AtLeast(u64),
    AtMost(u64),
}

impl Measured {
    pub(super) fn new(name: &'static str, what: impl Into<String>, unit: &'static str, rounds: Vec<u64>) -> Self {
        Self { name, what: what.into(), unit, rounds, target: Target::None }
    }

    /// Ratios of rounds that belong together.
    pub(super) fn ratios(name: &'static str, what: impl Into<String>, of: &[u64], to: &[u64]) -> Self {
        let ratios = of.iter().zip(to).map(|(of, to)| of.saturating_mul(1_000).checked_div(*to).unwrap_or(0));
        Self::new(name, what, RATIO, ratios.collect())
    }

    pub(super) fn with_target(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// A quartile: 0 the smallest, 2 the median, 4 the largest.
    fn quartile(&self, quarter: usize) -> u64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_unstable();
        at(&sorted, quarter, 4)
    }

    fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::None => None,
            Target::AtLeast(least) => Some(self.quartile(2) >= least),
            Target::AtMost(most) => Some(self.quartile(2) <= most),
        }
    }

    fn shown(&self, value: u64) -> String {
        if self.unit == RATIO {
            let (whole, part) = (value.checked_div(1_000).unwrap_or(0), value.checked_rem(1_000).unwrap_or(0));
            return format!("{whole}.{part:03} {RATIO}");
        }
        format!("{} {}", grouped(&value.to_string()), self.unit)
    }

    fn json(&self) -> Value {
        let (target, bound) = match self.target {
            Target::None => (None, Value::Null),
            Target::AtLeast(least) => (Some(least), json!("at least")),
            Target::AtMost(most) => (Some(most), json!("at most")),
        };
        let unit = if self.unit == RATIO { "thousandths" } else { self.unit };
        json!({
            "name": self.name, "what": self.what, "unit": unit, "median": self.quartile(2),
            "lower": self.quartile(1), "upper": self.quartile(3), "rounds": self.rounds,
            "target": target, "bound": bound, "met": self.is_met(),
        })
    }
}

/// The value that so many parts of all are not above, of values in order.
pub(super) fn at(sorted: &[u64], part: usize, of: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    let index = last.saturating_mul(part).checked_div(of).unwrap_or(0);
    sorted.get(index).copied().unwrap_or(0)
}

/// Everything as a table for people.
pub(super) fn text(all: &[Measured]) -> String {
    let rows = all.iter().map(|measured| {
        let target = match measured.target {
            Target::None => String::new(),
            Target::AtLeast(least) => format!("≥ {}", measured.shown(least)),
            Target::AtMost(most) => format!("≤ {}", measured.shown(most)),
        };
        let met = measured.is_met().map_or("", |met| if met { "yes" } else { "NO" });
        let quartiles = format!("{} – {}", measured.shown(measured.quartile(1)), measured.shown(measured.quartile(3)));
        vec![measured.what.clone(), measured.shown(measured.quartile(2)), quartiles, target, met.to_owned()]
    });
    table(&["measured", "median", "quartiles", "target", "met"], rows.collect(), &[1, 2, 3])
}

/// Everything for programs.
pub(super) fn json(all: &[Measured]) -> Value {
    all.iter().map(Measured::json).collect()
}
