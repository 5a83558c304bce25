//! What prose states, counted on texts written for the purpose: what is read is
//! right, and how much of what is stated is read.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crossfoot::documents::prose::{self, Speaker, Stated};
use crossfoot::form::{Catalog, Form};
use crossfoot::words::Year;

const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/prose");

/// A text with what it states: by hand, before it was read.
struct Annotated {
    name: String,
    unit: String,
    year: Year,
    texts: Vec<(String, String)>,
    claims: BTreeSet<(String, i64)>,
    figures: BTreeSet<(String, i64)>,
}

impl Annotated {
    fn load(path: &Path, form: &Form) -> Self {
        let mut texts: Vec<(String, String)> = Vec::new();
        for line in fs::read_to_string(path.with_extension("txt")).unwrap().lines() {
            match line.strip_prefix("# ") {
                Some(path) => texts.push((path.to_owned(), String::new())),
                None => {
                    let (_, text) = texts.last_mut().unwrap();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let expected = |field: &str| {
            let entries = json[field].as_array().unwrap().iter();
            entries.map(|entry| (cells(form, entry[0].as_str().unwrap()), entry[1].as_i64().unwrap())).collect()
        };
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            unit: json["unit"].as_str().unwrap().to_owned(),
            year: Year::new(json["year"].as_i64().unwrap()).unwrap(),
            claims: expected("claims"),
            figures: expected("figures"),
            texts,
        }
    }

    fn read(&self, form: &Form) -> Stated {
        let texts: Vec<(&str, &str)> = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        prose::read(form, Speaker { unit: &self.unit, year: Some(self.year) }, &texts)
    }

    /// Clauses with words in them.
    fn clauses(&self) -> usize {
        let is_end = |char: char| "，。；：、（）！？\n".contains(char);
        self.texts.iter().flat_map(|(_, text)| text.split(is_end)).filter(|clause| !clause.is_empty()).count()
    }
}

/// Paths joined by +, a `*` being every row of a group, as sorted paths.
fn cells(form: &Form, paths: &str) -> String {
    let mut found = BTreeSet::new();
    for path in paths.split('+') {
        let (before, after) = path.split_once('*').unwrap_or((path, ""));
        let is_meant = |known: &str| match path.contains('*') {
            true => known.starts_with(before) && known.ends_with(after),
            false => known == path,
        };
        let those: Vec<&str> =
            form.cells().iter().map(|cell| cell.path.as_str()).filter(|known| is_meant(known)).collect();
        assert!(!those.is_empty(), "{path} names no cell");
        found.extend(those);
    }
    found.into_iter().collect::<Vec<_>>().join("+")
}

fn form() -> std::sync::Arc<Form> {
    let catalog = Catalog::load(None).unwrap();
    std::sync::Arc::clone(catalog.by_name("disclosure.annual.v2021.AnnualReport").unwrap())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    texts: usize,
    clauses: usize,
    stated: usize,
    found: usize,
    wrong: usize,
}

fn count(of: impl Fn(&str) -> bool) -> Count {
    let form = form();
    let mut files: Vec<PathBuf> = fs::read_dir(TEXTS).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut count = Count::default();
    for file in files {
        let text = Annotated::load(&file, &form);
        if !of(&text.name) {
            continue;
        }
        let stated = text.read(&form);
        let path = |cell: &usize| form.cells().get(*cell).unwrap().path.as_str();
        let claims = stated.claims.iter().map(|claim| {
            let paths: Vec<&str> = claim.cells.iter().map(path).collect();
            ((cells(&form, &paths.join("+")), claim.value), &claim.quote)
        });
        let figures =
            stated.figures.iter().map(|figure| ((path(&figure.cell).to_owned(), figure.value), &figure.quote));
        count.texts += 1;
        count.clauses += text.clauses();
        let both = [(claims.collect::<Vec<_>>(), &text.claims), (figures.collect(), &text.figures)];
        for (read, expected) in both {
            count.stated += expected.len();
            for (what, quote) in &read {
                match expected.contains(what) {
                    true => count.found += 1,
                    false => {
                        count.wrong += 1;
                        println!("{}: wrong: {what:?} 「{quote}」", text.name);
                    }
                }
            }
            for missed in expected.iter().filter(|what| !read.iter().any(|(read, _)| read == *what)) {
                println!("{}: missed: {missed:?}", text.name);
            }
        }
        for passed in &stated.passed_over {
            println!("{}: passed over: {:?} 「{}」", text.name, passed.why, passed.quote);
        }
    }
    println!("{count:?}");
    count
}

#[test]
fn what_is_read_of_the_texts_is_right_and_most_of_it_is_read() {
    let count = count(|name| !name.starts_with("held") && !name.starts_with("fresh") || name.starts_with("fresh"));
    assert_eq!(count.wrong, 0);
}

#[test]
fn what_is_read_of_texts_the_wordings_were_not_tuned_on_is_right() {
    let count = count(|name| name.starts_with("held") || name.starts_with("fresh"));
    assert_eq!(count.wrong, 0);
}
