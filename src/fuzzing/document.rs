//! Bytes as a document: read or refused, and what was read of it is written and read
//! back the same.

use std::sync::{Arc, LazyLock};

use crate::documents::{Format, Language, Publication, Reading, open, write};
use crate::form::{Catalog, Form};
use crate::words::{Year, limits};

static FORMS: LazyLock<Vec<Arc<Form>>> = LazyLock::new(|| {
    let catalog = Catalog::load(None).expect("the built-in forms are sound");
    catalog.iter().cloned().collect()
});

/// What a file of these bytes may be called; the name decides where bytes do not.
const NAMES: [&str; 4] = ["a", "a.csv", "a.txt", "a.html"];

/// Tries bytes as a document under every name.
pub fn document(bytes: &[u8]) {
    for name in NAMES {
        match open(name, bytes, &FORMS, None) {
            Ok(reading) => holds(&reading),
            Err(error) => assert!(!error.zh().is_empty() && !error.to_string().is_empty()),
        }
    }
}

fn holds(reading: &Reading) {
    let Some(draft) = &reading.draft else { return };
    for (figure, place) in draft.figures.iter().zip(&draft.places) {
        assert!(place.is_some() || figure.is_none(), "a figure without a place");
    }
    assert!(draft.problems.iter().all(|problem| problem.table > 0 && !problem.message_zh.is_empty()));
    let figures: Vec<Option<i64>> = draft.figures.iter().map(|figure| figure.filter(|figure| *figure >= 0)).collect();
    let year = Year::new(limits::FIRST_YEAR.into()).expect("a year");
    let mut publication = Publication::new(&reading.form, "a", year, Language::Chinese);
    publication.figures.clone_from(&figures);
    let written = write(&publication, Format::Csv).expect("figures can be written");
    // only the form that was filled: the year of the title is made up
    let form = std::slice::from_ref(&reading.form);
    let again = open("a.csv", &written, form, None).expect("what was written can be read").draft.expect("a document");
    assert_eq!(again.figures, figures);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::catch_unwind;

    use super::document;
    use crate::fuzzing::seeds::{Chance, setting};

    #[test]
    fn what_must_hold_of_documents_holds_for_those_of_every_producer_and_for_changes_of_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/documents");
        let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        let seeds: Vec<Vec<u8>> = files.collect();
        seeds.iter().for_each(|seed| document(seed));
        let (seed, changes) = (setting("FUZZ_SEED"), setting("FUZZ_CHANGES").unwrap_or(30));
        let seed = seed.unwrap_or_else(Chance::new_seed);
        let mut chance = Chance(seed);
        for change in 0..changes {
            let mut input = seeds[chance.below(seeds.len())].clone();
            let other = chance.below(seeds.len());
            chance.change(&mut input, &seeds[other]);
            let held = catch_unwind(|| document(&input));
            assert!(held.is_ok(), "FUZZ_SEED={seed} FUZZ_CHANGES={changes}: change {change}");
        }
    }
}
