//! The record that a run leaves for the next: what each unit counted for. It is no
//! ledger and proves nothing; without it the next run only tells no changes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ingest::folder::FolderTotal;
use crate::words::limits;

/// Its name in the folder; hidden, so it is no document.
const NAME: &str = ".crossfoot-total.json";
/// Its format. A program that knows another leaves it alone.
const VERSION: u32 = 1;

/// What a folder came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u32,
    /// Totals by their names.
    pub(super) totals: BTreeMap<String, RecordedTotal>,
    /// Digests of the files that were written; they are no documents.
    pub(super) outputs: Vec<String>,
}

/// What a total was made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordedTotal {
    /// Reporting year.
    pub(super) year: u16,
    /// Name of the unit.
    pub(super) name: String,
    /// Units that counted, by code.
    pub(super) units: BTreeMap<String, RecordedUnit>,
}

/// What a unit counted for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordedUnit {
    /// Its name.
    pub(super) name: String,
    /// Figures that are not 0, by path.
    pub(super) cells: BTreeMap<String, i64>,
}

/// Why there is no record to compare with.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    /// It cannot be read.
    #[error("{0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// It is damaged or of another version.
    #[error("{0}: no record that this version reads ({1}); nothing is compared and it is left as it is")]
    Strange(PathBuf, String),
}

/// The name of a total in a record.
pub(super) fn name_of(total: &FolderTotal) -> String {
    let key = &total.key;
    format!("{} {} {} {}", key.family, key.year, key.unit, key.basis)
}

impl RecordedTotal {
    /// What a total is made of.
    pub(super) fn of(total: &FolderTotal) -> Self {
        let form = &total.rollup.rollup.form;
        let units = total.counted.iter().map(|unit| {
            let path = |(cell, value): &(usize, i64)| Some((form.cells().get(*cell)?.path.clone(), *value));
            let cells = unit.figures.iter().filter_map(path).collect();
            (unit.unit.to_string(), RecordedUnit { name: unit.name.to_string(), cells })
        });
        Self { year: total.key.year.get(), name: total.rollup.rollup.unit_name.to_string(), units: units.collect() }
    }

    /// The sum of what counted, by path.
    pub(super) fn sums(&self) -> BTreeMap<&str, i64> {
        let mut sums = BTreeMap::new();
        for (path, value) in self.units.values().flat_map(|unit| &unit.cells) {
            let sum: &mut i64 = sums.entry(path.as_str()).or_default();
            *sum = sum.saturating_add(*value);
        }
        sums
    }
}

impl Record {
    /// A record of these totals.
    pub(super) fn new(totals: BTreeMap<String, RecordedTotal>) -> Self {
        Self { version: VERSION, totals, outputs: Vec::new() }
    }

    /// The record in a folder, if there is one.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>, RecordError> {
        let path = folder.join(NAME);
        let mut text = String::new();
        let read = fs::File::open(&path);
        let read = read.and_then(|file| file.take(limits::FOLDER_RECORD_BYTES).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RecordError::Read(path, error)),
            Ok(_) => {}
        }
        let strange = |why: String| RecordError::Strange(path.clone(), why);
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| strange(error.to_string()))?;
        if value.get("version") != Some(&VERSION.into()) {
            return Err(strange("another version".to_owned()));
        }
        serde_json::from_value(value).map(Some).map_err(|error| strange(error.to_string()))
    }

    /// Leaves it in the folder: the old one or the new one is there, whole.
    pub(super) fn save(&self, folder: &Path) -> std::io::Result<()> {
        write_whole(&folder.join(NAME), &serde_json::to_vec_pretty(self)?)
    }
}

/// Writes a file beside the place where it belongs, and then puts it there.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".crossfoot-");
    // a temporary file is its owner's alone; this one is as others are, by the umask
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
