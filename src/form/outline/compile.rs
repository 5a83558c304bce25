//! From the declared outline to the tables as they are printed.

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

use super::{Band, Front, Heading, Line, Outline, Passage, PrintedTable, Section, Words};
use crate::form::compile::{LABEL, Problems, option};
use crate::form::options;
use crate::form::schema::join;
use crate::form::table::CellTable;

/// Lays out how a form is printed.
pub(in crate::form) fn compile(
    pool: &DescriptorPool,
    message: &MessageDescriptor,
    cells: &CellTable,
    form: &options::Form,
    problems: &mut Problems,
) -> Outline {
    let mut printing = Printing { pool, message, cells, problems, headings: 0 };
    let front = printing.front(form.front.clone().unwrap_or_default());
    let sections: Vec<Section> = match form.outline.as_slice() {
        [] => vec![listed(cells, &form.title_zh, &form.title_en)],
        declared => declared.iter().map(|section| printing.section(section)).collect(),
    };
    let outline = Outline { front, sections };
    printing.each_once(&outline);
    outline
}

struct Printing<'a> {
    pool: &'a DescriptorPool,
    message: &'a MessageDescriptor,
    cells: &'a CellTable,
    problems: &'a mut Problems,
    headings: usize,
}

/// A line of headings with the path that they make.
struct Placed {
    path: String,
    line: Line,
}

impl Printing<'_> {
    fn wrong(&mut self, problem: String) {
        self.problems.message(self.message, problem);
    }

    /// The field at a path; a mistake in the outline where there is none.
    fn field(&mut self, path: &str) -> Option<FieldDescriptor> {
        let found = find(self.message, path);
        if found.is_none() {
            self.wrong(format!("outline: path {path:?} names no field"));
        }
        found
    }

    fn front(&mut self, declared: options::Front) -> Front {
        let options::Front { title, introduction, period_start, period_end, contact, signature } = declared;
        for path in [&title, &introduction, &period_start, &period_end] {
            let _ = path.is_empty() || self.field(path).is_some();
        }
        let contacts = contact.iter().filter_map(|contact| self.passage(contact)).collect();
        let signatures = signature
            .into_iter()
            .filter_map(|path| {
                let field = self.field(&path)?;
                Some((path, self.label(&field)))
            })
            .collect();
        Front { title, introduction, period_start, period_end, contacts, signatures }
    }

    fn section(&mut self, section: &options::Section) -> Section {
        Section {
            heading: words(&section.heading_zh, &section.heading_en),
            passages: section.passage.iter().filter_map(|passage| self.passage(passage)).collect(),
            tables: section
                .table
                .iter()
                .map(|table| PrintedTable { bands: table.band.iter().filter_map(|band| self.band(band)).collect() })
                .collect(),
        }
    }

    fn passage(&mut self, passage: &options::Passage) -> Option<Passage> {
        let field = self.field(&passage.path)?;
        let items = field.kind().as_message().filter(|_| field.is_list()).and_then(|item| {
            let mut fields: Vec<FieldDescriptor> = item.fields().collect();
            fields.sort_by_key(FieldDescriptor::number);
            let mut names = fields.iter().map(|field| field.name().to_owned());
            names.next().zip(names.next())
        });
        if items.is_none() && (field.is_list() || field.kind().as_message().is_some()) {
            self.wrong(format!("outline: path {:?} is neither a text nor repeated titles and texts", passage.path));
        }
        let heading = words(&passage.heading_zh, &passage.heading_en);
        Some(Passage { path: passage.path.clone(), heading, words: passage.words.clone(), items })
    }

    fn band(&mut self, band: &options::Band) -> Option<Band> {
        // a path of a row and one of a column are known to be a cell's only together
        let first = self.lines(&band.column, "", "").into_iter().next().map(|column| column.path);
        let rows = match band.row.as_slice() {
            [] => vec![Placed { path: String::new(), line: Line::default() }],
            declared => self.lines(declared, "", &first.unwrap_or_default()),
        };
        let columns = self.lines(&band.column, &rows.first().map(|row| row.path.clone()).unwrap_or_default(), "");
        let mut cells = Vec::new();
        for row in &rows {
            let mut found = Vec::new();
            for column in &columns {
                let path = join(&row.path, &column.path);
                match self.cells.find(&path) {
                    Some(cell) => found.push(cell),
                    None => {
                        self.wrong(format!("outline: path {path:?} names no cell"));
                        return None;
                    }
                }
            }
            cells.push(found);
        }
        let lines = |placed: Vec<Placed>| placed.into_iter().map(|placed| placed.line).collect();
        Some(Band {
            title: words(&band.title_zh, &band.title_en),
            corner: words(&band.corner_zh, &band.corner_en),
            columns: lines(columns),
            rows: lines(rows),
            cells,
        })
    }

    /// The lines below declared headings. Every path goes on from `from`, and on to
    /// `to` to be that of a cell.
    fn lines(&mut self, declared: &[options::Heading], from: &str, to: &str) -> Vec<Placed> {
        let mut found = Vec::new();
        for heading in declared {
            self.below(heading, &Placed { path: String::new(), line: Line::default() }, (from, to), &mut found);
        }
        found
    }

    fn below(&mut self, declared: &options::Heading, above: &Placed, way: (&str, &str), found: &mut Vec<Placed>) {
        let (from, to) = way;
        let mut placed = Placed { path: join(&above.path, &declared.path), line: above.line.clone() };
        let path = join(from, &placed.path);
        let field = find(self.message, &path);
        let label = match (declared.zh.is_empty(), &field) {
            (true, Some(field)) => self.label(field),
            (true, None) => Words::default(),
            (false, _) => words(&declared.zh, &declared.en),
        };
        self.headings = self.headings.saturating_add(1);
        placed.line.headings.push(Heading { id: self.headings, words: label, also: declared.also.clone() });
        let is_cell = self.cells.find(&join(&path, to)).is_some();
        let group = field.and_then(|field| field.kind().as_message().cloned()).filter(|_| !is_cell);
        match (declared.below.as_slice(), group) {
            ([], Some(group)) => {
                let mut fields: Vec<FieldDescriptor> = group.fields().collect();
                fields.sort_by_key(FieldDescriptor::number);
                for field in fields {
                    let heading = options::Heading { path: field.name().to_owned(), ..options::Heading::default() };
                    self.below(&heading, &placed, way, found);
                }
            }
            ([], None) => found.push(placed),
            (below, _) => below.iter().for_each(|heading| self.below(heading, &placed, way, found)),
        }
    }

    fn label(&self, field: &FieldDescriptor) -> Words {
        let label = option::<options::Label>(self.pool, &field.options(), LABEL).unwrap_or_default();
        if label.zh.is_empty() { words(field.name(), field.name()) } else { words(&label.zh, &label.en) }
    }

    /// Refuses an outline that prints a cell twice, or leaves out a required one.
    fn each_once(&mut self, outline: &Outline) {
        let mut printed = vec![0_usize; self.cells.len()];
        for cell in outline.tables().flat_map(|table| &table.bands).flat_map(|band| band.cells.iter().flatten()) {
            if let Some(count) = printed.get_mut(*cell) {
                *count = count.saturating_add(1);
            }
        }
        for (cell, count) in self.cells.iter().zip(printed) {
            match count {
                0 if cell.required => self.wrong(format!("outline: cell {:?} is not printed", cell.path)),
                0 | 1 => {}
                _ => self.wrong(format!("outline: cell {:?} is printed twice", cell.path)),
            }
        }
    }
}

/// One section with one table: a row for each cell.
fn listed(cells: &CellTable, title_zh: &str, title_en: &str) -> Section {
    let line = |id, words| Line { headings: vec![Heading { id, words, also: Vec::new() }] };
    let band = Band {
        title: Words::default(),
        corner: words("指标", "cell"),
        columns: vec![line(0, words("数值", "figure"))],
        rows: cells.iter().enumerate().map(|(id, cell)| line(id, words(&cell.label_zh, &cell.label_en))).collect(),
        cells: (0..cells.len()).map(|cell| vec![cell]).collect(),
    };
    Section {
        heading: words(title_zh, title_en),
        passages: Vec::new(),
        tables: vec![PrintedTable { bands: vec![band] }],
    }
}

fn words(zh: &str, en: &str) -> Words {
    Words { zh: zh.to_owned(), en: if en.is_empty() { zh.to_owned() } else { en.to_owned() } }
}

/// The field at a path below a message.
fn find(message: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
    match path.split_once('.') {
        None => message.get_field_by_name(path),
        Some((first, rest)) => find(message.get_field_by_name(first)?.kind().as_message()?, rest),
    }
}
