//! Forms: cells, labels, what must hold between cells, and the reports that
//! fill them. A form is compiled from its annotated descriptor.
//!
//! Knows nothing of storage, network or time, and names no cell and no label of
//! any form: those stand in the .proto.

mod catalog;
mod compile;
mod content;
mod describe;
mod descriptors;
mod figure;
mod finding;
mod follows;
mod indicator;
mod json;
mod judge;
mod layout;
mod locate;
pub mod options;
pub mod outline;
mod prose;
mod read;
mod row;
mod rules;
mod saying;
mod schema;
mod sums;
mod table;
mod write;

pub use catalog::{Catalog, CatalogError, DESCRIPTORS, SOURCES};
pub use compile::FormError;
pub use content::{Content, Explanation, unpack_texts};
pub use describe::{Evidence, Finding, NamedFigure};
pub use figure::{in_printed_unit, percent, signed, signed_in_printed_unit};
pub use finding::{CheckId, FindingRecord, Findings, Severity, Verdict, packed_findings};
pub use indicator::Indicator;
pub use judge::{Figures, Statements, UnitFacts};
pub use locate::{
    Answer, Change, Fault, Hints, Localisation, Located, Locator, NamedChange, NamedRepair, Operation, Repair,
};
pub use options::Claim;
pub use read::{ReadError, Reader};
pub use row::{Row, RowError, RowRef};
pub(crate) use row::{put_part, put_varint, take_part, take_varint, unzigzag, zigzag};
pub use rules::{Breakdown, Part, Rule};
pub use saying::{Meanings, Sayings, Sense, Statement};
pub use sums::Identity;
pub use table::{Cell, CellTable};
pub use write::WriteError;

use crate::words::{Digest, FamilyName, Year};

/// A form, compiled.
#[derive(Debug)]
pub struct Form {
    name: String,
    family: FamilyName,
    first_year: Year,
    last_year: Option<Year>,
    title_zh: String,
    title_en: String,
    basis: String,
    message: prost_reflect::MessageDescriptor,
    root: schema::Group,
    groups: usize,
    texts: Vec<compile::Text>,
    cells: CellTable,
    rules: rules::Rules,
    outline: outline::Outline,
    follows: Vec<follows::Follows>,
    structure: locate::Structure,
    derived: Vec<Indicator>,
    sayings: Sayings,
    form_digest: Digest,
    rules_digest: Digest,
    descriptor_set: Vec<u8>,
}

impl Form {
    /// Full name of its message.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its family.
    #[must_use]
    pub fn family(&self) -> &FamilyName {
        &self.family
    }

    /// First and last reporting year; no last one while it is in force.
    #[must_use]
    pub fn years(&self) -> (Year, Option<Year>) {
        (self.first_year, self.last_year)
    }

    /// Its printed title, Chinese and English, and the act that prescribes it.
    #[must_use]
    pub fn title(&self) -> (&str, &str, &str) {
        (&self.title_zh, &self.title_en, &self.basis)
    }

    /// Whether it judges reports of a year.
    #[must_use]
    pub fn covers(&self, year: Year) -> bool {
        self.first_year <= year && self.last_year.is_none_or(|last| year <= last)
    }

    /// The first year that it and another form of its family both judge.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> Option<Year> {
        let year = self.first_year.max(other.first_year);
        (self.family == other.family && self.covers(year) && other.covers(year)).then_some(year)
    }

    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> &CellTable {
        &self.cells
    }

    /// Whether the frozen part of the cells is that of another form: path,
    /// numbers, unit, and whether a report must state them; rows rely on it.
    #[must_use]
    pub fn has_cells_of(&self, other: &Self) -> bool {
        let frozen = |cell: &Cell| (cell.path.clone(), cell.numbers.clone(), cell.unit.clone(), cell.required);
        self.cells.iter().map(frozen).eq(other.cells.iter().map(frozen))
    }

    /// How it is printed.
    #[must_use]
    pub fn outline(&self) -> &outline::Outline {
        &self.outline
    }

    /// Its rules, as declared.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules.rules
    }

    /// How a failure of a check is treated.
    #[must_use]
    pub fn severity(&self, check: CheckId) -> Severity {
        let rule = self.rules.check(check).map(|check| check.rule).or(self.rules.claims);
        rule.and_then(|rule| self.rules.rules.get(rule)).map_or(Severity::Notice, |rule| rule.severity)
    }

    /// Whether a check needs the year before or the unit.
    #[must_use]
    pub fn is_beyond(&self, check: CheckId) -> bool {
        self.rules.carried.binary_search(&check).is_ok()
            || self.rules.jumps.binary_search_by_key(&check, |(_, jump)| *jump).is_ok()
    }

    /// Rule id and instance of a check; claims have the words as their instance.
    #[must_use]
    pub fn check_name(&self, check: CheckId) -> Option<(&str, &str)> {
        let check = self.rules.check(check)?;
        Some((&self.rules.rules.get(check.rule)?.id, &check.instance))
    }

    /// Every check in table order, as "rule instance"; the rule for claims last.
    #[must_use]
    pub fn check_names(&self) -> Vec<String> {
        let rule = |index: usize| self.rules.rules.get(index).map_or("", |rule| rule.id.as_str());
        let checks = self.rules.checks.iter().map(|check| format!("{} {}", rule(check.rule), check.instance));
        checks.chain(self.rules.claims.map(|claims| format!("{} *", rule(claims)))).collect()
    }

    /// Id of the rule for claims of the prose.
    #[must_use]
    pub fn claims_rule(&self) -> Option<&str> {
        self.rules.rules.get(self.rules.claims?).map(|rule| rule.id.as_str())
    }

    /// The checks of claims with these words, in their order. A claim's check is
    /// made of its words, so it is the same in every revision, and the chain need
    /// not hold them; claims with the same words are told apart by their order.
    #[must_use]
    pub fn claim_checks<'a>(&self, quotes: impl Iterator<Item = &'a str>) -> Vec<CheckId> {
        let first = u32::try_from(self.rules.checks.len()).unwrap_or(u32::MAX);
        let mut seen: Vec<&str> = Vec::new();
        quotes
            .map(|quote| {
                let before = seen.iter().filter(|known| **known == quote).count();
                seen.push(quote);
                let digest = Digest::of(&[quote.as_bytes(), &before.to_le_bytes()]);
                let [a, b, c, d, ..] = *digest.as_bytes();
                // half of what is left above the table is room enough
                CheckId(first.saturating_add(u32::from_le_bytes([a, b, c, d]) >> 1))
            })
            .collect()
    }

    /// Whether a check is about a claim of the prose.
    #[must_use]
    pub fn is_claim(&self, check: CheckId) -> bool {
        check.0 as usize >= self.rules.checks.len()
    }

    /// How prose speaks of it.
    #[must_use]
    pub fn sayings(&self) -> &Sayings {
        &self.sayings
    }

    /// SHA-256 of its descriptor set.
    #[must_use]
    pub fn form_digest(&self) -> Digest {
        self.form_digest
    }

    /// SHA-256 of its rules.
    #[must_use]
    pub fn rules_digest(&self) -> Digest {
        self.rules_digest
    }

    /// `google.protobuf.FileDescriptorSet` with the form and all it imports.
    #[must_use]
    pub fn descriptor_set(&self) -> &[u8] {
        &self.descriptor_set
    }
}
