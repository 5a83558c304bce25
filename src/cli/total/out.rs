//! Totals as documents, beside what is printed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::record::write_whole;
use super::{Found, publication};
use crate::documents::{Format, Language, write as write_document};
use crate::ingest::folder::FolderTotal;
use crate::words::{Digest, Year};

/// Whether a file is what an earlier run wrote under that name, for one total or for
/// several.
pub(super) fn is_own(file: &Path, out: &Path) -> bool {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().ok()
    };
    let stem = |path: &Path| path.file_stem().and_then(OsStr::to_str).map(str::to_owned);
    let (Some(known), Some(stem_of_out)) = (stem(file), stem(out)) else { return false };
    let is_named = known.strip_prefix(&stem_of_out).is_some_and(|more| {
        let year = more.strip_prefix('-').map(|more| more.split_once('-').map_or(more, |(year, _)| year));
        more.is_empty() || year.and_then(|year| Year::new(year.parse().ok()?).ok()).is_some()
    });
    is_named && file.extension() == out.extension() && folder(file).is_some_and(|own| Some(own) == folder(out))
}

/// Writes every total; gives the files and their digests. What an earlier run wrote, by
/// its digest, is written over; what somebody else wrote or changed only by `force`.
pub(super) fn write(
    found: &Found,
    (path, format): (&Path, Format),
    language: Language,
    earlier: &[String],
    force: bool,
) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let paths: Vec<PathBuf> = found.totals.iter().map(|total| path_of(path, total, found.totals.len())).collect();
    for path in paths.iter().filter(|path| !force && path.exists()) {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        if !earlier.contains(&digest(&bytes)) {
            bail!("{}: is there and was not written by the last run; --force writes over it", path.display());
        }
    }
    let mut written = Vec::new();
    for (total, path) in found.totals.iter().zip(paths) {
        let bytes = write_document(&publication::of(found, total, language)?, format)?;
        write_whole(&path, &bytes).with_context(|| path.display().to_string())?;
        let digest = digest(&bytes);
        written.push((path, digest));
    }
    Ok(written)
}

/// How a record names the content of a file.
pub(super) fn digest(bytes: &[u8]) -> String {
    Digest::of(&[bytes]).to_string()
}

/// The name of the file of one total: as given, or with year and unit where there
/// are several.
fn path_of(path: &Path, total: &FolderTotal, totals: usize) -> PathBuf {
    if totals == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{}-{}.{extension}", total.key.year, total.key.unit))
}
