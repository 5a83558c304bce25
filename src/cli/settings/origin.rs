//! Where a setting was stated, so that what is wrong with it can name the place.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use toml::de::DeTable;

use super::Stated;

/// Where settings were stated.
#[derive(Debug)]
pub(super) struct Origin {
    flags: toml::Table,
    file: Option<(PathBuf, String)>,
}

impl Origin {
    /// Reads the file, if there is one; what it states comes beside.
    pub(super) fn read(flags: &Stated, file: Option<&Path>) -> anyhow::Result<(Self, Stated)> {
        let flags = toml::Table::try_from(flags)?;
        let Some(path) = file else { return Ok((Self { flags, file: None }, Stated::default())) };
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let stated = parse(path, &text)?;
        Ok((Self { flags, file: Some((path.to_owned(), text)) }, stated))
    }

    /// The flag, or file, line and key; `key` has dots for tables.
    pub(super) fn place(&self, key: &str) -> String {
        let mut tables = key.split('.');
        let last = tables.next_back().unwrap_or(key);
        let table = tables.try_fold(&self.flags, |table, name| table.get(name)?.as_table());
        if table.is_some_and(|table| table.contains_key(last)) {
            return format!("--{}", last.replace('_', "-"));
        }
        match &self.file {
            Some((path, text)) => line_of_key(text, key).map_or_else(
                || format!("{}: {key}", path.display()),
                |line| format!("{}:{line}: {key}", path.display()),
            ),
            None => format!("--{}", last.replace('_', "-")),
        }
    }
}

/// What is wrong, each with its place.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    origin: &'a Origin,
    found: Vec<String>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(origin: &'a Origin) -> Self {
        Self { origin, found: Vec::new() }
    }

    pub(super) fn add(&mut self, key: &str, problem: impl Display) {
        self.found.push(format!("{}: {problem}", self.origin.place(key)));
    }

    /// All of them as one error, if there are any.
    pub(super) fn none(self) -> anyhow::Result<()> {
        if self.found.is_empty() { Ok(()) } else { Err(anyhow!(self.found.join("\n"))) }
    }
}

fn parse(path: &Path, text: &str) -> anyhow::Result<Stated> {
    let place = |span: Option<Range<usize>>| match span {
        Some(span) => format!("{}:{}", path.display(), line(text, span.start)),
        None => path.display().to_string(),
    };
    let file =
        toml::Deserializer::parse(text).map_err(|error| anyhow!("{}: {}", place(error.span()), error.message()))?;
    serde_path_to_error::deserialize(file).map_err(|error| {
        let key = error.path().to_string();
        let error = error.into_inner();
        anyhow!("{}: {key}: {}", place(error.span()), error.message())
    })
}

/// The line a byte stands in, from 1.
fn line(text: &str, byte: usize) -> usize {
    let before = text.bytes().take(byte);
    before.filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// The line that states a key.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut names = key.split('.').peekable();
    let mut table = root.get_ref();
    loop {
        let name = names.next()?;
        let (stated, value) = table.iter().find(|(stated, _)| stated.get_ref() == name)?;
        if names.peek().is_none() {
            return Some(line(text, stated.span().start));
        }
        table = value.get_ref().as_table()?;
    }
}
