//! The shape of a form: its message as a tree of groups, cells and prose.
//!
//! A group is one occurrence of a message: the same message used for two rows
//! is two groups, for their cells differ. Reading, writing and resolving paths
//! all walk this tree.

/// One occurrence of a message that holds cells.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Number of the group in the form; the root is 0.
    pub(super) id: usize,
    /// Path of the group; empty for the root.
    pub(super) path: String,
    /// Full name of its message.
    pub(super) message: String,
    /// Its fields, by number.
    pub(super) fields: Vec<Field>,
    pub(super) zeros: Option<Zeros>,
}

/// How a group that holds cells only looks with every cell stated as 0: most
/// rows of most reports are exactly this.
#[derive(Debug)]
pub(super) struct Zeros {
    /// Its content on the wire.
    pub(super) wire: Box<[u8]>,
    /// Its cells, as presence words: (index of the word, bits).
    pub(super) present: Vec<(usize, u64)>,
}

/// A field of a group.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: String,
    /// Number and wire type, as on the wire.
    pub(super) tag: u32,
    pub(super) kind: Kind,
}

/// How the form prints a field.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) mark: String,
    pub(super) section: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Index in the table of cells.
    Cell(usize),
    Group(Group),
    Prose(Prose),
}

/// A field of text, or of messages of texts.
#[derive(Debug)]
pub(super) struct Prose {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) tag: u32,
    pub(super) repeated: bool,
    /// Explicit presence: "" and 0 are kept apart from absent.
    pub(super) presence: bool,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A text of at most so many bytes; singular ones are numbered.
    Text {
        max_bytes: usize,
        id: Option<usize>,
    },
    Integer,
    Message(Vec<Prose>),
    /// A figure that the prose states about cells.
    Claim(Vec<Prose>),
}

pub(super) const VARINT: u32 = 0;
pub(super) const BYTES: u32 = 2;

/// Number and wire type as one tag.
pub(super) fn tag(number: u32, wire_type: u32) -> u32 {
    number.wrapping_shl(3) | wire_type
}

impl Group {
    /// The field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Cells below, in order, with their paths from this group.
    pub(super) fn leaves(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        self.collect_leaves("", &mut found);
        found
    }

    fn collect_leaves(&self, prefix: &str, found: &mut Vec<(String, usize)>) {
        for field in &self.fields {
            let path = join(prefix, &field.name);
            match &field.kind {
                Kind::Cell(index) => found.push((path, *index)),
                Kind::Group(group) => group.collect_leaves(&path, found),
                Kind::Prose(_) => {}
            }
        }
    }
}

/// Joins two parts of a path, either of which may be empty.
pub(super) fn join(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", only) | (only, "") => only.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}
