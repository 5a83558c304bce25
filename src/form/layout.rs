//! From declared checks to their instances: one for every place in the form
//! where the message stands that a check is declared on.

use std::collections::HashSet;

use prost_reflect::{DescriptorPool, MessageDescriptor, Value};

use super::compile::{CHECK, Problems, Text};
use super::finding::Severity;
use super::options::{self, Instance, Power, check::Kind as Declared};
use super::rules::{self, Addend, Breakdown, Check, CheckKind, Equation, Part, Ratio, Rule, Rules};
use super::schema::{Field, Group, Kind, join};
use super::table::CellTable;

/// Lays out every rule of a form.
pub(super) fn compile(
    pool: &DescriptorPool,
    message: &MessageDescriptor,
    root: &Group,
    cells: &CellTable,
    texts: &[Text],
    form: &options::Form,
    problems: &mut Problems,
) -> Rules {
    let mut layout = Layout { pool, cells, texts, problems, rules: Rules::default(), at: Place::of(message, &[]) };
    layout.group(root);
    layout.at = Place::of(message, &[]);
    layout.derived(root, form);
    let mut rules = layout.rules;
    rules::index(&mut rules, cells);
    rules
}

/// Where in the sources a rule stands.
struct Place {
    message: MessageDescriptor,
    path: Vec<i32>,
}

impl Place {
    fn of(message: &MessageDescriptor, below: &[i32]) -> Self {
        Self { message: message.clone(), path: [message.path(), below].concat() }
    }
}

struct Layout<'a> {
    pool: &'a DescriptorPool,
    cells: &'a CellTable,
    texts: &'a [Text],
    problems: &'a mut Problems,
    rules: Rules,
    at: Place,
}

impl Layout<'_> {
    fn wrong(&mut self, problem: impl Into<String>) {
        self.problems.add(&self.at.message.parent_file(), &self.at.path, self.at.message.full_name(), problem);
    }

    /// Lays out the rules that stand on a group's message, then those below.
    fn group(&mut self, group: &Group) {
        let declared = self.pool.get_message_by_name(&group.message).map(|message| {
            let extension = self.pool.get_extension_by_name(CHECK);
            let number = extension.as_ref().map_or(0, |extension| extension.number().cast_signed());
            let list = extension.map(|extension| message.options().get_extension(&extension).into_owned());
            let Some(Value::List(list)) = list else { return (message, number, Vec::new()) };
            let checks =
                list.iter().filter_map(|value| value.as_message()?.transcode_to::<options::Check>().ok()).collect();
            (message, number, checks)
        });
        if let Some((message, number, checks)) = declared {
            const OPTIONS: i32 = 7;
            for (index, check) in checks.iter().enumerate() {
                let index = i32::try_from(index).unwrap_or(i32::MAX);
                self.at = Place::of(&message, &[OPTIONS, number, index]);
                self.declared(group, check);
            }
        }
        for field in &group.fields {
            if let Kind::Group(below) = &field.kind {
                self.group(below);
            }
        }
    }

    fn declared(&mut self, group: &Group, check: &options::Check) {
        let Some(rule) = self.rule(check) else { return };
        match &check.kind {
            None => self.wrong(format!("check {:?} says nothing", check.id)),
            Some(Declared::Equation(equation)) => self.equation(group, check, rule, equation),
            Some(Declared::Competence(competence)) => {
                if competence.power() == Power::Unspecified {
                    self.wrong(format!("check {:?} names no power", check.id));
                }
                for path in &competence.paths {
                    for (_, addend) in self.term(group, &options::Term { path: path.clone(), ..Default::default() }) {
                        self.cell_check(rule, addend.cell, CheckKind::MakesRules(addend.cell));
                    }
                }
            }
            Some(Declared::Claims(_)) if self.rules.claims.is_some() => self.wrong("a form has one rule for claims"),
            Some(Declared::Claims(_)) => self.rules.claims = Some(rule),
            Some(Declared::Jump(jump)) => {
                if jump.ratio <= 1 || jump.floor < 0 || jump.unit_slip < 0 {
                    self.wrong(format!("check {:?}: ratio is above 1, floor and unit_slip are not below 0", check.id));
                }
                let (ratio, floor, slip) = (jump.ratio, jump.floor, jump.unit_slip);
                // a figure that may be below 0 is a change already
                self.every_count(rule, |cell| CheckKind::Jump { cell, ratio, floor, slip });
            }
            Some(Declared::Texts(texts)) => self.texts(group, rule, texts),
            Some(Declared::Missing(_)) => {
                for cell in (0..self.cells.len()).filter(|&cell| self.cells.is_required(cell)) {
                    self.cell_check(rule, cell, CheckKind::Missing(cell));
                }
            }
            Some(Declared::Negative(_)) => self.every_count(rule, CheckKind::Negative),
            Some(Declared::TooLarge(_)) => self.every_cell(rule, CheckKind::TooLarge),
            Some(Declared::NotNil(_)) => {
                for cell in 0..self.cells.len() {
                    if self.cells.get(cell).is_some_and(|cell| !cell.stock) {
                        self.cell_check(rule, cell, CheckKind::NotNil(cell));
                    }
                }
            }
        }
    }

    /// The rule of that id, once for all its places.
    fn rule(&mut self, check: &options::Check) -> Option<usize> {
        let severity = match check.severity() {
            options::Severity::Error => Severity::Error,
            options::Severity::Query => Severity::Query,
            options::Severity::Notice => Severity::Notice,
            options::Severity::Unspecified => {
                self.wrong(format!("check {:?} has no severity", check.id));
                return None;
            }
        };
        if check.id.is_empty() {
            self.wrong("a check has no id");
            return None;
        }
        if let Some(known) = self.rules.rules.iter().position(|rule| rule.id == check.id) {
            return Some(known);
        }
        let texts = check.clone();
        let (label_zh, label_en, basis) = (texts.label_zh, texts.label_en, texts.basis);
        self.rules.rules.push(Rule { id: texts.id, severity, label_zh, label_en, basis });
        self.rules.rules.len().checked_sub(1)
    }

    fn push(&mut self, rule: usize, instance: String, kind: CheckKind) {
        self.rules.checks.push(Check { rule, instance, kind });
    }

    fn cell_check(&mut self, rule: usize, cell: usize, kind: CheckKind) {
        let instance = self.cells.get(cell).map(|cell| cell.path.clone()).unwrap_or_default();
        self.push(rule, instance, kind);
    }

    fn every_cell(&mut self, rule: usize, kind: impl Fn(usize) -> CheckKind) {
        for cell in 0..self.cells.len() {
            self.cell_check(rule, cell, kind(cell));
        }
    }

    /// Every cell that may not be below 0.
    fn every_count(&mut self, rule: usize, kind: impl Fn(usize) -> CheckKind) {
        for cell in 0..self.cells.len() {
            if self.cells.get(cell).is_some_and(|cell| cell.min >= 0) {
                self.cell_check(rule, cell, kind(cell));
            }
        }
    }

    fn texts(&mut self, group: &Group, rule: usize, texts: &options::Texts) {
        for path in &texts.paths {
            let whole = join(&group.path, path);
            match self.texts.iter().position(|text| text.path == whole) {
                Some(text) => {
                    let name = path.rsplit('.').next().unwrap_or(path).to_owned();
                    self.push(rule, name, CheckKind::TextMissing(text));
                }
                None => self.wrong(format!("path {path:?} is no text")),
            }
        }
    }

    /// Lays out an equation: once, or for each column its terms have in common.
    fn equation(&mut self, group: &Group, check: &options::Check, rule: usize, equation: &options::Equation) {
        let left = self.terms(group, &equation.left);
        let right = self.terms(group, &equation.right);
        if left.is_empty() || right.is_empty() {
            return self.wrong(format!("check {:?} has an empty side", check.id));
        }
        let columns = distinct(left.iter().chain(&right).map(|(column, _)| column));
        let side = |terms: &[(String, Addend)], column: &str| -> Vec<Addend> {
            terms.iter().filter(|(known, _)| known == column).map(|(_, addend)| addend.clone()).collect()
        };
        for column in &columns {
            let (left, right) = (side(&left, column), side(&right, column));
            let equation = Equation { left, right, where_stated: equation.where_stated };
            self.judge(check, column, &equation);
            let instance = match check.instance() {
                Instance::Unspecified => String::new(),
                Instance::Column => column.clone(),
                Instance::Path => join(&group.path, column),
                Instance::Name => group.path.rsplit('.').next().unwrap_or_default().to_owned(),
            };
            self.push(rule, instance, CheckKind::Equation(equation));
        }
    }

    /// Refuses an equation that cannot be meant.
    fn judge(&mut self, check: &options::Check, column: &str, equation: &Equation) {
        if equation.left.is_empty() || equation.right.is_empty() {
            self.wrong(format!("check {:?}: column {column:?} is on one side only", check.id));
        }
        let units =
            distinct(equation.addends().filter_map(|addend| self.cells.get(addend.cell)).map(|cell| &cell.unit));
        if units.len() > 1 {
            self.wrong(format!("check {:?} joins figures of different units: {}", check.id, units.join(", ")));
        }
        let mut seen = HashSet::new();
        if let Some(double) = equation.addends().find(|addend| !seen.insert((addend.cell, addend.prior_year))) {
            let path = self.cells.get(double.cell).map(|cell| cell.path.clone()).unwrap_or_default();
            self.wrong(format!("check {:?} counts cell {path:?} twice", check.id));
        }
    }

    /// Lays out derived figures and breakdowns, which stand on the form itself.
    fn derived(&mut self, root: &Group, form: &options::Form) {
        for ratio in &form.derived {
            let ratio = Ratio {
                id: ratio.id.clone(),
                label_zh: ratio.label_zh.clone(),
                label_en: ratio.label_en.clone(),
                numerator: self.cells_of(root, &ratio.numerator),
                denominator: self.cells_of(root, &ratio.denominator),
            };
            if self.cells.find(&ratio.id).is_some() {
                self.wrong(format!("derived figure {:?} has the name of a cell", ratio.id));
            }
            self.rules.ratios.push(ratio);
        }
        for breakdown in &form.breakdown {
            let parts = breakdown.part.iter().map(|part| Part {
                label_zh: part.label_zh.clone(),
                label_en: part.label_en.clone(),
                terms: self.cells_of(root, &part.term),
            });
            let parts: Vec<Part> = parts.collect();
            let whole = self.cells_of(root, &breakdown.whole);
            self.one_unit(&breakdown.id, &whole, &parts);
            let (label_zh, label_en) = (breakdown.label_zh.clone(), breakdown.label_en.clone());
            self.rules.breakdowns.push(Breakdown { id: breakdown.id.clone(), label_zh, label_en, whole, parts });
        }
    }

    /// Refuses a breakdown whose parts are of another unit than the whole.
    fn one_unit(&mut self, id: &str, whole: &[Addend], parts: &[Part]) {
        let all = whole.iter().chain(parts.iter().flat_map(|part| &part.terms));
        let units = distinct(all.filter_map(|addend| self.cells.get(addend.cell)).map(|cell| &cell.unit));
        if units.len() > 1 {
            self.wrong(format!("breakdown {id:?} joins figures of different units: {}", units.join(", ")));
        }
    }

    /// The cells that terms name, whatever their columns.
    fn cells_of(&mut self, root: &Group, terms: &[options::Term]) -> Vec<Addend> {
        self.terms(root, terms).into_iter().map(|(_, addend)| addend).collect()
    }

    fn terms(&mut self, group: &Group, terms: &[options::Term]) -> Vec<(String, Addend)> {
        terms.iter().flat_map(|term| self.term(group, term)).collect()
    }

    /// The cells a term names, each with its column: its path below the term.
    fn term(&mut self, group: &Group, term: &options::Term) -> Vec<(String, Addend)> {
        let addend = |cell| Addend { cell, prior_year: term.prior_year, subtract: term.subtract };
        let found = match term.path.strip_suffix(".*") {
            Some(above) => match resolve(group, above) {
                Some(Field { kind: Kind::Group(group), .. }) => group.fields.iter().flat_map(columns).collect(),
                _ => Vec::new(),
            },
            None => resolve(group, &term.path).map(columns).unwrap_or_default(),
        };
        if found.is_empty() {
            self.wrong(format!("path {:?} names no cell", term.path));
        }
        found.into_iter().map(|(column, cell)| (column, addend(cell))).collect()
    }
}

/// The field at a path below a group.
fn resolve<'a>(group: &'a Group, path: &str) -> Option<&'a Field> {
    match path.split_once('.') {
        None => group.field(path),
        Some((first, rest)) => match &group.field(first)?.kind {
            Kind::Group(below) => resolve(below, rest),
            Kind::Cell(_) | Kind::Prose(_) => None,
        },
    }
}

/// The cells of a field, each with its path below it.
fn columns(field: &Field) -> Vec<(String, usize)> {
    match &field.kind {
        Kind::Cell(index) => vec![(String::new(), *index)],
        Kind::Group(group) => group.leaves(),
        Kind::Prose(_) => Vec::new(),
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}
