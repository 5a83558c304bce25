//! The house rules that a program can check: layers, and where names may stand.

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

use std::fs;
use std::path::{Path, PathBuf};

use crossfoot::form::Catalog;

/// Modules by level; a module names only its own or lower ones.
const LEVELS: [(&str, u8); 12] = [
    ("words", 0),
    ("form", 1),
    ("domain", 2),
    ("ledger", 3),
    ("documents", 3),
    ("ingest", 4),
    ("pb", 5),
    ("certificates", 5),
    ("api", 5),
    ("client", 5),
    ("cli", 6),
    // no part of the program: it tries every layer
    ("fuzzing", 7),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn visit(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// The top-level module a file belongs to.
fn module(path: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn level(module: &str) -> Option<u8> {
    LEVELS.iter().find(|(name, _)| *name == module).map(|(_, level)| *level)
}

#[test]
fn a_module_names_only_its_own_level_or_lower_ones() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module(&path);
        let Some(own_level) = level(&own) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            for (name, other) in LEVELS {
                let names = line.contains(&format!("crate::{name}::")) || line.contains(&format!("crate::{name};"));
                // the generated types refer to the option messages of forms, and back to nothing
                if names && other > own_level {
                    wrong.push(format!("{}:{number}: {own} names {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wire_types_sled_and_printing_each_stand_in_one_place() {
    for (path, text) in sources() {
        let file = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().display().to_string();
        let code = || text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = |word: &str| code().any(|line| line.contains(word));
        let may_name_pb = ["api", "client.rs", "fuzzing"].iter().any(|start| file.starts_with(start));
        assert!(!names("crate::pb") || may_name_pb, "{file} names pb");
        assert!(!names("sled::") || file == "ledger/store.rs", "{file} names sled");
        let prints = names("println!(") || names("stdout()");
        assert!(!prints || file == "cli/output.rs", "{file} prints");
        let is_clock = file == "words/clock.rs";
        assert!(!names("SystemTime::now") || is_clock, "{file} asks for the time");
    }
}

#[test]
fn no_path_and_no_label_of_a_form_stands_in_the_sources() {
    let catalog = Catalog::load(None).unwrap();
    let mut words = Vec::new();
    for form in catalog.iter() {
        for cell in form.cells() {
            words.push(cell.path.clone());
            words.extend(cell.label_zh.split(" · ").map(str::to_owned).filter(|label| label.chars().count() > 3));
        }
        words.extend(form.rules().iter().map(|rule| rule.id.clone()).filter(|id| !id.starts_with("cell.")));
    }
    words.sort();
    words.dedup();
    assert!(words.len() > 200);
    for (path, text) in sources() {
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in &words {
            assert!(!code.contains(&format!("\"{word}\"")), "{} names {word}", path.display());
            assert!(!(word.contains('.') && code.contains(word.as_str())), "{} names {word}", path.display());
        }
    }
}
