//! From an annotated descriptor to a [`Form`].
//!
//! Everything wrong with a form is found here, once, when it is loaded, and
//! named with file and line where the descriptor has them.

use std::fmt;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, FileDescriptor, Kind as Wire, MessageDescriptor};

use super::options::{self, Measure};
use super::schema::{BYTES, Field, Group, Kind, Label, Prose, Shape, VARINT, join, tag};
use super::table::{Cell, CellTable};
use super::{Form, descriptors, follows, layout, locate, outline, saying, write};
use crate::words::{Digest, FamilyName, Year, limits};

/// A form that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// File the form is declared in.
    pub file: String,
    /// Line, counted from 1, if the descriptor has it.
    pub line: Option<usize>,
    /// The element, e.g. `demo.v1.Counts.issued`.
    pub element: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.element, self.problem)
    }
}

impl std::error::Error for FormError {}

/// Number of the extension that marks a form, and of its checks.
pub(super) const FORM: &str = "crossfoot.form.v1.form";
pub(super) const CHECK: &str = "crossfoot.form.v1.check";
pub(super) const LABEL: &str = "crossfoot.form.v1.label";
/// Where that extension stands below a message: among its options, by its number.
const FORM_OPTION: [i32; 2] = [7, 50711];
const FIGURE: &str = "crossfoot.form.v1.figure";
const PROSE: &str = "crossfoot.form.v1.prose";
const CLAIM: &str = "crossfoot.form.v1.Claim";

/// Collects what is wrong while a form is compiled.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<FormError>);

impl Problems {
    pub(super) fn add(&mut self, file: &FileDescriptor, path: &[i32], element: &str, problem: impl Into<String>) {
        let (file, line) = (file.name().to_owned(), line_of(file, path));
        self.0.push(FormError { file, line, element: element.to_owned(), problem: problem.into() });
    }

    pub(super) fn field(&mut self, field: &FieldDescriptor, problem: impl Into<String>) {
        self.add(&field.parent_file(), field.path(), field.full_name(), problem);
    }

    pub(super) fn message(&mut self, message: &MessageDescriptor, problem: impl Into<String>) {
        self.add(&message.parent_file(), message.path(), message.full_name(), problem);
    }
}

/// Line of the element at `path`, or of the nearest one around it.
fn line_of(file: &FileDescriptor, path: &[i32]) -> Option<usize> {
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    let around = info.location.iter().filter(|location| !location.path.is_empty() && path.starts_with(&location.path));
    let nearest = around.max_by_key(|location| location.path.len())?;
    usize::try_from(*nearest.span.first()?).ok()?.checked_add(1)
}

/// One option of a field or message, typed.
pub(super) fn option<T: Message + Default>(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Option<T> {
    let extension = pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message()?.transcode_to().ok()
}

impl Form {
    /// Compiles every form declared in the descriptors, or says all that is
    /// wrong with them.
    ///
    /// # Errors
    /// Every [`FormError`] found.
    pub fn compile_all(pool: &DescriptorPool, descriptor_set: &[u8]) -> Result<Vec<Self>, Vec<FormError>> {
        let mut problems = Problems::default();
        let mut forms = Vec::new();
        for message in pool.all_messages() {
            if let Some(options) = option::<options::Form>(pool, &message.options(), FORM)
                && let Some(form) = compile(pool, descriptor_set, &message, options, &mut problems)
            {
                forms.push(form);
            }
        }
        if problems.0.is_empty() { Ok(forms) } else { Err(problems.0) }
    }

    /// Compiles one form from stored descriptors.
    ///
    /// # Errors
    /// A sentence naming what is wrong.
    pub fn from_descriptors(descriptor_set: &[u8], name: &str) -> Result<Self, String> {
        let pool = descriptors::read(descriptor_set)?;
        let forms = Self::compile_all(&pool, descriptor_set)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        forms.into_iter().find(|form| form.name == name).ok_or_else(|| format!("no form {name} in the descriptors"))
    }
}

fn compile(
    pool: &DescriptorPool,
    descriptor_set: &[u8],
    message: &MessageDescriptor,
    options: options::Form,
    problems: &mut Problems,
) -> Option<Form> {
    let before = problems.0.len();
    let mut builder =
        Builder { pool, problems, cells: Vec::new(), groups: 0, texts: Vec::new(), fields: 0, around: Vec::new() };
    let root = builder.group(message, "");
    let (cells, groups, texts) =
        (std::mem::take(&mut builder.cells), builder.groups, std::mem::take(&mut builder.texts));
    let cells = CellTable::new(cells);
    if cells.is_empty() {
        problems.message(message, "has no cells");
    }
    if cells.len() > limits::CELLS_PER_FORM {
        problems.message(message, format!("has more than {} cells", limits::CELLS_PER_FORM));
    }
    let family = FamilyName::new(&options.family).map_err(|error| problems.message(message, error.to_string())).ok();
    let first_year =
        Year::new(options.first_year.into()).map_err(|error| problems.message(message, error.to_string())).ok();
    let last_year = match options.last_year {
        0 => None,
        last => Year::new(last.into()).map_err(|error| problems.message(message, error.to_string())).ok(),
    };
    if let (Some(first), Some(last)) = (first_year, last_year)
        && last < first
    {
        problems.message(message, "last_year is before first_year");
    }
    let rules = layout::compile(pool, message, &root, &cells, &texts, &options, problems);
    let outline = outline::compile(pool, message, &cells, &options, problems);
    // options of a message are located by their own lines
    let place = [message.path(), &FORM_OPTION].concat();
    let sayings = saying::compile(&options.saying, &cells, &texts, |problem| {
        problems.add(&message.parent_file(), &place, message.full_name(), problem);
    });
    let follows = follows::compile(message, &cells, &options.follows, problems);
    if problems.0.len() > before {
        return None;
    }
    let rules_digest = Digest::of(&[rules.fingerprint().as_bytes()]);
    let structure = locate::Structure::new(&root, &rules, &cells);
    let mut form = Form {
        name: message.full_name().to_owned(),
        family: family?,
        first_year: first_year?,
        last_year,
        title_zh: options.title_zh,
        title_en: options.title_en,
        basis: options.basis,
        message: message.clone(),
        root,
        groups,
        texts,
        cells,
        rules,
        outline,
        follows,
        structure,
        derived: Vec::new(),
        sayings,
        form_digest: Digest::of(&[descriptor_set]),
        rules_digest,
        descriptor_set: descriptor_set.to_vec(),
    };
    form.derive();
    Some(form)
}

/// A numbered text of the form.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: String,
    pub(super) label: Label,
}

struct Builder<'a> {
    pool: &'a DescriptorPool,
    problems: &'a mut Problems,
    cells: Vec<Cell>,
    groups: usize,
    texts: Vec<Text>,
    /// Fields met so far.
    fields: usize,
    /// Labels and numbers from the root to here.
    around: Vec<(Label, u32)>,
}

impl Builder<'_> {
    fn group(&mut self, message: &MessageDescriptor, path: &str) -> Group {
        let mut group = Group {
            id: self.groups,
            path: path.to_owned(),
            message: message.full_name().to_owned(),
            ..Group::default()
        };
        self.groups = self.groups.saturating_add(1);
        if self.around.len() > limits::FORM_DEPTH {
            self.problems.message(message, format!("is nested deeper than {} levels", limits::FORM_DEPTH));
            return group;
        }
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        for field in &fields {
            let label = self.label(field);
            self.around.push((label, field.number()));
            if let Some((kind, wire)) = self.kind(field, path) {
                let (number, name) = (field.number(), field.name().to_owned());
                group.fields.push(Field { number, name, tag: tag(number, wire), kind });
            }
            self.around.pop();
        }
        group.zeros = write::zeros(&group);
        group
    }

    fn label(&self, field: &FieldDescriptor) -> Label {
        let label = option::<options::Label>(self.pool, &field.options(), LABEL).unwrap_or_default();
        let or_name = |text: String| if text.is_empty() { field.name().to_owned() } else { text };
        Label { zh: or_name(label.zh), en: or_name(label.en), mark: label.mark, section: label.section }
    }

    /// Counts a field; none once there are too many: messages that hold themselves
    /// would make more than memory can hold before they are too deep.
    fn count(&mut self, field: &FieldDescriptor) -> Option<()> {
        self.fields = self.fields.saturating_add(1);
        if self.fields == limits::FIELDS_PER_FORM.saturating_add(1) {
            self.problems.field(field, format!("the form has more than {} fields", limits::FIELDS_PER_FORM));
        }
        (self.fields <= limits::FIELDS_PER_FORM).then_some(())
    }

    fn kind(&mut self, field: &FieldDescriptor, path: &str) -> Option<(Kind, u32)> {
        self.count(field)?;
        let path = join(path, field.name());
        if let Some(figure) = option::<options::Figure>(self.pool, &field.options(), FIGURE) {
            return self.cell(field, figure, path).map(|index| (Kind::Cell(index), VARINT));
        }
        if let Some(prose) = option::<options::Prose>(self.pool, &field.options(), PROSE) {
            let shape = self.prose(field, prose.max_bytes as usize, &path, 0)?;
            let wire = shape.tag & 7;
            return Some((Kind::Prose(shape), wire));
        }
        match field.kind().as_message().cloned() {
            Some(below) if !field.is_list() && !field.is_map() && field.containing_oneof().is_none() => {
                Some((Kind::Group(self.group(&below, &path)), BYTES))
            }
            _ => {
                self.problems.field(field, "is neither a cell (option figure), nor text (option prose), nor a group");
                None
            }
        }
    }

    fn cell(&mut self, field: &FieldDescriptor, figure: options::Figure, path: String) -> Option<usize> {
        let singular = !field.is_list() && field.supports_presence() && is_alone(field);
        if field.kind() != Wire::Int64 || !singular {
            self.problems.field(field, "a cell must be `optional int64`");
            return None;
        }
        if figure.unit.is_empty() {
            self.problems.field(field, "a cell needs a unit");
        }
        if figure.max <= 0 || figure.max > limits::FIGURE_MAX {
            self.problems.field(field, format!("a cell needs a max above 0, at most {}", limits::FIGURE_MAX));
        }
        if figure.scale > 9 {
            self.problems.field(field, "scale is above 9");
        }
        if figure.measure() == Measure::Unspecified {
            self.problems.field(field, "a cell is MEASURE_FLOW or MEASURE_STOCK");
        }
        let names = CellNames::new(self.around.iter().map(|(label, _)| label));
        let stock = figure.measure() == Measure::Stock;
        self.cells.push(Cell {
            path,
            numbers: self.around.iter().map(|(_, number)| *number).collect(),
            label_zh: names.zh,
            label_en: names.en,
            short_zh: names.short,
            unit: figure.unit,
            scale: figure.scale,
            unit_zh: figure.unit_zh,
            unit_en: figure.unit_en,
            other_units: figure.other_unit.into_iter().map(|other| (other.zh, other.scale)).collect(),
            min: if figure.may_be_negative { figure.max.saturating_neg() } else { 0 },
            max: figure.max,
            stock,
            required: figure.required,
            basis: figure.basis,
        });
        self.cells.len().checked_sub(1)
    }

    fn prose(&mut self, field: &FieldDescriptor, max_bytes: usize, path: &str, depth: usize) -> Option<Prose> {
        if field.is_map() || !is_alone(field) {
            self.problems.field(field, "text cannot stand in a map or a oneof");
            return None;
        }
        if max_bytes == 0 || max_bytes > limits::REPORT_BYTES || depth > limits::FORM_DEPTH {
            self.problems.field(field, "text needs a max_bytes that one report can hold");
            return None;
        }
        let repeated = field.is_list();
        let kind = field.kind();
        let (shape, wire) = match kind.as_message() {
            None if kind == Wire::String => (self.text(field, max_bytes, path), BYTES),
            None if kind == Wire::Int64 && !repeated => (Shape::Integer, VARINT),
            Some(below) => {
                let below_fields = below.fields().collect::<Vec<_>>();
                let fields = below_fields
                    .iter()
                    .filter_map(|field| {
                        self.count(field)?;
                        self.prose(field, max_bytes, &join(path, field.name()), depth.saturating_add(1))
                    })
                    .collect();
                let is_claim = below.full_name() == CLAIM;
                (if is_claim { Shape::Claim(fields) } else { Shape::Message(fields) }, BYTES)
            }
            None => {
                self.problems.field(field, "text is made of strings, int64 and messages of them");
                return None;
            }
        };
        let presence = field.supports_presence() && !matches!(shape, Shape::Message(_) | Shape::Claim(_));
        let (number, name) = (field.number(), field.name().to_owned());
        Some(Prose { number, name, tag: tag(number, wire), repeated, presence, shape })
    }

    fn text(&mut self, field: &FieldDescriptor, max_bytes: usize, path: &str) -> Shape {
        if field.is_list() {
            return Shape::Text { max_bytes, id: None };
        }
        self.texts.push(Text { path: path.to_owned(), label: self.label(field) });
        Shape::Text { max_bytes, id: self.texts.len().checked_sub(1) }
    }
}

/// Whether a field is in no oneof but the synthetic one of `optional`.
fn is_alone(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic())
}

/// The names of a cell, made of the labels around it.
struct CellNames {
    zh: String,
    en: String,
    short: String,
}

impl CellNames {
    /// Ordinals run together, the innermost row with its whole label; what has
    /// no ordinal is set off: 三、（四）1.本机关不掌握相关政府信息 · 自然人.
    fn new<'a>(labels: impl Iterator<Item = &'a Label>) -> Self {
        let labels: Vec<&Label> = labels.filter(|label| !label.section).collect();
        let innermost = labels.iter().rposition(|label| !label.mark.is_empty());
        let (mut zh, mut short, mut after_mark) = (String::new(), String::new(), false);
        for (index, label) in labels.iter().enumerate() {
            if label.mark.is_empty() || !after_mark {
                separate(&mut zh);
                separate(&mut short);
            }
            after_mark = !label.mark.is_empty();
            let whole = !after_mark || Some(index) == innermost;
            zh.push_str(if whole { &label.zh } else { &label.mark });
            short.push_str(if after_mark { &label.mark } else { &label.zh });
        }
        let en = labels.iter().map(|label| label.en.as_str()).collect::<Vec<_>>().join(" · ");
        Self { zh, en, short: short.trim_end_matches('、').to_owned() }
    }
}

/// Sets off what follows, if anything stands before it.
fn separate(name: &mut String) {
    if !name.is_empty() {
        name.truncate(name.trim_end_matches('、').len());
        name.push_str(" · ");
    }
}
